//! `diff`: two runs, from where they part.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{self, Write, stdout};
use std::path::PathBuf;

use serde_json::json;

use crate::compare::{Closeness, Divergence, divergence, is_packet};
use crate::report::text::{Style, padded, plain};
use crate::runs::{Finished, Record, Unreadable};

use super::Common;
use super::events::line;
use super::runs::{PLACE, unreadable};
use super::trouble::{Code, Trouble, said};

/// Compare two runs: what was set otherwise, and the first thing that happened otherwise
///
/// From the first packet that differs on, those of both stand side by side. Ends with 1 if they
/// differ. Runs in virtual time are held to each other's times as well; where the machine's clock
/// was the clock of one, what it orders and measures is left out, and what hosts tell of whom the
/// other run tells nothing.
#[derive(Debug, clap::Args)]
pub struct Diff {
    /// A run: latest, its number, its name, or the path of its folder
    left: String,
    /// Another
    right: String,
    /// How many packets of each to show, from the first that differs on
    #[arg(long, value_name = "N", default_value_t = 12)]
    context: usize,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Where run folders lie
    #[arg(short, long, value_name = "DIR", default_value = PLACE)]
    output: PathBuf,
}

impl Diff {
    /// Compares them.
    pub fn run(self, common: Common) -> anyhow::Result<Code> {
        let find = |which: &str| Finished::find(&self.output, which).map_err(unreadable);
        let runs = [find(&self.left)?, find(&self.right)?];
        let how = Closeness {
            times: runs.iter().all(is_virtual),
        };
        let [one, other] = &runs;
        let seen = Seen::of(&runs)?;
        let looked_at = |run: &Finished| {
            let events = run.events()?;
            let seen = &seen;
            let counts = move |one: &Result<Record, Unreadable>| {
                one.as_ref()
                    .map_or(true, |one| how.counts(one) && seen.counts(one))
            };
            Ok(events.filter(counts))
        };
        let mut left = looked_at(one).map_err(unreadable)?;
        let mut right = looked_at(other).map_err(unreadable)?;
        let found = divergence(&mut left, &mut right, how).map_err(unreadable)?;
        let set = settings(&runs);
        let names = runs.each_ref().map(name);
        let mut out = stdout().lock();
        let Some(found) = found else {
            if self.json {
                said(writeln!(
                    out,
                    "{}",
                    json!({ "same": true, "set": set, "alone": seen.alone })
                ))?;
            } else {
                said(tell_settings(&mut out, &set))?;
                said(seen.tell(&mut out, &names))?;
                said(writeln!(out, "the same from beginning to end"))?;
            }
            return Ok(Code::Done);
        };
        if self.json {
            let whole = json!({
                "same": false, "set": set, "alone": seen.alone,
                "common": found.common, "packets": found.packets,
                "last": found.last, "left": found.left, "right": found.right,
            });
            said(writeln!(out, "{whole:#}"))?;
            return Ok(Code::Failed);
        }
        said(tell_settings(&mut out, &set))?;
        said(seen.tell(&mut out, &names))?;
        said(tell(&mut out, &found, &names))?;
        let mut left = packets(found.left, &mut left);
        let mut right = packets(found.right, &mut right);
        let rows = self.rows(&mut left, &mut right, how).map_err(unreadable)?;
        let style = Style(common.color.on_stdout());
        said(side_by_side(&mut out, &names, &rows, style))?;
        Ok(Code::Failed)
    }

    /// As many packets of both as are asked for, from the first that differs on, and a few before.
    /// None if none does.
    fn rows(
        &self,
        left: &mut impl Iterator<Item = Result<Record, Unreadable>>,
        right: &mut impl Iterator<Item = Result<Record, Unreadable>>,
        how: Closeness,
    ) -> Result<Vec<[String; 2]>, Unreadable> {
        let mut rows: VecDeque<[String; 2]> = VecDeque::new();
        let mut differ = 0;
        while differ < self.context {
            let (one, other) = (left.next().transpose()?, right.next().transpose()?);
            if one.is_none() && other.is_none() {
                break;
            }
            let row =
                [one, other].map(|record| record.map_or(String::new(), |one| packet(&one, how)));
            if differ == 0 && row[0] == row[1] {
                if rows.len() == BEFORE {
                    rows.pop_front();
                }
            } else {
                differ += 1;
            }
            rows.push_back(row);
        }
        Ok(if differ == 0 { Vec::new() } else { rows.into() })
    }
}

/// Which hosts are not held to each other. Of a kernel at the other end there is nothing to hold to
/// what a stack in its place has told.
struct Seen {
    /// Those that only one tells of, by run.
    alone: [BTreeSet<String>; 2],
}

impl Seen {
    fn of(runs: &[Finished; 2]) -> Result<Seen, Trouble> {
        let mut hosts = [BTreeSet::new(), BTreeSet::new()];
        for (run, hosts) in runs.iter().zip(&mut hosts) {
            for record in run.events().map_err(unreadable)? {
                let record = record.map_err(unreadable)?;
                if record.name.starts_with("tcp:") && !hosts.contains(&record.host) {
                    hosts.insert(record.host);
                }
            }
        }
        let [one, other] = hosts;
        Ok(Seen {
            alone: [&one - &other, &other - &one],
        })
    }

    fn counts(&self, record: &Record) -> bool {
        self.alone.iter().all(|alone| !alone.contains(&record.host))
    }

    fn tell(&self, out: &mut impl Write, names: &[String; 2]) -> io::Result<()> {
        for (name, hosts) in names.iter().zip(&self.alone) {
            for host in hosts {
                let host = plain(host);
                writeln!(out, "left out {host}: only {name} tells of it")?;
            }
        }
        Ok(())
    }
}

/// The packets of a run from a record on; what cannot be read comes too.
fn packets(
    first: Option<Record>,
    rest: &mut impl Iterator<Item = Result<Record, Unreadable>>,
) -> impl Iterator<Item = Result<Record, Unreadable>> {
    let all = first.into_iter().map(Ok).chain(rest);
    all.filter(|one| one.as_ref().map_or(true, is_packet))
}

fn is_virtual(run: &Finished) -> bool {
    run.summary()
        .is_some_and(|summary| summary["clock"] == "virtual")
}

/// What a run is called.
fn name(run: &Finished) -> String {
    let path = run.path().canonicalize();
    let path = path.as_deref().unwrap_or(run.path());
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    plain(&name.unwrap_or_default())
}

/// What stands otherwise in their resolved scenarios: from what to what, by its place.
fn settings(runs: &[Finished; 2]) -> Vec<(String, String, String)> {
    let of = |run: &Finished| -> BTreeMap<String, String> {
        let text = run.scenario().unwrap_or_default();
        let mut all = BTreeMap::new();
        if let Ok(table) = text.parse::<toml::Table>() {
            flatten("", &toml::Value::Table(table), &mut all);
        }
        all
    };
    let [one, other] = runs.each_ref().map(of);
    let places: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let none = "-".to_owned();
    let both = places.into_iter().map(|place| {
        let value = |all: &BTreeMap<String, String>| all.get(place).unwrap_or(&none).clone();
        (place.clone(), value(&one), value(&other))
    });
    both.filter(|(_, one, other)| one != other).collect()
}

fn flatten(place: &str, value: &toml::Value, all: &mut BTreeMap<String, String>) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                let place = if place.is_empty() {
                    key.clone()
                } else {
                    format!("{place}.{key}")
                };
                flatten(&place, value, all);
            }
        }
        value => {
            all.insert(place.to_owned(), value.to_string());
        }
    }
}

fn tell_settings(out: &mut impl Write, set: &[(String, String, String)]) -> io::Result<()> {
    for (place, one, other) in set {
        writeln!(
            out,
            "set   {}: {} → {}",
            plain(place),
            plain(one),
            plain(other)
        )?;
    }
    Ok(())
}

fn tell(out: &mut impl Write, found: &Divergence, names: &[String; 2]) -> io::Result<()> {
    for line in said_of(found, names) {
        writeln!(out, "{}", plain(&line))?;
    }
    Ok(())
}

/// Where two part, in words: how long they are the same, then what each tells.
pub fn said_of(found: &Divergence, names: &[String; 2]) -> Vec<String> {
    let same = match &found.last {
        Some(last) => format!(
            "same until +{} s: {} events, {} packets",
            last.time, found.common, found.packets
        ),
        None => "different from the first event on".to_owned(),
    };
    let both = names.iter().zip([&found.left, &found.right]);
    let then = both.map(|(name, what)| {
        let what = what.as_ref().map_or("the end".to_owned(), line);
        format!("then  {name}: {what}")
    });
    [same].into_iter().chain(then).collect()
}

/// Packets of both, a line each; `≠` stands where they differ.
fn side_by_side(
    out: &mut impl Write,
    names: &[String; 2],
    rows: &[[String; 2]],
    style: Style,
) -> io::Result<()> {
    if rows.is_empty() {
        return writeln!(out, "their packets are the same");
    }
    writeln!(out, "\n  {:WIDTH$} {}", names[0], names[1])?;
    for [one, other] in rows {
        let mark = if one == other {
            " ".to_owned()
        } else {
            style.bad("≠")
        };
        writeln!(out, "{mark} {} {}", padded(one, WIDTH), other.trim_end())?;
    }
    Ok(())
}

/// `#24 +1.166 ──▶ . seq 1 len 1448 ack 1`.
fn packet(record: &Record, how: Closeness) -> String {
    let frame = record
        .frame()
        .map_or("-".to_owned(), |frame| format!("#{frame}"));
    let way = if record.name.ends_with("sent") {
        "──▶"
    } else {
        "◀──"
    };
    let number = |name: &str| record.number(name).map(|value| format!(" {name} {value}"));
    let fields: Vec<String> = ["seq", "len", "ack", "sack_blocks"]
        .into_iter()
        .filter_map(number)
        .collect();
    // In real time no two are the same.
    let seconds = match how.times {
        true => format!(" +{:.6}", record.time.as_nanos() as f64 / 1e9),
        false => String::new(),
    };
    let more = record
        .text("retransmit")
        .map(|how| format!(" RETRANSMIT {how}"));
    plain(&format!(
        "{frame:5}{seconds} {} {way} {}{}{}",
        record.host,
        record.text("flags").unwrap_or_default(),
        fields.concat(),
        more.unwrap_or_default(),
    ))
}

/// Of a column.
const WIDTH: usize = 66;
/// Packets that are the same before the first that is not.
const BEFORE: usize = 3;
