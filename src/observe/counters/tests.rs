use super::*;
use crate::base::Cite;
use crate::observe::fixtures::{ACK, ON, Packet, SYN, Teller, snapshot};
use crate::probe::{Call, Resent, State, Subject};
use crate::rfc;

const WHY: (Cite, &str) = (rfc!(9293, "3.8.6.3"), "an ACK is owed");

fn teller() -> (Teller, Counters) {
    let counters = Counters::default();
    (Teller::new(counters.clone()), counters)
}

#[test]
fn a_handshake_is_counted_and_explained() {
    let (mut stack, counters) = teller();
    stack.input(Subject::Stack, Event::Called(Call::Open));
    let syn = Packet::ours(0, 0, SYN, b"");
    stack.packet_out(&syn, Purpose::Syn, (rfc!(9293, "3.10.1"), "OPEN"), None);
    stack.packet_in(&Packet::theirs(0, 1, SYN | ACK, b"").bytes());
    stack.ends(ON, Accepted::SynAck, Some(snapshot(State::Established)));
    stack.packet_out(&Packet::ours(1, 1, ACK, b""), Purpose::Ack, WHY, None);

    let counts = counters.counts();
    assert_eq!((counts.packets_in, counts.bytes_in), (1, 40));
    assert_eq!((counts.packets_out, counts.bytes_out), (2, 80));
    assert_eq!((counts.explained(), counts.packets()), (3, 3));
    assert!(counts.every_packet_explained());
    assert_eq!(counts.by_accepted.of(Accepted::SynAck), 1);
    assert_eq!(counts.by_purpose.of(Purpose::Ack), 1);
    assert_eq!(counts.events, 5);
}

#[test]
fn a_packet_without_an_ending_is_not_explained() {
    let (mut stack, counters) = teller();
    let bytes = Packet::theirs(1, 1, ACK, b"").bytes();
    stack.packet_in(&bytes);
    assert!(!counters.counts().every_packet_explained());
    stack.packet_in(&bytes);
    stack.ends(ON, Accepted::Ack, None);
    let counts = counters.counts();
    assert_eq!((counts.explained(), counts.packets()), (1, 2));
}

#[test]
fn a_packet_with_two_endings_is_not_explained() {
    let (mut stack, counters) = teller();
    stack.packet_in(&Packet::theirs(1, 1, ACK, b"").bytes());
    stack.ends(ON, Accepted::Ack, None);
    stack.ends(ON, Discard::Old, None);
    let counts = counters.counts();
    assert_eq!((counts.explained(), counts.packets()), (0, 1));
    assert_eq!(counts.by_discard.of(Discard::Old), 1);
}

#[test]
fn an_ending_that_belongs_to_no_packet_is_told() {
    let (mut stack, counters) = teller();
    stack.input(Subject::Stack, Event::Ticked);
    stack.ends(Subject::Stack, Drop::Land, None);
    let counts = counters.counts();
    assert_eq!(counts.stray_endings, 1);
    assert!(!counts.every_packet_explained());
}

#[test]
fn a_packet_out_needs_a_cause_that_came_before_it() {
    let (mut stack, counters) = teller();
    let tick = stack.input(Subject::Stack, Event::Ticked);
    let later = EventId(tick.0.saturating_add(50));
    let bytes = Packet::ours(1, 1, ACK, b"").bytes();
    let event = Event::PacketOut {
        interface: crate::base::InterfaceId::FIRST,
        offload: crate::base::Offload::default(),
        head: &bytes,
        body: crate::base::Pieces::EMPTY,
        purpose: Purpose::Ack,
        why: crate::probe::Why {
            by: WHY.0,
            text: WHY.1,
        },
        variables: None,
    };
    stack.tell_because(later, ON, event);
    assert_eq!(counters.counts().explained(), 0);
    stack.input(ON, event);
    assert_eq!(counters.counts().explained(), 0);
    stack.tell_because(tick, ON, event);
    assert_eq!(counters.counts().explained(), 1);
}

#[test]
fn retransmissions_are_counted_by_kind_and_in_all() {
    let (mut stack, counters) = teller();
    stack.input(Subject::Stack, Event::Ticked);
    let packet = Packet::ours(1, 1, ACK, b"text");
    for how in [Resent::Timeout, Resent::Fast, Resent::Fast] {
        stack.packet_out(&packet, Purpose::Retransmission(how), WHY, None);
    }
    stack.packet_out(&packet, Purpose::Text, WHY, None);
    let counts = counters.counts();
    assert_eq!(counts.retransmitted(), 3);
    assert_eq!(
        counts.by_purpose.of(Purpose::Retransmission(Resent::Fast)),
        2
    );
    let first = counts.by_purpose.sorted()[0];
    assert_eq!(first, (Purpose::Retransmission(Resent::Fast), 2));
}

/// Two stacks, each with a clone of its own: an ending belongs to what that one took in last.
#[test]
fn clones_in_two_stacks_count_together() {
    let (mut one, counters) = teller();
    let mut other = Teller::new(counters.clone());
    let bytes = Packet::theirs(1, 1, ACK, b"").bytes();
    one.packet_in(&bytes);
    other.packet_in(&bytes);
    one.ends(ON, Accepted::Ack, None);
    other.ends(ON, Discard::Old, None);
    let counts = counters.counts();
    assert_eq!((counts.explained(), counts.packets()), (2, 2));
    assert_eq!((counts.events, counts.stray_endings), (4, 0));
    assert_eq!(counts.by_accepted.sorted(), [(Accepted::Ack, 1)]);
    assert_eq!(counts.by_discard.sorted(), [(Discard::Old, 1)]);
}
