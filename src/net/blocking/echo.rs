//! An echo socket: what ping asks by.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use super::Patience;
use crate::base::Instant;
use crate::net::Network;
use crate::net::echo::Echo;
use crate::stack::{EchoCame, EchoRequest};

/// Asks one host for echoes, and hears what becomes of each request: the host's reply, or what a
/// router on the way has against it.
#[derive(Debug)]
pub struct EchoSocket {
    echo: Echo,
    reading: Patience,
    writing: Patience,
}

impl EchoSocket {
    /// A socket that asks `remote`, from whatever address of ours suits.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for an address that nothing can be sent to, `NetworkUnreachable` if none of
    /// ours is of its family, `QuotaExceeded` at the limit of echo sockets.
    pub fn open(network: &Network, remote: IpAddr) -> io::Result<EchoSocket> {
        Ok(EchoSocket {
            echo: Echo::open(network, remote)?,
            reading: Patience::default(),
            writing: Patience::default(),
        })
    }

    /// Sends a request. Returns when, on the network's clock.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for more data than a request holds, or, of one that must stay whole, than the
    /// path carries; `ResourceBusy` while too many requests that had to be cut are on their way;
    /// `WouldBlock` when the write timeout is over.
    pub fn send(&self, request: &EchoRequest<'_>) -> io::Result<Instant> {
        let shared = self.echo.network().shared();
        self.writing.wait(shared, self.echo.room(), |waiter| {
            self.echo.poll_send(waiter, request)
        })
    }

    /// Waits for what became of a request.
    ///
    /// # Errors
    ///
    /// `WouldBlock` when the read timeout is over.
    pub fn receive(&self) -> io::Result<EchoCame> {
        let shared = self.echo.network().shared();
        self.reading.wait(shared, self.echo.answers(), |waiter| {
            self.echo.poll_receive(waiter)
        })
    }

    /// From which address it asks.
    ///
    /// # Errors
    ///
    /// Those of a network that is down.
    pub fn local_addr(&self) -> io::Result<IpAddr> {
        self.echo.local_addr()
    }

    /// How long receiving waits before it fails with `WouldBlock`; `None`: for ever.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for no time at all.
    pub fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.reading.set(timeout)
    }

    /// How long sending waits for room before it fails with `WouldBlock`; `None`: for ever.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for no time at all.
    pub fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.writing.set(timeout)
    }
}
