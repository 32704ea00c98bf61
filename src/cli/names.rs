//! Names on the command line: who resolves them, and what to say when nobody can.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::str::FromStr;

use crate::net::Network;
use crate::report::text::{plain, span};
use crate::resolve::{Error, Exchange, Meaning, ROOTS, Resolver, Source, Watch};

use super::screen::note;
use super::station::Where;
use super::trouble::Trouble;
use super::values::address;

/// How names are resolved.
#[derive(Debug, clap::Args)]
pub struct Names {
    /// Who resolves names, as 10.90.0.53 or 10.90.0.53:5353, repeatable; none walks from the root
    #[arg(long, value_name = "ADDRESS")]
    resolver: Vec<Asked>,
    /// A root server to begin a walk at, instead of the internet's; repeatable
    #[arg(long, value_name = "ADDRESS")]
    root: Vec<IpAddr>,
}

/// A recursive resolver, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// This one.
    At(SocketAddr),
    /// None: the way from the root down is walked.
    Nobody,
}

impl FromStr for Asked {
    type Err = String;

    fn from_str(text: &str) -> Result<Asked, String> {
        if text == "none" {
            return Ok(Asked::Nobody);
        }
        if let Some(ip) = address(text) {
            return Ok(Asked::At(SocketAddr::new(ip, DNS)));
        }
        match text.parse::<SocketAddr>() {
            Ok(address) if address.port() != 0 => Ok(Asked::At(address)),
            _ => Err("a resolver is an address, as 10.90.0.53, or 10.90.0.53:5353; or none".into()),
        }
    }
}

impl Names {
    /// Also these.
    pub fn also(&mut self, asked: &[Asked]) {
        self.resolver.extend(asked);
    }

    /// Whether somebody, or nobody, is to be asked by name.
    pub fn is_any_named(&self) -> bool {
        !self.resolver.is_empty()
    }

    /// Whom to ask: who was named; else those of this machine, where our stack can reach them.
    pub fn source(&self, whither: &Where) -> anyhow::Result<Source> {
        let walks = self.resolver.contains(&Asked::Nobody) || !self.root.is_empty();
        let named: Vec<_> = self.resolver.iter().filter_map(Asked::address).collect();
        if walks && !named.is_empty() {
            let what = "one resolver is named, and none";
            let why = "a walk from the root asks no resolver";
            return Err(Trouble::usage(what, why, "leave one of them out").into());
        }
        if walks {
            return Ok(self.walk());
        }
        if !named.is_empty() {
            return Ok(Source::resolvers(&named));
        }
        if whither.is_private() {
            return Ok(Source::Nobody);
        }
        Source::of_this_machine().map_err(|error| {
            let what = "cannot tell who resolves names here";
            let now = "name a resolver that the interface reaches: --resolver ADDRESS";
            Trouble::failed(what, error.to_string(), now).into()
        })
    }

    /// A walk from the root: the internet's, or the one that was named, in whose world any address
    /// may be a server's.
    pub fn walk(&self) -> Source {
        match self.root.as_slice() {
            [] => Source::Iterative {
                roots: ROOTS.to_vec(),
                anywhere: false,
            },
            given => Source::Iterative {
                roots: given.to_vec(),
                anywhere: true,
            },
        }
    }

    /// The address of a host that is tried first.
    ///
    /// # Errors
    ///
    /// As for [`Names::look_up_all`].
    pub async fn look_up(
        &self,
        host: &str,
        network: &Network,
        whither: &Where,
        tell: bool,
    ) -> anyhow::Result<IpAddr> {
        let all = self.look_up_all(host, network, whither, tell).await?;
        Ok(all[0])
    }

    /// The addresses of a host, given as such or by a name, in the order in which to try them; at
    /// least one.
    ///
    /// # Errors
    ///
    /// It leads to no address of a family that the stack has.
    pub async fn look_up_all(
        &self,
        host: &str,
        network: &Network,
        whither: &Where,
        tell: bool,
    ) -> anyhow::Result<Vec<IpAddr>> {
        if let Some(ip) = address(host) {
            return Ok(vec![ip]);
        }
        let source = self.source(whither)?;
        let resolver = Resolver::new(network, &source, watch(tell), Path::new(HOSTS));
        let found = match resolver {
            Ok(resolver) => resolver.addresses(host, whither.families()).await,
            Err(error) => Err(error),
        };
        found.map_err(|error| not_resolved(host, &source, &error).into())
    }
}

impl Asked {
    fn address(&self) -> Option<SocketAddr> {
        match self {
            Asked::At(address) => Some(*address),
            Asked::Nobody => None,
        }
    }
}

/// Says every exchange on standard error, or nothing.
pub fn watch(tell: bool) -> Watch {
    match tell {
        true => Watch::new(|exchange| note(&format!("* {}", told(&exchange)))),
        false => Watch::none(),
    }
}

/// An exchange in a line.
pub fn told(exchange: &Exchange) -> String {
    let question = exchange.query.queries.first();
    let question = question.map_or_else(String::new, |query| {
        format!("{} {}", query.name.to_lowercase(), query.query_type)
    });
    let after = match &exchange.reply {
        Some(reply) => format!("{} B in {}", reply.len, span(reply.after)),
        None => String::from("nothing"),
    };
    let (server, over) = (exchange.server, exchange.over);
    let meaning = Meaning::of(exchange);
    let strays = match exchange.strays {
        0 => String::new(),
        1 => String::from("; 1 message came that is no answer to it"),
        count => format!("; {count} messages came that are no answer to it"),
    };
    plain(&format!(
        "{question} asked {server} ({over}): {meaning} · {after}{strays}"
    ))
}

/// What to say when a name leads to no address.
pub fn not_resolved(name: &str, source: &Source, error: &Error) -> Trouble {
    let what = format!("cannot resolve {}", plain(name));
    let asked = source.addresses();
    let asked = match (source, asked.as_slice()) {
        (Source::Recursive(_), [one]) => format!("{one} was asked"),
        (Source::Recursive(_), several) => format!("{} resolvers were asked", several.len()),
        (Source::Iterative { .. }, [one]) => format!("a walk from {one}"),
        (Source::Iterative { .. }, several) => format!("a walk from {} roots", several.len()),
        (Source::Nobody, _) => String::from("a private namespace reaches none"),
    };
    let now = match error {
        Error::Malformed { .. } => "a name has labels of up to 63 characters, 255 in all",
        Error::NoSuchName { .. } => {
            "check the spelling; pellucid dig NAME +trace shows who says so"
        }
        Error::NoData { .. } => "pellucid dig NAME TYPE shows what else it has",
        Error::Nobody => "use an address, or --resolver ADDRESS of one that runs there",
        Error::Silence => {
            "check that the resolver runs and can be reached; --resolver names another"
        }
        Error::Unreached => "check the address and the way there; --resolver names another",
        Error::NotThere { .. } => "if that is meant, use the address itself",
        _ => "-v shows every question; --resolver names another resolver",
    };
    let why = plain(&format!("{error} ({asked})"));
    match error {
        Error::Malformed { .. } => Trouble::usage(what, why, now),
        _ => Trouble::failed(what, why, now),
    }
}

/// The port of name servers.
const DNS: u16 = 53;

/// What needs no question.
pub const HOSTS: &str = "/etc/hosts";

#[cfg(test)]
mod tests;
