use pcap_file::pcapng::Block;

use super::*;
use crate::base::InterfaceId;
use crate::observe::fixtures::files::{Scratch, Shelf, blocks, tshark};
use crate::observe::fixtures::{ACK, Packet as Tcp};
use crate::observe::pcapng::{Direction, Packet};

fn row() -> Row {
    Row {
        at: 1_760_000_000_000_000_001,
        id: 7,
        between: Some((
            "10.90.0.2".parse().unwrap(),
            "203.0.113.10".parse().unwrap(),
        )),
        words: "retransmission timer expired".into(),
        json: r#"{"id":7,"name":"tcp:timer_updated","data":{"event":"expired"}}"#.into(),
        comments: vec!["event: retransmission timer expired".into()],
    }
}

#[test]
fn a_row_says_who_dissects_it_and_between_whom_it_was() {
    let data = tagged(&row());
    // Kind and length of each tag as Wireshark's exported_pdu.h has them.
    let begin = b"\x00\x0c\x00\x04json\x00\x21\x00\x08PELLUCID\
                  \x00\x14\x00\x04\x0a\x5a\x00\x02\x00\x15\x00\x04\xcb\x00\x71\x0a\
                  \x00\x24\x00\x1cretransmission timer expired\x00\x00\x00\x00{";
    assert_eq!(data[..begin.len()], begin[..]);
    let six = Row {
        between: Some(("fd90::2".parse().unwrap(), "fd90::1".parse().unwrap())),
        ..row()
    };
    let data = tagged(&six);
    assert_eq!(data[20..26], [0, 22, 0, 16, 0xfd, 0x90]);
    assert_eq!(data[40..46], [0, 23, 0, 16, 0xfd, 0x90]);
}

#[test]
fn values_are_padded_and_their_length_says_so() {
    let mut data = Vec::new();
    tag(&mut data, 1, b"abcde");
    tag(&mut data, 2, &[b'x'; 2000]);
    assert_eq!(data[..12], *b"\x00\x01\x00\x08abcde\0\0\0");
    assert_eq!(
        (data[12..16].to_vec(), data.len()),
        (vec![0, 2, 4, 0], 16 + 1024)
    );
}

#[test]
fn packets_stand_on_interfaces_behind_that_of_the_rows() {
    let shelf = Shelf::new(usize::MAX);
    write(shelf.clone());
    let seen = blocks(&shelf.bytes()).into_iter().map(|block| match block {
        Block::InterfaceDescription(interface) => format!("{:?}", interface.linktype),
        Block::EnhancedPacket(packet) => packet.interface_id.to_string(),
        other => format!("{other:?}"),
    });
    let expected = ["WIRESHARK_UPPER_PDU", "RAW", "1", "0", "RAW", "2"];
    assert_eq!(Vec::from_iter(seen), expected);
}

fn write(store: impl Store) {
    let interface = Interface {
        name: "plc0".into(),
        description: String::new(),
    };
    let section = Section::default();
    let mut writer = Writer::with_rows(store, &section, &[interface], None, &[]).unwrap();
    let bytes = Tcp::ours(1, 1, ACK, b"text").bytes();
    let packet = Packet {
        at: 1_760_000_000_000_000_000,
        interface: InterfaceId::FIRST,
        direction: Direction::Out,
        id: 6,
        bytes: &bytes,
        len: bytes.len(),
        comments: &[],
        missing_before: 0,
    };
    writer.packet(&packet).unwrap();
    writer.row(&row()).unwrap();
    let other = Packet {
        interface: InterfaceId(1),
        ..packet
    };
    writer.packet(&other).unwrap();
    writer.flush().unwrap();
}

#[test]
fn tshark_shows_rows_between_packets() {
    let scratch = Scratch::new("rows");
    let path = scratch.path().join("capture.rich.pcapng");
    write(std::fs::File::create(&path).unwrap());
    let fields = [
        "frame.number",
        "_ws.col.Protocol",
        "frame.packet_id",
        "frame.comment",
        "json.member",
        "_ws.col.Destination",
    ];
    let Some(lines) = tshark(&path, &fields) else {
        return;
    };
    assert_eq!(
        lines[1],
        "2|PELLUCID/JSON|7|event: retransmission timer expired|id,name,data,event|203.0.113.10"
    );
    assert!(lines[0].starts_with("1|TCP|6|"), "{lines:?}");
    assert_eq!(lines.len(), 3);
}
