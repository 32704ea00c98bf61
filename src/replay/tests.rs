use std::fs;

use crate::base::Seed;
use crate::drill::judge::{Request, judge_with, ours_from_birth};
use crate::runs::create_file;
use crate::sim::swarm::{draw, run_from_birth};
use crate::sim::{Birth, NodeId};
use crate::stack::Stack;

use super::*;

/// A folder that goes when it is dropped.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let unique = format!("pellucid-replay-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(unique);
        fs::create_dir(&path).unwrap();
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Plays a tape to its end: how many inputs, and how many checks held.
fn play(path: &std::path::Path) -> Result<(u64, u64), ReplayError> {
    let mut player = Player::open(path)?;
    while player.step()?.is_some() {}
    assert!(player.is_whole());
    Ok((player.position(), player.checks()))
}

/// Worlds with faults and restarts, both their ends.
#[test]
fn what_a_swarm_did_is_done_again() {
    let scratch = Scratch::new("swarm");
    let mut checks = 0;
    for seed in 0..60 {
        let path = scratch.0.join(format!("{seed}.plt"));
        let tape = Tape::begin(create_file(&path).unwrap()).unwrap();
        let held = tape.clone();
        let birth = move |node: NodeId, seed: Seed, stack: &mut Stack| {
            held.record(node.0 as u16, &format!("host {}", node.0), seed, stack);
        };
        let birth = Birth(Box::new(birth));
        run_from_birth(&draw(seed), Some(birth), |_, _| {}).unwrap();
        let len = tape.finish().unwrap();
        assert_eq!(len, fs::metadata(&path).unwrap().len());
        let played = play(&path);
        let (_, held) = played.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        checks += held;
    }
    assert!(checks > 1_000, "{checks}");
}

/// Scripts make every call that there is.
#[test]
fn what_scripts_did_is_done_again() {
    let scratch = Scratch::new("scripts");
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/drills");
    let scripts = crate::drill::suite::find(&[root]).unwrap();
    assert!(scripts.len() > 300);
    for (number, script) in scripts.iter().enumerate() {
        let path = scratch.0.join(format!("{number}.plt"));
        let tape = Tape::begin(create_file(&path).unwrap()).unwrap();
        let text = crate::drill::suite::read(script).unwrap();
        let maker = |settings: &_, profile| {
            // The last of several that a script is tried on.
            ours_from_birth(settings, profile, |seed, stack| tape.record(0, "us", seed, stack))
        };
        judge_with(&script.display().to_string(), &text, &Request::default(), &maker);
        tape.finish().unwrap();
        if let Err(error) = play(&path) {
            panic!("{}: {error}", script.display());
        }
        fs::remove_file(&path).unwrap();
    }
}
