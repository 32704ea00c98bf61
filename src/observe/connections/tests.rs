use super::*;
use crate::observe::fixtures::{
    ACK, FIN, ON, PEER, Packet, SYN, Teller, US, address, millis, snapshot,
};
use crate::probe::Snapshot;
use crate::probe::{Accepted, Call, Subject};
use crate::rfc;

const WHY: (crate::base::Cite, &str) = (rfc!(9293, "3.8"), "there is text");

/// What the connection knows when it has sent up to `nxt`, is acknowledged up to `una` and has
/// received up to `rcv`, all counted from the initial sequence numbers.
fn at(state: State, nxt: u32, una: u32, rcv: u32) -> Snapshot {
    let base = snapshot(state);
    Snapshot {
        snd_nxt: base.iss + nxt,
        snd_una: base.iss + una,
        rcv_nxt: base.irs + rcv,
        ..base
    }
}

fn opened() -> (Teller, Connections) {
    let connections = Connections::new(4);
    let mut stack = Teller::new(connections.clone());
    stack.input(Subject::Stack, Event::Called(Call::Open));
    let (local, remote) = (address(US), address(PEER));
    let state = State::SynSent;
    stack.tell(
        ON,
        Event::Opened {
            local,
            remote,
            state,
        },
    );
    let syn = Packet::ours(0, 0, SYN, b"");
    stack.packet_out(&syn, Purpose::Syn, WHY, Some(at(State::SynSent, 1, 0, 0)));
    stack.after(20_000).packet_in(b"");
    let established = at(State::Established, 1, 1, 1);
    stack.ends(ON, Accepted::SynAck, Some(established));
    (stack, connections)
}

fn changes(stack: &mut Teller, from: State, to: State, on: Edge) {
    stack.tell(ON, Event::StateChanged { from, to, on });
}

#[test]
fn text_is_counted_once_however_often_it_is_sent() {
    let (mut stack, connections) = opened();
    let text = Packet::ours(1, 1, ACK, &[0; 500]);
    let sent = Some(at(State::Established, 501, 1, 1));
    stack.packet_out(&text, Purpose::Text, WHY, sent);
    let again = Purpose::Retransmission(Resent::Timeout);
    stack.after(300_000).packet_out(&text, again, WHY, sent);
    stack.after(100_000).packet_in(b"");
    stack.ends(
        ON,
        Accepted::Ack,
        Some(at(State::Established, 501, 501, 101)),
    );

    let [counts] = connections.connections()[..] else {
        panic!("one connection");
    };
    assert_eq!((counts.bytes_sent, counts.bytes_received), (500, 100));
    assert_eq!((counts.retransmitted, counts.timeouts), (1, 1));
    assert_eq!((counts.packets_in, counts.packets_out), (2, 3));
    assert_eq!(counts.sending, Duration::from_millis(400));
    assert_eq!(counts.goodput_bps(), Some(10_000));
    assert_eq!(counts.cwnd_max, 14_600);
    assert_eq!(counts.ended, None);
}

#[test]
fn neither_fin_is_text() {
    let (mut stack, connections) = opened();
    let text = Packet::ours(1, 1, ACK, &[0; 10]);
    let sent = Some(at(State::Established, 11, 1, 1));
    stack.packet_out(&text, Purpose::Text, WHY, sent);
    changes(
        &mut stack,
        State::Established,
        State::FinWait1,
        Edge::FinSent,
    );
    let fin = Packet::ours(11, 1, FIN | ACK, b"");
    let sent = Some(at(State::FinWait1, 12, 1, 1));
    stack.packet_out(&fin, Purpose::Fin, WHY, sent);
    stack.packet_in(b"");
    changes(&mut stack, State::FinWait1, State::FinWait2, Edge::FinAcked);
    changes(
        &mut stack,
        State::FinWait2,
        State::TimeWait,
        Edge::FinReceived,
    );
    let after = Some(at(State::TimeWait, 12, 12, 6));
    stack.ends(ON, Accepted::Fin, after);

    let [counts] = connections.connections()[..] else {
        panic!("one connection");
    };
    assert_eq!((counts.bytes_sent, counts.bytes_received), (10, 4));
    assert_eq!(counts.state, State::TimeWait);
}

#[test]
fn the_last_text_counts_though_its_ack_deletes_the_connection() {
    let (mut stack, connections) = opened();
    let fin = Packet::ours(1, 2, FIN | ACK, &[0; 10]);
    let sent = Some(at(State::LastAck, 12, 1, 2));
    stack.packet_out(&fin, Purpose::Fin, WHY, sent);
    stack.after(80_000).packet_in(b"");
    changes(&mut stack, State::LastAck, State::Closed, Edge::FinAcked);
    stack.ends(ON, Accepted::Ack, None);

    let [counts] = connections.connections()[..] else {
        panic!("one connection");
    };
    assert_eq!((counts.bytes_sent, counts.bytes_received), (10, 0));
    assert_eq!(counts.ended, Some(millis(100)));
    assert_eq!(counts.state, State::Closed);
}

#[test]
fn more_than_four_gibibytes_are_counted() {
    let mut progress = Progress::default();
    let initial = SeqNum(4_000_000_000);
    let mut now = initial + 1;
    for _ in 0..5 {
        now += 1 << 30;
        assert!(progress.reaches(initial, now));
        assert!(!progress.reaches(initial, now));
    }
    assert_eq!(progress.text, 5 << 30);
}

#[test]
fn a_connection_that_sent_nothing_has_no_goodput() {
    let (_stack, connections) = opened();
    assert_eq!(connections.connections()[0].goodput_bps(), None);
}
