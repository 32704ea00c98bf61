//! `demo` on every rung of the ladder, and tshark's opinion of its captures.

use std::fs;

use super::{Scratch, done, faults, pellucid, program, read_capture, said};
use crate::harness::{Case, Lack, Who, outside, skip};

pub const CASES: &[Case] = &[
    outside("demo::on_tun_all_is_explained", Who::Caller, on_tun),
    outside("demo::split_its_capture_is_a_wires", Who::Caller, split),
    outside("demo::on_veth_all_is_explained", Who::Caller, on_veth),
    outside("demo::in_process_all_is_explained", Who::Caller, in_process),
    outside("demo::so_it_is_for_an_ordinary_user", Who::Nobody, ordinary),
    outside(
        "demo::without_a_namespace_both_ends_are_ours",
        Who::Nobody,
        no_namespace,
    ),
];

fn on_tun() {
    check(&["tun"], Lack::Tun, KERNEL);
}

fn split() {
    check(&["tun", "--split"], Lack::Tun, KERNEL);
}

fn on_veth() {
    check(&["veth"], Lack::Veth, KERNEL);
}

fn in_process() {
    check(
        &["in-process"],
        Lack::Netns,
        "a second pellucid in this process",
    );
}

/// Which rung it is depends on the machine.
fn ordinary() {
    let scratch = Scratch::new();
    let text = said(&done(pellucid().arg("demo").arg("-o").arg(&scratch.0)));
    if text.contains("both ends are pellucid") {
        skip(Lack::Netns, &text);
    }
    comes_through(&text, KERNEL);
    let is_tun = text.contains("link   TUN in a private namespace\n");
    let is_veth = text.contains("instead of TUN: ") && text.contains(" (fix: ");
    assert!(is_tun || is_veth, "{text}");
}

/// A limit of none is one way to have no namespace.
fn no_namespace() {
    let scratch = Scratch::new();
    let script = "echo 0 > /proc/sys/user/max_user_namespaces || exit 77
        exec setpriv --bounding-set -all --inh-caps -all \"$0\" demo -o \"$1\"";
    let mut command = program("unshare");
    command.args(["--user", "--map-root-user", "sh", "-c", script]);
    command.arg(pellucid().get_program()).arg(&scratch.0);
    let output = command.output();
    let output = output.unwrap_or_else(|error| skip(Lack::Tools, &error.to_string()));
    let (text, wrong) = (said(&output.stdout), said(&output.stderr));
    if wrong.contains("unshare") || output.status.code() == Some(77) {
        skip(Lack::Netns, &wrong);
    }
    assert!(output.status.success(), "{text}{wrong}");
    comes_through(&text, "a second pellucid in this process");
    let line = "link   no kernel peer here, both ends are pellucid: ";
    assert!(text.contains(line) && text.contains(" (fix: "), "{text}");
}

/// Runs it on that link, and has its records judged.
fn check(link: &[&str], lack: Lack, peer: &str) {
    let scratch = Scratch::new();
    let mut command = pellucid();
    command.args(["demo", "-o"]).arg(&scratch.0);
    command.arg("--link").args(link);
    let output = command.output().expect("the program runs");
    if output.status.code() == Some(3) {
        skip(lack, &said(&output.stderr));
    }
    let text = said(&output.stdout);
    assert!(output.status.success(), "{text}{}", said(&output.stderr));
    comes_through(&text, peer);
    let summary = fs::read(scratch.file("0001-demo/summary.json")).expect("a summary");
    let summary: serde_json::Value = serde_json::from_slice(&summary).expect("JSON");
    assert_eq!(summary["explained"], summary["packets"]);
    assert_eq!(summary["checks"]["failed"], 0);
    assert_eq!(summary["lost"], 2);
    let capture = scratch.file("0001-demo/capture.pcapng");
    let captured = read_capture(&capture);
    if link.contains(&"--split") {
        assert_eq!(captured.longest, 1500);
        assert!(summary["packets"].as_u64() < Some(captured.packets as u64));
    } else {
        assert_eq!(summary["packets"], captured.packets);
    }
    // With the other end long gone, the stack does the same again.
    let mut replay = pellucid();
    replay.args(["replay", "latest", "-o"]).arg(&scratch.0);
    let again = said(&done(&mut replay));
    assert!(again.contains(": all as they were ("), "{again}");
    let faults = faults(&capture);
    drop(scratch);
    match faults {
        Ok(faults) => assert_eq!(faults, ""),
        Err(reason) => skip(Lack::Tools, &format!("it came through, but {reason}")),
    }
}

fn comes_through(text: &str, peer: &str) {
    for words in [
        peer,
        "GET /body    200 · 10,485,760 B · SHA-256 equal",
        "POST /upload 201 · 10,485,760 B · SHA-256 equal",
        "✕ the link lost a segment on its way to us, on purpose (e2: 1500 B",
        "✕ the link lost 1500 B of #",
        "; sent again as #",
        "TIME-WAIT → CLOSED",
        " · every packet explained (",
    ] {
        assert!(text.contains(words), "{words} is missing: {text}");
    }
}

/// The kernel at the other end.
const KERNEL: &str = "kernel sockets, cubic";
