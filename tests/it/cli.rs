//! The program from outside: what it says, where it says it, and how it ends.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};

mod clauses;
mod compares;
mod diffs;
mod explain;
mod labs;
mod records;
mod replays;
mod scenarios;

/// The program, with nothing of ours in its environment.
fn pellucid(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pellucid"));
    command.args(args).stdin(Stdio::null());
    for variable in ["PELLUCID_REQUIRE", "RUST_LOG", "NO_COLOR"] {
        command.env_remove(variable);
    }
    command
}

fn run(args: &[&str]) -> Output {
    pellucid(args).output().expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// A folder that is gone when the test ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let name = format!("pellucid-cli-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).expect("a place to write");
        Scratch(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("a name in UTF-8")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What went wrong, in three lines on standard error, with nothing on standard output.
fn trouble(output: &Output, code: i32) -> [String; 3] {
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert_eq!(text(&output.stdout), "");
    let lines: Vec<&str> = said.lines().collect();
    let [what, why, now] = lines.as_slice() else {
        panic!("three lines were expected:\n{said}");
    };
    let strip = |line: &str, head: &str| {
        let rest = line.strip_prefix(head);
        rest.unwrap_or_else(|| panic!("{head:?} was expected: {line:?}"))
            .to_owned()
    };
    [
        strip(what, "pellucid: "),
        strip(why, "  why:  "),
        strip(now, "  now:  "),
    ]
}

/// A line that makes no sense, the value that the first line of the error must name, and what the
/// second must say of what is accepted.
const NONSENSE: [(&[&str], &str, &str); 36] = [
    (&["dmo"], "dmo", "demo, get, serve, ping"),
    (&["demo", "--frob"], "--frob", "--seed, --link"),
    (&["demo", "--seed", "lucky"], "lucky", "a whole number"),
    (&["demo", "--seed", "-1"], "-1", "from 0 to"),
    (&["demo", "--link", "wire"], "wire", "auto, tun, veth, in-p"),
    (&["demo", "--require", "luck"], "luck", "netns, tun, veth"),
    (&["demo", "--top"], "--top", "no screen"),
    (&["doctor", "now"], "now", "--apparmor, --json"),
    (&["shell", "ls"], "ls", "COMMAND"),
    (
        &["shell", "--tun", "x"],
        "--tun",
        "--link, --plain, --capture, --split, --keys",
    ),
    (&["serve", "/no/such"], "/no/such", "No such file"),
    (&["serve", "/dev/null"], "/dev/null", "Not a directory"),
    (&["serve", "--port", "0"], "'0'", "from 1 to 65535"),
    (&["serve", "--tun", "nowhere0"], "nowhere0", "that exists"),
    (&["get"], "<URL>", "as https://"),
    (&["url", "//x"], "//x", "no scheme"),
    (&["dig"], "<WORD", "[WORD]..."),
    (&["dig", "x", "+tarce"], "+tarce", "+trace and +short"),
    (&["dig", "x", "@x"], "@x", "10.90.0.53"),
    (
        &["get", "http://x/", "--resolver", "x"],
        "'x'",
        "10.90.0.53",
    ),
    (&["url", "javascript:x"], "javascript:x", "http and https"),
    (&["get", "example"], "example", "as in http://"),
    (&["get", "ftp://x/"], "ftp://x/", "http and https"),
    (
        &["get", "https://x/", "--cacert", "/no/such"],
        "trust",
        "/no/such",
    ),
    (
        &["get", "http://x/", "--keys"],
        "--capture",
        "Write every packet",
    ),
    (&["serve", "--cert", "x"], "--key", "The private key"),
    (
        &["get", "http://10.0.0.256/"],
        "10.0.0.256",
        "as in http://",
    ),
    (&["get", "http://x:65536/"], "x:65536", "as in http://"),
    (
        &["get", "http://x/", "-X", "GO AWAY"],
        "GO AWAY",
        "GET, HEAD",
    ),
    (&["get", "http://x/", "-H", "no"], "'no'", "as in 'Accept"),
    (
        &["get", "http://x/", "--timeout", "0"],
        "'0'",
        "as 30 or 0.5",
    ),
    (
        &["get", "http://x/", "--resolve", "x"],
        "'x'",
        "PORT:ADDRESS",
    ),
    (&["ping", "10.90.0.1", "-c", "0"], "'0'", "from 1 on"),
    (&["ping", "10.90.0.1", "-s", "65528"], "'65528'", "65527"),
    (
        &["traceroute", "10.90.0.1", "-m", "256"],
        "'256'",
        "1 to 255",
    ),
    (&["traceroute", "10.90.0.1", "-p", "0"], "'0'", "1 to 10"),
];

/// The same for `get`, where more is typed than fits there.
const NO_LINK: [(&[&str], &str, &str); 5] = [
    (&["--split"], "--capture", "Write every packet to FILE"),
    (&["--tun", "nowhere0"], "nowhere0", "that exists"),
    (
        &["--tun", "t", "--addr", "10.0.0.1"],
        "10.0.0.1",
        "look like",
    ),
    (&["--addr", "10.0.0.1/8"], "--tun <NAME>", "which exists"),
    (&["--tun", "t", "--link", "tun"], "--link", "one of them"),
];

#[test]
fn a_value_that_makes_no_sense_is_named_with_what_is_accepted() {
    let no_link = NO_LINK.map(|(args, value, accepted)| {
        let args = [&["get", "http://x/"], args].concat();
        (args, value, accepted)
    });
    let others = NONSENSE.map(|(args, value, accepted)| (args.to_vec(), value, accepted));
    for (args, value, accepted) in others.into_iter().chain(no_link) {
        let [what, why, now] = trouble(&run(&args), 2);
        assert!(what.contains(value), "{args:?}: {what}");
        assert!(why.contains(accepted), "{args:?}: {why}");
        assert!(!now.is_empty());
    }
}

#[test]
fn what_a_terminal_would_obey_is_spelled_out() {
    for args in [
        &["get", "http://\x07/"][..],
        &["get", "\x1b]0;title\x07"],
        &["get", "http://x/", "-H", "a\x1b[2Jb: c"],
        &["get", "http://x/", "--tun", "\u{202e}\x1b[2J"],
        &["serve", "/\x1b[2J\r\n"],
        &["demo", "\x1b[2J"],
    ] {
        for line in trouble(&run(args), 2) {
            let acts = |c: char| c.is_control() || c == '\u{202e}';
            assert!(!line.contains(acts), "{line:?}");
        }
    }
}

#[test]
fn names_need_a_resolver_and_the_error_says_so() {
    let [what, why, now] = trouble(&run(&["get", "http://www.example/"]), 1);
    assert_eq!(what, "cannot resolve www.example");
    assert!(why.contains("there is no resolver to ask"), "{why}");
    assert!(now.contains("--resolver ADDRESS"), "{now}");
}

#[test]
fn help_and_version_are_results() {
    for args in [
        &["--help"][..],
        &["--version"],
        &["help", "get"],
        &["demo", "-h"],
        &["shell", "--help"],
    ] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert!(
            !output.stdout.is_empty() && output.stderr.is_empty(),
            "{args:?}"
        );
    }
    let output = run(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("Usage:"));
}

#[test]
fn the_doctor_speaks_to_people_and_to_programs() {
    let output = run(&["doctor"]);
    assert_eq!(output.status.code(), Some(0));
    let said = text(&output.stdout);
    assert!(
        said.contains("in-process link        ok   always"),
        "{said}"
    );
    assert!(!said.contains('\x1b'), "nothing fancy on a pipe");
    let said = text(&run(&["doctor", "--json"]).stdout);
    let json: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert!(
        json["findings"]
            .as_array()
            .is_some_and(|list| list.len() > 3)
    );
    let profile = text(&run(&["doctor", "--apparmor"]).stdout);
    assert!(profile.contains("userns,"), "{profile}");
}

/// Without the kernel, so that it runs everywhere; with it: `tests/kernel`.
#[test]
fn the_demo_explains_every_packet_and_leaves_its_records() {
    let scratch = Scratch::new("demo");
    let output = run(&["demo", "--link", "in-process", "-o", scratch.path()]);
    let said = text(&output.stdout);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{said}{}",
        text(&output.stderr)
    );
    assert_eq!(text(&output.stderr), "", "no progress on a pipe");
    assert!(!said.contains('\x1b'), "nothing fancy on a pipe");
    for words in [
        "both ends are pellucid",
        "connect",
        "GET /body    200 · 10,485,760 B · SHA-256 equal",
        "POST /upload 201 · 10,485,760 B · SHA-256 equal",
        "CLOSED → SYN-SENT",
        "FIN-WAIT-2 → TIME-WAIT",
        "TIME-WAIT → CLOSED",
        "TIME-WAIT is shortened to 1 s; by default it lasts 60 s",
        "http://[fd90::1]/",
        "every packet explained (",
        "0001-demo/",
    ] {
        assert!(said.contains(words), "{words} is missing:\n{said}");
    }
    let folder = scratch.0.join("0001-demo");
    let summary = fs::read_to_string(folder.join("summary.json")).expect("a summary");
    let summary: serde_json::Value = serde_json::from_str(&summary).expect("JSON");
    assert_eq!(summary["link"], "pipe");
    assert_eq!(summary["packets"], summary["explained"]);
    assert_eq!(summary["checks"]["failed"], 0);
    let packets = summary["packets"].as_u64().expect("a number");
    assert_eq!(frames(&folder.join("capture.pcapng")), packets);
    let ladder = fs::read_to_string(folder.join("ladder.txt")).expect("a ladder");
    assert!(said.contains(&ladder), "what is printed is what is kept");
    records::explain_every_packet(&folder, packets);
    records::are_told_by_why(scratch.path(), packets);
    records::are_asked(scratch.path());
    records::are_shown_in_other_forms(scratch.path(), &folder);
    records::make_the_page_again(scratch.path(), &folder);
}

#[test]
fn a_program_gets_one_object() {
    let scratch = Scratch::new("json");
    let output = run(&[
        "demo",
        "--link",
        "in-process",
        "--json",
        "-o",
        scratch.path(),
    ]);
    assert_eq!(output.status.code(), Some(0));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(json["run"], "0001-demo");
    assert_eq!(json["seed"], 42);
    assert_eq!(json["connections"].as_array().map(Vec::len), Some(2));
}

#[test]
fn what_is_demanded_and_missing_is_an_error_of_its_own() {
    let scratch = Scratch::new("require");
    let args = ["demo", "--link", "in-process", "-o", scratch.path()];
    let demanding = [&args[..], &["--require", "netns"]].concat();
    let [what, ..] = trouble(&run(&demanding), 3);
    assert_eq!(what, "--require netns is not met");
    let output = pellucid(&args).env("PELLUCID_REQUIRE", "tun").output();
    trouble(&output.expect("the program runs"), 3);
    let output = pellucid(&args)
        .env("PELLUCID_REQUIRE", "tools,tun")
        .output();
    trouble(&output.expect("the program runs"), 3);
    let output = pellucid(&args).env("PELLUCID_REQUIRE", "luck").output();
    let [_, why, _] = trouble(&output.expect("the program runs"), 2);
    assert!(why.contains("netns, tun, veth"), "{why}");
    assert_eq!(fs::read_dir(&scratch.0).expect("it is there").count(), 0);
}

#[test]
fn a_place_that_cannot_be_written_to_is_named() {
    let args = ["demo", "--link", "in-process", "-o", "/dev/null/runs"];
    let [what, ..] = trouble(&run(&args), 1);
    assert_eq!(what, "cannot create /dev/null/runs");
}

#[test]
fn a_signal_ends_the_demo_with_its_code_and_a_whole_capture() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let scratch = Scratch::new(&format!("signal{code}"));
        let args = ["demo", "--link", "in-process", "-o", scratch.path()];
        let mut child = pellucid(&args)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program runs");
        // The head is printed when both ends are at work; TIME-WAIT alone lasts a second more.
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("piped");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let pid = Pid::from_child(&child);
        kill_process(pid, signal).expect("it is ours");
        let ended = child.wait().expect("it ends");
        assert_eq!(ended.code(), Some(code), "{line}");
        frames(&scratch.0.join("0001-demo/capture.pcapng"));
    }
}

/// How many packets a capture has; every block of it must be whole.
fn frames(capture: &Path) -> u64 {
    use pcap_file::pcapng::{Block, PcapNgReader};
    let file = fs::File::open(capture).expect("a capture");
    let mut reader = PcapNgReader::new(BufReader::new(file)).expect("a section");
    let mut packets = 0;
    while let Some(block) = reader.next_block() {
        let (block, _) = block.expect("a whole block");
        packets += u64::from(matches!(block, Block::EnhancedPacket(_)));
    }
    packets
}

#[test]
fn options_of_scripts_may_be_typed_as_well_as_written() {
    let scratch = Scratch::new("drill");
    let script = scratch.0.join("a.pkt");
    let text_of_it = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = FD\n";
    fs::write(&script, text_of_it).expect("a place to write");
    let script = script.to_str().expect("a name in UTF-8");
    let drill = |more: &[&str]| {
        let output = run(&[&["drill", script], more].concat());
        (output.status.code(), text(&output.stdout))
    };
    assert_eq!(drill(&["--fail-on-skip"]).0, Some(1));
    for define in [
        &["-D", "FD=3"][..],
        &["--define=FD=3"],
        &["--define", "FD=3"],
    ] {
        assert_eq!(drill(define).0, Some(0), "{define:?}");
    }
    let (code, said) = drill(&["-D", "FD=3", "--strict_segments", "--speed=0"]);
    assert_eq!((code, said.contains("1 pass")), (Some(0), true), "{said}");
    // What is not there is named, and no pass.
    for option in ["speed", "init_scripts", "wire_client", "psp_udp_port"] {
        let (code, said) = drill(&["-D", "FD=3", "--fail-on-skip", &format!("--{option}=9")]);
        assert_eq!(code, Some(1));
        assert!(said.contains(&format!("option:{option}")), "{said}");
    }
}
