use super::*;

/// What a run told: a connection that opens, sends, loses and waits.
const RECORDS: &str = r#"
{"id":1,"time":1,"name":"tcp:opened","tuple":"c1","host":"x"
,"data":{"local":"10.0.0.1:4","remote":"10.0.0.2:80","new":"closed"}}
{"id":2,"time":1,"name":"tcp:state_updated","tuple":"c1","host":"x"
,"data":{"old":"closed","new":"syn_sent","trigger":"active_open"}}
{"id":3,"time":41.5,"name":"tcp:state_updated","tuple":"c1","host":"x"
,"data":{"old":"syn_sent","new":"established","trigger":"syn_ack_received"}}
{"id":4,"time":41.5,"name":"ip:packet_received","host":"x"
,"data":{"interface":0,"bytes":60}}
{"id":5,"time":41.5,"name":"tcp:segment_disposed","tuple":"c1","host":"x","cause":4
,"data":{"bytes":60,"disposition":"accepted","reason":"syn_ack"}
,"why":{"rule":"rfc9293.3.10.7.3","text":"SYN,ACK that answers our SYN"}}
{"id":6,"time":42,"name":"tcp:segment_sent","tuple":"c1","host":"x"
,"data":{"bytes":1500,"retransmit":null}
,"why":{"rule":"a","text":"first"}
,"state":{"st":"established","cwnd":14480,"inflight":1448,"srtt":40.5,"rto":200,
"rcv_wnd":65535,"mss":1448,"ca":"open"}}
{"time":42,"name":"tcp:metrics_updated","tuple":"c1","host":"x"
,"data":{"snd_una":1001,"snd_nxt":2449,"unacknowledged":3000}}
{"id":7,"time":42,"name":"tcp:timer_updated","tuple":"c1","host":"x"
,"data":{"timer":"rto","event":"set","delta":200}}
{"id":8,"time":42,"name":"tcp:blocked_by_updated","tuple":"c1","host":"x"
,"data":{"by":"cwnd"}}
{"id":9,"time":142,"name":"tcp:segment_sent","tuple":"c1","host":"x"
,"data":{"bytes":1500,"retransmit":"fast"}
,"why":{"rule":"b","text":"again"}}
{"id":10,"time":150,"name":"tcp:timer_updated","tuple":"c1","host":"x"
,"data":{"timer":"rto","event":"cancelled"}}
{"id":11,"time":160,"name":"tcp:state_updated","tuple":"c1","host":"x"
,"data":{"old":"established","new":"closed","trigger":"aborted"}}
"#;

fn past(lines: usize) -> Snapshot {
    let mut past = Past::default();
    // Each begins at the beginning of a line.
    for record in RECORDS.trim().split("\n{").take(lines) {
        let record = format!("{{{}", record.trim_start_matches('{').replace('\n', ""));
        past.hear(&serde_json::from_str(&record).expect("a record"));
    }
    past.snapshot()
}

#[test]
fn a_connection_is_what_its_records_say_at_each_point() {
    assert_eq!(past(2).rows[0].state, "syn_sent");
    let seen = past(9);
    let row = &seen.rows[0];
    assert_eq!((row.id, row.state.as_str()), (1, "established"));
    assert_eq!(row.remote, "10.0.0.2:80".parse().expect("a socket"));
    let known = row.known.as_ref().expect("a control block");
    assert_eq!(
        (known.cwnd, known.ssthresh, known.in_flight),
        (14_480, None, 1_448)
    );
    assert_eq!((known.srtt_us, known.rto_us), (Some(40_500), 200_000));
    assert_eq!((known.bytes_acked, known.unsent), (1_000, 1_552));
    assert_eq!(known.blocked_by, "cwnd");
    assert_eq!(known.why.as_ref().expect("it spoke").text, "first");
    assert_eq!(
        (row.timers[0].timer.as_str(), row.timers[0].left_us),
        ("rto", 200_000)
    );
}

#[test]
fn time_passes_retransmissions_count_and_timers_stop() {
    let seen = past(10);
    assert_eq!(seen.rows[0].timers[0].left_us, 100_000);
    assert_eq!(seen.rows[0].known.as_ref().expect("known").resent, 1);
    assert!(past(11).rows[0].timers.is_empty());
}

#[test]
fn packets_are_counted_and_their_endings_by_reason() {
    let counted = past(12).counted.expect("always");
    assert_eq!((counted.packets_in, counted.packets_out), (1, 2));
    assert_eq!((counted.bytes_out, counted.retransmitted), (3_000, 1));
    assert_eq!(counted.endings.len(), 1);
    assert_eq!(counted.endings[0].reason, "SYN,ACK that answers our SYN");
}

#[test]
fn what_has_ended_is_counted_as_open_no_more() {
    assert_eq!(past(10).open, 1);
    assert_eq!(
        (past(12).open, past(12).rows[0].state.as_str()),
        (0, "closed")
    );
}
