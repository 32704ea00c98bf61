//! Datagram sockets of ours against the kernel's.

use std::io::ErrorKind;
use std::net;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use pellucid::namespace::Inside;
use pellucid::net::blocking::UdpSocket;
use pellucid::net::{Network, Options};
use pellucid::probe::{Event, Observer, Purpose, Told};
use pellucid::stack;

use crate::harness::{Case, inside};
use crate::link::{Ends, How, PLAIN, TUN, V4, V6, VETH, up};
use crate::packets::PATIENCE;

pub const CASES: &[Case] = &[
    inside("udp::long_datagrams_go_both_ways_over_tun", |i| {
        both_ways(i, TUN)
    }),
    inside("udp::long_datagrams_go_both_ways_over_veth", |i| {
        both_ways(i, VETH)
    }),
    inside("udp::many_at_once_go_over_tun_as_one", |i| many(i, TUN, 1)),
    inside("udp::many_at_once_go_over_plain_tun_one_by_one", |i| {
        many(i, PLAIN, 22)
    }),
    inside("udp::many_at_once_go_over_veth", |i| many(i, VETH, 1)),
    inside("udp::each_side_hears_that_nobody_is_there", nobody),
];

fn network(inside: &Inside, how: How) -> Network {
    let link = up(inside, how);
    let config = stack::Config::new(link.addresses);
    Network::start(link.device, config, Options::default()).expect("a network")
}

/// A socket of ours, and one of the kernel's.
fn sockets(network: &Network, ends: Ends) -> (UdpSocket, net::UdpSocket) {
    let (kernel, local) = ends.socket();
    let ours = UdpSocket::bind(network, local).expect("a free port");
    ours.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    (ours, kernel)
}

/// From a byte to more than forty fragments, there and back.
fn both_ways(inside: &Inside, how: How) {
    let network = network(inside, how);
    for ends in [V4, V6] {
        let (ours, kernel) = sockets(&network, ends);
        let to = ours.local_addr().expect("bound");
        let echo = thread::spawn(move || {
            let mut room = vec![0; 65_535];
            for _ in 0..4 {
                let (len, from) = ours.recv_from(&mut room).expect("a datagram");
                ours.send_to(&room[..len], from).expect("room");
            }
        });
        for len in [1, 1_472, 8_192, 60_000] {
            let text: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
            kernel.send_to(&text, to).expect("sent");
            let mut room = vec![0; 65_535];
            let (got, from) = kernel.recv_from(&mut room).expect("the echo");
            assert_eq!(from, to);
            assert!(room[..got] == text, "{len} bytes came back as {got}");
        }
        echo.join().expect("no panic");
    }
}

/// Counts the datagrams that leave, as many as one packet stands for at a time.
#[derive(Clone, Default)]
struct Leaving(Arc<AtomicUsize>);

impl Observer for Leaving {
    fn told(&mut self, told: &Told<'_>) {
        if let Event::PacketOut {
            purpose: Purpose::Datagram,
            ..
        } = told.event
        {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A kernel that cuts them, one that gets them cut, and one that hears no difference.
fn many(inside: &Inside, how: How, packets: usize) {
    let link = up(inside, how);
    let leaving = Leaving::default();
    let options = Options {
        observers: vec![Box::new(leaving.clone())],
        ..Options::default()
    };
    let config = stack::Config::new(link.addresses);
    let network = Network::start(link.device, config, options).expect("a network");
    // 21 of a size and one that is shorter: the kernel's buffer (`net.core.rmem_default`) holds
    // all of them, with what it counts for each, however late they are read.
    let text: Vec<u8> = (0..30_100).map(|i: u32| (i % 251) as u8).collect();
    let size = NonZeroU16::new(1_400).expect("not zero");
    for (ends, times) in [(V4, 1), (V6, 2)] {
        let (ours, kernel) = sockets(&network, ends);
        let to = kernel.local_addr().expect("bound");
        ours.send_segments_to(&text, size, to).expect("room");
        let mut room = vec![0; 65_535];
        // The kernel cuts for a veth pair before it queues, and a thread that moves to another core
        // meanwhile queues the rest there: each piece comes once, in whatever order.
        let pieces = text.chunks(1_400);
        let mut came: Vec<_> = (0..pieces.len())
            .map(|_| {
                let got = kernel.recv(&mut room).expect("a datagram");
                pieces.clone().position(|piece| *piece == room[..got])
            })
            .collect();
        came.sort_unstable();
        assert!(came.into_iter().eq((0..pieces.len()).map(Some)));
        assert_eq!(leaving.0.load(Ordering::Relaxed), times * packets);
    }
}

fn nobody(inside: &Inside) {
    let network = network(inside, TUN);
    for ends in [V4, V6] {
        let (ours, kernel) = sockets(&network, ends);
        let there = ours.local_addr().expect("bound").ip();
        kernel.connect((there, 4001)).expect("a way");
        kernel.send(b"x").expect("sent");
        let refused = kernel.recv(&mut [0]).expect_err("nobody is there");
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);

        let gone = {
            let (passing, _) = ends.socket();
            passing.local_addr().expect("bound")
        };
        ours.connect(gone).expect("a way");
        ours.send(b"x").expect("room");
        let refused = ours.recv(&mut [0]).expect_err("nobody is there");
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    }
}
