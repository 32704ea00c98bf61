//! What goes wrong on a wire: loss, corruption, copies, and packets that overtake others.
//!
//! The order is fixed, and each effect works on what those before it left: rules that name packets
//! (`meaning`), loss by chance (`loss`), corruption, copies, and for each copy how late it is.

mod corrupt;
mod loss;
mod meaning;
mod track;

use std::time::Duration;

use crate::base::Instant;
use crate::observe::on_link::Happened;

use super::book::Book;
use super::dice::Dice;
use super::parcel::{Parcel, Pool};
use super::range::{OutOfRange, between, chance};

pub use corrupt::{Corrupt, Damage};
pub use loss::{Loss, LossModel, Which};
pub use meaning::{Copies, Meaning, NoMeaning, Numbers, What};

use loss::LossState;
use track::Tracker;

/// Everything that may go wrong with packets on a wire, one way. The default is nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Weather {
    /// What happens to packets that are named.
    pub rules: Vec<Rule>,
    /// What is lost by chance.
    pub loss: Vec<Loss>,
    /// What is damaged.
    pub corrupt: Option<Corrupt>,
    /// What comes more than once.
    pub duplicate: Option<Duplicate>,
    /// What is late on purpose.
    pub reorder: Option<Reorder>,
    /// Up to so much later than the link's delay, evenly spread.
    pub jitter: Duration,
    /// Whether jitter lets packets overtake one another.
    pub jitter_reorders: bool,
}

/// One thing that happens to packets that are named.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub to: Meaning,
    pub act: Act,
}

/// What happens to a packet that a rule names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Act {
    /// It is lost.
    Lose,
    /// It comes so much later.
    Delay(Duration),
    /// So many others go before it.
    Behind(u32),
    /// It comes again, so much later.
    Repeat(Duration),
    /// It is damaged.
    Damage(Damage),
    /// It is marked: congestion experienced.
    Mark,
}

/// Packets that come more than once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Duplicate {
    /// How likely a packet is copied.
    pub chance: f64,
    /// How often it is, at most.
    pub copies: u32,
    /// How much later a copy comes, at most.
    pub late: Duration,
}

/// Packets that others overtake.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reorder {
    /// How likely it happens to a packet.
    pub chance: f64,
    /// How far it falls back.
    pub by: FallBack,
}

/// How far a packet falls back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FallBack {
    /// So many others go before it, at most: drawn evenly from one on.
    Packets(u32),
    /// It is so much later, at most: drawn evenly.
    Time(Duration),
}

impl Weather {
    /// Whether a wire can be like this.
    ///
    /// # Errors
    ///
    /// The first value that is out of its range.
    pub fn check(&self) -> Result<(), OutOfRange> {
        for rule in &self.rules {
            rule.act.check().map_err(|error| error.within("rules"))?;
        }
        for loss in &self.loss {
            loss.check().map_err(|error| error.within("loss"))?;
        }
        if let Some(corrupt) = &self.corrupt {
            chance("corrupt.chance", corrupt.chance)?;
        }
        if let Some(duplicate) = &self.duplicate {
            chance("duplicate.chance", duplicate.chance)?;
            between("duplicate.copies", duplicate.copies, 1..=COPIES_MAX)?;
            between("duplicate.late", duplicate.late, Duration::ZERO..=LATE_MAX)?;
        }
        if let Some(reorder) = &self.reorder {
            chance("reorder.chance", reorder.chance)?;
            match reorder.by {
                FallBack::Packets(most) => between("reorder.packets", most, 1..=BEHIND_MAX)?,
                FallBack::Time(most) => between("reorder.time", most, Duration::ZERO..=LATE_MAX)?,
            }
        }
        between("jitter", self.jitter, Duration::ZERO..=LATE_MAX)
    }
}

impl Act {
    fn check(&self) -> Result<(), OutOfRange> {
        match *self {
            Act::Delay(late) => between("delay", late, Duration::ZERO..=LATE_MAX),
            Act::Repeat(late) => between("repeat", late, Duration::ZERO..=LATE_MAX),
            Act::Behind(packets) => between("behind", packets, 1..=BEHIND_MAX),
            Act::Lose | Act::Damage(_) | Act::Mark => Ok(()),
        }
    }
}

/// What a wire did to packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WireStats {
    /// Lost by a rule.
    pub lost_by_rule: u64,
    /// Lost by chance.
    pub lost_by_chance: u64,
    /// Lost because the link was cut.
    pub lost_by_cut: u64,
    /// Lost because they were longer than the link's MTU.
    pub too_long: u64,
    /// Damaged.
    pub damaged: u64,
    /// Copies made.
    pub copied: u64,
    /// Made late on purpose.
    pub held: u64,
}

impl WireStats {
    /// Packets that were lost here.
    pub fn lost(&self) -> u64 {
        self.lost_by_rule + self.lost_by_chance + self.lost_by_cut + self.too_long
    }
}

/// A packet on the wire, and how late it is.
#[derive(Debug)]
pub(super) struct Trip {
    pub parcel: Parcel,
    /// So much later than the link's delay.
    pub late: Duration,
    /// So many packets go before it.
    pub behind: u32,
    /// Whether it may overtake, or be overtaken by, others.
    pub loose: bool,
}

/// Where the weather writes down what it does, and when it does it.
pub(super) struct Ground<'a> {
    pub stats: &'a mut WireStats,
    pub pool: &'a mut Pool,
    pub book: &'a mut Book,
    pub at: Instant,
}

impl Ground<'_> {
    fn note(&mut self, parcel: &Parcel, what: Happened) {
        self.book.note(self.at, parcel, what);
    }

    fn lose(&mut self, parcel: Parcel, reason: &'static str) {
        self.note(&parcel, Happened::Dropped(reason));
        self.pool.give(parcel.bytes);
    }
}

/// The weather at work.
#[derive(Debug)]
pub(super) struct Effects {
    weather: Weather,
    losses: Vec<LossState>,
    tracker: Option<Tracker>,
    dice: Dice,
}

impl Effects {
    pub fn new(weather: Weather, seed: u64) -> Effects {
        let by_name = !weather.rules.is_empty();
        let by_kind = weather.loss.iter().any(|loss| loss.of != Which::All);
        Effects {
            losses: weather.loss.iter().map(|_| LossState::default()).collect(),
            tracker: (by_name || by_kind).then(Tracker::default),
            dice: Dice::new(seed, 0),
            weather,
        }
    }

    /// What becomes of a packet: nothing, or one or more trips, put in `trips`.
    pub fn judge(&mut self, parcel: Parcel, ground: &mut Ground<'_>, trips: &mut Vec<Trip>) {
        let mut trip = Trip {
            parcel,
            late: Duration::ZERO,
            behind: 0,
            loose: false,
        };
        let tracker = self.tracker.as_mut();
        let identity = tracker.and_then(|tracker| tracker.see(&trip.parcel.bytes));
        let mut repeat = None;
        for rule in &self.weather.rules {
            if !identity.as_ref().is_some_and(|it| it.is(&rule.to)) {
                continue;
            }
            trip.loose = true;
            match rule.act {
                Act::Lose => {
                    ground.stats.lost_by_rule += 1;
                    return ground.lose(trip.parcel, "scripted");
                }
                Act::Delay(late) => trip.late += late,
                Act::Behind(packets) => {
                    trip.behind = packets;
                    ground.note(&trip.parcel, Happened::Reordered);
                }
                Act::Repeat(late) => repeat = Some(late),
                Act::Damage(damage) => {
                    damage.strike(&mut trip.parcel, &mut self.dice);
                    ground.stats.damaged += 1;
                    ground.note(&trip.parcel, Happened::Corrupted);
                }
                Act::Mark => {
                    trip.parcel.mark();
                    ground.note(&trip.parcel, Happened::Marked);
                }
            }
        }
        for (loss, state) in self.weather.loss.iter().zip(&mut self.losses) {
            let concerned =
                loss.of == Which::All || identity.as_ref().is_some_and(|it| it.is_of(loss.of));
            if concerned && state.strikes(&loss.model, &mut self.dice) {
                ground.stats.lost_by_chance += 1;
                return ground.lose(trip.parcel, "random");
            }
        }
        self.damage(&mut trip.parcel, ground);
        self.copy(&trip.parcel, repeat, ground, trips);
        self.delay(&mut trip, ground);
        trips.push(trip);
    }

    fn damage(&mut self, parcel: &mut Parcel, ground: &mut Ground<'_>) {
        if let Some(corrupt) = self.weather.corrupt
            && self.dice.happens(corrupt.chance)
        {
            corrupt.damage.strike(parcel, &mut self.dice);
            ground.stats.damaged += 1;
            ground.note(parcel, Happened::Corrupted);
        }
    }

    fn copy(
        &mut self,
        parcel: &Parcel,
        repeat: Option<Duration>,
        ground: &mut Ground<'_>,
        trips: &mut Vec<Trip>,
    ) {
        let copy = |late| Trip {
            parcel: parcel.clone(),
            late,
            behind: 0,
            loose: true,
        };
        trips.extend(repeat.map(copy));
        if let Some(duplicate) = self.weather.duplicate
            && self.dice.happens(duplicate.chance)
        {
            for _ in 0..self.dice.from_to(1, duplicate.copies.into()) {
                trips.push(copy(self.dice.within(duplicate.late)));
            }
        }
        ground.stats.copied += trips.len() as u64;
        for trip in trips {
            ground.note(&trip.parcel, Happened::Duplicated);
        }
    }

    fn delay(&mut self, trip: &mut Trip, ground: &mut Ground<'_>) {
        if !self.weather.jitter.is_zero() {
            trip.late += self.dice.within(self.weather.jitter);
            trip.loose |= self.weather.jitter_reorders;
        }
        if let Some(reorder) = self.weather.reorder
            && self.dice.happens(reorder.chance)
        {
            ground.stats.held += 1;
            ground.note(&trip.parcel, Happened::Reordered);
            trip.loose = true;
            match reorder.by {
                FallBack::Packets(most) => {
                    trip.behind = self.dice.from_to(1, most.into()) as u32;
                }
                FallBack::Time(most) => trip.late += self.dice.within(most),
            }
        }
    }
}

/// robustness: up to five copies.
const COPIES_MAX: u32 = 100;
/// Longer than any connection waits for anything.
const LATE_MAX: Duration = Duration::from_secs(3_600);
/// How many packets may overtake one.
const BEHIND_MAX: u32 = 10_000;

#[cfg(test)]
mod tests;
