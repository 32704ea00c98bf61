//! What applications are told to do, and when.
//!
//! ```text
//! act  = step { ";" step }
//! step = "listen" PORT | "connect" HOST ":" PORT [ "from" PORT ]
//!      | "send" SIZE [ "by" SIZE "every" TIME ] | "ask" N "times" SIZE "for" SIZE
//!      | "answer" SIZE "with" SIZE | "echo" | "recv" ( SIZE | "all" )
//!      | "read" ( "promptly" | "nothing" | SIZE "every" TIME ) | "wait" TIME
//!      | "nodelay" ( "on" | "off" ) | "shutdown" | "close" | "abort"
//! ```
//!
//! What follows `listen` is done by each connection that is accepted; what follows `connect`, by
//! the one that is opened. An act without either goes on with the host's latest connection. Who
//! only listens reads all and then closes. A size without a unit is in bytes.

use std::fmt;
use std::str::FromStr;

use crate::sim::{Reading, Step, Talk};

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
    /// On each that is accepted at this port.
    Listen(u16),
    /// On one that is opened.
    Connect {
        host: String,
        port: u16,
        from: Option<u16>,
    },
    /// On the host's latest.
    GoOn,
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
                ["listen" | "connect", ..] if index > 0 => {
                    return Err(format!("{part:?} can only stand first"));
                }
                ["listen", port] => begin = Begin::Listen(self::port(port)?),
                ["connect", to] => begin = connect(to, None)?,
                ["connect", to, "from", from] => begin = connect(to, Some(from))?,
                _ => steps.push(step(&words)?),
            }
        }
        if steps.is_empty() && matches!(begin, Begin::Listen(_)) {
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
            let known = USES.iter().find(|(name, _)| *name == word);
            return Err(match known {
                Some((_, usage)) => format!("{:?} is not like {usage}", words.join(" ")),
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
    ("listen", "listen 80"),
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
];

fn connect(to: &str, from: Option<&str>) -> Result<Begin, String> {
    let wanted = || format!("{to:?} is not like server:80");
    let (host, port) = to.rsplit_once(':').ok_or_else(wanted)?;
    Ok(Begin::Connect {
        host: host.to_owned(),
        port: self::port(port)?,
        from: from.map(self::port).transpose()?,
    })
}

fn port(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err(format!("{text:?} is no port: 1 to 65535")),
        Ok(port) => Ok(port),
    }
}

/// Bytes, with a unit or without.
fn size(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(bytes) => Ok(bytes),
        Err(_) => Ok(text.parse::<Size>()?.0),
    }
}

as_text!(Act When);

#[cfg(test)]
mod tests;
