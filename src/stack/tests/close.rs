//! How connections end: RFC 9293 sections 3.6, 3.10.4 and 3.10.5, RFC 1337, RFC 6191.

use std::net::SocketAddr;
use std::time::Duration;

use super::super::kit::{B, End, World};
use super::super::lone::Lone;
use super::super::{ConnId, Failure, KeepAlive, ReadError, WriteError};
use crate::probe::State;
use crate::tcp::Config;

const SECOND: Duration = Duration::from_secs(1);

/// An active closer in TIME-WAIT; somebody still holds it.
fn time_wait(tcp: Config) -> (Lone, ConnId) {
    let (mut lone, id) = Lone::established(tcp);
    lone.stack.shutdown(lone.now, id);
    assert_eq!(lone.outgoing(), ["F. 1:2(0) ack 1"]);
    assert_eq!(lone.state(id), State::FinWait1);
    lone.inject(". 1:1(0) ack 2");
    assert_eq!(lone.state(id), State::FinWait2);
    lone.inject("F. 1:2(0) ack 2");
    assert_eq!(lone.state(id), State::TimeWait);
    assert_eq!(lone.outgoing(), [". 2:2(0) ack 2"]);
    (lone, id)
}

// req: RFC9293-3.6-1, RFC9293-3.10.7.4-14
#[test]
fn after_our_close_text_is_received_until_the_peers() {
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.stack.shutdown(lone.now, id);
    lone.outgoing();
    lone.inject(". 1:1(0) ack 2");
    assert_eq!(lone.state(id), State::FinWait2);
    lone.inject("P. 1:11(10) ack 2");
    assert_eq!(lone.stack.read(lone.now, id, &mut [0; 20]), Ok(10));
    lone.inject("F. 11:12(0) ack 2");
    assert_eq!(lone.stack.read(lone.now, id, &mut [0; 20]), Ok(0));
    assert_eq!(lone.state(id), State::TimeWait);
}

// req: MUST-13, RFC9293-3.10.8-3
#[test]
fn time_wait_lasts_two_maximum_segment_lifetimes() {
    let msl = Lone::plain().msl;
    let (mut lone, id) = time_wait(Lone::plain());
    lone.run(2 * msl - SECOND);
    assert_eq!(lone.state(id), State::TimeWait);
    lone.run(2 * SECOND);
    assert_eq!(lone.state(id), State::Closed);
}

// req: RFC9293-3.10.7.4-15
#[test]
fn a_fin_that_comes_again_is_acknowledged_and_time_wait_starts_again() {
    let msl = Lone::plain().msl;
    let (mut lone, id) = time_wait(Lone::plain());
    lone.run(2 * msl - SECOND);
    lone.inject("F. 1:2(0) ack 2");
    assert_eq!(lone.outgoing(), [". 2:2(0) ack 2"]);
    lone.run(2 * msl - SECOND);
    assert_eq!(lone.state(id), State::TimeWait);
    lone.run(2 * SECOND);
    assert_eq!(lone.state(id), State::Closed);
}

// req: RFC9293-3.10.7.4-15, MUST-13
#[test]
fn the_record_of_a_forgotten_connection_does_the_same() {
    let msl = Lone::plain().msl;
    let (mut lone, id) = time_wait(Lone::plain());
    lone.stack.close(lone.now, id);
    assert_eq!(lone.stack.counts(), (0, 0, 1));
    lone.run(2 * msl - SECOND);
    lone.inject("F. 1:2(0) ack 2");
    assert_eq!(lone.ending(), "TimeWaitAnswered");
    assert_eq!(lone.outgoing(), [". 2:2(0) ack 2"]);
    lone.run(2 * msl - SECOND);
    assert_eq!(lone.stack.counts(), (0, 0, 1));
    lone.run(2 * SECOND);
    assert_eq!(lone.stack.counts(), (0, 0, 0));
}

// req: RFC1337-3-1
#[test]
fn a_reset_does_not_cut_time_wait_short() {
    let (mut lone, id) = time_wait(Lone::plain());
    lone.inject("R 2:2(0)");
    assert_eq!(lone.ending(), "ResetInTimeWait");
    assert_eq!(lone.state(id), State::TimeWait);
    lone.stack.close(lone.now, id);
    lone.inject("R 2:2(0)");
    assert_eq!(lone.ending(), "ResetInTimeWait");
    assert_eq!(lone.stack.counts(), (0, 0, 1));
}

// req: MAY-2, SHLD-4
#[test]
fn a_later_syn_reopens_where_time_wait_was_and_an_older_one_does_not() {
    let mut lone = Lone::new(Lone::plain());
    let listener = lone.listen();
    lone.inject("S 0:1(0) win 1000 <mss 1000>");
    lone.outgoing();
    lone.inject(". 1:1(0) ack 1");
    let id = lone.stack.accept(lone.now, listener).unwrap();
    lone.stack.close(lone.now, id);
    lone.outgoing();
    lone.inject("F. 1:2(0) ack 2");
    lone.outgoing();
    assert_eq!(lone.stack.counts(), (0, 0, 1));
    lone.inject("S 1:2(0) win 1000 <mss 1000>");
    assert_eq!(lone.ending(), "SynInSynchronized");
    assert!(lone.outgoing().is_empty());
    let old = lone.iss.unwrap();
    lone.inject("S 2:3(0) win 1000 <mss 1000>");
    assert_eq!(lone.ending(), "TimeWaitReopened");
    assert_eq!(lone.outgoing().len(), 1);
    assert!(lone.iss.unwrap().after(old + 2));
    // Until the SYN has proved itself.
    assert_eq!(lone.stack.counts(), (0, 1, 1));
}

// req: RFC9293-3.6-2, RFC9293-3.10.7.4-21, RFC9293-3.10.7.4-14, RFC9293-a.2-1
#[test]
fn both_closing_at_once_pass_through_closing_to_time_wait() {
    let mut world = World::new(Config::default());
    let (a, b, _) = world.connect();
    world.a.shutdown(world.now, a);
    world.b.shutdown(world.now, b);
    world.run(Duration::from_millis(11));
    assert_eq!(world.state(End::A, a), Some(State::Closing));
    assert_eq!(world.state(End::B, b), Some(State::Closing));
    world.run(SECOND);
    assert_eq!(world.state(End::A, a), Some(State::TimeWait));
    assert_eq!(world.state(End::B, b), Some(State::TimeWait));
}

// req: RFC9293-3.10.7.4-21
#[test]
fn a_fin_that_acknowledges_ours_leads_to_time_wait_at_once() {
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.stack.shutdown(lone.now, id);
    lone.outgoing();
    lone.inject("F. 1:2(0) ack 2");
    assert_eq!(lone.state(id), State::TimeWait);
}

// req: RFC9293-3.10.4-2, RFC9293-3.10.7.4-14, RFC9293-3.10.7.4-20, RFC9293-3.10.7.4-21
#[test]
fn the_peer_closing_first_leads_through_close_wait_and_last_ack() {
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.inject("F. 1:2(0) ack 1");
    assert_eq!(lone.ending(), "Fin");
    assert_eq!(lone.outgoing(), [". 1:1(0) ack 2"]);
    assert_eq!(lone.state(id), State::CloseWait);
    assert_eq!(lone.stack.read(lone.now, id, &mut [0; 1]), Ok(0));
    lone.write(id, 5);
    assert_eq!(lone.outgoing(), ["P. 1:6(5) ack 2"]);
    lone.stack.close(lone.now, id);
    assert_eq!(lone.outgoing(), ["F. 6:7(0) ack 2"]);
    assert_eq!(lone.state(id), State::LastAck);
    lone.inject(". 2:2(0) ack 7");
    assert_eq!(lone.stack.counts(), (0, 0, 0));
}

// req: RFC9293-3.10.4-2, RFC9293-3.10.4-3
#[test]
fn the_fin_follows_all_text_and_a_second_close_sends_no_second_one() {
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.write(id, 1_500);
    lone.stack.shutdown(lone.now, id);
    lone.stack.shutdown(lone.now, id);
    assert_eq!(
        lone.outgoing(),
        [". 1:1001(1000) ack 1", "FP. 1001:1502(500) ack 1"]
    );
    lone.stack.shutdown(lone.now, id);
    lone.inject(". 1:1(0) ack 1502");
    lone.stack.shutdown(lone.now, id);
    assert!(lone.outgoing().is_empty());
    assert_eq!(
        lone.stack.write(lone.now, id, b"x"),
        Err(WriteError::Closed)
    );
}

// req: RFC9293-3.10.4-1
#[test]
fn closing_before_anything_was_agreed_sends_nothing() {
    let mut lone = Lone::new(Lone::plain());
    let id = lone.open();
    lone.outgoing();
    lone.stack.close(lone.now, id);
    assert!(lone.run(10 * SECOND).is_empty());
    assert_eq!(lone.stack.counts(), (0, 0, 0));
    let listener = lone.listen();
    lone.stack.unlisten(lone.now, listener);
    assert!(lone.run(10 * SECOND).is_empty());
}

// req: RFC9293-3.10.5-1, RFC9293-3.10.5-2
#[test]
fn aborting_sends_a_reset_and_flushes() {
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.write(id, 100);
    lone.outgoing();
    lone.write(id, 100);
    lone.stack.abort(lone.now, id);
    assert_eq!(lone.outgoing(), ["R. 101:101(0) ack 1"]);
    assert_eq!(lone.stack.counts(), (0, 0, 0));
    assert_eq!(
        lone.stack.read(lone.now, id, &mut [0; 1]),
        Err(ReadError::Closed)
    );
    assert!(lone.run(1_000 * SECOND).is_empty());
}

#[test]
fn aborting_all_leaves_no_peer_in_doubt() {
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.write(id, 100);
    lone.stack.close(lone.now, id);
    lone.outgoing();
    let other = SocketAddr::new(B, 81);
    let other = lone.stack.open(lone.now, other, None).unwrap();
    lone.outgoing();
    lone.stack.abort_all(lone.now);
    // The first has sent its FIN, which nobody acknowledged; of the second the peer knows nothing.
    let sent = lone.outgoing();
    let [reset] = &sent[..] else {
        panic!("one reset was expected: {sent:?}");
    };
    assert!(reset.starts_with("R. ") && reset.ends_with("(0) ack 1"));
    assert_eq!(lone.state(other), State::Closed);
    assert_eq!(lone.stack.counts(), (0, 0, 0));
}

// req: SHLD-3
#[test]
fn closing_with_text_unread_sends_a_reset() {
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.inject("P. 1:11(10) ack 1");
    lone.stack.close(lone.now, id);
    assert_eq!(lone.outgoing(), ["R. 1:1(0) ack 11"]);
    assert_eq!(lone.stack.counts(), (0, 0, 0));
}

// req: SHLD-3, MAY-1
#[test]
fn text_after_the_application_has_closed_draws_a_reset() {
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.stack.close(lone.now, id);
    assert_eq!(lone.outgoing(), ["F. 1:2(0) ack 1"]);
    lone.inject("P. 1:11(10) ack 2");
    assert_eq!(lone.ending(), "TextUnread");
    assert_eq!(lone.outgoing(), ["R. 2:2(0) ack 1"]);
    assert_eq!(lone.stack.counts(), (0, 0, 0));
}

// req: MUST-12, RFC9293-3.10.3-1, RFC9293-3.10.7.4-6
#[test]
fn the_application_can_tell_a_close_from_an_abort() {
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.inject("FP. 1:12(10) ack 1");
    assert_eq!(lone.stack.read(lone.now, id, &mut [0; 20]), Ok(10));
    assert_eq!(lone.stack.read(lone.now, id, &mut [0; 20]), Ok(0));
    assert_eq!(lone.stack.failure(id), None);
    for state in [
        State::Established,
        State::FinWait1,
        State::FinWait2,
        State::CloseWait,
    ] {
        let (mut lone, id) = Lone::established(Lone::plain());
        let mut peer = 1;
        match state {
            State::FinWait1 => lone.stack.shutdown(lone.now, id),
            State::FinWait2 => {
                lone.stack.shutdown(lone.now, id);
                lone.outgoing();
                lone.inject(". 1:1(0) ack 2");
            }
            State::CloseWait => {
                lone.inject("F. 1:2(0) ack 1");
                peer = 2;
            }
            _ => {}
        }
        lone.outgoing();
        assert_eq!(lone.state(id), state);
        lone.inject(&format!("R {peer}:{peer}(0)"));
        assert_eq!(lone.stack.failure(id), Some(Failure::Reset));
        assert_eq!(
            lone.stack.write(lone.now, id, b"x"),
            Err(WriteError::Failed(Failure::Reset)),
            "{state}"
        );
    }
}

// req: RFC9293-3.10.7.4-18
#[test]
fn text_after_the_peers_fin_is_ignored() {
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.inject("F. 1:2(0) ack 1");
    lone.inject("P. 2:12(10) ack 1");
    assert_eq!(lone.stack.read(lone.now, id, &mut [0; 20]), Ok(0));
    assert_eq!(lone.outgoing(), [". 1:1(0) ack 2"]);
}

#[test]
fn a_fin_beyond_a_hole_waits_for_it_and_a_second_one_elsewhere_is_ignored() {
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.inject("F. 11:22(10) ack 1");
    assert_eq!(lone.ending(), "FinOutOfOrder");
    assert_eq!(lone.state(id), State::Established);
    lone.inject("F. 31:32(0) ack 1");
    assert_eq!(lone.ending(), "FinOutOfOrder");
    lone.inject(". 1:11(10) ack 1");
    assert_eq!(lone.state(id), State::CloseWait);
    assert_eq!(lone.outgoing(), [". 1:1(0) ack 22"]);
}

// req: RFC9293-3.5.2-1, RFC9293-3.10.7.1-1, RFC9293-3.5.2-2
#[test]
fn nobody_answers_with_a_reset_that_its_sender_can_believe() {
    let mut lone = Lone::new(Lone::plain());
    lone.inject(". 5:5(0) ack 70");
    assert_eq!(lone.outgoing(), ["R 70:70(0)"]);
    lone.inject("S 5:6(0)");
    assert_eq!(lone.outgoing(), ["R. 0:0(0) ack 6"]);
    lone.inject("FP 5:16(10)");
    assert_eq!(lone.outgoing(), ["R. 0:0(0) ack 16"]);
    lone.inject("R 5:5(0)");
    lone.inject("R. 5:5(0) ack 3");
    assert_eq!(lone.ending(), "NoConnectionReset");
    assert!(lone.outgoing().is_empty());
}

// req: RFC9293-3.5.1-1
#[test]
fn a_peer_that_has_forgotten_the_connection_is_found_out_when_we_send() {
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.write(id, 10);
    assert_eq!(lone.outgoing(), ["P. 1:11(10) ack 1"]);
    // <SEQ=SEG.ACK><CTL=RST>, as a host without the connection answers.
    lone.inject("R 1:1(0)");
    assert_eq!(lone.stack.failure(id), Some(Failure::Reset));
}

#[test]
fn nobody_waits_for_ever_in_fin_wait_2() {
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.stack.close(lone.now, id);
    lone.outgoing();
    lone.inject(". 1:1(0) ack 2");
    lone.run(59 * SECOND);
    assert_eq!(lone.stack.counts(), (1, 0, 0));
    lone.run(2 * SECOND);
    assert_eq!(lone.stack.counts(), (0, 0, 0));
}

// req: RFC9293-3.10.8-1
#[test]
fn the_user_timeout_ends_a_connection_that_gets_no_acknowledgment() {
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.stack.set_user_timeout(lone.now, id, Some(10 * SECOND));
    lone.write(id, 10);
    lone.run(9 * SECOND);
    assert_eq!(lone.state(id), State::Established);
    lone.run(2 * SECOND);
    assert_eq!(lone.stack.failure(id), Some(Failure::UserTimeout));
    assert_eq!(
        lone.stack.read(lone.now, id, &mut [0; 1]),
        Err(ReadError::Failed(Failure::UserTimeout))
    );
}

#[test]
fn a_peer_that_dies_behind_our_fin_is_found_by_keep_alives() {
    let keep_alive = KeepAlive {
        idle: 10 * SECOND,
        interval: SECOND,
        probes: 3,
    };
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.stack.set_keep_alive(lone.now, id, Some(keep_alive));
    lone.stack.shutdown(lone.now, id);
    assert_eq!(lone.outgoing(), ["F. 1:2(0) ack 1"]);
    // Our FIN goes again and again; its acknowledgment comes when a keep-alive was due long ago.
    lone.run(20 * SECOND);
    lone.inject(". 1:1(0) ack 2");
    assert_eq!(lone.state(id), State::FinWait2);
    let probes = lone.run(60 * SECOND);
    assert_eq!(
        probes[..3],
        [
            "10000 . 1:1(0) ack 1",
            "11000 . 1:1(0) ack 1",
            "12000 . 1:1(0) ack 1",
        ]
    );
    assert_eq!(lone.state(id), State::Closed);
    assert_eq!(lone.stack.failure(id), Some(Failure::TimedOut));
}
