//! `run`: experiments from files, by the program that people use.

use std::path::{Path, PathBuf};

use super::{Scratch, run, text, trouble};

/// Every scenario beside the code, in the order of their names.
fn scenarios() -> Vec<PathBuf> {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/scenarios");
    let mut all: Vec<_> = std::fs::read_dir(place)
        .expect("the examples")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    all.sort();
    all
}

fn read(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What is expected of each holds; its `run.toml` plays it again, to the same bytes.
#[test]
fn every_example_holds_and_comes_out_the_same_again() {
    let place = Scratch::new("scenarios");
    let all = scenarios();
    assert!(all.len() >= 5, "{all:?}");
    for file in all {
        let file = file.to_str().expect("UTF-8");
        let once = run(&["run", file, "-o", place.path()]);
        let said = text(&once.stdout);
        assert_eq!(once.status.code(), Some(0), "{said}{}", text(&once.stderr));
        assert!(said.contains('✓') && !said.contains('✗'), "{said}");
        let first = std::fs::canonicalize(Path::new(place.path()).join("latest")).expect("a run");
        let resolved = first.join("run.toml");
        let again = run(&[
            "run",
            resolved.to_str().expect("UTF-8"),
            "-o",
            place.path(),
            "-q",
        ]);
        assert_eq!(again.status.code(), Some(0), "{}", text(&again.stderr));
        let second = std::fs::canonicalize(Path::new(place.path()).join("latest")).expect("a run");
        assert_ne!(first, second);
        for name in ["capture.pcapng", "events.jsonl", "run.toml"] {
            assert!(read(&first, name) == read(&second, name), "{file}: {name}");
        }
        for name in ["report.html", "journey.mmd", "summary.json"] {
            assert!(!read(&second, name).is_empty(), "{file}: {name}");
        }
    }
}

#[test]
fn an_expectation_that_fails_is_shown_with_its_evidence() {
    let place = Scratch::new("expectation");
    let file = scenarios()
        .into_iter()
        .find(|file| file.ends_with("sack-one-hole.toml"));
    let file = file.expect("the example");
    let file = file.to_str().expect("UTF-8");
    let lossy = [
        "run",
        file,
        "-o",
        place.path(),
        "--set",
        "link.up.loss=data:14,data:20",
    ];
    let output = run(&lossy);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("✗ count(link:dropped) = 1"), "{said}");
    assert!(said.contains("2 = 1"), "{said}");
}

#[test]
fn a_scenario_that_makes_no_sense_is_told_where() {
    let place = Scratch::new("nonsense");
    let file = Path::new(place.path()).with_extension("toml");
    let wrong = |content: &str| {
        std::fs::write(&file, content).expect("a file");
        let file = file.to_str().expect("UTF-8");
        let told = trouble(&run(&["run", file, "-o", place.path()]), 2);
        std::fs::remove_file(file).expect("it was written");
        told
    };
    let [what, why, now] = wrong("name = \"x\"\nsed = 5\n");
    assert!(what.contains("cannot be played"), "{what}");
    assert!(why.contains("line 2, column 1"), "{why}");
    assert!(now.contains("did you mean seed?"), "{now}");
    let [_, why, _] = wrong("name = \"x\n");
    assert!(why.contains("line 1"), "{why}");
    let left = std::fs::read_dir(place.path()).map_or(0, Iterator::count);
    assert_eq!(left, 0, "a folder was left behind");
    let [what, _, _] = trouble(&run(&["run", "/nowhere.toml", "-o", place.path()]), 2);
    assert!(what.contains("cannot read /nowhere.toml"), "{what}");
}

/// Whatever stands in a resolved scenario is explained in the document, whose own example plays.
#[test]
fn every_key_is_documented() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = std::fs::read_to_string(root.join("docs/scenarios.md")).expect("the document");
    let place = Scratch::new("keys");
    let (_, after) = document.split_once("```toml\n").expect("an example");
    let (example, _) = after.split_once("```").expect("its end");
    let own = Path::new(place.path()).join("own.toml");
    std::fs::write(&own, example).expect("room");
    let played = run(&[
        "run",
        own.to_str().expect("UTF-8"),
        "-q",
        "-o",
        place.path(),
    ]);
    assert_eq!(played.status.code(), Some(0), "{}", text(&played.stderr));
    let mut keys = std::collections::BTreeSet::new();
    for file in scenarios().into_iter().chain([own]) {
        let scenario = pellucid::scenario::Scenario::read(&file, &[]).expect("a scenario");
        let resolved = scenario.resolved();
        let own = resolved.lines().filter_map(|line| line.split_once(" = "));
        keys.extend(own.map(|(key, _)| key.to_owned()));
    }
    assert!(keys.len() > 50, "{keys:?}");
    let is_named = |key: &String| document.contains(&format!("`{key}`"));
    let missing: Vec<&String> = keys.iter().filter(|key| !is_named(key)).collect();
    assert!(
        missing.is_empty(),
        "docs/scenarios.md does not name {missing:?}"
    );
}
