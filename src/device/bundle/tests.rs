use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::super::{PipeEnd, pipe};
use super::*;
use crate::base::Pieces;

/// A bundle of two, and the other ends.
fn two() -> (Bundle, [PipeEnd; 2]) {
    let (a, far_a) = pipe(1500).expect("descriptors");
    let (b, far_b) = pipe(1300).expect("descriptors");
    let bundle = Bundle::new(vec![Box::new(a), Box::new(b)]).expect("two are enough");
    (bundle, [far_a, far_b])
}

/// An IPv4-looking packet of `len` bytes that ends with `mark`.
fn packet(len: usize, mark: u8) -> Vec<u8> {
    let mut bytes = vec![0x45; len];
    bytes[len - 1] = mark;
    bytes
}

fn send(device: &dyn Device, interface: u8, len: usize, mark: u8) {
    let bytes = packet(len, mark);
    let packet = Transmit {
        interface: InterfaceId(interface),
        ..Transmit::plain(&bytes, Pieces::EMPTY)
    };
    device.transmit(&packet).expect("a pipe does not fail");
}

/// The mark of the next packet, and where it came in.
fn next(device: &dyn Device) -> Option<(u8, u8)> {
    let mut buf = RxBuffer::new();
    let received = device.receive(&mut buf).expect("a pipe does not fail");
    received.map(|packet| (packet.interface.0, packet.bytes[packet.bytes.len() - 1]))
}

fn is_readable(device: &dyn Device) -> bool {
    let fd = device.poll_fd().expect("it can be waited on");
    let mut fds = [PollFd::from_borrowed_fd(fd, PollFlags::IN)];
    poll(&mut fds, Some(&Timespec::default())).expect("poll") == 1
}

#[test]
fn a_packet_leaves_by_the_member_that_it_names() {
    let (bundle, [far_a, far_b]) = two();
    send(&bundle, 0, 40, 1);
    send(&bundle, 1, 40, 2);
    send(&bundle, 1, 40, 3);
    assert_eq!([next(&far_a), next(&far_a)], [Some((0, 1)), None]);
    assert_eq!([next(&far_b), next(&far_b)], [Some((0, 2)), Some((0, 3))]);
}

#[test]
fn a_packet_comes_in_with_the_number_of_its_member() {
    let (bundle, [far_a, far_b]) = two();
    send(&far_b, 0, 40, 1);
    assert_eq!(next(&bundle), Some((1, 1)));
    send(&far_a, 0, 40, 2);
    assert_eq!(next(&bundle), Some((0, 2)));
    assert_eq!(next(&bundle), None);
    // And so it stands in the batch.
    send(&far_a, 0, 40, 3);
    send(&far_b, 0, 40, 4);
    let mut batch = RxBuffer::new();
    while bundle.receive(&mut batch).expect("two pipes").is_some() {}
    let mut seen: Vec<(u8, u8)> = batch
        .packets()
        .map(|packet| (packet.interface.0, packet.bytes[39]))
        .collect();
    seen.sort_unstable();
    assert_eq!(seen, [(0, 3), (1, 4)]);
}

#[test]
fn a_member_with_much_to_give_does_not_keep_the_others_waiting() {
    let (bundle, [far_a, far_b]) = two();
    for _ in 0..200 {
        send(&far_a, 0, 40, 0);
        send(&far_b, 0, 40, 0);
    }
    let mut came = [0_usize; 2];
    for _ in 0..400 {
        let (interface, _) = next(&bundle).expect("400 were sent");
        came[usize::from(interface)] += 1;
        assert!(
            came[0].min(200).abs_diff(came[1].min(200)) <= TURN,
            "{came:?}"
        );
    }
    assert_eq!(next(&bundle), None);
}

#[test]
fn it_is_readable_exactly_while_a_member_is() {
    let (bundle, [far_a, far_b]) = two();
    assert!(!is_readable(&bundle));
    for far in [&far_a, &far_b] {
        send(far, 0, 40, 1);
        send(far, 0, 40, 2);
        assert!(is_readable(&bundle));
        assert!(next(&bundle).is_some() && is_readable(&bundle));
        assert!(next(&bundle).is_some() && !is_readable(&bundle));
    }
}

#[test]
fn each_member_has_its_own_name_and_mtu_and_losses_are_summed() {
    let (bundle, _far) = two();
    let mtus: Vec<u16> = bundle.interfaces().iter().map(|one| one.mtu).collect();
    assert_eq!(mtus, [1500, 1300]);
    let all = bundle.capabilities();
    assert_eq!((all.name.as_str(), all.mtu), ("pipe-a+pipe-a", 1500));
    send(&bundle, 0, 1400, 1);
    send(&bundle, 1, 1400, 2);
    send(&bundle, 0, 1501, 3);
    // There is none.
    send(&bundle, 2, 40, 4);
    for _ in 0..2_000 {
        send(&bundle, 1, 40, 5);
    }
    let expected = Losses {
        refused: 3,
        // A pipe holds 1024.
        full: 976,
        ..Losses::default()
    };
    assert_eq!(bundle.losses(), expected);
}

/// A device in memory that nobody can wait on.
struct Memory;

impl Device for Memory {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            name: "memory".into(),
            mtu: 1500,
            offloads: Offloads::NONE,
        }
    }

    fn receive<'b>(&self, _: &'b mut RxBuffer) -> io::Result<Option<Received<'b>>> {
        Err(io::ErrorKind::NotConnected.into())
    }

    fn transmit(&self, _: &Transmit<'_>) -> io::Result<()> {
        Ok(())
    }

    fn poll_fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

#[test]
fn with_a_member_that_cannot_be_waited_on_neither_can_all() {
    let (a, _far) = pipe(1500).expect("descriptors");
    let bundle = Bundle::new(vec![Box::new(a), Box::new(Memory)]).expect("two are enough");
    assert!(bundle.poll_fd().is_none());
}

#[test]
fn a_member_that_is_gone_takes_the_others_with_it() {
    let (a, _far) = pipe(1500).expect("descriptors");
    let bundle = Bundle::new(vec![Box::new(a), Box::new(Memory)]).expect("two are enough");
    let error = bundle
        .receive(&mut RxBuffer::new())
        .expect_err("it is gone");
    assert_eq!(error.kind(), io::ErrorKind::NotConnected);
}

#[test]
fn what_is_no_bundle_is_refused() {
    let memory = |count: usize| -> Vec<Box<dyn Device>> {
        (0..count)
            .map(|_| Box::new(Memory) as Box<dyn Device>)
            .collect()
    };
    let (nested, _far) = two();
    for members in [memory(0), memory(257), vec![Box::new(nested)]] {
        let error = Bundle::new(members).expect_err("no bundle");
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
    assert!(Bundle::new(memory(256)).is_ok());
}
