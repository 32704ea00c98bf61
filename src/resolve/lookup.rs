//! A question, and its answer or the reason why there is none.

use std::fmt;
use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ::tokio::time::timeout;
use hickory_resolver::config::ResolverOpts;
use hickory_resolver::net::{DnsError, NetError, NoRecords};
use hickory_resolver::proto::op::{Query, ResponseCode};
use hickory_resolver::proto::rr::rdata::SOA;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use hickory_resolver::recursor::{Recursor, RecursorError, RecursorOptions};
use hickory_resolver::{Hosts, TtlConfig};

use super::meaning::{address, words};
use super::runtime::Provider;
use super::source::Source;
use super::stub::Stub;
use super::watch::Watch;
use crate::net::Network;

/// Finds what names stand for, and remembers it as long as their records may be remembered. To be
/// used inside a tokio runtime.
#[derive(Clone)]
pub struct Resolver {
    how: How,
    hosts: Arc<Hosts>,
}

#[derive(Clone)]
enum How {
    Stub(Stub),
    Iterative(Arc<Recursor<Provider>>),
    Nobody,
}

/// Records that answer a question: the asked ones, and the aliases on the way to them.
#[derive(Debug, Clone)]
pub struct Answer {
    /// In the order of the way.
    pub records: Vec<Record>,
}

/// Of which families addresses are of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Families {
    /// IPv4.
    pub v4: bool,
    /// IPv6.
    pub v6: bool,
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.how {
            How::Stub(_) => "Resolver(stub)",
            How::Iterative(_) => "Resolver(iterative)",
            How::Nobody => "Resolver(hosts file)",
        })
    }
}

impl Resolver {
    /// Asks `source` over sockets of `network`; `watch` is told of every exchange. What the file
    /// at `hosts` says needs no question; without such a file everything does.
    ///
    /// # Errors
    ///
    /// What `source` says makes no resolver.
    pub fn new(
        network: &Network,
        source: &Source,
        watch: Watch,
        hosts: &Path,
    ) -> Result<Resolver, Error> {
        let provider = Provider::new(network, watch);
        let hosts = Arc::new(read_hosts(hosts)?);
        let how = match source {
            Source::Recursive(config) => How::Stub(Stub::new(config, &provider, &hosts)?),
            Source::Iterative { roots, anywhere } => {
                let options = recursor_options(*anywhere);
                let recursor = Recursor::with_options(roots, options, provider)?;
                How::Iterative(Arc::new(recursor))
            }
            Source::Nobody => How::Nobody,
        };
        Ok(Resolver { how, hosts })
    }

    /// The records of this type that a name has.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn lookup(&self, name: &str, kind: RecordType) -> Result<Answer, Error> {
        let wrong = |why: String| Error::Malformed {
            name: name.to_owned(),
            why,
        };
        let mut name = Name::from_str_relaxed(name).map_err(|error| wrong(error.to_string()))?;
        if !matches!(self.how, How::Stub(_)) {
            // A stub's resolver knows them itself, with the search list.
            name.set_fqdn(true);
            let query = Query::query(name.clone(), kind);
            if let Some(found) = self.hosts.lookup_static_host(&query) {
                let records = found.answers().to_vec();
                return Ok(Answer { records });
            }
        }
        match &self.how {
            How::Nobody => Err(Error::Nobody),
            How::Stub(stub) => {
                let asking = timeout(LOOKUP_WITHIN, stub.lookup(name, kind));
                asking.await.map_err(|_| Error::Silence)?
            }
            How::Iterative(recursor) => {
                let query = Query::query(name, kind);
                let walking = recursor.resolve(query.clone(), Instant::now(), false);
                let found = timeout(LOOKUP_WITHIN, walking).await;
                let message = found.map_err(|_| Error::Silence)??;
                let records = message.answers.into_iter().map(in_lower_case);
                Answer::of(&query, records.collect())
            }
        }
    }

    /// The addresses that a name has, of the families that are of use, in the order in which they
    /// are worth trying (RFC 8305 section 4): turn by turn, IPv6 first.
    ///
    /// # Errors
    ///
    /// See [`Error`]; [`Error::NotThere`] if there are only addresses at which nobody can be.
    pub async fn addresses(&self, name: &str, families: Families) -> Result<Vec<IpAddr>, Error> {
        let ask = async |wanted: bool, kind| match wanted {
            true => Some(self.lookup(name, kind).await),
            false => None,
        };
        let (v6, v4) = tokio::join!(
            ask(families.v6, RecordType::AAAA),
            ask(families.v4, RecordType::A)
        );
        let mut failed = None;
        let mut found = [Vec::new(), Vec::new()];
        for (found, answer) in found.iter_mut().zip([v6, v4]) {
            match answer {
                Some(Ok(answer)) => found.extend(answer.records.iter().filter_map(address)),
                // That there is no such name says more than that it has none of a type.
                Some(Err(error)) => {
                    failed = match failed {
                        Some(earlier @ Error::NoSuchName { .. }) => Some(earlier),
                        _ => Some(error),
                    }
                }
                None => {}
            }
        }
        let [mut v6, mut v4] = found.map(Vec::into_iter);
        let mut turns = Vec::new();
        loop {
            let both = [v6.next(), v4.next()];
            if both == [None, None] {
                break;
            }
            turns.extend(both.into_iter().flatten());
        }
        let Some(first) = turns.first().copied() else {
            let none = Error::NoData {
                name: name.to_owned(),
                kind: if families.v4 {
                    RecordType::A
                } else {
                    RecordType::AAAA
                },
                soa: None,
            };
            return Err(failed.unwrap_or(none));
        };
        turns.retain(|ip| can_be_a_host(*ip));
        match turns.as_slice() {
            [] => Err(Error::NotThere {
                name: name.to_owned(),
                address: first,
            }),
            _ => Ok(turns),
        }
    }
}

impl Answer {
    /// Those records that answer the question. A chain of aliases that leads nowhere is no answer.
    fn of(query: &Query, records: Vec<Record>) -> Result<Answer, Error> {
        let kind = query.query_type;
        let asked = |record: &Record| kind == RecordType::ANY || record.record_type() == kind;
        if records.iter().any(asked) {
            return Ok(Answer { records });
        }
        let name = query.name.to_string();
        let aliases = records
            .iter()
            .filter(|record| matches!(record.data, RData::CNAME(_)));
        match aliases.count() {
            0 => Err(Error::NoData {
                name,
                kind,
                soa: None,
            }),
            aliases => Err(Error::Loop { name, aliases }),
        }
    }
}

/// A record without the case that our questions have mixed: servers shorten names by pointing into
/// the question (RFC 1035 section 4.1.4), and what case theirs had is lost.
fn in_lower_case(mut record: Record) -> Record {
    record.name = record.name.to_lowercase();
    let named = match &mut record.data {
        RData::CNAME(name) => Some(&mut name.0),
        RData::NS(name) => Some(&mut name.0),
        RData::PTR(name) => Some(&mut name.0),
        RData::MX(mail) => Some(&mut mail.exchange),
        RData::SRV(service) => Some(&mut service.target),
        _ => None,
    };
    if let Some(name) = named {
        *name = name.to_lowercase();
    }
    record
}

/// Whether a host elsewhere can have this address: a name that leads a stranger's page back to this
/// machine is an old trick.
fn can_be_a_host(ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    let broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    !(ip.is_loopback() || ip.is_unspecified() || ip.is_multicast() || broadcast)
}

/// With bounds on how much is remembered, and for how long.
pub(super) fn bounded(mut options: ResolverOpts) -> ResolverOpts {
    options.cache_size = CACHE;
    options.positive_max_ttl = Some(WEEK);
    options.negative_max_ttl = Some(NEGATIVE);
    options
}

fn recursor_options(anywhere: bool) -> RecursorOptions {
    let mut options = RecursorOptions {
        response_cache_size: CACHE,
        // Harder to forge an answer to (RFC 5452 section 9): a server must give the case back.
        case_randomization: true,
        cache_policy: TtlConfig::from_opts(&bounded(ResolverOpts::default())),
        ..RecursorOptions::default()
    };
    if anywhere {
        options.deny_server.clear();
    }
    options
}

fn read_hosts(path: &Path) -> Result<Hosts, Error> {
    let mut hosts = Hosts::default();
    match File::open(path) {
        Ok(file) => hosts.read_hosts_conf(file).map_err(Error::Network)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(Error::Network(error)),
    }
    Ok(hosts)
}

/// Why there is no answer. The first five are told apart as RFC 1034 section 5.2.1 wants it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was asked for is no name.
    #[error("{name:?} is no name: {why}")]
    Malformed {
        /// What was given.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// The name does not exist.
    #[error("there is no such name as {name} (NXDOMAIN){}", said_by(.soa))]
    NoSuchName {
        /// The name.
        name: String,
        /// The authority of the zone that says so.
        soa: Option<Box<Record>>,
    },
    /// The name exists, and has no such records.
    #[error("{name} has no records of type {kind} (NODATA)")]
    NoData {
        /// The name.
        name: String,
        /// What was asked for.
        kind: RecordType,
        /// The authority of the zone that says so.
        soa: Option<Box<Record>>,
    },
    /// Whoever was asked does not answer the question.
    #[error("the server was asked, but {}", words(*.0))]
    Failed(ResponseCode),
    /// There is nobody to ask.
    #[error("there is no resolver to ask")]
    Nobody,
    /// Nobody answered in time.
    #[error("no server answered in time")]
    Silence,
    /// Every one of them is unreachable, or has nobody who serves names.
    #[error("the question reached nobody who serves names")]
    Unreached,
    /// Aliases lead nowhere.
    #[error("{name} is an alias, and after {aliases} of them there is no answer")]
    Loop {
        /// The name.
        name: String,
        /// How many were followed.
        aliases: usize,
    },
    /// More work than one question may make (RFC 1034 section 5.3.3).
    #[error("the walk was given up: {0}")]
    TooFar(String),
    /// Only addresses at which no other host can be.
    #[error("{name} stands for {address}, where no other host can be")]
    NotThere {
        /// The name.
        name: String,
        /// One of its addresses.
        address: IpAddr,
    },
    /// The question did not get out, or the hosts file cannot be read.
    #[error("{0}")]
    Network(#[source] io::Error),
    /// What came was no answer.
    #[error("{0}")]
    Other(String),
}

impl Error {
    /// Whether it is what the name system says, and not a failure to hear it.
    pub(super) fn is_an_answer(&self) -> bool {
        matches!(
            self,
            Error::NoSuchName { .. } | Error::NoData { .. } | Error::Malformed { .. }
        )
    }
}

fn said_by(soa: &Option<Box<Record>>) -> String {
    match soa {
        Some(soa) => format!(", says the zone {}", soa.name.to_lowercase()),
        None => String::new(),
    }
}

/// A zone's authority as a record like any other.
fn authority(soa: Option<Box<Record<SOA>>>) -> Option<Box<Record>> {
    soa.map(|soa| Box::new(soa.into_record_of_rdata()))
}

impl From<NoRecords> for Error {
    fn from(none: NoRecords) -> Error {
        let name = none.query.name.to_string();
        match none.response_code {
            ResponseCode::NXDomain => Error::NoSuchName {
                name,
                soa: authority(none.soa),
            },
            _ => Error::NoData {
                name,
                kind: none.query.query_type,
                soa: authority(none.soa),
            },
        }
    }
}

impl From<NetError> for Error {
    fn from(error: NetError) -> Error {
        match error {
            NetError::Dns(DnsError::NoRecordsFound(none)) => none.into(),
            NetError::Dns(DnsError::ResponseCode(code)) => Error::Failed(code),
            NetError::Timeout => Error::Silence,
            NetError::NoConnections => Error::Unreached,
            NetError::Io(error) if error.kind() == io::ErrorKind::TimedOut => Error::Silence,
            NetError::Io(error) => Error::Network(io::Error::new(error.kind(), error.to_string())),
            other => Error::Other(other.to_string()),
        }
    }
}

impl From<RecursorError> for Error {
    fn from(error: RecursorError) -> Error {
        match error {
            RecursorError::Net(error) => error.into(),
            RecursorError::Timeout => Error::Silence,
            RecursorError::Io(error) => Error::Network(error),
            RecursorError::Negative(none) => NoRecords::from(none).into(),
            far @ (RecursorError::MaxRecordLimitExceeded { .. }
            | RecursorError::RecursionLimitExceeded { .. }
            | RecursorError::QueryBudgetExceeded) => Error::TooFar(far.to_string()),
            other => Error::Other(other.to_string()),
        }
    }
}

/// How many answers are remembered.
const CACHE: u64 = 4096;

/// How long anything is remembered at most (RFC 1035 section 7.3).
const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How long it is remembered at most that something is not there (RFC 2308 section 5).
const NEGATIVE: Duration = Duration::from_secs(3 * 60 * 60);

/// How long an answer may take.
const LOOKUP_WITHIN: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests;
