use std::time::Duration;

use super::*;
use crate::base::{Checksum, Cite, Offload};
use crate::observe::fixtures::{millis, snapshot};
use crate::probe::{Accepted, Ending, EventId, Resent, State, Why};
use crate::rfc;

fn frame(what: What) -> Frame {
    Frame {
        number: 212,
        id: EventId(912.try_into().unwrap()),
        cause: Some(EventId(909.try_into().unwrap())),
        at: millis(839),
        what,
        conversation: None,
        before: None,
        state: Some(State::SynReceived),
        segment: None,
        offload: Default::default(),
        part: None,
        len: 1500,
    }
}

const THIRD: Cite = rfc!(6675, "5 (4.3)");

fn out(purpose: Purpose) -> What {
    let why = Why {
        by: THIRD,
        text: "3 × MSS above it are SACKed",
    };
    What::Out { purpose, why }
}

#[test]
fn a_packet_out_says_why_and_what_the_connection_knows() {
    let known = Snapshot {
        cwnd: 17_520,
        ssthresh: Some(17_520),
        in_flight: 33_580,
        srtt: Some(Duration::from_micros(81_250)),
        rto: Duration::from_millis(281),
        ..snapshot(State::Established)
    };
    let frame = frame(out(Purpose::Retransmission(Resent::Fast)));
    assert_eq!(
        Comments::All.on(&frame, Some(&known)),
        [
            "why: 3 × MSS above it are SACKed (RFC 6675 5 (4.3))",
            "pellucid {\"id\":912,\"cause\":909,\"state\":\"ESTABLISHED\",\"cwnd\":17520,\
             \"ssthresh\":17520,\"inflight\":33580,\"srtt_us\":81250,\"rto_ms\":281,\
             \"rcv_wnd\":65535,\"mss\":1460,\"rfc\":\"6675 5 (4.3)\",\"retransmit\":\"fast\"}",
        ]
    );
}

#[test]
fn a_packet_in_says_how_it_ended() {
    let ending = Ending::Accepted(Accepted::TextOutOfOrder);
    let by = Accepted::TextOutOfOrder.cite();
    let known = snapshot(State::Established);
    let comments = Comments::All.on(&frame(What::In { ending, by }), Some(&known));
    assert_eq!(
        comments[0],
        "disposition: out_of_order, text beyond a hole: kept (RFC 9293 3.10.7.4)"
    );
    // Nothing is known of the round-trip time, and the threshold is infinite: left out.
    assert!(!comments[1].contains("srtt") && !comments[1].contains("ssthresh"));
    assert!(!comments[1].contains("retransmit"));
}

#[test]
fn a_part_says_which_of_how_many_it_is() {
    let known = snapshot(State::Established);
    let part = |what| Frame {
        offload: Offload {
            checksum: Checksum::Verified,
            gso: Some(1448),
        },
        part: Some(Part { number: 2, of: 4 }),
        ..frame(what)
    };
    let [people, programs] = &Comments::All.on(&part(out(Purpose::Text)), Some(&known))[..] else {
        panic!("two");
    };
    assert_eq!(
        people,
        "why: 3 × MSS above it are SACKed (RFC 6675 5 (4.3)); offloaded: part 2 of 4 of a \
         super-segment sent at once"
    );
    assert!(programs.contains("\"gso\":1448,\"part\":2,\"parts\":4"));
    let (ending, by) = (Ending::Accepted(Accepted::Text), Accepted::Text.cite());
    let comments = Comments::All.on(&part(What::In { ending, by }), Some(&known));
    assert_eq!(
        comments[0],
        "disposition: accepted, text in order (RFC 9293 3.10.7.4); offloaded: part 2 of 4 of a \
         super-segment received at once"
    );
}

#[test]
fn without_a_control_block_the_state_comes_from_the_events() {
    let comments = Comments::All.on(&frame(out(Purpose::SynAck)), None);
    assert_eq!(
        comments[1],
        "pellucid {\"id\":912,\"cause\":909,\"state\":\"SYN-RECEIVED\",\"rfc\":\"6675 5 (4.3)\"}"
    );
}

#[test]
fn a_packet_without_an_ending_says_so() {
    let comments = Comments::All.on(&frame(What::Unexplained), None);
    assert!(comments[0].starts_with("disposition: unexplained"));
}

#[test]
fn comments_can_be_kept_to_decisions_or_left_out() {
    let text = frame(out(Purpose::Text));
    let reset = frame(out(Purpose::Reset));
    assert!(Comments::Decisions.on(&text, None).is_empty());
    assert_eq!(Comments::Decisions.on(&reset, None).len(), 2);
    assert!(Comments::None.on(&reset, None).is_empty());
}
