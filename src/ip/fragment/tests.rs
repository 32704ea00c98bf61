use super::super::fixtures::*;
use super::super::reassembly::{Reassembly, Taken};
use super::super::receive::{Verdict, receive};
use super::*;
use crate::base::Instant;

fn cut(packet: &[u8], mtu: u16) -> Option<Vec<Vec<u8>>> {
    let mut cut = Cut::new(packet.to_vec(), mtu, 0x1234_5678)?;
    let (mut out, mut fragments) = (Vec::new(), Vec::new());
    while cut.next_fragment(&mut out) {
        assert!(fragments.len() < 10_000);
        fragments.push(out.clone());
    }
    Some(fragments)
}

fn payload(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 7 + i / 251) as u8).collect()
}

fn whole(v6: bool, len: usize) -> Vec<u8> {
    if v6 {
        return packet_v6(&HEADER_V6, &payload(len));
    }
    let header = ipv4::Header {
        tos: 0xb8,
        dont_fragment: false,
        ..HEADER_V4
    };
    packet_v4(&header, &payload(len))
}

// req: RFC791-3.2-4, RFC8200-4.5-2, RFC8200-4.5-3, RFC5722-4-1, RFC7112-5-1, RFC1122-3.3.3-1
#[test]
fn fragments_fill_the_mtu_do_not_overlap_and_make_the_packet_again() {
    for (v6, len, mtu) in [
        (false, 65_515, 1_500),
        (false, 1_481, 1_500),
        (false, 100, 68),
        (true, 65_535, 1_280),
        (true, 1_500, 1_500),
        (true, 3_000, 1_499),
    ] {
        let packet = whole(v6, len);
        let fragments = cut(&packet, mtu).expect("may be cut");
        let head = if v6 { 48 } else { 20 };
        let room = (usize::from(mtu) - head) / 8 * 8;
        assert_eq!(fragments.len(), len.div_ceil(room));
        let mut reassembly = Reassembly::default();
        let mut offset = 0;
        for (n, fragment) in fragments.iter().enumerate() {
            let last = n + 1 == fragments.len();
            assert!(fragment.len() <= usize::from(mtu));
            assert!(last || fragment.len() == head + room);
            let Verdict::Fragment(read) = receive(fragment, &ours()) else {
                panic!("no fragment");
            };
            assert_eq!(usize::from(read.offset), offset);
            assert_eq!(read.more_fragments, !last);
            let identification = if v6 { 0x1234_5678 } else { 0x5678 };
            assert_eq!(read.identification, identification);
            offset += read.piece.len();
            match reassembly.take(Instant::BIRTH, &read) {
                Taken::Kept => assert!(!last),
                Taken::Whole(mut again) => {
                    assert!(last);
                    if !v6 {
                        // The identification is the only difference.
                        again[4..6].copy_from_slice(&packet[4..6]);
                        resum(&mut again);
                    }
                    assert!(again == packet);
                }
                Taken::Dropped(why) => panic!("{why:?}"),
            }
        }
        assert_eq!(offset, len);
    }
}

// req: RFC791-3.1-5
#[test]
fn what_must_not_or_cannot_be_cut_is_not() {
    assert!(cut(&packet_v4(&HEADER_V4, &payload(2_000)), 1_500).is_none());
    for (v6, least) in [(false, 28), (true, 56)] {
        let packet = whole(v6, 100);
        assert!(cut(&packet, least - 1).is_none());
        assert_eq!(cut(&packet, least).expect("by eights").len(), 13);
    }
}
