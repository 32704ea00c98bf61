//! Startup: the rate doubles each round trip, until the path delivers no more for it.
//!
//! draft-ietf-ccwg-bbr section 5.3.1. It ends when three rounds in a row have brought less than a
//! quarter more, or when a whole round trip of recovery has lost more than 2 % in more than a few
//! places: then a shallow queue overflows before the rate shows it.

use crate::base::Rate;
use crate::tcp::congestion::{AckReport, RateSample};

use super::model::rate_of;
use super::{Bbr, Phase};

/// Whether the rate still rises.
#[derive(Debug, Clone, Copy)]
pub struct FullPipe {
    /// The rate from which growth is reckoned.
    base: Rate,
    /// Rounds that have not brought a quarter more.
    count: u32,
    /// It rises no more, in this probe.
    pub now: bool,
    /// It has once risen no more: Startup is over.
    pub reached: bool,
}

impl Default for FullPipe {
    fn default() -> FullPipe {
        FullPipe {
            base: Rate(0),
            count: 0,
            now: false,
            reached: false,
        }
    }
}

impl FullPipe {
    /// Another probe begins, from this rate.
    pub fn look_from(&mut self, base: Rate) {
        *self = FullPipe {
            base,
            count: 0,
            now: false,
            ..*self
        };
    }

    /// What was found so far says nothing.
    pub fn look_again(&mut self) {
        self.look_from(Rate(0));
    }
}

impl Bbr {
    pub fn enter_startup(&mut self) {
        self.phase = Phase::Startup;
    }

    /// Does the rate still rise by a quarter in three rounds?
    pub fn look_for_full_pipe(&mut self, sample: &RateSample) {
        let pipe = &mut self.full_pipe;
        if pipe.now || sample.app_limited {
            return;
        }
        let rate = rate_of(sample);
        if rate.0 >= pipe.base.0.saturating_add(pipe.base.0 / 4) {
            pipe.look_from(rate);
            return;
        }
        if self.rounds.just_began {
            pipe.count += 1;
            pipe.now = pipe.count >= FULL_ROUNDS;
            pipe.reached |= pipe.now;
        }
    }

    pub fn check_startup_done(&mut self, report: &AckReport, sample: &RateSample) {
        if self.phase != Phase::Startup {
            return;
        }
        let losses = &self.loss_round;
        let places = losses.just_ended && losses.times >= FULL_LOSSES;
        if places && report.in_recovery && self.is_sample_too_high(sample) {
            self.end_startup_at(self.loss_round.inflight_latest);
        } else if self.full_pipe.reached {
            self.enter_drain();
        }
    }

    /// The path holds no more than about `inflight`.
    pub fn end_startup_at(&mut self, inflight: u64) {
        self.full_pipe.reached = true;
        self.bounds.inflight_longterm = Some(inflight.max(self.bdp(100)));
        self.enter_drain();
    }
}

/// BBR.StartupFullBwRounds.
const FULL_ROUNDS: u32 = 3;
/// BBR.StartupFullLossCnt: in so many places something must be lost.
const FULL_LOSSES: u32 = 6;
