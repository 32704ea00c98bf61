//! `traceroute`: who forwards packets on the way to a host, found by hop limits that run out.
//!
//! Worded as the traceroute that most systems have words it.

mod trace;

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::net::Network;
use crate::net::tokio::EchoSocket;
use crate::stack::EchoRequest;

use super::Common;
use super::names::Names;
use super::ping;
use super::signals::Signals;
use super::station::{Where, code_on};
use super::trouble::{Code, Trouble, say};
use super::values::{echo_size, hops, probes, seconds};
use trace::Trace;

/// Find the routers on the way to a host (ICMP echo requests, both families)
///
/// On a TUN interface that exists (--tun), so as far as this machine reaches; else in a private
/// namespace, where only what runs inside can answer.
#[derive(Debug, clap::Args)]
pub struct Traceroute {
    /// Whom to ask: an address or a name
    host: String,
    /// Go no further than so many hops
    #[arg(short, long, value_name = "HOPS", default_value = "30", value_parser = hops)]
    max_hops: u8,
    /// Requests for each hop
    #[arg(short, long, value_name = "N", default_value = "3", value_parser = probes)]
    probes: u8,
    /// Bytes of data in a request
    #[arg(short, long, value_name = "BYTES", default_value = "32", value_parser = echo_size)]
    size: usize,
    /// How long to wait for each answer
    #[arg(short, long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    wait: Duration,
    #[command(flatten)]
    names: Names,
    #[command(flatten)]
    whither: Where,
}

impl Traceroute {
    /// Asks until the host answers, nobody does, or a signal comes.
    pub fn run(self, common: Common) -> anyhow::Result<Code> {
        self.whither.check()?;
        let place = self.whither.open()?;
        let signals = Signals::listen()?;
        let station = place.start("traceroute", &self.whither.private, common)?;
        let done = signals.interrupt(self.trace(&station.network, common));
        let ended = station.end(Duration::ZERO);
        let code = done?.unwrap_or_else(|signal| signal.code());
        ended.map(|()| code)
    }

    async fn trace(&self, network: &Network, common: Common) -> anyhow::Result<Code> {
        let names = &self.names;
        let found = names.look_up(&self.host, network, &self.whither, common.verbose > 0);
        let remote = found.await?;
        let socket = ping::open(network, remote)?;
        let headers = if remote.is_ipv4() { 20 + 8 } else { 40 + 8 };
        let (host, most, bytes) = (&self.host, self.max_hops, headers + self.size);
        say(&format!(
            "traceroute to {host} ({remote}), {most} hops max, {bytes} byte packets\n"
        ))?;
        let mut trace = Trace::new(self.max_hops, self.probes, self.wait);
        loop {
            while let Some((sequence, hop_limit)) = trace.next() {
                let at = self.send(network, &socket, sequence, hop_limit).await?;
                trace.leaves(sequence, at);
            }
            while let Some(row) = trace.next_row() {
                say(&row)?;
            }
            let Some(patience) = trace.patience(network.clock().now()) else {
                break;
            };
            tokio::select! {
                came = socket.receive() => trace.hear(&came?),
                () = sleep_until(Instant::now() + patience) => {
                    trace.give_up(network.clock().now());
                }
            }
        }
        Ok(match trace.has_arrived() {
            true => Code::Done,
            false => Code::Failed,
        })
    }

    async fn send(
        &self,
        network: &Network,
        socket: &EchoSocket,
        sequence: u16,
        hop_limit: u8,
    ) -> anyhow::Result<crate::base::Instant> {
        let data = vec![0; self.size];
        let request = EchoRequest {
            sequence,
            data: &data,
            hop_limit: Some(hop_limit),
            whole: false,
        };
        let sent = socket.send(&request).await;
        Ok(sent.map_err(|error| Trouble {
            code: code_on(network),
            ..Trouble::failed(
                format!("cannot ask {} with {} bytes", self.host, self.size),
                error.to_string(),
                "choose a smaller --size; -vvv shows every packet",
            )
        })?)
    }
}
