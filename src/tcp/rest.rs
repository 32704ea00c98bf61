//! A connection at rest: the memory of buffers that were emptied goes back, and that of state which
//! is of use only while something is on its way.
//!
//! A busy connection empties its buffers all the time and keeps their memory, so that nothing is
//! allocated on the way of a packet. One that has moved nothing for a while gives it back, and is
//! then as small as one that never moved anything.

use std::time::Duration;

use crate::base::Instant;
use crate::house;
use crate::probe::TimerKind;

use super::Context;
use super::connection::{Connection, Seldom};

impl Connection {
    /// Sees to it that memory of emptied buffers is looked at once the connection is at rest.
    pub(super) fn arm_rest(&mut self, cx: &mut Context<'_>) {
        if self.timers.get(TimerKind::Rest).is_some() {
            return;
        }
        if self.holds_spare() {
            self.timers.set(cx, TimerKind::Rest, cx.now + REST);
        } else if !self.holds_memory() {
            // Nothing has moved yet: what the handshake needed is of no use any more.
            self.forget_moments();
        }
    }

    pub(super) fn on_rest_timeout(&mut self, cx: &mut Context<'_>) {
        // The timer is not set anew by every segment: when it expires, it may be too early.
        let at = self.moved_at().map_or(cx.now, |moved| moved + REST);
        if at > cx.now {
            self.timers.set(cx, TimerKind::Rest, at);
            return;
        }
        if self.holds_spare() {
            cx.note(
                house!("rest"),
                "nothing has moved for a while: the memory of empty buffers goes back",
            );
            self.release_spare();
        }
        if self.idle(cx.now).is_some() {
            self.congestion.on_rest();
        }
    }

    /// Gives back what empty buffers hold.
    pub(super) fn release_spare(&mut self) {
        self.outgoing.release_spare();
        self.incoming.release_spare();
        self.recovery.release_spare();
        self.forget_moments();
    }

    /// Keeps no memory for what is over.
    fn forget_moments(&mut self) {
        self.timers.rest();
        self.forget_short();
        if *self.seldom == Seldom::NONE {
            self.seldom.rest();
        }
        self.recovery.calm_down();
    }

    fn holds_spare(&self) -> bool {
        self.outgoing.holds_spare() || self.incoming.holds_spare() || self.recovery.holds_spare()
    }

    /// Whether there are buffers, in use or not.
    fn holds_memory(&self) -> bool {
        self.outgoing.holds_memory() || self.incoming.holds_memory() || self.recovery.holds_memory()
    }

    /// When anything of use left or came last.
    fn moved_at(&self) -> Option<Instant> {
        self.text_sent_at.max(Some(self.heard_at))
    }
}

/// house!("rest")
const REST: Duration = Duration::from_secs(1);
