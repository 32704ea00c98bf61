//! LISTEN, and half-open connections from their SYN to their end: segments in, reactions and
//! answers out.

use std::time::Duration;

use crate::base::{Instant, Mss, Pieces, SeqNum};
use crate::probe::{Accepted, ControlBlock, Discard, Ending, State};
use crate::tcp::kit::{Ear, PAIR, at, segment};
use crate::tcp::open::negotiate::Offer;
use crate::tcp::{Config, Deferral};
use crate::wire::options::{Options, TimestampOption};
use crate::wire::tcp::{Flags, Segment};

use super::{Answer, AtListener, HalfOpen, Reaction, arrives_in_listen};

const ISS: SeqNum = SeqNum(7000);
/// The peer's first byte of text is at 0: the seam lies just before the window.
const IRS: SeqNum = SeqNum(u32::MAX);
/// What the default configuration's SYN shows.
const WINDOW: u32 = 65_535;
/// The peer's clock when it sent its SYN.
const TSVAL: u32 = 500;

/// A half-open connection and what it tells.
struct Half {
    half: HalfOpen,
    config: Config,
    ear: Ear,
}

impl Half {
    /// Made at birth by a SYN with these options.
    fn open(options: Options, config: Config) -> Half {
        let mut ear = Ear::new();
        let offer = Offer::new(&config, Mss::new(1460));
        let syn = Segment {
            options,
            ..segment(Flags::SYN, IRS, None)
        };
        let mut cx = ear.context(at(0));
        let half = HalfOpen::new(&mut cx, PAIR, &offer, &config, &syn, ISS, 0);
        Half { half, config, ear }
    }

    fn plain() -> Half {
        Half::open(Options::default(), Config::default())
    }

    /// Its SYN,ACK has left at birth.
    fn answered() -> Half {
        let mut half = Half::plain();
        assert!(half.take(at(0)).is_some());
        half.ear.arrows();
        half
    }

    fn arrives(&mut self, now: Instant, seg: &Segment<'_>) -> Reaction {
        let mut cx = self.ear.context(now);
        self.half.arrives(&mut cx, seg, &self.config)
    }

    fn owes(&self) -> Option<Answer> {
        self.half.answer().map(|(answer, _)| answer)
    }

    fn take(&mut self, now: Instant) -> Option<Segment<'static>> {
        let (segment, _) =
            self.half
                .take_answer(now, &self.config, crate::wire::cookie::Cookie::REQUEST)?;
        Some(segment)
    }
}

fn discarded(why: Discard) -> Reaction {
    Reaction::Stay(Ending::from(why))
}

/// All options that there are.
fn everything() -> Options {
    Options {
        mss: Some(1000),
        window_scale: Some(9),
        sack_permitted: true,
        timestamps: Some(TimestampOption {
            value: TSVAL,
            echo: 0,
        }),
        ..Options::default()
    }
}

// req: RFC9293-3.10.7.2-1, RFC9293-3.10.7.2-3
#[test]
fn a_listener_looks_at_reset_then_ack_then_syn() {
    for bits in 0..16 {
        let has = |bit| bits & bit != 0;
        let mut flags = Flags::NONE;
        for (bit, flag) in [(1, Flags::RST), (4, Flags::SYN), (8, Flags::FIN)] {
            if has(bit) {
                flags |= flag;
            }
        }
        let ack = has(2).then_some(ISS);
        let expected = match (has(1), has(2), has(4)) {
            (true, _, _) => AtListener::Discard(Discard::ResetAtListener),
            (_, true, _) => AtListener::Discard(Discard::AckAtListener),
            (_, _, true) => AtListener::Syn,
            _ => AtListener::Discard(Discard::NothingAtListener),
        };
        let seg = segment(flags, IRS, ack);
        assert_eq!(arrives_in_listen(&seg), expected, "{flags}");
    }
}

// req: RFC9293-3.10.7.2-2
#[test]
fn a_syn_is_answered_by_ours() {
    let mut half = Half::plain();
    assert_eq!(half.ear.arrows(), ["LISTEN > SYN-RECEIVED on SynReceived"]);
    assert_eq!(half.owes(), Some(Answer::SynAck));
    let answer = half.take(at(0)).expect("a SYN,ACK is owed");
    assert_eq!(answer.flags, Flags::SYN | Flags::ACK);
    assert_eq!((answer.seq, answer.ack), (ISS, Some(IRS + 1)));
    assert_eq!((answer.ports.src, answer.ports.dst), (80, 40_000));
    assert!(answer.text.is_empty());
    assert_eq!(half.owes(), None);
}

// req: RFC7323-2.2-2, RFC7323-3.2-3, RFC2018-4-1
#[test]
fn a_plain_syn_is_answered_with_our_segment_size_alone() {
    let answer = Half::plain().take(at(0)).expect("a SYN,ACK is owed");
    let only = Options {
        mss: Some(1460),
        ..Options::default()
    };
    assert_eq!(answer.options, only);
}

// req: RFC7323-2.3-1, RFC7323-3.2-2, RFC7323-2.2-4, SHLD-5
#[test]
fn a_syn_with_all_options_is_answered_with_all_of_ours() {
    let mut half = Half::open(everything(), Config::default());
    let answer = half.take(at(250)).expect("a SYN,ACK is owed");
    let all = Options {
        mss: Some(1460),
        // Four mebibytes need seven more bits than the field has.
        window_scale: Some(7),
        sack_permitted: true,
        timestamps: Some(TimestampOption {
            value: 250,
            echo: TSVAL,
        }),
        ..Options::default()
    };
    assert_eq!(answer.options, all);
    assert_eq!(u32::from(answer.window), WINDOW);
}

// req: RFC7323-2.2-2, RFC7323-2.3-1, RFC7323-3.2-3, RFC2018-4-1
#[test]
fn an_answer_has_no_option_that_the_syn_had_not() {
    for bits in 0..16 {
        let has = |bit| bits & bit != 0;
        let Options {
            mss,
            window_scale,
            timestamps,
            ..
        } = everything();
        let syn = Options {
            window_scale: window_scale.filter(|_| has(1)),
            sack_permitted: has(2),
            timestamps: timestamps.filter(|_| has(4)),
            mss: mss.filter(|_| has(8)),
            ..Options::default()
        };
        let mut half = Half::open(syn, Config::default());
        let answer = half.take(at(0)).expect("a SYN,ACK is owed").options;
        assert_eq!(answer.window_scale.is_some(), has(1));
        assert_eq!(answer.sack_permitted, has(2));
        assert_eq!(answer.timestamps.is_some(), has(4));
        assert_eq!(answer.mss, Some(1460));
    }
}

// req: RFC9293-3.10.7.4-10
#[test]
fn the_acknowledgment_of_our_syn_completes_it() {
    let mut half = Half::open(everything(), Config::default());
    half.take(at(0));
    let ack = Segment {
        options: Options {
            timestamps: everything().timestamps,
            ..Options::default()
        },
        ..segment(Flags::NONE, IRS + 1, Some(ISS + 1))
    };
    assert_eq!(half.arrives(at(20), &ack), Reaction::Complete);
    let config = std::sync::Arc::new(half.config.clone());
    let mut cx = half.ear.context(at(20));
    let made = half.half.into_connection(&mut cx, config, Mss::new(1460));
    let variables = made.snapshot();
    assert_eq!(variables.state, State::SynReceived);
    assert_eq!((variables.snd_una, variables.snd_nxt), (ISS, ISS + 1));
    assert_eq!((variables.irs, variables.rcv_nxt), (IRS, IRS + 1));
    assert_eq!(variables.rcv_wnd, WINDOW);
    // The peer takes 1000 bytes, twelve of them for timestamps.
    assert_eq!(variables.mss, 988);
    assert!(made.is_passive());
    assert_eq!(made.pair(), PAIR);
}

// req: RFC9293-3.10.7.4-10
#[test]
fn an_acknowledgment_of_anything_else_leaves_it_as_it_is() {
    let mut half = Half::answered();
    for ack in [ISS, ISS + 2, ISS - 1000, ISS + (1 << 31)] {
        let seg = segment(Flags::NONE, IRS + 1, Some(ack));
        assert_eq!(
            half.arrives(at(20), &seg),
            discarded(Discard::AckUnacceptable)
        );
    }
    assert_eq!(half.owes(), None);
    let good = segment(Flags::NONE, IRS + 1, Some(ISS + 1));
    assert_eq!(half.arrives(at(20), &good), Reaction::Complete);
}

// req: RFC9293-3.10.7.4-9
#[test]
fn a_segment_that_acknowledges_nothing_is_dropped() {
    let mut half = Half::answered();
    let seg = Segment {
        text: Pieces::one(b"early"),
        ..segment(Flags::NONE, IRS + 1, None)
    };
    assert_eq!(half.arrives(at(20), &seg), discarded(Discard::NoAck));
    assert_eq!(half.owes(), None);
}

// req: RFC5961-3.2-2, RFC9293-3.5.3-3
#[test]
fn a_reset_at_rcv_nxt_returns_it_to_listen() {
    let mut half = Half::answered();
    let reset = segment(Flags::RST, IRS + 1, None);
    let forgotten = Reaction::Forget(Accepted::Reset.into());
    assert_eq!(half.arrives(at(20), &reset), forgotten);
    assert_eq!(
        half.ear.arrows(),
        ["SYN-RECEIVED > LISTEN on ResetReceivedPassive"]
    );
    assert_eq!(half.owes(), None);
}

// req: RFC5961-3.2-3, RFC9293-3.10.7.4-5
#[test]
fn a_reset_elsewhere_in_the_window_is_challenged() {
    for seq in [IRS + 2, IRS + WINDOW] {
        let mut half = Half::answered();
        let reset = segment(Flags::RST, seq, None);
        assert_eq!(
            half.arrives(at(20), &reset),
            discarded(Discard::ResetNotExact)
        );
        let challenge = half.take(at(20)).expect("a challenge is owed");
        assert_eq!(challenge.flags, Flags::ACK);
        assert_eq!((challenge.seq, challenge.ack), (ISS + 1, Some(IRS + 1)));
    }
}

// req: RFC5961-3.2-4, RFC9293-3.5.3-1, RFC9293-3.10.7.4-2
#[test]
fn a_reset_outside_the_window_is_dropped_in_silence() {
    let mut half = Half::answered();
    for seq in [IRS, IRS + 1 + WINDOW, IRS + (1 << 31)] {
        let reset = segment(Flags::RST, seq, None);
        assert_eq!(
            half.arrives(at(20), &reset),
            discarded(Discard::ResetOutOfWindow)
        );
    }
    assert_eq!(half.owes(), None);
}

#[test]
fn the_syn_that_comes_again_is_answered_again() {
    let mut half = Half::answered();
    let syn = segment(Flags::SYN, IRS, None);
    assert_eq!(half.arrives(at(1000), &syn), discarded(Discard::Old));
    let answer = half.take(at(1000)).expect("a SYN,ACK is owed");
    assert_eq!(answer.flags, Flags::SYN | Flags::ACK);
    assert_eq!((answer.seq, answer.ack), (ISS, Some(IRS + 1)));
    // A flood of them is not answered one for one.
    assert_eq!(half.arrives(at(1001), &syn), discarded(Discard::Old));
    assert_eq!(half.owes(), None);
}

#[test]
fn two_syns_at_once_draw_one_answer() {
    let mut half = Half::plain();
    let syn = segment(Flags::SYN, IRS, None);
    assert_eq!(half.arrives(at(0), &syn), discarded(Discard::Old));
    assert_eq!(half.owes(), Some(Answer::SynAck));
    assert!(half.take(at(0)).is_some());
    assert_eq!(half.owes(), None);
}

// req: RFC6298-5-7, RFC6928-2-2
#[test]
fn a_connection_remembers_how_often_its_syn_ack_went_again() {
    for (resent, rto, cwnd) in [(0, 30, 14_600), (1, 3, 14_600), (2, 3, 1460)] {
        let peer = Options {
            mss: Some(1460),
            ..Options::default()
        };
        let mut half = Half::open(peer, Config::default());
        half.take(at(0));
        for _ in 0..resent {
            let due = half.half.deadline().expect("a SYN,ACK is not acknowledged");
            let mut cx = half.ear.context(due);
            assert!(half.half.handle_timeout(&mut cx, &half.config));
            half.take(due);
        }
        let ack = segment(Flags::NONE, IRS + 1, Some(ISS + 1));
        let config = std::sync::Arc::new(half.config.clone());
        let mut cx = half.ear.context(at(10_000));
        let mut made = half.half.into_connection(&mut cx, config, Mss::new(1460));
        made.arrives(&mut cx, &ack);
        let variables = made.snapshot();
        assert_eq!(variables.state, State::Established);
        assert_eq!(variables.cwnd, cwnd, "after {resent}");
        // A SYN,ACK that was sent once was timed: SRTT is ten seconds, RTTVAR half of it.
        assert_eq!(variables.rto.as_secs(), rto, "after {resent}");
    }
}

/// RFC 9293 section 3.10.7.4, first: what lies before the window is trimmed off, SYN included.
// req: RFC9293-3.10.7.4-4
#[test]
fn the_syn_that_comes_again_may_carry_text() {
    let mut half = Half::answered();
    let syn = Segment {
        text: Pieces::one(b"GET / HTTP/1.1\r\n"),
        ..segment(Flags::SYN, IRS, None)
    };
    assert_eq!(half.arrives(at(1000), &syn), discarded(Discard::Old));
    assert_eq!(half.owes(), Some(Answer::SynAckAgain));
    assert!(half.ear.arrows().is_empty());
}

// req: RFC9293-3.10.7.4-7
#[test]
fn another_syn_in_the_window_returns_it_to_listen() {
    let mut half = Half::answered();
    let syn = segment(Flags::SYN, IRS + 1, None);
    let forgotten = Reaction::Forget(Discard::SynInSynchronized.into());
    assert_eq!(half.arrives(at(20), &syn), forgotten);
    assert_eq!(
        half.ear.arrows(),
        ["SYN-RECEIVED > LISTEN on ResetReceivedPassive"]
    );
}

// req: RFC9293-3.10.7.4-2, RFC5961-7-1
#[test]
fn what_lies_outside_the_window_is_answered_by_what_is_expected() {
    let mut half = Half::answered();
    for seq in [IRS, IRS + 1 + WINDOW] {
        let seg = segment(Flags::NONE, seq, Some(ISS + 1));
        assert_eq!(half.arrives(at(20), &seg), discarded(Discard::OutOfWindow));
    }
    let answer = half.take(at(20)).expect("an ACK is owed");
    assert_eq!(answer.flags, Flags::ACK);
    assert_eq!((answer.seq, answer.ack), (ISS + 1, Some(IRS + 1)));
    // One is enough for half a second.
    let seg = segment(Flags::NONE, IRS, Some(ISS + 1));
    assert_eq!(half.arrives(at(21), &seg), discarded(Discard::OutOfWindow));
    assert_eq!(half.owes(), None);
}

/// Else the half-open connection would have no timer, and stay for ever.
#[test]
fn a_doubtful_segment_does_not_take_the_place_of_the_syn_ack() {
    for doubtful in [
        segment(Flags::NONE, IRS - 5, Some(ISS + 1)),
        segment(Flags::RST, IRS + 2, None),
    ] {
        let mut half = Half::plain();
        half.arrives(at(0), &doubtful);
        let answer = half.take(at(0)).expect("a SYN,ACK is owed");
        assert_eq!(answer.flags, Flags::SYN | Flags::ACK);
        assert_eq!(half.half.deadline(), Some(at(1000)));
    }
}

// req: RFC7323-5.3-1
#[test]
fn an_older_timestamp_draws_an_acknowledgment_and_nothing_else() {
    let mut half = Half::open(everything(), Config::default());
    half.take(at(0));
    let stamped = |value| Segment {
        options: Options {
            timestamps: Some(TimestampOption { value, echo: 0 }),
            ..Options::default()
        },
        ..segment(Flags::NONE, IRS + 1, Some(ISS + 1))
    };
    let old = stamped(TSVAL - 1);
    assert_eq!(half.arrives(at(20), &old), discarded(Discard::Paws));
    let answer = half.take(at(20)).expect("an ACK is owed");
    assert_eq!(answer.flags, Flags::ACK);
    assert_eq!(half.arrives(at(21), &stamped(TSVAL)), Reaction::Complete);
}

// req: RFC7323-5.2-1
#[test]
fn a_reset_is_judged_without_its_timestamp() {
    let mut half = Half::open(everything(), Config::default());
    half.take(at(0));
    let reset = Segment {
        options: Options {
            timestamps: Some(TimestampOption { value: 1, echo: 0 }),
            ..Options::default()
        },
        ..segment(Flags::RST, IRS + 1, None)
    };
    let forgotten = Reaction::Forget(Accepted::Reset.into());
    assert_eq!(half.arrives(at(20), &reset), forgotten);
}

// req: RFC6298-2-1, RFC6298-5-6
#[test]
fn the_syn_ack_goes_again_ever_later_and_then_no_more() {
    let mut half = Half::plain();
    assert_eq!(half.half.deadline(), None);
    half.take(at(0));
    half.ear.arrows();
    let mut left = Vec::new();
    while let Some(due) = half.half.deadline() {
        let mut cx = half.ear.context(due);
        if !half.half.handle_timeout(&mut cx, &half.config) {
            assert_eq!(due, at(63_000));
            break;
        }
        assert_eq!(half.owes(), Some(Answer::SynAckAgain));
        let answer = half.take(due).expect("it is owed");
        assert_eq!(answer.flags, Flags::SYN | Flags::ACK);
        left.push(due.as_millis() / 1000);
    }
    assert_eq!(left, [1, 3, 7, 15, 31]);
    assert_eq!(half.ear.arrows(), ["SYN-RECEIVED > CLOSED on Aborted"]);
}

/// Passes over bare ACKs for three seconds: two timeouts.
fn deferring() -> Half {
    let config = Config {
        defer_accept: Deferral::lasting(Duration::from_secs(3), Duration::from_secs(120)),
        ..Config::default()
    };
    let mut half = Half::open(Options::default(), config);
    half.take(at(0));
    half
}

fn ack() -> Segment<'static> {
    segment(Flags::NONE, IRS + 1, Some(ISS + 1))
}

#[test]
fn a_bare_ack_is_passed_over_until_the_last_timeout_asks_for_it_again() {
    let mut half = deferring();
    let deferred = discarded(Discard::AckDeferred);
    assert_eq!(half.arrives(at(100), &ack()), deferred);
    let mut answers = Vec::new();
    for due in [1_000, 3_000] {
        assert_eq!(half.half.deadline(), Some(at(due)));
        assert_eq!(half.arrives(at(due), &ack()), deferred);
        assert_eq!(half.owes(), None);
        let mut cx = half.ear.context(at(due));
        assert!(half.half.handle_timeout(&mut cx, &half.config));
        answers.push(half.owes());
    }
    assert_eq!(answers, [None, Some(Answer::SynAckAgain)]);
    assert_eq!(half.arrives(at(3_100), &ack()), Reaction::Complete);
}

#[test]
fn text_or_a_fin_is_not_passed_over() {
    let mut half = deferring();
    let fin = segment(Flags::FIN, IRS + 1, Some(ISS + 1));
    assert_eq!(half.arrives(at(100), &fin), Reaction::Complete);
    let text = Segment {
        text: Pieces::one(b"text"),
        ..ack()
    };
    assert_eq!(half.arrives(at(100), &text), Reaction::Complete);
}

#[test]
fn who_waits_for_text_gives_up_no_sooner_and_who_never_heard_an_ack_no_later() {
    for (acked, kept) in [(false, vec![1_000]), (true, vec![1_000, 3_000])] {
        let mut half = deferring();
        half.config.r2_syn_ack = 1;
        if acked {
            half.arrives(at(100), &ack());
        }
        let mut left = Vec::new();
        while let Some(due) = half.half.deadline() {
            let mut cx = half.ear.context(due);
            if !half.half.handle_timeout(&mut cx, &half.config) {
                break;
            }
            left.push(due.as_millis());
        }
        assert_eq!(left, kept);
    }
}
