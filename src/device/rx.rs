//! Packets as they come in: one behind the other, in a few rooms of memory that may be shared.
//!
//! The system wants room for the largest packet there is at every read, but most packets are small.
//! A room of that size for each packet of a batch would scatter it over 16 MiB, at distances of
//! about 64 KiB, which meet in the same few lines of the processor's caches. Laid close together, a
//! batch of 1500-byte packets takes 384 KiB of the second cache.
//!
//! A large packet may be held on to instead of being copied: it comes with the room that it lies
//! in, which is not written again while anybody holds it. What was used last is used first, because
//! the caches still have it.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::base::{Checksum, InterfaceId, Memory, Offload, Received};
use crate::wire::offload::{Join, Layout, is_whole};

/// Received packets, and room for the next one.
pub struct RxBuffer {
    /// Where the batch lies. The last is being filled; nobody but us holds it while there is room
    /// left in it.
    used: Vec<Memory>,
    /// Where earlier batches lay, the latest last. Others may still hold them.
    kept: Vec<Memory>,
    packets: Vec<Packet>,
    /// Where in the last room the next packet begins.
    next: usize,
    /// Bytes that the batch has taken.
    taken: usize,
    /// Where what is kept from here on comes in.
    interface: InterfaceId,
    join: Join,
    /// How many packets there were when `join` was asked last.
    asked: usize,
}

/// One that was received.
#[derive(Clone)]
struct Packet {
    /// Which of the rooms in use.
    room: usize,
    at: Range<usize>,
    offload: Offload,
    interface: InterfaceId,
}

impl RxBuffer {
    /// No packets.
    pub fn new() -> RxBuffer {
        RxBuffer {
            used: Vec::with_capacity(USED_MAX),
            kept: Vec::with_capacity(KEPT_MAX + USED_MAX),
            packets: Vec::with_capacity(PACKETS_MAX),
            next: 0,
            taken: 0,
            interface: InterfaceId::FIRST,
            join: Join::default(),
            asked: 0,
        }
    }

    /// Forgets the packets.
    pub fn clear(&mut self) {
        self.packets.clear();
        self.asked = 0;
        self.join = Join::default();
        self.next = 0;
        self.taken = 0;
        self.kept.append(&mut self.used);
        // What is forgotten here is given back when the last who holds it lets go.
        let surplus = self.kept.len().saturating_sub(KEPT_MAX);
        self.kept.drain(..surplus);
    }

    /// Whether another packet finds room beside those that are here.
    pub fn has_room(&self) -> bool {
        self.packets.len() < PACKETS_MAX && self.taken < TAKEN_MAX
    }

    /// Room for the next packet: for the largest there is with its link's header, and for at least
    /// a byte more, so that a packet cut off by the system can be told from one that fits. If there
    /// is none, all packets are forgotten first.
    pub fn room(&mut self) -> &mut [u8] {
        if !self.has_room() {
            self.clear();
        }
        let last = self.used.last_mut().and_then(Arc::get_mut);
        if last.is_none() || self.next > BEGIN_MAX {
            let another = self.take_room();
            self.used.push(another);
            self.next = 0;
        }
        let last = self.used.last_mut().and_then(Arc::get_mut);
        let last = last.expect("either it was tried above, or it was taken for being free");
        &mut last[self.next..][..ROOM_LEN]
    }

    /// Keeps the packet that lies at `range` of the room.
    ///
    /// # Panics
    ///
    /// If the range reaches beyond the room.
    pub fn keep(&mut self, range: Range<usize>) -> Received<'_> {
        self.keep_as(range, Offload::default())
    }

    /// The same for a packet of which the device has something to say.
    ///
    /// # Panics
    ///
    /// As for [`RxBuffer::keep`], and if there is no room because nobody asked for it.
    pub fn keep_as(&mut self, range: Range<usize>, offload: Offload) -> Received<'_> {
        assert!(range.end <= ROOM_LEN, "a packet within its room");
        let room = self.used.len().checked_sub(1).expect("it lies in a room");
        let at = self.next + range.start..self.next + range.end;
        let len = range.end.next_multiple_of(LINE_LEN);
        self.taken += len;
        self.next += len;
        let packet = Packet {
            room,
            at,
            offload,
            interface: self.interface,
        };
        if packet.is_large() {
            // Whoever holds on to it holds nothing else.
            self.next = ROOM_WHOLE;
        }
        self.packets.push(packet.clone());
        packet.read(&self.used)
    }

    /// Says of all that is kept from here on where it comes in. At first it is the first interface.
    pub fn coming_by(&mut self, interface: InterfaceId) {
        self.interface = interface;
    }

    /// The packet that was kept last.
    pub fn last(&self) -> Option<Received<'_>> {
        Some(self.packets.last()?.read(&self.used))
    }

    /// Joins the packet that was kept last to the one before it, if they are segments of one flow
    /// in order, as devices do that coalesce what they receive; returns what it has become. If
    /// nobody vouches for its checksum it is verified: what is wrong stays alone, and as it is.
    pub fn join(&mut self) -> Option<Received<'_>> {
        let mut last = self.packets.pop()?;
        let is_next = self.asked == self.packets.len();
        let before = self.packets.last_mut();
        let before = before.filter(|before| is_next && before.interface == last.interface);
        if !last.is_vouched_for(&self.used) {
            self.join = Join::default();
            self.packets.push(last);
        } else if let Some(end) = join_to(before, &last, &mut self.used, &mut self.join) {
            self.next = end.next_multiple_of(LINE_LEN);
        } else {
            if self.packets.last().is_some_and(Packet::is_large) {
                self.move_on(&mut last);
            }
            self.packets.push(last);
        }
        self.asked = self.packets.len();
        self.last()
    }

    /// Gives a packet that has just come another room, since the one before has grown so large that
    /// it may be held on to.
    fn move_on(&mut self, packet: &mut Packet) {
        let mut another = self.take_room();
        let at = 0..packet.at.len();
        // `take_room` gives what nobody else holds.
        if let Some(bytes) = Arc::get_mut(&mut another) {
            bytes[at.clone()].copy_from_slice(&self.used[packet.room][packet.at.clone()]);
            self.next = at.end.next_multiple_of(LINE_LEN);
            packet.room = self.used.len();
            packet.at = at;
            self.used.push(another);
        }
    }

    /// The packets, in the order in which they came.
    pub fn packets(&self) -> impl ExactSizeIterator<Item = Received<'_>> {
        self.packets.iter().map(|packet| packet.read(&self.used))
    }

    /// A room that nobody else holds: of those that are kept the one that was used last.
    fn take_room(&mut self) -> Memory {
        let free = self
            .kept
            .iter_mut()
            .rposition(|room| Arc::get_mut(room).is_some());
        match free {
            Some(place) => self.kept.remove(place),
            None => Arc::new(vec![0; ROOM_WHOLE]),
        }
    }
}

impl Packet {
    fn read<'a>(&self, rooms: &'a [Memory]) -> Received<'a> {
        let memory = &rooms[self.room];
        Received {
            bytes: &memory[self.at.clone()],
            offload: self.offload,
            interface: self.interface,
            memory: self.is_large().then_some(memory),
        }
    }

    /// Whether its checksum is right. Who has found that out says so, for nobody to sum it again.
    fn is_vouched_for(&mut self, rooms: &[Memory]) -> bool {
        if self.offload.checksum == Checksum::Full {
            let bytes = &rooms[self.room][self.at.clone()];
            let layout = Layout::of(bytes).filter(|layout| is_whole(bytes, layout));
            // Only what has text is worth it: the rest is summed as fast as it is looked at.
            if layout.is_none_or(|layout| layout.text_at == bytes.len()) {
                return false;
            }
            self.offload.checksum = Checksum::Verified;
        }
        true
    }

    /// Whether to hold on to it is cheaper than to copy it.
    fn is_large(&self) -> bool {
        self.at.len() >= LARGE
    }
}

/// Joins a packet to the one before it. Where that ends now; `None` if they do not belong together,
/// or do not lie in the same room.
fn join_to(
    before: Option<&mut Packet>,
    last: &Packet,
    rooms: &mut [Memory],
    join: &mut Join,
) -> Option<usize> {
    // Nobody has been handed it yet.
    let bytes = rooms.last_mut().and_then(Arc::get_mut)?;
    let before = before.filter(|before| before.room == last.room);
    let (begin, end) = before
        .as_ref()
        .map_or((0, 0), |before| (before.at.start, before.at.end));
    let text_at = join.take(&bytes[begin..end], &bytes[last.at.clone()])?;
    let text = last.at.start + text_at..last.at.end;
    let joined = begin..end + text.len();
    bytes.copy_within(text, end);
    let before = before?;
    before.offload = join.settle(&mut bytes[joined.clone()]);
    before.at = joined.clone();
    Some(joined.end)
}

impl Default for RxBuffer {
    fn default() -> RxBuffer {
        RxBuffer::new()
    }
}

/// What it holds is strangers': it prints its measures.
impl fmt::Debug for RxBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RxBuffer")
            .field("packets", &self.packets.len())
            .field("taken", &self.taken)
            .field("rooms", &(self.used.len() + self.kept.len()))
            .finish()
    }
}

/// 65,535 bytes of packet, 40 of IPv6 header that its length does not count, 14 of a link's header
/// at most, and room to notice: in whole lines.
const ROOM_LEN: usize = (65_535 + 40 + 14 + 1_usize).next_multiple_of(LINE_LEN);
/// Where the last packet in a room may begin.
const BEGIN_MAX: usize = 64 << 10;
const ROOM_WHOLE: usize = BEGIN_MAX + ROOM_LEN;
/// Packets of a batch, at most.
const PACKETS_MAX: usize = 256;
/// Bytes of a batch before the last packet: such that as many as there may be find room if they
/// are of Ethernet's size.
const TAKEN_MAX: usize = PACKETS_MAX * 1536;
/// Rooms that a batch can take: each but the last has a large packet, or is full to where the next
/// would begin, which is more.
const USED_MAX: usize = TAKEN_MAX / LARGE + 1;
/// Rooms kept for later: 8 MiB if all of them were ever full. Readers who hold on to more than that
/// are slow, and their rooms are given back rather than used again.
const KEPT_MAX: usize = 64;
/// A packet that is worth holding on to, with half of its room: 32 KiB are copied in about 2 us.
const LARGE: usize = 32 << 10;
/// Of the processor's caches.
const LINE_LEN: usize = 64;

#[cfg(test)]
mod tests;
