use super::*;
use crate::observe::fixtures::{ON, PEER, US, address, millis};
use crate::probe::Edge;
use crate::rfc;

const WHY: Why = Why {
    by: rfc!(9293, "3.8"),
    text: "there is text to send",
};

fn frame(number: u64) -> Frame {
    Frame {
        number,
        id: EventId(std::num::NonZeroU64::new(number * 10).unwrap()),
        cause: None,
        at: millis(number),
        what: What::Out {
            purpose: Purpose::Text,
            why: WHY,
        },
        conversation: Some(ConversationId(0)),
        before: None,
        state: None,
        segment: None,
        offload: Default::default(),
        part: None,
        len: 40,
    }
}

fn numbers(frames: &Frames) -> Vec<u64> {
    frames.all().iter().map(|frame| frame.number).collect()
}

#[test]
fn a_frame_is_found_by_its_event() {
    let frames = Frames::new(4);
    (1..=3).for_each(|number| frames.add(frame(number)));
    assert_eq!(frames.frame_of(frame(2).id), Some(2));
    assert_eq!(frames.unrecorded(), None);
    let between = EventId(frame(2).id.0.saturating_add(1));
    assert_eq!(frames.frame_of(between), None);
}

#[test]
fn of_a_packet_that_was_split_the_first_frame_is_found() {
    let frames = Frames::new(10);
    frames.add(frame(1));
    for number in 2..=4 {
        let id = frame(2).id;
        frames.add(Frame {
            id,
            ..frame(number)
        });
    }
    frames.add(Frame {
        number: 5,
        ..frame(3)
    });
    let found = [1, 2, 3, 4].map(|event| frames.frame_of(frame(event).id));
    assert_eq!(found, [Some(1), Some(2), Some(5), None]);
}

#[test]
fn the_last_part_changes_the_state() {
    let (before, after) = (Some(State::Established), Some(State::FinWait1));
    let whole = Frame {
        before,
        state: after,
        ..frame(1)
    };
    let states = |number| {
        let part = whole.as_part(Part { number, of: 3 });
        assert_eq!(part.part, Some(Part { number, of: 3 }));
        (part.before, part.state)
    };
    assert_eq!(states(1), (before, before));
    assert_eq!(states(2), (before, before));
    assert_eq!(states(3), (before, after));
    let only = whole.as_part(Part { number: 1, of: 1 });
    assert_eq!((only.part, only.state), (None, after));
}

#[test]
fn beyond_the_bound_the_first_and_the_last_are_kept() {
    let frames = Frames::new(5);
    (1..=20).for_each(|number| frames.add(frame(number)));
    assert_eq!(numbers(&frames), [1, 2, 3, 19, 20]);
    assert_eq!(frames.unrecorded(), Some(4..=18));
    assert_eq!(frames.frame_of(frame(10).id), Some(10));
}

#[test]
fn what_could_not_be_written_is_no_frame() {
    let frames = Frames::new(100);
    (1..=20).for_each(|number| frames.add(frame(number)));
    frames.cut(7);
    assert_eq!(numbers(&frames).last(), Some(&7));
    assert_eq!(frames.frame_of(frame(7).id), Some(7));
    assert_eq!(frames.frame_of(frame(8).id), None);
}

fn hear(frames: &Frames, event: &Event<'_>) -> Belongs {
    frames.hear(&Told {
        id: EventId::FIRST,
        cause: None,
        at: millis(1),
        on: ON,
        event,
    })
}

#[test]
fn a_frame_shows_the_state_before_and_after_it() {
    let frames = Frames::new(100);
    let (local, remote) = (address(US), address(PEER));
    let state = State::Closed;
    hear(
        &frames,
        &Event::Opened {
            local,
            remote,
            state,
        },
    );
    let (from, to, on) = (State::Closed, State::SynSent, Edge::ActiveOpen);
    hear(&frames, &Event::StateChanged { from, to, on });
    let out = Event::PacketOut {
        interface: crate::base::InterfaceId::FIRST,
        offload: crate::base::Offload::default(),
        head: &[],
        body: crate::base::Pieces::EMPTY,
        purpose: Purpose::Syn,
        why: WHY,
        variables: None,
    };
    let belongs = |before, state| Belongs {
        conversation: Some(ConversationId(0)),
        before: Some(before),
        state: Some(state),
    };
    assert_eq!(hear(&frames, &out), belongs(State::Closed, State::SynSent));
    assert_eq!(hear(&frames, &out), belongs(State::SynSent, State::SynSent));
}

#[test]
fn records_are_found_by_conversation() {
    let frames = Frames::new(100);
    frames.add(frame(1));
    frames.add(Frame {
        conversation: None,
        ..frame(2)
    });
    let of_first = frames.of(ConversationId(0));
    assert_eq!(of_first.len(), 1);
    assert!(frames.of(ConversationId(1)).is_empty());
}
