//! All observers at once on whole stacks that talk over a bad wire.

use std::fs::File;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use crate::base::{Checksum, Instant, InterfaceId, Offloads};
use crate::observe::capture::{Capture, CaptureHandle, Settings};
use crate::observe::fixtures::files::{Scratch, blocks, tshark};
use crate::observe::{Connections, ConversationId, Counters, Counts, Log, Recorder};
use crate::probe::State;
use crate::report::Ladder;
use crate::stack::Stack;
use crate::stack::kit::{A, B, End, Fate, World, pattern};
use crate::wire::{Segment, ipv4};

/// Who watches one end.
struct Watch {
    counters: Counters,
    connections: Connections,
    capture: CaptureHandle,
}

impl Watch {
    fn over(stack: &mut Stack, file: File, recorder: &Recorder) -> Watch {
        let (counters, connections) = (Counters::default(), Connections::new(10));
        let (capture, handle) = Capture::at_once(file, Settings::default()).unwrap();
        stack.observe(Box::new(Log::new()));
        stack.observe(Box::new(recorder.clone()));
        stack.observe(Box::new(counters.clone()));
        stack.observe(Box::new(connections.clone()));
        stack.observe(Box::new(capture));
        Watch {
            counters,
            connections,
            capture: handle,
        }
    }

    fn ladder(&self) -> Vec<String> {
        let frames = self.capture.frames();
        let ladder = Ladder {
            conversation: &frames.conversations()[0],
            frames: &frames.of(ConversationId(0)),
            since: Instant::from_nanos(1_000_000_000),
            unrecorded: frames.unrecorded(),
        };
        ladder.lines()
    }
}

/// A connection from one end to the other, 600 KB one way and 60 KB the other over a wire that
/// drops, doubles and reorders, and an orderly end.
fn a_hard_life(world: &mut World) {
    world.judge = Box::new(|_, packet, number| match number {
        1 | 40 | 41 | 42 | 200 => Fate::Drop,
        n if packet.len() > 1000 && n % 97 == 0 => Fate::Drop,
        n if n % 41 == 0 => Fate::Twice,
        n if n % 31 == 0 => Fate::Later(Duration::from_millis(3)),
        _ => Fate::Deliver,
    });
    let limit = Duration::from_secs(600);
    let listener = world
        .b
        .listen(world.now, "10.0.0.2:80".parse().unwrap(), 4)
        .unwrap();
    let a = world
        .a
        .open(world.now, "10.0.0.2:80".parse().unwrap(), None)
        .unwrap();
    world.run(Duration::from_secs(10));
    let b = world.b.accept(world.now, listener).unwrap();
    let upload = pattern(600_000);
    assert!(world.transfer(End::A, a, b, &upload, limit) == upload);
    assert!(world.transfer(End::B, b, a, &upload[..60_000], limit) == upload[..60_000]);
    world.a.close(world.now, a);
    world.run(Duration::from_secs(5));
    world.b.close(world.now, b);
    world.run(Duration::from_secs(600));
}

fn complaints(counts: &Counts, capture: &CaptureHandle) -> Vec<String> {
    let mut complaints = Vec::new();
    if !counts.every_packet_explained() {
        let (explained, packets) = (counts.explained(), counts.packets());
        complaints.push(format!("explained {explained} of {packets}"));
    }
    let captured = capture.stats().packets;
    if captured != counts.packets() {
        complaints.push(format!("{captured} captured of {}", counts.packets()));
    }
    complaints
}

#[test]
fn every_packet_of_a_hard_life_is_explained_captured_and_counted() {
    let scratch = Scratch::new("hard-life");
    let mut world = World::new(crate::tcp::Config::default());
    let path = |name| scratch.path().join(name);
    let recorder = Recorder::new(200);
    let _shown = recorder.shown_on_failure();
    let quiet = Recorder::new(1);
    let a = Watch::over(
        &mut world.a,
        File::create(path("a.pcapng")).unwrap(),
        &recorder,
    );
    let b = Watch::over(
        &mut world.b,
        File::create(path("b.pcapng")).unwrap(),
        &quiet,
    );
    a_hard_life(&mut world);

    for watch in [&a, &b] {
        let counts = watch.counters.counts();
        assert_eq!(complaints(&counts, &watch.capture), [""; 0]);
        let [connection] = watch.connections.connections()[..] else {
            panic!("one connection");
        };
        assert_eq!(connection.retransmitted, counts.retransmitted());
        assert_eq!(connection.state, State::Closed);
        assert!(connection.ended.is_some());
    }
    let (sent, received) = (
        a.connections.connections()[0],
        b.connections.connections()[0],
    );
    assert_eq!((sent.bytes_sent, sent.bytes_received), (600_000, 60_000));
    assert_eq!(
        (received.bytes_sent, received.bytes_received),
        (60_000, 600_000)
    );
    assert!(sent.retransmitted > 3, "{sent:?}");

    for (name, watch) in [("a.pcapng", &a), ("b.pcapng", &b)] {
        println!("{}\n", watch.ladder().join("\n"));
        let lines = tshark(&path(name), &["frame.number", "frame.comment"]);
        for (line, number) in lines.iter().flatten().zip(1..) {
            let explained = line.contains("|why: ") || line.contains("|disposition: ");
            assert!(explained && !line.contains("unexplained"), "{line}");
            assert!(line.starts_with(&format!("{number}|")), "{line}");
        }
        let packets = watch.counters.counts().packets();
        assert!(lines.is_none_or(|lines| lines.len() as u64 == packets));
    }
}

#[test]
fn a_long_transfer_makes_a_short_ladder() {
    let scratch = Scratch::new("long-transfer");
    let mut world = World::new(crate::tcp::Config::default());
    let file = File::create(scratch.path().join("a.pcapng")).unwrap();
    let watch = Watch::over(&mut world.a, file, &Recorder::new(1));
    let (a, b, _) = world.connect();
    let text = pattern(1 << 20);
    world.transfer(End::A, a, b, &text, Duration::from_secs(60));
    let ladder = watch.ladder();
    assert!(watch.counters.counts().packets() > 700);
    assert!(ladder.len() < 10, "{}", ladder.join("\n"));
    assert!(
        ladder[3].contains(" segments, 1,048,576 B"),
        "{}",
        ladder[3]
    );
}

/// All text that went from `src` by the frames of a capture, in their order, and how long the
/// longest frame is.
fn carried(capture: &Path, src: IpAddr) -> (Vec<u8>, usize) {
    let (mut text, mut longest) = (Vec::new(), 0);
    for block in blocks(&std::fs::read(capture).unwrap()) {
        let Some(packet) = block.into_enhanced_packet() else {
            continue;
        };
        longest = longest.max(packet.data.len());
        let (header, payload) = ipv4::parse(&packet.data).unwrap();
        let segment = Segment::parse(A, B, payload, Checksum::Verified).unwrap();
        if IpAddr::V4(header.src) == src {
            text.extend(segment.text.iter());
        }
    }
    (text, longest)
}

#[test]
fn a_split_capture_has_the_same_text_in_packets_that_a_wire_can_carry() {
    let scratch = Scratch::new("split");
    let (whole, split) = (scratch.path().join("whole"), scratch.path().join("split"));
    let mut world = World::new(crate::tcp::Config::default());
    for stack in [&mut world.a, &mut world.b] {
        let first = InterfaceId::FIRST;
        stack.set_offloads(world.now, first, Offloads::ALL).unwrap();
    }
    let handles = [(&whole, false), (&split, true)].map(|(path, split)| {
        let settings = Settings {
            split,
            ..Settings::default()
        };
        let file = File::create(path).unwrap();
        let (capture, handle) = Capture::at_once(file, settings).unwrap();
        world.a.observe(Box::new(capture));
        handle
    });
    a_hard_life(&mut world);
    let [of_whole, of_split] = handles.map(CaptureHandle::finish);
    assert_eq!(of_whole.further, 0);
    assert!(of_split.further > 200, "{of_split:?}");
    assert_eq!(of_split.packets - of_split.further, of_whole.packets);
    for src in [A, B] {
        let (sent, longest) = carried(&whole, src);
        assert!(longest > 10_000 && sent.len() >= 60_000);
        let (parts, longest) = carried(&split, src);
        assert!(parts == sent);
        assert_eq!(longest, 1500);
    }
    for (path, stats) in [(&whole, of_whole), (&split, of_split)] {
        let lines = tshark(path, &["frame.comment"]);
        assert!(lines.is_none_or(|lines| lines.len() as u64 == stats.packets));
    }
}
