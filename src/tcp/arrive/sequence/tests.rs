//! Table 6 against numbers counted out one by one.

use crate::base::SeqNum;

use super::is_acceptable;

/// RFC 9293 Table 6, row by row. The window is the list of its numbers, so that nothing is
/// compared modulo 2^32 but what the list has.
fn by_the_table(seq: SeqNum, len: u32, rcv_nxt: SeqNum, rcv_wnd: u32) -> bool {
    let window: Vec<SeqNum> = (0..rcv_wnd).map(|n| rcv_nxt + n).collect();
    match (len > 0, rcv_wnd > 0) {
        (false, false) => seq == rcv_nxt,
        (false, true) => window.contains(&seq),
        (true, false) => false,
        (true, true) => window.contains(&seq) || window.contains(&(seq + (len - 1))),
    }
}

// req: RFC9293-3.4-2, RFC9293-3.3.1-1
#[test]
fn every_small_segment_and_window_is_judged_by_the_table() {
    for origin in [0, 5, 1 << 31, u32::MAX - 3, u32::MAX] {
        let rcv_nxt = SeqNum(origin);
        for rcv_wnd in 0..10 {
            for ahead in 0..40 {
                // From twenty before RCV.NXT to twenty after it.
                let seq = rcv_nxt - 20 + ahead;
                for len in 0..25 {
                    assert_eq!(
                        is_acceptable(seq, len, rcv_nxt, rcv_wnd),
                        by_the_table(seq, len, rcv_nxt, rcv_wnd),
                        "SEG {seq}+{len} RCV {rcv_nxt}+{rcv_wnd}"
                    );
                }
            }
        }
    }
}

// req: RFC9293-3.4-2
#[test]
fn what_lies_half_the_circle_away_is_not_acceptable() {
    let window = 1 << 30;
    for far in [1 << 30, (1 << 31) - 1, 1 << 31, (1 << 31) + 1, 3 << 30] {
        assert!(!is_acceptable(SeqNum(far), 0, SeqNum(0), window), "{far}");
        assert!(!is_acceptable(SeqNum(far), 1000, SeqNum(0), window));
    }
    assert!(is_acceptable(SeqNum(window - 1), 0, SeqNum(0), window));
}
