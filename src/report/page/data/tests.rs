use super::*;
use crate::runs::{Packet, Records};
use crate::why::Log;

fn log() -> Log {
    log_with(LINKS)
}

fn log_with(links: &str) -> Log {
    let more = include_str!("more.jsonl");
    let story = include_str!("../../../why/chain/story.jsonl");
    let (header, rest) = story.split_once('\n').expect("lines");
    let all = format!("{header}\n{more}{rest}{links}");
    let records = Records::of(all.as_bytes()).expect("a header");
    Log::new(records.map(|record| record.expect("a record")))
}

fn data() -> Data {
    Data::of(&Source::of("a run", &log()))
}

/// What a link tells of the packets of the story, as it would stand there.
const LINKS: &str = include_str!("links.jsonl");

#[test]
fn packets_are_columns_in_the_order_of_their_frames() {
    let data = data();
    let packets = &data.packets;
    assert_eq!(packets.frame.values(), [1, 2, 3, 4, 5].map(Some));
    assert_eq!(packets.out.values(), [1, 1, 1, 0, 1].map(Some));
    assert_eq!(packets.seq.values(), [1, 1001, 1, 1, 2001].map(Some));
    let word = |column: &Column, packet: usize| {
        let place = column.values()[packet]?;
        Some(data.strings[place as usize].as_str())
    };
    assert_eq!(word(&packets.resent, 2), Some("rto"));
    assert_eq!(word(&packets.resent, 1), None);
    assert_eq!(word(&packets.kind, 3), Some("accepted"));
    let state = &packets.state;
    let at = |column: &Column| column.values()[2];
    let numbers = [&state.cwnd, &state.ssthresh, &state.inflight].map(at);
    assert_eq!(numbers, [1000, 2000, 1000].map(Some));
    assert_eq!(
        (at(&state.rto), at(&state.srtt)),
        (Some(2_000_000_000), None)
    );
    assert_eq!(
        (word(&state.st, 2), word(&state.ca, 2)),
        (Some("established"), Some("loss"))
    );
}

#[test]
fn each_packet_knows_its_cause_and_what_it_answers() {
    let data = data();
    let from = |packet: usize| data.packets.from.values()[packet];
    // What was opened is the first event, the call the second.
    assert_eq!([from(0), from(1)], [Some(2 + 1), Some(2 + 1)]);
    assert_eq!(from(4), Some(2 * 3));
    assert_eq!(
        (
            data.packets.answers.values()[3],
            data.packets.came.values()[3]
        ),
        (Some(1), Some(10))
    );
    // The third is a tick.
    let text = data.events.text.values()[2].expect("it says something");
    assert_eq!(
        (data.events.id.values()[2], from(2)),
        (Some(4), Some(2 * 2 + 1))
    );
    assert_eq!(data.strings[text as usize], "time was told");
}

#[test]
fn a_variable_that_is_not_told_is_as_it_was() {
    let data = data();
    let [connection] = &data.connections[..] else {
        panic!("one connection");
    };
    let variables = &connection.variables;
    let is = |column: &Column, values: [u64; 2]| assert_eq!(column.values(), values.map(Some));
    is(&variables.t, [2_000_000, 3_000_000]);
    is(&variables.cwnd, [2000, 2000]);
    is(&variables.una, [1, 1]);
    is(&variables.snd_wnd, [5000, 5000]);
    assert_eq!(variables.in_flight.values(), [None, Some(7)]);
    assert_eq!(variables.rcv_nxt.values(), [Some(1), None]);
    assert_eq!(connection.rtt.latest, [1.5]);
    assert_eq!(connection.rtt.t.values(), [Some(4_000_000)]);
}

/// Of a packet that stands for several, some get through, whatever is told last.
#[test]
fn a_link_may_lose_a_part_of_a_packet() {
    let told = |name: &str, more: &str| {
        format!(
            "{{\"time\":9,\"name\":\"{name}\",\"host\":\"l\",\"data\":{{\"packet\":3{more}}}}}\n"
        )
    };
    let dropped = told("link:dropped", ",\"reason\":\"random\",\"bytes\":540");
    let delivered = told("link:delivered", "");
    for links in [
        format!("{dropped}{delivered}"),
        format!("{delivered}{dropped}"),
    ] {
        let data = Data::of(&Source::of("a run", &log_with(&links)));
        let place = data.packets.fate.values()[1].unwrap();
        assert_eq!(data.strings[place as usize], "dropped in part: random");
    }
}

#[test]
fn what_a_link_did_stands_with_its_packet_and_its_queues_are_series() {
    let data = data();
    let fate = |packet: usize| {
        let place = data.packets.fate.values()[packet]?;
        Some(data.strings[place as usize].as_str())
    };
    assert_eq!(
        [fate(0), fate(1), fate(2)],
        [Some("dropped: random"), Some("delivered"), None]
    );
    let [forward, back] = &data.links.0[..] else {
        panic!("two ways");
    };
    assert_eq!(
        (forward.way.as_str(), back.way.as_str()),
        ("forward", "back")
    );
    assert_eq!(forward.bytes.values(), [Some(1052)]);
    assert_eq!(back.t.values(), [Some(3_000_000)]);
    // Both losses are events, that of a packet too which never got here.
    let drops = data.events.name.values().iter().flatten();
    let drops = drops.filter(|name| data.strings[**name as usize] == "link:dropped");
    assert_eq!(drops.count(), 2);
}

#[test]
fn bytes_stand_one_behind_the_other_and_tell_what_events_do_not() {
    let log = log();
    // Frame 4 acknowledges 2,001, as 0x10, and reports 8 bytes beyond.
    let mut sacked = vec![
        0x45, 1, 0, 52, 0, 0, 0, 0, 64, 6, 0, 0, 10, 90, 0, 1, 10, 90, 0, 2,
    ];
    sacked.extend([
        0, 80, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0x10, 0x80, 0x10, 0, 0, 0, 0, 0, 0,
    ]);
    sacked.extend([1, 1, 5, 10, 0, 0, 0, 0x20, 0, 0, 0, 0x28]);
    let of = |head: &[u8]| Packet {
        head: head.to_vec(),
        len: 52,
    };
    let packets = vec![of(b"one"), of(b"two"), of(b""), of(&sacked)];
    let data = Data::of(&Source {
        packets,
        ..Source::of("a run", &log)
    });
    assert_eq!(data.packets.kept.values(), [3, 3, 0, 52, 0].map(Some));
    assert_eq!(data.bytes[..6], *b"onetwo");
    assert_eq!(data.bytes.len(), 58);
    assert_eq!(data.packets.ecn.values(), [None, None, None, Some(1), None]);
    let sacks = &data.sacks;
    let one = [&sacks.packet, &sacks.start, &sacks.end].map(|column| column.values()[0]);
    assert_eq!(one, [3, 2017, 2025].map(Some));
}
