use super::super::fixtures::{records, sender, snapshot};
use super::*;

fn model() -> Model {
    let mut model = Model::default();
    for tenth in 100..=120 {
        model.learn(snapshot(tenth * 100_000));
    }
    model
}

#[test]
fn rates_are_those_of_the_last_second() {
    // A megabyte each tenth of a second is 80 Mbit/s.
    assert_eq!(model().courses[&4].rates(), (80_000_000, 0));
}

#[test]
fn the_cursor_stays_within_what_is_shown() {
    let mut model = model();
    assert_eq!(model.chosen, Some(2));
    model.step(-1);
    assert_eq!(model.chosen, Some(2));
    model.step(2);
    assert_eq!(model.chosen, Some(7));
    model.step(10);
    assert_eq!(model.chosen, Some(7));
    // What goes is not chosen any more.
    let mut seen = snapshot(13_000_000);
    seen.rows.pop();
    model.learn(seen);
    assert_eq!(model.chosen, Some(2));
    assert!(!model.courses.contains_key(&7));
}

#[test]
fn a_filter_has_words_for_states_ports_and_parts_of_sockets() {
    for (filter, wanted) in [
        ("", true),
        ("estab", true),
        ("established", true),
        ("time-wait", false),
        (":80", true),
        (":8", false),
        ("203.0.113", true),
        (":80 ESTAB 203", true),
        (":80 time-wait", false),
    ] {
        assert_eq!(matches(filter, &sender(1)), wanted, "{filter}");
    }
}

#[test]
fn events_of_another_connection_are_not_kept() {
    let mut model = model();
    model.choose(Some(4));
    for record in records() {
        model.hear(4, record.clone());
        model.hear(7, record);
    }
    assert_eq!(model.events.len(), 3);
    model.choose(Some(7));
    assert!(model.events.is_empty());
}

#[test]
fn numbers_fit_five_characters() {
    for (number, text) in [
        (0, "0"),
        (9_999, "9999"),
        (17_520, "17.5k"),
        (99_960, "100k"),
        (999_499, "999k"),
        (999_500, "1.0M"),
        (12_345_678_900, "12.3G"),
    ] {
        assert_eq!(short(number), text);
    }
    for (us, text) in [
        (0, "0.00"),
        (210, "0.21"),
        (81_200, "81.2"),
        (1_204_000, "1204"),
    ] {
        assert_eq!(ms(us), text);
    }
    for shift in 0..64 {
        let text = short(u64::MAX >> shift);
        assert!(text.len() <= 5, "{text}");
    }
}
