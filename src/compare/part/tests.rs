use std::num::NonZeroUsize;

use super::*;
use crate::compare::Variant;

fn sweep() -> Sweep {
    let variant = |name: &str| Variant {
        name: name.to_owned(),
        set: Vec::new(),
    };
    Sweep {
        text: "a scenario".to_owned(),
        variants: ["reno", "cubic"].map(variant).into(),
        seeds: vec![7, 3],
    }
}

fn run(variant: usize, seed: u64) -> Run {
    Run {
        variant,
        seed,
        rates: vec![1],
        sent: 2,
        again: 1,
        timeouts: 0,
        completion: None,
        waits: BTreeMap::new(),
        curves: Vec::new(),
    }
}

fn part(index: usize, runs: &[(usize, u64)]) -> (PathBuf, Part) {
    let of = NonZeroUsize::new(2).unwrap();
    let runs = runs.iter().map(|(variant, seed)| run(*variant, *seed));
    let path = PathBuf::from(format!("{index}.json"));
    let part = Part::new("it", sweep(), Shard { index, of }, runs.collect());
    (path, part)
}

#[test]
fn shares_become_one_in_the_order_of_the_sweep() {
    let (one, two) = (part(1, &[(0, 7), (1, 7)]), part(2, &[(1, 3), (0, 3)]));
    let whole = Part::merge(vec![two.clone(), one.clone(), one]).unwrap();
    let order: Vec<_> = whole
        .runs
        .iter()
        .map(|run| (run.variant, run.seed))
        .collect();
    assert_eq!(order, [(0, 7), (0, 3), (1, 7), (1, 3)]);
    assert_eq!(whole.shard, Shard::WHOLE);
}

#[test]
fn what_is_missing_is_named() {
    let error = Part::merge(vec![part(1, &[(0, 7), (0, 3), (1, 3)])]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "1 of 4 runs are missing, the first cubic with seed 7"
    );
}

#[test]
fn what_is_of_another_line_is_refused() {
    let (path, mut other) = part(2, &[(1, 3)]);
    other.sweep.seeds.push(9);
    let error = Part::merge(vec![part(1, &[]), (path, other)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "2.json is of another comparison than 1.json: the seeds"
    );
}

#[test]
fn what_contradicts_itself_is_refused() {
    let (path, mut other) = part(2, &[(0, 7)]);
    other.runs[0].sent = 3;
    let error = Part::merge(vec![part(1, &[(0, 7)]), (path, other)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "2.json says otherwise of reno with seed 7"
    );
}

#[test]
fn what_was_written_is_read_again() {
    let (_, part) = part(2, &[(1, 3)]);
    let mut text = Vec::new();
    part.write(&mut text).unwrap();
    assert_eq!(Part::parse(&text).unwrap(), part);

    let text = String::from_utf8(text).unwrap();
    let damaged = [
        (text[..text.len() / 2].to_owned(), "EOF while parsing"),
        (
            text.replace("pellucid-compare-1", "other-1"),
            "unknown variant `other-1`",
        ),
        (
            text.replace("\"variant\":1", "\"variant\":2"),
            "a run of no variant or seed",
        ),
    ];
    for (text, said) in damaged {
        let error = Part::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
        // serde_json says where.
        assert!(
            error.contains(" at line 1 column ") || said.starts_with("a run"),
            "{error}"
        );
    }
}
