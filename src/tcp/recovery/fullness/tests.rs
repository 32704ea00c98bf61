//! Whether the window was used.

use super::*;

const ISS: SeqNum = SeqNum(u32::MAX - 1500);
const MSS: u32 = 1000;

fn after(in_flight: u64) -> Fullness {
    let mut fullness = Fullness::new(ISS);
    fullness.on_sent(in_flight);
    fullness
}

#[test]
fn a_window_with_room_for_a_segment_was_not_what_held_back() {
    let limited = |most| after(most).is_limited(10_000, Some(5_000), MSS);
    assert!(limited(10_000));
    assert!(limited(9_001));
    assert!(!limited(9_000));
}

#[test]
fn in_slow_start_half_a_window_is_enough() {
    let limited = |most| after(most).is_limited(10_000, None, MSS);
    assert!(limited(5_000));
    assert!(!limited(4_999));
}

#[test]
fn the_most_counts_until_a_window_of_data_is_acknowledged() {
    let mut fullness = Fullness::new(ISS);
    fullness.on_ack(ISS, ISS + 10_000, 0);
    fullness.on_sent(10_000);
    // Acknowledgments that come together leave less and less on its way.
    fullness.on_ack(ISS + 9_999, ISS + 10_000, 1);
    assert!(fullness.is_limited(10_000, Some(5_000), MSS));
    fullness.on_ack(ISS + 10_000, ISS + 12_000, 2_000);
    assert!(!fullness.is_limited(10_000, Some(5_000), MSS));
}
