//! Two pieces behave like the bytes they are parts of, wherever they part.

use super::{Checksum, Pieces, Received, Transmit};

const BYTES: [u8; 7] = [10, 11, 12, 13, 14, 15, 16];

/// `BYTES`, parted at each place in turn.
fn parted() -> impl Iterator<Item = Pieces<'static>> {
    (0..=BYTES.len()).map(|at| Pieces(&BYTES[..at], &BYTES[at..]))
}

#[test]
fn pieces_are_the_bytes_in_order() {
    for pieces in parted() {
        assert_eq!(pieces.len(), 7);
        assert!(!pieces.is_empty());
        assert_eq!(pieces.to_vec(), BYTES);
        assert!(pieces.iter().eq(BYTES));
    }
    assert_eq!(Pieces::one(&BYTES).to_vec(), BYTES);
    assert!(Pieces::EMPTY.is_empty());
    assert_eq!(Pieces::EMPTY.len(), 0);
}

#[test]
fn a_slice_is_what_it_is_of_the_whole_and_is_cut_to_it() {
    for pieces in parted() {
        for from in 0..10 {
            for to in 0..10 {
                let end = to.min(7);
                let expected = BYTES.get(from..end).unwrap_or_default();
                assert_eq!(pieces.slice(from, to).to_vec(), expected);
            }
        }
        assert_eq!(pieces.slice(3, usize::MAX).to_vec(), BYTES[3..]);
    }
}

#[test]
fn a_copy_fills_the_front_and_touches_nothing_else() {
    for pieces in parted() {
        let mut out = [99; 9];
        pieces.copy_to(&mut out);
        assert_eq!(out, [10, 11, 12, 13, 14, 15, 16, 99, 99]);
    }
}

#[test]
fn a_packet_out_is_its_head_and_then_its_body() {
    for body in parted() {
        let packet = Transmit::plain(&[1, 2, 3], body);
        assert_eq!(packet.len(), 10);
        assert!(!packet.is_empty());
        assert_eq!(packet.to_vec(), [&[1, 2, 3][..], &BYTES].concat());
    }
}

#[test]
fn a_plain_device_vouches_for_nothing() {
    let packet = Received::plain(&BYTES);
    assert_eq!(packet.bytes, BYTES);
    assert_eq!(packet.offload.checksum, Checksum::Full);
    assert_eq!(packet.offload.gso, None);
}
