//! Links as people describe them: how fast, how far, how long a queue, and what goes wrong.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::Rate;
use crate::sim::Path;
use crate::sim::impair::{
    Act, Corrupt, Damage, Duplicate, FallBack, Loss, LossModel, Meaning, Reorder, Rule, Weather,
    Which,
};
use crate::sim::pace::Pace;
use crate::sim::queue::{CoDel, Discipline, DropTail, FqCoDel, Red};

use super::units::{BitRate, Size, Time, as_text};

/// A link: one way of it, or both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LinkSpec {
    /// The same both ways.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub between: Option<[String; 2]>,
    /// One way, with `to`; `up` and `down` of two hosts need neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    pub delay: Time,
    /// Up to so much more, evenly spread; it never reorders.
    pub jitter: Time,
    pub rate: BitRate,
    /// The longest packet.
    pub mtu: Size,
    pub queue: Queue,
    pub loss: Losses,
    pub reorder: Reorders,
    pub duplicate: Copies,
    pub corrupt: Damages,
    /// Packets that are marked: congestion experienced.
    pub mark: Meanings,
}

impl Default for LinkSpec {
    fn default() -> LinkSpec {
        LinkSpec {
            between: None,
            from: None,
            to: None,
            delay: Time(Duration::from_millis(10)),
            jitter: Time::default(),
            rate: BitRate(None),
            mtu: Size(1_500),
            queue: Queue::default(),
            loss: Losses::default(),
            reorder: Reorders::default(),
            duplicate: Copies::default(),
            corrupt: Damages::default(),
            mark: Meanings::default(),
        }
    }
}

/// What waits to be sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Queue {
    /// What finds it full is lost.
    Droptail {
        #[serde(default = "packets")]
        packets: u64,
        /// A packet alone may have more.
        #[serde(default = "bytes")]
        size: Size,
        /// Packets that find so many waiting are marked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mark_from: Option<u64>,
    },
    /// Random early detection.
    Red {
        #[serde(default = "packets")]
        packets: u64,
        /// Average queues in packets.
        #[serde(default = "red_min")]
        min: f64,
        #[serde(default = "red_max")]
        max: f64,
        #[serde(default = "red_chance")]
        p: f64,
        #[serde(default)]
        ecn: bool,
    },
    /// RFC 8289.
    Codel {
        #[serde(default = "packets")]
        packets: u64,
        #[serde(default = "target")]
        target: Time,
        #[serde(default = "interval")]
        interval: Time,
        #[serde(default)]
        ecn: bool,
    },
    /// RFC 8290.
    FqCodel {
        #[serde(default = "fq_packets")]
        packets: u64,
        #[serde(default = "target")]
        target: Time,
        #[serde(default = "interval")]
        interval: Time,
        #[serde(default)]
        ecn: bool,
    },
}

impl Default for Queue {
    fn default() -> Queue {
        Queue::Droptail {
            packets: packets(),
            size: bytes(),
            mark_from: None,
        }
    }
}

fn packets() -> u64 {
    1_000
}

fn fq_packets() -> u64 {
    10_240
}

fn bytes() -> Size {
    Size(64 << 20)
}

fn red_min() -> f64 {
    Red::default().min
}

fn red_max() -> f64 {
    Red::default().max
}

fn red_chance() -> f64 {
    Red::default().chance
}

fn target() -> Time {
    Time(CoDel::default().target)
}

fn interval() -> Time {
    Time(CoDel::default().interval)
}

/// Packets by what they are: `data 14; second retransmission of fin`, or `data:14, fin:1`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Meanings(pub Vec<Meaning>);

impl FromStr for Meanings {
    type Err = String;

    fn from_str(text: &str) -> Result<Meanings, String> {
        if text.trim() == NONE {
            return Ok(Meanings::default());
        }
        let parts = text.split([';', ',']).map(str::trim);
        let parts = parts.filter(|part| !part.is_empty());
        let meanings = parts.map(|part| part.replace(':', " ").replace("..", "-").parse());
        let meanings: Result<_, _> = meanings.collect();
        meanings
            .map(Meanings)
            .map_err(|error: crate::sim::impair::NoMeaning| error.to_string())
    }
}

impl fmt::Display for Meanings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str(NONE);
        }
        let all: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&all.join("; "))
    }
}

/// What is lost: packets by name, or by chance: `1%`, `gilbert 1% 30%`, `every 100`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Losses {
    named: Meanings,
    by_chance: Vec<LossModel>,
}

impl FromStr for Losses {
    type Err = String;

    fn from_str(text: &str) -> Result<Losses, String> {
        let mut losses = Losses::default();
        for part in text.split([';', ',']).map(str::trim) {
            let words: Vec<&str> = part.split_whitespace().collect();
            match words[..] {
                [] | [NONE] => {}
                [p] if p.ends_with('%') => {
                    let chance = percent(p)?;
                    losses.by_chance.push(LossModel::Bernoulli { chance });
                }
                ["gilbert", p, r] => losses.by_chance.push(LossModel::GilbertElliott {
                    to_bad: percent(p)?,
                    to_good: percent(r)?,
                    in_good: 0.0,
                    in_bad: 1.0,
                }),
                ["every", nth] => {
                    let nth = nth.parse().map_err(|_| format!("{nth:?} is no number"))?;
                    losses.by_chance.push(LossModel::Every(nth));
                }
                _ => losses.named.0.extend(part.parse::<Meanings>()?.0),
            }
        }
        Ok(losses)
    }
}

impl fmt::Display for Losses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = self.named.0.iter().map(ToString::to_string).collect();
        parts.extend(self.by_chance.iter().map(|model| match model {
            LossModel::Bernoulli { chance } => shown_percent(*chance),
            LossModel::GilbertElliott {
                to_bad, to_good, ..
            } => {
                let (p, r) = (shown_percent(*to_bad), shown_percent(*to_good));
                format!("gilbert {p} {r}")
            }
            LossModel::Every(nth) => format!("every {nth}"),
        }));
        if parts.is_empty() {
            parts.push(NONE.to_owned());
        }
        f.write_str(&parts.join("; "))
    }
}

impl Losses {
    /// Whether chance decides.
    pub fn is_random(&self) -> bool {
        !self.by_chance.is_empty()
    }
}

/// What falls back: `data 7 by 2ms`, `data 7 by 3 packets`, `1% by 3 packets`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reorders {
    named: Vec<(Meaning, FallBack)>,
    by_chance: Option<Reorder>,
}

impl FromStr for Reorders {
    type Err = String;

    fn from_str(text: &str) -> Result<Reorders, String> {
        let mut all = Reorders::default();
        for part in text.split([';', ',']).map(str::trim) {
            if part.is_empty() || part == NONE {
                continue;
            }
            let wanted = || format!("{part:?} is not like data 7 by 2ms, or 1% by 3 packets");
            let (who, by) = part.split_once(" by ").ok_or_else(wanted)?;
            let by = match by
                .trim()
                .strip_suffix("packets")
                .or(by.trim().strip_suffix("packet"))
            {
                Some(count) => FallBack::Packets(count.trim().parse().map_err(|_| wanted())?),
                None => FallBack::Time(by.parse::<Time>()?.0),
            };
            match who.trim().ends_with('%') {
                true => {
                    let chance = percent(who.trim())?;
                    all.by_chance = Some(Reorder { chance, by });
                }
                false => {
                    let named = who.parse::<Meanings>()?.0;
                    all.named
                        .extend(named.into_iter().map(|meaning| (meaning, by)));
                }
            }
        }
        Ok(all)
    }
}

impl fmt::Display for Reorders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = |by: &FallBack| match by {
            FallBack::Packets(count) => format!("{count} packets"),
            FallBack::Time(time) => Time(*time).to_string(),
        };
        let named = self.named.iter();
        let mut parts: Vec<String> = named
            .map(|(who, by)| format!("{who} by {}", how(by)))
            .collect();
        let by_chance = self.by_chance.iter();
        parts
            .extend(by_chance.map(|Reorder { chance, by }| {
                format!("{} by {}", shown_percent(*chance), how(by))
            }));
        if parts.is_empty() {
            parts.push(NONE.to_owned());
        }
        f.write_str(&parts.join("; "))
    }
}

/// What comes twice: `data 7`, or `1%`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Copies(Either);

/// What is damaged: `data 7`, or `1%`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Damages(Either);

/// Packets by name, and by chance.
#[derive(Debug, Clone, PartialEq, Default)]
struct Either {
    named: Meanings,
    chance: f64,
}

impl FromStr for Either {
    type Err = String;

    fn from_str(text: &str) -> Result<Either, String> {
        let mut either = Either::default();
        for part in text.split([';', ',']).map(str::trim) {
            match part.ends_with('%') {
                true => either.chance = percent(part)?,
                false => either.named.0.extend(part.parse::<Meanings>()?.0),
            }
        }
        Ok(either)
    }
}

impl fmt::Display for Either {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.chance == 0.0 {
            return self.named.fmt(f);
        }
        f.write_str(&shown_percent(self.chance))?;
        match self.named.0.is_empty() {
            true => Ok(()),
            false => write!(f, "; {}", self.named),
        }
    }
}

macro_rules! like_either {
    ($($name:ident)*) => {$(
        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<$name, String> {
                text.parse().map($name)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

like_either!(Copies Damages);
as_text!(Meanings Losses Reorders Copies Damages);

/// `2.5%` as a chance.
fn percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').and_then(|n| n.trim().parse().ok());
    let number = number.filter(|n: &f64| (0.0..=100.0).contains(n));
    number
        .map(|n| n / 100.0)
        .ok_or_else(|| format!("{text:?} is no chance: 0% to 100%"))
}

fn shown_percent(chance: f64) -> String {
    // What was read as 0.1 is shown as 0.1 again.
    let percent = (chance * 100.0 * 1e9).round() / 1e9;
    format!("{percent}%")
}

impl LinkSpec {
    /// The same, but for what stands in a table.
    ///
    /// # Errors
    ///
    /// What is wrong with the table.
    pub fn with(&self, set: &toml::Table) -> Result<LinkSpec, String> {
        let mut table = toml::Table::try_from(self).map_err(|error| error.to_string())?;
        table.extend(set.clone());
        let changed = table.try_into();
        changed.map_err(|error: toml::de::Error| error.message().to_owned())
    }

    /// The simulator's form of one way.
    ///
    /// # Errors
    ///
    /// What is out of its range.
    pub fn path(&self) -> Result<Path, String> {
        let path = Path {
            delay: self.delay.0,
            pace: self.rate.0.map(|rate| Pace::Steady(Rate(rate))),
            mtu: u16::try_from(self.mtu.0).map_err(|_| format!("mtu: {} is too much", self.mtu))?,
            queue: self.queue.discipline(self.rate),
            weather: self.weather(),
            outages: Vec::new(),
        };
        path.check().map_err(|error| error.to_string())?;
        Ok(path)
    }

    fn weather(&self) -> Weather {
        let mut rules = Vec::new();
        let mut rule = |to: &[Meaning], act: Act| {
            rules.extend(to.iter().map(|to| Rule { to: *to, act }));
        };
        rule(&self.mark.0, Act::Mark);
        rule(&self.corrupt.0.named.0, Act::Damage(Damage::Flip));
        rule(&self.duplicate.0.named.0, Act::Repeat(Duration::ZERO));
        for (who, by) in &self.reorder.named {
            let act = match by {
                FallBack::Packets(count) => Act::Behind(*count),
                FallBack::Time(time) => Act::Delay(*time),
            };
            rule(&[*who], act);
        }
        rule(&self.loss.named.0, Act::Lose);
        let some = |chance: f64| (chance > 0.0).then_some(chance);
        Weather {
            rules,
            loss: self
                .loss
                .by_chance
                .iter()
                .map(|model| Loss {
                    model: *model,
                    of: Which::All,
                })
                .collect(),
            corrupt: some(self.corrupt.0.chance).map(|chance| Corrupt {
                chance,
                damage: Damage::Flip,
            }),
            duplicate: some(self.duplicate.0.chance).map(|chance| Duplicate {
                chance,
                copies: 1,
                late: Duration::ZERO,
            }),
            reorder: self.reorder.by_chance,
            jitter: self.jitter.0,
            jitter_reorders: false,
        }
    }
}

impl Queue {
    fn discipline(&self, rate: BitRate) -> Discipline {
        match *self {
            Queue::Droptail {
                packets,
                size,
                mark_from,
            } => Discipline::DropTail(DropTail {
                packets,
                bytes: size.0,
                mark_from,
            }),
            Queue::Red {
                packets,
                min,
                max,
                p,
                ecn,
            } => Discipline::Red(Red {
                packets,
                min,
                max,
                chance: p,
                ecn,
                packet_time: match rate.0 {
                    Some(rate) => Duration::from_secs_f64(12_000.0 / rate as f64),
                    None => Duration::from_micros(1),
                },
                ..Red::default()
            }),
            Queue::Codel {
                packets,
                target,
                interval,
                ecn,
            } => Discipline::CoDel(codel(packets, target, interval, ecn)),
            Queue::FqCodel {
                packets,
                target,
                interval,
                ecn,
            } => Discipline::FqCoDel(FqCoDel {
                codel: codel(packets, target, interval, ecn),
                ..FqCoDel::default()
            }),
        }
    }
}

fn codel(packets: u64, target: Time, interval: Time, ecn: bool) -> CoDel {
    CoDel {
        target: target.0,
        interval: interval.0,
        packets,
        ecn,
    }
}

const NONE: &str = "none";

#[cfg(test)]
mod tests;
