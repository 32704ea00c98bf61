//! SYN cookies: a SYN,ACK whose sender remembers nothing. RFC 4987 section 3.6 and appendix A.
//!
//! The number of the SYN,ACK says, to who has the key, that a SYN came not long ago, from whom, and
//! how large its segments may be. What a number has no room for, window scale and SACK, stands in
//! the low bits of the timestamp that the peer is going to echo.

use std::collections::VecDeque;

use crate::base::pair::SocketPair;
use crate::base::{Instant, Key, Mss, SeqNum};
use crate::probe::Why;
use crate::rfc;
use crate::tcp::Config;
use crate::tcp::timestamps::Timestamps;
use crate::wire::options::{Options, TimestampOption};
use crate::wire::tcp::{Flags, Ports, Segment};

use super::negotiate::{Agreement, Offer, agree, syn_window};

/// Makes cookies, and knows them again.
#[derive(Debug)]
pub struct SynCookies {
    key: Key,
    /// Until when any may come back.
    until: Option<Instant>,
    /// Those that came back lately, the latest first: each is good for one connection, whatever is
    /// sent again when that is over.
    taken: VecDeque<(SeqNum, SocketPair)>,
}

impl SynCookies {
    /// With this secret.
    pub fn new(key: Key) -> SynCookies {
        SynCookies {
            key,
            until: None,
            taken: VecDeque::new(),
        }
    }

    /// The SYN,ACK for a SYN; `None` if the peer takes segments so small that no cookie can say it.
    pub fn answer(
        &mut self,
        now: Instant,
        pair: &SocketPair,
        offer: &Offer,
        config: &Config,
        seg: &Segment<'_>,
        timestamp_offset: u32,
    ) -> Option<Segment<'static>> {
        let agreed = agree(offer, &seg.options, Mss::default_of(pair.remote.addr));
        let size = MSS_TABLE.iter().rposition(|mss| *mss <= agreed.mss.get())?;
        let peer = seg.options.timestamps.filter(|_| agreed.timestamps);
        let timestamps = peer.map(|peer| {
            let clock = Timestamps::new(timestamp_offset, peer, now, seg.seq + 1).option(now);
            TimestampOption {
                value: with_options(clock.value, &agreed),
                ..clock
            }
        });
        let answered = match timestamps {
            Some(_) => agreed,
            // Nothing would bring these back.
            None => Agreement {
                scale: None,
                sack: false,
                ..agreed
            },
        };
        self.until = Some(now + VALID);
        Some(Segment {
            ports: Ports {
                src: pair.local.port,
                dst: pair.remote.port,
            },
            seq: self.number(pair, seg.seq, size, count(now)),
            ack: Some(seg.seq + 1),
            flags: Flags::SYN | Flags::ACK,
            window: syn_window(config),
            urgent: 0,
            order: answered.order,
            options: answered.answer().syn_options(timestamps),
            text: crate::base::Pieces::EMPTY,
        })
    }

    /// Whether a segment seems to be a later one of somebody who has a cookie: it acknowledges what
    /// a SYN not far before it would have been answered with. The first, which shows the cookie,
    /// is lost or late, and will go again unless a reset ends what we do not remember.
    pub fn seems_later(&self, now: Instant, pair: &SocketPair, seg: &Segment<'_>) -> bool {
        let Some(iss) = seg.ack.map(|ack| ack - 1).filter(|_| self.are_out(now)) else {
            return false;
        };
        if self.taken.contains(&(iss, *pair)) {
            return false;
        }
        lately(now).any(|count| {
            (0..MSS_TABLE.len()).any(|size| {
                let spread = iss.0.wrapping_sub(self.quantity(pair, size, count));
                let irs = SeqNum(spread.wrapping_mul(GATHER));
                (2..=LATER_MAX).contains(&seg.seq.since(irs))
            })
        })
    }

    /// Whether any may still come back.
    fn are_out(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    /// The SYN that a segment's sender must have sent, if it acknowledges a cookie of ours that is
    /// not too old, and the number that we answered it with.
    pub fn known(
        &self,
        now: Instant,
        pair: &SocketPair,
        seg: &Segment<'_>,
    ) -> Option<(Segment<'static>, SeqNum)> {
        // Where none were given out lately, nobody needs to guess one.
        if !self.are_out(now) || seg.syn() || seg.rst() {
            return None;
        }
        let (irs, iss) = (seg.seq - 1, seg.ack? - 1);
        let size = iss.0.wrapping_sub(irs.0.wrapping_mul(SPREAD)) >> 24 & 7;
        lately(now).find(|count| self.number(pair, irs, size as usize, *count) == iss)?;
        if self.taken.contains(&(iss, *pair)) {
            return None;
        }
        let (scale, sack) = seg
            .options
            .timestamps
            .map_or((None, false), |echoed| options_of(echoed.echo));
        let syn = Segment {
            ports: seg.ports,
            seq: irs,
            ack: None,
            flags: Flags::SYN,
            window: seg.window,
            urgent: 0,
            order: seg.order,
            options: Options {
                mss: MSS_TABLE.get(size as usize).copied(),
                window_scale: scale,
                sack_permitted: sack,
                timestamps: seg.options.timestamps,
                ..Options::default()
            },
            text: crate::base::Pieces::EMPTY,
        };
        Some((syn, iss))
    }

    /// A connection was made of one: it is not known again.
    pub fn take(&mut self, pair: &SocketPair, iss: SeqNum) {
        self.taken.truncate(TAKEN_MAX - 1);
        self.taken.push_front((iss, *pair));
    }

    /// RFC 4987 appendix A, but for how the SYN's sequence number and the quantity are joined:
    /// house!("syn-cookies").
    fn number(&self, pair: &SocketPair, irs: SeqNum, size: usize, count: u64) -> SeqNum {
        let spread = irs.0.wrapping_mul(SPREAD);
        SeqNum(spread.wrapping_add(self.quantity(pair, size, count)))
    }

    /// "a 32 bit quantity": five bits of a slow counter, three for the size of segments, and 24 of
    /// a secret function of addresses, ports, and these.
    fn quantity(&self, pair: &SocketPair, size: usize, count: u64) -> u32 {
        let mut text = [0; PAIR_LEN + 12];
        let (of_pair, rest) = text.split_at_mut(PAIR_LEN);
        of_pair.copy_from_slice(&pair.bytes());
        rest[..8].copy_from_slice(&count.to_be_bytes());
        rest[8..].copy_from_slice(&(size as u32).to_be_bytes());
        let secret = self.key.hash(&text) as u32 & 0xff_ffff;
        (count as u32 & 31) << 27 | (size as u32) << 24 | secret
    }
}

/// "the counter increases every 64 seconds"
fn count(now: Instant) -> u64 {
    now.as_millis() / 64_000
}

/// The counts at which what may still come back was made.
fn lately(now: Instant) -> impl Iterator<Item = u64> {
    [Some(count(now)), count(now).checked_sub(1)]
        .into_iter()
        .flatten()
}

/// A timestamp a little before this one, whose low bits say what was agreed.
fn with_options(value: u32, agreed: &Agreement) -> u32 {
    let scale = agreed
        .scale
        .map_or(NO_SCALE, |scales| scales.peers.shift().into());
    let options = scale | u32::from(agreed.sack) << 4;
    let low = value & OPTION_BITS;
    let below = value.wrapping_sub(low).wrapping_add(options);
    match options > low {
        // The clock does not run ahead of itself.
        true => below.wrapping_sub(OPTION_BITS + 1),
        false => below,
    }
}

/// What was agreed, from what the peer echoes: the peer's window scale, and SACK.
fn options_of(echo: u32) -> (Option<u8>, bool) {
    let scale = echo & NO_SCALE;
    let scale = (scale != NO_SCALE).then_some(scale as u8);
    (scale, echo & 1 << 4 != 0)
}

/// Sizes that are common: RFC 9293's defaults, tunnels, PPPoE, Ethernet, jumbo frames. In bytes.
const MSS_TABLE: [u16; 8] = [536, 1_220, 1_300, 1_400, 1_440, 1_460, 4_036, 8_940];
/// Takes neighbours far from each other; odd, so that it can be undone: 2^32 by the golden ratio.
const SPREAD: u32 = 0x9e37_79b1;
/// Undoes [`SPREAD`]: their product is 1 modulo 2^32.
const GATHER: u32 = 0x0e8b_2f51;
/// Four bits for a shift of up to 14, one for SACK.
const OPTION_BITS: u32 = 31;
const NO_SCALE: u32 = 15;
/// Two counts: the longest that one is known.
const VALID: std::time::Duration = std::time::Duration::from_secs(128);
/// How far the first window of a peer reaches that has heard nothing more: what a SYN,ACK can say.
const LATER_MAX: u32 = 1 << 16;
/// How many that came back are remembered. Older ones could come again, as everywhere.
const TAKEN_MAX: usize = 256;
/// Addresses and ports, in bytes.
const PAIR_LEN: usize = SocketPair::LEN;

/// Why it goes.
pub const COOKIE: &Why = &Why {
    by: rfc!(4987, "3.6"),
    text: "the backlog is full: the SYN is answered by a cookie, and forgotten",
};

#[cfg(test)]
mod tests;
