//! Why there is no secure connection, by name.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use rustls::{AlertDescription, CertificateError};

/// Why not.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A certificate or key on disk is of no use.
    #[error("{} is of no use: {why}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A host of this name cannot be asked for.
    #[error("{0:?} is no name that a certificate could have")]
    Name(String),
    /// The peer's certificate was refused.
    #[error("the certificate was refused: {0}")]
    Certificate(Refusal),
    /// The peer has ended it with an alert.
    #[error("the peer ended it with the alert {0}")]
    Alert(String),
    /// What came is no TLS.
    #[error("what came is no TLS")]
    NotTls,
    /// The peer has closed the connection in the middle of the handshake.
    #[error("the peer closed the connection in the middle of the handshake")]
    Closed,
    /// It took too long.
    #[error("the handshake was not over after {} s", super::HANDSHAKE_WITHIN.as_secs())]
    Late,
    /// There are too many handshakes at a time.
    #[error("there are too many handshakes at a time")]
    Crowded,
    /// The stream below has failed.
    #[error("{0}")]
    Stream(#[source] io::Error),
    /// Both sides have nothing in common, or one breaks the rules.
    #[error("{0}")]
    Protocol(String),
}

/// What is wrong with a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYet,
    /// It is for other names: these.
    OtherName(Vec<String>),
    /// Nobody who is trusted has signed it.
    UnknownIssuer,
    /// Something else.
    Other(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Expired => f.write_str("its time is over"),
            Refusal::NotYet => f.write_str("its time has not come yet"),
            Refusal::OtherName(names) if names.is_empty() => f.write_str("it is for another name"),
            Refusal::OtherName(names) => {
                let shown = &names[..names.len().min(NAMES_SHOWN)];
                write!(f, "it is for {}", shown.join(", "))?;
                match names.len() - shown.len() {
                    0 => Ok(()),
                    more => write!(f, " and {more} more"),
                }
            }
            Refusal::UnknownIssuer => f.write_str("nobody who is trusted has signed it"),
            Refusal::Other(why) => f.write_str(why),
        }
    }
}

impl Error {
    pub(super) fn file(path: &Path, why: impl fmt::Display) -> Error {
        Error::File {
            path: path.to_owned(),
            why: why.to_string(),
        }
    }

    /// What a stream says in a handshake.
    pub(super) fn of_stream(error: io::Error) -> Error {
        match error.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(inner) => Error::of(inner),
            None if error.kind() == io::ErrorKind::UnexpectedEof => Error::Closed,
            None => Error::Stream(error),
        }
    }

    pub(super) fn of(error: &rustls::Error) -> Error {
        match error {
            rustls::Error::InvalidCertificate(why) => Error::Certificate(refusal(why)),
            rustls::Error::AlertReceived(alert) => Error::Alert(alert_name(*alert)),
            rustls::Error::InvalidMessage(_) => Error::NotTls,
            other => Error::Protocol(other.to_string()),
        }
    }
}

fn refusal(why: &CertificateError) -> Refusal {
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Refusal::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            Refusal::NotYet
        }
        CertificateError::NotValidForName => Refusal::OtherName(Vec::new()),
        CertificateError::NotValidForNameContext { presented, .. } => {
            Refusal::OtherName(presented.iter().map(|name| bare(name)).collect())
        }
        CertificateError::UnknownIssuer => Refusal::UnknownIssuer,
        other => Refusal::Other(other.to_string()),
    }
}

/// A name without what the library writes around it, as in `DnsName("www.test")`.
fn bare(name: &str) -> String {
    let quoted = name.split('"').nth(1);
    quoted.unwrap_or(name).to_owned()
}

/// An alert by the name that the protocol has for it: `unknown_ca` for `UnknownCA`.
fn alert_name(alert: AlertDescription) -> String {
    let name = format!("{alert:?}");
    let mut text = String::new();
    let mut before = ' ';
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && before.is_ascii_lowercase() {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
        before = letter;
    }
    text
}

/// Certificates of large sites hold hundreds.
const NAMES_SHOWN: usize = 3;

#[cfg(test)]
mod tests;
