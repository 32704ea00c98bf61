//! `resolve-server`: a recursive resolver, run by our stack.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use crate::report::text::{counted, plain, span};
use crate::resolve::{Recursive, Resolver, Served, Source};
use crate::stack;

use super::Common;
use super::names::{HOSTS, Names, not_resolved, watch};
use super::screen::note;
use super::signals::Signals;
use super::station::{Where, code_on};
use super::trouble::{Code, Trouble, say};
use super::values::{Prefix, port};

/// Resolve names for others: a caching recursive resolver with this stack as its network
///
/// It walks down from the root, or hands questions on with --resolver; a line says what was asked
/// and answered, and with -v whom that took.
#[derive(Debug, clap::Args)]
pub struct ResolveServer {
    /// The port
    #[arg(short, long, default_value = "53", value_parser = port, allow_negative_numbers = true)]
    port: u16,
    /// Who may ask, as 203.0.113.0/24; repeatable. Else whoever has a private address
    #[arg(long, value_name = "ADDRESS/LENGTH")]
    allow: Vec<Prefix>,
    #[command(flatten)]
    names: Names,
    #[command(flatten)]
    whither: Where,
}

impl ResolveServer {
    /// Answers until a signal comes.
    pub fn run(self, common: Common) -> anyhow::Result<Code> {
        self.whither.check()?;
        let source = match self.names.is_any_named() {
            true => self.names.source(&self.whither)?,
            false => self.names.walk(),
        };
        let place = self.whither.open()?;
        let signals = Signals::listen()?;
        let addresses = place.addresses();
        let at = addresses.iter().map(|ip| SocketAddr::new(*ip, self.port));
        let at: Vec<_> = at.collect();
        let welcome = welcome(&at, &source, &place.said);
        let station = place.start("resolve-server", &self.whither.private, common)?;
        let done = signals.interrupt(async {
            let watch = watch(common.verbose > 0);
            let resolver = Resolver::new(&station.network, &source, watch, Path::new(HOSTS));
            let resolver = resolver.map_err(|error| not_resolved("anything", &source, &error))?;
            let quiet = common.quiet;
            let allowed = self.allow;
            let server = Recursive::new(
                resolver,
                move |ip| allows(&allowed, ip),
                move |served| {
                    if !quiet {
                        note(&line(&served));
                    }
                },
            );
            say(&welcome)?;
            let ended = server.serve(&station.network, &at).await;
            let ended = ended.map_err(|error| Trouble {
                code: code_on(&station.network),
                ..Trouble::failed(
                    "cannot resolve for others any longer",
                    error.to_string(),
                    "see what became of the interface, then start it again",
                )
            });
            Ok(ended?)
        });
        let ended = station.end(Duration::ZERO);
        let code = match done? {
            Ok(()) => Code::Done,
            Err(signal) => signal.code(),
        };
        ended.map(|()| code)
    }
}

/// Whether somebody at this address may ask.
fn allows(allowed: &[Prefix], ip: IpAddr) -> bool {
    match allowed {
        [] => is_private(ip),
        given => given.iter().any(|Prefix(network, len)| {
            stack::Prefix::new(*network, *len).contains(ip.to_canonical())
        }),
    }
}

/// Whether an address is one of those that no internet reaches: whoever answers all of the world
/// is made to flood it.
fn is_private(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_loopback() || ip.is_unicast_link_local(),
    }
}

fn welcome(at: &[SocketAddr], source: &Source, link: &str) -> String {
    let shown: Vec<_> = at.iter().map(SocketAddr::to_string).collect();
    let asks = match source {
        Source::Iterative { roots, .. } => format!("walks from {} root servers", roots.len()),
        other => {
            let asked: Vec<_> = other.addresses().iter().map(IpAddr::to_string).collect();
            format!("asks {}", asked.join(", "))
        }
    };
    let (shown, asks) = (shown.join(" and "), plain(&asks));
    format!("resolving at {shown}; {asks}\n  link  {link}\n  stop  Ctrl-C\n")
}

/// A question that was answered, in a line.
fn line(served: &Served) -> String {
    let Served {
        peer,
        over,
        question,
        code,
        records,
        took,
    } = served;
    let what = match *records {
        0 => code.to_string(),
        count => counted(count, "record"),
    };
    plain(&format!(
        "{peer} ({over}) {question} → {what} · {}",
        span(*took)
    ))
}

#[cfg(test)]
mod tests;
