//! `ss` and `top`, attached to a `serve` that the kernel's curl asks.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use pellucid::namespace::Inside;
use rustix::process::{Pid, Signal, kill_process};

use super::serve::slow_client;
use super::{PAIRS, Running, Scratch, done, make_tun, noise, on_tun, pellucid, said};
use crate::harness::{Case, inside};

pub const CASES: &[Case] = &[
    inside("live::ss_shows_the_connections_of_a_server_at_work", listed),
    inside("live::top_tells_changes_of_a_server_at_work", told),
    inside("live::what_a_killed_server_left_is_cleaned", cleaned),
];

/// Starts `serve`, which can be watched in `dir`.
fn serve(dir: &Scratch) -> Running {
    let mut command = pellucid();
    on_tun(command.arg("serve").arg(&dir.0)).env("XDG_RUNTIME_DIR", &dir.0);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut serving = Running(command.spawn().expect("the program runs"));
    super::serve::says_that_it_listens(&mut serving);
    serving
}

fn ss(dir: &Scratch, args: &[&str]) -> String {
    let mut command = pellucid();
    command.arg("ss").args(args).env("XDG_RUNTIME_DIR", &dir.0);
    said(&done(&mut command))
}

/// The value of a field in the lines of a connection.
fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let mut words = text.split_whitespace();
    words.find_map(|word| word.strip_prefix(name)?.strip_prefix(':'))
}

fn listed(inside: &Inside) {
    make_tun(inside);
    let scratch = Scratch::new();
    fs::write(scratch.file("large.bin"), noise(10 << 20)).expect("room");
    let serving = serve(&scratch);
    let folder = scratch.0.join("pellucid");
    let mode = fs::metadata(&folder).expect("made").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    assert_eq!(ss(&scratch, &["-tinH"]), "");
    let _clients = PAIRS.map(|(_, ours)| slow_client(ours));
    let text = ss(&scratch, &["-tien"]);
    let rows: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("ESTAB"))
        .collect();
    assert_eq!(rows.len(), 2, "{text}");
    for (kernels, ours) in PAIRS {
        let row = rows.iter().find(|row| row.contains(ours)).expect("a row");
        assert!(row.contains(kernels), "{row}");
    }
    // Ten segments are where it began, and so much has arrived.
    let cwnd: u64 = field(&text, "cwnd")
        .and_then(|n| n.parse().ok())
        .expect("a window");
    assert!(cwnd >= 10, "{text}");
    let acked = field(&text, "bytes_acked").and_then(|n| n.parse().ok());
    assert!(acked > Some(100_000_u64), "{text}");
    assert_eq!(text.matches("\t why: limited by ").count(), 2, "{text}");
    // By its number, by its state, and as JSON.
    let process = serving.0.id().to_string();
    let json = ss(&scratch, &[&process, "--json", "--state", "established"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let stack = &json["stacks"][0];
    assert_eq!(stack["of"]["verb"], "serve");
    assert_eq!(stack["snapshot"]["rows"].as_array().map(Vec::len), Some(2));
    assert_eq!(ss(&scratch, &["-H", "--port", "81"]), "");
}

fn told(inside: &Inside) {
    make_tun(inside);
    let scratch = Scratch::new();
    fs::write(scratch.file("large.bin"), noise(10 << 20)).expect("room");
    let mut serving = serve(&scratch);
    let mut command = pellucid();
    // Without a terminal it prints changes.
    command.arg("top").env("XDG_RUNTIME_DIR", &scratch.0);
    let mut top = Running(command.stdout(Stdio::piped()).spawn().expect("it runs"));
    let client = slow_client(PAIRS[0].1);
    let mut lines = BufReader::new(top.0.stdout.take().expect("piped")).lines();
    let mut next = || lines.next().expect("a line").expect("text");
    // Who listens is told first.
    let listening = next();
    assert!(listening.contains(":80 LISTEN, "), "{listening}");
    let first = loop {
        let line = next();
        if line.contains(" > ") {
            break line;
        }
        assert!(line.contains(":80 LISTEN, "), "{line}");
    };
    assert!(first.contains("10.90.0.2:80 > 10.90.0.1:"), "{first}");
    assert!(first.contains("ESTAB, limited by "), "{first}");
    // The kernel resets what its curl leaves.
    drop(client);
    while !next().ends_with(" gone") {}
    kill_process(Pid::from_child(&serving.0), Signal::TERM).expect("it is ours");
    serving.code();
    assert_eq!(top.code(), Some(0));
}

fn cleaned(inside: &Inside) {
    make_tun(inside);
    let scratch = Scratch::new();
    let mut serving = serve(&scratch);
    let socket = scratch.0.join(format!("pellucid/{}.sock", serving.0.id()));
    assert!(socket.exists());
    kill_process(Pid::from_child(&serving.0), Signal::KILL).expect("it is ours");
    serving.code();
    assert!(socket.exists());
    let mut command = pellucid();
    command.arg("ss").env("XDG_RUNTIME_DIR", &scratch.0);
    let output = command.output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output.stderr).contains("no stack of yours is running"));
    assert!(!socket.exists());
    // Who ends in order leaves nothing.
    let mut serving = serve(&scratch);
    let socket = scratch.0.join(format!("pellucid/{}.sock", serving.0.id()));
    assert!(socket.exists());
    kill_process(Pid::from_child(&serving.0), Signal::TERM).expect("it is ours");
    assert_eq!(serving.code(), Some(143));
    assert!(!socket.exists());
}
