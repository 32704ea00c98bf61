//! What can be counted of a connection by watching it: the fields of `tcp_info` that the control
//! block does not keep.
//!
//! It hears the stack's events and counts packets, bytes and segments. Nothing here looks into the
//! stack.

mod agreed;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::base::pair::SocketPair;
use crate::base::{Instant, SeqNum, SeqRange, Transmit};
use crate::probe::{
    Accepted, Edge, Event, Observer, Purpose, Resent, Snapshot, State, Subject, TimerKind, Told,
};

use crate::wire::offload;

use super::live::{Live, LiveTcp};
use agreed::Agreed;

/// The counts of all connections; copies share them.
#[derive(Debug, Clone, Default)]
pub struct Tally(Arc<Mutex<Book>>);

#[derive(Debug, Default)]
struct Book {
    counts: BTreeMap<u64, Counts>,
    /// The connection that has a pair of sockets, the latest.
    numbers: Vec<(SocketPair, u64)>,
    /// The packet that is being handled.
    arrived: Option<Live>,
}

/// What was counted of one connection.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    pub segs_in: i64,
    pub segs_out: i64,
    pub data_segs_in: i64,
    pub data_segs_out: i64,
    pub bytes_sent: i64,
    pub bytes_retrans: i64,
    pub total_retrans: i64,
    pub out_of_order: i64,
    pub dsack_dups: i64,
    pub delivered: i64,
    /// Timeouts of the retransmission timer, in all and since something new was acknowledged.
    pub timeouts: i64,
    pub timeouts_in_row: i64,
    /// How many rows of them there were, and how long those lasted that are over.
    pub timeout_episodes: i64,
    pub timeout_time: Duration,
    timeouts_since: Option<Instant>,
    /// Zero-window probes since the window was seen last.
    pub probes: i64,
    pub min_rtt: Option<Duration>,
    pub established_at: Option<Instant>,
    pub data_sent_at: Option<Instant>,
    pub data_received_at: Option<Instant>,
    pub ack_received_at: Option<Instant>,
    /// The largest text that a segment of the peer has had.
    pub largest_in: usize,
    /// The state in which a reset found it.
    pub reset_in: Option<State>,
    /// Type and code of the ICMP error that was believed last.
    pub icmp: Option<(u8, u8)>,
    /// What the two SYNs agreed on.
    pub agreed: Agreed,
    /// What was sent and is not acknowledged.
    outstanding: VecDeque<Sent>,
    una: Option<SeqNum>,
}

#[derive(Debug, Clone, Copy)]
struct Sent {
    start: SeqNum,
    end: SeqNum,
    sacked: bool,
    /// Taken for lost.
    lost: bool,
    /// Sent again, and not taken for lost since.
    again: bool,
}

impl Counts {
    /// Segments sent and not cumulatively acknowledged.
    pub fn unacked(&self) -> i64 {
        self.outstanding.len() as i64
    }

    /// Of these, those that SACK has reported.
    pub fn sacked(&self) -> i64 {
        self.outstanding.iter().filter(|sent| sent.sacked).count() as i64
    }

    /// Of these, those that are taken for lost, sent again since or not.
    pub fn lost(&self) -> i64 {
        let lost = |sent: &&Sent| sent.lost && !sent.sacked;
        self.outstanding.iter().filter(lost).count() as i64
    }

    /// Of these, those that were sent again and may yet arrive.
    pub fn retrans(&self) -> i64 {
        let again = |sent: &&Sent| sent.again && !sent.sacked;
        self.outstanding.iter().filter(again).count() as i64
    }

    fn on_lost(&mut self, range: SeqRange) {
        for sent in &mut self.outstanding {
            if sent.start.before(range.end()) && range.start.before(sent.end) {
                sent.lost = true;
                sent.again = false;
            }
        }
    }

    fn on_sent(&mut self, at: Instant, tcp: &LiveTcp, again: bool) {
        self.segs_out += 1;
        let len = tcp.payload.len() as u32;
        let takes = len + u32::from(tcp.has(FIN)) + u32::from(tcp.has(SYN));
        if len > 0 {
            self.data_segs_out += 1;
            self.bytes_sent += i64::from(len);
            self.data_sent_at = Some(at);
        }
        let start = SeqNum(tcp.seq);
        if again {
            self.total_retrans += 1;
            self.bytes_retrans += i64::from(len);
            for sent in &mut self.outstanding {
                sent.again |= sent.start.before(start + takes) && start.before(sent.end);
            }
        } else if takes > 0 {
            self.outstanding.push_back(Sent {
                start,
                end: start + takes,
                sacked: false,
                lost: false,
                again: false,
            });
        }
    }

    fn on_arrived(&mut self, at: Instant, tcp: &LiveTcp) {
        self.segs_in += 1;
        self.ack_received_at = Some(at);
        if !tcp.payload.is_empty() {
            self.data_segs_in += 1;
            self.data_received_at = Some(at);
            self.largest_in = self.largest_in.max(tcp.payload.len());
        }
        let ack = SeqNum(tcp.ack);
        let blocks = sack_blocks(tcp);
        // RFC 2883 section 4: a first block below the ack, or inside the second, is a duplicate.
        if let Some((left, right)) = blocks.first() {
            let inside = blocks
                .get(1)
                .is_some_and(|(l, r)| left.at_or_after(*l) && right.at_or_before(*r));
            self.dsack_dups += i64::from(left.before(ack) || inside);
        }
        for sent in &mut self.outstanding {
            let covered = blocks
                .iter()
                .any(|(l, r)| l.at_or_before(sent.start) && sent.end.at_or_before(*r));
            if covered && !sent.sacked {
                sent.sacked = true;
                self.delivered += 1;
            }
        }
    }

    fn on_timeout(&mut self, at: Instant) {
        self.timeouts += 1;
        self.timeouts_in_row += 1;
        if self.timeouts_since.is_none() {
            self.timeouts_since = Some(at);
            self.timeout_episodes += 1;
        }
    }

    /// What the control block says afterwards.
    fn on_variables(&mut self, at: Instant, snapshot: &Snapshot) {
        let una = snapshot.snd_una;
        if let Some(before) = self.una
            && una.after(before)
        {
            self.timeouts_in_row = 0;
            let since = self.timeouts_since.take();
            self.timeout_time += since.map_or(Duration::ZERO, |since| at.since(since));
        }
        self.una = Some(una);
        while let Some(first) = self.outstanding.front()
            && first.end.at_or_before(una)
        {
            self.delivered += i64::from(!first.sacked);
            self.outstanding.pop_front();
        }
        if snapshot.snd_wnd > 0 {
            self.probes = 0;
        }
    }
}

fn sack_blocks(tcp: &LiveTcp) -> Vec<(SeqNum, SeqNum)> {
    let options = tcp.options().unwrap_or_default();
    let body = options.iter().find(|(kind, _)| *kind == SACK);
    let (edges, _) = body.map_or(&[][..], |(_, body)| body).as_chunks::<8>();
    let pairs = edges.iter().map(|[a, b, c, d, e, f, g, h]| {
        let left = SeqNum(u32::from_be_bytes([*a, *b, *c, *d]));
        (left, SeqNum(u32::from_be_bytes([*e, *f, *g, *h])))
    });
    pairs.collect()
}

impl Tally {
    /// The counts of the connection that has this pair.
    pub fn of(&self, pair: &SocketPair) -> Option<Counts> {
        let book = self.lock();
        let mut latest = book.numbers.iter().rev();
        let (_, number) = latest.find(|(known, _)| known == pair)?;
        book.counts.get(number).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        // Whoever panicked while holding it has left numbers that are whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Tally {
    fn told(&mut self, told: &Told<'_>) {
        let mut book = self.lock();
        if let Event::PacketIn { bytes, .. } = told.event {
            book.arrived = Live::read(told.at, 0, bytes.to_vec());
            return;
        }
        let Subject::Connection(number) = told.on else {
            return;
        };
        if let Event::Opened { local, remote, .. } = told.event {
            let pair = SocketPair {
                local: (*local).into(),
                remote: (*remote).into(),
            };
            book.numbers.push((pair, number));
        }
        let arrived = match told.event {
            event if event.is_ending() => book.arrived.take(),
            _ => None,
        };
        let counts = book.counts.entry(number).or_default();
        counts.told(told, arrived.as_ref());
    }
}

impl Counts {
    fn on_packet(&mut self, at: Instant, packet: &Transmit<'_>, purpose: Purpose) {
        let again = matches!(purpose, Purpose::Retransmission(_));
        for bytes in on_the_wire(packet) {
            let live = Live::read(at, 0, bytes);
            if let Some(tcp) = live.as_ref().and_then(Live::tcp) {
                self.on_sent(at, tcp, again);
                self.agreed.on_sent(tcp);
            }
        }
    }

    fn told(&mut self, told: &Told<'_>, arrived: Option<&Live>) {
        if let Some((live, tcp)) = arrived.and_then(|live| Some((live, live.tcp()?))) {
            self.on_arrived(told.at, tcp);
            self.agreed.on_told(told.event, live, tcp);
        }
        match told.event {
            Event::PacketOut {
                head,
                body,
                offload,
                purpose,
                variables,
                ..
            } => {
                let packet = Transmit {
                    offload: *offload,
                    ..Transmit::plain(head, *body)
                };
                self.on_packet(told.at, &packet, *purpose);
                if *purpose == Purpose::WindowProbe {
                    self.probes += 1;
                }
                if *purpose == Purpose::Retransmission(Resent::Syn) {
                    self.timeouts_in_row += i64::from(variables.is_none());
                }
                if let Some(variables) = variables {
                    self.on_variables(told.at, &variables.snapshot());
                }
            }
            Event::Accepted {
                what, variables, ..
            } => {
                let beyond = matches!(what, Accepted::TextOutOfOrder | Accepted::TextRefused);
                self.out_of_order += i64::from(beyond);
                if *what == Accepted::IcmpError {
                    self.icmp = arrived.and_then(Live::icmp);
                }
                if let Some(variables) = variables {
                    self.on_variables(told.at, &variables.snapshot());
                }
            }
            Event::Discarded {
                variables: Some(variables),
                ..
            } => self.on_variables(told.at, &variables.snapshot()),
            Event::StateChanged { from, to, on } => {
                if *to == State::Established {
                    self.established_at = Some(told.at);
                }
                if *on == Edge::ResetReceived {
                    self.reset_in = Some(*from);
                }
            }
            Event::TimerExpired {
                kind: TimerKind::Retransmission,
            } => self.on_timeout(told.at),
            Event::Lost { range, .. } => self.on_lost(*range),
            Event::Undone { .. } => {
                for sent in &mut self.outstanding {
                    sent.lost = false;
                }
            }
            Event::RttSampled { rtt, .. } => {
                let least = self.min_rtt.map_or(*rtt, |least| least.min(*rtt));
                self.min_rtt = Some(least);
            }
            _ => {}
        }
    }
}

/// What a device makes of a packet. One that no device could cut shows as what it is.
pub(super) fn on_the_wire(packet: &Transmit<'_>) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    let put = |packet: &Transmit<'_>| packets.push(packet.to_vec());
    if offload::on_the_wire(packet, put).is_err() {
        packets.push(packet.to_vec());
    }
    packets
}

const FIN: u8 = 1;
const SYN: u8 = 2;
const SACK: u8 = 5;

#[cfg(test)]
mod tests;
