//! A path whose router says nothing: what is too long for its far link vanishes.
//!
//! ```text
//!   stack -- plc0 -- this namespace, the router -- far0 -- far1, a namespace of one thread
//! ```

use std::io::{Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use pellucid::namespace::{Inside, Via};
use pellucid::net::{Network, Options, blocking};
use pellucid::probe::{Event, Observer, TimerKind, Told};
use pellucid::stack::{self, EchoAnswer, EchoRequest, Problem};
use pellucid::world::PrivateLink;
use rustix::thread::{UnshareFlags, gettid, unshare_unsafe};

use crate::harness::{Case, Lack, inside, skip};
use crate::link::{How, PLAIN, TUN, ip, up};

pub const CASES: &[Case] = &[
    inside("path::a_silent_router_is_found_out_over_ipv4", |i| {
        silent(i, TUN, "10.91.0.1", "10.91.0.2")
    }),
    inside("path::a_silent_router_is_found_out_over_ipv6", |i| {
        silent(i, TUN, "fd91::1", "fd91::2")
    }),
    inside(
        "path::a_silent_router_is_found_out_by_a_plain_device",
        |i| silent(i, PLAIN, "10.91.0.1", "10.91.0.2"),
    ),
    inside("path::a_router_is_found_by_hop_limits_over_ipv4", |i| {
        routed(i, "10.90.0.1", "10.91.0.1", "10.91.0.2")
    }),
    inside("path::a_router_is_found_by_hop_limits_over_ipv6", |i| {
        routed(i, "fd90::1", "fd91::1", "fd91::2")
    }),
];

/// What the stack does, counted.
#[derive(Clone, Default)]
struct Counts {
    timeouts: Arc<AtomicUsize>,
    /// The longest packet on the wire since it was asked for last.
    longest: Arc<AtomicUsize>,
}

impl Observer for Counts {
    fn told(&mut self, told: &Told<'_>) {
        match told.event {
            Event::TimerExpired {
                kind: TimerKind::Retransmission,
            } => {
                self.timeouts.fetch_add(1, Ordering::Relaxed);
            }
            Event::PacketOut {
                head,
                body,
                offload,
                ..
            } => {
                let text = offload.gso.map_or(body.len(), usize::from);
                let len = head.len() + text.min(body.len());
                self.longest.fetch_max(len, Ordering::Relaxed);
            }
            _ => {}
        }
    }
}

fn silent(inside: &Inside, how: How, router: &str, peer: &str) {
    let link = up(inside, how);
    let (router, peer) = (ip(router), ip(peer));
    thread::scope(|scope| {
        let (apart, thread) = mpsc::channel();
        let (joined, wire) = mpsc::channel();
        let (open, listening) = mpsc::channel();
        let server = scope.spawn(move || {
            enter_another();
            apart.send(gettid().as_raw_pid()).expect("somebody waits");
            wire.recv().expect("a wire");
            serve(inside, router, peer, &open)
        });
        make_router(inside, router, thread.recv().expect("a namespace"));
        joined.send(()).expect("it waits");
        let remote = listening.recv().expect("it listens");
        talk(inside, link, remote);
        assert_eq!(server.join().expect("no panic"), 21 * CHUNK);
    });
}

/// What traceroute asks: with a limit of one hop the router answers, with two the peer.
fn routed(inside: &Inside, near: &str, router: &str, peer: &str) {
    let link = up(inside, TUN);
    let (near, router, peer) = (ip(near), ip(router), ip(peer));
    thread::scope(|scope| {
        let (apart, thread) = mpsc::channel();
        let (joined, wire) = mpsc::channel();
        let (reachable, there) = mpsc::channel();
        let (over, end) = mpsc::channel::<()>();
        scope.spawn(move || {
            enter_another();
            apart.send(gettid().as_raw_pid()).expect("somebody waits");
            wire.recv().expect("a wire");
            join(inside, router, peer);
            reachable.send(()).expect("somebody waits");
            // The namespace lives as long as the thread.
            let _ = end.recv();
        });
        make_router(inside, router, thread.recv().expect("a namespace"));
        joined.send(()).expect("it waits");
        there.recv().expect("it is there");
        let config = stack::Config::new(link.addresses);
        let network = Network::start(link.device, config, Options::default()).expect("a network");
        let socket = blocking::EchoSocket::open(&network, peer).expect("a way");
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let data = [7; 100];
        let exceeded = EchoAnswer::Error(Problem::HopLimitExceeded);
        for (hops, from, what) in [
            (1, near, exceeded),
            (2, peer, EchoAnswer::Reply(data.to_vec())),
        ] {
            let request = EchoRequest {
                sequence: hops.into(),
                data: &data,
                hop_limit: Some(hops),
                whole: false,
            };
            socket.send(&request).expect("room");
            let came = socket.receive().expect("an answer");
            assert_eq!((came.from, came.sequence), (from, hops.into()));
            assert_eq!(came.what, what);
        }
        drop(over);
    });
}

/// A mebibyte while the path is wide, ten when it has become narrow, ten when it is wide again.
fn talk(inside: &Inside, link: PrivateLink, remote: SocketAddr) {
    let mut config = stack::Config::new(link.addresses);
    // So that a case need not wait for ten minutes.
    config.path_mtu_age = AGE;
    let counts = Counts::default();
    let options = Options {
        observers: vec![Box::new(counts.clone())],
        ..Options::default()
    };
    let network = Network::start(link.device, config, options).expect("a network");
    let mut client = blocking::TcpStream::connect(&network, remote).expect("connected");
    client.set_write_timeout(Some(PATIENCE)).expect("a timeout");
    let text: Vec<u8> = (0..CHUNK).map(text_at).collect();
    client.write_all(&text).expect("sent");
    assert_eq!(counts.longest.swap(0, Ordering::Relaxed), 1_500);

    let mut links = inside.links().expect("netlink");
    links.set_mtu("far0", 1_280).expect("mtu");
    let (before, narrowed) = (counts.timeouts.load(Ordering::Relaxed), Instant::now());
    for _ in 0..10 {
        client.write_all(&text).expect("sent");
    }
    println!("10 MiB in {:?}", narrowed.elapsed());
    // R1 is three, and the kernel may be slow.
    let timeouts = counts.timeouts.load(Ordering::Relaxed) - before;
    assert!((3..=6).contains(&timeouts), "{timeouts}");

    links.set_mtu("far0", 1_500).expect("mtu");
    thread::sleep(2 * AGE);
    counts.longest.store(0, Ordering::Relaxed);
    // Until a window of it has arrived the probe may be the only one.
    for _ in 0..10 {
        client.write_all(&text).expect("sent");
    }
    assert_eq!(counts.longest.load(Ordering::Relaxed), 1_500);
    client.shutdown(Shutdown::Write).expect("open");
    // The network lives until all has arrived.
    assert_eq!(client.read(&mut [0]).expect("the end"), 0);
}

/// This thread leaves for a network namespace that is its own.
fn enter_another() {
    // SAFETY: only CLONE_FILES, which takes file descriptors from other threads, would be unsafe.
    unsafe { unshare_unsafe(UnshareFlags::NEWNET) }.expect("a namespace");
}

/// This namespace forwards between the stack and `far0`, whose other end goes to the namespace of
/// `thread`, and never says that a packet is too big.
fn make_router(inside: &Inside, router: IpAddr, thread: i32) {
    let mut links = inside.links().expect("netlink");
    links.add_veth("far0", "far1").expect("veth");
    let thread = thread.to_string();
    tool("ip", &["link", "set", "far1", "netns", &thread]);
    links.silence("far0").expect("silence");
    links.set_up("far0").expect("up");
    links
        .add_address("far0", router, prefix(router))
        .expect("an address");
    if router.is_ipv6() {
        // For a packet that it forwards, Linux asks for the neighbour from no other.
        links
            .add_address("far0", ip("fe80::1"), 64)
            .expect("an address");
    }
    for forwarding in ["ipv4/ip_forward", "ipv6/conf/all/forwarding"] {
        inside.set_sysctl(forwarding, "1").expect("ours to set");
    }
    tool("nft", &["add", "table", "inet", "mute"]);
    let chain = "{ type filter hook output priority 0 ; }";
    tool("nft", &["add", "chain", "inet", "mute", "out", chain]);
    for error in [
        "icmp type destination-unreachable",
        "icmpv6 type packet-too-big",
    ] {
        let rule = ["add", "rule", "inet", "mute", "out", error, "drop"];
        tool("nft", &rule);
    }
}

fn tool(name: &str, args: &[&str]) {
    let run = Command::new(name).args(args).output();
    let output = run.unwrap_or_else(|error| skip(Lack::Tools, &format!("{name}: {error}")));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {args:?}: {said}");
}

/// Sets up the other namespace, from inside.
fn join(inside: &Inside, router: IpAddr, peer: IpAddr) {
    let mut links = inside.links().expect("netlink");
    links.silence("far1").expect("silence");
    links.set_up("far1").expect("up");
    links
        .add_address("far1", peer, prefix(peer))
        .expect("an address");
    links.wait_until_running("far1").expect("running");
    let all = match peer {
        IpAddr::V4(_) => ip("0.0.0.0"),
        IpAddr::V6(_) => ip("::"),
    };
    let way = Via::Gateway("far1", router);
    links.add_route(all, 0, way).expect("a way back");
}

/// Takes one connection in the other namespace, and compares what comes. How much that was.
fn serve(inside: &Inside, router: IpAddr, peer: IpAddr, open: &mpsc::Sender<SocketAddr>) -> usize {
    join(inside, router, peer);
    let listener = TcpListener::bind((peer, 0)).expect("our address");
    let local = listener.local_addr().expect("bound");
    open.send(local).expect("somebody waits");
    let (mut stream, _) = listener.accept().expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let mut room = vec![0; 1 << 16];
    let mut count = 0;
    loop {
        let len = stream.read(&mut room).expect("open");
        if len == 0 {
            return count;
        }
        let is_whole = room[..len]
            .iter()
            .zip(count..)
            .all(|(byte, at)| *byte == text_at(at));
        assert!(is_whole, "other bytes after {count}");
        count += len;
    }
}

/// The same in each mebibyte.
fn text_at(at: usize) -> u8 {
    (at % CHUNK % 251) as u8
}

fn prefix(of: IpAddr) -> u8 {
    if of.is_ipv4() { 24 } else { 64 }
}

const CHUNK: usize = 1 << 20;
/// Longer than anything here takes: the search rests in between.
const PATIENCE: Duration = Duration::from_secs(60);
/// So long what is known of a path holds here: longer than the narrow path is in use, however busy
/// the machine, or it would be found out twice.
const AGE: Duration = Duration::from_secs(15);
