//! Bad weather, drawn.

use std::time::Duration;

use crate::sim::dice::Dice;
use crate::sim::impair::{
    Act, Copies, Corrupt, Damage, Duplicate, FallBack, Loss, LossModel, Meaning, Numbers, Reorder,
    Rule, Weather, What, Which,
};
use crate::sim::link::{Outage, OutageKind};

/// Some of what can go wrong; often nothing.
pub(super) fn draw_weather(dice: &mut Dice) -> Weather {
    let mut weather = Weather::default();
    if dice.happens(0.3) {
        return weather;
    }
    for _ in 0..dice.from_to(1, 3) {
        match dice.below(10) {
            0 | 1 => weather.loss.push(draw_loss(dice, Which::All)),
            2 => {
                let of = dice.one_of(&[
                    Which::BareAcks,
                    Which::Data,
                    Which::Control,
                    Which::Retransmissions,
                ]);
                weather.loss.push(draw_loss(dice, of));
            }
            3 | 4 => {
                for _ in 0..dice.from_to(1, 3) {
                    weather.rules.push(draw_rule(dice));
                }
            }
            5 => {
                weather.reorder = Some(Reorder {
                    chance: share(dice, 500),
                    by: if dice.happens(0.5) {
                        FallBack::Packets(dice.magnitude(1, 64) as u32)
                    } else {
                        FallBack::Time(millis(dice, 5_000))
                    },
                });
            }
            6 => {
                weather.duplicate = Some(Duplicate {
                    chance: share(dice, 500),
                    copies: dice.from_to(1, 5) as u32,
                    late: millis(dice, 120_000),
                });
            }
            7 => {
                let damages = [Damage::Flip, Damage::Burst, Damage::Cut, Damage::Pad];
                weather.corrupt = Some(Corrupt {
                    chance: share(dice, 100),
                    damage: dice.one_of(&damages),
                });
            }
            _ => {
                weather.jitter = millis(dice, 1_000);
                weather.jitter_reorders = dice.happens(0.5);
            }
        }
    }
    weather
}

fn draw_loss(dice: &mut Dice, of: Which) -> Loss {
    let model = match dice.below(4) {
        0 => LossModel::GilbertElliott {
            to_bad: share(dice, 50),
            to_good: share(dice, 500),
            in_good: 0.0,
            in_bad: share(dice, 1_000),
        },
        1 => LossModel::Every(dice.magnitude(2, 50)),
        _ => LossModel::Bernoulli {
            chance: share(dice, 600),
        },
    };
    Loss { model, of }
}

/// One packet, chosen by what it is, and something happens to it.
fn draw_rule(dice: &mut Dice) -> Rule {
    let what = dice.one_of(&[
        What::Syn,
        What::SynAck,
        What::Data,
        What::Data,
        What::Fin,
        What::Rst,
        What::Ack,
        What::Any,
    ]);
    let first = dice.magnitude(1, 60);
    let numbers = Numbers::Range(first, first + dice.below(3));
    let copies = match what {
        What::Data => dice.one_of(&[Copies::First, Copies::First, Copies::Retransmission(1)]),
        What::Syn | What::SynAck | What::Fin => Copies::All,
        What::Rst | What::Ack | What::Any => Copies::First,
    };
    let numbers = match what {
        // There are few copies of these.
        What::Syn | What::SynAck | What::Fin | What::Rst => Numbers::Range(1, dice.from_to(1, 4)),
        What::Data | What::Ack | What::Any => numbers,
    };
    let act = match dice.below(6) {
        0 => Act::Delay(millis(dice, 10_000)),
        1 => Act::Behind(dice.magnitude(1, 20) as u32),
        2 => Act::Repeat(millis(dice, 120_000)),
        3 => Act::Mark,
        _ => Act::Lose,
    };
    let flow = None;
    let to = Meaning {
        what,
        numbers,
        copies,
        flow,
    };
    Rule { to, act }
}

/// Times at which a way does not work: once, or again and again.
pub(super) fn draw_outages(dice: &mut Dice, faults_last: Duration) -> Vec<Outage> {
    if !dice.happens(0.15) {
        return Vec::new();
    }
    let what = dice.one_of(&[OutageKind::Cut, OutageKind::Cut, OutageKind::Stall]);
    let many = if dice.happens(0.3) {
        dice.from_to(2, 8)
    } else {
        1
    };
    let mut outages = Vec::new();
    let mut from = dice.within(faults_last.min(Duration::from_secs(10)));
    for _ in 0..many {
        let until = from + millis(dice, 7_200_000);
        outages.push(Outage { from, until, what });
        from = until + millis(dice, 10_000);
    }
    outages
}

/// Up to so many thousandths, each order of magnitude as likely as another.
fn share(dice: &mut Dice, most: u64) -> f64 {
    dice.magnitude(1, most) as f64 / 1_000.0
}

fn millis(dice: &mut Dice, most: u64) -> Duration {
    Duration::from_millis(dice.magnitude(1, most))
}
