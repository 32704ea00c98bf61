//! Packet scripts under Linux: `drill --against kernel`.

use std::fs;
use std::process::Output;

use serde_json::Value;

use super::{Scratch, TUN, pellucid, said};
use crate::harness::{Case, Lack, Who, outside, skip};

pub const CASES: &[Case] = &[
    outside("drill::linux_does_what_our_scripts_say", Who::Caller, same),
    outside(
        "drill::what_is_wrong_is_wrong_under_linux_too",
        Who::Caller,
        wrong,
    ),
    outside("drill::what_hangs_is_given_up", Who::Caller, hangs),
    outside("drill::what_takes_long_is_left_out", Who::Caller, long),
];

/// Both stacks under these scripts, with times that no machine is too slow for; a line each, and
/// what they add up to.
fn against(scripts: &[&str], more: &[&str]) -> (Output, Vec<Value>) {
    // In a namespace of its own, as the program will be.
    if !std::path::Path::new("/dev/net/tun").exists() {
        skip(Lack::Tun, TUN);
    }
    let mut command = pellucid();
    command.args(["drill", "--against", "kernel", "--report", "json"]);
    command.args(["--tolerance_usecs=5000000"]).args(more);
    let output = command.args(scripts).output().expect("the program runs");
    let lines = said(&output.stdout);
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect(line));
    let lines = lines.collect();
    (output, lines)
}

/// Some of each area, none that asks when something happens.
fn same() {
    let names = [
        "open/passive_handshake",
        "open/active_handshake",
        "open/syn_to_a_closed_port",
        "open/reset_at_listener",
        "open/text_to_a_closed_port",
        "open/syn_sent_refused",
        "open/far_isn_wraps",
    ];
    let names = names.map(|name| format!("tests/drills/{name}.pkt"));
    let (output, lines) = against(&names.each_ref().map(|name| &name[..]), &["--jobs", "4"]);
    assert_eq!(lines.len(), names.len() + 1, "{}", said(&output.stderr));
    for line in &lines[..names.len()] {
        assert_eq!(line["difference"], "same", "{line}");
        assert_eq!(
            (&line["linux"], &line["ours"]),
            (&Value::Null, &Value::Null)
        );
    }
    assert_eq!(lines[names.len()]["differences"]["same"], names.len());
    assert_eq!(output.status.code(), Some(0));
}

/// The SYN,ACK acknowledges what was never sent.
const WRONG: &str = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 65535 <mss 1000>
+0 > S. 0:0(0) ack 2 <...>
";

fn wrong() {
    let scratch = Scratch::new();
    let script = scratch.file("wrong.pkt");
    fs::write(&script, WRONG).expect("room");
    let (output, lines) = against(&[&script], &[]);
    assert_eq!(
        lines[0]["difference"],
        "neither",
        "{}",
        said(&output.stderr)
    );
    for who in ["linux", "ours"] {
        let reason = &lines[0][who];
        assert_eq!(
            (&reason["kind"], &reason["line"]),
            (&"packet".into(), &5.into()),
            "{reason}"
        );
        assert_eq!(reason["text"], "ack is 1, not 2");
    }
    assert_eq!(output.status.code(), Some(1));
}

/// Nobody connects, and accept waits.
fn hangs() {
    let scratch = Scratch::new();
    let script = scratch.file("hangs.pkt");
    let text = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 accept(3, ..., ...) = 4
";
    fs::write(&script, text).expect("room");
    let (output, lines) = against(&[&script], &["--longest", "1"]);
    assert_eq!(
        lines[0]["difference"],
        "neither",
        "{}",
        said(&output.stderr)
    );
    assert_eq!(lines[0]["linux"]["line"], 4);
}

fn long() {
    let (output, lines) = against(
        &[
            "tests/drills/open/passive_handshake.pkt",
            "tests/drills/open/accept_waits_for_text.pkt",
        ],
        &["--longest", "1"],
    );
    assert_eq!(lines[0]["difference"], "same", "{}", said(&output.stderr));
    assert_eq!(lines[1]["difference"], "not played");
    assert_eq!(lines[1]["skip"][0], "real-time:2 s");
}
