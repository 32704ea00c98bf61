//! One event as one line of text, for people.
//!
//! `#e912 10.90.0.2:40000 > 203.0.113.10:443 ESTABLISHED  sent text: ...`: the event's number, the
//! connection, its state afterwards where the event says it, and the fact in the RFC's words. A
//! line holds numbers, addresses and words of ours; nothing that a peer wrote gets into it.

use std::fmt::Write;
use std::net::IpAddr;
use std::time::Duration;

use crate::base::SeqNum;
use crate::probe::{Event, State, Subject, Told};

use super::conversations::{Conversation, Conversations};
use super::packet::Seen;
use super::words;

/// Makes lines of events; it must hear all of them in order, so that it knows who speaks.
#[derive(Debug)]
pub struct Lines {
    conversations: Conversations,
}

impl Lines {
    /// Knows nobody yet.
    pub fn new() -> Lines {
        Lines {
            conversations: Conversations::at_a_time(CONVERSATIONS_MAX),
        }
    }

    /// Hears an event without making a line of it.
    pub fn hear(&mut self, told: &Told<'_>) {
        self.conversations.hear(told);
    }

    /// Hears an event and says it.
    pub fn line(&mut self, told: &Told<'_>) -> String {
        let id = self.conversations.hear(told);
        let known = id.and_then(|id| self.conversations.get(id));
        let mut line = format!("#{} ", told.id);
        // Writing to a string cannot fail.
        let _ = match (known, told.on) {
            (Some(known), _) => write!(line, "{} > {}", known.local, known.remote),
            (None, Subject::Stack) => write!(line, "stack"),
            (None, Subject::Connection(number)) => write!(line, "connection {number}"),
            (None, Subject::Listener(number)) => write!(line, "listener {number}"),
            (None, Subject::Datagrams(number)) => write!(line, "datagrams {number}"),
            (None, Subject::Echo(number)) => write!(line, "echo {number}"),
        };
        if let Some(state) = state_after(told.event) {
            let _ = write!(line, " {state}");
        }
        let _ = write!(line, "  {}", self.say(told, known));
        line
    }

    /// Hears an event and says the fact alone; whose it is, our address first.
    pub fn fact(&mut self, told: &Told<'_>) -> (String, Option<(IpAddr, IpAddr)>) {
        let id = self.conversations.hear(told);
        let known = id.and_then(|id| self.conversations.get(id));
        let between = known.map(|known| (known.local.ip(), known.remote.ip()));
        (self.say(told, known), between)
    }

    fn say(&self, told: &Told<'_>, known: Option<&Conversation>) -> String {
        let cause = || told.cause.map_or(String::new(), |id| id.to_string());
        let iss = known.and_then(|known| known.iss);
        match *told.event {
            Event::PacketIn { bytes, .. } => format!("received {}", self.arrived(bytes)),
            Event::Called(call) => format!("called {}", words::call(call)),
            Event::Ticked => "time passed".into(),
            Event::Accepted { .. } | Event::Discarded { .. } | Event::Dropped { .. } => {
                ended(told.event, &cause())
            }
            Event::PacketOut {
                head,
                body,
                purpose,
                why,
                ..
            } => {
                let seen = Seen::of(head, body.len());
                let irs = known.and_then(|known| known.irs);
                let what = seen.map(|seen| describe(&seen, iss, irs));
                let what = what.unwrap_or_else(|| format!("{} B", head.len() + body.len()));
                let purpose = words::purpose(purpose);
                format!("sent {purpose}: {what}  because {} ({})", why.text, why.by)
            }
            Event::Opened { state, .. } => format!("opened in {state}"),
            Event::StateChanged { from, to, on } => {
                format!("{from} → {to} on {}", words::edge(on))
            }
            Event::Noted { by, text } => format!("{text} ({by})"),
            Event::RttSampled {
                rtt,
                srtt,
                rttvar,
                rto,
            } => format!(
                "RTT {} SRTT {} RTTVAR {} RTO {}",
                ms(rtt),
                ms(srtt),
                ms(rttvar),
                ms(rto)
            ),
            Event::TimerSet { kind, at } => {
                format!(
                    "{} set, due in {}",
                    words::timer(kind),
                    ms(at.since(told.at))
                )
            }
            Event::TimerExpired { kind } => format!("{} expired", words::timer(kind)),
            Event::TimerCancelled { kind } => format!("{} stopped", words::timer(kind)),
            Event::Lost { range, by } => {
                let first = range.start.since(iss.unwrap_or(SeqNum(0)));
                let (len, by) = (range.len, words::proof(by));
                let last = first.wrapping_add(len.saturating_sub(1));
                format!("lost seq {first}..{last} ({len} B): {by}")
            }
            Event::Undone { by } => format!("not lost after all: {}", words::spurious(by)),
            Event::CongestionChanged {
                cwnd,
                ssthresh,
                by,
                text,
            } => {
                let ssthresh = ssthresh.map_or("∞".into(), |bytes| bytes.to_string());
                format!("cwnd {cwnd} ssthresh {ssthresh}: {text} ({by})")
            }
            Event::BlockedBy { by } => format!("no more for now: {}", words::blocked(by)),
            Event::Urgent { offset } => format!("urgent data ends at byte {offset}"),
        }
    }

    fn arrived(&self, bytes: &[u8]) -> String {
        let Some(seen) = Seen::of(bytes, 0) else {
            return format!("{} B that are no IP packet", bytes.len());
        };
        let known = seen
            .sockets()
            .and_then(|(remote, local)| self.conversations.between(local, remote))
            .and_then(|id| self.conversations.get(id));
        let (irs, iss) = (known.and_then(|k| k.irs), known.and_then(|k| k.iss));
        format!("{}  {}", seen.way(), describe(&seen, irs, iss))
    }
}

impl Default for Lines {
    fn default() -> Lines {
        Lines::new()
    }
}

fn describe(seen: &Seen, sender: Option<SeqNum>, receiver: Option<SeqNum>) -> String {
    match seen.segment {
        Some(segment) => segment.describe(sender, receiver),
        None => seen.protocol_name(),
    }
}

fn ended(event: &Event<'_>, cause: &str) -> String {
    let Some((ending, by)) = words::ending(event) else {
        return String::new();
    };
    let disposition = words::disposition(ending);
    format!("{disposition} {cause}: {} ({by})", words::reason(ending))
}

fn state_after(event: &Event<'_>) -> Option<State> {
    event.variables().map(|known| known.snapshot().state)
}

fn ms(duration: Duration) -> String {
    let micros = duration.as_micros();
    format!("{}.{:03} ms", micros / 1000, micros % 1000)
}

/// As many connections as a stack has at a time by default; the lines of others show their numbers.
const CONVERSATIONS_MAX: u32 = 16_384;

#[cfg(test)]
mod tests;
