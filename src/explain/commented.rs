//! The packets of a capture once more, as our own captures have them: whole IP packets without
//! their frames, and with a comment on what is out of the ordinary.
//!
//! Every frame stands in it, those that carry no IP too, empty, so that the numbers are the same as
//! in the file that is explained; of a large file the first ones.

use std::io;

use crate::base::InterfaceId;
use crate::observe::Memory;
use crate::observe::pcapng::{Direction, Interface, Packet, Section, Writer};

use super::file::Frame;

/// A capture that is being written, in memory.
#[derive(Debug)]
pub struct Commented {
    writer: Writer<Memory>,
    held: Memory,
    pending: Option<Pending>,
}

/// The last frame: what is said of it is still to come.
#[derive(Debug)]
struct Pending {
    at: u64,
    bytes: Vec<u8>,
    len: usize,
    direction: Direction,
    id: u64,
    comments: Vec<String>,
}

impl Commented {
    /// Nothing yet. `name` is that of the file that is explained.
    ///
    /// # Errors
    ///
    /// None: memory takes all.
    pub fn new(name: &str) -> io::Result<Commented> {
        let held = Memory::default();
        let section = Section::here(&format!("inferred from {name}"));
        let interface = Interface {
            name: "inferred".into(),
            ..Interface::default()
        };
        Ok(Commented {
            writer: Writer::new(held.clone(), &section, &[interface], Some(KEPT as u32), &[])?,
            held,
            pending: None,
        })
    }

    /// The next frame, and the IP packet in it.
    pub fn frame(&mut self, frame: &Frame<'_>, packet: Option<&[u8]>) {
        self.put();
        if frame.number > FRAMES_MOST {
            return;
        }
        let packet = packet.unwrap_or_default();
        let around = frame.bytes.len() - packet.len();
        self.pending = Some(Pending {
            at: frame.at,
            bytes: packet[..packet.len().min(KEPT)].to_vec(),
            len: (frame.len as usize)
                .saturating_sub(around)
                .max(packet.len()),
            direction: Direction::In,
            id: frame.number,
            comments: Vec::new(),
        });
    }

    /// What the last frame is: the opener's or not, and what is said of it.
    pub fn said(&mut self, is_openers: bool, id: u64, comments: Vec<String>) {
        if let Some(pending) = &mut self.pending {
            pending.id = id;
            pending.comments = comments;
            if is_openers {
                pending.direction = Direction::Out;
            }
        }
    }

    /// The file.
    pub fn finish(mut self) -> Vec<u8> {
        self.put();
        // Memory takes all.
        let _ = self.writer.flush();
        self.held.take()
    }

    fn put(&mut self) {
        let Some(pending) = self.pending.take() else {
            return;
        };
        // Memory takes all.
        let _ = self.writer.packet(&Packet {
            at: pending.at,
            interface: InterfaceId(0),
            direction: pending.direction,
            id: pending.id,
            bytes: &pending.bytes,
            len: pending.len,
            comments: &pending.comments,
            missing_before: 0,
        });
    }
}

/// As much of each packet as a page shows.
const KEPT: usize = 192;
const FRAMES_MOST: u64 = 20_000;
