//! Resets of section 3.10.7.1, for every mix of control bits.

use crate::base::{Pieces, SeqNum};
use crate::tcp::kit::segment;
use crate::wire::options::Options;
use crate::wire::tcp::{Flags, Segment};

use super::reset_for;

/// The seam lies within a segment of a few bytes.
const SEQ: SeqNum = SeqNum(u32::MAX - 1);
const ACK: SeqNum = SeqNum(77);

/// Segments of every mix of SYN, FIN, PSH and URG, with text and without.
fn segments(base: Flags, ack: Option<SeqNum>) -> Vec<Segment<'static>> {
    let mut all = Vec::new();
    for bits in 0..32 {
        let mut seg = segment(base, SEQ, ack);
        for (bit, flag) in [
            (1, Flags::SYN),
            (2, Flags::FIN),
            (4, Flags::PSH),
            (8, Flags::URG),
        ] {
            if bits & bit != 0 {
                seg.flags |= flag;
            }
        }
        if bits & 16 != 0 {
            seg.text = Pieces(b"ab", b"c");
        }
        all.push(seg);
    }
    all
}

// req: RFC9293-3.5.2-2, RFC9293-3.10.7.1-1
#[test]
fn a_reset_is_never_answered() {
    for ack in [None, Some(ACK)] {
        for seg in segments(Flags::RST, ack) {
            assert!(reset_for(&seg).is_none(), "{}", seg.flags);
        }
    }
}

// req: RFC9293-3.5.2-1, RFC9293-3.10.7.2-1
#[test]
fn what_acknowledges_draws_a_reset_at_the_number_it_expects() {
    for seg in segments(Flags::NONE, Some(ACK)) {
        let reset = reset_for(&seg).expect("a reset");
        // <SEQ=SEG.ACK><CTL=RST>
        assert_eq!((reset.seq, reset.ack), (ACK, None));
        assert_eq!(reset.flags, Flags::RST);
    }
}

// req: RFC9293-3.5.2-1
#[test]
fn what_acknowledges_nothing_draws_a_reset_that_acknowledges_all_of_it() {
    for seg in segments(Flags::NONE, None) {
        let reset = reset_for(&seg).expect("a reset");
        // <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>, SYN and FIN counted in SEG.LEN.
        let len = seg.text.len() as u32
            + u32::from(seg.flags.has(Flags::SYN))
            + u32::from(seg.flags.has(Flags::FIN));
        assert_eq!((reset.seq, reset.ack), (SeqNum(0), Some(SEQ + len)));
        assert_eq!(reset.flags, Flags::RST | Flags::ACK);
    }
}

#[test]
fn a_reset_goes_back_bare() {
    let seg = segment(Flags::SYN, SEQ, None);
    let reset = reset_for(&seg).expect("a reset");
    assert_eq!(reset.ports.src, seg.ports.dst);
    assert_eq!(reset.ports.dst, seg.ports.src);
    assert_eq!(reset.options, Options::default());
    assert!(reset.text.is_empty());
    assert_eq!((reset.window, reset.urgent), (0, 0));
}
