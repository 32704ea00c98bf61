//! `url`: what a URL says, and what each part decides later.

use std::io::{self, Write, stdout};

use serde_json::{Map, Value, json};

use crate::http::url::{Misread, Part, Reading, read, without_password};
use crate::report::text::{padded, plain};

use super::Common;
use super::trouble::{Code, Trouble, said};

/// Explain a URL: its parts, and what a client does by each
///
/// The beginning of its journey: which name is asked for, where TCP connects, what TLS is told and
/// what the request says. Nothing is sent.
#[derive(Debug, clap::Args)]
pub struct Explained {
    /// As in https://www.example.org/page?name=you#top
    url: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Explained {
    /// Explains it.
    pub fn run(self, _: Common) -> anyhow::Result<Code> {
        let reading = read(&self.url).map_err(|error| misread(&self.url, &error))?;
        let mut out = stdout().lock();
        match self.json {
            true => said(writeln!(out, "{:#}", whole(&reading)))?,
            false => said(tell(&mut out, &reading))?,
        }
        Ok(Code::Done)
    }
}

fn tell(out: &mut impl Write, reading: &Reading) -> io::Result<()> {
    let all = reading.parts.iter().chain(&reading.then);
    let longest = all.map(|part| plain(&part.value).chars().count()).max();
    let wide = longest.unwrap_or_default().min(WIDEST);
    let mut line = |part: &Part| {
        let value = padded(&plain(&part.value), wide);
        let text = format!("{:9} {value}  {}", part.name, plain(&part.says));
        writeln!(out, "{}", text.trim_end())
    };
    reading.parts.iter().try_for_each(&mut line)?;
    line(&Part {
        name: "",
        value: String::new(),
        says: String::new(),
    })?;
    reading.then.iter().try_for_each(&mut line)?;
    for (place, remark) in reading.remarks.iter().enumerate() {
        let before = if place == 0 { "\n" } else { "" };
        writeln!(out, "{before}note      {}", plain(remark))?;
    }
    Ok(())
}

fn whole(reading: &Reading) -> Value {
    let of = |parts: &[Part]| -> Map<String, Value> {
        let named = parts.iter().map(|part| match part.name {
            "" => ("field".to_owned(), part.value.clone().into()),
            name => (name.to_owned(), part.value.clone().into()),
        });
        named.collect()
    };
    json!({
        "url": without_password(&reading.url),
        "parts": of(&reading.parts),
        "then": of(&reading.then),
        "remarks": reading.remarks,
    })
}

fn misread(typed: &str, error: &Misread) -> Trouble {
    Trouble::usage(
        format!("{:?} is no URL that leads anywhere", shortened(typed)),
        error.to_string(),
        "write one as in https://www.example.org/page?name=you",
    )
}

/// The beginning of what is long.
fn shortened(typed: &str) -> String {
    match typed.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &typed[..end]),
        None => typed.to_owned(),
    }
}

/// Values that are longer push what they decide to the right.
const WIDEST: usize = 40;
/// As much of a wrong URL is shown, in characters.
const SHOWN: usize = 100;
