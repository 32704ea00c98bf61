//! Loss by chance: each packet alone, in bursts, or every so often.

use crate::sim::dice::Dice;
use crate::sim::range::{OutOfRange, between, chance};

/// What is lost by chance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Loss {
    pub model: LossModel,
    pub of: Which,
}

/// How chance decides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LossModel {
    /// Each packet for itself.
    Bernoulli {
        /// How likely it is lost.
        chance: f64,
    },
    /// Gilbert's and Elliott's: a good state and a bad one. Each packet first may change the
    /// state, then may be lost as it is likely there. A burst is `1 / to_good` packets long on
    /// the average.
    GilbertElliott {
        /// How likely the good state turns bad.
        to_bad: f64,
        /// How likely the bad state turns good.
        to_good: f64,
        /// How likely a packet is lost in the good state.
        in_good: f64,
        /// How likely a packet is lost in the bad state.
        in_bad: f64,
    },
    /// No chance at all: each one whose number is a multiple of this.
    Every(u64),
}

/// Which packets a loss is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All.
    All,
    /// Segments that only acknowledge.
    BareAcks,
    /// Segments with text.
    Data,
    /// SYN, FIN, RST.
    Control,
    /// What was sent before.
    Retransmissions,
}

impl Loss {
    /// Each packet for itself, whatever it is.
    pub fn bernoulli(chance: f64) -> Loss {
        Loss {
            model: LossModel::Bernoulli { chance },
            of: Which::All,
        }
    }

    pub(super) fn check(&self) -> Result<(), OutOfRange> {
        match self.model {
            LossModel::Bernoulli { chance: of } => chance("chance", of),
            LossModel::GilbertElliott {
                to_bad,
                to_good,
                in_good,
                in_bad,
            } => {
                chance("to_bad", to_bad)?;
                chance("to_good", to_good)?;
                chance("in_good", in_good)?;
                chance("in_bad", in_bad)
            }
            LossModel::Every(nth) => between("every", nth, 1..=u64::MAX),
        }
    }
}

/// What a model remembers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LossState {
    is_bad: bool,
    passed: u64,
}

impl LossState {
    /// Whether the next packet is lost.
    pub fn strikes(&mut self, model: &LossModel, dice: &mut Dice) -> bool {
        match *model {
            LossModel::Bernoulli { chance } => dice.happens(chance),
            LossModel::GilbertElliott {
                to_bad,
                to_good,
                in_good,
                in_bad,
            } => {
                let turn = if self.is_bad { to_good } else { to_bad };
                self.is_bad ^= dice.happens(turn);
                dice.happens(if self.is_bad { in_bad } else { in_good })
            }
            LossModel::Every(nth) => {
                self.passed += 1;
                self.passed.is_multiple_of(nth)
            }
        }
    }
}
