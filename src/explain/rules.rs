//! Rules that a capture can show broken; and what only looks so.
//!
//! A capture may lack packets, show them in another order than they were sent in, and show them
//! before a device finished them. So whatever could come from that is a doubt, and no accusation.

use std::fmt::Write;

use crate::rfc;
use crate::wire::Flags;

use super::connection::{Connection, hash};
use super::end::Sent;
use super::packet::{Odd, Seen, Verdict};
use super::told::{Class, Level, Told};

/// Whether its receiver would believe the segment; a checksum that is wrong may be the device's.
pub fn is_believed(of: &Connection, me: usize, seen: &Seen<'_>, told: &mut Told) -> bool {
    if seen.sum != Verdict::Wrong {
        return true;
    }
    let sums = &of.ends[me].sums;
    if sums.right_sums == 0 {
        if sums.wrong_sums == 1 {
            let text = format!(
                "the checksum is wrong, as of all that {} sent so far: its device may compute it \
                 behind the point of capture",
                of.ends[me].addr
            );
            of.find(
                told,
                seen,
                (Level::Doubt, "bad_checksum"),
                rfc!(9293, "3.1"),
                text,
            );
        }
        return true;
    }
    told.class = Class::Damaged;
    told.cite = rfc!(9293, "3.1");
    told.text = "the checksum is wrong: damaged on the way, and dropped by its receiver".into();
    let text = told.text.clone();
    of.find(
        told,
        seen,
        (Level::Note, "bad_checksum"),
        rfc!(9293, "3.1"),
        text,
    );
    false
}

/// Flags and options by themselves, and against what was agreed on.
pub fn form(of: &Connection, me: usize, seen: &Seen<'_>, told: &mut Told) {
    let flags = seen.flags;
    let syn = flags.has(Flags::SYN);
    if syn && (flags.has(Flags::FIN) || flags.has(Flags::RST)) {
        let text = format!("{flags} together mean nothing");
        of.find(
            told,
            seen,
            (Level::Violation, "odd_flags"),
            rfc!(9293, "3.10.7.2"),
            text,
        );
    } else if !syn && !flags.has(Flags::RST) && seen.ack.is_none() {
        let text = "no ACK, outside of a SYN or a reset".into();
        of.find(
            told,
            seen,
            (Level::Violation, "odd_flags"),
            rfc!(9293, "3.1"),
            text,
        );
    }
    match seen.odd {
        Some(Odd::Length) => {
            let text = "an option's length runs over the end, or is less than two".into();
            of.find(
                told,
                seen,
                (Level::Violation, "odd_options"),
                rfc!(9293, "3.1"),
                text,
            );
        }
        Some(Odd::Sack) => {
            let text = "SACK of another length than whole blocks have".into();
            of.find(
                told,
                seen,
                (Level::Violation, "odd_sack"),
                rfc!(2018, "3"),
                text,
            );
        }
        None => {}
    }
    if !syn && seen.has_options && of.has_handshake() {
        agreement(of, me, seen, told);
    }
}

/// Options against what both SYNs agreed on.
fn agreement(of: &Connection, me: usize, seen: &Seen<'_>, told: &mut Told) {
    let flags = seen.flags;
    let other = of.ends[1 - me].offered.unwrap_or_default();
    if !seen.options.sack().is_empty() && !other.sack {
        let text = format!("SACK, which {} never permitted", of.ends[1 - me].addr);
        of.find(
            told,
            seen,
            (Level::Violation, "sack_not_agreed"),
            rfc!(2018, "4"),
            text,
        );
    }
    let agreed = of.agreed(|own| own.timestamps);
    let has = seen.options.timestamps.is_some();
    if agreed && !has && !flags.has(Flags::RST) {
        let text = "no timestamps, though both ends agreed on them".into();
        of.find(
            told,
            seen,
            (Level::Violation, "timestamps_missing"),
            rfc!(7323, "3.2"),
            text,
        );
    } else if has && !agreed {
        let text = "timestamps, which the ends did not agree on".into();
        of.find(
            told,
            seen,
            (Level::Violation, "timestamps_not_agreed"),
            rfc!(7323, "3.2"),
            text,
        );
    }
}

/// Text that was not sent before, from `start` on.
pub fn new_text(
    of: &Connection,
    me: usize,
    (start, len): (i64, u32),
    seen: &Seen<'_>,
    told: &mut Told,
) {
    let (sender, receiver) = (&of.ends[me], &of.ends[1 - me]);
    let end = start + i64::from(len);
    if let Some(fin) = sender
        .fin
        .filter(|fin| len > 0 && end > *fin + i64::from(start > *fin))
    {
        let text = format!("text {start}–{end} behind the FIN, which is {fin}");
        of.find(
            told,
            seen,
            (Level::Violation, "data_after_fin"),
            rfc!(9293, "3.6"),
            text,
        );
    }
    let edge = receiver.offers.edge_most;
    if len > 1 && receiver.offers.is_known && end > edge {
        let mut text = format!(
            "text up to {end}, {} B beyond the window, which ends at {edge}",
            end - edge
        );
        let level = match of.lacks {
            true => Level::Doubt,
            false => Level::Violation,
        };
        if of.lacks {
            // Writing to a string cannot fail.
            let _ = write!(text, "; or the capture lacks the ACK that opened it");
        }
        of.find(
            told,
            seen,
            (level, "beyond_window"),
            rfc!(9293, "3.8.6"),
            text,
        );
    }
    lengths_and_times(of, me, (start, len), seen, told);
}

/// What a segment of new text may hold, and that its timestamp is not older than the last.
fn lengths_and_times(
    of: &Connection,
    me: usize,
    (start, len): (i64, u32),
    seen: &Seen<'_>,
    told: &mut Told,
) {
    let (sender, receiver) = (&of.ends[me], &of.ends[1 - me]);
    let mss = receiver
        .offered
        .and_then(|offered| offered.mss)
        .map(u32::from);
    if let Some(mss) = mss.filter(|mss| len > *mss && sender.sums.longest <= *mss) {
        let text = format!(
            "{len} B in a segment, of at most {mss}: by the look of it several segments as one, as \
             a device takes or gives them"
        );
        of.find(
            told,
            seen,
            (Level::Note, "longer_than_mss"),
            rfc!(9293, "3.7.1"),
            text,
        );
    }
    let now = seen.options.timestamps.map(|ts| ts.value);
    if let Some((was, now)) = sender.clock.zip(now).filter(|_| start == sender.nxt)
        && (now.wrapping_sub(was) as i32) < 0
    {
        let text = format!("the timestamp goes back from {was} to {now}, with newer numbers");
        of.find(
            told,
            seen,
            (Level::Violation, "timestamp_back"),
            rfc!(7323, "5.2"),
            text,
        );
    }
}

/// What is sent again must be what was sent.
pub fn same_text(
    of: &Connection,
    before: &Sent,
    range: (i64, i64),
    seen: &Seen<'_>,
    told: &mut Told,
) {
    let is_same_range = (before.start, before.end) == range;
    let (Some(was), Some(now)) = (before.hash, hash(seen)) else {
        return;
    };
    if is_same_range && was != now {
        let text = format!(
            "other bytes than #{} had under the same numbers",
            before.frame
        );
        of.find(
            told,
            seen,
            (Level::Violation, "changed_text"),
            rfc!(9293, "3.4"),
            text,
        );
    }
}

/// A window, and the one before it.
pub fn window(
    of: &Connection,
    me: usize,
    (ack, window): (i64, u64),
    seen: &Seen<'_>,
    told: &mut Told,
) {
    let was = &of.ends[me].offers;
    let edge = ack + window as i64;
    let shift = of.ends[me].offered.and_then(|own| own.scale).unwrap_or(0);
    // RFC 7323 section 2.4: a scaled window ends where the scale has it.
    let grain = 1i64 << shift.min(14);
    if !was.is_known || ack < was.ack || was.edge - edge < grain {
        return;
    }
    let stamps = seen.options.timestamps.map(|ts| ts.value).zip(was.tsval);
    let later = stamps.map(|(now, was)| now.wrapping_sub(was) as i32);
    let is_later = ack > was.ack || later.is_some_and(|later| later > 0);
    if later.is_some_and(|later| later < 0) {
        return;
    }
    let mut text = format!(
        "the window's right edge goes back by {} B, from {} to {edge}; #{} had offered more",
        was.edge - edge,
        was.edge,
        was.frame
    );
    let level = if is_later {
        Level::Violation
    } else {
        let _ = write!(text, "; or one ACK overtook the other");
        Level::Doubt
    };
    of.find(
        told,
        seen,
        (level, "window_shrunk"),
        rfc!(9293, "3.8.6"),
        text,
    );
}

/// An ACK below one that was sent before.
pub fn old_ack(of: &Connection, me: usize, ack: i64, seen: &Seen<'_>, told: &mut Told) {
    let was = &of.ends[me].offers;
    let stamps = seen.options.timestamps.map(|ts| ts.value).zip(was.tsval);
    let is_later = stamps.is_some_and(|(now, was)| now.wrapping_sub(was) as i32 > 0);
    told.cite = rfc!(9293, "3.10.7.4");
    if is_later && was.is_known && ack < was.ack {
        let text = format!(
            "acknowledges {ack}, after #{} had acknowledged {}; its timestamp says that it was \
             sent later",
            was.frame, was.ack
        );
        of.find(
            told,
            seen,
            (Level::Violation, "ack_back"),
            rfc!(9293, "3.10.7.4"),
            text,
        );
    } else {
        told.text = format!("#{} has acknowledged more: overtaken on the way", was.frame);
    }
}

/// A SACK block whose edges make no sense.
pub fn sack_edges(of: &Connection, seen: &Seen<'_>, told: &mut Told) {
    let text = "a block that ends before it begins".into();
    of.find(
        told,
        seen,
        (Level::Violation, "odd_sack"),
        rfc!(2018, "3"),
        text,
    );
}

/// The receiver says that something came twice: what was sent again was there already.
pub fn came_twice(
    of: &mut Connection,
    sender: usize,
    range: (i64, i64),
    seen: &Seen<'_>,
    told: &mut Told,
) {
    let (start, end) = range;
    let again = &mut of.ends[sender].again;
    let fits = again
        .iter_mut()
        .rev()
        .find(|a| a.start <= start && end <= a.end && !a.is_known);
    let text = match fits {
        Some(again) => {
            again.is_known = true;
            format!(
                "#{} was needless: D-SACK says that {start}–{end} came twice",
                again.frame
            )
        }
        None => format!("D-SACK: {start}–{end} came twice, by the network or a copy not seen here"),
    };
    of.find(told, seen, (Level::Note, "spurious"), rfc!(2883, "4"), text);
}

/// The first ACK after a retransmission may answer what was sent before it.
pub fn eifel(of: &mut Connection, sender: usize, ack: i64, seen: &Seen<'_>, told: &mut Told) {
    let Some(echo) = seen.options.timestamps.map(|ts| ts.echo) else {
        return;
    };
    let una = of.ends[sender].una;
    let again = &mut of.ends[sender].again;
    let covered = |a: &&mut super::end::Again| a.start == una && a.end <= ack && !a.is_known;
    let Some(again) = again.iter_mut().find(covered) else {
        return;
    };
    again.is_known = true;
    let Some(stamp) = again.tsval else {
        return;
    };
    if (echo.wrapping_sub(stamp) as i32) < 0 {
        let text = format!(
            "#{} was needless: the ACK echoes timestamp {echo}, of before its {stamp}",
            again.frame
        );
        of.find(
            told,
            seen,
            (Level::Note, "spurious"),
            rfc!(3522, "3.2"),
            text,
        );
    }
}

/// A reset from outside of the window would be no reset.
pub fn reset_in_window(of: &Connection, me: usize, seen: &Seen<'_>, told: &mut Told) {
    let (sender, receiver) = (&of.ends[me], &of.ends[1 - me]);
    let number = sender.number(seen.seq);
    let offers = &receiver.offers;
    if offers.is_known && (number < offers.ack || number > offers.edge_most.max(offers.ack)) {
        let text = format!(
            "the reset's number {number} is outside of the window {}–{}, so it means nothing",
            offers.ack, offers.edge_most
        );
        of.find(
            told,
            seen,
            (Level::Doubt, "reset_outside"),
            rfc!(9293, "3.5.3"),
            text,
        );
    }
}

#[cfg(test)]
mod tests;
