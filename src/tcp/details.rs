//! STATUS beyond the variables: RFC 9293 section 3.10.6 leaves to each stack what else it tells.
//!
//! The control block keeps all of this anyway; whoever asks gets a plain copy.

use std::time::Duration;

use crate::base::{Instant, Rate};
use crate::probe::{Blocked, State, TimerKind, Why};

use super::connection::Connection;
use super::ecn::{Asking, Ecn};
use super::output::hold::HeldBack;

/// What a connection knows of its path, its peer and its memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Details {
    /// The largest text that we take in one segment, in bytes; the options that every segment has
    /// are not counted in.
    pub receive_mss: u32,
    /// Snd.Wind.Shift and Rcv.Wind.Shift of RFC 7323 section 2.2; zero without scaling.
    pub shifts: (u8, u8),
    /// How long an acknowledgment waits for company.
    pub delayed_ack: Duration,
    /// How often the path was doubted so much that another one was asked for.
    pub path_doubts: u32,
    /// How often the device has refused text, or a probe, since any left.
    pub refused: u32,
    /// How many duplicates, or segments reported, make a loss of what is missing.
    pub dup_thresh: u32,
    /// How many acknowledgments have shown that segments were overtaken: RFC 8985 section 6.2.
    pub reorderings: u32,
    /// The round trip as the peer's echoes show it to a receiver, the least of late.
    pub receiver_rtt: Option<Duration>,
    /// The size of the receive buffer: no window reaches further. In bytes, as the next two.
    pub receive_buffer: u32,
    /// Text that came and was not read, in order and beyond holes.
    pub held: u64,
    /// Text that was written and is not acknowledged.
    pub queued: u64,
    pub heeding: Heeding,
    /// Whether every segment has a timestamp, and whether the receivers report what they have
    /// beyond holes: RFC 7323, RFC 2018.
    pub timestamps: bool,
    pub reports: bool,
    /// For how long it had something to send, and what held it back.
    pub held_back: HeldBack,
    /// Why nothing more is sent.
    pub blocked: Blocked,
    /// Why the last segment left, an acknowledgment or not; `None` before the first.
    pub last_why: Option<&'static Why>,
    /// How many segments have left once more.
    pub resent: u32,
    /// Text that the peer has acknowledged and text that came in order, in bytes, over the
    /// connection's life.
    pub bytes: (u64, u64),
    /// Outstanding bytes that are reported, and those that are taken for lost.
    pub reported_and_lost: (u32, u32),
    /// The least round trip of late.
    pub min_rtt: Option<Duration>,
    /// How fast text may leave, if the congestion control says so.
    pub pacing_rate: Option<Rate>,
}

/// Whether marks of congested routers are heeded, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heeding {
    /// Nobody heeds them.
    Off,
    /// Our SYN has asked for it and is not answered.
    Asked,
    /// RFC 3168.
    Classic,
    /// RFC 9768.
    Accurate,
}

impl Connection {
    /// A plain copy of what is known beside the variables, at `now`.
    pub fn details(&self, now: Instant) -> Details {
        let most = self.agreed.our_mss.bytes();
        let shifts = self.agreed.scale.filter(|_| self.state != State::SynSent);
        let shifts = shifts.map(|scales| (scales.peers.shift(), scales.ours.shift()));
        Details {
            receive_mss: most.saturating_sub(self.options_len()).max(1),
            shifts: shifts.unwrap_or_default(),
            delayed_ack: self.config.delayed_ack,
            path_doubts: self.path_doubts,
            refused: self.seldom.persist.refused(),
            dup_thresh: self.recovery.dup_thresh(),
            reorderings: self.recovery.reorderings(),
            receiver_rtt: self.right_size.round_trip(),
            receive_buffer: self.right_size.size(),
            held: self.incoming.unread() as u64 + self.incoming.holes().bytes(),
            queued: self.outgoing.len() as u64,
            heeding: self.heeding(),
            timestamps: self.timestamps.is_some(),
            reports: self.recovery.expects_reports(),
            held_back: self.hold.spent(now),
            blocked: self.hold.by(),
            last_why: self.last_why,
            resent: self.resent,
            bytes: self.bytes(),
            reported_and_lost: self.recovery.reported_and_lost(),
            min_rtt: self.recovery.min_rtt(),
            pacing_rate: self.congestion.pacing_rate(),
        }
    }

    /// The timers that run, and when they expire.
    pub fn running_timers(&self) -> impl Iterator<Item = (TimerKind, Instant)> {
        let kinds = TimerKind::ALL.into_iter();
        kinds.filter_map(|kind| Some((kind, self.timers.get(kind)?)))
    }

    /// Text that the peer has acknowledged and text that came in order, in bytes.
    pub fn bytes(&self) -> (u64, u64) {
        (self.acknowledged(), self.incoming.next())
    }

    /// Bytes that wait to be acknowledged, or to be sent.
    pub fn waiting(&self) -> u64 {
        self.outgoing.len() as u64
    }

    /// Text that the peer has acknowledged. Sequence numbers give the low bits, and what was
    /// delivered the high ones: the two differ by what is reported and by SYN and FIN.
    fn acknowledged(&self) -> u64 {
        // Our FIN lies behind all text.
        let text = self.snd.una.earlier_of(self.outgoing.end());
        let first = self.snd.iss + 1;
        if text.before(first) && self.recovery.delivered() == 0 {
            return 0;
        }
        nearest(text.since(first), self.recovery.delivered())
    }

    fn heeding(&self) -> Heeding {
        let asks = [self.config.ecn, self.config.accurate_ecn].contains(&Asking::Ask);
        match &self.ecn {
            Some(ecn) if Ecn::is_accurate(ecn) => Heeding::Accurate,
            Some(_) => Heeding::Classic,
            None if asks && self.state == State::SynSent => Heeding::Asked,
            None => Heeding::Off,
        }
    }
}

/// The number with these low bits that is nearest to an estimate.
fn nearest(low: u32, estimate: u64) -> u64 {
    // Truncation wanted: how far the low bits are ahead of the estimate, or behind it.
    let ahead = low.wrapping_sub(estimate as u32) as i32;
    estimate.saturating_add_signed(ahead.into())
}

#[cfg(test)]
mod tests;
