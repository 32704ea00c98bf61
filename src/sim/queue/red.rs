//! Random early detection, as Floyd and Jacobson published it in 1993, with the "gentle" slope that
//! Floyd added: the longer the queue has been on the average, the likelier a packet that comes is
//! dropped or marked.

use std::collections::VecDeque;
use std::time::Duration;

use crate::base::Instant;
use crate::sim::dice::Dice;
use crate::sim::parcel::Parcel;
use crate::sim::range::{OutOfRange, between};

use super::drop_tail::PACKETS_MAX;
use super::{Ledger, Load, Queue};

/// The parameters, by the names of the paper. Thresholds are in packets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Red {
    /// Below this average nothing is dropped: min_th.
    pub min: f64,
    /// From this average on the chance rises to 1, at twice as much: max_th.
    pub max: f64,
    /// The chance at `max`: max_p.
    pub chance: f64,
    /// How much the queue as it is counts in the average: w_q.
    pub weight: f64,
    /// How long the link takes for a usual packet: how fast the average falls while it idles.
    pub packet_time: Duration,
    /// How many packets may wait at all.
    pub packets: u64,
    /// Marks instead of dropping, where senders listen and the average is below `max`.
    pub ecn: bool,
}

/// The paper's, for a link of 10 Mb/s.
impl Default for Red {
    fn default() -> Red {
        Red {
            min: 5.0,
            max: 15.0,
            chance: 0.02,
            weight: 0.002,
            packet_time: Duration::from_micros(1_200),
            packets: 100,
            ecn: true,
        }
    }
}

impl Red {
    /// Whether a queue can be made of it.
    ///
    /// # Errors
    ///
    /// The first value that is out of its range.
    pub fn check(&self) -> Result<(), OutOfRange> {
        between("packets", self.packets, 1..=PACKETS_MAX)?;
        between("max", self.max, 1.0..=self.packets as f64)?;
        between("min", self.min, 0.0..=self.max)?;
        between("chance", self.chance, 0.0..=1.0)?;
        between("weight", self.weight, 1e-9..=1.0)?;
        let second = Duration::from_secs(1);
        between("packet_time", self.packet_time, Duration::ZERO..=second)
    }
}

#[derive(Debug)]
pub(super) struct Waiting {
    plan: Red,
    parcels: VecDeque<Parcel>,
    load: Load,
    dice: Dice,
    average: f64,
    /// Packets kept since the last that was dropped or marked.
    count: u64,
    /// Since when nothing has been waiting.
    idle_since: Option<Instant>,
}

/// What is to be done with a packet that comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Keep,
    Hint,
    Drop,
}

impl Waiting {
    pub fn new(plan: Red, dice: Dice) -> Waiting {
        Waiting {
            plan,
            parcels: VecDeque::new(),
            load: Load::default(),
            dice,
            average: 0.0,
            count: 0,
            idle_since: Some(Instant::BIRTH),
        }
    }

    fn judge(&mut self, now: Instant) -> Verdict {
        if let Some(since) = self.idle_since.take() {
            // As if so many small packets had come to an empty queue meanwhile.
            let packet = self.plan.packet_time.as_secs_f64();
            let missed = if packet > 0.0 {
                now.since(since).as_secs_f64() / packet
            } else {
                f64::INFINITY
            };
            self.average *= (1.0 - self.plan.weight).powf(missed);
        }
        self.average += self.plan.weight * (self.load.packets as f64 - self.average);
        let Red {
            min, max, chance, ..
        } = self.plan;
        if self.average < min {
            self.count = 0;
            return Verdict::Keep;
        }
        let slope = if self.average < max {
            chance * (self.average - min) / (max - min)
        } else {
            (chance + (1.0 - chance) * (self.average - max) / max).min(1.0)
        };
        // Spread evenly: the next one is at any of the next 1 / slope places, all as likely.
        let spread = slope / (1.0 - self.count as f64 * slope).max(slope);
        if !self.dice.happens(spread) {
            self.count += 1;
            return Verdict::Keep;
        }
        self.count = 0;
        if self.average < max {
            Verdict::Hint
        } else {
            Verdict::Drop
        }
    }
}

impl Queue for Waiting {
    fn push(&mut self, parcel: Parcel, ledger: &mut Ledger<'_>) {
        let kept = match self.judge(ledger.now) {
            Verdict::Keep => Some(parcel),
            Verdict::Hint => ledger.hint(self.plan.ecn, parcel),
            Verdict::Drop => {
                ledger.drop_early(parcel);
                None
            }
        };
        let Some(parcel) = kept else {
            return;
        };
        if self.load.packets >= self.plan.packets {
            return ledger.overflow(parcel);
        }
        self.load.add(&parcel);
        self.parcels.push_back(parcel);
    }

    fn pop(&mut self, ledger: &mut Ledger<'_>) -> Option<Parcel> {
        let Some(parcel) = self.parcels.pop_front() else {
            self.idle_since.get_or_insert(ledger.now);
            return None;
        };
        self.load.remove(&parcel);
        if self.load.packets == 0 {
            self.idle_since = Some(ledger.now);
        }
        Some(parcel)
    }

    fn load(&self) -> Load {
        self.load
    }
}
