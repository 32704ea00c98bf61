use std::time::Duration;

use pcap_file::DataLink;
use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketBlock;
use pcap_file::pcapng::blocks::interface_description::InterfaceDescriptionBlock;

use super::*;

fn capture() -> Vec<u8> {
    let mut writer = PcapNgWriter::new(Vec::new()).expect("memory");
    let interface = InterfaceDescriptionBlock::new(DataLink::RAW, 0);
    writer.write_pcapng_block(interface).expect("memory");
    for text in ["one", "another"] {
        let block = EnhancedPacketBlock {
            interface_id: 0,
            timestamp: Duration::ZERO,
            original_len: 100,
            data: text.as_bytes().into(),
            options: Vec::new(),
        };
        writer.write_pcapng_block(block).expect("memory");
    }
    writer.into_inner()
}

#[test]
fn packets_stand_in_the_order_of_their_frames_and_are_cut() {
    let capture = capture();
    let heads = |most| {
        let packets = packets(&capture[..], most).expect("a capture");
        let heads = packets.into_iter().map(|packet| (packet.head, packet.len));
        heads.collect::<Vec<_>>()
    };
    assert_eq!(
        heads(99),
        [(b"one".to_vec(), 100), (b"another".to_vec(), 100)]
    );
    assert_eq!(heads(4), [(b"one".to_vec(), 100), (b"anot".to_vec(), 100)]);
}

#[test]
fn of_a_file_that_ends_in_the_middle_what_is_whole_is_read() {
    let mut capture = capture();
    capture.truncate(capture.len() - 2);
    assert_eq!(packets(&capture[..], 99).expect("a capture").len(), 1);
    assert!(packets(&b"no capture"[..], 99).is_err());
}
