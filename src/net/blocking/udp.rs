//! A datagram socket like std's.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use super::Patience;
use crate::net::Network;
use crate::net::datagrams::{Datagrams, Way};
use crate::stack::Came;

/// A datagram socket.
///
/// Several threads may use it at once. A datagram is received whole or cut to the buffer, and sent
/// whole or not at all; one that is too long for the link goes in fragments.
#[derive(Debug)]
pub struct UdpSocket(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    datagrams: Datagrams,
    reading: Patience,
    writing: Patience,
}

impl UdpSocket {
    /// A socket that receives what comes to `local`; an unspecified address is all of ours, port 0
    /// any that is free.
    ///
    /// # Errors
    ///
    /// `AddrInUse` if another socket is bound there, `AddrNotAvailable` if the address is not ours,
    /// `QuotaExceeded` at the limit of datagram sockets.
    pub fn bind(network: &Network, local: SocketAddr) -> io::Result<UdpSocket> {
        Ok(UdpSocket(Arc::new(Inner {
            datagrams: Datagrams::bind(network, local)?,
            reading: Patience::default(),
            writing: Patience::default(),
        })))
    }

    /// A socket that receives whatever comes for nobody else: to every port of every address of
    /// ours, and, on a network that answers for any address ([`Config::any_address`]), to every
    /// destination there is. [`UdpSocket::receive`] tells which, and [`UdpSocket::send_from`]
    /// answers from there.
    ///
    /// [`Config::any_address`]: crate::stack::Config::any_address
    ///
    /// # Errors
    ///
    /// `AddrInUse` if there is one, `QuotaExceeded` at the limit of datagram sockets.
    pub fn bind_everywhere(network: &Network) -> io::Result<UdpSocket> {
        Ok(UdpSocket(Arc::new(Inner {
            datagrams: Datagrams::bind_everywhere(network)?,
            reading: Patience::default(),
            writing: Patience::default(),
        })))
    }

    /// Connects it: [`UdpSocket::send`] sends to `remote`, nobody else is heard, and the next call
    /// says so if the peer, or somebody on the way, refuses what was sent.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for an address that no datagram can be sent to, `NetworkUnreachable` if no
    /// address of the socket is of its family, `AddrInUse` if the address that suits is taken.
    pub fn connect(&self, remote: SocketAddr) -> io::Result<()> {
        self.0.datagrams.connect(remote)
    }

    /// Waits for a datagram. Returns how many bytes of it are in `buf` now, and who sent it; what
    /// did not fit is lost.
    ///
    /// # Errors
    ///
    /// `WouldBlock` when the read timeout is over. On a connected socket `ConnectionRefused` if
    /// nobody has the peer's port, or what else was said of a datagram that it sent.
    pub fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let room = buf.len();
        let came = self.receive(buf)?;
        Ok((came.len.min(room), came.from))
    }

    /// The same with all that is known of the datagram: also how long it was, to which local
    /// socket it came (RFC 1122 section 4.1.3.5), and its type of service.
    ///
    /// # Errors
    ///
    /// As for [`UdpSocket::recv_from`].
    pub fn receive(&self, buf: &mut [u8]) -> io::Result<Came> {
        let Inner {
            datagrams, reading, ..
        } = &*self.0;
        let shared = datagrams.network().shared();
        reading.wait(shared, datagrams.arrivals(), |waiter| {
            datagrams.poll_receive(waiter, buf)
        })
    }

    /// Waits for a datagram of the peer. Returns how many bytes of it are in `buf` now.
    ///
    /// # Errors
    ///
    /// As for [`UdpSocket::recv_from`]; `NotConnected` without a peer.
    pub fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.peer_addr()?;
        Ok(self.recv_from(buf)?.0)
    }

    /// Sends a datagram. Returns its length.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for an address that no datagram can be sent to, for another than the peer's
    /// on a socket that is connected, and for more than a datagram holds; `NetworkUnreachable` if
    /// no address of the socket is of the family; `ResourceBusy` while too many datagrams that had
    /// to be cut are on their way there; `WouldBlock` when the write timeout is over.
    pub fn send_to(&self, text: &[u8], to: SocketAddr) -> io::Result<usize> {
        self.send_by(text, Way::To(to))
    }

    /// Sends a datagram from one of the local sockets that this one stands for (RFC 1122 section
    /// 4.1.3.5): the one that a question came to, say. Returns its length.
    ///
    /// # Errors
    ///
    /// As for [`UdpSocket::send_to`]; `AddrNotAvailable` if `from` is none of them.
    pub fn send_from(&self, text: &[u8], from: SocketAddr, to: SocketAddr) -> io::Result<usize> {
        self.send_by(text, Way::Between(from, to))
    }

    /// Sends a datagram to the peer. Returns its length.
    ///
    /// # Errors
    ///
    /// As for [`UdpSocket::send_to`]; `NotConnected` without a peer; `ConnectionRefused`, and what
    /// else was said of a datagram that was sent before.
    pub fn send(&self, text: &[u8]) -> io::Result<usize> {
        self.send_by(text, Way::ToPeer)
    }

    /// Sends `text` as datagrams of `size` bytes, of which the last may have fewer: handed over at
    /// once, and to the device too if it cuts them, which costs a fraction of as many calls. None
    /// is sent in fragments. This is Linux's `UDP_SEGMENT`. Returns the length of all.
    ///
    /// # Errors
    ///
    /// As for [`UdpSocket::send_to`]; `InvalidInput` also for a `size` that the path does not
    /// carry, and for more text than one packet holds.
    pub fn send_segments_to(
        &self,
        text: &[u8],
        size: NonZeroU16,
        to: SocketAddr,
    ) -> io::Result<usize> {
        self.send_by(text, Way::InSegments(size, Some(to)))
    }

    /// The same to the peer.
    ///
    /// # Errors
    ///
    /// As for [`UdpSocket::send`] and [`UdpSocket::send_segments_to`].
    pub fn send_segments(&self, text: &[u8], size: NonZeroU16) -> io::Result<usize> {
        self.send_by(text, Way::InSegments(size, None))
    }

    fn send_by(&self, text: &[u8], way: Way) -> io::Result<usize> {
        let Inner {
            datagrams, writing, ..
        } = &*self.0;
        let shared = datagrams.network().shared();
        writing.wait(shared, datagrams.departures(), |waiter| {
            datagrams.poll_send(waiter, text, way)
        })?;
        Ok(text.len())
    }

    /// What its datagrams leave with from here on: TTL or hop limit, and type of service or traffic
    /// class (RFC 1122 section 4.1.4), whose two bits of ECN are left out.
    ///
    /// # Errors
    ///
    /// Those of a network that is down.
    pub fn configure(&self, hop_limit: u8, tos: u8) -> io::Result<()> {
        self.0.datagrams.configure(hop_limit, tos)
    }

    /// The latest ICMP error about what it sent (RFC 1122 section 4.1.3.3), once. A socket without
    /// a peer hears of it here alone.
    ///
    /// # Errors
    ///
    /// Those of a network that is down.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.0.datagrams.take_error()
    }

    /// Where it is bound.
    ///
    /// # Errors
    ///
    /// Those of a network that is down.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.datagrams.local_addr()
    }

    /// To whom it is connected.
    ///
    /// # Errors
    ///
    /// `NotConnected` without a peer.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.datagrams.peer_addr()
    }

    /// How long receiving waits before it fails with `WouldBlock`; `None`: for ever.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for no time at all.
    pub fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.reading.set(timeout)
    }

    /// How long sending waits for room before it fails with `WouldBlock`; `None`: for ever.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for no time at all.
    pub fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.writing.set(timeout)
    }

    /// A second handle to the same socket.
    ///
    /// # Errors
    ///
    /// None; the signature is std's.
    pub fn try_clone(&self) -> io::Result<UdpSocket> {
        Ok(UdpSocket(Arc::clone(&self.0)))
    }
}

#[cfg(test)]
mod tests;
