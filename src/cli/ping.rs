//! `ping`: echo requests to a host, and what becomes of them.
//!
//! What stands on standard output is worded as the ping of iputils words it, so that whoever reads
//! that, people and programs, can read this.

use std::collections::HashMap;
use std::fmt;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::base;
use crate::net::Network;
use crate::net::tokio::EchoSocket;
use crate::stack::{EchoAnswer, EchoCame, EchoRequest};

use super::Common;
use super::names::Names;
use super::signals::Signals;
use super::station::{Where, code_on};
use super::trouble::{Code, Trouble, say};
use super::values::{count, echo_size, hops, seconds};

/// Ask a host for echoes (ICMP, both families)
///
/// On a TUN interface that exists (--tun), so as far as this machine reaches; else in a private
/// namespace, where only what runs inside can answer: 10.90.0.1 and fd90::1 do.
#[derive(Debug, clap::Args)]
pub struct Ping {
    /// Whom to ask: an address or a name
    host: String,
    /// Stop after so many requests; else a signal ends it
    #[arg(short, long, value_name = "N", value_parser = count)]
    count: Option<u64>,
    /// A request every so many seconds
    #[arg(short, long, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    interval: Duration,
    /// Bytes of data in a request; what is longer than the path carries goes in fragments
    #[arg(short, long, value_name = "BYTES", default_value = "56", value_parser = echo_size)]
    size: usize,
    /// TTL or hop limit of a request
    #[arg(short, long, value_name = "HOPS", value_parser = hops)]
    ttl: Option<u8>,
    /// Never in fragments: fail if it does not fit the path
    #[arg(long)]
    whole: bool,
    /// How long to wait for what is still on its way in the end
    #[arg(short = 'W', long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    timeout: Duration,
    #[command(flatten)]
    names: Names,
    #[command(flatten)]
    whither: Where,
}

impl Ping {
    /// Asks until it has asked enough, or a signal comes.
    pub fn run(self, common: Common) -> anyhow::Result<Code> {
        self.whither.check()?;
        let place = self.whither.open()?;
        let signals = Signals::listen()?;
        let station = place.start("ping", &self.whither.private, common)?;
        let mut tally = Tally::new(self.size);
        let asking = self.ask(&station.network, &mut tally, common);
        let done = signals.interrupt(asking);
        let ended = station.end(Duration::ZERO);
        let done = done?;
        say(&format!("\n--- {} ping statistics ---\n{tally}", self.host))?;
        ended?;
        Ok(match done {
            Err(signal) => signal.code(),
            Ok(()) if tally.answered > 0 => Code::Done,
            Ok(()) => Code::Failed,
        })
    }

    async fn ask(
        &self,
        network: &Network,
        tally: &mut Tally,
        common: Common,
    ) -> anyhow::Result<()> {
        let names = &self.names;
        let found = names.look_up(&self.host, network, &self.whither, common.verbose > 0);
        let remote = found.await?;
        let socket = open(network, remote)?;
        if !common.quiet {
            let (local, size) = (socket.local_addr()?, self.size);
            let text = format!("PING {} from {local}: {size} bytes of data.", self.host);
            say(&format!("{text}\n"))?;
        }
        let mut turns = interval(self.interval);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut until = Instant::now() + self.timeout;
        loop {
            let more = self.count.is_none_or(|count| tally.sent < count);
            if !more && tally.waits_for_none() {
                return Ok(());
            }
            tokio::select! {
                _ = turns.tick(), if more => {
                    self.send(&socket, tally, network).await?;
                    until = Instant::now() + self.timeout;
                }
                came = socket.receive() => {
                    let line = tally.hear(&came?);
                    if !common.quiet {
                        say(&format!("{line}\n"))?;
                    }
                }
                () = sleep_until(until), if !more => return Ok(()),
            }
        }
    }

    async fn send(
        &self,
        socket: &EchoSocket,
        tally: &mut Tally,
        network: &Network,
    ) -> anyhow::Result<()> {
        let sequence = tally.next();
        let data = tally.data.clone();
        let request = EchoRequest {
            sequence,
            data: &data,
            hop_limit: self.ttl,
            whole: self.whole,
        };
        let sent = socket.send(&request).await.map_err(|error| {
            let what = format!("cannot ask {} with {} bytes", self.host, self.size);
            match error.kind() {
                ErrorKind::InvalidInput => {
                    let now = match self.whole {
                        true => "choose a smaller --size, or leave --whole out",
                        false => "choose a smaller --size",
                    };
                    Trouble::usage(what, error.to_string(), now)
                }
                _ => Trouble {
                    code: code_on(network),
                    ..Trouble::failed(what, error.to_string(), "-vvv shows every packet")
                },
            }
        })?;
        tally.leaves(sequence, sent);
        Ok(())
    }
}

/// What became of the requests so far.
#[derive(Debug)]
struct Tally {
    /// What every request carries.
    data: Vec<u8>,
    began: Option<base::Instant>,
    ended: Option<base::Instant>,
    sent: u64,
    answered: u64,
    again: u64,
    errors: u64,
    /// When each that waits for an answer left.
    on_their_way: HashMap<u16, base::Instant>,
    round_trips: RoundTrips,
}

impl Tally {
    fn new(size: usize) -> Tally {
        Tally {
            data: (0..size).map(|at| at as u8).collect(),
            began: None,
            ended: None,
            sent: 0,
            answered: 0,
            again: 0,
            errors: 0,
            on_their_way: HashMap::new(),
            round_trips: RoundTrips::default(),
        }
    }

    /// The number of the next request, from 1, as the field holds it.
    fn next(&self) -> u16 {
        self.sent.wrapping_add(1) as u16
    }

    /// A request left.
    fn leaves(&mut self, sequence: u16, at: base::Instant) {
        self.sent += 1;
        self.began.get_or_insert(at);
        self.ended = Some(at);
        self.on_their_way.insert(sequence, at);
    }

    fn waits_for_none(&self) -> bool {
        self.on_their_way.is_empty()
    }

    /// What to say of an answer.
    fn hear(&mut self, came: &EchoCame) -> String {
        let left = self.on_their_way.remove(&came.sequence);
        let EchoCame { from, sequence, .. } = came;
        let data = match &came.what {
            EchoAnswer::Error(problem) => {
                self.errors += 1;
                return format!("From {from} icmp_seq={sequence} {problem}");
            }
            EchoAnswer::Reply(data) => data,
        };
        self.ended = self.ended.max(Some(came.at));
        let mut line = format!(
            "{} bytes from {from}: icmp_seq={sequence} ttl={}",
            data.len() + ECHO_HEADER_LEN,
            came.hop_limit
        );
        match left {
            Some(left) => {
                self.answered += 1;
                let time = came.at.since(left);
                self.round_trips.add(time);
                line += &format!(" time={} ms", millis(time));
            }
            None => {
                self.again += 1;
                line += " (DUP!)";
            }
        }
        line + &self.changed(data)
    }

    /// Where what came back differs from what was sent.
    fn changed(&self, data: &[u8]) -> String {
        let mut pairs = data.iter().zip(&self.data).enumerate();
        match pairs.find(|(_, (came, sent))| came != sent) {
            Some((at, (came, sent))) => {
                format!("\nwrong data byte #{at} should be 0x{sent:x} but was 0x{came:x}")
            }
            None if data.len() < self.data.len() => " (truncated)".into(),
            None => String::new(),
        }
    }
}

/// The two last lines.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { sent, answered, .. } = self;
        write!(f, "{sent} packets transmitted, {answered} received")?;
        if self.again > 0 {
            write!(f, ", +{} duplicates", self.again)?;
        }
        if self.errors > 0 {
            write!(f, ", +{} errors", self.errors)?;
        }
        let lost = (sent - answered).saturating_mul(100).checked_div(*sent);
        let lasted = self.began.zip(self.ended);
        let lasted = lasted.map_or(Duration::ZERO, |(began, ended)| ended.since(began));
        writeln!(
            f,
            ", {}% packet loss, time {}ms",
            lost.unwrap_or(0),
            lasted.as_millis()
        )?;
        self.round_trips.fmt(f)
    }
}

/// Round trips summed up.
#[derive(Debug, Default)]
struct RoundTrips {
    count: u64,
    least: f64,
    most: f64,
    sum: f64,
    squares: f64,
}

impl RoundTrips {
    fn add(&mut self, time: Duration) {
        let millis = time.as_secs_f64() * 1e3;
        self.least = if self.count == 0 {
            millis
        } else {
            self.least.min(millis)
        };
        self.most = self.most.max(millis);
        self.sum += millis;
        self.squares += millis * millis;
        self.count += 1;
    }
}

impl fmt::Display for RoundTrips {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.count == 0 {
            return Ok(());
        }
        let count = self.count as f64;
        let mean = self.sum / count;
        // The standard deviation, as iputils has it.
        let deviation = (self.squares / count - mean * mean).max(0.0).sqrt();
        let (least, most) = (self.least, self.most);
        writeln!(
            f,
            "rtt min/avg/max/mdev = {least:.3}/{mean:.3}/{most:.3}/{deviation:.3} ms"
        )
    }
}

/// A socket that asks `remote`.
pub fn open(network: &Network, remote: IpAddr) -> anyhow::Result<EchoSocket> {
    Ok(EchoSocket::open(network, remote).map_err(|error| {
        let what = format!("cannot ask {remote}");
        let now = "name another host: no loopback, multicast or broadcast address";
        Trouble::usage(what, error.to_string(), now)
    })?)
}

/// Milliseconds with three digits that count.
pub fn millis(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1e3;
    let digits = match millis {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        _ => 3,
    };
    format!("{millis:.digits$}")
}

/// RFC 792: type, code, checksum, identifier, sequence number.
const ECHO_HEADER_LEN: usize = 8;

#[cfg(test)]
mod tests;
