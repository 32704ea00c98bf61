//! A scenario whose other end is Linux: `run --peer kernel`.

use std::fs;
use std::process::Output;

use serde_json::Value;

use super::{Scratch, TUN, pellucid, said};
use crate::harness::{Case, Lack, Who, outside, skip};

pub const CASES: &[Case] = &[
    outside("run::linux_takes_what_we_send", Who::Caller, takes),
    outside("run::linux_sends_what_we_take", Who::Caller, sends),
    outside("run::linux_asks_and_answers", Who::Caller, talks),
    outside("run::what_linux_lacks_makes_no_folder", Who::Caller, lacks),
];

/// Plays it where nothing else is; what was said, and the numbers of the run.
fn play(scratch: &Scratch, text: &str, more: &[&str]) -> (Output, Value) {
    if !std::path::Path::new("/dev/net/tun").exists() {
        skip(Lack::Tun, TUN);
    }
    let file = scratch.file("it.toml");
    fs::write(&file, text).expect("a scratch directory");
    let mut command = pellucid();
    command.current_dir(&scratch.0);
    command.args(["run", "it.toml", "--json"]).args(more);
    let output = command.output().expect("the program runs");
    let numbers = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output, numbers)
}

/// The recording is played again, and every output is what it was.
fn replays(scratch: &Scratch) {
    let mut command = pellucid();
    command.current_dir(&scratch.0).args(["replay", "latest"]);
    let output = command.output().expect("the program runs");
    let text = said(&output.stdout);
    assert!(text.contains("all as they were"), "{text}");
    assert_eq!(output.status.code(), Some(0));
}

const LINKS: &str = "host.us.addr = \"10.90.0.2\"
host.them = { addr = \"203.0.113.10\", kernel = { cc = \"reno\" } }
link.up = { delay = \"5ms\", rate = \"50Mbit\", loss = \"data 20-22\" }
link.down = { delay = \"5ms\", rate = \"50Mbit\", loss = \"data 20-22\" }
";

fn takes() {
    let scratch = Scratch::new();
    let acts = "name = \"up\"
do = [
  { at = \"0s\", host = \"them\", act = \"listen 80\" },
  { at = \"0s\", host = \"us\", act = \"connect them:80; send 1MiB; close\" },
]
expect = [
  { that = \"count(tcp:segment_sent where retransmit!=null and host='us') >= 3\" },
  { that = \"count(tcp:state_updated where host='us' and new='time_wait') = 1\" },
]
";
    let (output, numbers) = play(&scratch, &format!("{acts}{LINKS}"), &["--peer", "kernel"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output.stderr));
    assert_eq!(numbers["clock"], "real");
    assert_eq!(numbers["connections"][0]["bytes_sent"], 1 << 20);
    assert_eq!(numbers["lost"], 3);
    replays(&scratch);
    is_like_a_stack_of_ours(&scratch, &format!("{acts}{LINKS}"));
}

/// With this stack in the place of Linux our SYN is the same, and the first that differs is what
/// Linux offers in its SYN,ACK. What the stack did there is held to nothing.
fn is_like_a_stack_of_ours(scratch: &Scratch, text: &str) {
    let (output, _) = play(scratch, text, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output.stderr));
    let mut diff = pellucid();
    diff.current_dir(&scratch.0)
        .args(["diff", "1", "2", "--json"]);
    let output = diff.output().expect("the program runs");
    let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(found["alone"], serde_json::json!([[], ["them"]]));
    let kind = |side: &str| found[side]["data"]["flags"].clone();
    assert_eq!(
        (&found["packets"], kind("left"), kind("right")),
        (&1.into(), "S.".into(), "S.".into())
    );
}

/// The same file says that it is Linux, and Linux opens the connection.
fn sends() {
    let scratch = Scratch::new();
    let acts = "name = \"down\"
vantage = \"us\"
do = [
  { at = \"0s\", host = \"us\", act = \"listen 80; recv all; close\" },
  { at = \"0s\", host = \"them\", act = \"connect us:80; send 1MiB; close\" },
]
";
    let links = LINKS.replace("kernel =", "stack = \"kernel\", kernel =");
    let (output, numbers) = play(&scratch, &format!("{acts}{links}"), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output.stderr));
    assert_eq!(numbers["connections"][0]["bytes_received"], 1 << 20);
    assert_eq!(numbers["lost"], 3);
    replays(&scratch);
}

/// Acts that go on with a connection, on both sides of it.
fn talks() {
    let scratch = Scratch::new();
    let acts = "name = \"talk\"
do = [
  { at = \"0s\", host = \"them\", act = \"listen 80; answer 100 with 3000\" },
  { at = \"0s\", host = \"us\", act = \"connect them:80; ask 20 times 100 for 3000\" },
  { at = \"connected + 700ms\", host = \"us\", act = \"close\" },
  { at = \"connected + 800ms\", host = \"them\", act = \"close\" },
]
";
    let (output, numbers) = play(&scratch, &format!("{acts}{LINKS}"), &["--peer", "kernel"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output.stderr));
    assert_eq!(numbers["connections"][0]["bytes_sent"], 2_000);
    assert_eq!(numbers["connections"][0]["bytes_received"], 60_000);
}

fn lacks() {
    let scratch = Scratch::new();
    let links = LINKS.replace("reno", "frob");
    let acts = "name = \"x\"\ndo = [{ at = \"0s\", host = \"them\", act = \"listen 80\" }]\n\
                vantage = \"us\"\n";
    let (output, _) = play(&scratch, &format!("{acts}{links}"), &["--peer", "kernel"]);
    let error = said(&output.stderr);
    assert!(error.contains("no congestion control \"frob\""), "{error}");
    assert_eq!(error.lines().count(), 3, "{error}");
    assert_ne!(output.status.code(), Some(0));
    assert!(!scratch.0.join("pellucid-runs").exists());
}
