//! Values as they are typed: each is what it says, or is refused with what is accepted.

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::str::FromStr;

use hyper::header::{HeaderName, HeaderValue};
use url::{Host, Position, Url};

use crate::compare::Shard;

/// Seeds, each of which something is done with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seeds(pub Vec<u64>);

impl FromStr for Seeds {
    type Err = String;

    fn from_str(text: &str) -> Result<Seeds, String> {
        let wanted = "seeds are whole numbers, as in 1..10 or 3,7,9";
        let number = |text: &str| -> Result<u64, String> {
            text.parse()
                .map_err(|_| format!("{text:?} is no number; {wanted}"))
        };
        let mut all = Vec::new();
        for part in text.split(',') {
            match part.split_once("..") {
                None => all.push(number(part)?),
                Some((first, last)) => {
                    let (first, last) = (number(first)?, number(last)?);
                    if first > last || last - first >= SEEDS_MAX {
                        return Err(format!(
                            "{part} has none, or more than {SEEDS_MAX}; {wanted}"
                        ));
                    }
                    all.extend(first..=last);
                }
            }
        }
        Ok(Seeds(all))
    }
}

/// A share of runs: `2/8` is the second of eight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShardOf(pub Shard);

impl FromStr for ShardOf {
    type Err = String;

    fn from_str(text: &str) -> Result<ShardOf, String> {
        let read = || {
            let (index, of) = text.split_once('/')?;
            let (index, of) = (index.parse().ok()?, of.parse::<NonZeroUsize>().ok()?);
            (1..=of.get())
                .contains(&index)
                .then_some(Shard { index, of })
        };
        let wanted = "a shard is its number and how many there are, as in 2/8";
        read()
            .map(ShardOf)
            .ok_or_else(|| format!("{text:?} is none; {wanted}"))
    }
}

/// More are a task for more machines.
const SEEDS_MAX: u64 = 100_000;

/// A page: where it is and what to ask for there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// A name, or an address.
    pub host: Host<String>,
    /// The port; unless the URL names one, 80 or 443.
    pub port: u16,
    /// Whether TLS comes before HTTP.
    pub is_secure: bool,
    /// The path with its query: what a request line holds.
    pub target: String,
    /// Host and port as the `Host` field wants them.
    pub authority: String,
    /// The whole of it without a fragment, as it is shown.
    pub shown: String,
}

impl FromStr for Page {
    type Err = String;

    fn from_str(text: &str) -> Result<Page, String> {
        let wanted = "as in http://10.90.0.1:8080/page?name=you";
        let url = Url::parse(text).map_err(|error| match error {
            url::ParseError::RelativeUrlWithoutBase => format!("it has no scheme; {wanted}"),
            error => format!("{error}; {wanted}"),
        })?;
        match url.scheme() {
            "http" | "https" => {}
            other => {
                return Err(format!(
                    "the scheme is {other}; http and https are spoken here"
                ));
            }
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it holds a user or a password; use -H 'Authorization: ...'".into());
        }
        let host = url.host().map(|host| host.to_owned());
        let host = host.ok_or_else(|| format!("it names no host; {wanted}"))?;
        // The scheme is known, so its port is.
        let port = url.port_or_known_default().unwrap_or(80);
        if port == 0 {
            return Err(format!("nobody can listen on port 0; {wanted}"));
        }
        Ok(Page {
            is_secure: url.scheme() == "https",
            host,
            port,
            target: url[Position::BeforePath..Position::AfterQuery].to_owned(),
            authority: url[Position::BeforeHost..Position::AfterPort].to_owned(),
            shown: url[..Position::AfterQuery].to_owned(),
        })
    }
}

/// An address and the length of its network's prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix(pub IpAddr, pub u8);

impl FromStr for Prefix {
    type Err = String;

    fn from_str(text: &str) -> Result<Prefix, String> {
        let wanted = "an address and its network look like 10.190.0.2/24 or fd90::2/64";
        let (ip, len) = text
            .split_once('/')
            .ok_or_else(|| format!("it has no length; {wanted}"))?;
        let ip: IpAddr = ip
            .parse()
            .map_err(|_| format!("{ip} is no address; {wanted}"))?;
        if ip.is_unspecified() || ip.is_multicast() || ip.is_loopback() {
            return Err(format!("{ip} cannot be the address of a host on a link"));
        }
        let most = if ip.is_ipv4() { 32 } else { 128 };
        match len.parse() {
            Ok(len) if (1..=most).contains(&len) => Ok(Prefix(ip, len)),
            _ => Err(format!("/{len} is no length; from /1 to /{most}")),
        }
    }
}

/// What a name means: `HOST:PORT:ADDRESS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolve {
    pub host: String,
    pub port: u16,
    pub address: IpAddr,
}

impl FromStr for Resolve {
    type Err = String;

    fn from_str(text: &str) -> Result<Resolve, String> {
        let wanted = "HOST:PORT:ADDRESS, as in www.pellucid.example:80:10.90.0.1";
        let mut parts = text.splitn(3, ':');
        let (Some(host), Some(port), Some(address)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(format!("three parts were expected: {wanted}"));
        };
        if host.is_empty() {
            return Err(format!("it names no host: {wanted}"));
        }
        Ok(Resolve {
            host: host.to_ascii_lowercase(),
            port: self::port(port).map_err(|_| format!("{port} is no port: {wanted}"))?,
            address: self::address(address)
                .ok_or_else(|| format!("{address} is no address: {wanted}"))?,
        })
    }
}

/// A field of a head: `NAME: VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field(pub HeaderName, pub HeaderValue);

impl FromStr for Field {
    type Err = String;

    fn from_str(text: &str) -> Result<Field, String> {
        let wanted = "as in 'Accept: text/html'";
        let (name, value) = text
            .split_once(':')
            .ok_or_else(|| format!("it has no colon; {wanted}"))?;
        let name = HeaderName::from_str(name)
            .map_err(|_| format!("{name:?} cannot name a header field; {wanted}"))?;
        let value = HeaderValue::from_str(value.trim())
            .map_err(|_| format!("the value of {name} has characters that no field may have"))?;
        Ok(Field(name, value))
    }
}

/// A request method (RFC 9110 section 9).
pub fn method(text: &str) -> Result<hyper::Method, String> {
    let wanted = "a method is a word like GET, HEAD, POST, PUT or DELETE";
    hyper::Method::from_bytes(text.as_bytes()).map_err(|_| wanted.to_owned())
}

/// A time in seconds, as 30 or 0.5.
pub fn seconds(text: &str) -> Result<std::time::Duration, String> {
    let wanted = "seconds above 0, as 30 or 0.5";
    let seconds: f64 = text.parse().map_err(|_| wanted.to_owned())?;
    if !(0.001..=SECONDS_MAX).contains(&seconds) {
        return Err(wanted.to_owned());
    }
    Ok(std::time::Duration::from_secs_f64(seconds))
}

/// How many times to do something.
pub fn count(text: &str) -> Result<u64, String> {
    let wanted = "a whole number from 1 on";
    match text.parse() {
        Ok(0) | Err(_) => Err(wanted.to_owned()),
        Ok(count) => Ok(count),
    }
}

/// How many requests a hop gets.
pub fn probes(text: &str) -> Result<u8, String> {
    let wanted = "a number of requests, from 1 to 10";
    match text.parse() {
        Ok(probes @ 1..=10) => Ok(probes),
        _ => Err(wanted.to_owned()),
    }
}

/// A TTL or hop limit.
pub fn hops(text: &str) -> Result<u8, String> {
    let wanted = "a number of hops, from 1 to 255";
    match text.parse() {
        Ok(0) | Err(_) => Err(wanted.to_owned()),
        Ok(hops) => Ok(hops),
    }
}

/// How much data an echo request has: at most what IPv6's length field leaves beside the header.
pub fn echo_size(text: &str) -> Result<usize, String> {
    let wanted = format!("bytes of data, from 0 to {ECHO_DATA_MAX}; IPv4 holds 20 less");
    match text.parse() {
        Ok(size) if size <= ECHO_DATA_MAX => Ok(size),
        _ => Err(wanted),
    }
}

/// An address, in brackets as URLs have those of IPv6, or without.
pub fn address(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    bare.unwrap_or(text).parse().ok()
}

/// A port that somebody may listen on.
pub fn port(text: &str) -> Result<u16, String> {
    let wanted = "a port is a number from 1 to 65535";
    match text.parse() {
        Ok(0) | Err(_) => Err(wanted.to_owned()),
        Ok(port) => Ok(port),
    }
}

/// A number to draw chance from.
pub fn seed(text: &str) -> Result<u64, String> {
    let wanted = format!("a seed is a whole number from 0 to {}", u64::MAX);
    text.parse().map_err(|_| wanted)
}

/// 65,535 less the eight bytes of an echo request's header.
const ECHO_DATA_MAX: usize = 65_527;

/// Thirty years: as good as for ever, and far from where a clock would overflow.
const SECONDS_MAX: f64 = 1e9;

#[cfg(test)]
mod tests;
