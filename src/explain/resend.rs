//! Why something was sent once more: the kind of a retransmission, by what its sender can have
//! known and by the time that had passed.
//!
//! Two things tell kinds apart: whether the sender had just heard something that could prompt it,
//! and whether a timer could have expired. What the sender decided is not in the capture, so all of
//! this is inferred.

use std::fmt::Write;
use std::time::Duration;

use crate::base::Cite;
use crate::report::text::span;
use crate::rfc;

use super::end::{End, Sent};
use super::told::Resent;

/// A retransmission, as it is judged.
#[derive(Debug, Clone, Copy)]
pub struct Again<'a> {
    pub at: u64,
    pub start: i64,
    pub end: i64,
    /// What was sent before; `None` where the capture does not have it.
    pub before: Option<&'a Sent>,
}

/// A verdict.
#[derive(Debug)]
pub struct Why {
    pub how: Resent,
    pub cite: Cite,
    pub text: String,
}

impl Again<'_> {
    /// What made the sender send it.
    pub fn judge(&self, sender: &End) -> Why {
        let known = Known::of(self, sender);
        let (how, cite, why) = known.decide(self, sender);
        Why {
            how,
            cite,
            text: known.evidence(self, sender, why),
        }
    }
}

/// What the sender can have known.
struct Known {
    /// Bytes and ranges that were reported beyond it.
    beyond: (i64, usize),
    /// Enough of that to take it as lost.
    is_lost: bool,
    is_prompted: bool,
    /// Whether nothing before it is missing.
    is_first: bool,
    /// Since the timer was set anew.
    waited: u64,
    /// Since it was sent before.
    since: Option<u64>,
}

impl Known {
    fn of(again: &Again<'_>, sender: &End) -> Known {
        let beyond = sender.reported_beyond(again.end);
        let segment = i64::from(sender.sums.longest.max(1));
        // RFC 6675 section 4, IsLost; RFC 5681 section 3.2 (2).
        let by_report = beyond.1 >= 3 || beyond.0 > 2 * segment;
        let is_first = again.start <= sender.missing();
        let by_count = sender.dups.0 >= 3 && again.start <= sender.una;
        let first_sent = sender.sent.front().filter(|sent| sent.times == 1);
        let set = [
            sender.una_at.saturating_add(sender.away.unwrap_or(0)),
            sender.timer_at,
            first_sent.map_or(0, |sent| sent.at),
        ];
        Known {
            beyond,
            is_lost: by_report || by_count,
            is_prompted: sender.is_prompted(again.at),
            is_first,
            waited: again.at.saturating_sub(set.into_iter().max().unwrap_or(0)),
            since: again.before.map(|sent| again.at.saturating_sub(sent.at)),
        }
    }

    fn decide(&self, again: &Again<'_>, sender: &End) -> (Resent, Cite, &'static str) {
        let timeout = sender.rtt.timeout();
        let is_due = self.is_first && self.waited >= timeout - timeout / 10;
        let times = again.before.map_or(1, |sent| sent.times);
        let recovery = sender
            .recovery
            .filter(|recovery| again.start < recovery.until);
        let by_timeout = recovery.is_some_and(|recovery| recovery.by_timeout);
        if is_due && !(self.is_prompted && times == 1 && (self.is_lost || by_timeout)) {
            let text = "the retransmission timer can have expired";
            return (Resent::Rto, rfc!(6298, "5 (5.4)"), text);
        }
        let is_quiet = self.is_first && !self.is_prompted;
        if by_timeout && is_quiet && self.waited > sender.rtt.smoothed() * 3 / 2 {
            let text = "nothing came since: the timer again";
            return (Resent::Rto, rfc!(6298, "5 (5.4)"), text);
        }
        if by_timeout {
            let text = "it was out when the timer expired";
            return (Resent::AfterRto, rfc!(5681, "3.1"), text);
        }
        if times == 1 && self.is_lost && (self.is_prompted || recovery.is_some()) {
            return (Resent::Fast, self.fast(), "so it was taken for lost");
        }
        if let Some(recovery) = recovery {
            return self.in_recovery(again, sender, times, recovery.from);
        }
        let is_tail = again.end == sender.nxt && !sender.is_probing;
        let quiet = self.beyond.1 == 0 && !self.is_prompted;
        let probe_after = sender.rtt.smoothed() * 3 / 2;
        if is_tail && quiet && sender.sacked.is_empty() && self.waited >= probe_after {
            let text = match self.is_first {
                false => "the last one sent, with others before it missing too: a loss probe",
                true => "nothing else was out, and the timer was not yet due: a loss probe",
            };
            return (Resent::Tlp, rfc!(8985, "7.3"), text);
        }
        if self.is_lost && times == 1 {
            return (Resent::Fast, self.fast(), "so it was taken for lost");
        }
        if self.beyond.1 > 0 || sender.dups.0 > 0 && self.is_prompted {
            let text = "fewer than three duplicates: by time it was lost, not merely overtaken";
            return (Resent::Rack, rfc!(8985, "6.2"), text);
        }
        if again.before.is_some_and(|sent| sent.at < sender.arrived_at) && self.is_prompted {
            let text = "what was sent later has arrived: by time it was lost";
            return (Resent::Rack, rfc!(8985, "6.2"), text);
        }
        if self.is_first && !self.is_prompted && self.waited >= sender.rtt.smoothed() {
            let text = "the timer, though sooner than expected from here";
            return (Resent::Rto, rfc!(6298, "5 (5.4)"), text);
        }
        let text = "nothing in the capture tells why";
        (Resent::Unknown, rfc!(9293, "3.8.1"), text)
    }

    fn in_recovery(
        &self,
        again: &Again<'_>,
        sender: &End,
        times: u32,
        from: i64,
    ) -> (Resent, Cite, &'static str) {
        if times > 1 {
            let text = "sent again before, and what was sent later has arrived";
            return (Resent::Rack, rfc!(8985, "6.2"), text);
        }
        let has_reports = self.beyond.1 > 0 || sender.has_reports;
        if !has_reports && again.start <= sender.una && sender.una > from {
            let text = "an ACK of some of what was lost shows the next hole";
            return (Resent::PartialAck, rfc!(6582, "3.2"), text);
        }
        let text = "in the recovery that goes on";
        (Resent::Fast, rfc!(6675, "5"), text)
    }

    fn fast(&self) -> Cite {
        match self.beyond.1 {
            0 => rfc!(5681, "3.2"),
            _ => rfc!(6675, "5"),
        }
    }

    fn evidence(&self, again: &Again<'_>, sender: &End, why: &str) -> String {
        let mut text = String::new();
        let put = &mut text;
        // Writing to a string cannot fail.
        let _ = match (again.before, self.since) {
            (Some(before), Some(since)) => write!(put, "{} after #{}", nanos(since), before.frame),
            _ => write!(put, "the capture has no original"),
        };
        let (dups, first, last) = sender.dups;
        if dups > 0 {
            let word = if dups == 1 { "ACK" } else { "ACKs" };
            let _ = write!(put, "; {dups} duplicate {word} #{first}–#{last}");
        }
        if let (bytes, ranges @ 1..) = self.beyond {
            let first = sender.sacked.iter().find(|(start, _)| *start >= again.end);
            if let (1, Some((start, end))) = (ranges, first) {
                let _ = write!(put, "; SACK {start}–{end} beyond it");
            } else {
                let _ = write!(put, "; SACK of {bytes} B in {ranges} ranges beyond it");
            }
        }
        let (rtt, samples) = (sender.rtt.smoothed(), sender.rtt.samples());
        if self.beyond.1 == 0 && dups == 0 && samples > 0 {
            let timeout = nanos(sender.rtt.timeout());
            let _ = write!(put, "; round trip {}, timeout {timeout}", nanos(rtt));
        }
        let _ = write!(put, ": {why}");
        text
    }
}

/// A span in words.
pub fn nanos(nanos: u64) -> String {
    span(Duration::from_nanos(nanos))
}
