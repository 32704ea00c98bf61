//! What a URL says: its parts, and what each of them decides later.
//!
//! The parser is that of the WHATWG's URL standard, which browsers have too: it forgives much, and
//! says what.

use std::cell::RefCell;

use thiserror::Error;
use url::{Host, Position, SyntaxViolation, Url};

use super::HEAD_MAX;

/// A URL of the web, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    pub url: Url,
    /// Its parts, in their order.
    pub parts: Vec<Part>,
    /// What a client does by them, in order.
    pub then: Vec<Part>,
    /// What was forgiven, and what was understood otherwise than it was typed.
    pub remarks: Vec<String>,
}

/// One part, or one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// `host`.
    pub name: &'static str,
    /// What stands there.
    pub value: String,
    /// What it decides.
    pub says: String,
}

/// Why something is no URL of the web.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Misread {
    #[error("it has no scheme")]
    NoScheme,
    #[error("the scheme is {0}, and the web has http and https")]
    OtherScheme(String),
    #[error("{0} bytes are more than the {HEAD_MAX} that a request's head may have")]
    TooLong(usize),
    #[error("{0}")]
    Malformed(url::ParseError),
}

/// Reads what somebody typed.
///
/// # Errors
///
/// It is no URL, or not one of the web.
pub fn read(typed: &str) -> Result<Reading, Misread> {
    if typed.len() > HEAD_MAX {
        return Err(Misread::TooLong(typed.len()));
    }
    let forgiven = RefCell::new(Vec::new());
    let hear = |violation: SyntaxViolation| forgiven.borrow_mut().push(violation);
    let parsed = Url::options()
        .syntax_violation_callback(Some(&hear))
        .parse(typed);
    let url = parsed.map_err(|error| match error {
        url::ParseError::RelativeUrlWithoutBase => Misread::NoScheme,
        error => Misread::Malformed(error),
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Misread::OtherScheme(url.scheme().to_owned()));
    }
    let remarks = remarks(typed, &url, &forgiven.into_inner());
    Ok(Reading {
        parts: parts(&url),
        then: then(&url),
        url,
        remarks,
    })
}

fn part(name: &'static str, value: impl Into<String>, says: impl Into<String>) -> Part {
    Part {
        name,
        value: value.into(),
        says: says.into(),
    }
}

fn parts(url: &Url) -> Vec<Part> {
    let is_secure = url.scheme() == "https";
    let mut parts = vec![part(
        "scheme",
        url.scheme(),
        match is_secure {
            true => "TLS before HTTP (RFC 9110 section 4.2.2)",
            false => {
                "no TLS: whoever is on the path can read and change it (RFC 9110 section 4.2.1)"
            }
        },
    )];
    if let Some(userinfo) = userinfo(url) {
        let says = "goes into no URL of a request; who means it sends a header, and it is \
                    deprecated here (RFC 9110 section 4.2.4)";
        parts.push(part("userinfo", userinfo, says));
    }
    parts.extend(url.host().map(|host| of_host(&host)));
    let port = url.port_or_known_default().unwrap_or_default();
    let says = match (url.port(), is_secure) {
        (Some(_), _) => "it is named",
        (None, true) => "none is named: that of https (RFC 9110 section 4.2.2)",
        (None, false) => "none is named: that of http (RFC 9110 section 4.2.1)",
    };
    parts.push(part("port", port.to_string(), says));
    let says = "what is wanted of the server (RFC 9112 section 3.2.1)";
    parts.push(part("path", url.path(), says));
    if let Some(query) = url.query() {
        parts.push(part("query", query, "goes along with the path"));
    }
    if let Some(fragment) = url.fragment() {
        let says = "stays here: a place in what comes back; no server is told";
        parts.push(part("fragment", fragment, says));
    }
    parts
}

/// User and password, the second hidden.
fn userinfo(url: &Url) -> Option<String> {
    match (url.username(), url.password()) {
        ("", None) => None,
        (user, None) => Some(user.to_owned()),
        (user, Some(_)) => Some(format!("{user}:***")),
    }
}

fn of_host(host: &Host<&str>) -> Part {
    match host {
        Host::Domain(name) => {
            let shown = url::quirks::domain_to_unicode(name);
            let says = match (shown == **name, name.contains('.')) {
                (false, _) => {
                    format!("a name; people read it as {shown}, DNS knows letters of ASCII")
                }
                (true, true) => "a name".to_owned(),
                (true, false) => {
                    "a name of one label: a resolver may put a suffix behind it".into()
                }
            };
            part("host", *name, says)
        }
        Host::Ipv4(address) => part("host", address.to_string(), "an IPv4 address"),
        Host::Ipv6(address) => part("host", address.to_string(), "an IPv6 address"),
    }
}

fn then(url: &Url) -> Vec<Part> {
    let host = url.host_str().unwrap_or_default();
    let is_name = matches!(url.host(), Some(Host::Domain(_)));
    let port = url.port_or_known_default().unwrap_or_default();
    let mut steps = vec![match is_name {
        true => part("resolve", host, "A and AAAA (RFC 1034 section 5.2.1)"),
        false => part("resolve", "-", "nothing: it is an address"),
    }];
    let to = match is_name {
        true => format!("port {port} of what the name leads to"),
        false => format!("{host}:{port}"),
    };
    steps.push(part("connect", to, "TCP (RFC 9293 section 3.5)"));
    if url.scheme() == "https" {
        steps.push(match is_name {
            true => part(
                "TLS",
                host,
                "named in the clear; the certificate must be for it",
            ),
            false => part(
                "TLS",
                host,
                "not named; the certificate must hold this address",
            ),
        });
    }
    let target = &url[Position::BeforePath..Position::AfterQuery];
    let line = format!("GET {target} HTTP/1.1");
    steps.push(part(
        "request",
        line,
        "origin-form (RFC 9112 section 3.2.1)",
    ));
    let authority = &url[Position::BeforeHost..Position::AfterPort];
    let field = format!("Host: {authority}");
    steps.push(part(
        "",
        field,
        "which site it is for (RFC 9110 section 7.2)",
    ));
    steps
}

fn remarks(typed: &str, url: &Url, forgiven: &[SyntaxViolation]) -> Vec<String> {
    let mut remarks: Vec<String> = Vec::new();
    for violation in forgiven {
        let said = violation.description().to_owned();
        if !remarks.contains(&said) {
            remarks.push(said);
        }
    }
    if let Some(Host::Ipv4(address)) = url.host()
        && !typed.contains(&address.to_string())
    {
        remarks.push(format!(
            "the host is {address} in another notation: parts may be octal, hexadecimal, or fewer"
        ));
    }
    if typed != url.as_str() {
        remarks.push(format!("read as {}", without_password(url)));
    }
    remarks
}

/// The whole of it, with a password hidden.
pub fn without_password(url: &Url) -> String {
    let mut url = url.clone();
    if url.password().is_some() {
        // URLs of the web may have one.
        let _ = url.set_password(Some("***"));
    }
    url.into()
}

#[cfg(test)]
mod tests;
