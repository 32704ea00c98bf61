//! What holds a sender back, and for how long: the network, the peer's window, or the room that
//! its application has to write into.
//!
//! Looked at whenever there is nothing more to send: until the next look, that is the reason. What
//! is told ([`Blocked`]) is finer than what is timed: for a clock, what waits for an acknowledgment
//! waits for the network, whoever asked for it.

use std::time::Duration;

use crate::base::Instant;
use crate::probe::{Blocked, Event};
use crate::tcp::Context;
use crate::tcp::connection::Connection;

use super::nagle;

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
    /// What was told last.
    by: Blocked,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// There is no connection yet.
    Unborn,
    /// Nothing is to be sent or acknowledged.
    Idle,
    /// All that there will ever be was sent.
    Finished,
    /// All that there is was sent.
    Sent,
    Congestion,
    Window,
    Room,
    /// The windows let a segment go, and it does not.
    Held,
}

impl Hold {
    /// With nothing to send yet.
    pub fn new(now: Instant) -> Hold {
        Hold {
            reason: Reason::Unborn,
            since: now,
            spent: [0; 3],
            refused: false,
            by: Blocked::Nothing,
        }
    }

    /// The application has written all that it wanted, or not.
    pub fn on_write(&mut self, refused: bool) {
        self.refused = refused;
    }

    fn turn(&mut self, now: Instant, reason: Reason) {
        self.spent = self.until(now);
        self.since = now;
        self.reason = reason;
    }

    fn until(&self, now: Instant) -> [u64; 3] {
        let more = now.as_nanos().saturating_sub(self.since.as_nanos());
        let [mut network, mut window, mut room] = self.spent;
        match self.reason {
            Reason::Unborn | Reason::Idle => {}
            Reason::Finished | Reason::Sent | Reason::Congestion | Reason::Held => network += more,
            Reason::Window => window += more,
            Reason::Room => room += more,
        }
        [network, window, room]
    }

    /// Why nothing more was sent when that was looked at last.
    pub fn by(&self) -> Blocked {
        self.by
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
    pub fn look_at_hold(&mut self, cx: &mut Context<'_>) {
        let reason = self.reason_to_hold();
        let is_same = reason == self.hold.reason;
        // Asked after every segment: of most reasons there is only one kind.
        if is_same && !matches!(reason, Reason::Window | Reason::Held) {
            return;
        }
        if !is_same {
            self.hold.turn(cx.now, reason);
        }
        self.tell_hold(cx, reason);
    }

    /// What it is called may be another thing than last time.
    #[inline(never)]
    fn tell_hold(&mut self, cx: &mut Context<'_>, reason: Reason) {
        let by = self.blocked_by(cx, reason);
        if by != self.hold.by {
            self.hold.by = by;
            cx.tell(|| Event::BlockedBy { by });
        }
    }

    fn reason_to_hold(&self) -> Reason {
        let all = self.outgoing.limit();
        if !self.state.is_synchronized() {
            return Reason::Unborn;
        }
        if self.snd.una.at_or_after(all) {
            return Reason::Idle;
        }
        let unsent = all.since(self.snd.nxt);
        let segment = self.eff_snd_mss();
        let next = if unsent > 0 {
            unsent.min(segment)
        } else {
            segment
        };
        let has_room = self.window_room() >= u64::from(next);
        match unsent {
            0 if self.outgoing.is_closed() => Reason::Finished,
            0 if has_room && self.hold.refused && !self.has_third() => Reason::Room,
            0 => Reason::Sent,
            _ if !has_room => Reason::Congestion,
            _ if self.snd.usable() < next => Reason::Window,
            _ => Reason::Held,
        }
    }

    fn blocked_by(&self, cx: &Context<'_>, reason: Reason) -> Blocked {
        match reason {
            Reason::Idle if self.outgoing.is_closed() => Blocked::Nothing,
            Reason::Unborn | Reason::Finished => Blocked::Nothing,
            Reason::Idle | Reason::Sent | Reason::Room => Blocked::Application,
            Reason::Congestion => Blocked::CongestionWindow,
            Reason::Window => self.blocked_by_peer(cx),
            Reason::Held => self.blocked_within_windows(cx),
        }
    }

    /// The peer's window has no room for the next segment.
    fn blocked_by_peer(&self, cx: &Context<'_>) -> Blocked {
        // Text may go all the same: half of the largest window counts as a segment.
        if self.snd.usable() > 0 && nagle::may_send(self.situation(cx)).is_some() {
            return self.blocked_within_windows(cx);
        }
        match self.is_held_by_silly_window() {
            true => Blocked::SillyWindow,
            false => Blocked::PeerWindow,
        }
    }

    /// Both windows let something go, and it does not.
    fn blocked_within_windows(&self, cx: &Context<'_>) -> Blocked {
        // Before anything new goes what was lost, which may be more than there is room for; and a
        // probe of the path waits for a window that has room for it.
        if self.recovery.is_waiting() || self.is_held_for_path_probe(cx) {
            return Blocked::CongestionWindow;
        }
        let is_paced = self
            .text_due(cx)
            .is_some_and(|wish| !self.is_its_turn(cx.now, &wish));
        if is_paced {
            Blocked::Pacing
        } else {
            Blocked::Nagle
        }
    }
}
