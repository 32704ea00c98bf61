use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pcap_file::pcapng::Block;
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::opt_common::CommonOption;

use super::*;
use crate::base::checksum::pseudo_header;
use crate::base::{Checksum, Cite};
use crate::observe::conversations::ConversationId;
use crate::observe::fixtures::files::{Scratch, Shelf, blocks, tshark};
use crate::observe::fixtures::{
    ACK, FIN, ON, PEER, Packet as Tcp, SYN, Teller, US, address, millis, snapshot,
};
use crate::probe::{Accepted, Call, Drop, Edge, Purpose, State, Subject, Variables, Why};
use crate::rfc;

const EPOCH: u64 = 1_760_000_000_000_000_000;
const OPEN: (Cite, &str) = (rfc!(9293, "3.10.1"), "OPEN asks for a connection");
const OWED: (Cite, &str) = (rfc!(9293, "3.8.6.3"), "an ACK is owed");
const TEXT: (Cite, &str) = (rfc!(9293, "3.8"), "there is text to send");

fn settings() -> Settings {
    Settings {
        epoch: EPOCH,
        interfaces: vec![Interface {
            name: "plc0".into(),
            description: String::new(),
        }],
        ..Settings::default()
    }
}

fn established() -> Option<Snapshot> {
    Some(snapshot(State::Established))
}

/// OPEN, the handshake, a little text each way.
fn tell_a_beginning(stack: &mut Teller) {
    stack
        .after(1000)
        .input(Subject::Stack, Event::Called(Call::Open));
    stack.opened();
    let (from, to, on) = (State::Closed, State::SynSent, Edge::ActiveOpen);
    stack.tell(ON, Event::StateChanged { from, to, on });
    let mss = [2, 4, 5, 180];
    let syn = Tcp::ours(0, 0, SYN, b"").with_options(&mss);
    stack.packet_out(&syn, Purpose::Syn, OPEN, Some(snapshot(State::SynSent)));
    stack.after(80_000);
    let answer = Tcp::theirs(0, 1, SYN | ACK, b"").with_options(&mss);
    stack.packet_in(&answer.bytes());
    let (from, to, on) = (State::SynSent, State::Established, Edge::SynAckReceived);
    stack.tell(ON, Event::StateChanged { from, to, on });
    stack.ends(ON, Accepted::SynAck, established());
    stack.packet_out(
        &Tcp::ours(1, 1, ACK, b""),
        Purpose::Ack,
        OWED,
        established(),
    );
    stack
        .after(10)
        .input(Subject::Stack, Event::Called(Call::Send { bytes: 5 }));
    stack.packet_out(
        &Tcp::ours(1, 1, ACK, b"hello"),
        Purpose::Text,
        TEXT,
        established(),
    );
    stack
        .after(80_000)
        .packet_in(&Tcp::theirs(1, 6, ACK, b"hi").bytes());
    stack.ends(ON, Accepted::Text, established());
}

fn packets(file: &[u8]) -> Vec<EnhancedPacketBlock<'static>> {
    let blocks = blocks(file).into_iter();
    blocks.filter_map(Block::into_enhanced_packet).collect()
}

fn comments(packet: &EnhancedPacketBlock<'_>) -> Vec<String> {
    let options = packet.options.iter().filter_map(|option| match option {
        EnhancedPacketOption::Common(CommonOption::Comment(text)) => Some(text.to_string()),
        _ => None,
    });
    options.collect()
}

fn captured(tell: impl FnOnce(&mut Teller)) -> (Vec<EnhancedPacketBlock<'static>>, CaptureHandle) {
    let shelf = Shelf::new(usize::MAX);
    let (capture, handle) = Capture::at_once(shelf.clone(), settings()).unwrap();
    tell(&mut Teller::new(capture));
    (packets(&shelf.bytes()), handle)
}

#[test]
fn every_packet_stands_in_the_file_with_its_reason() {
    let (packets, handle) = captured(tell_a_beginning);
    let said: Vec<String> = packets.iter().map(|p| comments(p)[0].clone()).collect();
    assert_eq!(
        said,
        [
            "why: OPEN asks for a connection (RFC 9293 3.10.1)",
            "disposition: accepted, SYN,ACK that answers our SYN (RFC 9293 3.10.7.3)",
            "why: an ACK is owed (RFC 9293 3.8.6.3)",
            "why: there is text to send (RFC 9293 3.8)",
            "disposition: accepted, text in order (RFC 9293 3.10.7.4)",
        ]
    );
    assert!(comments(&packets[1])[1].contains("\"id\":5,\"state\":\"ESTABLISHED\""));
    assert!(comments(&packets[2])[1].contains("\"id\":8,\"cause\":5,"));
    let text = Tcp::ours(1, 1, ACK, b"hello").bytes();
    assert_eq!(packets[3].data, text);
    let times: Vec<u128> = packets.iter().map(|p| p.timestamp.as_micros()).collect();
    let since_birth = times.iter().map(|at| at - u128::from(EPOCH / 1000));
    assert_eq!(
        Vec::from_iter(since_birth),
        [1000, 81_000, 81_000, 81_010, 161_010]
    );
    assert_eq!(handle.finish().packets, 5);
}

#[test]
fn frames_know_their_events_states_and_segments() {
    let (_, handle) = captured(tell_a_beginning);
    let frames = handle.frames();
    let of_it = frames.of(ConversationId(0));
    assert_eq!(of_it.len(), 5);
    let numbers: Vec<u64> = of_it.iter().map(|frame| frame.number).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    assert_eq!(frames.frame_of(of_it[3].id), Some(4));
    let states: Vec<_> = of_it
        .iter()
        .map(|f| (f.before.unwrap(), f.state.unwrap()))
        .collect();
    assert_eq!(states[0], (State::Closed, State::SynSent));
    assert_eq!(states[1], (State::SynSent, State::Established));
    assert_eq!(states[2], (State::Established, State::Established));
    assert_eq!(of_it[0].segment.unwrap().mss, Some(1460));
    assert_eq!(of_it[3].segment.unwrap().text, 5);
    let conversation = frames.conversations()[0];
    assert_eq!(conversation.local, address(US));
    assert_eq!(conversation.iss, Some(snapshot(State::Listen).iss));
}

#[test]
fn packets_stand_under_the_interface_that_they_crossed() {
    let (packets, _) = captured(|stack| {
        let bytes = Tcp::theirs(0, 1, ACK, b"").bytes();
        for interface in [InterfaceId(1), InterfaceId::FIRST] {
            let came = Event::PacketIn {
                interface,
                bytes: &bytes,
                offload: Default::default(),
            };
            stack.input(Subject::Stack, came);
            stack.tell(
                Subject::Stack,
                Event::PacketOut {
                    interface,
                    head: &bytes,
                    body: Pieces::EMPTY,
                    offload: Default::default(),
                    purpose: Purpose::Ack,
                    why: Why {
                        by: OWED.0,
                        text: OWED.1,
                    },
                    variables: None,
                },
            );
        }
    });
    let by: Vec<u32> = packets.iter().map(|packet| packet.interface_id).collect();
    assert_eq!(by, [1, 1, 0, 0]);
}

#[test]
fn a_packet_whose_ending_is_never_told_is_unexplained() {
    let (packets, _) = captured(|stack| {
        stack.packet_in(&Tcp::theirs(1, 1, ACK, b"first").bytes());
        stack.packet_in(&Tcp::theirs(1, 1, ACK, b"second").bytes());
        stack.ends(Subject::Stack, Drop::NotOurs, None);
        stack.packet_in(&Tcp::theirs(1, 1, ACK, b"third").bytes());
        stack.input(Subject::Stack, Event::Ticked);
        stack.ends(Subject::Stack, Drop::NotOurs, None);
        // And one that the stack does not survive.
        stack.packet_in(&Tcp::theirs(1, 1, ACK, b"fourth").bytes());
    });
    let said: Vec<bool> = packets
        .iter()
        .map(|p| comments(p)[0].starts_with("disposition: unexplained"))
        .collect();
    assert_eq!(said, [true, false, true, true]);
}

#[test]
fn time_in_the_file_never_goes_back() {
    let (packets, _) = captured(|stack| {
        let packet = Tcp::ours(1, 1, ACK, b"");
        for at in [5, 3, 8] {
            stack.now = millis(at);
            stack.packet_out(&packet, Purpose::Ack, OWED, None);
        }
    });
    let times = packets
        .iter()
        .map(|p| p.timestamp - Duration::from_nanos(EPOCH));
    assert_eq!(Vec::from_iter(times), [5, 5, 8].map(Duration::from_millis));
}

#[test]
fn packets_can_be_cut() {
    let shelf = Shelf::new(usize::MAX);
    let settings = Settings {
        snap: Some(60),
        ..settings()
    };
    let (capture, _handle) = Capture::at_once(shelf.clone(), settings).unwrap();
    let mut stack = Teller::new(capture);
    let long = Tcp::ours(1, 1, ACK, &[7; 1000]);
    stack.packet_out(&long, Purpose::Text, TEXT, None);
    stack.packet_in(&long.bytes());
    stack.ends(Subject::Stack, Drop::NotOurs, None);
    let packets = packets(&shelf.bytes());
    for packet in &packets {
        assert_eq!((packet.data.len(), packet.original_len), (60, 1040));
    }
    assert_eq!(packets.len(), 2);
    assert_eq!(_handle.frames().all()[0].segment.unwrap().text, 1000);
}

/// 2,500 bytes of text that a device shall cut, and then that it has joined.
fn tell_super_segments(stack: &mut Teller, checksum: Checksum) {
    let offload = Offload {
        checksum,
        gso: Some(1000),
    };
    let mut ours = Tcp::ours(1, 1, ACK | FIN, &[7; 2500]).bytes();
    let pseudo_header = pseudo_header(address(US).ip(), address(PEER).ip(), 6, 2520);
    ours[36..38].copy_from_slice(&pseudo_header.folded().to_be_bytes());
    let sent = Event::PacketOut {
        interface: InterfaceId::FIRST,
        head: &ours[..40],
        body: Pieces(&ours[40..41], &ours[41..]),
        offload,
        purpose: Purpose::Text,
        why: Why {
            by: TEXT.0,
            text: TEXT.1,
        },
        variables: established().map(Variables::Copied),
    };
    stack.tell(ON, sent);
    let came = Event::PacketIn {
        interface: InterfaceId::FIRST,
        bytes: &Tcp::theirs(1, 1, ACK, &[8; 1001]).bytes(),
        offload,
    };
    stack.input(Subject::Stack, came);
    stack.ends(ON, Accepted::Text, established());
}

fn captured_with(settings: Settings, checksum: Checksum) -> (Shelf, CaptureHandle) {
    let shelf = Shelf::new(usize::MAX);
    let (capture, handle) = Capture::at_once(shelf.clone(), settings).unwrap();
    tell_super_segments(&mut Teller::new(capture), checksum);
    (shelf, handle)
}

const BEGUN: Checksum = Checksum::Partial {
    start: 20,
    offset: 16,
};

#[test]
fn a_super_segment_stands_there_as_it_was_sent() {
    let (shelf, handle) = captured_with(settings(), BEGUN);
    let packets = packets(&shelf.bytes());
    let lens = packets.iter().map(|packet| packet.data.len());
    assert_eq!(Vec::from_iter(lens), [2540, 1041]);
    let ours = Tcp::ours(1, 1, ACK | FIN, &[7; 2500]).bytes();
    assert!(packets[0].data == ours, "its checksum is whole");
    assert_eq!(
        comments(&packets[0])[0],
        "why: there is text to send (RFC 9293 3.8); offloaded: the device cuts it into 3 of 1000 B"
    );
    assert_eq!(
        comments(&packets[1])[0],
        "disposition: accepted, text in order (RFC 9293 3.10.7.4); offloaded: it stands for 2 of \
         1000 B"
    );
    let stats = handle.finish();
    assert_eq!((stats.packets, stats.further), (2, 0));
}

#[test]
fn split_it_stands_there_as_a_wire_would_have_carried_it() {
    let split = Settings {
        split: true,
        ..settings()
    };
    let (shelf, handle) = captured_with(split.clone(), BEGUN);
    let written = packets(&shelf.bytes());
    let sent = [
        Tcp::ours(1, 1, ACK, &[7; 1000]),
        Tcp::ours(1001, 1, ACK, &[7; 1000]),
        Tcp::ours(2001, 1, ACK | FIN, &[7; 500]),
    ];
    for (nth, (packet, mut expected)) in written.iter().zip(sent.map(|tcp| tcp.bytes())).enumerate()
    {
        // Each has an identification of its own, which the sum of the header covers.
        expected[4..6].copy_from_slice(&(nth as u16).to_be_bytes());
        expected[10..12].copy_from_slice(&packet.data[10..12]);
        assert!(packet.data == expected, "{nth}");
    }
    let said: Vec<String> = written
        .iter()
        .map(|packet| comments(packet).remove(0))
        .collect();
    let (why, how) = (
        "why: there is text to send (RFC 9293 3.8)",
        "of a super-segment",
    );
    assert_eq!(
        said[1],
        format!("{why}; offloaded: part 2 of 3 {how} sent at once")
    );
    let (why, how) = ("text in order (RFC 9293 3.10.7.4)", "of a super-segment");
    assert!(said[3].ends_with(&format!(
        "{why}; offloaded: part 1 of 2 {how} received at once"
    )));
    assert_eq!(written[4].data[40..], [8]);
    let frames = handle.frames().all();
    let texts = frames.iter().map(|frame| frame.segment.unwrap().text);
    assert_eq!(Vec::from_iter(texts), [1000, 1000, 500, 1000, 1]);
    assert_eq!(frames[2].len, 540);
    let stats = handle.finish();
    assert_eq!((stats.packets, stats.further), (5, 3));

    let snap = Some(60);
    let (shelf, _) = captured_with(Settings { snap, ..split }, BEGUN);
    let lens = |packet: &EnhancedPacketBlock<'_>| (packet.data.len(), packet.original_len);
    let lens = packets(&shelf.bytes()).iter().map(lens).collect::<Vec<_>>();
    assert_eq!(
        lens,
        [(60, 1040), (60, 1040), (60, 540), (60, 1040), (41, 41)]
    );
}

#[test]
fn what_nobody_vouches_for_is_not_split() {
    let split = Settings {
        split: true,
        ..settings()
    };
    let (shelf, _) = captured_with(split, Checksum::Full);
    let packets = packets(&shelf.bytes());
    assert_eq!(packets.len(), 2);
    let ours = Tcp::ours(1, 1, ACK | FIN, &[7; 2500]).bytes();
    assert!(
        packets[0].data[36..38] != ours[36..38],
        "as wrong as it was"
    );
}

#[test]
fn the_thread_writes_all_that_waits_before_it_ends() {
    let shelf = Shelf::new(usize::MAX);
    let settings = Settings {
        overflow: Overflow::Wait,
        ..settings()
    };
    let (capture, handle) = Capture::start(shelf.clone(), settings).unwrap();
    let mut stack = Teller::new(capture);
    let text = Tcp::ours(1, 1, ACK, &[7; 1400]);
    for _ in 0..10_000 {
        stack
            .after(10)
            .packet_out(&text, Purpose::Text, TEXT, established());
    }
    let frames = handle.frames();
    let stats = handle.finish();
    let none = Stats::default();
    assert_eq!(stats.packets, 10_000);
    assert_eq!(
        (stats.dropped, stats.lost, &stats.stopped),
        (0, 0, &none.stopped)
    );
    assert_eq!(stats.bytes, shelf.bytes().len() as u64);
    assert_eq!(packets(&shelf.bytes()).len(), 10_000);
    assert_eq!(frames.all().len(), 10_000);
    // The stack lives on, and nobody listens.
    stack.packet_out(&text, Purpose::Text, TEXT, established());
}

/// A store that takes nothing until it is let.
struct Stuck(Shelf, Arc<AtomicBool>);

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        while self.1.load(Ordering::SeqCst) {
            thread::yield_now();
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Store for Stuck {
    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.0.cut(len)
    }
}

#[test]
fn packets_never_wait_for_a_slow_disk_and_what_is_missing_is_counted() {
    let stuck = Arc::new(AtomicBool::new(false));
    let shelf = Shelf::new(usize::MAX);
    let store = Stuck(shelf.clone(), Arc::clone(&stuck));
    let (capture, handle) = Capture::start(store, settings()).unwrap();
    stuck.store(true, Ordering::SeqCst);
    let mut stack = Teller::new(capture);
    let text = Tcp::ours(1, 1, ACK, &[7; 1400]);
    let told = 3 * bounds(false).entries as u64;
    // This ends although nothing is written.
    for _ in 0..told {
        stack.packet_out(&text, Purpose::Text, TEXT, None);
    }
    stuck.store(false, Ordering::SeqCst);
    while handle.stats().packets + handle.stats().dropped < told {
        thread::yield_now();
    }
    // There is room again: this one gets in, and says how many are missing before it.
    stack.packet_out(&text, Purpose::Text, TEXT, None);
    let stats = handle.finish();
    assert_eq!(stats.packets + stats.dropped, told + 1);
    assert!(stats.dropped > 0 && stats.packets > 0);
    let missing: u64 = packets(&shelf.bytes())
        .iter()
        .flat_map(|packet| packet.options.clone())
        .map(|option| match option {
            EnhancedPacketOption::DropCount(missing) => missing,
            _ => 0,
        })
        .sum();
    assert_eq!(missing, stats.dropped);
}

#[test]
fn a_full_disk_ends_the_capture_and_nothing_else() {
    let shelf = Shelf::new(200_000);
    let (capture, handle) = Capture::start(
        shelf.clone(),
        Settings {
            overflow: Overflow::Wait,
            ..settings()
        },
    )
    .unwrap();
    let mut stack = Teller::new(capture);
    let text = Tcp::ours(1, 1, ACK, &[7; 1400]);
    for _ in 0..1000 {
        stack.packet_out(&text, Purpose::Text, TEXT, established());
    }
    let frames = handle.frames();
    let stats = handle.finish();
    assert!(stats.stopped.is_some());
    assert_eq!(stats.packets + stats.lost, 1000);
    assert!(stats.packets > 50, "{stats:?}");
    assert_eq!(packets(&shelf.bytes()).len() as u64, stats.packets);
    assert_eq!(stats.bytes, shelf.bytes().len() as u64);
    let last = frames.all().last().map(|frame| frame.number);
    assert_eq!(last, Some(stats.packets));
}

#[test]
fn a_file_that_cannot_be_begun_is_an_error() {
    assert!(Capture::start(Shelf::new(10), settings()).is_err());
}

#[test]
fn tshark_shows_what_the_stack_thought() {
    let scratch = Scratch::new("capture");
    let path = scratch.path().join("capture.pcapng");
    let file = std::fs::File::create(&path).unwrap();
    let (capture, handle) = Capture::start(file, settings()).unwrap();
    let mut stack = Teller::new(capture);
    tell_a_beginning(&mut stack);
    let fin = Tcp::ours(6, 3, FIN | ACK, b"");
    let why = (rfc!(9293, "3.10.4"), "CLOSE, and all text is sent");
    stack.packet_out(&fin, Purpose::Fin, why, Some(snapshot(State::FinWait1)));
    handle.finish();
    let fields = [
        "frame.number",
        "frame.packet_flags_direction",
        "tcp.flags.str",
        "frame.comment",
    ];
    let Some(lines) = tshark(&path, &fields) else {
        return;
    };
    let out = "0x00000002";
    assert_eq!(lines.len(), 6);
    assert!(
        lines[0].starts_with(&format!(
            "1|{out}|··········S·|why: OPEN asks for a connection (RFC 9293 3.10.1),pellucid {{"
        )),
        "{}",
        lines[0]
    );
    assert!(
        lines[1].contains("disposition: accepted, SYN,ACK"),
        "{}",
        lines[1]
    );
    assert!(
        lines[5].contains("\"state\":\"FIN-WAIT-1\""),
        "{}",
        lines[5]
    );
}

#[test]
fn between_packets_stands_what_was_told_and_an_effect_behind_its_cause() {
    let shelf = Shelf::new(usize::MAX);
    let about = About::alone("", "client");
    let files = Files {
        rich: Some((Box::new(shelf.clone()), about)),
        ..Files::new(Shelf::new(usize::MAX))
    };
    let (capture, handle) = Capture::at_once_files(files, settings()).unwrap();
    let mut stack = Teller::new(capture);
    tell_a_beginning(&mut stack);
    stack.after(900);
    stack.input(Subject::Stack, Event::Ticked);
    let kind = crate::probe::TimerKind::Retransmission;
    stack.tell(ON, Event::TimerExpired { kind });
    let stats = handle.finish();
    assert_eq!(stats.rich, Some(shelf.bytes().len() as u64));
    let said: Vec<String> = packets(&shelf.bytes())
        .iter()
        .map(|packet| format!("{} {}", packet.interface_id, comments(packet)[0]))
        .collect();
    assert_eq!(
        said,
        [
            "0 event: called OPEN, active",
            "0 event: opened in CLOSED",
            "0 event: CLOSED → SYN-SENT on active OPEN",
            "1 why: OPEN asks for a connection (RFC 9293 3.10.1)",
            // Told before the packet's ending, which is what writes the packet.
            "1 disposition: accepted, SYN,ACK that answers our SYN (RFC 9293 3.10.7.3)",
            "0 event: SYN-SENT → ESTABLISHED on SYN,ACK received",
            "1 why: an ACK is owed (RFC 9293 3.8.6.3)",
            "0 event: called SEND 5 B",
            "1 why: there is text to send (RFC 9293 3.8)",
            "1 disposition: accepted, text in order (RFC 9293 3.10.7.4)",
            "0 event: retransmission timer expired",
        ]
    );
    let rows = packets(&shelf.bytes());
    let last = rows.last().unwrap();
    assert_eq!(comments(last)[1], "pellucid {\"id\":14,\"cause\":13}");
    let json = String::from_utf8_lossy(&last.data);
    assert!(
        json.contains("{\"id\":14,\"time\":161.91,\"name\":\"tcp:timer_updated\",\"tuple\":\"c1\"")
    );
}

#[test]
fn a_full_disk_under_the_rows_leaves_the_capture_alone() {
    let shelf = Shelf::new(2_000);
    let about = About::alone("", "client");
    let plain = Shelf::new(usize::MAX);
    let files = Files {
        rich: Some((Box::new(shelf.clone()), about)),
        ..Files::new(plain.clone())
    };
    let (capture, handle) = Capture::at_once_files(files, settings()).unwrap();
    tell_a_beginning(&mut Teller::new(capture));
    let stats = handle.finish();
    assert_eq!((stats.packets, stats.stopped), (5, None));
    assert_eq!(packets(&plain.bytes()).len(), 5);
    // What is there is whole.
    assert_eq!(stats.rich, Some(shelf.bytes().len() as u64));
    assert!(!packets(&shelf.bytes()).is_empty());
}
