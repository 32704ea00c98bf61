use etherparse::PacketBuilder;

use super::*;

const DOES_SUMS: Offloads = Offloads {
    udp: false,
    ..Offloads::ALL
};

/// Datagrams of three bytes, and a last one of two.
fn eleven() -> Segments {
    let builder = PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64).udp(1, 2);
    let mut packet = vec![0; 28 + 11];
    builder
        .write_to_slice(&mut packet, b"onetwosixed")
        .expect("room");
    let layout = Layout::of(&packet).expect("UDP");
    let sum = crate::base::checksum::pseudo_header(layout.src, layout.dst, 17, 19);
    packet[26..28].copy_from_slice(&sum.folded().to_be_bytes());
    let size = NonZeroU16::new(3).expect("not zero");
    Segments::new(packet, size).expect("UDP")
}

#[test]
fn a_device_that_cuts_gets_all_at_once() {
    let mut out = Vec::new();
    let mut all = eleven();
    let offload = all.next_packet(&mut out, Offloads::ALL);
    assert_eq!((offload.gso, &out[28..]), (Some(3), &b"onetwosixed"[..]));
    assert!(all.is_over());
}

#[test]
fn others_get_them_one_by_one_even_if_they_learn_to_cut_meanwhile() {
    for does in [Offloads::NONE, DOES_SUMS] {
        let mut out = Vec::new();
        let mut all = eleven();
        let mut seen = Vec::new();
        let mut then = does;
        while !all.is_over() {
            assert!(seen.len() < 4, "{seen:?}");
            let offload = all.next_packet(&mut out, then);
            assert_eq!(offload.gso, None);
            seen.push(String::from_utf8_lossy(&out[28..]).into_owned());
            // From the second on nothing but sums is left to a device.
            then = Offloads {
                checksum: does.checksum,
                ..Offloads::ALL
            };
        }
        assert_eq!(seen, ["one", "two", "six", "ed"]);
    }
}

#[test]
fn what_is_no_datagram_is_none_of_several() {
    let builder = PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64).icmpv4_echo_request(1, 2);
    let mut packet = vec![0; 28 + 4];
    builder.write_to_slice(&mut packet, b"text").expect("room");
    let size = NonZeroU16::new(3).expect("not zero");
    assert!(Segments::new(packet, size).is_none());
}
