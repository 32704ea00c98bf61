//! What an ACK says of loss, and what follows from it: events, the congestion control, the episode.
//!
//! [`Recovery`](crate::tcp::recovery::Recovery) says what was lost; here it is told, answered by
//! the congestion control, or taken back. One episode reduces the window once (RFC 5681 section
//! 3.2, RFC 8985 section 9.3).

use std::time::Duration;

use crate::base::{Cite, SeqNum, SeqRange};
use crate::probe::{Event, LossProof, Spurious};
use crate::rfc;
use crate::tcp::Context;
use crate::tcp::congestion::{AckReport, Congestion};
use crate::tcp::connection::Connection;
use crate::tcp::path_probe::is_of_probe;
use crate::tcp::recovery::{Detection, Heard, Learned, Loss, Losses, Verdict};
use crate::wire::tcp::Segment;

/// What an ACK has changed, beside what it taught of segments.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::tcp) struct Change {
    /// By how much SND.UNA has moved.
    pub moved: u32,
    /// Bytes of text that were let go.
    pub released: u32,
    /// Bytes on their way before.
    pub in_flight_before: u32,
    /// It is a duplicate in the sense of RFC 5681 section 2.
    pub duplicate: bool,
    /// The round trip that was measured for the timeout.
    pub rtt: Option<Duration>,
    /// The peer says that a congested router has marked something of ours.
    pub echo: bool,
}

impl Connection {
    /// What the segment's acknowledgment and reports say of what was sent.
    pub(super) fn hear(
        &mut self,
        cx: &Context<'_>,
        seg: &Segment<'_>,
        ack: SeqNum,
        duplicate: bool,
    ) -> Learned {
        let echo = seg.options.timestamps.and_then(|option| {
            let timestamps = self.timestamps.as_ref()?;
            Some((option.echo, timestamps.instant(option.echo, cx.now)?))
        });
        self.recovery.hear(&Heard {
            now: cx.now,
            ack,
            una: self.snd.una,
            blocks: seg.options.sack(),
            echo,
            duplicate,
        })
    }

    /// Draws the conclusions, and reports to the congestion control.
    pub(super) fn weigh(&mut self, cx: &mut Context<'_>, learned: &Learned, change: &Change) {
        // RFC 4015 section 3.4: not if the ACK tells of congestion.
        if let Some(by) = learned.spurious.filter(|_| !change.echo) {
            self.take_back(cx, by);
        }
        let (una, new) = (self.snd.una, self.could_send_new());
        let spurious = self
            .recovery
            .on_ack_in_loss(una, learned, change.duplicate, new);
        if let Some(by) = spurious {
            self.take_back(cx, by);
        }
        self.hear_of_path_probe(cx, learned);
        let losses = self.find_losses(cx);
        let was_in_recovery = self.recovery.in_recovery();
        self.conclude(cx, learned, change);
        if change.echo {
            self.on_echo(cx, change.in_flight_before);
        }
        let mss = self.eff_snd_mss();
        self.recovery.spread_reduction(learned, losses.bytes, mss);
        let in_recovery = was_in_recovery || self.recovery.in_recovery();
        self.verify_path(cx);
        // RFC 4821 section 7.6.2: the loss of a probe alone is no sign of congestion.
        let lost = if losses.probe_alone { 0 } else { losses.bytes };
        if change.released > 0 || learned.reported > 0 || lost > 0 {
            self.report(cx, learned, change, lost, in_recovery);
        }
    }

    fn report(
        &mut self,
        cx: &Context<'_>,
        learned: &Learned,
        change: &Change,
        lost: u32,
        in_recovery: bool,
    ) {
        let window_limited = self.fullness.is_limited(
            self.congestion.window(),
            self.congestion.threshold(),
            self.eff_snd_mss(),
        );
        let in_flight = self.recovery.in_flight().into();
        self.fullness.on_ack(self.snd.una, self.snd.nxt, in_flight);
        let report = AckReport {
            now: cx.now,
            una: self.snd.una,
            nxt: self.snd.nxt,
            acked: change.released,
            delivered: learned.delivered,
            lost,
            in_flight,
            in_flight_before: change.in_flight_before.into(),
            rtt: learned.rtt.or(change.rtt),
            srtt: self.rtt.srtt(),
            min_rtt: self.recovery.min_rtt(),
            rate: learned.rate,
            window_limited,
            in_recovery,
            ce: if change.echo { learned.delivered } else { 0 },
        };
        self.congestion.on_ack(&report);
    }

    /// Looks for what is lost, and tells of it.
    pub(in crate::tcp) fn find_losses(&mut self, cx: &mut Context<'_>) -> Losses {
        let at = self.detection(cx);
        let Connection {
            recovery,
            congestion,
            ..
        } = self;
        let mut of_probe = None;
        let losses = recovery.detect(&at, &mut |loss: Loss| {
            let Loss { range, by, .. } = loss;
            cx.tell(|| Event::Lost { range, by });
            // Whether a probe's loss tells of congestion is known when all others are.
            if of_probe.is_none() && is_of_probe(at.probe, &loss) {
                of_probe = Some(loss);
            } else {
                congestion.on_lost(at.now, range.len, loss.tx_in_flight.into());
            }
        });
        if let Some(loss) = of_probe.filter(|_| !losses.probe_alone) {
            congestion.on_lost(at.now, loss.range.len, loss.tx_in_flight.into());
        }
        self.on_losses_beside_probe(cx, losses);
        losses
    }

    pub(in crate::tcp) fn detection(&self, cx: &Context<'_>) -> Detection {
        Detection {
            now: cx.now,
            mss: self.eff_snd_mss(),
            srtt: self.rtt.srtt(),
            because: cx.input(),
            probe: self.prober.range(),
        }
    }

    /// What it all means to the episode.
    fn conclude(&mut self, cx: &mut Context<'_>, learned: &Learned, change: &Change) {
        if self.agreed.sack {
            self.conclude_from_reports(cx, change.in_flight_before);
            if learned.repaired {
                self.on_repaired_by_probe(cx, change.in_flight_before);
            }
            return;
        }
        let (una, nxt, mss) = (self.snd.una, self.snd.nxt, self.eff_snd_mss());
        let verdict = if learned.advanced {
            self.recovery
                .on_new_ack(una, nxt, change.moved, mss, cx.input())
        } else if change.duplicate {
            self.recovery.on_duplicate(una, nxt, mss, cx.input())
        } else {
            Verdict::Nothing
        };
        self.on_verdict(cx, verdict);
    }

    /// An episode may end and, with what was lost after it began, the next begin. `flight` was on
    /// its way before.
    pub(in crate::tcp) fn conclude_from_reports(&mut self, cx: &mut Context<'_>, flight: u32) {
        if self.takes_owed_reduction() {
            self.on_verdict(cx, Verdict::Lost { flight });
        }
        for _ in 0..2 {
            let at = self.detection(cx);
            let verdict = self.recovery.conclude(self.snd.una, &at, flight);
            self.on_verdict(cx, verdict);
            if verdict != Verdict::Over {
                return;
            }
        }
    }

    fn on_verdict(&mut self, cx: &mut Context<'_>, verdict: Verdict) {
        let una = self.snd.una;
        let range = SeqRange {
            start: una,
            len: self.snd.outstanding().min(self.eff_snd_mss()),
        };
        match verdict {
            Verdict::Nothing => {}
            Verdict::Lost { .. } if self.prober.spares() => {
                self.recovery.spare();
                cx.note(
                    rfc!(4821, "7.6.2"),
                    "only the probe is lost, which is no sign of congestion: the window stays",
                );
            }
            Verdict::Lost { flight } if self.agreed.sack => {
                let by = match self.config.recovery.rack {
                    true => rfc!(8985, "9.3"),
                    false => rfc!(6675, "5 (4.2)"),
                };
                self.reduce(cx, flight, by, "a loss: the window is reduced");
                if !self.congestion.reduces_itself() {
                    self.recovery.reduce_to(flight, self.target());
                }
            }
            Verdict::Lost { flight } => {
                let by = LossProof::ThreeDuplicates;
                cx.tell(|| Event::Lost { range, by });
                let text = "three duplicates: the window is halved";
                self.reduce(cx, flight, rfc!(5681, "3.2"), text);
            }
            Verdict::Partial => {
                let by = LossProof::PartialAck;
                cx.tell(|| Event::Lost { range, by });
            }
            Verdict::Over => self.on_episode_over(cx),
        }
    }

    fn reduce(&mut self, cx: &mut Context<'_>, flight: u32, by: Cite, text: &'static str) {
        let flight = u64::from(flight);
        self.congestion
            .on_congestion(cx.now, Congestion::Loss { flight });
        self.note_reduction();
        self.tell_window(cx, by, text);
    }

    /// RFC 3168 section 6.1.2: whatever the window was reduced for, the peer is told, and a mark in
    /// the same window of data reduces it no further.
    pub(in crate::tcp) fn note_reduction(&mut self) {
        if let Some(ecn) = &mut self.ecn {
            ecn.on_reduced(self.snd.nxt);
        }
    }

    /// Whether an ACK of the peer's tells of a mark.
    pub(super) fn hears_of_marks(&mut self, seg: &Segment<'_>, learned: &Learned) -> bool {
        let mss = self.eff_snd_mss();
        let ecn = self.ecn.as_mut();
        ecn.is_some_and(|ecn| ecn.hears_of_marks(seg, learned.packets, mss))
    }

    /// RFC 3168 section 6.1.2: a mark is answered as a loss would be, but nothing goes again.
    /// `flight` was on its way before the ACK, which may have ended it.
    fn on_echo(&mut self, cx: &mut Context<'_>, flight: u32) {
        let una = self.snd.una;
        if !self.ecn.as_ref().is_some_and(|ecn| ecn.on_echo(una)) {
            return;
        }
        let flight = u64::from(flight);
        self.congestion
            .on_congestion(cx.now, Congestion::Ecn { flight });
        self.note_reduction();
        let text = "a router has marked what it would have dropped";
        self.tell_window(cx, rfc!(3168, "6.1.2"), text);
    }

    /// Where the window shall be when an episode ends.
    fn target(&self) -> u64 {
        let window = self.congestion.window();
        self.congestion.threshold().unwrap_or(window)
    }

    fn on_episode_over(&mut self, cx: &mut Context<'_>) {
        if self.takes_spared() {
            return;
        }
        let outstanding = u64::from(self.snd.outstanding());
        // RFC 9937 section 6.4: cwnd = ssthresh; as much is on its way already. RFC 6582 section
        // 3.2 step 3 has nothing that sees to that.
        let (flight, by) = if self.agreed.sack {
            (outstanding.max(self.target()), rfc!(9937, "6.4"))
        } else {
            (outstanding, rfc!(6582, "3.2"))
        };
        self.congestion
            .on_congestion(cx.now, Congestion::Over { flight });
        self.tell_window(cx, by, "all that was lost is acknowledged");
    }

    /// RFC 8985 section 7.4.2: the probe has repaired the loss; the window is reduced for it.
    fn on_repaired_by_probe(&mut self, cx: &mut Context<'_>, flight: u32) {
        if self.recovery.in_recovery() {
            return;
        }
        let una = self.snd.una;
        let by = LossProof::Probe;
        let range = SeqRange { start: una, len: 0 };
        cx.tell(|| Event::Lost { range, by });
        let text = "a probe has repaired a loss: the window is reduced";
        self.reduce(cx, flight, rfc!(8985, "7.4.2"), text);
        self.on_episode_over(cx);
    }

    /// RFC 4015 section 3: the window comes back, and sending goes on with what is new.
    fn take_back(&mut self, cx: &mut Context<'_>, by: Spurious) {
        self.takes_spared();
        cx.tell(|| Event::Undone { by });
        self.recovery.undo(self.snd.una);
        self.rtt.on_spurious();
        self.congestion.undo(cx.now);
        self.tell_window(
            cx,
            rfc!(4015, "3"),
            "the loss was none: the window comes back",
        );
    }

    /// Whether there is text or a FIN that was never sent, and the peer's window has room.
    pub(in crate::tcp) fn could_send_new(&self) -> bool {
        self.snd.nxt.before(self.outgoing.limit()) && self.snd.usable() > 0
    }
}
