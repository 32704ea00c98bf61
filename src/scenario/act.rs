//! What applications are told to do, and when.
//!
//! ```text
//! act  = step { ";" step }
//!      | "forge" FLAGS "to" HOST [ "seq" ±N ] [ "ack" ±N ] [ "with" SIZE ] [ often ]
//!      | "flood" HOST ":" PORT [ often ] | "inject" HEX [ often ]
//! step = "listen" PORT [ "backlog" N ] | "connect" HOST ":" PORT [ "from" PORT ]
//!      | "send" SIZE [ "by" SIZE "every" TIME ] | "ask" N "times" SIZE "for" SIZE
//!      | "answer" SIZE "with" SIZE | "echo" | "recv" ( SIZE | "all" )
//!      | "read" ( "promptly" | "nothing" | SIZE "every" TIME ) | "wait" TIME
//!      | "nodelay" ( "on" | "off" ) | "shutdown" | "close" | "abort"
//! often = "times" N "every" TIME
//! ```
//!
//! What follows `listen` is done by each connection that is accepted; what follows `connect`, by
//! the one that is opened. An act without either goes on with the host's latest connection. Who
//! only listens reads all and then closes. `forge`, `flood` and `inject` are for who has no stack,
//! and stand alone. A size without a unit is in bytes.

use std::fmt;
use std::str::FromStr;

use crate::sim::{Reading, Script, Service, Step, Talk};

use super::forge::Forgery;
use super::units::{Size, Time, as_text};

/// What somebody does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    pub begin: Begin,
    pub steps: Vec<Step>,
    /// As it was written.
    text: String,
}

/// On which connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begin {
    /// On each that is accepted at this port, where so many may wait to be.
    Listen { port: u16, backlog: usize },
    /// On one that is opened.
    Connect {
        host: String,
        port: u16,
        from: Option<u16>,
    },
    /// On the host's latest.
    GoOn,
    /// On none: somebody without a stack sends something.
    Forge(Forgery),
}

/// When.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// So long after the beginning.
    At(Time),
    /// So long after the host's latest connection was there.
    Connected(Time),
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<When, String> {
        let Some(later) = text.trim().strip_prefix("connected") else {
            return text
                .parse()
                .map(When::At)
                .map_err(|why| format!("{why}; or connected, connected + 20ms"));
        };
        let later = later.trim();
        if later.is_empty() {
            return Ok(When::Connected(Time::default()));
        }
        let later = later.strip_prefix('+');
        let later = later.ok_or_else(|| format!("{text:?} is not like connected + 20ms"))?;
        later.parse().map(When::Connected)
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            When::At(time) => time.fmt(f),
            When::Connected(time) if *time == Time::default() => f.write_str("connected"),
            When::Connected(time) => write!(f, "connected + {time}"),
        }
    }
}

impl FromStr for Act {
    type Err = String;

    fn from_str(text: &str) -> Result<Act, String> {
        let mut steps = Vec::new();
        let mut begin = Begin::GoOn;
        for (index, part) in text.split(';').enumerate() {
            let words: Vec<&str> = part.split_whitespace().collect();
            match words[..] {
                [] if index > 0 => {}
                ["listen" | "connect" | "forge" | "flood" | "inject", ..] if index > 0 => {
                    return Err(format!("{part:?} can only stand first"));
                }
                [_, ..] if matches!(begin, Begin::Forge(_)) => {
                    return Err(format!("{part:?}: nothing follows what is forged"));
                }
                ["listen", port] => begin = listen(port, None)?,
                ["listen", port, "backlog", most] => begin = listen(port, Some(most))?,
                ["forge", ref rest @ ..] => begin = Begin::Forge(Forgery::segment(rest)?),
                ["flood", ref rest @ ..] => begin = Begin::Forge(Forgery::flood(rest)?),
                ["inject", ref rest @ ..] => begin = Begin::Forge(Forgery::packet(rest)?),
                ["connect", to] => begin = connect(to, None)?,
                ["connect", to, "from", from] => begin = connect(to, Some(from))?,
                _ => steps.push(step(&words)?),
            }
        }
        if steps.is_empty() && matches!(begin, Begin::Listen { .. }) {
            steps = vec![Step::ReceiveAll, Step::Close];
        }
        for step in &steps {
            step.check().map_err(|error| error.to_string())?;
        }
        Ok(Act {
            begin,
            steps,
            text: text.trim().to_owned(),
        })
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn step(words: &[&str]) -> Result<Step, String> {
    Ok(match words {
        ["send", bytes] => Step::Talk(Talk::Bulk {
            bytes: size(bytes)?,
        }),
        ["send", bytes, "by", piece, "every", time] => Step::Talk(Talk::Pieces {
            bytes: size(bytes)?,
            piece: size(piece)?,
            every: time.parse::<Time>()?.0,
        }),
        ["ask", times, "times", request, "for", answer] => Step::Talk(Talk::Ask {
            times: size(times)?,
            request: size(request)?,
            answer: size(answer)?,
            think: std::time::Duration::ZERO,
        }),
        ["answer", request, "with", answer] => Step::Talk(Talk::Answer {
            request: size(request)?,
            answer: size(answer)?,
        }),
        ["echo"] => Step::Talk(Talk::Echo),
        ["recv", "all"] => Step::ReceiveAll,
        ["recv", bytes] => Step::Receive {
            bytes: size(bytes)?,
        },
        ["read", "promptly"] => Step::Read(Reading::Prompt),
        ["read", "nothing"] => Step::Read(Reading::Never),
        ["read", bytes, "every", time] => Step::Read(Reading::Slow {
            bytes: size(bytes)?,
            every: time.parse::<Time>()?.0,
        }),
        ["wait", time] => Step::Wait(time.parse::<Time>()?.0),
        ["nodelay", "on"] => Step::NoDelay(true),
        ["nodelay", "off"] => Step::NoDelay(false),
        ["shutdown"] => Step::Shutdown,
        ["close"] => Step::Close,
        ["abort"] => Step::Abort,
        _ => {
            let word = words.first().copied().unwrap_or_default();
            return Err(match usage(word) {
                Some(usage) => format!("{:?} is not like {usage}", words.join(" ")),
                None => {
                    let names: Vec<&str> = USES.iter().map(|(name, _)| *name).collect();
                    format!("{word:?} is none of {}", names.join(", "))
                }
            });
        }
    })
}

/// Each word that begins a step, and how it goes on.
const USES: &[(&str, &str)] = &[
    ("listen", "listen 80, listen 80 backlog 16"),
    ("connect", "connect server:80, connect server:80 from 40000"),
    ("send", "send 64KiB, send 1000 by 10 every 1ms"),
    ("ask", "ask 10 times 100 for 2000"),
    ("answer", "answer 100 with 2000"),
    ("echo", "echo"),
    ("recv", "recv 64KiB, recv all"),
    ("read", "read promptly, read nothing, read 100 every 10ms"),
    ("wait", "wait 20ms"),
    ("nodelay", "nodelay on, nodelay off"),
    ("shutdown", "shutdown"),
    ("close", "close"),
    ("abort", "abort"),
    (
        "forge",
        "forge RST to client seq +1000, forge none to client ack +0 with 10 times 3 every 1ms",
    ),
    ("flood", "flood server:80 times 1000 every 1ms"),
    (
        "inject",
        "inject 4500001400000000400666e50a5a00020a5a0001 times 2 every 1s",
    ),
];

/// How a step that begins with this word goes on.
pub(super) fn usage(word: &str) -> Option<&'static str> {
    let known = USES.iter().find(|(name, _)| *name == word);
    known.map(|(_, usage)| *usage)
}

fn listen(port: &str, most: Option<&str>) -> Result<Begin, String> {
    let mut service = Service::of(Script::APP);
    if let Some(most) = most {
        let number = most.parse().map_err(|_| format!("{most:?} is no number"));
        service.backlog = number?;
    }
    service.check().map_err(|error| error.to_string())?;
    let backlog = service.backlog;
    let port = self::port(port)?;
    Ok(Begin::Listen { port, backlog })
}

fn connect(to: &str, from: Option<&str>) -> Result<Begin, String> {
    let (host, port) = socket(to)?;
    let from = from.map(self::port).transpose()?;
    Ok(Begin::Connect { host, port, from })
}

/// A host by its name, and a port.
pub(super) fn socket(to: &str) -> Result<(String, u16), String> {
    let wanted = || format!("{to:?} is not like server:80");
    let (host, port) = to.rsplit_once(':').ok_or_else(wanted)?;
    Ok((host.to_owned(), self::port(port)?))
}

fn port(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err(format!("{text:?} is no port: 1 to 65535")),
        Ok(port) => Ok(port),
    }
}

/// Bytes, with a unit or without.
pub(super) fn size(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(bytes) => Ok(bytes),
        Err(_) => Ok(text.parse::<Size>()?.0),
    }
}

as_text!(Act When);

#[cfg(test)]
mod tests;
