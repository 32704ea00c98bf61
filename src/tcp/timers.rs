//! The timers of one connection: a table, its next deadline, and what each expiry calls.
//!
//! A connection has one entry in the stack's wheel however many timers run here. Rooms set and
//! stop timers; when one expires, [`Connection::handle_timeout`] calls the room that knows what to
//! do (RFC 9293 section 3.10.8).

use crate::base::Instant;
use crate::probe::{Event, TimerKind};

use super::Context;
use super::connection::Connection;

/// When each kind of timer expires.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timers {
    at: [Option<Instant>; TimerKind::ALL.len()],
}

impl Timers {
    /// When this kind expires, if it runs.
    pub fn get(&self, kind: TimerKind) -> Option<Instant> {
        self.at[kind as usize]
    }

    /// When the first timer expires.
    pub fn deadline(&self) -> Option<Instant> {
        self.at.iter().flatten().min().copied()
    }

    /// Sets a timer, or sets it anew.
    pub fn set(&mut self, cx: &mut Context<'_>, kind: TimerKind, at: Instant) {
        if self.at[kind as usize] != Some(at) {
            self.at[kind as usize] = Some(at);
            cx.tell(|| Event::TimerSet { kind, at });
        }
    }

    /// Stops a timer, if it runs.
    pub fn cancel(&mut self, cx: &mut Context<'_>, kind: TimerKind) {
        if self.at[kind as usize].take().is_some() {
            cx.tell(|| Event::TimerCancelled { kind });
        }
    }

    /// Stops a timer that is about to be set anew, and says nothing of it.
    pub fn stop(&mut self, kind: TimerKind) {
        self.at[kind as usize] = None;
    }

    /// Stops all timers.
    pub fn cancel_all(&mut self, cx: &mut Context<'_>) {
        for kind in TimerKind::ALL {
            self.cancel(cx, kind);
        }
    }

    /// Takes one timer that is due out of the table.
    fn pop_due(&mut self, now: Instant) -> Option<TimerKind> {
        let due = |kind: &TimerKind| self.get(*kind).is_some_and(|at| at <= now);
        let kind = TimerKind::ALL.into_iter().find(due)?;
        self.at[kind as usize] = None;
        Some(kind)
    }
}

impl Connection {
    /// Calls the room of each timer that is due. Every room either stops its timer or sets it
    /// later than now, so the loop ends.
    pub fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        self.stirred = cx.input();
        while let Some(kind) = self.timers.pop_due(cx.now) {
            cx.tell(|| Event::TimerExpired { kind });
            match kind {
                TimerKind::Reordering => self.on_reordering_timeout(cx),
                TimerKind::LossProbe => self.on_loss_probe_timeout(cx),
                TimerKind::Retransmission => self.on_retransmission_timeout(cx),
                TimerKind::DelayedAck => self.acks.on_delay_over(cx.input()),
                TimerKind::Persist => self.on_persist_timeout(cx),
                TimerKind::KeepAlive => self.on_keep_alive_timeout(cx),
                TimerKind::UserTimeout => self.on_user_timeout(cx),
                TimerKind::TimeWait => self.on_time_wait_over(cx),
                TimerKind::FinWait2 => self.on_fin_wait_2_over(cx),
                TimerKind::SillyWindow => {
                    self.silly_window_over = true;
                    self.arm_pacing(cx);
                }
                TimerKind::Rest => self.on_rest_timeout(cx),
                // What waited for its turn is asked for anew after each step.
                TimerKind::Pacing => {}
            }
        }
        self.debug_assert_invariants();
    }

    /// When [`Connection::handle_timeout`] wants to be called next.
    pub fn deadline(&self) -> Option<Instant> {
        self.timers.deadline()
    }
}
