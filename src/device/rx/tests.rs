use super::*;
use crate::base::{Checksum, Chunk};

fn put(rx: &mut RxBuffer, byte: u8, len: usize) {
    rx.room()[..len].fill(byte);
    let kept = rx.keep(0..len);
    assert_eq!(kept.bytes, vec![byte; len]);
}

fn seen(rx: &RxBuffer) -> Vec<(u8, usize)> {
    let packets = rx.packets();
    packets
        .map(|packet| {
            let byte = packet.bytes[0];
            assert!(packet.bytes.iter().all(|other| *other == byte));
            (byte, packet.bytes.len())
        })
        .collect()
}

#[test]
fn packets_stay_as_they_came_until_they_are_forgotten() {
    let mut rx = RxBuffer::new();
    let all = [(1, 1), (2, 1500), (3, 64), (4, 65_575), (5, 0)];
    for (byte, len) in &all[..4] {
        put(&mut rx, *byte, *len);
    }
    assert_eq!(seen(&rx), all[..4]);
    rx.clear();
    assert_eq!(rx.packets().len(), 0);
    put(&mut rx, 6, 40);
    assert_eq!(seen(&rx), [(6, 40)]);
}

#[test]
fn every_room_holds_the_largest_packet_and_a_byte() {
    let mut rx = RxBuffer::new();
    while rx.has_room() {
        // IPv6's longest, behind an Ethernet header.
        assert!(rx.room().len() > 65_575 + 14);
        put(&mut rx, 1, 2000);
    }
    assert_eq!(rx.packets().len(), (256 * 1536_usize).div_ceil(2048));
}

#[test]
fn as_many_packets_of_ethernets_size_as_a_batch_holds() {
    let mut rx = RxBuffer::new();
    while rx.has_room() {
        put(&mut rx, 1, 1500);
    }
    assert_eq!(rx.packets().len(), 256);
}

#[test]
fn where_there_is_no_room_the_old_ones_go() {
    let mut rx = RxBuffer::new();
    for _ in 0..256 {
        put(&mut rx, 1, 40);
    }
    assert!(!rx.has_room());
    put(&mut rx, 2, 40);
    assert_eq!(seen(&rx), [(2, 40)]);
}

#[test]
fn what_stands_before_a_packet_is_left_out() {
    let mut rx = RxBuffer::new();
    rx.room()[..18].copy_from_slice(b"ethernet header ip");
    let kept = rx.keep(16..18);
    assert_eq!(kept.bytes, b"ip");
}

/// Fills the buffer with one batch of packets of `len` bytes; how many.
fn fill(rx: &mut RxBuffer, len: usize) -> usize {
    rx.clear();
    while rx.has_room() {
        rx.room();
        rx.keep(0..len);
    }
    rx.packets().len()
}

fn rooms(rx: &RxBuffer) -> usize {
    rx.used.len() + rx.kept.len()
}

#[test]
fn what_the_device_says_stays_with_its_packet() {
    let mut rx = RxBuffer::new();
    let partial = Checksum::Partial {
        start: 20,
        offset: 16,
    };
    let said = [
        Offload::default(),
        Offload {
            checksum: partial,
            gso: Some(1448),
        },
        Offload {
            checksum: Checksum::Verified,
            gso: None,
        },
    ];
    for offload in said {
        rx.room();
        assert_eq!(rx.keep_as(10..50, offload).offload, offload);
    }
    assert_eq!(rx.last().expect("three").offload, said[2]);
    let seen: Vec<Offload> = rx.packets().map(|packet| packet.offload).collect();
    assert_eq!(seen, said);
}

#[test]
fn each_packet_knows_where_it_came_in() {
    let mut rx = RxBuffer::new();
    put(&mut rx, 1, 40);
    for interface in [1, 0] {
        rx.coming_by(InterfaceId(interface));
        put(&mut rx, 2, 40);
    }
    let by: Vec<u8> = rx.packets().map(|packet| packet.interface.0).collect();
    assert_eq!(by, [0, 1, 0]);
}

#[test]
fn a_large_packet_comes_with_its_memory_and_nothing_follows_it_there() {
    let mut rx = RxBuffer::new();
    for (byte, len) in [(1, 40), (2, LARGE - 1), (3, LARGE), (4, 40), (5, 65_535)] {
        put(&mut rx, byte, len);
    }
    let packets: Vec<Received<'_>> = rx.packets().collect();
    let offered: Vec<bool> = packets.iter().map(|one| one.memory.is_some()).collect();
    assert_eq!(offered, [false, false, true, false, true]);
    let held = Chunk::of(packets[2].memory.expect("large"), packets[2].bytes).expect("it is there");
    assert_eq!(&held[..], packets[2].bytes);
    assert!(Chunk::of(packets[2].memory.expect("large"), packets[3].bytes).is_none());
}

#[test]
fn what_is_held_is_not_written_again() {
    let mut rx = RxBuffer::new();
    let mut held = Vec::new();
    for byte in 0..40 {
        rx.clear();
        put(&mut rx, byte, 60_000);
        let packet = rx.packets().next().expect("one");
        held.push(Chunk::of(packet.memory.expect("large"), packet.bytes).expect("it is there"));
    }
    for (byte, chunk) in (0..).zip(&held) {
        assert!(chunk.iter().all(|there| *there == byte), "{byte}");
    }
}

#[test]
fn of_those_that_are_free_the_last_used_is_used_first() {
    let mut rx = RxBuffer::new();
    let place = |rx: &mut RxBuffer| {
        rx.clear();
        rx.room().as_ptr()
    };
    fill(&mut rx, 60_000);
    let last = rx.packets().last().expect("many").bytes.as_ptr();
    assert_eq!(place(&mut rx), last);
    // And again while nothing holds it.
    assert_eq!(place(&mut rx), last);
    put(&mut rx, 1, 60_000);
    let packet = rx.packets().next().expect("one");
    let held = Memory::clone(packet.memory.expect("large"));
    let other = place(&mut rx);
    assert!(other != last);
    drop(held);
    // It was used before the other.
    assert_eq!(place(&mut rx), other);
}

#[test]
fn no_room_is_made_once_there_are_as_many_as_batches_take() {
    for len in [40, 1_500, 9_000, 65_575] {
        let mut rx = RxBuffer::new();
        let count = fill(&mut rx, len);
        let made = rooms(&rx);
        assert!(
            made <= USED_MAX,
            "{made} rooms for {count} packets of {len}"
        );
        let capacities = |rx: &RxBuffer| {
            [
                rx.used.capacity(),
                rx.kept.capacity(),
                rx.packets.capacity(),
            ]
        };
        let before = capacities(&rx);
        for _ in 0..100 {
            assert_eq!(fill(&mut rx, len), count);
            assert_eq!(rooms(&rx), made);
        }
        assert_eq!(capacities(&rx), before);
    }
}

#[test]
fn no_more_rooms_are_kept_than_64() {
    let mut rx = RxBuffer::new();
    let mut held = Vec::new();
    for _ in 0..100 {
        fill(&mut rx, 65_535);
        held.extend(
            rx.packets()
                .map(|packet| Memory::clone(packet.memory.expect("large"))),
        );
    }
    rx.clear();
    assert_eq!(rooms(&rx), 64);
    // The earliest are held by nobody but the reader, so that they end with it.
    assert!(
        held[..held.len() - 64]
            .iter()
            .all(|room| Arc::strong_count(room) == 1)
    );
    assert!(
        held[held.len() - 64..]
            .iter()
            .all(|room| Arc::strong_count(room) == 2)
    );
    drop(held);
    // Those that are left are enough.
    fill(&mut rx, 65_535);
    assert_eq!(rooms(&rx), 64);
}
