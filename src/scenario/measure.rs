//! A scenario played for its figures alone: nothing is written down of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::Instant;
use crate::observe::ConnectionCounts;
use crate::observe::on_link::Happened;
use crate::probe::EventId;
use crate::sim::{LinkId, Note, Tap, Way};

use super::curve::Curve;
use super::error::Invalid;
use super::file::Scenario;
use super::follow::Follower;
use super::play::{Progress, Stage};

/// What a scenario came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// How long it took, by its own clock.
    pub took: Duration,
    /// Whether it was over, and not stopped.
    pub is_over: bool,
    /// Every connection of every host, by the hosts' names.
    pub connections: Vec<(String, ConnectionCounts)>,
    /// How long packets waited, for each way of each link, as it is called.
    pub queues: Vec<(String, Vec<Duration>)>,
    /// What changed over time.
    pub curves: Vec<Traced>,
    /// Packets that links lost.
    pub lost: u64,
}

/// Something that changed over time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traced {
    pub what: Quantity,
    /// Of which host, or of which way of a link.
    pub of: String,
    pub curve: Curve,
}

/// What is followed over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Text of all connections of a host that has been acknowledged, in bytes.
    Acknowledged,
    /// The congestion windows of all connections of a host together, in bytes.
    CongestionWindow,
    /// How long packets waited that leave a queue, in nanoseconds.
    Wait,
}

impl Scenario {
    /// Plays it, and says what it came to.
    ///
    /// # Errors
    ///
    /// A value that does not fit.
    ///
    /// # Panics
    ///
    /// If something that must always hold does not: a defect of the stack.
    pub fn measure(&self, progress: &dyn Progress) -> Result<Measured, Invalid> {
        self.needs_no_kernel()?;
        let mut built = self.build()?;
        let (world, hosts) = (&mut built.world, &built.hosts);
        let counted: Vec<_> = hosts
            .iter()
            .map(|(name, node)| (name.clone(), world.connections(*node)))
            .collect();
        let queues = Queues::default();
        world.listen(Box::new(queues.clone()));
        let senders: Vec<_> = hosts
            .iter()
            .map(|(name, node)| {
                let sender = Follower::default();
                world.observe(*node, Box::new(sender.clone()));
                (name.clone(), sender)
            })
            .collect();
        let mut stage = Stage::new(self, built);
        stage.play(progress)?;
        let is_over = stage.is_over();
        let Stage { world, links, .. } = stage;
        let Waiting { waited, curves, .. } = queues.take();
        let named = links.iter().flat_map(|link| {
            let ways = [Way::Forward, Way::Back].into_iter().zip(&link.ways);
            ways.map(|(way, name)| ((link.id, way), name.clone()))
        });
        let mut traced: Vec<Traced> = senders
            .into_iter()
            .flat_map(|(of, sender)| sender.traced(&of))
            .collect();
        let queues = named
            .map(|(key, name)| {
                traced.extend(curves.get(&key).map(|curve| Traced {
                    what: Quantity::Wait,
                    of: name.clone(),
                    curve: curve.clone(),
                }));
                (name, waited.get(&key).cloned().unwrap_or_default())
            })
            .collect();
        let all = |(name, counted): &(String, crate::observe::Connections)| {
            let named = |one| (name.clone(), one);
            counted
                .connections()
                .into_iter()
                .map(named)
                .collect::<Vec<_>>()
        };
        Ok(Measured {
            took: world.age(),
            is_over,
            connections: counted.iter().flat_map(all).collect(),
            queues,
            curves: traced,
            lost: links
                .iter()
                .map(|link| super::play::lost(&world, link.id))
                .sum(),
        })
    }
}

/// A way of a link.
type Whose = (LinkId, Way);

/// How long packets wait: from when they join the queue until their last bit has left.
#[derive(Debug, Clone, Default)]
struct Queues(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    since: HashMap<(Whose, EventId), Instant>,
    waited: HashMap<Whose, Vec<Duration>>,
    curves: HashMap<Whose, Curve>,
}

impl Queues {
    fn take(&self) -> Waiting {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *waiting)
    }
}

impl Tap for Queues {
    fn happened(&mut self, link: LinkId, way: Way, note: &Note) {
        let Some(packet) = note.packet else {
            return;
        };
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (whose, key) = ((link, way), ((link, way), packet));
        match note.what {
            Happened::Enqueued(_) => {
                waiting.since.insert(key, note.at);
            }
            Happened::Dequeued(_) => {
                if let Some(since) = waiting.since.remove(&key) {
                    let waited = note.at.since(since);
                    waiting.waited.entry(whose).or_default().push(waited);
                    let curve = waiting.curves.entry(whose).or_default();
                    curve.push(note.at, waited.as_nanos() as u64);
                }
            }
            Happened::Dropped(_) => {
                waiting.since.remove(&key);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
