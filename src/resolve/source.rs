//! Who is asked: a recursive resolver that was named, those of this machine, or the root.

use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::system_conf::parse_resolv_conf;

/// Whom a resolver asks.
#[derive(Debug, Clone)]
pub enum Source {
    /// Recursive resolvers, one after another.
    Recursive(Box<(ResolverConfig, ResolverOpts)>),
    /// Name servers from these root servers down.
    Iterative {
        /// Their addresses.
        roots: Vec<IpAddr>,
        /// Also name servers with private and otherwise special addresses: in a world of one's own.
        anywhere: bool,
    },
    /// Nobody: only what the hosts file says is known.
    Nobody,
}

impl Source {
    /// These recursive resolvers.
    pub fn resolvers(addresses: &[SocketAddr]) -> Source {
        let servers = addresses.iter().map(|address| {
            let [mut udp, mut tcp] = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
            udp.port = address.port();
            tcp.port = address.port();
            NameServerConfig::new(address.ip(), true, vec![udp, tcp])
        });
        let config = ResolverConfig::from_parts(None, vec![], servers.collect());
        Source::Recursive(Box::new((config, ResolverOpts::default())))
    }

    /// Those of this machine, with its search list and options.
    ///
    /// # Errors
    ///
    /// There are none, or none that another host than this machine could ask.
    pub fn of_this_machine() -> Result<Source, SourceError> {
        Source::of_files(&RESOLV_CONF.map(Path::new))
    }

    /// Those of the first file that names one which is no loopback address. What runs on this
    /// machine alone hears nothing from our stack, which is another host.
    fn of_files(paths: &[&Path]) -> Result<Source, SourceError> {
        let mut failed = None;
        for path in paths {
            match of_file(path) {
                Ok(source) => return Ok(source),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        Err(failed.unwrap_or(SourceError::NoServer(PathBuf::new())))
    }

    /// The servers' addresses.
    pub fn addresses(&self) -> Vec<IpAddr> {
        match self {
            Source::Recursive(config) => ips(&config.0),
            Source::Iterative { roots, .. } => roots.clone(),
            Source::Nobody => Vec::new(),
        }
    }
}

fn of_file(path: &Path) -> Result<Source, SourceError> {
    let text = fs::read(path).map_err(|error| SourceError::Unread {
        path: path.to_owned(),
        error,
    })?;
    let none = || SourceError::NoServer(path.to_owned());
    let (mut config, options) = parse_resolv_conf(text).map_err(|_| none())?;
    config
        .name_servers
        .retain(|server| !server.ip.is_loopback() && !server.ip.is_unspecified());
    if config.name_servers.is_empty() {
        return Err(SourceError::OnlyHere(path.to_owned()));
    }
    Ok(Source::Recursive(Box::new((config, options))))
}

fn ips(config: &ResolverConfig) -> Vec<IpAddr> {
    let servers = config.name_servers.iter();
    servers.map(|server| server.ip).collect()
}

/// Why this machine names no resolver to us.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The file cannot be read.
    #[error("{} cannot be read: {error}", .path.display())]
    Unread {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// It names none.
    #[error("{} names no resolver", .0.display())]
    NoServer(PathBuf),
    /// It names those that only this machine itself reaches.
    #[error("{} names only a resolver on this machine's loopback", .0.display())]
    OnlyHere(PathBuf),
}

/// What names resolvers; the second is where systemd-resolved keeps those behind its own.
const RESOLV_CONF: [&str; 2] = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"];

#[cfg(test)]
mod tests;
