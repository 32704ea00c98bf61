//! A snapshot of a network: who is there, who is busy, and what those know.
//!
//! Of very many connections only the busiest are looked at closely. The stack's lock is held for
//! few of them at a time.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::io;
use std::time::Duration;

use crate::base::{Instant, Rate, SeqNum};
use crate::net::{Network, Place};
use crate::observe::events::{rule, state_key, timer_key};
use crate::runs::Rule;
use crate::stack::{self, Heeding, Moved, Sight};

use super::message::{Known, Listening, Row, Snapshot, Timer};

/// Looks at a network again and again.
#[derive(Debug)]
pub struct Survey {
    network: Network,
    /// How far each connection had got, and when that was looked at.
    before: HashMap<u64, (u64, u64)>,
    looked_at: Option<Instant>,
    places: HashMap<u64, Place>,
}

impl Survey {
    /// One that has seen nothing yet.
    pub fn of(network: Network) -> Survey {
        Survey {
            network,
            before: HashMap::new(),
            looked_at: None,
            places: HashMap::new(),
        }
    }

    /// What there is to see, with `most` connections at most.
    ///
    /// # Errors
    ///
    /// The network is down.
    pub fn take(&mut self, most: usize) -> io::Result<Snapshot> {
        let (open, half_open, time_wait) = self.network.counts()?;
        let places = self.network.everyone(RANKED_MAX)?;
        let moved = self.network.moved(&places)?;
        let now = self.network.clock().now();
        let mut seen: Vec<(Place, Moved)> = places
            .into_iter()
            .zip(moved)
            .filter_map(|(place, moved)| Some((place, moved?)))
            .collect();
        if seen.len() > most {
            seen.sort_unstable_by_key(|(_, moved)| Reverse(self.activity(moved)));
        }
        let kept = seen.get(..most).unwrap_or(&seen);
        let chosen: Vec<Place> = kept.iter().map(|(place, _)| *place).collect();
        let sights = self.network.sights(now, &chosen)?;
        let since = self.looked_at.map(|at| now.since(at));
        let mut rows: Vec<Row> = sights
            .iter()
            .flatten()
            .map(|sight| self.row(sight, now, since))
            .collect();
        rows.sort_unstable_by_key(|row| row.id);
        let numbers = sights.iter().zip(&chosen);
        self.places = numbers
            .filter_map(|(sight, place)| Some((sight.as_ref()?.number, *place)))
            .collect();
        self.before = seen
            .iter()
            .map(|(_, moved)| (moved.number, moved.bytes))
            .collect();
        self.looked_at = Some(now);
        Ok(Snapshot {
            at_us: now.as_nanos() / 1000,
            open,
            half_open,
            time_wait,
            listening: self.listening(most)?,
            rows,
            counted: None,
        })
    }

    fn listening(&self, most: usize) -> io::Result<Vec<Listening>> {
        let mut all = self.network.listening(most)?;
        all.truncate(most);
        let told = |one: stack::Listening| Listening {
            local: one.local,
            waiting: one.waiting,
            half_open: one.half_open,
            backlog: one.backlog,
        };
        Ok(all.into_iter().map(told).collect())
    }

    /// A connection of the last snapshot, as it is; `None` if it is gone.
    ///
    /// # Errors
    ///
    /// The network is down.
    pub fn again(&self, number: u64) -> io::Result<Option<Sight>> {
        let Some(place) = self.places.get(&number) else {
            return Ok(None);
        };
        let now = self.network.clock().now();
        let mut sights = self.network.sights(now, &[*place])?;
        Ok(sights.pop().flatten())
    }

    /// What moved since the last snapshot, then what waits; of equals the youngest.
    fn activity(&self, moved: &Moved) -> (u64, u64, u64) {
        let (sent, received) = self.before.get(&moved.number).copied().unwrap_or_default();
        let sent = moved.bytes.0.saturating_sub(sent);
        let received = moved.bytes.1.saturating_sub(received);
        (sent + received, moved.waiting, moved.number)
    }

    fn row(&self, sight: &Sight, now: Instant, since: Option<Duration>) -> Row {
        let timers = sight.timers.iter().map(|(kind, at)| Timer {
            timer: timer_key(*kind).to_owned(),
            left_us: micros(at.since(now)),
        });
        let mut known = sight.known.as_deref().map(|known| Box::new(told(known)));
        let before = self.before.get(&sight.number);
        if let (Some(known), Some(before), Some(since)) = (&mut known, before, since) {
            let rate = |now: u64, before: u64| Rate::of(now.saturating_sub(before), since).0;
            known.send_bps = Some(rate(known.bytes_acked, before.0));
            known.receive_bps = Some(rate(known.bytes_received, before.1));
        }
        Row {
            id: sight.number,
            local: sight.pair.local.into(),
            remote: sight.pair.remote.into(),
            state: state_key(sight.state),
            timers: timers.collect(),
            known,
        }
    }
}

fn told(known: &crate::stack::Known) -> Known {
    let crate::stack::Known { variables, details } = known;
    let from = |number: SeqNum, initial: SeqNum| number.since(initial);
    let outstanding = u64::from(variables.snd_nxt.since(variables.snd_una));
    let ecn = match details.heeding {
        Heeding::Off => "off",
        Heeding::Asked => "asked",
        Heeding::Classic => "classic",
        Heeding::Accurate => "accurate",
    };
    Known {
        congestion_control: variables.congestion_control.to_owned(),
        phase: variables.phase.to_owned(),
        timestamps: details.timestamps,
        sack: details.reports,
        ecn: ecn.to_owned(),
        scales: details.shifts,
        mss: variables.mss.into(),
        receive_mss: details.receive_mss,
        cwnd: variables.cwnd,
        ssthresh: variables.ssthresh,
        in_flight: variables.in_flight,
        snd_una: from(variables.snd_una, variables.iss),
        snd_nxt: from(variables.snd_nxt, variables.iss),
        snd_wnd: variables.snd_wnd,
        rcv_nxt: from(variables.rcv_nxt, variables.irs),
        rcv_wnd: variables.rcv_wnd,
        receive_buffer: details.receive_buffer,
        srtt_us: variables.srtt.map(micros),
        rttvar_us: variables.rttvar.map(micros),
        min_rtt_us: details.min_rtt.map(micros),
        receiver_rtt_us: details.receiver_rtt.map(micros),
        rto_us: micros(variables.rto),
        delayed_ack_us: micros(details.delayed_ack),
        reported: details.reported_and_lost.0,
        lost: details.reported_and_lost.1,
        resent: details.resent,
        bytes_acked: details.bytes.0,
        bytes_received: details.bytes.1,
        unsent: details.queued.saturating_sub(outstanding),
        unread: variables.unread as u64,
        busy_us: micros(details.held_back.busy),
        window_limited_us: micros(details.held_back.by_window),
        room_limited_us: micros(details.held_back.by_room),
        pacing_bps: details.pacing_rate.map(|rate| rate.0),
        send_bps: None,
        receive_bps: None,
        blocked_by: details.blocked.key().to_owned(),
        why: details.last_why.map(|why| Rule {
            rule: rule(why.by),
            text: why.text.to_owned(),
        }),
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Connections of a stack that are ranked by how busy they are; beyond them they are only counted.
const RANKED_MAX: usize = 1 << 17;

#[cfg(test)]
pub(super) mod tests;
