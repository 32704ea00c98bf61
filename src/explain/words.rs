//! A capture, explained in lines of text. Whatever stands in them is ours: names, numbers and
//! addresses; of the file its name, spelled out.

use std::fmt::Write;

use crate::report::text::{Style, grouped, plain, size};

use super::end::Offered;
use super::resend::nanos;
use super::shadow::{EndSummary, Shadow, Summary, Vantage};
use super::told::{Finding, Level, Resent};

/// What it holds, and of what it could make nothing.
pub fn overview(shadow: &Shadow, name: &str, style: Style) -> Vec<String> {
    let counts = &shadow.counts;
    let from = shadow.summaries.iter().map(|one| one.first.1).min();
    let to = shadow.summaries.iter().map(|one| one.last.1).max();
    let lasted = match from.zip(to) {
        Some((from, to)) => format!(", {}", nanos(to.saturating_sub(from))),
        None => String::new(),
    };
    let mut lines = vec![
        style.bold(&format!(
            "{}: {} packets, {} of TCP in {}{lasted}",
            plain(name),
            grouped(counts.frames),
            grouped(counts.segments),
            counted(counts.connections, "connection"),
        )),
        style.dim(
            "  All that follows is inferred: the packets are known, not what either end knew. \
             Numbers count from each end's first; # is Wireshark's frame.",
        ),
    ];
    let left_out = [
        (
            counts.others,
            "packet",
            "of another protocol or kind of link",
        ),
        (counts.fragments, "fragment", "of packets, not put together"),
        (counts.unreadable, "segment", "of which too little was kept"),
        (
            counts.evicted,
            "connection",
            "put away for want of room, and begun anew if it went on",
        ),
    ];
    for (count, what, why) in left_out.into_iter().filter(|(count, ..)| *count > 0) {
        lines.push(format!("  {}: {why}", counted(count, what)));
    }
    lines
}

/// A line a connection.
pub fn connections(shadow: &Shadow, most: usize, style: Style) -> Vec<String> {
    let all = &shadow.summaries;
    let mut lines: Vec<_> = all.iter().take(most).map(|one| line(one, style)).collect();
    let unlisted = shadow.counts.connections.saturating_sub(lines.len() as u64);
    if unlisted > 0 && !lines.is_empty() && lines.len() >= most.min(all.len()) && all.len() > 1 {
        lines.push(style.dim(&format!(
            "      and {}: -v lists more, --stream N shows one, --json all that is kept",
            counted(unlisted, "other connection")
        )));
    }
    lines
}

fn line(one: &Summary, style: Style) -> String {
    let [a, b] = &one.ends;
    let mut line = format!(
        "{}  {} > {}  {}, {}",
        style.bold(&format!("{:>4}", one.stream)),
        a.addr,
        b.addr,
        a.state.name(),
        b.state.name()
    );
    let put = &mut line;
    // Writing to a string cannot fail.
    let _ = write!(
        put,
        "  text {} / {}",
        size(a.sums.bytes),
        size(b.sums.bytes)
    );
    for (end, way) in [(a, ">"), (b, "<")] {
        if let Some(resent) = resent(end) {
            let _ = write!(put, "  sent again {way} {resent}");
        }
    }
    let samples = one.ends.iter().filter(|end| end.samples > 0);
    if let Some(end) = samples.max_by_key(|end| end.samples) {
        let _ = write!(put, "  round trip {}", nanos(end.smoothed));
    }
    let flight = a.sums.flight_most.max(b.sums.flight_most);
    if flight > 1 {
        let _ = write!(put, "  in flight at most {}", size(flight as u64));
        let sender = usize::from(b.sums.flight_most > a.sums.flight_most);
        if matches!(one.vantage(), Vantage::At(end) if end == sender) {
            put.push_str(", cwnd no less");
        }
    }
    match (a.offered, b.offered) {
        (Some(a), Some(b)) => {
            let _ = write!(put, "  {}", agreed(&a, &b));
        }
        _ => put.push_str("  the handshake is not in the capture"),
    }
    put.push_str(match one.vantage() {
        Vantage::At(0) => "  captured near the opener",
        Vantage::At(_) => "  captured near the answerer",
        Vantage::Both => "  captured near both",
        Vantage::Between => "  captured between",
        Vantage::Unknown => "",
    });
    match (one.reset, one.closer) {
        (Some((end, _)), _) => {
            let _ = write!(put, "  reset by {}", one.ends[end].addr);
        }
        (None, Some(end)) => {
            let _ = write!(put, "  closed first by {}", one.ends[end].addr);
        }
        (None, None) => {}
    }
    if one.lacks {
        put.push_str("  the capture lacks packets");
    }
    line
}

/// `3: 2 fast, 1 rto`.
fn resent(end: &EndSummary) -> Option<String> {
    let kinds = Resent::ALL.iter().zip(end.sums.kinds);
    let kinds = kinds.filter(|(_, count)| *count > 0);
    let kinds: Vec<_> = kinds
        .map(|(how, count)| format!("{count} {}", how.key()))
        .collect();
    (!kinds.is_empty()).then(|| format!("{}: {}", end.sums.resent, kinds.join(", ")))
}

/// What both SYNs come to.
fn agreed(a: &Offered, b: &Offered) -> String {
    let mss = |own: &Offered| own.mss.map_or("-".into(), |mss| mss.to_string());
    let mut text = format!("mss {}/{}", mss(a), mss(b));
    if let Some((a, b)) = a.scale.zip(b.scale) {
        let _ = write!(text, " wscale {a}/{b}");
    }
    if a.sack && b.sack {
        text.push_str(" sack");
    }
    if a.timestamps && b.timestamps {
        text.push_str(" ts");
    }
    text
}

/// A line a finding, by their frames; those that accuse before all others where they are too many.
pub fn anomalies(shadow: &Shadow, most: usize, style: Style) -> Vec<String> {
    let mut shown: Vec<&Finding> = shadow.findings.iter().collect();
    if shown.len() > most {
        shown.sort_by_key(|finding| std::cmp::Reverse(finding.level));
        shown.truncate(most);
        shown.sort_by_key(|finding| finding.frame);
    }
    let count = shadow.counts.violations;
    let head = match count {
        0 => style.good("  no rule is seen broken"),
        _ => style.bad(&format!("  {} of a rule", counted(count, "violation"))),
    };
    let mut lines = vec![head];
    lines.extend(shown.iter().map(|finding| said(finding, style)));
    let unlisted = shadow.findings.len() - shown.len();
    let unlisted = unlisted as u64 + shadow.counts.unlisted;
    if unlisted > 0 {
        lines.push(style.dim(&format!(
            "      and {}: -v lists more, --stream N shows one connection",
            counted(unlisted, "other finding")
        )));
    }
    lines
}

/// `  #101  0  fast  inferred: ... (RFC 6675 5)`.
fn said(finding: &Finding, style: Style) -> String {
    let what = finding.what.replace('_', " ");
    let what = match finding.level {
        Level::Violation => style.bad(&format!("VIOLATION {what}")),
        Level::Doubt => style.bold(&format!("doubt {what}")),
        Level::Note => what,
    };
    format!(
        "{:>8}  [{}] {what}  inferred: {} ({})",
        format!("#{}", finding.frame),
        finding.stream,
        finding.text,
        finding.cite
    )
}

/// `1 packet`, `2 packets`.
fn counted(count: u64, what: &str) -> String {
    let end = if count == 1 { "" } else { "s" };
    format!("{} {what}{end}", grouped(count))
}

#[cfg(test)]
mod tests;
