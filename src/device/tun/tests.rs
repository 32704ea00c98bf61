//! What needs no interface: a pair of datagram sockets stands for the kernel's side. The device
//! itself is met in `tests/kernel`.

use rustix::io::{Errno, read};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

use super::*;
use crate::base::Offload;

/// A device of MTU 1500 whose interface nobody else knows, and the kernel's side of it.
fn device() -> (Tun, OwnedFd) {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let (ours, theirs) =
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).expect("sockets");
    (Tun(Attached::unknown(ours)), theirs)
}

fn packet<'a>(head: &'a [u8], body: Pieces<'a>) -> Transmit<'a> {
    Transmit::plain(head, body)
}

#[test]
fn a_name_over_15_bytes_is_refused_before_anything_is_opened() {
    let error = Tun::open("pellucid-tunnel-0").expect_err("17 bytes");
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert!(error.to_string().contains("pellucid-tunnel-0"), "{error}");
}

#[test]
fn each_refusal_of_the_kernel_has_its_reason() {
    let text = |errno: Errno| OpenError::new("plc0", errno.into()).to_string();
    assert!(text(Errno::BUSY).contains("plc0: another program is attached"));
    assert!(text(Errno::NOENT).contains("there is no /dev/net/tun"));
    assert!(text(Errno::ACCESS).contains("mode"));
    assert!(text(Errno::PERM).contains("CAP_NET_ADMIN"));
}

#[test]
fn a_packet_arrives_as_it_was_sent_and_then_nothing_waits() {
    let (tun, kernel) = device();
    write(&kernel, &[0x45; 100]).expect("room");
    let mut buf = RxBuffer::new();
    let received = tun.receive(&mut buf).expect("up").expect("a packet");
    assert_eq!(received.bytes, [0x45; 100]);
    assert_eq!(received.offload, Offload::default());
    assert!(tun.receive(&mut buf).expect("up").is_none());
}

#[test]
fn a_packet_that_fills_the_room_is_dropped_and_counted() {
    let (tun, kernel) = device();
    let mut buf = RxBuffer::new();
    write(&kernel, &vec![0x45; buf.room().len() + 10]).expect("room");
    assert!(tun.receive(&mut buf).expect("up").is_none());
    assert_eq!(tun.losses().cut, 1);
    // The longest packet that fits is one byte shorter, and comes through.
    write(&kernel, &vec![0x45; buf.room().len() - 1]).expect("room");
    assert!(tun.receive(&mut buf).expect("up").is_some());
    assert_eq!(tun.losses().cut, 1);
}

#[test]
fn head_and_both_pieces_leave_as_one_packet() {
    let (tun, kernel) = device();
    let head = [0x45; 20];
    tun.transmit(&packet(&head, Pieces(b"ab", b"cde")))
        .expect("up");
    let mut got = [0; 100];
    let len = read(&kernel, &mut got).expect("a packet");
    assert_eq!(got[..20], head);
    assert_eq!(&got[20..len], b"abcde");
}

#[test]
fn a_packet_over_the_mtu_or_of_no_version_is_refused_and_counted() {
    let (tun, kernel) = device();
    let head = [0x45; 20];
    tun.transmit(&packet(&head, Pieces::one(&[0; 1481])))
        .expect("no error");
    tun.transmit(&packet(&[0x15; 40], Pieces::EMPTY))
        .expect("no error");
    assert_eq!(tun.losses().refused, 2);
    assert_eq!(read(&kernel, &mut [0; 2000]), Err(Errno::AGAIN));
}

#[test]
fn a_full_device_loses_packets_without_an_error() {
    let (tun, _kernel) = device();
    // More than any socket buffer holds: 10,000 packets of 1500 bytes.
    for _ in 0..10_000 {
        tun.transmit(&packet(&[0x45; 20], Pieces::one(&[0; 1480])))
            .expect("no error");
    }
    assert!(tun.losses().full > 0);
}
