//! The timers of one connection: a table, its next deadline, and what each expiry calls.
//!
//! A connection has one entry in the stack's wheel however many timers run here. Rooms set and
//! stop timers; when one expires, [`Connection::handle_timeout`] calls the room that knows what to
//! do (RFC 9293 section 3.10.8).

use crate::base::{Instant, Rest, Resting};
use crate::probe::{Event, TimerKind};

use super::Context;
use super::connection::Connection;

/// When each kind of timer expires.
#[derive(Debug, Clone, Default)]
pub struct Timers {
    table: Resting<Table>,
    /// The kinds that run, a bit each: asked about several times a segment.
    running: u16,
}

/// An idle connection runs none, and does without the table.
#[derive(Debug, Clone, Copy, Default)]
struct Table {
    at: [Option<Instant>; TimerKind::ALL.len()],
    /// When the retransmission timer expires, or would if a sooner one of RFC 8985 did not run in
    /// its place.
    rto_at: Option<Instant>,
}

impl Rest for Table {
    const AT_REST: &'static Table = &Table {
        at: [None; TimerKind::ALL.len()],
        rto_at: None,
    };
}

impl Timers {
    /// When this kind expires, if it runs.
    pub fn get(&self, kind: TimerKind) -> Option<Instant> {
        if self.running & bit(kind) == 0 {
            return None;
        }
        self.table.at[kind as usize]
    }

    /// When the first timer expires.
    pub fn deadline(&self) -> Option<Instant> {
        self.all().map(|(_, at)| at).min()
    }

    /// Those that run, in the order of [`TimerKind::ALL`].
    fn all(&self) -> impl Iterator<Item = (TimerKind, Instant)> {
        let (kinds, table) = (Kinds(self.running).each(), &*self.table);
        kinds.filter_map(|kind| Some((kind, table.at[kind as usize]?)))
    }

    /// Sets a timer, or sets it anew.
    pub fn set(&mut self, cx: &mut Context<'_>, kind: TimerKind, at: Instant) {
        self.running |= bit(kind);
        let place = &mut self.table.wake().at[kind as usize];
        if *place != Some(at) {
            *place = Some(at);
            cx.tell(|| Event::TimerSet { kind, at });
        }
    }

    /// Stops a timer, if it runs.
    pub fn cancel(&mut self, cx: &mut Context<'_>, kind: TimerKind) {
        if self.running & bit(kind) != 0 {
            self.stop(kind);
            cx.tell(|| Event::TimerCancelled { kind });
        }
    }

    /// Stops timers that are about to be set anew, or not: [`Timers::tell_stopped`] says so then.
    #[must_use = "those that do not run again are to be told"]
    pub fn stop_all(&mut self, kinds: &[TimerKind]) -> Kinds {
        let kinds = kinds.iter().fold(0, |kinds, kind| kinds | bit(*kind));
        let stopped = Kinds(self.running & kinds);
        for kind in stopped.each() {
            self.stop(kind);
        }
        stopped
    }

    /// Tells which of those that were stopped do not run again.
    pub fn tell_stopped(&self, cx: &mut Context<'_>, stopped: Kinds) {
        for kind in Kinds(stopped.0 & !self.running).each() {
            cx.tell(|| Event::TimerCancelled { kind });
        }
    }

    fn stop(&mut self, kind: TimerKind) {
        self.running &= !bit(kind);
        if let Some(table) = self.table.awake() {
            table.at[kind as usize] = None;
        }
    }

    /// When the retransmission timer expires, or would if a sooner one of RFC 8985 did not run in
    /// its place.
    pub fn rto_at(&self) -> Option<Instant> {
        self.table.get()?.rto_at
    }

    /// It is to expire then.
    pub fn set_rto_at(&mut self, at: Instant) {
        self.table.wake().rto_at = Some(at);
    }

    /// It is not to expire.
    pub fn forget_rto_at(&mut self) {
        if let Some(table) = self.table.awake() {
            table.rto_at = None;
        }
    }

    /// Gives the table's memory back if none runs.
    pub fn rest(&mut self) {
        if self.running == 0 && self.table.rto_at.is_none() {
            self.table.rest();
        }
    }

    /// Stops all timers.
    pub fn cancel_all(&mut self, cx: &mut Context<'_>) {
        for kind in TimerKind::ALL {
            self.cancel(cx, kind);
        }
    }

    /// Takes one timer that is due out of the table.
    fn pop_due(&mut self, now: Instant) -> Option<TimerKind> {
        let (kind, _) = self.all().find(|(_, at)| *at <= now)?;
        self.stop(kind);
        Some(kind)
    }
}

/// Kinds of timers, a bit each.
#[derive(Debug, Clone, Copy)]
pub struct Kinds(u16);

impl Kinds {
    fn each(self) -> impl Iterator<Item = TimerKind> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let index = left.trailing_zeros() as usize;
            // The last bit goes; without any, the index is beyond all kinds.
            left &= left.wrapping_sub(1);
            TimerKind::ALL.get(index).copied()
        })
    }
}

const fn bit(kind: TimerKind) -> u16 {
    1 << kind as u16
}

/// A kind's number is its place among all.
const _: () = {
    let mut index = 0;
    while index < TimerKind::ALL.len() {
        assert!(TimerKind::ALL[index] as usize == index);
        index += 1;
    }
};

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
