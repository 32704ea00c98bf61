use super::*;
use crate::base::Cite;
use crate::observe::fixtures::files::Shelf;
use crate::observe::fixtures::{ACK, FIN, ON, Packet, SYN, Teller, snapshot};
use crate::observe::{Capture, ConversationId, Settings};
use crate::probe::{Call, Discard, Edge, Event, State, Subject};
use crate::rfc;

const OPEN: (Cite, &str) = (rfc!(9293, "3.10.1"), "OPEN asks for a connection");
const OWED: (Cite, &str) = (rfc!(9293, "3.8.6.3"), "an ACK is owed");
const TEXT: (Cite, &str) = (rfc!(9293, "3.8"), "there is text to send");

fn changes(stack: &mut Teller, from: State, to: State, on: Edge) {
    stack.tell(ON, Event::StateChanged { from, to, on });
}

fn out(stack: &mut Teller, packet: &Packet, purpose: Purpose, why: (Cite, &'static str)) {
    stack.packet_out(packet, purpose, why, Some(snapshot(State::Established)));
}

fn arrives(stack: &mut Teller, packet: &Packet, ending: impl Into<Ending>) {
    stack.packet_in(&packet.bytes());
    stack.ends(ON, ending, Some(snapshot(State::Established)));
}

fn opens(stack: &mut Teller) {
    stack
        .after(412)
        .input(Subject::Stack, Event::Called(Call::Open));
    stack.opened();
    changes(stack, State::Closed, State::SynSent, Edge::ActiveOpen);
    out(stack, &Packet::ours(0, 0, SYN, b""), Purpose::Syn, OPEN);
    stack
        .after(80_000)
        .packet_in(&Packet::theirs(0, 1, SYN | ACK, b"").bytes());
    changes(
        stack,
        State::SynSent,
        State::Established,
        Edge::SynAckReceived,
    );
    stack.ends(ON, Accepted::SynAck, Some(snapshot(State::Established)));
    out(stack, &Packet::ours(1, 1, ACK, b""), Purpose::Ack, OWED);
}

/// So many segments of 1000 bytes, each second of them acknowledged.
fn sends(stack: &mut Teller, segments: u32) {
    for n in 0..segments {
        let text = Packet::ours(1 + n * 1000, 1, ACK, &[7; 1000]);
        out(stack.after(10), &text, Purpose::Text, TEXT);
        if n % 2 == 1 {
            let ack = Packet::theirs(1, 1 + (n + 1) * 1000, ACK, b"");
            arrives(stack, &ack, Accepted::Ack);
        }
    }
}

fn ladder(tell: impl FnOnce(&mut Teller)) -> Vec<String> {
    let shelf = Shelf::new(usize::MAX);
    let (capture, handle) = Capture::at_once(shelf, Settings::default()).unwrap();
    tell(&mut Teller::new(capture));
    let frames = handle.frames();
    let ladder = Ladder {
        conversation: &frames.conversations()[0],
        frames: &frames.of(ConversationId(0)),
        since: Instant::BIRTH,
        unrecorded: frames.unrecorded(),
    };
    ladder.lines()
}

/// With runs of spaces as one.
fn squeezed(lines: &[String]) -> Vec<String> {
    let squeeze = |line: &String| Vec::from_iter(line.split_whitespace()).join(" ");
    lines.iter().map(squeeze).collect()
}

fn check(tell: impl FnOnce(&mut Teller), expected: &[&str]) {
    let drawn = squeezed(&ladder(tell));
    assert_eq!(drawn, expected, "\n{}\n", drawn.join("\n"));
}

#[test]
fn a_handshake_is_drawn_frame_by_frame() {
    check(
        opens,
        &[
            "#1 +0.000 412 10.90.0.2:40000 ──▶ SYN seq 0 win 65535 \
             CLOSED → SYN-SENT RFC 9293 3.10.1: OPEN asks for a connection",
            "#2 +0.080 412 10.90.0.2:40000 ◀── SYN,ACK seq 0 ack 1 win 65535 \
             SYN-SENT → ESTABLISHED RFC 9293 3.10.7.3: SYN,ACK that answers our SYN",
            "#3 +0.080 412 10.90.0.2:40000 ──▶ ACK seq 1 ack 1 win 65535 RFC 9293 3.8.6.3",
        ],
    );
}

#[test]
fn columns_stand_below_each_other() {
    let lines = ladder(opens);
    let column = |line: &String, what| line.find(what).unwrap();
    assert_eq!(
        column(&lines[0], "SYN seq"),
        column(&lines[1], "SYN,ACK seq")
    );
    assert_eq!(
        column(&lines[0], "CLOSED →"),
        column(&lines[1], "SYN-SENT →")
    );
    assert_eq!(column(&lines[0], "CLOSED →"), column(&lines[2], "RFC"));
}

#[test]
fn a_transfer_becomes_one_line() {
    check(
        |stack| {
            opens(stack);
            sends(stack, 2000);
        },
        &[
            "#1 +0.000 412 10.90.0.2:40000 ──▶ SYN seq 0 win 65535 \
             CLOSED → SYN-SENT RFC 9293 3.10.1: OPEN asks for a connection",
            "#2 +0.080 412 10.90.0.2:40000 ◀── SYN,ACK seq 0 ack 1 win 65535 \
             SYN-SENT → ESTABLISHED RFC 9293 3.10.7.3: SYN,ACK that answers our SYN",
            "#3 +0.080 412 10.90.0.2:40000 ──▶ ACK seq 1 ack 1 win 65535 RFC 9293 3.8.6.3",
            "#4–#3003 +0.080 422 10.90.0.2:40000 ──▶ 2,000 segments, 2,000,000 B ◀── 1,000 ACKs",
        ],
    );
}

#[test]
fn a_few_frames_are_not_put_together() {
    let lines = ladder(|stack| {
        opens(stack);
        sends(stack, 2);
    });
    assert_eq!(lines.len(), 6);
    assert!(lines[3].contains("seq 1..1000 (1000 B)"), "{}", lines[3]);
}

#[test]
fn a_loss_its_duplicates_and_its_repair_stand_out() {
    let drawn = squeezed(&ladder(|stack| {
        opens(stack);
        sends(stack, 10);
        let duplicate = Packet::theirs(1, 10_001, ACK, b"");
        for n in 0..8 {
            arrives(stack, &duplicate, Accepted::DuplicateAck);
            if n == 2 {
                let lost = Packet::ours(10_001, 1, ACK, &[7; 1000]);
                let why = (rfc!(5681, "3.2"), "the third duplicate ACK");
                out(stack, &lost, Purpose::Retransmission(Resent::Fast), why);
            }
        }
        arrives(stack, &Packet::theirs(1, 20_001, ACK, b""), Accepted::Ack);
    }));
    let tail: Vec<&str> = drawn[3..]
        .iter()
        .map(|line| &line[line.find("0.2:").unwrap()..])
        .collect();
    let ack = "0.2:40000 ◀── ACK seq 1 ack 10001 win 65535 RFC 5681 2: duplicate ACK";
    assert_eq!(
        tail,
        [
            "0.2:40000 ──▶ 10 segments, 10,000 B ◀── 5 ACKs",
            ack,
            ack,
            ack,
            "0.2:40000 ──▶ ACK seq 10001..11000 (1000 B) ack 1 win 65535 \
             RFC 5681 3.2: retransmission, fast: the third duplicate ACK",
            "0.2:40000 ◀── 5 duplicate ACKs",
            "0.2:40000 ◀── ACK seq 1 ack 20001 win 65535 RFC 9293 3.10.7.4",
        ],
        "\n{}\n",
        drawn.join("\n")
    );
}

#[test]
fn a_hole_in_what_we_receive_is_one_line_too() {
    let drawn = ladder(|stack| {
        opens(stack);
        for n in 1..20 {
            let text = Packet::theirs(1 + n * 100, 1, ACK, &[7; 100]);
            arrives(stack, &text, Accepted::TextOutOfOrder);
            out(stack, &Packet::ours(1, 1, ACK, b""), Purpose::Ack, OWED);
        }
    });
    assert_eq!(drawn.len(), 4);
    assert!(
        drawn[3].ends_with("──▶ 19 ACKs   ◀── 19 segments beyond a hole, 1,900 B"),
        "{}",
        drawn[3]
    );
}

#[test]
fn what_is_refused_says_so() {
    let drawn = ladder(|stack| {
        opens(stack);
        let reset = Packet::theirs(90, 1, 4 | ACK, b"");
        arrives(stack, &reset, Discard::ResetNotExact);
        stack.packet_in(&Packet::theirs(1, 1, FIN | ACK, b"").bytes());
        changes(
            stack,
            State::Established,
            State::CloseWait,
            Edge::FinReceived,
        );
        stack.ends(ON, Accepted::Fin, Some(snapshot(State::CloseWait)));
    });
    assert!(
        drawn[3].ends_with("RFC 5961 3.2: challenged: reset in the window but not at RCV.NXT"),
        "{}",
        drawn[3]
    );
    assert!(
        drawn[4].contains("ESTABLISHED → CLOSE-WAIT"),
        "{}",
        drawn[4]
    );
}

#[test]
fn frames_without_a_record_are_not_counted_in() {
    let shelf = Shelf::new(usize::MAX);
    let settings = Settings {
        frames: 100,
        ..Settings::default()
    };
    let (capture, handle) = Capture::at_once(shelf, settings).unwrap();
    let mut stack = Teller::new(capture);
    opens(&mut stack);
    sends(&mut stack, 2000);
    let frames = handle.frames();
    let ladder = Ladder {
        conversation: &frames.conversations()[0],
        frames: &frames.of(ConversationId(0)),
        since: Instant::BIRTH,
        unrecorded: frames.unrecorded(),
    };
    let lines = ladder.lines();
    let numbers = |line: &String| line.split(" +").next().unwrap().trim().to_string();
    assert_eq!(
        Vec::from_iter(lines[3..].iter().map(numbers)),
        [
            "#4–#50",
            "... no record was kept of frames #51–#2953",
            "#2954–#3003",
        ]
    );
    assert!(
        lines[3].ends_with("──▶ 32 segments, 32,000 B   ◀── 15 ACKs"),
        "{}",
        lines[3]
    );
}

#[test]
fn thousands_are_parted() {
    let parted = [0, 999, 1000, 10_485_760].map(grouped);
    assert_eq!(parted, ["0", "999", "1,000", "10,485,760"]);
}
