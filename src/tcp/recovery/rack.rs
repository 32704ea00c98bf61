//! Loss by time: RFC 8985 section 6.
//!
//! What was sent before something that has arrived, and longer ago than a round trip and a
//! reordering window, is lost. [`Rack`] says so of single pieces; walking the scoreboard is the
//! scoreboard's business, and setting the timer its caller's.

use std::time::Duration;

use crate::base::{Instant, Rest, Resting, SeqNum, Span};

use super::scoreboard::{Arrived, Judgment, Sent};

/// RACK's variables: RFC 8985 section 5.3.
#[derive(Debug, Clone)]
pub struct Rack {
    /// RACK.rtt.
    rtt: Span,
    /// RACK.fack: the end of the highest that has arrived.
    fack: SeqNum,
    moment: Resting<Moment>,
}

/// What there is to know while anything is outstanding, and of paths that reorder.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Moment {
    /// RACK.xmit_ts and RACK.end_seq: what was sent last of all that has arrived.
    latest: Option<(Instant, SeqNum)>,
    /// What was sent last of that which the ACK at hand tells of.
    newly: Option<(Instant, SeqNum)>,
    /// RACK.reordering_seen.
    reordering_seen: bool,
    /// How many ACKs have told of what was overtaken, and whether the ACK at hand does.
    reorderings: u32,
    overtaken: bool,
    /// RACK.dsack_round: the round in which a D-SACK was heard ends here.
    dsack_round: Option<SeqNum>,
    /// RACK.reo_wnd_mult.
    multiple: u32,
    /// RACK.reo_wnd_persist: recoveries until a window that has grown is forgotten.
    persist: u32,
}

impl Moment {
    const NONE: Moment = Moment {
        latest: None,
        newly: None,
        reordering_seen: false,
        reorderings: 0,
        overtaken: false,
        dsack_round: None,
        multiple: 1,
        persist: 0,
    };
}

impl Default for Moment {
    fn default() -> Moment {
        Moment::NONE
    }
}

impl Rest for Moment {
    const AT_REST: &'static Moment = &Moment::NONE;
}

/// What tells an ACK for a first copy from one for a later one.
#[derive(Debug, Clone, Copy)]
pub struct Ambiguity {
    pub now: Instant,
    /// The instant whose timestamp the ACK echoes, if it echoes one.
    pub echoed: Option<Instant>,
    pub min_rtt: Option<Duration>,
}

/// What the reordering window depends on, beside what RACK knows itself.
#[derive(Debug, Clone, Copy)]
pub struct Situation {
    /// In fast recovery, or in recovery after a timeout.
    pub in_recovery: bool,
    /// As much is SACKed as DupThresh segments.
    pub enough_reported: bool,
    pub min_rtt: Duration,
    pub srtt: Duration,
}

impl Rack {
    /// Before anything is sent.
    pub fn new(iss: SeqNum) -> Rack {
        Rack {
            rtt: Span::ZERO,
            fack: iss,
            moment: Resting::default(),
        }
    }

    /// Nothing is outstanding. What was sent last of all that has arrived tells no more: whatever
    /// is sent from here on is sent later.
    pub fn rest(&mut self) {
        if let Some(moment) = self.moment.awake() {
            moment.latest = None;
        }
        if *self.moment == Moment::NONE {
            self.moment.rest();
        }
    }

    /// Section 6.2 steps 2 and 3, for one piece that is newly known to have arrived; pieces come in
    /// ascending order.
    pub fn on_arrived(&mut self, piece: &Arrived, ambiguity: &Ambiguity) {
        let Arrived {
            range,
            sent,
            cumulative,
        } = piece;
        // Step 3: an original that arrives below the highest was overtaken.
        if range.end().after(self.fack) {
            self.fack = range.end();
        } else if range.end().before(self.fack) && !sent.resent {
            let moment = self.moment.wake();
            moment.reordering_seen = true;
            moment.overtaken = true;
        }
        // Step 2: of what was sent more than once, an ACK may mean an earlier copy. The echo tells
        // so only of what came in order: house!("rack-echo").
        let rtt = ambiguity.now.since(sent.sent_at);
        let echoed = ambiguity.echoed.filter(|_| *cumulative);
        let earlier_copy = echoed.is_some_and(|echoed| echoed < sent.sent_at)
            || ambiguity.min_rtt.is_some_and(|min_rtt| rtt < min_rtt);
        if sent.resent && earlier_copy {
            return;
        }
        let piece = (sent.sent_at, range.end());
        let moment = self.moment.wake();
        if moment.newly.is_none_or(|newly| sent_after(piece, newly)) {
            moment.newly = Some(piece);
        }
    }

    /// Step 2, once all that the ACK tells of is known.
    pub fn on_ack(&mut self, now: Instant) {
        let Some(moment) = self.moment.awake() else {
            return;
        };
        if std::mem::take(&mut moment.overtaken) {
            moment.reorderings = moment.reorderings.saturating_add(1);
        }
        let Some(newly) = moment.newly.take() else {
            return;
        };
        self.rtt = now.since(newly.0).into();
        if moment.latest.is_none_or(|latest| sent_after(newly, latest)) {
            moment.latest = Some(newly);
        }
    }

    /// How many ACKs have told of segments that arrived after later ones.
    pub fn reorderings(&self) -> u32 {
        self.moment.reorderings
    }

    /// Step 4: a D-SACK says that a reordered segment was taken for lost. The window grows once a
    /// round trip.
    pub fn on_dsack(&mut self, nxt: SeqNum) {
        if self.moment.dsack_round.is_none() {
            let moment = self.moment.wake();
            moment.dsack_round = Some(nxt);
            moment.multiple = moment.multiple.saturating_add(1);
            moment.persist = PERSIST;
        }
    }

    /// What was taken for lost because it was overtaken has arrived after all, and its copy hides
    /// it from step 3: house!("rack-reordering").
    pub fn on_undone(&mut self) {
        self.moment.wake().reordering_seen = true;
    }

    /// Step 4: SND.UNA has moved.
    pub fn on_progress(&mut self, una: SeqNum) {
        if let Some(moment) = self.moment.awake()
            && moment.dsack_round.is_some_and(|end| una.at_or_after(end))
        {
            moment.dsack_round = None;
        }
        // Compared modulo 2^32, it must not fall half of the numbers behind.
        self.fack = self.fack.later_of(una);
    }

    /// Step 4: fast recovery, or recovery after a timeout, is over.
    pub fn on_recovery_over(&mut self) {
        let Some(moment) = self.moment.awake() else {
            return;
        };
        moment.persist = moment.persist.saturating_sub(1);
        if moment.persist == 0 {
            moment.multiple = 1;
        }
    }

    /// Step 4, RACK_update_reo_wnd: how long a segment may be overtaken.
    pub fn window(&self, situation: &Situation) -> Duration {
        let impatient = situation.in_recovery || situation.enough_reported;
        if !self.moment.reordering_seen && impatient {
            return Duration::ZERO;
        }
        // "Return min(RACK.reo_wnd_mult * RACK.min_RTT / 4, SRTT)"
        let grown = (situation.min_rtt / 4).saturating_mul(self.moment.multiple);
        grown.min(situation.srtt)
    }

    /// Step 5 for one piece, with the reordering window as it is.
    pub fn judge(&self, sent: &Sent, window: Duration, now: Instant) -> Judgment {
        let Some(latest) = self.moment.latest else {
            return Judgment::TooEarly;
        };
        if !sent_after(latest, (sent.sent_at, sent.end)) {
            return Judgment::TooEarly;
        }
        // "remaining = Segment.xmit_ts + RACK.rtt + RACK.reo_wnd - Now()"
        let at = sent.sent_at + Duration::from(self.rtt) + window;
        if at <= now {
            Judgment::Lost
        } else {
            Judgment::Wait(at)
        }
    }

    /// Section 6.3: whether what was sent at that time is lost when the retransmission timer
    /// expires, though nothing sent later has arrived.
    pub fn is_overdue(&self, sent: &Sent, window: Duration, now: Instant) -> bool {
        sent.sent_at + Duration::from(self.rtt) + window <= now
    }
}

/// RACK_sent_after: by time, and by sequence number what left at the same instant.
fn sent_after(a: (Instant, SeqNum), b: (Instant, SeqNum)) -> bool {
    a.0 > b.0 || (a.0 == b.0 && a.1.after(b.1))
}

/// Section 6.2 step 4: a window that has grown lasts for sixteen recoveries without a D-SACK.
const PERSIST: u32 = 16;

#[cfg(test)]
mod tests;
