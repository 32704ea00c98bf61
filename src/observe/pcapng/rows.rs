//! What happened between packets, as rows of a capture.
//!
//! An interface of its own has the link type of what Wireshark calls an upper PDU: tags that say
//! who dissects the rest, then the rest. The rest is JSON, so `json.member` filters it and no
//! plug-in is needed. Only Wireshark reads such a file: libpcap takes one link type a file.

use std::borrow::Cow;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use pcap_file::DataLink;
use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketBlock;
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption, InterfaceTsResolution,
};

use super::{Interface, Section, Store, Writer, packet_id, said};

/// Something that is no packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// When it happened, in nanoseconds since 1970.
    pub at: u64,
    /// The number of its event.
    pub id: u64,
    /// Whose it is: our address and the other end's.
    pub between: Option<(IpAddr, IpAddr)>,
    /// It in a few words.
    pub words: String,
    /// It as an object of JSON.
    pub json: String,
    /// Comments, in order.
    pub comments: Vec<String>,
}

impl<S: Store> Writer<S> {
    /// Begins a file that has rows beside its packets.
    ///
    /// # Errors
    ///
    /// What writing says.
    pub fn with_rows(
        store: S,
        section: &Section,
        interfaces: &[Interface],
        snap: Option<u32>,
        names: &[(IpAddr, String)],
    ) -> io::Result<Writer<S>> {
        let mut writer = Writer::bare(store, section, snap)?;
        let block = InterfaceDescriptionBlock {
            linktype: DataLink::WIRESHARK_UPPER_PDU,
            snaplen: 0,
            options: vec![
                InterfaceDescriptionOption::IfName("events".into()),
                InterfaceDescriptionOption::IfDescription("what happened between packets".into()),
                InterfaceDescriptionOption::IfTsResol(InterfaceTsResolution::NANO),
            ],
        };
        writer
            .blocks
            .write_pcapng_block(block)
            .map_err(io::Error::other)?;
        writer.before = 1;
        writer.furnished(interfaces, names)
    }

    /// Adds a row.
    ///
    /// # Errors
    ///
    /// As of [`Writer::packet`].
    pub fn row(&mut self, row: &Row) -> io::Result<()> {
        let data = tagged(row);
        let mut options = vec![packet_id(row.id)];
        options.extend(said(&row.comments));
        self.add(EnhancedPacketBlock {
            interface_id: 0,
            timestamp: Duration::from_nanos(row.at),
            // JSON of a few hundred bytes.
            original_len: u32::try_from(data.len()).unwrap_or(u32::MAX),
            data: Cow::Owned(data),
            options,
        })
    }
}

/// The tags of an upper PDU, and then what it is.
fn tagged(row: &Row) -> Vec<u8> {
    let mut data = Vec::new();
    tag(&mut data, DISSECTOR, b"json");
    tag(&mut data, COLUMN, b"PELLUCID");
    match row.between {
        Some((IpAddr::V4(near), IpAddr::V4(far))) => {
            tag(&mut data, SOURCE_V4, &near.octets());
            tag(&mut data, DESTINATION_V4, &far.octets());
        }
        Some((IpAddr::V6(near), IpAddr::V6(far))) => {
            tag(&mut data, SOURCE_V6, &near.octets());
            tag(&mut data, DESTINATION_V6, &far.octets());
        }
        _ => {}
    }
    tag(&mut data, INFO, row.words.as_bytes());
    tag(&mut data, END, b"");
    data.extend(row.json.as_bytes());
    data
}

/// Kind and length in 16 bits each, in the network's order; the length counts the padding.
fn tag(data: &mut Vec<u8>, kind: u16, value: &[u8]) {
    let value = &value[..value.len().min(TAG_MAX)];
    let len = value.len().next_multiple_of(4);
    data.extend(kind.to_be_bytes());
    // At most TAG_MAX.
    data.extend((len as u16).to_be_bytes());
    data.extend(value);
    data.resize(data.len() + len - value.len(), 0);
}

/// The most of a value: a few words have a few dozen bytes.
const TAG_MAX: usize = 1024;

/// The tags of `epan/exported_pdu.h`.
const END: u16 = 0;
const DISSECTOR: u16 = 12;
const SOURCE_V4: u16 = 20;
const DESTINATION_V4: u16 = 21;
const SOURCE_V6: u16 = 22;
const DESTINATION_V6: u16 = 23;
const COLUMN: u16 = 33;
/// Wireshark 4.2 and later show it; those before pass it over.
const INFO: u16 = 36;

#[cfg(test)]
mod tests;
