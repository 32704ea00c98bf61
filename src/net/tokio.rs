//! Sockets like those of [`tokio::net`](https://docs.rs/tokio), for tasks.
//!
//! Only tokio's traits and a task's waker are used, never its reactor: the network's driver wakes
//! the task, on whatever runtime it runs.

mod echo;
mod lending;
mod udp;

use std::future::poll_fn;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ::tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use ::tokio::task::coop;

use super::Network;
use super::blocking::BACKLOG;
use super::listening::Listening;
use super::shared::Shared;
use super::socket::Socket;
use super::waiters::{Key, Topic, Waiter};
use crate::base::Bytes;
use crate::probe::Snapshot;
use crate::stack::{Algorithm, KeepAlive};

pub use echo::EchoSocket;
pub use lending::Lending;
pub use udp::UdpSocket;

/// A connection.
///
/// Dropping it closes it in good order, unless text was left unread: then the peer gets a reset
/// that says so. To read and write from two tasks, take it apart with [`TcpStream::into_split`].
#[derive(Debug)]
pub struct TcpStream(Arc<Stream>);

/// Reading and writing are waited for separately, so one key serves both.
#[derive(Debug)]
struct Stream {
    socket: Socket,
    key: Key,
}

impl TcpStream {
    /// Connects to `remote`, from whatever address and port of ours suit. Dropping the future gives
    /// the attempt up.
    ///
    /// # Errors
    ///
    /// As for [`super::blocking::TcpStream::connect`].
    pub async fn connect(network: &Network, remote: SocketAddr) -> io::Result<TcpStream> {
        let stream = Stream::new(Socket::open(network, remote)?);
        poll_fn(|cx| stream.socket.poll_connected(stream.key.waiter(cx))).await?;
        Ok(TcpStream(Arc::new(stream)))
    }

    /// Connects, and writes: see [`super::blocking::TcpStream::connect_with`].
    ///
    /// # Errors
    ///
    /// As for [`super::blocking::TcpStream::connect`].
    pub async fn connect_with(
        network: &Network,
        remote: SocketAddr,
        text: &[u8],
    ) -> io::Result<(TcpStream, usize)> {
        let (socket, taken) = Socket::open_sending(network, remote, text)?;
        let stream = Stream::new(socket);
        poll_fn(|cx| stream.socket.poll_connected(stream.key.waiter(cx))).await?;
        Ok((TcpStream(Arc::new(stream)), taken))
    }

    /// Writes without a copy: see [`super::blocking::TcpStream::write_owned`]. Dropping the future
    /// loses nothing: `bytes` has what was not taken.
    ///
    /// # Errors
    ///
    /// As for writing.
    pub async fn write_owned(&mut self, bytes: &mut Bytes) -> io::Result<usize> {
        poll_fn(|cx| self.0.poll_write_owned(cx, bytes)).await
    }

    /// Our address and port.
    ///
    /// # Errors
    ///
    /// None; the signature is tokio's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.0.socket.local_addr())
    }

    /// The peer's address and port.
    ///
    /// # Errors
    ///
    /// None; the signature is tokio's.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.0.socket.peer_addr())
    }

    /// Turns Nagle's algorithm off (RFC 9293 section 3.7.4), or on again.
    ///
    /// # Errors
    ///
    /// Those of a network that is down; so for all that follow.
    pub fn set_nodelay(&self, on: bool) -> io::Result<()> {
        self.0.socket.set_nodelay(on)
    }

    /// Whether Nagle's algorithm is off.
    ///
    /// # Errors
    ///
    /// See [`TcpStream::set_nodelay`].
    pub fn nodelay(&self) -> io::Result<bool> {
        self.0.socket.nodelay()
    }

    /// Closing sends a reset instead of ending in good order. A linger time would block the task.
    ///
    /// # Errors
    ///
    /// See [`TcpStream::set_nodelay`].
    pub fn set_zero_linger(&self) -> io::Result<()> {
        self.0.socket.set_linger(Some(Duration::ZERO))
    }

    /// Another congestion control, which begins anew. At first it is the network's, or the
    /// listener's that made the connection.
    ///
    /// # Errors
    ///
    /// See [`TcpStream::set_nodelay`].
    pub fn set_congestion(&self, algorithm: Algorithm) -> io::Result<()> {
        self.0.socket.set_congestion(algorithm)
    }

    /// Which congestion control it has.
    ///
    /// # Errors
    ///
    /// See [`TcpStream::set_nodelay`].
    pub fn congestion(&self) -> io::Result<Algorithm> {
        self.0.socket.congestion()
    }

    /// Keep-alives (RFC 9293 section 3.8.4); `None`: none, as at first.
    ///
    /// # Errors
    ///
    /// See [`TcpStream::set_nodelay`].
    pub fn set_keepalive(&self, keep_alive: Option<KeepAlive>) -> io::Result<()> {
        self.0.socket.set_keepalive(keep_alive)
    }

    /// How long what was written may stay unacknowledged before the connection is given up (RFC
    /// 9293 section 3.8.3); `None`: as long as the retransmissions last.
    ///
    /// # Errors
    ///
    /// See [`TcpStream::set_nodelay`].
    pub fn set_user_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.socket.set_user_timeout(timeout)
    }

    /// How many bytes may wait that have never left before writing finds no room, so that what is
    /// sent next can be decided late; `None`, as at first: only what is not acknowledged counts.
    ///
    /// # Errors
    ///
    /// See [`TcpStream::set_nodelay`].
    pub fn set_unsent_low_water(&self, mark: Option<u32>) -> io::Result<()> {
        self.0.socket.set_unsent_low_water(mark)
    }

    /// The connection's variables: its state, windows, round-trip times.
    ///
    /// # Errors
    ///
    /// See [`TcpStream::set_nodelay`].
    pub fn status(&self) -> io::Result<Snapshot> {
        self.0.socket.status()
    }

    /// How the connection ended, if it ended badly. Asking does not clear it.
    ///
    /// # Errors
    ///
    /// See [`TcpStream::set_nodelay`].
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.0.socket.failure()
    }

    /// Two halves that two tasks can own. The connection is closed when both are dropped; dropping
    /// the writing half alone ends that direction.
    pub fn into_split(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        let stream = Arc::clone(&self.0);
        (OwnedReadHalf(stream), OwnedWriteHalf(self.0))
    }
}

impl Stream {
    fn new(socket: Socket) -> Stream {
        let key = Key::new();
        Stream { socket, key }
    }

    fn poll_read(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        // A task that always finds something must yield now and then.
        let turn = ready!(coop::poll_proceed(cx));
        let room = buf.initialize_unfilled();
        let read = ready!(self.socket.poll_read(self.key.waiter(cx), room));
        turn.made_progress();
        buf.advance(read?);
        Poll::Ready(Ok(()))
    }

    fn poll_write(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let turn = ready!(coop::poll_proceed(cx));
        let written = ready!(self.socket.poll_write(self.key.waiter(cx), buf));
        turn.made_progress();
        Poll::Ready(written)
    }

    fn poll_write_owned(&self, cx: &mut Context<'_>, bytes: &mut Bytes) -> Poll<io::Result<usize>> {
        let turn = ready!(coop::poll_proceed(cx));
        let written = ready!(self.socket.poll_write_owned(self.key.waiter(cx), bytes));
        turn.made_progress();
        Poll::Ready(written)
    }

    fn shutdown(&self) -> io::Result<()> {
        self.socket.shutdown(Shutdown::Write)
    }
}

/// The half that reads.
#[derive(Debug)]
pub struct OwnedReadHalf(Arc<Stream>);

/// The half that writes. Dropping it ends that direction.
#[derive(Debug)]
pub struct OwnedWriteHalf(Arc<Stream>);

impl OwnedWriteHalf {
    /// See [`TcpStream::write_owned`].
    ///
    /// # Errors
    ///
    /// As for writing.
    pub async fn write_owned(&mut self, bytes: &mut Bytes) -> io::Result<usize> {
        poll_fn(|cx| self.0.poll_write_owned(cx, bytes)).await
    }
}

impl Drop for OwnedWriteHalf {
    fn drop(&mut self) {
        // Of a connection that has ended there is nothing to end.
        let _ = self.0.shutdown();
    }
}

impl AsyncRead for TcpStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.0.poll_read(cx, buf)
    }
}

impl AsyncRead for OwnedReadHalf {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.0.poll_read(cx, buf)
    }
}

impl AsyncWrite for TcpStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, buf)
    }

    /// Does nothing: what was written is on its way.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.shutdown())
    }
}

impl AsyncWrite for OwnedWriteHalf {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, buf)
    }

    /// Does nothing: what was written is on its way.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.0.shutdown())
    }
}

/// Waits for connections. Dropping it resets those that nobody has accepted.
#[derive(Debug)]
pub struct TcpListener {
    listening: Listening,
    key: Key,
}

impl TcpListener {
    /// Listens on `local`; an unspecified address is all of ours, port 0 any that is free.
    ///
    /// # Errors
    ///
    /// As for [`super::blocking::TcpListener::bind`].
    pub fn bind(network: &Network, local: SocketAddr) -> io::Result<TcpListener> {
        TcpListener::bind_with_backlog(network, local, BACKLOG)
    }

    /// Listens; at most `backlog` connections wait to be accepted.
    ///
    /// # Errors
    ///
    /// As for [`super::blocking::TcpListener::bind`].
    pub fn bind_with_backlog(
        network: &Network,
        local: SocketAddr,
        backlog: usize,
    ) -> io::Result<TcpListener> {
        Ok(TcpListener {
            listening: Listening::bind(network, Some(local), backlog)?,
            key: Key::new(),
        })
    }

    /// Listens wherever nobody else does.
    ///
    /// # Errors
    ///
    /// As for [`super::blocking::TcpListener::bind_everywhere`].
    pub fn bind_everywhere(network: &Network, backlog: usize) -> io::Result<TcpListener> {
        Ok(TcpListener {
            listening: Listening::bind(network, None, backlog)?,
            key: Key::new(),
        })
    }

    /// Waits for a connection; gives it and who the peer is. Several tasks may wait at once, and
    /// dropping the future loses no connection.
    ///
    /// # Errors
    ///
    /// Those of a network that is down.
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let place = AcceptPlace {
            listening: &self.listening,
            key: Key::new(),
        };
        poll_fn(|cx| self.poll_accept_as(place.key.waiter(cx), cx)).await
    }

    /// The same for those who poll by hand; as usual, only the last task to ask is woken.
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        self.poll_accept_as(self.key.waiter(cx), cx)
    }

    fn poll_accept_as(
        &self,
        waiter: Waiter<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let turn = ready!(coop::poll_proceed(cx));
        let accepted = ready!(self.listening.poll_accept(waiter));
        turn.made_progress();
        let socket = accepted?;
        let peer = socket.peer_addr();
        Poll::Ready(Ok((TcpStream(Arc::new(Stream::new(socket))), peer)))
    }

    /// Which congestion control the connections begin with that come from now on.
    ///
    /// # Errors
    ///
    /// Those of a network that is down.
    pub fn set_congestion(&self, algorithm: Algorithm) -> io::Result<()> {
        self.listening.set_congestion(algorithm)
    }

    /// How many connections may be accepted before their handshake is over: see
    /// [`super::blocking::TcpListener::set_fast_open`].
    ///
    /// # Errors
    ///
    /// Those of a network that is down.
    pub fn set_fast_open(&self, pending: u32) -> io::Result<()> {
        self.listening.set_fast_open(pending)
    }

    /// Where it listens.
    ///
    /// # Errors
    ///
    /// None; the signature is tokio's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.listening.local_addr())
    }
}

/// A place among those who wait to accept, given up when it is dropped.
struct AcceptPlace<'a> {
    listening: &'a Listening,
    key: Key,
}

impl Drop for AcceptPlace<'_> {
    fn drop(&mut self) {
        self.listening.cancel(self.key);
    }
}

/// A place among those who wait, given up when it is dropped.
struct Place<'a> {
    shared: &'a Shared,
    topic: Topic,
    key: Key,
}

impl Place<'_> {
    fn new(shared: &Shared, topic: Topic) -> Place<'_> {
        let key = Key::new();
        Place { shared, topic, key }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        // Nobody waits on a network that is down.
        let _ = self
            .shared
            .look(|_, waiters| waiters.cancel(self.topic, self.key));
    }
}

#[cfg(test)]
mod tests;
