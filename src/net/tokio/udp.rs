//! A datagram socket like tokio's.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::task::{Context, Poll, ready};

use ::tokio::io::ReadBuf;
use ::tokio::task::coop;

use super::Place;
use crate::net::Network;
use crate::net::datagrams::{Datagrams, Way};
use crate::net::waiters::{Key, Waiter};
use crate::stack::Came;

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

    /// A socket that receives whatever comes for nobody else.
    ///
    /// # Errors
    ///
    /// As for [`crate::net::blocking::UdpSocket::bind_everywhere`].
    pub fn bind_everywhere(network: &Network) -> io::Result<UdpSocket> {
        Ok(UdpSocket {
            datagrams: Datagrams::bind_everywhere(network)?,
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
        let room = buf.len();
        let came = self.receive(buf).await?;
        Ok((came.len.min(room), came.from))
    }

    /// The same with all that is known of the datagram: see
    /// [`crate::net::blocking::UdpSocket::receive`].
    ///
    /// # Errors
    ///
    /// As for [`UdpSocket::recv_from`].
    pub async fn receive(&self, buf: &mut [u8]) -> io::Result<Came> {
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
        self.send_by(text, Way::To(to)).await
    }

    /// Sends a datagram from one of the local sockets that this one stands for: see
    /// [`crate::net::blocking::UdpSocket::send_from`].
    ///
    /// # Errors
    ///
    /// As there, but for the timeout.
    pub async fn send_from(
        &self,
        text: &[u8],
        from: SocketAddr,
        to: SocketAddr,
    ) -> io::Result<usize> {
        self.send_by(text, Way::Between(from, to)).await
    }

    /// Sends a datagram to the peer. Returns its length.
    ///
    /// # Errors
    ///
    /// As for [`crate::net::blocking::UdpSocket::send`], but for the timeout.
    pub async fn send(&self, text: &[u8]) -> io::Result<usize> {
        self.send_by(text, Way::ToPeer).await
    }

    /// Sends `text` as datagrams of `size` bytes, handed over at once: see
    /// [`crate::net::blocking::UdpSocket::send_segments_to`].
    ///
    /// # Errors
    ///
    /// As there, but for the timeout.
    pub async fn send_segments_to(
        &self,
        text: &[u8],
        size: NonZeroU16,
        to: SocketAddr,
    ) -> io::Result<usize> {
        self.send_by(text, Way::InSegments(size, Some(to))).await
    }

    /// The same to the peer.
    ///
    /// # Errors
    ///
    /// As for [`crate::net::blocking::UdpSocket::send_segments`], but for the timeout.
    pub async fn send_segments(&self, text: &[u8], size: NonZeroU16) -> io::Result<usize> {
        self.send_by(text, Way::InSegments(size, None)).await
    }

    async fn send_by(&self, text: &[u8], way: Way) -> io::Result<usize> {
        let place = Place::new(
            self.datagrams.network().shared(),
            self.datagrams.departures(),
        );
        poll_fn(|cx| self.poll_send_as(place.key.waiter(cx), cx, text, way)).await
    }

    /// [`UdpSocket::recv_from`] for those who poll by hand; as usual, only the last task to ask is
    /// woken.
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        let room = buf.initialize_unfilled();
        let most = room.len();
        let came = ready!(self.poll_recv_as(self.key.waiter(cx), cx, room))?;
        buf.advance(came.len.min(most));
        Poll::Ready(Ok(came.from))
    }

    /// [`UdpSocket::send_to`] for those who poll by hand; as usual, only the last task to ask is
    /// woken.
    pub fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        text: &[u8],
        to: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        self.poll_send_as(self.key.waiter(cx), cx, text, Way::To(to))
    }

    fn poll_recv_as(
        &self,
        waiter: Waiter<'_>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<Came>> {
        // A task that always finds something must yield now and then.
        let turn = ready!(coop::poll_proceed(cx));
        let came = ready!(self.datagrams.poll_receive(waiter, buf));
        turn.made_progress();
        Poll::Ready(came)
    }

    fn poll_send_as(
        &self,
        waiter: Waiter<'_>,
        cx: &mut Context<'_>,
        text: &[u8],
        way: Way,
    ) -> Poll<io::Result<usize>> {
        let turn = ready!(coop::poll_proceed(cx));
        let sent = ready!(self.datagrams.poll_send(waiter, text, way));
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
