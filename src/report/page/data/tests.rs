use super::*;
use crate::runs::Records;

fn data() -> Data {
    let more = include_str!("more.jsonl");
    let story = include_str!("../../../why/chain/story.jsonl");
    let (header, rest) = story.split_once('\n').expect("lines");
    let all = format!("{header}\n{more}{rest}");
    let records = Records::of(all.as_bytes()).expect("a header");
    Data::of(
        "a run",
        &Log::new(records.map(|record| record.expect("a record"))),
    )
}

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
    let state = word(&packets.state, 2).expect("it is known");
    assert_eq!(
        state,
        "cwnd 1000 · ssthresh 2000 · in flight 1000 · rto 2000 ms · established, loss"
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
    let tick = &data.events[2];
    assert_eq!((tick.id, from(2)), (Some(4), Some(2 * 2 + 1)));
    assert_eq!(data.strings[tick.text as usize], "time was told");
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
