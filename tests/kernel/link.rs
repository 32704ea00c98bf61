//! What any link to the kernel must do, over TUN and over a veth pair alike.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};

use pellucid::device::{Device, Preference, RxBuffer};
use pellucid::namespace::{Inside, Link};
use pellucid::net::{Network, Options, blocking};
use pellucid::stack;
use pellucid::world::{Plan, PrivateLink, Wish, private_link};

use crate::harness::{Case, Lack, inside, skip};
use crate::packets::{
    Arrived, PATIENCE, datagram, next_datagram, next_segment, send, serve_until, syn_ack,
};

pub const CASES: &[Case] = &[
    inside("tun::datagrams_cross_over_ipv4", |i| cross(i, TUN, V4)),
    inside("tun::datagrams_cross_over_ipv6", |i| cross(i, TUN, V6)),
    inside("tun::the_kernel_asks_first_over_ipv4", |i| {
        kernel_first(i, TUN, V4)
    }),
    inside("tun::the_kernel_asks_first_over_ipv6", |i| {
        kernel_first(i, TUN, V6)
    }),
    inside("tun::addresses_behind_the_kernel_are_reached", |i| {
        behind(i, TUN)
    }),
    inside("tun::down_loses_packets_and_up_brings_them_back", |i| {
        down_and_up(i, TUN)
    }),
    inside("tun::nothing_over_the_mtu_is_written", |i| {
        over_the_mtu(i, TUN)
    }),
    inside("tun::a_flow_goes_on_when_the_mtu_is_lowered", |i| {
        narrowed(i, TUN)
    }),
    inside("tun::a_flow_outlives_an_interface_that_is_down", |i| {
        paused(i, TUN)
    }),
    inside("tun::a_deleted_interface_says_so_both_ways", |i| {
        deleted(i, TUN)
    }),
    inside("plain::datagrams_cross_over_ipv4", |i| cross(i, PLAIN, V4)),
    inside("plain::datagrams_cross_over_ipv6", |i| cross(i, PLAIN, V6)),
    inside("plain::the_kernel_asks_first_over_ipv4", |i| {
        kernel_first(i, PLAIN, V4)
    }),
    inside("plain::the_kernel_asks_first_over_ipv6", |i| {
        kernel_first(i, PLAIN, V6)
    }),
    inside("plain::addresses_behind_the_kernel_are_reached", |i| {
        behind(i, PLAIN)
    }),
    inside("plain::a_burst_of_tcp_comes_in_whole_segments", |i| {
        burst(i, PLAIN)
    }),
    inside("plain::down_loses_packets_and_up_brings_them_back", |i| {
        down_and_up(i, PLAIN)
    }),
    inside("plain::nothing_over_the_mtu_is_written", |i| {
        over_the_mtu(i, PLAIN)
    }),
    inside("plain::a_flow_goes_on_when_the_mtu_is_lowered", |i| {
        narrowed(i, PLAIN)
    }),
    inside("plain::a_flow_outlives_an_interface_that_is_down", |i| {
        paused(i, PLAIN)
    }),
    inside("plain::a_deleted_interface_says_so_both_ways", |i| {
        deleted(i, PLAIN)
    }),
    inside("veth::datagrams_cross_over_ipv4", |i| cross(i, VETH, V4)),
    inside("veth::datagrams_cross_over_ipv6", |i| cross(i, VETH, V6)),
    inside("veth::the_kernel_asks_first_over_ipv4", |i| {
        kernel_first(i, VETH, V4)
    }),
    inside("veth::the_kernel_asks_first_over_ipv6", |i| {
        kernel_first(i, VETH, V6)
    }),
    inside("veth::addresses_behind_the_kernel_are_reached", |i| {
        behind(i, VETH)
    }),
    inside("veth::a_burst_of_tcp_comes_in_whole_segments", |i| {
        burst(i, VETH)
    }),
    inside("veth::down_loses_packets_and_up_brings_them_back", |i| {
        down_and_up(i, VETH)
    }),
    inside("veth::nothing_over_the_mtu_is_written", |i| {
        over_the_mtu(i, VETH)
    }),
    inside("veth::a_flow_goes_on_when_the_mtu_is_lowered", |i| {
        narrowed(i, VETH)
    }),
    inside("veth::a_flow_outlives_an_interface_that_is_down", |i| {
        paused(i, VETH)
    }),
    inside("veth::a_deleted_interface_says_so_both_ways", |i| {
        deleted(i, VETH)
    }),
];

/// A device to the kernel.
#[derive(Clone, Copy)]
pub struct How {
    rung: Link,
    tun: Preference,
}

/// The default device.
pub const TUN: How = How {
    rung: Link::Tun,
    tun: Preference::Offload,
};
/// TUN, with each packet as a wire would carry it.
pub const PLAIN: How = How {
    tun: Preference::Plain,
    ..TUN
};
pub const VETH: How = How {
    rung: Link::Veth,
    ..TUN
};

/// The kernel's address and ours, of one family: those of the usual plan.
#[derive(Clone, Copy)]
pub struct Ends {
    kernel: &'static str,
    ours: &'static str,
}

pub const V4: Ends = Ends {
    kernel: "10.90.0.1",
    ours: "10.90.0.2",
};
pub const V6: Ends = Ends {
    kernel: "fd90::1",
    ours: "fd90::2",
};

impl Ends {
    /// A socket of the kernel's, and where we are.
    pub fn socket(self) -> (UdpSocket, SocketAddr) {
        (bind(self.kernel), SocketAddr::new(ip(self.ours), 4000))
    }
}

pub fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn bind(address: &str) -> UdpSocket {
    let socket = UdpSocket::bind((ip(address), 0)).expect("the kernel's address");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    socket
}

/// The usual link by that device.
pub fn up(inside: &Inside, how: How) -> PrivateLink {
    let lack = match how.rung {
        Link::Tun => Lack::Tun,
        _ => Lack::Veth,
    };
    let plan = Plan {
        tun: how.tun,
        ..Plan::default()
    };
    let made = private_link(inside, Wish::Only(how.rung), &plan);
    let link = made.unwrap_or_else(|refusal| skip(lack, &refusal.to_string()));
    assert_eq!(link.rung, how.rung);
    link
}

/// We send first, so over Ethernet the very first packet has to wait for an answer.
pub fn there_and_back(device: &dyn Device, ends: Ends) {
    let (socket, ours) = ends.socket();
    let theirs = socket.local_addr().expect("bound");
    send(device, &datagram(ours, theirs, b"through the wall")).expect("sent");
    serve_until(device, &socket);
    let mut text = [0; 100];
    let (len, from) = socket.recv_from(&mut text).expect("a datagram");
    assert_eq!((&text[..len], from), (&b"through the wall"[..], ours));
    back(device, &socket, ours);
}

fn back(device: &dyn Device, socket: &UdpSocket, ours: SocketAddr) {
    socket.send_to(b"and back", ours).expect("a route");
    let expected = Arrived {
        from: socket.local_addr().expect("bound"),
        to: ours,
        text: b"and back".to_vec(),
    };
    assert_eq!(next_datagram(device), expected);
}

fn cross(inside: &Inside, how: How, ends: Ends) {
    let link = up(inside, how);
    there_and_back(&*link.device, ends);
}

fn kernel_first(inside: &Inside, how: How, ends: Ends) {
    let link = up(inside, how);
    let (socket, ours) = ends.socket();
    back(&*link.device, &socket, ours);
}

/// Servers of the demo have addresses on `lo`.
fn behind(inside: &Inside, how: How) {
    let link = up(inside, how);
    let mut links = inside.links().expect("netlink");
    let far = [
        Ends {
            kernel: "198.51.100.1",
            ..V4
        },
        Ends {
            kernel: "2001:db8:10::10",
            ..V6
        },
    ];
    for (ends, prefix_len) in far.into_iter().zip([32, 128]) {
        links
            .add_address("lo", ip(ends.kernel), prefix_len)
            .expect("an address");
        there_and_back(&*link.device, ends);
    }
}

/// The kernel's TCP has ten segments to send at once, and would hand a device with offloads all
/// of them as one packet with a half-made checksum. `next_segment` checks each.
fn burst(inside: &Inside, how: How) {
    let link = up(inside, how);
    let ours = SocketAddr::new(ip(V4.ours), 80);
    let kernel = std::thread::spawn(move || {
        let mut stream = TcpStream::connect_timeout(&ours, PATIENCE).expect("we answer");
        stream.write_all(&[b'x'; 10 * 1400]).expect("room");
        stream
    });
    let syn = next_segment(&*link.device);
    assert!(syn.header.syn && syn.text.is_empty(), "{syn:?}");
    send(&*link.device, &syn_ack(&syn)).expect("sent");
    let (mut received, mut segments) = (0, 0);
    while received < 10 * 1400 {
        let segment = next_segment(&*link.device);
        received += segment.text.len();
        segments += usize::from(!segment.text.is_empty());
    }
    assert!(segments >= 10, "{segments} segments");
    drop(kernel.join().expect("connected"));
}

fn down_and_up(inside: &Inside, how: How) {
    let link = up(inside, how);
    let device = &*link.device;
    there_and_back(device, V4);
    let mut links = inside.links().expect("netlink");
    let name = device.capabilities().name;
    let (socket, ours) = V4.socket();
    let theirs = socket.local_addr().expect("bound");
    links.set_down(&name).expect("down");
    send(device, &datagram(ours, theirs, b"lost")).expect("no error");
    assert_eq!(device.losses().down, 1);
    let mut buf = RxBuffer::new();
    assert!(device.receive(&mut buf).expect("no error").is_none());
    links.set_up(&name).expect("up");
    send(device, &datagram(ours, theirs, b"found")).expect("sent");
    let mut text = [0; 100];
    let len = socket.recv(&mut text).expect("a datagram");
    assert_eq!(&text[..len], b"found");
    assert_eq!(device.losses().down, 1);
}

fn over_the_mtu(inside: &Inside, how: How) {
    let link = up(inside, how);
    let device = &*link.device;
    there_and_back(device, V4);
    let (socket, ours) = V4.socket();
    let theirs = socket.local_addr().expect("bound");
    let of = |len: usize| datagram(ours, theirs, &vec![b'x'; len - 28]);
    let next = || {
        let len = socket.recv(&mut [0; 2000]).expect("a datagram");
        (len + 28, device.losses().refused)
    };
    // Were the first written, the kernel might take it, and it would come first.
    send(device, &of(1501)).expect("no error");
    send(device, &of(1500)).expect("sent");
    assert_eq!(next(), (1500, 1));
    // Lowered in mid-flow.
    let mut links = inside.links().expect("netlink");
    let name = device.capabilities().name;
    links.set_mtu(&name, 1300).expect("mtu");
    assert_eq!(device.capabilities().mtu, 1300);
    send(device, &of(1400)).expect("no error");
    send(device, &of(1300)).expect("sent");
    assert_eq!(next(), (1300, 2));
    // Raised: noticed by the packet that needs it.
    links.set_mtu(&name, 1500).expect("mtu");
    send(device, &of(1400)).expect("sent");
    assert_eq!(next(), (1400, 2));
}

/// Robustness, R-DEV-5: the interface is narrowed under a connection.
fn narrowed(inside: &Inside, how: How) {
    let link = up(inside, how);
    let name = link.device.capabilities().name;
    let config = stack::Config::new(link.addresses);
    let network = Network::start(link.device, config, Options::default()).expect("a network");
    let listener = TcpListener::bind((ip(V4.kernel), 0)).expect("the kernel's address");
    let remote = listener.local_addr().expect("bound");
    let mut client = blocking::TcpStream::connect(&network, remote).expect("connected");
    let (mut server, _) = listener.accept().expect("a connection");
    server.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let text = vec![b'x'; 100_000];
    let mut links = inside.links().expect("netlink");
    let refused = || network.losses().expect("it runs").refused;
    let mut before = 0;
    for mtu in [1500, 1000, 1000] {
        links.set_mtu(&name, mtu).expect("mtu");
        before = refused();
        client.write_all(&text).expect("sent");
        let mut got = vec![0; text.len()];
        server.read_exact(&mut got).expect("all of it");
        assert!(got == text, "{mtu}");
    }
    assert_eq!(refused(), before, "the stack knows");
}

/// Robustness, R-DEV-1: the interface is down for a while, in the middle of a connection.
fn paused(inside: &Inside, how: How) {
    let link = up(inside, how);
    let name = link.device.capabilities().name;
    let config = stack::Config::new(link.addresses);
    let network = Network::start(link.device, config, Options::default()).expect("a network");
    let listener = TcpListener::bind((ip(V4.kernel), 0)).expect("the kernel's address");
    let remote = listener.local_addr().expect("bound");
    let mut client = blocking::TcpStream::connect(&network, remote).expect("connected");
    let (mut server, _) = listener.accept().expect("a connection");
    server.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let text = vec![b'x'; 100_000];
    let mut links = inside.links().expect("netlink");
    for is_down in [false, true, false] {
        if is_down {
            links.set_down(&name).expect("down");
        }
        client.write_all(&text).expect("room");
        if is_down {
            let lost = || network.losses().expect("it runs").down;
            while lost() == 0 {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
            links.set_up(&name).expect("up");
        }
        let mut got = vec![0; text.len()];
        server.read_exact(&mut got).expect("all of it");
        assert!(got == text);
    }
}

fn deleted(inside: &Inside, how: How) {
    let link = up(inside, how);
    let device = &*link.device;
    there_and_back(device, V4);
    let (socket, ours) = V4.socket();
    let theirs = socket.local_addr().expect("bound");
    let mut links = inside.links().expect("netlink");
    links.delete("plc0").expect("deleted");
    let sent = send(device, &datagram(ours, theirs, b"")).expect_err("it is gone");
    let received = device
        .receive(&mut RxBuffer::new())
        .expect_err("it is gone");
    for error in [sent, received] {
        assert_eq!(error.kind(), ErrorKind::NotConnected);
        let text = error.to_string();
        assert!(
            text.contains("plc0") && text.ends_with("has been deleted"),
            "{text}"
        );
    }
    // The last known MTU stands.
    assert_eq!(device.capabilities().mtu, 1500);
}
