//! What was lost, and the story of sending it again.
//!
//! [`Recovery`] names the range to send next and how much is on its way; it sends nothing and
//! sets no timer. An acknowledgment is heard by [`Recovery::hear`]: the `scoreboard` notes what
//! has arrived, `rate` how fast, `rack` when. Then one of two detectors speaks. Where reports are
//! agreed on, `episode` takes for lost what `rack` finds overdue (RFC 8985), or what lies below
//! enough reports (RFC 6675); where not, `dupack` counts duplicates (RFC 5681 section 3.2, RFC
//! 6582). `tlp` sees to it that an acknowledgment comes at all, `rto` is the last resort and finds
//! out whether it was needed (F-RTO, RFC 5682). `prr` shrinks the window during an episode, and
//! `undo` proves that one was for nothing.

mod dupack;
mod episode;
mod fullness;
mod hear;
mod min_rtt;
mod outstanding;
mod prr;
mod rack;
mod rate;
mod rto;
mod rtt;
mod scoreboard;
mod tlp;
mod trouble;
mod undo;

use std::time::Duration;

use crate::base::{Instant, Resting, SeqNum, SeqRange};
use crate::probe::{EventId, LossProof, Resent, Why};
use crate::rfc;
use crate::tcp::config::Recovering;

pub use episode::{Detection, Losses};
pub use fullness::Fullness;
pub use hear::{Heard, Learned};
use min_rtt::MinRtt;
use outstanding::Outstanding;
use prr::Prr;
use rack::Rack;
use rate::{Delivery, Stamp};
pub use rto::{Expired, Frto};
pub use rtt::Rtt;
use scoreboard::Scoreboard;
pub use tlp::Content;
use tlp::Tlp;
use trouble::Trouble;
use undo::Undo;

/// What is known of the data that is on its way.
#[derive(Debug, Clone)]
pub struct Recovery {
    trouble: Resting<Trouble>,
    /// RFC 6582 section 3.2, and RecoveryPoint of RFC 6675: the end of what was outstanding when
    /// the last loss was found. Nothing up to here may begin an episode of its own.
    recover: SeqNum,
    /// What was sent, and what became of it.
    outstanding: Outstanding,
    delivery: Delivery,
    rack: Rack,
    tlp: Tlp,
    undo: Undo,
    min_rtt: MinRtt,
    /// Whether the peer reports what it has: SACK is agreed on.
    reports: bool,
    abilities: Recovering,
    /// When a round trip was measured last.
    measured_at: Option<Instant>,
}

/// A retransmission that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    pub range: SeqRange,
    pub how: Resent,
    pub because: EventId,
    pub why: &'static Why,
}

/// Something that is taken for lost.
#[derive(Debug, Clone, Copy)]
pub struct Loss {
    pub range: SeqRange,
    pub by: LossProof,
    /// Bytes on their way when it left, its own counted.
    pub tx_in_flight: u32,
}

/// The parts of an episode. The fields of each would be garbage in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nothing is known to be lost.
    Open,
    /// Fast recovery: until all that was sent when the loss was found is acknowledged. The window
    /// is `reduction`'s, if reports are agreed on and the congestion control leaves it to us.
    Recovery { reduction: Option<Prr> },
    /// After a timeout, in slow start: what the timer took for lost goes again, until all is
    /// acknowledged that was outstanding then, up to `until`.
    Loss {
        until: SeqNum,
        because: EventId,
        why: &'static Why,
        /// Whether the timeout may yet prove to be spurious.
        frto: Frto,
    },
}

/// What an acknowledgment means to the episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing begins or ends.
    Nothing,
    /// Something is lost: an episode begins, and the window must be reduced. So many bytes were on
    /// their way, those not counted that limited transmit had sent.
    Lost { flight: u32 },
    /// A partial acknowledgment: the next segment is lost too.
    Partial,
    /// Fast recovery is over.
    Over,
}

impl Recovery {
    /// Before anything is sent. The peer is not known to report anything.
    pub fn new(iss: SeqNum, abilities: Recovering) -> Recovery {
        Recovery {
            trouble: Resting::default(),
            recover: iss,
            outstanding: Outstanding::new(iss),
            delivery: Delivery::new(),
            rack: Rack::new(iss),
            tlp: Tlp::new(),
            undo: Undo::default(),
            min_rtt: MinRtt::default(),
            reports: false,
            abilities,
            measured_at: None,
        }
    }

    /// SACK is agreed on: the peer will report what it has.
    pub fn expect_reports(&mut self) {
        self.reports = true;
    }

    /// Whether it will.
    pub fn expects_reports(&self) -> bool {
        self.reports
    }

    fn is_open(&self) -> bool {
        let trouble = self.trouble.get();
        trouble.is_none_or(|trouble| matches!(trouble.phase, Phase::Open))
    }

    /// The phase in the RFCs' words.
    pub fn phase_name(&self) -> &'static str {
        match self.trouble.phase {
            Phase::Open if self.outstanding.sacked() > 0 => "disorder",
            Phase::Open => "open",
            Phase::Recovery { .. } => "recovery",
            Phase::Loss { .. } => "loss",
        }
    }

    /// Whether an episode is going on, in which ACKs do not open the window (in `Loss` they do:
    /// it is slow start).
    pub fn in_recovery(&self) -> bool {
        matches!(self.trouble.phase, Phase::Recovery { .. })
    }

    /// FlightSize less what is known to have left the network, in bytes.
    pub fn in_flight(&self) -> u32 {
        let in_flight = self.outstanding.in_flight();
        match self.trouble.get() {
            Some(trouble) => trouble.less_departed(in_flight),
            None => in_flight,
        }
    }

    /// How much may be on its way, if the congestion control allows `cwnd`.
    pub fn window(&self, cwnd: u64) -> u64 {
        match self.trouble.get().map(|trouble| &trouble.phase) {
            Some(Phase::Recovery {
                reduction: Some(prr),
            }) => prr.window(),
            _ => cwnd,
        }
    }

    /// Something new has left: time it, if nothing is being timed.
    ///
    /// RFC 6298 section 3: one measurement a round trip at least.
    pub fn on_sent(&mut self, range: SeqRange, now: Instant) {
        self.take_sent(range, range.len, now, Scoreboard::on_sent);
    }

    /// The same for what leaves in segments of `unit` bytes, but for the last of them.
    pub fn on_sent_in(&mut self, range: SeqRange, unit: u32, now: Instant) {
        self.take_sent(range, unit, now, Scoreboard::on_sent);
    }

    /// The same for what is judged by itself, and not with what left before it.
    pub fn on_sent_apart(&mut self, range: SeqRange, unit: u32, now: Instant) {
        self.take_sent(range, unit, now, Scoreboard::on_sent_apart);
    }

    fn take_sent(
        &mut self,
        range: SeqRange,
        unit: u32,
        now: Instant,
        note: fn(&mut Scoreboard, u32, u32, Instant, Stamp),
    ) {
        if let Some(trouble) = self.trouble.awake()
            && matches!(trouble.phase, Phase::Open)
            && trouble.duplicates > 0
        {
            trouble.limited += range.len;
        }
        let board = self.outstanding.wake();
        let in_flight = match self.trouble.get() {
            Some(trouble) => trouble.less_departed(board.in_flight()),
            None => board.in_flight(),
        };
        let stamp = self.delivery.on_sent(now, range.len, in_flight);
        if board.timed.is_none() {
            // The first of several is timed: its acknowledgment may come before that of the rest.
            board.timed = Some((range.start + unit.min(range.len), now));
        }
        note(board, range.len, unit, now, stamp);
        self.pay(range.len);
    }

    /// Something has left once more, at `now`, with `value` as its timestamp.
    pub fn on_resent(&mut self, range: SeqRange, now: Instant, value: Option<u32>) {
        if let Some(trouble) = self.trouble.awake()
            && trouble
                .urgent
                .is_some_and(|due| due.range.start == range.start)
        {
            trouble.urgent = None;
        }
        if !self.is_open() {
            // RFC 3522 section 3.2: the detection is of the oldest segment outstanding and of no
            // other, and not begun anew when that goes once more. What the last episode has sent
            // again may be the oldest in this one: its ACK echoes less than what goes now, and yet
            // answers a retransmission.
            let value = value.filter(|_| self.outstanding.is_oldest_sent_once(range.start));
            self.undo.on_resent(range.len, value);
        }
        let in_flight = self.in_flight();
        let stamp = self.delivery.on_sent(now, range.len, in_flight);
        if let Some(board) = self.outstanding.awake() {
            // RFC 6298 section 3, Karn's algorithm: an acknowledgment could mean either copy.
            board.timed = None;
            board.on_resent(range, now, stamp);
        }
        self.pay(range.len);
    }

    fn pay(&mut self, bytes: u32) {
        if let Some(trouble) = self.trouble.awake()
            && let Phase::Recovery {
                reduction: Some(prr),
            } = &mut trouble.phase
        {
            prr.on_sent(bytes);
        }
    }

    /// Whether nothing is lost, reported or asked about: RFC 4821 section 7.4.
    pub fn is_calm(&self) -> bool {
        self.is_at_ease()
            && self.trouble.timeouts == 0
            && self.trouble.probe.is_none()
            && self.outstanding.lost() == 0
            && self.outstanding.sacked() == 0
    }

    /// Whether all of what was sent at that range has arrived.
    pub fn has_arrived(&self, range: SeqRange) -> bool {
        self.outstanding.has_arrived(range)
    }

    /// Whether what is outstanding at that place is taken for lost and has not gone again.
    pub fn is_lost(&self, at: SeqNum) -> bool {
        self.outstanding.is_lost(at)
    }

    /// The episode that has begun costs no window: there is nothing to take back.
    pub fn spare(&mut self) {
        self.undo.settle();
    }

    /// The application has given all it has, and the windows would take more.
    pub fn on_app_limited(&mut self) {
        self.delivery.on_app_limited(self.in_flight());
    }

    /// The round trip that `ack` ends, from the segment that was being timed. Where Karn's rule has
    /// left none, `echo` stands in, which tells copies apart.
    ///
    /// RFC 7323 section 4.2: the weights of RFC 6298 section 2 are made for one measurement a round
    /// trip, so further echoes within `srtt` of the last measurement do not count.
    pub fn take_rtt(
        &mut self,
        ack: SeqNum,
        now: Instant,
        srtt: Duration,
        echo: impl FnOnce() -> Option<Duration>,
    ) -> Option<Duration> {
        let rtt = match self.outstanding.timed {
            Some((end, sent)) if end.at_or_before(ack) => now.since(sent),
            Some(_) => return None,
            None if self.measured_at.is_some_and(|at| now.since(at) < srtt) => return None,
            None => echo()?,
        };
        if let Some(board) = self.outstanding.awake() {
            board.timed = None;
        }
        self.measured_at = Some(now);
        self.tlp.on_measured();
        self.min_rtt.sample(rtt, now);
        Some(rtt)
    }

    /// How many ACKs have told of segments that arrived after later ones.
    pub fn reorderings(&self) -> u32 {
        self.rack.reorderings()
    }

    /// What the peer has told of, over the connection's life, in bytes; our SYN and FIN may be in.
    pub fn delivered(&self) -> u64 {
        self.delivery.delivered()
    }

    /// Bytes that are outstanding and reported, and those that are taken for lost.
    pub fn reported_and_lost(&self) -> (u32, u32) {
        (self.outstanding.sacked(), self.outstanding.lost())
    }

    /// The least round trip of the last minutes.
    pub fn min_rtt(&self) -> Option<Duration> {
        self.min_rtt.get()
    }

    /// How many duplicates, or segments reported, make a loss of what is missing.
    pub fn dup_thresh(&self) -> u32 {
        self.abilities.dup_thresh.max(1).into()
    }

    /// Whether nothing is to be sent once more, however much the windows allow.
    pub fn is_at_ease(&self) -> bool {
        match self.trouble.get() {
            Some(trouble) => trouble.urgent.is_none() && matches!(trouble.phase, Phase::Open),
            None => true,
        }
    }

    /// What should be sent once more now, `room` bytes being allowed by the congestion window.
    pub fn due(&self, mss: u32, room: u64) -> Option<Due> {
        let trouble = self.trouble.get()?;
        if trouble.urgent.is_some() {
            return trouble.urgent;
        }
        let (how, because, why) = match trouble.phase {
            Phase::Open => return None,
            Phase::Recovery { .. } => {
                let (because, why) = trouble.found?;
                (Resent::Fast, because, why)
            }
            // RFC 5682 section 3.1: only the first, until it is known whether it was needed.
            Phase::Loss { frto, .. } if frto.holds_back() => return None,
            Phase::Loss { because, why, .. } => (Resent::AfterTimeout, because, why),
        };
        let range = self.outstanding.first_lost(mss)?;
        (room >= u64::from(range.len)).then_some(Due {
            range,
            how,
            because,
            why,
        })
    }

    /// What lies between SND.UNA and SND.NXT is to go again, though nothing says that the network
    /// lost it.
    pub fn resend(&mut self, nxt: SeqNum, because: EventId, why: &'static Why) {
        let trouble = self.trouble.wake();
        trouble.departed = 0;
        trouble.phase = Phase::Loss {
            until: nxt,
            because,
            why,
            frto: Frto::Off,
        };
        if let Some(board) = self.outstanding.awake() {
            board.timed = None;
            board.lose_all(|_, _| true, &mut |_, _| {});
        }
    }

    /// The longest segment that is outstanding and not reported.
    pub fn longest_on_its_way(&self) -> u32 {
        self.outstanding.longest()
    }

    /// Of what is on its way, what `is_too_long` finds to be, by its range and the longest segment
    /// it left in, is to go again: no queue was too full for it. Returns whether there is any.
    pub fn resend_too_long(
        &mut self,
        nxt: SeqNum,
        is_too_long: impl Fn(SeqRange, u32) -> bool,
        because: EventId,
        why: &'static Why,
    ) -> bool {
        let before = self.outstanding.lost();
        let Some(board) = self.outstanding.awake() else {
            return false;
        };
        board.lose_all(
            |range, sent| is_too_long(range, sent.longest(range)),
            &mut |_, _| {},
        );
        if board.lost() == before {
            return false;
        }
        board.timed = None;
        let trouble = self.trouble.wake();
        trouble.departed = 0;
        if matches!(trouble.phase, Phase::Recovery { .. }) {
            trouble.found = Some((because, why));
        } else {
            trouble.phase = Phase::Loss {
                until: nxt,
                because,
                why,
                frto: Frto::Off,
            };
        }
        true
    }

    /// Our SYN is due once more, with an ACK: the peer opened at the same time, or has not got it.
    pub fn syn_ack_due(&mut self, iss: SeqNum, because: EventId, why: &'static Why) {
        self.trouble.wake().urgent = Some(Due {
            range: SeqRange { start: iss, len: 1 },
            how: Resent::Syn,
            because,
            why,
        });
    }

    /// Whether nothing is outstanding, and memory is kept for what was.
    pub fn holds_spare(&self) -> bool {
        self.outstanding.holds_spare()
    }

    /// Whether memory is kept for what is outstanding, or was.
    pub fn holds_memory(&self) -> bool {
        self.outstanding.is_awake()
    }

    /// Gives that memory back.
    pub fn release_spare(&mut self) {
        self.outstanding.release_spare();
        if !self.outstanding.is_awake() {
            self.rack.rest();
        }
    }

    /// Keeps no memory for trouble that is over.
    pub fn calm_down(&mut self) {
        let Some(trouble) = self.trouble.awake() else {
            return;
        };
        if matches!(trouble.phase, Phase::Open) && self.outstanding.lost() == 0 {
            // What is found to be lost next brings its own.
            trouble.found = None;
        }
        if *trouble == Trouble::NONE {
            self.trouble.rest();
        }
    }

    /// Whether anything lost still waits to be sent again, before anything new.
    pub fn is_waiting(&self) -> bool {
        let lost = self.outstanding.lost() > 0;
        let Some(trouble) = self.trouble.get() else {
            return lost;
        };
        let held = match trouble.phase {
            Phase::Loss { frto, .. } => frto.lets_new_go(),
            _ => false,
        };
        trouble.urgent.is_some() || (lost && !held)
    }

    /// RFC 8985 section 7.2: whether a probe may go when an acknowledgment is overdue; else the
    /// retransmission timer is all there is.
    pub fn may_probe(&self) -> bool {
        self.reports
            && self.abilities.tlp
            && self.is_open()
            && self.outstanding.sacked() == 0
            && self.tlp.may_probe()
    }

    /// RFC 8985 section 7.3: a new segment is due as a probe, whatever the window says.
    pub fn ask(&mut self, because: EventId) {
        self.trouble.wake().probe = Some(because);
    }

    /// The input that made such a probe due.
    pub fn probe_due(&self) -> Option<EventId> {
        self.trouble.get()?.probe
    }

    /// Whether a segment goes at once, whatever the window says.
    pub fn is_urgent(&self) -> bool {
        let trouble = self.trouble.get();
        trouble.is_some_and(|trouble| trouble.urgent.is_some() || trouble.probe.is_some())
    }

    /// Timeouts in a row without anything new acknowledged.
    pub fn timeouts(&self) -> u32 {
        self.trouble.get().map_or(0, |trouble| trouble.timeouts)
    }

    /// Our SYN was sent again so often before there was a connection.
    pub fn count_timeouts(&mut self, timeouts: u32) {
        if timeouts > 0 {
            self.trouble.wake().timeouts = timeouts;
        }
    }

    /// When RACK wants to look again at what is not yet overdue.
    pub fn look_at(&self) -> Option<Instant> {
        self.trouble.get()?.look_at
    }

    /// RFC 8985 section 7.3: nothing new may be sent, so the last segment goes again as a probe.
    pub fn probe_again(&mut self, mss: u32, because: EventId) {
        if let Some(range) = self.outstanding.last_sent(mss) {
            self.trouble.wake().urgent = Some(Due {
                range,
                how: Resent::Probe,
                because,
                why: PROBE,
            });
        }
    }

    /// How long after something was sent or acknowledged a probe goes: RFC 8985 section 7.2.
    pub fn probe_timeout(
        &self,
        srtt: Option<Duration>,
        mss: u32,
        max_ack_delay: Duration,
    ) -> Duration {
        let one_segment = self.outstanding.outstanding() <= mss;
        Tlp::timeout(srtt, one_segment, max_ack_delay)
    }

    /// A probe has left.
    pub fn on_probe(&mut self, content: Content) {
        if let Some(trouble) = self.trouble.awake() {
            trouble.probe = None;
        }
        self.tlp.on_probe(self.outstanding.nxt(), content);
    }
}

/// A tail loss probe, new or not.
pub const PROBE: &Why = &Why {
    by: rfc!(8985, "7.3"),
    text: "an acknowledgment is overdue: a probe asks what has arrived",
};

#[cfg(test)]
mod tests;
