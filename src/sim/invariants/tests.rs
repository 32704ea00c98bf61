mod why;

use std::net::IpAddr;

use super::*;
use crate::base::{InterfaceId, SeqNum, SeqRange};
use crate::probe::{Accepted, Discard, Edge, LossProof, Resent, State, TimerKind, Variables, Why};
use crate::wire::options::{Options, Order, SackBlock};
use crate::wire::tcp::{Flags, Ports, Segment};
use crate::{house, rfc};

const US: [u8; 4] = [10, 0, 0, 1];
const THEM: [u8; 4] = [10, 0, 0, 2];
const FLOW: Subject = Subject::Connection(7);
const WHY: Why = Why {
    by: rfc!(9293, "3.4"),
    text: "a test",
};

/// Tells events as a stack would, about one connection.
struct Teller {
    watch: Invariants,
    id: u64,
    input: u64,
    now: u64,
    known: Snapshot,
}

/// A segment to tell of.
#[derive(Clone, Copy)]
struct Say<'a> {
    flags: Flags,
    seq: u32,
    ack: Option<u32>,
    window: u16,
    text: &'a [u8],
    options: Options,
}

fn say(flags: Flags, seq: u32, ack: u32, text: &[u8]) -> Say<'_> {
    Say {
        flags,
        seq,
        ack: flags.has(Flags::ACK).then_some(ack),
        window: 1_000,
        text,
        options: Options::default(),
    }
}

fn packet_in(bytes: &[u8]) -> Event<'_> {
    Event::PacketIn {
        interface: InterfaceId::FIRST,
        offload: crate::base::Offload::default(),
        bytes,
    }
}

fn packet(from: [u8; 4], to: [u8; 4], say: Say<'_>) -> Vec<u8> {
    let (src, dst): (IpAddr, IpAddr) = (from.into(), to.into());
    let segment = Segment {
        ports: Ports { src: 1, dst: 2 },
        seq: SeqNum(say.seq),
        ack: say.ack.map(SeqNum),
        flags: say.flags,
        window: say.window,
        urgent: 0,
        order: Order::default(),
        options: say.options,
        text: Pieces::one(say.text),
    };
    let mut bytes = vec![0; 20 + segment.header_len()];
    segment.emit_header(src, dst, &mut bytes[20..]);
    let outgoing = crate::ip::transmit::Outgoing::tcp(src, dst, 0);
    let payload = segment.header_len() + say.text.len();
    outgoing.emit(payload, &mut bytes);
    bytes.extend_from_slice(say.text);
    bytes
}

impl Teller {
    fn new() -> Teller {
        let config = Config::new(vec![(US.into(), 24)]);
        Teller {
            watch: Invariants::new(Rules::of(&config)),
            id: 0,
            input: 0,
            now: 1_000_000_000,
            known: Snapshot {
                state: State::Established,
                snd_una: SeqNum(101),
                snd_nxt: SeqNum(101),
                snd_wnd: 1_000,
                iss: SeqNum(100),
                rcv_nxt: SeqNum(501),
                rcv_wnd: 1_000,
                irs: SeqNum(500),
                cwnd: 14_480,
                ssthresh: None,
                in_flight: 0,
                srtt: None,
                rttvar: None,
                rto: Duration::from_secs(1),
                mss: 1_448,
                unacknowledged: 0,
                send_limit: 1 << 20,
                unread: 0,
                phase: "open",
                congestion_control: "reno",
            },
        }
    }

    /// Established by a handshake that we began, with a window of 1,000 bytes both ways.
    fn connected() -> Teller {
        let mut teller = Teller::new();
        let socket = "10.0.0.1:1".parse().unwrap();
        teller.input(FLOW, Event::Called(crate::probe::Call::Open));
        teller.tell(Event::Opened {
            local: socket,
            remote: socket,
            state: State::Closed,
        });
        teller.moves(State::Closed, State::SynSent, Edge::ActiveOpen);
        let known = teller.known;
        teller.known = Snapshot {
            state: State::SynSent,
            snd_una: SeqNum(100),
            ..known
        };
        teller.out(say(Flags::SYN, 100, 0, b""), Purpose::Syn);
        teller.takes(say(Flags::SYN | Flags::ACK, 500, 101, b""), |teller| {
            teller.moves(State::SynSent, State::Established, Edge::SynAckReceived);
            teller.known = known;
        });
        teller.out(say(Flags::ACK, 101, 501, b""), Purpose::Ack);
        assert_eq!(teller.breach(), None);
        teller
    }

    fn breach(&self) -> Option<&'static str> {
        self.watch.breach().map(|breach| breach.id)
    }

    /// What is broken, in words.
    fn words(&self) -> String {
        self.watch
            .breach()
            .map_or(String::new(), |breach| breach.what)
    }

    fn pass_on(&mut self, on: Subject, cause: Option<u64>, event: Event<'_>) {
        self.id += 1;
        let id = |number| EventId(std::num::NonZeroU64::new(number).unwrap());
        self.watch.told(&Told {
            id: id(self.id),
            cause: cause.map(id),
            at: Instant::from_nanos(self.now),
            on,
            event: &event,
        });
    }

    fn input(&mut self, on: Subject, event: Event<'_>) {
        self.now += 1_000_000;
        self.input = self.id + 1;
        self.pass_on(on, None, event);
    }

    fn tell(&mut self, event: Event<'_>) {
        self.pass_on(FLOW, Some(self.input), event);
    }

    fn moves(&mut self, from: State, to: State, on: Edge) {
        self.tell(Event::StateChanged { from, to, on });
    }

    /// A segment leaves.
    fn out(&mut self, say: Say<'_>, purpose: Purpose) {
        let bytes = packet(US, THEM, say);
        self.out_raw(&bytes, purpose);
    }

    fn out_raw(&mut self, bytes: &[u8], purpose: Purpose) {
        let (head, body) = bytes.split_at(bytes.len().min(100));
        let variables = Some(Variables::Copied(self.known));
        self.tell(Event::PacketOut {
            interface: InterfaceId::FIRST,
            offload: crate::base::Offload::default(),
            head,
            body: Pieces::one(body),
            purpose,
            why: WHY,
            variables,
        });
    }

    /// A segment comes, something changes, and it is taken in.
    fn takes(&mut self, say: Say<'_>, change: impl FnOnce(&mut Teller)) {
        let bytes = packet(THEM, US, say);
        self.input(Subject::Stack, packet_in(&bytes));
        change(self);
        let variables = Some(Variables::Copied(self.known));
        self.tell(Event::Accepted {
            what: Accepted::Ack,
            by: house!("land"),
            variables,
        });
    }

    fn refuses(&mut self, say: Say<'_>) {
        let bytes = packet(THEM, US, say);
        self.input(Subject::Stack, packet_in(&bytes));
        let variables = Some(Variables::Copied(self.known));
        self.tell(Event::Discarded {
            why: Discard::Old,
            by: house!("land"),
            variables,
        });
    }

    fn writes(&mut self) {
        let call = crate::probe::Call::Send { bytes: 1 };
        self.input(FLOW, Event::Called(call));
    }

    /// Text leaves that no acknowledgment has come for.
    fn sends(&mut self, seq: u32, text: &[u8]) {
        self.known.snd_nxt = SeqNum(seq) + text.len() as u32;
        self.out(say(Flags::ACK, seq, 501, text), Purpose::Text);
    }
}

#[test]
fn an_honest_exchange_breaks_nothing() {
    let mut teller = Teller::connected();
    teller.writes();
    teller.sends(101, b"hello");
    teller.takes(say(Flags::ACK, 501, 106, b"world"), |teller| {
        teller.known.snd_una = SeqNum(106);
        teller.known.rcv_nxt = SeqNum(506);
    });
    teller.out(say(Flags::ACK, 106, 506, b""), Purpose::Ack);
    teller.watch.settled(Instant::from_nanos(teller.now), None);
    assert_eq!(teller.watch.breaches(), []);
}

#[test]
fn wire_a_wrong_checksum_is_a_breach() {
    for at in [10, 16, 20 + 16, 45] {
        let mut teller = Teller::connected();
        let mut bytes = packet(US, THEM, say(Flags::ACK, 101, 501, b"0123456789"));
        bytes[at] ^= 1;
        teller.out_raw(&bytes, Purpose::Text);
        assert_eq!(teller.breach(), Some("I-WIRE"), "byte {at}");
    }
}

#[test]
fn wire_what_exceeds_the_mtu_is_a_breach() {
    let mut teller = Teller::connected();
    teller.sends(101, &[0; 1_461]);
    assert_eq!(teller.breach(), Some("I-WIRE"));
}

#[test]
fn wire_a_reset_that_answers_a_reset_is_a_breach() {
    let mut teller = Teller::connected();
    teller.refuses(say(Flags::RST, 501, 0, b""));
    teller.out(say(Flags::RST, 101, 0, b""), Purpose::Reset);
    assert_eq!(teller.words(), "a reset answers a reset");
}

#[test]
fn timer_something_outstanding_needs_a_deadline_in_time() {
    let settled = |next: Option<u64>| {
        let mut teller = Teller::connected();
        teller.writes();
        teller.sends(101, b"hello");
        let at = |after: u64| Instant::from_nanos(teller.now + after * 1_000_000_000);
        teller.watch.settled(at(0), next.map(at));
        teller.breach()
    };
    assert_eq!(settled(Some(120)), None);
    assert_eq!(settled(Some(121)), Some("I-TIMER"));
    assert_eq!(settled(Some(0)), Some("I-TIMER"));
    assert_eq!(settled(None), Some("I-TIMER"));
}

#[test]
fn bound_more_than_a_window_after_one_input_is_a_breach() {
    let send = |segments: u32| {
        let mut teller = Teller::connected();
        teller.known.cwnd = 10 * 1_408;
        teller.writes();
        (0..segments).for_each(|n| teller.sends(101 + n, b"x"));
        teller.breach()
    };
    // A window of ten segments, each with the most options that there are, and two more.
    assert_eq!(send(12), None);
    assert_eq!(send(13), Some("I-BOUND"));
}

#[test]
fn bound_what_goes_again_counts_by_its_bytes() {
    let send = |rounds: u32| {
        let mut teller = Teller::connected();
        teller.known.cwnd = 1_408;
        let pieces = [0, 200, 400, 600, 800].map(|offset| 101 + offset);
        for seq in pieces {
            teller.writes();
            teller.sends(seq, &[b'x'; 200]);
        }
        teller.writes();
        for seq in (0..rounds).flat_map(|_| pieces) {
            let again = say(Flags::ACK, seq, 501, &[b'x'; 200]);
            teller.out(again, Purpose::Retransmission(Resent::Fast));
        }
        teller.breach()
    };
    // A window of one segment and two more are 4,224 bytes.
    assert_eq!(send(4), None);
    assert_eq!(send(5), Some("I-BOUND"));
}

#[test]
fn bound_a_storm_of_acknowledgments_is_a_breach() {
    let mut teller = Teller::connected();
    teller.takes(say(Flags::ACK, 501, 101, b""), |_| {});
    let ack = say(Flags::ACK, 101, 501, b"");
    (0..3).for_each(|_| teller.out(ack, Purpose::Ack));
    assert_eq!(teller.breach(), None);
    teller.out(ack, Purpose::Ack);
    assert_eq!(teller.breach(), Some("I-BOUND"));
}

#[test]
fn bound_what_is_refused_draws_one_reply() {
    let mut teller = Teller::connected();
    teller.refuses(say(Flags::ACK, 1, 101, b"old"));
    teller.out(say(Flags::ACK, 101, 501, b""), Purpose::ChallengeAck);
    assert_eq!(teller.breach(), None);
    teller.out(say(Flags::ACK, 101, 501, b""), Purpose::ChallengeAck);
    assert_eq!(teller.breach(), Some("I-BOUND"));
}

#[test]
fn work_a_packet_has_one_ending_and_few_events() {
    let mut teller = Teller::connected();
    teller.takes(say(Flags::ACK, 501, 101, b""), |_| {});
    teller.refuses(say(Flags::ACK, 501, 101, b""));
    assert_eq!(teller.breach(), None);
    let variables = None;
    teller.tell(Event::Discarded {
        why: Discard::Old,
        by: house!("land"),
        variables,
    });
    assert_eq!(teller.breach(), Some("I-WORK"));

    let mut teller = Teller::connected();
    let bytes = packet(THEM, US, say(Flags::ACK, 501, 101, b""));
    teller.input(Subject::Stack, packet_in(&bytes));
    teller.writes();
    assert_eq!(teller.breach(), Some("I-WORK"));

    let mut teller = Teller::connected();
    teller.writes();
    let range = SeqRange {
        start: SeqNum(101),
        len: 1,
    };
    let by = LossProof::Timeout;
    (0..100).for_each(|_| teller.tell(Event::Lost { range, by }));
    let (kind, at) = (TimerKind::Persist, Instant::BIRTH);
    (0..64).for_each(|_| teller.tell(Event::TimerSet { kind, at }));
    assert_eq!(teller.breach(), None);
    teller.tell(Event::TimerSet { kind, at });
    assert_eq!(teller.breach(), Some("I-WORK"));
}

#[test]
fn timer_what_is_set_ends_once_and_before_its_connection_is_forgotten() {
    let (kind, at) = (TimerKind::LossProbe, Instant::BIRTH);
    let set = Event::TimerSet { kind, at };
    let (expired, cancelled) = (Event::TimerExpired { kind }, Event::TimerCancelled { kind });
    let told = |events: &[Event<'_>]| {
        let mut teller = Teller::connected();
        teller.writes();
        events.iter().for_each(|event| teller.tell(*event));
        let (from, to) = (State::Established, State::Closed);
        let on = Edge::Aborted;
        teller.tell(Event::StateChanged { from, to, on });
        teller.input(Subject::Stack, Event::Ticked);
        teller.breach()
    };
    assert_eq!(told(&[set, set, cancelled]), None);
    assert_eq!(told(&[set, expired, set, cancelled]), None);
    assert_eq!(told(&[set]), Some("I-TIMER"));
    assert_eq!(told(&[cancelled]), Some("I-TIMER"));
    assert_eq!(told(&[set, expired, cancelled]), Some("I-TIMER"));
}

#[test]
fn safe_what_goes_again_must_be_what_went_first() {
    let again = |seq: u32, text: &[u8]| {
        let mut teller = Teller::connected();
        teller.writes();
        teller.sends(101, b"hello, ");
        teller.sends(108, b"world");
        let how = Purpose::Retransmission(crate::probe::Resent::Fast);
        teller.out(say(Flags::ACK, seq, 501, text), how);
        teller.breach()
    };
    assert_eq!(again(101, b"hello, "), None);
    assert_eq!(again(103, b"llo, wor"), None);
    assert_eq!(again(110, b"rld!"), None);
    assert_eq!(again(103, b"llo, Wor"), Some("I-SAFE"));
    assert_eq!(again(114, b"!"), Some("I-SAFE"));
}

#[test]
fn safe_nothing_follows_a_fin_and_it_does_not_move() {
    let fin = Flags::FIN | Flags::ACK;
    let then = |flags: Flags, seq: u32, text: &[u8]| {
        let mut teller = Teller::connected();
        teller.writes();
        teller.sends(101, b"bye");
        teller.known.snd_nxt = SeqNum(105);
        teller.out(say(fin, 104, 501, b""), Purpose::Fin);
        teller.out(say(flags, seq, 501, text), Purpose::Text);
        teller.breach()
    };
    assert_eq!(then(fin, 101, b"bye"), None);
    assert_eq!(then(Flags::ACK, 105, b""), None);
    assert_eq!(then(Flags::ACK, 104, b"!"), Some("I-SAFE"));
    assert_eq!(then(fin, 105, b""), Some("I-SAFE"));
}

#[test]
fn win_nothing_goes_beyond_the_edge_but_a_probe() {
    let mut teller = Teller::connected();
    teller.known.cwnd = 100_000;
    teller.writes();
    teller.sends(101, &[1; 1_000]);
    assert_eq!(teller.breach(), None);
    teller.known.snd_nxt = SeqNum(1_102);
    let probe = say(Flags::ACK, 1_101, 501, b"p");
    teller.out(probe, Purpose::WindowProbe);
    assert_eq!(teller.breach(), None);
    // What was probed with may go again in any segment, and no more.
    teller.out(say(Flags::ACK, 1_100, 501, b"\x01p"), Purpose::Text);
    assert_eq!(teller.breach(), None);
    teller.out(say(Flags::ACK, 1_102, 501, b"q"), Purpose::WindowProbe);
    assert_eq!(teller.breach(), Some("I-WIN"));
}

#[test]
fn win_an_edge_in_a_refused_segment_does_not_count() {
    let mut teller = Teller::connected();
    teller.known.cwnd = 100_000;
    let mut generous = say(Flags::ACK, 501, 101, b"");
    generous.window = 2_000;
    teller.refuses(generous);
    teller.writes();
    teller.sends(101, &[1; 1_001]);
    assert_eq!(teller.breach(), Some("I-WIN"));
}

#[test]
fn win_an_old_segment_brings_no_old_window_back() {
    let after = |window: u32| {
        let mut teller = Teller::connected();
        teller.takes(say(Flags::ACK, 501, 101, b"abc"), |teller| {
            teller.known.rcv_nxt = SeqNum(504);
        });
        let mut newer = say(Flags::ACK, 504, 101, b"def");
        newer.window = 2_000;
        teller.takes(newer, |teller| {
            teller.known.rcv_nxt = SeqNum(507);
            teller.known.snd_wnd = 2_000;
        });
        assert_eq!(teller.breach(), None);
        // Beyond a hole, with an acknowledgment from before: as new as any.
        let mut beyond = say(Flags::ACK, 510, 101, b"jkl");
        beyond.window = 3_000;
        teller.takes(beyond, |teller| teller.known.snd_wnd = 3_000);
        assert_eq!(teller.breach(), None);
        // Sent before that one, and overtaken by it.
        let mut stale = say(Flags::ACK, 507, 101, b"ghi");
        stale.window = 0;
        teller.takes(stale, |teller| {
            teller.known.rcv_nxt = SeqNum(513);
            teller.known.snd_wnd = window;
        });
        teller.breach()
    };
    assert_eq!(after(3_000), None);
    assert_eq!(after(0), Some("I-WIN"));
}

#[test]
fn win_our_edge_never_moves_left() {
    let mut teller = Teller::connected();
    teller.takes(say(Flags::ACK, 501, 101, b"0123456789"), |teller| {
        teller.known.rcv_nxt = SeqNum(511);
    });
    let mut ack = say(Flags::ACK, 101, 511, b"");
    ack.window = 990;
    teller.out(ack, Purpose::Ack);
    assert_eq!(teller.breach(), None);
    ack.window = 989;
    teller.out(ack, Purpose::Ack);
    assert_eq!(
        teller.words(),
        "the window's right edge moves left by 1, to 1500"
    );
}

#[test]
fn win_nothing_is_acknowledged_or_reported_that_has_not_come() {
    let with = |ack: u32, left: u32, right: u32| {
        let mut teller = Teller::connected();
        teller.takes(say(Flags::ACK, 511, 101, b"0123456789"), |_| {});
        let mut out = say(Flags::ACK, 101, ack, b"");
        if left < right {
            let (left, right) = (SeqNum(left), SeqNum(right));
            out.options.push_sack(SackBlock { left, right });
        }
        teller.out(out, Purpose::Ack);
        teller.breach()
    };
    assert_eq!(with(501, 511, 521), None);
    assert_eq!(with(501, 513, 515), None);
    assert_eq!(with(502, 0, 0), Some("I-WIN"));
    assert_eq!(with(501, 510, 521), Some("I-WIN"));
    assert_eq!(with(501, 511, 522), Some("I-WIN"));
}

#[test]
fn state_an_arrow_that_no_figure_has_is_a_breach() {
    let mut teller = Teller::connected();
    teller.moves(State::Established, State::TimeWait, Edge::FinReceived);
    assert_eq!(teller.breach(), Some("I-STATE"));
    let mut teller = Teller::connected();
    teller.moves(State::CloseWait, State::LastAck, Edge::FinSent);
    assert_eq!(teller.breach(), Some("I-STATE"));
}

#[test]
fn state_numbers_never_go_back() {
    let back = |change: fn(&mut Snapshot)| {
        let mut teller = Teller::connected();
        teller.takes(say(Flags::ACK, 501, 101, b""), |teller| {
            change(&mut teller.known);
        });
        teller.breach()
    };
    assert_eq!(back(|_| {}), None);
    assert_eq!(back(|known| known.snd_una = SeqNum(100)), Some("I-STATE"));
    assert_eq!(back(|known| known.rcv_nxt = SeqNum(500)), Some("I-STATE"));
    assert_eq!(
        back(|known| known.state = State::CloseWait),
        Some("I-STATE")
    );
}

#[test]
fn mem_buffers_stay_within_their_bounds() {
    let holds = |change: fn(&mut Snapshot)| {
        let mut teller = Teller::connected();
        teller.takes(say(Flags::ACK, 501, 101, b""), |teller| {
            change(&mut teller.known);
        });
        teller.breach()
    };
    assert_eq!(holds(|known| known.unacknowledged = 2 << 20), None);
    let over = |known: &mut Snapshot| known.unacknowledged = (2 << 20) + 1;
    assert_eq!(holds(over), Some("I-MEM"));
    let over = |known: &mut Snapshot| known.unread = (4 << 20) + (1 << 14) + 1;
    assert_eq!(holds(over), Some("I-MEM"));
}

#[test]
fn a_breach_says_which_when_and_about_whom() {
    let mut teller = Teller::connected();
    teller.moves(State::CloseWait, State::LastAck, Edge::FinSent);
    let breach = teller.watch.breach().unwrap();
    assert_eq!(
        breach.to_string(),
        "I-STATE broken at 1.002000000 by Connection(7): CLOSE-WAIT is left on FinSent, and the \
         state was Some(Established)"
    );
}
