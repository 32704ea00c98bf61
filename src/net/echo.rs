//! What blocking and tokio echo sockets have in common, as `datagrams` has it for datagrams.

use std::io;
use std::net::IpAddr;
use std::task::Poll;

use super::Network;
use super::error;
use super::waiters::{Topic, Waiter};
use crate::base::Instant;
use crate::stack::{EchoCame, EchoId, EchoReceiveError, EchoRequest, EchoSendError};

/// An echo socket that somebody holds. Dropping it closes it.
#[derive(Debug)]
pub(super) struct Echo {
    network: Network,
    id: EchoId,
}

impl Echo {
    /// A socket that asks `remote`.
    pub fn open(network: &Network, remote: IpAddr) -> io::Result<Echo> {
        let shared = network.shared();
        let opened = shared.call(|held| held.stack.echo_open(held.now, remote))?;
        Ok(Echo {
            network: network.clone(),
            id: opened.map_err(error::echo_open)?,
        })
    }

    /// Sends a request; says when.
    pub fn poll_send(
        &self,
        waiter: Waiter<'_>,
        request: &EchoRequest<'_>,
    ) -> Poll<io::Result<Instant>> {
        let shared = self.network.shared();
        shared.call(|held| {
            let sent = held.stack.echo_send(held.now, self.id, request);
            if sent == Err(EchoSendError::WouldBlock) {
                held.waiters.register(self.room(), waiter);
                return Poll::Pending;
            }
            Poll::Ready(sent.map(|()| held.now).map_err(error::echo_send))
        })?
    }

    /// Takes the answer that came first.
    pub fn poll_receive(&self, waiter: Waiter<'_>) -> Poll<io::Result<EchoCame>> {
        let shared = self.network.shared();
        shared.call(|held| {
            let came = held.stack.echo_receive(held.now, self.id);
            if came == Err(EchoReceiveError::WouldBlock) {
                held.waiters.register(self.answers(), waiter);
                return Poll::Pending;
            }
            Poll::Ready(came.map_err(error::echo_receive))
        })?
    }

    /// From which address it asks.
    pub fn local_addr(&self) -> io::Result<IpAddr> {
        let shared = self.network.shared();
        let ends = shared.look(|stack, _| stack.echo_ends(self.id))?;
        let (local, ..) = ends.ok_or(io::ErrorKind::NotConnected)?;
        Ok(local)
    }

    /// The network that it belongs to.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// What whoever receives waits for.
    pub fn answers(&self) -> Topic {
        Topic::EchoAnswer(self.id)
    }

    /// What whoever sends waits for.
    pub fn room(&self) -> Topic {
        Topic::EchoRoom(self.id)
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        // On a network that is down there is nothing to close.
        let _ = self.network.shared().call(|held| {
            held.stack.echo_close(held.now, self.id);
            held.waiters.close(self.answers());
            held.waiters.close(self.room());
        });
    }
}
