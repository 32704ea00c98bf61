//! Sockets like those of [`std::net`], for threads.
//!
//! The same names, meanings and kinds of error as there, with a [`Network`] where std asks the
//! kernel. A thread that waits sleeps; it takes nothing from others.

mod echo;
mod lending;
mod udp;

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use super::Network;
use super::listening::Listening;
use super::shared::Shared;
use super::socket::Socket;
use super::waiters::{Topic, Waiter};
use crate::base::{Bytes, Instant};
use crate::probe::Snapshot;
use crate::stack::{Algorithm, KeepAlive};

pub use echo::EchoSocket;
pub use lending::Lending;
pub use udp::UdpSocket;

/// A connection.
///
/// It can be read and written by several threads at once, through `&TcpStream` or
/// [`TcpStream::try_clone`]. When the last handle is dropped it is closed in good order, unless
/// text was left unread: then the peer gets a reset that says so.
#[derive(Debug)]
pub struct TcpStream(Arc<Stream>);

#[derive(Debug)]
struct Stream {
    socket: Socket,
    reading: Patience,
    writing: Patience,
    /// How often it was used, up to [`SETTLED`].
    uses: AtomicU32,
}

impl Stream {
    /// Whoever uses it would rather drive than be driven for, if it is used often enough: one that
    /// is over after a question and an answer leaves nobody in the seat.
    fn want_seat(&self) {
        // Two threads may count as one: it is a guess in any case.
        let uses = self.uses.load(Ordering::Relaxed);
        if uses < SETTLED {
            self.uses.store(uses + 1, Ordering::Relaxed);
        } else {
            self.socket.shared().seat().want();
        }
    }

    fn read<T>(&self, attempt: impl FnMut(Waiter<'_>) -> Poll<io::Result<T>>) -> io::Result<T> {
        self.want_seat();
        let (shared, topic) = (self.socket.shared(), self.socket.reads());
        self.reading.wait(shared, topic, attempt)
    }

    /// Of somebody who has `len` bytes to write.
    fn write<T>(
        &self,
        len: usize,
        attempt: impl FnMut(Waiter<'_>) -> Poll<io::Result<T>>,
    ) -> io::Result<T> {
        if len >= MUCH {
            self.want_seat();
        }
        let (shared, topic) = (self.socket.shared(), self.socket.writes());
        self.writing.wait(shared, topic, attempt)
    }
}

impl TcpStream {
    /// Connects to `remote`, from whatever address and port of ours suit.
    ///
    /// # Errors
    ///
    /// `ConnectionRefused` if the peer answers with a reset, `TimedOut` if it does not answer,
    /// `HostUnreachable` if the network says so; `InvalidInput` for an address that no connection
    /// can be opened to; `NetworkUnreachable` if none of our addresses is of its family;
    /// `AddrNotAvailable` if no port is free; `QuotaExceeded` at the limit of connections.
    pub fn connect(network: &Network, remote: SocketAddr) -> io::Result<TcpStream> {
        let socket = Socket::open(network, remote)?;
        TcpStream::finish_connecting(socket, None)
    }

    /// Connects, and gives up after `timeout`.
    ///
    /// # Errors
    ///
    /// As for [`TcpStream::connect`]; `TimedOut` also when the time is over, `InvalidInput` if
    /// there is none.
    pub fn connect_timeout(
        network: &Network,
        remote: SocketAddr,
        timeout: Duration,
    ) -> io::Result<TcpStream> {
        refuse_zero(timeout)?;
        let until = network.clock().now() + timeout;
        let socket = Socket::open(network, remote)?;
        TcpStream::finish_connecting(socket, Some(until))
    }

    /// Connects, and writes; also how much of `text` was taken, as by [`Write::write`]. Where the
    /// network's configuration has it (RFC 7413, [`FastOpen::active`]) the text goes with the first
    /// packet to a peer that allows it, which spares a round trip. The peer may then read it twice:
    /// only for requests that may be made twice.
    ///
    /// [`FastOpen::active`]: crate::stack::FastOpen::active
    ///
    /// # Errors
    ///
    /// As for [`TcpStream::connect`].
    pub fn connect_with(
        network: &Network,
        remote: SocketAddr,
        text: &[u8],
    ) -> io::Result<(TcpStream, usize)> {
        let (socket, taken) = Socket::open_sending(network, remote, text)?;
        Ok((TcpStream::finish_connecting(socket, None)?, taken))
    }

    fn finish_connecting(socket: Socket, until: Option<Instant>) -> io::Result<TcpStream> {
        let shared = socket.shared();
        shared
            .block(socket.writes(), until, |waiter| {
                socket.poll_connected(waiter)
            })
            .unwrap_or(Err(io::ErrorKind::TimedOut.into()))?;
        Ok(TcpStream::new(socket))
    }

    fn new(socket: Socket) -> TcpStream {
        TcpStream(Arc::new(Stream {
            socket,
            reading: Patience::default(),
            writing: Patience::default(),
            uses: AtomicU32::new(0),
        }))
    }

    /// A second handle to the same connection. Timeouts are the connection's, not the handle's.
    ///
    /// # Errors
    ///
    /// None; the signature is std's.
    pub fn try_clone(&self) -> io::Result<TcpStream> {
        Ok(TcpStream(Arc::clone(&self.0)))
    }

    /// Our address and port.
    ///
    /// # Errors
    ///
    /// None; the signature is std's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.0.socket.local_addr())
    }

    /// The peer's address and port.
    ///
    /// # Errors
    ///
    /// None; the signature is std's.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.0.socket.peer_addr())
    }

    /// Ends one direction or both. After `Write`, the peer reads to the end and then sees it;
    /// reading goes on. After `Read`, reads give what has come and then 0.
    ///
    /// # Errors
    ///
    /// `NotConnected` if the connection has ended.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.socket.shutdown(how)
    }

    /// How long a read waits before it fails with `WouldBlock`; `None`: for ever.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for no time at all.
    pub fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.reading.set(timeout)
    }

    /// See [`TcpStream::set_read_timeout`].
    ///
    /// # Errors
    ///
    /// None; the signature is std's.
    pub fn read_timeout(&self) -> io::Result<Option<Duration>> {
        Ok(self.0.reading.timeout())
    }

    /// How long a write waits before it fails with `WouldBlock`; `None`: for ever.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for no time at all.
    pub fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.writing.set(timeout)
    }

    /// See [`TcpStream::set_write_timeout`].
    ///
    /// # Errors
    ///
    /// None; the signature is std's.
    pub fn write_timeout(&self) -> io::Result<Option<Duration>> {
        Ok(self.0.writing.timeout())
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

    /// What closing does: `None`: nothing but begin it; zero: a reset instead of an orderly end;
    /// else it waits, at most this long, until the peer has acknowledged all.
    ///
    /// # Errors
    ///
    /// See [`TcpStream::set_nodelay`].
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        self.0.socket.set_linger(linger)
    }

    /// See [`TcpStream::set_linger`].
    ///
    /// # Errors
    ///
    /// See [`TcpStream::set_nodelay`].
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        self.0.socket.linger()
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

    /// Writes without a copy: takes what there is room for off the front of `bytes`, and holds it
    /// until the peer has acknowledged it. Short ones are copied all the same.
    ///
    /// # Errors
    ///
    /// As for [`Write::write`].
    pub fn write_owned(&self, bytes: &mut Bytes) -> io::Result<usize> {
        let socket = &self.0.socket;
        self.0
            .write(bytes.len(), |waiter| socket.poll_write_owned(waiter, bytes))
    }

    /// The same, until all of it is taken.
    ///
    /// # Errors
    ///
    /// As for [`Write::write`].
    pub fn write_all_owned(&self, mut bytes: Bytes) -> io::Result<()> {
        while !bytes.is_empty() {
            self.write_owned(&mut bytes)?;
        }
        Ok(())
    }

    /// A reader that lends what has come instead of copying it.
    pub fn lending(&self) -> Lending {
        Lending::new(TcpStream(Arc::clone(&self.0)))
    }

    /// How the connection ended, if it ended badly. Asking does not clear it.
    ///
    /// # Errors
    ///
    /// See [`TcpStream::set_nodelay`].
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.0.socket.failure()
    }
}

impl Read for &TcpStream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let socket = &self.0.socket;
        self.0.read(|waiter| socket.poll_read(waiter, buf))
    }
}

impl Write for &TcpStream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let socket = &self.0.socket;
        self.0
            .write(buf.len(), |waiter| socket.poll_write(waiter, buf))
    }

    /// Does nothing: what was written is on its way.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for TcpStream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buf)
    }
}

impl Write for TcpStream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        (&*self).write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&*self).flush()
    }
}

/// Bytes that take several bursts to send, so that whoever writes them is there to receive what
/// answers the first.
const MUCH: usize = 128 * 1024;
/// Reads, and long writes, before a connection's thread asks for the seat.
const SETTLED: u32 = 4;

/// How long to wait, in nanoseconds; 0: for ever. It stands alone, so no order is kept.
#[derive(Debug, Default)]
struct Patience(AtomicU64);

impl Patience {
    fn set(&self, timeout: Option<Duration>) -> io::Result<()> {
        let nanos = match timeout {
            Some(timeout) => {
                refuse_zero(timeout)?;
                u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX)
            }
            None => 0,
        };
        self.0.store(nanos, Ordering::Relaxed);
        Ok(())
    }

    fn timeout(&self) -> Option<Duration> {
        let nanos = self.0.load(Ordering::Relaxed);
        (nanos > 0).then(|| Duration::from_nanos(nanos))
    }

    fn wait<T>(
        &self,
        shared: &Shared,
        topic: Topic,
        attempt: impl FnMut(Waiter<'_>) -> Poll<io::Result<T>>,
    ) -> io::Result<T> {
        let until = self.timeout().map(|timeout| shared.clock().now() + timeout);
        shared
            .block(topic, until, attempt)
            .unwrap_or(Err(io::ErrorKind::WouldBlock.into()))
    }
}

/// As std does: no time at all would mean "for ever" to the kernel, and nobody means that.
fn refuse_zero(timeout: Duration) -> io::Result<()> {
    if timeout.is_zero() {
        let text = "a timeout of zero is no time to wait";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    Ok(())
}

/// Waits for connections. Dropping the last handle resets those that nobody has accepted.
#[derive(Debug)]
pub struct TcpListener(Arc<Listening>);

impl TcpListener {
    /// Listens on `local`; an unspecified address is all of ours, port 0 any that is free. As many
    /// connections wait to be accepted as with std: 128.
    ///
    /// # Errors
    ///
    /// `AddrInUse` if somebody listens there, `AddrNotAvailable` if the address is not ours.
    pub fn bind(network: &Network, local: SocketAddr) -> io::Result<TcpListener> {
        TcpListener::bind_with_backlog(network, local, BACKLOG)
    }

    /// Listens; at most `backlog` connections wait to be accepted.
    ///
    /// # Errors
    ///
    /// As for [`TcpListener::bind`].
    pub fn bind_with_backlog(
        network: &Network,
        local: SocketAddr,
        backlog: usize,
    ) -> io::Result<TcpListener> {
        let listening = Listening::bind(network, Some(local), backlog)?;
        Ok(TcpListener(Arc::new(listening)))
    }

    /// Listens wherever nobody else does: at every port of every address of ours, and, on a network
    /// that answers for any address ([`Config::any_address`]), at every destination there is. A
    /// stream's [`TcpStream::local_addr`] is where its client wanted to go.
    ///
    /// [`Config::any_address`]: crate::stack::Config::any_address
    ///
    /// # Errors
    ///
    /// `AddrInUse` if somebody does.
    pub fn bind_everywhere(network: &Network, backlog: usize) -> io::Result<TcpListener> {
        let listening = Listening::bind(network, None, backlog)?;
        Ok(TcpListener(Arc::new(listening)))
    }

    /// Waits for a connection; gives it and who the peer is.
    ///
    /// # Errors
    ///
    /// Those of a network that is down.
    pub fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let listening = &self.0;
        let socket = listening.accept()?;
        let peer = socket.peer_addr();
        Ok((TcpStream::new(socket), peer))
    }

    /// [`TcpListener::accept`] for ever.
    pub fn incoming(&self) -> Incoming<'_> {
        Incoming(self)
    }

    /// Which congestion control the connections begin with that come from now on.
    ///
    /// # Errors
    ///
    /// Those of a network that is down.
    pub fn set_congestion(&self, algorithm: Algorithm) -> io::Result<()> {
        self.0.set_congestion(algorithm)
    }

    /// How many connections that come from now on may be accepted before their handshake is over,
    /// by a cookie that their peers were given earlier (RFC 7413); 0, as at first: none. What was
    /// sent with the first packet may then be read twice, if the network doubles it (section 6.1):
    /// only for services that can bear that.
    ///
    /// # Errors
    ///
    /// Those of a network that is down.
    pub fn set_fast_open(&self, pending: u32) -> io::Result<()> {
        self.0.set_fast_open(pending)
    }

    /// Where it listens.
    ///
    /// # Errors
    ///
    /// None; the signature is std's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.0.local_addr())
    }

    /// A second handle to the same listener.
    ///
    /// # Errors
    ///
    /// None; the signature is std's.
    pub fn try_clone(&self) -> io::Result<TcpListener> {
        Ok(TcpListener(Arc::clone(&self.0)))
    }
}

/// Connections as they come; never `None`.
#[derive(Debug)]
pub struct Incoming<'a>(&'a TcpListener);

impl Iterator for Incoming<'_> {
    type Item = io::Result<TcpStream>;

    fn next(&mut self) -> Option<io::Result<TcpStream>> {
        Some(self.0.accept().map(|(stream, _)| stream))
    }
}

/// As std has it.
pub(super) const BACKLOG: usize = 128;

#[cfg(test)]
mod tests;
