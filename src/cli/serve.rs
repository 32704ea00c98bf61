//! `serve`: a directory, served by our stack.

use std::net::{IpAddr, Ipv6Addr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use hyper::body::{Body as _, Incoming};
use hyper::header::CONTENT_LENGTH;
use hyper::{Request, Response};

use crate::http::{Body, Ends, Files, Handler, SecuredListener, Sockets, serve};
use crate::namespace::Privilege;
use crate::report::text::{plain, size, span};
use crate::tls::Server;

use super::Common;
use super::screen::note;
use super::signals::Signals;
use super::station::{Place, Where, code_on};
use super::trouble::{Code, Trouble, say};
use super::values::port;

/// Serve a directory with this stack as the web server
///
/// On a TUN interface that exists (--tun), so to this machine; else in a private namespace, and
/// then it says how to get in.
#[derive(Debug, clap::Args)]
pub struct Serve {
    /// The directory; hidden files and links that lead out of it do not exist
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// The port; 80, or 443 with a certificate
    #[arg(short, long, value_parser = port, allow_negative_numbers = true)]
    port: Option<u16>,
    /// Answer for every address, not only the stack's own: whatever is routed to the link reaches
    /// this server
    #[arg(long)]
    any: bool,
    /// Speak HTTPS, with the certificate of FILE (PEM; its own first, then those that lead to it)
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// The private key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    #[command(flatten)]
    whither: Where,
}

impl Serve {
    /// Serves until a signal comes.
    pub fn run(self, common: Common) -> anyhow::Result<Code> {
        let files = Files::new(&self.dir).map_err(|error| {
            let what = format!("cannot serve {}", self.dir.display());
            let now = "name a directory that you may read";
            Trouble::usage(what, error.to_string(), now)
        })?;
        let secured = self.secured()?;
        let place = match self.any {
            true => self.whither.open_for_any()?,
            false => self.whither.open()?,
        };
        let signals = Signals::listen()?;
        let welcome = self.welcome(&place);
        let addresses = place.addresses();
        let station = place.start("serve", &self.whither.private, common)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let handler = Logged {
            handler: files,
            quiet: common.quiet,
            any: self.any,
        };
        let done = runtime.block_on(async {
            // The unspecified address of IPv6 hears IPv4 too.
            let everybody = [IpAddr::V6(Ipv6Addr::UNSPECIFIED)];
            let listen_at = if self.any { &everybody } else { &addresses[..] };
            let sockets = Sockets::bind(&station.network, listen_at, self.port())?;
            say(&welcome)?;
            let stop = async {
                // Without a bell nobody could stop it in order: it stops at once.
                let _ = signals.wait().await;
            };
            let served = match secured {
                Some(tls) => {
                    let tls = tls.with_keys(station.keys(&self.whither.private));
                    serve(SecuredListener::new(sockets, tls), handler, stop).await
                }
                None => serve(sockets, handler, stop).await,
            };
            served.map_err(|error| {
                let now = "see what became of the interface, then serve again";
                Trouble {
                    code: code_on(&station.network),
                    ..Trouble::failed("cannot serve any longer", error.to_string(), now)
                }
            })?;
            anyhow::Ok(signals.came().map_or(Code::Done, |signal| signal.code()))
        });
        runtime.shutdown_timeout(GOODBYE);
        let ended = station.end(GOODBYE);
        let code = done?;
        ended.map(|()| code)
    }

    /// What speaks TLS, if it is to be spoken.
    fn secured(&self) -> anyhow::Result<Option<Server>> {
        let (Some(certificate), Some(key)) = (&self.cert, &self.key) else {
            return Ok(None);
        };
        let server = Server::from_files(certificate, key, &["http/1.1"]);
        let server = server.map_err(|error| {
            let now = "--cert and --key take PEM files that belong together";
            Trouble::usage("cannot speak HTTPS", error.to_string(), now)
        })?;
        Ok(Some(server))
    }

    fn port(&self) -> u16 {
        let usual = if self.cert.is_some() { 443 } else { 80 };
        self.port.unwrap_or(usual)
    }

    /// Where it serves, and how to ask.
    fn welcome(&self, place: &Place) -> String {
        let dir = &self.dir;
        let (scheme, usual) = match self.cert {
            Some(_) => ("https", 443),
            None => ("http", 80),
        };
        let port = match self.port() {
            port if port == usual => String::new(),
            port => format!(":{port}"),
        };
        let urls: Vec<String> = place
            .addresses()
            .iter()
            .map(|ip| match ip.is_ipv6() {
                true => format!("{scheme}://[{ip}]{port}/"),
                false => format!("{scheme}://{ip}{port}/"),
            })
            .collect();
        let dir = plain(&dir.display().to_string());
        let process = std::process::id();
        let ask = match place.way_in {
            None => String::new(),
            Some(Privilege::Root) => format!("nsenter -t {process} -n "),
            Some(Privilege::UserNamespace) => {
                format!("nsenter -t {process} -U -n --preserve-credentials ")
            }
        };
        let whither = match self.any {
            true => "every address, as ",
            false => "",
        };
        let mut text = format!("serving {dir} at {whither}{}\n", urls.join(" and "));
        text += &format!("  link  {}\n", place.said);
        for url in &urls {
            let glob = if url.contains('[') { "-g " } else { "" };
            text += &format!("  ask   {ask}curl {glob}{url}\n");
        }
        text + "  stop  Ctrl-C\n"
    }
}

/// A handler whose answers are told, a line each.
#[derive(Clone)]
pub struct Logged<H> {
    pub handler: H,
    pub quiet: bool,
    /// Connections go to any address, so each line says to which.
    pub any: bool,
}

impl<H: Handler> Handler for Logged<H> {
    async fn answer(&self, ends: Ends, request: Request<Incoming>) -> Response<Body> {
        let began = Instant::now();
        let asked = format!("{} {}", request.method(), request.uri());
        let response = self.handler.answer(ends, request).await;
        if !self.quiet {
            let len = length(&response).map_or_else(|| "length unknown".to_owned(), size);
            let (status, took) = (response.status().as_u16(), span(began.elapsed()));
            let Ends { local, peer } = ends;
            let whither = match self.any {
                true => format!(" to {local}"),
                false => String::new(),
            };
            note(&plain(&format!(
                "{peer}{whither} {asked} → {status} · {len} · {took}"
            )));
        }
        response
    }
}

/// How long the body is, if anybody knows.
fn length(response: &Response<Body>) -> Option<u64> {
    let field = response.headers().get(CONTENT_LENGTH);
    let said = field.and_then(|value| value.to_str().ok()?.parse().ok());
    said.or_else(|| response.body().size_hint().exact())
}

/// How long answers on their way may take once a signal came, beyond what the server grants.
const GOODBYE: Duration = Duration::from_secs(1);
