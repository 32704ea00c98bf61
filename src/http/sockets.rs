//! One port on several addresses of our stack, as one listener; and one whose connections are
//! secured.

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::task::Poll;

use super::{Ends, Listener};
use crate::net::Network;
use crate::net::tokio::{TcpListener, TcpStream};
use crate::tls::{Opening, Server};

/// Listening sockets of one server.
#[derive(Debug)]
pub struct Sockets(Vec<TcpListener>);

impl Sockets {
    /// Listens on `port` of each address; the unspecified ones stand for all of the stack's.
    ///
    /// # Errors
    ///
    /// One of them is not the stack's, or in use, or the network is down.
    pub fn bind(network: &Network, ips: &[IpAddr], port: u16) -> io::Result<Sockets> {
        let bind = |ip: &IpAddr| TcpListener::bind(network, SocketAddr::new(*ip, port));
        Ok(Sockets(ips.iter().map(bind).collect::<io::Result<_>>()?))
    }
}

impl Listener for Sockets {
    type Stream = TcpStream;

    async fn accept(&self) -> io::Result<(TcpStream, Ends)> {
        let accepted = poll_fn(|cx| {
            for listener in &self.0 {
                if let Poll::Ready(accepted) = listener.poll_accept(cx) {
                    return Poll::Ready(accepted);
                }
            }
            Poll::Pending
        });
        let (stream, peer) = accepted.await?;
        // A client that waits for the rest of an answer acknowledges late what it has.
        stream.set_nodelay(true)?;
        let local = stream.local_addr()?;
        Ok((stream, Ends { local, peer }))
    }
}

/// A listener whose connections speak TLS.
#[derive(Debug)]
pub struct SecuredListener<L> {
    below: L,
    tls: Server,
}

impl<L> SecuredListener<L> {
    /// What `below` accepts is secured by `tls`.
    pub fn new(below: L, tls: Server) -> SecuredListener<L> {
        SecuredListener { below, tls }
    }
}

impl<L: Listener> Listener for SecuredListener<L> {
    type Stream = Opening<L::Stream>;

    async fn accept(&self) -> io::Result<(Self::Stream, Ends)> {
        let (stream, ends) = self.below.accept().await?;
        // Too many handshakes: this one is closed, and others go on.
        let crowded = |_| io::Error::from(io::ErrorKind::ConnectionAborted);
        Ok((self.tls.open(stream).map_err(crowded)?, ends))
    }
}
