use super::*;

fn of(packets: &[(u64, usize, &[u8])]) -> u64 {
    let mut trace = Trace::new();
    for (at, place, packet) in packets {
        trace.add(Instant::from_nanos(*at), *place, packet);
    }
    trace.hash()
}

#[test]
fn whatever_differs_about_a_packet_differs_in_the_hash() {
    let packet = [7; 100];
    let hash = of(&[(5, 0, &packet)]);
    assert_eq!(hash, of(&[(5, 0, &packet)]));
    assert_ne!(hash, of(&[(6, 0, &packet)]));
    assert_ne!(hash, of(&[(5, 1, &packet)]));
    assert_ne!(hash, of(&[(5, 0, &packet[..99])]));
    for place in 0..packet.len() {
        let mut other = packet;
        other[place] ^= 1;
        assert_ne!(hash, of(&[(5, 0, &other)]), "byte {place}");
    }
}

#[test]
fn the_order_of_packets_counts() {
    let (a, b): (&[u8], &[u8]) = (&[1; 40], &[2; 40]);
    assert_ne!(of(&[(1, 0, a), (1, 0, b)]), of(&[(1, 0, b), (1, 0, a)]));
}

#[test]
fn trailing_zeros_are_not_lost() {
    assert_ne!(
        of(&[(1, 0, &[1; 32])]),
        of(&[(1, 0, &[&[1; 32][..], &[0]].concat())])
    );
}
