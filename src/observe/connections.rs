//! The numbers of each connection: what a summary says of it.
//!
//! Bytes are counted from the control block's variables, not from packets, so that nothing sent
//! twice counts twice: SND.UNA is how far the peer has acknowledged, RCV.NXT how far we have got.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::base::{Instant, SeqNum};
use crate::probe::{Edge, Event, Observer, Purpose, Resent, State, Told, Variables};

use super::conversations::{ConversationId, Conversations};

/// An observer that keeps the numbers of each connection. Clones share them.
#[derive(Debug, Clone)]
pub struct Connections(Arc<Mutex<Known>>);

#[derive(Debug)]
struct Known {
    conversations: Conversations,
    figures: HashMap<ConversationId, Figures>,
}

impl Connections {
    /// Keeps the numbers of the first `most` connections.
    pub fn new(most: u32) -> Connections {
        Connections(Arc::new(Mutex::new(Known {
            conversations: Conversations::new(most),
            figures: HashMap::new(),
        })))
    }

    /// The numbers up to here, in the order in which the connections were opened.
    pub fn connections(&self) -> Vec<ConnectionCounts> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let conversations = known.conversations.list().iter().zip(0..);
        let with_figures = conversations.filter_map(|(conversation, index)| {
            let figures = known.figures.get(&ConversationId(index))?;
            Some(figures.counts(
                conversation.local,
                conversation.remote,
                conversation.opened,
                conversation.ended,
            ))
        });
        with_figures.collect()
    }
}

impl Observer for Connections {
    fn told(&mut self, told: &Told<'_>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = known.conversations.hear(told) {
            known.figures.entry(id).or_default().told(told);
        }
    }
}

/// One connection in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionCounts {
    /// Our socket.
    pub local: SocketAddr,
    /// The peer's.
    pub remote: SocketAddr,
    /// When it was opened.
    pub opened: Instant,
    /// When it was deleted; `None` while it lives.
    pub ended: Option<Instant>,
    /// Its state.
    pub state: State,
    /// The congestion control's name; empty before anything is known of it.
    pub congestion_control: &'static str,
    /// Bytes of text that the peer has acknowledged.
    pub bytes_sent: u64,
    /// Bytes of text received in order.
    pub bytes_received: u64,
    /// From the first text sent to its last acknowledgment; zero if none was sent.
    pub sending: Duration,
    /// Packets that came in for it.
    pub packets_in: u64,
    /// Packets that left.
    pub packets_out: u64,
    /// Packets of these that repeat something.
    pub retransmitted: u64,
    /// How often the retransmission timer made it repeat something.
    pub timeouts: u64,
    /// The largest congestion window, in bytes.
    pub cwnd_max: u64,
    /// The smoothed round-trip time at last; `None` before the first sample.
    pub srtt: Option<Duration>,
}

impl ConnectionCounts {
    /// Acknowledged bits a second while it was sending; `None` if it never was.
    pub fn goodput_bps(&self) -> Option<u64> {
        let bits = u128::from(self.bytes_sent) * 8;
        let per_second = (bits * NANOS_PER_SEC).checked_div(self.sending.as_nanos())?;
        u64::try_from(per_second).ok()
    }
}

#[derive(Debug, Default)]
struct Figures {
    state: Option<State>,
    congestion_control: &'static str,
    acknowledged: Progress,
    sent: Progress,
    our_fin_acked: bool,
    received: Progress,
    bytes_received: u64,
    first_text: Option<Instant>,
    last_acked: Option<Instant>,
    packets_in: u64,
    packets_out: u64,
    retransmitted: u64,
    timeouts: u64,
    cwnd_max: u64,
    srtt: Option<Duration>,
}

impl Figures {
    fn told(&mut self, told: &Told<'_>) {
        match told.event {
            Event::Opened { state, .. } => self.state = Some(*state),
            Event::StateChanged { to, on, .. } => {
                self.state = Some(*to);
                if *on == Edge::FinAcked {
                    self.our_fin_acked = true;
                    self.last_acked = Some(told.at);
                }
            }
            Event::Accepted { variables, .. } | Event::Discarded { variables, .. } => {
                self.packets_in += 1;
                self.learn(told.at, *variables);
            }
            Event::PacketOut {
                purpose, variables, ..
            } => {
                self.packets_out += 1;
                if let Purpose::Retransmission(how) = purpose {
                    self.retransmitted += 1;
                    self.timeouts += u64::from(*how == Resent::Timeout);
                }
                if *purpose == Purpose::Text && self.first_text.is_none() {
                    self.first_text = Some(told.at);
                }
                self.learn(told.at, *variables);
            }
            _ => {}
        }
    }

    fn learn(&mut self, at: Instant, variables: Option<Variables<'_>>) {
        // A deleted control block counts no longer: its numbers may be gone.
        let now = variables.map(Variables::snapshot);
        let Some(now) = now.filter(|known| known.state != State::Closed) else {
            return;
        };
        self.state = Some(now.state);
        self.congestion_control = now.congestion_control;
        self.cwnd_max = self.cwnd_max.max(now.cwnd);
        self.srtt = now.srtt;
        self.sent.reaches(now.iss, now.snd_nxt);
        if self.acknowledged.reaches(now.iss, now.snd_una) {
            self.last_acked = Some(at);
        }
        if now.state != State::SynSent {
            self.received.reaches(now.irs, now.rcv_nxt);
            // RFC 9293 section 3.3.2: the states in which the peer's FIN has been received. It
            // takes up one sequence number and is no text.
            let fin = matches!(
                now.state,
                State::CloseWait | State::Closing | State::LastAck | State::TimeWait
            );
            self.bytes_received = self.received.text.saturating_sub(u64::from(fin));
        }
    }

    fn counts(
        &self,
        local: SocketAddr,
        remote: SocketAddr,
        opened: Instant,
        ended: Option<Instant>,
    ) -> ConnectionCounts {
        // Our FIN is the last thing sent: once it is acknowledged, so is all before it.
        let bytes_sent = if self.our_fin_acked {
            self.sent.text.saturating_sub(1)
        } else {
            self.acknowledged.text
        };
        let sending = match (self.first_text, self.last_acked) {
            (Some(first), Some(last)) => last.since(first),
            _ => Duration::ZERO,
        };
        ConnectionCounts {
            local,
            remote,
            opened,
            ended,
            state: self.state.unwrap_or(State::Closed),
            congestion_control: self.congestion_control,
            bytes_sent,
            bytes_received: self.bytes_received,
            sending,
            packets_in: self.packets_in,
            packets_out: self.packets_out,
            retransmitted: self.retransmitted,
            timeouts: self.timeouts,
            cwnd_max: self.cwnd_max,
            srtt: self.srtt,
        }
    }
}

/// How far a sequence number has gone past the SYN; it may go round many times.
#[derive(Debug, Default)]
struct Progress {
    text: u64,
}

impl Progress {
    /// Whether `now` is further than ever, counted from the number after `initial`.
    fn reaches(&mut self, initial: SeqNum, now: SeqNum) -> bool {
        // Truncation wanted: sequence numbers are modulo 2^32.
        let furthest = initial + 1 + self.text as u32;
        let further = now.after(furthest);
        if further {
            self.text += u64::from(now.since(furthest));
        }
        further
    }
}

const NANOS_PER_SEC: u128 = 1_000_000_000;

#[cfg(test)]
mod tests;
