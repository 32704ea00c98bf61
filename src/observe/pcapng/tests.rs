use pcap_file::pcapng::{Block, PcapNgReader};

use super::*;
use crate::observe::fixtures::files::{Scratch, Shelf, blocks, tshark};
use crate::observe::fixtures::{ACK, Packet as Tcp};

fn begin<S: Store>(store: S, snap: Option<u32>) -> Writer<S> {
    let section = Section {
        comment: "offline demo, seed 42".into(),
        ..Section::here("")
    };
    let interface = Interface {
        name: "plc0".into(),
        description: "TUN in a private namespace".into(),
    };
    let names = [
        (
            "203.0.113.10".parse().unwrap(),
            "www.pellucid.example".into(),
        ),
        (
            "2001:db8::1".parse().unwrap(),
            "six.pellucid.example".into(),
        ),
    ];
    Writer::new(store, &section, &[interface], snap, &names).unwrap()
}

const AT: u64 = 1_760_000_000_123_456_789;

fn packet<'a>(bytes: &'a [u8], comments: &'a [String]) -> Packet<'a> {
    Packet {
        at: AT,
        interface: InterfaceId::FIRST,
        direction: Direction::Out,
        id: 912,
        bytes,
        len: bytes.len(),
        comments,
        missing_before: 0,
    }
}

#[test]
fn packets_name_the_interface_that_they_crossed() {
    let shelf = Shelf::new(usize::MAX);
    let named = |name: &str| Interface {
        name: name.into(),
        description: String::new(),
    };
    let two = [named("plc0"), named("plc1")];
    let mut writer = Writer::new(shelf.clone(), &Section::default(), &two, None, &[]).unwrap();
    let bytes = Tcp::ours(1, 1, ACK, b"").bytes();
    // The last one was not announced.
    for interface in [1, 0, 3] {
        let packet = Packet {
            interface: InterfaceId(interface),
            ..packet(&bytes, &[])
        };
        writer.packet(&packet).unwrap();
    }
    writer.flush().unwrap();
    let seen = blocks(&shelf.bytes()).into_iter().map(|block| match block {
        Block::InterfaceDescription(interface) => {
            let mut names = interface.options.iter().filter_map(|option| match option {
                InterfaceDescriptionOption::IfName(name) => Some(name.to_string()),
                _ => None,
            });
            format!("is {}", names.next().unwrap_or_default())
        }
        Block::EnhancedPacket(packet) => format!("by {}", packet.interface_id),
        other => panic!("{other:?}"),
    });
    let seen: Vec<String> = seen.collect();
    assert_eq!(
        seen,
        ["is plc0", "is plc1", "by 1", "by 0", "is ", "is ", "by 3"]
    );
}

#[test]
fn what_is_written_is_read_back() {
    let shelf = Shelf::new(usize::MAX);
    let mut writer = begin(shelf.clone(), None);
    let bytes = Tcp::ours(1, 1, ACK, b"text").bytes();
    let comments = ["why: there is text".to_string(), "pellucid {}".to_string()];
    writer.packet(&packet(&bytes, &comments)).unwrap();
    writer.flush().unwrap();
    assert_eq!(
        (writer.packets(), writer.len()),
        (1, shelf.bytes().len() as u64)
    );

    let blocks = blocks(&shelf.bytes());
    let [
        Block::InterfaceDescription(interface),
        Block::NameResolution(names),
        Block::EnhancedPacket(packet),
    ] = &blocks[..]
    else {
        panic!("{blocks:?}");
    };
    assert_eq!(interface.linktype, DataLink::RAW);
    assert_eq!(interface.ts_resolution(), InterfaceTsResolution::NANO);
    assert_eq!(names.records.len(), 2);
    assert_eq!(packet.timestamp, Duration::from_nanos(AT));
    assert_eq!(packet.data, bytes);
    let comment = |text: &str| {
        EnhancedPacketOption::Common(CommonOption::Comment(Cow::Owned(text.to_string())))
    };
    assert_eq!(packet.options[0], EnhancedPacketOption::Flags(2));
    let EnhancedPacketOption::Common(CommonOption::Unknown(id)) = &packet.options[1] else {
        panic!("{packet:?}");
    };
    assert_eq!((id.code, &id.value[..]), (5, &912_u64.to_ne_bytes()[..]));
    let said = [comment("why: there is text"), comment("pellucid {}")];
    assert_eq!(packet.options[2..], said);
}

#[test]
fn the_section_is_in_native_order_and_says_who_made_it() {
    let shelf = Shelf::new(usize::MAX);
    begin(shelf.clone(), None);
    let file = shelf.bytes();
    assert_eq!(file[8..12], 0x1a2b_3c4d_u32.to_ne_bytes());
    let reader = PcapNgReader::new(&file[..]).unwrap();
    let options = format!("{:?}", reader.section().options);
    for said in [
        "offline demo, seed 42",
        "Linux",
        "pellucid 0.",
        std::env::consts::ARCH,
    ] {
        assert!(options.contains(said), "{said}: {options}");
    }
}

#[test]
fn a_packet_that_is_cut_keeps_its_length() {
    let shelf = Shelf::new(usize::MAX);
    let mut writer = begin(shelf.clone(), Some(64));
    let cut = Packet {
        len: 1500,
        missing_before: 7,
        ..packet(&[0x45; 64], &[])
    };
    writer.packet(&cut).unwrap();
    writer.flush().unwrap();
    let blocks = blocks(&shelf.bytes());
    let Some(Block::EnhancedPacket(packet)) = blocks.last() else {
        panic!("{blocks:?}");
    };
    assert_eq!((packet.data.len(), packet.original_len), (64, 1500));
    assert_eq!(packet.options[2], EnhancedPacketOption::DropCount(7));
}

#[test]
fn a_full_disk_leaves_a_whole_file() {
    let shelf = Shelf::new(100_000);
    let mut writer = begin(shelf.clone(), None);
    let bytes = Tcp::ours(1, 1, ACK, &[7; 1400]).bytes();
    let failed = (0..200).find_map(|_| writer.packet(&packet(&bytes, &[])).err());
    assert_eq!(failed.unwrap().kind(), io::ErrorKind::StorageFull);
    let file = shelf.bytes();
    assert_eq!(file.len() as u64, writer.len());
    let packets = blocks(&file).len() as u64 - 2;
    assert_eq!(packets, writer.packets());
    assert!(packets > 20, "{packets}");
}

#[test]
fn hostile_text_fits_its_option() {
    let shelf = Shelf::new(usize::MAX);
    let mut writer = begin(shelf.clone(), None);
    let comments = ["ä".repeat(70_000), String::new()];
    writer.packet(&packet(&[0x45; 20], &comments)).unwrap();
    writer.flush().unwrap();
    let blocks = blocks(&shelf.bytes());
    let Some(Block::EnhancedPacket(packet)) = blocks.last() else {
        panic!("{blocks:?}");
    };
    assert_eq!(packet.options.len(), 3);
}

#[test]
fn text_of_strangers_breaks_no_line_and_turns_none() {
    let shelf = Shelf::new(usize::MAX);
    let hostile = "a\"\nwhy: b\u{1b}[2J\u{202e}c\0d";
    let names = [("192.0.2.1".parse().unwrap(), hostile.to_string())];
    let mut writer =
        Writer::new(shelf.clone(), &Section::here(hostile), &[], None, &names).unwrap();
    let comments = [hostile.to_string()];
    writer.packet(&packet(&[0x45; 20], &comments)).unwrap();
    writer.flush().unwrap();
    let said = format!("{:?}", blocks(&shelf.bytes()));
    // What is spelled out has its backslash doubled by the form in which blocks are shown.
    let harmless = r#"a\"\\nwhy: b\\u{1b}[2J\\u{202e}c"#;
    assert_eq!(said.matches(harmless).count(), 2, "{said}");
    assert!(said.contains(&format!("{harmless}\\\\u{{0}}d")), "{said}");
    let file = shelf.bytes();
    for raw in ["\nwhy", "\u{1b}", "\u{202e}"] {
        assert!(!file.windows(raw.len()).any(|bytes| bytes == raw.as_bytes()));
    }
}

#[test]
fn tshark_reads_the_file_without_complaint() {
    let scratch = Scratch::new("pcapng");
    let path = scratch.path().join("capture.pcapng");
    let mut writer = begin(File::create(&path).unwrap(), None);
    let bytes = Tcp::ours(1, 1, ACK, b"text").bytes();
    let comments = ["why: one".to_string(), "link: two".to_string()];
    writer.packet(&packet(&bytes, &comments)).unwrap();
    let answer = Packet {
        direction: Direction::In,
        ..packet(&bytes, &[])
    };
    writer.packet(&answer).unwrap();
    writer.flush().unwrap();
    let fields = [
        "frame.number",
        "frame.time_epoch",
        "frame.packet_flags_direction",
        "frame.packet_id",
        "frame.comment",
        "ip.dst_host",
    ];
    let Some(lines) = tshark(&path, &fields) else {
        return;
    };
    let name = "www.pellucid.example";
    let at = "1760000000.123456789";
    assert_eq!(
        lines,
        [
            format!("1|{at}|0x00000002|912|why: one,link: two|{name}"),
            format!("2|{at}|0x00000001|912||{name}"),
        ]
    );
}
