//! I-WIN: the send window, taken as RFC 9293 section 3.10.7.4 has it and in no other way.
//!
//! SND.WL1 and SND.WL2 keep an old segment, overtaken by newer ones, from bringing an old window
//! back. This is the same rule once more, from the segments alone.

use crate::base::SeqNum;
use crate::probe::{Snapshot, State};
use crate::sim::reading::SegmentReading;

use super::Wrong;

/// The window that should have been taken.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Taken {
    last: Option<Update>,
}

#[derive(Debug, Clone, Copy)]
struct Update {
    /// SND.UNA + SND.WND.
    edge: SeqNum,
    wl1: SeqNum,
    wl2: SeqNum,
}

impl Taken {
    /// A segment was taken in; `before` is what was known before it, and `shift` the scale of its
    /// window.
    pub fn hears(&mut self, segment: &SegmentReading, before: Option<&Snapshot>, shift: u8) {
        let window = u32::from(segment.window) << shift;
        let opening = |state| matches!(state, State::Listen | State::SynSent | State::SynReceived);
        let Some(known) = before.filter(|known| !opening(known.state)) else {
            // What synchronizes brings the first window. A SYN that crosses ours acknowledges
            // nothing: its window counts from SND.UNA.
            let una = before.map(|known| known.snd_una);
            if let Some(ack) = segment.ack.or(una) {
                self.last = Some(Update {
                    edge: ack + window,
                    wl1: segment.seq,
                    wl2: ack,
                });
            }
            return;
        };
        let (Some(ack), Some(last)) = (segment.ack, self.last) else {
            return;
        };
        // "It is assumed that the segment is the idealized segment that begins at RCV.NXT".
        let seq = segment.seq.later_of(known.rcv_nxt);
        // SND.UNA =< SEG.ACK, and (SND.WL1 < SEG.SEQ or
        // (SND.WL1 = SEG.SEQ and SND.WL2 =< SEG.ACK)).
        let is_fresh = last.wl1.before(seq) || (last.wl1 == seq && last.wl2.at_or_before(ack));
        if is_fresh && known.snd_una.at_or_before(ack) {
            self.last = Some(Update {
                edge: ack + window,
                wl1: seq,
                wl2: ack,
            });
        }
    }

    /// Whether the window is the one that should have been taken.
    pub fn check(&self, known: &Snapshot) -> Result<(), Wrong> {
        let Some(Update { edge, .. }) = self.last else {
            return Ok(());
        };
        let found = known.snd_una + known.snd_wnd;
        // Acknowledgments may pass an edge that has moved left.
        let is_right = found == edge || known.snd_wnd == 0 && edge.before(known.snd_una);
        if is_right {
            return Ok(());
        }
        let what = format!("the window is taken to end at {found}, and ends at {edge}");
        Err(("I-WIN", what))
    }
}
