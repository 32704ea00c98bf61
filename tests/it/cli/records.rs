//! What a run leaves: promises that a reader of its files can check without us.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{run, text, trouble};

/// Each packet that left has a clause, words and a cause; each that came in ended once; each timer
/// that was set expired, was stopped, or was set anew.
pub fn explain_every_packet(folder: &Path, packets: u64) {
    let events = fs::read_to_string(folder.join("events.jsonl")).expect("events");
    let mut lines = events.lines();
    let header: Value = serde_json::from_str(lines.next().expect("a header")).expect("JSON");
    assert_eq!(
        header["file_schema"],
        "urn:ietf:params:qlog:file:sequential"
    );
    let schema: Value = serde_json::from_slice(&run(&["schema"]).stdout).expect("JSON");
    let kinds: HashSet<&str> = schema["oneOf"]
        .as_array()
        .expect("kinds")
        .iter()
        .filter_map(|kind| kind["properties"]["name"]["const"].as_str())
        .collect();

    let (mut ids, mut frames, mut came) = (HashSet::new(), HashSet::new(), HashSet::new());
    let mut timers = HashSet::new();
    for line in lines {
        let event: Value = serde_json::from_str(line).expect("JSON");
        let name = event["name"].as_str().expect("a name");
        assert!(kinds.contains(name), "{line}");
        if name == "tcp:segment_sent" {
            // `why` shows where each reason stands in the code.
            let reason = event["why"]["text"].as_str().expect("a reason");
            assert!(PLACES.contains(&format!("{reason}\t`")), "{reason}");
        }
        if let Some(id) = event["id"].as_u64() {
            assert!(ids.insert(id), "twice: {line}");
        }
        let cause = event["cause"].as_u64();
        assert!(
            cause.is_none_or(|cause| ids.contains(&cause)),
            "out of nothing: {line}"
        );
        let is_explained = event["why"]["rule"].is_string() && event["why"]["text"].is_string();
        if name == "ip:packet_received" {
            came.insert(event["id"].as_u64());
        }
        if name.ends_with("disposed") {
            assert!(came.remove(&cause) && is_explained, "{line}");
        }
        if name.ends_with("_sent") || name.ends_with("disposed") {
            let frame = event["data"]["frame"].as_u64().expect("a frame");
            assert!(
                frames.insert(frame) && is_explained && cause.is_some(),
                "{line}"
            );
        }
        if name.ends_with(":timer_updated") {
            let timer = (
                event["tuple"].to_string(),
                event["data"]["timer"].to_string(),
            );
            let holds = match event["data"]["event"].as_str() {
                // Anew, perhaps.
                Some("set") => {
                    timers.insert(timer);
                    true
                }
                _ => timers.remove(&timer),
            };
            assert!(holds, "{line}");
        }
    }
    assert_eq!((came, timers), (HashSet::new(), HashSet::new()));
    assert_eq!(frames, (1..=packets).collect());
}

/// The verb explains the first packet and the last, and no other.
pub fn are_told_by_why(place: &str, packets: u64) {
    let why = |packet: &str| run(&["why", "latest", packet, "-o", place]);
    let said = text(&why("1").stdout);
    for words in [
        "why     an active OPEN",
        "clause  RFC 9293 3.10.1",
        "called open",
    ] {
        assert!(said.contains(words), "{words} is missing:\n{said}");
    }
    let said = text(&why(&format!("#{packets}")).stdout);
    assert!(said.starts_with(&format!("#{packets}  +")), "{said}");
    let one = run(&["why", "1", "1", "--json", "-o", place]);
    let one: Value = serde_json::from_slice(&one.stdout).expect("JSON");
    assert_eq!(one["packet"]["data"]["purpose"], "syn");
    assert_eq!(one["causes"][0]["input"]["name"], "app:called");
    let [what, why_not, _] = trouble(&why("99999"), 1);
    assert_eq!(what, "run latest has no frame 99999");
    assert_eq!(why_not, format!("its frames go from 1 to {packets}"));
    let [what, ..] = trouble(&why("x"), 2);
    assert_eq!(what, "\"x\" is no packet");
    let [what, ..] = trouble(&run(&["why", "7", "1", "-o", place]), 1);
    assert_eq!(what, "there is no run \"7\"");
}

/// The same events make the same page; damaged ones make none, and the old one stays.
pub fn make_the_page_again(place: &str, folder: &Path) {
    let page = folder.join("report.html");
    let first = fs::read_to_string(&page).expect("a page");
    fs::remove_file(&page).expect("it is there");
    let report = || run(&["report", "latest", "-o", place]);
    assert_eq!(
        text(&report().stdout),
        format!("{place}/latest/report.html\n")
    );
    assert!(fs::read_to_string(&page).expect("a page") == first);

    let events = folder.join("events.jsonl");
    let mut damaged = fs::read(&events).expect("events");
    let lines = damaged.iter().filter(|byte| **byte == b'\n').count();
    damaged.truncate(damaged.len() - 9);
    fs::write(&events, damaged).expect("room");
    let [what, why, _] = trouble(&report(), 1);
    assert!(
        what.starts_with("cannot read ") && what.ends_with("events.jsonl"),
        "{what}"
    );
    assert_eq!(why, format!("line {lines} ends in the middle"));
    assert!(fs::read_to_string(&page).expect("a page") == first);
    let left = fs::read_dir(folder)
        .expect("it is there")
        .filter_map(Result::ok);
    let hidden = left.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b"."));
    assert_eq!(hidden.count(), 0, "nothing half done is left behind");
}

/// Each form goes to standard output, or whole into a file; `journey.mmd` is one of them.
pub fn are_shown_in_other_forms(place: &str, folder: &Path) {
    let report = |more: &[&str]| run(&[&["report", "latest", "-o", place, "-f"], more].concat());
    let form = |name: &str| text(&report(&[name]).stdout);
    let journey = fs::read_to_string(folder.join("journey.mmd")).expect("a journey");
    assert!(journey == form("mermaid"));
    let diagrams = journey.split("\n\n");
    for diagram in diagrams.clone() {
        assert!(diagram.starts_with("sequenceDiagram\n") && diagram.len() < 45_000);
        assert!(diagram.contains("Note over C: TIME-WAIT"), "{diagram}");
    }
    assert_eq!(diagrams.count(), 2, "a diagram a connection");
    let markdown = form("md");
    for diagram in journey.split("\n\n").map(str::trim_end) {
        assert!(markdown.contains(&format!("```mermaid\n{diagram}\n```\n")));
    }
    assert!(markdown.contains("| RFC 9293 3.10.1 | "), "{markdown}");
    let lines = form("txt");
    assert!(
        lines.contains("\n#1 ") && lines.contains("ESTABLISHED → FIN-WAIT-1"),
        "{lines}"
    );
    let page = text(&report(&["html", "--to", "-"]).stdout);
    assert!(page == fs::read_to_string(folder.join("report.html")).expect("a page"));

    let events = fs::read_to_string(folder.join("events.jsonl")).expect("events");
    let records: Vec<String> = form("qlog").split('\u{1e}').map(str::to_owned).collect();
    assert_eq!(records[0], "", "a separator comes first");
    let second = events.split_inclusive('\n').nth(1).expect("an event");
    assert_eq!(
        (records.len(), records[2].as_str()),
        (events.lines().count() + 1, second)
    );

    let picture = folder.join("picture.svg");
    fs::write(&picture, "old").expect("room");
    let name = picture.to_str().expect("a name in UTF-8");
    let done = report(&["svg", "--to", name]);
    assert_eq!(
        (done.status.code(), text(&done.stdout)),
        (Some(0), String::new())
    );
    assert!(
        fs::read_to_string(&picture)
            .expect("a picture")
            .ends_with("</svg>\n")
    );
    fs::remove_file(&picture).expect("it is there");
    let [what, ..] = trouble(&report(&["svg", "--to", "/nowhere/at/all.svg"]), 1);
    assert!(what.starts_with("cannot create /nowhere/at/"), "{what}");
}

/// The verb lists what a query takes, and says whether one holds.
pub fn are_asked(place: &str) {
    let events = |more: &[&str]| run(&[&["events", "latest", "-o", place], more].concat());
    let listed = text(&events(&["tcp:state_updated where new='time_wait'"]).stdout);
    let lines: Vec<&str> = listed.lines().collect();
    assert_eq!(lines.len(), 2, "{listed}");
    assert!(
        lines[0].contains("c1   tcp:state_updated  new time_wait  old fin_wait_2"),
        "{listed}"
    );
    let json = text(&events(&["tcp:opened", "--json"]).stdout);
    let first: Value = serde_json::from_str(json.lines().next().expect("a line")).expect("JSON");
    assert_eq!(first["data"]["new"], "closed");

    let holds = events(&["count(tcp:opened) = 2"]);
    let said = text(&holds.stdout);
    assert_eq!(
        (
            holds.status.code(),
            said.contains("✓ count(tcp:opened) = 2   2 = 2")
        ),
        (Some(0), true)
    );
    let fails = events(&["count(tcp:opened) = 3"]);
    assert_eq!(fails.status.code(), Some(1));
    assert!(text(&fails.stdout).contains("✗ count(tcp:opened) = 3   2 = 3"));

    let explained = text(&events(&["count(tcp:opened) = 3", "--explain"]).stdout);
    assert!(explained.contains("tcp:opened"), "{explained}");
    let [what, why, now] = trouble(&events(&["tcp:opend"]), 2);
    assert!(what.starts_with("the query is not understood: "), "{what}");
    assert_eq!(why, "at column 1 of tcp:opend");
    assert_eq!(now, "did you mean tcp:opened?");
}

const PLACES: &str = include_str!("../../../src/why/places.tsv");
