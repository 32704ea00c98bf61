//! `shell`, and unmodified programs beside our stack.

use std::fs;
use std::process::Output;

use super::{curl, done, pellucid, said, tool};
use crate::harness::{Case, Lack, Who, outside, skip};

pub const CASES: &[Case] = &[
    outside("shell::curl_reaches_the_stack", Who::Caller, curl_in_shell),
    outside(
        "shell::so_it_does_for_an_ordinary_user",
        Who::Nobody,
        curl_in_shell,
    ),
    outside("shell::ping_is_answered", Who::Caller, ping_in_shell),
    outside(
        "shell::so_it_is_for_an_ordinary_user",
        Who::Nobody,
        ping_in_shell,
    ),
    outside("shell::tracepath_ends", Who::Caller, tracepath_in_shell),
    outside(
        "shell::a_ping_of_60000_bytes_is_answered_whole",
        Who::Caller,
        long_ping_in_shell,
    ),
    outside(
        "shell::echo_sends_back_what_came_before_the_close",
        Who::Caller,
        echo_in_shell,
    ),
    outside("shell::the_command_decides_how_it_ends", Who::Caller, ends),
];

/// Runs a command beside the stack; without a private namespace there is nothing to test.
fn shell(options: &[&str], command: &[&str]) -> Output {
    let mut shell = pellucid();
    shell.arg("shell").args(options).arg("--").args(command);
    let output = shell.output().expect("the program runs");
    if output.status.code() == Some(3) {
        let lack = if options.contains(&"tun") {
            Lack::Tun
        } else {
            Lack::Netns
        };
        skip(lack, &said(&output.stderr));
    }
    output
}

/// What the command wrote, which ended well.
#[track_caller]
fn written(options: &[&str], command: &[&str]) -> String {
    let output = shell(options, command);
    let wrong = said(&output.stderr);
    let text = said(&output.stdout);
    assert!(
        output.status.success(),
        "{:?}: {text}{wrong}",
        output.status
    );
    text
}

/// The links that whoever runs this may have.
fn links() -> Vec<&'static str> {
    let may = |link: &&str| {
        let tried = pellucid()
            .args(["shell", "--link", link, "--", "true"])
            .output();
        tried.expect("the program runs").status.success()
    };
    let links: Vec<&str> = ["tun", "veth"].into_iter().filter(may).collect();
    if links.is_empty() {
        skip(Lack::Netns, "neither TUN nor veth can be had");
    }
    links
}

fn curl_in_shell() {
    drop(curl());
    let hosts = fs::read("/etc/hosts").ok();
    for link in links() {
        for host in ["10.90.0.2", "[fd90::2]", "www.pellucid.example"] {
            let url = format!("http://{host}/");
            let command = ["curl", "-g", "-sS", "--max-time", "60", &url];
            let page = written(&["--link", link], &command);
            assert!(page.starts_with("<!doctype html>"), "{host}: {page}");
        }
    }
    let after = fs::read("/etc/hosts").ok();
    assert_eq!(after, hosts, "the machine's own stays");
}

fn ping_in_shell() {
    drop(tool("ping", "-V", "ping"));
    for link in links() {
        // The largest that fits: 1500 bytes less the headers of IP and ICMP.
        for address in [
            ["-4", "-s", "56", "10.90.0.2"],
            ["-6", "-s", "56", "fd90::2"],
            ["-4", "-s", "1472", "10.90.0.2"],
            ["-6", "-s", "1452", "fd90::2"],
        ] {
            let ping = ["ping", "-c", "3", "-i", "0.2", "-W", "5", "-M", "do"];
            let text = written(&["--link", link], &[&ping[..], &address].concat());
            let counts = "3 packets transmitted, 3 received, 0% packet loss";
            assert!(text.contains(counts), "{link} {address:?}: {text}");
        }
    }
}

/// ping compares what comes back with what it sent, and both directions are cut.
fn long_ping_in_shell() {
    drop(tool("ping", "-V", "ping"));
    for link in links() {
        for address in [["-4", "10.90.0.2"], ["-6", "fd90::2"]] {
            let ping = ["ping", "-c", "3", "-i", "0.2", "-W", "5", "-s", "60000"];
            let text = written(&["--link", link], &[&ping[..], &address].concat());
            let counts = "3 packets transmitted, 3 received, 0% packet loss";
            assert!(text.contains(counts), "{link} {address:?}: {text}");
            assert!(!text.contains("wrong data byte"), "{text}");
        }
    }
}

/// Datagrams to ports that nobody has, with growing hop limits: it ends where we say so.
fn tracepath_in_shell() {
    drop(tool("tracepath", "-V", "tracepath"));
    for address in ["10.90.0.2", "fd90::2"] {
        let text = written(&[], &["tracepath", "-n", address]);
        assert!(text.contains("Resume: pmtu 1500 hops 1 back 1"), "{text}");
    }
}

/// nc closes its sending side once it has sent all, and reads on.
fn echo_in_shell() {
    drop(tool("nc", "-h", "-N"));
    for address in ["10.90.0.2", "fd90::2"] {
        let script = format!("printf 'there and back' | nc -N -w 20 {address} 7");
        let text = written(&[], &["sh", "-c", &script]);
        assert_eq!(text, "there and back");
    }
}

fn ends() {
    for (script, code) in [("exit 7", 7), ("kill -9 $$", 137), ("true", 0)] {
        let output = shell(&[], &["sh", "-c", script]);
        assert_eq!(output.status.code(), Some(code));
        assert_eq!(said(&output.stderr), "");
    }
    let output = shell(&[], &["/no/such/program"]);
    assert_eq!(output.status.code(), Some(127));
    let text = said(&output.stderr);
    assert!(
        text.starts_with("pellucid: cannot run /no/such/program\n"),
        "{text}"
    );
    // The machine's network is not in there, so nothing can leave.
    let interfaces = done(&mut {
        let mut command = pellucid();
        command.args(["shell", "--", "cat", "/proc/self/net/dev"]);
        command
    });
    let interfaces = said(&interfaces);
    for line in interfaces.lines().skip(2) {
        let name = line.split(':').next().unwrap_or_default().trim();
        assert!(name == "lo" || name.starts_with("plc0"), "{interfaces}");
    }
}
