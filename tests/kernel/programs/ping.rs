//! `ping` and `traceroute` of ours, answered by Linux.

use std::process::{Output, Stdio};
use std::time::Duration;

use pellucid::namespace::Inside;
use rustix::process::{Pid, Signal, kill_process};

use super::{PAIRS, Running, Scratch, make_tun, on_tun, packets, pellucid, said};
use crate::harness::{Case, inside};

pub const CASES: &[Case] = &[
    inside("ping::linux_answers_short_and_long_requests", answered),
    inside("ping::nobody_there_is_an_exit_of_1_and_told", unanswered),
    inside("ping::a_signal_ends_it_with_its_statistics", interrupted),
    inside("ping::what_does_not_fit_is_a_usage_error", too_long),
    inside("traceroute::finds_linux_one_hop_away", one_hop),
    inside("traceroute::silence_ends_at_the_last_hop_with_1", no_hop),
];

/// Runs one of the two.
fn run(words: &[&str]) -> Output {
    let (verb, rest) = words.split_first().expect("a verb");
    let mut command = pellucid();
    on_tun(command.arg(verb));
    command.args(rest).output().expect("the program runs")
}

// req: RFC1122-3.2.2.6-2, RFC4443-4.2-3
fn answered(inside: &Inside) {
    make_tun(inside);
    let scratch = Scratch::new();
    // Requests and answers go in pieces of at most 1,480 bytes on IPv4 and 1,448 on IPv6.
    for ((kernel, _), pieces) in PAIRS.into_iter().zip([41, 42]) {
        for (size, pieces) in [(0, 1), (8, 1), (60_000, pieces)] {
            let capture = scratch.file(&format!("{kernel}-{size}.pcapng"));
            let text = size.to_string();
            let words = ["ping", "-c", "3", "-i", "0.05", "-s", &text];
            let output = run(&[&words[..], &["--capture", &capture, kernel]].concat());
            let text = said(&output.stdout);
            assert_eq!(output.status.code(), Some(0), "{text}");
            let summary = "3 packets transmitted, 3 received, 0% packet loss";
            assert!(text.contains(summary), "{text}");
            // What was changed or cut on its way would be told in the answer's own line.
            let line = format!("{} bytes from {kernel}: icmp_seq=", size + 8);
            let answers = text.lines().filter(|text| text.starts_with(&line));
            let whole = answers.filter(|text| text.ends_with(" ms"));
            assert_eq!(whole.count(), 3, "{text}");
            assert_eq!(packets(&capture), 3 * 2 * pieces, "{kernel} {size}");
        }
    }
}

fn unanswered(inside: &Inside) {
    make_tun(inside);
    for nobody in ["10.90.0.99", "fd90::99"] {
        let output = run(&["ping", "-c", "2", "-i", "0.05", "-W", "0.3", nobody]);
        let text = said(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains("2 packets transmitted, 0 received"), "{text}");
        assert!(text.contains("100% packet loss"), "{text}");
    }
}

fn interrupted(inside: &Inside) {
    make_tun(inside);
    let mut command = pellucid();
    on_tun(command.arg("ping")).args(["-i", "0.05", PAIRS[0].0]);
    command.stdout(Stdio::piped());
    let mut running = Running(command.spawn().expect("the program runs"));
    std::thread::sleep(Duration::from_secs(1));
    kill_process(Pid::from_child(&running.0), Signal::INT).expect("it is ours");
    let stdout = running.0.stdout.take().expect("a pipe");
    let text = std::io::read_to_string(stdout).expect("text");
    assert_eq!(running.code(), Some(130), "{text}");
    assert!(text.contains(" 0% packet loss, time "), "{text}");
    assert!(text.contains("rtt min/avg/max/mdev = "), "{text}");
}

fn too_long(inside: &Inside) {
    make_tun(inside);
    for (words, most) in [
        (
            &["ping", "-c", "1", "--whole", "-s", "1473", "10.90.0.1"][..],
            "at most 1472 go there",
        ),
        (
            &["ping", "-c", "1", "--whole", "-s", "1453", "fd90::1"],
            "at most 1452 go there",
        ),
        (
            &["ping", "-c", "1", "-s", "65508", "10.90.0.1"],
            "at most 65507 go there",
        ),
        (
            &["ping", "-c", "1", "-s", "65528", "fd90::1"],
            "from 0 to 65527",
        ),
        (&["ping", "-c", "0", "fd90::1"], "a whole number from 1 on"),
        (&["traceroute", "-m", "0", "fd90::1"], "from 1 to 255"),
    ] {
        let output = run(words);
        let text = said(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(most), "{text}");
    }
}

fn one_hop(inside: &Inside) {
    make_tun(inside);
    for (kernel, _) in PAIRS {
        let output = run(&["traceroute", kernel]);
        let text = said(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{text}");
        let lines: Vec<&str> = text.lines().collect();
        let [head, row] = lines[..] else {
            panic!("{text}");
        };
        assert!(head.starts_with(&format!("traceroute to {kernel} ({kernel}), 30 hops max")));
        assert!(row.starts_with(&format!(" 1  {kernel}  ")), "{text}");
        assert_eq!(row.matches(" ms").count(), 3, "{text}");
    }
}

fn no_hop(inside: &Inside) {
    make_tun(inside);
    let output = run(&[
        "traceroute",
        "-m",
        "2",
        "-p",
        "2",
        "-w",
        "0.2",
        "10.90.0.99",
    ]);
    let text = said(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.ends_with("packets\n 1  * *\n 2  * *\n"), "{text}");
}
