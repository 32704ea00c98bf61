//! Ephemeral ports: RFC 6056 section 3.3.3, "simple hash-based port selection".
//!
//! The offset depends on whom we talk to and on a secret, so that nobody else can guess the next
//! port; the counter keeps a port from being used again soon.

use crate::base::keyed::Key;
use crate::base::pair::{Endpoint, SocketPair};
use std::net::IpAddr;

/// Chooses local ports.
#[derive(Debug)]
pub(super) struct Ports {
    key: Key,
    next: u16,
    /// How many were drawn by chance.
    drawn: u64,
}

impl Ports {
    pub fn new(key: Key, start: u32) -> Ports {
        Ports {
            key,
            next: start as u16,
            drawn: 0,
        }
    }

    /// A port for a datagram socket, whose peers are not known yet: RFC 6056 section 3.3.1, one by
    /// chance, and from there the next that is free. `None` if all are taken.
    pub fn draw(&mut self, is_free: impl Fn(u16) -> bool) -> Option<u16> {
        let chance = self.key.hash(&self.drawn.to_be_bytes()) as u16;
        self.drawn = self.drawn.wrapping_add(1);
        (0..RANGE)
            .map(|nth| FIRST + chance.wrapping_add(nth) % RANGE)
            .find(|port| is_free(*port))
    }

    /// A port for a connection from `local` to `remote` for which `is_free` holds; `None` if all
    /// are taken.
    pub fn choose(
        &mut self,
        local: IpAddr,
        remote: Endpoint,
        is_free: impl Fn(u16) -> bool,
    ) -> Option<u16> {
        let blank = SocketPair {
            local: Endpoint {
                addr: local,
                port: 0,
            },
            remote,
        };
        let offset = self.key.hash(&blank.bytes()) as u16;
        for _ in 0..RANGE {
            let port = FIRST + offset.wrapping_add(self.next) % RANGE;
            self.next = self.next.wrapping_add(1);
            if is_free(port) {
                return Some(port);
            }
        }
        None
    }
}

/// house!("ephemeral-ports"): the upper half of all ports, 2^15 of them.
const FIRST: u16 = 32_768;
const RANGE: u16 = 32_768;
