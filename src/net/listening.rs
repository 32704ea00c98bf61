//! What blocking and tokio listeners have in common: one in each of the network's stacks.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use super::Network;
use super::error;
use super::shared::Held;
use super::socket::Socket;
#[cfg(feature = "tokio")]
use super::waiters::Key;
use super::waiters::{Topic, Waiter};
use crate::base::pair::Endpoint;
use crate::stack::{AcceptError, Algorithm, ListenerId};

/// A listener that somebody holds. Dropping it closes it.
#[derive(Debug)]
pub(super) struct Listening {
    network: Network,
    /// By the number of the stack.
    ids: Vec<ListenerId>,
    local: SocketAddr,
    /// Which stack is asked first next time, counted on and on.
    next: AtomicUsize,
}

impl Listening {
    /// Begins to listen at `local`; `None`: everywhere.
    pub fn bind(
        network: &Network,
        local: Option<SocketAddr>,
        backlog: usize,
    ) -> io::Result<Listening> {
        let mut listening = Listening {
            network: network.clone(),
            ids: Vec::with_capacity(network.queues()),
            local: local.unwrap_or(Endpoint::EVERYWHERE.into()),
            next: AtomicUsize::new(0),
        };
        for queue in 0..network.queues() {
            // The first may choose a port.
            let local = local.map(|_| listening.local);
            let bound = network.queue(queue).call(|held| {
                let (stack, now) = (&mut held.stack, held.now);
                let id = match local {
                    Some(local) => stack.listen(now, local, backlog),
                    None => stack.listen_everywhere(now, backlog),
                }?;
                Ok((id, stack.listener_addr(id)))
            })?;
            // If this fails, those before are closed.
            let (id, at) = bound.map_err(error::listen)?;
            listening.ids.push(id);
            listening.local = at.unwrap_or(listening.local);
        }
        Ok(listening)
    }

    /// Takes the connection that has waited longest, in one of the stacks.
    pub fn poll_accept(&self, waiter: Waiter<'_>) -> Poll<io::Result<Socket>> {
        // Else the first would have to be idle before another has its turn.
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        for place in 0..self.ids.len() {
            let queue = first.wrapping_add(place) % self.ids.len();
            let accepted = self.poll_accept_from(queue, waiter);
            if accepted.is_ready() {
                return accepted;
            }
        }
        Poll::Pending
    }

    /// Waits for a connection.
    pub fn accept(&self) -> io::Result<Socket> {
        // It may wait with any of the stacks: it is woken by all.
        let (shared, topic) = (self.network.queue(0), Topic::Accept(self.ids[0]));
        shared
            .block(topic, None, |waiter| self.poll_accept(waiter))
            // Without a deadline `block` has a result.
            .unwrap_or(Err(io::ErrorKind::WouldBlock.into()))
    }

    fn poll_accept_from(&self, queue: usize, waiter: Waiter<'_>) -> Poll<io::Result<Socket>> {
        let id = self.ids[queue];
        let accepted = self.network.queue(queue).call(|held| {
            let accepted = held.stack.accept(held.now, id);
            if accepted == Err(AcceptError::WouldBlock) {
                held.waiters.register(Topic::Accept(id), waiter);
                return Poll::Pending;
            }
            Poll::Ready(accepted.map(|id| (id, held.stack.pair(id))))
        })?;
        accepted.map(|accepted| {
            let (id, pair) = accepted.map_err(error::accept)?;
            let pair = pair.ok_or(io::ErrorKind::ConnectionAborted)?;
            Ok(Socket::new(self.network.clone(), queue, id, pair))
        })
    }

    /// Strikes out one who waits no more.
    #[cfg(feature = "tokio")]
    pub fn cancel(&self, key: Key) {
        for (queue, id) in self.ids.iter().enumerate() {
            // Nobody waits on a network that is down.
            let shared = self.network.queue(queue);
            let _ = shared.look(|_, waiters| waiters.cancel(Topic::Accept(*id), key));
        }
    }

    pub fn set_congestion(&self, algorithm: Algorithm) -> io::Result<()> {
        self.each(|held, id| held.stack.set_listener_congestion(id, algorithm))
    }

    pub fn set_fast_open(&self, pending: u32) -> io::Result<()> {
        self.each(|held, id| held.stack.set_listener_fast_open(id, pending))
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    fn each(&self, call: impl Fn(&mut Held<'_>, ListenerId)) -> io::Result<()> {
        for (queue, id) in self.ids.iter().enumerate() {
            self.network.queue(queue).call(|held| call(held, *id))?;
        }
        Ok(())
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        // On a network that is down there is nothing to close.
        let _ = self.each(|held, id| {
            held.stack.unlisten(held.now, id);
            held.waiters.close(Topic::Accept(id));
        });
    }
}
