use super::*;
use etherparse::PacketBuilder;

use crate::base::{Checksum, Pieces, checksum};
use crate::device::{Bundle, pipe};
use crate::wire::offload::{Layout, is_whole};
use crate::wire::tcp;

/// A segment with so much text from this sequence number on, its checksum whole.
fn segment(seq: u32, len: usize) -> Vec<u8> {
    let text: Vec<u8> = (0..len).map(|i| (i + seq as usize) as u8).collect();
    let builder = PacketBuilder::ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64);
    let builder = builder.tcp(80, 90, seq, 1_000).ack(5);
    let mut packet = vec![0; 40 + len];
    builder.write_to_slice(&mut packet, &text).expect("room");
    packet
}

fn send(device: &dyn Device, packet: &[u8]) {
    device
        .transmit(&Transmit::plain(packet, Pieces::EMPTY))
        .expect("up");
}

/// Everything that waits at a device, in one batch.
fn batch(device: &dyn Device) -> RxBuffer {
    let mut rx = RxBuffer::new();
    while device.receive(&mut rx).expect("up").is_some() {}
    rx
}

/// A generic device at the one end of a plain pipe, and the other end.
fn ends() -> (Generic, pipe::PipeEnd) {
    let (near, far) = pipe(1500).expect("descriptors");
    (Generic::new(Box::new(near)), far)
}

#[test]
fn what_was_cut_crosses_as_whole_packets_and_is_joined_again() {
    let (near, far) = ends();
    let mut long = segment(1, 14_000);
    let layout = Layout::of(&long).expect("TCP");
    // As a stack hands it over: with the sum of the pseudo-header only.
    let carried = (long.len() - layout.transport_at) as u32;
    let begun = checksum::pseudo_header(layout.src, layout.dst, tcp::PROTOCOL, carried);
    let field = layout.transport_at + layout.checksum_offset();
    long[field..][..2].copy_from_slice(&begun.folded().to_be_bytes());
    let packet = Transmit {
        offload: Offload {
            checksum: layout.partial(),
            gso: Some(1_400),
        },
        ..Transmit::plain(&long[..40], Pieces::one(&long[40..]))
    };
    near.transmit(&packet).expect("up");
    let crossed = batch(&far);
    assert_eq!(crossed.packets().len(), 10);
    for packet in crossed.packets() {
        assert_eq!(
            (packet.bytes.len(), packet.offload),
            (1_440, Offload::default())
        );
        assert!(is_whole(packet.bytes, &layout));
        send(&far, packet.bytes);
    }
    let joined = batch(&near);
    let all: Vec<_> = joined.packets().collect();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].offload, packet.offload);
    assert!(all[0].bytes == long);
    assert!(all[0].memory.is_none());
}

#[test]
fn only_what_belongs_together_is_joined_and_nothing_is_lost() {
    let (near, far) = ends();
    let mut wrong = segment(2_001, 1_000);
    wrong[500] ^= 1;
    let sent = [
        segment(1, 1_000),
        segment(1_001, 1_000),
        wrong.clone(),
        segment(2_001, 1_000),
        segment(3_001, 400),
        segment(3_401, 400),
        segment(9_001, 0),
        segment(9_001, 700),
    ];
    for packet in &sent {
        send(&far, packet);
    }
    let rx = batch(&near);
    let seen: Vec<_> = rx
        .packets()
        .map(|packet| (packet.bytes.len() - 40, packet.offload.gso))
        .collect();
    let expected = [
        (2_000, Some(1_000)),
        (1_000, None),
        (1_400, Some(1_000)),
        (400, None),
        (0, None),
        (700, None),
    ];
    assert_eq!(seen, expected);
    let all: Vec<_> = rx.packets().collect();
    // Nobody vouches for what is wrong, and it is as it came.
    assert_eq!(
        (all[1].bytes, all[1].offload.checksum),
        (&wrong[..], Checksum::Full)
    );
    assert_eq!(all[3].offload.checksum, Checksum::Verified);
    assert_eq!(all[3].bytes, sent[5]);
}

#[test]
fn a_long_packet_lies_in_memory_that_may_be_kept_and_a_full_one_ends() {
    let (near, far) = ends();
    let mut seq = 1;
    for _ in 0..100 {
        send(&far, &segment(seq, 1_000));
        seq += 1_000;
    }
    let rx = batch(&near);
    let lens: Vec<_> = rx.packets().map(|packet| packet.bytes.len()).collect();
    // 65 of 1,000 bytes and 40 of headers are the most that a packet can be.
    assert_eq!(lens, [65_040, 35_040]);
    let [first, second] = [0, 1].map(|nth| rx.packets().nth(nth).expect("two"));
    // Whoever keeps the one does not keep the other.
    let memory = [first, second].map(|packet| packet.memory.expect("worth keeping"));
    assert!(!std::sync::Arc::ptr_eq(memory[0], memory[1]));
    assert!(memory[1][..35_040] == *second.bytes);
}

#[test]
fn what_cannot_be_cut_is_counted_and_not_sent() {
    let (near, far) = ends();
    let bytes = segment(1, 100);
    let packet = Transmit {
        offload: Offload {
            checksum: Checksum::Full,
            gso: Some(0),
        },
        ..Transmit::plain(&bytes, Pieces::EMPTY)
    };
    near.transmit(&packet).expect("up");
    assert_eq!(near.losses().refused, 1);
    assert_eq!(batch(&far).packets().len(), 0);
}

#[test]
fn a_header_whose_checksum_is_wrong_is_not_made_right() {
    for wrong in [0, 1, 2] {
        let (near, far) = ends();
        let mut sent: Vec<_> = (0..3).map(|nth| segment(1 + nth * 500, 500)).collect();
        sent[wrong][10] ^= 1;
        for packet in &sent {
            send(&far, packet);
        }
        let rx = batch(&near);
        let whole: Vec<_> = rx
            .packets()
            .filter(|one| one.offload.gso.is_none())
            .collect();
        assert!(whole.iter().any(|one| one.bytes == sent[wrong]), "{wrong}");
        let text: usize = rx.packets().map(|one| one.bytes.len() - 40).sum();
        assert_eq!(text, 1_500);
    }
}

/// Two interfaces by which one flow comes in turns, two segments by each.
fn in_turns(bundle: &dyn Device, far: [&dyn Device; 2]) {
    let mut rx = RxBuffer::new();
    for nth in 0..8 {
        send(far[nth / 2 % 2], &segment(1 + 500 * nth as u32, 500));
        assert!(bundle.receive(&mut rx).expect("up").is_some());
    }
    let seen: Vec<_> = rx
        .packets()
        .map(|one| (one.interface.0, one.bytes.len()))
        .collect();
    assert_eq!(seen, [(0, 1_040), (1, 1_040), (0, 1_040), (1, 1_040)]);
}

#[test]
fn what_came_in_by_another_interface_is_not_joined() {
    let (first, far_a) = pipe(1500).expect("descriptors");
    let (second, far_b) = pipe(1500).expect("descriptors");
    let bundle = Bundle::new(vec![Box::new(first), Box::new(second)]).expect("two");
    in_turns(&Generic::new(Box::new(bundle)), [&far_a, &far_b]);

    let ((first, far_a), (second, far_b)) = (ends(), ends());
    let bundle = Bundle::new(vec![Box::new(first), Box::new(second)]).expect("two");
    in_turns(&bundle, [&far_a, &far_b]);
}
