//! A datagram socket like tokio's.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};

use ::tokio::io::ReadBuf;
use ::tokio::task::coop;

use super::Place;
use crate::net::Network;
use crate::net::datagrams::Datagrams;
use crate::net::waiters::{Key, Waiter};

/// A datagram socket. Several tasks may use it at once, and dropping a future loses no datagram.
#[derive(Debug)]
pub struct UdpSocket {
    datagrams: Datagrams,
    /// For those who poll by hand; receiving and sending are waited for separately.
    key: Key,
}

impl UdpSocket {
    /// A socket that receives what comes to `local`; an unspecified address is all of ours, port 0
    /// any that is free.
    ///
    /// # Errors
    ///
    /// As for [`crate::net::blocking::UdpSocket::bind`].
    pub fn bind(network: &Network, local: SocketAddr) -> io::Result<UdpSocket> {
        Ok(UdpSocket {
            datagrams: Datagrams::bind(network, local)?,
            key: Key::new(),
        })
    }

    /// Connects it.
    ///
    /// # Errors
    ///
    /// As for [`crate::net::blocking::UdpSocket::connect`].
    pub fn connect(&self, remote: SocketAddr) -> io::Result<()> {
        self.datagrams.connect(remote)
    }

    /// Waits for a datagram. Returns how many bytes of it are in `buf` now, and who sent it; what
    /// did not fit is lost.
    ///
    /// # Errors
    ///
    /// As for [`crate::net::blocking::UdpSocket::recv_from`], but for the timeout.
    pub async fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let place = Place::new(self.datagrams.network().shared(), self.datagrams.arrivals());
        poll_fn(|cx| self.poll_recv_as(place.key.waiter(cx), cx, buf)).await
    }

    /// Waits for a datagram of the peer. Returns how many bytes of it are in `buf` now.
    ///
    /// # Errors
    ///
    /// As for [`UdpSocket::recv_from`]; `NotConnected` without a peer.
    pub async fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.peer_addr()?;
        Ok(self.recv_from(buf).await?.0)
    }

    /// Sends a datagram. Returns its length.
    ///
    /// # Errors
    ///
    /// As for [`crate::net::blocking::UdpSocket::send_to`], but for the timeout.
    pub async fn send_to(&self, text: &[u8], to: SocketAddr) -> io::Result<usize> {
        self.send_somewhere(text, Some(to)).await
    }

    /// Sends a datagram to the peer. Returns its length.
    ///
    /// # Errors
    ///
    /// As for [`crate::net::blocking::UdpSocket::send`], but for the timeout.
    pub async fn send(&self, text: &[u8]) -> io::Result<usize> {
        self.send_somewhere(text, None).await
    }

    async fn send_somewhere(&self, text: &[u8], to: Option<SocketAddr>) -> io::Result<usize> {
        let place = Place::new(
            self.datagrams.network().shared(),
            self.datagrams.departures(),
        );
        poll_fn(|cx| self.poll_send_as(place.key.waiter(cx), cx, text, to)).await
    }

    /// [`UdpSocket::recv_from`] for those who poll by hand; as usual, only the last task to ask is
    /// woken.
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        let room = buf.initialize_unfilled();
        let (len, from) = ready!(self.poll_recv_as(self.key.waiter(cx), cx, room))?;
        buf.advance(len);
        Poll::Ready(Ok(from))
    }

    /// [`UdpSocket::send_to`] for those who poll by hand; as usual, only the last task to ask is
    /// woken.
    pub fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        text: &[u8],
        to: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        self.poll_send_as(self.key.waiter(cx), cx, text, Some(to))
    }

    fn poll_recv_as(
        &self,
        waiter: Waiter<'_>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        // A task that always finds something must yield now and then.
        let turn = ready!(coop::poll_proceed(cx));
        let came = ready!(self.datagrams.poll_receive(waiter, buf));
        turn.made_progress();
        let came = came?;
        Poll::Ready(Ok((came.len.min(buf.len()), came.from)))
    }

    fn poll_send_as(
        &self,
        waiter: Waiter<'_>,
        cx: &mut Context<'_>,
        text: &[u8],
        to: Option<SocketAddr>,
    ) -> Poll<io::Result<usize>> {
        let turn = ready!(coop::poll_proceed(cx));
        let sent = ready!(self.datagrams.poll_send(waiter, text, to));
        turn.made_progress();
        Poll::Ready(sent.map(|()| text.len()))
    }

    /// What its datagrams leave with: see [`crate::net::blocking::UdpSocket::configure`].
    ///
    /// # Errors
    ///
    /// Those of a network that is down.
    pub fn configure(&self, hop_limit: u8, tos: u8) -> io::Result<()> {
        self.datagrams.configure(hop_limit, tos)
    }

    /// The latest ICMP error about what it sent, once: see
    /// [`crate::net::blocking::UdpSocket::take_error`].
    ///
    /// # Errors
    ///
    /// Those of a network that is down.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.datagrams.take_error()
    }

    /// Where it is bound.
    ///
    /// # Errors
    ///
    /// Those of a network that is down.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.datagrams.local_addr()
    }

    /// To whom it is connected.
    ///
    /// # Errors
    ///
    /// `NotConnected` without a peer.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.datagrams.peer_addr()
    }
}

#[cfg(test)]
mod tests;
