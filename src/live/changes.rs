//! What has changed from one snapshot to the next, a line each: for pipes and for readers of
//! screens.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use crate::report::text::plain;

use super::message::{Listening, Row, Snapshot};
use super::ss::state_name;

/// Remembers what was said of each connection.
#[derive(Debug, Default)]
pub struct Changes {
    told: BTreeMap<u64, Told>,
    listening: BTreeSet<SocketAddr>,
}

/// What makes a line if it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    state: String,
    blocked_by: String,
    phase: String,
    resent: u32,
}

impl Changes {
    /// A line for each connection of which something is new, and for each that is gone; the same
    /// for who begins to listen, and ends.
    pub fn since_last(&mut self, seen: &Snapshot) -> Vec<String> {
        let at = format!(
            "+{}.{:03} s",
            seen.at_us / 1_000_000,
            seen.at_us / 1000 % 1000
        );
        let mut lines = self.listening(&at, &seen.listening);
        for row in &seen.rows {
            let told = Told::of(row);
            if self.told.get(&row.id) != Some(&told) {
                lines.push(format!("{at}  {}", line(row)));
                self.told.insert(row.id, told);
            }
        }
        // Of more than are shown, one that is not may be there.
        if seen.rows.len() == seen.total() {
            self.told.retain(|id, _| {
                let is_there = seen.rows.iter().any(|row| row.id == *id);
                if !is_there {
                    lines.push(format!("{at}  {id} gone"));
                }
                is_there
            });
        }
        lines
    }

    fn listening(&mut self, at: &str, all: &[Listening]) -> Vec<String> {
        let now: BTreeSet<SocketAddr> = all.iter().map(|one| one.local).collect();
        let begins = all
            .iter()
            .filter(|one| !self.listening.contains(&one.local));
        let begins = begins.map(|one| {
            let Listening { backlog, .. } = one;
            format!("{at}  {} LISTEN, {backlog} may wait", one.at())
        });
        let mut lines: Vec<String> = begins.collect();
        let ended = self.listening.difference(&now);
        lines.extend(ended.map(|local| format!("{at}  {local} listens no more")));
        self.listening = now;
        lines
    }
}

impl Told {
    fn of(row: &Row) -> Told {
        let known = row.known.as_deref().cloned().unwrap_or_default();
        Told {
            state: row.state.clone(),
            blocked_by: known.blocked_by,
            phase: known.phase,
            resent: known.resent,
        }
    }
}

fn line(row: &Row) -> String {
    let (local, remote) = (row.local, row.remote);
    let mut text = format!("{} {local} > {remote} {}", row.id, state_name(&row.state));
    if let Some(known) = &row.known {
        text += &format!(
            ", limited by {}, {}, cwnd {}, in flight {}, {} again",
            known.blocked_by, known.phase, known.cwnd, known.in_flight, known.resent
        );
    }
    plain(&text)
}

#[cfg(test)]
mod tests;
