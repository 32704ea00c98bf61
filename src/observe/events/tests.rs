use serde_json::Value;

use super::schema::{Kind, STATE, Type};
use super::*;
use crate::base::SeqRange;
use crate::observe::capture::{Capture, CaptureHandle, Settings};
use crate::observe::fixtures::files::Shelf;
use crate::observe::fixtures::{ACK, ON, PEER, Packet, SYN, Teller, US, snapshot};
use crate::probe::{
    Accepted, Call, Drop, Edge, Event, LossProof, Purpose, Resent, Snapshot, State, TimerKind,
};
use crate::{house, rfc};

const OPEN: (Cite, &str) = (rfc!(9293, "3.10.1"), "OPEN asks for a connection");
const AGAIN: (Cite, &str) = (rfc!(6298, "5 (5.4)"), "the retransmission timer expired");

fn begin(room: usize) -> (Teller, CaptureHandle, Shelf) {
    let events = Shelf::new(room);
    let about = About::alone("a test", "client");
    let (capture, handle) = Capture::at_once_with(
        Shelf::new(1 << 20),
        Some((Box::new(events.clone()), about)),
        Settings::default(),
    )
    .expect("room");
    (Teller::new(capture), handle, events)
}

/// The lines behind the header.
fn lines(events: &Shelf) -> Vec<Value> {
    let bytes = events.bytes();
    let text = std::str::from_utf8(&bytes).expect("UTF-8");
    assert!(text.ends_with('\n'));
    let lines = text
        .lines()
        .map(|line| serde_json::from_str(line).expect(line));
    lines.skip(1).collect()
}

/// A SYN, its answer, text that is lost and goes again.
fn tell(stack: &mut Teller) {
    stack
        .after(1_500)
        .input(Subject::Stack, Event::Called(Call::Open));
    stack.opened();
    let (from, to, on) = (State::Closed, State::SynSent, Edge::ActiveOpen);
    stack.tell(ON, Event::StateChanged { from, to, on });
    let syn = Packet::ours(0, 0, SYN, b"").with_options(&[2, 4, 5, 180]);
    stack.packet_out(&syn, Purpose::Syn, OPEN, Some(snapshot(State::SynSent)));
    stack
        .after(80_000)
        .packet_in(&Packet::theirs(0, 1, SYN | ACK, b"").bytes());
    stack.ends(ON, Accepted::SynAck, Some(snapshot(State::Established)));
    // Time was told, and nothing came of it.
    stack.after(1).input(Subject::Stack, Event::Ticked);
    stack.after(1).input(Subject::Stack, Event::Ticked);
    let kind = TimerKind::Retransmission;
    stack.tell(ON, Event::TimerExpired { kind });
    let range = SeqRange {
        start: (snapshot(State::Closed).iss) + 1,
        len: 5,
    };
    stack.tell(
        ON,
        Event::Lost {
            range,
            by: LossProof::Timeout,
        },
    );
    let again = Purpose::Retransmission(Resent::Timeout);
    let after = Snapshot {
        in_flight: 5,
        ..snapshot(State::Established)
    };
    stack.packet_out(
        &Packet::ours(1, 1, ACK, b"hello"),
        again,
        AGAIN,
        Some(after),
    );
    stack.packet_in(&[0x45, 0]);
    stack.ends(Subject::Stack, Drop::Truncated, None);
}

#[test]
fn each_event_says_who_when_why_and_which_frame() {
    let (mut stack, handle, events) = begin(1 << 20);
    tell(&mut stack);
    drop(handle.finish());
    let lines = lines(&events);
    let names: Vec<&str> = lines
        .iter()
        .map(|line| line["name"].as_str().expect("a name"))
        .collect();
    let expected = [
        "app:called",
        "tcp:opened",
        "tcp:state_updated",
        "tcp:segment_sent",
        "tcp:metrics_updated",
        "ip:packet_received",
        "tcp:segment_disposed",
        // The peer's initial number is known.
        "tcp:metrics_updated",
        "sim:clock",
        "tcp:timer_updated",
        "tcp:loss_detected",
        "tcp:segment_sent",
        "tcp:metrics_updated",
        "ip:packet_received",
        "ip:packet_disposed",
    ];
    assert_eq!(names, expected);
    let times: Vec<String> = lines.iter().map(|line| line["time"].to_string()).collect();
    assert_eq!([&times[0], &times[5], &times[8]], ["1.5", "81.5", "81.502"]);
    let again = &lines[11];
    let data = json!({
        "frame": 3, "bytes": 45, "protocol": "TCP", "src": US, "dst": PEER,
        "purpose": "retransmission", "retransmit": "rto",
        "seq": 1, "ack": 1, "len": 5, "flags": ".", "window": 65_535,
    });
    assert_eq!(again["data"], data);
    let why = json!({ "rule": "rfc6298.5 (5.4)", "text": "the retransmission timer expired" });
    assert_eq!((&again["why"], &again["tuple"]), (&why, &json!("c1")));
    let tick = &lines[8];
    assert_eq!(again["cause"], tick["id"]);
    assert_eq!(again["state"]["inflight"], 5);
    let measured = json!({ "bytes_in_flight": 5 });
    assert_eq!(
        (&lines[12]["data"], &lines[12]["cause"]),
        (&measured, &again["id"])
    );
    assert_eq!(lines[12].get("id"), None);
    let ended = &lines[6];
    assert_eq!(
        (&ended["data"]["frame"], &ended["data"]["reason"]),
        (&json!(2), &json!("syn_ack"))
    );
    assert_eq!(ended["cause"], lines[5]["id"]);
}

/// Whether each line is one that the table of all kinds has.
pub fn conforms(line: &Value) {
    let name = line["name"].as_str().expect("a name");
    let kind = Kind::named(name).unwrap_or_else(|| panic!("{name} is in no table"));
    let fields: Vec<_> = kind.all_fields().collect();
    let check = |fields: &[&schema::Field], object: &Value| {
        for (key, value) in object.as_object().expect("an object") {
            let field = fields.iter().find(|field| field.0 == key);
            let holds = field.unwrap_or_else(|| panic!("{name} has no {key}")).1;
            let fits = match holds {
                Type::Integer => value.is_u64(),
                Type::IntegerOrNull => value.is_u64() || value.is_null(),
                Type::Millis => value.is_number(),
                Type::Text => value.is_string(),
                Type::TextOrNull => value.is_string() || value.is_null(),
            };
            assert!(fits, "{name}.{key}: {value}");
        }
    };
    check(&fields, &line["data"]);
    if let Some(state) = line.get("state") {
        check(&STATE.iter().collect::<Vec<_>>(), state);
    }
}

#[test]
fn every_line_is_one_of_the_table() {
    let (mut stack, handle, events) = begin(1 << 20);
    tell(&mut stack);
    drop(handle.finish());
    lines(&events).iter().for_each(conforms);
}

#[test]
fn a_full_disk_leaves_whole_lines_and_says_so() {
    for room in [600, 1_000, 2_000, 3_000] {
        let (mut stack, handle, events) = begin(room);
        tell(&mut stack);
        let stats = handle.finish();
        assert!(stats.events_stopped.is_some(), "{room}");
        let written = stats.events.expect("there were some");
        assert_eq!(written.bytes, events.bytes().len() as u64);
        assert_eq!(written.lines, lines(&events).len() as u64);
    }
}

#[test]
fn rules_and_times_are_written_to_the_last_digit() {
    assert_eq!(rule(rfc!(6675, "5 (4.3)")), "rfc6675.5 (4.3)");
    assert_eq!(rule(house!("rto-min")), "house.rto-min");
    let text = |nanos| millis(nanos).get().to_string();
    assert_eq!(text(0), "0");
    assert_eq!(text(839_412_000), "839.412");
    assert_eq!(text(1_000_001), "1.000001");
    assert_eq!(text(u64::MAX), "18446744073709.551615");
}
