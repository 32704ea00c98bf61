use super::*;
use crate::sim::reading::read;

#[test]
fn a_forged_segment_reads_as_what_was_forged() {
    for (src, dst) in [
        ("198.18.0.1:4000", "10.90.0.2:80"),
        ("[2001:db8::1]:4000", "[fd90::2]:80"),
    ] {
        let forged = Forged {
            src: src.parse().unwrap(),
            dst: dst.parse().unwrap(),
            seq: SeqNum(7),
            ack: Some(SeqNum(9)),
            flags: Flags::RST,
            window: 512,
            mss: None,
            text: b"abc".to_vec(),
        };
        let packet = forged.packet().unwrap();
        let reading = read(&packet, packet.len()).unwrap();
        assert_eq!(
            (reading.src, reading.dst),
            (forged.src.ip(), forged.dst.ip())
        );
        let segment = reading.segment.unwrap();
        assert_eq!((segment.src_port, segment.dst_port), (4000, 80));
        assert_eq!((segment.seq, segment.ack), (SeqNum(7), Some(SeqNum(9))));
        assert!(segment.rst() && !segment.syn());
        assert_eq!((segment.window, segment.text_len), (512, 3));
        assert_eq!(&packet[segment.text_at..], b"abc");
    }
}

#[test]
fn nobody_of_one_family_writes_to_the_other() {
    let (v4, v6) = ("10.0.0.1".parse().unwrap(), "fd90::1".parse().unwrap());
    assert_eq!(packet(v4, v6, [6, 6], &[]), None);
}
