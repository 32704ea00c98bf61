//! What became of one connection over time: what was measured of it, and the states it was in.

use std::collections::VecDeque;

use super::message::Row;

/// The way of one connection, the newest last.
#[derive(Debug, Clone, Default)]
pub struct Course {
    points: VecDeque<Point>,
    states: Vec<Stay>,
}

/// What was measured at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Point {
    pub at_us: u64,
    /// In bytes.
    pub cwnd: u64,
    /// Missing before the first sample.
    pub srtt_us: Option<u64>,
    /// Bytes acknowledged and received by then.
    pub moved: (u64, u64),
}

/// A state, and when it was entered, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    pub at_us: u64,
    /// A key: `established`.
    pub state: String,
}

impl Course {
    /// A connection as it is.
    pub fn learn(&mut self, at_us: u64, row: &Row) {
        if self.states.last().map(|stay| stay.state.as_str()) != Some(&row.state) {
            let state = row.state.clone();
            self.states.push(Stay { at_us, state });
        }
        // Of a run's connection, nothing is known before it is told.
        let Some(known) = row.known.as_ref().filter(|known| known.cwnd > 0) else {
            return;
        };
        if self.points.back().is_some_and(|last| last.at_us >= at_us) {
            // Looked at twice.
            self.points.pop_back();
        }
        self.points.push_back(Point {
            at_us,
            cwnd: known.cwnd,
            srtt_us: known.srtt_us,
            moved: (known.bytes_acked, known.bytes_received),
        });
        if self.points.len() > POINTS_MAX {
            self.points.pop_front();
        }
    }

    /// It entered a state. What was only seen to be so by then, and later, gives way to what is
    /// known.
    pub fn enter(&mut self, at_us: u64, state: &str) {
        while self.states.last().is_some_and(|last| last.at_us > at_us) {
            self.states.pop();
        }
        if self.states.last().map(|stay| stay.state.as_str()) != Some(state) {
            let state = state.to_owned();
            self.states.push(Stay { at_us, state });
        }
    }

    /// What was measured.
    pub fn points(&self) -> impl ExactSizeIterator<Item = &Point> + Clone {
        self.points.iter()
    }

    /// Where it was.
    pub fn states(&self) -> &[Stay] {
        &self.states
    }

    /// Bits a second, sent and received, over the last second.
    pub fn rates(&self) -> (u64, u64) {
        let Some(newest) = self.points.len().checked_sub(1) else {
            return (0, 0);
        };
        self.rates_at(newest, RATE_OVER_US)
    }

    /// The same at each point, over a fortieth of all the time.
    pub fn rates_over_time(&self) -> Vec<(u64, (u64, u64))> {
        let (Some(first), Some(last)) = (self.points.front(), self.points.back()) else {
            return Vec::new();
        };
        let over_us = (last.at_us - first.at_us) / 40;
        let at = |(index, point): (usize, &Point)| (point.at_us, self.rates_at(index, over_us));
        self.points.iter().enumerate().map(at).collect()
    }

    /// Between this point and the last that is so long before, or the first of all.
    fn rates_at(&self, index: usize, over_us: u64) -> (u64, u64) {
        let Some(new) = self.points.get(index) else {
            return (0, 0);
        };
        let before = self.points.range(..index).rev();
        let mut old = new;
        for point in before {
            old = point;
            if point.at_us.saturating_add(over_us) <= new.at_us {
                break;
            }
        }
        let us = new.at_us.saturating_sub(old.at_us).max(1);
        let rate = |new: u64, old: u64| {
            let bits = u128::from(new.saturating_sub(old)) * 8 * 1_000_000;
            u64::try_from(bits / u128::from(us)).unwrap_or(u64::MAX)
        };
        (
            rate(new.moved.0, old.moved.0),
            rate(new.moved.1, old.moved.1),
        )
    }
}

/// As many as the widest screen shows, and a minute of a stack that runs.
pub const POINTS_MAX: usize = 300;
const RATE_OVER_US: u64 = 1_000_000;

#[cfg(test)]
mod tests;
