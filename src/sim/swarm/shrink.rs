//! Makes a plan that fails smaller while it still fails.
//!
//! Each change takes something away: a conversation, a fault, an impairment, half of a transfer. It
//! stays if the plan still fails, in whatever way: a smaller failure of another kind is as much
//! worth having.

use std::time::Duration;

use crate::sim::app::{Reading, Talk};
use crate::sim::impair::Weather;
use crate::sim::link::Path;
use crate::sim::queue::Discipline;
use crate::stack::Config;

use super::judge::{Failure, run};
use super::{Plan, Talking};

/// The smallest plan that was found to fail, and how it fails. Runs at most `most` others.
pub fn shrink(plan: &Plan, failure: Failure, most: u32) -> (Plan, Failure) {
    let mut best = (plan.clone(), failure);
    let mut left = most;
    // Each round either finds a smaller plan or is the last.
    loop {
        let found = smaller(&best.0).into_iter().find_map(|candidate| {
            if left == 0 {
                return None;
            }
            left -= 1;
            let failure = run(&candidate, |_, _| {}).err()?;
            Some((candidate, failure))
        });
        match found {
            Some(found) => best = found,
            None => return best,
        }
    }
}

/// Plans that have less of something, the boldest first.
fn smaller(plan: &Plan) -> Vec<Plan> {
    let mut plans = Vec::new();
    let mut add = |change: &dyn Fn(&mut Plan)| {
        let mut candidate = plan.clone();
        change(&mut candidate);
        plans.push(candidate);
    };
    for index in 0..plan.talks.len() {
        if plan.talks.len() > 1 {
            add(&|plan| {
                plan.talks.remove(index);
            });
        }
    }
    for index in 0..plan.faults.len() {
        add(&|plan| {
            plan.faults.remove(index);
        });
    }
    for index in 0..plan.changes.len() {
        add(&|plan| {
            plan.changes.remove(index);
        });
    }
    for index in 0..2 * plan.links.len() {
        for simpler in simpler_paths(path(plan, index)) {
            add(&|plan| *path_mut(plan, index) = simpler.clone());
        }
    }
    for index in 0..plan.hosts.len() {
        let config = &plan.hosts[index].config;
        let plain = Config::new(config.addresses.clone());
        if config.tcp != plain.tcp {
            add(&|plan| plan.hosts[index].config.tcp = plain.tcp.clone());
        }
        if config.offloads != plain.offloads {
            add(&|plan| plan.hosts[index].config.offloads = plain.offloads);
        }
        if config.limits != plain.limits {
            add(&|plan| plan.hosts[index].config.limits = plain.limits);
        }
        for service in 0..plan.hosts[index].services.len() {
            if !plan.hosts[index].services[service].accept_every.is_zero() {
                add(&|plan| {
                    plan.hosts[index].services[service].accept_every = Duration::ZERO;
                });
            }
        }
    }
    for index in 0..plan.talks.len() {
        for simpler in simpler_talks(&plan.talks[index]) {
            add(&|plan| plan.talks[index] = simpler);
        }
    }
    if plan.heals_after > Duration::from_millis(100) {
        add(&|plan| plan.heals_after /= 2);
    }
    plans
}

fn path(plan: &Plan, index: usize) -> &Path {
    let link = &plan.links[index / 2];
    if index.is_multiple_of(2) {
        &link.forward
    } else {
        &link.back
    }
}

fn path_mut(plan: &mut Plan, index: usize) -> &mut Path {
    let link = &mut plan.links[index / 2];
    if index.is_multiple_of(2) {
        &mut link.forward
    } else {
        &mut link.back
    }
}

fn simpler_paths(path: &Path) -> Vec<Path> {
    let weather = |weather: Weather| Path {
        weather,
        ..path.clone()
    };
    let mut paths = Vec::new();
    if path.weather != Weather::default() {
        paths.push(weather(Weather::default()));
    }
    for index in 0..path.weather.loss.len() {
        let mut fewer = path.weather.clone();
        fewer.loss.remove(index);
        paths.push(weather(fewer));
    }
    for index in 0..path.weather.rules.len() {
        let mut fewer = path.weather.clone();
        fewer.rules.remove(index);
        paths.push(weather(fewer));
    }
    let fewer = |change: fn(&mut Weather)| {
        let mut fewer = path.weather.clone();
        change(&mut fewer);
        fewer
    };
    let without: [fn(&mut Weather); 4] = [
        |weather| weather.corrupt = None,
        |weather| weather.duplicate = None,
        |weather| weather.reorder = None,
        |weather| weather.jitter = Duration::ZERO,
    ];
    for change in without {
        if fewer(change) != path.weather {
            paths.push(weather(fewer(change)));
        }
    }
    if !path.outages.is_empty() {
        paths.push(Path {
            outages: Vec::new(),
            ..path.clone()
        });
    }
    if path.pace.is_some() {
        paths.push(Path {
            pace: None,
            ..path.clone()
        });
    }
    if path.queue != Discipline::default() {
        paths.push(Path {
            queue: Discipline::default(),
            ..path.clone()
        });
    }
    paths
}

fn simpler_talks(talking: &Talking) -> Vec<Talking> {
    let mut talks = Vec::new();
    let talk = |talk: Talk| {
        let mut simpler = *talking;
        simpler.app.talk = talk;
        simpler
    };
    match talking.app.talk {
        Talk::Silent | Talk::Echo | Talk::Answer { .. } => {}
        Talk::Bulk { bytes } => {
            if bytes > 1 {
                talks.push(talk(Talk::Bulk { bytes: bytes / 2 }));
            }
        }
        Talk::Pieces {
            bytes,
            piece,
            every,
        } => {
            talks.push(talk(Talk::Bulk { bytes }));
            if bytes > 1 {
                talks.push(talk(Talk::Pieces {
                    bytes: bytes / 2,
                    piece,
                    every,
                }));
            }
        }
        Talk::Ask {
            times,
            request,
            answer,
            think,
        } => {
            if times > 1 {
                talks.push(talk(Talk::Ask {
                    times: times / 2,
                    request,
                    answer,
                    think,
                }));
            }
        }
    }
    if talking.app.reading != Reading::Prompt {
        let mut simpler = *talking;
        simpler.app.reading = Reading::Prompt;
        talks.push(simpler);
    }
    if !talking.at.is_zero() {
        talks.push(Talking {
            at: Duration::ZERO,
            ..*talking
        });
    }
    talks
}
