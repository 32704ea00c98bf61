//! All connections of a capture, in bounded memory.
//!
//! A capture may hold any number of connections, and each of them any number of stretches that
//! nobody acknowledges. There are so many at most; what goes beyond that is told and counted.

use std::collections::HashMap;
use std::io::BufRead;
use std::net::SocketAddr;

use crate::probe::State;
use crate::wire::Flags;

use super::connection::Connection;
use super::end::{Offered, Sums};
use super::file::{CaptureFile, Damaged, Frame};
use super::link::packet_of;
use super::packet::{Other, Seen, read};
use super::told::{Class, Finding, Level, Reset, Told};

/// Whoever wants to know of each segment.
pub trait Listener {
    /// A segment, and what was said of it.
    fn told(&mut self, of: &Connection, seen: &Seen<'_>, told: &Told);

    /// A frame, and the IP packet in it, before what is said of it.
    fn frame(&mut self, frame: &Frame<'_>, packet: Option<&[u8]>) {
        let _ = (frame, packet);
    }

    /// The file has been read so far, in bytes. Whether to go on.
    fn reached(&mut self, place: u64) -> bool {
        let _ = place;
        true
    }
}

/// Nobody.
impl Listener for () {
    fn told(&mut self, _: &Connection, _: &Seen<'_>, _: &Told) {}
}

/// What a capture holds.
#[derive(Debug, Default)]
pub struct Counts {
    pub frames: u64,
    pub segments: u64,
    /// Packets of other protocols, or of links of another kind.
    pub others: u64,
    pub fragments: u64,
    /// Segments of which too little was kept.
    pub unreadable: u64,
    pub connections: u64,
    /// Connections that were put away for want of room; if they go on they begin anew.
    pub evicted: u64,
    /// Findings beyond those that are kept.
    pub unlisted: u64,
    pub violations: u64,
    pub doubts: u64,
    /// Segments by what they were taken for.
    pub classes: HashMap<Class, u64>,
}

/// One end of a connection, as it was at last.
#[derive(Debug, Clone, Copy)]
pub struct EndSummary {
    pub addr: SocketAddr,
    pub state: State,
    pub offered: Option<Offered>,
    pub sums: Sums,
    /// Nanoseconds; 0 without a sample.
    pub smoothed: u64,
    pub timeout: u64,
    pub samples: u64,
    pub away: Option<u64>,
}

/// A connection, as it was at last.
#[derive(Debug, Clone)]
pub struct Summary {
    pub stream: u64,
    /// Frames and times.
    pub first: (u64, u64),
    pub last: (u64, u64),
    pub ends: [EndSummary; 2],
    pub closer: Option<usize>,
    pub reset: Option<(usize, Reset)>,
    pub lacks: bool,
    pub has_handshake: bool,
}

/// A capture, explained.
#[derive(Debug, Default)]
pub struct Shadow {
    pub counts: Counts,
    /// In the order of their frames.
    pub findings: Vec<Finding>,
    /// In the order in which they were over, until `finish` sorts them.
    pub summaries: Vec<Summary>,
    only: Option<u64>,
    live: HashMap<(SocketAddr, SocketAddr), Box<Connection>>,
}

impl Shadow {
    /// Of all connections, or of one.
    pub fn new(only: Option<u64>) -> Shadow {
        Shadow {
            only,
            ..Shadow::default()
        }
    }

    /// Reads a capture to its end, or to where it is damaged. Whether it was read to its end and
    /// nobody stopped it.
    ///
    /// # Errors
    ///
    /// [`Damaged`]; all before it counts.
    pub fn read<R: BufRead>(
        &mut self,
        file: &mut CaptureFile<R>,
        listener: &mut impl Listener,
    ) -> Result<bool, Damaged> {
        let read = loop {
            let place = file.place();
            match file.next_frame() {
                Ok(Some(frame)) => {
                    self.counts.frames += 1;
                    let packet = packet_of(frame.link, frame.bytes);
                    listener.frame(&frame, packet);
                    match packet.map(|packet| read(frame.number, frame.at, packet)) {
                        Some(Ok(seen)) => self.take(&seen, listener),
                        Some(Err(Other::Fragment)) => self.counts.fragments += 1,
                        Some(Err(Other::Unreadable)) => self.counts.unreadable += 1,
                        Some(Err(Other::NoTcp)) | None => self.counts.others += 1,
                    }
                }
                Ok(None) => break Ok(true),
                Err(error) => break Err(error),
            }
            if self.counts.frames.is_multiple_of(TELL_EVERY) && !listener.reached(place) {
                break Ok(false);
            }
        };
        self.finish();
        read
    }

    /// One segment.
    pub fn take(&mut self, seen: &Seen<'_>, listener: &mut impl Listener) {
        self.counts.segments += 1;
        let key = (seen.src.min(seen.dst), seen.src.max(seen.dst));
        let is_syn = seen.flags.has(Flags::SYN) && seen.ack.is_none();
        if is_syn
            && self
                .live
                .get(&key)
                .is_some_and(|known| known.is_another(seen))
        {
            self.put_away(&key);
        }
        if !self.live.contains_key(&key) {
            self.make_room();
            let connection = Connection::new(self.counts.connections, seen);
            self.counts.connections += 1;
            self.live.insert(key, Box::new(connection));
        }
        let most = (STRETCHES_MOST / (2 * self.live.len())).clamp(64, 8_192);
        let Some(connection) = self.live.get_mut(&key) else {
            return;
        };
        let told = connection.take(seen, most);
        if self.only.is_some_and(|only| only != connection.stream) {
            return;
        }
        *self.counts.classes.entry(told.class).or_default() += 1;
        listener.told(connection, seen, &told);
        for finding in told.findings {
            match finding.level {
                Level::Violation => self.counts.violations += 1,
                Level::Doubt => self.counts.doubts += 1,
                Level::Note => {}
            }
            if self.findings.len() < FINDINGS_MOST {
                self.findings.push(finding);
            } else {
                self.counts.unlisted += 1;
            }
        }
    }

    /// Nothing comes any more.
    fn finish(&mut self) {
        let keys: Vec<_> = self.live.keys().copied().collect();
        keys.iter().for_each(|key| self.put_away(key));
        self.summaries.sort_by_key(|summary| summary.stream);
    }

    /// Puts away those that said nothing for longest, a quarter at once.
    fn make_room(&mut self) {
        if self.live.len() < CONNECTIONS_MOST {
            return;
        }
        let mut by_age: Vec<_> = self.live.iter().map(|(key, c)| (c.last.0, *key)).collect();
        by_age.sort_unstable_by_key(|(last, _)| *last);
        for (_, key) in by_age.iter().take(CONNECTIONS_MOST / 4) {
            self.put_away(key);
            self.counts.evicted += 1;
        }
    }

    fn put_away(&mut self, key: &(SocketAddr, SocketAddr)) {
        let Some(connection) = self.live.remove(key) else {
            return;
        };
        let is_wanted = self.only.is_none_or(|only| only == connection.stream);
        if is_wanted && self.summaries.len() < SUMMARIES_MOST {
            self.summaries.push(Summary::of(&connection));
        }
    }
}

impl Summary {
    fn of(connection: &Connection) -> Summary {
        let ends = [0, 1].map(|end| {
            let end = &connection.ends[end];
            EndSummary {
                addr: end.addr,
                state: end.state,
                offered: end.offered,
                sums: end.sums,
                smoothed: end.rtt.smoothed(),
                timeout: end.rtt.timeout(),
                samples: end.rtt.samples(),
                away: end.away,
            }
        });
        Summary {
            stream: connection.stream,
            first: connection.first,
            last: connection.last,
            ends,
            closer: connection.closer,
            reset: connection.reset,
            lacks: connection.lacks,
            has_handshake: connection.has_handshake(),
        }
    }

    /// Where it was captured, by how long answers took.
    pub fn vantage(&self) -> Vantage {
        match self.ends.map(|end| end.away) {
            [Some(a), Some(b)] if a.max(b) < SAME_PLACE => Vantage::Both,
            [Some(a), Some(b)] if a <= b / 4 => Vantage::At(0),
            [Some(a), Some(b)] if b <= a / 4 => Vantage::At(1),
            [Some(_), Some(_)] => Vantage::Between,
            _ => Vantage::Unknown,
        }
    }
}

/// Where a capture was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vantage {
    /// Near one end.
    At(usize),
    /// On the machine, or in the room, that both are in.
    Both,
    Between,
    /// The handshake does not tell.
    Unknown,
}

const CONNECTIONS_MOST: usize = 4_096;
/// Shared by all connections.
const STRETCHES_MOST: usize = 1 << 19;
const FINDINGS_MOST: usize = 10_000;
const SUMMARIES_MOST: usize = 10_000;
const TELL_EVERY: u64 = 4_096;
/// Nanoseconds.
const SAME_PLACE: u64 = 100_000;

#[cfg(test)]
mod tests;
