//! SND.UNA, SND.NXT and the window that arrives in segments, in all orders.

use crate::base::{SeqNum, WindowScale};
use crate::tcp::kit::segment;
use crate::wire::tcp::{Flags, Segment};

use super::SendSpace;

/// Near the seam, so that it lies within what is outstanding.
const ISS: SeqNum = SeqNum(u32::MAX - 50);
/// The peer's sequence number at the beginning.
const SEQ: SeqNum = SeqNum(u32::MAX - 10);

/// A hundred bytes are outstanding in a window of 1000, which came with SEG.SEQ = SEQ.
fn established() -> SendSpace {
    let mut snd = SendSpace::new(ISS);
    snd.una = ISS + 1;
    snd.nxt = ISS + 101;
    snd.start_window(&window(SEQ, ISS + 1, 1000));
    snd
}

fn window(seq: SeqNum, ack: SeqNum, window: u16) -> Segment<'static> {
    Segment {
        window,
        ..segment(Flags::NONE, seq, Some(ack))
    }
}

impl SendSpace {
    /// A segment with this SEG.SEQ, SEG.ACK and SEG.WND updates the window.
    fn told(&mut self, seq: SeqNum, ack: SeqNum, field: u16) -> bool {
        self.update_window(&window(seq, ack, field), ack)
    }
}

#[test]
fn before_the_syn_nothing_is_outstanding_and_nothing_usable() {
    let snd = SendSpace::new(ISS);
    assert_eq!((snd.una, snd.nxt, snd.iss), (ISS, ISS, ISS));
    assert_eq!((snd.outstanding(), snd.usable()), (0, 0));
    assert!(!snd.is_new_ack(ISS));
}

// req: RFC9293-3.3.1-1
#[test]
fn a_new_acknowledgment_lies_after_una_and_not_after_nxt() {
    let snd = established();
    for (ack, is_new) in [
        (ISS, false),
        (snd.una, false),
        (snd.una + 1, true),
        (snd.nxt, true),
        (snd.nxt + 1, false),
        (snd.una + (1 << 31), false),
    ] {
        assert_eq!(snd.is_new_ack(ack), is_new, "{ack}");
    }
}

#[test]
fn an_acknowledgment_is_recent_within_the_largest_window_offered() {
    let mut snd = established();
    // The window has shrunk since; what counts is the largest one.
    snd.told(SEQ + 1, ISS + 1, 10);
    assert_eq!(snd.max_wnd, 1000);
    for (ack, is_recent) in [
        (snd.una - 1000, true),
        (snd.una - 1001, false),
        (snd.una, true),
        (snd.una - (1 << 31), false),
    ] {
        assert_eq!(snd.is_recent_ack(ack), is_recent, "{ack}");
    }
}

// req: RFC9293-3.10.7.4-13
#[test]
fn a_window_counts_if_its_segment_is_not_older_than_the_last_that_counted() {
    let (seq, ack) = (SEQ + 20, ISS + 41);
    let cases = [
        // SND.WL1 < SEG.SEQ: whatever it acknowledges.
        (seq + 1, ack, true),
        (seq + 1, ISS + 1, true),
        (seq + (1 << 30), ack, true),
        // SND.WL1 = SEG.SEQ and SND.WL2 =< SEG.ACK.
        (seq, ack, true),
        (seq, ack + 10, true),
        (seq, ack - 1, false),
        // Older.
        (seq - 1, ack, false),
        (seq - 1, ack + 50, false),
        (SEQ, ISS + 101, false),
    ];
    for (seg_seq, seg_ack, counts) in cases {
        let mut snd = established();
        assert!(snd.told(seq, ack, 500));
        let una = snd.una;
        assert_eq!(
            snd.told(seg_seq, seg_ack, 700),
            counts,
            "{seg_seq} {seg_ack}"
        );
        assert_eq!(snd.wnd, if counts { 700 } else { 500 });
        assert_eq!(snd.una, una, "SND.UNA is not this function's");
        if counts {
            assert_eq!((snd.wl1, snd.wl2), (seg_seq, seg_ack));
        }
    }
}

// req: RFC9293-3.10.7.4-13
#[test]
fn the_window_of_an_old_acknowledgment_does_not_count() {
    let mut snd = established();
    snd.una = ISS + 51;
    assert!(!snd.told(SEQ + 5, ISS + 50, 9));
    assert_eq!(snd.wnd, 1000);
    assert!(snd.told(SEQ + 5, ISS + 51, 9));
}

// req: RFC5681-2-2
#[test]
fn an_edge_that_stays_where_it_is_has_not_moved() {
    let mut snd = established();
    assert!(!snd.told(SEQ + 1, ISS + 1, 1000));
    assert!(snd.told(SEQ + 2, ISS + 1, 999));
    // Forty bytes are acknowledged, and the window is forty smaller: nobody has read.
    assert!(!snd.told(SEQ + 3, ISS + 41, 959));
    assert_eq!((snd.wl1, snd.wl2, snd.wnd), (SEQ + 3, ISS + 41, 959));
}

// req: RFC7323-2.3-2, RFC7323-2.2-4, REC-1
#[test]
fn windows_are_scaled_but_for_those_of_syns() {
    let mut snd = SendSpace::new(ISS);
    snd.scale = WindowScale::new(14);
    let syn = Segment {
        flags: Flags::SYN,
        ..window(SEQ, ISS + 1, u16::MAX)
    };
    snd.start_window(&syn);
    assert_eq!(snd.wnd, 65_535);
    snd.start_window(&window(SEQ, ISS + 1, u16::MAX));
    assert_eq!(snd.wnd, 65_535 << 14);
    assert!(snd.told(SEQ + 1, ISS + 1, 1));
    assert_eq!((snd.wnd, snd.max_wnd), (1 << 14, 65_535 << 14));
}

// req: RFC7323-2.3-4
#[test]
fn without_agreement_windows_are_as_the_field_has_them() {
    let mut snd = SendSpace::new(ISS);
    snd.start_window(&window(SEQ, ISS + 1, u16::MAX));
    assert_eq!(snd.wnd, 65_535);
}

// req: MUST-34, SHLD-15
#[test]
fn a_window_that_shrinks_behind_what_was_sent_leaves_nothing_usable() {
    let mut snd = established();
    assert_eq!((snd.outstanding(), snd.usable()), (100, 900));
    for (field, usable) in [(101, 1), (100, 0), (99, 0), (1, 0), (0, 0)] {
        let mut snd = snd;
        snd.told(SEQ + 1, ISS + 1, field);
        assert_eq!(snd.usable(), usable, "{field}");
    }
    // It opens again as the acknowledgments come.
    snd.told(SEQ + 1, ISS + 1, 50);
    snd.una = snd.nxt;
    assert_eq!(snd.usable(), 50);
}
