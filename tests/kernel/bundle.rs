//! Several interfaces at once: two TUN devices, with the kernel at both other ends.

use std::io::{Read, Write};
use std::net::{self, IpAddr, SocketAddr};
use std::thread;

use pellucid::base::InterfaceId;
use pellucid::device::{Bundle, Device};
use pellucid::namespace::{Inside, Link};
use pellucid::net::blocking::{TcpListener, TcpStream, UdpSocket};
use pellucid::net::{Network, Options};
use pellucid::stack::{self, Interface, Prefix, Route};
use pellucid::world::{Plan, PrivateLink, Wish, private_link};

use crate::harness::{Case, Lack, inside, skip};
use crate::link::ip;
use crate::packets::PATIENCE;

pub const CASES: &[Case] = &[
    inside("bundle::both_interfaces_carry_traffic_at_once", at_once),
    inside("bundle::each_interface_has_its_own_mtu", mtus),
    inside(
        "bundle::a_route_chooses_the_interface_and_the_source",
        routed,
    ),
];

/// Of each interface: the kernel's addresses, and ours.
const KERNEL: [[&str; 2]; 2] = [["10.90.0.1", "fd90::1"], ["10.91.0.1", "fd91::1"]];
const OURS: [[&str; 2]; 2] = [["10.90.0.2", "fd90::2"], ["10.91.0.2", "fd91::2"]];
const NAMES: [&str; 2] = ["plc0", "plc1"];
const SECOND: InterfaceId = InterfaceId(1);

fn link(inside: &Inside, side: usize, mtu: u16) -> PrivateLink {
    let networks = |addresses: [&str; 2]| vec![(ip(addresses[0]), 24), (ip(addresses[1]), 64)];
    let plan = Plan {
        name: NAMES[side].into(),
        mtu,
        kernel: networks(KERNEL[side]),
        stack: networks(OURS[side]),
        ..Plan::default()
    };
    let made = private_link(inside, Wish::Only(Link::Tun), &plan);
    made.unwrap_or_else(|refusal| skip(Lack::Tun, &refusal.to_string()))
}

/// We, with an interface of either size.
fn start(inside: &Inside, sizes: [u16; 2]) -> Network {
    let [first, second] = [0, 1].map(|side| link(inside, side, sizes[side]));
    let config = stack::Config {
        further: vec![Interface {
            addresses: second.addresses,
            mtu: sizes[1],
            offloads: Default::default(),
        }],
        ..stack::Config::new(first.addresses)
    };
    let device = Bundle::new(vec![first.device, second.device]).expect("descriptors");
    assert_eq!(device.capabilities().name, "plc0+plc1");
    Network::start(Box::new(device), config, Options::default()).expect("a network")
}

/// Every pair of the kernel's and our addresses that one link has.
fn pairs() -> impl Iterator<Item = (IpAddr, IpAddr)> {
    let sides = KERNEL.into_iter().zip(OURS);
    sides.flat_map(|(kernel, ours)| kernel.into_iter().zip(ours).map(|(k, o)| (ip(k), ip(o))))
}

fn text(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i % 251) as u8).collect()
}

/// Connections from both sides and datagrams, on each link and over each family, all at a time.
fn at_once(inside: &Inside) {
    let network = start(inside, [1500, 1500]);
    thread::scope(|scope| {
        for (kernel, ours) in pairs() {
            let network = &network;
            scope.spawn(move || we_connect(network, kernel, ours));
            scope.spawn(move || the_kernel_connects(network, kernel, ours));
            scope.spawn(move || datagrams(network, kernel, ours));
        }
    });
}

fn we_connect(network: &Network, kernel: IpAddr, ours: IpAddr) {
    let listener = net::TcpListener::bind((kernel, 0)).expect("the kernel's address");
    let to = listener.local_addr().expect("bound");
    let mut client = TcpStream::connect(network, to).expect("connected");
    client.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let (server, from) = listener.accept().expect("a connection");
    assert_eq!(from.ip(), ours);
    there_and_back(&mut client, server);
}

fn the_kernel_connects(network: &Network, kernel: IpAddr, ours: IpAddr) {
    let listener = TcpListener::bind(network, (ours, 0).into()).expect("our address");
    let to = listener.local_addr().expect("bound");
    let client = net::TcpStream::connect_timeout(&to, PATIENCE).expect("connected");
    let (mut server, from) = listener.accept().expect("a connection");
    server.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    assert_eq!(from.ip(), kernel);
    there_and_back(&mut server, client);
}

/// 200 kB each way, the kernel sending back what it gets.
fn there_and_back(ours: &mut TcpStream, mut kernel: net::TcpStream) {
    kernel.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let text = text(200_000);
    let echo = thread::spawn(move || {
        let mut got = vec![0; 200_000];
        kernel.read_exact(&mut got).expect("all of it");
        kernel.write_all(&got).expect("taken");
    });
    ours.write_all(&text).expect("taken");
    let mut got = vec![0; text.len()];
    ours.read_exact(&mut got).expect("all of it");
    assert!(got == text);
    echo.join().expect("no panic");
}

fn datagrams(network: &Network, kernel: IpAddr, ours: IpAddr) {
    let theirs = net::UdpSocket::bind((kernel, 0)).expect("the kernel's address");
    theirs.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let to = theirs.local_addr().expect("bound");
    let any = match kernel {
        IpAddr::V4(_) => "0.0.0.0",
        IpAddr::V6(_) => "::",
    };
    let socket = UdpSocket::bind(network, SocketAddr::new(ip(any), 0)).expect("a free port");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    for len in [1, 1_400, 8_192] {
        let text = text(len);
        socket.send_to(&text, to).expect("room");
        let mut room = vec![0; 65_535];
        let (got, from) = theirs.recv_from(&mut room).expect("a datagram");
        assert_eq!((from.ip(), got), (ours, len));
        theirs.send_to(&room[..got], from).expect("sent");
        let (got, from) = socket.recv_from(&mut room).expect("the echo");
        assert_eq!(from, to);
        assert!(room[..got] == text);
    }
}

fn mtus(inside: &Inside) {
    let network = start(inside, [1500, 1300]);
    let sizes = |network: &Network| {
        let connected = [0, 1].map(|side| {
            let listener = net::TcpListener::bind((ip(KERNEL[side][0]), 0));
            let listener = listener.expect("the kernel's address");
            let to = listener.local_addr().expect("bound");
            let client = TcpStream::connect(network, to).expect("connected");
            client.status().expect("open").mss
        });
        assert_eq!(network.losses().expect("it runs").refused, 0);
        connected
    };
    // Less 20 bytes of IPv4, 20 of TCP and 12 of timestamps.
    assert_eq!(sizes(&network), [1448, 1248]);
    let mut links = inside.links().expect("netlink");
    links.set_mtu("plc1", 1280).expect("mtu");
    // It is noticed in a while.
    let until = std::time::Instant::now() + PATIENCE;
    while sizes(&network) != [1448, 1228] {
        assert!(std::time::Instant::now() < until, "nobody notices");
        thread::sleep(std::time::Duration::from_millis(20));
    }
}

fn routed(inside: &Inside) {
    let network = start(inside, [1500, 1500]);
    let mut links = inside.links().expect("netlink");
    for (family, (far, len)) in [("198.51.100.1", 32), ("2001:db8::1", 128)]
        .into_iter()
        .enumerate()
    {
        let far = ip(far);
        links.add_address("lo", far, len).expect("an address");
        datagrams(&network, far, ip(OURS[0][family]));
        let route = Route {
            interface: SECOND,
            ..Route::default()
        };
        network
            .set_route(Prefix::host(far), route)
            .expect("it exists");
        datagrams(&network, far, ip(OURS[1][family]));
        we_connect(&network, far, ip(OURS[1][family]));
        network.remove_route(Prefix::host(far)).expect("it runs");
        datagrams(&network, far, ip(OURS[0][family]));
        network
            .remove_route(Prefix::all_like(far))
            .expect("it runs");
        let to = SocketAddr::new(far, 80);
        let error = TcpStream::connect(&network, to).expect_err("no route leads there");
        assert_eq!(error.kind(), std::io::ErrorKind::NetworkUnreachable);
    }
}
