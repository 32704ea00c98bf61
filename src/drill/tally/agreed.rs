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
    /// A SYN has asked for accurate ECN, whose answer has other flags.
    accurate: bool,
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
            self.bits |= offer(tcp) | self.accurately(tcp);
        } else {
            self.offered |= offer(tcp);
            self.accurate = asks_accurately(tcp);
            self.isn = tcp.seq;
        }
    }

    /// RFC 9768 section 3.1.1: a SYN,ACK that agrees to accurate ECN shows how the SYN came; 000,
    /// 001 and 111 are of those that do not know it.
    fn accurately(&self, tcp: &LiveTcp) -> i64 {
        let [cwr, ece] = [Flags::CWR, Flags::ECE].map(|flag| u8::from(tcp.has(flag)));
        let number = u8::from(tcp.ae) << 2 | cwr << 1 | ece;
        match self.accurate && matches!(number, 0b010..=0b110) {
            true => ECN,
            false => 0,
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
        if tcp.has(Flags::SYN) && !tcp.has(Flags::ACK) {
            self.accurate = asks_accurately(tcp);
        }
        if tcp.has(Flags::SYN) && tcp.has(Flags::ACK) {
            self.bits |= (offer(tcp) | self.accurately(tcp)) & self.offered;
            if tcp.ack != self.isn.wrapping_add(1) {
                self.bits |= SYN_DATA;
            }
        }
        if self.bits & ECN != 0 && has_text && live.ip.tos & 3 != 0 {
            self.bits |= ECN_SEEN;
        }
    }
}

/// RFC 9768 section 3.1.1.
fn asks_accurately(tcp: &LiveTcp) -> bool {
    tcp.ae && tcp.has(Flags::ECE) && tcp.has(Flags::CWR)
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
