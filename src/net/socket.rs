//! What blocking and tokio sockets have in common: each operation as one attempt that is ready or
//! leaves a waiter behind.

use std::io;
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use super::Network;
use super::error;
use super::lending::Taken;
use super::shared::{Held, Shared};
use super::waiters::{Topic, Waiter, this_thread};
use crate::base::Bytes;
use crate::base::pair::SocketPair;
use crate::probe::{Snapshot, State};
use crate::stack::{Algorithm, ConnId, KeepAlive, ReadError, Stack, WriteError};

/// A connection that somebody holds. Dropping it closes it.
#[derive(Debug)]
pub(super) struct Socket {
    network: Network,
    /// Which of the network's stacks it is a connection of.
    queue: usize,
    id: ConnId,
    /// Kept here, because the addresses can be asked for when the connection is gone.
    pair: SocketPair,
    /// Reading was shut down.
    deaf: AtomicBool,
}

impl Socket {
    /// Begins an active OPEN; [`Socket::poll_connected`] says how it went.
    pub fn open(network: &Network, remote: SocketAddr) -> io::Result<Socket> {
        let queue = network.next_queue();
        let opened = network.queue(queue).call(|held| {
            let id = held.stack.open(held.now, remote, None)?;
            Ok((id, held.stack.pair(id)))
        })?;
        let (id, pair) = opened.map_err(error::open)?;
        let pair = pair.ok_or(io::ErrorKind::NotConnected)?;
        Ok(Socket::new(network.clone(), queue, id, pair))
    }

    /// The same with the first text to send; also how much of it was taken.
    pub fn open_sending(
        network: &Network,
        remote: SocketAddr,
        text: &[u8],
    ) -> io::Result<(Socket, usize)> {
        let queue = network.next_queue();
        let opened = network.queue(queue).call(|held| {
            let config = Arc::clone(&held.stack.config().tcp);
            let (id, taken) = held
                .stack
                .open_sending(held.now, remote, None, config, text)?;
            Ok((id, taken, held.stack.pair(id)))
        })?;
        let (id, taken, pair) = opened.map_err(error::open)?;
        let pair = pair.ok_or(io::ErrorKind::NotConnected)?;
        Ok((Socket::new(network.clone(), queue, id, pair), taken))
    }

    /// The connection `id` of the network's stack number `queue`.
    pub fn new(network: Network, queue: usize, id: ConnId, pair: SocketPair) -> Socket {
        Socket {
            network,
            queue,
            id,
            pair,
            deaf: AtomicBool::new(false),
        }
    }

    /// Whether the handshake is over.
    pub fn poll_connected(&self, waiter: Waiter<'_>) -> Poll<io::Result<()>> {
        self.shared().look(|stack, waiters| {
            match stack.status(self.id).map(|status| status.state) {
                Some(State::SynSent | State::SynReceived) => {
                    waiters.register(self.writes(), waiter);
                    Poll::Pending
                }
                Some(State::Closed) | None => Poll::Ready(Err(self.why_ended(stack))),
                Some(_) => Poll::Ready(Ok(())),
            }
        })?
    }

    fn why_ended(&self, stack: &Stack) -> io::Error {
        stack
            .failure(self.id)
            .map_or(io::ErrorKind::NotConnected.into(), error::ended)
    }

    /// Reads what there is; 0 after the peer's FIN, and after [`Socket::shutdown`] of reading.
    pub fn poll_read(&self, waiter: Waiter<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut taken = Taken::default();
        let read = self.poll(|held| {
            taken.take(held, self.id, buf.len());
            match taken.is_empty() {
                true => self.read(held, waiter, buf),
                false => Poll::Ready(Ok(0)),
            }
        });
        match taken.is_empty() {
            true => read,
            // Copied while others have the lock.
            false => read.map_ok(|_| taken.copy_to(buf)),
        }
    }

    /// One attempt to read, in a hold of the lock.
    pub fn read(
        &self,
        held: &mut Held<'_>,
        waiter: Waiter<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match held.stack.read(held.now, self.id, buf) {
            Err(ReadError::WouldBlock) if self.deaf.load(Ordering::Relaxed) => Poll::Ready(Ok(0)),
            Err(ReadError::WouldBlock) => {
                held.waiters.register(self.reads(), waiter);
                Poll::Pending
            }
            read => Poll::Ready(read.map_err(error::read)),
        }
    }

    /// An attempt at anything.
    pub fn poll<T>(
        &self,
        attempt: impl FnOnce(&mut Held<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        self.shared().call(attempt)?
    }

    /// Writes what there is room for.
    pub fn poll_write(&self, waiter: Waiter<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll(|held| {
            let written = held.stack.write(held.now, self.id, buf);
            self.written(held, waiter, written)
        })
    }

    /// Writes what there is room for off the front of `bytes`, without a copy.
    pub fn poll_write_owned(
        &self,
        waiter: Waiter<'_>,
        bytes: &mut Bytes,
    ) -> Poll<io::Result<usize>> {
        self.poll(|held| {
            let written = held.stack.write_owned(held.now, self.id, bytes);
            self.written(held, waiter, written)
        })
    }

    fn written(
        &self,
        held: &mut Held<'_>,
        waiter: Waiter<'_>,
        written: Result<usize, WriteError>,
    ) -> Poll<io::Result<usize>> {
        if written == Err(WriteError::WouldBlock) {
            held.waiters.register(self.writes(), waiter);
            return Poll::Pending;
        }
        Poll::Ready(written.map_err(error::write))
    }

    /// Ends one direction or both.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.call(|held| {
            let state = held.stack.status(self.id).map(|status| status.state);
            if matches!(state, None | Some(State::Closed)) {
                return Err(io::ErrorKind::NotConnected.into());
            }
            if how != Shutdown::Write {
                // Written and read under the lock, which keeps the order.
                self.deaf.store(true, Ordering::Relaxed);
                held.wake(self.reads());
            }
            if how != Shutdown::Read {
                held.stack.shutdown(held.now, self.id);
                held.wake(self.writes());
            }
            Ok(())
        })?
    }

    /// Its number in the stack.
    pub fn id(&self) -> ConnId {
        self.id
    }

    /// What a reader waits for.
    pub fn reads(&self) -> Topic {
        Topic::Read(self.id)
    }

    /// What a writer waits for, and whoever waits to be connected.
    pub fn writes(&self) -> Topic {
        Topic::Write(self.id)
    }

    /// The local socket.
    pub fn local_addr(&self) -> SocketAddr {
        self.pair.local.into()
    }

    /// The remote socket.
    pub fn peer_addr(&self) -> SocketAddr {
        self.pair.remote.into()
    }

    /// STATUS: the connection's variables.
    pub fn status(&self) -> io::Result<Snapshot> {
        self.look(|stack| stack.status(self.id))
    }

    /// How the connection ended, if it ended badly.
    pub fn failure(&self) -> io::Result<Option<io::Error>> {
        let failure = self.shared().look(|stack, _| stack.failure(self.id))?;
        Ok(failure.map(error::ended))
    }

    pub fn nodelay(&self) -> io::Result<bool> {
        self.look(|stack| stack.nodelay(self.id))
    }

    pub fn set_nodelay(&self, on: bool) -> io::Result<()> {
        self.call(|held| held.stack.set_nodelay(held.now, self.id, on))
    }

    pub fn congestion(&self) -> io::Result<Algorithm> {
        self.look(|stack| stack.congestion(self.id))
    }

    pub fn set_congestion(&self, algorithm: Algorithm) -> io::Result<()> {
        self.call(|held| held.stack.set_congestion(held.now, self.id, algorithm))
    }

    pub fn set_keepalive(&self, keep_alive: Option<KeepAlive>) -> io::Result<()> {
        self.call(|held| held.stack.set_keep_alive(held.now, self.id, keep_alive))
    }

    pub fn set_user_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.call(|held| held.stack.set_user_timeout(held.now, self.id, timeout))
    }

    pub fn set_unsent_low_water(&self, mark: Option<u32>) -> io::Result<()> {
        self.call(|held| {
            held.stack.set_unsent_low_water(held.now, self.id, mark);
        })
    }

    pub fn linger(&self) -> io::Result<Option<Duration>> {
        Ok(self.shared().look(|stack, _| stack.linger(self.id))?)
    }

    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        self.call(|held| held.stack.set_linger(self.id, linger))
    }

    /// The lock around the stack that it belongs to.
    pub fn shared(&self) -> &Shared {
        self.network.queue(self.queue)
    }

    fn call<T>(&self, call: impl FnOnce(&mut Held<'_>) -> T) -> io::Result<T> {
        Ok(self.shared().call(call)?)
    }

    fn look<T>(&self, look: impl FnOnce(&Stack) -> Option<T>) -> io::Result<T> {
        let seen = self.shared().look(|stack, _| look(stack))?;
        seen.ok_or(io::ErrorKind::NotConnected.into())
    }

    /// Sends our FIN and waits until it is acknowledged, and with it all that was written.
    fn wait_acknowledged(&self, at_most: Duration) {
        let shared = self.shared();
        let until = shared.clock().now() + at_most;
        if self.shutdown(Shutdown::Write).is_err() {
            return;
        }
        shared.block(Topic::Progress, Some(until), |waiter| {
            let state = shared.look(|stack, waiters| {
                waiters.register(Topic::Progress, waiter);
                stack.status(self.id).map(|status| status.state)
            });
            match state {
                Ok(Some(
                    State::SynReceived
                    | State::Established
                    | State::CloseWait
                    | State::FinWait1
                    | State::Closing
                    | State::LastAck,
                )) => Poll::Pending,
                _ => Poll::Ready(()),
            }
        });
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Ok(Some(linger)) = self.linger()
            && !linger.is_zero()
        {
            self.wait_acknowledged(linger);
        }
        // On a network that is down there is nothing to close.
        let _ = self.call(|held| {
            held.stack.close(held.now, self.id);
            held.waiters.close(self.reads());
            held.waiters.close(self.writes());
        });
        // Whoever used it may have driven, and drives no more, unless it is to accept another.
        if !this_thread().serves() {
            self.shared().seat().call();
        }
    }
}
