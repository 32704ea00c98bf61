//! All calls of a query, asked of a run: in as many passes over it as they lie inside each other.

use super::fact::Fact;
use super::gather::{Gather, Involved};
use super::tree::Call;
use super::value::Value;

/// Calls that hear a run.
#[derive(Debug)]
pub struct Rounds<'q> {
    calls: Vec<&'q Call>,
    /// In which pass each is answered.
    rounds: &'q [usize],
    round: usize,
    gathers: Vec<Gather>,
    /// Of the next event.
    place: usize,
    answers: Vec<Value<'static>>,
    involved: Vec<Involved>,
}

impl<'q> Rounds<'q> {
    /// Calls by their places, and the pass in which each is answered.
    pub fn new(calls: Vec<&'q Call>, rounds: &'q [usize]) -> Rounds<'q> {
        Rounds {
            gathers: calls.iter().map(|call| Gather::begin(&call.what)).collect(),
            answers: vec![Value::Null; calls.len()],
            involved: vec![Involved::default(); calls.len()],
            calls,
            rounds,
            round: 0,
            place: 0,
        }
    }

    /// Whether some are not answered yet.
    pub fn are_left(&self) -> bool {
        self.rounds.iter().any(|round| *round >= self.round)
    }

    /// The next event of this pass.
    pub fn hear(&mut self, event: &dyn Fact) {
        let place = self.place;
        self.place += 1;
        let gathers = self.gathers.iter_mut().zip(&self.calls).zip(self.rounds);
        for ((gather, call), round) in gathers {
            if *round == self.round {
                gather.hear(&call.what, event, place, &self.answers);
            }
        }
    }

    /// The run is over; what it answers is known to the next pass.
    pub fn end_pass(&mut self) {
        let ended = self.gathers.iter_mut().zip(&self.calls).zip(self.rounds);
        let into = self.answers.iter_mut().zip(&mut self.involved);
        for (((gather, call), round), (answer, involved)) in ended.zip(into) {
            if *round == self.round {
                let ended = std::mem::replace(gather, Gather::begin(&call.what));
                (*answer, *involved) = ended.end(&call.what);
            }
        }
        self.round += 1;
        self.place = 0;
    }

    /// Hears a whole run as often as needed.
    pub fn hear_all<'f, F, R>(&mut self, run: &R)
    where
        F: Fact + 'f,
        R: IntoIterator<Item = &'f F> + Clone,
    {
        while self.are_left() {
            run.clone().into_iter().for_each(|event| self.hear(event));
            self.end_pass();
        }
    }

    /// The answers by their places, as far as they are known.
    pub fn answers(&self) -> &[Value<'static>] {
        &self.answers
    }

    /// The events behind them.
    pub fn involved(&self) -> &[Involved] {
        &self.involved
    }
}

#[cfg(test)]
mod tests;
