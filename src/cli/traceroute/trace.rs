//! What is known of the way: which requests are out, who answered them, and which hops can be
//! told. A part that answers: it neither sends nor waits.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use crate::base::Instant;
use crate::cli::ping::millis;
use crate::stack::{EchoAnswer, EchoCame, Problem, Unreachable};

/// A way that is being found.
#[derive(Debug)]
pub struct Trace {
    /// How long to wait for each answer.
    wait: Duration,
    /// How many requests a hop gets.
    each: usize,
    /// All that may be sent, hop after hop; the sequence number of one is its place.
    probes: Vec<Probe>,
    /// How many of them were sent.
    sent: usize,
    /// How many hops were told.
    told: usize,
    /// The hop at which the way ends: the host's own, or that of whoever says that there is none.
    last: Option<usize>,
    arrived: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Probe {
    /// Not sent.
    Planned,
    Out(Instant),
    Answered {
        from: IpAddr,
        time: Duration,
        problem: Option<Problem>,
    },
    Unanswered,
}

impl Trace {
    /// A way of at most so many hops, each of which gets so many requests.
    pub fn new(hops: u8, each: u8, wait: Duration) -> Trace {
        let each = usize::from(each);
        Trace {
            wait,
            each,
            probes: vec![Probe::Planned; usize::from(hops) * each],
            sent: 0,
            told: 0,
            last: None,
            arrived: false,
        }
    }

    /// The sequence number and the hop limit of a request that may be sent now.
    pub fn next(&self) -> Option<(u16, u8)> {
        let out = self.probes.iter().filter(|probe| probe.is_out()).count();
        if out >= OUT_MAX || self.sent >= self.planned() {
            return None;
        }
        // At most 255 hops with 10 requests each.
        Some((self.sent as u16, (self.sent / self.each + 1) as u8))
    }

    /// How many are to be sent: none behind the way's end.
    fn planned(&self) -> usize {
        let last = self.last.map(|hop| (hop + 1) * self.each);
        last.map_or(self.probes.len(), |last| last.min(self.probes.len()))
    }

    /// It was sent.
    pub fn leaves(&mut self, sequence: u16, at: Instant) {
        if let Some(probe) = self.probes.get_mut(usize::from(sequence)) {
            *probe = Probe::Out(at);
            self.sent += 1;
        }
    }

    /// Somebody answers a request; what comes late or twice changes nothing.
    pub fn hear(&mut self, came: &EchoCame) {
        let at = usize::from(came.sequence);
        let Some(probe) = self.probes.get_mut(at) else {
            return;
        };
        let Probe::Out(left) = *probe else {
            return;
        };
        let problem = match &came.what {
            EchoAnswer::Reply(_) => None,
            EchoAnswer::Error(problem) => Some(*problem),
        };
        *probe = Probe::Answered {
            from: came.from,
            time: came.at.since(left),
            problem,
        };
        if problem != Some(Problem::HopLimitExceeded) {
            let hop = at / self.each;
            self.last = Some(self.last.map_or(hop, |last| last.min(hop)));
            self.arrived |= problem.is_none();
        }
    }

    /// How long to wait for something at the most; `None` if there is nothing to wait for.
    pub fn patience(&self, now: Instant) -> Option<Duration> {
        let planned = self.probes.iter().take(self.planned());
        let deadlines = planned.filter_map(|probe| match probe {
            Probe::Out(left) => Some(*left + self.wait),
            _ => None,
        });
        deadlines.min().map(|deadline| deadline.since(now))
    }

    /// Time has passed.
    pub fn give_up(&mut self, now: Instant) {
        for probe in &mut self.probes {
            if matches!(probe, Probe::Out(left) if *left + self.wait <= now) {
                *probe = Probe::Unanswered;
            }
        }
    }

    /// Whether the host itself was reached.
    pub fn has_arrived(&self) -> bool {
        self.arrived
    }

    /// The next hop that can be told, as a line: all its requests are over, and those before it.
    pub fn next_row(&mut self) -> Option<String> {
        let first = self.told * self.each;
        if first >= self.planned() {
            return None;
        }
        let probes = self.probes.get(first..first + self.each)?;
        if probes.iter().any(|probe| !probe.is_over()) {
            return None;
        }
        self.told += 1;
        let mut row = format!("{:2} ", self.told);
        let mut named = None;
        for probe in probes {
            // Writing to a string cannot fail.
            let _ = match probe {
                Probe::Answered {
                    from,
                    time,
                    problem,
                } => {
                    if named != Some(*from) {
                        named = Some(*from);
                        let _ = write!(row, " {from}");
                    }
                    let mark = problem.map_or(String::new(), mark);
                    write!(row, "  {} ms{mark}", millis(*time))
                }
                _ => write!(row, " *"),
            };
        }
        row.push('\n');
        Some(row)
    }
}

/// What a router has against a request, but for its hop limit, as traceroute marks it.
fn mark(problem: Problem) -> String {
    match problem {
        Problem::HopLimitExceeded => String::new(),
        Problem::Unreachable(Unreachable::Network) => " !N".into(),
        Problem::Unreachable(Unreachable::Host) => " !H".into(),
        Problem::Unreachable(Unreachable::Protocol) => " !P".into(),
        Problem::Unreachable(Unreachable::SourceRoute) => " !S".into(),
        Problem::Unreachable(Unreachable::Prohibited) => " !X".into(),
        Problem::Unreachable(Unreachable::Other(code)) => format!(" !<{code}>"),
        Problem::PacketTooBig { mtu } => format!(" !F-{mtu}"),
        other => format!(" ({other})"),
    }
}

impl Probe {
    fn is_out(&self) -> bool {
        matches!(self, Probe::Out(_))
    }

    fn is_over(&self) -> bool {
        !matches!(self, Probe::Planned | Probe::Out(_))
    }
}

/// As others do: enough that a silent router costs no more than its share of the wait.
const OUT_MAX: usize = 16;

#[cfg(test)]
mod tests;
