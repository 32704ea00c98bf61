//! The writing half of a capture: comments are made, frames numbered, and the file written.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::base::{Instant, InterfaceId};
use crate::observe::comments::Comments;
use crate::observe::events::{self, Heard, HostIndex};
use crate::observe::frames::{Frame, Frames, Part};
use crate::observe::on_link::OnLink;
use crate::observe::packet::Seen;
use crate::observe::pcapng::{Packet, Store, Writer};
use crate::observe::queue::Queue;
use crate::probe::Snapshot;

use super::keep::{Keep, Kept};
use super::rich::Rich;
use super::{Files, Settings};

/// A packet, ready to be written.
#[derive(Debug)]
pub(super) struct Record {
    /// Its record, as yet without a number.
    pub frame: Frame,
    /// Where it crossed.
    pub interface: InterfaceId,
    /// What the connection knew afterwards.
    pub variables: Option<Snapshot>,
    /// The packet.
    pub copy: Kept,
    /// How many packets before it found no room.
    pub missing_before: u64,
}

/// What goes from whoever watches to whoever writes.
#[derive(Debug)]
pub(super) enum Entry {
    Packet(Box<Record>),
    /// Of the host whose packets these are; with how many before it found no room.
    Told(Box<Heard>, u64),
    /// Of another host.
    ToldBy(HostIndex, Box<Heard>),
    OnLink(Box<OnLink>),
}

/// What became of the packets of a capture.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// Packets in the file.
    pub packets: u64,
    /// How many of these, if nothing has stopped it, are parts of a super-segment that was split,
    /// behind its first.
    pub further: u64,
    /// The file's length, in bytes.
    pub bytes: u64,
    /// Packets that came faster than they could be written.
    pub dropped: u64,
    /// Packets that came after the file could take no more.
    pub lost: u64,
    /// Why the file could take no more.
    pub stopped: Option<String>,
    /// What stands in the file of events, if there is one.
    pub events: Option<events::Stats>,
    /// Why that could take no more.
    pub events_stopped: Option<String>,
    /// The length of the file with rows between packets, if there is one, in bytes.
    pub rich: Option<u64>,
}

/// The writing half.
pub(super) struct Output {
    /// `None` once the file can take no more, or need not.
    writer: Option<Writer<Box<dyn Store>>>,
    /// Likewise; there may be none.
    events: Option<events::Lines<Box<dyn Store>>>,
    rich: Option<Rich>,
    frames: Frames,
    comments: Comments,
    keep: Keep,
    epoch: u64,
    latest: Instant,
    stats: Stats,
}

impl Output {
    pub fn begin(files: Files, frames: Frames, settings: Settings) -> io::Result<Output> {
        let Files {
            packets: store,
            events,
            rich,
        } = files;
        let keep = Keep::of(&settings);
        let rich = rich.map(|(store, about)| Rich::begin(store, about, &settings));
        let rich = rich.transpose()?;
        let Settings {
            epoch,
            section,
            interfaces,
            names,
            comments,
            snap,
            split: _,
            secrets,
            overflow: _,
            frames: _,
        } = settings;
        let mut writer = Writer::new(store, &section, &interfaces, snap, &names)?;
        if secrets {
            writer.expect_secrets()?;
        }
        Ok(Output {
            writer: Some(writer),
            events: events
                .map(|(to, about)| events::Lines::begin(to, about))
                .transpose()?,
            rich,
            frames,
            comments,
            keep,
            epoch,
            latest: Instant::BIRTH,
            stats: Stats::default(),
        })
    }

    pub fn write(&mut self, entry: Entry) {
        match entry {
            Entry::Packet(record) => self.write_packet(*record),
            Entry::Told(heard, missing) => {
                let frames = self.frames.clone();
                self.enrich(|rich| rich.hear(&heard, &frames, missing));
                self.write_event(|events, frames| {
                    events.hear(HostIndex::default(), *heard, frames, missing)
                });
            }
            Entry::ToldBy(of, heard) => {
                self.write_event(|events, frames| events.hear(of, *heard, frames, 0));
            }
            Entry::OnLink(what) => self.write_event(|events, _| events.link(&what)),
        }
    }

    fn write_event(
        &mut self,
        write: impl FnOnce(&mut events::Lines<Box<dyn Store>>, &Frames) -> io::Result<()>,
    ) {
        if let Some(events) = &mut self.events
            && let Err(error) = write(events, &self.frames)
        {
            self.stop_events(&error);
        }
    }

    fn write_packet(&mut self, record: Record) {
        if self.writer.is_none() {
            self.stats.lost += 1;
            return;
        }
        let Record {
            mut frame,
            interface,
            variables,
            copy,
            missing_before,
        } = record;
        // Threads that share a stack read the clock before they wait for it, so one may bring an
        // earlier time than the one before; in the file time does not go back.
        frame.at = frame.at.max(self.latest);
        self.latest = frame.at;
        let parts = self.keep.parts(copy, frame.offload);
        // A packet of 65,535 bytes has no more.
        let of = parts.len() as u16;
        for (number, kept) in (1..=of).zip(parts) {
            let part = Part { number, of };
            let missing_before = if number == 1 { missing_before } else { 0 };
            let (frame, variables) = (frame.as_part(part), variables.as_ref());
            self.write_one(frame, interface, variables, &kept, missing_before);
            self.stats.further += u64::from(number > 1);
        }
        self.enrich(Rich::release);
    }

    /// A secret of TLS, as a line of a key log.
    pub fn secret(&mut self, line: &str) {
        let Some(writer) = &mut self.writer else {
            return;
        };
        let given = writer.packets();
        if let Err(error) = writer.secret(line) {
            self.stop(given, &error);
        }
    }

    /// Does something to the file with rows. Once it can take no more, it need not.
    fn enrich(&mut self, with: impl FnOnce(&mut Rich) -> io::Result<()>) {
        let Some(rich) = &mut self.rich else {
            return;
        };
        let written = with(rich);
        self.stats.rich = Some(rich.len());
        if let Err(error) = written {
            self.rich = None;
            log::warn!(
                target: "pellucid::capture",
                "the capture with rows of events stops, everything else goes on: {error}",
            );
        }
    }

    fn write_one(
        &mut self,
        mut frame: Frame,
        interface: InterfaceId,
        variables: Option<&Snapshot>,
        Kept { bytes, len }: &Kept,
        missing_before: u64,
    ) {
        // It may have stopped at the part before.
        let Some(writer) = &mut self.writer else {
            return;
        };
        frame.number = writer.packets() + 1;
        frame.segment = Seen::of(bytes, len - bytes.len()).and_then(|seen| seen.segment);
        frame.len = u32::try_from(*len).unwrap_or(u32::MAX);
        let comments = self.comments.on(&frame, variables);
        let packet = Packet {
            at: self.epoch.saturating_add(frame.at.as_nanos()),
            interface,
            direction: frame.what.direction(),
            id: frame.id.0.get(),
            bytes,
            len: *len,
            comments: &comments,
            missing_before,
        };
        let written = writer.packet(&packet);
        self.frames.add(frame);
        self.enrich(|rich| rich.packet(&packet));
        if let Err(error) = written {
            self.stop(frame.number, &error);
        }
    }

    pub fn flush(&mut self) {
        self.enrich(Rich::flush);
        if let Some(writer) = &mut self.writer {
            let given = writer.packets();
            if let Err(error) = writer.flush() {
                self.stop(given, &error);
            }
        }
        if let Some(events) = &mut self.events
            && let Err(error) = events.flush()
        {
            self.stop_events(&error);
        }
    }

    /// The file of events can take no more. A line that is half written is the last.
    fn stop_events(&mut self, error: &io::Error) {
        let Some(events) = self.events.take() else {
            return;
        };
        let stats = events.stats();
        log::warn!(
            target: "pellucid::capture",
            "the events stop after {} lines, everything else goes on: {error}",
            stats.lines,
        );
        self.stats.events = Some(stats);
        self.stats.events_stopped = Some(error.to_string());
    }

    /// The file can take no more; of the `given` packets some may be in it.
    fn stop(&mut self, given: u64, error: &io::Error) {
        let Some(writer) = self.writer.take() else {
            return;
        };
        self.stats.packets = writer.packets();
        self.stats.bytes = writer.len();
        self.stats.lost += given.saturating_sub(writer.packets());
        self.stats.stopped = Some(error.to_string());
        self.frames.cut(writer.packets());
        log::warn!(
            target: "pellucid::capture",
            "the capture stops after {} packets, everything else goes on: {error}",
            writer.packets(),
        );
    }

    pub fn close(&mut self) {
        self.enrich(Rich::release);
        self.flush();
        self.rich = None;
        if let Some(events) = self.events.take() {
            self.stats.events = Some(events.stats());
        }
        if let Some(writer) = self.writer.take() {
            self.stats.packets = writer.packets();
            self.stats.bytes = writer.len();
        }
    }

    pub fn stats(&self) -> Stats {
        match &self.writer {
            Some(writer) => Stats {
                packets: writer.packets(),
                bytes: writer.len(),
                ..self.stats.clone()
            },
            None => self.stats.clone(),
        }
    }
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Output({:?})", self.stats())
    }
}

/// The thread that writes: everything that came, then a flush, so that the file is whole whenever
/// nothing waits.
pub(super) fn write_all(queue: &Queue<Entry>, output: &Mutex<Output>) {
    let _gone = Abandoned(queue);
    while let Some(records) = queue.take() {
        let mut output = lock(output);
        for (entry, _) in records {
            output.write(entry);
        }
        output.flush();
    }
}

/// If the thread dies, nobody may wait for it.
struct Abandoned<'a>(&'a Queue<Entry>);

impl Drop for Abandoned<'_> {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

pub(super) fn lock(output: &Mutex<Output>) -> MutexGuard<'_, Output> {
    output.lock().unwrap_or_else(PoisonError::into_inner)
}
