//! A second file of the same packets, with a row for everything that was told between them.
//!
//! A packet that came in is written when its ending is told, and what followed from it was told
//! before that; here it stands behind it, since nobody looks for an effect before its cause.

use std::io;

use crate::observe::events::{self, About, Heard, HostIndex};
use crate::observe::frames::Frames;
use crate::observe::line;
use crate::observe::pcapng::{Packet, Row, Store, Writer};
use crate::observe::words;
use crate::probe::{Event, EventId};

use super::Settings;

/// Writes the file.
pub(super) struct Rich {
    writer: Writer<Box<dyn Store>>,
    /// What an event is in JSON, and in words.
    objects: events::Lines<io::Sink>,
    words: line::Lines,
    /// The packet that came in and is not written yet, and what followed from it.
    held: Option<EventId>,
    waiting: Vec<Row>,
    epoch: u64,
    latest: u64,
}

impl Rich {
    pub fn begin(store: Box<dyn Store>, about: About, settings: &Settings) -> io::Result<Rich> {
        let Settings {
            epoch,
            section,
            interfaces,
            snap,
            names,
            ..
        } = settings;
        Ok(Rich {
            writer: Writer::with_rows(store, section, interfaces, *snap, names)?,
            objects: events::Lines::begin(io::sink(), about)?,
            words: line::Lines::new(),
            held: None,
            waiting: Vec::new(),
            epoch: *epoch,
            latest: 0,
        })
    }

    /// Hears an event: a packet stands in the file as such, everything else gets a row.
    pub fn hear(&mut self, heard: &Heard, frames: &Frames, missing: u64) -> io::Result<()> {
        if heard.cause.is_none() {
            // The packet before this had no ending, or its frame found no room.
            self.release()?;
        }
        self.objects
            .hear(HostIndex::default(), heard.clone(), frames, missing)?;
        let lines = self.objects.take();
        let (words, between) = self.words.fact(&heard.told());
        match heard.event {
            Event::PacketIn { .. } => {
                self.held = Some(heard.id);
                return Ok(());
            }
            Event::PacketOut { .. } | Event::Ticked => return Ok(()),
            ref event if event.is_ending() => return Ok(()),
            _ => {}
        }
        let id = heard.id.0.get();
        // A tick may stand before it, and figures without a number behind it.
        let begin = format!("{{\"id\":{id},");
        let mut lines = lines.split(|byte| *byte == b'\n');
        let Some(json) = lines.find(|line| line.starts_with(begin.as_bytes())) else {
            return Ok(());
        };
        let row = Row {
            at: self.epoch.saturating_add(heard.at.as_nanos()),
            id,
            between,
            json: String::from_utf8_lossy(json).into_owned(),
            comments: vec![format!("event: {words}"), facts(heard)],
            words,
        };
        if self.held.is_some() {
            self.waiting.push(row);
            return Ok(());
        }
        self.row(row)
    }

    /// Adds a packet, or a part of one.
    pub fn packet(&mut self, packet: &Packet<'_>) -> io::Result<()> {
        self.latest = self.latest.max(packet.at);
        self.writer.packet(packet)
    }

    /// Adds what waited for a packet.
    pub fn release(&mut self) -> io::Result<()> {
        self.held = None;
        for row in std::mem::take(&mut self.waiting) {
            self.row(row)?;
        }
        Ok(())
    }

    fn row(&mut self, mut row: Row) -> io::Result<()> {
        self.latest = self.latest.max(row.at);
        row.at = self.latest;
        self.writer.row(&row)
    }

    pub fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    /// The file's length, in bytes.
    pub fn len(&self) -> u64 {
        self.writer.len()
    }
}

/// What a program may want to know of a row, as of a packet.
fn facts(heard: &Heard) -> String {
    let id = heard.id.0;
    let cause = heard.cause.map(|cause| format!(",\"cause\":{}", cause.0));
    let rfc = words::cite(&heard.event).map(|by| format!(",\"rfc\":\"{}\"", words::clause(by)));
    let (cause, rfc) = (cause.unwrap_or_default(), rfc.unwrap_or_default());
    format!("pellucid {{\"id\":{id}{cause}{rfc}}}")
}
