//! TIME-WAIT's record: what it answers, what it ignores, and which SYN may begin anew.

use crate::base::{Instant, Pieces, SeqNum, WindowScale};
use crate::probe::{Accepted, Discard, Ending, Why};
use crate::tcp::arrive::challenge::Challenge;
use crate::tcp::kit::{PAIR, at, segment};
use crate::tcp::timestamps::Timestamps;
use crate::wire::options::{Options, TimestampOption};
use crate::wire::tcp::{Flags, Segment};

use super::{FIRST_TIMESTAMP, LATER_NUMBER, LATER_TIMESTAMP, Reaction, TimeWait};

const SND_NXT: SeqNum = SeqNum(9000);
/// The peer's FIN had the number before; the seam lies within the window.
const RCV_NXT: SeqNum = SeqNum(u32::MAX - 10);
/// TS.Recent.
const RECENT: u32 = u32::MAX - 5;

fn stamp(value: u32) -> Options {
    Options {
        timestamps: Some(TimestampOption { value, echo: 0 }),
        ..Options::default()
    }
}

/// The rest of a connection that used no timestamps.
fn record() -> TimeWait {
    TimeWait {
        pair: PAIR,
        snd_nxt: SND_NXT,
        rcv_nxt: RCV_NXT,
        window: 1000,
        scale: WindowScale::default(),
        timestamps: None,
        challenge: Challenge::new(0),
        path_doubts: 0,
    }
}

/// The rest of one that did.
fn stamped() -> TimeWait {
    let last = TimestampOption {
        value: RECENT,
        echo: 0,
    };
    TimeWait {
        timestamps: Some(Timestamps::new(7, last, Instant::BIRTH, RCV_NXT)),
        ..record()
    }
}

fn silent(ending: impl Into<Ending>) -> Reaction {
    Reaction {
        ending: ending.into(),
        answer: false,
        restart: false,
    }
}

// req: RFC1337-3-1
#[test]
fn no_reset_cuts_it_short() {
    for seq in [RCV_NXT, RCV_NXT + 1, RCV_NXT - 1, RCV_NXT + 5000] {
        for ack in [None, Some(SND_NXT)] {
            let reset = segment(Flags::RST, seq, ack);
            let reaction = record().arrives(&reset, at(0));
            assert_eq!(reaction, silent(Discard::ResetInTimeWait));
        }
    }
}

// req: RFC9293-3.10.7.4-15
#[test]
fn the_fin_that_comes_again_is_acknowledged_and_the_wait_begins_anew() {
    let mut record = record();
    let plain = segment(Flags::FIN, RCV_NXT - 1, Some(SND_NXT));
    let with_text = Segment {
        text: Pieces::one(b"the last words"),
        ..segment(Flags::FIN, RCV_NXT - 15, Some(SND_NXT))
    };
    // Each time: the peer waits for nothing else.
    for seg in [plain, with_text, plain] {
        let answered = Reaction {
            ending: Accepted::TimeWaitAnswered.into(),
            answer: true,
            restart: true,
        };
        assert_eq!(record.arrives(&seg, at(1)), answered);
    }
}

#[test]
fn the_last_acknowledgment_has_the_numbers_of_the_end() {
    let (ack, _) = record().acknowledgment(at(50));
    assert_eq!((ack.ports.src, ack.ports.dst), (80, 40_000));
    assert_eq!((ack.seq, ack.ack), (SND_NXT, Some(RCV_NXT)));
    assert_eq!((ack.flags, ack.window), (Flags::ACK, 1000));
    assert!(ack.text.is_empty());
    assert_eq!(ack.options, Options::default());
    assert_eq!((record().pair(), record().snd_nxt()), (PAIR, SND_NXT));
}

// req: RFC7323-3.2-4
#[test]
fn the_last_acknowledgment_goes_on_with_the_timestamps() {
    let (ack, _) = stamped().acknowledgment(at(50));
    let timestamps = ack.options.timestamps.expect("they were agreed on");
    assert_eq!((timestamps.value, timestamps.echo), (57, RECENT));
}

// req: RFC1337-2-1
#[test]
fn old_duplicates_neither_end_it_nor_make_it_longer() {
    let mut record = record();
    let old_text = Segment {
        text: Pieces::one(b"old"),
        ..segment(Flags::NONE, RCV_NXT - 100, Some(SND_NXT - 50))
    };
    let other_fin = segment(Flags::FIN, RCV_NXT - 2, Some(SND_NXT));
    for seg in [
        old_text,
        other_fin,
        segment(Flags::NONE, RCV_NXT - 5, Some(SND_NXT)),
        segment(Flags::NONE, RCV_NXT + 1000, Some(SND_NXT)),
    ] {
        let reaction = record.arrives(&seg, at(0));
        assert_eq!(reaction.ending, Ending::from(Discard::Old));
        assert!(!reaction.restart);
    }
    // An acknowledgment at the right place is the end of a story that is over.
    let ack = segment(Flags::NONE, RCV_NXT, Some(SND_NXT));
    assert_eq!(record.arrives(&ack, at(0)), silent(Accepted::Ack));
}

#[test]
fn a_second_fin_and_a_syn_that_acknowledges_are_doubtful() {
    for flags in [Flags::FIN, Flags::SYN] {
        let seg = segment(flags, RCV_NXT, Some(SND_NXT));
        let doubted = Reaction {
            ending: Discard::Old.into(),
            answer: true,
            restart: false,
        };
        assert_eq!(record().arrives(&seg, at(0)), doubted);
    }
}

// req: RFC5961-7-1
#[test]
fn doubtful_segments_are_answered_now_and_then() {
    let mut record = record();
    let old = segment(Flags::NONE, RCV_NXT - 5, Some(SND_NXT));
    let answers = (0..1000).filter(|ms| record.arrives(&old, at(*ms)).answer);
    assert_eq!(answers.count(), 2);
}

// req: RFC6191-2-6
#[test]
fn a_syn_that_may_not_begin_anew_is_dropped_in_silence() {
    for options in [Options::default(), stamp(RECENT)] {
        let syn = Segment {
            options,
            ..segment(Flags::SYN, RCV_NXT - 1, None)
        };
        let mut record = stamped();
        assert_eq!(record.may_reopen(&syn, true), None);
        let reaction = record.arrives(&syn, at(0));
        assert_eq!(reaction, silent(Discard::SynInSynchronized));
    }
}

#[test]
fn only_a_plain_syn_may_begin_anew() {
    let fresh = RCV_NXT + 1000;
    let syn = segment(Flags::SYN, fresh, None);
    assert_eq!(record().may_reopen(&syn, true), Some(LATER_NUMBER));
    for seg in [
        segment(Flags::SYN, fresh, Some(SND_NXT)),
        segment(Flags::SYN | Flags::RST, fresh, None),
        segment(Flags::NONE, fresh, None),
        segment(Flags::FIN, fresh, None),
    ] {
        assert_eq!(record().may_reopen(&seg, true), None, "{}", seg.flags);
    }
}

/// What the new incarnation's SYN has against what the old one saw last.
#[derive(Debug, Clone, Copy)]
struct Syn {
    /// Its timestamp, counted from TS.Recent.
    stamp: Option<i32>,
    /// Its sequence number, counted from the old FIN's.
    seq: i32,
}

/// RFC 6191 section 2 as it stands, bullet by bullet: why it is honored, if it is.
fn honored(old_used: bool, would_use: bool, syn: Syn) -> Option<&'static Why> {
    let greater_seq = (syn.seq > 0).then_some(LATER_NUMBER);
    let enabled = syn.stamp.filter(|_| would_use);
    if old_used {
        match enabled {
            Some(stamp) if stamp > 0 => Some(LATER_TIMESTAMP),
            Some(0) => greater_seq,
            Some(_) => None,
            None => greater_seq,
        }
    } else {
        enabled.map(|_| FIRST_TIMESTAMP).or(greater_seq)
    }
}

// req: RFC6191-2-1, RFC6191-2-2, RFC6191-2-3, RFC6191-2-4, RFC6191-2-5, RFC6191-2-6, MAY-2
#[test]
fn every_branch_of_rfc_6191_is_taken() {
    let seqs = [i32::MIN + 1, -1000, -1, 0, 1, 1000, i32::MAX];
    let stamps = [i32::MIN + 1, -100, -1, 0, 1, 100, i32::MAX];
    let stamps = stamps.map(Some).into_iter().chain([None]);
    for (stamp_ahead, seq) in stamps.flat_map(|stamp| seqs.map(|seq| (stamp, seq))) {
        let syn = Syn {
            stamp: stamp_ahead,
            seq,
        };
        let options = stamp_ahead.map_or(Options::default(), |ahead| {
            stamp(RECENT.wrapping_add_signed(ahead))
        });
        // The FIN had the number before RCV.NXT.
        let fin = RCV_NXT - 1;
        let seg = Segment {
            options,
            ..segment(Flags::SYN, SeqNum(fin.0.wrapping_add_signed(seq)), None)
        };
        for would_use in [false, true] {
            for (old, used) in [(record(), false), (stamped(), true)] {
                assert_eq!(
                    old.may_reopen(&seg, would_use),
                    honored(used, would_use, syn),
                    "{syn:?}, timestamps before: {used}, now: {would_use}"
                );
            }
        }
    }
}
