use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::*;
use crate::base::{Checksum, Pieces};

/// An IPv4-looking packet of `len` bytes that ends with `mark`.
fn send(end: &PipeEnd, len: usize, mark: u8) {
    let mut bytes = vec![0x45; len];
    bytes[len - 1] = mark;
    end.transmit(&Transmit::plain(&bytes[..20], Pieces::one(&bytes[20..])))
        .expect("a pipe does not fail");
}

fn mark(end: &PipeEnd) -> Option<u8> {
    let mut buf = RxBuffer::new();
    let received = end.receive(&mut buf).expect("a pipe does not fail");
    received.and_then(|packet| packet.bytes.last().copied())
}

fn is_readable(end: &PipeEnd) -> bool {
    let fd = end.poll_fd().expect("a pipe can be waited on");
    let mut fds = [PollFd::from_borrowed_fd(fd, PollFlags::IN)];
    poll(&mut fds, Some(&Timespec::default())).expect("poll") == 1
}

#[test]
fn packets_arrive_at_the_other_end_in_order() {
    let (a, b) = pipe(1500).expect("descriptors");
    send(&a, 100, 1);
    send(&a, 1500, 2);
    send(&b, 40, 3);
    assert_eq!([mark(&b), mark(&b), mark(&b)], [Some(1), Some(2), None]);
    assert_eq!([mark(&a), mark(&a)], [Some(3), None]);
}

#[test]
fn an_end_is_readable_exactly_while_packets_wait() {
    let (a, b) = pipe(1500).expect("descriptors");
    assert!(!is_readable(&b));
    send(&a, 40, 1);
    send(&a, 40, 2);
    assert!(is_readable(&b) && !is_readable(&a));
    mark(&b);
    assert!(is_readable(&b));
    mark(&b);
    assert!(!is_readable(&b));
    mark(&b);
    send(&a, 40, 3);
    assert!(is_readable(&b));
}

#[test]
fn a_full_pipe_loses_what_comes_last() {
    let (a, b) = pipe(1500).expect("descriptors");
    for _ in 0..QUEUE_MAX {
        send(&a, 40, 1);
    }
    send(&a, 40, 2);
    assert_eq!(a.losses().full, 1);
    let arrived: Vec<u8> = std::iter::from_fn(|| mark(&b)).collect();
    assert_eq!(arrived, vec![1; QUEUE_MAX]);
}

#[test]
fn a_packet_over_the_mtu_is_refused() {
    let (a, b) = pipe(1280).expect("descriptors");
    send(&a, 1281, 1);
    assert_eq!(a.losses().refused, 1);
    assert_eq!(mark(&b), None);
}

#[test]
fn what_is_left_to_the_pipe_is_left_to_the_receiver() {
    let (a, b) = pipe_with(1500, Offloads::ALL).expect("descriptors");
    assert_eq!(a.capabilities().offloads, Offloads::ALL);
    let mut bytes = vec![0; 10_040];
    (bytes[0], bytes[9], bytes[32]) = (0x45, 6, 0x50);
    bytes[2..4].copy_from_slice(&10_040_u16.to_be_bytes());
    let offload = Offload {
        checksum: Checksum::Partial {
            start: 20,
            offset: 16,
        },
        gso: Some(1460),
    };
    let long = Transmit {
        offload,
        ..Transmit::plain(&bytes[..40], Pieces::one(&bytes[40..]))
    };
    a.transmit(&long).expect("a pipe does not fail");
    let mut buf = RxBuffer::new();
    let received = b.receive(&mut buf).expect("a pipe does not fail");
    let received = received.expect("it is there");
    assert_eq!((received.bytes, received.offload), (&bytes[..], offload));
    // A pipe that does nothing but carry refuses it.
    let (plain, _other) = pipe(1500).expect("descriptors");
    plain.transmit(&long).expect("no error");
    assert_eq!(plain.losses().refused, 1);
}
