//! Packets named by what they are: `data 14`, `syn 1`, `second retransmission of fin`.
//!
//! ```text
//!   [COPIES of] WHAT [NUMBERS] [of flow N]
//!
//!   WHAT      syn  syn-ack  data  fin  rst  ack  any
//!   NUMBERS   14        that one
//!             3-7       these
//!             every 10  each tenth
//!   COPIES    first retransmission (second, third, ...)
//!             every retransmission
//!             every copy
//! ```
//!
//! Each flow, one direction of a connection, is counted by itself. Text is numbered by first
//! transmissions: `data 14` is the 14th segment that brings anything new, and what repeats it is a
//! retransmission of it. Of SYN, SYN,ACK and FIN a flow has one each: their number counts copies,
//! so that `syn 2` is the first retransmission of the SYN. `ack` is a segment that only
//! acknowledges, and `any` is any segment at all; these and `rst` are numbered as they pass, and
//! have no copies.

use std::fmt;
use std::str::FromStr;

/// Which packets are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    pub what: What,
    pub numbers: Numbers,
    pub copies: Copies,
    /// Of which flow alone, counted from 1 as they pass first; `None`: of each.
    pub flow: Option<u32>,
}

/// What a packet is. One may be several things: text and FIN often come together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Syn,
    SynAck,
    Data,
    Fin,
    Rst,
    Ack,
    Any,
}

/// Which of those.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    All,
    /// From the first number to the last, counted from 1.
    Range(u64, u64),
    /// Each one whose number is a multiple of this.
    Every(u64),
}

/// Which of the times that they are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copies {
    /// The first time.
    First,
    /// The so manieth time that they are sent once more, counted from 1.
    Retransmission(u32),
    /// Whenever they are sent once more.
    EveryRetransmission,
    /// Always.
    All,
}

impl Numbers {
    pub(super) fn has(self, number: u64) -> bool {
        match self {
            Numbers::All => true,
            Numbers::Range(first, last) => (first..=last).contains(&number),
            Numbers::Every(nth) => nth > 0 && number.is_multiple_of(nth),
        }
    }
}

impl Copies {
    /// `copy` is 0 for what is sent for the first time.
    pub(super) fn has(self, copy: u32) -> bool {
        match self {
            Copies::First => copy == 0,
            Copies::Retransmission(nth) => copy == nth,
            Copies::EveryRetransmission => copy > 0,
            Copies::All => true,
        }
    }
}

/// A text that means no packet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} names no packet: {wrong} (as in \"data 14\", \"second retransmission of fin\")")]
pub struct NoMeaning {
    text: String,
    wrong: String,
}

impl FromStr for Meaning {
    type Err = NoMeaning;

    fn from_str(text: &str) -> Result<Meaning, NoMeaning> {
        let words: Vec<&str> = text.split_whitespace().collect();
        read(&words).map_err(|wrong| NoMeaning {
            text: text.to_owned(),
            wrong,
        })
    }
}

fn read(words: &[&str]) -> Result<Meaning, String> {
    let (copies, rest) = match words {
        ["every", "copy", "of", rest @ ..] => (Copies::All, rest),
        ["every", "retransmission", "of", rest @ ..] => (Copies::EveryRetransmission, rest),
        [nth, "retransmission", "of", rest @ ..] => (Copies::Retransmission(ordinal(nth)?), rest),
        rest => (Copies::First, rest),
    };
    let (flow, rest) = match rest {
        [rest @ .., "of", "flow", number] => (Some(positive(number)? as u32), rest),
        rest => (None, rest),
    };
    let [what, numbers @ ..] = rest else {
        return Err("nothing is named".to_owned());
    };
    let (_, what) = WHATS
        .iter()
        .find(|(name, _)| name == what)
        .ok_or_else(|| format!("{what:?} is none of {}", names().join(", ")))?;
    let numbers = match numbers {
        [] => Numbers::All,
        ["every", nth] => Numbers::Every(positive(nth)?),
        [number] => match number.split_once('-') {
            Some((first, last)) => Numbers::Range(positive(first)?, positive(last)?),
            None => Numbers::Range(positive(number)?, positive(number)?),
        },
        [.., last] => return Err(format!("{last:?} is too much")),
    };
    let counted_as_they_pass = matches!(what, What::Rst | What::Ack | What::Any);
    if counted_as_they_pass && copies != Copies::First {
        return Err("only syn, syn-ack, data and fin have copies".to_owned());
    }
    let (numbers, copies) = match (what, numbers, copies) {
        (What::Syn | What::SynAck | What::Fin, numbers, Copies::First) => (numbers, Copies::All),
        (What::Syn | What::SynAck | What::Fin, Numbers::All, copies) => (Numbers::All, copies),
        (What::Syn | What::SynAck | What::Fin, ..) => {
            return Err("its number counts its copies already".to_owned());
        }
        (_, numbers, copies) => (numbers, copies),
    };
    Ok(Meaning {
        what: *what,
        numbers,
        copies,
        flow,
    })
}

fn positive(word: &str) -> Result<u64, String> {
    match word.parse() {
        Ok(0) | Err(_) => Err(format!("{word:?} is no number from 1 on")),
        Ok(number) => Ok(number),
    }
}

fn ordinal(word: &str) -> Result<u32, String> {
    let place = ORDINALS.iter().position(|name| name == &word);
    let number = place.map(|place| place as u32 + 1);
    number.ok_or_else(|| format!("{word:?} is none of {}, every", ORDINALS.join(", ")))
}

fn names() -> Vec<&'static str> {
    WHATS.iter().map(|(name, _)| *name).collect()
}

/// As it is read.
impl fmt::Display for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let once = matches!(self.what, What::Syn | What::SynAck | What::Fin);
        match self.copies {
            Copies::First => {}
            Copies::All if once => {}
            Copies::All => f.write_str("every copy of ")?,
            Copies::EveryRetransmission => f.write_str("every retransmission of ")?,
            Copies::Retransmission(nth) => match ORDINALS.get((nth as usize).wrapping_sub(1)) {
                Some(name) => write!(f, "{name} retransmission of ")?,
                None => write!(f, "{nth}th retransmission of ")?,
            },
        }
        let name = WHATS.iter().find(|(_, what)| *what == self.what);
        f.write_str(name.map_or("", |(name, _)| name))?;
        match self.numbers {
            Numbers::All => {}
            Numbers::Every(nth) => write!(f, " every {nth}")?,
            Numbers::Range(first, last) if first == last => write!(f, " {first}")?,
            Numbers::Range(first, last) => write!(f, " {first}-{last}")?,
        }
        match self.flow {
            Some(flow) => write!(f, " of flow {flow}"),
            None => Ok(()),
        }
    }
}

const WHATS: [(&str, What); 7] = [
    ("syn", What::Syn),
    ("syn-ack", What::SynAck),
    ("data", What::Data),
    ("fin", What::Fin),
    ("rst", What::Rst),
    ("ack", What::Ack),
    ("any", What::Any),
];

const ORDINALS: [&str; 10] = [
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
];

#[cfg(test)]
mod tests;
