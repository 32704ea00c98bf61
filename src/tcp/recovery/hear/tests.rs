//! What one ACK teaches.

use super::*;
use crate::tcp::config::Recovering;
use crate::tcp::recovery::Detection;

const ISS: SeqNum = SeqNum(u32::MAX - 1500);

fn at(ms: u64) -> Instant {
    Instant::BIRTH + Duration::from_millis(ms)
}

fn seq(byte: u32) -> SeqNum {
    ISS + byte
}

fn block(left: u32, right: u32) -> SackBlock {
    SackBlock {
        left: seq(left),
        right: seq(right),
    }
}

/// Ten segments of 1000, the number n sent at n ms.
fn sending() -> Recovery {
    let mut recovery = Recovery::new(ISS, Recovering::default());
    recovery.expect_reports();
    for n in 0..10 {
        let range = SeqRange {
            start: seq(n * 1000),
            len: 1000,
        };
        recovery.on_sent(range, at(n.into()));
    }
    recovery
}

fn hear(recovery: &mut Recovery, una: u32, blocks: &[SackBlock], ms: u64) -> Learned {
    recovery.hear(&Heard {
        now: at(ms),
        ack: seq(una),
        una: seq(una),
        blocks,
        echo: None,
        duplicate: false,
    })
}

// req: RFC9937-6.2-1, RFC6675-5-1
#[test]
fn each_byte_is_delivered_once_however_it_is_told_of() {
    let mut recovery = sending();
    let learned = hear(&mut recovery, 1000, &[block(3000, 5000)], 50);
    assert_eq!((learned.delivered, learned.reported), (3000, 2000));
    assert_eq!(learned.highest, Some(seq(5000)));
    let learned = hear(&mut recovery, 1000, &[block(3000, 5000)], 51);
    assert_eq!(learned.delivered, 0);
    let learned = hear(&mut recovery, 6000, &[], 52);
    assert_eq!((learned.delivered, learned.reported), (3000, 0));
}

// req: RFC2883-5-1, RFC2883-5-2
#[test]
fn a_first_block_below_the_acknowledgment_or_inside_the_second_tells_of_a_duplicate() {
    let dsack = |ack: u32, blocks: &[SackBlock]| {
        duplicate_report(blocks, seq(ack)).map(|twice| (twice.start.since(ISS), twice.len))
    };
    assert_eq!(dsack(4000, &[block(3000, 4000)]), Some((3000, 1000)));
    assert_eq!(dsack(3999, &[block(3000, 4000)]), None);
    let second = block(5000, 8000);
    assert_eq!(
        dsack(4000, &[block(6000, 7000), second]),
        Some((6000, 1000))
    );
    assert_eq!(dsack(4000, &[block(7500, 8500), second]), None);
    assert_eq!(dsack(4000, &[]), None);
    assert_eq!(dsack(4000, &[block(4000, 3000)]), None);
    // The number of that segment counts, though a later one has come before it.
    let mut recovery = sending();
    hear(&mut recovery, 8000, &[], 50);
    let late = recovery.hear(&Heard {
        now: at(51),
        ack: seq(2000),
        una: seq(8000),
        blocks: &[block(3000, 4000)],
        echo: None,
        duplicate: false,
    });
    assert_eq!(late.dsack, None);
}

// req: RFC6298-3-1
#[test]
fn the_round_trip_is_that_of_the_last_sent_and_never_that_of_a_copy() {
    let rtt = |una, blocks: &[SackBlock]| hear(&mut sending(), una, blocks, 50).rtt;
    assert_eq!(rtt(3000, &[]), Some(Duration::from_millis(48)));
    let reported = [block(5000, 6000)];
    assert_eq!(rtt(3000, &reported), Some(Duration::from_millis(45)));
    // What waited behind a copy tells nothing either.
    let mut recovery = sending();
    let first = SeqRange {
        start: seq(0),
        len: 1000,
    };
    recovery.on_resent(first, at(20), None);
    assert_eq!(hear(&mut recovery, 3000, &[], 50).rtt, None);
}

// req: RFC2018-8-1
#[test]
fn a_peer_that_takes_its_reports_back_is_believed() {
    let mut recovery = sending();
    hear(&mut recovery, 1000, &[block(2000, 5000)], 50);
    assert_eq!(recovery.in_flight(), 6000);
    // It acknowledges up to there, and not what it reported from there on.
    hear(&mut recovery, 2000, &[block(4000, 5000)], 60);
    assert_eq!(recovery.in_flight(), 7000);
}

// req: RFC2018-4-1
#[test]
fn reports_that_nobody_agreed_on_are_not_read() {
    let mut recovery = Recovery::new(ISS, Recovering::default());
    let range = SeqRange {
        start: ISS,
        len: 5000,
    };
    recovery.on_sent(range, at(0));
    let learned = hear(&mut recovery, 0, &[block(1000, 5000)], 50);
    assert_eq!(learned.delivered, 0);
}

#[test]
fn a_window_that_is_to_keep_its_size_grows_by_no_duplicate() {
    let window = |rack_steady| {
        let mut recovery = Recovery::new(
            ISS,
            Recovering {
                rack_steady,
                ..Recovering::default()
            },
        );
        recovery.expect_reports();
        let range = SeqRange {
            start: ISS,
            len: 5000,
        };
        recovery.on_sent(range, at(0));
        hear(&mut recovery, 4000, &[], 40);
        hear(&mut recovery, 4000, &[block(1000, 2000)], 50);
        recovery.reordering_window(&Detection {
            now: at(50),
            mss: 1000,
            srtt: Some(Duration::from_millis(40)),
            because: crate::probe::EventId::FIRST,
            probe: None,
        })
    };
    let quarters = [true, false].map(|steady| window(steady).as_millis() / 10);
    assert_eq!(quarters, [1, 2]);
}
