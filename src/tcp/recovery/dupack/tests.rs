//! Fast retransmit and NewReno's fast recovery: their story, and their arithmetic against RFC
//! 5681's inflated window.

use proptest::prelude::*;

use crate::probe::Resent;
use crate::tcp::recovery::Verdict;
use crate::tcp::recovery::tests::{MSS, Sender};

// req: RFC5681-3.2-3, RFC5681-3.2-7
#[test]
fn the_third_duplicate_makes_the_missing_segment_due_at_once() {
    let mut sender = Sender::with_sent(10);
    assert_eq!(sender.duplicates(2), Verdict::Nothing);
    assert_eq!(sender.due(0), None);
    assert_eq!(sender.duplicates(1), sender.lost_but(0));
    assert_eq!(sender.due(0), Some((0, MSS, Resent::Fast)));
    assert_eq!(sender.recovery.phase_name(), "recovery");
    assert!(sender.recovery.in_recovery());
    assert_eq!(sender.resend_due(0), [0]);
    assert!(!sender.recovery.is_waiting());
}

#[test]
fn as_many_duplicates_make_a_loss_as_the_configuration_says() {
    for dup_thresh in [1, 2, 5] {
        let mut sender = Sender::with_sent(10);
        sender.recovery.abilities.dup_thresh = dup_thresh;
        let dup_thresh = u32::from(dup_thresh);
        assert_eq!(sender.duplicates(dup_thresh - 1), Verdict::Nothing);
        assert_eq!(sender.due(0), None);
        assert_eq!(sender.duplicates(1), sender.lost_but(0));
        assert_eq!(sender.recovery.in_flight(), (10 - dup_thresh) * MSS);
    }
}

// req: RFC5681-3.2-3
#[test]
fn an_acknowledgment_of_something_new_begins_the_count_anew() {
    let mut sender = Sender::with_sent(10);
    for byte in [1, 2, 3] {
        assert_eq!(sender.duplicates(2), Verdict::Nothing);
        sender.acknowledge(byte);
    }
    assert_eq!(sender.duplicates(2), Verdict::Nothing);
    assert_eq!(sender.duplicates(1), sender.lost_but(0));
}

// req: RFC3042-2-1, RFC5681-3.2-4
#[test]
fn each_of_the_first_two_duplicates_lets_one_new_segment_go() {
    let cwnd = u64::from(10 * MSS);
    let mut sender = Sender::with_sent(10);
    assert_eq!(sender.fill(cwnd), 0);
    sender.duplicates(1);
    assert_eq!(sender.fill(cwnd), 1);
    sender.duplicates(1);
    assert_eq!(sender.fill(cwnd), 1);
    assert_eq!(sender.fill(cwnd), 0);
    // Two segments beyond cwnd are outstanding, and no more.
    assert_eq!(sender.nxt.since(sender.una), 12 * MSS);
}

// req: RFC5681-3.2-6
#[test]
fn what_limited_transmit_sent_is_told_apart() {
    let mut sender = Sender::with_sent(10);
    sender.duplicates(1);
    sender.send(1);
    sender.duplicates(1);
    sender.send(1);
    let limited = 2 * MSS;
    assert_eq!(sender.duplicates(1), sender.lost_but(limited));
}

// req: RFC3042-2-1
#[test]
fn limited_transmit_leaves_nothing_behind_when_no_loss_follows() {
    let cwnd = u64::from(10 * MSS);
    let mut sender = Sender::with_sent(10);
    sender.duplicates(2);
    sender.send(2);
    sender.acknowledge(4 * MSS);
    assert_eq!(sender.in_flight(), 8 * MSS);
    assert_eq!(sender.fill(cwnd), 2);
    assert_eq!(sender.duplicates(3), sender.lost_but(0));
}

// req: RFC5681-3.2-7, RFC5681-3.2-8
#[test]
fn each_duplicate_says_that_one_more_segment_has_left_the_network() {
    let mut sender = Sender::with_sent(10);
    sender.duplicates(3);
    assert_eq!(sender.in_flight(), 7 * MSS);
    sender.duplicates(1);
    assert_eq!(sender.in_flight(), 6 * MSS);
    sender.duplicates(5);
    assert_eq!(sender.in_flight(), MSS);
}

// req: RFC5681-3.2-10
#[test]
fn new_segments_go_once_half_the_window_has_left_the_network() {
    let mut sender = Sender::with_sent(10);
    sender.duplicates(3);
    let ssthresh = u64::from(5 * MSS);
    assert_eq!(sender.fill(ssthresh), 0);
    sender.duplicates(2);
    assert_eq!(sender.fill(ssthresh), 0);
    for _ in 0..4 {
        sender.duplicates(1);
        assert_eq!(sender.fill(ssthresh), 1);
    }
    assert_eq!(sender.nxt.since(sender.una), 14 * MSS);
}

#[test]
fn lying_duplicates_inflate_no_further_than_what_is_outstanding() {
    let mut sender = Sender::with_sent(5);
    sender.duplicates(1000);
    assert_eq!(sender.in_flight(), 0);
    sender.send(1);
    assert_eq!(sender.in_flight(), MSS);
    let mut sender = Sender::with_sent(1);
    sender.duplicates(2);
    assert_eq!(sender.in_flight(), 0);
    sender.send(1);
    assert_eq!(sender.in_flight(), MSS);
}

// req: RFC6582-3.2-4
#[test]
fn a_partial_acknowledgment_makes_the_next_missing_segment_due() {
    let mut sender = Sender::with_sent(10);
    sender.duplicates(3);
    sender.resend_due(0);
    assert_eq!(sender.acknowledge(4 * MSS), Verdict::Partial);
    assert_eq!(sender.due(0), Some((4 * MSS, MSS, Resent::PartialAck)));
    assert!(sender.recovery.in_recovery());
    assert_eq!(sender.resend_due(0), [4 * MSS]);
    assert_eq!(sender.acknowledge(8 * MSS), Verdict::Partial);
    assert_eq!(sender.due(0), Some((8 * MSS, MSS, Resent::PartialAck)));
}

// req: RFC6582-3.2-4
#[test]
fn a_partial_acknowledgment_deflates_by_what_it_acknowledges_less_one_segment() {
    let mut sender = Sender::with_sent(10);
    sender.duplicates(8);
    assert_eq!(sender.in_flight(), 2 * MSS);
    // Of ten segments the first and the sixth were lost: eight have left, one more has been
    // repaired, so one of five outstanding is on its way.
    sender.acknowledge(5 * MSS);
    assert_eq!(sender.in_flight(), MSS);
    // Less than a segment is acknowledged: none is added back.
    sender.acknowledge(5 * MSS + 1);
    assert_eq!(sender.in_flight(), MSS);
}

/// RFC 6582 section 3.2: "if the congestion window was not deflated, the data sender might be able
/// to send nearly a window of data back-to-back."
// req: RFC5681-3-1, RFC6582-3.2-4
#[test]
fn an_acknowledgment_of_nearly_everything_lets_no_burst_go() {
    let ssthresh = u64::from(10 * MSS);
    let mut sender = Sender::with_sent(20);
    sender.duplicates(3);
    sender.resend_due(ssthresh);
    // Most duplicates were lost on their way. The inflated window was 13 segments; 18 are
    // acknowledged and one is added back: nothing is left of it.
    sender.acknowledge(18 * MSS);
    assert_eq!(sender.fill(ssthresh), 0);
}

// req: RFC6582-3.2-3, RFC5681-3.2-11
#[test]
fn an_acknowledgment_of_all_sent_before_the_loss_ends_recovery() {
    let mut sender = Sender::with_sent(10);
    sender.duplicates(3);
    sender.resend_due(0);
    sender.send(2);
    assert_eq!(sender.acknowledge(10 * MSS - 1), Verdict::Partial);
    assert_eq!(sender.acknowledge(10 * MSS), Verdict::Over);
    assert_eq!(sender.recovery.phase_name(), "open");
    // Nothing is inflated any more, and nothing waits.
    assert_eq!(sender.in_flight(), 2 * MSS);
    assert_eq!(sender.due(u64::MAX), None);
}

// req: RFC6582-3.2-2, RFC5681-4.3-1
#[test]
fn echoes_of_an_episode_begin_no_second_one() {
    let mut sender = Sender::with_sent(10);
    sender.duplicates(3);
    sender.resend_due(0);
    sender.send(5);
    assert_eq!(sender.acknowledge(10 * MSS), Verdict::Over);
    assert_eq!(sender.duplicates(7), Verdict::Nothing);
    assert_eq!(sender.due(u64::MAX), None);
    // Something beyond what was outstanding then is acknowledged: the next loss is news.
    sender.acknowledge(10 * MSS + 1);
    assert_eq!(sender.duplicates(3), sender.lost_but(0));
}

// req: RFC5681-4.3-2
#[test]
fn a_loss_in_the_next_window_is_an_episode_of_its_own() {
    let mut sender = Sender::with_sent(10);
    for _ in 0..3 {
        assert_eq!(sender.duplicates(3), sender.lost_but(0));
        sender.resend_due(0);
        let window = sender.nxt.since(Sender::at(0));
        sender.send(10);
        assert_eq!(sender.acknowledge(window), Verdict::Over);
        // Of the next window the first segment arrives and the second does not.
        assert_eq!(sender.acknowledge(window + MSS), Verdict::Nothing);
    }
}

/// RFC 6582's recover is compared modulo 2^32. A connection may go on for longer than half of that
/// without a loss.
#[test]
fn a_loss_is_found_however_long_ago_the_last_one_was() {
    let gibibyte = 1 << 30;
    let mut sender = Sender::with_sent(0);
    for _ in 0..5 {
        let una = sender.una.since(Sender::at(0));
        sender.send_bytes(gibibyte);
        sender.acknowledge(una.wrapping_add(gibibyte));
        sender.send(4);
        let verdict = sender.clone().duplicates(3);
        assert_eq!(verdict, sender.lost_but(0));
        sender.acknowledge(sender.nxt.since(Sender::at(0)));
    }
}

/// RFC 5681 section 3.2 and RFC 6582 section 3.2 to the letter: one window, inflated and deflated.
struct Inflated {
    cwnd: i64,
}

impl Inflated {
    /// How many bytes more may be outstanding, or by how many there are too many.
    fn room(&self, sender: &Sender) -> i64 {
        self.cwnd - i64::from(sender.nxt.since(sender.una))
    }
}

/// What happens on the way of segments and acknowledgments in recovery.
#[derive(Debug, Clone, Copy)]
struct Fate {
    /// The segment is lost at its first sending.
    lost: bool,
    /// The acknowledgment that it draws is lost.
    unheard: bool,
}

fn fates() -> impl Strategy<Value = Vec<Fate>> {
    let fate = (prop::bool::weighted(0.2), prop::bool::weighted(0.2))
        .prop_map(|(lost, unheard)| Fate { lost, unheard });
    prop::collection::vec(fate, 8..60)
}

proptest! {
    /// An honest receiver, lost segments, lost acknowledgments: at every step as many bytes may go
    /// as the inflated window of the RFCs allows.
    // req: RFC5681-3.2-8, RFC6582-3.2-4, RFC5681-3-1
    #[test]
    fn recovery_allows_what_the_inflated_window_allows(
        fates in fates(),
        ssthresh in 2u32..20,
    ) {
        let ssthresh = i64::from(ssthresh * MSS);
        let total = fates.len() as u32;
        let mut sender = Sender::with_sent(total);
        // The first is lost, and the next three are heard.
        let mut arrived: Vec<bool> = fates.iter().map(|fate| !fate.lost).collect();
        arrived[..4].copy_from_slice(&[false, true, true, true]);
        sender.duplicates(3);
        let mut rfc = Inflated { cwnd: ssthresh + 3 * i64::from(MSS) };
        for fate in &fates[4..] {
            if !fate.lost && !fate.unheard {
                sender.duplicates(1);
                rfc.cwnd += i64::from(MSS);
            }
            let room = ssthresh - i64::from(sender.in_flight());
            prop_assert_eq!(room, rfc.room(&sender));
        }
        // Each repair draws an acknowledgment up to the next segment that is missing.
        while let Some(missing) = arrived.iter().position(|there| !there) {
            arrived[missing] = true;
            let next = arrived.iter().position(|there| !there).unwrap_or(arrived.len());
            if fates[missing].unheard && next < arrived.len() {
                // The acknowledgment is lost, and the next repair's stands for both.
                continue;
            }
            let acked = next as u32 * MSS - sender.una.since(Sender::at(0));
            if sender.acknowledge(next as u32 * MSS) == Verdict::Over {
                prop_assert_eq!(next as u32, total);
                break;
            }
            rfc.cwnd += i64::from(MSS) - i64::from(acked);
            let room = ssthresh - i64::from(sender.in_flight());
            prop_assert_eq!(room, rfc.room(&sender));
        }
        prop_assert!(!sender.recovery.in_recovery());
    }
}
