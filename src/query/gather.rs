//! What calls gather while they hear a run, and what they answer at its end.
//!
//! Each keeps a fixed amount, whatever the length of the run, but for percentiles, which need
//! every value, and `last` with a number, which keeps as many events as that.

use std::collections::VecDeque;
use std::time::Duration;

use super::fact::{Evidence, Fact};
use super::judge::takes;
use super::number::Number;
use super::tree::{Fold, Path, Select, What, Which};
use super::value::Value;

/// The events behind an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Involved {
    /// In the order of the run; of many the first.
    pub events: Vec<Evidence>,
    /// How many others.
    pub more: u64,
}

impl Involved {
    fn add(&mut self, event: &dyn Fact, place: usize) {
        match self.events.len() < INVOLVED_MAX {
            true => self.events.push(Evidence::of(event, place)),
            false => self.more += 1,
        }
    }

    fn these(events: impl IntoIterator<Item = Evidence>) -> Involved {
        Involved {
            events: events.into_iter().collect(),
            more: 0,
        }
    }
}

/// An answer, and the events behind it.
type Answer = (Value<'static>, Involved);

type Found = (Value<'static>, Evidence);

/// What one call has heard so far.
#[derive(Debug)]
pub enum Gather {
    /// How many, what they come to, and whether that is still a number.
    Tally {
        count: u64,
        total: Option<Number>,
        involved: Involved,
    },
    /// How many are still to be passed over.
    Ahead {
        left: usize,
        found: Option<Found>,
    },
    /// The last ones.
    Behind {
        keep: usize,
        found: VecDeque<Found>,
    },
    Extreme(Option<(Number, Evidence)>),
    All(Vec<(Number, Evidence)>),
    Between {
        from: Option<Evidence>,
        to: Option<Evidence>,
    },
    At {
        instant: Duration,
        latest: Option<Found>,
    },
}

impl Gather {
    /// Nothing heard.
    pub fn begin(what: &What) -> Gather {
        let tally = Gather::Tally {
            count: 0,
            total: Some(Number::default()),
            involved: Involved::default(),
        };
        match what {
            What::Count(_) => tally,
            What::Pick { which, nth, .. } => match which {
                Which::First | Which::Nth => Gather::Ahead {
                    left: *nth,
                    found: None,
                },
                Which::Last => Gather::Behind {
                    keep: *nth,
                    found: VecDeque::new(),
                },
            },
            What::Fold { how, .. } => match how {
                Fold::Max | Fold::Min => Gather::Extreme(None),
                Fold::Sum | Fold::Mean => tally,
                Fold::P50 | Fold::P95 => Gather::All(Vec::new()),
            },
            What::Between(..) => Gather::Between {
                from: None,
                to: None,
            },
            What::At(..) => Gather::At {
                instant: what.instant().unwrap_or_default(),
                latest: None,
            },
        }
    }

    /// Hears the event at a place of the run. `answers` are those of the calls inside.
    pub fn hear(
        &mut self,
        what: &What,
        event: &dyn Fact,
        place: usize,
        answers: &[Value<'static>],
    ) {
        match what {
            What::Count(of) if takes(of, event, answers) => self.count(event, place),
            What::Pick { of, path, .. } if takes(of, event, answers) => {
                self.pick(path.as_ref(), event, place);
            }
            What::Fold { how, path, of } if takes(of, event, answers) => {
                let value = event.field(path).and_then(|value| value.number());
                if let Some(number) = value {
                    self.number(*how, number, event, place);
                }
            }
            What::Between(from, to) => self.between([from, to], event, place, answers),
            What::At(_, _, path) => self.at(path, event, place),
            _ => {}
        }
    }

    fn count(&mut self, event: &dyn Fact, place: usize) {
        if let Gather::Tally {
            count, involved, ..
        } = self
        {
            *count += 1;
            involved.add(event, place);
        }
    }

    fn pick(&mut self, path: Option<&Path>, event: &dyn Fact, place: usize) {
        let found = || {
            let value = match path {
                Some(path) => event.field(path).map_or(Value::Null, Value::into_owned),
                // The event itself: there is one.
                None => Value::Bool(true),
            };
            (value, Evidence::of(event, place))
        };
        match self {
            Gather::Ahead { left: 0, .. } => {}
            Gather::Ahead { left, found: into } => {
                *left -= 1;
                if *left == 0 {
                    *into = Some(found());
                }
            }
            Gather::Behind { keep, found: kept } => {
                if kept.len() >= *keep {
                    kept.pop_front();
                }
                kept.push_back(found());
            }
            _ => {}
        }
    }

    fn number(&mut self, how: Fold, number: Number, event: &dyn Fact, place: usize) {
        match self {
            Gather::Tally {
                count,
                total,
                involved,
            } => {
                *count += 1;
                *total = total.and_then(|total| total.plus(number));
                involved.add(event, place);
            }
            Gather::Extreme(best) => {
                let beats = |(best, _): &(Number, Evidence)| match how {
                    Fold::Max => number > *best,
                    _ => number < *best,
                };
                if best.as_ref().is_none_or(beats) {
                    *best = Some((number, Evidence::of(event, place)));
                }
            }
            Gather::All(values) => values.push((number, Evidence::of(event, place))),
            _ => {}
        }
    }

    fn between(
        &mut self,
        [first, then]: [&Select; 2],
        event: &dyn Fact,
        place: usize,
        answers: &[Value<'static>],
    ) {
        let Gather::Between { from, to } = self else {
            return;
        };
        if from.is_none() && takes(first, event, answers) {
            *from = Some(Evidence::of(event, place));
        }
        // An event may be both: then no time passed.
        if from.is_some() && to.is_none() && takes(then, event, answers) {
            *to = Some(Evidence::of(event, place));
        }
    }

    fn at(&mut self, path: &Path, event: &dyn Fact, place: usize) {
        let Gather::At { instant, latest } = self else {
            return;
        };
        if event.time() > *instant {
            return;
        }
        if let Some(value) = event.field(path) {
            *latest = Some((value.into_owned(), Evidence::of(event, place)));
        }
    }

    /// The run is over.
    pub fn end(self, what: &What) -> Answer {
        match self {
            Gather::Tally {
                count,
                total,
                involved,
            } => (tallied(what, count, total), involved),
            Gather::Ahead { found, .. } => answer(found),
            Gather::Behind { keep, mut found } => {
                let whole = found.len() >= keep;
                answer(found.pop_front().filter(|_| whole))
            }
            Gather::Extreme(best) => numbered(best),
            Gather::All(values) => numbered(percentile(what, values)),
            Gather::Between { from, to } => {
                let took = from.zip(to).map(|(from, to)| {
                    let took = to.time.saturating_sub(from.time);
                    Value::Number(Number::of_time(took))
                });
                let involved = Involved::these(from.into_iter().chain(to));
                (took.unwrap_or(Value::Null), involved)
            }
            Gather::At { latest, .. } => answer(latest),
        }
    }
}

fn answer(found: Option<Found>) -> Answer {
    match found {
        Some((value, evidence)) => (value, Involved::these([evidence])),
        None => (Value::Null, Involved::default()),
    }
}

fn numbered(found: Option<(Number, Evidence)>) -> Answer {
    answer(found.map(|(number, evidence)| (Value::Number(number), evidence)))
}

/// Of nothing the count is 0, and all else null.
fn tallied(what: &What, count: u64, total: Option<Number>) -> Value<'static> {
    let how = match what {
        What::Fold { how, .. } if count > 0 => how,
        What::Fold { .. } => return Value::Null,
        _ => return Value::whole(count),
    };
    let total = match how {
        Fold::Mean => total.and_then(|total| total.over(Number::whole(count)?)),
        _ => total,
    };
    total.map_or(Value::Null, Value::Number)
}

/// The nearest rank: the least value that so many hundredths of all are not greater than.
fn percentile(what: &What, mut values: Vec<(Number, Evidence)>) -> Option<(Number, Evidence)> {
    let hundredths = match what {
        What::Fold { how: Fold::P50, .. } => 50,
        _ => 95,
    };
    let rank = (values.len() * hundredths).div_ceil(100);
    let index = rank.checked_sub(1)?;
    let (_, value, _) = values.select_nth_unstable(index);
    Some(*value)
}

/// Events that one answer names.
const INVOLVED_MAX: usize = 16;

#[cfg(test)]
mod tests;
