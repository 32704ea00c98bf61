//! A value over time, in few points however long a run lasts.

use serde::{Deserialize, Serialize};

use crate::base::Instant;

/// A value over time. Stretches of equal length, each with its least, its greatest and its last
/// value; as time goes on they become twice as long and half as many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Curve {
    /// How long a stretch is, in nanoseconds.
    pub width: u64,
    /// The numbers of the stretches in which there was a value, counted from 0.
    pub at: Vec<u64>,
    pub low: Vec<u64>,
    pub high: Vec<u64>,
    pub last: Vec<u64>,
}

impl Curve {
    /// It had this value then. Times must not go back.
    pub fn push(&mut self, now: Instant, value: u64) {
        while now.as_nanos() / self.width >= STRETCHES_MOST {
            self.halve();
        }
        let stretch = now.as_nanos() / self.width;
        self.put(stretch, [value; 3]);
    }

    fn put(&mut self, stretch: u64, [low, high, last]: [u64; 3]) {
        let place = self.at.len().wrapping_sub(1);
        match self.at.get(place) {
            Some(known) if *known >= stretch => {
                self.low[place] = self.low[place].min(low);
                self.high[place] = self.high[place].max(high);
                self.last[place] = last;
            }
            _ => {
                self.at.push(stretch);
                self.low.push(low);
                self.high.push(high);
                self.last.push(last);
            }
        }
    }

    fn halve(&mut self) {
        let old = std::mem::replace(
            self,
            Curve {
                width: self.width * 2,
                ..Curve::default()
            },
        );
        for (place, stretch) in old.at.into_iter().enumerate() {
            let values = [old.low[place], old.high[place], old.last[place]];
            self.put(stretch / 2, values);
        }
    }
}

impl Default for Curve {
    fn default() -> Curve {
        Curve {
            width: FIRST_WIDTH,
            at: Vec::new(),
            low: Vec::new(),
            high: Vec::new(),
            last: Vec::new(),
        }
    }
}

/// A pixel each, on most screens.
const STRETCHES_MOST: u64 = 1024;
/// A millisecond.
const FIRST_WIDTH: u64 = 1_000_000;

#[cfg(test)]
mod tests;
