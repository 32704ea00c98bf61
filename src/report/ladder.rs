//! The message ladder of one connection, as text: a line a frame, what came of it, and by which
//! clause.
//!
//! ```text
//! #9            +0.000 412  10.90.0.2:40000 ──▶ SYN seq 0 win 65535  CLOSED → SYN-SENT  ...
//! #12–#90       +0.161 020  10.90.0.2:40000 ──▶ 46 segments, 67,160 B   ◀── 33 ACKs
//! ```
//!
//! A transfer is thousands of frames that say the same, so runs of text and acknowledgments become
//! one line. Whatever changes a state, repeats something or is refused keeps a line of its own.
//! Sequence numbers are counted from the first byte of text, which is 1, as in Wireshark.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::base::Instant;
use crate::observe::words;
use crate::observe::{Conversation, Direction, Frame, What};
use crate::probe::{Accepted, Ending, Purpose, Resent, State};

/// What is drawn.
#[derive(Debug)]
pub struct Ladder<'a> {
    /// The connection.
    pub conversation: &'a Conversation,
    /// Its frames, in order.
    pub frames: &'a [Frame],
    /// What times are counted from.
    pub since: Instant,
    /// Frame numbers of which no record was kept.
    pub unrecorded: Option<RangeInclusive<u64>>,
}

impl Ladder<'_> {
    /// The ladder, a line each.
    pub fn lines(&self) -> Vec<String> {
        let local = self.conversation.local;
        self.rungs().iter().map(|rung| rung.line(local)).collect()
    }

    /// The same, not yet put together.
    pub fn rungs(&self) -> Vec<Rung> {
        let mut rungs = Vec::new();
        let mut rest = self.frames;
        let mut settled = false;
        let mut last = 0;
        while let Some(first) = rest.first() {
            rungs.extend(self.gap_between(last, first.number));
            // The frame after a change of state belongs to that change: it acknowledges it.
            let len = if settled { self.run(rest) } else { 1 };
            let (run, after) = rest.split_at(len.max(1));
            if len >= RUN_MIN {
                rungs.push(self.together(run));
            } else {
                rungs.extend(run.iter().map(|frame| self.alone(frame)));
            }
            let end = run.last().unwrap_or(first);
            (settled, last) = (!changes_state(end), end.number);
            rest = after;
        }
        rungs
    }

    /// How many frames from the first on can share a line.
    fn run(&self, frames: &[Frame]) -> usize {
        let Some(kind) = frames.first().and_then(Kind::of) else {
            return 0;
        };
        let gap = self.unrecorded.as_ref().map(|gap| *gap.end());
        let joins = |frame: &&Frame| {
            let beyond_gap = gap.is_some_and(|end| frames[0].number < end && frame.number > end);
            let fits = Kind::of(frame).is_some_and(|other| kind.goes_with(other));
            fits && !changes_state(frame) && !beyond_gap
        };
        frames.iter().take_while(joins).count()
    }

    fn alone(&self, frame: &Frame) -> Rung {
        let (iss, irs) = (self.conversation.iss, self.conversation.irs);
        let segment = frame.segment.map(|segment| match frame.what.direction() {
            Direction::Out => segment.describe(iss, irs),
            Direction::In => segment.describe(irs, iss),
        });
        let what = segment.unwrap_or_else(|| format!("{} B", frame.len));
        let arrow = arrow(frame.what.direction());
        let state = frame.before.zip(frame.state);
        Rung {
            numbers: format!("#{}", frame.number),
            time: self.time(frame),
            what: format!("{arrow} {what}"),
            state: state.filter(|(before, after)| before != after),
            clause: clause(&frame.what),
            remark: remark(&frame.what),
        }
    }

    fn together(&self, run: &[Frame]) -> Rung {
        let (first, last) = (run[0].number, run[run.len() - 1].number);
        let mut ways = [Direction::Out, Direction::In].map(|way| (way, Vec::new()));
        for (way, parts) in &mut ways {
            for kind in Kind::ALL.into_iter().filter(|kind| kind.way() == *way) {
                let of_kind = run.iter().filter(|frame| Kind::of(frame) == Some(kind));
                let (mut count, mut text) = (0, 0);
                for frame in of_kind {
                    count += 1;
                    text += frame.segment.map_or(0, |segment| u64::from(segment.text));
                }
                if count > 0 {
                    parts.push(kind.say(count, text));
                }
            }
        }
        let ways = ways.iter().filter(|(_, parts)| !parts.is_empty());
        let ways = ways.map(|(way, parts)| format!("{} {}", arrow(*way), parts.join(", ")));
        Rung {
            numbers: format!("#{first}–#{last}"),
            time: self.time(&run[0]),
            what: Vec::from_iter(ways).join("   "),
            ..Rung::default()
        }
    }

    /// What stands for the frames between two numbers that have no record, if any.
    fn gap_between(&self, last: u64, next: u64) -> Option<Rung> {
        let gap = self.unrecorded.as_ref()?;
        let (start, end) = (gap.start(), gap.end());
        (last < *start && *end < next && last > 0).then(|| Rung {
            what: format!("... no record was kept of frames #{start}–#{end}"),
            ..Rung::default()
        })
    }

    /// Seconds, and after the point milliseconds and microseconds apart.
    fn time(&self, frame: &Frame) -> String {
        let since: Duration = frame.at.since(self.since);
        let micros = since.subsec_micros();
        let seconds = since.as_secs();
        format!("+{seconds}.{:03} {:03}", micros / 1000, micros % 1000)
    }
}

/// A line of the ladder, not yet put together: what does not apply is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rung {
    /// `#9`, or `#12–#90`; empty for what stands in a gap.
    pub numbers: String,
    /// Since when the ladder counts.
    pub time: String,
    /// Arrows, and what went their way.
    pub what: String,
    /// The change of state that came with it.
    pub state: Option<(State, State)>,
    /// The clause that it obeys.
    pub clause: String,
    /// Of what is not ordinary, the reason.
    pub remark: String,
}

impl Rung {
    fn line(&self, local: SocketAddr) -> String {
        let Rung {
            numbers,
            time,
            what,
            state,
            clause,
            remark,
        } = self;
        if numbers.is_empty() {
            return what.clone();
        }
        let state = state.map_or_else(String::new, |(from, to)| format!("{from} → {to}  "));
        let colon = if remark.is_empty() { "" } else { ": " };
        let line = format!(
            "{numbers:<11} {time:>12}  {local} {what:<WHAT$}  {state}{clause}{colon}{remark}"
        );
        line.trim_end().to_owned()
    }
}

fn changes_state(frame: &Frame) -> bool {
    frame.before != frame.state
}

const fn arrow(direction: Direction) -> &'static str {
    match direction {
        Direction::Out => "──▶",
        Direction::In => "◀──",
    }
}

/// The clause that a frame obeys.
fn clause(what: &What) -> String {
    match what {
        What::Unexplained => String::new(),
        What::Out { why, .. } => why.by.to_string(),
        What::In { by, .. } => by.to_string(),
    }
}

/// Of what is not ordinary, the reason.
fn remark(what: &What) -> String {
    match *what {
        What::Unexplained => "unexplained: nothing said how it ended".into(),
        _ if what.is_ordinary() => String::new(),
        What::Out {
            purpose: purpose @ Purpose::Retransmission(_),
            why,
        } => format!("{}: {}", words::purpose(purpose), why.text),
        What::Out { why, .. } => why.text.into(),
        What::In { ending, .. } => match words::disposition(ending) {
            "accepted" => words::reason(ending).into(),
            otherwise => format!("{otherwise}: {}", words::reason(ending)),
        },
    }
}

/// The kinds of frames that come by the thousand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    TextOut,
    RepairOut,
    AckOut,
    TextIn,
    BeyondHoleIn,
    AckIn,
    DuplicateAckIn,
}

impl Kind {
    const ALL: [Kind; 7] = [
        Kind::TextOut,
        Kind::RepairOut,
        Kind::AckOut,
        Kind::TextIn,
        Kind::BeyondHoleIn,
        Kind::AckIn,
        Kind::DuplicateAckIn,
    ];

    fn of(frame: &Frame) -> Option<Kind> {
        match frame.what {
            What::Out { purpose, .. } => match purpose {
                Purpose::Text => Some(Kind::TextOut),
                Purpose::Retransmission(Resent::AfterTimeout | Resent::PartialAck) => {
                    Some(Kind::RepairOut)
                }
                Purpose::Ack => Some(Kind::AckOut),
                _ => None,
            },
            What::In {
                ending: Ending::Accepted(what),
                ..
            } => match what {
                Accepted::Text => Some(Kind::TextIn),
                Accepted::TextOutOfOrder => Some(Kind::BeyondHoleIn),
                Accepted::Ack | Accepted::WindowUpdate => Some(Kind::AckIn),
                Accepted::DuplicateAck => Some(Kind::DuplicateAckIn),
                _ => None,
            },
            What::In { .. } | What::Unexplained => None,
        }
    }

    const fn way(self) -> Direction {
        match self {
            Kind::TextOut | Kind::RepairOut | Kind::AckOut => Direction::Out,
            Kind::TextIn | Kind::BeyondHoleIn | Kind::AckIn | Kind::DuplicateAckIn => Direction::In,
        }
    }

    /// Whether it speaks of a hole.
    const fn is_rough(self) -> bool {
        matches!(
            self,
            Kind::RepairOut | Kind::BeyondHoleIn | Kind::DuplicateAckIn
        )
    }

    /// Whether a line that begins with this may go on with `other`: a smooth one until something
    /// is missing, a rough one until the peer says something new.
    const fn goes_with(self, other: Kind) -> bool {
        match other {
            Kind::TextOut | Kind::AckOut => true,
            Kind::TextIn | Kind::AckIn => !self.is_rough(),
            Kind::RepairOut | Kind::BeyondHoleIn | Kind::DuplicateAckIn => self.is_rough(),
        }
    }

    fn say(self, count: u64, text: u64) -> String {
        let many = if count == 1 { "" } else { "s" };
        let (count, text) = (grouped(count), grouped(text));
        match self {
            Kind::TextOut | Kind::TextIn => format!("{count} segment{many}, {text} B"),
            Kind::RepairOut => format!("{count} retransmission{many}, {text} B"),
            Kind::BeyondHoleIn => format!("{count} segment{many} beyond a hole, {text} B"),
            Kind::AckOut | Kind::AckIn => format!("{count} ACK{many}"),
            Kind::DuplicateAckIn => format!("{count} duplicate ACK{many}"),
        }
    }
}

/// `10,485,760`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Fewer frames than this are shown one by one: four lines say more than one.
const RUN_MIN: usize = 5;
/// How wide the column of segments is at least, in characters.
const WHAT: usize = 48;

#[cfg(test)]
mod tests;
