//! What our end does: connect, fetch a page, download, upload, close, and wait out TIME-WAIT.
//!
//! A download shows our receiver and the other side's congestion control; only the upload shows
//! ours. One connection carries all of it, and we close it first, so that TIME-WAIT is ours.

use std::net::SocketAddr;
use std::time::Duration;

use hyper::header::{HOST, HeaderValue};
use hyper::{Method, Request, Response};

use crate::base::Instant;
use crate::http::Body;
use crate::http::body::{empty, read_from};
use crate::http::client::{Connection, Error, receive};
use crate::net::Network;
use crate::net::tokio::TcpStream;

use super::site::{BODY, BODY_LEN, DIGEST, Noise, Sum, UPLOAD};

/// Our end of the demonstration.
#[derive(Debug)]
pub struct Journey<'a> {
    /// The stack that travels.
    pub network: &'a Network,
    /// What the upload is drawn from.
    pub seed: u64,
    /// Says what is going on: a phase, and how many of how many bytes of it are done.
    pub progress: &'a dyn Progress,
}

/// Somebody who wants to know how far it is.
pub trait Progress: std::fmt::Debug {
    /// A phase is so far.
    fn reached(&self, phase: &str, bytes: u64);
}

/// One connection, from OPEN to CLOSE.
#[derive(Debug, Clone)]
pub struct Visit {
    /// Our socket.
    pub local: SocketAddr,
    /// The server's.
    pub remote: SocketAddr,
    /// What happened, in order; each step lasts until the next begins.
    pub steps: Vec<Step>,
    /// When the last step was over.
    pub ended: Instant,
}

/// A part of a visit.
#[derive(Debug, Clone)]
pub struct Step {
    /// What was done.
    pub what: What,
    /// When it began.
    pub began: Instant,
}

/// What is done in a step.
#[derive(Debug, Clone)]
pub enum What {
    /// The handshake.
    Connect,
    /// A request and its answer.
    Exchange(Exchange),
    /// Our FIN, the server's, and their acknowledgments.
    Close,
}

impl What {
    /// A word for it.
    pub fn name(&self) -> &'static str {
        match self {
            What::Connect => "connect",
            What::Exchange(Exchange { way: Way::Up, .. }) => "upload",
            What::Exchange(Exchange { path: BODY, .. }) => "download",
            What::Exchange(_) => "page",
            What::Close => "close",
        }
    }
}

/// A request and its answer, with what both sides have to say of the body.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// `GET` or `POST`.
    pub method: Method,
    /// The path.
    pub path: &'static str,
    /// What the server answered.
    pub status: u16,
    /// Which way the body went.
    pub way: Way,
    /// Bytes of it that we saw.
    pub bytes: u64,
    /// Bytes that it has.
    pub expected: Option<u64>,
    /// Its SHA-256, as we computed it.
    pub ours: String,
    /// The same as the server did.
    pub theirs: String,
}

/// Which way a body goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To us.
    Down,
    /// From us.
    Up,
}

impl Exchange {
    /// Whether the body came through, whole and unchanged.
    pub fn is_good(&self) -> bool {
        let is_whole = self.expected.is_none_or(|expected| expected == self.bytes);
        (200..300).contains(&self.status) && is_whole && self.ours == self.theirs
    }
}

impl Journey<'_> {
    /// The whole of it over one connection.
    ///
    /// # Errors
    ///
    /// [`Lost`]: how far it got is in the capture.
    pub async fn long(&self, remote: SocketAddr) -> Result<Visit, Lost> {
        // Another body than the one that is downloaded. Summed before anything: servers do not wait
        // for ever for the next request.
        let seed = self.seed.wrapping_add(1);
        let sum = Noise::new(seed).digest(BODY_LEN);
        let mut visit = self.connect(remote).await?;
        visit.page(self).await?;
        visit.download(self).await?;
        visit.upload(self, Noise::new(seed), sum).await?;
        visit.close(self).await
    }

    /// Only the page.
    ///
    /// # Errors
    ///
    /// As for [`Journey::long`].
    pub async fn short(&self, remote: SocketAddr) -> Result<Visit, Lost> {
        let mut visit = self.connect(remote).await?;
        visit.page(self).await?;
        visit.close(self).await
    }

    async fn connect(&self, remote: SocketAddr) -> Result<Open, Lost> {
        let began = self.now();
        self.progress.reached("connect", 0);
        let connecting = TcpStream::connect(self.network, remote);
        let stream = match tokio::time::timeout(PATIENCE, connecting).await {
            Ok(connected) => connected.map_err(|error| Lost::Connect(remote, error))?,
            Err(_) => return Err(Lost::Silent(remote)),
        };
        let local = stream
            .local_addr()
            .map_err(|error| Lost::Connect(remote, error))?;
        Ok(Open {
            local,
            remote,
            steps: vec![Step {
                what: What::Connect,
                began,
            }],
            connection: Connection::over(stream, PATIENCE).await?,
        })
    }

    fn now(&self) -> Instant {
        self.network.clock().now()
    }
}

/// A connection on the way.
struct Open {
    local: SocketAddr,
    remote: SocketAddr,
    steps: Vec<Step>,
    connection: Connection,
}

impl Open {
    async fn page(&mut self, journey: &Journey<'_>) -> Result<(), Lost> {
        self.down(journey, "/", None).await
    }

    async fn download(&mut self, journey: &Journey<'_>) -> Result<(), Lost> {
        self.down(journey, BODY, Some(BODY_LEN)).await
    }

    async fn down(
        &mut self,
        journey: &Journey<'_>,
        path: &'static str,
        expected: Option<u64>,
    ) -> Result<(), Lost> {
        let began = journey.now();
        let response = self.ask(Method::GET, path, empty()).await?;
        let (status, theirs) = (response.status().as_u16(), digest(&response));
        let mut sum = Sum::default();
        let phase = if path == BODY { "download" } else { "page" };
        let received = receive(response.into_body(), |piece| {
            sum.add(piece);
            journey.progress.reached(phase, sum.len);
            Ok(())
        });
        received.await?;
        let exchange = Exchange {
            method: Method::GET,
            path,
            status,
            way: Way::Down,
            bytes: sum.len,
            expected,
            ours: sum.hex(),
            theirs,
        };
        self.steps.push(Step {
            what: What::Exchange(exchange),
            began,
        });
        Ok(())
    }

    async fn upload(
        &mut self,
        journey: &Journey<'_>,
        noise: Noise,
        ours: String,
    ) -> Result<(), Lost> {
        let began = journey.now();
        journey.progress.reached("upload", 0);
        let body = read_from(noise, BODY_LEN);
        let response = self.ask(Method::POST, UPLOAD, body).await?;
        let (status, theirs) = (response.status().as_u16(), digest(&response));
        receive(response.into_body(), |_| Ok(())).await?;
        let exchange = Exchange {
            method: Method::POST,
            path: UPLOAD,
            status,
            way: Way::Up,
            bytes: BODY_LEN,
            expected: Some(BODY_LEN),
            ours,
            theirs,
        };
        self.steps.push(Step {
            what: What::Exchange(exchange),
            began,
        });
        Ok(())
    }

    async fn ask(
        &mut self,
        method: Method,
        path: &'static str,
        body: Body,
    ) -> Result<Response<hyper::body::Incoming>, Lost> {
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = hyper::Uri::from_static(path);
        let host = HeaderValue::try_from(self.remote.to_string());
        // An address has only characters that a field may have.
        if let Ok(host) = host {
            request.headers_mut().insert(HOST, host);
        }
        Ok(self.connection.send(request).await?)
    }

    /// Closes, and waits until the server has closed too.
    async fn close(self, journey: &Journey<'_>) -> Result<Visit, Lost> {
        let Open {
            local,
            remote,
            mut steps,
            connection,
        } = self;
        steps.push(Step {
            what: What::Close,
            began: journey.now(),
        });
        journey.progress.reached("close", 0);
        connection.close().await?;
        let network = journey.network.clone();
        let drained = tokio::task::spawn_blocking(move || network.drain(PATIENCE));
        if !drained.await.unwrap_or(false) {
            return Err(Lost::NotClosed(remote));
        }
        Ok(Visit {
            local,
            remote,
            steps,
            ended: journey.now(),
        })
    }
}

/// What the server says of the body.
fn digest<B>(response: &Response<B>) -> String {
    let field = response.headers().get(DIGEST);
    let text = field.and_then(|value| value.to_str().ok());
    text.unwrap_or("none").to_owned()
}

/// Why the journey ended early.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// No connection came to be.
    #[error("cannot connect to {0}: {1}")]
    Connect(SocketAddr, #[source] std::io::Error),
    /// Nobody answered.
    #[error("cannot connect to {0}: our SYNs were not answered")]
    Silent(SocketAddr),
    /// An answer did not come, or not whole.
    #[error(transparent)]
    Http(#[from] Error),
    /// The server did not close its side.
    #[error("{0} did not close its side of the connection")]
    NotClosed(SocketAddr),
}

/// How long anything may stand still. Both ends are on this machine.
const PATIENCE: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests;
