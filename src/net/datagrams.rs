//! What blocking and tokio datagram sockets have in common: each operation as one attempt that is
//! ready or leaves a waiter behind.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::task::Poll;

use super::Network;
use super::error;
use super::waiters::{Topic, Waiter};
use crate::stack::{Came, UdpId, UdpReceiveError, UdpSendError};

/// A datagram socket that somebody holds. Dropping it closes it.
#[derive(Debug)]
pub(super) struct Datagrams {
    network: Network,
    id: UdpId,
}

/// Where a datagram goes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Way {
    /// To the peer of a socket that is connected.
    ToPeer,
    To(SocketAddr),
    /// From one of the local sockets that it stands for.
    Between(SocketAddr, SocketAddr),
    /// As several of so many bytes, to a destination or to the peer.
    InSegments(NonZeroU16, Option<SocketAddr>),
}

impl Datagrams {
    /// A socket that receives what comes to `local`.
    pub fn bind(network: &Network, local: SocketAddr) -> io::Result<Datagrams> {
        let shared = network.shared();
        let bound = shared.call(|held| held.stack.udp_bind(held.now, local))?;
        Ok(Datagrams {
            network: network.clone(),
            id: bound.map_err(error::udp_bind)?,
        })
    }

    /// One that receives what comes for nobody else.
    pub fn bind_everywhere(network: &Network) -> io::Result<Datagrams> {
        let shared = network.shared();
        let bound = shared.call(|held| held.stack.udp_bind_everywhere(held.now))?;
        Ok(Datagrams {
            network: network.clone(),
            id: bound.map_err(error::udp_bind)?,
        })
    }

    /// Connects it.
    pub fn connect(&self, remote: SocketAddr) -> io::Result<()> {
        let shared = self.network.shared();
        let connected = shared.call(|held| held.stack.udp_connect(held.now, self.id, remote))?;
        connected.map_err(error::udp_connect)
    }

    /// Takes the datagram that came first.
    pub fn poll_receive(&self, waiter: Waiter<'_>, buf: &mut [u8]) -> Poll<io::Result<Came>> {
        let shared = self.network.shared();
        shared.call(|held| {
            let came = held.stack.udp_receive(held.now, self.id, buf);
            if came == Err(UdpReceiveError::WouldBlock) {
                held.waiters.register(self.arrivals(), waiter);
                return Poll::Pending;
            }
            Poll::Ready(came.map_err(error::udp_receive))
        })?
    }

    /// Sends a datagram, or several.
    pub fn poll_send(&self, waiter: Waiter<'_>, text: &[u8], way: Way) -> Poll<io::Result<()>> {
        let shared = self.network.shared();
        shared.call(|held| {
            let (stack, now) = (&mut held.stack, held.now);
            let sent = match way {
                Way::ToPeer => stack.udp_send(now, self.id, text, None),
                Way::To(to) => stack.udp_send(now, self.id, text, Some(to)),
                Way::Between(from, to) => stack.udp_send_from(now, self.id, text, from, to),
                Way::InSegments(size, to) => stack.udp_send_segments(now, self.id, text, size, to),
            };
            if sent == Err(UdpSendError::WouldBlock) {
                held.waiters.register(self.departures(), waiter);
                return Poll::Pending;
            }
            Poll::Ready(sent.map_err(error::udp_send))
        })?
    }

    /// What its datagrams leave with.
    pub fn configure(&self, hop_limit: u8, tos: u8) -> io::Result<()> {
        let shared = self.network.shared();
        Ok(shared.call(|held| {
            held.stack.udp_configure(held.now, self.id, hop_limit, tos);
        })?)
    }

    /// The latest ICMP error about what it sent, once.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        let shared = self.network.shared();
        let error = shared.call(|held| held.stack.udp_take_error(self.id))?;
        Ok(error.map(error::udp_refused))
    }

    /// Where it is bound.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.ends()?.0)
    }

    /// To whom it is connected: `NotConnected` if it is not.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.ends()?.1.ok_or(io::ErrorKind::NotConnected.into())
    }

    fn ends(&self) -> io::Result<(SocketAddr, Option<SocketAddr>)> {
        let shared = self.network.shared();
        let ends = shared.look(|stack, _| stack.udp_ends(self.id))?;
        ends.ok_or(io::ErrorKind::NotConnected.into())
    }

    /// The network that it belongs to.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// What whoever receives waits for.
    pub fn arrivals(&self) -> Topic {
        Topic::Arrival(self.id)
    }

    /// What whoever sends waits for.
    pub fn departures(&self) -> Topic {
        Topic::Departure(self.id)
    }
}

impl Drop for Datagrams {
    fn drop(&mut self) {
        // On a network that is down there is nothing to close.
        let _ = self.network.shared().call(|held| {
            held.stack.udp_close(held.now, self.id);
            held.waiters.close(self.arrivals());
            held.waiters.close(self.departures());
        });
    }
}
