//! An echo socket for tasks.

use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::task::ready;

use ::tokio::task::coop;

use super::Place;
use crate::base::Instant;
use crate::net::Network;
use crate::net::echo::Echo;
use crate::stack::{EchoCame, EchoRequest};

/// Asks one host for echoes: see [`crate::net::blocking::EchoSocket`]. Several tasks may use it at
/// once, and dropping a future loses no answer.
#[derive(Debug)]
pub struct EchoSocket(Echo);

impl EchoSocket {
    /// A socket that asks `remote`, from whatever address of ours suits.
    ///
    /// # Errors
    ///
    /// As for [`crate::net::blocking::EchoSocket::open`].
    pub fn open(network: &Network, remote: IpAddr) -> io::Result<EchoSocket> {
        Ok(EchoSocket(Echo::open(network, remote)?))
    }

    /// Sends a request. Returns when, on the network's clock.
    ///
    /// # Errors
    ///
    /// As for [`crate::net::blocking::EchoSocket::send`], but for the timeout.
    pub async fn send(&self, request: &EchoRequest<'_>) -> io::Result<Instant> {
        let place = Place::new(self.0.network().shared(), self.0.room());
        poll_fn(|cx| {
            // A task that always finds something must yield now and then.
            let turn = ready!(coop::poll_proceed(cx));
            let sent = self.0.poll_send(place.key.waiter(cx), request);
            if sent.is_ready() {
                turn.made_progress();
            }
            sent
        })
        .await
    }

    /// Waits for what became of a request.
    ///
    /// # Errors
    ///
    /// Those of a network that is down.
    pub async fn receive(&self) -> io::Result<EchoCame> {
        let place = Place::new(self.0.network().shared(), self.0.answers());
        poll_fn(|cx| {
            let turn = ready!(coop::poll_proceed(cx));
            let came = self.0.poll_receive(place.key.waiter(cx));
            if came.is_ready() {
                turn.made_progress();
            }
            came
        })
        .await
    }

    /// From which address it asks.
    ///
    /// # Errors
    ///
    /// Those of a network that is down.
    pub fn local_addr(&self) -> io::Result<IpAddr> {
        self.0.local_addr()
    }
}
