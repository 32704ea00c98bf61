//! Events by their ids: causes backwards, and what else an input brought about.

use std::collections::HashMap;

use crate::runs::Record;

/// All events of a run.
#[derive(Debug, Default)]
pub struct Log {
    records: Vec<Record>,
    by_id: HashMap<u64, usize>,
    by_frame: HashMap<u64, usize>,
    /// By the id of an input: what it brought about, in order.
    effects: HashMap<u64, Vec<usize>>,
    /// By the id of an ending: the segment of ours that its packet answers.
    answers: HashMap<u64, usize>,
}

/// A packet, and what led to it, the nearest cause first.
#[derive(Debug)]
pub struct Chain<'a> {
    /// The packet that left, or the ending of one that came in.
    pub packet: &'a Record,
    /// Of one that came in: the segment of ours that it answers.
    pub answers: Option<&'a Record>,
    pub links: Vec<Link<'a>>,
}

/// One step back.
#[derive(Debug)]
pub struct Link<'a> {
    /// A packet that came in (its ending), a call, or a tick.
    pub input: &'a Record,
    /// What the stack decided because of it, in order, before the effect that we come from.
    pub decided: Vec<&'a Record>,
    /// The segment of ours that the input answers: it covers the highest number that the input
    /// acknowledges. The next link is what led to that one.
    pub answers: Option<&'a Record>,
}

impl Log {
    /// Takes the events in order.
    pub fn new(records: impl IntoIterator<Item = Record>) -> Log {
        let mut log = Log::default();
        let mut covers = Covers::default();
        for record in records {
            let at = log.records.len();
            if let (Some(id), Some(sent)) = (record.id, covers.hear(&record, at)) {
                log.answers.insert(id, sent);
            }
            if let Some(id) = record.id {
                log.by_id.insert(id, at);
            }
            if let Some(frame) = record.frame() {
                // What a frame is, or ended as, is told once.
                log.by_frame.entry(frame).or_insert(at);
            }
            if let Some(cause) = record.cause {
                log.effects.entry(cause).or_default().push(at);
            }
            log.records.push(record);
        }
        log
    }

    /// All of them, in order.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The event with this id.
    pub fn event(&self, id: u64) -> Option<&Record> {
        self.records.get(*self.by_id.get(&id)?)
    }

    /// The packet of this frame: its sending, or its ending. Of a super-segment that a capture
    /// shows as several frames, the first is the event's.
    pub fn frame(&self, frame: u64) -> Option<&Record> {
        self.records.get(*self.by_frame.get(&frame)?)
    }

    /// The highest frame that there is.
    pub fn last_frame(&self) -> Option<u64> {
        self.by_frame.keys().max().copied()
    }

    /// What an input brought about, in order.
    pub fn effects(&self, id: u64) -> impl Iterator<Item = &Record> {
        let effects = self.effects.get(&id).map_or(&[][..], Vec::as_slice);
        effects.iter().filter_map(|at| self.records.get(*at))
    }

    /// What the connection of an event knew before it.
    pub fn before(&self, record: &Record) -> Option<&Record> {
        let at = *self.by_id.get(&record.id?)?;
        let earlier = self.records.get(..at)?.iter().rev();
        let is_same = |other: &&Record| other.tuple == record.tuple && other.host == record.host;
        let mut same = earlier.filter(is_same);
        record.tuple.as_ref()?;
        same.find(|other| other.state.is_some())
    }

    /// From a packet back to the call or the timer that began it all.
    pub fn chain<'a>(&'a self, packet: &'a Record) -> Chain<'a> {
        let answers = self.answered(packet);
        let mut from = match is_ending(packet) {
            true => answers,
            false => Some(packet),
        };
        let mut links = Vec::new();
        // Each link lies before the one that it leads to, so the walk ends; long ones are cut.
        while let Some(link) = from.and_then(|effect| self.link(effect)) {
            from = link.answers;
            links.push(link);
            if links.len() == LINKS_MOST {
                break;
            }
        }
        Chain {
            packet,
            answers,
            links,
        }
    }

    fn link<'a>(&'a self, effect: &'a Record) -> Option<Link<'a>> {
        let input = self.event(effect.cause?)?;
        let before = |other: &&Record| other.id < effect.id && other.id.is_some();
        let decided = self
            .effects(input.id?)
            .filter(before)
            .filter(|other| is_decision(other));
        let shown = self.input(effect)?;
        Some(Link {
            input: shown,
            decided: decided.collect(),
            answers: self.answered(shown),
        })
    }

    /// What led to an effect: a call, a tick, or the ending of a packet that came in.
    pub fn input(&self, effect: &Record) -> Option<&Record> {
        let input = self.event(effect.cause?)?;
        let ending = self.effects(input.id?).find(|other| is_ending(other));
        Some(ending.unwrap_or(input))
    }

    /// What a segment of ours sends again: the last before it that had its first number, and what a
    /// link says of its loss.
    pub fn repeated(&self, packet: &Record) -> Option<(&Record, Option<&Record>)> {
        packet.text("retransmit")?;
        let (at, seq) = (*self.by_id.get(&packet.id?)?, packet.number("seq")?);
        let had = |other: &&Record| {
            let first = other.number("seq").unwrap_or(u64::MAX);
            other.name == packet.name
                && (&other.tuple, &other.host) == (&packet.tuple, &packet.host)
                && first <= seq
                && last_number(other).is_some_and(|last| seq < last)
        };
        let first = self.records.get(..at)?.iter().rev().find(had)?;
        let lost = self.records.iter().find(|other| {
            other.name == "link:dropped" && other.number("packet") == first.id && first.id.is_some()
        });
        Some((first, lost))
    }

    /// The latest segment of ours before an ending whose last number its packet acknowledges.
    pub fn answered(&self, ending: &Record) -> Option<&Record> {
        self.records.get(*self.answers.get(&ending.id?)?)
    }
}

/// By connection and number behind the last: the segment of ours that left last with it.
#[derive(Debug, Default)]
struct Covers(HashMap<(String, String, u64), usize>);

impl Covers {
    /// Hears the records in order; says which of them a packet that ended answers.
    fn hear(&mut self, record: &Record, at: usize) -> Option<usize> {
        // Both ends of a connection bear one name.
        let (host, tuple) = (record.host.clone(), record.tuple.clone()?);
        match record.name.as_str() {
            "tcp:segment_sent" => {
                self.0.insert((host, tuple, last_number(record)?), at);
                None
            }
            "tcp:segment_disposed" => self.0.get(&(host, tuple, record.number("ack")?)).copied(),
            _ => None,
        }
    }
}

/// The number behind the last that a segment of ours takes.
fn last_number(sent: &Record) -> Option<u64> {
    let flags = sent.text("flags")?;
    let controls = flags.chars().filter(|letter| "SF".contains(*letter));
    let len = sent.number("len")? + controls.count() as u64;
    (len > 0).then_some(sent.number("seq")? + len)
}

/// Whether it says what became of a packet that came in.
pub fn is_ending(record: &Record) -> bool {
    record.name.ends_with("disposed")
}

fn is_decision(record: &Record) -> bool {
    let is_timer = record.name.ends_with(":timer_updated");
    DECISIONS.iter().any(|name| record.name.ends_with(name))
        || is_timer && record.text("event") == Some("expired")
}

/// Events that tell how an input led to an effect.
const DECISIONS: [&str; 5] = [
    ":noted",
    ":loss_detected",
    ":loss_undone",
    ":congestion_state_updated",
    ":state_updated",
];
/// A chain over a long transfer goes back one round trip a link.
const LINKS_MOST: usize = 64;

#[cfg(test)]
pub(super) mod tests;
