//! `replay`: a run once more, by the program that people use.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use super::{Scratch, pellucid, run, text, trouble};

fn example() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = root.join("examples/scenarios/sack-one-hole.toml");
    file.to_str().expect("UTF-8").to_owned()
}

/// A run of the example, in `place`.
fn played(place: &Scratch) {
    let made = run(&["run", &example(), "-o", place.path(), "-q"]);
    assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
}

/// What a walk says that is told `lines`.
fn walk(place: &Scratch, lines: &str) -> String {
    let mut program = pellucid(&["replay", "latest", "-o", place.path(), "--step"]);
    program.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut walking = program.spawn().expect("the program runs");
    let mut to = walking.stdin.take().expect("a pipe");
    to.write_all(lines.as_bytes()).expect("it reads");
    drop(to);
    let output = walking.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    text(&output.stdout)
}

#[test]
fn a_run_is_the_same_again() {
    let place = Scratch::new("replay");
    played(&place);
    let again = run(&["replay", "latest", "-o", place.path()]);
    let said = text(&again.stdout);
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stderr));
    assert!(said.contains("client, server"), "{said}");
    assert!(said.contains(": all as they were ("), "{said}");
    let json = run(&["replay", "latest", "-o", place.path(), "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(json["same"], true);
    // As many as its summary says.
    let summary = Path::new(place.path()).join("latest/summary.json");
    let summary = std::fs::read(summary).expect("a summary");
    let summary: serde_json::Value = serde_json::from_slice(&summary).expect("JSON");
    let client = summary["packets"].as_u64().expect("a number");
    assert!(json["packets"].as_u64() >= Some(client / 2), "{json}");
}

/// To the loss, to what was made of it, and back.
#[test]
fn a_walk_shows_what_was_known_then() {
    let place = Scratch::new("walk");
    played(&place);
    let said = walk(
        &place,
        "break link:dropped\nbreak tcp:loss_detected\nwatch cwnd\n",
    );
    let dropped = said.find("link:dropped").expect("the loss");
    let detected = said.find("tcp:loss_detected").expect("its detection");
    assert!(dropped < detected, "{said}");
    assert!(said.contains("203.0.113.10:80  cwnd "), "{said}");
    // RFC 5681 section 3.1: before the handshake ends nothing has been sent but the SYN.
    let said = walk(&place, "to #1\nstate\nback 100000\nwhere\nto end\n");
    assert!(said.contains("  state                SYN-SENT\n"), "{said}");
    assert!(said.contains("the beginning\n"), "{said}");
    let said = walk(&place, "diff #1 #3\n");
    assert!(said.contains("SYN-SENT → ESTABLISHED\n"), "{said}");
}

#[test]
fn what_cannot_be_replayed_says_why() {
    let place = Scratch::new("no-replay");
    played(&place);
    let of = |more: &[&str]| {
        let line = [&["replay", "latest", "-o", place.path()], more].concat();
        run(&line)
    };
    let [what, why, _] = trouble(&of(&["--to", "#99999"]), 2);
    assert_eq!(
        (&*what, &*why),
        ("cannot go there", "there is no frame 99999")
    );
    let [_, why, _] = trouble(&of(&["--to", "soon"]), 2);
    assert_eq!(why, "\"soon\" is no place");
    let [what, ..] = trouble(&of(&["--break", "tcp:los"]), 2);
    assert!(what.starts_with("the query is not understood"), "{what}");

    let tape = Path::new(place.path()).join("latest/tape.plt");
    let whole = std::fs::read(&tape).expect("a tape");
    let half = whole.len() / 2;
    std::fs::write(&tape, &whole[..half]).expect("room");
    let [what, why, _] = trouble(&of(&[]), 1);
    assert!(what.starts_with("cannot replay "), "{what}");
    assert!(why.contains("the file ends before it does"), "{why}");
    // In a packet that came in, or in text that was written.
    let mut changed = whole;
    changed[half] ^= 1;
    std::fs::write(&tape, changed).expect("room");
    let [what, why, _] = trouble(&of(&[]), 4);
    assert!(what.ends_with(" does not replay"), "{what}");
    assert!(why.contains("does something else between inputs "), "{why}");
    std::fs::remove_file(&tape).expect("it is there");
    let [_, why, now] = trouble(&of(&[]), 1);
    assert!(why.contains("No such file"), "{why}");
    assert!(now.contains("--tape FILE"), "{now}");
}
