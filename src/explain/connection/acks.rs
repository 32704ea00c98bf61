//! What an ACK says of the other end: what has arrived, what came twice, what may be sent.

use crate::base::SeqNum;
use crate::explain::packet::Seen;
use crate::explain::rtt::LONGEST;
use crate::explain::rules;
use crate::explain::told::{Class, Level, Told};
use crate::rfc;
use crate::wire::{Flags, SackBlock};

use super::Connection;

impl Connection {
    /// What its ACK says of the other end.
    pub(super) fn acknowledges(
        &mut self,
        me: usize,
        ack: SeqNum,
        seen: &Seen<'_>,
        told: &mut Told,
    ) {
        let other = 1 - me;
        self.ends[other].begin(ack - 1, false);
        let number = self.ends[other].number(ack);
        if number > self.ends[other].nxt {
            self.unseen(other, number, seen, told);
        }
        let shift = match (seen.flags.has(Flags::SYN), self.has_handshake()) {
            (true, _) => Some(0),
            (false, true) if self.agreed(|own| own.scale.is_some()) => {
                // RFC 7323 section 2.3: more than 14 counts as 14.
                self.ends[me]
                    .offered
                    .and_then(|own| own.scale)
                    .map(|shift| shift.min(14))
            }
            (false, true) => Some(0),
            (false, false) => None,
        };
        let window = u64::from(seen.window) << shift.unwrap_or(0);
        if shift.is_some() {
            rules::window(self, me, (number, window), seen, told);
        }
        let news = self.reports(other, number, seen, told);
        let was = self.ends[me].offers;
        let is_pure = seen.len == 0 && !seen.flags.has(Flags::SYN) && !seen.flags.has(Flags::FIN);
        if number > self.ends[other].una {
            self.advances(me, number, seen, told);
        } else if number < self.ends[other].una {
            if is_pure && told.class == Class::Ack {
                told.class = Class::OldAck;
                rules::old_ack(self, me, number, seen, told);
            }
            return;
        } else if is_pure && told.class == Class::Ack {
            self.repeats_ack(me, (was.window, window), news, seen, told);
        }
        let edge = number + window as i64;
        let offers = &mut self.ends[me].offers;
        offers.ack = number;
        offers.window = window;
        offers.edge = edge;
        offers.edge_most = offers.edge_most.max(edge);
        offers.frame = seen.frame;
        offers.tsval = seen.options.timestamps.map(|ts| ts.value);
        if window == 0 && (was.window > 0 || !was.is_known) && shift.is_some() {
            let text = format!("{} has no room for more", self.ends[me].addr);
            self.find(
                told,
                seen,
                (Level::Note, "zero_window"),
                rfc!(9293, "3.8.6"),
                text,
            );
        }
        self.ends[me].offers.is_known |= shift.is_some();
    }

    fn unseen(&mut self, other: usize, number: i64, seen: &Seen<'_>, told: &mut Told) {
        self.lacks = true;
        let sender = &mut self.ends[other];
        let text = format!(
            "acknowledges {}–{} of {}, which the capture does not have: it lost packets, or saw \
             another way than these took",
            sender.nxt, number, sender.addr
        );
        sender.nxt = number;
        self.find(
            told,
            seen,
            (Level::Doubt, "ack_of_unseen"),
            rfc!(9293, "3.10.7.4"),
            text,
        );
    }

    fn advances(&mut self, me: usize, number: i64, seen: &Seen<'_>, told: &mut Told) {
        let other = 1 - me;
        // The ACK of a SYN,ACK follows at once: that tells how far away who opened is.
        let of_syn = self.ends[other].una == 0 && self.ends[other].syn.is_some();
        if of_syn && me == 0 && self.ends[0].away.is_none() && self.ends[1].sums.packets == 1 {
            let away = seen.at.saturating_sub(self.ends[1].syn_at);
            self.ends[0].away = Some(away.min(LONGEST));
        }
        rules::eifel(self, other, number, seen, told);
        let away = self.ends[other].away.unwrap_or(0);
        let sender = &mut self.ends[other];
        if let Some(sample) = sender.acknowledged(number, seen.at, seen.frame) {
            sender.rtt.sample(sample + away);
        }
        sender.hears(seen.at);
    }

    /// The same number again.
    fn repeats_ack(
        &mut self,
        me: usize,
        (was, window): (u64, u64),
        news: i64,
        seen: &Seen<'_>,
        told: &mut Told,
    ) {
        let is_known = self.ends[me].offers.is_known;
        let sender = &mut self.ends[1 - me];
        let is_out = sender.nxt > sender.una;
        // RFC 5681 section 2.
        if is_out && (was == window || news > 0) && is_known {
            told.class = Class::DuplicateAck;
            told.cite = rfc!(5681, "2");
            let (count, first, _) = sender.dups;
            let first = if count == 0 { seen.frame } else { first };
            sender.dups = (count + 1, first, seen.frame);
            sender.hears(seen.at);
        } else if is_known && was != window {
            told.class = Class::WindowUpdate;
            told.cite = rfc!(9293, "3.8.6");
            sender.hears(seen.at);
        }
    }

    /// SACK: how many numbers are news.
    fn reports(&mut self, other: usize, ack: i64, seen: &Seen<'_>, told: &mut Told) -> i64 {
        let mut news = 0;
        let blocks = seen.options.sack();
        let range = |block: &SackBlock| {
            let of = &self.ends[other];
            (of.number(block.left), of.number(block.right))
        };
        let ranges: Vec<_> = blocks.iter().map(range).collect();
        for (nth, &(start, end)) in ranges.iter().enumerate() {
            if start >= end || end - start > i64::from(i32::MAX) {
                rules::sack_edges(self, seen, told);
                continue;
            }
            if end > self.ends[other].nxt {
                self.unseen(other, end, seen, told);
            }
            // RFC 2883 section 4: the first one may tell of what came twice.
            let within = |(s, e): &(i64, i64)| *s <= start && end <= *e;
            if nth == 0 && (end <= ack || ranges.get(1).is_some_and(within)) {
                rules::came_twice(self, other, (start, end), seen, told);
                continue;
            }
            news += self.ends[other].report(start, end);
        }
        news
    }
}
