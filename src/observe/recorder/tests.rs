use super::*;
use crate::observe::fixtures::Teller;
use crate::probe::{Call, Event, Subject};

#[test]
fn the_last_events_are_remembered_and_the_others_counted() {
    let recorder = Recorder::new(2);
    let mut stack = Teller::new(recorder.clone());
    assert_eq!(recorder.dump(), "");
    stack.input(Subject::Stack, Event::Ticked);
    stack.after(1500);
    stack.input(Subject::Stack, Event::Called(Call::Open));
    assert!(!recorder.dump().contains("before these"));
    stack.input(Subject::Listener(1), Event::Called(Call::Accept));
    assert_eq!(
        recorder.dump(),
        "... 1 events before these\n\
         0.001500000 #e2 stack  called OPEN, active\n\
         0.001500000 #e3 listener 1  called accept\n"
    );
}
