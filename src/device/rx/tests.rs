use super::*;

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
        assert_eq!(rx.room().len(), 65_576);
        put(&mut rx, 1, 2000);
    }
    // One byte more of the front than these took may not begin a packet: it would not fit whole.
    assert!(rx.packets().len() * 2048 > DENSE_LEN);
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
