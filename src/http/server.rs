//! An accept loop, and one task for each connection.
//!
//! Everything a stranger can make us hold is bounded: connections, heads, header fields, and how
//! long he may take for a head or leave an answer unread. What a handler does with a body that
//! comes in is its own business, the pace included.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::pace::{Paced, Watch};
use super::{BUFFER_MAX, Body, HEAD_MAX, HEADERS_MAX};

/// Where connections come from.
pub trait Listener {
    /// What a connection is.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Waits for the next one, and says between whom it is.
    fn accept(&self) -> impl Future<Output = io::Result<(Self::Stream, Ends)>>;
}

/// Between whom a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ends {
    /// Our side: where the client wanted to go.
    pub local: SocketAddr,
    /// The client.
    pub peer: SocketAddr,
}

/// What answers requests.
pub trait Handler: Clone + Send + Sync + 'static {
    /// Answers one request on a connection.
    fn answer(
        &self,
        ends: Ends,
        request: Request<Incoming>,
    ) -> impl Future<Output = Response<Body>> + Send;
}

/// Serves until `stop` is done; answers on their way then have [`GRACE`] to get out. To be called
/// inside a tokio runtime.
///
/// # Errors
///
/// The listener is gone: for ours, because its device is.
pub async fn serve<L: Listener, H: Handler>(
    listener: L,
    handler: H,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let mut stop = pin!(stop);
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let (stopping, stopped) = watch::channel(false);
    let ended = loop {
        let next = async {
            // Closed it is never; and while there is no room, others wait in the backlog.
            let permit = room.clone().acquire_owned().await;
            (permit.ok(), listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            () = &mut stop => break Ok(()),
            next = next => next,
        };
        match accepted {
            Ok((stream, ends)) => {
                let one = one_connection(stream, ends, handler.clone(), stopped.clone(), permit);
                tokio::spawn(one);
            }
            Err(error) if concerns_one_connection(&error) => {}
            Err(error) => break Err(error),
        }
    };
    // All tasks hear it; the last one to end gives back the last permit.
    let _ = stopping.send(true);
    let all = room.acquire_many(CONNECTIONS_MAX as u32);
    let _ = tokio::time::timeout(GRACE, all).await;
    ended
}

async fn one_connection<S, H>(
    stream: S,
    ends: Ends,
    handler: H,
    mut stopped: watch::Receiver<bool>,
    _room: Option<OwnedSemaphorePermit>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    H: Handler,
{
    let service = service_fn(move |request| {
        let handler = handler.clone();
        async move { Ok::<_, Infallible>(handler.answer(ends, request).await) }
    });
    let stream = TokioIo::new(Paced::new(stream, UNREAD_FOR, Watch::Writes));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_headers(HEADERS_MAX)
        .max_header_size(HEAD_MAX)
        .max_buf_size(BUFFER_MAX)
        // A client may close its sending side after the request and still read the answer.
        .half_close(true)
        .serve_connection(stream, service);
    let mut connection = pin!(connection);
    tokio::select! {
        // How a stranger's connection ended is his affair: what the stack saw of it is told there.
        _ = &mut connection => return,
        _ = stopped.wait_for(|&stopped| stopped) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

/// Whether only the one connection that was about to be accepted is lost.
fn concerns_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

/// How many connections are served at a time; more wait in the listener's backlog.
const CONNECTIONS_MAX: usize = 1024;

/// How long a head may take to come, and how long a connection that is kept alive may be idle.
const HEAD_WITHIN: Duration = Duration::from_secs(10);

/// How long a peer may leave an answer unread.
const UNREAD_FOR: Duration = Duration::from_secs(60);

/// How long answers may take to get out once the server stops.
pub const GRACE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;
