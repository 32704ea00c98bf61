//! A capture file as a stream: pcap and pcapng, one packet at a time, in bounded memory.
//!
//! The framing is read here and not by the library that writes our captures: what is damaged has
//! to be named by its place in the file, a block may claim to be of any length, and files that
//! others wrote a little carelessly should be read all the same. pcap: the libpcap manual page
//! pcap-savefile(5). pcapng: draft-ietf-opsawg-pcapng.

use std::io::{self, BufRead, Read};

/// A packet as it lies in the file.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// The first is 1, as Wireshark counts.
    pub number: u64,
    /// When it was captured, in nanoseconds since 1970.
    pub at: u64,
    /// What kind of link it is from: LINKTYPE.
    pub link: u32,
    /// What was kept of it.
    pub bytes: &'a [u8],
    /// How long it was, in bytes.
    pub len: u32,
}

/// What is wrong with a file, and where.
#[derive(Debug, thiserror::Error)]
pub enum Damaged {
    #[error("byte {at}: {source}")]
    Io {
        at: u64,
        #[source]
        source: io::Error,
    },
    #[error("byte {at}: expected {expected}, found {found}")]
    Form {
        /// Offset from the beginning of the file.
        at: u64,
        expected: String,
        found: String,
    },
}

/// A file that is being read.
#[derive(Debug)]
pub struct CaptureFile<R> {
    from: Counted<R>,
    form: Form,
    room: Vec<u8>,
    frames: u64,
}

#[derive(Debug)]
enum Form {
    Pcap(Pcap),
    Pcapng(Section),
}

#[derive(Debug)]
struct Pcap {
    big: bool,
    nanos: bool,
    link: u32,
    most: u32,
}

#[derive(Debug, Default)]
struct Section {
    big: bool,
    interfaces: Vec<Interface>,
}

#[derive(Debug, Clone, Copy)]
struct Interface {
    link: u32,
    snap: u32,
    /// As the option has it: a power of ten, or of two if the first bit is set.
    resolution: u8,
    /// Seconds.
    offset: i64,
}

impl<R: BufRead> CaptureFile<R> {
    /// Reads what stands at the beginning.
    ///
    /// # Errors
    ///
    /// [`Damaged`]: it is no capture.
    pub fn new(from: R) -> Result<CaptureFile<R>, Damaged> {
        let mut from = Counted { from, at: 0 };
        let magic: [u8; 4] = from.array("the magic number of pcap or pcapng")?;
        let form = match magic {
            [0x0a, 0x0d, 0x0d, 0x0a] => {
                let mut section = Section::default();
                from.section(&mut section)?;
                Form::Pcapng(section)
            }
            [0xa1, 0xb2, 0xc3, 0xd4] => Form::Pcap(from.pcap(true, false)?),
            [0xa1, 0xb2, 0x3c, 0x4d] => Form::Pcap(from.pcap(true, true)?),
            [0xd4, 0xc3, 0xb2, 0xa1] => Form::Pcap(from.pcap(false, false)?),
            [0x4d, 0x3c, 0xb2, 0xa1] => Form::Pcap(from.pcap(false, true)?),
            [a, b, c, d] => {
                let known = match magic {
                    [0x1f, 0x8b, ..] => ": gzip; unpack it first",
                    [0x28, 0xb5, 0x2f, 0xfd] => ": zstd; unpack it first",
                    _ => "",
                };
                return Err(Damaged::Form {
                    at: 0,
                    expected: "the magic number of pcap or pcapng".into(),
                    found: format!("{a:02x} {b:02x} {c:02x} {d:02x}{known}"),
                });
            }
        };
        Ok(CaptureFile {
            from,
            form,
            room: Vec::new(),
            frames: 0,
        })
    }

    /// How far it has been read, in bytes.
    pub fn place(&self) -> u64 {
        self.from.at
    }

    /// How many packets were read.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// The next packet; `None` at the end.
    ///
    /// # Errors
    ///
    /// [`Damaged`]; nothing behind it can be read.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, Damaged> {
        let head = match &mut self.form {
            Form::Pcap(pcap) => self.from.pcap_packet(pcap, &mut self.room)?,
            Form::Pcapng(section) => self.from.pcapng_packet(section, &mut self.room)?,
        };
        let Some(head) = head else {
            return Ok(None);
        };
        self.frames += 1;
        Ok(Some(Frame {
            number: self.frames,
            at: head.at,
            link: head.link,
            bytes: &self.room,
            len: head.len,
        }))
    }
}

/// What stands before a packet's bytes.
struct Head {
    at: u64,
    link: u32,
    len: u32,
}

/// A reader that knows where it is.
#[derive(Debug)]
struct Counted<R> {
    from: R,
    at: u64,
}

impl<R: BufRead> Counted<R> {
    fn is_at_end(&mut self) -> Result<bool, Damaged> {
        let at = self.at;
        let left = self.from.fill_buf();
        Ok(left
            .map_err(|source| Damaged::Io { at, source })?
            .is_empty())
    }

    fn fill(&mut self, out: &mut [u8], what: &str) -> Result<(), Damaged> {
        let begins = self.at;
        let mut have = 0;
        while have < out.len() {
            match self.from.read(&mut out[have..]) {
                Ok(0) => return Err(cut(begins, what, have)),
                Ok(more) => have += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => {
                    let at = begins + have as u64;
                    return Err(Damaged::Io { at, source });
                }
            }
        }
        self.at += have as u64;
        Ok(())
    }

    fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N], Damaged> {
        let mut bytes = [0; N];
        self.fill(&mut bytes, what)?;
        Ok(bytes)
    }

    fn into(&mut self, room: &mut Vec<u8>, len: u32, what: &str) -> Result<(), Damaged> {
        room.clear();
        room.resize(len as usize, 0);
        self.fill(room, what)
    }

    /// Passes over what nobody wants to see.
    fn skip(&mut self, len: u64, what: &str) -> Result<(), Damaged> {
        let begins = self.at;
        let passed = io::copy(&mut self.from.by_ref().take(len), &mut io::sink());
        let passed = passed.map_err(|source| Damaged::Io { at: begins, source })?;
        if passed < len {
            return Err(cut(begins, what, passed as usize));
        }
        self.at += len;
        Ok(())
    }

    fn pcap(&mut self, big: bool, nanos: bool) -> Result<Pcap, Damaged> {
        let rest: [u8; 20] =
            self.array("the 20 bytes of a pcap file's header behind its magic number")?;
        let snap = number(&rest, 12, big);
        Ok(Pcap {
            big,
            nanos,
            // The upper half may tell of a frame check sequence.
            link: number(&rest, 16, big) & 0xffff,
            most: snap.clamp(SNAP_USUAL, FRAME_MOST),
        })
    }

    fn pcap_packet(&mut self, of: &Pcap, room: &mut Vec<u8>) -> Result<Option<Head>, Damaged> {
        if self.is_at_end()? {
            return Ok(None);
        }
        let begins = self.at;
        let head: [u8; 16] = self.array("the 16 bytes before a packet")?;
        let [seconds, parts, kept, len] = [0, 4, 8, 12].map(|at| number(&head, at, of.big));
        if kept > of.most {
            return Err(Damaged::Form {
                at: begins + 8,
                expected: format!("a length of at most {} bytes", of.most),
                found: format!("{kept}"),
            });
        }
        self.into(room, kept, &format!("a packet of {kept} bytes"))?;
        let parts = u64::from(parts) * if of.nanos { 1 } else { 1_000 };
        Ok(Some(Head {
            at: u64::from(seconds) * 1_000_000_000 + parts,
            link: of.link,
            len: len.max(kept),
        }))
    }

    /// The rest of a section header, behind its type.
    fn section(&mut self, section: &mut Section) -> Result<(), Damaged> {
        let begins = self.at.saturating_sub(4);
        let head: [u8; 8] = self.array("the length and byte order of a section")?;
        let big = match head {
            [_, _, _, _, 0x1a, 0x2b, 0x3c, 0x4d] => true,
            [_, _, _, _, 0x4d, 0x3c, 0x2b, 0x1a] => false,
            [.., a, b, c, d] => {
                return Err(Damaged::Form {
                    at: begins + 8,
                    expected: "a section's byte order, 1a2b3c4d either way round".into(),
                    found: format!("{a:02x}{b:02x}{c:02x}{d:02x}"),
                });
            }
        };
        let len = number(&head, 0, big);
        checked(begins, len, 28)?;
        self.skip(u64::from(len) - 16, "the rest of a section's header")?;
        self.closes(begins, len, big)?;
        section.big = big;
        section.interfaces.clear();
        Ok(())
    }

    /// The length again, at a block's end.
    fn closes(&mut self, begins: u64, len: u32, big: bool) -> Result<(), Damaged> {
        let at = self.at;
        let last: [u8; 4] = self.array("a block's length, again at its end")?;
        let again = number(&last, 0, big);
        if again == len {
            return Ok(());
        }
        Err(Damaged::Form {
            at,
            expected: format!("the length of the block from byte {begins} on again, {len}"),
            found: again.to_string(),
        })
    }

    fn pcapng_packet(
        &mut self,
        section: &mut Section,
        room: &mut Vec<u8>,
    ) -> Result<Option<Head>, Damaged> {
        loop {
            if self.is_at_end()? {
                return Ok(None);
            }
            let begins = self.at;
            let kind: [u8; 4] = self.array("a block's type")?;
            if kind == [0x0a, 0x0d, 0x0d, 0x0a] {
                self.section(section)?;
                continue;
            }
            let big = section.big;
            let len: [u8; 4] = self.array("a block's length")?;
            let len = number(&len, 0, big);
            checked(begins, len, 12)?;
            let body = len - 12;
            let kind = number(&kind, 0, big);
            let what = format!("a block of {len} bytes");
            if !matches!(kind, INTERFACE | PACKET | SIMPLE | ENHANCED) {
                self.skip(u64::from(body), &what)?;
                self.closes(begins, len, big)?;
                continue;
            }
            if len > BLOCK_MOST {
                return Err(Damaged::Form {
                    at: begins + 4,
                    expected: format!("a block of at most {BLOCK_MOST} bytes"),
                    found: format!("{len}"),
                });
            }
            self.into(room, body, &what)?;
            self.closes(begins, len, big)?;
            if kind == INTERFACE {
                section.describe(begins, room)?;
                continue;
            }
            return section.packet(begins, kind, room).map(Some);
        }
    }
}

impl Section {
    fn describe(&mut self, begins: u64, body: &[u8]) -> Result<(), Damaged> {
        if body.len() < 8 || self.interfaces.len() >= INTERFACES_MOST {
            return Err(Damaged::Form {
                at: begins,
                expected: format!("an interface of 20 bytes or more, of {INTERFACES_MOST}"),
                found: format!(
                    "{} bytes, number {}",
                    body.len() + 12,
                    self.interfaces.len()
                ),
            });
        }
        let [b0, b1] = [body[0], body[1]];
        let link = if self.big { [b0, b1] } else { [b1, b0] };
        let mut interface = Interface {
            link: u32::from(u16::from_be_bytes(link)),
            snap: number(body, 4, self.big),
            resolution: 6,
            offset: 0,
        };
        let mut rest = &body[8..];
        while let [c0, c1, l0, l1, after @ ..] = rest {
            let word = |bytes: [u8; 2]| match self.big {
                true => u16::from_be_bytes(bytes),
                false => u16::from_le_bytes(bytes),
            };
            let (code, len) = (word([*c0, *c1]), usize::from(word([*l0, *l1])));
            let Some(value) = after.get(..len).filter(|_| code != 0) else {
                break;
            };
            match (code, value) {
                (IF_TSRESOL, [resolution]) => interface.resolution = *resolution,
                (IF_TSOFFSET, value) if value.len() == 8 => {
                    let [first, second] = [0, 4].map(|at| u64::from(number(value, at, self.big)));
                    let (high, low) = match self.big {
                        true => (first, second),
                        false => (second, first),
                    };
                    interface.offset = (high << 32 | low) as i64;
                }
                _ => {}
            }
            rest = after.get(len.next_multiple_of(4)..).unwrap_or_default();
        }
        self.interfaces.push(interface);
        Ok(())
    }

    /// A packet's block; its body becomes what was kept of the packet.
    fn packet(&self, begins: u64, kind: u32, body: &mut Vec<u8>) -> Result<Head, Damaged> {
        let short = |expected: String, found: String| Damaged::Form {
            at: begins,
            expected,
            found,
        };
        let head = if kind == SIMPLE { 4 } else { 20 };
        if body.len() < head {
            let found = format!("{} bytes", body.len() + 12);
            return Err(short(
                format!("a packet's block of {} bytes", head + 12),
                found,
            ));
        }
        let id = match kind {
            SIMPLE => 0,
            PACKET => number(body, 0, self.big) >> if self.big { 16 } else { 0 } & 0xffff,
            _ => number(body, 0, self.big),
        };
        let Some(interface) = self.interfaces.get(id as usize) else {
            let known = self.interfaces.len();
            let found = format!("number {id}");
            return Err(short(
                format!("one of the {known} interfaces described"),
                found,
            ));
        };
        let (at, kept, len) = if kind == SIMPLE {
            let len = number(body, 0, self.big);
            let most = if interface.snap == 0 {
                u32::MAX
            } else {
                interface.snap
            };
            (0, len.min(most), len)
        } else {
            let [high, low, kept, len] = [4, 8, 12, 16].map(|at| number(body, at, self.big));
            (interface.nanos(high, low), kept, len)
        };
        let room = body.len() - head;
        if kept as usize > room {
            let expected = format!("a packet of at most {room} bytes, as its block has room for");
            return Err(short(expected, format!("{kept}")));
        }
        body.drain(..head);
        body.truncate(kept as usize);
        Ok(Head {
            at,
            link: interface.link,
            len: len.max(kept),
        })
    }
}

impl Interface {
    fn nanos(&self, high: u32, low: u32) -> u64 {
        let units = u128::from(u64::from(high) << 32 | u64::from(low));
        let power = u32::from(self.resolution & 0x7f);
        let nanos = match self.resolution & 0x80 {
            0 => 10u128
                .checked_pow(power)
                .map_or(0, |per| units * 1_000_000_000 / per),
            _ => (units * 1_000_000_000).checked_shr(power).unwrap_or(0),
        };
        let offset = i128::from(self.offset) * 1_000_000_000;
        let nanos = i128::try_from(nanos)
            .unwrap_or(i128::MAX)
            .saturating_add(offset);
        u64::try_from(nanos.max(0)).unwrap_or(u64::MAX)
    }
}

fn number(bytes: &[u8], at: usize, big: bool) -> u32 {
    let four = bytes.get(at..at + 4).and_then(|four| four.try_into().ok());
    match (four, big) {
        (Some(four), true) => u32::from_be_bytes(four),
        (Some(four), false) => u32::from_le_bytes(four),
        (None, _) => 0,
    }
}

/// A block's length: a multiple of four, with room for what every block has.
fn checked(begins: u64, len: u32, least: u32) -> Result<(), Damaged> {
    if len >= least && len.is_multiple_of(4) {
        return Ok(());
    }
    Err(Damaged::Form {
        at: begins + 4,
        expected: format!("a block's length: a multiple of 4, at least {least}"),
        found: len.to_string(),
    })
}

fn cut(at: u64, what: &str, have: usize) -> Damaged {
    Damaged::Form {
        at,
        expected: what.to_owned(),
        found: format!("the end of the file after {have} bytes of it"),
    }
}

const INTERFACE: u32 = 1;
/// Obsolete, and in old files.
const PACKET: u32 = 2;
const SIMPLE: u32 = 3;
const ENHANCED: u32 = 6;
const IF_TSRESOL: u16 = 9;
const IF_TSOFFSET: u16 = 14;
/// What libpcap takes for the longest that anybody keeps; files say less than they hold.
const SNAP_USUAL: u32 = 262_144;
const FRAME_MOST: u32 = 1 << 20;
const BLOCK_MOST: u32 = 2 << 20;
const INTERFACES_MOST: usize = 65_536;

#[cfg(test)]
mod tests;
