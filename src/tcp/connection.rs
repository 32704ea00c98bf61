//! The control block: RFC 9293 section 3.3.1's variables, and one field a room.
//!
//! The eight states from SYN-RECEIVED on share it, flat, as section 3.10.7.4 treats them all
//! "otherwise". What needs no control block has a type of its own: a listener and a half-open
//! connection in `open::passive`, the rest of a finished one in `time_wait`.

use std::sync::Arc;

use crate::base::pair::SocketPair;
use crate::base::{Instant, Mss, Rest, Resting, SeqNum, SeqRange};
use crate::probe::{ControlBlock, Edge, Event, EventId, Snapshot, State, TimerKind, Why};

use super::arrive::challenge::Challenge;
use super::congestion::{Beginning, CongestionControl};
use super::ecn::{Counted, Ecn};
use super::input::{Acknowledge, ReceiveBuffer, RightSize};
use super::open::fast::Hurry;
use super::open::negotiate::Agreement;
use super::output::burst::Bursts;
use super::output::hold::Hold;
use super::output::keepalive::Asking;
use super::output::pacing::Pacing;
use super::output::persist::Persist;
use super::output::send_buffer::SendBuffer;
use super::path_probe::Prober;
use super::receive_space::ReceiveSpace;
use super::recovery::{Fullness, Recovery, Rtt};
use super::send_space::SendSpace;
use super::timers::Timers;
use super::timestamps::Timestamps;
use super::wake::Wake;
use super::{Config, Context, Failure};

/// One connection.
#[derive(Debug)]
pub struct Connection {
    pub(super) state: State,
    pub(super) pair: SocketPair,
    pub(super) config: Arc<Config>,

    pub(super) snd: SendSpace,
    pub(super) rcv: ReceiveSpace,
    pub(super) outgoing: SendBuffer,
    pub(super) incoming: ReceiveBuffer,
    pub(super) right_size: RightSize,

    pub(super) recovery: Recovery,
    pub(super) fullness: Fullness,
    pub(super) rtt: Rtt,
    pub(super) congestion: Box<dyn CongestionControl>,
    pub(super) acks: Acknowledge,
    pub(super) challenge: Challenge,
    pub(super) pacing: Pacing,
    /// From the first text on, where ends of bursts are told.
    pub(super) bursts: Option<Box<Bursts>>,
    pub(super) hold: Hold,
    /// When the peer was heard last.
    pub(super) heard_at: Instant,
    pub(super) timers: Timers,
    pub(super) seldom: Resting<Seldom>,

    /// What both SYNs agreed on; before that, what ours offers.
    pub(super) agreed: Agreement,
    /// The largest text that our path carries in one packet, options counted in.
    pub(super) path_mss: Mss,
    /// The most text that leaves as one for the device to cut, in bytes; 0: it cuts nothing.
    pub(super) cuttable: u32,
    pub(super) prober: Prober,
    pub(super) timestamps: Option<Timestamps>,
    /// Once both SYNs have agreed on it.
    pub(super) ecn: Option<Ecn>,
    /// The offset of the timestamps that our SYN shows, whether or not they are agreed on.
    pub(super) timestamp_offset: u32,
    /// What RFC 7413 adds to its handshake, while that goes on.
    pub(super) hurry: Option<Box<Hurry>>,
    /// Whether a passive OPEN began it.
    pub(super) passive: bool,
    /// Nobody will read or write any more: the application has closed its handle.
    pub(super) orphaned: bool,
    /// The application has said that more follows what it gave last.
    pub(super) more_follows: bool,
    /// The override timeout of the sender's silly window cure has occurred.
    pub(super) silly_window_over: bool,
    /// The input that changed anything last: the cause of what is sent without a cause of its own.
    pub(super) stirred: EventId,
    /// Why the last segment left.
    pub(super) last_why: Option<&'static Why>,
    /// How many segments have left once more.
    pub(super) resent: u32,
    /// When text left last, for RFC 5681 section 4.1.
    pub(super) text_sent_at: Option<Instant>,
    /// Where the last lump of text begins that SEND has taken, if there is a mark for the unsent.
    pub(super) last_lump: SeqNum,
    /// A soft error that the network reported (RFC 9293 section 3.9.2.2), told if we give up.
    pub(super) soft_error: bool,
    pub(super) path_doubts: u32,
    pub(super) failure: Option<Failure>,
    pub(super) wake: Wake,
}

/// What most connections are without, most of the time.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Seldom {
    pub persist: Persist,
    pub keep_alive: Asking,
    /// Text that came although it was there, until an acknowledgment has reported it.
    pub duplicate: Option<SeqRange>,
    /// A reset that has to go out before the connection is forgotten.
    pub reset_owed: Option<EventId>,
    /// Where the last segment ended that was short, while it may be unacknowledged.
    pub short_until: Option<SeqNum>,
    /// The retransmission timer has expired, and what it sends again was not tried since.
    pub expired: bool,
}

impl Seldom {
    pub const NONE: Seldom = Seldom {
        persist: Persist::NONE,
        keep_alive: Asking::NONE,
        duplicate: None,
        reset_owed: None,
        short_until: None,
        expired: false,
    };
}

impl Default for Seldom {
    fn default() -> Seldom {
        Seldom::NONE
    }
}

impl Rest for Seldom {
    const AT_REST: &'static Seldom = &Seldom::NONE;
}

impl Connection {
    /// In CLOSED, before OPEN: `iss` and `timestamp_offset` were chosen for this pair.
    pub(super) fn new(
        cx: &Context<'_>,
        pair: SocketPair,
        config: Arc<Config>,
        agreed: Agreement,
        path_mss: Mss,
        iss: SeqNum,
        timestamp_offset: u32,
    ) -> Connection {
        let mss = agreed.mss.min(path_mss).bytes();
        Connection {
            state: State::Closed,
            pair,
            snd: SendSpace::new(iss),
            rcv: ReceiveSpace::default(),
            outgoing: SendBuffer::new(iss + 1, config.send_buffer),
            incoming: ReceiveBuffer::default(),
            right_size: RightSize::new(config.receive_buffer, config.receive_buffer_max),
            recovery: Recovery::new(iss, config.recovery),
            fullness: Fullness::new(iss),
            rtt: Rtt::new(config.rto_min, config.rto_max),
            congestion: start_congestion(&config, mss, iss),
            acks: Acknowledge::default(),
            challenge: Challenge::new(timestamp_offset),
            pacing: Pacing::default(),
            bursts: None,
            hold: Hold::new(cx.now),
            heard_at: cx.now,
            timers: Timers::default(),
            seldom: Resting::default(),
            agreed,
            path_mss,
            cuttable: 0,
            prober: Prober::default(),
            timestamps: None,
            ecn: None,
            timestamp_offset,
            hurry: None,
            passive: false,
            orphaned: false,
            more_follows: false,
            silly_window_over: false,
            stirred: cx.input(),
            last_why: None,
            resent: 0,
            text_sent_at: None,
            last_lump: iss,
            soft_error: false,
            path_doubts: 0,
            failure: None,
            wake: Wake::NONE,
            config,
        }
    }

    /// Another congestion control in place of what there was.
    pub(super) fn restart_congestion(&mut self) {
        let mss = self.eff_snd_mss();
        self.congestion = start_congestion(&self.config, mss, self.snd.iss);
    }

    /// Takes an arrow of RFC 9293 Figure 5.
    pub(super) fn enter(&mut self, cx: &mut Context<'_>, edge: Edge) {
        let from = self.state;
        let Some(to) = from.after(edge) else {
            debug_assert!(false, "no arrow {edge:?} leaves {from}");
            return;
        };
        self.state = to;
        cx.tell(|| Event::StateChanged { from, to, on: edge });
        match to {
            State::TimeWait => self.start_time_wait(cx),
            State::FinWait2 => self.start_fin_wait_2(cx),
            State::Closed => {
                self.timers.cancel_all(cx);
                self.release_spare();
                self.wake |= Wake::CLOSED;
            }
            _ => {}
        }
    }

    /// Ends at once, with what the application is told: all queues are flushed.
    pub(super) fn fail(&mut self, cx: &mut Context<'_>, edge: Edge, failure: Failure) {
        self.failure.get_or_insert(failure);
        self.outgoing.discard();
        self.enter(cx, edge);
    }

    /// The state.
    pub fn state(&self) -> State {
        self.state
    }

    /// How it behaves.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Who talks to whom.
    pub fn pair(&self) -> SocketPair {
        self.pair
    }

    /// How it ended, if it ended badly.
    pub fn failure(&self) -> Option<Failure> {
        self.failure
    }

    /// How often a timeout has cast doubt on the path: whoever sends its packets makes another flow
    /// of them each time, house!("flow-label").
    pub fn path_doubts(&self) -> u32 {
        self.path_doubts
    }

    /// Whether it was made by a passive OPEN.
    pub fn is_passive(&self) -> bool {
        self.passive
    }

    /// Whether it has nothing left to do: CLOSED, and no reset to send.
    pub fn is_finished(&self) -> bool {
        self.state == State::Closed && self.seldom.reset_owed.is_none()
    }

    /// What the owner must be told since it was told last.
    pub fn take_wake(&mut self) -> Wake {
        std::mem::take(&mut self.wake)
    }

    /// The largest text of a segment of ours, options counted in.
    ///
    /// RFC 9293 section 3.7.1 (MUST-16): the smaller of what the peer takes and our path carries.
    pub(super) fn send_mss(&self) -> u32 {
        self.agreed.mss.min(self.path_mss).bytes()
    }

    /// Eff.snd.MSS: that, less the options that every segment has.
    pub(super) fn eff_snd_mss(&self) -> u32 {
        let mss = self.send_mss();
        mss.saturating_sub(self.options_len()).max(1)
    }

    /// What the options take that every segment has, of the peer's and of ours.
    pub(super) fn options_len(&self) -> u32 {
        if self.timestamps.is_some() {
            TIMESTAMPS_LEN
        } else {
            0
        }
    }

    /// Bytes of the receive buffer that nothing waits in.
    pub(super) fn free(&self) -> u32 {
        let unread = self.incoming.unread() as u32;
        self.right_size.size().saturating_sub(unread)
    }

    /// The text of a full-sized segment of the peer's, for decisions about what is worth a segment.
    /// A peer that takes less than we do will hardly send more.
    pub(super) fn receive_mss(&self) -> u32 {
        let peers = self.agreed.mss.max(Mss::DEFAULT_V4);
        let mss = self.agreed.our_mss.min(peers).bytes();
        mss.saturating_sub(self.options_len()).max(1)
    }

    /// The stream offset of a sequence number at or after RCV.NXT.
    pub(super) fn offset_of(&self, seq: SeqNum) -> u64 {
        self.incoming.next() + u64::from(seq.since(self.rcv.nxt))
    }

    /// What was counted of marks, if both sides have agreed on them.
    pub fn marks(&self) -> Option<Counted> {
        self.ecn.as_ref().map(Ecn::counted)
    }

    /// As if so much text had been sent and acknowledged that the next byte has the number of our
    /// SYN: 4 GiB less one byte.
    #[cfg(test)]
    pub fn come_round_to_iss(&mut self) {
        self.snd.iss = self.snd.nxt;
    }

    /// In debug builds, asserts what must hold between any two steps.
    pub(super) fn debug_assert_invariants(&self) {
        if cfg!(debug_assertions) {
            self.assert_invariants();
        }
    }

    /// What must hold between any two steps, asserted in every build.
    ///
    /// # Panics
    ///
    /// If it does not hold.
    pub fn assert_invariants(&self) {
        // SND.UNA =< SND.NXT
        assert!(self.snd.una.at_or_before(self.snd.nxt));
        // Nothing is sent that was not given.
        assert!(self.snd.nxt.at_or_before(self.outgoing.limit()) || self.state == State::Closed);
        // RCV.NXT never passes the edge that was offered.
        assert!(self.rcv.wnd() < 1 << 31);
        // What is on its way or lost keeps a timer running that sends it again.
        let guards = [
            TimerKind::Retransmission,
            TimerKind::Reordering,
            TimerKind::LossProbe,
            TimerKind::Persist,
        ];
        assert!(
            self.state == State::Closed
                || self.snd.una == self.snd.nxt
                || guards.iter().any(|kind| self.timers.get(*kind).is_some()),
            "outstanding without a timer: {:?}",
            self.snapshot()
        );
    }

    /// What must hold when there is nothing more to send, asserted in every build: what is
    /// outstanding or held back has a timer that looks after it.
    ///
    /// # Panics
    ///
    /// If it does not hold.
    pub fn assert_settled(&self, now: Instant) {
        if self.state == State::Closed {
            assert!(self.seldom.reset_owed.is_none());
            return;
        }
        let runs = |kind| self.timers.get(kind).is_some_and(|at| at > now);
        let in_time = |kind| {
            let at = self.timers.get(kind);
            at.is_some_and(|at| at > now && at <= now + self.config.rto_max)
        };
        // RFC 9293 sections 3.8.1 and 3.8.6.1: text or a FIN that waits, for an acknowledgment or
        // for a window.
        let waits = self.snd.una != self.snd.nxt || self.snd.nxt != self.outgoing.limit();
        let waits = waits && !self.waits_for_text();
        let looks_after = |kind: &TimerKind| !OTHER_TIMERS.contains(kind) && in_time(*kind);
        assert!(
            !waits || TimerKind::ALL.iter().any(looks_after),
            "text waits and no timer looks after it: {:?}",
            self.snapshot()
        );
        assert!(!self.acks.is_owed() || in_time(TimerKind::DelayedAck));
        assert!(self.state != State::TimeWait || runs(TimerKind::TimeWait));
        let keeps_alive = self.config.keep_alive.is_some() && self.may_keep_alive();
        assert!(!keeps_alive || runs(TimerKind::KeepAlive));
        let orphan = self.state == State::FinWait2 && self.orphaned;
        assert!(!orphan || runs(TimerKind::FinWait2));
    }
}

fn start_congestion(config: &Config, mss: u32, iss: SeqNum) -> Box<dyn CongestionControl> {
    config.congestion.start(Beginning {
        mss,
        initial_segments: config.initial_window,
        hystart: config.hystart,
        paced: config.pacing,
        // As good as chance, and the same in a run that repeats.
        seed: iss.0.into(),
    })
}

/// Timers that do not send anything that waits.
const OTHER_TIMERS: [TimerKind; 5] = [
    TimerKind::DelayedAck,
    TimerKind::KeepAlive,
    TimerKind::UserTimeout,
    TimerKind::TimeWait,
    TimerKind::FinWait2,
];

/// RFC 7323 section 3.2: the option and its padding in every segment.
const TIMESTAMPS_LEN: u32 = 12;

impl ControlBlock for Connection {
    fn snapshot(&self) -> Snapshot {
        Snapshot {
            state: self.state,
            snd_una: self.snd.una,
            snd_nxt: self.snd.nxt,
            snd_wnd: self.snd.wnd,
            iss: self.snd.iss,
            rcv_nxt: self.rcv.nxt,
            rcv_wnd: self.rcv.wnd(),
            irs: self.rcv.irs,
            cwnd: self.recovery.window(self.congestion.window()),
            ssthresh: self.congestion.threshold(),
            in_flight: u64::from(self.recovery.in_flight()),
            srtt: self.rtt.srtt(),
            rttvar: self.rtt.rttvar(),
            rto: self.rtt.rto(),
            mss: self.eff_snd_mss() as u16,
            unacknowledged: self.outgoing.len(),
            send_limit: self.send_limit() as usize,
            unread: self.incoming.unread(),
            phase: self.recovery.phase_name(),
            congestion_control: self.congestion.name(),
        }
    }
}
