//! What is only so over Ethernet.

use std::io::ErrorKind;

use pellucid::device::Veth;
use pellucid::namespace::Inside;

use crate::harness::{Case, inside};
use crate::link::{V4, VETH, ip, there_and_back, up};
use crate::packets::{datagram, next_datagram, send};

pub const CASES: &[Case] = &[
    inside(
        "veth::the_latest_packets_wait_for_the_neighbour",
        latest_wait,
    ),
    inside("veth::a_burst_waits_for_a_busy_stack", burst_waits),
    inside("veth::what_is_no_ethernet_is_refused", no_ethernet),
    inside(
        "veth::an_interface_that_is_not_there_is_an_error",
        not_there,
    ),
];

/// Before the neighbour has answered, packets of 1,400 bytes: 212,992 bytes may wait, and the
/// question is asked once.
fn latest_wait(inside: &Inside) {
    let link = up(inside, VETH);
    let device = &*link.device;
    let (socket, ours) = V4.socket();
    // Neither socket of the kernel's has room for all of them.
    let sockets = [&socket, &V4.socket().0];
    let reader = |number| sockets[usize::from(number >= 80)];
    for number in 0_u8..155 {
        let theirs = reader(number).local_addr().expect("bound");
        send(device, &datagram(ours, theirs, &[number; 1_372])).expect("sent");
    }
    // 152 of them are 212,800 bytes.
    assert_eq!(device.losses().full, 3);
    assert_eq!(frames_from_us(), 1, "one question");
    socket.send_to(b"hello", ours).expect("a route");
    // Reading takes the answer to our question, which lets the packet go.
    assert_eq!(next_datagram(device).text, b"hello");
    for number in 3..155 {
        let mut text = [0; 1_500];
        let len = reader(number).recv(&mut text).expect("a datagram");
        assert_eq!(&text[..len], [number; 1_372]);
    }
}

/// Without privilege on the machine itself a socket has room for 184 full-sized frames at most.
fn burst_waits(inside: &Inside) {
    let link = up(inside, VETH);
    let device = &*link.device;
    there_and_back(device, V4);
    let (socket, ours) = V4.socket();
    for _ in 0..160 {
        assert_eq!(socket.send_to(&[0; 1472], ours).expect("room"), 1472);
    }
    for number in 0..160 {
        assert_eq!(next_datagram(device).text.len(), 1472, "{number}");
    }
}

/// How many frames the kernel's end has received.
fn frames_from_us() -> u64 {
    let table = std::fs::read_to_string("/proc/thread-self/net/dev").expect("interfaces");
    let mut words = table.split_whitespace().skip_while(|word| *word != "plc0:");
    let frames = words.nth(2).expect("bytes, then packets");
    frames.parse().expect("a number")
}

fn no_ethernet(_: &Inside) {
    let error = Veth::open("lo", &[ip("10.90.0.2")], ip("10.90.0.1")).expect_err("lo");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("lo is no Ethernet"), "{error}");
}

fn not_there(_: &Inside) {
    let ours = [ip("10.90.0.2")];
    assert!(Veth::open("none0", &ours, ip("10.90.0.1")).is_err());
    assert!(Veth::open("longer-than-15-bytes", &ours, ip("10.90.0.1")).is_err());
}
