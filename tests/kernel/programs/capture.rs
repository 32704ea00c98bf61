//! Captures before other eyes: tshark, tcpdump and tcptrace, from files and from pipes.

use std::fs;
use std::io::Read;
use std::process::Stdio;

use pellucid::namespace::Inside;

use super::{
    Running, Scratch, curl, done, faults, make_tun, on_tun, packets, pellucid, program, said, tool,
    url,
};
use crate::harness::{Case, Lack, Who, inside, outside, skip};

pub const CASES: &[Case] = &[
    outside(
        "capture::each_frame_says_why_or_what_became_of_it",
        Who::Caller,
        reasons,
    ),
    outside(
        "capture::tcpdump_and_tcptrace_read_it",
        Who::Caller,
        others_read,
    ),
    outside(
        "capture::rows_stand_between_packets_for_wireshark_alone",
        Who::Caller,
        rich,
    ),
    outside(
        "capture::a_pipe_gets_what_the_file_gets_and_the_story_goes_elsewhere",
        Who::Caller,
        piped,
    ),
    outside(
        "capture::a_reader_that_leaves_the_demo_does_not_end_it",
        Who::Caller,
        reader_leaves,
    ),
    outside(
        "capture::what_is_explained_as_sent_again_tshark_takes_for_that_too",
        Who::Caller,
        explained,
    ),
    inside(
        "capture::a_pipe_shows_packets_as_they_come_and_its_end_ends_us",
        live,
    ),
];

/// A demonstration's folder.
fn demo(scratch: &Scratch, more: &[&str]) -> String {
    let mut command = pellucid();
    command.args(["demo", "--link", "in-process", "-o"]);
    done(command.arg(&scratch.0).args(more));
    scratch.file("0001-demo")
}

/// How many frames of a capture this filter leaves.
fn count(capture: &str, filter: &str) -> usize {
    let mut tshark = tool("tshark", "--version", "TShark");
    tshark.args(["-r", capture, "-Y", filter]);
    said(&done(&mut tshark)).lines().count()
}

fn reasons() {
    let scratch = Scratch::new();
    let capture = format!("{}/capture.pcapng", demo(&scratch, &[]));
    let sent = "frame.packet_flags_direction == 2";
    let received = "frame.packet_flags_direction == 1";
    let why = r#"frame.comment matches "^why: ""#;
    let disposition = r#"frame.comment matches "^disposition: ""#;
    let counts = [
        count(&capture, sent),
        count(&capture, &format!("{sent} && {why}")),
        count(&capture, received),
        count(&capture, &format!("{received} && {disposition}")),
    ];
    assert!(counts[0] > 0 && counts[2] > 0, "{counts:?}");
    assert_eq!((counts[0], counts[2]), (counts[1], counts[3]));
    assert_eq!(counts[0] + counts[2], packets(&capture));
    let faults = faults(&capture);
    let faults = faults.unwrap_or_else(|reason| skip(Lack::Tools, &reason));
    assert_eq!(faults, "");
}

fn others_read() {
    let scratch = Scratch::new();
    let capture = format!("{}/capture.pcapng", demo(&scratch, &[]));
    let packets = packets(&capture);
    let mut tcpdump = tool("tcpdump", "--version", "tcpdump");
    let lines = said(&done(tcpdump.args(["-n", "-r", &capture])));
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines.len(), packets);
    assert!(lines[0].contains(" IP 10.90.0.2."), "{}", lines[0]);
    assert!(lines[0].contains("Flags [S], "), "{}", lines[0]);
    let mut tcptrace = tool("tcptrace", "-h", "tcptrace");
    let told = said(&done(tcptrace.args(["-n", &capture])));
    let line = format!("{packets} packets seen, {packets} TCP packets traced");
    assert!(told.contains(&line), "{told}");
    // Both connections, each from the SYN to the second FIN.
    assert_eq!(told.matches("(complete)").count(), 2, "{told}");
}

fn rich() {
    let scratch = Scratch::new();
    let folder = demo(&scratch, &["--rich"]);
    let (plain, rich) = (
        format!("{folder}/capture.pcapng"),
        format!("{folder}/capture.rich.pcapng"),
    );
    let rows = count(&rich, "json");
    assert_eq!(rows + packets(&plain), packets(&rich));
    assert_eq!(count(&rich, "_ws.malformed || !frame.comment"), 0);
    assert_eq!(count(&rich, "ip || ipv6"), packets(&plain));
    // TIME-WAIT of both connections ends when no packet comes any more.
    let expired = r#"frame.comment == "event: TIME-WAIT timer expired""#;
    assert_eq!(count(&rich, expired), 2);
    let member = r#"json.value.string == "time_wait" && json.value.string == "expired""#;
    assert_eq!(count(&rich, member), 2);
    let mut tcpdump = tool("tcpdump", "--version", "tcpdump");
    let output = tcpdump.args(["-n", "-r", &rich]).output().expect("it runs");
    // If libpcap ever reads it, the page that says otherwise is to be changed.
    assert!(!output.status.success());
}

fn explained() {
    let scratch = Scratch::new();
    let folder = scratch.0.to_str().expect("a name in UTF-8");
    let acts = r#"do=[{at="0s",host="server",act="listen 80"},
        {at="0s",host="client",act="connect server:80; send 600000; close"}]"#;
    let mut command = pellucid();
    command.args([
        "run",
        "examples/scenarios/sack-one-hole.toml",
        "-q",
        "-o",
        folder,
    ]);
    done(command.args([
        "--set",
        "link.up.loss=2%",
        "--set",
        "expect=[]",
        "--set",
        acts,
    ]));
    let capture = scratch.file("0001-sack-one-hole/capture.pcapng");
    let told = done(pellucid().args(["explain", &capture, "--json"]));
    let told: serde_json::Value = serde_json::from_slice(&told).expect("JSON");
    let findings = told["findings"].as_array().expect("a list").iter();
    let ours: Vec<u64> = findings
        .map(|f| f["frame"].as_u64().expect("a frame"))
        .collect();
    let mut tshark = tool("tshark", "--version", "TShark");
    let again = "tcp.analysis.retransmission || tcp.analysis.out_of_order";
    tshark.args([
        "-r",
        &capture,
        "-Y",
        again,
        "-T",
        "fields",
        "-e",
        "frame.number",
    ]);
    let theirs: Vec<u64> = said(&done(&mut tshark))
        .lines()
        .map(|line| line.parse().expect("a number"))
        .collect();
    assert!(ours.len() > 5, "{told}");
    assert_eq!(ours, theirs);
}

fn piped() {
    let scratch = Scratch::new();
    let mut command = pellucid();
    command.args(["demo", "--link", "in-process", "--capture", "-", "-o"]);
    let output = command.arg(&scratch.0).output().expect("it runs");
    let story = said(&output.stderr);
    assert!(output.status.success(), "{story}");
    let file = fs::read(scratch.file("0001-demo/capture.pcapng")).expect("a capture");
    assert!(output.stdout == file, "{} bytes", output.stdout.len());
    assert!(story.contains(" · every packet explained ("), "{story}");
}

fn reader_leaves() {
    let scratch = Scratch::new();
    let script = "\"$0\" demo --link in-process --capture - -o \"$1\" 2>\"$1/said\" | head -c 99; \
                  test -e \"$1/0001-demo/summary.json\"";
    let mut shell = program("sh");
    shell.args(["-c", script]);
    shell.arg(pellucid().get_program()).arg(&scratch.0);
    assert_eq!(done(&mut shell).len(), 99);
    let told = fs::read_to_string(scratch.file("said")).expect("text");
    assert!(told.contains("every packet explained"), "{told}");
    assert!(!told.contains("stops"), "{told}");
}

fn live(inside: &Inside) {
    make_tun(inside);
    let scratch = Scratch::new();
    fs::write(scratch.file("page"), "here").expect("room");
    let mut command = pellucid();
    on_tun(command.arg("serve").arg(&scratch.0));
    command.args(["--capture", "-"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut serving = Running(command.spawn().expect("the program runs"));
    let mut pipe = serving.0.stdout.take().expect("piped");
    // The section stands there before any packet, so the stack is about to begin.
    let mut seen = vec![0; 8 << 10];
    let mut len = pipe.read(&mut seen).expect("a section");
    let mut curl = curl();
    curl.args(["--retry", "20", "--retry-connrefused", "--retry-delay", "1"]);
    assert_eq!(done(curl.arg(url("10.90.0.2", "/page"))), b"here");
    // It still runs, and the handshake and the request are here already: else this waits for ever.
    let path = scratch.file("so-far.pcapng");
    while !seen[..len].windows(9).any(|bytes| bytes == b"GET /page") {
        let mut more = [0; 8 << 10];
        let got = pipe.read(&mut more).expect("a pipe");
        assert!(got > 0, "it ended");
        seen.truncate(len);
        seen.extend(&more[..got]);
        len = seen.len();
    }
    fs::write(&path, &seen[..len]).expect("room");
    assert!(packets(&path) >= 4);
    drop(pipe);
    // As by a hang-up, though nothing more is sent.
    assert_eq!(serving.code(), Some(129));
    let mut told = String::new();
    let stderr = serving.0.stderr.as_mut().expect("piped");
    stderr.read_to_string(&mut told).expect("text");
    // What stands on standard output otherwise, and no complaint.
    assert!(told.starts_with("serving "), "{told}");
    assert!(
        told.lines()
            .last()
            .is_some_and(|line| line.contains("GET /page → 200"))
    );
}
