//! Captures that somebody else made: explained, or refused by their place.

use std::fs;

use serde_json::Value;

use super::{Scratch, run, text};

/// A capture of ours as anybody's: with the one hole of its scenario.
fn capture(scratch: &Scratch) -> String {
    let scenario = "examples/scenarios/sack-one-hole.toml";
    let output = run(&["run", scenario, "-q", "-o", scratch.path()]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    format!("{}/0001-sack-one-hole/capture.pcapng", scratch.path())
}

#[test]
fn a_capture_is_explained_with_its_one_repair() {
    let scratch = Scratch::new("explain");
    let file = capture(&scratch);
    let output = run(&["explain", &file, "-o", scratch.path()]);
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}");
    let folder = format!("{}/0002-inferred-capture", scratch.path());
    assert!(
        said.contains(&format!("report: {folder}/report.html")),
        "{said}"
    );
    let why = text(&run(&["why", &folder, "3"]).stdout);
    assert!(why.contains("inferred: "), "{why}");
    let found = run(&[
        "events",
        &folder,
        "tcp:segment_sent where retransmit='fast'",
    ]);
    assert_eq!(text(&found.stdout).lines().count(), 1);
    let page = fs::read_to_string(format!("{folder}/report.html")).expect("a page");
    assert!(page.contains("<title>pellucid 0002-inferred-capture</title>"));
    assert!(said.contains("sent again > 1: 1 fast"), "{said}");
    assert!(said.contains("no rule is seen broken"), "{said}");
    let repair = said.lines().find(|line| line.contains("] fast"));
    assert!(repair.expect("a line").contains("inferred: "), "{said}");
    assert!(!said.contains('\x1b'), "no colour on a pipe");

    let output = run(&["explain", &file, "--json"]);
    let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(json["inferred"], true);
    assert_eq!(json["violations"], 0);
    assert_eq!(json["classes"]["retransmission_fast"], 1);
    assert_eq!(json["connections"][0]["ends"][0]["retransmissions"], 1);

    let output = run(&["explain", &file, "--stream", "7", "-o", scratch.path()]);
    assert!(
        !text(&output.stdout).contains("] fast"),
        "another connection"
    );
}

#[test]
fn a_damaged_capture_is_told_up_to_the_damage_and_leaves_no_file() {
    let scratch = Scratch::new("explain-damaged");
    let file = capture(&scratch);
    let bytes = fs::read(&file).expect("a capture");
    let cut = format!("{}/cut.pcapng", scratch.path());
    fs::write(&cut, &bytes[..bytes.len() - 5]).expect("written");
    let output = run(&["explain", &cut, "-o", scratch.path()]);
    assert_eq!(output.status.code(), Some(1));
    let folders = fs::read_dir(scratch.path()).expect("a place").count();
    assert_eq!(folders, 3, "the run, latest and the damaged file");
    assert!(text(&output.stdout).contains("sent again > 1: 1 fast"));
    let said = text(&output.stderr);
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines.len(), 3, "{said}");
    assert!(lines[0].contains("cut.pcapng is damaged"), "{said}");
    assert!(lines[1].contains("byte "), "{said}");
    assert!(lines[1].contains("expected a block of "), "{said}");
    assert!(lines[2].contains("packets before it count"), "{said}");

    let to = format!("{}/told.txt", scratch.path());
    let output = run(&["explain", &cut, "--to", &to]);
    assert_eq!(output.status.code(), Some(1));
    assert!(!fs::exists(&to).expect("a place"), "nothing half is left");
    let output = run(&["explain", &file, "--to", &to]);
    assert!(output.status.success());
    assert!(fs::read_to_string(&to).expect("told").contains("1 fast"));
}

#[test]
fn what_is_no_capture_is_refused_and_its_name_spelled_out() {
    let scratch = Scratch::new("explain-none");
    let file = format!("{}/no\x1b[31mcapture", scratch.path());
    fs::write(&file, "<script>").expect("written");
    let [what, why, _] = super::trouble(&run(&["explain", &file]), 1);
    assert!(what.contains("no\\u{1b}[31mcapture"), "{what}");
    assert!(why.contains("byte 0: expected the magic number"), "{why}");
    let [what, why, _] = super::trouble(&run(&["explain", scratch.path()]), 1);
    assert!(what.starts_with("cannot read"), "{what}");
    assert!(why.contains("folder"), "{why}");
}
