//! Looking at a network that runs, from outside: without an observer for the whole of its life, and
//! without holding it up.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;

use super::Network;
use crate::base::Instant;
use crate::probe::{Hearing, Observer};
use crate::stack::{Listening, Moved, Sight, Whose};

/// A connection, and the stack that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    queue: usize,
    whose: Whose,
}

/// Observers that hear as long as this lives.
pub struct Observing {
    network: Network,
    /// One for each stack, by its number.
    hearings: Vec<Hearing>,
}

impl Network {
    /// Lets more observers hear everything from here on, one for each stack, until what is returned
    /// is dropped. They are called as [`Observers`] are.
    ///
    /// # Errors
    ///
    /// The network is down.
    ///
    /// [`Observers`]: super::Observers
    pub fn observe(
        &self,
        mut observer: impl FnMut(usize) -> Box<dyn Observer + Send>,
    ) -> io::Result<Observing> {
        // If a later one fails, those before are sent away.
        let mut observing = Observing {
            network: self.clone(),
            hearings: Vec::with_capacity(self.queues()),
        };
        for (index, shared) in self.each().enumerate() {
            let heard_by = observer(index);
            let hearing = shared.call(|held| held.stack.observe(heard_by))?;
            observing.hearings.push(hearing);
        }
        Ok(observing)
    }

    /// The connections that there are, `most` of each stack at most; half-open ones and those in
    /// TIME-WAIT too.
    ///
    /// # Errors
    ///
    /// The network is down.
    pub fn everyone(&self, most: usize) -> io::Result<Vec<Place>> {
        let mut all = Vec::new();
        for (queue, shared) in self.each().enumerate() {
            let here = shared.look(|stack, _| stack.everyone(most))?;
            all.extend(here.into_iter().map(|whose| Place { queue, whose }));
        }
        Ok(all)
    }

    /// Who listens, `most` of each stack at most, by address. What listens at one address in
    /// several stacks is one listener, with the room of all.
    ///
    /// # Errors
    ///
    /// The network is down.
    pub fn listening(&self, most: usize) -> io::Result<Vec<Listening>> {
        let mut all: BTreeMap<SocketAddr, Listening> = BTreeMap::new();
        for shared in self.each() {
            for one in shared.look(|stack, _| stack.listening(most))? {
                let sum = all.entry(one.local).or_insert(Listening {
                    waiting: 0,
                    half_open: 0,
                    backlog: 0,
                    ..one
                });
                sum.waiting += one.waiting;
                sum.half_open += one.half_open;
                sum.backlog += one.backlog;
            }
        }
        Ok(all.into_values().collect())
    }

    /// How far each of these has got; `None` for those that are gone. Told by the numbers that
    /// [`Network::number_of`] makes.
    ///
    /// # Errors
    ///
    /// The network is down.
    pub fn moved(&self, places: &[Place]) -> io::Result<Vec<Option<Moved>>> {
        self.in_turns(places, |stack, place| {
            let moved = stack.moved(place.whose)?;
            let number = self.number_of(place.queue, moved.number);
            Some(Moved { number, ..moved })
        })
    }

    /// What is to be seen of each of these at `now`; `None` for those that are gone. Told by the
    /// numbers that [`Network::number_of`] makes.
    ///
    /// # Errors
    ///
    /// The network is down.
    pub fn sights(&self, now: Instant, places: &[Place]) -> io::Result<Vec<Option<Sight>>> {
        self.in_turns(places, |stack, place| {
            let sight = stack.sight(now, place.whose)?;
            let number = self.number_of(place.queue, sight.number);
            Some(Sight { number, ..sight })
        })
    }

    /// A number for a connection that has `number` in the events of the stack with this index: no
    /// other stack's has it.
    pub fn number_of(&self, queue: usize, number: u64) -> u64 {
        number
            .saturating_mul(self.queues() as u64)
            .saturating_add(queue as u64)
    }

    /// The index of the stack, and the number in its events, that [`Network::number_of`] makes this
    /// of.
    pub fn stack_of(&self, number: u64) -> (usize, u64) {
        let queues = self.queues() as u64;
        ((number % queues) as usize, number / queues)
    }

    /// Few at a time: between two holds of the lock, whoever waits for it gets it.
    fn in_turns<T>(
        &self,
        places: &[Place],
        see: impl Fn(&crate::stack::Stack, &Place) -> T,
    ) -> io::Result<Vec<T>> {
        let mut seen = Vec::with_capacity(places.len());
        for run in places.chunk_by(|a, b| a.queue == b.queue) {
            for few in run.chunks(AT_ONCE) {
                let shared = self.queue(few[0].queue);
                shared.look(|stack, _| seen.extend(few.iter().map(|place| see(stack, place))))?;
            }
        }
        Ok(seen)
    }
}

impl Drop for Observing {
    fn drop(&mut self) {
        for (shared, hearing) in self.network.each().zip(&self.hearings) {
            // A network that is down has dropped its observers. What is left of one is dropped
            // without the lock.
            let observer = shared.call(|held| held.stack.dismiss(*hearing));
            drop(observer);
        }
    }
}

impl fmt::Debug for Observing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Observing({} stacks)", self.hearings.len())
    }
}

/// Connections looked at in one hold of the lock: some ten microseconds.
const AT_ONCE: usize = 64;
