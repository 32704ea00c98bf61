//! Who says what to whom, drawn.

use std::time::Duration;

use crate::sim::app::{App, Ending, Reading, Service, Talk};
use crate::sim::dice::Dice;

use super::plan::Talking;

/// Conversations, each with the service that it needs; those without one share that of the one
/// before.
pub(super) struct Part {
    pub talks: Vec<(Talking, Option<Service>)>,
    /// Whether every script lets the other end say and read all.
    pub is_polite: bool,
}

/// `most` is how long a message may be.
pub(super) fn draw_part(dice: &mut Dice, faults_last: Duration, most: u64) -> Part {
    let mut part = Part {
        talks: Vec::new(),
        is_polite: true,
    };
    if dice.happens(0.1) {
        crowd(dice, &mut part, faults_last, most);
        return part;
    }
    for _ in 0..dice.from_to(1, 4) {
        let (client, server) = draw_pair(dice, most, &mut part.is_polite);
        let at = if dice.happens(0.5) {
            Duration::ZERO
        } else {
            dice.within(faults_last / 2)
        };
        let mut talking = Talking {
            at,
            from: dice.below(2) as usize,
            address: 0,
            service: 0,
            app: client,
            meets: None,
        };
        if dice.happens(0.05) {
            talking.meets = Some((Duration::from_micros(dice.magnitude(1, 100_000)), server));
            part.talks.push((talking, None));
        } else {
            part.talks.push((talking, Some(Service::of(server))));
        }
    }
    part
}

/// More clients than a service has room for.
fn crowd(dice: &mut Dice, part: &mut Part, faults_last: Duration, most: u64) {
    let (client, server) = draw_pair(dice, most, &mut part.is_polite);
    let service = Service {
        app: server,
        backlog: dice.from_to(1, 3) as usize,
        accept_every: Duration::from_millis(dice.magnitude(1, 20_000)),
    };
    let from = dice.below(2) as usize;
    for number in 0..dice.from_to(3, 8) {
        let talking = Talking {
            at: dice.within(faults_last.min(Duration::from_secs(5))),
            from,
            address: 0,
            service: 0,
            app: client,
            meets: None,
        };
        part.talks.push((talking, (number == 0).then_some(service)));
    }
}

fn draw_pair(dice: &mut Dice, most: u64, is_polite: &mut bool) -> (App, App) {
    let (mut client, mut server) = draw_topic(dice, most);
    for app in [&mut client, &mut server] {
        app.nodelay = dice.happens(0.2);
        match dice.below(10) {
            0 => {
                app.reading = Reading::Slow {
                    bytes: dice.magnitude(1, 5_000),
                    every: Duration::from_millis(dice.magnitude(1, 5_000)),
                };
            }
            1 => {
                app.reading = Reading::Late {
                    after: Duration::from_millis(dice.magnitude(1, 120_000)),
                };
            }
            _ => {}
        }
        if dice.happens(0.06) {
            *is_polite = false;
            app.ending = match dice.below(3) {
                0 => Ending::Hasty,
                _ => Ending::Abort {
                    at: dice.magnitude(1, 20_000) - 1,
                },
            };
        }
        if dice.happens(0.03) {
            *is_polite = false;
            app.reading = Reading::Never;
        }
    }
    if dice.happens(0.1) {
        // Who opened waits for the other to end.
        std::mem::swap(&mut client.ending, &mut server.ending);
    }
    (client, server)
}

fn draw_topic(dice: &mut Dice, most: u64) -> (App, App) {
    // As many long ones as short ones.
    let size = |dice: &mut Dice| {
        let least = if dice.happens(0.5) { 1 } else { most.min(LONG) };
        dice.magnitude(least, most)
    };
    match dice.below(8) {
        0 | 1 => (App::bulk(size(dice)), App::sink()),
        2 => {
            let mut answer = App::sink();
            answer.talk = Talk::Bulk { bytes: size(dice) };
            (App::bulk(size(dice)), answer)
        }
        3 => (App::bulk(size(dice)), App::echo()),
        4 | 5 => {
            let times = dice.magnitude(1, 20);
            let request = dice.magnitude(1, (most / times).clamp(1, 5_000));
            let answer = dice.magnitude(1, (most / times).clamp(1, 20_000)) - 1;
            let mut ask = App::ask(times, request, answer);
            if let Talk::Ask { think, .. } = &mut ask.talk
                && dice.happens(0.5)
            {
                *think = Duration::from_millis(dice.magnitude(1, 10_000));
            }
            (ask, App::answer(request, answer))
        }
        6 => {
            let mut typist = App::bulk(0);
            typist.talk = Talk::Pieces {
                bytes: dice.magnitude(1, most.min(300)),
                piece: dice.magnitude(1, 20),
                every: Duration::from_millis(dice.magnitude(1, 1_000)),
            };
            (typist, dice.one_of(&[App::sink(), App::echo()]))
        }
        _ => (App::bulk(0), App::sink()),
    }
}

/// From here on a message is a long one: some ten segments.
const LONG: u64 = 15_000;
