//! The window in recovery, by RFC 9937 section 6.2's arithmetic done by hand.

use super::*;

const MSS: u32 = 1000;

fn hear(prr: &mut Prr, delivered: u32, in_flight: u32, safe: bool) -> u64 {
    prr.on_ack(&Heard {
        delivered,
        in_flight,
        safe,
        mss: MSS,
    });
    prr.window() - u64::from(in_flight)
}

// req: RFC9937-6.1-1, RFC9937-6.2-7, RFC9937-6.2-8
#[test]
fn the_first_ack_lets_a_segment_go_in_any_case() {
    let mut prr = Prr::new(10_000, 5_000);
    // ceil (1 * 5000 / 10000) is one byte; of nothing it is none.
    assert_eq!(hear(&mut prr, 0, 9_000, false), 1_000);
    assert_eq!(prr.window(), 10_000);
}

// req: RFC9937-6.2-4, RFC9937-6.3-1
#[test]
fn above_the_threshold_as_much_goes_as_its_share_of_what_arrives() {
    let mut prr = Prr::new(10_000, 7_000);
    let mut in_flight = 10_000;
    let mut sent = 0;
    // Until as much is on its way as shall be: 7 of 10 that arrive are replaced.
    while in_flight - 1_000 > 7_000 {
        in_flight -= 1_000;
        let room = hear(&mut prr, 1_000, in_flight, false) as u32;
        let segments = room / MSS * MSS;
        prr.on_sent(segments);
        sent += segments;
        in_flight += segments;
    }
    // 1000 bytes: ceil (0.7 * delivered) - out, in whole segments.
    let mut prr = Prr::new(10_000, 7_000);
    assert_eq!(hear(&mut prr, 1_000, 9_000, false), 700);
    assert_eq!(hear(&mut prr, 1_000, 9_000, false), 1_400);
    prr.on_sent(1_000);
    assert_eq!(hear(&mut prr, 1_000, 9_000, false), 1_100);
    prr.on_sent(1_000);
    assert_eq!(hear(&mut prr, 1, 9_000, false), 101);
    assert!(sent > 0);
}

// req: RFC9937-6.2-5, RFC9937-6.2-6
#[test]
fn below_the_threshold_packets_are_conserved_and_progress_adds_one() {
    let mut prr = Prr::new(20_000, 10_000);
    prr.on_sent(1_000);
    // max (prr_delivered - prr_out, DeliveredData) = max (0, 1000)
    assert_eq!(hear(&mut prr, 1_000, 4_000, false), 1_000);
    // and one segment more if SND.UNA advances and nothing is lost.
    assert_eq!(hear(&mut prr, 1_000, 4_000, true), 2_000);
    prr.on_sent(2_000);
    // Never beyond ssthresh.
    assert_eq!(hear(&mut prr, 8_000, 9_500, true), 500);
    assert_eq!(prr.window(), 10_000);
}
