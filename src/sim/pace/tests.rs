use super::*;

const MBIT: Rate = Rate(1_000_000);

fn at(micros: u64) -> Instant {
    Instant::from_nanos(micros * 1_000)
}

fn sender(steps: &[(u64, u64)], repeats: bool) -> Sender {
    let steps = steps
        .iter()
        .map(|(millis, rate)| (Duration::from_millis(*millis), Rate(*rate)))
        .collect();
    let pace = Pace::Trace(RateTrace { steps, repeats });
    pace.check().unwrap();
    Sender::new(pace, Instant::BIRTH)
}

#[test]
fn a_packet_takes_its_bits_over_the_rate() {
    let mut sender = Sender::new(Pace::Steady(MBIT), Instant::BIRTH);
    // 1,250 bytes are 10,000 bits: 10 ms at a megabit a second.
    assert_eq!(sender.send(at(3), 1_250), at(10_003));
}

#[test]
fn packets_that_follow_one_another_lose_nothing_to_rounding() {
    // 24 bits at 7 Mb/s take 3,428.57 ns.
    let mut sender = Sender::new(Pace::Steady(Rate(7_000_000)), Instant::BIRTH);
    let mut now = Instant::BIRTH;
    for _ in 0..7_000 {
        now = sender.send(now, 3);
    }
    // 168,000 bits at 7 Mb/s.
    assert_eq!(now, at(24_000));
}

#[test]
fn a_trace_is_followed_through_steps_and_pauses() {
    // 10 ms at 1 Mb/s, 5 ms of nothing, then 2 Mb/s.
    let steps = [(10, 1_000_000), (5, 0), (10, 2_000_000)];
    let mut sender = sender(&steps, false);
    assert_eq!(sender.send(at(0), 1_250), at(10_000));
    // From 9 ms on: 1 ms for 1,000 bits, the pause, and 9,000 bits at twice the rate.
    assert_eq!(sender.send(at(9_000), 1_250), at(15_000 + 4_500));
    // Behind the end the last rate stays.
    assert_eq!(sender.send(at(24_000), 1_250), at(29_000));
    assert_eq!(sender.send(at(1_000_000), 1_250), at(1_005_000));
}

#[test]
fn a_trace_that_repeats_begins_again() {
    let steps = [(10, 1_000_000), (10, 0)];
    let mut sender = sender(&steps, true);
    assert_eq!(sender.send(at(25_000), 1_250), at(45_000));
    assert_eq!(sender.send(at(15_000), 1_250), at(30_000));
}

#[test]
fn what_never_sends_is_refused() {
    let check = |steps: &[(u64, u64)], repeats| {
        let steps = steps
            .iter()
            .map(|(millis, rate)| (Duration::from_millis(*millis), Rate(*rate)))
            .collect();
        Pace::Trace(RateTrace { steps, repeats }).check()
    };
    assert_eq!(check(&[(1, 0), (1, 1_000)], false), Ok(()));
    assert_eq!(check(&[(1, 1_000), (1, 0)], true), Ok(()));
    assert_eq!(
        check(&[(1, 1_000), (1, 0)], false).unwrap_err().key,
        "steps"
    );
    assert_eq!(check(&[(1, 0)], true).unwrap_err().key, "steps");
    assert_eq!(check(&[], true).unwrap_err().key, "steps");
    assert_eq!(check(&[(0, 1_000)], true).unwrap_err().key, "steps.length");
    let slow = Pace::Steady(Rate(999)).check().unwrap_err();
    assert_eq!(
        slow.to_string(),
        "rate: 999 is out of range: 1000 to 1000000000000"
    );
}
