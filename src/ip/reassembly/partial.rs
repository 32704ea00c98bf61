//! One datagram that is not whole yet.
//!
//! RFC 815 keeps the list of holes in what has come; here it is the list of what has come, sorted,
//! and the holes are what lies between. Since pieces that overlap are refused, no hole is left
//! exactly when the pieces add up to the length that the last fragment tells, for any order.
//!
//! ```text
//!   0          1480         2960          4440     5000
//!   [ piece    ]            [ piece       ][ piece ]   length, from the last fragment
//!               ^ the hole
//! ```
//!
//! RFC 5722 and RFC 8200 section 4.5: fragments that overlap end it, with all that has come and all
//! that is yet to come. So for both families: whoever cuts a datagram has no reason for it, and
//! which of two bytes a host believes is what evasion is made of. An exact duplicate, as networks
//! make them, is dropped alone. A datagram that is given up stays as a mark until its time is over.

use crate::base::Instant;
use crate::probe::Drop;
use crate::wire::{ipv4, ipv6};

use super::{Fragment, Key};

/// What has come of a datagram.
#[derive(Debug)]
pub struct Partial {
    key: Key,
    deadline: Instant,
    first: Option<First>,
    /// Disjoint, by offset.
    pieces: Vec<Piece>,
    /// How many bytes the pieces have.
    held: usize,
    /// How many bytes are allocated for the pieces and for the headers of the first fragment.
    allocated: usize,
    /// How long it is, once the last fragment has come.
    length: Option<usize>,
    /// A bit for each ECN codepoint that a fragment came with.
    codepoints: u8,
    given_up: bool,
}

/// What the fragment at offset zero has beside its piece.
#[derive(Debug)]
struct First {
    /// All headers in front of the piece.
    head: Box<[u8]>,
    named_at: usize,
    protocol: u8,
    tos: u8,
}

#[derive(Debug)]
struct Piece {
    offset: usize,
    bytes: Box<[u8]>,
}

impl Piece {
    fn end(&self) -> usize {
        self.offset.saturating_add(self.bytes.len())
    }
}

/// What became of a fragment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// Others are missing.
    Kept,
    /// None is missing.
    Whole,
    /// It is not kept.
    Refused(Drop),
}

impl Partial {
    /// Of which nothing has come yet.
    pub fn new(key: Key, deadline: Instant) -> Partial {
        Partial {
            key,
            deadline,
            first: None,
            pieces: Vec::new(),
            held: 0,
            allocated: 0,
            length: None,
            codepoints: 0,
            given_up: false,
        }
    }

    pub fn key(&self) -> Key {
        self.key
    }

    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// How many pieces are kept.
    pub fn pieces(&self) -> usize {
        self.pieces.len()
    }

    /// How many bytes it takes, with everything that an allocator and the books about it add.
    pub fn cost(&self) -> usize {
        let list = self.pieces.capacity().saturating_mul(size_of::<Piece>());
        BOOKS
            .saturating_add(allocation(list))
            .saturating_add(self.allocated)
    }

    /// Takes a fragment of it.
    pub fn add(&mut self, fragment: &Fragment<'_>) -> Added {
        if self.given_up {
            return Added::Refused(Drop::FragmentOverlap);
        }
        let offset = usize::from(fragment.offset);
        let end = offset.saturating_add(fragment.piece.len());
        let place = self.pieces.partition_point(|piece| piece.end() <= offset);
        if let Some(other) = self.pieces.get(place).filter(|other| other.offset < end) {
            let same_end = fragment.more_fragments == (self.length != Some(end));
            if other.offset == offset && *other.bytes == *fragment.piece && same_end {
                return Added::Refused(Drop::FragmentDuplicate);
            }
            return self.give_up(Drop::FragmentOverlap);
        }
        // One last fragment fixes the length, and nothing lies beyond it.
        let reached = self.pieces.last().map_or(0, Piece::end);
        let contradicts = match self.length {
            Some(length) => end > length || !fragment.more_fragments,
            None => !fragment.more_fragments && reached > end,
        };
        if contradicts {
            return self.give_up(Drop::FragmentOverlap);
        }
        if self.pieces.len() >= PIECES_MAX {
            return self.give_up(Drop::FragmentLimit);
        }
        self.codepoints |= 1 << (fragment.tos & ECN);
        if self.codepoints & MARKED != 0 && self.codepoints & NOT_CAPABLE != 0 {
            // RFC 3168 section 5.3: a mark on one that others say cannot be marked.
            return self.give_up(Drop::FragmentMark);
        }
        self.keep(place, offset, fragment);
        if !fragment.more_fragments {
            self.length = Some(end);
        }
        if self.length == Some(self.held) {
            Added::Whole
        } else {
            Added::Kept
        }
    }

    fn keep(&mut self, place: usize, offset: usize, fragment: &Fragment<'_>) {
        let mut more = allocation(fragment.piece.len());
        if offset == 0 {
            more = more.saturating_add(allocation(fragment.head.len()));
            self.first = Some(First {
                head: fragment.head.into(),
                named_at: fragment.named_at,
                protocol: fragment.protocol,
                tos: fragment.tos,
            });
        }
        self.allocated = self.allocated.saturating_add(more);
        self.held = self.held.saturating_add(fragment.piece.len());
        let bytes = fragment.piece.into();
        self.pieces.insert(place, Piece { offset, bytes });
    }

    /// Forgets all that has come; what is yet to come is refused.
    fn give_up(&mut self, why: Drop) -> Added {
        *self = Partial {
            given_up: true,
            ..Partial::new(self.key, self.deadline)
        };
        Added::Refused(why)
    }

    /// The packet as it was before it was cut: the headers of the first fragment, and all pieces.
    /// `None` if that is no packet.
    pub fn into_packet(self) -> Option<Vec<u8>> {
        let first = self.first?;
        // RFC 3168 section 5.3: a mark on one is a mark on all.
        let tos = if self.codepoints & MARKED == 0 {
            first.tos
        } else {
            first.tos | ECN
        };
        let mut packet = match first.head.first()? >> 4 {
            4 => front_v4(&first.head, tos, self.held)?,
            _ => front_v6(&first, tos, self.held)?,
        };
        packet.reserve_exact(self.held);
        for piece in &self.pieces {
            packet.extend_from_slice(&piece.bytes);
        }
        Some(packet)
    }

    /// The packet that brought the beginning, as it came.
    pub fn into_first_fragment(self) -> Option<Vec<u8>> {
        let first = self.first?;
        let piece = self.pieces.first()?;
        Some([&*first.head, &*piece.bytes].concat())
    }
}

fn front_v4(head: &[u8], tos: u8, payload_len: usize) -> Option<Vec<u8>> {
    let (header, _) = ipv4::parse_quoted(head).ok()?;
    let header = ipv4::Header {
        tos,
        more_fragments: false,
        fragment_offset: 0,
        ..header
    };
    let mut out = vec![0; header.header_len()];
    let written = header.emit(payload_len, &mut out);
    (written == out.len()).then_some(out)
}

/// RFC 8200 section 4.5: all headers up to the fragment header, the last of which names what that
/// one named.
fn front_v6(first: &First, tos: u8, payload_len: usize) -> Option<Vec<u8>> {
    let (header, _) = ipv6::parse_quoted(&first.head).ok()?;
    let kept = first.head.len().checked_sub(ipv6::FRAGMENT_HEADER_LEN)?;
    let mut out = first.head.get(..kept)?.to_vec();
    let behind = kept.checked_sub(ipv6::HEADER_LEN)?;
    let header = ipv6::Header {
        traffic_class: tos,
        ..header
    };
    let written = header.emit(behind.saturating_add(payload_len), &mut out);
    *out.get_mut(first.named_at)? = first.protocol;
    (written == ipv6::HEADER_LEN).then_some(out)
}

/// What an allocation of so many bytes takes: a word of the allocator's, in steps of two words,
/// at least four.
fn allocation(bytes: usize) -> usize {
    match bytes {
        0 => 0,
        _ => bytes
            .saturating_add(size_of::<usize>())
            .next_multiple_of(16)
            .max(32),
    }
}

/// What a datagram takes in the five trees of the books. A node of theirs is at least five entries
/// of eleven full.
const BOOKS: usize = 3 * (size_of::<Partial>() + size_of::<Key>() + 128);
/// house!("reassembly-memory"): a datagram of 65,535 bytes in fragments of the 576 that every path
/// carries has 119.
const PIECES_MAX: usize = 128;

// RFC 3168 section 5, in the two lowest bits; here a bit for each codepoint.
const ECN: u8 = 0b11;
const NOT_CAPABLE: u8 = 1 << 0b00;
const MARKED: u8 = 1 << 0b11;
