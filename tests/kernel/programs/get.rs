//! `get`, and servers on the kernel's sockets.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use pellucid::namespace::Inside;
use rustix::net::sockopt::set_socket_linger;
use rustix::process::{Pid, Signal, kill_process};

use super::{
    LARGE, PAIRS, Running, Scratch, TUN, done, make_tun, noise, on_tun, packets, pellucid, said,
    sha256, tool, url,
};
use crate::harness::{Case, inside};

pub const CASES: &[Case] = &[
    inside("get::100_mib_come_whole_over_both_families", fetches),
    inside("get::an_upload_goes_whole", uploads),
    inside("get::without_a_length_the_end_is_the_servers", no_length),
    inside("get::a_reset_is_an_error_and_the_capture_is_whole", reset),
    inside("get::an_early_end_is_an_error", early_end),
    inside("get::a_server_that_is_killed_is_an_error", server_killed),
    inside("get::a_signal_ends_it_with_a_whole_capture", interrupted),
    inside("get::an_interface_that_goes_is_an_error", interface_goes),
    inside("get::an_interface_down_for_a_while_is_none", down_and_up),
    inside("get::nobody_there_is_an_error_with_its_cause", nobody_there),
    inside("get::a_host_that_cannot_be_is_a_usage_error", no_host),
];

/// A server on the kernel's sockets that answers one connection at each address with `answer`.
fn kernel_server(answer: impl Fn(TcpStream) + Clone + Send + 'static) -> Vec<SocketAddr> {
    let serve = |(kernel, _): (&str, &str)| {
        let ip: IpAddr = kernel.parse().expect("an address");
        let listener = TcpListener::bind((ip, 0)).expect("the kernel's address");
        let address = listener.local_addr().expect("bound");
        let answer = answer.clone();
        thread::spawn(move || {
            let (stream, _) = listener.accept().expect("a connection");
            answer(stream);
        });
        address
    };
    PAIRS.map(serve).to_vec()
}

pub fn read_head(stream: &TcpStream) -> String {
    let mut head = String::new();
    let mut reader = BufReader::with_capacity(1, stream);
    while !head.ends_with("\r\n\r\n") {
        let len = reader.read_line(&mut head).expect("text");
        assert_ne!(len, 0, "a whole head: {head}");
    }
    head
}

/// The head of an answer of `LARGE` bytes, and the first million of them.
fn begin(mut stream: &TcpStream) {
    read_head(stream);
    write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {LARGE}\r\n\r\n").expect("room");
    stream.write_all(&[b'x'; 1_000_000]).expect("a reader");
}

fn get(url: &str, more: &[&str]) -> Output {
    let mut command = pellucid();
    on_tun(command.arg("get"));
    let output = command.args(more).arg(url).output();
    output.expect("the program runs")
}

/// `get` in the middle of a body, of which a piece has come.
fn midway(url: &str, more: &[&str]) -> Running {
    let mut command = pellucid();
    on_tun(command.arg("get")).args(more).arg(url);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program runs");
    let stdout = child.stdout.as_mut().expect("piped");
    stdout.read_exact(&mut [0; BEGINNING]).expect("a beginning");
    Running(child)
}

/// How it ended that was midway, and what it said.
fn ended(mut running: Running) -> Output {
    let (stdout, stderr) = (running.0.stdout.take(), running.0.stderr.take());
    let rest = thread::spawn(move || {
        let mut rest = Vec::new();
        stdout
            .expect("piped")
            .read_to_end(&mut rest)
            .expect("bytes");
        rest
    });
    let mut said = Vec::new();
    stderr
        .expect("piped")
        .read_to_end(&mut said)
        .expect("bytes");
    Output {
        status: running.0.wait().expect("our child"),
        stdout: rest.join().expect("it was read"),
        stderr: said,
    }
}

/// What `get` says of a body that broke off: three lines, and how it ends.
#[track_caller]
fn broke(output: &Output) -> String {
    let said = said(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let trouble: Vec<&str> = said
        .lines()
        .filter(|line| !line.starts_with("captured "))
        .collect();
    let [what, why, now] = trouble[..] else {
        panic!("three lines were expected: {said}");
    };
    assert!(what.ends_with("is not whole"), "{said}");
    assert!(why.contains("the body broke off after "), "{said}");
    assert!(now.contains("fetch it again"), "{said}");
    said
}

fn fetches(inside: &Inside) {
    make_tun(inside);
    let large = noise(LARGE);
    let wanted = sha256(&large);
    let servers = kernel_server(move |mut stream| {
        let head = read_head(&stream);
        assert!(head.starts_with("GET /large?x=1 HTTP/1.1\r\n"), "{head}");
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {LARGE}\r\n\r\n").expect("room");
        stream.write_all(&large).expect("a reader");
    });
    for server in servers {
        let mut command = pellucid();
        on_tun(command.arg("get")).arg(format!("http://{server}/large?x=1"));
        let got = done(&mut command);
        assert_eq!(got.len(), LARGE, "{server}");
        assert_eq!(sha256(&got), wanted, "{server}");
    }
}

fn uploads(inside: &Inside) {
    make_tun(inside);
    let scratch = Scratch::new();
    let body = noise(10 << 20);
    fs::write(scratch.file("body"), &body).expect("room");
    let data = format!("@{}", scratch.file("body"));
    let servers = kernel_server(move |mut stream| {
        let head = read_head(&stream);
        assert!(head.starts_with("POST / HTTP/1.1\r\n"), "{head}");
        assert!(head.contains("content-length: 10485760\r\n"), "{head}");
        let mut got = vec![0; body.len()];
        stream.read_exact(&mut got).expect("all of it");
        let verdict = if got == body { "the same" } else { "another" };
        let answer = format!("HTTP/1.1 201 Created\r\ncontent-length: 8\r\n\r\n{verdict}");
        stream.write_all(answer.as_bytes()).expect("a reader");
    });
    for server in servers {
        let output = get(&format!("http://{server}/"), &["-d", &data]);
        assert_eq!(said(&output.stdout), "the same", "{server}");
        assert_eq!(output.status.code(), Some(0));
    }
}

/// The server closes its side first, and still hears our FIN.
fn no_length(inside: &Inside) {
    make_tun(inside);
    let (tell, told) = mpsc::channel();
    let servers = kernel_server(move |mut stream| {
        read_head(&stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").expect("room");
        stream.write_all(&[b'x'; 300_000]).expect("a reader");
        stream.shutdown(Shutdown::Write).expect("open");
        let mut rest = Vec::new();
        tell.send(
            stream
                .read_to_end(&mut rest)
                .map_err(|error| error.to_string()),
        )
        .expect("somebody asks");
    });
    for server in servers {
        let output = get(&format!("http://{server}/"), &[]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output.stderr));
        assert_eq!(output.stdout.len(), 300_000);
        assert_eq!(told.recv(), Ok(Ok(0)), "{server}");
    }
}

fn reset(inside: &Inside) {
    make_tun(inside);
    let scratch = Scratch::new();
    let (go, wait) = mpsc::channel();
    let wait = std::sync::Arc::new(std::sync::Mutex::new(wait));
    let servers = kernel_server(move |stream| {
        begin(&stream);
        // Closing becomes a reset.
        let () = wait.lock().expect("free").recv().expect("a sign");
        set_socket_linger(&stream, Some(Duration::ZERO)).expect("an option");
    });
    for (server, name) in servers.iter().zip(["v4.pcapng", "v6.pcapng"]) {
        let capture = scratch.file(name);
        let running = midway(&format!("http://{server}/"), &["--capture", &capture]);
        go.send(()).expect("it waits");
        let text = broke(&ended(running));
        assert!(text.contains("of 104857600 bytes"), "{text}");
        assert!(text.contains("reset"), "{text}");
        assert!(packets(&capture) >= BEGUN);
    }
}

fn early_end(inside: &Inside) {
    make_tun(inside);
    let servers = kernel_server(|mut stream| {
        read_head(&stream);
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello";
        stream.write_all(head).expect("room");
    });
    for server in servers {
        let output = get(&format!("http://{server}/"), &[]);
        broke(&output);
        assert_eq!(output.stdout, b"hello");
    }
}

/// nc hands on what the case answers; then nc is gone.
fn server_killed(inside: &Inside) {
    make_tun(inside);
    for (kernel, _) in PAIRS {
        let mut nc = tool("nc", "-h", "-l");
        nc.args(["-l", kernel, "8080"]);
        nc.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut server = Running(nc.spawn().expect("nc"));
        while !somebody_listens() {
            thread::sleep(Duration::from_millis(5));
        }
        let mut from = BufReader::new(server.0.stdout.take().expect("piped"));
        let mut to = server.0.stdin.take().expect("piped");
        let answering = thread::spawn(move || {
            let mut line = String::new();
            while line != "\r\n" {
                line.clear();
                assert_ne!(from.read_line(&mut line).expect("text"), 0, "a whole head");
            }
            let beginning = "x".repeat(1_000_000);
            write!(
                to,
                "HTTP/1.1 200 OK\r\ncontent-length: {LARGE}\r\n\r\n{beginning}"
            )
            .map(|()| to)
        });
        let ip: IpAddr = kernel.parse().expect("an address");
        let running = midway(&format!("http://{}/", SocketAddr::new(ip, 8080)), &[]);
        drop(server);
        broke(&ended(running));
        // Whether nc took all of it before it was killed is no matter.
        drop(answering.join().expect("no panic"));
    }
}

/// On a TCP socket of the kernel's, in this namespace.
fn somebody_listens() -> bool {
    ["tcp", "tcp6"].iter().any(|name| {
        let table = fs::read_to_string(format!("/proc/thread-self/net/{name}"));
        let table = table.expect("/proc is mounted");
        // The state: LISTEN.
        let listens = |line: &str| line.split_whitespace().nth(3) == Some("0A");
        table.lines().any(listens)
    })
}

fn interrupted(inside: &Inside) {
    make_tun(inside);
    let scratch = Scratch::new();
    let servers = kernel_server(|stream| {
        begin(&stream);
        thread::sleep(FOR_EVER);
    });
    let signals = [(Signal::INT, 130), (Signal::TERM, 143)];
    for (server, (signal, code)) in servers.iter().zip(signals) {
        let capture = scratch.file(&format!("{code}.pcapng"));
        let running = midway(&format!("http://{server}/"), &["--capture", &capture]);
        kill_process(Pid::from_child(&running.0), signal).expect("it is ours");
        let output = ended(running);
        assert_eq!(output.status.code(), Some(code), "{}", said(&output.stderr));
        assert!(packets(&capture) >= BEGUN);
    }
}

fn interface_goes(inside: &Inside) {
    make_tun(inside);
    let scratch = Scratch::new();
    let capture = scratch.file("capture.pcapng");
    let servers = kernel_server(|stream| {
        begin(&stream);
        thread::sleep(FOR_EVER);
    });
    let running = midway(&format!("http://{}/", servers[0]), &["--capture", &capture]);
    let deleted = inside.links().and_then(|mut links| links.delete(TUN));
    deleted.expect("it is there");
    let text = broke(&ended(running));
    let why = "the TUN interface plc0 has been deleted";
    assert!(text.contains(why), "{text}");
    let now = "  now:  see what became of the interface";
    assert!(text.contains(now), "{text}");
    assert!(packets(&capture) >= BEGUN);
}

/// Both ends send again what was lost meanwhile.
fn down_and_up(inside: &Inside) {
    make_tun(inside);
    let body = noise(32 << 20);
    let rest = sha256(&body[BEGINNING..]);
    let servers = kernel_server(move |mut stream| {
        read_head(&stream);
        let len = body.len();
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {len}\r\n\r\n").expect("room");
        stream.write_all(&body).expect("a reader");
    });
    // IPv4 addresses stay when an interface goes down; IPv6 addresses would go.
    let running = midway(&format!("http://{}/", servers[0]), &[]);
    let reader = thread::spawn(|| ended(running));
    let mut links = inside.links().expect("netlink");
    links.set_down(TUN).expect("it is there");
    thread::sleep(Duration::from_millis(300));
    links.set_up(TUN).expect("it is there");
    let output = reader.join().expect("it ended");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output.stderr));
    assert_eq!(sha256(&output.stdout), rest);
}

fn nobody_there(inside: &Inside) {
    make_tun(inside);
    for (kernel, _) in PAIRS {
        let output = get(&url(kernel, "/"), &[]);
        let text = said(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains("answered our SYN with a reset"), "{text}");
    }
    let output = get("http://10.90.0.77/", &["--timeout", "0.5"]);
    let text = said(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("our SYNs were not answered"), "{text}");
}

fn no_host(inside: &Inside) {
    make_tun(inside);
    for host in ["127.0.0.1", "[::1]", "0.0.0.0", "10.90.0.255", "10.90.0.2"] {
        let output = get(&format!("http://{host}/"), &[]);
        let text = said(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{host}: {text}");
        assert!(text.contains(host), "{host}: {text}");
        assert!(text.contains("  now:  name another host"), "{host}: {text}");
    }
}

/// So much of a body has come when a transfer is midway, in bytes.
const BEGINNING: usize = 1000;
/// The least packets then: the handshake, the request, and what was read, which may come as one.
const BEGUN: usize = 5;

/// Longer than any case.
const FOR_EVER: Duration = Duration::from_secs(3600);
