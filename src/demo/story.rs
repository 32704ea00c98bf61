//! The demonstration as text: a tree of steps, and under each the frames of the capture that it
//! consists of.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::base::{Cite, Instant};
use crate::observe::on_link::OnLink;
use crate::observe::{
    ConnectionCounts, Conversation, ConversationId, Direction, Frame, SegmentSeen, frames, words,
};
use crate::probe::{Purpose, State};
use crate::report::text::{Style, grouped, padded, size, span};
use crate::report::{Ladder, Rung};
use crate::rfc;

use super::journey::{Exchange, Visit, Way, What};
use super::proof::{Proof, Verdict};

/// What is told.
#[derive(Debug)]
pub struct Story<'a> {
    /// What was done.
    pub visits: &'a [Visit],
    /// All frames of the capture, in order.
    pub frames: &'a [Frame],
    /// Frame numbers of which no record was kept.
    pub unrecorded: Option<RangeInclusive<u64>>,
    /// Whose they are.
    pub conversations: &'a [Conversation],
    /// The numbers of the connections.
    pub connections: &'a [ConnectionCounts],
    /// How long TIME-WAIT lasts here.
    pub time_wait: Duration,
    /// What the link lost on purpose.
    pub lost: &'a [OnLink],
    /// What was checked.
    pub proof: &'a Proof,
    /// How it is marked.
    pub style: Style,
}

/// A step with everything that is to be said of it.
struct Told<'a> {
    title: String,
    note: String,
    frames: &'a [Frame],
    took: Duration,
    more: Vec<String>,
}

impl Story<'_> {
    /// The story, a line each.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for visit in self.visits {
            self.visit(visit, &mut lines);
            lines.push(String::new());
        }
        let others = self.others();
        if !others.is_empty() {
            lines.push(self.style.bold("also on the link"));
            lines.extend(others);
            lines.push(String::new());
        }
        lines.push(self.sum());
        for check in self.proof.checks.iter().filter(|check| !check.holds) {
            lines.push(format!("{} {}", self.style.bad("✗"), check.what));
        }
        lines
    }

    fn visit(&self, visit: &Visit, lines: &mut Vec<String>) {
        let Visit { local, remote, .. } = visit;
        let url = format!("http://{}/", host(remote.ip()));
        lines.push(format!("{}   {local} → {remote}", self.style.bold(&url)));
        let is_it = |known: &Conversation| (known.local, known.remote) == (*local, *remote);
        let found = self
            .conversations
            .iter()
            .zip(0..)
            .find(|(one, _)| is_it(one));
        let Some((conversation, index)) = found else {
            lines.push("└ nothing of it was seen".to_owned());
            return;
        };
        let id = ConversationId(index);
        let own = self
            .frames
            .iter()
            .filter(|frame| frame.conversation == Some(id));
        let frames: Vec<Frame> = own.copied().collect();
        let mut told = self.steps(visit, &frames);
        told.extend(self.time_wait(conversation, &frames));
        let last = told.len();
        for (number, step) in (1..).zip(told) {
            let (branch, trunk) = if number == last {
                ("└", " ")
            } else {
                ("├", "│")
            };
            lines.push(self.headline(branch, number, &step));
            for line in step.more {
                lines.push(format!("{trunk}   {line}"));
            }
            let ladder = Ladder {
                conversation,
                frames: step.frames,
                since: self.born(),
                unrecorded: self.unrecorded.clone(),
            };
            let rungs = ladder.rungs();
            let rungs = rungs.iter().flat_map(rung_lines);
            lines.extend(rungs.map(|line| format!("{trunk}   {}", self.style.dim(&line))));
        }
    }

    fn headline(&self, branch: &str, number: usize, step: &Told<'_>) -> String {
        let title = padded(&self.style.bold(&step.title), TITLE);
        let numbers = match (step.frames.first(), step.frames.last()) {
            (Some(first), Some(last)) if first.number < last.number => {
                format!("#{}–#{}", first.number, last.number)
            }
            (Some(first), _) => format!("#{}", first.number),
            _ => "no frames".to_owned(),
        };
        let (note, took) = (padded(&step.note, NOTE), span(step.took));
        format!("{branch} {number} {title} {note} {numbers:<14} {took:>8}")
    }

    fn steps<'f>(&self, visit: &Visit, frames: &'f [Frame]) -> Vec<Told<'f>> {
        let begins = visit.steps.iter().map(|step| step.began);
        let ends = begins.clone().skip(1).chain([visit.ended]);
        let mut rest = frames;
        let mut told = Vec::new();
        for ((step, began), ended) in visit.steps.iter().zip(begins).zip(ends) {
            // The frames of the last step go on as long as there are any.
            let is_last = ended == visit.ended;
            let len = match is_last {
                true => rest.len(),
                false => rest.partition_point(|frame| frame.at < ended),
            };
            let (own, after) = rest.split_at(len);
            rest = after;
            let took = ended.since(began);
            told.push(match &step.what {
                What::Connect => connected(own, took),
                What::Exchange(exchange) => self.exchanged(visit, exchange, own, took),
                What::Close => closed(own, took),
            });
            let losses = self
                .lost
                .iter()
                .filter(|lost| (began..ended).contains(&lost.at));
            let losses: Vec<String> = losses.map(|lost| self.loss(lost, own)).collect();
            if let Some(step) = told.last_mut() {
                step.more.extend(losses);
            }
        }
        told
    }

    fn exchanged<'f>(
        &self,
        visit: &Visit,
        exchange: &Exchange,
        frames: &'f [Frame],
        took: Duration,
    ) -> Told<'f> {
        let Exchange {
            method,
            path,
            status,
            bytes,
            way,
            ..
        } = exchange;
        let digest = exchange.ours.get(..8).unwrap_or_default();
        let verdict = match exchange.is_good() {
            true => self.style.good(&format!("SHA-256 equal ({digest}…)")),
            false => self.style.bad("SHA-256 DIFFERS"),
        };
        let mut more = Vec::new();
        if *way == Way::Up {
            more.extend(self.sender(visit, *bytes, took));
        }
        Told {
            title: format!("{method} {path}"),
            note: format!("{status} · {} B · {verdict}", grouped(*bytes)),
            frames,
            took,
            more,
        }
    }

    /// A segment that the link lost on purpose, and how it came after all.
    fn loss(&self, lost: &OnLink, frames: &[Frame]) -> String {
        let mark = self.style.bad("✕");
        let OnLink { id, bytes, .. } = lost;
        let Some(packet) = lost.packet else {
            return format!(
                "{mark} the link lost a segment on its way to us, on purpose ({id}: {bytes} B \
                 that have no frame here)"
            );
        };
        let of = frames.iter().find(|frame| frame.id == packet);
        let number = of.map_or("?".to_owned(), |frame| frame.number.to_string());
        let again = frames.iter().find_map(|frame| match frame.what {
            frames::What::Out {
                purpose: Purpose::Retransmission(how),
                why,
                ..
            } if frame.at >= lost.at => Some((frame.number, words::resent(how), why)),
            _ => None,
        });
        let again = again.map(|(frame, how, why)| {
            format!(
                "; sent again as #{frame} ({how}): {}   {}",
                why.text, why.by
            )
        });
        format!(
            "{mark} the link lost {bytes} B of #{number}, on purpose ({id}){}",
            again.unwrap_or_default()
        )
    }

    /// What is to be said of our sender, which has sent so many bytes in that time.
    fn sender(&self, visit: &Visit, bytes: u64, took: Duration) -> Option<String> {
        let is_it =
            |one: &&ConnectionCounts| (one.local, one.remote) == (visit.local, visit.remote);
        let counts = self.connections.iter().find(is_it)?;
        // Bits in a microsecond are megabits in a second.
        let rate = (u128::from(bytes) * 8).checked_div(took.as_micros());
        let rate = rate.and_then(|rate| u64::try_from(rate).ok());
        let rate = rate.map(|rate| format!(" · {} Mbit/s", grouped(rate)));
        Some(format!(
            "now we are the sender: {} · cwnd up to {} B · {} retransmitted{}",
            counts.congestion_control,
            grouped(counts.cwnd_max),
            counts.retransmitted,
            rate.unwrap_or_default(),
        ))
    }

    fn time_wait<'f>(&self, conversation: &Conversation, frames: &'f [Frame]) -> Option<Told<'f>> {
        let entered = frames
            .iter()
            .find(|frame| frame.state == Some(State::TimeWait))?;
        let (took, note) = match conversation.ended {
            Some(ended) => (ended.since(entered.at), "TIME-WAIT → CLOSED"),
            None => (Duration::ZERO, "not waited for"),
        };
        let why = "we closed first, so we answer whatever is still on its way";
        Some(Told {
            title: "TIME-WAIT".to_owned(),
            note: format!("{note}   {}", rfc!(9293, "3.10.8")),
            frames: &[],
            took,
            more: vec![format!(
                "2×MSL, here {}, by default {}: {why}",
                span(self.time_wait),
                span(2 * crate::tcp::Config::default().msl),
            )],
        })
    }

    /// Packets that belong to no connection, by what became of them: the kernel sends some of its
    /// own accord.
    fn others(&self) -> Vec<String> {
        let mut kinds: Vec<(String, u64, u64)> = Vec::new();
        let nobodys = |frame: &&Frame| frame.conversation.is_none();
        for frame in self.frames.iter().filter(nobodys) {
            let what = match frame.what {
                frames::What::In { ending, by } => {
                    format!("{} ({by})", words::reason(ending))
                }
                frames::What::Out { why, .. } => format!("{} ({})", why.text, why.by),
                frames::What::Unexplained => "unexplained".to_owned(),
            };
            match kinds.iter_mut().find(|(known, ..)| *known == what) {
                Some((_, count, _)) => *count += 1,
                None => kinds.push((what, 1, frame.number)),
            }
        }
        let say = |(what, count, first): (String, u64, u64)| match count {
            1 => format!("  #{first}: {what}"),
            _ => format!("  {count} packets from #{first} on: {what}"),
        };
        kinds.into_iter().map(say).collect()
    }

    /// The numbers of it all.
    fn sum(&self) -> String {
        let Proof {
            explained, packets, ..
        } = *self.proof;
        let last = self
            .frames
            .last()
            .map_or(Duration::ZERO, |frame| frame.at.since(self.born()));
        let ended = self.conversations.iter().filter_map(|known| known.ended);
        let whole = ended.max().map_or(last, |ended| ended.since(self.born()));
        let resent: u64 = self.connections.iter().map(|one| one.retransmitted).sum();
        let (share, verdict) = (
            format!("({}/{})", grouped(explained), grouped(packets)),
            self.proof.verdict(),
        );
        let explained = match verdict {
            Verdict::Unexplained => self
                .style
                .bad(&format!("NOT every packet explained {share}")),
            Verdict::Good | Verdict::Failed => {
                self.style.good(&format!("every packet explained {share}"))
            }
        };
        let packets = grouped(packets);
        format!(
            "{} · {packets} packets · {resent} retransmitted · {explained}",
            span(whole)
        )
    }

    /// What times are counted from: the first frame.
    fn born(&self) -> Instant {
        self.frames.first().map_or(Instant::BIRTH, |frame| frame.at)
    }
}

/// One line if there is little to say, else two.
fn rung_lines(rung: &Rung) -> Vec<String> {
    let Rung {
        numbers,
        time,
        what,
        state,
        clause,
        remark,
    } = rung;
    if state.is_none() && remark.is_empty() {
        let line = format!("{numbers:<NUMBERS$} {time:<TIME$}  {what:<WHAT$}  {clause}");
        return vec![line.trim_end().to_owned()];
    }
    let state = state.map(|(from, to)| format!("{from} → {to}"));
    let said = [state.unwrap_or_default(), remark.clone(), clause.clone()];
    let said: Vec<String> = said.into_iter().filter(|part| !part.is_empty()).collect();
    vec![
        format!("{numbers:<NUMBERS$} {time:<TIME$}  {what}"),
        format!("{:NUMBERS$} {}", "", said.join(" · ")),
    ]
}

fn connected(frames: &[Frame], took: Duration) -> Told<'_> {
    let offer = |way| {
        let of_syn = frames.iter().filter(|frame| frame.what.direction() == way);
        of_syn.filter_map(|frame| frame.segment).find(is_syn)
    };
    let (ours, theirs) = (offer(Direction::Out), offer(Direction::In));
    let agreed = ours
        .zip(theirs)
        .map(|(ours, theirs)| agreed(&ours, &theirs));
    Told {
        title: "connect".to_owned(),
        note: agreed.unwrap_or_else(|| "no handshake was seen".to_owned()),
        frames,
        took,
        more: Vec::new(),
    }
}

fn is_syn(segment: &SegmentSeen) -> bool {
    segment.flags.has(crate::wire::Flags::SYN)
}

/// What two SYNs agree on.
fn agreed(ours: &SegmentSeen, theirs: &SegmentSeen) -> String {
    let mut list = Vec::new();
    if let Some((ours, theirs)) = ours.mss.zip(theirs.mss) {
        list.push(match ours == theirs {
            true => format!("mss {ours}"),
            false => format!("mss {ours}, theirs {theirs}"),
        });
    }
    if ours.sack_permitted && theirs.sack_permitted {
        list.push("sack".to_owned());
    }
    if let Some((ours, theirs)) = ours.window_scale.zip(theirs.window_scale) {
        list.push(format!("wscale {ours}, theirs {theirs}"));
    }
    if ours.timestamps && theirs.timestamps {
        list.push("timestamps".to_owned());
    }
    list.join(" · ")
}

fn closed(frames: &[Frame], took: Duration) -> Told<'_> {
    let is_fin = |frame: &&Frame| {
        matches!(
            frame.what,
            frames::What::Out {
                purpose: Purpose::Fin,
                ..
            }
        )
    };
    let clause: Option<Cite> = frames
        .iter()
        .find(is_fin)
        .and_then(|frame| match frame.what {
            frames::What::Out { why, .. } => Some(why.by),
            frames::What::In { .. } | frames::What::Unexplained => None,
        });
    let clause = clause.map(|by| format!("   {by}"));
    Told {
        title: "close".to_owned(),
        note: format!("our FIN first{}", clause.unwrap_or_default()),
        frames,
        took,
        more: Vec::new(),
    }
}

/// A host as URLs spell it.
fn host(ip: std::net::IpAddr) -> String {
    match ip {
        std::net::IpAddr::V4(ip) => ip.to_string(),
        std::net::IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// The folder of a run: its files, their sizes, and what each is for.
pub fn listing(folder: &str, files: &[(&str, u64, &str)]) -> Vec<String> {
    let mut lines = vec![format!("{folder}/")];
    let longest = files.iter().map(|(name, ..)| name.len()).max();
    let width = longest.unwrap_or_default().max(NAME);
    for (name, bytes, what) in files {
        lines.push(format!("  {name:<width$} {:>9}  {what}", size(*bytes)));
    }
    lines
}

/// How wide the names of files are at least, in characters.
const NAME: usize = 15;
/// How wide the column of titles is at least, in characters.
const TITLE: usize = 12;
/// And that of notes.
const NOTE: usize = 50;
/// In the lines of frames: numbers, times, and what went over the link.
const NUMBERS: usize = 13;
const TIME: usize = 10;
const WHAT: usize = 54;

#[cfg(test)]
mod tests;
