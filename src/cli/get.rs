//! `get`: one page, fetched by our stack.

use std::fs::File;
use std::io::{self, IsTerminal, Write, stdout};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context;
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Response};
use indicatif::{ProgressBar, ProgressStyle};
use url::Host;

use crate::http::Body;
use crate::http::body::{empty, full, read_from};
use crate::http::client::{Connection, Error, receive};
use crate::net::Network;
use crate::net::tokio::TcpStream;
use crate::report::text::{plain, plain_lines, size, span};
use crate::resolve::race;
use crate::tls::{self, Client, Refusal, Trust};

use super::Common;
use super::names::Names;
use super::screen::note;
use super::signals::Signals;
use super::station::{Where, code_on};
use super::trouble::{Code, Trouble, Unread};
use super::values::{Field, Page, Resolve, method, seconds};

/// Fetch a page over this stack (HTTP/1.1, with TLS or without)
///
/// On a TUN interface that exists (--tun), so as far as this machine reaches; else in a private
/// namespace, where only what runs inside can answer.
#[derive(Debug, clap::Args)]
pub struct Get {
    /// What to fetch, as https://www.example.org/page
    url: Page,
    /// Write the body to FILE
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write the head of the answer before the body
    #[arg(short, long)]
    include: bool,
    /// The request method; GET, or POST with -d
    #[arg(short = 'X', long, value_name = "METHOD", value_parser = method)]
    request: Option<Method>,
    /// A header field, as 'Accept: text/html'; repeatable
    #[arg(short = 'H', long, value_name = "NAME: VALUE")]
    header: Vec<Field>,
    /// A body to send; @FILE sends a file as it is
    #[arg(short, long, value_name = "DATA")]
    data: Option<String>,
    /// What a name means, as www.pellucid.example:80:10.90.0.1; repeatable
    #[arg(long, value_name = "HOST:PORT:ADDRESS")]
    resolve: Vec<Resolve>,
    /// Trust the authorities of FILE (PEM) too; repeatable
    #[arg(long, value_name = "FILE")]
    cacert: Vec<PathBuf>,
    /// Take whatever certificate the server shows: whoever is on the path can read and change all
    #[arg(short = 'k', long, conflicts_with = "cacert")]
    insecure: bool,
    /// Fail (exit 1) on a status of 400 or more
    #[arg(short, long)]
    fail: bool,
    /// Give up when nothing has moved for so many seconds
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds,
        allow_negative_numbers = true)]
    timeout: Duration,
    #[command(flatten)]
    names: Names,
    #[command(flatten)]
    whither: Where,
}

impl Get {
    /// Fetches it.
    pub fn run(self, common: Common) -> anyhow::Result<Code> {
        self.whither.check()?;
        let tls = self.tls()?;
        let place = self.whither.open()?;
        let signals = Signals::listen()?;
        if common.verbose > 0 {
            note(&format!("* link: {}", place.said));
        }
        let station = place.start("get", &self.whither.private, common)?;
        let tls = tls.map(|tls| tls.with_keys(station.keys(&self.whither.private)));
        let done = signals.interrupt(self.fetch(&station.network, tls.as_ref(), common));
        // What is left of the connection has ended with the work; its FIN gets time to arrive.
        let ended = station.end(GOODBYE);
        let code = done?.unwrap_or_else(|signal| signal.code());
        ended.map(|()| code)
    }

    /// Where to connect to, in the order in which it is tried.
    async fn remotes(&self, network: &Network, common: Common) -> anyhow::Result<Vec<SocketAddr>> {
        let port = self.url.port;
        let name = match &self.url.host {
            Host::Ipv4(ip) => return Ok(vec![SocketAddr::new(IpAddr::V4(*ip), port)]),
            Host::Ipv6(ip) => return Ok(vec![SocketAddr::new(IpAddr::V6(*ip), port)]),
            Host::Domain(name) => name,
        };
        let given = self
            .resolve
            .iter()
            .find(|given| given.host == *name && given.port == port);
        if let Some(given) = given {
            return Ok(vec![SocketAddr::new(given.address, port)]);
        }
        let tell = common.verbose > 0;
        let found = self
            .names
            .look_up_all(name, network, &self.whither, tell)
            .await?;
        let remote = |ip| SocketAddr::new(ip, port);
        Ok(found.into_iter().map(remote).collect())
    }

    /// A connection to the first of these that lets us in.
    async fn connect(
        &self,
        network: &Network,
        remotes: &[SocketAddr],
    ) -> anyhow::Result<TcpStream> {
        let connecting = race(remotes, |remote| {
            let network = network.clone();
            async move {
                let stream = TcpStream::connect(&network, remote).await?;
                // TLS and HTTP write in small pieces, and wait for answers.
                stream.set_nodelay(true)?;
                Ok(stream)
            }
        });
        let failed = match tokio::time::timeout(self.timeout, connecting).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(failed)) => failed,
            Err(_) => None,
        };
        let (remote, error) =
            failed.unwrap_or_else(|| (remotes[0], io::ErrorKind::TimedOut.into()));
        Err(self.no_connection(network, remote, &error).into())
    }

    /// What speaks TLS, if the URL wants it.
    fn tls(&self) -> anyhow::Result<Option<Client>> {
        if !self.url.is_secure {
            return Ok(None);
        }
        let trust = match self.insecure {
            true => Trust::Anyone,
            false => Trust::Authorities(self.cacert.clone()),
        };
        let client = Client::new(&trust, &["http/1.1"]).map_err(|error| {
            let now = "--cacert takes a PEM file with the certificates of authorities";
            Trouble::usage("cannot tell whom to trust", error.to_string(), now)
        })?;
        Ok(Some(client))
    }

    /// HTTP over `stream`, with TLS between them if the URL wants it.
    async fn speak(
        &self,
        stream: TcpStream,
        tls: Option<&Client>,
        common: Common,
    ) -> anyhow::Result<Connection> {
        let Some(tls) = tls else {
            return Ok(Connection::over(stream, self.timeout).await?);
        };
        if self.insecure {
            note(INSECURE);
        }
        let host = match &self.url.host {
            Host::Domain(name) => name.clone(),
            Host::Ipv4(ip) => ip.to_string(),
            Host::Ipv6(ip) => ip.to_string(),
        };
        let secured = tls.connect(&host, stream).await;
        let (stream, agreed) = secured.map_err(|error| self.not_secured(&error))?;
        if common.verbose > 0 {
            note(&format!("* {agreed}"));
        }
        Ok(Connection::over(stream, self.timeout).await?)
    }

    async fn fetch(
        &self,
        network: &Network,
        tls: Option<&Client>,
        common: Common,
    ) -> anyhow::Result<Code> {
        let mut output = Output::open(self.output.as_deref())?;
        let request = self.request().await?;
        let remotes = self.remotes(network, common).await?;
        let stream = self.connect(network, &remotes).await?;
        if common.verbose > 0 {
            let (local, status) = (stream.local_addr()?, stream.status()?);
            note(&format!(
                "* {local} → {}: {}, mss {}",
                stream.peer_addr()?,
                status.state,
                status.mss
            ));
        }
        let mut connection = self.speak(stream, tls, common).await?;
        if common.verbose > 0 {
            show_request(&request);
        }
        let began = Instant::now();
        let response = connection.send(request).await;
        let response = response.map_err(|error| self.broke_off(network, error))?;
        if common.verbose > 0 {
            show_head(&response, |line| note(&format!("< {line}")));
        }
        let status = response.status();
        if self.include {
            let mut head = String::new();
            show_head(&response, |line| head.push_str(&format!("{line}\r\n")));
            let written = output.write(format!("{head}\r\n").as_bytes());
            written.map_err(|error| self.broke_off(network, Error::Sink(error)))?;
        }
        let bar = progress(&response, &output, common);
        let received = receive(response.into_body(), |piece| {
            bar.inc(piece.len() as u64);
            output.write(piece)
        });
        let received = received.await;
        bar.finish_and_clear();
        let received = received.map_err(|error| self.broke_off(network, error))?;
        let flushed = output.flush();
        flushed.map_err(|error| self.broke_off(network, Error::Sink(error)))?;
        if common.verbose > 0 {
            note(&format!(
                "* {} in {}",
                size(received),
                span(began.elapsed())
            ));
        }
        // The answer is whole, however the connection ends.
        if let Err(error) = connection.close().await {
            log::info!("{error}");
        }
        if self.fail && (status.is_client_error() || status.is_server_error()) {
            let what = format!("{} answered {status}", plain(&self.url.shown));
            let why = "--fail makes an error of every status from 400 on";
            return Err(Trouble::failed(what, why, "look at the body, or leave --fail out").into());
        }
        Ok(Code::Done)
    }

    async fn request(&self) -> anyhow::Result<Request<Body>> {
        let method = match (&self.request, &self.data) {
            (Some(method), _) => method.clone(),
            (None, Some(_)) => Method::POST,
            (None, None) => Method::GET,
        };
        let mut request = Request::new(self.body().await?);
        *request.method_mut() = method;
        *request.uri_mut() = self.url.target.parse().context("the path cannot be sent")?;
        let fields = request.headers_mut();
        fields.insert(HOST, HeaderValue::from_str(&self.url.authority)?);
        fields.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        fields.insert(ACCEPT, HeaderValue::from_static("*/*"));
        if self.data.is_some() {
            fields.insert(CONTENT_TYPE, HeaderValue::from_static(FORM));
        }
        let mut given = HeaderMap::new();
        for Field(name, value) in &self.header {
            // What is given takes the place of what we would say; given twice, it is said twice.
            fields.remove(name);
            given.append(name, value.clone());
        }
        fields.extend(given);
        Ok(request)
    }

    async fn body(&self) -> anyhow::Result<Body> {
        let Some(data) = &self.data else {
            return Ok(empty());
        };
        let Some(path) = data.strip_prefix('@') else {
            return Ok(full(data.clone()));
        };
        let cannot = |error: io::Error| {
            let what = format!("cannot send the file {path}");
            Trouble::failed(
                what,
                error.to_string(),
                "-d @FILE takes a file that you may read",
            )
        };
        let file = tokio::fs::File::open(path).await.map_err(cannot)?;
        let meta = file.metadata().await.map_err(cannot)?;
        if !meta.is_file() {
            return Err(cannot(io::Error::other("it is no regular file")).into());
        }
        Ok(read_from(file, meta.len()))
    }

    fn no_connection(&self, network: &Network, remote: SocketAddr, error: &io::Error) -> Trouble {
        let what = format!("cannot connect to {remote} for {}", self.url.shown);
        let nobody_else = "in a private namespace only what runs inside can answer; --tun NAME \
                           reaches further";
        let or_private = |now| {
            if self.whither.is_private() {
                nobody_else
            } else {
                now
            }
        };
        match error.kind() {
            io::ErrorKind::InvalidInput => Trouble::usage(
                what,
                error.to_string(),
                "name another host: no loopback, multicast or broadcast address",
            ),
            io::ErrorKind::ConnectionRefused => Trouble::failed(
                what,
                "it answered our SYN with a reset: nobody listens on that port",
                or_private("check the port, and that the server runs"),
            ),
            io::ErrorKind::TimedOut => Trouble::failed(
                what,
                "our SYNs were not answered",
                or_private("check the address, and what lies between; --timeout waits longer"),
            ),
            _ => explain(network, what, error, "-vvv shows every packet"),
        }
    }

    /// What to say when there is no TLS.
    fn not_secured(&self, error: &tls::Error) -> Trouble {
        let what = format!("no secure connection for {}", plain(&self.url.shown));
        let now = match error {
            tls::Error::Certificate(Refusal::UnknownIssuer) => {
                "if you know who signed it: --cacert FILE; -k takes any certificate"
            }
            tls::Error::Certificate(Refusal::OtherName(_)) => {
                "ask for it by one of its names; --resolve tells where that is"
            }
            tls::Error::Certificate(_) => "the server needs another certificate; -k takes this one",
            tls::Error::NotTls => "check the port; http:// if the server speaks no TLS",
            tls::Error::Closed | tls::Error::Late => "check the port, and that the server runs",
            _ => "-vvv shows every packet",
        };
        Trouble::failed(what, plain(&error.to_string()), now)
    }

    /// What to say when the answer is not whole.
    fn broke_off(&self, network: &Network, error: Error) -> anyhow::Error {
        let shown = &self.url.shown;
        match error {
            Error::Sink(error) if error.kind() == io::ErrorKind::BrokenPipe => Unread.into(),
            Error::Sink(error) => {
                let now = "make room, or choose another place with -o";
                Trouble::failed("cannot write the body", error.to_string(), now).into()
            }
            Error::Cut { .. } => {
                let rest = "what came is not the whole body: fetch it again";
                explain(network, format!("{shown} is not whole"), &error, rest).into()
            }
            Error::Request(_) | Error::Close(_) => {
                let rest = "fetch it again; -v shows more";
                explain(network, format!("no answer to {shown}"), &error, rest).into()
            }
        }
    }
}

/// Why, and what to do.
fn explain(network: &Network, what: String, error: &impl ToString, now: &str) -> Trouble {
    let code = code_on(network);
    let now = match (network.failure(), code) {
        (_, Code::Broken) => "this is a bug of pellucid: please report it, with the capture",
        (Some(_), _) => "see what became of the interface, then fetch it again",
        (None, _) => now,
    };
    Trouble {
        code,
        ..Trouble::failed(what, error.to_string(), now)
    }
}

fn show_request(request: &Request<Body>) {
    let (method, uri, version) = (request.method(), request.uri(), request.version());
    note(&plain(&format!("> {method} {uri} {version:?}")));
    show_fields(request.headers(), |line| note(&format!("> {line}")));
}

fn show_head<B>(response: &Response<B>, mut show: impl FnMut(&str)) {
    let (version, status) = (response.version(), response.status());
    show(&plain(&format!("{version:?} {status}")));
    show_fields(response.headers(), show);
}

fn show_fields(fields: &HeaderMap, mut show: impl FnMut(&str)) {
    for (name, value) in fields {
        let value = String::from_utf8_lossy(value.as_bytes());
        show(&plain(&format!("{name}: {value}")));
    }
}

/// Where the body goes.
struct Output {
    to: Box<dyn Write>,
    /// A person reads along.
    is_screen: bool,
}

impl Output {
    fn open(file: Option<&std::path::Path>) -> anyhow::Result<Output> {
        let Some(path) = file else {
            return Ok(Output {
                to: Box::new(stdout()),
                is_screen: stdout().is_terminal(),
            });
        };
        let file = File::create(path).map_err(|error| {
            let what = format!("cannot write to {}", path.display());
            Trouble::failed(what, error.to_string(), "choose another place with -o")
        })?;
        Ok(Output {
            to: Box::new(file),
            is_screen: false,
        })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.is_screen {
            let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
            return self.to.write_all(plain_lines(&text).as_bytes());
        }
        self.to.write_all(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// A bar on a terminal that shows nothing else.
fn progress<B: hyper::body::Body>(
    response: &Response<B>,
    output: &Output,
    common: Common,
) -> ProgressBar {
    if common.quiet || common.verbose > 1 || output.is_screen {
        return ProgressBar::hidden();
    }
    let (bar, template) = match response.body().size_hint().exact() {
        Some(len) => (ProgressBar::new(len), WITH_LENGTH),
        None => (ProgressBar::no_length(), WITHOUT_LENGTH),
    };
    // A test holds the templates to the language that they are in.
    let style = ProgressStyle::with_template(template);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

const WITH_LENGTH: &str = "{bytes}/{total_bytes} [{bar:40}] {bytes_per_sec}, {eta} left";
const WITHOUT_LENGTH: &str = "{bytes}, {bytes_per_sec}";

const INSECURE: &str = "* INSECURE: the certificate is not checked (-k); whoever is on the path \
                        can read and change all of this";

const AGENT: &str = concat!("pellucid/", env!("CARGO_PKG_VERSION"));

/// What a form sends, and what curl says of -d.
const FORM: &str = "application/x-www-form-urlencoded";

/// How long a connection may take to end in order once the answer is there.
const GOODBYE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
