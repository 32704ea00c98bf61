use super::*;

fn at(micros: u64) -> base::Instant {
    base::Instant::BIRTH + Duration::from_micros(micros)
}

fn reply(sequence: u16, micros: u64, data: &[u8]) -> EchoCame {
    EchoCame {
        at: at(micros),
        from: IpAddr::from([10, 90, 0, 1]),
        hop_limit: 63,
        sequence,
        what: EchoAnswer::Reply(data.to_vec()),
    }
}

const DATA: [u8; 8] = [0, 1, 2, 3, 4, 5, 6, 7];

/// What iputils' ping writes of the same: three requests 10 ms apart, answered after 1, 2 and 3 ms.
/// The deviation is the square root of 14/3 - 4.
#[test]
fn answers_and_their_sum_are_worded_as_iputils_words_them() {
    let mut tally = Tally::new(8);
    let mut lines = Vec::new();
    for turn in 0..3 {
        let left = turn * 10_000;
        let sequence = tally.next();
        tally.leaves(sequence, at(left));
        lines.push(tally.hear(&reply(sequence, left + (turn + 1) * 1_000, &DATA)));
    }
    assert_eq!(
        lines,
        [
            "16 bytes from 10.90.0.1: icmp_seq=1 ttl=63 time=1.00 ms",
            "16 bytes from 10.90.0.1: icmp_seq=2 ttl=63 time=2.00 ms",
            "16 bytes from 10.90.0.1: icmp_seq=3 ttl=63 time=3.00 ms",
        ]
    );
    assert!(tally.waits_for_none());
    assert_eq!(
        tally.to_string(),
        "3 packets transmitted, 3 received, 0% packet loss, time 23ms\n\
         rtt min/avg/max/mdev = 1.000/2.000/3.000/0.816 ms\n"
    );
}

#[test]
fn what_is_lost_refused_or_comes_twice_is_counted() {
    let mut tally = Tally::new(8);
    for sequence in 1..=4 {
        assert_eq!(tally.next(), sequence);
        tally.leaves(sequence, at(0));
    }
    assert!(tally.hear(&reply(1, 500, &DATA)).ends_with("time=0.500 ms"));
    assert!(tally.hear(&reply(1, 600, &DATA)).ends_with("ttl=63 (DUP!)"));
    let refused = EchoCame {
        from: IpAddr::from([10, 90, 0, 7]),
        what: EchoAnswer::Error(crate::stack::Problem::HopLimitExceeded),
        ..reply(2, 700, &[])
    };
    assert_eq!(
        tally.hear(&refused),
        "From 10.90.0.7 icmp_seq=2 its hop limit ran out"
    );
    assert!(!tally.waits_for_none());
    assert!(tally.to_string().starts_with(
        "4 packets transmitted, 1 received, +1 duplicates, +1 errors, 75% packet loss, time 0ms\n"
    ));
}

#[test]
fn data_that_changed_on_its_way_is_told() {
    let mut tally = Tally::new(8);
    for sequence in 1..=2 {
        tally.leaves(sequence, at(0));
    }
    let changed = tally.hear(&reply(1, 100, &[0, 1, 2, 9, 4, 5, 6, 7]));
    let said = "\nwrong data byte #3 should be 0x3 but was 0x9";
    assert!(changed.ends_with(said), "{changed}");
    assert!(
        tally
            .hear(&reply(2, 100, &DATA[..7]))
            .ends_with(" (truncated)")
    );
}

#[test]
fn without_an_answer_there_are_no_round_trips() {
    let mut tally = Tally::new(0);
    let nothing = "0 packets transmitted, 0 received, 0% packet loss, time 0ms\n";
    assert_eq!(tally.to_string(), nothing);
    tally.leaves(1, at(0));
    let lost = "1 packets transmitted, 0 received, 100% packet loss, time 0ms\n";
    assert_eq!(tally.to_string(), lost);
}

#[test]
fn times_have_three_digits_that_count() {
    let shown = [45, 999, 1_234, 12_345, 123_456, 1_234_567]
        .map(|micros| millis(Duration::from_micros(micros)));
    assert_eq!(shown, ["0.045", "0.999", "1.23", "12.3", "123", "1235"]);
}
