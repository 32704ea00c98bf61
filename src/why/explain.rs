//! One packet, explained: the rule, what the connection knew before and after, and the chain of
//! causes, in words.

use std::fmt::Write;

use serde_json::{Map, Value};

use crate::runs::Record;

use super::chain::{Chain, Link, Log, is_ending};

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
    }
    let before = log.before(packet).and_then(|record| record.state.as_ref());
    let knew = [("before", before), ("after", packet.state.as_ref())];
    for (when, state) in knew {
        if let Some(state) = state {
            lines.push(format!("{when:7} {}", variables(state)));
        }
    }
    if let Some(answered) = chain.answers {
        lines.push(format!("answers {}", short(answered)));
    }
    causes(&chain, &mut lines);
    lines
}

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

/// `cwnd 35040  ssthresh ∞  in flight 35040  state established, open`.
fn variables(state: &Map<String, Value>) -> String {
    let number = |name: &str| match state.get(name) {
        Some(value) => value.to_string(),
        None => "∞".into(),
    };
    let word = |name: &str| state.get(name).and_then(Value::as_str).unwrap_or("?");
    format!(
        "cwnd {}  ssthresh {}  in flight {}  rto {} ms  state {}, {}",
        number("cwnd"),
        number("ssthresh"),
        number("inflight"),
        number("rto"),
        word("st"),
        word("ca"),
    )
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
        "app:called" => {
            let call = input.text("call").unwrap_or_default();
            let bytes = input.number("bytes");
            let bytes = bytes.map_or(String::new(), |bytes| format!(" {bytes} B"));
            format!("the application called {call}{bytes} at +{at} s")
        }
        "sim:clock" => format!("time was told at +{at} s"),
        _ => {
            let disposition = input.text("disposition").unwrap_or_default();
            let why = input.why.as_ref().map_or("", |why| &why.text);
            format!("{}  {disposition}: {why}", short(input))
        }
    }
}

fn decision(record: &Record) -> String {
    let by = record
        .why
        .as_ref()
        .map_or(String::new(), |why| format!(" ({})", clause(&why.rule)));
    let text = record.why.as_ref().map_or("", |why| &why.text);
    let word = |name: &str| record.text(name).unwrap_or_default();
    let number = |name: &str| record.number(name).unwrap_or_default();
    match record.name.as_str() {
        "tcp:loss_detected" => {
            let (seq, len) = (number("seq"), number("len"));
            let last = (seq + len).saturating_sub(1);
            format!("lost {seq}..{last} ({len} B): {}", spaced(word("proof")))
        }
        "tcp:loss_undone" => format!("not lost after all: {}", spaced(word("proof"))),
        "tcp:congestion_state_updated" => {
            let ssthresh = record.number("ssthresh");
            let ssthresh = ssthresh.map_or("∞".into(), |bytes| bytes.to_string());
            let cwnd = number("congestion_window");
            format!("cwnd {cwnd} ssthresh {ssthresh}: {text}{by}")
        }
        "tcp:state_updated" => format!("{} → {}", word("old"), word("new")),
        name if name.ends_with(":timer_updated") => {
            format!("the {} timer expired", word("timer"))
        }
        _ => format!("{text}{by}"),
    }
}

fn spaced(key: &str) -> String {
    key.replace('_', " ")
}

/// `rfc6675.5 (4.3)` as people write it: `RFC 6675 5 (4.3)`.
fn clause(rule: &str) -> String {
    match rule.split_once('.') {
        Some(("house", name)) => format!("house {name}"),
        Some((source, section)) => match source.strip_prefix("rfc") {
            Some(number) => format!("RFC {number} {section}"),
            None => format!("{source} {section}"),
        },
        None => rule.to_owned(),
    }
}

/// Beyond it a chain is one acknowledgment after another.
const LINKS_SHOWN: usize = 5;

#[cfg(test)]
mod tests;
