use super::*;
use crate::compare::{Run, Shard, Sweep, Variant};
use crate::scenario::Traced;

fn part(seeds: u64) -> Part {
    let sweep = Sweep {
        text: String::new(),
        variants: vec![Variant {
            name: "<script>alert(1)</script>".to_owned(),
            set: Vec::new(),
        }],
        seeds: (1..=seeds).collect(),
    };
    let run = |seed| Run {
        variant: 0,
        seed,
        rates: Vec::new(),
        sent: 0,
        again: 0,
        timeouts: 0,
        completion: None,
        waits: Default::default(),
        curves: vec![Traced {
            what: Quantity::Wait,
            of: "up".to_owned(),
            curve: Curve::default(),
        }],
    };
    let runs = (1..=seeds).map(run).collect();
    Part::new("</title><b>", sweep, Shard::WHOLE, runs)
}

#[test]
fn what_a_scenario_is_called_is_never_markup() {
    let page = page(&part(1), &[], &[], &[], None).unwrap();
    assert!(page.contains("<title>&lt;/title&gt;&lt;b&gt;, compared</title>"));
    assert!(!page.contains("alert(1)"));
    // Every place of the skeleton was filled.
    assert!(!page.contains("{{"));
}

/// A run has 3 curves of up to 1,024 stretches: of a thousand seeds no browser would draw all.
#[test]
fn of_many_seeds_the_first_are_drawn() {
    let bytes = |seeds| page(&part(seeds), &[], &[], &[], None).unwrap().len();
    assert!(
        bytes(1_000) < bytes(10) + 200,
        "{} {}",
        bytes(1_000),
        bytes(10)
    );
}
