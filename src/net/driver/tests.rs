use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{EventfdFlags, eventfd};

use super::*;
use crate::base::{Received, Transmit};
use crate::device::{Capabilities, RxBuffer, pipe};
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
