//! One packet, explained: the rule, what the connection knew before and after, and the chain of
//! causes, in words.

use std::fmt::Write;

use serde_json::{Map, Value};

use crate::runs::Record;

use super::chain::{Chain, Link, Log, is_ending};
use super::words::{clause, said, variables};

/// The lines that explain a packet. Everything in them is ours: names, numbers and addresses.
pub fn explain(log: &Log, packet: &Record) -> Vec<String> {
    let chain = log.chain(packet);
    let mut lines = vec![head(packet), String::new()];
    if is_ending(packet) {
        let disposition = packet.text("disposition").unwrap_or_default();
        let text = packet.why.as_ref().map_or("", |why| &why.text);
        lines.push(format!("ended   {disposition}: {text}"));
    } else if let Some(why) = &packet.why {
        lines.push(format!("why     {}", why.text));
    }
    if let Some(why) = &packet.why {
        lines.push(format!("clause  {}", clause(&why.rule)));
        lines.extend(code(&why.text));
    }
    let before = log.before(packet).and_then(|record| record.state.as_ref());
    let knew = [("before", before), ("after", packet.state.as_ref())];
    for (when, state) in knew {
        if let Some(state) = state {
            lines.push(format!("{when:7} {}", in_a_line(state)));
        }
    }
    if let Some(answered) = chain.answers {
        lines.push(format!("answers {}", short(answered)));
    }
    if let Some((first, lost)) = log.repeated(packet) {
        lines.push(format!("repeats {}", short(first)));
        if let Some(lost) = lost {
            let link = lost.text("link").unwrap_or("the link");
            let reason = lost.text("reason").unwrap_or("lost").replace('_', " ");
            lines.push(format!(
                "        which {link} lost at +{} s: {reason}",
                lost.time
            ));
        }
    }
    causes(&chain, &mut lines);
    lines
}

/// Where the reason stands in our own code, and what tests of its section there are.
fn code(text: &str) -> Vec<String> {
    let mut rows = PLACES.lines().map(|row| row.split('\t'));
    let row = rows.find_map(|mut row| (row.next() == Some(text)).then_some(row));
    let Some(mut row) = row else {
        return Vec::new();
    };
    let place = row.next().unwrap_or_default();
    let (tests, more) = (row.next().unwrap_or_default(), row.next().unwrap_or("0"));
    let mut lines = vec![format!("code    {place}")];
    match (tests, more) {
        ("", _) => {}
        (_, "0") => lines.push(format!("tests   {tests}")),
        _ => lines.push(format!(
            "tests   {tests} and {more} more in docs/rfc-map.md"
        )),
    }
    lines
}

/// Made of the tree by `tests/it/rfc_map.rs`: the words of reasons, where they stand, two tests of
/// their section, and how many more there are.
const PLACES: &str = include_str!("places.tsv");

/// `#212  +0.839412000 s  10.90.0.2:40000 > 203.0.113.10:443  seq 20441..21900 (1460 B)`.
fn head(packet: &Record) -> String {
    let mut line = match packet.frame() {
        Some(frame) => format!("#{frame}"),
        None => packet.id.map_or(String::new(), |id| format!("e{id}")),
    };
    let (src, dst) = (packet.text("src"), packet.text("dst"));
    // Writing to a string cannot fail.
    let _ = write!(line, "  +{} s", packet.time);
    if let (Some(src), Some(dst)) = (src, dst) {
        let _ = write!(line, "  {src} > {dst}");
    }
    let _ = write!(line, "  {}", what(packet));
    line
}

/// What a packet is: its numbers, or what it carries.
fn what(packet: &Record) -> String {
    let Some(seq) = packet.number("seq") else {
        let protocol = packet.text("protocol").unwrap_or("packet");
        let bytes = packet.number("bytes").unwrap_or_default();
        return format!("{protocol}, {bytes} B");
    };
    let len = packet.number("len").unwrap_or_default();
    let mut line = format!("{} seq {seq}", packet.text("flags").unwrap_or_default());
    if len > 0 {
        let _ = write!(line, "..{} ({len} B)", seq + len - 1);
    }
    if let Some(ack) = packet.number("ack") {
        let _ = write!(line, " ack {ack}");
    }
    if let Some(blocks) = packet.number("sack_blocks") {
        let _ = write!(line, " sack-blocks {blocks}");
    }
    if let Some(how) = packet.text("retransmit") {
        let _ = write!(line, "  RETRANSMIT {how}");
    }
    line
}

fn short(packet: &Record) -> String {
    match packet.frame() {
        Some(frame) => format!("#{frame} {}", what(packet)),
        None => what(packet),
    }
}

/// `cwnd 35040  ssthresh ∞  in flight 35040  rto 200 ms  state established, open`.
fn in_a_line(state: &Map<String, Value>) -> String {
    let [cwnd, ssthresh, in_flight, rto, state] = variables(state);
    format!("{cwnd}  {ssthresh}  {in_flight}  {rto}  state {state}")
}

fn causes(chain: &Chain<'_>, lines: &mut Vec<String>) {
    let shown = chain.links.len().min(LINKS_SHOWN);
    for (depth, link) in chain.links.iter().take(shown).enumerate() {
        let (first, indent) = match depth {
            0 => ("cause   ", String::new()),
            _ => ("        ", format!("{}└ ", "  ".repeat(depth - 1))),
        };
        lines.push(format!("{first}{indent}{}", input(link)));
        let under = " ".repeat(8 + 2 * depth);
        for decided in &link.decided {
            lines.push(format!("{under}· {}", decision(decided)));
        }
        if let Some(answered) = link.answers {
            lines.push(format!("{under}answers {}", short(answered)));
        }
    }
    if let (Some(last), true) = (chain.links.last(), chain.links.len() > shown) {
        let between = chain.links.len() - shown;
        lines.push(format!(
            "        … {between} more links, back to {}",
            input(last)
        ));
    }
}

/// A packet that came in, a call, or a timer.
fn input(link: &Link<'_>) -> String {
    let input = link.input;
    let at = input.time;
    match input.name.as_str() {
        "app:called" | "sim:clock" => format!("{} at +{at} s", said(input)),
        _ => {
            let disposition = input.text("disposition").unwrap_or_default();
            let why = input.why.as_ref().map_or("", |why| &why.text);
            format!("{}  {disposition}: {why}", short(input))
        }
    }
}

fn decision(record: &Record) -> String {
    match &record.why {
        Some(why) => format!("{} ({})", said(record), clause(&why.rule)),
        None => said(record),
    }
}

/// Beyond it a chain is one acknowledgment after another.
const LINKS_SHOWN: usize = 5;

#[cfg(test)]
mod tests;
