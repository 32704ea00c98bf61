//! The form of a scenario.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::query::nearest;

use super::act::{Act, Begin, When};
use super::error::Invalid;
use super::forge::{Forgery, What};
use super::link::LinkSpec;
use super::overlay;
use super::tcp::Tcp;
use super::units::{Size, Time};

/// An experiment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    pub name: String,
    /// What it shows.
    #[serde(default)]
    pub about: String,
    /// Where all chance comes from.
    #[serde(default = "seed")]
    pub seed: u64,
    /// It is stopped then, if it is not over before.
    #[serde(default = "until")]
    pub until: Time,
    /// Whose packets are captured; the first host that connects, unless it is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vantage: Option<String>,
    /// A preset for the links `up` and `down`: what stands there beside it counts more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// What happens.
    #[serde(default, rename = "do")]
    pub acts: Vec<Do>,
    /// What has to hold in the end.
    #[serde(default)]
    pub expect: Vec<Expect>,
    pub host: BTreeMap<String, Host>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub router: BTreeMap<String, Router>,
    #[serde(default)]
    pub link: BTreeMap<String, LinkSpec>,
    /// What a run wrote of itself: who made it, and when. It means nothing to another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<Made>,
}

/// Something that happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Do {
    /// When: a time, or `connected`.
    pub at: When,
    /// Who does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// What happens at a host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Act>,
    /// Which link changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// It carries nothing for so long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down: Option<Time>,
    /// What stands here takes the place of what the link had.
    #[serde(default, skip_serializing_if = "toml::Table::is_empty")]
    pub set: toml::Table,
}

/// Something that has to hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// In the query language.
    pub that: String,
    /// The clause, or the reason.
    #[serde(default)]
    pub why: String,
}

/// A host with a stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Whose stack it has.
    #[serde(default)]
    pub stack: StackKind,
    pub addr: IpAddr,
    /// How long the network's prefix is, in bits.
    #[serde(default = "prefix")]
    pub prefix: u8,
    /// The longest packet that its interface carries.
    #[serde(default = "mtu")]
    pub mtu: Size,
    /// Of a host of ours.
    #[serde(default)]
    pub tcp: Tcp,
    /// Of a host whose stack is the kernel's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<Kernel>,
}

/// Whose stack a host has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StackKind {
    /// Ours.
    #[default]
    Pellucid,
    /// The kernel's, in real time.
    Kernel,
    /// None: it only forges packets, and answers nothing.
    None,
}

/// How a kernel's connections behave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Kernel {
    /// Its congestion control, by the kernel's name for it.
    pub cc: String,
    /// `net.ipv4.tcp_rmem`, if it is to be another: least, first and most bytes of room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rmem: Option<String>,
    /// `net.ipv4.tcp_wmem`, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wmem: Option<String>,
}

impl Default for Kernel {
    fn default() -> Kernel {
        Kernel {
            cc: "cubic".to_owned(),
            rmem: None,
            wmem: None,
        }
    }
}

/// Somebody who passes packets on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Router {
    /// Where its complaints come from.
    pub addr: IpAddr,
    /// Whether it complains of packets that are too long for the next link.
    #[serde(default = "yes")]
    pub icmp: bool,
}

/// Who made a `run.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    pub pellucid: String,
    pub clock: String,
    pub link: String,
}

impl Scenario {
    /// Reads a file, with some values set otherwise: `link.up.loss=data:14`.
    ///
    /// # Errors
    ///
    /// [`Invalid`].
    pub fn read(path: &Path, set: &[String]) -> Result<Scenario, Invalid> {
        let text = std::fs::read_to_string(path).map_err(|source| Invalid::Io {
            path: path.to_owned(),
            source,
        })?;
        Scenario::parse(&text, set)
    }

    /// The same from a text.
    ///
    /// # Errors
    ///
    /// [`Invalid`].
    pub fn parse(text: &str, set: &[String]) -> Result<Scenario, Invalid> {
        // Read as it stands first, so that what is wrong in it is shown where it stands.
        let whole: Result<Scenario, _> = toml::from_str(text);
        if let (Err(error), true) = (&whole, set.is_empty()) {
            return Err(explained(error, text));
        }
        let mut table: toml::Table = text.parse().map_err(|error| explained(&error, text))?;
        for assignment in set {
            overlay::set(&mut table, assignment)?;
        }
        overlay::with_preset(&mut table)?;
        // Written out again, it has places that can be named.
        let written = toml::to_string(&table).unwrap_or_default();
        let scenario: Result<Scenario, _> = toml::from_str(&written);
        let scenario = scenario.map_err(|error| of_key(&error, &written))?;
        scenario.check()?;
        Ok(scenario)
    }

    /// As a text that says the same, with every default written out.
    pub fn resolved(&self) -> String {
        // All that it holds has a form in TOML.
        toml::to_string_pretty(self).unwrap_or_default()
    }

    fn check(&self) -> Result<(), Invalid> {
        if self.host.len() < 2 {
            let what = format!("there are {}: it takes two to talk", self.host.len());
            return Err(Invalid::value("host", what));
        }
        if let Some(vantage) = &self.vantage {
            self.known_host("vantage", vantage)?;
        }
        self.check_kernel()?;
        let seen = self.vantage()?;
        let of_seen = self.host.get(seen);
        if of_seen.is_none_or(|host| host.stack != StackKind::Pellucid) {
            let what = format!("{seen} has no stack of ours: there is nothing to see");
            return Err(Invalid::value("vantage", what));
        }
        for (number, act) in (1..).zip(&self.acts) {
            let at = format!("do {number}");
            match (&act.host, &act.act, &act.link) {
                (Some(host), Some(act), None) => {
                    self.known_host(&at, host)?;
                    self.check_act(&at, host, act)?;
                }
                (None, None, Some(link)) => {
                    if !self.link.contains_key(link) {
                        return Err(unknown(&at, "link", link, self.link.keys()));
                    }
                    if act.down.is_none() && act.set.is_empty() {
                        return Err(Invalid::value(at, "a link is set, or down for a time"));
                    }
                }
                _ => {
                    let what = "it takes a host and an act, or a link and down or set";
                    return Err(Invalid::value(at, what));
                }
            }
        }
        Ok(())
    }

    /// Who has a stack talks, who has none forges.
    fn check_act(&self, at: &str, host: &str, act: &Act) -> Result<(), Invalid> {
        let has_none = |name: &str| {
            let of = self.host.get(name);
            of.is_some_and(|of| of.stack == StackKind::None)
        };
        match (&act.begin, has_none(host)) {
            (Begin::Forge(forgery), true) if is_of_kernel(self, forgery) => {
                let what = "what a kernel expects is not known here: forge for a host of ours";
                Err(Invalid::value(at, what))
            }
            (Begin::Forge(forgery), true) => match forgery.what.victim() {
                Some(victim) => {
                    self.known_host(at, victim)?;
                    match has_none(victim) {
                        true => Err(Invalid::value(at, format!("{victim} has no stack either"))),
                        false => Ok(()),
                    }
                }
                None => Ok(()),
            },
            (Begin::Forge(_), false) => {
                let what = format!("who forges has no stack: host.{host}.stack = \"none\"");
                Err(Invalid::value(at, what))
            }
            (_, true) => {
                let what = format!("{host} has no stack: it can forge, flood and inject");
                Err(Invalid::value(at, what))
            }
            (_, false) => Ok(()),
        }
    }

    /// The host whose stack is the kernel's, if there is one.
    pub fn of_kernel(&self) -> Option<(&str, &Host)> {
        let mut hosts = self.host.iter();
        let found = hosts.find(|(_, host)| host.stack == StackKind::Kernel);
        found.map(|(name, host)| (name.as_str(), host))
    }

    /// Gives all hosts but the one whose packets are captured the kernel's stack, or takes it
    /// from them.
    ///
    /// # Errors
    ///
    /// There is not exactly one other with a stack.
    pub fn with_peer(mut self, is_kernel: bool) -> Result<Scenario, Invalid> {
        let vantage = self.vantage()?.to_owned();
        for (name, host) in &mut self.host {
            if *name != vantage && host.stack != StackKind::None {
                host.stack = match is_kernel {
                    true => StackKind::Kernel,
                    false => StackKind::Pellucid,
                };
            }
        }
        self.check()?;
        Ok(self)
    }

    fn check_kernel(&self) -> Result<(), Invalid> {
        let kinds = self.host.values().map(|host| host.stack);
        if kinds.filter(|kind| *kind == StackKind::Kernel).count() > 1 {
            let what = "there is one kernel here, and it is one host's";
            return Err(Invalid::value("host", what));
        }
        Ok(())
    }

    pub(super) fn known_host(&self, at: &str, name: &str) -> Result<(), Invalid> {
        if self.host.contains_key(name) {
            return Ok(());
        }
        Err(unknown(at, "host", name, self.host.keys()))
    }
}

/// Whether it needs to know what a kernel's connection expects.
fn is_of_kernel(scenario: &Scenario, forgery: &Forgery) -> bool {
    let victim = match &forgery.what {
        What::Segment { to, .. } => Some(to.as_str()),
        What::Syn { .. } | What::Packet(_) => None,
    };
    victim.is_some() && victim == scenario.of_kernel().map(|(name, _)| name)
}

/// A name that nothing has.
pub(super) fn unknown<'a>(
    at: &str,
    kind: &str,
    name: &str,
    known: impl Iterator<Item = &'a String> + Clone,
) -> Invalid {
    let meant = nearest(name, known.clone().map(String::as_str));
    let what = match meant {
        Some(meant) => format!("there is no {kind} {name:?}; did you mean {meant:?}?"),
        None => {
            let known: Vec<_> = known.map(String::as_str).collect();
            format!("there is no {kind} {name:?}, only {}", known.join(", "))
        }
    };
    Invalid::value(at, what)
}

/// What TOML says, in one line, with where it stands and what may have been meant.
fn explained(error: &toml::de::Error, text: &str) -> Invalid {
    let message = error.message().lines().collect::<Vec<_>>().join("; ");
    let at = error.span().filter(|_| !text.is_empty()).map(|span| {
        let before = text.get(..span.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        (line, column)
    });
    // "unknown field `dely`, expected one of `delay`, `rate`"
    let mut quoted = message.split('`').skip(1).step_by(2);
    let wrong = quoted.next().filter(|_| message.contains("unknown field"));
    let meant = wrong.and_then(|wrong| nearest(wrong, quoted));
    Invalid::Text {
        at,
        meant: meant.map(str::to_owned),
        what: message,
    }
}

/// The same of a text that nobody has written: by the key that it stands at.
fn of_key(error: &toml::de::Error, text: &str) -> Invalid {
    let Invalid::Text { what, meant, .. } = explained(error, "") else {
        return explained(error, "");
    };
    let before = error.span().and_then(|span| text.get(..span.start));
    let mut lines = before.unwrap_or_default().lines().rev();
    let key = lines.next().and_then(|line| line.split_once(" ="));
    let table = lines.find_map(|line| line.strip_prefix('[')?.strip_suffix(']'));
    let what = match (table, key) {
        (Some(table), Some((key, _))) => format!("{table}.{key}: {what}"),
        (None, Some((key, _))) => format!("{key}: {what}"),
        _ => what,
    };
    let at = None;
    Invalid::Text { what, at, meant }
}

fn seed() -> u64 {
    42
}

fn until() -> Time {
    Time(std::time::Duration::from_secs(3_600))
}

fn prefix() -> u8 {
    24
}

fn mtu() -> Size {
    Size(1_500)
}

fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests;
