//! Probes of the path: RFC 4821 sections 7.4 to 7.8 and 10.1.
//!
//! A probe is a segment of new text that is longer than the path is known to carry. When one may
//! go, what became of it and what that means to the congestion window is decided here; how long it
//! is, in `probe_size`; what all connections know of the path, by whoever owns them, who takes what
//! was found out.
//!
//! ```text
//!              +----------- arrived: the path carries it
//!   probe goes-+-- lost alone -- all sent by then has arrived: the path is narrower
//!              |        +------- something else is lost too --+
//!              +--- lost with others, or a timeout -----------+-- it says nothing
//! ```

use std::time::Duration;

use crate::base::{Instant, Mss, SeqNum, SeqRange};
use crate::probe::{Purpose, Why};
use crate::rfc;

use super::Context;
use super::connection::Connection;
use super::output::{Choice, Wish};
use super::probe_size::Range;
use super::recovery::{Learned, Loss, Losses};

/// What is known of the path to the peer, as sizes of segments, options counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// eff_pmtu of RFC 4821 section 7.1: what segments may have.
    pub mss: Mss,
    /// search_high: how long probes may be. No more than `mss` if none are to be sent.
    pub most: Mss,
    /// What is longer than `most` was lost.
    pub searched: bool,
    /// How much text the device takes as one, to cut it; 0: it does not.
    pub cuttable: u32,
}

/// What a connection has found out about its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// RFC 4821 section 7.6.1: it carries segments of this size.
    Carries(Mss),
    /// RFC 4821 section 7.6.2: it does not.
    Loses(Mss),
    /// RFC 4821 section 7.8: since segments had that size too many are lost; with `before` they
    /// were not.
    Worse { than: Mss, before: Mss },
}

/// What a connection remembers of its probes. Most never send one, and keep no memory for it.
#[derive(Debug, Default)]
pub struct Prober(Option<Box<Story>>);

/// What has become of the probes so far.
#[derive(Debug, Default)]
pub struct Story {
    /// Up to what size probes may be sent, if any, and whether what is longer was lost.
    most: Option<(Mss, bool)>,
    out: Option<Out>,
    /// Only the probe was lost in the episode that goes on: it has cost no window.
    spared: bool,
    /// Something else was lost in it after all.
    owes_reduction: bool,
    /// RFC 4821 section 7.6.2: no probe before it is over.
    rest: Option<Rest>,
    trial: Option<Trial>,
    finding: Option<Finding>,
}

/// A probe that was sent.
#[derive(Debug, Clone, Copy)]
struct Out {
    range: SeqRange,
    mss: Mss,
    /// It is lost, and nothing else was that had been sent by then, up to here.
    lost_until: Option<SeqNum>,
}

/// Probes pause for so many round trips. One may have been measured in a bad moment, on a path that
/// held a queue or from a peer that was busy: how long they are is asked again each time.
#[derive(Debug, Clone, Copy)]
struct Rest {
    since: Instant,
    rounds: u32,
}

/// Segments have become longer: RFC 4821 section 7.8, MTU verification.
#[derive(Debug, Clone, Copy)]
struct Trial {
    before: Mss,
    /// When the interval began that is looked at.
    since: Instant,
    arrived: u64,
    lost: u64,
    /// How many intervals in a row were bad.
    bad: u32,
}

impl Prober {
    /// The probe, as long as nothing is known of it: its loss alone is no sign of congestion.
    pub fn range(&self) -> Option<SeqRange> {
        let out = self.0.as_ref()?.out?;
        out.lost_until.is_none().then_some(out.range)
    }

    /// A loss is known already, and it was that of a probe alone.
    pub fn spares(&self) -> bool {
        self.0.as_ref().is_some_and(|story| story.spared)
    }

    /// What was found out since it was asked for last.
    pub fn take_finding(&mut self) -> Option<Finding> {
        self.0.as_mut()?.finding.take()
    }

    /// A router has said what is too long. If the probe is, what became of it is known.
    pub fn on_too_big(&mut self) {
        if let Some(story) = &mut self.0 {
            let most = story.most;
            let may_arrive = |out: &Out| most.is_some_and(|(most, _)| out.mss <= most);
            story.out = story.out.filter(may_arrive);
        }
    }

    /// What is known of the path has changed; segments had `before`.
    pub fn on_reach(&mut self, reach: Reach, before: Mss) {
        if reach.most > reach.mss {
            self.0.get_or_insert_default().most = Some((reach.most, reach.searched));
        } else if let Some(story) = &mut self.0 {
            story.most = None;
        }
        if let Some(story) = self.0.as_mut().filter(|_| reach.mss < before) {
            // The trial of longer ones is over.
            story.trial = None;
        }
    }
}

impl Connection {
    /// Whether the peer's reports would tell the loss of a probe from other losses: RFC 4821
    /// section 6.1. house!("probes-need-reports")
    pub fn may_probe_path(&self) -> bool {
        self.state.is_synchronized() && self.agreed.sack
    }

    /// What this connection has found out about its path since it was asked last.
    pub fn take_finding(&mut self) -> Option<Finding> {
        self.prober.take_finding()
    }

    /// The next probe, if one is due and the congestion window lets it go.
    pub(super) fn path_probe_allowed(&self, cx: &Context<'_>) -> Option<Wish> {
        let (_, len) = self.path_probe_due(cx)?;
        let start = self.snd.nxt;
        (self.window_room() >= u64::from(len)).then_some(Wish {
            what: Choice::PathProbe(SeqRange { start, len }),
            because: self.stirred,
            why: PROBE,
            purpose: Purpose::PathProbe,
        })
    }

    /// Whether text waits until both windows have room for a whole probe, and the peer's for what
    /// follows it. RFC 4821 section 7.4: acknowledgments return meanwhile, so that no window falls
    /// by more than that. A peer whose window is always full would never see a probe.
    pub(super) fn is_held_for_path_probe(&self, cx: &Context<'_>) -> bool {
        self.path_probe_wanted(cx).is_some_and(|(_, len)| {
            self.snd.usable() < self.with_followers(len) || self.window_room() < u64::from(len)
        })
    }

    /// RFC 4821 section 7.4: the size of the probe that should go now, as an MSS and as text.
    fn path_probe_due(&self, cx: &Context<'_>) -> Option<(Mss, u32)> {
        self.path_probe_wanted(cx)
            .filter(|(_, len)| self.snd.usable() >= self.with_followers(*len))
    }

    /// The same for one that goes once acknowledgments have made room for it.
    fn path_probe_wanted(&self, cx: &Context<'_>) -> Option<(Mss, u32)> {
        let story = self.prober.0.as_deref()?;
        let (mss, (most, searched)) = (self.path_mss, story.most?);
        let rtt = self.rtt.srtt().unwrap_or(self.config.rto_min);
        let may_begin = |story: &Story| {
            story.out.is_none() && story.rest.is_none_or(|rest| rest.end(rtt) <= cx.now)
        };
        let is_due = most > mss
            && may_begin(story)
            && self.may_probe_path()
            // "It has no outstanding probes or losses."
            && self.recovery.is_calm();
        if !is_due {
            return None;
        }
        let headers = self.headers();
        let peers = self.agreed.mss;
        let range = Range {
            low: mss.min(peers).get().saturating_add(headers),
            high: most.min(peers).get().saturating_add(headers),
            // Beyond what the peer takes nothing was ever lost.
            searched: searched && most <= peers,
        };
        let mss = Mss::new(range.next()?.saturating_sub(headers));
        let len = self.text_room_in(mss.bytes());
        // Window for all of it, were nothing on its way.
        let wanted = self.with_followers(len);
        let enough = self.situation(cx).d >= wanted
            && self.snd.wnd >= wanted
            && self.congestion.window() >= u64::from(wanted);
        enough.then_some((mss, len))
    }

    /// A probe, and enough behind it that reports of that show what became of it.
    fn with_followers(&self, len: u32) -> u32 {
        len + FOLLOWERS * self.eff_snd_mss()
    }

    /// Whether the probe of that range is the one that is due, and its size: it has left.
    pub(super) fn on_path_probe_sent(&mut self, cx: &Context<'_>, range: SeqRange) {
        if let Some((mss, _)) = self.path_probe_due(cx) {
            let story = self.prober.0.get_or_insert_default();
            story.out = Some(Out {
                range,
                mss,
                lost_until: None,
            });
        }
    }

    /// RFC 4821 section 5.1: what IP and TCP put before options and text.
    fn headers(&self) -> u16 {
        match self.pair.remote.addr.is_ipv4() {
            true => 20 + 20,
            false => 40 + 20,
        }
    }

    /// An ACK was heard: what it says of the probe.
    pub(super) fn hear_of_path_probe(&mut self, cx: &mut Context<'_>, learned: &Learned) {
        let Some(story) = &mut self.prober.0 else {
            return;
        };
        if let Some(trial) = &mut story.trial {
            trial.arrived += u64::from(learned.delivered);
        }
        let Some(out) = story.out else {
            return;
        };
        match out.lost_until {
            None if self.recovery.has_arrived(out.range) => {
                story.on_arrived(out.mss, self.path_mss, cx.now);
                cx.note(
                    rfc!(4821, "7.6.1"),
                    "the probe has arrived: the path carries segments as long as it",
                );
            }
            Some(until) if self.snd.una.at_or_after(until) => {
                story.out = None;
                story.finding = Some(Finding::Loses(out.mss));
                self.put_probes_off(cx, 1);
                cx.note(
                    rfc!(4821, "7.6.2"),
                    "of all that was sent only the probe was lost: the path carries less",
                );
            }
            _ => {}
        }
    }

    /// What is newly taken for lost.
    pub(super) fn on_losses_beside_probe(&mut self, cx: &mut Context<'_>, losses: Losses) {
        let Some(story) = &mut self.prober.0 else {
            return;
        };
        if losses.bytes == 0 {
            return;
        }
        if losses.probe_alone {
            story.spared = true;
            if let Some(out) = &mut story.out {
                out.lost_until = Some(self.snd.nxt);
            }
            return;
        }
        if let Some(trial) = &mut story.trial {
            trial.lost += u64::from(losses.bytes);
        }
        let is_known =
            |out: Out| out.lost_until.is_some() || self.recovery.is_lost(out.range.start);
        if story.out.is_some_and(is_known) {
            story.out = None;
            cx.note(
                rfc!(4821, "7.6.4"),
                "the probe was lost, and not alone: that says nothing of the path",
            );
        }
        let spared = std::mem::take(&mut story.spared);
        story.owes_reduction = spared && self.recovery.in_recovery();
    }

    /// An episode that had cost no window has seen another loss: whether it must cost some now.
    pub(super) fn takes_owed_reduction(&mut self) -> bool {
        let story = self.prober.0.as_mut();
        story.is_some_and(|story| std::mem::take(&mut story.owes_reduction))
    }

    /// The episode is over: whether it had cost no window.
    pub(super) fn takes_spared(&mut self) -> bool {
        let story = self.prober.0.as_mut();
        story.is_some_and(|story| std::mem::take(&mut story.spared))
    }

    /// The retransmission timer has expired. RFC 4821 section 7.6.3: whatever was lost beside the
    /// probe, the window is reduced for it, and the next one waits for five times as long.
    pub(super) fn on_timeout_beside_probe(&mut self, cx: &mut Context<'_>) {
        let Some(story) = &mut self.prober.0 else {
            return;
        };
        story.spared = false;
        story.owes_reduction = false;
        if story.out.take().is_some() {
            self.put_probes_off(cx, TIMEOUT_FACTOR);
            cx.note(
                rfc!(4821, "7.6.4"),
                "a timeout while a probe is out: that says nothing of the path",
            );
        }
    }

    /// RFC 4821 section 7.6.2: the next loss by congestion is about as many round trips away as the
    /// window has segments; `times` that.
    fn put_probes_off(&mut self, cx: &Context<'_>, times: u32) {
        let segments = self.congestion.window() / u64::from(self.eff_snd_mss());
        let rounds = u32::try_from(segments).unwrap_or(u32::MAX).max(1);
        if let Some(story) = &mut self.prober.0 {
            story.rest = Some(Rest {
                since: cx.now,
                rounds: rounds.saturating_mul(times),
            });
        }
    }

    /// RFC 4821 section 7.8: whether longer segments are lost more often than they should be.
    pub(super) fn verify_path(&mut self, cx: &mut Context<'_>) {
        let interval = TRIAL_RTOS * self.rtt.rto();
        let Some(story) = &mut self.prober.0 else {
            return;
        };
        let Some(trial) = story.trial.filter(|trial| cx.now >= trial.since + interval) else {
            return;
        };
        // "Loss rate is higher than 10% over multiple retransmission timeout (RTO) intervals".
        let is_bad = trial.lost * 10 > trial.arrived + trial.lost;
        story.trial = is_bad.then_some(Trial {
            since: cx.now,
            arrived: 0,
            lost: 0,
            bad: trial.bad + 1,
            ..trial
        });
        if is_bad && trial.bad + 1 == TRIAL_BAD {
            story.trial = None;
            story.finding = Some(Finding::Worse {
                than: self.path_mss,
                before: trial.before,
            });
            cx.note(
                rfc!(4821, "7.8"),
                "since segments are longer too many are lost: they are shorter again",
            );
        }
    }
}

impl Rest {
    fn end(self, rtt: Duration) -> Instant {
        let wait = rtt.saturating_mul(self.rounds);
        self.since + wait.clamp(WAIT_MIN, WAIT_MAX)
    }
}

impl Story {
    /// A probe of that size has arrived, and segments had another so far.
    fn on_arrived(&mut self, mss: Mss, so_far: Mss, now: Instant) {
        self.out = None;
        self.finding = Some(Finding::Carries(mss));
        // What an unfinished trial began with is what is known to be good.
        let before = self.trial.map_or(so_far, |trial| trial.before);
        self.trial = Some(Trial {
            before,
            since: now,
            arrived: 0,
            lost: 0,
            bad: 0,
        });
    }
}

/// The probe, among what is lost.
pub(super) fn is_of_probe(probe: Option<SeqRange>, loss: &Loss) -> bool {
    probe.is_some_and(|probe| loss.range.start.in_window(probe.start, probe.len))
}

/// RFC 4821 section 7.4: Tcprexmtthresh segments behind it.
const FOLLOWERS: u32 = 3;
/// RFC 4821 section 7.6.3.
const TIMEOUT_FACTOR: u32 = 5;
/// RFC 4821 section 7.8 says "multiple": two intervals of two timeouts each, so that one burst of
/// losses is not enough. house!("path-verification")
const TRIAL_RTOS: u32 = 2;
const TRIAL_BAD: u32 = 2;
/// RFC 8899 section 5.1.1: a timer for probes is not shorter than a second.
const WAIT_MIN: Duration = Duration::from_secs(1);
/// RFC 8899 section 5.1.1: as long as the whole search rests.
const WAIT_MAX: Duration = Duration::from_secs(600);

const PROBE: &Why = &Why {
    by: rfc!(4821, "7.5"),
    text: "the path may carry more than what is sent: a longer segment asks",
};
