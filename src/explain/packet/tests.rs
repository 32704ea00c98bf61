use super::*;
use crate::base::Pieces;
use crate::wire::Ports;
use crate::wire::options::Order;

/// A packet as our own writers make it.
fn packet(text: &[u8]) -> Vec<u8> {
    let (src, dst) = ([10, 0, 0, 1], [10, 0, 0, 2]);
    let segment = Segment {
        ports: Ports { src: 4000, dst: 80 },
        seq: SeqNum(7),
        ack: Some(SeqNum(9)),
        flags: Flags::ACK,
        window: 500,
        urgent: 0,
        options: Options {
            mss: Some(1460),
            ..Options::default()
        },
        order: Order::default(),
        text: Pieces::one(text),
    };
    let mut bytes = vec![0; 44];
    let header = ipv4::Header {
        src: src.into(),
        dst: dst.into(),
        protocol: tcp::PROTOCOL,
        ttl: 64,
        tos: 0,
        identification: 0,
        dont_fragment: true,
        more_fragments: false,
        fragment_offset: 0,
        options: &[],
    };
    header.emit(24 + text.len(), &mut bytes);
    segment.emit_header(src.into(), dst.into(), &mut bytes[20..]);
    bytes.extend(text);
    bytes
}

#[test]
fn a_segment_is_read_with_its_checksum() {
    let bytes = packet(b"hello");
    let seen = read(3, 4, &bytes).unwrap();
    assert_eq!(
        (seen.frame, seen.at, seen.len, seen.text),
        (3, 4, 5, &b"hello"[..])
    );
    assert_eq!(
        (seen.seq, seen.ack, seen.window),
        (SeqNum(7), Some(SeqNum(9)), 500)
    );
    assert_eq!((seen.options.mss, seen.sum), (Some(1460), Verdict::Right));
    let mut wrong = bytes.clone();
    wrong[45] ^= 1;
    assert_eq!(read(1, 0, &wrong).unwrap().sum, Verdict::Wrong);
    // What a device will finish holds the sum of the pseudo-header.
    let mut unfinished = bytes;
    let sum = checksum::pseudo_header([10, 0, 0, 1].into(), [10, 0, 0, 2].into(), 6, 29);
    unfinished[36..38].copy_from_slice(&sum.folded().to_be_bytes());
    assert_eq!(read(1, 0, &unfinished).unwrap().sum, Verdict::Unfinished);
}

#[test]
fn what_was_cut_off_is_as_long_as_its_header_says() {
    let bytes = packet(&[1; 1000]);
    let seen = read(1, 0, &bytes[..60]).unwrap();
    assert_eq!(
        (seen.len, seen.text.len(), seen.sum),
        (1000, 16, Verdict::Unknown)
    );
    assert!(seen.has_options);
    let seen = read(1, 0, &bytes[..42]).unwrap();
    assert_eq!(
        (seen.len, seen.has_options, seen.options.mss),
        (1000, false, None)
    );
    assert_eq!(read(1, 0, &bytes[..39]).unwrap_err(), Other::Unreadable);
}

#[test]
fn a_length_left_to_the_device_is_that_of_the_packet() {
    let mut bytes = packet(&[1; 300]);
    bytes[2..4].fill(0);
    assert_eq!(read(1, 0, &bytes).unwrap().len, 300);
}

#[test]
fn options_that_cannot_be_are_named() {
    assert_eq!(odd(&[1, 1, 5, 10, 0, 0, 0, 0, 0, 0, 0, 0]), None);
    assert_eq!(odd(&[5, 9, 0, 0, 0, 0, 0, 0, 0]), Some(Odd::Sack));
    assert_eq!(odd(&[5, 2]), Some(Odd::Sack));
    assert_eq!(odd(&[8, 10, 0]), Some(Odd::Length));
    assert_eq!(odd(&[2, 1]), Some(Odd::Length));
    assert_eq!(odd(&[0, 5, 9]), None);
}

#[test]
fn any_bytes_are_read_or_refused() {
    let good = packet(b"hello");
    for place in 0..48 {
        for byte in 0..=255 {
            let mut bytes = good.clone();
            bytes[place] = byte;
            for len in [20, 39, 40, 44, bytes.len()] {
                let _ = read(1, 0, &bytes[..len]);
            }
        }
    }
}
