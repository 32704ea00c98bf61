//! A request, its answer, and the certainty that the answer is whole.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;

use super::body::next_piece;
use super::pace::{Paced, Watch};
use super::{BUFFER_MAX, Body, HEAD_MAX, HEADERS_MAX};

/// A connection to a server: requests one after another, then [`Connection::close`].
#[derive(Debug)]
pub struct Connection {
    sender: SendRequest<Body>,
    driver: JoinHandle<hyper::Result<()>>,
}

impl Connection {
    /// Speaks HTTP over `stream`. If nothing moves for `patience` while something is expected, the
    /// request fails. To be called inside a tokio runtime.
    ///
    /// # Errors
    ///
    /// [`Error::Request`]; not before something is sent.
    pub async fn over<S>(stream: S, patience: Duration) -> Result<Connection, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let stream = TokioIo::new(Paced::new(stream, patience, Watch::Both));
        let mut builder = http1::Builder::new();
        builder
            .max_headers(HEADERS_MAX)
            .max_header_size(HEAD_MAX)
            .max_buf_size(BUFFER_MAX);
        let (sender, connection) = builder.handshake(stream).await.map_err(Error::Request)?;
        let driver = tokio::spawn(connection);
        Ok(Connection { sender, driver })
    }

    /// Sends a request and waits for the head of its answer. A request for a path, not for a whole
    /// URL, with its `Host` (RFC 9112 section 3.2).
    ///
    /// # Errors
    ///
    /// [`Error::Request`]: the connection broke before the answer, or what came is no HTTP.
    pub async fn send(&mut self, request: Request<Body>) -> Result<Response<Incoming>, Error> {
        self.sender.ready().await.map_err(Error::Request)?;
        self.sender
            .send_request(request)
            .await
            .map_err(Error::Request)
    }

    /// Ends the connection from our side: orderly if every answer was read to its end.
    ///
    /// # Errors
    ///
    /// [`Error::Close`]: the peer did not let us end in order. Answers read before are whole.
    pub async fn close(self) -> Result<(), Error> {
        drop(self.sender);
        match self.driver.await {
            Ok(ended) => ended.map_err(Error::Close),
            // The runtime is going down, and with it the connection.
            Err(_) => Ok(()),
        }
    }
}

/// Passes a body on piece by piece, and says how many bytes it was.
///
/// # Errors
///
/// [`Error::Cut`] if it is not whole; [`Error::Sink`] if `sink` fails.
pub async fn receive(
    mut body: Incoming,
    mut sink: impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<u64, Error> {
    let promised = body.size_hint().exact();
    let mut received = 0;
    loop {
        match next_piece(&mut body).await {
            Ok(None) => return Ok(received),
            Ok(Some(piece)) => {
                sink(&piece).map_err(Error::Sink)?;
                received += piece.len() as u64;
            }
            Err(source) => {
                return Err(Error::Cut {
                    received,
                    promised,
                    source,
                });
            }
        }
    }
}

/// Why there is no answer, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No head of an answer came.
    #[error("no answer came: {}", told(.0))]
    Request(#[source] hyper::Error),
    /// A body broke off. Without a promise its end would have been the connection's.
    #[error("{}: {}", cut(*.received, *.promised), told(.source))]
    Cut {
        /// Bytes that came.
        received: u64,
        /// Bytes that the head announced.
        promised: Option<u64>,
        /// What broke.
        source: hyper::Error,
    },
    /// The connection could not be closed in order.
    #[error("the connection did not close in order: {}", told(.0))]
    Close(#[source] hyper::Error),
    /// What came could not be put where it belongs.
    #[error("{0}")]
    Sink(#[source] io::Error),
}

/// hyper's own words, and behind them what the stream said.
fn told(error: &hyper::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

fn cut(received: u64, promised: Option<u64>) -> String {
    match promised {
        Some(promised) => format!("the body broke off after {received} of {promised} bytes"),
        None => format!("the body broke off after {received} bytes"),
    }
}

#[cfg(test)]
mod tests;
