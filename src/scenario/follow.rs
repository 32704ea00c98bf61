//! What a host sends, followed over time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::probe::{Observer, State, Subject, Told};

use super::curve::Curve;
use super::measure::{Quantity, Traced};

/// Follows what a host sends.
#[derive(Debug, Clone, Default)]
pub struct Follower(Arc<Mutex<Following>>);

#[derive(Debug, Default)]
struct Following {
    /// By connection: what has been acknowledged, and its congestion window.
    known: HashMap<u64, Known>,
    /// Sums of those.
    all: Known,
    acknowledged: Curve,
    window: Curve,
}

#[derive(Debug, Clone, Copy, Default)]
struct Known {
    acknowledged: u64,
    window: u64,
}

impl Follower {
    /// Its curves, if it has sent anything.
    pub fn traced(&self, of: &str) -> Vec<Traced> {
        let following = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if following.all.acknowledged == 0 {
            return Vec::new();
        }
        let curves = [
            (Quantity::Acknowledged, &following.acknowledged),
            (Quantity::CongestionWindow, &following.window),
        ];
        let traced = curves.map(|(what, curve)| Traced {
            what,
            of: of.to_owned(),
            curve: curve.clone(),
        });
        traced.into()
    }
}

impl Observer for Follower {
    fn told(&mut self, told: &Told<'_>) {
        let (Subject::Connection(number), Some(variables)) = (told.on, told.event.variables())
        else {
            return;
        };
        let now = variables.snapshot();
        let mut following = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *following.known.entry(number).or_default();
        let mut after = before;
        if now.state == State::Closed {
            after.window = 0;
        } else {
            // The SYN has a number too; no text of a scenario is longer than 4 GiB.
            let acknowledged = u64::from(now.snd_una.since(now.iss)).saturating_sub(1);
            after.acknowledged = before.acknowledged.max(acknowledged);
            after.window = now.cwnd;
        }
        following.known.insert(number, after);
        following.all.acknowledged += after.acknowledged - before.acknowledged;
        following.all.window = following.all.window - before.window + after.window;
        let Known {
            acknowledged,
            window,
        } = following.all;
        following.acknowledged.push(told.at, acknowledged);
        following.window.push(told.at, window);
    }
}
