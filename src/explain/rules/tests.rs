use super::*;
use crate::explain::connection::tests::{Line, Talk, line, permits, sack, stamp, states};
use crate::explain::packet::Odd;
use crate::probe::State;
use crate::wire::Options;

#[test]
fn the_window_is_kept_unless_the_capture_may_lack_the_ack() {
    let mut talk = Talk::begun(permits());
    talk.takes(Line {
        window: 250,
        ..line(50, 1)
    });
    // The handshake had offered 10,000 bytes, which still may be used.
    talk.takes(Line {
        seq: 1,
        text: &[7; 10_001],
        ..line(51, 0)
    });
    assert_eq!(talk.found(), Some((Level::Violation, "beyond_window")));
    let mut talk = Talk::begun(permits());
    talk.takes(Line {
        seq: 5,
        ack: Some(1),
        ..line(50, 1)
    });
    talk.takes(Line {
        ack: Some(900),
        ..line(51, 1)
    });
    assert_eq!(talk.found(), Some((Level::Doubt, "ack_of_unseen")));
    talk.takes(Line {
        seq: 900,
        text: &[7; 10_001],
        ..line(52, 0)
    });
    assert_eq!(talk.found(), Some((Level::Doubt, "beyond_window")));
}

#[test]
fn a_window_that_shrinks_is_accused_if_it_was_sent_later() {
    let mut talk = Talk::begun(permits());
    talk.sends(50, 1, 1);
    talk.takes(Line {
        ack: Some(101),
        window: 9_000,
        ..line(90, 1)
    });
    assert_eq!(talk.found(), Some((Level::Violation, "window_shrunk")));
    let mut talk = Talk::begun(permits());
    talk.takes(Line {
        window: 9_000,
        ..line(90, 1)
    });
    assert_eq!(talk.found(), Some((Level::Doubt, "window_shrunk")));
    // What is acknowledged may be taken off it.
    let mut talk = Talk::begun(permits());
    talk.sends(50, 1, 1);
    talk.takes(Line {
        ack: Some(101),
        window: 9_900,
        ..line(90, 1)
    });
    assert_eq!(talk.found(), None);
}

#[test]
fn an_ack_that_goes_back_is_accused_by_its_timestamp_alone() {
    for (value, expected) in [(9, Some((Level::Violation, "ack_back"))), (3, None)] {
        let mut talk = Talk::begun(Options {
            timestamps: stamp(1).timestamps,
            ..permits()
        });
        for seq in [1, 101] {
            talk.takes(Line {
                seq,
                text: &[7; 100],
                options: stamp(4),
                ..line(50, 0)
            });
        }
        talk.takes(Line {
            ack: Some(201),
            options: stamp(5),
            ..line(90, 1)
        });
        talk.takes(Line {
            ack: Some(101),
            options: stamp(value),
            ..line(91, 1)
        });
        assert_eq!(talk.told.last().unwrap().class, Class::OldAck);
        assert_eq!(talk.found(), expected);
    }
}

#[test]
fn other_bytes_under_the_same_numbers_are_seen() {
    let mut talk = Talk::begun(permits());
    talk.sends(50, 1, 1);
    talk.takes(Line {
        text: &[8; 100],
        ..line(1_050, 0)
    });
    assert_eq!(talk.found(), Some((Level::Violation, "changed_text")));
    let mut talk = Talk::begun(permits());
    talk.sends(50, 1, 1);
    talk.takes(Line {
        text: &[7; 100],
        ..line(1_050, 0)
    });
    assert_eq!(talk.found(), Some((Level::Note, "rto")));
}

#[test]
fn flags_and_options_are_held_to_what_was_agreed_on() {
    let mut talk = Talk::begun(Options {
        mss: Some(100),
        ..Options::default()
    });
    talk.sends(50, 1, 2);
    talk.takes(Line {
        options: sack(&[(101, 201)]),
        ..line(90, 1)
    });
    assert_eq!(talk.found(), Some((Level::Violation, "sack_not_agreed")));
    talk.takes(Line {
        options: stamp(1),
        ..line(91, 1)
    });
    assert_eq!(
        talk.found(),
        Some((Level::Violation, "timestamps_not_agreed"))
    );
    talk.takes(Line {
        ack: None,
        flags: Flags::NONE,
        ..line(92, 1)
    });
    assert_eq!(talk.found(), Some((Level::Violation, "odd_flags")));
    talk.takes(Line {
        odd: Some(Odd::Sack),
        ..line(93, 1)
    });
    assert_eq!(talk.found(), Some((Level::Violation, "odd_sack")));

    let mut talk = Talk::begun(Options {
        timestamps: stamp(1).timestamps,
        ..permits()
    });
    talk.takes(line(50, 1));
    assert_eq!(talk.found(), Some((Level::Violation, "timestamps_missing")));
    // A reset need not have them.
    talk.takes(Line {
        flags: Flags::RST | Flags::ACK,
        ..line(51, 1)
    });
    assert_eq!(talk.found(), Some((Level::Note, "reset")));

    let mut talk = Talk::new();
    talk.takes(Line {
        flags: Flags::SYN | Flags::FIN,
        seq: 0,
        ack: None,
        ..line(0, 0)
    });
    assert_eq!(talk.found(), Some((Level::Violation, "odd_flags")));
}

#[test]
fn newer_numbers_with_an_older_timestamp_are_accused() {
    let mut talk = Talk::begun(Options {
        timestamps: stamp(1).timestamps,
        ..permits()
    });
    talk.takes(Line {
        text: &[7; 100],
        options: stamp(9),
        ..line(50, 0)
    });
    talk.takes(Line {
        seq: 101,
        text: &[7; 100],
        options: stamp(8),
        ..line(51, 0)
    });
    assert_eq!(talk.found(), Some((Level::Violation, "timestamp_back")));
}

#[test]
fn text_behind_the_fin_is_accused() {
    let mut talk = Talk::begun(permits());
    talk.takes(Line {
        flags: Flags::ACK | Flags::FIN,
        text: &[7; 100],
        ..line(50, 0)
    });
    assert_eq!(talk.found(), None);
    talk.takes(Line {
        seq: 102,
        text: &[7; 100],
        ..line(51, 0)
    });
    assert_eq!(talk.found(), Some((Level::Violation, "data_after_fin")));
}

#[test]
fn a_wrong_checksum_is_damage_unless_none_was_ever_right() {
    let mut talk = Talk::begun(permits());
    assert_eq!(
        talk.class(Line {
            sum: Verdict::Wrong,
            text: b"x",
            ..line(50, 0)
        }),
        Class::Damaged
    );
    assert_eq!(talk.of.as_ref().unwrap().ends[0].nxt, 1);
    let mut talk = Talk::new();
    let syn = Line {
        flags: Flags::SYN,
        seq: 0,
        ack: None,
        sum: Verdict::Wrong,
        ..line(0, 0)
    };
    assert_eq!(talk.class(syn), Class::Syn);
    assert_eq!(talk.found(), Some((Level::Doubt, "bad_checksum")));
}

#[test]
fn dsack_tells_which_retransmission_was_needless() {
    let mut talk = Talk::begun(permits());
    talk.sends(50, 1, 1);
    talk.takes(Line {
        text: &[7; 100],
        ..line(1_050, 0)
    });
    talk.takes(Line {
        ack: Some(101),
        ..line(1_060, 1)
    });
    talk.takes(Line {
        ack: Some(101),
        options: sack(&[(1, 101)]),
        ..line(1_090, 1)
    });
    let found = &talk.told.last().unwrap().findings[0];
    assert_eq!(found.what, "spurious");
    assert!(found.text.starts_with("#5 was needless"), "{}", found.text);
}

#[test]
fn a_capture_that_begins_later_accuses_nobody() {
    let mut talk = Talk::new();
    talk.takes(Line {
        seq: 5_000,
        ack: Some(900),
        text: &[7; 100],
        ..line(0, 0)
    });
    assert_eq!(states(&talk), [State::Established; 2]);
    talk.takes(Line {
        seq: 900,
        ack: Some(5_100),
        window: 3,
        options: stamp(1),
        ..line(1, 1)
    });
    talk.takes(Line {
        seq: 5_100,
        ack: Some(900),
        text: &[7; 100],
        ..line(2, 0)
    });
    let worst = talk
        .told
        .iter()
        .flat_map(|told| &told.findings)
        .map(|f| f.level)
        .max();
    assert_eq!(worst, None);
}
