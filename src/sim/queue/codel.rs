//! Controlled delay: RFC 8289. Packets that have waited too long, for too long, are dropped as they
//! leave, at a rate that rises until the waiting is over.
//!
//! The RFC's names: `target` is how long a packet may wait, `interval` for how long it may be
//! exceeded, `count` how many were dropped since dropping began.

use std::collections::VecDeque;
use std::time::Duration;

use crate::base::Instant;
use crate::sim::parcel::Parcel;
use crate::sim::range::{OutOfRange, between};

use super::drop_tail::PACKETS_MAX;
use super::{Ledger, Load, Queue};

/// The parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoDel {
    /// How long a packet may wait.
    pub target: Duration,
    /// For how long packets may wait longer than that: a round trip of the slowest flows.
    pub interval: Duration,
    /// How many packets may wait at all.
    pub packets: u64,
    /// Marks instead of dropping, where senders listen.
    pub ecn: bool,
}

/// The RFC's own: 5 and 100 milliseconds.
impl Default for CoDel {
    fn default() -> CoDel {
        CoDel {
            target: Duration::from_millis(5),
            interval: Duration::from_millis(100),
            packets: 1_000,
            ecn: true,
        }
    }
}

impl CoDel {
    /// Whether a queue can be made of it.
    ///
    /// # Errors
    ///
    /// The first value that is out of its range.
    pub fn check(&self) -> Result<(), OutOfRange> {
        let minute = Duration::from_secs(60);
        let least = Duration::from_micros(1);
        between("interval", self.interval, least..=minute)?;
        between("target", self.target, least..=self.interval)?;
        between("packets", self.packets, 1..=PACKETS_MAX)
    }
}

/// The state that decides about dropping, apart from what waits.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Control {
    /// When dropping may begin, if waiting stays too long until then.
    first_above: Option<Instant>,
    /// When the next one is dropped.
    drop_next: Option<Instant>,
    count: u32,
    /// `count` when dropping began last.
    count_before: u32,
    dropping: bool,
}

impl Control {
    /// Takes the next packet that may leave; those that must not are dropped on the way.
    pub fn pop(
        &mut self,
        plan: &CoDel,
        waiting: &mut Fifo,
        ledger: &mut Ledger<'_>,
    ) -> Option<Parcel> {
        let now = ledger.now;
        let (mut parcel, mut too_long) = self.look(now, plan, waiting)?;
        if self.dropping {
            if !too_long {
                self.dropping = false;
            }
            // Each turn drops a packet, so the queue's length bounds them.
            while self.dropping && self.drop_next.is_some_and(|at| now >= at) {
                self.count += 1;
                if let Some(marked) = ledger.hint(plan.ecn, parcel) {
                    self.drop_next = self.after_drop_next(plan);
                    return Some(marked);
                }
                let Some((next, still)) = self.look(now, plan, waiting) else {
                    self.dropping = false;
                    return None;
                };
                (parcel, too_long) = (next, still);
                if too_long {
                    self.drop_next = self.after_drop_next(plan);
                } else {
                    self.dropping = false;
                }
            }
            return Some(parcel);
        }
        if !too_long {
            return Some(parcel);
        }
        self.begin(now, plan);
        if let Some(marked) = ledger.hint(plan.ecn, parcel) {
            return Some(marked);
        }
        let (next, _) = self.look(now, plan, waiting)?;
        Some(next)
    }

    /// Dropping begins. If it ended only just, it goes on about as fast as it had become.
    fn begin(&mut self, now: Instant, plan: &CoDel) {
        let recent = self
            .drop_next
            .is_some_and(|at| now.since(at) < 16 * plan.interval);
        let dropped = self.count - self.count_before;
        self.count = if recent && dropped > 1 { dropped } else { 1 };
        self.count_before = self.count;
        self.dropping = true;
        self.drop_next = Some(now + self.gap(plan));
    }

    /// The next packet, and whether waiting has been too long for long enough.
    fn look(&mut self, now: Instant, plan: &CoDel, waiting: &mut Fifo) -> Option<(Parcel, bool)> {
        let Some(parcel) = waiting.pop() else {
            self.first_above = None;
            return None;
        };
        let waited = now.since(parcel.queued_at);
        // One packet's worth of waiting is no queue.
        if waited < plan.target || waiting.load.bytes <= PACKET {
            self.first_above = None;
            return Some((parcel, false));
        }
        let since = *self.first_above.get_or_insert(now + plan.interval);
        Some((parcel, now >= since))
    }

    fn after_drop_next(&self, plan: &CoDel) -> Option<Instant> {
        self.drop_next.map(|at| at + self.gap(plan))
    }

    /// The control law: drops come closer with the square root of their number, so that a flow's
    /// throughput falls linearly.
    fn gap(&self, plan: &CoDel) -> Duration {
        plan.interval.div_f64(f64::from(self.count).sqrt())
    }
}

/// Packets in order, and how much they are.
#[derive(Debug, Default)]
pub(super) struct Fifo {
    parcels: VecDeque<Parcel>,
    pub load: Load,
}

impl Fifo {
    pub fn push(&mut self, parcel: Parcel) {
        self.load.add(&parcel);
        self.parcels.push_back(parcel);
    }

    pub fn pop(&mut self) -> Option<Parcel> {
        let parcel = self.parcels.pop_front()?;
        self.load.remove(&parcel);
        Some(parcel)
    }
}

#[derive(Debug)]
pub(super) struct Waiting {
    plan: CoDel,
    fifo: Fifo,
    control: Control,
}

impl Waiting {
    pub fn new(plan: CoDel) -> Waiting {
        Waiting {
            plan,
            fifo: Fifo::default(),
            control: Control::default(),
        }
    }
}

impl Queue for Waiting {
    fn push(&mut self, parcel: Parcel, ledger: &mut Ledger<'_>) {
        if self.fifo.load.packets >= self.plan.packets {
            return ledger.overflow(parcel);
        }
        self.fifo.push(parcel);
    }

    fn pop(&mut self, ledger: &mut Ledger<'_>) -> Option<Parcel> {
        self.control.pop(&self.plan, &mut self.fifo, ledger)
    }

    fn load(&self) -> Load {
        self.fifo.load
    }
}

/// A packet of a link's usual size, in bytes.
const PACKET: u64 = 1_514;
