//! Two neighbours who talk to each other, frame by frame.

use super::*;

const A: Mac = Mac([2, 0, 0, 0, 0, 0xa]);
const B: Mac = Mac([2, 0, 0, 0, 0, 0xb]);

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// A has 10.90.0.1 and fd90::1; B has 10.90.0.2 and fd90::2; each asks for the other's address of
/// one family.
fn pair(a: &str, b: &str) -> (Neighbour, Neighbour) {
    let (of_a, of_b) = (["10.90.0.1", "fd90::1"], ["10.90.0.2", "fd90::2"]);
    let new = |mac, ours: [&str; 2], theirs| {
        Neighbour::new(mac, &ours.map(ip), ip(theirs)).expect("one family")
    };
    (new(A, of_a, b), new(B, of_b, a))
}

fn frame(dst: Mac, src: Mac, kind: Kind, payload: &[u8]) -> Vec<u8> {
    let header = Header { dst, src, kind };
    [&header.to_bytes()[..], payload].concat()
}

fn answer(taken: Taken<'_>) -> Vec<u8> {
    match taken {
        Taken::Answer(frame) => frame,
        other => panic!("no answer: {other:?}"),
    }
}

#[test]
fn a_question_and_its_answer_make_both_known() {
    for (a, b) in [("10.90.0.1", "10.90.0.2"), ("fd90::1", "fd90::2")] {
        let (alice, bob) = pair(a, b);
        assert_eq!((alice.peer(), bob.peer()), (None, None));
        let reply = answer(bob.take(alice.question()));
        assert_eq!(bob.peer(), Some(A));
        assert_eq!(Header::parse(&reply).expect("whole").0.dst, A);
        assert_eq!(alice.take(&reply), Taken::Nothing);
        assert_eq!(alice.peer(), Some(B));
    }
}

#[test]
fn questions_for_addresses_that_are_not_ours_are_not_answered() {
    for theirs in ["10.90.0.99", "fd90::99"] {
        let (alice, bob) = pair(theirs, theirs);
        assert_eq!(bob.take(alice.question()), Taken::Nothing);
    }
}

#[test]
fn a_reply_draws_no_reply() {
    let (alice, bob) = pair("10.90.0.1", "10.90.0.2");
    let reply = Arp {
        operation: Operation::Reply,
        sender: (B, Ipv4Addr::new(10, 90, 0, 2)),
        target: (A, Ipv4Addr::new(10, 90, 0, 1)),
    };
    let frame = bob.frame(A, Kind::Arp, &reply.to_bytes());
    assert_eq!(alice.take(&frame), Taken::Nothing);
}

#[test]
fn who_looks_for_doubles_is_answered_before_all() {
    let (_, bob) = pair("fd90::1", "fd90::2");
    let probe = question(A, ip("::"), ip("fd90::2")).expect("one family");
    let reply = answer(bob.take(&probe));
    let (header, packet) = Header::parse(&reply).expect("whole");
    assert_eq!(header.dst.to_string(), "33:33:00:00:00:01");
    assert_eq!(
        packet[24..40],
        [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    );
}

#[test]
fn packets_pass_and_all_other_frames_end() {
    let (alice, _) = pair("10.90.0.1", "10.90.0.2");
    for (kind, first) in [(Kind::Ipv4, 0x45), (Kind::Ipv6, 0x60)] {
        let packet = [first; 40];
        let to_us = frame(A, B, kind, &packet);
        assert_eq!(alice.take(&to_us), Taken::Packet(&packet));
        assert_eq!(alice.header(B, first), frame(B, A, kind, &[])[..]);
        // To somebody else, or our own come back.
        assert_eq!(alice.take(&frame(B, B, kind, &packet)), Taken::Nothing);
        assert_eq!(alice.take(&frame(A, A, kind, &packet)), Taken::Nothing);
    }
    assert_eq!(
        alice.take(&frame(A, B, Kind::Other(0x88cc), &[0; 40])),
        Taken::Nothing
    );
    assert_eq!(alice.take(&[0; 13]), Taken::Nothing);
}

#[test]
fn a_neighbour_that_changes_its_address_is_known_by_the_next_one() {
    let (alice, _) = pair("10.90.0.1", "10.90.0.2");
    let other = Mac([2, 0, 0, 0, 0, 0xc]);
    for mac in [B, other] {
        alice.take(&frame(A, mac, Kind::Ipv4, &[0x45; 20]));
        assert_eq!(alice.peer(), Some(mac));
    }
    // A group sends nothing.
    alice.take(&frame(A, Mac::BROADCAST, Kind::Ipv4, &[0x45; 20]));
    assert_eq!(alice.peer(), Some(other));
}

#[test]
fn without_an_address_to_ask_from_there_is_no_neighbour() {
    let error = Neighbour::new(A, &[ip("10.90.0.2")], ip("fd90::1")).expect_err("two families");
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
}
