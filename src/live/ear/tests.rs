use std::num::NonZeroU64;

use super::*;
use crate::base::Instant;
use crate::probe::{Blocked, EventId};

fn tell(ear: &mut Ear, number: u64) {
    ear.told(&Told {
        id: EventId(NonZeroU64::MIN),
        cause: None,
        at: Instant::BIRTH,
        on: Subject::Connection(number),
        event: &Event::BlockedBy { by: Blocked::Nagle },
    });
}

#[test]
fn only_events_of_the_connection_that_is_followed_are_kept() {
    let ear = Ear::default();
    let (mut first, mut second) = (ear.at(0), ear.at(1));
    tell(&mut first, 4);
    ear.follow(Some((1, 4)));
    // The number is another's in another stack.
    tell(&mut first, 4);
    tell(&mut second, 4);
    tell(&mut second, 5);
    assert_eq!(ear.take().0.len(), 1);
    assert_eq!(ear.take().0.len(), 0);
}

/// Without the input, nobody could say what led to what the connection did.
#[test]
fn the_input_that_led_to_something_goes_before_it() {
    let ear = Ear::default();
    ear.follow(Some((0, 4)));
    let mut hearing = ear.at(0);
    let id = |id| EventId(NonZeroU64::new(id).expect("not zero"));
    let mut told = |number, cause: Option<u64>, on, event: Event<'_>| {
        hearing.told(&Told {
            id: id(number),
            cause: cause.map(id),
            at: Instant::BIRTH,
            on,
            event: &event,
        });
    };
    let by = Blocked::Nagle;
    told(1, None, Subject::Stack, Event::Ticked);
    told(2, Some(1), Subject::Connection(5), Event::BlockedBy { by });
    told(3, None, Subject::Stack, Event::Ticked);
    told(4, Some(3), Subject::Connection(4), Event::BlockedBy { by });
    told(5, Some(3), Subject::Connection(4), Event::BlockedBy { by });
    let kept = ear.take().0;
    let ids: Vec<u64> = kept.iter().map(|heard| heard.id.0.get()).collect();
    assert_eq!(ids, [3, 4, 5]);
}

#[test]
fn what_finds_no_room_is_counted() {
    let ear = Ear::default();
    ear.follow(Some((0, 1)));
    let mut hearing = ear.at(0);
    for _ in 0..EVENTS_MAX + 3 {
        tell(&mut hearing, 1);
    }
    let (events, missed) = ear.take();
    assert_eq!((events.len(), missed), (EVENTS_MAX, 3));
    // There is room again.
    tell(&mut hearing, 1);
    let (events, missed) = ear.take();
    assert_eq!((events.len(), missed), (1, 0));
}
