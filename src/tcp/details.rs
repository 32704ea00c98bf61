//! STATUS beyond the variables: RFC 9293 section 3.10.6 leaves to each stack what else it tells.
//!
//! The control block keeps all of this anyway; whoever asks gets a plain copy.

use std::time::Duration;

use crate::base::Instant;
use crate::probe::State;

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
    /// For how long it had something to send, and what held it back.
    pub held_back: HeldBack,
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
            held_back: self.hold.spent(now),
        }
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
