//! What somebody without a stack sends: forged segments, floods of SYNs, packets as bytes.
//!
//! Who forges knows in a scenario what an attacker has to guess: numbers are counted from what the
//! victim expects, so that a scenario says how near a guess has come.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::base::SeqNum;
use crate::sim::dice::Dice;
use crate::sim::forged::{Flags, Forged};
use crate::sim::world::Known;

use super::act::size;
use super::units::Time;

/// A packet, or many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgery {
    pub what: What,
    /// How often, and how long after each other.
    pub times: u64,
    pub every: Time,
}

/// What is sent each time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// To a host, as if it came from the other end of its latest connection.
    Segment {
        to: String,
        flags: Flags,
        /// From what the victim expects next: RCV.NXT.
        seq: i64,
        /// From what the victim has sent: SND.NXT.
        ack: Option<i64>,
        text: u16,
    },
    /// To a port, from an address and port that are nobody's, others each time.
    Syn { to: String, port: u16 },
    /// As it stands.
    Packet(Vec<u8>),
}

impl Forgery {
    /// What follows `forge`: `RST to client seq +1000 ack +0 with 10 times 20 every 1ms`.
    pub fn segment(words: &[&str]) -> Result<Forgery, String> {
        let [flags, "to", host, rest @ ..] = words else {
            return Err(wanted("forge", words));
        };
        let (mut seq, mut ack, mut text) = (0, None, 0);
        let (pairs, times, every) = repeated(rest)?;
        for pair in pairs.chunks(2) {
            match pair {
                ["seq", number] => seq = offset(number)?,
                ["ack", number] => ack = Some(offset(number)?),
                ["with", number] => {
                    let bytes = size(number)?;
                    let fits = u16::try_from(bytes).ok().filter(|bytes| *bytes <= TEXT_MAX);
                    text = fits.ok_or_else(|| format!("{number} is more than {TEXT_MAX}"))?;
                }
                _ => return Err(wanted("forge", words)),
            }
        }
        let what = What::Segment {
            to: (*host).to_owned(),
            flags: self::flags(flags)?,
            seq,
            ack,
            text,
        };
        Ok(Forgery { what, times, every })
    }

    /// What follows `flood`: `server:80 times 1000 every 1ms`.
    pub fn flood(words: &[&str]) -> Result<Forgery, String> {
        let [to, rest @ ..] = words else {
            return Err(wanted("flood", words));
        };
        let (host, port) = super::act::socket(to)?;
        match repeated(rest)? {
            ([], times, every) => Ok(Forgery {
                what: What::Syn { to: host, port },
                times,
                every,
            }),
            _ => Err(wanted("flood", words)),
        }
    }

    /// What follows `inject`: a packet, from the IP header's first byte on, in hexadecimal.
    pub fn packet(words: &[&str]) -> Result<Forgery, String> {
        let [hex, rest @ ..] = words else {
            return Err(wanted("inject", words));
        };
        let digits = hex.as_bytes().chunks(2).map(|pair| {
            let pair = std::str::from_utf8(pair)
                .ok()
                .filter(|pair| pair.len() == 2)?;
            u8::from_str_radix(pair, 16).ok()
        });
        let bytes: Option<Vec<u8>> = digits.collect();
        let bytes = bytes.ok_or_else(|| format!("{hex:?} is no bytes in hexadecimal"))?;
        match repeated(rest)? {
            ([], times, every) => Ok(Forgery {
                what: What::Packet(bytes),
                times,
                every,
            }),
            _ => Err(wanted("inject", words)),
        }
    }
}

impl What {
    /// Whom it is for, if that is said by name.
    pub fn victim(&self) -> Option<&str> {
        match self {
            What::Segment { to, .. } | What::Syn { to, .. } => Some(to),
            What::Packet(_) => None,
        }
    }
}

/// A segment for a connection, with numbers counted from what its stack expects.
pub fn segment(known: &Known, flags: Flags, seq: i64, ack: Option<i64>, text: u16) -> Forged {
    let (src, dst) = (known.remote, known.local);
    Forged {
        src,
        dst,
        seq: known.status.rcv_nxt + seq as u32,
        ack: ack.map(|ack| known.status.snd_nxt + ack as u32),
        flags,
        window: WINDOW,
        mss: None,
        text: vec![b'X'; text.into()],
    }
}

/// A SYN from an address that is nobody's: of those kept for measurements (RFC 2544 appendix
/// C.2.2), or for documentation (RFC 3849).
pub fn syn(dice: &mut Dice, to: SocketAddr) -> Forged {
    let number = dice.number();
    let ip = match to.ip() {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::from_bits(
            Ipv4Addr::new(198, 18, 0, 0).to_bits() | (number as u32 & 0x1_ffff),
        )),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from_bits(
            Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0).to_bits() | u128::from(number),
        )),
    };
    let port = dice.from_to(1_024, 65_535) as u16;
    Forged {
        src: SocketAddr::new(ip, port),
        dst: to,
        seq: SeqNum(dice.number() as u32),
        ack: None,
        flags: Flags::SYN,
        window: WINDOW,
        mss: Some(MSS),
        text: Vec::new(),
    }
}

/// What stands before `times N every TIME`, and that; once, if it does not stand there.
fn repeated<'w>(words: &'w [&'w str]) -> Result<(&'w [&'w str], u64, Time), String> {
    match words {
        [before @ .., "times", times, "every", every] => {
            let count = size(times)?;
            if !(1..=TIMES_MAX).contains(&count) {
                return Err(format!("{times} is not from 1 to {TIMES_MAX}"));
            }
            Ok((before, count, every.parse()?))
        }
        _ => Ok((words, 1, Time::default())),
    }
}

fn offset(text: &str) -> Result<i64, String> {
    let number = text.parse::<i64>().ok();
    let is_signed = text.starts_with(['+', '-']);
    let in_reach = number.filter(|number| is_signed && number.unsigned_abs() < 1 << 32);
    in_reach.ok_or_else(|| format!("{text:?} is not like +1000 or -1"))
}

fn flags(text: &str) -> Result<Flags, String> {
    let mut all = Flags::NONE;
    for name in text.split(',') {
        let known = FLAGS.iter().find(|(known, _)| *known == name);
        let (_, flag) = known.ok_or_else(|| {
            let names: Vec<&str> = FLAGS.iter().map(|(name, _)| *name).collect();
            format!("{name:?} is none of {}; ack +0 sets ACK", names.join(", "))
        })?;
        all = all.union(*flag);
    }
    Ok(all)
}

fn wanted(word: &str, words: &[&str]) -> String {
    let usage = super::act::usage(word).unwrap_or_default();
    format!(
        "{:?} is not like {usage}",
        format!("{word} {}", words.join(" "))
    )
}

const FLAGS: [(&str, Flags); 6] = [
    ("none", Flags::NONE),
    ("SYN", Flags::SYN),
    ("RST", Flags::RST),
    ("FIN", Flags::FIN),
    ("PSH", Flags::PSH),
    ("URG", Flags::URG),
];
/// What fits a packet on any link here beside 40 bytes of headers.
const TEXT_MAX: u16 = 1_220;
/// As a flooder's tool would say; nobody heeds it.
const WINDOW: u16 = 8_192;
const MSS: u16 = 1_460;
/// Enough for any flood that anybody waits for.
const TIMES_MAX: u64 = 1_000_000;

#[cfg(test)]
mod tests;
