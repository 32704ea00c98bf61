use super::*;
use crate::runs::Records;
use crate::why::chain::tests::{STORY, log};

fn said(frame: u64) -> String {
    let log = log();
    explain(&log, log.frame(frame).expect("a frame")).join("\n")
}

#[test]
fn a_retransmission_is_explained_by_the_timer_and_what_it_led_to() {
    let expected = "\
#3  +1.001000000 s  10.90.0.2:1 > 10.90.0.1:80  . seq 1..1000 (1000 B) ack 1  RETRANSMIT rto

why     the retransmission timer expired
clause  RFC 6298 5 (5.4)
before  cwnd 2000  ssthresh ∞  in flight 2000  rto 1000 ms  state established, open
after   cwnd 1000  ssthresh 2000  in flight 1000  rto 2000 ms  state established, loss
repeats #1 . seq 1..1000 (1000 B) ack 1
cause   time was told at +1.001000000 s
        · the rto timer expired
        · lost 1..1000 (1000 B): timeout
        · cwnd 1000 ssthresh 2000: a timeout: the loss window (RFC 5681 3.1)";
    assert_eq!(said(3), expected);
}

/// Where links tell what they do, the chain of a repair begins with the loss.
#[test]
fn what_was_lost_is_named_by_the_link_that_lost_it() {
    let dropped = r#"{"time":1.5,"name":"link:dropped","host":"link","data":{"link":"up",
        "packet":PACKET,"reason":"queue_full","bytes":1052}}"#;
    let dropped = dropped.replace("\n", "");
    let first = log().frame(1).and_then(|sent| sent.id).expect("an id");
    let story = format!("{STORY}{}\n", dropped.replace("PACKET", &first.to_string()));
    let records = Records::of(story.as_bytes()).expect("a header");
    let log = Log::new(records.map(|record| record.expect("a record")));
    let text = explain(&log, log.frame(3).expect("a frame")).join("\n");
    let lines = "\
repeats #1 . seq 1..1000 (1000 B) ack 1
        which up lost at +0.001500000 s: queue full
cause   time";
    assert!(text.contains(lines), "{text}");
    // What was not sent again repeats nothing.
    let text = explain(&log, log.frame(1).expect("a frame")).join("\n");
    assert!(!text.contains("repeats"), "{text}");
}

#[test]
fn one_that_came_in_is_explained_by_what_became_of_it() {
    let expected = "\
#4  +1.002000000 s  10.90.0.1:80 > 10.90.0.2:1  . seq 1 ack 2001

ended   accepted: ACK of something new
clause  RFC 9293 3.10.7.4
before  cwnd 1000  ssthresh 2000  in flight 1000  rto 2000 ms  state established, loss
after   cwnd 2000  ssthresh 2000  in flight 0  rto 2000 ms  state established, open
answers #2 P. seq 1001..2000 (1000 B) ack 1
cause   the application called send 2000 B at +0.001000000 s";
    assert_eq!(said(4), expected);
}

#[test]
fn a_chain_goes_back_to_the_call() {
    let text = said(5);
    let tail = "\
cause   #4 . seq 1 ack 2001  accepted: ACK of something new
        answers #2 P. seq 1001..2000 (1000 B) ack 1
        └ the application called send 2000 B at +0.001000000 s";
    assert!(text.ends_with(tail), "{text}");
}

#[test]
fn a_reason_is_found_in_our_own_code_with_tests_of_its_section() {
    let lines = code("Nagle's algorithm is off: all text that waits goes, however short");
    assert_eq!(lines[0], "code    `NODELAY` in src/tcp/output/nagle.rs");
    assert!(lines[1].starts_with("tests   tests/drills/"), "{lines:?}");
    assert!(lines[1].ends_with(" more in docs/rfc-map.md"), "{lines:?}");
    // Of what the house decides no section is tested.
    let house = code("the cure is off: whatever the window has room for goes");
    assert_eq!(house, ["code    `SLIVER` in src/tcp/output/nagle.rs"]);
    assert!(code("nobody says this").is_empty());
}
