//! A packet on its way through a simulated network, and the buffers that packets travel in.

use crate::base::Instant;
use crate::probe::EventId;

/// A packet on its way.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// From the IP header's first byte on.
    pub bytes: Vec<u8>,
    /// When the queue that it waits in, or waited in last, took it.
    pub queued_at: Instant,
    /// Whether something on its way has changed it: its checksums must not be vouched for.
    pub is_damaged: bool,
    /// The event that sent it; `None` if no stack did.
    pub sent_as: Option<EventId>,
}

impl Parcel {
    /// A packet that has not left yet.
    pub fn new(bytes: Vec<u8>) -> Parcel {
        Parcel {
            bytes,
            queued_at: Instant::BIRTH,
            is_damaged: false,
            sent_as: None,
        }
    }

    /// Its length in bytes.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing of it is left.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether it says that its sender listens to marks: RFC 3168 section 5.
    pub fn is_ecn_capable(&self) -> bool {
        self.ecn() != NOT_ECT
    }

    /// Whether it is marked.
    pub fn is_marked(&self) -> bool {
        self.ecn() == CE
    }

    /// Marks it: RFC 3168 section 5, "congestion experienced".
    pub fn mark(&mut self) {
        match self.bytes.as_mut_slice() {
            [version, tos, rest @ ..] if *version >> 4 == 4 => {
                let before = u16::from_be_bytes([*version, *tos]);
                *tos |= CE;
                let after = u16::from_be_bytes([*version, *tos]);
                if let Some([high, low]) = rest.get_mut(IPV4_CHECKSUM_AT - 2..IPV4_CHECKSUM_AT) {
                    let sum = u16::from_be_bytes([*high, *low]);
                    [*high, *low] = updated(sum, before, after).to_be_bytes();
                }
            }
            [version, class, ..] if *version >> 4 == 6 => *class |= CE << 4,
            _ => {}
        }
    }

    fn ecn(&self) -> u8 {
        match self.bytes[..] {
            [version, tos, ..] if version >> 4 == 4 => tos & CE,
            [version, class, ..] if version >> 4 == 6 => class >> 4 & CE,
            _ => NOT_ECT,
        }
    }
}

/// The bytes that name a packet's flow: addresses, protocol and ports. Zeros if it has none.
pub fn flow_of(packet: &[u8]) -> FlowBytes {
    let mut flow = [0; FLOW_LEN];
    let (addresses, protocol, payload) = match packet.first() {
        Some(byte) if byte >> 4 == 4 => (12..20, 9, usize::from(byte & 15) * 4),
        Some(byte) if byte >> 4 == 6 => (8..40, 6, 40),
        _ => return flow,
    };
    if let (Some(addresses), Some(protocol), Some(ports)) = (
        packet.get(addresses),
        packet.get(protocol),
        packet.get(payload..payload + 4),
    ) {
        flow[..4].copy_from_slice(ports);
        flow[4] = *protocol;
        flow[5..5 + addresses.len()].copy_from_slice(addresses);
    }
    flow
}

/// See [`flow_of`].
pub type FlowBytes = [u8; FLOW_LEN];

/// Two ports, the protocol, and two addresses of the longer kind.
const FLOW_LEN: usize = 4 + 1 + 32;

/// RFC 1624 section 3, equation 3: HC' = ~(~HC + ~m + m').
fn updated(sum: u16, before: u16, after: u16) -> u16 {
    let total = u32::from(!sum) + u32::from(!before) + u32::from(after);
    let folded = (total & 0xffff) + (total >> 16);
    !(((folded & 0xffff) + (folded >> 16)) as u16)
}

/// Buffers of packets that have arrived or are lost, for those that are sent next.
#[derive(Debug, Default)]
pub struct Pool(Vec<Vec<u8>>);

impl Pool {
    /// An empty buffer.
    pub fn take(&mut self) -> Vec<u8> {
        self.0.pop().unwrap_or_default()
    }

    /// A buffer that nobody needs any more.
    pub fn give(&mut self, mut buffer: Vec<u8>) {
        if self.0.len() < POOL_MAX {
            buffer.clear();
            self.0.push(buffer);
        }
    }
}

/// Some megabytes; a simulation rarely has more packets on their way.
const POOL_MAX: usize = 4_096;
/// RFC 3168 section 5.
const NOT_ECT: u8 = 0;
const CE: u8 = 3;
/// RFC 791 section 3.1.
const IPV4_CHECKSUM_AT: usize = 10;

#[cfg(test)]
mod tests;
