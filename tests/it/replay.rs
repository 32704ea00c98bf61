//! What a stack did is done again from its tape: every script, and what `replay` says of it.

use std::fs;
use std::path::Path;

use pellucid::drill::judge::{Request, judge_with, ours_from_birth};
use pellucid::drill::suite::{each, find, read};
use pellucid::replay::{Player, Tape};
use pellucid::runs::create_file;

/// Scripts make every kind of call, in odd orders, and their packets are odder still.
#[test]
fn what_scripts_did_is_done_again() {
    let scratch = std::env::temp_dir().join(format!("pellucid-tapes-{}", std::process::id()));
    fs::create_dir(&scratch).expect("room");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/drills");
    let scripts = find(&[root]).expect("the folder is there");
    assert!(scripts.len() > 300, "{}", scripts.len());
    let numbered: Vec<_> = scripts.iter().enumerate().collect();
    let failures = each(&numbered, 2, |(number, script)| {
        let path = scratch.join(number.to_string());
        let tape = Tape::begin(create_file(&path).expect("room")).expect("a thread");
        let text = read(script).expect("it is text");
        let maker = |settings: &_, profile| {
            ours_from_birth(settings, profile, |seed, stack| {
                tape.record(0, "us", seed, stack)
            })
        };
        judge_with("", &text, &Request::default(), &maker);
        tape.finish().expect("room");
        let failure = play(&path).map(|what| format!("{}: {what}", script.display()));
        fs::remove_file(path).expect("it is there");
        failure
    });
    fs::remove_dir(&scratch).expect("it is empty");
    let failures: Vec<String> = failures.into_iter().flatten().collect();
    assert!(failures.is_empty(), "{failures:#?}");
}

/// Why a tape is not the same to its end, if it is not.
fn play(path: &Path) -> Option<String> {
    let mut player = match Player::open(path) {
        Ok(player) => player,
        Err(error) => return Some(error.to_string()),
    };
    loop {
        match player.step() {
            Ok(Some(_)) => {}
            Ok(None) => return (!player.is_whole()).then(|| "it has no end".to_owned()),
            Err(error) => return Some(error.to_string()),
        }
    }
}
