//! A connection, as both of its ends must have seen it: the shadow of two control blocks.
//!
//! Each segment is taken in three steps: what its numbers say of its sender, what its ACK says of
//! the other end, and which arrows of RFC 9293 figure 5 that makes both ends take.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::rfc;
use crate::wire::Flags;

use super::end::{End, Gap, Offered, Recovery, Sent};
use super::packet::{Seen, Verdict};
use super::resend::{Again, nanos};
use super::rtt::LONGEST;
use super::rules;
use super::told::{Class, Finding, Level, Resent, Reset, Told};

mod acks;
mod states;

/// Both ends; the first is who opened, or where that was not seen, who was seen first.
#[derive(Debug)]
pub struct Connection {
    /// Its number, from 0, in the order of first packets: Wireshark's `tcp.stream`.
    pub stream: u64,
    pub ends: [End; 2],
    /// The first frame and the last, and their times.
    pub first: (u64, u64),
    pub last: (u64, u64),
    /// Whether the capture has shown that it lacks packets.
    pub lacks: bool,
    /// Who sent a FIN first.
    pub closer: Option<usize>,
    pub reset: Option<(usize, Reset)>,
    /// How many stretches each end may remember.
    room: usize,
}

impl Connection {
    /// Begins with its first segment.
    pub fn new(stream: u64, seen: &Seen<'_>) -> Connection {
        // Who answers a SYN did not open.
        let is_answer = seen.flags.has(Flags::SYN) && seen.ack.is_some();
        let (opener, other) = match is_answer {
            true => (seen.dst, seen.src),
            false => (seen.src, seen.dst),
        };
        Connection {
            stream,
            ends: [End::new(opener), End::new(other)],
            first: (seen.frame, seen.at),
            last: (seen.frame, seen.at),
            lacks: false,
            closer: None,
            reset: None,
            room: 0,
        }
    }

    /// Whether both SYNs were seen, so that what was agreed on is known.
    pub fn has_handshake(&self) -> bool {
        self.ends.iter().all(|end| end.offered.is_some())
    }

    /// Whether both ends offered it.
    pub fn agreed(&self, what: impl Fn(&Offered) -> bool) -> bool {
        let offers = |end: &End| end.offered.as_ref().is_some_and(&what);
        self.ends.iter().all(offers)
    }

    /// Whether a SYN with this number begins another connection.
    pub fn is_another(&self, seen: &Seen<'_>) -> bool {
        let sender = &self.ends[usize::from(self.ends[0].addr != seen.src)];
        sender.base().is_some_and(|base| base != seen.seq) || self.reset.is_some()
    }

    /// What this segment is. `most` is how many stretches each end may remember.
    pub fn take(&mut self, seen: &Seen<'_>, most: usize) -> Told {
        let me = usize::from(self.ends[0].addr != seen.src);
        self.last = (seen.frame, seen.at);
        self.room = most;
        let sums = &mut self.ends[me].sums;
        sums.packets += 1;
        sums.bytes += u64::from(seen.len);
        sums.right_sums += u64::from(seen.sum == Verdict::Right);
        sums.wrong_sums += u64::from(seen.sum == Verdict::Wrong);
        let mut told = Told::new(Class::Ack, rfc!(9293, "3.4"));
        if !rules::is_believed(self, me, seen, &mut told) {
            return told;
        }
        self.ends[me].begin(
            seen.seq - u32::from(!seen.flags.has(Flags::SYN)),
            seen.flags.has(Flags::SYN),
        );
        rules::form(self, me, seen, &mut told);
        if seen.flags.has(Flags::RST) {
            self.resets(me, seen, &mut told);
            return told;
        }
        if seen.flags.has(Flags::SYN) {
            self.synchronizes(me, seen);
        }
        self.sends(me, seen, &mut told);
        if let Some(ack) = seen.ack {
            self.acknowledges(me, ack, seen, &mut told);
        }
        let sender = &mut self.ends[me];
        sender.sums.flight_most = sender.sums.flight_most.max(sender.flight());
        self.moves(me, seen, &mut told);
        self.note(seen, &mut told);
        told
    }

    /// What is out of the ordinary about the segment as a whole comes before what else was found.
    fn note(&self, seen: &Seen<'_>, told: &mut Told) {
        let what = match told.class {
            Class::Resent(how) => how.key(),
            class @ (Class::OutOfOrder | Class::Copy | Class::KeepAlive | Class::WindowProbe) => {
                class.key()
            }
            _ => return,
        };
        let finding = Finding {
            frame: seen.frame,
            stream: self.stream,
            level: Level::Note,
            what,
            cite: told.cite,
            text: told.text.clone(),
        };
        told.findings.insert(0, finding);
    }

    pub(super) fn find(
        &self,
        told: &mut Told,
        seen: &Seen<'_>,
        (level, what): (Level, &'static str),
        cite: crate::base::Cite,
        text: String,
    ) {
        told.findings.push(Finding {
            frame: seen.frame,
            stream: self.stream,
            level,
            what,
            cite,
            text,
        });
    }

    fn synchronizes(&mut self, me: usize, seen: &Seen<'_>) {
        let options = &seen.options;
        let is_first = self.ends[me].syn.is_none();
        let sender = &mut self.ends[me];
        if is_first {
            sender.syn = Some(seen.frame);
            sender.syn_at = seen.at;
            sender.offered = seen.has_options.then(|| Offered {
                mss: options.mss,
                scale: options.window_scale,
                sack: options.sack_permitted,
                timestamps: options.timestamps.is_some(),
            });
        }
        let has_reports = self.agreed(|own| own.sack);
        self.ends
            .iter_mut()
            .for_each(|end| end.has_reports = has_reports);
        let (sender, other) = (&self.ends[me], &self.ends[1 - me]);
        // One SYN each way, neither sent twice: the answer tells how far away who answers is.
        if is_first && seen.ack.is_some() && other.syn.is_some() && other.sums.packets == 1 {
            let away = seen.at.saturating_sub(other.syn_at).min(LONGEST);
            if sender.away.is_none() {
                self.ends[me].away = Some(away);
            }
        }
    }

    /// What its numbers say.
    fn sends(&mut self, me: usize, seen: &Seen<'_>, told: &mut Told) {
        let most = self.room;
        let syn = seen.flags.has(Flags::SYN);
        let fin = seen.flags.has(Flags::FIN);
        let start = self.ends[me].number(seen.seq);
        let text = start + i64::from(syn);
        let end = text + i64::from(seen.len) + i64::from(fin);
        told.class = match (syn, seen.ack.is_some(), seen.len, fin) {
            (true, false, ..) => Class::Syn,
            (true, true, ..) => Class::SynAck,
            (false, _, 1.., _) => Class::Data,
            (false, _, 0, true) => Class::Fin,
            (false, _, 0, false) => Class::Ack,
        };
        if end == start {
            self.empty(me, start, seen, told);
            return;
        }
        if fin && self.ends[me].fin.is_none() {
            self.ends[me].fin = Some(end - 1);
            self.closer = self.closer.or(Some(me));
        }
        let is_probe = self.is_window_probe(me, start, seen);
        let sender = &self.ends[me];
        let is_new = start >= sender.nxt || syn && sender.sent.is_empty() && sender.una == 0;
        if !is_new || is_probe {
            self.sends_again(me, (start, end), is_probe, seen, told);
        } else {
            rules::new_text(self, me, (text, seen.len), seen, told);
            if start > self.ends[me].nxt {
                self.passes_over(me, start, seen, told);
            }
        }
        let sender = &mut self.ends[me];
        sender.sums.longest = sender.sums.longest.max(seen.len);
        if end > sender.nxt {
            if sender.una == sender.nxt {
                // The timer is set when something is out again.
                sender.una_at = sender
                    .una_at
                    .max(seen.at.saturating_sub(sender.away.unwrap_or(0)));
            }
            let start = start.max(sender.nxt.min(end));
            let start = if is_new { start.min(end) } else { start };
            sender.remember(stretch(start, end, seen), most);
            sender.nxt = end;
            sender.new_at = seen.at;
            sender.clock = seen.options.timestamps.map(|ts| ts.value);
        } else if syn && sender.sent.is_empty() && sender.una == 0 {
            sender.remember(stretch(start, end, seen), most);
        }
    }

    fn passes_over(&mut self, me: usize, start: i64, seen: &Seen<'_>, told: &mut Told) {
        self.lacks = true;
        let sender = &mut self.ends[me];
        let gap = Gap {
            start: sender.nxt,
            end: start,
            at: seen.at,
            frame: seen.frame,
            tsval: seen.options.timestamps.map(|ts| ts.value),
        };
        sender.pass_over(gap);
        let text = format!(
            "{}–{} ({} B) came before it and is not in the capture so far: lost before it was \
             captured, or overtaken",
            gap.start,
            gap.end,
            gap.end - gap.start
        );
        self.find(told, seen, (Level::Note, "gap"), rfc!(9293, "3.4"), text);
    }

    /// Nothing that takes up numbers.
    fn empty(&mut self, me: usize, start: i64, seen: &Seen<'_>, told: &mut Told) {
        let (sender, receiver) = (&self.ends[me], &self.ends[1 - me]);
        if start + 1 != sender.nxt || sender.una != sender.nxt || sender.nxt <= 1 {
            return;
        }
        // RFC 9293 section 3.8.4: SEG.SEQ = SND.NXT-1.
        if receiver.offers.is_known && receiver.offers.window == 0 {
            told.class = Class::WindowProbe;
            told.cite = rfc!(9293, "3.8.6.1");
            told.text =
                "an old number, while the window is zero: it asks whether it still is".into();
        } else {
            told.class = Class::KeepAlive;
            told.cite = rfc!(9293, "3.8.4");
            let idle = nanos(seen.at.saturating_sub(sender.new_at.max(sender.una_at)));
            told.text = format!("an old number, with all acknowledged for {idle}");
        }
    }

    fn is_window_probe(&self, me: usize, start: i64, seen: &Seen<'_>) -> bool {
        let (sender, receiver) = (&self.ends[me], &self.ends[1 - me]);
        let offers = &receiver.offers;
        let is_closed = offers.is_known && offers.window == 0 && sender.una == offers.edge;
        // What was on its way when the window closed is no probe; a probe waits.
        let waited = seen.at.saturating_sub(sender.una_at.max(sender.timer_at));
        let is_idle = waited >= sender.rtt.timeout() / 2;
        seen.len > 0 && is_closed && start == sender.una && (is_idle || start >= sender.nxt)
    }

    fn sends_again(
        &mut self,
        me: usize,
        (start, end): (i64, i64),
        is_probe: bool,
        seen: &Seen<'_>,
        told: &mut Told,
    ) {
        if is_probe {
            told.class = Class::WindowProbe;
            told.cite = rfc!(9293, "3.8.6.1");
            told.text = "the window is zero: it asks whether it still is".into();
            self.ends[me].repeat(start, end, seen.at, seen.frame, None);
            self.ends[me].again.pop_back();
            self.ends[me].timer_at = seen.at;
            return;
        }
        let sender = &self.ends[me];
        let fresh = sender.nxt;
        let fin = seen.flags.has(Flags::FIN);
        if !fin && seen.len <= 1 && end <= fresh && start + 1 == fresh && sender.una == fresh {
            told.class = Class::KeepAlive;
            told.cite = rfc!(9293, "3.8.4");
            told.text = "an old number and a byte of no meaning, with all acknowledged".into();
            return;
        }
        let gap = sender.gap_of(start, end);
        if let Some(gap) = gap {
            self.ends[me].fill(start, end);
            if self.is_overtaken(me, &gap, seen) {
                told.class = Class::OutOfOrder;
                told.cite = rfc!(9293, "3.4");
                told.text = format!(
                    "#{} overtook it by {}",
                    gap.frame,
                    nanos(seen.at.saturating_sub(gap.at))
                );
                let room = self.room;
                self.ends[me].remember(stretch(start, end, seen), room);
                return;
            }
        }
        let before = self.ends[me].holding(start, end).copied();
        if seen.flags.has(Flags::SYN) {
            self.syn_again(me, before, seen, told);
            return;
        }
        if let Some(before) = before.filter(|before| self.is_copy(me, before, (start, end), seen)) {
            told.class = Class::Copy;
            told.cite = rfc!(2883, "5.1");
            let since = nanos(seen.at.saturating_sub(before.at));
            told.text = format!(
                "#{} again after {since}, sooner than any sender would",
                before.frame
            );
            return;
        }
        if let Some(before) = &before {
            rules::same_text(self, before, (start, end), seen, told);
        }
        self.resends(me, (start, end), before, seen, told);
        if gap.is_some() {
            let room = self.room;
            self.ends[me].remember(stretch(start, end, seen), room);
        }
    }

    fn resends(
        &mut self,
        me: usize,
        (start, end): (i64, i64),
        before: Option<Sent>,
        seen: &Seen<'_>,
        told: &mut Told,
    ) {
        let sender = &self.ends[me];
        let again = Again {
            at: seen.at,
            start,
            end,
            before: before.as_ref(),
        };
        let why = again.judge(sender);
        told.class = Class::Resent(why.how);
        told.cite = why.cite;
        told.text = why.text;
        if sender.is_reported(start, end) {
            let text = format!(
                "all of it was acknowledged before, the last by #{}",
                sender.una_frame
            );
            self.find(told, seen, (Level::Note, "spurious"), rfc!(2883, "5"), text);
        }
        let sender = &mut self.ends[me];
        let (until, from) = (sender.nxt, sender.una);
        let recovery = |by_timeout| Recovery {
            by_timeout,
            from,
            until,
        };
        match why.how {
            Resent::Rto => {
                sender.recovery = Some(recovery(true));
                sender.timer_at = seen.at;
            }
            Resent::Tlp => {
                sender.is_probing = true;
                sender.timer_at = seen.at;
            }
            Resent::Fast | Resent::Rack if sender.recovery.is_none() => {
                sender.recovery = Some(recovery(false));
            }
            _ => {}
        }
        sender.sums.count(why.how);
        let tsval = seen.options.timestamps.map(|ts| ts.value);
        sender.repeat(start, end, seen.at, seen.frame, tsval);
    }

    fn syn_again(&mut self, me: usize, before: Option<Sent>, seen: &Seen<'_>, told: &mut Told) {
        told.class = Class::Resent(Resent::Syn);
        told.cite = rfc!(6298, "5 (5.4)");
        told.text = match before {
            Some(before) => format!(
                "{} after #{}, which nobody answered so far as is seen",
                nanos(seen.at.saturating_sub(before.at)),
                before.frame
            ),
            None => "it was answered before; the answer, or its ACK, must have been lost".into(),
        };
        let sender = &mut self.ends[me];
        sender.sums.count(Resent::Syn);
        sender.repeat(0, 1, seen.at, seen.frame, None);
        sender.timer_at = seen.at;
    }

    /// Whether what fills a gap was sent before what made the gap.
    fn is_overtaken(&self, me: usize, gap: &Gap, seen: &Seen<'_>) -> bool {
        let stamps = seen.options.timestamps.map(|ts| ts.value).zip(gap.tsval);
        match stamps.map(|(own, behind)| own.wrapping_sub(behind) as i32) {
            Some(..=-1) => return true,
            Some(1..) => return false,
            _ => {}
        }
        let sender = &self.ends[me];
        let whole = match sender.rtt.samples() {
            0 => self.ends.iter().filter_map(|end| end.away).sum(),
            _ => sender.rtt.smoothed(),
        };
        let soon = if whole == 0 { 3_000_000 } else { whole / 2 };
        seen.at.saturating_sub(gap.at) < soon
    }

    /// Whether it comes so soon, and for so little reason, that no sender can have sent it again.
    fn is_copy(&self, me: usize, before: &Sent, range: (i64, i64), seen: &Seen<'_>) -> bool {
        let sender = &self.ends[me];
        let whole = sender.rtt.least().unwrap_or(0);
        let is_same = (before.start, before.end) == range;
        let tsval = seen.options.timestamps.map(|ts| ts.value);
        let since = seen.at.saturating_sub(before.at);
        is_same && before.tsval == tsval && since < whole / 4
    }
}

fn stretch(start: i64, end: i64, seen: &Seen<'_>) -> Sent {
    Sent {
        start,
        end,
        at: seen.at,
        frame: seen.frame,
        times: 1,
        hash: hash(seen),
        tsval: seen.options.timestamps.map(|ts| ts.value),
    }
}

/// A number for all of the text; `None` where not all of it was kept.
pub(super) fn hash(seen: &Seen<'_>) -> Option<u64> {
    let text = seen
        .text
        .get(..seen.len as usize)
        .filter(|text| !text.is_empty())?;
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    Some(hasher.finish())
}

#[cfg(test)]
pub(in crate::explain) mod tests;
