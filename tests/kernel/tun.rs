//! The TUN device against the kernel that owns it.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, UdpSocket};

use pellucid::device::{Device, RxBuffer, Tun};
use pellucid::namespace::Inside;
use rustix::ioctl::{IntegerSetter, Opcode, ioctl, opcode};
use tun_tap::{Iface, Mode};

use crate::harness::{Case, Lack, inside, skip};
use crate::packets::{Arrived, PATIENCE, datagram, next_datagram, send};

pub const CASES: &[Case] = &[
    inside(
        "tun::it_has_the_name_and_the_mtu_that_the_kernel_says",
        name_and_mtu,
    ),
    inside(
        "tun::a_datagram_reaches_a_kernel_socket_over_ipv4",
        |inside| to_kernel(inside, V4),
    ),
    inside(
        "tun::a_datagram_reaches_a_kernel_socket_over_ipv6",
        |inside| to_kernel(inside, V6),
    ),
    inside("tun::a_kernel_socket_reaches_us_over_ipv4", |inside| {
        from_kernel(inside, V4)
    }),
    inside("tun::a_kernel_socket_reaches_us_over_ipv6", |inside| {
        from_kernel(inside, V6)
    }),
    inside(
        "tun::a_leftover_offload_mask_makes_no_half_made_checksum",
        leftover_offloads,
    ),
    inside("tun::a_second_owner_is_refused_and_told_why", busy),
    inside("tun::a_deleted_interface_says_so_both_ways", deleted),
    inside(
        "tun::an_interface_that_is_down_loses_packets_and_comes_back",
        down_and_up,
    ),
    inside("tun::nothing_over_the_mtu_is_written", over_the_mtu),
    inside(
        "tun::a_name_of_another_kind_of_interface_is_refused",
        another_kind,
    ),
    inside(
        "tun::a_silenced_interface_has_no_address_that_nobody_gave_it",
        silenced,
    ),
];

/// The kernel's address and ours, of one family.
#[derive(Clone, Copy)]
struct Ends {
    kernel: &'static str,
    ours: &'static str,
    prefix_len: u8,
}

const V4: Ends = Ends {
    kernel: "10.90.0.1",
    ours: "10.90.0.2",
    prefix_len: 24,
};
const V6: Ends = Ends {
    kernel: "fd90::1",
    ours: "fd90::2",
    prefix_len: 64,
};

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn open(name: &str) -> Tun {
    Tun::open(name).unwrap_or_else(|error| skip(Lack::Tun, &error.to_string()))
}

/// An interface that is up and has the kernel's address.
fn up(inside: &Inside, ends: Ends) -> Tun {
    let tun = open("plc0");
    let mut links = inside.links().expect("netlink");
    links.silence("plc0").expect("silence");
    links
        .add_address("plc0", ip(ends.kernel), ends.prefix_len)
        .expect("address");
    links.set_up("plc0").expect("up");
    tun
}

fn kernel_socket(ends: Ends) -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind((ip(ends.kernel), 0)).expect("the kernel's address");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let address = socket.local_addr().expect("bound");
    (socket, address)
}

fn name_and_mtu(inside: &Inside) {
    let tun = open("plc%d");
    assert_eq!(tun.name(), "plc0");
    assert_eq!(tun.capabilities().mtu, 1500);
    let mut links = inside.links().expect("netlink");
    links.set_mtu("plc0", 1280).expect("mtu");
    assert_eq!(tun.capabilities().mtu, 1280);
    assert!(links.index("plc0").expect("it is there") > 0);
}

fn to_kernel(inside: &Inside, ends: Ends) {
    let tun = up(inside, ends);
    let (socket, address) = kernel_socket(ends);
    let ours = SocketAddr::new(ip(ends.ours), 4000);
    send(&tun, &datagram(ours, address, b"through the wall")).expect("sent");
    let mut text = [0; 100];
    let (len, from) = socket.recv_from(&mut text).expect("a datagram");
    assert_eq!((&text[..len], from), (&b"through the wall"[..], ours));
}

fn from_kernel(inside: &Inside, ends: Ends) {
    let tun = up(inside, ends);
    let (socket, address) = kernel_socket(ends);
    let ours = SocketAddr::new(ip(ends.ours), 4000);
    socket.send_to(b"and back", ours).expect("a route");
    let expected = Arrived {
        from: address,
        to: ours,
        text: b"and back".to_vec(),
    };
    assert_eq!(next_datagram(&tun), expected);
}

/// The mask stays on a persistent interface when its owner leaves.
fn leftover_offloads(inside: &Inside) {
    drop(open("plc0"));
    let owner = Iface::without_packet_info("plc0", Mode::Tun).expect("it opened before");
    let file = {
        use std::os::fd::{AsRawFd, BorrowedFd};
        // SAFETY: `owner` lives until the end of this function, and the descriptor with it.
        unsafe { BorrowedFd::borrow_raw(owner.as_raw_fd()) }
    };
    // SAFETY: both take their value as the argument itself and touch no memory of ours.
    unsafe {
        ioctl(file, IntegerSetter::<TUNSETPERSIST>::new_usize(1)).expect("persist");
        ioctl(file, IntegerSetter::<TUNSETOFFLOAD>::new_usize(TUN_F_CSUM)).expect("offload");
    }
    drop(owner);
    // `next_datagram` checks the sum.
    from_kernel(inside, V4);
}

fn busy(_: &Inside) {
    let first = open("plc0");
    let error = Tun::open(first.name()).expect_err("it has an owner");
    assert_eq!(error.kind(), ErrorKind::ResourceBusy);
    let text = error.to_string();
    assert!(text.contains("plc0: another program is attached"), "{text}");
}

fn deleted(inside: &Inside) {
    let tun = up(inside, V4);
    inside
        .links()
        .and_then(|mut links| links.delete("plc0"))
        .expect("deleted");
    let packet = datagram(
        SocketAddr::new(ip(V4.ours), 1),
        SocketAddr::new(ip(V4.kernel), 1),
        b"",
    );
    let sent = send(&tun, &packet).expect_err("it is gone");
    let mut buf = RxBuffer::new();
    let received = tun.receive(&mut buf).expect_err("it is gone");
    for error in [sent, received] {
        assert_eq!(error.kind(), ErrorKind::NotConnected);
        assert!(
            error.to_string().contains("plc0 has been deleted"),
            "{error}"
        );
    }
    // The last known MTU stands.
    assert_eq!(tun.capabilities().mtu, 1500);
}

fn down_and_up(inside: &Inside) {
    let tun = up(inside, V4);
    let mut links = inside.links().expect("netlink");
    let (socket, address) = kernel_socket(V4);
    let ours = SocketAddr::new(ip(V4.ours), 4000);
    links.set_down("plc0").expect("down");
    send(&tun, &datagram(ours, address, b"lost")).expect("no error");
    assert_eq!(tun.losses().down, 1);
    let mut buf = RxBuffer::new();
    assert!(tun.receive(&mut buf).expect("no error").is_none());
    links.set_up("plc0").expect("up");
    send(&tun, &datagram(ours, address, b"found")).expect("sent");
    let mut text = [0; 100];
    let len = socket.recv(&mut text).expect("a datagram");
    assert_eq!(&text[..len], b"found");
    assert_eq!(tun.losses().down, 1);
}

fn over_the_mtu(inside: &Inside) {
    let tun = up(inside, V4);
    let (socket, address) = kernel_socket(V4);
    let ours = SocketAddr::new(ip(V4.ours), 4000);
    let of = |len: usize| datagram(ours, address, &vec![b'x'; len - 28]);
    let next = || {
        let len = socket.recv(&mut [0; 2000]).expect("a datagram");
        len + 28
    };
    // Were the first written, the kernel would take it, and it would come first.
    send(&tun, &of(1501)).expect("no error");
    send(&tun, &of(1500)).expect("sent");
    assert_eq!((next(), tun.losses().refused), (1500, 1));
    // Lowered in mid-flow.
    let mut links = inside.links().expect("netlink");
    links.set_mtu("plc0", 1300).expect("mtu");
    assert_eq!(tun.capabilities().mtu, 1300);
    send(&tun, &of(1400)).expect("no error");
    send(&tun, &of(1300)).expect("sent");
    assert_eq!((next(), tun.losses().refused), (1300, 2));
    // Raised: noticed by the packet that needs it.
    links.set_mtu("plc0", 1500).expect("mtu");
    send(&tun, &of(1400)).expect("sent");
    assert_eq!((next(), tun.losses().refused), (1400, 2));
}

fn another_kind(_: &Inside) {
    drop(open("plc0"));
    let error = Tun::open("lo").expect_err("lo is no TUN device");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("lo: "), "{error}");
}

fn silenced(inside: &Inside) {
    let _tun = up(inside, V6);
    let all = std::fs::read_to_string("/proc/thread-self/net/if_inet6").expect("IPv6");
    let ours: Vec<&str> = all.lines().filter(|line| line.ends_with("plc0")).collect();
    assert_eq!(ours.len(), 1, "{all}");
    assert!(
        ours[0].starts_with("fd900000000000000000000000000001"),
        "{all}"
    );
}

/// `linux/if_tun.h`.
const TUNSETPERSIST: Opcode = opcode::write::<i32>(b'T', 203);
const TUNSETOFFLOAD: Opcode = opcode::write::<u32>(b'T', 208);
/// The kernel may leave a transport checksum for the reader to finish.
const TUN_F_CSUM: usize = 1;
