//! Questions inside questions.

use crate::query::fixtures::{ask, expression, run, selection, value};

#[test]
fn a_question_inside_is_answered_by_a_pass_before() {
    let after = "count(tcp:segment_sent where time >= first(tcp:loss_detected).time)";
    assert_eq!(expression(after).passes(), 2);
    assert_eq!(value(after), "1");
    // The whole run counts, not only what stood before the event.
    assert_eq!(
        value("count(tcp:segment_sent where len = max(tcp:segment_sent.len))"),
        "2"
    );
    let last = "last(tcp:segment_sent where time > first(tcp:segment_sent where \
                len = max(tcp:segment_sent.len)).time).frame";
    assert_eq!(expression(last).passes(), 3);
    assert_eq!(value(last), "7");
}

#[test]
fn what_needs_no_event_needs_no_pass() {
    let sum = expression("1 + 1 = 2");
    assert_eq!(sum.passes(), 0);
    assert!(!sum.begin().needs_pass());
    assert!(sum.begin().outcome().passed);
}

#[test]
fn a_run_may_be_heard_event_by_event() {
    let text = "count(tcp:segment_sent where len = max(tcp:segment_sent.len)) = 2";
    let check = expression(text);
    let mut evaluation = check.begin();
    let mut passes = 0;
    while evaluation.needs_pass() {
        // Nothing is known yet of what is counted.
        assert!(!evaluation.outcome().passed);
        run().iter().for_each(|event| evaluation.hear(event));
        evaluation.end_pass();
        passes += 1;
    }
    assert_eq!(passes, check.passes());
    assert_eq!(evaluation.outcome(), ask(text));
    assert!(evaluation.outcome().passed);
    // The place of an event is the same in every pass.
    let places: Vec<_> = ask(text).evidence.iter().map(|e| e.place).collect();
    assert_eq!(places, [4, 8]);
}

#[test]
fn a_selection_may_ask_too() {
    let mut later = selection("tcp:segment_sent where time > first(tcp:state_updated).time");
    assert!(later.asks_the_run());
    let frames = |selection: &crate::query::Selection| {
        let run = run();
        let taken = run.iter().filter(|event| selection.matches(*event));
        taken
            .map(|event| event.json()["data"]["frame"].clone())
            .collect::<Vec<_>>()
    };
    // Before it is settled the answer is null, and a comparison with it false.
    assert_eq!(frames(&later), [0; 0]);
    later.settle(&run());
    assert_eq!(frames(&later), [4, 5, 7]);
    assert!(!selection("tcp:*").asks_the_run());
}
