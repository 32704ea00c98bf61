//! `diff`: two runs, by the program that people use.

use std::path::Path;

use super::{Scratch, run, text, trouble};

fn play(place: &Scratch, more: &[&str]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = root.join("examples/scenarios/sack-one-hole.toml");
    let line = [
        &[
            "run",
            file.to_str().expect("UTF-8"),
            "-q",
            "-o",
            place.path(),
        ],
        more,
    ]
    .concat();
    let made = run(&line);
    // An expectation may fail: it is another experiment.
    assert!(
        matches!(made.status.code(), Some(0 | 1)),
        "{}",
        text(&made.stderr)
    );
}

#[test]
fn two_runs_part_where_the_first_thing_is_otherwise() {
    let place = Scratch::new("diff");
    play(&place, &[]);
    play(&place, &[]);
    play(&place, &["--set", "link.up.loss=data:20"]);
    let diff = |one, other| run(&["diff", one, other, "-o", place.path()]);
    let same = diff("1", "2");
    assert_eq!(same.status.code(), Some(0), "{}", text(&same.stderr));
    assert_eq!(text(&same.stdout), "the same from beginning to end\n");
    let other = diff("1", "3");
    let said = text(&other.stdout);
    assert_eq!(other.status.code(), Some(1), "{said}");
    assert!(said.contains("set   link.up.loss: "), "{said}");
    // What the first lost, the other did not.
    let then = said
        .lines()
        .find(|line| line.starts_with("then  0001-"))
        .expect("a line");
    assert!(then.contains("link:dropped"), "{said}");
    assert!(
        said.contains("same until +") && said.contains("\n≠ "),
        "{said}"
    );
    let json = run(&["diff", "1", "3", "-o", place.path(), "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(json["same"], false);
    assert_eq!(json["left"]["name"], "link:dropped");
    assert!(json["common"].as_u64() > Some(50), "{json}");
}

#[test]
fn a_run_that_cannot_be_read_is_named_with_its_line() {
    let place = Scratch::new("no-diff");
    play(&place, &[]);
    play(&place, &[]);
    let [what, ..] = trouble(&run(&["diff", "1", "9", "-o", place.path()]), 1);
    assert_eq!(what, "there is no run \"9\"");
    let events = Path::new(place.path()).join("latest/events.jsonl");
    let text = std::fs::read_to_string(&events).expect("events");
    let mut lines: Vec<&str> = text.lines().collect();
    lines[40] = "{ no event";
    std::fs::write(&events, lines.join("\n")).expect("room");
    let [what, why, _] = trouble(&run(&["diff", "1", "2", "-o", place.path()]), 1);
    assert!(what.contains("events.jsonl"), "{what}");
    assert!(why.contains("line 41"), "{why}");
}
