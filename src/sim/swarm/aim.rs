//! Numbers that wrap: a world begins at such a time that a conversation's numbers pass the places
//! where arithmetic goes wrong.
//!
//! Initial sequence numbers and timestamps follow the clock (RFC 9293 section 3.4.1, RFC 7323
//! section 5.4) from a place that nobody can know. So the world is begun once to see it, and then
//! begun at another time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::probe::{Event, Observer, Told};
use crate::sim::dice::Dice;
use crate::sim::reading::read;

use super::plan::{Built, Plan};

/// Moves the plan's birth so that the first SYN of one of its hosts has a number of note.
pub(super) fn aim(dice: &mut Dice, plan: &mut Plan) {
    let host = dice.below(2) as usize;
    let of_timestamps = dice.happens(0.3);
    let Some(first) = first_syn(plan, host) else {
        return;
    };
    let (shown, tick) = if of_timestamps {
        (first.timestamp, TIMESTAMP_TICK)
    } else {
        (Some(first.seq), SEQUENCE_TICK)
    };
    let wanted = dice.one_of(&[0, 1, 1 << 31, u32::MAX]);
    let before = dice.magnitude(1, 100_000) as u32 - 1;
    if let Some(shown) = shown {
        let ticks = wanted.wrapping_sub(before).wrapping_sub(shown);
        plan.birth += tick * ticks;
    }
}

/// What a host's first SYN shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown {
    pub seq: u32,
    pub timestamp: Option<u32>,
}

#[derive(Debug, Clone, Default)]
struct Look(Arc<Mutex<Option<Shown>>>);

impl Look {
    fn seen(&self) -> Option<Shown> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Look {
    fn told(&mut self, told: &Told<'_>) {
        let Event::PacketOut { head, body, .. } = told.event else {
            return;
        };
        let reading = read(head, head.len() + body.len()).ok();
        let segment = reading.and_then(|reading| reading.segment);
        if let Some(segment) = segment.filter(|segment| segment.syn()) {
            let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            seen.get_or_insert(Shown {
                seq: segment.seq.0,
                timestamp: segment.options.timestamps.map(|(value, _)| value),
            });
        }
    }
}

/// What a host's first SYN shows, if it sends one. What is wrong with the plan will show when it is
/// run.
pub(super) fn first_syn(plan: &Plan, host: usize) -> Option<Shown> {
    let look = Look::default();
    let watched = look.clone();
    let _ = catch_unwind(AssertUnwindSafe(|| -> Option<()> {
        let Built { mut world, hosts } = plan.build().ok()?;
        world.observe(hosts[host], Box::new(watched.clone()));
        let first = plan.talks.iter().map(|talking| talking.at).min()?;
        // A SYN that is not lost is answered within a minute at the latest.
        let until = plan.birth + first + Duration::from_secs(60);
        world.run_while(until, |_| watched.seen().is_none());
        Some(())
    }));
    look.seen()
}

/// RFC 9293 section 3.4.1: a step of the initial sequence number.
const SEQUENCE_TICK: Duration = Duration::from_micros(4);
/// A step of TSval: house!("timestamp-clock").
const TIMESTAMP_TICK: Duration = Duration::from_millis(1);
