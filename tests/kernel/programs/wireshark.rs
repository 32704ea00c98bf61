//! What `wireshark install` writes, before tshark: the fields, the profile, the live interface.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use pellucid::base::InterfaceId;
use pellucid::observe::pcapng::{Direction, Interface, Packet, Section, Writer};
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::{Running, Scratch, done, packets, pellucid, program, said, tool};
use crate::harness::{Case, Lack, Who, outside, skip};

pub const CASES: &[Case] = &[
    outside(
        "wireshark::comments_become_fields_and_columns",
        Who::Caller,
        fields,
    ),
    outside(
        "wireshark::each_filter_of_the_readme_finds_its_frames",
        Who::Caller,
        filters,
    ),
    outside(
        "wireshark::what_somebody_else_says_is_no_field",
        Who::Caller,
        hostile,
    ),
    outside(
        "wireshark::the_profile_colours_what_went_wrong",
        Who::Caller,
        colours,
    ),
    outside(
        "wireshark::its_interface_captures_into_wiresharks_pipe",
        Who::Caller,
        contract,
    ),
    outside(
        "wireshark::tshark_lists_it_and_starts_it",
        Who::Nobody,
        live,
    ),
    outside("wireshark::it_opens_a_run_at_a_frame", Who::Caller, opens),
];

/// A program whose home is the case's.
fn at_home(mut command: Command, scratch: &Scratch) -> Command {
    command.stdin(Stdio::null()).env("HOME", &scratch.0);
    for variable in ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "WIRESHARK_CONFIG_DIR"] {
        command.env_remove(variable);
    }
    command
}

fn install(scratch: &Scratch) -> String {
    let mut command = at_home(pellucid(), scratch);
    said(&done(command.args(["wireshark", "install"])))
}

/// What tshark says of a capture, with what was installed, if there is a tshark.
fn tshark(scratch: &Scratch, capture: &str, args: &[&str]) -> Vec<String> {
    let tshark = tool("tshark", "--version", "with Lua");
    let mut tshark = at_home(tshark, scratch);
    tshark.args(["-C", "pellucid", "-r", capture]).args(args);
    let Output {
        status,
        stdout,
        stderr,
    } = tshark.output().expect("it runs");
    let told = said(&stderr);
    assert!(status.success(), "{told}");
    // Root is told that it is dangerous to be root, and nobody is told anything else.
    let complaints = told
        .lines()
        .filter(|line| !line.contains("Running as user"));
    assert_eq!(complaints.collect::<Vec<_>>(), [""; 0]);
    said(&stdout).lines().map(str::to_owned).collect()
}

fn fields() {
    let scratch = Scratch::new();
    install(&scratch);
    let mut command = pellucid();
    command.args(["demo", "--link", "in-process", "-o"]);
    done(command.arg(&scratch.0));
    let capture = scratch.file("0001-demo/capture.pcapng");
    let columns = tshark(&scratch, &capture, &["-c", "1"]);
    for column in [
        " 14600 1 an active OPEN: the handshake begins (RFC 9293 3.10.1) ",
        " 9293 3.10.1",
    ] {
        assert!(columns[0].contains(column), "{columns:?}");
    }
    let fields = ["-T", "fields", "-e", "pellucid.id", "-e", "pellucid.cwnd"];
    let lines = tshark(&scratch, &capture, &fields);
    assert_eq!(lines.len(), packets(&capture));
    let is_number = |text: &str| text.parse::<u64>().is_ok();
    for line in &lines {
        let (id, cwnd) = line.split_once('\t').expect("two fields");
        // What TIME-WAIT answers has no window any more.
        assert!(
            is_number(id) && (cwnd.is_empty() || is_number(cwnd)),
            "{line}"
        );
    }
    let with_cwnd = lines.iter().filter(|line| !line.ends_with('\t')).count();
    assert!(with_cwnd * 10 > lines.len() * 9, "{with_cwnd}");
    let graph = "io,stat,0.05,AVG(pellucid.cwnd)pellucid.cwnd";
    let table = tshark(&scratch, &capture, &["-q", "-z", graph]);
    assert!(table.iter().any(|line| line.contains("AVG(pellucid.cwnd)")));
    // A row an interval: `| 0.00 <> 0.05 | 14480 |`. No window of this demo is smaller.
    let average = |line: &String| -> Option<u64> {
        let (_, row) = line.split_once("<>")?;
        row.split('|').nth(1)?.trim().parse().ok()
    };
    let first = table.iter().find_map(average);
    assert!(first.is_some_and(|cwnd| cwnd >= 14_000), "{table:?}");
}

/// An ACK without anything, from 10.90.0.2 to 10.90.0.1.
const ACK: [u8; 40] = [
    0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0x26, 0x1a, 10, 90, 0, 2, 10, 90, 0, 1, 0x9c, 0x40, 0,
    80, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 0xff, 0xff, 0xff, 0xff, 0, 0,
];

/// A capture with these comments, a frame each.
fn capture(scratch: &Scratch, frames: &[&[&str]]) -> String {
    let path = scratch.file("made.pcapng");
    let file = fs::File::create(&path).expect("room");
    let interfaces = [Interface::default()];
    let writer = Writer::new(file, &Section::default(), &interfaces, None, &[]);
    let mut writer = writer.expect("room");
    for (number, comments) in frames.iter().enumerate() {
        let comments: Vec<String> = comments.iter().map(|text| (*text).to_owned()).collect();
        let number = number as u64;
        let packet = Packet {
            at: 1_760_000_000_000_000_000 + number,
            interface: InterfaceId::FIRST,
            direction: Direction::In,
            id: number,
            bytes: &ACK,
            len: ACK.len(),
            comments: &comments,
            missing_before: 0,
        };
        writer.packet(&packet).expect("room");
    }
    writer.flush().expect("room");
    path
}

fn filters() {
    let scratch = Scratch::new();
    install(&scratch);
    let frames: [&[&str]; 6] = [
        &[
            "why: the handshake begins",
            "pellucid {\"id\":1,\"cause\":5,\"cwnd\":15000}",
        ],
        &[
            "why: x",
            "pellucid {\"id\":2,\"cwnd\":1460,\"rfc\":\"9293 3.10.7.4\"}",
        ],
        &["why: x", "pellucid {\"id\":3,\"retransmit\":\"fast\"}"],
        &["disposition: out_of_order, text", "pellucid {\"id\":4}"],
        &["why: x", "pellucid {\"id\":5}", "link: lost, scripted"],
        &["event: loss probe timer expired", "pellucid {\"id\":6}"],
    ];
    let expected = [
        ("pellucid.why contains \"handshake\"", "1"),
        ("pellucid.cwnd < 14500", "2"),
        ("pellucid.rfc == \"9293 3.10.7.4\"", "2"),
        ("pellucid.retransmit", "3"),
        ("pellucid.disposition contains \"out_of_order\"", "4"),
        ("pellucid.link contains \"lost\"", "5"),
        ("pellucid.cause == 5", "1"),
        ("pellucid.event contains \"expired\"", "6"),
    ];
    let capture = capture(&scratch, &frames);
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(readme).expect("a page");
    let rows = readme.lines().filter_map(|line| {
        let (filter, _) = line.strip_prefix("| `pellucid.")?.split_once('`')?;
        Some(format!("pellucid.{filter}"))
    });
    let rows: Vec<String> = rows.collect();
    assert_eq!(rows, expected.map(|(filter, _)| filter));
    for (filter, frame) in expected {
        let args = ["-Y", filter, "-T", "fields", "-e", "frame.number"];
        assert_eq!(tshark(&scratch, &capture, &args), [frame], "{filter}");
    }
}

fn hostile() {
    let scratch = Scratch::new();
    install(&scratch);
    let frames: [&[&str]; 5] = [
        // Somebody's own comment.
        &["why: is this so slow?"],
        // A string that would like to be a member, and a number that is a string.
        &["pellucid {\"state\":\"x\\\",\\\"cwnd\\\":1\",\"cwnd\":7,\"mss\":\"9x\"}"],
        // What ends in the middle, and what is no object.
        &["pellucid {\"id\":3,\"state\":\"x"],
        &["pellucid [\"cwnd\":1]", "why: x"],
        // A line of its own, and the first word of each kind.
        &[
            "why: a\nwhy: b\u{1b}[2J",
            "why: c",
            "pellucid {\"id\":5}\npellucid {\"id\":9}",
        ],
    ];
    let capture = capture(&scratch, &frames);
    let mut args = vec!["-T", "fields", "-E", "separator=|"];
    let names = ["why", "state", "cwnd", "mss", "id"].map(|name| format!("pellucid.{name}"));
    args.extend(names.iter().flat_map(|name| ["-e", name.as_str()]));
    assert_eq!(
        tshark(&scratch, &capture, &args),
        [
            "||||",
            "|x\",\"cwnd\":1|7||",
            "||||3",
            "||||",
            "a\\nwhy: b\\u{1b}[2J||||5",
        ]
    );
}

fn colours() {
    let scratch = Scratch::new();
    install(&scratch);
    let of = |kind: &'static str| -> &'static [&'static str] {
        match kind {
            "fast" => &["why: x", "pellucid {\"retransmit\":\"fast\"}"],
            "rto" => &["why: x", "pellucid {\"retransmit\":\"rto\"}"],
            "lost" => &["why: x", "pellucid {\"id\":1}", "link: lost, scripted"],
            "late" => &["disposition: out_of_order, text", "pellucid {\"id\":1}"],
            _ => &[
                "disposition: accepted, ACK of something new",
                "pellucid {\"id\":1}",
            ],
        }
    };
    let frames = ["fast", "rto", "lost", "late", "plain"].map(of);
    let capture = capture(&scratch, &frames);
    let args = ["--color", "-T", "fields", "-e", "frame.coloring_rule.name"];
    let names = tshark(&scratch, &capture, &args);
    let names: Vec<&str> = names.iter().map(|line| plain(line)).collect();
    assert_eq!(
        names,
        [
            "pellucid: fast retransmission",
            "pellucid: retransmission, timeout",
            "pellucid: lost on the link",
            "pellucid: out of order, or a duplicate",
            "",
        ]
    );
}

/// A line without the escapes that colour it.
fn plain(line: &str) -> &str {
    let begin = line.find("pellucid").unwrap_or(line.len());
    let rest = &line[begin..];
    rest.split('\u{1b}').next().unwrap_or_default()
}

fn contract() {
    let scratch = Scratch::new();
    install(&scratch);
    let wrapper = scratch.file(".local/lib/wireshark/extcap/pellucid");
    let ask = |args: &[&str]| said(&done(program(&wrapper).args(args)));
    let list = ask(&["--extcap-interfaces", "--extcap-version=4.0"]);
    let line = "interface {value=pellucid-journey}{display=pellucid: URL journey}";
    assert!(list.contains(line), "{list}");
    let of = "--extcap-interface=pellucid-journey";
    assert!(ask(&[of, "--extcap-dlts"]).contains("{number=101}"));
    assert!(ask(&[of, "--extcap-config"]).contains("{call=--seed}"));
    let fifo = scratch.file("fifo");
    let mode = Mode::RUSR | Mode::WUSR;
    mknodat(CWD, &fifo, FileType::Fifo, mode, 0).expect("a pipe");
    let mut command = program(&wrapper);
    command.args(["--capture", of, "--fifo", &fifo, "--seed", "7"]);
    command.args(["--link", "in-process", "--extcap-capture-filter", ""]);
    command.current_dir(&scratch.0).env("TMPDIR", &scratch.0);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut capturing = Running(command.spawn().expect("a shell"));
    // Until whoever writes has closed it.
    let bytes = fs::read(&fifo).expect("a pipe");
    assert_eq!(capturing.code(), Some(0));
    let copy = scratch.file("copy.pcapng");
    fs::write(&copy, bytes).expect("room");
    assert!(packets(&copy) > 100);
    // It says nothing, which Wireshark would take for trouble, and leaves nothing.
    let mut left = fs::read_dir(&scratch.0).expect("a folder");
    let is_run = |name: &str| name.contains("extcap") || name.contains("runs");
    assert!(!left.any(|entry| is_run(&entry.expect("a name").file_name().to_string_lossy())));
    let wrong = program(&wrapper)
        .args([of, "--capture", "--fifo", &fifo, "--link", "wire"])
        .output()
        .expect("a shell");
    assert_eq!(wrong.status.code(), Some(2));
    assert_eq!(said(&wrong.stderr).lines().count(), 3, "{wrong:?}");
}

fn live() {
    let scratch = Scratch::new();
    let told = install(&scratch);
    let folder = scratch.file(".local/lib/wireshark/extcap");
    if told.contains("export ") {
        let line = format!("export WIRESHARK_EXTCAP_DIR={folder}\n");
        assert!(told.contains(&line), "{told}");
    }
    let tshark = || {
        let mut tshark = at_home(tool("tshark", "--version", "with Lua"), &scratch);
        tshark.env("WIRESHARK_EXTCAP_DIR", &folder);
        tshark
    };
    let list = said(&done(tshark().arg("-D")));
    assert!(
        list.contains("pellucid-journey (pellucid: URL journey)"),
        "{list}"
    );
    let mut capturing = tshark();
    capturing.args([
        "-C",
        "pellucid",
        "-i",
        "pellucid-journey",
        "-a",
        "duration:60",
    ]);
    capturing.args(["-o", "extcap.pellucid_journey.link:in-process", "-c", "40"]);
    capturing.args(["-T", "fields", "-e", "pellucid.why"]);
    let output = capturing.output().expect("it runs");
    let (text, wrong) = (said(&output.stdout), said(&output.stderr));
    if wrong.contains("dumpcap") {
        skip(Lack::Tools, &wrong);
    }
    assert!(output.status.success(), "{wrong}");
    assert!(
        text.contains("an active OPEN: the handshake begins"),
        "{text}{wrong}"
    );
    assert_eq!(text.lines().count(), 40, "{text}");
    let mut command = at_home(pellucid(), &scratch);
    let gone = said(&done(command.args(["wireshark", "uninstall"])));
    assert_eq!(gone.matches("  removed\n").count(), 5, "{gone}");
    assert!(!Path::new(&folder).exists());
}

fn opens() {
    let scratch = Scratch::new();
    let mut command = pellucid();
    command.args(["demo", "--link", "in-process", "-o"]);
    done(command.arg(&scratch.0));
    // Somebody who only says how he was called.
    let bin = scratch.file("bin");
    fs::create_dir(&bin).expect("room");
    let fake = format!("{bin}/wireshark");
    fs::write(&fake, "#!/bin/sh\necho \"$@\"\n").expect("room");
    done(Command::new("chmod").args(["+x", &fake]));
    let open = || {
        let mut command = at_home(pellucid(), &scratch);
        command.args(["wireshark", "open", "latest", "12", "-o"]);
        command.arg(&scratch.0);
        command
    };
    let path = scratch.file("latest/capture.pcapng");
    let called = said(&done(open().env("PATH", format!("{bin}:/bin:/usr/bin"))));
    assert_eq!(called, format!("-r {path} -g 12\n"));
    install(&scratch);
    let called = said(&done(open().env("PATH", format!("{bin}:/bin:/usr/bin"))));
    assert_eq!(called, format!("-C pellucid -r {path} -g 12\n"));
    let missing = open()
        .env("PATH", "/nonexistent")
        .output()
        .expect("it runs");
    let told = said(&missing.stderr);
    assert_eq!(missing.status.code(), Some(1));
    assert!(
        told.starts_with("pellucid: cannot start wireshark\n"),
        "{told}"
    );
    assert_eq!(told.lines().count(), 3, "{told}");
    let rich = open().arg("--rich").output().expect("it runs");
    assert!(
        said(&rich.stderr).contains("pellucid demo --rich"),
        "{rich:?}"
    );
}
