//! `lab`: lessons, by the program that people use.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::DeflateDecoder;
use serde_json::Value;

use super::{Scratch, run, text, trouble};

fn latest(place: &Scratch) -> PathBuf {
    fs::canonicalize(Path::new(place.path()).join("latest")).expect("a run")
}

#[test]
fn every_lesson_checks() {
    let output = run(&["lab", "run", "--all", "--check"]);
    let said = text(&output.stdout);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{said}{}",
        text(&output.stderr)
    );
    let listed = text(&run(&["lab", "list"]).stdout);
    assert!(listed.lines().count() >= 11, "{listed}");
    assert_eq!(said.lines().count(), listed.lines().count(), "{said}");
    assert!(said.lines().all(|line| line.starts_with('✓')), "{said}");
}

#[test]
fn a_wrong_prediction_is_shown_with_frames_and_is_no_failure() {
    let place = Scratch::new("lab-wrong");
    let output = run(&[
        "lab",
        "run",
        "sack",
        "--predict",
        "timeout",
        "-o",
        place.path(),
    ]);
    let said = text(&output.stdout);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{said}{}",
        text(&output.stderr)
    );
    assert!(said.contains("✗ you      more: the second hole"), "{said}");
    let (_, behind) = said.split_once("✓ stack    two").expect("the answer");
    let shown = behind.lines().find(|line| line.contains("without: frame "));
    assert!(shown.is_some(), "{said}");
    let record: Value =
        serde_json::from_slice(&fs::read(latest(&place).join("lab.json")).expect("it is there"))
            .expect("JSON");
    assert_eq!(record["prediction"]["choice"], "timeout");
    assert_eq!(record["prediction"]["right"], false);
    assert_eq!(record["answer"], "two");
}

#[test]
fn without_a_terminal_nobody_is_asked_and_nonsense_is_told() {
    let place = Scratch::new("lab-nobody");
    let output = run(&["lab", "run", "close", "--seed", "7", "-o", place.path()]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(!text(&output.stdout).contains(" you "));
    let folder = latest(&place);
    assert!(folder.ends_with("0001-lab-close"), "{}", folder.display());
    let names = [
        "report.html",
        "capture.pcapng",
        "events.jsonl",
        "run.toml",
        "lab.json",
    ];
    for name in names {
        assert!(folder.join(name).is_file(), "{name}");
    }
    let predicted = [
        "lab",
        "run",
        "close",
        "--predict",
        "maybe",
        "-o",
        place.path(),
    ];
    let [what, why, _] = trouble(&run(&predicted), 2);
    assert!(
        what.contains("'maybe'") && why.contains("yes, no, ack"),
        "{what} {why}"
    );
    let [what, _, now] = trouble(&run(&["lab", "show", "sakc"]), 2);
    assert!(
        what.contains("sakc") && now.contains("sack"),
        "{what} {now}"
    );
}

#[test]
fn a_folder_that_is_handed_in_is_played_again() {
    let place = Scratch::new("lab-handed-in");
    let made = [
        "lab",
        "run",
        "close",
        "--predict",
        "yes",
        "--seed",
        "9",
        "-o",
        place.path(),
    ];
    assert_eq!(run(&made).status.code(), Some(0));
    let folder = latest(&place);
    let check = || run(&["lab", "check", folder.to_str().expect("UTF-8")]);
    let output = check();
    let said = text(&output.stdout);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{said}{}",
        text(&output.stderr)
    );
    assert!(said.contains("predicted yes, which was right"), "{said}");

    // Whatever is touched shows.
    for name in [
        "events.jsonl",
        "capture.pcapng",
        "run.toml",
        "0001-both/events.jsonl",
    ] {
        let path = folder.join(name);
        let whole = fs::read(&path).expect("it is there");
        let mut touched = whole.clone();
        let middle = touched.len() * 3 / 4;
        touched[middle] ^= 1;
        fs::write(&path, touched).expect("room");
        let output = check();
        let said = text(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{name}: {said}");
        assert_eq!(
            said.lines().filter(|line| line.starts_with('✗')).count(),
            1,
            "{said}"
        );
        fs::write(&path, whole).expect("room");
    }
}

#[test]
fn a_damaged_folder_is_told_in_three_lines() {
    let place = Scratch::new("lab-damaged");
    let made = [
        "lab",
        "run",
        "close",
        "--predict",
        "yes",
        "--seed",
        "9",
        "-o",
        place.path(),
    ];
    assert_eq!(run(&made).status.code(), Some(0));
    let folder = latest(&place);
    let check = || run(&["lab", "check", folder.to_str().expect("UTF-8")]);
    let path = folder.join("lab.json");
    let record = fs::read_to_string(&path).expect("it is there");
    fs::write(
        &path,
        record.replace("\"passed\": true", "\"passed\": false"),
    )
    .expect("room");
    assert_eq!(check().status.code(), Some(1));
    fs::write(&path, record.replace("\"right\": true", "\"right\": false")).expect("room");
    assert_eq!(
        check().status.code(),
        Some(1),
        "a prediction was called wrong that was right"
    );

    // And what cannot be read is told in three lines.
    for damaged in [
        "",
        "{}",
        "{\"lesson\": 5",
        &record.replace("\"close\"", "\"clothe\""),
    ] {
        fs::write(&path, damaged).expect("room");
        let [what, ..] = trouble(&check(), 1);
        assert!(what.contains("lab.json"), "{what}");
    }
    fs::write(&path, &record).expect("room");
    fs::remove_file(folder.join("events.jsonl")).expect("it is there");
    let [what, ..] = trouble(&check(), 1);
    assert!(what.contains("events.jsonl"), "{what}");
    let [what, ..] = trouble(&run(&["lab", "check", "none", "-o", place.path()]), 1);
    assert!(what.contains("there is no run"), "{what}");
}

#[test]
fn what_is_set_otherwise_fails_nothing() {
    let place = Scratch::new("lab-set");
    let set = ["--set", "host.client.tcp.sack=false", "-o", place.path()];
    let output = run(&[&["lab", "run", "sack"][..], &set].concat());
    let said = text(&output.stdout);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{said}{}",
        text(&output.stderr)
    );
    assert!(said.contains('✗'), "{said}");
    let check = run(&["lab", "check", "latest", "-o", place.path()]);
    assert_eq!(check.status.code(), Some(0), "{}", text(&check.stdout));
    let wrong = [
        "lab",
        "run",
        "sack",
        "--set",
        "host.clint.tcp.sack=1",
        "-o",
        place.path(),
    ];
    trouble(&run(&wrong), 2);
}

/// Column by column the page has differences; what is missing is null.
fn column(of: &Value) -> Vec<Option<i64>> {
    let mut sum = 0;
    let values = of.as_array().expect("a column").iter();
    values
        .map(|value| {
            sum += value.as_i64()?;
            Some(sum)
        })
        .collect()
}

/// Which rule sent the retransmission, and why then? The page of the lesson answers by itself.
#[test]
fn the_page_of_sack_says_why_the_repair_left_then() {
    let place = Scratch::new("lab-page");
    assert_eq!(
        run(&["lab", "run", "sack", "-o", place.path()])
            .status
            .code(),
        Some(0)
    );
    let page = fs::read_to_string(latest(&place).join("report.html")).expect("a page");
    let (_, data) = page.split_once("id=\"data\">").expect("its data");
    let (data, _) = data.split_once("</script>").expect("its end");
    let data = STANDARD.decode(data).expect("base64");
    let data: Value = serde_json::from_reader(DeflateDecoder::new(&data[..])).expect("JSON");
    let strings = data["strings"].as_array().expect("strings");
    let packets = &data["packets"];
    let words = |name: &str, place: usize| {
        let index = column(&packets[name])[place]?;
        strings[usize::try_from(index).ok()?].as_str()
    };
    let resent = column(&packets["resent"]);
    let repairs: Vec<usize> = (0..resent.len())
        .filter(|place| words("resent", *place).is_some_and(|word| !word.is_empty()))
        .collect();
    let [repair] = repairs[..] else {
        panic!("one is sent again: {repairs:?}");
    };
    assert_eq!(words("resent", repair), Some("fast"));
    // The frame, the rule and the text.
    assert_eq!(column(&packets["frame"])[repair], Some(repair as i64 + 1));
    let rule = words("rule", repair).expect("a rule");
    assert!(
        rule.starts_with("rfc6675") || rule.starts_with("RFC 6675"),
        "{rule}"
    );
    let why = words("text", repair).expect("a text");
    assert!(why.contains("taken for lost"), "{why}");
    // The chain: it was led to by a packet that came in at that instant and reports ranges.
    let cause = column(&packets["from"])[repair].expect("a cause");
    assert_eq!(cause % 2, 0, "the cause is a packet");
    let cause = usize::try_from(cause / 2).expect("a place");
    let (times, out) = (column(&packets["t"]), column(&packets["out"]));
    assert_eq!((times[cause], out[cause]), (times[repair], Some(0)));
    let reports = column(&data["sacks"]["packet"]);
    assert!(
        reports.contains(&Some(cause as i64)),
        "it reports no range: {reports:?}"
    );
}
