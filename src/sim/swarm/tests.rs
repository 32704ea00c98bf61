use std::fs;
use std::time::Duration;

use super::*;
use crate::sim::app::{App, Ending};
use crate::sim::impair::Loss;
use crate::sim::world::Fault;

/// A plan that fails, though nothing is wrong: it says that a conversation must be whole whose
/// script breaks it off.
fn wrong() -> Plan {
    let mut plan = draw(1);
    plan.talks.truncate(1);
    plan.talks[0].app = App {
        ending: Ending::Abort { at: 0 },
        ..App::bulk(10_000)
    };
    plan.talks[0].meets = None;
    plan.faults = vec![(
        Duration::from_secs(1),
        0,
        Fault::Jump(Duration::from_secs(1)),
    )];
    plan.links[0].forward.weather.loss = vec![Loss::bernoulli(0.01)];
    plan.must_be_whole = true;
    plan
}

#[test]
fn a_seed_is_always_the_same_plan() {
    for seed in 0..50 {
        assert_eq!(format!("{:?}", draw(seed)), format!("{:?}", draw(seed)));
    }
    assert_ne!(format!("{:?}", draw(0)), format!("{:?}", draw(1)));
}

#[test]
fn a_drawn_plan_can_be_built() {
    for seed in 0..500 {
        if let Err(what) = draw(seed).build() {
            panic!("seed {seed}: {what}");
        }
    }
}

#[test]
fn seeds_reach_every_corner() {
    let plans: Vec<Plan> = (0..500).map(draw).collect();
    let count = |of: &dyn Fn(&Plan) -> bool| plans.iter().filter(|plan| of(plan)).count();
    let paths = |plan: &Plan, of: &dyn Fn(&crate::sim::Path) -> bool| {
        let links = plan.links.iter();
        let mut paths = links.flat_map(|link| [link.forward.clone(), link.back.clone()]);
        paths.any(|path| of(&path))
    };
    type Corner<'a> = (&'a str, &'a dyn Fn(&Plan) -> bool);
    let corners: [Corner<'_>; 16] = [
        ("must be whole", &|plan| plan.must_be_whole),
        ("may break off", &|plan| !plan.must_be_whole),
        ("two links", &|plan| plan.links.len() == 2),
        ("faults", &|plan| !plan.faults.is_empty()),
        ("changes", &|plan| !plan.changes.is_empty()),
        ("simultaneous open", &|plan| {
            plan.talks.iter().any(|talk| talk.meets.is_some())
        }),
        ("a crowd", &|plan| plan.talks.len() > 4),
        ("outages", &|plan| {
            paths(plan, &|path| !path.outages.is_empty())
        }),
        ("rules", &|plan| {
            paths(plan, &|path| !path.weather.rules.is_empty())
        }),
        ("loss", &|plan| {
            paths(plan, &|path| !path.weather.loss.is_empty())
        }),
        ("corruption", &|plan| {
            paths(plan, &|path| path.weather.corrupt.is_some())
        }),
        ("copies", &|plan| {
            paths(plan, &|path| path.weather.duplicate.is_some())
        }),
        ("reordering", &|plan| {
            paths(plan, &|path| path.weather.reorder.is_some())
        }),
        ("jitter", &|plan| {
            paths(plan, &|path| !path.weather.jitter.is_zero())
        }),
        ("sums checked", &|plan| plan.checks_sums),
        ("numbers that wrap", &|plan| {
            plan.birth.as_nanos() != 1_000_000_000
        }),
    ];
    for (what, of) in corners {
        assert!(count(of) >= 10, "{what}: {} of 500", count(of));
    }
}

#[test]
fn numbers_are_aimed_at_where_they_wrap() {
    let aimed = (0..100)
        .map(draw)
        .filter(|plan| plan.birth.as_nanos() != 1_000_000_000);
    let mut near = 0;
    for plan in aimed {
        let seen = [0, 1].map(|host| super::aim::first_syn(&plan, host));
        let of_note = |number: u32| {
            let marks = [0, 1, 1 << 31, u32::MAX];
            marks
                .iter()
                .any(|mark| mark.wrapping_sub(number) <= 100_000)
        };
        let is_near = seen
            .into_iter()
            .flatten()
            .any(|shown| of_note(shown.seq) || shown.timestamp.is_some_and(of_note));
        near += u32::from(is_near);
    }
    // A clock that jumps before the first SYN spoils the aim of a few.
    assert!(near >= 10, "{near}");
}

#[test]
fn a_failure_is_made_smaller_while_it_still_fails() {
    let plan = wrong();
    let failure = run(&plan, |_, _| {}).unwrap_err();
    assert!(failure.headline().contains("is not whole"), "{failure}");
    let (smallest, failure) = shrink(&plan, failure, 200);
    assert!(failure.headline().contains("is not whole"));
    assert_eq!(run(&smallest, |_, _| {}).unwrap_err(), failure);
    assert!(smallest.faults.is_empty());
    assert!(smallest.links[0].forward.weather.loss.is_empty());
    assert_eq!(
        smallest.talks[0].app.talk,
        crate::sim::Talk::Bulk { bytes: 1 }
    );
}

#[test]
fn a_budget_of_nothing_changes_nothing() {
    let plan = wrong();
    let failure = run(&plan, |_, _| {}).unwrap_err();
    let (smallest, again) = shrink(&plan, failure.clone(), 0);
    assert_eq!(format!("{plan:?}"), format!("{smallest:?}"));
    assert_eq!(failure, again);
}

#[test]
fn a_failure_leaves_what_is_needed_to_understand_it() {
    let folder = std::env::temp_dir().join(format!("pellucid-swarm-{}", std::process::id()));
    let plan = wrong();
    let failure = run(&plan, |_, _| {}).unwrap_err();
    let (_, smallest) = leave_evidence(&plan, failure, &folder).unwrap();
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    assert!(read("failure.txt").starts_with("seed 1, to be had again with: scripts/swarm 1 1\n"));
    assert!(read("plan.txt").starts_with("Plan {"));
    assert!(read("smallest.txt").starts_with(smallest.headline()));
    let opener = format!("host-{}.log", plan.talks[0].from);
    assert!(read(&opener).contains("called OPEN"));
    assert!(read("host-0.last.txt").lines().count() <= 201);
    #[cfg(feature = "records")]
    assert!(fs::read(folder.join("host-1.pcapng")).unwrap().len() > 100);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn totals_do_not_depend_on_the_order() {
    let ran: Vec<_> = (0..4)
        .map(|seed| (seed, run(&draw(seed), |_, _| {})))
        .collect();
    let sum = |order: [usize; 4]| {
        let mut totals = Totals::default();
        for index in order {
            let mut one = Totals::default();
            one.add(ran[index].0, &ran[index].1);
            totals.join(&one);
        }
        totals
    };
    assert_eq!(sum([0, 1, 2, 3]), sum([3, 1, 0, 2]));
    assert_eq!(sum([0, 1, 2, 3]).networks, 4);
}

#[test]
fn a_plan_that_cannot_be_built_says_why() {
    let mut plan = draw(1);
    plan.links[0].forward.mtu = 10;
    let failure = run(&plan, |_, _| {}).unwrap_err();
    assert_eq!(
        failure.to_string(),
        "forward.mtu: 10 is out of range: 68 to 65535"
    );
}
