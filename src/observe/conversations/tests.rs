use super::*;
use crate::base::{InterfaceId, Offload, Pieces};
use crate::observe::fixtures::{ACK, IRS, ISS, PEER, Packet, SYN, US, address, millis, snapshot};
use crate::probe::{Accepted, Edge, EventId, Purpose, Variables, Why};
use crate::rfc;

fn hear(heard: &mut Conversations, number: u64, event: &Event<'_>) -> Option<ConversationId> {
    heard.hear(&Told {
        id: EventId::FIRST,
        cause: None,
        at: millis(5),
        on: Subject::Connection(number),
        event,
    })
}

fn opened() -> Event<'static> {
    Event::Opened {
        local: address(US),
        remote: address(PEER),
        state: State::SynReceived,
    }
}

fn closed(to: State) -> Event<'static> {
    Event::StateChanged {
        from: State::SynReceived,
        to,
        on: Edge::Aborted,
    }
}

const FIRST: Option<ConversationId> = Some(ConversationId(0));
const SECOND: Option<ConversationId> = Some(ConversationId(1));

#[test]
fn a_half_open_beginning_and_its_connection_are_one_conversation() {
    let mut heard = Conversations::new(9);
    assert_eq!(hear(&mut heard, 3, &opened()), FIRST);
    assert_eq!(hear(&mut heard, 8, &opened()), FIRST);
    assert_eq!(hear(&mut heard, 8, &Event::Ticked), FIRST);
    assert_eq!(heard.list().len(), 1);
}

#[test]
fn a_pair_that_is_used_again_is_another_conversation() {
    for end in [State::Closed, State::Listen] {
        let mut heard = Conversations::new(9);
        hear(&mut heard, 3, &opened());
        assert_eq!(hear(&mut heard, 3, &closed(end)), FIRST);
        assert_eq!(hear(&mut heard, 3, &Event::Ticked), FIRST);
        assert_eq!(hear(&mut heard, 4, &opened()), SECOND);
        assert_eq!(heard.list()[0].ended, Some(millis(5)));
        assert_eq!(heard.list()[1].ended, None);
    }
}

#[test]
fn what_nobody_opened_belongs_to_none() {
    let mut heard = Conversations::new(9);
    assert_eq!(hear(&mut heard, 3, &Event::Ticked), None);
}

#[test]
fn conversations_beyond_the_bound_are_counted() {
    let mut heard = Conversations::new(1);
    hear(&mut heard, 3, &opened());
    hear(&mut heard, 3, &closed(State::Closed));
    assert_eq!(hear(&mut heard, 4, &opened()), None);
    assert_eq!((heard.list().len(), heard.left_out()), (1, 1));
}

#[test]
fn initial_sequence_numbers_are_learned_when_they_are_known() {
    let mut heard = Conversations::new(9);
    hear(&mut heard, 3, &opened());
    let accepted = |state| Event::Accepted {
        what: Accepted::SynAck,
        by: Accepted::SynAck.cite(),
        variables: Some(Variables::Copied(snapshot(state))),
    };
    hear(&mut heard, 3, &accepted(State::SynSent));
    let known = heard.list()[0];
    assert_eq!(
        (known.iss, known.irs),
        (Some(snapshot(State::Listen).iss), None)
    );
    hear(&mut heard, 3, &accepted(State::Established));
    assert_eq!(heard.list()[0].irs, Some(snapshot(State::Listen).irs));
}

#[test]
fn a_place_is_used_again_only_when_its_conversation_has_ended() {
    let mut heard = Conversations::at_a_time(2);
    let opened_to = |port| Event::Opened {
        local: address(US),
        remote: std::net::SocketAddr::new(address(PEER).ip(), port),
        state: State::SynReceived,
    };
    assert_eq!(hear(&mut heard, 1, &opened_to(1)), FIRST);
    assert_eq!(hear(&mut heard, 2, &opened_to(2)), SECOND);
    assert_eq!(hear(&mut heard, 3, &opened_to(3)), None);
    hear(&mut heard, 2, &closed(State::Closed));
    hear(&mut heard, 2, &closed(State::Closed));
    // It is still known by its number, until somebody needs its place.
    assert_eq!(hear(&mut heard, 2, &Event::Ticked), SECOND);
    assert_eq!(hear(&mut heard, 4, &opened_to(4)), SECOND);
    assert_eq!(hear(&mut heard, 2, &Event::Ticked), None);
    assert_eq!(hear(&mut heard, 5, &opened_to(5)), None);
    assert_eq!((heard.list().len(), heard.left_out()), (2, 2));
    assert_eq!(heard.list()[1].remote.port(), 4);
}

/// A half-open beginning has no control block: what it is numbered from stands in its SYN,ACK.
#[test]
fn a_syn_ack_tells_both_initial_numbers() {
    let mut heard = Conversations::new(9);
    hear(&mut heard, 3, &opened());
    let bytes = Packet::ours(0, 1, SYN | ACK, b"").bytes();
    let sent = Event::PacketOut {
        interface: InterfaceId::FIRST,
        head: &bytes,
        body: Pieces::EMPTY,
        offload: Offload::default(),
        purpose: Purpose::SynAck,
        why: Why {
            by: rfc!(9293, "3.10.7.2"),
            text: "",
        },
        variables: None,
    };
    hear(&mut heard, 3, &sent);
    let known = heard.list()[0];
    let initial = (known.iss, known.irs);
    assert_eq!(initial, (Some(SeqNum(ISS)), Some(SeqNum(IRS))));
}
