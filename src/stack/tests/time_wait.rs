//! TIME-WAIT: what does not disturb it (RFC 1337), and who may begin anew in it (RFC 6191).

use std::time::Duration;

use super::super::lone::Lone;
use super::super::{ConnId, ListenerId};
use crate::probe::State;
use crate::tcp::Config;

const SECOND: Duration = Duration::from_secs(1);

/// Who keeps the connection in TIME-WAIT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// The application still holds it.
    Whole,
    /// It was let go, and a record is left.
    Record,
}

const BOTH: [Kept; 2] = [Kept::Whole, Kept::Record];

/// A connection that was accepted and closed first, in TIME-WAIT. The peer's FIN had the number 1,
/// and its last timestamp was 100 if `options` agreed on timestamps.
fn time_wait(kept: Kept, options: &str) -> (Lone, ConnId, ListenerId) {
    let config = Config {
        timestamps: true,
        ..Lone::plain()
    };
    time_wait_of(config, kept, options)
}

fn time_wait_of(config: Config, kept: Kept, options: &str) -> (Lone, ConnId, ListenerId) {
    let mut lone = Lone::new(config);
    let listener = lone.listen();
    let stamp = match options.contains("TS") {
        true => "<TS val 100 ecr 0>",
        false => "",
    };
    lone.inject(&format!("S 0:1(0) win 1000 <mss 1000{options}>"));
    lone.outgoing();
    lone.inject(&format!(". 1:1(0) ack 1 win 1000 {stamp}"));
    let id = lone.stack.accept(lone.now, listener).unwrap();
    lone.stack.shutdown(lone.now, id);
    lone.outgoing();
    lone.inject(&format!("F. 1:2(0) ack 2 win 1000 {stamp}"));
    assert_eq!(lone.outgoing(), [". 2:2(0) ack 2"]);
    assert_eq!(lone.state(id), State::TimeWait);
    if kept == Kept::Record {
        lone.stack.close(lone.now, id);
        assert_eq!(lone.stack.counts(), (0, 0, 1));
    }
    (lone, id, listener)
}

const STAMPED: &str = ",TS val 99 ecr 0";

#[test]
fn the_window_is_still_the_one_that_was_offered() {
    for kept in BOTH {
        // Of a buffer of 1 MiB the field shows 32,768 units of 32 bytes.
        let config = Config {
            receive_buffer: 1 << 20,
            receive_buffer_max: 1 << 20,
            ..Config::default()
        };
        let (mut lone, ..) = time_wait_of(config, kept, ",wscale 0");
        lone.inject(". 500000:500000(0) ack 2 win 1000");
        assert!(lone.outgoing().is_empty(), "{kept:?}");
        lone.inject(". 1100000:1100000(0) ack 2 win 1000");
        assert_eq!(lone.outgoing(), [". 2:2(0) ack 2"], "{kept:?}");
    }
}

/// Ends the handshake that this SYN has begun.
fn answer(lone: &mut Lone, syn: &str) {
    let sent = lone.outgoing();
    assert_eq!(sent.len(), 1);
    assert!(sent[0].starts_with("S. 0:1(0) ack "), "{sent:?}");
    let stamp = match syn.contains("TS") {
        true => "<TS val 200 ecr 0>",
        false => "",
    };
    let next: u32 = sent[0].rsplit(' ').next().unwrap().parse().unwrap();
    lone.inject(&format!(". {next}:{next}(0) ack 1 win 1000 {stamp}"));
}

/// Whether this SYN begins a new connection; if not, whether it was dropped in silence and
/// TIME-WAIT went on.
fn begins_anew(kept: Kept, old: &str, syn: &str) -> bool {
    let (mut lone, id, listener) = time_wait(kept, old);
    lone.inject(syn);
    let (whole, half_open, records) = lone.stack.counts();
    if half_open == 0 {
        let sent = lone.outgoing();
        assert!(sent.is_empty(), "{syn} drew {sent:?}");
        match kept {
            Kept::Whole => assert_eq!(lone.state(id), State::TimeWait),
            Kept::Record => assert_eq!((whole, records), (0, 1)),
        }
        return false;
    }
    assert_eq!(lone.ending(), "TimeWaitReopened");
    // And it is a connection like any other.
    answer(&mut lone, syn);
    assert!(lone.stack.accept(lone.now, listener).is_ok(), "{syn}");
    true
}

// req: RFC1337-2-1
#[test]
fn old_duplicates_neither_end_nor_prolong_time_wait() {
    let msl = Lone::plain().msl;
    for kept in BOTH {
        let (mut lone, id, _) = time_wait(kept, "");
        let is_there = |lone: &Lone| match kept {
            Kept::Whole => lone.state(id) == State::TimeWait,
            Kept::Record => lone.stack.counts() == (0, 0, 1),
        };
        let mut waited = Duration::ZERO;
        for segment in [
            // Text, an acknowledgment, one of what was never sent, and text beyond.
            ". 0:1(1) ack 1",
            ". 1:1(0) ack 1",
            ". 2:2(0) ack 9",
            ". 2:12(10) ack 2",
            ". 1000000:1000010(10) ack 2",
        ] {
            lone.run(10 * SECOND);
            waited += 10 * SECOND;
            lone.inject(segment);
            assert!(lone.outgoing().len() <= 1);
            assert!(is_there(&lone), "{kept:?}: {segment}");
        }
        lone.run(2 * msl - waited - SECOND);
        assert!(is_there(&lone), "{kept:?}");
        lone.run(2 * SECOND);
        assert!(!is_there(&lone), "{kept:?}");
    }
}

// req: MUST-13
#[test]
fn letting_go_with_text_unread_does_not_cut_time_wait_short() {
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.stack.shutdown(lone.now, id);
    lone.outgoing();
    lone.inject("FP. 1:12(10) ack 2");
    assert_eq!(lone.outgoing(), [". 2:2(0) ack 12"]);
    lone.stack.close(lone.now, id);
    assert!(lone.outgoing().is_empty());
    assert_eq!(lone.stack.counts(), (0, 0, 1));
    lone.run(2 * Lone::plain().msl - SECOND);
    assert_eq!(lone.stack.counts(), (0, 0, 1));
}

// req: RFC6191-2-1
#[test]
fn a_later_timestamp_begins_anew_whatever_the_sequence_number() {
    for kept in BOTH {
        for start in [2, 1, 0, 4_000_000_000_u32] {
            let later = format!("S {start}:0(0) win 1000 <mss 1000,TS val 101 ecr 0>");
            assert!(begins_anew(kept, STAMPED, &later), "{kept:?} {start}");
        }
    }
}

// req: RFC6191-2-2, RFC6191-2-6
#[test]
fn with_the_same_timestamp_the_sequence_number_decides() {
    for kept in BOTH {
        let syn = |start| format!("S {start}:0(0) win 1000 <mss 1000,TS val 100 ecr 0>");
        assert!(begins_anew(kept, STAMPED, &syn(2)));
        assert!(!begins_anew(kept, STAMPED, &syn(1)));
    }
}

// req: RFC6191-2-6
#[test]
fn with_an_earlier_timestamp_nothing_begins() {
    for kept in BOTH {
        for start in [1, 2, 100_000] {
            let earlier = format!("S {start}:0(0) win 1000 <mss 1000,TS val 99 ecr 0>");
            assert!(!begins_anew(kept, STAMPED, &earlier), "{kept:?} {start}");
        }
    }
}

// req: RFC6191-2-3, RFC6191-2-6
#[test]
fn a_syn_without_timestamps_after_a_connection_with_them_goes_by_its_number() {
    for kept in BOTH {
        assert!(begins_anew(kept, STAMPED, "S 2:3(0) win 1000 <mss 1000>"));
        assert!(!begins_anew(kept, STAMPED, "S 1:2(0) win 1000 <mss 1000>"));
    }
}

// req: RFC6191-2-4
#[test]
fn timestamps_after_a_connection_without_them_begin_anew() {
    for kept in BOTH {
        for start in [2, 1, 4_000_000_000_u32] {
            let syn = format!("S {start}:0(0) win 1000 <mss 1000,TS val 5 ecr 0>");
            assert!(begins_anew(kept, "", &syn), "{kept:?} {start}");
        }
    }
}

// req: RFC6191-2-5, RFC6191-2-6
#[test]
fn without_timestamps_on_either_the_sequence_number_decides() {
    for kept in BOTH {
        assert!(begins_anew(kept, "", "S 2:3(0) win 1000 <mss 1000>"));
        assert!(!begins_anew(kept, "", "S 1:2(0) win 1000 <mss 1000>"));
    }
}

// req: SHLD-4
#[test]
fn a_syn_that_ends_time_wait_early_is_said_to_and_by_which_rule() {
    for (old, syn, rule) in [
        (
            STAMPED,
            "S 1:2(0) win 1000 <mss 1000,TS val 101 ecr 0>",
            "timestamp is later",
        ),
        (
            STAMPED,
            "S 2:3(0) win 1000 <mss 1000,TS val 100 ecr 0>",
            "number lies beyond",
        ),
        (
            "",
            "S 1:2(0) win 1000 <mss 1000,TS val 5 ecr 0>",
            "brings timestamps",
        ),
        ("", "S 2:3(0) win 1000 <mss 1000>", "number lies beyond"),
    ] {
        let (mut lone, ..) = time_wait(Kept::Record, old);
        lone.inject(syn);
        assert_eq!(lone.told.count(rule), 1, "{syn}: {:#?}", lone.told.lines());
        answer(&mut lone, syn);
        assert_eq!(lone.told.count("on: Reopened"), 1, "{syn}");
        assert_eq!(lone.told.count("on: TwoMslElapsed"), 0, "{syn}");
    }
    let (mut lone, ..) = time_wait(Kept::Record, "");
    lone.run(2 * Lone::plain().msl + SECOND);
    assert_eq!(lone.told.count("on: TwoMslElapsed"), 1);
    assert_eq!(lone.told.count("on: Reopened"), 0);
}

/// RFC 9293 section 3.6.1, (2): the peer knows nothing of the SYN that a SYN,ACK answers, and
/// resets. Or nobody answers the SYN,ACK at all.
// req: MAY-2
#[test]
fn time_wait_goes_on_if_the_syn_was_an_old_duplicate() {
    for (kept, is_reset) in BOTH
        .into_iter()
        .flat_map(|kept| [(kept, true), (kept, false)])
    {
        let (mut lone, id, _) = time_wait_of(
            Config {
                msl: Duration::from_secs(600),
                ..Lone::plain()
            },
            kept,
            "",
        );
        lone.inject("S 2:3(0) win 1000 <mss 1000>");
        assert_eq!(lone.ending(), "TimeWaitReopened");
        assert_eq!(lone.told.count("on: Reopened"), 0, "nothing is proved yet");
        lone.outgoing();
        if is_reset {
            lone.inject("R 3:3(0) win 0");
        } else {
            lone.run(Duration::from_secs(900));
        }
        lone.outgoing();
        assert_eq!(lone.told.count("back to TIME-WAIT"), 1, "{kept:?}");
        let (whole, half_open, records) = lone.stack.counts();
        assert_eq!((whole + records, half_open), (1, 0), "{kept:?}");
        if kept == Kept::Whole {
            assert_eq!(lone.state(id), State::TimeWait);
            lone.stack.close(lone.now, id);
        }
        // It is as it was: the FIN that comes again is acknowledged once more.
        lone.iss = None;
        lone.inject("F. 1:2(0) ack 2 win 1000");
        assert_eq!(lone.outgoing().len(), 1, "{kept:?}");
        println!("{}", lone.ending());
    }
}

/// A record that the application leaves behind while the SYN has not proved itself.
#[test]
fn a_connection_let_go_meanwhile_waits_on_as_a_record() {
    let (mut lone, id, _) = time_wait(Kept::Whole, "");
    lone.inject("S 2:3(0) win 1000 <mss 1000>");
    lone.outgoing();
    lone.stack.close(lone.now, id);
    assert_eq!(lone.stack.counts(), (0, 1, 1));
    lone.inject("R 3:3(0) win 0");
    assert_eq!(lone.stack.counts(), (0, 0, 1));
    lone.run(2 * Lone::plain().msl + SECOND);
    assert_eq!(lone.stack.counts(), (0, 0, 0));
}

#[test]
fn where_there_is_no_room_for_the_new_one_the_old_one_stays() {
    let (mut lone, _, listener) = time_wait(Kept::Record, "");
    let port = lone.ports.src;
    // The backlog of these listeners is four.
    for other in 0..4 {
        lone.ports.src = 2_000 + other;
        lone.inject("S 0:1(0) win 1000 <mss 1000>");
        lone.outgoing();
    }
    lone.ports.src = port;
    lone.inject("S 2:3(0) win 1000 <mss 1000>");
    assert_eq!(lone.ending(), "BacklogFull");
    // A cookie would come back to the old one.
    assert!(lone.outgoing().is_empty());
    assert_eq!(lone.stack.counts(), (0, 4, 1));
    assert!(lone.stack.accept(lone.now, listener).is_err());
}
