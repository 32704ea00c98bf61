//! What a script is run with: its options, those of the command line, which win, and the addresses
//! and defines of the usual suite runners beneath both.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::cookie::cookie;
use super::lex::Place;
use super::parse::{ParseError, Surroundings};
use super::spell::Hex;
use super::syntax::{Construct, Define, Micros, OptionValue, ScriptOption};

/// What was asked for on the command line.
#[derive(Debug, Clone, Default)]
pub struct Given {
    pub preset: Option<Preset>,
    pub dialect: Option<Dialect>,
    /// Script options, in order; a later one wins.
    pub options: Vec<(String, Option<String>)>,
    /// Defines, in order.
    pub defines: Vec<(String, Define)>,
}

/// The grammar and the habits of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// packetdrill as Google publishes it.
    Google,
    /// packetdrill as the suites of FreeBSD use it.
    Bsd,
}

/// Addresses, MTU and defines of a suite's runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    LinuxV4,
    LinuxV6,
    LinuxMapped,
    BsdV4,
    BsdV6,
}

/// What is on the wire, and which family a script's sockets have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IpVersion {
    V4,
    V6,
    /// IPv4 packets, AF_INET6 sockets.
    Mapped,
}

/// Everything that options decide.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    pub version: IpVersion,
    pub local: IpAddr,
    /// The length of the local network's prefix, in bits.
    pub prefix: u8,
    pub remote: IpAddr,
    /// The next router on the way there.
    pub gateway: IpAddr,
    pub bind_port: u16,
    pub connect_port: u16,
    /// Of the device, in bytes.
    pub mtu: u16,
    /// A longer inbound packet is an aggregate of segments with so much text each.
    pub aggregate: Option<u16>,
    pub tolerance: Tolerance,
    /// Microseconds a tick of outbound timestamps; 0: they are not checked.
    pub timestamp_tick: Micros,
    /// An inbound TSecr that nobody sent is shifted instead of refused.
    pub echo_scaled: bool,
    /// Live segments are never merged.
    pub strict_segments: bool,
    /// Mismatches of packets, of calls, are warnings.
    pub non_fatal_packets: bool,
    pub non_fatal_calls: bool,
    pub defines: BTreeMap<String, Define>,
    pub dialect: Option<Dialect>,
    /// Options with values that nothing here can honour.
    pub unsupported: Vec<Construct>,
}

/// How far a time may be off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    pub micros: Micros,
    /// Of the time since the event before.
    pub percent: f64,
}

impl Tolerance {
    /// For an event planned so long after the one before.
    pub fn after(&self, span: Micros) -> Micros {
        let share = self.percent / 100.0 * span as f64;
        self.micros.max(share as Micros)
    }
}

impl Preset {
    /// Which it is by its name on a command line.
    pub fn named(name: &str) -> Option<Preset> {
        Some(match name {
            "linux-v4" => Preset::LinuxV4,
            "linux-v6" => Preset::LinuxV6,
            "linux-mapped" => Preset::LinuxMapped,
            "bsd-v4" => Preset::BsdV4,
            "bsd-v6" => Preset::BsdV6,
            _ => return None,
        })
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Preset::LinuxV4 => "linux-v4",
            Preset::LinuxV6 => "linux-v6",
            Preset::LinuxMapped => "linux-mapped",
            Preset::BsdV4 => "bsd-v4",
            Preset::BsdV6 => "bsd-v6",
        }
    }

    const fn is_bsd(self) -> bool {
        matches!(self, Preset::BsdV4 | Preset::BsdV6)
    }

    const fn version(self) -> IpVersion {
        match self {
            Preset::LinuxV4 | Preset::BsdV4 => IpVersion::V4,
            Preset::LinuxV6 | Preset::BsdV6 => IpVersion::V6,
            Preset::LinuxMapped => IpVersion::Mapped,
        }
    }

    /// The preset whose values lie beneath a script that was given none.
    const fn beneath(version: IpVersion) -> Preset {
        match version {
            IpVersion::V4 => Preset::LinuxV4,
            IpVersion::V6 => Preset::LinuxV6,
            IpVersion::Mapped => Preset::LinuxMapped,
        }
    }

    /// What it defines, but for cookies, which follow from the addresses.
    fn defines(self) -> Vec<(&'static str, &'static str)> {
        match self {
            Preset::LinuxV4 => vec![
                ("CODE", "host_unreachable"),
                ("CMSG_LEVEL_IP", "SOL_IP"),
                ("CMSG_TYPE_RECVERR", "IP_RECVERR"),
            ],
            Preset::LinuxV6 | Preset::LinuxMapped => vec![
                ("CMSG_LEVEL_IP", "SOL_IPV6"),
                ("CMSG_TYPE_RECVERR", "IPV6_RECVERR"),
            ],
            Preset::BsdV4 | Preset::BsdV6 => vec![("STANDARD", "1")],
        }
    }
}

impl Settings {
    fn of_preset(preset: Preset) -> Settings {
        let v6 = preset.version() == IpVersion::V6;
        let (local, remote, gateway): (IpAddr, IpAddr, IpAddr) = match v6 {
            true => (LOCAL_V6.into(), REMOTE_V6.into(), GATEWAY_V6.into()),
            false => (LOCAL_V4.into(), REMOTE_V4.into(), GATEWAY_V4.into()),
        };
        Settings {
            version: preset.version(),
            local,
            prefix: if v6 { 64 } else { 16 },
            remote,
            gateway,
            bind_port: 8080,
            connect_port: 8080,
            mtu: if preset == Preset::LinuxV6 {
                1520
            } else {
                1500
            },
            aggregate: None,
            tolerance: Tolerance {
                micros: 4000,
                percent: 12.5,
            },
            timestamp_tick: 0,
            echo_scaled: false,
            strict_segments: false,
            non_fatal_packets: false,
            non_fatal_calls: false,
            defines: BTreeMap::new(),
            dialect: preset.is_bsd().then_some(Dialect::Bsd),
            unsupported: Vec::new(),
        }
    }

    /// Settles what a script's options, and those of the command line, come to.
    ///
    /// # Errors
    ///
    /// An option that there is none of, or a value that it cannot have; the place of one from the
    /// command line is 0:0.
    pub fn settle(given: &Given, script: &[ScriptOption]) -> Result<Settings, ParseError> {
        let version = version_of(given, script)?;
        let preset = given.preset.unwrap_or(Preset::beneath(version));
        let mut settings = Settings::of_preset(preset);
        for option in script {
            let value = match &option.value {
                Some(OptionValue::Plain(value)) => Some(value.as_str()),
                Some(OptionValue::Define(symbol, value)) => {
                    settings.defines.insert(symbol.clone(), value.clone());
                    continue;
                }
                None => None,
            };
            settings.set(&option.name, value, option.at)?;
        }
        if given.preset.is_some() {
            settings.overrule(preset);
        }
        let nowhere = Place { line: 0, col: 0 };
        for (name, value) in &given.options {
            settings.set(name, value.as_deref(), nowhere)?;
        }
        settings.dialect = given.dialect.or(settings.dialect);
        settings.define(given, preset);
        Ok(settings)
    }

    /// A preset of the command line wins over the script.
    fn overrule(&mut self, preset: Preset) {
        let of_preset = Settings::of_preset(preset);
        self.version = of_preset.version;
        self.local = of_preset.local;
        self.prefix = of_preset.prefix;
        self.remote = of_preset.remote;
        self.gateway = of_preset.gateway;
        self.mtu = of_preset.mtu;
        self.dialect = of_preset.dialect;
    }

    fn define(&mut self, given: &Given, preset: Preset) {
        let mut below: Vec<(String, Define)> = preset
            .defines()
            .into_iter()
            .map(|(symbol, value)| (symbol.to_owned(), Define::of(value)))
            .collect();
        if !preset.is_bsd() {
            for (symbol, key) in [("TFO_COOKIE", DEFAULT_KEY), ("TFO_COOKIE_ZERO", [0; 16])] {
                let bytes = cookie(key, self.remote, self.local);
                let define = Define::of(&Hex(&bytes).to_string());
                below.push((symbol.to_owned(), define));
            }
        }
        for (symbol, value) in below {
            if given.preset.is_some() {
                self.defines.insert(symbol, value);
            } else {
                self.defines.entry(symbol).or_insert(value);
            }
        }
        self.defines.extend(given.defines.iter().cloned());
    }

    /// What parsing depends on.
    pub fn surroundings(&self) -> Surroundings {
        Surroundings {
            defines: self.defines.clone(),
            v6: self.version == IpVersion::V6,
            bsd: self.dialect.map(|dialect| dialect == Dialect::Bsd),
        }
    }

    fn set(&mut self, name: &str, value: Option<&str>, at: Place) -> Result<(), ParseError> {
        let option = Setting { name, value, at };
        match name {
            "ip_version" => self.version = option.version()?,
            "local_ip" => (self.local, self.prefix) = option.address(self.prefix)?,
            "remote_ip" => (self.remote, _) = option.address(0)?,
            "gateway_ip" => (self.gateway, _) = option.address(0)?,
            "netmask_ip" => self.prefix = option.netmask()?,
            "bind_port" => self.bind_port = option.number(0, 65_535)? as u16,
            "connect_port" => self.connect_port = option.number(0, 65_535)? as u16,
            "mtu" => self.mtu = option.number(68, 65_535)? as u16,
            "mss" => {
                let mss = option.number(0, 65_535)? as u16;
                self.aggregate = Some(mss).filter(|mss| *mss > 0);
            }
            "tolerance_usecs" => self.tolerance.micros = option.number(0, i64::MAX)?,
            "tolerance_percent" => self.tolerance.percent = option.fraction()?,
            "tcp_ts_tick_usecs" => self.timestamp_tick = option.number(0, 1_000_000)?,
            "tcp_ts_ecr_scaled" => self.echo_scaled = option.flag()?,
            "strict_segments" => self.strict_segments = option.flag()?,
            "non_fatal" => {
                let list = value.unwrap_or_default().split(',');
                for what in list.map(str::trim) {
                    match what {
                        "packet" => self.non_fatal_packets = true,
                        "syscall" => self.non_fatal_calls = true,
                        _ => return Err(option.wrong("packet, syscall, or both with a comma")),
                    }
                }
            }
            "send_omit_free" | "debug" | "verbose" | "dry_run" => _ = option.flag()?,
            _ => self.refuse(&option)?,
        }
        Ok(())
    }

    /// Options whose defaults alone are what happens here, and names that are no option.
    fn refuse(&mut self, option: &Setting<'_>) -> Result<(), ParseError> {
        let default = match option.name {
            "speed" => "0",
            "code_format" => "python",
            "init_scripts" | "is_anyip" | "psp_udp_port" | "udp_encapsulation"
            | "tcp_md5_secret" => "",
            name if ["code_", "wire_", "so_"]
                .iter()
                .any(|p| name.starts_with(p)) =>
            {
                ""
            }
            "define" => return Err(option.wrong("a symbol, `=` and a value")),
            name => {
                return Err(ParseError {
                    at: option.at,
                    found: format!("`--{name}`"),
                    expected: "an option of packetdrill".into(),
                });
            }
        };
        if option.value != Some(default) {
            self.unsupported.push(Construct {
                name: format!("option:{}", option.name),
                at: option.at,
            });
        }
        Ok(())
    }
}

/// What decides about the preset beneath: the version must be known first.
fn version_of(given: &Given, script: &[ScriptOption]) -> Result<IpVersion, ParseError> {
    let of_given = given.options.iter().rev();
    let typed = of_given
        .filter(|(name, _)| name == "ip_version")
        .map(|(name, value)| Setting {
            name,
            value: value.as_deref(),
            at: Place { line: 0, col: 0 },
        });
    let written = script
        .iter()
        .rev()
        .filter(|option| option.name == "ip_version")
        .map(|option| Setting {
            name: &option.name,
            value: match &option.value {
                Some(OptionValue::Plain(value)) => Some(value.as_str()),
                _ => None,
            },
            at: option.at,
        });
    match typed.chain(written).next() {
        Some(setting) => setting.version(),
        None => Ok(IpVersion::V4),
    }
}

/// One option with its value, before it is judged.
struct Setting<'a> {
    name: &'a str,
    value: Option<&'a str>,
    at: Place,
}

impl Setting<'_> {
    fn wrong(&self, expected: &str) -> ParseError {
        let value = self.value.map(|value| format!("={value}"));
        ParseError {
            at: self.at,
            found: format!("`--{}{}`", self.name, value.unwrap_or_default()),
            expected: expected.to_owned(),
        }
    }

    fn number(&self, least: i64, most: i64) -> Result<i64, ParseError> {
        let number = self.value.and_then(|value| value.parse().ok());
        number
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| self.wrong(&format!("a number from {least} to {most}")))
    }

    fn fraction(&self) -> Result<f64, ParseError> {
        let number = self.value.and_then(|value| value.parse::<f64>().ok());
        number
            .filter(|number| number.is_finite() && *number >= 0.0)
            .ok_or_else(|| self.wrong("a number, not below 0"))
    }

    /// Present is on.
    fn flag(&self) -> Result<bool, ParseError> {
        match self.value {
            None | Some("1" | "true") => Ok(true),
            Some("0" | "false") => Ok(false),
            Some(_) => Err(self.wrong("no value, 0 or 1")),
        }
    }

    fn version(&self) -> Result<IpVersion, ParseError> {
        match self.value {
            Some("ipv4") => Ok(IpVersion::V4),
            Some("ipv6") => Ok(IpVersion::V6),
            Some("ipv4-mapped-ipv6") => Ok(IpVersion::Mapped),
            _ => Err(self.wrong("ipv4, ipv6 or ipv4-mapped-ipv6")),
        }
    }

    /// An address, and its prefix or the one that held before.
    fn address(&self, prefix: u8) -> Result<(IpAddr, u8), ParseError> {
        let value = self.value.unwrap_or_default();
        let (addr, len) = match value.split_once('/') {
            Some((addr, len)) => (addr, len.parse().ok()),
            None => (value, Some(prefix)),
        };
        let wrong = || self.wrong("an address");
        let addr = addr.parse::<IpAddr>().map_err(|_| wrong())?;
        Ok((addr, len.ok_or_else(wrong)?))
    }

    fn netmask(&self) -> Result<u8, ParseError> {
        let (mask, _) = self.address(0)?;
        let ones = match mask {
            IpAddr::V4(mask) => mask.to_bits().leading_ones(),
            IpAddr::V6(mask) => mask.to_bits().leading_ones(),
        };
        u8::try_from(ones).map_err(|_| self.wrong("a mask"))
    }
}

const LOCAL_V4: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 1);
const REMOTE_V4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const GATEWAY_V4: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 2);
const GATEWAY_V6: Ipv6Addr = Ipv6Addr::new(0xfd3d, 0x0a0b, 0x17d6, 0x8888, 0, 0, 0, 1);
const LOCAL_V6: Ipv6Addr = Ipv6Addr::new(0xfd3d, 0x0a0b, 0x17d6, 0, 0, 0, 0, 1);
const REMOTE_V6: Ipv6Addr = Ipv6Addr::new(0xfd3d, 0xfa7b, 0xd17d, 0, 0, 0, 0, 1);
/// The Fast Open key of the usual suites, a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4.
pub const DEFAULT_KEY: [u8; 16] = [
    0xa1, 0xa1, 0xa1, 0xa1, 0xb2, 0xb2, 0xb2, 0xb2, 0xc3, 0xc3, 0xc3, 0xc3, 0xd4, 0xd4, 0xd4, 0xd4,
];

#[cfg(test)]
mod tests;
