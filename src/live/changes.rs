//! What has changed from one snapshot to the next, a line each: for pipes and for readers of
//! screens.

use std::collections::BTreeMap;

use crate::report::text::plain;

use super::message::{Row, Snapshot};
use super::ss::state_name;

/// Remembers what was said of each connection.
#[derive(Debug, Default)]
pub struct Changes(BTreeMap<u64, Told>);

/// What makes a line if it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    state: String,
    blocked_by: String,
    phase: String,
    resent: u32,
}

impl Changes {
    /// A line for each connection of which something is new, and for each that is gone.
    pub fn since_last(&mut self, seen: &Snapshot) -> Vec<String> {
        let at = format!(
            "+{}.{:03} s",
            seen.at_us / 1_000_000,
            seen.at_us / 1000 % 1000
        );
        let mut lines = Vec::new();
        for row in &seen.rows {
            let told = Told::of(row);
            if self.0.get(&row.id) != Some(&told) {
                lines.push(format!("{at}  {}", line(row)));
                self.0.insert(row.id, told);
            }
        }
        // Of more than are shown, one that is not may be there.
        if seen.rows.len() == seen.total() {
            self.0.retain(|id, _| {
                let is_there = seen.rows.iter().any(|row| row.id == *id);
                if !is_there {
                    lines.push(format!("{at}  {id} gone"));
                }
                is_there
            });
        }
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
