//! A stack that answers for any address: `serve --any`, and the example proxy.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use pellucid::namespace::{Inside, Via};

use super::{PAIRS, Running, Scratch, TUN, curl, done, make_tun, noise, on_tun, pellucid};
use crate::harness::{Case, Lack, inside, skip};

pub const CASES: &[Case] = &[
    inside("any::serve_answers_at_every_address_there_is", serves),
    inside("any::the_example_proxy_carries_streams_whole", streams),
    inside("any::the_example_proxy_carries_datagrams_whole", datagrams),
];

/// Addresses that nobody has; the interface leads there.
const NETS: [(&str, u8, &str); 2] = [
    ("198.51.100.0", 24, "198.51.100.77"),
    ("2001:db8:77::", 64, "2001:db8:77::77"),
];

fn make_ways(inside: &Inside) {
    make_tun(inside);
    let mut links = inside.links().expect("netlink");
    for (net, len, _) in NETS {
        let net = net.parse().expect("an address");
        links.add_route(net, len, Via::Link(TUN)).expect("a route");
    }
}

/// Starts a program that says a line when it is ready.
fn start(mut command: Command) -> (Running, String) {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program runs");
    let stdout = child.stdout.as_mut().expect("piped");
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).expect("a line");
    (Running(child), line)
}

fn serves(inside: &Inside) {
    make_ways(inside);
    let scratch = Scratch::new();
    fs::write(scratch.file("page"), "here").expect("room");
    let mut command = pellucid();
    on_tun(command.arg("serve").arg(&scratch.0)).arg("--any");
    let (mut serving, line) = start(command);
    assert!(line.contains(" at every address, as http://"), "{line}");
    for (_, _, there) in NETS {
        let page = done(curl().arg(super::url(there, "/page")));
        assert_eq!(page, b"here", "{there}");
    }
    // It says where each client wanted to go.
    let mut told = BufReader::new(serving.0.stderr.take().expect("piped"));
    for there in [" to 198.51.100.77:80 GET", " to [2001:db8:77::77]:80 GET"] {
        let mut line = String::new();
        told.read_line(&mut line).expect("a line");
        assert!(line.contains(there), "{line}");
    }
}

/// The proxy of `examples/`, which carries what comes to this address of the kernel's.
fn proxy(to: &str) -> Running {
    let ours = Path::new(env!("CARGO_BIN_EXE_pellucid"));
    let path = ours.with_file_name("examples").join("proxy");
    if !path.exists() {
        let what = "the example proxy is not built: `cargo build --examples`";
        skip(Lack::Tools, what);
    }
    let mut command = Command::new(path);
    command.args(["--tun", TUN, "--addr", "10.90.0.2", "--addr", "fd90::2"]);
    command.args(["--to", to]);
    start(command).0
}

fn streams(inside: &Inside) {
    make_ways(inside);
    let text = noise(10 << 20);
    for ((kernel, _), (_, _, there)) in PAIRS.into_iter().zip(NETS) {
        let _proxy = proxy(kernel);
        let here: IpAddr = kernel.parse().expect("an address");
        let listener = TcpListener::bind((here, 0)).expect("the kernel's");
        let port = listener.local_addr().expect("bound").port();
        let echo = thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("the proxy");
            let mut all = Vec::new();
            stream.read_to_end(&mut all).expect("an end");
            stream.write_all(&all).expect("a reader");
        });
        let there: IpAddr = there.parse().expect("an address");
        let mut near = TcpStream::connect((there, port)).expect("the proxy accepts");
        near.write_all(&text).expect("a reader");
        near.shutdown(Shutdown::Write).expect("open");
        let mut back = Vec::new();
        near.read_to_end(&mut back).expect("an end");
        echo.join().expect("no panic");
        assert!(back == text, "{there}: {} bytes came back", back.len());
        // Where nobody listens the stream ends, and does not hang.
        let lost = TcpStream::connect((there, 9)).and_then(|mut lost| {
            lost.set_read_timeout(Some(PATIENCE))?;
            lost.read(&mut [0])
        });
        let reset = lost.expect_err("nobody listens there");
        assert_eq!(reset.kind(), std::io::ErrorKind::ConnectionReset);
    }
}

fn datagrams(inside: &Inside) {
    make_ways(inside);
    for ((kernel, _), (_, _, there)) in PAIRS.into_iter().zip(NETS) {
        let _proxy = proxy(kernel);
        let here: IpAddr = kernel.parse().expect("an address");
        let far = UdpSocket::bind((here, 0)).expect("the kernel's");
        far.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let port = far.local_addr().expect("bound").port();
        let there = SocketAddr::new(there.parse().expect("an address"), port);
        // A socket that is connected hears only whom it asked: answers must come from there.
        let near = UdpSocket::bind((here, 0)).expect("the kernel's");
        near.connect(there).expect("a way");
        near.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let mut room = vec![0; 65_535];
        for len in [1, 1_472, 60_000] {
            let text = noise(len);
            near.send(&text).expect("sent");
            let (got, from) = far.recv_from(&mut room).expect("carried");
            assert!(room[..got] == text, "{len} bytes arrived as {got}");
            far.send_to(&text, from).expect("sent");
            let got = near.recv(&mut room).expect("carried back");
            assert!(room[..got] == text, "{len} bytes came back as {got}");
        }
    }
}

const PATIENCE: Duration = Duration::from_secs(20);
