//! A link: two ways between two nodes, each with a queue, a rate, a delay and its weather.
//!
//! What happens to a packet on one way happens in this order, whatever is configured:
//!
//! ```text
//!   it is too long for the MTU         lost
//!   it waits in the queue              perhaps lost or marked there
//!   it is sent at the rate             not while the way is stalled
//!   the way is cut                     lost
//!   weather: rules, loss, corruption, copies
//!   delay, jitter, falling back        of each copy by itself
//! ```
//!
//! So what is lost on the wire has taken its share of the rate, as on a real one.

use std::collections::VecDeque;
use std::time::Duration;

use crate::base::{Instant, Rate};

use crate::observe::on_link::Happened;

use super::book::Book;
use super::impair::{Effects, Ground, Trip, Weather, WireStats};
use super::pace::{Pace, Sender};
use super::parcel::{Parcel, Pool};
use super::queue::{Discipline, Ledger, Load, Queue, QueueStats};
use super::range::{OutOfRange, between};

/// Both ways.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// From the node named first to the other.
    pub forward: Path,
    /// Back.
    pub back: Path,
}

/// One way.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// How long a packet takes once it is sent.
    pub delay: Duration,
    /// How fast packets are sent; `None`: in no time.
    pub pace: Option<Pace>,
    /// The longest packet that it takes, in bytes.
    pub mtu: u16,
    /// What waits to be sent.
    pub queue: Discipline,
    /// What goes wrong.
    pub weather: Weather,
    /// When it does not work at all.
    pub outages: Vec<Outage>,
}

/// A time at which a way does not work, from the beginning of the world on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    pub from: Duration,
    pub until: Duration,
    pub what: OutageKind,
}

/// How it does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutageKind {
    /// What is sent is lost.
    Cut,
    /// Nothing is sent: it waits.
    Stall,
}

impl Link {
    /// The same both ways.
    pub fn both(path: Path) -> Link {
        Link {
            back: path.clone(),
            forward: path,
        }
    }

    /// Whether there can be such a link.
    ///
    /// # Errors
    ///
    /// The first value that is out of its range.
    pub fn check(&self) -> Result<(), OutOfRange> {
        let forward = self.forward.check();
        forward.map_err(|error| error.within("forward"))?;
        self.back.check().map_err(|error| error.within("back"))
    }
}

/// Ten milliseconds, no limit of rate, 1,500 bytes, fine weather.
impl Default for Path {
    fn default() -> Path {
        Path {
            delay: Duration::from_millis(10),
            pace: None,
            mtu: 1_500,
            queue: Discipline::default(),
            weather: Weather::default(),
            outages: Vec::new(),
        }
    }
}

impl Path {
    /// So many bits a second, with so much delay.
    pub fn new(rate: Rate, delay: Duration) -> Path {
        Path {
            delay,
            pace: Some(Pace::Steady(rate)),
            ..Path::default()
        }
    }

    /// Whether there can be such a way.
    ///
    /// # Errors
    ///
    /// The first value that is out of its range.
    pub fn check(&self) -> Result<(), OutOfRange> {
        between("delay", self.delay, Duration::ZERO..=DELAY_MAX)?;
        between("mtu", self.mtu, MTU_MIN..=u16::MAX)?;
        if let Some(pace) = &self.pace {
            pace.check().map_err(|error| error.within("pace"))?;
        }
        self.queue.check().map_err(|error| error.within("queue"))?;
        let weather = self.weather.check();
        weather.map_err(|error| error.within("weather"))?;
        for outage in &self.outages {
            between("outages.until", outage.until, outage.from..=Duration::MAX)?;
        }
        Ok(())
    }
}

/// What one way has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PathStats {
    pub queue: QueueStats,
    pub wire: WireStats,
    /// Packets that came out at the other end.
    pub delivered: u64,
    /// Their bytes.
    pub bytes_delivered: u64,
}

/// One way at work.
#[derive(Debug)]
pub(super) struct Pipe {
    delay: Duration,
    sender: Option<Sender>,
    mtu: u16,
    queue: Box<dyn Queue>,
    effects: Effects,
    outages: Vec<Outage>,
    birth: Instant,
    /// What is being sent, and when it has left.
    sending: Option<(Instant, Parcel)>,
    /// What is on its way, first what arrives first.
    wire: VecDeque<(Instant, Parcel)>,
    /// When the last one arrives that keeps its place.
    last_in_order: Instant,
    /// What waits for others to go before it: so many, or until then.
    held: Vec<(u32, Instant, Parcel)>,
    trips: Vec<Trip>,
    pub stats: PathStats,
    pub book: Book,
}

impl Pipe {
    pub fn new(path: &Path, birth: Instant, seed: u64) -> Pipe {
        Pipe {
            delay: path.delay,
            sender: path.pace.clone().map(|pace| Sender::new(pace, birth)),
            mtu: path.mtu,
            queue: path.queue.start(seed),
            effects: Effects::new(path.weather.clone(), seed),
            outages: path.outages.clone(),
            birth,
            sending: None,
            wire: VecDeque::new(),
            last_in_order: birth,
            held: Vec::new(),
            trips: Vec::new(),
            stats: PathStats::default(),
            book: Book::default(),
        }
    }

    /// The way becomes another: what waits for it or is on it stays.
    pub fn become_like(&mut self, path: &Path, now: Instant, seed: u64, pool: &mut Pool) {
        let old = std::mem::replace(self, Pipe::new(path, self.birth, seed));
        self.stats = old.stats;
        self.book = old.book;
        // A wait for the end of a stall ends with the stall.
        self.sending = old.sending.filter(|(_, parcel)| !parcel.is_empty());
        self.wire = old.wire;
        self.held = old.held;
        let mut queue = old.queue;
        let (mut forgotten, mut unread) = (QueueStats::default(), Book::default());
        loop {
            let mut ledger = Ledger {
                stats: &mut forgotten,
                pool,
                book: &mut unread,
                now,
            };
            let Some(parcel) = queue.pop(&mut ledger) else {
                break;
            };
            let (queue, mut ledger) = self.queue_at_work(now, pool);
            queue.push(parcel, &mut ledger);
        }
        self.start(now, pool);
    }

    /// What is on the way is lost.
    pub fn clear(&mut self, pool: &mut Pool) {
        for (_, parcel) in self.wire.drain(..) {
            pool.give(parcel.bytes);
        }
        for (_, _, parcel) in self.held.drain(..) {
            pool.give(parcel.bytes);
        }
        self.last_in_order = self.birth;
    }

    /// A packet wants to go.
    pub fn offer(&mut self, now: Instant, mut parcel: Parcel, pool: &mut Pool) {
        self.stats.queue.came += 1;
        if parcel.len() > usize::from(self.mtu) {
            self.stats.wire.too_long += 1;
            self.book.note(now, &parcel, Happened::Dropped("too_big"));
            return pool.give(parcel.bytes);
        }
        parcel.queued_at = now;
        let (packet, len, known) = (parcel.sent_as, parcel.len(), self.book.len());
        let (queue, mut ledger) = self.queue_at_work(now, pool);
        queue.push(parcel, &mut ledger);
        let load = self.queue.load();
        if !self.book.tells_loss_of(packet, known) {
            let what = Happened::Enqueued(load.into());
            self.book.note_of(now, packet, len, what);
        }
        let Load { packets, bytes } = load;
        let stats = &mut self.stats.queue;
        stats.packets_max = stats.packets_max.max(packets);
        stats.bytes_max = stats.bytes_max.max(bytes);
        self.start(now, pool);
    }

    /// The longest packet that it takes.
    pub fn mtu(&self) -> u16 {
        self.mtu
    }

    /// When something happens here next.
    pub fn next(&self) -> Option<Instant> {
        let sent = self.sending.as_ref().map(|(at, _)| *at);
        let arrives = self.wire.front().map(|(at, _)| *at);
        let held = self.held.iter().map(|(_, until, _)| *until).min();
        [sent, arrives, held].into_iter().flatten().min()
    }

    /// Lets happen what is due at `now`; then [`Pipe::arrive`] has what has arrived.
    pub fn advance(&mut self, now: Instant, pool: &mut Pool) {
        if self.sending.as_ref().is_some_and(|(at, _)| *at <= now)
            && let Some((at, parcel)) = self.sending.take()
        {
            if !parcel.is_empty() {
                self.launch(at, parcel, pool);
            }
            self.start(at, pool);
        }
        while let Some(late) = self.held.iter().position(|(_, until, _)| *until <= now) {
            let (_, until, parcel) = self.held.remove(late);
            self.put(until, parcel);
        }
    }

    /// The next packet that has arrived.
    pub fn arrive(&mut self, now: Instant) -> Option<Parcel> {
        if self.wire.front()?.0 > now {
            return None;
        }
        let (_, parcel) = self.wire.pop_front()?;
        self.stats.delivered += 1;
        self.stats.bytes_delivered += parcel.len() as u64;
        Some(parcel)
    }

    /// The queue, and where it writes down what it does.
    fn queue_at_work<'a>(
        &'a mut self,
        now: Instant,
        pool: &'a mut Pool,
    ) -> (&'a mut dyn Queue, Ledger<'a>) {
        let ledger = Ledger {
            stats: &mut self.stats.queue,
            pool,
            book: &mut self.book,
            now,
        };
        (self.queue.as_mut(), ledger)
    }

    /// Begins to send what waits, if nothing is being sent.
    fn start(&mut self, now: Instant, pool: &mut Pool) {
        while self.sending.is_none() {
            if let Some(until) = self.outage(now, OutageKind::Stall) {
                if self.queue.load().packets > 0 {
                    // An empty packet stands for the wait.
                    self.sending = Some((until, Parcel::new(Vec::new())));
                }
                return;
            }
            let (queue, mut ledger) = self.queue_at_work(now, pool);
            let Some(parcel) = queue.pop(&mut ledger) else {
                return;
            };
            let stats = &mut self.stats.queue;
            let waited = now.since(parcel.queued_at);
            stats.left += 1;
            stats.bytes_left += parcel.len() as u64;
            stats.waited += waited;
            stats.waited_max = stats.waited_max.max(waited);
            match &mut self.sender {
                None => self.launch(now, parcel, pool),
                Some(sender) => {
                    let at = sender.send(now, parcel.len());
                    self.sending = Some((at, parcel));
                }
            }
        }
    }

    /// A packet has left for the wire.
    fn launch(&mut self, at: Instant, parcel: Parcel, pool: &mut Pool) {
        let left = Happened::Dequeued(self.queue.load().into());
        self.book.note(at, &parcel, left);
        if self.outage(at, OutageKind::Cut).is_some() {
            self.stats.wire.lost_by_cut += 1;
            self.book.note(at, &parcel, Happened::Dropped("down"));
            return pool.give(parcel.bytes);
        }
        let mut trips = std::mem::take(&mut self.trips);
        let mut ground = Ground {
            stats: &mut self.stats.wire,
            pool,
            book: &mut self.book,
            at,
        };
        self.effects.judge(parcel, &mut ground, &mut trips);
        for trip in trips.drain(..) {
            let arrival = at + self.delay + trip.late;
            if trip.behind > 0 {
                let until = arrival + HELD_AT_MOST;
                self.held.push((trip.behind, until, trip.parcel));
                continue;
            }
            let arrival = if trip.loose {
                arrival
            } else {
                arrival.max(self.last_in_order)
            };
            if !trip.loose {
                self.last_in_order = arrival;
            }
            self.put(arrival, trip.parcel);
            self.release(arrival);
        }
        self.trips = trips;
    }

    /// Puts a packet on the wire, behind those that arrive at the same time.
    fn put(&mut self, at: Instant, parcel: Parcel) {
        if self.wire.back().is_none_or(|(last, _)| *last <= at) {
            self.wire.push_back((at, parcel));
            return;
        }
        let index = self.wire.partition_point(|(other, _)| *other <= at);
        self.wire.insert(index, (at, parcel));
    }

    /// One more packet goes before those that are held, and arrives at `at`.
    fn release(&mut self, at: Instant) {
        for (left, until, _) in &mut self.held {
            *left -= 1;
            if *left == 0 {
                *until = at;
            }
        }
        while let Some(free) = self.held.iter().position(|(left, ..)| *left == 0) {
            let (_, until, parcel) = self.held.remove(free);
            self.put(until, parcel);
        }
    }

    /// When the outage of this kind ends that there is at `now`.
    fn outage(&self, now: Instant, what: OutageKind) -> Option<Instant> {
        let is_now = |outage: &&Outage| {
            let (from, until) = (self.birth + outage.from, self.birth + outage.until);
            outage.what == what && from <= now && now < until
        };
        let ends = self.outages.iter().filter(is_now);
        ends.map(|outage| self.birth + outage.until).max()
    }
}

/// A day, which no packet outlives.
const DELAY_MAX: Duration = Duration::from_secs(86_400);
/// RFC 791 section 3.2: every internet module must forward datagrams of 68 bytes.
const MTU_MIN: u16 = 68;
/// A packet that others should go before comes at last when there are none.
const HELD_AT_MOST: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests;
