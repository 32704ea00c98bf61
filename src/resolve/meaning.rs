//! What an answer of a name server says (RFC 1034 section 4.3.2). Names in it are in lower case: a
//! server may have theirs from a question whose case was mixed.

use std::fmt;
use std::net::IpAddr;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

use super::watch::Exchange;

/// What a question got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// Nothing, while anybody waited.
    Silence,
    /// Octets that are no message.
    Unreadable,
    /// A part of an answer that is too long for a datagram: to be asked for again over TCP (RFC
    /// 1123 section 6.1.3.2).
    Truncated,
    /// Records of the type that was asked for.
    Answer(usize),
    /// The name is another one's alias.
    Alias(Name),
    /// Others know more: they serve a zone further down.
    Referral {
        /// The zone.
        zone: Name,
        /// Its servers.
        servers: Vec<Name>,
        /// Addresses of theirs that came along.
        glue: Vec<IpAddr>,
    },
    /// There is no such name (RFC 2308 section 2.1).
    NoSuchName,
    /// The name has no records of that type (RFC 2308 section 2.2).
    NoData,
    /// The server does not answer the question, and says so.
    Failed(ResponseCode),
}

impl Meaning {
    /// Of an exchange.
    pub fn of(exchange: &Exchange) -> Meaning {
        let Some(reply) = &exchange.reply else {
            return Meaning::Silence;
        };
        match &reply.message {
            Some(message) => Meaning::of_message(message),
            None => Meaning::Unreadable,
        }
    }

    /// Of a message that answers one question.
    pub fn of_message(message: &Message) -> Meaning {
        match message.metadata.response_code {
            ResponseCode::NoError => {}
            ResponseCode::NXDomain => return Meaning::NoSuchName,
            other => return Meaning::Failed(other),
        }
        if message.metadata.truncation {
            return Meaning::Truncated;
        }
        let Some(query) = message.queries.first() else {
            return Meaning::Unreadable;
        };
        let kind = query.query_type;
        let wanted = |record: &&Record| kind == RecordType::ANY || record.record_type() == kind;
        match message.answers.iter().filter(wanted).count() {
            0 => {}
            count => return Meaning::Answer(count),
        }
        // The last alias of a chain is where the asking goes on.
        let alias = message.answers.iter().rev().find_map(alias_for);
        if let Some(name) = alias {
            return Meaning::Alias(name.to_lowercase());
        }
        let of_type = |kind| {
            let authorities = message.authorities.iter();
            authorities.filter(move |record| record.record_type() == kind)
        };
        // Whoever names the zone's authority has authority: servers without it are a referral.
        if of_type(RecordType::SOA).next().is_some() {
            return Meaning::NoData;
        }
        let Some(first) = of_type(RecordType::NS).next() else {
            return Meaning::NoData;
        };
        let servers = of_type(RecordType::NS).filter_map(|record| match &record.data {
            RData::NS(server) => Some(server.0.to_lowercase()),
            _ => None,
        });
        Meaning::Referral {
            zone: first.name.to_lowercase(),
            servers: servers.collect(),
            glue: message.additionals.iter().filter_map(address).collect(),
        }
    }
}

/// What a record makes of its name, if that is an alias.
fn alias_for(record: &Record) -> Option<&Name> {
    match &record.data {
        RData::CNAME(name) => Some(&name.0),
        _ => None,
    }
}

/// A record's address, if it has one.
pub(super) fn address(record: &Record) -> Option<IpAddr> {
    match &record.data {
        RData::A(ip) => Some(ip.0.into()),
        RData::AAAA(ip) => Some(ip.0.into()),
        _ => None,
    }
}

impl fmt::Display for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Meaning::Silence => f.write_str("no answer"),
            Meaning::Unreadable => f.write_str("an answer that cannot be read"),
            Meaning::Truncated => f.write_str("truncated: ask again over TCP"),
            Meaning::Answer(1) => f.write_str("the answer, 1 record"),
            Meaning::Answer(count) => write!(f, "the answer, {count} records"),
            Meaning::Alias(name) => write!(f, "an alias of {name}"),
            Meaning::Referral {
                zone,
                servers,
                glue,
            } => {
                write!(f, "{zone} is served by {}", list(servers))?;
                match glue.as_slice() {
                    [] => Ok(()),
                    glue => write!(f, " (glue {})", list(glue)),
                }
            }
            Meaning::NoSuchName => f.write_str("no such name (NXDOMAIN)"),
            Meaning::NoData => f.write_str("no such records (NODATA)"),
            Meaning::Failed(code) => write!(f, "{}", words(*code)),
        }
    }
}

/// A response code in words, behind them its usual name.
pub(super) fn words(code: ResponseCode) -> String {
    let said = match code {
        ResponseCode::FormErr => "it could not read the question (FORMERR)",
        ResponseCode::ServFail => "it could not find the answer (SERVFAIL)",
        ResponseCode::NotImp => "it does not answer such questions (NOTIMP)",
        ResponseCode::Refused => "it refuses to answer (REFUSED)",
        ResponseCode::NotAuth => "it has no authority (NOTAUTH)",
        ResponseCode::BADVERS => "it does not know our version of EDNS (BADVERS)",
        other => return format!("it answered with code {}: {other}", u16::from(other)),
    };
    said.to_owned()
}

/// A few, and how many more.
fn list<T: fmt::Display>(all: &[T]) -> String {
    let mut text = String::new();
    for (index, one) in all.iter().take(SHOWN).enumerate() {
        let comma = if index > 0 { ", " } else { "" };
        text.push_str(&format!("{comma}{one}"));
    }
    match all.len().saturating_sub(SHOWN) {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

/// Zones of the upper floors have thirteen servers with two addresses each.
const SHOWN: usize = 2;
