//! What Wireshark asks of a program that captures for it, and the answers' form.
//!
//! It asks for the interfaces, for the link types and options of one, and then to capture into a
//! pipe; each is one call of the program (the manual page `extcap(4)` of Wireshark). The answers
//! are lines of words in braces.

use std::fmt::Write;

/// An interface that Wireshark lists.
#[derive(Debug, Clone, Copy)]
pub struct Interface {
    /// Its name, for programs.
    pub name: &'static str,
    /// Its name, for people.
    pub shown: &'static str,
    /// What may be set before it starts.
    pub choices: &'static [Choice],
}

/// Something that may be set: an option of the verb that captures.
#[derive(Debug, Clone, Copy)]
pub struct Choice {
    /// The option, as `--seed`.
    pub option: &'static str,
    /// What it is called.
    pub shown: &'static str,
    /// More about it.
    pub tip: &'static str,
    /// What it takes.
    pub takes: Takes,
}

/// What an option takes.
#[derive(Debug, Clone, Copy)]
pub enum Takes {
    /// A whole number; this one unless somebody says otherwise.
    Number(u64),
    /// Nothing: it is there or not.
    Nothing,
    /// One of these words, each with what it is called; the first unless somebody says otherwise.
    OneOf(&'static [(&'static str, &'static str)]),
}

/// A question of Wireshark's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Which interfaces there are.
    Interfaces,
    /// Which link types this one has.
    LinkTypes(String),
    /// What may be set for this one.
    Choices(String),
    /// To capture on it into a pipe, with what was set.
    Capture {
        interface: String,
        fifo: String,
        set: Vec<String>,
    },
}

impl Question {
    /// What these arguments ask. What is meant for us is taken out of them, also what we have no
    /// use for; the rest was set by the user. The error says what is missing.
    pub fn read(args: &[String]) -> Result<Question, &'static str> {
        let (mut asks, mut interface, mut fifo) = (None, None, None);
        let mut set = Vec::new();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let (name, value) = match arg.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (arg.as_str(), None),
            };
            match name {
                "--extcap-interfaces" | "--extcap-dlts" | "--extcap-config" | "--capture" => {
                    asks = Some(name.to_owned());
                }
                "--extcap-interface" => interface = value.or_else(|| args.next().cloned()),
                "--fifo" => fifo = value.or_else(|| args.next().cloned()),
                _ if PASSED_OVER.contains(&name) => {
                    if value.is_none() {
                        args.next();
                    }
                }
                // Some versions say it with a value, some without.
                "--extcap-version" | "--extcap-cleanup-postkill" => {}
                _ => set.push(arg.clone()),
            }
        }
        let of = interface.ok_or("--extcap-interface");
        match asks.as_deref() {
            Some("--extcap-interfaces") => Ok(Question::Interfaces),
            Some("--extcap-dlts") => Ok(Question::LinkTypes(of?)),
            Some("--extcap-config") => Ok(Question::Choices(of?)),
            Some(_) => Ok(Question::Capture {
                interface: of?,
                fifo: fifo.ok_or("--fifo")?,
                set,
            }),
            None => Err("--extcap-interfaces, --extcap-dlts, --extcap-config or --capture"),
        }
    }
}

/// The interfaces there are.
pub fn interfaces(all: impl Iterator<Item = Interface>) -> String {
    let mut text = format!(
        "extcap {{version={}}}{{display=pellucid}}\n",
        env!("CARGO_PKG_VERSION")
    );
    for Interface { name, shown, .. } in all {
        let _ = writeln!(text, "interface {{value={name}}}{{display={shown}}}");
    }
    text
}

/// The link types of an interface: whole IP packets, and nothing else.
pub fn link_types() -> &'static str {
    "dlt {number=101}{name=RAW}{display=Raw IP}\n"
}

/// What may be set for an interface.
pub fn choices(of: &Interface) -> String {
    let mut text = String::new();
    for (number, choice) in of.choices.iter().enumerate() {
        let Choice {
            option, shown, tip, ..
        } = choice;
        let kind = match choice.takes {
            Takes::Number(usual) => format!("{{type=unsigned}}{{default={usual}}}"),
            Takes::Nothing => "{type=boolflag}{default=false}".to_owned(),
            Takes::OneOf(_) => "{type=selector}".to_owned(),
        };
        let _ = writeln!(
            text,
            "arg {{number={number}}}{{call={option}}}{{display={shown}}}{{tooltip={tip}}}{kind}"
        );
        if let Takes::OneOf(words) = choice.takes {
            for (place, (word, shown)) in words.iter().enumerate() {
                let usual = place == 0;
                let _ = writeln!(
                    text,
                    "value {{arg={number}}}{{value={word}}}{{display={shown}}}{{default={usual}}}"
                );
            }
        }
    }
    text
}

/// Options with a value that mean nothing here.
const PASSED_OVER: [&str; 6] = [
    "--extcap-capture-filter",
    "--extcap-control-in",
    "--extcap-control-out",
    "--extcap-reload-option",
    "--log-level",
    "--log-file",
];

#[cfg(test)]
mod tests;
