//! `dig`, and names for `get`: name servers and a resolver that others wrote, NSD and Unbound, and
//! BIND's `dig` to hold ours against.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, TcpListener, UdpSocket};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use pellucid::namespace::Inside;
use rustix::process::{Pid, Signal, kill_process};

use super::get::read_head;
use super::{Running, Scratch, done, make_tun, on_tun, pellucid, said, tool};
use crate::harness::{Case, inside};

pub const CASES: &[Case] = &[
    inside("names::a_walk_finds_what_unbound_finds", walk),
    inside("names::what_is_not_there_is_told_apart", not_there),
    inside("names::get_takes_names_by_a_resolver_and_by_a_walk", fetch),
    inside("names::binds_dig_is_answered_as_by_unbound", serve),
];

/// Servers of the root, of `example.` and of `pellucid.example.`, and the zone of each.
const SERVERS: [(&str, &str, &str); 3] = [
    (
        "198.51.100.1",
        ".",
        "$ORIGIN .\n\
         @ 60 SOA a.root.example. who.example. 1 60 60 60 30\n\
         @ 60 NS a.root.example.\n\
         a.root.example. 60 A 198.51.100.1\n\
         example. 60 NS a.nic.example.\n\
         a.nic.example. 60 A 198.51.100.2\n",
    ),
    (
        "198.51.100.2",
        "example",
        "$ORIGIN example.\n\
         @ 60 SOA a.nic who 1 60 60 60 30\n\
         @ 60 NS a.nic\n\
         a.nic 60 A 198.51.100.2\n\
         a.root 60 A 198.51.100.1\n\
         pellucid 60 NS ns1.pellucid\n\
         ns1.pellucid 60 A 198.51.100.3\n",
    ),
    (
        "198.51.100.3",
        "pellucid.example",
        "$ORIGIN pellucid.example.\n\
         @ 60 SOA ns1 who 1 60 60 60 30\n\
         @ 60 NS ns1\n\
         @ 60 MX 10 mail\n\
         ns1 60 A 198.51.100.3\n\
         www 60 CNAME edge\n\
         edge 60 A 203.0.113.10\n\
         round 60 CNAME again\n\
         again 60 CNAME round\n\
         only6 60 AAAA 2001:db8:10::10\n",
    ),
];

/// Where Unbound answers.
const UNBOUND: &str = "10.90.0.1";

/// All of them at work, on the kernel's sockets.
struct World {
    _servers: Vec<Running>,
    dir: Scratch,
}

impl World {
    fn new(inside: &Inside) -> World {
        make_tun(inside);
        let mut links = inside.links().expect("netlink");
        for ip in [
            "198.51.100.1",
            "198.51.100.2",
            "198.51.100.3",
            "203.0.113.10",
        ] {
            let ip: IpAddr = ip.parse().expect("an address");
            links.add_address("lo", ip, 32).expect("an address");
        }
        let dir = Scratch::new();
        let mut servers: Vec<_> = SERVERS.iter().map(|server| nsd(&dir, server)).collect();
        servers.push(unbound(&dir));
        let all = SERVERS.iter().map(|(ip, ..)| *ip).chain([UNBOUND]);
        all.for_each(wait_for);
        World {
            _servers: servers,
            dir,
        }
    }
}

/// Starts NSD for one zone.
fn nsd(dir: &Scratch, (ip, zone, text): &(&str, &str, &str)) -> Running {
    let mut text = (*text).to_owned();
    if *zone == "pellucid.example" {
        // More than a datagram holds that may be 1,232 octets long.
        let long = format!("\"{}\" ", "x".repeat(200)).repeat(10);
        text.push_str(&format!("big 60 TXT {long}\n"));
    }
    let own = dir.file(ip);
    fs::create_dir(&own).expect("room");
    fs::write(format!("{own}/zone"), text).expect("room");
    let config = format!(
        "server:\n  ip-address: {ip}\n  username: \"\"\n  chroot: \"\"\n  zonesdir: \"{own}\"\n  \
         pidfile: \"\"\n  database: \"\"\n  xfrdfile: \"\"\n  xfrdir: \"{own}\"\n  \
         zonelistfile: \"{own}/zones\"\n  cookie-secret-file: \"\"\n  server-count: 1\n\
         remote-control:\n  control-enable: no\n\
         zone:\n  name: \"{zone}\"\n  zonefile: \"zone\"\n"
    );
    start(tool("nsd", "-v", "NSD"), &own, &config, &["-d", "-c"])
}

/// Starts Unbound, which knows only where the root is.
fn unbound(dir: &Scratch) -> Running {
    let own = dir.file("unbound");
    fs::create_dir(&own).expect("room");
    let hints = ". 3600 NS a.root.example.\na.root.example. 3600 A 198.51.100.1\n";
    fs::write(format!("{own}/hints"), hints).expect("room");
    let config = format!(
        "server:\n  interface: {UNBOUND}\n  username: \"\"\n  chroot: \"\"\n  pidfile: \"\"\n  \
         directory: \"{own}\"\n  use-syslog: no\n  logfile: \"\"\n  do-ip6: no\n  \
         root-hints: \"{own}/hints\"\n  module-config: \"iterator\"\n  \
         access-control: 10.90.0.0/24 allow\n  access-control: 127.0.0.0/8 allow\n\
         remote-control:\n  control-enable: no\n"
    );
    start(
        tool("unbound", "-V", "Version"),
        &own,
        &config,
        &["-d", "-c"],
    )
}

fn start(mut command: Command, own: &str, config: &str, args: &[&str]) -> Running {
    let path = format!("{own}/config");
    fs::write(&path, config).expect("room");
    let log = fs::File::create(format!("{own}/log")).expect("room");
    command.args(args).arg(path).stdin(Stdio::null());
    command
        .stdout(log.try_clone().expect("a descriptor"))
        .stderr(log);
    Running(command.spawn().expect("it runs"))
}

/// Waits until a name server at this address answers.
fn wait_for(ip: &str) {
    let until = Instant::now() + Duration::from_secs(20);
    let socket = UdpSocket::bind("0.0.0.0:0").expect("a socket");
    socket.connect((ip, 53)).expect("a peer");
    let patience = Some(Duration::from_millis(100));
    socket.set_read_timeout(patience).expect("a time");
    // A question for the servers of the root.
    let question = *b"\0\x07\0\0\0\x01\0\0\0\0\0\0\0\0\x02\0\x01";
    let mut room = [0; 512];
    while Instant::now() < until {
        if socket.send(&question).is_ok() && socket.recv(&mut room).is_ok() {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("no name server answers at {ip}");
}

/// Our `dig`.
fn dig(words: &[&str]) -> Command {
    let mut command = pellucid();
    on_tun(command.arg("dig").args(words));
    command
}

/// The data that BIND's `dig` gets.
fn judge(words: &[&str]) -> Vec<String> {
    let mut dig = tool("dig", "-v", "DiG");
    let output = done(
        dig.args(["+short", "+tries=1", &format!("@{UNBOUND}")])
            .args(words),
    );
    lines(&output)
}

/// In lower case: that of names means nothing (RFC 1035 section 2.3.3), and Unbound has it from the
/// question.
fn lines(output: &[u8]) -> Vec<String> {
    let mut lines: Vec<_> = said(output).lines().map(str::to_lowercase).collect();
    lines.sort();
    lines
}

fn walk(inside: &Inside) {
    let world = World::new(inside);
    let from_root = ["--root", "198.51.100.1"];
    for question in [
        ["www.pellucid.example", "A"],
        ["WWW.Pellucid.Example", "CNAME"],
        ["pellucid.example", "MX"],
        ["pellucid.example", "NS"],
        ["only6.pellucid.example", "AAAA"],
        ["big.pellucid.example", "TXT"],
    ] {
        let expected = judge(&question);
        assert!(!expected.is_empty(), "{question:?}");
        let walked = done(dig(&question).arg("+short").args(from_root));
        assert_eq!(lines(&walked), expected, "{question:?}, walked");
        let asked = done(dig(&question).args(["+short", "@10.90.0.1"]));
        assert_eq!(lines(&asked), expected, "{question:?}, of Unbound");
    }
    let capture = world.dir.file("walk.pcapng");
    let output = done(
        dig(&["+trace", "www.pellucid.example", "www.pellucid.example"])
            .args(from_root)
            .args(["--capture", &capture]),
    );
    let output = said(&output);
    for word in [
        "example. is served by a.nic.example. (glue 198.51.100.2)",
        "pellucid.example. is served by ns1.pellucid.example. (glue 198.51.100.3)",
        "198.51.100.3:53 (udp)",
        "IN  CNAME  edge.pellucid.example.",
        "2 records, without a question",
    ] {
        assert!(output.contains(word), "{word}: {output}");
    }
    // The capture has what the walk tells: the root referred to another.
    let found = super::tshark_finds(&capture, "dns.flags.response == 1 && dns.ns");
    if let Ok(found) = found {
        assert!(found.lines().count() >= 2, "{found}");
    }
}

fn not_there(inside: &Inside) {
    let _world = World::new(inside);
    for more in [["--root", "198.51.100.1"], ["--resolver", UNBOUND]] {
        for (words, reason) in [
            (["no.pellucid.example", "A"], "(NXDOMAIN)"),
            (["edge.pellucid.example", "MX"], "(NODATA)"),
        ] {
            let output = dig(&words).args(more).output().expect("it runs");
            let error = said(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{error}");
            assert!(error.contains(reason), "{more:?} {words:?}: {error}");
        }
        let mut round = dig(&["round.pellucid.example"]);
        let output = round.args(more).output().expect("it runs");
        assert_eq!(output.status.code(), Some(1), "{}", said(&output.stderr));
    }
    let nobody = dig(&["x.example", "@10.90.0.77"]).output();
    let error = said(&nobody.expect("it runs").stderr);
    assert!(error.contains("--resolver names another"), "{error}");
}

/// What BIND's `dig` hears from `server`, and how that ended.
fn heard(server: &str, words: &[&str]) -> String {
    let mut dig = tool("dig", "-v", "DiG");
    let output = dig
        .args(["+tries=1", &format!("@{server}")])
        .args(words)
        .output();
    said(&output.expect("it runs").stdout)
}

fn serve(inside: &Inside) {
    let _world = World::new(inside);
    let mut command = pellucid();
    on_tun(command.args(["resolve-server", "--root", "198.51.100.1", "-v"]));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut serving = Running(command.spawn().expect("the program runs"));
    let mut line = String::new();
    let stdout = serving.0.stdout.as_mut().expect("piped");
    BufReader::new(stdout).read_line(&mut line).expect("a line");
    assert!(
        line.contains("10.90.0.2:53") && line.contains("walks from 1 root"),
        "{line}"
    );
    let ours = "10.90.0.2";
    for question in [
        ["www.pellucid.example", "A"],
        ["pellucid.example", "MX"],
        ["only6.pellucid.example", "AAAA"],
        ["big.pellucid.example", "TXT"],
    ] {
        let short = heard(ours, &[question[0], question[1], "+short"]);
        assert_eq!(lines(short.as_bytes()), judge(&question), "{question:?}");
    }
    // It is cut for a datagram, and whole over a connection.
    let cut = heard(ours, &["big.pellucid.example", "TXT", "+ignore"]);
    assert!(
        cut.contains(" tc ") || cut.contains("flags: qr tc"),
        "{cut}"
    );
    for (words, expected) in [
        (&["no.pellucid.example"][..], "status: NXDOMAIN"),
        (&["edge.pellucid.example", "MX"], "ANSWER: 0, AUTHORITY: 1"),
        (&["www.pellucid.example", "+norecurse"], "status: REFUSED"),
        (
            &["www.pellucid.example", "+edns=1", "+noednsneg"],
            "status: BADVERS",
        ),
        (
            &["www.pellucid.example", "+opcode=status"],
            "status: NOTIMP",
        ),
        (&["www.pellucid.example", "+tcp"], "status: NOERROR"),
        (&["www.pellucid.example", "-c", "CH"], "status: REFUSED"),
    ] {
        let answer = heard(ours, words);
        assert!(answer.contains(expected), "{words:?}: {answer}");
    }
    let process = Pid::from_child(&serving.0);
    kill_process(process, Signal::INT).expect("it runs");
    assert_eq!(serving.code(), Some(130));
    let mut told = String::new();
    let stderr = serving.0.stderr.as_mut().expect("piped");
    stderr.read_to_string(&mut told).expect("text");
    // The root is asked once for what lies below it, and then no more.
    let asked_root = told.matches("asked 198.51.100.1:53").count();
    assert_eq!(asked_root, 1, "{told}");
}

fn fetch(inside: &Inside) {
    let _world = World::new(inside);
    let listener = TcpListener::bind("203.0.113.10:80").expect("an address of lo");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let head = read_head(&stream);
            let body = head
                .lines()
                .find(|line| line.to_lowercase().starts_with("host:"));
            let body = body.expect("a host").to_owned();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            stream.write_all((head + &body).as_bytes()).expect("room");
        }
    });
    for more in [["--resolver", UNBOUND], ["--root", "198.51.100.1"]] {
        let mut command = pellucid();
        on_tun(command.args(["get", "-v", "http://www.pellucid.example/"])).args(more);
        let output = command.output().expect("it runs");
        let error = said(&output.stderr);
        assert!(output.status.success(), "{error}");
        assert_eq!(said(&output.stdout), "host: www.pellucid.example");
        assert!(error.contains("A asked "), "{error}");
        assert!(error.contains("203.0.113.10:80"), "{error}");
    }
    let mut ping = pellucid();
    on_tun(ping.args([
        "ping",
        "-c",
        "1",
        "www.pellucid.example",
        "--resolver",
        UNBOUND,
    ]));
    assert!(said(&done(&mut ping)).contains("203.0.113.10"));
}
