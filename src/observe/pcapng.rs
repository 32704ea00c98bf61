//! The capture file: pcapng, behind our names.
//!
//! One section with interfaces of link type RAW (whole IP packets), times in nanoseconds, and for
//! each packet its interface, its direction, its event's number and what the stack thought of it as
//! comments. Blocks are gathered and written whole, so the file can be read at any moment; if the
//! disk is full in the middle of one, the file is cut back to where it was whole.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Stdout, Write};
use std::net::IpAddr;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption, InterfaceTsResolution,
};
use pcap_file::pcapng::blocks::name_resolution::{
    Ipv4Record, Ipv6Record, NameResolutionBlock, Record,
};
use pcap_file::pcapng::blocks::opt_common::{CommonOption, UnknownOption};
use pcap_file::pcapng::blocks::section_header::{SectionHeaderBlock, SectionHeaderOption};
use pcap_file::{DataLink, Endianness};

use crate::base::InterfaceId;

use secrets::Reserve;

mod rows;
mod secrets;

pub use rows::Row;

/// Where a capture goes: it can be written to, and cut back if a write was left half done.
pub trait Store: Write + Send {
    /// Makes it `len` bytes long again and writes on from there.
    ///
    /// # Errors
    ///
    /// `Unsupported` for what cannot take back: standard output.
    fn cut(&mut self, len: u64) -> io::Result<()>;

    /// Writes over what stands at `at`, and goes on where it was.
    ///
    /// # Errors
    ///
    /// `Unsupported` for what cannot go back.
    fn amend(&mut self, _at: u64, _bytes: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl Store for File {
    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.set_len(len)?;
        self.seek(SeekFrom::Start(len)).map(|_| ())
    }

    fn amend(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.write_all_at(bytes, at)
    }
}

impl Store for Stdout {
    fn cut(&mut self, _len: u64) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl Store for io::Sink {
    fn cut(&mut self, _len: u64) -> io::Result<()> {
        Ok(())
    }
}

impl<S: Store + ?Sized> Store for Box<S> {
    fn cut(&mut self, len: u64) -> io::Result<()> {
        (**self).cut(len)
    }

    fn amend(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        (**self).amend(at, bytes)
    }
}

/// What a reader may want to know of the file as a whole; what is empty is left out.
#[derive(Debug, Clone, Default)]
pub struct Section {
    /// What it was made on.
    pub hardware: String,
    /// The operating system.
    pub os: String,
    /// The program.
    pub application: String,
    /// The scenario, its seed: what else there is to say.
    pub comment: String,
}

impl Section {
    /// A section made by this program on this machine.
    pub fn here(comment: &str) -> Section {
        let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        Section {
            hardware: std::env::consts::ARCH.into(),
            os: format!("Linux {}", release.trim()).trim_end().into(),
            application: concat!("pellucid ", env!("CARGO_PKG_VERSION")).into(),
            comment: comment.into(),
        }
    }
}

/// An interface that packets cross.
#[derive(Debug, Clone, Default)]
pub struct Interface {
    /// As the system calls it: `plc0`.
    pub name: String,
    /// What it is, in words.
    pub description: String,
}

/// Which way a packet went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// To us.
    In,
    /// From us.
    Out,
}

/// One packet with what is to be said of it.
#[derive(Debug, Clone, Copy)]
pub struct Packet<'a> {
    /// When it crossed the interface, in nanoseconds since 1970.
    pub at: u64,
    /// Which interface that was.
    pub interface: InterfaceId,
    /// Which way it went.
    pub direction: Direction,
    /// The number of its event.
    pub id: u64,
    /// Its first bytes, or all of them.
    pub bytes: &'a [u8],
    /// How long it was, in bytes; at least as long as what there is of it.
    pub len: usize,
    /// Comments, in order.
    pub comments: &'a [String],
    /// How many packets before it could not be recorded.
    pub missing_before: u64,
}

/// Writes a capture. Nothing is lost by dropping it but what was not flushed.
pub struct Writer<S: Store> {
    blocks: PcapNgWriter<Vec<u8>>,
    store: S,
    /// How many interfaces the file has so far that packets cross, how many stand before them, and
    /// the most that is kept of a packet.
    interfaces: u32,
    before: u32,
    snap: Option<u32>,
    /// How long the file is up to its last whole block, in bytes.
    whole: u64,
    packets: u64,
    packets_stored: u64,
    /// Where the next secret has room, if there are to be any.
    reserve: Option<Reserve>,
}

impl<S: Store> Writer<S> {
    /// Begins a file about these interfaces; another one has no name. `names` are addresses and
    /// what to call them, which may be empty. `snap` is the most that is kept of a packet, in
    /// bytes; `None`: all of it.
    ///
    /// # Errors
    ///
    /// What writing says.
    pub fn new(
        store: S,
        section: &Section,
        interfaces: &[Interface],
        snap: Option<u32>,
        names: &[(IpAddr, String)],
    ) -> io::Result<Writer<S>> {
        Writer::bare(store, section, snap)?.furnished(interfaces, names)
    }

    /// Only a section's header, which is not written yet.
    fn bare(store: S, section: &Section, snap: Option<u32>) -> io::Result<Writer<S>> {
        let blocks = PcapNgWriter::with_section_header(Vec::new(), section_header(section));
        Ok(Writer {
            blocks: blocks.map_err(io::Error::other)?,
            store,
            interfaces: 0,
            before: 0,
            snap,
            whole: 0,
            packets: 0,
            packets_stored: 0,
            reserve: None,
        })
    }

    /// With what stands before the first packet.
    fn furnished(
        mut self,
        interfaces: &[Interface],
        names: &[(IpAddr, String)],
    ) -> io::Result<Writer<S>> {
        let writer = &mut self;
        for interface in interfaces {
            writer.describe(interface)?;
        }
        if !names.is_empty() {
            let records = name_resolution(names);
            writer
                .blocks
                .write_pcapng_block(records)
                .map_err(io::Error::other)?;
        }
        writer.flush()?;
        Ok(self)
    }

    /// Adds an interface.
    fn describe(&mut self, interface: &Interface) -> io::Result<()> {
        let description = interface_description(interface, self.snap);
        self.blocks
            .write_pcapng_block(description)
            .map_err(io::Error::other)?;
        self.interfaces += 1;
        Ok(())
    }

    /// Adds a packet.
    ///
    /// # Errors
    ///
    /// What writing says, now and then of packets added before. After an error the file is whole
    /// but has no more room: nothing should be added.
    pub fn packet(&mut self, packet: &Packet<'_>) -> io::Result<()> {
        // Of at most 256.
        while self.interfaces <= packet.interface.0.into() {
            self.describe(&Interface::default())?;
        }
        self.add(enhanced_packet(packet, self.before))
    }

    /// Adds a block that a reader numbers as a frame.
    fn add(&mut self, block: EnhancedPacketBlock<'_>) -> io::Result<()> {
        self.blocks
            .write_pcapng_block(block)
            .map_err(io::Error::other)?;
        self.packets += 1;
        if self.blocks.get_ref().len() >= GATHERED_MAX {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes out all that was gathered.
    ///
    /// # Errors
    ///
    /// What writing says. What could not be written whole is gone, and the file is cut back to
    /// its last whole block where it can be.
    pub fn flush(&mut self) -> io::Result<()> {
        let gathered = self.blocks.get_mut();
        let written = self.store.write_all(gathered);
        let len = gathered.len() as u64;
        gathered.clear();
        if let Err(error) = written.and_then(|()| self.store.flush()) {
            self.packets = self.packets_stored;
            // A second failure has nothing to add to the first.
            let _ = self.store.cut(self.whole);
            return Err(error);
        }
        self.whole += len;
        self.packets_stored = self.packets;
        Ok(())
    }

    /// How many packets the file has, those still to be flushed included: the number of the last
    /// one as Wireshark shows it.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// How long the file is, in bytes, without what is still to be flushed.
    pub fn len(&self) -> u64 {
        self.whole
    }

    /// Whether nothing has reached the file.
    pub fn is_empty(&self) -> bool {
        self.whole == 0
    }
}

impl<S: Store> std::fmt::Debug for Writer<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Writer({} packets, {} B)", self.packets, self.whole)
    }
}

fn section_header(section: &Section) -> SectionHeaderBlock<'_> {
    let comment = |text| SectionHeaderOption::Common(CommonOption::Comment(text));
    let options = [
        text(&section.comment).map(comment),
        text(&section.hardware).map(SectionHeaderOption::Hardware),
        text(&section.os).map(SectionHeaderOption::OS),
        text(&section.application).map(SectionHeaderOption::UserApplication),
    ];
    SectionHeaderBlock {
        // The block's own default is big-endian.
        endianness: Endianness::native(),
        options: options.into_iter().flatten().collect(),
        ..SectionHeaderBlock::default()
    }
}

fn interface_description(
    interface: &Interface,
    snap: Option<u32>,
) -> InterfaceDescriptionBlock<'_> {
    let options = [
        text(&interface.name).map(InterfaceDescriptionOption::IfName),
        text(&interface.description).map(InterfaceDescriptionOption::IfDescription),
        Some(InterfaceDescriptionOption::IfTsResol(
            InterfaceTsResolution::NANO,
        )),
    ];
    InterfaceDescriptionBlock {
        linktype: DataLink::RAW,
        // Zero says: no limit.
        snaplen: snap.unwrap_or(0),
        options: options.into_iter().flatten().collect(),
    }
}

fn name_resolution(names: &[(IpAddr, String)]) -> NameResolutionBlock<'_> {
    let records = names.iter().filter_map(|(address, name)| {
        // A name ends at its first zero byte.
        let name = text(name.split('\0').next()?)?;
        Some(match *address {
            IpAddr::V4(ip_addr) => Record::Ipv4(Ipv4Record {
                ip_addr,
                names: vec![name],
            }),
            IpAddr::V6(ip_addr) => Record::Ipv6(Ipv6Record {
                ip_addr,
                names: vec![name],
            }),
        })
    });
    NameResolutionBlock {
        records: records.collect(),
        options: Vec::new(),
    }
}

/// A packet; so many interfaces stand before those that packets cross.
fn enhanced_packet<'a>(packet: &Packet<'a>, before: u32) -> EnhancedPacketBlock<'a> {
    let direction = match packet.direction {
        Direction::In => FLAGS_IN,
        Direction::Out => FLAGS_OUT,
    };
    let mut options = vec![EnhancedPacketOption::Flags(direction), packet_id(packet.id)];
    if packet.missing_before > 0 {
        options.push(EnhancedPacketOption::DropCount(packet.missing_before));
    }
    options.extend(said(packet.comments));
    EnhancedPacketBlock {
        interface_id: before + u32::from(packet.interface.0),
        timestamp: Duration::from_nanos(packet.at),
        original_len: u32::try_from(packet.len).unwrap_or(u32::MAX),
        data: Cow::Borrowed(packet.bytes),
        options,
    }
}

/// The number of its event.
fn packet_id(id: u64) -> EnhancedPacketOption<'static> {
    EnhancedPacketOption::Common(CommonOption::Unknown(UnknownOption {
        code: OPTION_PACKETID,
        value: Cow::Owned(id.to_ne_bytes().to_vec()),
    }))
}

/// Comments, in order.
fn said(comments: &[String]) -> impl Iterator<Item = EnhancedPacketOption<'_>> {
    let comments = comments.iter().filter_map(|comment| text(comment));
    comments.map(|comment| EnhancedPacketOption::Common(CommonOption::Comment(comment)))
}

/// Text as an option holds it; `None` if there is none. Names may come from strangers: what would
/// break a line, or turn its direction, is spelled out. An option's length has 16 bits.
fn text(text: &str) -> Option<Cow<'_, str>> {
    let is_plain = |c: char| !c.is_control() && !TURNS.contains(&c);
    let mut text = match text.chars().all(is_plain) {
        true => Cow::Borrowed(text),
        false => Cow::Owned(text.chars().fold(String::new(), |mut all, c| {
            match is_plain(c) {
                true => all.push(c),
                false => all.extend(c.escape_default()),
            }
            all
        })),
    };
    let fits = text.floor_char_boundary(TEXT_MAX);
    match &mut text {
        Cow::Borrowed(text) => *text = &text[..fits],
        Cow::Owned(text) => text.truncate(fits),
    }
    (!text.is_empty()).then_some(text)
}

/// How much is gathered before it is written, in bytes: a write of this size costs a tenth of the
/// many small ones, and so much is lost at most when the disk is full.
const GATHERED_MAX: usize = 64 << 10;
/// The longest comment or name, in bytes; 65,535 minus room for padding and what goes before it.
const TEXT_MAX: usize = 65_000;
/// Unicode's bidirectional controls.
const TURNS: [char; 11] = [
    '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}',
    '\u{2067}', '\u{2068}', '\u{2069}',
];
/// The flags word of a packet: bits 0 and 1 are its direction.
const FLAGS_IN: u32 = 1;
const FLAGS_OUT: u32 = 2;
/// The option `epb_packetid`, which pcap-file has no name for: 64 bits in the section's order.
const OPTION_PACKETID: u16 = 5;

#[cfg(test)]
mod tests;
