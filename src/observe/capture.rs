//! Packets as they crossed the interface, each with what the stack thought of it.
//!
//! A packet that leaves is told with its reason and is recorded at once. One that comes in is held
//! until its ending is told, which happens before the call that brought it returns, and recorded
//! with that; so frames stand in the order of time. On the way of a packet nothing happens but a
//! copy: comments are made and files written by a thread behind a bounded queue. A full disk stops
//! the capture with one warning and leaves the file whole; the stack never notices. What is told
//! beside packets goes the same way, if it is wanted, so that it can say which frame is meant.

use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use crate::base::{Instant, InterfaceId, Offload, Pieces};
use crate::probe::{Event, EventId, Observer, Snapshot, Told, Variables};

use super::comments::Comments;
use super::events::{About, Heard};
use super::frames::{Belongs, FRAMES_MAX, Frame, Frames, What};
use super::packet::Seen;
use super::pcapng::{Interface, Section, Store};
use super::queue::{Bounds, Overflow, Queue};
use super::words;

mod elsewhere;
mod keep;
mod output;
mod rich;

use keep::{Keep, Kept};
use output::{Entry, Output, Record, lock, write_all};

pub use elsewhere::{Elsewhere, Links};
pub use output::Stats;

/// How to capture. The default keeps whole packets with all comments.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The stack's birth, in nanoseconds since 1970.
    pub epoch: u64,
    /// What the file says of itself.
    pub section: Section,
    /// What it says of the interfaces, by their numbers.
    pub interfaces: Vec<Interface>,
    /// Addresses, and what to call them.
    pub names: Vec<(IpAddr, String)>,
    /// Which packets get comments.
    pub comments: Comments,
    /// The most that is kept of a packet, in bytes; `None`: all of it.
    pub snap: Option<u32>,
    /// Whether a super-segment is written as the packets that it stands for, as a wire would have
    /// them, instead of as it was sent or received.
    pub split: bool,
    /// Whether secrets of TLS go into the file: see [`CaptureHandle::secrets`].
    pub secrets: bool,
    /// What to do if packets come faster than they can be written.
    pub overflow: Overflow,
    /// Of how many frames a record is kept.
    pub frames: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            epoch: 0,
            section: Section::here(""),
            interfaces: vec![Interface::default()],
            names: Vec::new(),
            comments: Comments::default(),
            snap: None,
            split: false,
            secrets: false,
            overflow: Overflow::default(),
            frames: FRAMES_MAX,
        }
    }
}

/// Where a capture is written to.
pub struct Files {
    /// The packets.
    pub packets: Box<dyn Store>,
    /// All that is told, as JSON lines.
    pub events: Option<(Box<dyn Store>, About)>,
    /// The packets, with a row for what is told between them.
    pub rich: Option<(Box<dyn Store>, About)>,
}

impl Files {
    /// Only the packets.
    pub fn new(packets: impl Store + 'static) -> Files {
        Files {
            packets: Box::new(packets),
            events: None,
            rich: None,
        }
    }

    fn told(&self) -> Option<Telling> {
        (self.events.is_some() || self.rich.is_some()).then(Telling::default)
    }
}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (events, rich) = (self.events.is_some(), self.rich.is_some());
        write!(f, "Files(events: {events}, rich: {rich})")
    }
}

/// The observer; it captures one stack.
#[derive(Debug)]
pub struct Capture {
    frames: Frames,
    to: To,
    held: Option<Held>,
    keep: Keep,
    /// Packets that found no room since the last that did.
    missing: u64,
    /// What is told is recorded too.
    told: Option<Telling>,
}

/// What it takes to record what is told.
#[derive(Debug, Default)]
struct Telling {
    /// The packet that came in last: its ending is told without it.
    came: Option<(EventId, Seen, usize)>,
    /// Events that found no room since the last that did.
    missing: u64,
}

/// Where records go.
#[derive(Debug)]
enum To {
    Queue(Arc<Queue<Entry>>),
    Here(Arc<Mutex<Output>>),
}

/// A packet that came in and whose ending is not told yet.
#[derive(Debug)]
struct Held {
    id: EventId,
    interface: InterfaceId,
    at: Instant,
    copy: Kept,
    offload: Offload,
}

impl Capture {
    /// Begins a capture whose file is written by a thread of its own.
    ///
    /// # Errors
    ///
    /// What writing the file's beginning says, and starting a thread.
    pub fn start(
        store: impl Store + 'static,
        settings: Settings,
    ) -> io::Result<(Capture, CaptureHandle)> {
        Capture::start_with(store, None, settings)
    }

    /// The same; all that is told goes to `events`, by the same way and in the same order.
    ///
    /// # Errors
    ///
    /// What writing the files' beginnings says, and starting a thread.
    pub fn start_with(
        store: impl Store + 'static,
        events: Option<(Box<dyn Store>, About)>,
        settings: Settings,
    ) -> io::Result<(Capture, CaptureHandle)> {
        let files = Files {
            events,
            ..Files::new(store)
        };
        Capture::start_files(files, settings)
    }

    /// The same for as many files as are wanted.
    ///
    /// # Errors
    ///
    /// What writing the files' beginnings says, and starting a thread.
    pub fn start_files(files: Files, settings: Settings) -> io::Result<(Capture, CaptureHandle)> {
        let told = files.told();
        let queue = Arc::new(Queue::new(bounds(told.is_some()), settings.overflow));
        let (frames, keep) = (Frames::new(settings.frames), Keep::of(&settings));
        let output = Output::begin(files, frames.clone(), settings)?;
        let output = Arc::new(Mutex::new(output));
        let ends = (Arc::clone(&queue), Arc::clone(&output));
        let thread = thread::Builder::new()
            .name("pellucid-capture".into())
            .spawn(move || write_all(&ends.0, &ends.1))?;
        let handle = CaptureHandle {
            frames: frames.clone(),
            output,
            behind: Some((Arc::clone(&queue), thread)),
        };
        Ok((Capture::to(To::Queue(queue), frames, keep, told), handle))
    }

    /// Begins a capture that writes at once, on the thread that tells: for tests, and where time
    /// does not count.
    ///
    /// # Errors
    ///
    /// What writing the file's beginning says.
    pub fn at_once(
        store: impl Store + 'static,
        settings: Settings,
    ) -> io::Result<(Capture, CaptureHandle)> {
        Capture::at_once_with(store, None, settings)
    }

    /// The same with events: see [`Capture::start_with`].
    ///
    /// # Errors
    ///
    /// What writing the files' beginnings says.
    pub fn at_once_with(
        store: impl Store + 'static,
        events: Option<(Box<dyn Store>, About)>,
        settings: Settings,
    ) -> io::Result<(Capture, CaptureHandle)> {
        let files = Files {
            events,
            ..Files::new(store)
        };
        Capture::at_once_files(files, settings)
    }

    /// The same for as many files as are wanted.
    ///
    /// # Errors
    ///
    /// What writing the files' beginnings says.
    pub fn at_once_files(files: Files, settings: Settings) -> io::Result<(Capture, CaptureHandle)> {
        let told = files.told();
        let (frames, keep) = (Frames::new(settings.frames), Keep::of(&settings));
        let output = Output::begin(files, frames.clone(), settings)?;
        let output = Arc::new(Mutex::new(output));
        let handle = CaptureHandle {
            frames: frames.clone(),
            output: Arc::clone(&output),
            behind: None,
        };
        Ok((Capture::to(To::Here(output), frames, keep, told), handle))
    }

    fn to(to: To, frames: Frames, keep: Keep, told: Option<Telling>) -> Capture {
        Capture {
            frames,
            to,
            held: None,
            keep,
            missing: 0,
            told,
        }
    }

    /// The packet that is held had its ending, or will have none.
    fn let_go(&mut self, what: What, belongs: Belongs, variables: Option<Snapshot>) {
        let Some(Held {
            id,
            interface,
            at,
            copy,
            offload,
        }) = self.held.take()
        else {
            return;
        };
        self.record(Record {
            frame: frame(id, None, at, what, belongs, offload),
            interface,
            variables,
            copy,
            missing_before: self.missing,
        });
    }

    fn record(&mut self, record: Record) {
        let weight = record.copy.bytes.len() + size_of::<Record>();
        let recorded = self.to.put(Entry::Packet(Box::new(record)), weight);
        self.missing = if recorded { 0 } else { self.missing + 1 };
    }

    /// Records that something was told, behind the packet that it is about.
    fn record_told(&mut self, told: &Told<'_>) {
        let Some(telling) = &mut self.told else {
            return;
        };
        let ended = telling
            .came
            .filter(|(id, ..)| told.cause == Some(*id))
            .map(|(_, seen, len)| (seen, len));
        let heard = Heard::of(told, ended);
        if let Event::PacketIn { .. } = told.event {
            telling.came = heard.seen.map(|seen| (told.id, seen, heard.len));
        }
        let missing_before = telling.missing;
        let entry = Entry::Told(Box::new(heard), missing_before);
        let recorded = self.to.put(entry, size_of::<Heard>());
        if let Some(telling) = &mut self.told {
            telling.missing = if recorded { 0 } else { missing_before + 1 };
        }
    }
}

impl Observer for Capture {
    fn told(&mut self, told: &Told<'_>) {
        let belongs = self.frames.hear(told);
        match *told.event {
            Event::PacketIn {
                interface,
                bytes,
                offload,
            } => {
                self.let_go(What::Unexplained, NOBODY, None);
                self.held = Some(Held {
                    id: told.id,
                    interface,
                    at: told.at,
                    copy: self.keep.copy(bytes, Pieces::EMPTY, offload),
                    offload,
                });
            }
            Event::PacketOut {
                interface,
                head,
                body,
                offload,
                purpose,
                why,
                variables,
            } => {
                self.let_go(What::Unexplained, NOBODY, None);
                let what = What::Out { purpose, why };
                self.record(Record {
                    frame: frame(told.id, told.cause, told.at, what, belongs, offload),
                    interface,
                    variables: variables.map(Variables::snapshot),
                    copy: self.keep.copy(head, body, offload),
                    missing_before: self.missing,
                });
            }
            ref event => {
                let ending = words::ending(event);
                let held = self.held.as_ref().map(|held| held.id);
                if let Some((ending, by)) = ending.filter(|_| held.is_some() && held == told.cause)
                {
                    let what = What::In { ending, by };
                    self.let_go(what, belongs, event.variables().map(Variables::snapshot));
                } else if event.is_input() {
                    self.let_go(What::Unexplained, NOBODY, None);
                }
            }
        }
        self.record_told(told);
    }
}

impl Drop for Capture {
    /// The packet during which a stack died is the one that matters most.
    fn drop(&mut self) {
        self.let_go(What::Unexplained, NOBODY, None);
    }
}

fn frame(
    id: EventId,
    cause: Option<EventId>,
    at: Instant,
    what: What,
    belongs: Belongs,
    offload: Offload,
) -> Frame {
    Frame {
        // Numbered when it is written, and only then taken apart.
        number: 0,
        segment: None,
        part: None,
        len: 0,
        offload,
        id,
        cause,
        at,
        what,
        conversation: belongs.conversation,
        before: belongs.before,
        state: belongs.state,
    }
}

/// The capture from outside: what stands in it, and how to end it. Dropping it ends it too.
#[derive(Debug)]
pub struct CaptureHandle {
    frames: Frames,
    output: Arc<Mutex<Output>>,
    behind: Option<(Arc<Queue<Entry>>, JoinHandle<()>)>,
}

impl CaptureHandle {
    /// The frames written so far; still there when the capture has ended.
    pub fn frames(&self) -> Frames {
        self.frames.clone()
    }

    /// How it is going.
    pub fn stats(&self) -> Stats {
        let dropped = self.behind.as_ref().map(|(queue, _)| queue.dropped());
        Stats {
            dropped: dropped.unwrap_or_default(),
            ..lock(&self.output).stats()
        }
    }

    /// What takes secrets of TLS, a line as key logs have it, and writes them where readers look
    /// for them; without [`Settings::secrets`] nothing is written.
    pub fn secrets(&self) -> impl Fn(&str) + Send + Sync + use<> {
        let output = Arc::clone(&self.output);
        move |line| lock(&output).secret(line)
    }

    /// Writes all that waits and closes the file. What is told later is not recorded.
    pub fn finish(mut self) -> Stats {
        self.end()
    }

    fn end(&mut self) -> Stats {
        let mut dropped = 0;
        if let Some((queue, thread)) = self.behind.take() {
            queue.close();
            // A thread that panicked has said so; what it wrote is whole.
            let _ = thread.join();
            dropped = queue.dropped();
        }
        let mut output = lock(&self.output);
        output.close();
        Stats {
            dropped,
            ..output.stats()
        }
    }
}

impl Drop for CaptureHandle {
    fn drop(&mut self) {
        self.end();
    }
}

/// Whose a packet is that nothing more was told of.
const NOBODY: Belongs = Belongs {
    conversation: None,
    before: None,
    state: None,
};
/// A fifth of a second at 20,000 packets a second; as much again is being written. Of each packet
/// some six things are told.
fn bounds(with_events: bool) -> Bounds {
    let times = if with_events { 7 } else { 1 };
    Bounds {
        entries: 4096 * times,
        bytes: (4 << 20) * times.min(3),
    }
}

#[cfg(test)]
mod tests;
