//! `dig`: what a name stands for, and how that was found.

use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::net::Network;
use crate::report::text::{counted, plain, span};
use crate::resolve::{Answer, Exchange, Name, RData, Record, RecordType, Resolver, Source, Walk};

use super::Common;
use super::names::{Asked, HOSTS, Names, not_resolved, told};
use super::screen::note;
use super::signals::Signals;
use super::station::Where;
use super::trouble::{Code, Trouble, say};

/// Ask the name system over this stack, and show how the answer was found
///
/// NAME [TYPE], several one after another; +trace walks from the root down, +short prints nothing
/// but the data.
#[derive(Debug, clap::Args)]
pub struct Dig {
    /// NAME, or NAME TYPE, as www.example.com AAAA; +trace, +short, @ADDRESS
    #[arg(value_name = "WORD", required_unless_present = "reverse")]
    words: Vec<String>,
    /// The name of an address instead
    #[arg(short = 'x', long = "reverse", value_name = "ADDRESS")]
    reverse: Vec<IpAddr>,
    #[command(flatten)]
    names: Names,
    #[command(flatten)]
    whither: Where,
}

/// A name, and of which type its records should be.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Question {
    name: String,
    kind: RecordType,
}

/// What the words say.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wish {
    questions: Vec<Question>,
    trace: bool,
    short: bool,
    servers: Vec<Asked>,
}

impl Wish {
    /// Reads words as dig does: a type belongs to the name before it. What cannot be read comes
    /// back with the reason.
    fn read(words: &[String]) -> Result<Wish, (String, String)> {
        let mut wish = Wish::default();
        let mut typed = true;
        for word in words {
            let wrong = |why: String| (word.clone(), why);
            if let Some(option) = word.strip_prefix('+') {
                match option {
                    "trace" => wish.trace = true,
                    "short" => wish.short = true,
                    _ => {
                        return Err(wrong("there are +trace and +short".into()));
                    }
                }
            } else if let Some(server) = word.strip_prefix('@') {
                wish.servers.push(server.parse().map_err(wrong)?);
            } else if let (false, Some(last), Some(kind)) =
                (typed, wish.questions.last_mut(), record_type(word))
            {
                last.kind = kind;
                typed = true;
            } else {
                wish.questions.push(Question {
                    name: word.clone(),
                    kind: RecordType::A,
                });
                typed = false;
            }
        }
        Ok(wish)
    }
}

/// A type by its name, in whichever case, or as TYPE and a number.
fn record_type(word: &str) -> Option<RecordType> {
    let upper = word.to_ascii_uppercase();
    let number = upper
        .strip_prefix("TYPE")
        .and_then(|rest| rest.parse::<u16>().ok());
    match number {
        Some(number) => Some(RecordType::from(number)),
        None => upper.parse().ok(),
    }
}

impl Dig {
    /// Asks.
    pub fn run(mut self, common: Common) -> anyhow::Result<Code> {
        let mut wish = Wish::read(&self.words).map_err(|(word, why)| {
            let now = "as in pellucid dig www.example.com AAAA +trace";
            Trouble::usage(format!("cannot ask by {:?}", plain(&word)), why, now)
        })?;
        self.names.also(&wish.servers);
        let reverse = self.reverse.iter().map(|ip| Question {
            name: Name::from(*ip).to_ascii(),
            kind: RecordType::PTR,
        });
        wish.questions.extend(reverse);
        if wish.questions.is_empty() {
            let why = "the words hold no name";
            let now = "as in pellucid dig www.example.com AAAA";
            return Err(Trouble::usage("there is nothing to ask", why, now).into());
        }
        self.whither.check()?;
        let source = match wish.trace && !self.names.is_any_named() {
            true => self.names.walk(),
            false => self.names.source(&self.whither)?,
        };
        let place = self.whither.open()?;
        let signals = Signals::listen()?;
        let station = place.start("dig", &self.whither.private, common)?;
        let done = signals.interrupt(self.ask(&station.network, &source, &wish, common));
        let ended = station.end(Duration::ZERO);
        let code = done?.unwrap_or_else(|signal| signal.code());
        ended.map(|()| code)
    }

    async fn ask(
        &self,
        network: &Network,
        source: &Source,
        wish: &Wish,
        common: Common,
    ) -> anyhow::Result<Code> {
        let walk = Walk::default();
        let resolver = Resolver::new(network, source, walk.watch(), Path::new(HOSTS));
        let first = &wish.questions[0].name;
        let resolver = resolver.map_err(|error| not_resolved(first, source, &error))?;
        let mut failed = None;
        for question in &wish.questions {
            let began = Instant::now();
            let answer = resolver.lookup(&question.name, question.kind).await;
            let took = began.elapsed();
            let way = walk.take();
            if !wish.short && (wish.trace || common.verbose > 0) {
                say(&show_way(&way))?;
            }
            match answer {
                Ok(answer) if wish.short => say(&show_data(&answer))?,
                Ok(answer) => say(&format!("{}{}\n", show(&answer), sum(&answer, &way, took)))?,
                Err(error) => {
                    let trouble = not_resolved(&question.name, source, &error);
                    if let Some(earlier) = failed.replace(trouble) {
                        // The last one is said by whoever called us.
                        note(&earlier.to_string());
                    }
                }
            }
        }
        match failed {
            Some(trouble) => Err(trouble.into()),
            None => Ok(Code::Done),
        }
    }
}

/// Every question that left, and what it got.
fn show_way(way: &[Exchange]) -> String {
    let mut text = String::new();
    for (index, exchange) in way.iter().enumerate() {
        text.push_str(&format!("{:>3}  {}\n", index + 1, told(exchange)));
    }
    text
}

/// Records as zone files have them (RFC 1035 section 5.1).
fn show(answer: &Answer) -> String {
    let records = answer.records.iter();
    let rows: Vec<_> = records
        .map(|record| {
            let kind = record.record_type().to_string();
            let (ttl, data) = (record.ttl.to_string(), data(record));
            [plain(&record.name.to_string()), ttl, kind, plain(&data)]
        })
        .collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or(0)
    };
    let (name, ttl, kind) = (width(0), width(1), width(2));
    let mut text = String::new();
    for [a, b, c, d] in &rows {
        text.push_str(&format!("{a:<name$}  {b:>ttl$}  IN  {c:<kind$}  {d}\n"));
    }
    text
}

fn show_data(answer: &Answer) -> String {
    let records = answer.records.iter();
    records
        .map(|record| format!("{}\n", plain(&data(record))))
        .collect()
}

/// A record's data as a zone file has it: texts stand between quotes, and what would end one early
/// is escaped (RFC 1035 section 5.1).
fn data(record: &Record) -> String {
    let RData::TXT(text) = &record.data else {
        return record.data.to_string();
    };
    let quoted = text.txt_data.iter().map(|octets| {
        let mut quoted = String::from("\"");
        for octet in octets {
            match octet {
                b'"' | b'\\' => quoted.extend(['\\', char::from(*octet)]),
                b' '..=b'~' => quoted.push(char::from(*octet)),
                other => quoted.push_str(&format!("\\{other:03}")),
            }
        }
        quoted + "\""
    });
    quoted.collect::<Vec<_>>().join(" ")
}

/// What it took.
fn sum(answer: &Answer, way: &[Exchange], took: Duration) -> String {
    let records = counted(answer.records.len(), "record");
    match way.len() {
        0 => format!("{records}, without a question: from the cache or the hosts file"),
        1 => format!("{records} in {}, by 1 question", span(took)),
        count => format!("{records} in {}, by {count} questions", span(took)),
    }
}

#[cfg(test)]
mod tests;
