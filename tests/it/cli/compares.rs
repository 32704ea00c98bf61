//! `compare`: experiments side by side, by the program that people use.

use std::path::Path;

use super::{Scratch, run, text, trouble};

fn example(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = root.join("examples/scenarios").join(name);
    file.to_str().expect("UTF-8").to_owned()
}

/// The table without its first line, which says how long it took, and without the last, which says
/// where it was written to.
fn table(output: &std::process::Output) -> String {
    let said = text(&output.stdout);
    let (_, table) = said.split_once('\n').expect("two lines");
    let (table, wrote) = table.trim_end().rsplit_once('\n').expect("two lines");
    assert!(wrote.starts_with("wrote "), "{wrote}");
    table.to_owned()
}

#[test]
fn a_row_is_a_variant_and_the_same_with_any_number_of_jobs() {
    let file = example("sack-one-hole.toml");
    let scratch = Scratch::new("compare-jobs");
    let line = |jobs| {
        let vary = ["--vary", "link.up.delay=10ms,40ms", "--seeds", "1..3"];
        let all = [
            &[
                "compare",
                &file,
                "--cc",
                "reno,bbr",
                "--jobs",
                jobs,
                "-o",
                scratch.path(),
            ],
            &vary[..],
        ];
        run(&all.concat())
    };
    let (one, four) = (line("1"), line("4"));
    assert_eq!(one.status.code(), Some(0), "{}", text(&one.stderr));
    assert_eq!(table(&one), table(&four));
    let first = text(&one.stdout);
    assert!(
        first.starts_with("sack-one-hole  ·  4 variants of 3 seeds  ·  "),
        "{first}"
    );
    let names: Vec<String> = table(&one)
        .lines()
        .skip(2)
        .take(4)
        .map(|row| row.split("  ").next().unwrap_or_default().to_owned())
        .collect();
    let delays = ["link.up.delay=10ms", "link.up.delay=40ms"];
    let expected = ["reno", "bbr"].map(|cc| delays.map(|delay| format!("{cc} {delay}")));
    assert_eq!(names, expected.concat());
    // What goes to a pipe has no bar in it.
    assert_eq!(text(&one.stderr), "");
}

#[test]
fn what_is_expected_of_rows_decides_how_it_ends() {
    let file = example("sack-one-hole.toml");
    let scratch = Scratch::new("compare-expects");
    let place = scratch.path();
    let line = [
        "compare",
        &file,
        "-o",
        place,
        "--cc",
        "reno,cubic",
        "--expect",
    ];
    let held = run(&[&line[..], &["reno.rto = 0 and cubic.goodput > 1"]].concat());
    assert_eq!(held.status.code(), Some(0));
    assert!(
        text(&held.stdout).contains("✓ reno.rto = 0 and "),
        "{}",
        text(&held.stdout)
    );
    let failed = run(&[&line[..], &["reno.goodput > cubic.goodput * 9"]].concat());
    assert_eq!(failed.status.code(), Some(1));
    let said = text(&failed.stdout);
    assert!(
        said.contains("✗ reno.goodput > ") && said.contains("cubic.goodput = "),
        "{said}"
    );
    let json = run(&[&line[..], &["reno.rto = 0", "--json"]].concat());
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(json["rows"][1]["name"], "cubic");
    assert_eq!(json["claims"][0]["held"], true);
    // One of the 52 packets that carry something or end the connection was lost: 1 in 52.
    let again = json["rows"][0]["retrans_percent"]
        .as_f64()
        .expect("a number");
    assert!((again - 100.0 / 52.0).abs() < 1e-9, "{again}");
    // It is no run, and `latest` never pointed to it.
    assert!(!Path::new(place).join("latest").exists());
}

#[test]
fn shares_that_are_merged_are_as_if_they_had_been_one() {
    let file = example("sack-one-hole.toml");
    let scratch = Scratch::new("compare-shards");
    let place = |name: &str| Path::new(scratch.path()).join(name).display().to_string();
    let line = [
        "compare", &file, "--cc", "reno,bbr", "--seeds", "1..3", "-o",
    ];
    let whole = run(&[&line[..], &[&place("whole")]].concat());
    for shard in ["1/2", "2/2"] {
        let shared = run(&[&line[..], &[&place("shards"), "--shard", shard]].concat());
        let said = text(&shared.stdout);
        let runs = format!("(shard {} of 2: 3 of 6 runs)", &shard[..1]);
        assert!(said.contains(&runs), "{said}");
    }
    let one = place("shards/0001-compare");
    let two = place("shards/0002-compare/compare.json");
    let merged = run(&["compare", "--merge", &two, &one, "-o", &place("merged")]);
    assert_eq!(table(&merged), table(&whole), "{}", text(&merged.stderr));
    for name in ["compare.json", "compare.html"] {
        let of = |folder: &str| std::fs::read(place(folder) + "/0001-compare/" + name).expect(name);
        assert!(of("merged") == of("whole"), "{name}");
    }

    let [what, why, now] = trouble(&run(&["compare", "--merge", &two]), 1);
    assert_eq!(what, "these are not one comparison");
    assert!(
        why.starts_with("3 of 6 runs are missing, the first reno with seed 1"),
        "{why}"
    );
    assert_eq!(
        now,
        "play the shards that are missing, and name all of them"
    );
    let [_, why, _] = trouble(&run(&["compare", &file, "--shard", "3/2"]), 2);
    assert!(why.contains("as in 2/8"), "{why}");
    let [what, ..] = trouble(&run(&["compare", &file, &file]), 2);
    assert_eq!(what, "there are 2 scenarios to compare");
}

#[test]
fn what_cannot_be_compared_says_why() {
    let file = example("sack-one-hole.toml");
    let [what, why, now] = trouble(&run(&["compare", &file, "--cc", "reno,cubik"]), 2);
    assert_eq!(what, "there is no congestion control \"cubik\"");
    assert_eq!(why, "there are reno, cubic, bbr");
    assert_eq!(now, "did you mean cubic?");
    let [what, ..] = trouble(&run(&["compare", &file, "--vary", "link.up.delay"]), 2);
    assert!(what.contains("link.up.delay makes no sense"), "{what}");
    let [what, why, _] = trouble(&run(&["compare", &file, "--vary", "link.up.delay=soon"]), 2);
    assert!(what.ends_with("cannot be played"), "{what}");
    assert!(why.contains("\"soon\" is not like 40ms"), "{why}");
    let [what, why, now] = trouble(&run(&["compare", &file, "--expect", "reno.rto = 0"]), 2);
    assert!(
        what.contains("unknown field reno.rto"),
        "{what} {why} {now}"
    );
    let [_, why, _] = trouble(&run(&["compare", &file, "--seeds", "9..1"]), 2);
    assert!(why.contains("as in 1..10 or 3,7,9"), "{why}");
    let [what, ..] = trouble(&run(&["compare", "nowhere.toml"]), 2);
    assert_eq!(what, "cannot read nowhere.toml");
}
