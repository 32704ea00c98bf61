//! No connection: when and how to reset. RFC 9293 sections 3.10.7.1 and 3.5.2.

use crate::base::{Pieces, SeqNum};
use crate::probe::Why;
use crate::rfc;
use crate::wire::options::{Options, Order};
use crate::wire::tcp::{Flags, Ports, Segment};

/// The reset that answers a segment, acceptable to whoever sent it. `None`: a reset is never
/// answered.
pub fn reset_for(seg: &Segment<'_>) -> Option<Segment<'static>> {
    if seg.rst() {
        return None;
    }
    let (seq, ack, flags) = match seg.ack {
        // <SEQ=SEG.ACK><CTL=RST>
        Some(ack) => (ack, None, Flags::RST),
        // <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>
        None => (SeqNum(0), Some(seg.end()), Flags::RST | Flags::ACK),
    };
    Some(Segment {
        ports: Ports {
            src: seg.ports.dst,
            dst: seg.ports.src,
        },
        seq,
        ack,
        flags,
        window: 0,
        urgent: 0,
        order: Order::default(),
        options: Options::default(),
        text: Pieces::EMPTY,
    })
}

/// Why such a reset goes.
pub const RESET: &Why = &Why {
    by: rfc!(9293, "3.5.2"),
    text: "the segment belongs to no connection here, or acknowledges what was never sent",
};

#[cfg(test)]
mod tests;
