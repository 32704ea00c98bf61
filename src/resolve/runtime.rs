//! What hickory runs on: sockets of our stack, and a watch on every message that passes them.
//!
//! The library chooses ids, ports, servers and when to ask again; here is only where its datagrams
//! and connections go. A question's socket is connected to the server it asks, so that the stack
//! itself throws away what others send (RFC 5452 section 9.1), and a port where nobody listens is
//! an error at once instead of silence.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ::tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use hickory_resolver::net::runtime::iocompat::AsyncIoTokioAsStd;
use hickory_resolver::net::runtime::{DnsUdpSocket, RuntimeProvider, TokioHandle, TokioTime};

use super::watch::{Pending, Transport, Watch};
use crate::net::Network;
use crate::net::tokio::{TcpStream, UdpSocket};

/// Sockets for a resolver.
#[derive(Clone)]
pub(super) struct Provider {
    network: Network,
    tasks: TokioHandle,
    watch: Watch,
}

impl Provider {
    /// On this stack; `watch` is told of every exchange.
    pub fn new(network: &Network, watch: Watch) -> Provider {
        Provider {
            network: network.clone(),
            tasks: TokioHandle::default(),
            watch,
        }
    }
}

type Opening<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

impl RuntimeProvider for Provider {
    type Handle = TokioHandle;
    type Timer = TokioTime;
    type Udp = Datagrams;
    type Tcp = AsyncIoTokioAsStd<Stream>;

    fn create_handle(&self) -> TokioHandle {
        self.tasks.clone()
    }

    fn connect_tcp(
        &self,
        server: SocketAddr,
        _from: Option<SocketAddr>,
        patience: Option<Duration>,
    ) -> Opening<Self::Tcp> {
        let (network, watch) = (self.network.clone(), self.watch.clone());
        Box::pin(async move {
            let connecting = TcpStream::connect(&network, server);
            let patience = patience.unwrap_or(CONNECT_WITHIN);
            let stream = ::tokio::time::timeout(patience, connecting).await??;
            // Length and message leave together, without waiting for more (RFC 7766 section 8).
            stream.set_nodelay(true)?;
            Ok(AsyncIoTokioAsStd(Stream::new(stream, watch)?))
        })
    }

    fn bind_udp(&self, local: SocketAddr, server: SocketAddr) -> Opening<Datagrams> {
        let socket = UdpSocket::bind(&self.network, local);
        let watch = self.watch.clone();
        Box::pin(async move {
            let socket = socket?;
            socket.connect(server)?;
            let local = socket.local_addr()?;
            let pending = Mutex::new(Pending::new(watch, Transport::Udp, local, server));
            Ok(Datagrams { socket, pending })
        })
    }
}

/// A socket for one question.
pub(super) struct Datagrams {
    socket: UdpSocket,
    pending: Mutex<Pending>,
}

impl Datagrams {
    fn look(&self, look: impl FnOnce(&mut Pending)) {
        // Whoever held it has panicked: what is lost is what is told, not what is done.
        let mut pending = self.pending.lock().unwrap_or_else(|held| held.into_inner());
        look(&mut pending);
    }
}

impl DnsUdpSocket for Datagrams {
    type Time = TokioTime;

    fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        let mut room = ReadBuf::new(buf);
        let from = ready!(self.socket.poll_recv_from(cx, &mut room))?;
        self.look(|pending| pending.heard(room.filled()));
        Poll::Ready(Ok((room.filled().len(), from)))
    }

    fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        text: &[u8],
        server: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        let sent = ready!(self.socket.poll_send_to(cx, text, server))?;
        self.look(|pending| pending.asked(text));
        Poll::Ready(Ok(sent))
    }
}

/// A connection to a name server, looked into as it is used.
pub(super) struct Stream {
    stream: TcpStream,
    pending: Pending,
    out: Messages,
    back: Messages,
}

impl Stream {
    fn new(stream: TcpStream, watch: Watch) -> io::Result<Stream> {
        let (local, server) = (stream.local_addr()?, stream.peer_addr()?);
        Ok(Stream {
            stream,
            pending: Pending::new(watch, Transport::Tcp, local, server),
            out: Messages::default(),
            back: Messages::default(),
        })
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        this.back.pass(&buf.filled()[before..], |message| {
            this.pending.heard(message);
        });
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        text: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let taken = ready!(Pin::new(&mut this.stream).poll_write(cx, text))?;
        this.out.pass(&text[..taken], |message| {
            this.pending.asked(message);
        });
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The messages in a stream: each has its length before it, in two octets (RFC 1035 section
/// 4.2.2).
#[derive(Default)]
struct Messages(VecDeque<u8>);

impl Messages {
    /// Takes what passed in one direction, and calls `whole` with each message that is complete.
    fn pass(&mut self, text: &[u8], mut whole: impl FnMut(&[u8])) {
        self.0.extend(text);
        while let (Some(high), Some(low)) = (self.0.front(), self.0.get(1)) {
            let end = 2 + usize::from(u16::from_be_bytes([*high, *low]));
            if self.0.len() < end {
                return;
            }
            let message: Vec<u8> = self.0.drain(..end).skip(2).collect();
            whole(&message);
        }
    }
}

/// How long a connection to a name server may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
