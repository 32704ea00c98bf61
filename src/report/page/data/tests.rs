use super::*;
use crate::runs::Records;

fn data() -> Data {
    let more = include_str!("more.jsonl");
    let story = include_str!("../../../why/chain/story.jsonl");
    let (header, rest) = story.split_once('\n').expect("lines");
    let all = format!("{header}\n{more}{rest}");
    let records = Records::of(all.as_bytes()).expect("a header");
    Data::of("a run", records.map(|record| record.expect("a record")))
}

#[test]
fn packets_are_columns_in_the_order_of_their_frames() {
    let data = data();
    let packets = &data.packets;
    assert_eq!(packets.frame, [1, 2, 3, 4, 5].map(Some));
    assert_eq!(packets.out, [1, 1, 1, 0, 1]);
    assert_eq!(packets.seq, [1, 1001, 1, 1, 2001].map(Some));
    assert_eq!(data.retransmitted(), 1);
    let word = |place: u32| data.strings[place as usize].as_str();
    assert_eq!(packets.resent[2].map(word), Some("rto"));
    assert_eq!(word(packets.kind[3]), "accepted");
    let state = packets.state[2].map(word).expect("it is known");
    assert_eq!(
        state,
        "cwnd 1000 · ssthresh 2000 · in flight 1000 · rto 2000 ms · established, loss"
    );
}

#[test]
fn each_packet_knows_its_cause_and_what_it_answers() {
    let data = data();
    let from = |packet: usize| data.packets.from[packet].as_deref();
    // What was opened is the first event, the call the second.
    assert_eq!([from(0), from(1)], [Some("e1"), Some("e1")]);
    assert_eq!(from(4), Some("p3"));
    assert_eq!(
        (data.packets.answers[3], data.packets.came[3]),
        (Some(1), Some(10))
    );
    let tick = &data.events[2];
    assert_eq!((tick.id, from(2)), (Some(4), Some("e2")));
    assert_eq!(data.strings[tick.text as usize], "time was told");
}

#[test]
fn a_variable_that_is_not_told_is_as_it_was() {
    let data = data();
    let [connection] = &data.connections[..] else {
        panic!("one connection");
    };
    let Variables {
        t,
        cwnd,
        in_flight,
        una,
        snd_wnd,
        rcv_nxt,
        ..
    } = &connection.variables;
    assert_eq!(t, &[2_000_000, 3_000_000]);
    assert_eq!(
        (&cwnd[..], &in_flight[..]),
        (&[2000, 2000][..], &[0, 7][..])
    );
    assert_eq!((&una[..], &snd_wnd[..]), (&[1, 1][..], &[5000, 5000][..]));
    assert_eq!(rcv_nxt, &[Some(1), None]);
    assert_eq!(
        (&connection.rtt.latest[..], &connection.rtt.t[..]),
        (&[1.5][..], &[4_000_000][..])
    );
}
