//! What became of packets since somebody asked for it, over all stacks of a network.

use std::collections::HashMap;

use crate::base::Instant;
use crate::observe::{Counters, Counts, words};
use crate::probe;

use super::message::{Counted, Ending};

/// Counts from now on.
#[derive(Debug)]
pub struct Tally {
    /// One for each stack: an ending belongs to the packet that this one took in last.
    counters: Vec<Counters>,
    since: Instant,
}

impl Tally {
    /// Nothing was counted before `since`.
    pub fn since(since: Instant) -> Tally {
        Tally {
            counters: Vec::new(),
            since,
        }
    }

    /// Whoever counts for one more stack.
    pub fn counter(&mut self) -> Counters {
        let counters = Counters::default();
        self.counters.push(counters.clone());
        counters
    }

    /// The counts up to here.
    pub fn counted(&self) -> Counted {
        let mut counted = Counted {
            since_us: self.since.as_nanos() / 1000,
            ..Counted::default()
        };
        let mut endings: HashMap<probe::Ending, u64> = HashMap::new();
        for counters in &self.counters {
            let counts = counters.counts();
            counted.packets_in += counts.packets_in;
            counted.bytes_in += counts.bytes_in;
            counted.packets_out += counts.packets_out;
            counted.bytes_out += counts.bytes_out;
            counted.retransmitted += counts.retransmitted();
            for (ending, packets) in endings_of(&counts) {
                *endings.entry(ending).or_default() += packets;
            }
        }
        let endings = endings.into_iter().map(|(ending, packets)| Ending {
            disposition: words::disposition(ending).to_owned(),
            reason: words::reason(ending).to_owned(),
            packets,
        });
        counted.endings = endings.collect();
        counted.endings.sort_unstable_by(|a, b| {
            let order = |ending: &Ending| (u64::MAX - ending.packets, ending.reason.clone());
            order(a).cmp(&order(b))
        });
        counted
    }
}

fn endings_of(counts: &Counts) -> Vec<(probe::Ending, u64)> {
    let accepted = counts.by_accepted.sorted().into_iter();
    let discarded = counts.by_discard.sorted().into_iter();
    let dropped = counts.by_drop.sorted().into_iter();
    accepted
        .map(|(what, n)| (what.into(), n))
        .chain(discarded.map(|(why, n)| (why.into(), n)))
        .chain(dropped.map(|(why, n)| (why.into(), n)))
        .collect()
}
