//! TCP options: RFC 9293 section 3.2, RFC 7323 (window scale, timestamps), RFC 2018 (SACK),
//! RFC 7413 (Fast Open), RFC 9768 (accurate ECN).
//!
//! The walker is ours because etherparse's stops at the first kind that it does not know, and
//! RFC 9293 (MUST-6) wants such an option skipped by its length. All options of a segment are
//! read, whatever its flags; which of them count only on a SYN is for whoever handles SYNs.

use crate::base::SeqNum;

use super::cookie::{COOKIE_MAX, Cookie, EXPERIMENTAL_HEAD_LEN, Form};
use super::counts::ByteCounts;
use super::put;

/// The options that this stack understands, as one segment carries them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Maximum segment size, in bytes (RFC 9293 section 3.7.1), as the field has it.
    pub mss: Option<u16>,
    /// Window scale: the shift count (RFC 7323 section 2.2), as the field has it.
    pub window_scale: Option<u8>,
    /// SACK-permitted (RFC 2018 section 2).
    pub sack_permitted: bool,
    /// Timestamps (RFC 7323 section 3.2).
    pub timestamps: Option<TimestampOption>,
    /// The byte counters of accurate ECN (RFC 9768 section 3.2.3).
    pub byte_counts: Option<ByteCounts>,
    /// A cookie or SACK blocks.
    pub bulk: Bulk,
}

/// The two large options. Fast Open's belongs to SYNs (RFC 7413 section 4.1.1), and a SYN has
/// nothing to report: no segment has use for both. Of one that has them, the last counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bulk {
    #[default]
    Neither,
    /// A cookie, or an empty one, which asks for a cookie.
    FastOpen(Cookie),
    /// The blocks of the SACK option (RFC 2018 section 3).
    Sack(SackBlocks),
}

/// In which order the options of a SYN are written; those of other segments are the same in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub enum Order {
    /// That of Linux, each padded to a multiple of four by no-operations, in front or, a cookie,
    /// behind, so that no end-of-list is needed.
    #[default]
    Linux,
    /// That of FreeBSD, each in its place by no-operations in front, all of them padded by
    /// end-of-list.
    FreeBsd,
}

/// The timestamps option, in ticks of its senders' clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TimestampOption {
    /// TSval: the sender's clock.
    pub value: u32,
    /// TSecr: a clock value of the receiver, returned; means nothing without ACK.
    pub echo: u32,
}

/// One block of the SACK option: bytes from `left` up to, not including, `right`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SackBlock {
    pub left: SeqNum,
    pub right: SeqNum,
}

/// At most four blocks, in the order in which the option has them.
#[derive(Clone, Copy)]
pub struct SackBlocks {
    blocks: [SackBlock; SACK_BLOCKS_MAX],
    count: u8,
}

impl Options {
    /// Reads the bytes between the fixed header and the text. Never fails: what makes no sense
    /// is passed over. Of an option that occurs twice the last counts.
    pub fn parse(bytes: &[u8]) -> Options {
        let mut options = Options::default();
        let mut rest = bytes;
        // Each round takes at least one of at most 40 bytes.
        while let [kind, after_kind @ ..] = rest {
            match *kind {
                END_OF_LIST => break,
                NO_OPERATION => rest = after_kind,
                _ => {
                    // RFC 9293 section 3.1 (MUST-68): all others have a length, which counts the
                    // kind and itself. (MUST-7): a length that cannot be must not hurt us; what
                    // follows it cannot be found, so reading ends there.
                    let Some(&length) = after_kind.first() else {
                        break;
                    };
                    if length < 2 {
                        break;
                    }
                    let Some((option, after)) = rest.split_at_checked(usize::from(length)) else {
                        break;
                    };
                    options.take(option);
                    rest = after;
                }
            }
        }
        options
    }

    /// One option, from its kind to its last byte. A known kind with another length than it must
    /// have says nothing, and neither does an unknown kind (RFC 9293 section 3.1, MUST-6).
    fn take(&mut self, option: &[u8]) {
        match *option {
            [TIMESTAMPS, 10, v0, v1, v2, v3, e0, e1, e2, e3] => {
                self.timestamps = Some(TimestampOption {
                    value: u32::from_be_bytes([v0, v1, v2, v3]),
                    echo: u32::from_be_bytes([e0, e1, e2, e3]),
                });
            }
            [SACK, _, ref blocks @ ..] => {
                if let Some(blocks) = SackBlocks::parse(blocks) {
                    self.bulk = Bulk::Sack(blocks);
                }
            }
            [MAXIMUM_SEGMENT_SIZE, 4, m0, m1] => self.mss = Some(u16::from_be_bytes([m0, m1])),
            [WINDOW_SCALE, 3, shift] => self.window_scale = Some(shift),
            [SACK_PERMITTED, 2] => self.sack_permitted = true,
            [FAST_OPEN, _, ref cookie @ ..] => {
                // RFC 7413 section 4.1.1: with an invalid length it must be ignored.
                if let Some(cookie) = Cookie::new(cookie) {
                    self.bulk = Bulk::FastOpen(cookie);
                }
            }
            [EXPERIMENTAL, _, MAGIC_0, MAGIC_1, ref cookie @ ..] => {
                if let Some(cookie) = Cookie::new(cookie) {
                    self.bulk = Bulk::FastOpen(cookie.in_form(Form::Experimental));
                }
            }
            [kind, _, ref fields @ ..] => {
                if let Some(counts) = ByteCounts::parse(kind, fields) {
                    self.byte_counts = Some(counts);
                }
            }
            _ => {}
        }
    }

    /// Fast Open: a cookie, or an empty one, which asks for a cookie.
    pub fn fast_open(&self) -> Option<Cookie> {
        match self.bulk {
            Bulk::FastOpen(cookie) => Some(cookie),
            _ => None,
        }
    }

    /// The blocks of the SACK option, none if it is absent.
    pub fn sack(&self) -> &[SackBlock] {
        match &self.bulk {
            Bulk::Sack(blocks) => blocks.as_slice(),
            _ => &[],
        }
    }

    /// Adds a block of the SACK option after the others. Returns whether there was room for it.
    pub fn push_sack(&mut self, block: SackBlock) -> bool {
        let mut blocks = match self.bulk {
            Bulk::Sack(blocks) => blocks,
            _ => SackBlocks::NONE,
        };
        let found_room = blocks.push(block);
        self.bulk = Bulk::Sack(blocks);
        found_room
    }

    /// How many bytes [`Options::emit`] writes: a multiple of four, at most 40.
    pub fn len(&self) -> usize {
        let sack = sack_len(self.sack_that_fits().len());
        self.len_without_sack().saturating_add(sack)
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes them in this order. SACK blocks and byte counters that find no room any more are left
    /// out, the last ones first; the first two blocks go before the counters (RFC 9768
    /// section 3.2.3.3). Returns how many bytes were written: [`Options::len`], or 0 if `out` is
    /// shorter.
    pub fn emit(&self, order: Order, out: &mut [u8]) -> usize {
        let length = self.len();
        let Some(mut out) = out.get_mut(..length) else {
            return 0;
        };
        let out = &mut out;
        if let Some(mss) = self.mss {
            let [m0, m1] = mss.to_be_bytes();
            put(out, [MAXIMUM_SEGMENT_SIZE, 4, m0, m1]);
        }
        match order {
            Order::Linux => self.put_as_linux(out),
            Order::FreeBsd => self.put_as_freebsd(out),
        }
        let blocks = self.sack_that_fits();
        if !blocks.is_empty() {
            // RFC 2018 section 3: 8n + 2 for n blocks; four of them make 34, which fits a byte.
            let length = blocks
                .len()
                .saturating_mul(SACK_BLOCK_LEN)
                .saturating_add(2) as u8;
            put(out, [NO_OPERATION, NO_OPERATION, SACK, length]);
            for block in blocks {
                put(out, block.left.0.to_be_bytes());
                put(out, block.right.0.to_be_bytes());
            }
        }
        length
    }

    /// What stands between the segment size and SACK blocks.
    fn put_as_linux(&self, out: &mut &mut [u8]) {
        match (self.sack_permitted, self.timestamps) {
            (true, Some(_)) => put(out, [SACK_PERMITTED, 2]),
            (false, Some(_)) => put(out, [NO_OPERATION, NO_OPERATION]),
            (_, None) => {}
        }
        if let Some(timestamps) = self.timestamps {
            put_timestamps(out, timestamps);
        }
        if let Some(counts) = self.counts_that_fit() {
            counts.emit(out);
        }
        if self.sack_permitted && self.timestamps.is_none() {
            put(out, [NO_OPERATION, NO_OPERATION, SACK_PERMITTED, 2]);
        }
        if let Some(shift) = self.window_scale {
            put(out, [NO_OPERATION, WINDOW_SCALE, 3, shift]);
        }
        if let Some(cookie) = self.fast_open() {
            put_cookie(out, cookie);
        }
    }

    /// The same. Timestamps begin two bytes behind a multiple of four.
    fn put_as_freebsd(&self, out: &mut &mut [u8]) {
        let is_end = self.bulk == Bulk::Neither && self.byte_counts.is_none();
        let rest = if is_end { END_OF_LIST } else { NO_OPERATION };
        if let Some(shift) = self.window_scale {
            put(out, [NO_OPERATION, WINDOW_SCALE, 3, shift]);
        }
        if self.sack_permitted {
            put(out, [SACK_PERMITTED, 2]);
        }
        match (self.sack_permitted, self.timestamps) {
            (false, Some(_)) => put(out, [NO_OPERATION, NO_OPERATION]),
            (true, None) => put(out, [rest, rest]),
            _ => {}
        }
        if let Some(timestamps) = self.timestamps {
            put_timestamps(out, timestamps);
        }
        if let Some(counts) = self.counts_that_fit() {
            counts.emit(out);
        }
        if let Some(cookie) = self.fast_open() {
            put_cookie(out, cookie);
        }
    }

    fn len_without_sack(&self) -> usize {
        let counts = self.counts_that_fit();
        let counts = counts.map_or(0, |counts| counts.padded_len());
        self.len_of_others().saturating_add(counts)
    }

    /// Without SACK blocks and byte counters, which share what room is left.
    fn len_of_others(&self) -> usize {
        let mss = if self.mss.is_some() { 4 } else { 0 };
        let scale = if self.window_scale.is_some() { 4 } else { 0 };
        let others = match (self.timestamps, self.sack_permitted) {
            (Some(_), _) => 12,
            (None, true) => 4,
            (None, false) => 0,
        };
        let cookie = self.fast_open().map_or(0, |cookie| {
            usize::from(cookie.option_len()).next_multiple_of(4)
        });
        [mss, scale, others, cookie].iter().sum()
    }

    fn counts_that_fit(&self) -> Option<ByteCounts> {
        let room = OPTIONS_MAX.saturating_sub(self.len_of_others());
        share_of_counts(room, self.byte_counts, self.sack().len())
    }

    /// RFC 2018 section 3: four blocks fit the option space, three beside timestamps.
    fn sack_that_fits(&self) -> &[SackBlock] {
        let blocks = self.sack();
        if blocks.is_empty() {
            return blocks;
        }
        let room = OPTIONS_MAX.saturating_sub(self.len_without_sack());
        blocks.get(..blocks_within(room)).unwrap_or(blocks)
    }
}

impl From<Option<Cookie>> for Bulk {
    fn from(cookie: Option<Cookie>) -> Bulk {
        cookie.map_or(Bulk::Neither, Bulk::FastOpen)
    }
}

/// How many bytes options take: `others` of other options, and as far as they fit beside these,
/// byte counters and so many SACK blocks.
pub fn len_beside(others: usize, counts: Option<ByteCounts>, blocks: usize) -> usize {
    if counts.is_none() && blocks == 0 {
        return others;
    }
    let room = OPTIONS_MAX.saturating_sub(others);
    let counts = share_of_counts(room, counts, blocks).map_or(0, |counts| counts.padded_len());
    let blocks = blocks.min(blocks_within(room.saturating_sub(counts)));
    [others, counts, sack_len(blocks)].iter().sum()
}

/// RFC 9768 section 3.2.3.3: two SACK blocks have precedence.
fn share_of_counts(room: usize, counts: Option<ByteCounts>, blocks: usize) -> Option<ByteCounts> {
    let counts = counts?;
    let first = sack_len(blocks.min(SACK_BLOCKS_FIRST));
    counts.within(room.saturating_sub(first))
}

fn blocks_within(room: usize) -> usize {
    room.saturating_sub(SACK_HEAD_LEN) / SACK_BLOCK_LEN
}

/// How many bytes so many SACK blocks take, no-operations in front of them counted in.
fn sack_len(blocks: usize) -> usize {
    match blocks {
        0 => 0,
        _ => SACK_HEAD_LEN.saturating_add(blocks.saturating_mul(SACK_BLOCK_LEN)),
    }
}

/// RFC 7323 section 3.2: kind, length, TSval and TSecr.
fn put_timestamps(out: &mut &mut [u8], TimestampOption { value, echo }: TimestampOption) {
    put(out, [TIMESTAMPS, 10]);
    put(out, value.to_be_bytes());
    put(out, echo.to_be_bytes());
}

/// RFC 7413 section 4.1.1: kind, length and cookie; section 9: with a magic number between.
fn put_cookie(out: &mut &mut [u8], cookie: Cookie) {
    let length = cookie.option_len();
    match cookie.form() {
        Form::Assigned => put(out, [FAST_OPEN, length]),
        Form::Experimental => put(out, [EXPERIMENTAL, length, MAGIC_0, MAGIC_1]),
    }
    for &byte in cookie.as_slice() {
        put(out, [byte]);
    }
    if !cookie.option_len().is_multiple_of(4) {
        // The length is even.
        put(out, [NO_OPERATION, NO_OPERATION]);
    }
}

impl SackBlocks {
    /// No blocks.
    pub const NONE: SackBlocks = SackBlocks {
        blocks: [SackBlock {
            left: SeqNum(0),
            right: SeqNum(0),
        }; SACK_BLOCKS_MAX],
        count: 0,
    };

    /// Adds a block after the others. Returns whether there was room for it.
    pub fn push(&mut self, block: SackBlock) -> bool {
        match self.blocks.get_mut(usize::from(self.count)) {
            Some(slot) => {
                *slot = block;
                self.count = self.count.saturating_add(1);
                true
            }
            None => false,
        }
    }

    /// The blocks, in order.
    pub fn as_slice(&self) -> &[SackBlock] {
        // `count` is never more than there are.
        self.blocks.get(..usize::from(self.count)).unwrap_or(&[])
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The edges that follow kind and length; `None` if they are not one or more whole blocks.
    fn parse(edges: &[u8]) -> Option<SackBlocks> {
        let (blocks, []) = edges.as_chunks::<SACK_BLOCK_LEN>() else {
            return None;
        };
        if blocks.is_empty() {
            return None;
        }
        let mut sack = SackBlocks::NONE;
        for &[l0, l1, l2, l3, r0, r1, r2, r3] in blocks {
            // Option space holds no fifth block.
            sack.push(SackBlock {
                left: SeqNum(u32::from_be_bytes([l0, l1, l2, l3])),
                right: SeqNum(u32::from_be_bytes([r0, r1, r2, r3])),
            });
        }
        Some(sack)
    }
}

impl Default for SackBlocks {
    fn default() -> SackBlocks {
        SackBlocks::NONE
    }
}

/// Blocks beyond the count are nobody's business.
impl PartialEq for SackBlocks {
    fn eq(&self, other: &SackBlocks) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for SackBlocks {}

impl std::fmt::Debug for SackBlocks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.as_slice()).finish()
    }
}

/// RFC 9293 section 3.1: the data offset counts at most 15 words, 5 of them fixed.
pub const OPTIONS_MAX: usize = 40;
/// RFC 2018 section 3: what fits 40 bytes.
pub const SACK_BLOCKS_MAX: usize = 4;
/// Two NOPs, kind and length.
const SACK_HEAD_LEN: usize = 4;
/// RFC 2018 section 3: two sequence numbers.
const SACK_BLOCK_LEN: usize = 8;
/// RFC 9768 section 3.2.3.3: so many go before byte counters.
const SACK_BLOCKS_FIRST: usize = 2;

// Kinds, as IANA assigned them: RFC 9293 section 3.2, RFC 7323 sections 2.2 and 3.2, RFC 2018.
const END_OF_LIST: u8 = 0;
pub(super) const NO_OPERATION: u8 = 1;
const MAXIMUM_SEGMENT_SIZE: u8 = 2;
const WINDOW_SCALE: u8 = 3;
const SACK_PERMITTED: u8 = 4;
const SACK: u8 = 5;
const TIMESTAMPS: u8 = 8;
/// RFC 7413 section 4.1.1.
const FAST_OPEN: u8 = 34;
/// RFC 7413 section 9: an option for experiments, which of them its first two bytes say.
const EXPERIMENTAL: u8 = 254;
const MAGIC_0: u8 = 0xf9;
const MAGIC_1: u8 = 0x89;

/// RFC 7413 section 4.2.2: a SYN with all that we offer has room for the longest cookie beside it.
const _: () = {
    let longest = EXPERIMENTAL_HEAD_LEN as usize + COOKIE_MAX;
    assert!(4 + 12 + 4 + longest.next_multiple_of(4) <= OPTIONS_MAX);
};

#[cfg(test)]
pub(in crate::wire) mod tests;
