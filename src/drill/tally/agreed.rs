//! The bits of `tcpi_options`: what the two SYNs agreed on, and what became of the text with them.

use crate::probe::{Accepted, Event};

use super::super::live::{Live, LiveTcp};
use super::super::syntax::Flags;

/// What a handshake has come to, by its segments.
#[derive(Debug, Clone, Copy, Default)]
pub struct Agreed {
    /// What our SYN offered, and its number.
    offered: i64,
    isn: u32,
    bits: i64,
}

impl Agreed {
    /// As Linux numbers them.
    pub fn bits(&self) -> i64 {
        self.bits
    }

    /// A segment of ours has left.
    pub fn on_sent(&mut self, tcp: &LiveTcp) {
        if !tcp.has(Flags::SYN) {
            return;
        }
        if tcp.has(Flags::ACK) {
            // It has no more than was agreed on.
            self.bits |= offer(tcp);
        } else {
            self.offered |= offer(tcp);
            self.isn = tcp.seq;
        }
    }

    /// A segment of the peer's has come to this end.
    pub fn on_told(&mut self, ending: &Event<'_>, live: &Live, tcp: &LiveTcp) {
        let Event::Accepted { what, .. } = ending else {
            return;
        };
        let has_text = !tcp.payload.is_empty();
        if *what == Accepted::SynFastOpened {
            self.bits |= FAST_CHILD | if has_text { SYN_DATA } else { 0 };
        }
        if tcp.has(Flags::SYN) && tcp.has(Flags::ACK) {
            self.bits |= offer(tcp) & self.offered;
            if tcp.ack != self.isn.wrapping_add(1) {
                self.bits |= SYN_DATA;
            }
        }
        if self.bits & ECN != 0 && has_text && live.ip.tos & 3 != 0 {
            self.bits |= ECN_SEEN;
        }
    }
}

/// What a SYN, or a SYN,ACK, has.
fn offer(tcp: &LiveTcp) -> i64 {
    let options = tcp.options().unwrap_or_default();
    let named = options.iter().map(|(kind, _)| match kind {
        3 => WINDOW_SCALE,
        4 => SACK,
        8 => TIMESTAMPS,
        _ => 0,
    });
    // RFC 3168 section 6.1.1: a SYN that asks has both flags, a SYN,ACK that agrees ECE alone.
    let asks = tcp.has(Flags::ECE) && tcp.has(Flags::CWR) != tcp.has(Flags::ACK);
    named.fold(if asks { ECN } else { 0 }, |bits, bit| bits | bit)
}

const TIMESTAMPS: i64 = 1;
const SACK: i64 = 2;
const WINDOW_SCALE: i64 = 4;
const ECN: i64 = 8;
const ECN_SEEN: i64 = 16;
const SYN_DATA: i64 = 32;
const FAST_CHILD: i64 = 128;
