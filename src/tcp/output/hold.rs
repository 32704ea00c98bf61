//! What holds a sender back, and for how long: the network, the peer's window, or the room that
//! its application has to write into.
//!
//! Looked at whenever there is nothing more to send: until the next look, that is the reason.

use std::time::Duration;

use crate::base::Instant;
use crate::tcp::connection::Connection;

/// For how long a connection had something to send, and what held it back meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldBack {
    /// Text or a FIN was unsent or unacknowledged. The other two are parts of this.
    pub busy: Duration,
    /// The congestion window let a segment go, the peer's window did not.
    pub by_window: Duration,
    /// Both let a segment go, nothing was left to send, and the application had been refused room.
    pub by_room: Duration,
}

/// The clock of one connection.
#[derive(Debug, Clone, Copy)]
pub struct Hold {
    reason: Reason,
    since: Instant,
    /// Nanoseconds for each reason but the first, until then.
    spent: [u64; 3],
    /// The application was refused room when it wrote last.
    refused: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// Nothing is to be sent or acknowledged.
    Idle,
    Network,
    Window,
    Room,
}

impl Hold {
    /// With nothing to send yet.
    pub fn new(now: Instant) -> Hold {
        Hold {
            reason: Reason::Idle,
            since: now,
            spent: [0; 3],
            refused: false,
        }
    }

    /// The application has written all that it wanted, or not.
    pub fn on_write(&mut self, refused: bool) {
        self.refused = refused;
    }

    fn turn(&mut self, now: Instant, reason: Reason) {
        if reason != self.reason {
            self.spent = self.until(now);
            self.since = now;
            self.reason = reason;
        }
    }

    fn until(&self, now: Instant) -> [u64; 3] {
        let more = now.as_nanos().saturating_sub(self.since.as_nanos());
        let [mut network, mut window, mut room] = self.spent;
        match self.reason {
            Reason::Idle => {}
            Reason::Network => network += more,
            Reason::Window => window += more,
            Reason::Room => room += more,
        }
        [network, window, room]
    }

    /// The times until `now`.
    pub fn spent(&self, now: Instant) -> HeldBack {
        let [network, window, room] = self.until(now);
        HeldBack {
            busy: Duration::from_nanos(network + window + room),
            by_window: Duration::from_nanos(window),
            by_room: Duration::from_nanos(room),
        }
    }
}

impl Connection {
    /// There is nothing more to send for now.
    pub fn look_at_hold(&mut self, now: Instant) {
        let reason = self.reason_to_hold();
        self.hold.turn(now, reason);
    }

    fn reason_to_hold(&self) -> Reason {
        let all = self.outgoing.limit();
        if !self.state.is_synchronized() || self.snd.una.at_or_after(all) {
            return Reason::Idle;
        }
        let unsent = all.since(self.snd.nxt);
        let segment = self.eff_snd_mss();
        let next = if unsent > 0 {
            unsent.min(segment)
        } else {
            segment
        };
        if self.window_room() < u64::from(next) {
            return Reason::Network;
        }
        let waits_for_room = self.hold.refused && !self.has_third();
        match unsent {
            0 if waits_for_room => Reason::Room,
            1.. if self.snd.usable() < next => Reason::Window,
            _ => Reason::Network,
        }
    }
}
