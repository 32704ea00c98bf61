//! What needs no interface: a pair of datagram sockets stands for the kernel's side. The device
//! itself is met in `tests/kernel`.

use rustix::io::{read, write};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

use super::*;
use crate::base::{Checksum, Offload};

/// A device of MTU 1500 whose interface nobody else knows, and the kernel's side of it.
fn device() -> (OffloadTun, OwnedFd) {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let (ours, theirs) =
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).expect("sockets");
    let tun = OffloadTun {
        tun: Attached::unknown(ours),
        does: Offloads::ALL,
        refuses: AtomicBool::new(false),
    };
    (tun, theirs)
}

/// A TCP packet over IPv4 of 5,000 bytes of text, and what it wants of the device.
fn long() -> (Vec<u8>, Offload) {
    let mut packet = vec![0x5a; 5_040];
    packet[..40].fill(0);
    (packet[0], packet[9], packet[32]) = (0x45, 6, 0x50);
    packet[2..4].copy_from_slice(&5_040_u16.to_be_bytes());
    // The pseudo-header's sum: no addresses, protocol and length.
    packet[36..38].copy_from_slice(&(6 + 5_020_u16).to_be_bytes());
    let checksum = Checksum::Partial {
        start: 20,
        offset: 16,
    };
    let gso = Some(1_460);
    (packet, Offload { checksum, gso })
}

#[test]
fn header_head_and_both_pieces_leave_as_one_packet() {
    let (tun, kernel) = device();
    let (packet, offload) = long();
    let long = Transmit {
        offload,
        ..Transmit::plain(&packet[..40], Pieces(&packet[40..100], &packet[100..]))
    };
    tun.transmit(&long).expect("up");
    let mut got = vec![0; 6_000];
    let len = read(&kernel, &mut got).expect("a packet");
    assert_eq!(got[virtio::LEN..len], packet);
    // NEEDS_CSUM, TCP over IPv4; lengths of headers and text; where the checksum stands.
    let mut expected = vec![1, 1];
    for field in [40_u16, 1_460, 20, 16] {
        expected.extend(field.to_ne_bytes());
    }
    assert_eq!(got[..virtio::LEN], expected);
}

#[test]
fn a_plain_packet_has_a_header_that_asks_for_nothing() {
    let (tun, kernel) = device();
    for body in [Pieces::EMPTY, Pieces(b"abc", b""), Pieces(b"", b"abc")] {
        tun.transmit(&Transmit::plain(&[0x45; 20], body))
            .expect("up");
        let mut got = vec![0; 100];
        let len = read(&kernel, &mut got).expect("a packet");
        assert_eq!(got[..virtio::LEN], [0; virtio::LEN]);
        assert_eq!(got[virtio::LEN..][..20], [0x45; 20]);
        assert_eq!(got[virtio::LEN + 20..len], body.to_vec());
    }
}

#[test]
fn a_long_packet_arrives_as_the_header_says() {
    let (tun, kernel) = device();
    let (packet, offload) = long();
    let header = Header::of(
        &Transmit {
            offload,
            ..Transmit::plain(&packet, Pieces::EMPTY)
        },
        Offloads::ALL,
    );
    let header = header.expect("it can be asked for").to_bytes();
    write(&kernel, &[&header[..], &packet].concat()).expect("room");
    let mut buf = RxBuffer::new();
    let received = tun.receive(&mut buf).expect("up").expect("a packet");
    assert_eq!(received.bytes, packet);
    assert_eq!(received.offload, offload);
    assert!(tun.receive(&mut buf).expect("up").is_none());
}

#[test]
fn a_packet_with_a_false_header_is_dropped_and_counted() {
    let (tun, kernel) = device();
    let (packet, _) = long();
    let mut buf = RxBuffer::new();
    // Shorter than a header; of a kind that there is not.
    write(&kernel, &[0; 9]).expect("room");
    write(
        &kernel,
        &[&[0, 99, 0, 0, 0, 0, 0, 0, 0, 0][..], &packet].concat(),
    )
    .expect("room");
    assert!(tun.receive(&mut buf).expect("up").is_none());
    assert!(tun.receive(&mut buf).expect("up").is_none());
    assert_eq!(tun.losses().misdescribed, 2);
    assert_eq!(buf.packets().len(), 0);
}

#[test]
fn a_packet_that_fills_the_room_is_dropped_and_counted() {
    let (tun, kernel) = device();
    let mut buf = RxBuffer::new();
    write(&kernel, &vec![0; buf.room().len() + 10]).expect("room");
    assert!(tun.receive(&mut buf).expect("up").is_none());
    assert_eq!(tun.losses().cut, 1);
}

#[test]
fn what_cannot_be_carried_is_refused_and_counted() {
    let (tun, kernel) = device();
    let (packet, offload) = long();
    let too_long = Transmit {
        offload: Offload {
            gso: Some(1_461),
            ..offload
        },
        ..Transmit::plain(&packet, Pieces::EMPTY)
    };
    tun.transmit(&too_long).expect("no error");
    tun.transmit(&Transmit::plain(&packet, Pieces::EMPTY))
        .expect("no error");
    assert_eq!(tun.losses().refused, 2);
    assert_eq!(read(&kernel, &mut [0; 100]), Err(Errno::AGAIN));
}

/// Robustness, R-DEV-7.
#[test]
fn what_the_kernel_refuses_to_do_is_done_here() {
    let (tun, kernel) = device();
    tun.refuses.store(true, Ordering::Relaxed);
    assert_eq!(tun.capabilities().offloads, Offloads::NONE);
    let (packet, offload) = long();
    let long = Transmit {
        offload,
        ..Transmit::plain(&packet[..40], Pieces::one(&packet[40..]))
    };
    tun.transmit(&long).expect("up");
    let mut expected = Cut::of(&long, Offloads::NONE).expect("TCP");
    while let Some(segment) = expected.next() {
        let mut got = vec![0; 2_000];
        let len = read(&kernel, &mut got).expect("a packet");
        assert_eq!(got[..virtio::LEN], [0; virtio::LEN]);
        assert_eq!(got[virtio::LEN..len], segment.to_vec());
    }
    assert_eq!(read(&kernel, &mut [0; 100]), Err(Errno::AGAIN));
    assert_eq!(tun.losses(), Losses::default());
}

/// A file that refuses every write stands for the kernel.
#[test]
fn once_it_has_refused_it_is_not_asked_again() {
    use rustix::time::{TimerfdClockId, TimerfdFlags, timerfd_create};
    let refuser = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC);
    let tun = OffloadTun {
        tun: Attached::unknown(refuser.expect("a descriptor")),
        does: Offloads::ALL,
        refuses: AtomicBool::new(false),
    };
    assert_eq!(tun.capabilities().offloads, Offloads::ALL);
    let (packet, offload) = long();
    let long = Transmit {
        offload,
        ..Transmit::plain(&packet, Pieces::EMPTY)
    };
    // It refuses what is plain, too, and there is nothing else to try.
    let error = tun.transmit(&long).expect_err("it takes nothing");
    assert_eq!(error.raw_os_error(), Some(Errno::INVAL.raw_os_error()));
    assert_eq!(tun.capabilities().offloads, Offloads::NONE);
}
