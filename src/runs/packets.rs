//! `capture.pcapng`, read again: the first bytes of each packet, by the number of its frame.

use std::io::Read;

use pcap_file::pcapng::{Block, PcapNgReadError, PcapNgReader};

/// A packet of a capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// Its first bytes.
    pub head: Vec<u8>,
    /// How long it was.
    pub len: u32,
}

/// The packets of a capture, of each at most `most` bytes: the frame of number 1 first, as
/// Wireshark counts. A file that ends in the middle gives those that are whole.
///
/// # Errors
///
/// What is no capture at all.
pub fn packets(from: impl Read, most: usize) -> Result<Vec<Packet>, PcapNgReadError> {
    let mut reader = PcapNgReader::new(from)?;
    let mut packets = Vec::new();
    while let Some(Ok((block, _))) = reader.next_block() {
        if let Block::EnhancedPacket(packet) = block {
            packets.push(Packet {
                head: packet.data[..packet.data.len().min(most)].to_vec(),
                len: packet.original_len,
            });
        }
    }
    Ok(packets)
}

#[cfg(test)]
mod tests;
