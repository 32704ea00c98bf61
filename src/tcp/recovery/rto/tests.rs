//! A timeout: everything outstanding is taken for lost, and goes again in slow start.

use crate::base::{Instant, SeqNum, SeqRange};
use crate::probe::Resent;
use crate::tcp::config::Recovering;
use crate::tcp::recovery::tests::{AT, MSS, Sender};
use crate::tcp::recovery::{Expired, Recovery, Verdict};

const CWND: u64 = MSS as u64;

// req: RFC9293-3.10.8-2, RFC6298-5-5
#[test]
fn the_earliest_segment_goes_at_once_whatever_the_window_says() {
    let mut sender = Sender::with_sent(4);
    sender.acknowledge(MSS);
    sender.time_out();
    assert_eq!(sender.recovery.phase_name(), "loss");
    assert_eq!(sender.due(0), Some((MSS, MSS, Resent::Timeout)));
    assert_eq!(sender.resend_due(0), [MSS]);
    assert_eq!(sender.due(0), None);
}

#[test]
fn the_last_segment_may_be_short() {
    let mut sender = Sender::with_sent(1);
    sender.acknowledge(MSS - 1);
    sender.time_out();
    assert_eq!(sender.due(0), Some((MSS - 1, 1, Resent::Timeout)));
}

#[test]
fn a_syn_that_goes_again_is_called_one() {
    let iss = SeqNum(u32::MAX);
    let mut recovery = Recovery::new(iss, Recovering::default());
    recovery.on_sent(SeqRange { start: iss, len: 1 }, Instant::BIRTH);
    let expired = Expired {
        una: iss,
        nxt: iss + 1,
        syn: true,
    };
    recovery.on_timeout(&expired, &AT, &mut |_| {});
    let due = recovery.due(1, 0).expect("due at once");
    assert_eq!(due.how, Resent::Syn);
    assert_eq!(due.range, SeqRange { start: iss, len: 1 });
}

#[test]
fn what_was_outstanding_is_no_longer_on_its_way() {
    let mut sender = Sender::with_sent(4);
    sender.time_out();
    assert_eq!(sender.in_flight(), 0);
    sender.resend_due(CWND);
    assert_eq!(sender.in_flight(), MSS);
}

#[test]
fn slow_start_goes_through_the_loss_in_order() {
    let mut sender = Sender::with_sent(5);
    sender.time_out();
    assert_eq!(sender.resend_due(CWND), [0]);
    sender.acknowledge(MSS);
    assert_eq!(sender.due(CWND), Some((MSS, MSS, Resent::AfterTimeout)));
    assert_eq!(sender.resend_due(2 * CWND), [MSS, 2 * MSS]);
    sender.acknowledge(2 * MSS);
    assert_eq!(sender.resend_due(3 * CWND), [3 * MSS, 4 * MSS]);
    assert!(!sender.recovery.is_waiting());
}

#[test]
fn what_the_peer_had_all_along_is_skipped() {
    let mut sender = Sender::with_sent(5);
    sender.time_out();
    assert_eq!(sender.resend_due(CWND), [0]);
    sender.acknowledge(4 * MSS);
    assert_eq!(sender.resend_due(2 * CWND), [4 * MSS]);
}

// req: RFC5681-2-1, RFC5681-3-1
#[test]
fn new_segments_sent_while_the_loss_is_repaired_count_as_on_their_way() {
    let mut sender = Sender::with_sent(2);
    sender.time_out();
    sender.resend_due(CWND);
    sender.acknowledge(MSS);
    // Two segments may be on their way: the second lost one, and one that is new.
    assert_eq!(sender.fill(2 * CWND), 1);
    assert_eq!(sender.in_flight(), 2 * MSS);
    assert_eq!(sender.fill(3 * CWND), 1);
    assert_eq!(sender.in_flight(), 3 * MSS);
}

// req: RFC6582-3.2-6
#[test]
fn a_timeout_ends_fast_recovery() {
    let mut sender = Sender::with_sent(6);
    assert_eq!(sender.duplicates(3), sender.lost_but(0));
    sender.time_out();
    assert_eq!(sender.recovery.phase_name(), "loss");
    assert!(!sender.recovery.in_recovery());
    assert_eq!(sender.due(0), Some((0, MSS, Resent::Timeout)));
    // The duplicates of before say nothing about what goes again.
    assert_eq!(sender.duplicates(5), Verdict::Nothing);
    assert_eq!(sender.resend_due(0), [0]);
    assert_eq!(sender.in_flight(), MSS);
}

// req: RFC6582-3.2-6
#[test]
fn duplicates_of_what_was_sent_again_in_vain_begin_no_recovery() {
    let mut sender = Sender::with_sent(6);
    sender.time_out();
    sender.resend_due(u64::MAX);
    // The first copies were on their way after all, and their acknowledgment covers all of them.
    assert_eq!(sender.acknowledge(6 * MSS), Verdict::Nothing);
    sender.send(4);
    assert_eq!(sender.duplicates(3), Verdict::Nothing);
    assert_eq!(sender.recovery.phase_name(), "open");
    // A loss further on is one again.
    sender.acknowledge(7 * MSS);
    assert_eq!(sender.duplicates(3), sender.lost_but(0));
}

/// RFC 6582 section 3.2 step 3 sets cwnd at the end of *fast recovery*; after a timeout it is slow
/// start's, and an acknowledgment of the last lost byte is one like any other.
#[test]
fn the_end_of_the_loss_does_not_touch_the_window() {
    let mut sender = Sender::with_sent(3);
    sender.time_out();
    sender.resend_due(u64::MAX);
    assert_eq!(sender.acknowledge(2 * MSS), Verdict::Nothing);
    assert_eq!(sender.recovery.phase_name(), "loss");
    assert_eq!(sender.acknowledge(3 * MSS), Verdict::Nothing);
    assert_eq!(sender.recovery.phase_name(), "open");
}

#[test]
fn timeouts_in_a_row_are_counted_until_something_new_is_acknowledged() {
    let mut sender = Sender::with_sent(3);
    for count in 1..=4 {
        sender.time_out();
        assert_eq!(sender.recovery.timeouts(), count);
        assert_eq!(sender.resend_due(CWND), [0]);
    }
    sender.duplicates(2);
    assert_eq!(sender.recovery.timeouts(), 4);
    sender.acknowledge(1);
    assert_eq!(sender.recovery.timeouts(), 0);
}
