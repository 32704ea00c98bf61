//! `serve`, and the kernel as its client.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Shutdown, TcpStream};
use std::process::Stdio;

use pellucid::namespace::Inside;
use rustix::process::{Pid, Signal, kill_process};

use super::{
    LARGE, PAIRS, Running, Scratch, TUN, bytes, curl, done, make_tun, noise, on_tun, pellucid,
    said, sha256, url,
};
use crate::harness::{Case, inside};

pub const CASES: &[Case] = &[
    inside("serve::curl_fetches_100_mib_over_both_families", fetched),
    inside(
        "serve::a_client_that_has_closed_its_side_reads_on",
        half_closed,
    ),
    inside("serve::a_client_that_is_killed_harms_nobody", client_killed),
    inside(
        "serve::a_signal_cuts_transfers_and_keeps_the_capture",
        stopped,
    ),
    inside("serve::a_signal_ends_it_in_order", interrupted),
    inside("serve::an_interface_that_goes_is_an_error", interface_goes),
];

/// Starts `serve`, which says that it listens.
fn serve(dir: &Scratch, more: &[&str]) -> Running {
    let mut command = pellucid();
    on_tun(command.arg("serve").arg(&dir.0)).args(more);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut serving = Running(command.spawn().expect("the program runs"));
    says_that_it_listens(&mut serving);
    serving
}

/// Waits until it says so.
pub(super) fn says_that_it_listens(serving: &mut Running) {
    let stdout = serving.0.stdout.as_mut().expect("piped");
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).expect("a line");
    let at = " at http://10.90.0.2/ and http://[fd90::2]/\n";
    assert!(line.ends_with(at), "{line}");
}

/// What it said besides.
fn told(serving: &mut Running) -> String {
    let mut text = String::new();
    let stderr = serving.0.stderr.as_mut().expect("piped");
    stderr.read_to_string(&mut text).expect("text");
    text
}

fn send(serving: &Running, signal: Signal) {
    kill_process(Pid::from_child(&serving.0), signal).expect("it is ours");
}

fn fetched(inside: &Inside) {
    make_tun(inside);
    let scratch = Scratch::new();
    let large = noise(LARGE);
    fs::write(scratch.file("large.bin"), &large).expect("room");
    let _serving = serve(&scratch, &[]);
    for (_, ours) in PAIRS {
        let got = done(curl().arg(url(ours, "/large.bin")));
        assert_eq!(got.len(), LARGE, "{ours}");
        assert_eq!(sha256(&got), sha256(&large), "{ours}");
        let part = done(curl().args(["-r", "1000-1999", &url(ours, "/large.bin")]));
        assert_eq!(part, large[1000..2000]);
    }
}

fn half_closed(inside: &Inside) {
    make_tun(inside);
    let scratch = Scratch::new();
    let body = noise(1 << 20);
    fs::write(scratch.file("body"), &body).expect("room");
    let _serving = serve(&scratch, &[]);
    for (_, ours) in PAIRS {
        let ip: IpAddr = ours.parse().expect("an address");
        let mut stream = TcpStream::connect((ip, 80)).expect("it listens");
        stream
            .write_all(b"GET /body HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .expect("room");
        stream.shutdown(Shutdown::Write).expect("open");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an orderly end");
        assert!(answer.ends_with(&body), "{ours}: {} bytes", answer.len());
    }
}

/// A client in the middle of a transfer that takes its time.
pub(super) fn slow_client(ours: &str) -> Running {
    let mut command = curl();
    command.args(["--limit-rate", "1M", &url(ours, "/large.bin")]);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("curl");
    let mut beginning = vec![0; 100_000];
    let stdout = child.stdout.as_mut().expect("piped");
    stdout.read_exact(&mut beginning).expect("a beginning");
    Running(child)
}

fn client_killed(inside: &Inside) {
    make_tun(inside);
    let scratch = Scratch::new();
    let large = noise(10 << 20);
    fs::write(scratch.file("large.bin"), &large).expect("room");
    let capture = scratch.file("capture.pcapng");
    let mut serving = serve(&scratch, &["--capture", &capture]);
    for (_, ours) in PAIRS {
        // Dropped, it is killed: the kernel resets the connection.
        drop(slow_client(ours));
        let got = done(curl().arg(url(ours, "/large.bin")));
        assert_eq!(sha256(&got), sha256(&large), "{ours}");
    }
    send(&serving, Signal::INT);
    assert_eq!(serving.code(), Some(130));
    let text = told(&mut serving);
    assert!(text.contains("captured "), "{text}");
    // Two transfers, and two beginnings.
    assert!(bytes(&capture) > 2 * large.len() + 2 * 100_000);
}

fn stopped(inside: &Inside) {
    make_tun(inside);
    let scratch = Scratch::new();
    fs::write(scratch.file("large.bin"), noise(LARGE)).expect("room");
    for ((_, ours), name) in PAIRS.iter().zip(["v4.pcapng", "v6.pcapng"]) {
        let capture = scratch.file(name);
        let tape = scratch.file(&format!("{name}.plt"));
        let mut serving = serve(&scratch, &["--capture", &capture, "--tape", &tape]);
        let mut client = slow_client(ours);
        send(&serving, Signal::TERM);
        assert_eq!(serving.code(), Some(143));
        let mut stdout = client.0.stdout.take().expect("piped");
        std::io::copy(&mut stdout, &mut std::io::sink()).expect("to its end");
        // 18: a part of the body only; 56: the connection broke.
        let ended = client.code();
        assert!(matches!(ended, Some(18 | 56)), "{ours}: {ended:?}");
        assert!(bytes(&capture) > 100_000, "{ours}");
        // Cut short as it was, it does the same again.
        let again = said(&done(pellucid().args(["replay", &tape])));
        assert!(again.contains(": all as they were ("), "{again}");
    }
}

fn interrupted(inside: &Inside) {
    make_tun(inside);
    let scratch = Scratch::new();
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let mut serving = serve(&scratch, &[]);
        send(&serving, signal);
        assert_eq!(serving.code(), Some(code));
        assert_eq!(told(&mut serving), "");
    }
}

fn interface_goes(inside: &Inside) {
    make_tun(inside);
    let scratch = Scratch::new();
    fs::write(scratch.file("large.bin"), noise(LARGE)).expect("room");
    let capture = scratch.file("capture.pcapng");
    let mut serving = serve(&scratch, &["--capture", &capture]);
    let _client = slow_client(PAIRS[0].1);
    let deleted = inside.links().and_then(|mut links| links.delete(TUN));
    deleted.expect("it is there");
    assert_eq!(serving.code(), Some(1));
    let text = told(&mut serving);
    for words in [
        "pellucid: cannot serve any longer\n",
        "the TUN interface plc0 has been deleted\n",
        "  now:  see what became of the interface",
    ] {
        assert!(
            text.contains(words),
            "{words} is missing: {}",
            said(text.as_bytes())
        );
    }
    assert!(bytes(&capture) > 100_000);
}
