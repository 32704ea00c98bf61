//! Every script of `tests/drills`, and a suite of others if `PELLUCID_DRILL_SUITE` names one.
//!
//! A script of ours says in its first line what it shows and where that is written, and in its
//! second which rows of the ledger it would notice being broken.

use std::path::{Path, PathBuf};

use broken::Fault;
use pellucid::drill::guard::Guards;
use pellucid::drill::judge::{Prepared, Request, judge, judge_with, ours, ours_offloaded, prepare};
use pellucid::drill::mutate::{mutants, survey};
use pellucid::drill::outcome::Verdict;
use pellucid::drill::report::{self, Detail};
use pellucid::drill::suite::{Totals, each, find, read};

mod broken;
mod examples;
mod grammar;

/// Our scripts, with their texts.
fn scripts() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = find(&[root.join("tests/drills")]).expect("the folder is there");
    let named = found.into_iter().map(|path| {
        let name = path.strip_prefix(root).unwrap_or(&path);
        let text = read(&path).expect("it is text");
        (name.display().to_string(), text)
    });
    named.collect()
}

fn jobs() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[test]
fn our_scripts_pass() {
    let scripts = scripts();
    let reports = each(&scripts, jobs(), |(name, text)| {
        judge(name, text, &Request::default())
    });
    let unclean: Vec<String> = reports
        .iter()
        .filter(|report| report.run.verdict != Verdict::Pass || !report.run.clean)
        .map(|report| report::text(report, Detail::Failure))
        .collect();
    println!("{}", report::totals(&Totals::of(&reports)));
    assert!(unclean.is_empty(), "\n{}", unclean.concat());
}

/// A super-segment stands for the segments that would have left one by one, and for no others: the
/// same scripts see the same packets.
#[test]
fn our_scripts_pass_on_a_device_that_cuts() {
    let scripts = scripts();
    let reports = each(&scripts, jobs(), |(name, text)| {
        judge_with(name, text, &Request::default(), &ours_offloaded)
    });
    let unclean: Vec<String> = reports
        .iter()
        .filter(|report| report.run.verdict != Verdict::Pass || !report.run.clean)
        .map(|report| report::text(report, Detail::Failure))
        .collect();
    assert!(unclean.is_empty(), "\n{}", unclean.concat());
}

#[test]
fn the_same_script_gives_the_same_report() {
    let once = || {
        let scripts = scripts();
        let few: Vec<_> = scripts.iter().step_by(10).collect();
        let reports = each(&few, jobs(), |(name, text)| {
            let report = judge(name, text, &Request::default());
            report::text(&report, Detail::All)
        });
        reports.concat()
    };
    assert_eq!(once(), once());
}

#[test]
fn heads_say_what_is_shown_and_where_it_is_written() {
    let mut wrong = Vec::new();
    for (name, text) in scripts() {
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default();
        if !first.starts_with("// ") || !first.contains("RFC ") || !first.ends_with('.') {
            wrong.push(format!(
                "{name}:1: what it shows, and the RFC with its section"
            ));
        }
        let long = text.lines().position(|line| line.chars().count() > 100);
        wrong.extend(long.map(|at| format!("{name}:{}: a long line", at + 1)));
    }
    assert!(wrong.is_empty(), "\n  {}\n", wrong.join("\n  "));
}

/// Those that pass, ready to be changed.
fn prepared() -> Vec<(String, Prepared)> {
    let scripts = scripts().into_iter();
    let ready = scripts.map(|(name, text)| {
        let prepared = prepare(&text, &Request::default());
        (name, prepared.expect("it parses"))
    });
    ready.collect()
}

/// Each script with one thing changed, in every way there is: what is left of it is no longer what
/// the stack does, so it must fail.
#[test]
fn a_changed_script_fails() {
    let prepared = prepared();
    let surveys = each(&prepared, jobs(), |(_, prepared)| {
        survey(prepared, 1, None, &ours)
    });
    let mut survivors = Vec::new();
    let mut tried = 0;
    for ((name, _), survey) in prepared.iter().zip(&surveys) {
        tried += survey.tried;
        survivors.extend(survey.survivors.iter().map(|what| format!("{name}:{what}")));
    }
    println!("{tried} changes of {} scripts tried", prepared.len());
    assert!(survivors.is_empty(), "\n  {}\n", survivors.join("\n  "));
}

/// The four changes that every script offers: a number shifted, a line dropped, a flag turned, a
/// time moved.
#[test]
fn every_script_is_changed_in_every_way() {
    let mut counts = [0; CHANGES.len()];
    let mut lacking = Vec::new();
    let mut silent = 0;
    for (name, prepared) in prepared() {
        let mutants = mutants(&prepared);
        if mutants.is_empty() {
            // It shows that nothing leaves at all: the guard for strays is its judge.
            silent += 1;
            continue;
        }
        for (way, count) in CHANGES.iter().zip(&mut counts) {
            let of_this_way = mutants.iter().filter(|mutant| way.contains(&&*mutant.what));
            let moved = mutants
                .iter()
                .filter(|mutant| mutant.what.contains("moved to"));
            let found = match way {
                [] => moved.count(),
                _ => of_this_way.count(),
            };
            *count += found;
            if found == 0 {
                lacking.push(format!("{name}: nothing of {way:?}"));
            }
        }
    }
    println!("numbers shifted, lines dropped, flags turned, times moved: {counts:?}");
    assert!(silent <= 2, "{silent} scripts expect nothing");
    assert!(lacking.is_empty(), "\n  {}\n", lacking.join("\n  "));
}

/// A stack that is wrong in one way must not pass: else the runner would not see it either.
#[test]
fn a_broken_stack_fails() {
    let scripts = scripts();
    for fault in Fault::ALL {
        let failed = each(&scripts, jobs(), |(name, text)| {
            let request = Request {
                strict: true,
                ..Request::default()
            };
            let report = judge_with(name, text, &request, &|settings, profile| {
                broken::spoilt(ours(settings, profile), fault)
            });
            report.run.verdict == Verdict::Fail
        });
        let count = failed.iter().filter(|failed| **failed).count();
        println!("{fault:?}: {count} of {} scripts fail", scripts.len());
        // Not every script has a timer.
        assert!(
            4 * count > scripts.len(),
            "{fault:?} is hardly noticed: {count}"
        );
    }
}

/// What must always hold is a guard: its breach leaves the verdict of packetdrill's own rules.
#[test]
fn a_broken_invariant_fails_by_its_name() {
    let maker = |settings: &_, profile| broken::spoilt(ours(settings, profile), Fault::Breach);
    let judged = |guards: &str| {
        let request = Request {
            guards: Guards::listed(guards).expect("the names of guards"),
            ..Request::default()
        };
        judge_with("a.pkt", "0 `true`", &request, &maker).run
    };
    let run = judged("all");
    let reason = run.reason.expect("it fails");
    assert_eq!(reason.kind.word(), "guard:invariants");
    assert_eq!(reason.text, "I-SAFE broken");
    assert!(run.reference && !run.clean);
    assert_eq!(judged("checksum,stray").verdict, Verdict::Pass);
}

/// The scripts of others are kept outside: how many pass is told, and is no reason to fail.
#[test]
fn a_suite_of_others_is_counted() {
    let Some(folder) = std::env::var_os("PELLUCID_DRILL_SUITE") else {
        println!("0 scripts: suite not present");
        return;
    };
    let scripts = find(&[PathBuf::from(folder)]).expect("the folder can be read");
    let reports = each(&scripts, jobs(), |path| {
        let text = read(path).expect("it can be read");
        judge(&path.display().to_string(), &text, &Request::default())
    });
    let totals = Totals::of(&reports);
    println!("{}", report::totals(&totals));
    let panicked = totals.failed.get("panic").copied().unwrap_or(0);
    assert_eq!(panicked, 0, "a script made the stack or the runner panic");
}

/// What changes are called; none: times, whose names say where to.
const CHANGES: [&[&str]; 4] = [
    &["the sequence number changed", "the ack changed"],
    &["the line deleted"],
    &[
        "FIN changed",
        "SYN changed",
        "RST changed",
        "PSH changed",
        "ACK changed",
    ],
    &[],
];
