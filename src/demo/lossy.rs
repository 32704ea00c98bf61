//! A link that loses one segment on its way to us and one on its way from us, on purpose: a
//! demonstration without a loss would not show how TCP lives with it.
//!
//! Which ones is counted in packets with much text, so that it is the same in every run. Of a
//! packet that stands for many segments one is lost, and the others cross one by one.

use std::fmt;
use std::io;
use std::num::NonZeroU64;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::base::{Offload, Offloads, Pieces, Received, Transmit};
use crate::device::{Capabilities, Device, Losses, RxBuffer};
use crate::net::Clock;
use crate::observe::capture::Links;
use crate::observe::on_link::{Happened, OnLink};
use crate::probe::{Event, EventId, Observer, Told};
use crate::wire::offload::Cut;

/// The device of a link that loses two segments.
pub struct Lossy {
    inner: Box<dyn Device>,
    state: Mutex<State>,
    /// The last packet that the stack has sent, by its event.
    sent: Sent,
    clock: Clock,
    /// What was lost so far.
    lost: LostSegments,
}

/// What was lost, for whoever tells the story.
pub type LostSegments = Arc<Mutex<Vec<OnLink>>>;

/// What is still to be lost, and who hears of it.
struct State {
    /// How many packets with much text are still to come before one of them loses a segment;
    /// `None` once it has.
    down: Option<u32>,
    up: Option<u32>,
    /// Where packets come in until then.
    room: RxBuffer,
    links: Links,
    /// The number of the next event of the link.
    next: u64,
}

/// The number of the event that told of the last packet to leave.
#[derive(Debug, Clone, Default)]
pub struct Sent(Arc<AtomicU64>);

impl Observer for Sent {
    fn told(&mut self, told: &Told<'_>) {
        if let Event::PacketOut { .. } = told.event {
            self.0.store(told.id.0.get(), Ordering::Relaxed);
        }
    }
}

impl Lossy {
    /// In the place of `inner`; `links` hears of what is lost, under even numbers.
    pub fn new(inner: Box<dyn Device>, links: Links, sent: Sent, clock: Clock) -> Lossy {
        Lossy {
            inner,
            state: Mutex::new(State {
                down: Some(BEFORE),
                up: Some(BEFORE),
                room: RxBuffer::new(),
                links,
                next: 2,
            }),
            sent,
            clock,
            lost: LostSegments::default(),
        }
    }

    /// What was lost, now and later.
    pub fn lost(&self) -> LostSegments {
        Arc::clone(&self.lost)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Tells of a segment that is lost.
    fn tell(&self, state: &mut State, way: &str, packet: Option<EventId>, bytes: usize) {
        let number = NonZeroU64::new(state.next);
        state.next += 2;
        if let Some(id) = number.map(EventId) {
            let lost = OnLink {
                id,
                at: self.clock.now(),
                link: way.to_owned(),
                packet,
                bytes,
                what: Happened::Dropped("scripted"),
            };
            lock(&self.lost).push(lost.clone());
            state.links.tell(lost);
        }
    }
}

/// Whether it is the turn of this packet to lose a segment.
fn is_due(left: &mut Option<u32>, len: usize) -> bool {
    let Some(count) = left.filter(|_| len >= MUCH) else {
        return false;
    };
    *left = count.checked_sub(1);
    left.is_none()
}

/// The segments that a packet stands for, in order.
fn segments(packet: &Transmit<'_>) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    match Cut::of(packet, Offloads::NONE) {
        Ok(mut cut) if packet.offload != Offload::default() => {
            while let Some(segment) = cut.next() {
                all.push(segment.to_vec());
            }
        }
        _ => all.push(packet.to_vec()),
    }
    all
}

impl Device for Lossy {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn receive<'b>(&self, buf: &'b mut RxBuffer) -> io::Result<Option<Received<'b>>> {
        let mut state = self.state();
        if state.down.is_none() {
            drop(state);
            return self.inner.receive(buf);
        }
        let State { down, room, .. } = &mut *state;
        room.clear();
        let Some(came) = self.inner.receive(room)? else {
            return Ok(None);
        };
        if !is_due(down, came.bytes.len()) {
            let (len, offload) = (came.bytes.len(), came.offload);
            buf.room()[..len].copy_from_slice(came.bytes);
            return Ok(Some(buf.keep_as(0..len, offload)));
        }
        let mut segments = segments(&Transmit {
            offload: came.offload,
            ..Transmit::plain(came.bytes, Pieces::EMPTY)
        });
        let lost = segments.remove(lost_of(segments.len()));
        self.tell(&mut state, "down", None, lost.len());
        for segment in segments {
            // A full room would forget what is in it.
            if !buf.has_room() {
                break;
            }
            buf.room()[..segment.len()].copy_from_slice(&segment);
            buf.keep(0..segment.len());
        }
        Ok(buf.last())
    }

    fn transmit(&self, packet: &Transmit<'_>) -> io::Result<()> {
        let mut state = self.state();
        if !is_due(&mut state.up, packet.len()) {
            drop(state);
            return self.inner.transmit(packet);
        }
        let segments = segments(packet);
        let lost = lost_of(segments.len());
        let sent = NonZeroU64::new(self.sent.0.load(Ordering::Relaxed)).map(EventId);
        self.tell(&mut state, "up", sent, segments[lost].len());
        drop(state);
        for (place, segment) in segments.iter().enumerate() {
            if place != lost {
                self.inner
                    .transmit(&Transmit::plain(segment, Pieces::EMPTY))?;
            }
        }
        Ok(())
    }

    fn poll_fd(&self) -> Option<BorrowedFd<'_>> {
        self.inner.poll_fd()
    }

    fn losses(&self) -> Losses {
        self.inner.losses()
    }
}

impl fmt::Debug for Lossy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lossy")
            .field(&self.capabilities().name)
            .finish()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Which of so many segments: one with others behind it, if it has any.
fn lost_of(count: usize) -> usize {
    count / 4
}

/// So many packets go before: the window has grown, and there is much to come.
const BEFORE: u32 = 20;
/// Much text, in bytes of the packet: a full segment, not a request.
const MUCH: usize = 1_200;

#[cfg(test)]
mod tests;
