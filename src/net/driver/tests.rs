use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{EventfdFlags, eventfd};

use super::*;
use crate::base::{Received, Transmit};
use crate::device::{Capabilities, pipe};
use crate::net::tests::{bounded, connection, start};

/// A pipe with another descriptor to sleep on, or none.
struct Odd {
    inner: pipe::PipeEnd,
    file: Option<OwnedFd>,
}

impl Device for Odd {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn receive<'b>(&self, buf: &'b mut RxBuffer) -> io::Result<Option<Received<'b>>> {
        self.inner.receive(buf)
    }

    fn transmit(&self, packet: &Transmit<'_>) -> io::Result<()> {
        self.inner.transmit(packet)
    }

    fn poll_fd(&self) -> Option<BorrowedFd<'_>> {
        self.file.as_ref().map(AsFd::as_fd)
    }
}

/// A question and an answer over a device with this descriptor.
fn talk_over(file: Option<OwnedFd>) {
    bounded(|| {
        let (inner, b) = pipe(1500).expect("descriptors");
        let (a, b) = (start(Odd { inner, file }, 1), start(b, 2));
        let (mut client, mut server) = connection(&a, &b);
        client.write_all(b"?").expect("room");
        let mut got = [0];
        server.read_exact(&mut got).expect("the question");
        server.write_all(b"!").expect("room");
        client.read_exact(&mut got).expect("the answer");
        assert_eq!(&got, b"!");
    });
}

#[test]
fn a_device_with_nothing_to_sleep_on_is_asked_anyway() {
    talk_over(None);
}

#[test]
fn a_device_that_announces_packets_it_does_not_have_is_asked_anyway() {
    talk_over(Some(
        eventfd(1, EventfdFlags::CLOEXEC).expect("a descriptor"),
    ));
}

#[test]
fn a_batch_takes_no_more_than_it_has_room_for_and_leaves_the_rest() {
    let (near, far) = pipe(1500).expect("descriptors");
    let packets: Vec<[u8; 20]> = (0..260_u16)
        .map(|number| {
            let mut packet = [0; 20];
            packet[0] = 0x45;
            packet[18..].copy_from_slice(&number.to_be_bytes());
            packet
        })
        .collect();
    for packet in &packets {
        let packet = Transmit {
            head: packet,
            body: crate::base::Pieces::EMPTY,
            offload: crate::base::Offload::default(),
        };
        far.transmit(&packet).expect("room");
    }
    let mut batch = RxBuffer::new();
    for expected in [&packets[..256], &packets[256..], &[]] {
        receive(&near, &mut batch).expect("a pipe");
        let got: Vec<&[u8]> = batch.packets().map(|packet| packet.bytes).collect();
        assert_eq!(got, expected);
    }
}

#[test]
fn sleeping_hears_the_doorbell_and_the_device_and_tells_them_apart() {
    bounded(|| {
        let (near, far) = pipe(1500).expect("descriptors");
        let bell = Doorbell::new().expect("a descriptor");
        let nothing = Some(Duration::from_nanos(1));
        assert!(!sleep(&near, &bell, nothing, true).expect("to poll"));
        bell.ring();
        // Without a timeout: it would sleep for ever.
        assert!(!sleep(&near, &bell, None, true).expect("to poll"));
        assert!(
            !sleep(&near, &bell, nothing, true).expect("to poll"),
            "heard"
        );
        let packet = Transmit {
            head: &[0x45; 20],
            body: crate::base::Pieces::EMPTY,
            offload: crate::base::Offload::default(),
        };
        far.transmit(&packet).expect("room");
        assert!(sleep(&near, &bell, None, true).expect("to poll"));
        assert!(
            !sleep(&near, &bell, nothing, false).expect("to poll"),
            "not asked"
        );
        // A timeout that no `Timespec` holds is no error.
        assert!(sleep(&near, &bell, Some(Duration::MAX), true).expect("to poll"));
    });
}
