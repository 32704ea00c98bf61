use super::*;
use crate::scenario::Measured;

#[test]
fn a_spread_has_its_mean_and_both_ends() {
    let found = spread(&[2.0, 9.0, 4.0]).unwrap();
    assert_eq!((found.mean, found.min, found.max), (5.0, 2.0, 9.0));
    assert_eq!(spread(&[]), None);
}

/// What a run had that was counted by hand.
#[test]
fn rows_add_up_what_runs_were() {
    let run = |bytes: u64, waits: &[u64], is_over| {
        let measured = Measured {
            took: Duration::from_secs(9),
            is_over,
            connections: vec![
                ("client".to_owned(), sender(bytes)),
                // Who reads sends as many packets as the sender, and none of them again.
                ("server".to_owned(), reader()),
            ],
            queues: vec![
                ("down".to_owned(), Vec::new()),
                (
                    "up".to_owned(),
                    waits.iter().copied().map(Duration::from_millis).collect(),
                ),
            ],
            curves: Vec::new(),
            lost: 0,
        };
        Run::of(0, 1, measured)
    };
    let (one, two) = (
        run(1_000_000, &[1, 2, 3], true),
        run(3_000_000, &[10], true),
    );
    let row = of_runs("reno", &[&one, &two]);
    // 8 and 24 Mbit in two seconds.
    let goodput = row.goodput.unwrap();
    assert_eq!((goodput.mean, goodput.min, goodput.max), (8e6, 4e6, 12e6));
    let queue = row.queue_ms.unwrap();
    assert_eq!((queue.mean, queue.p95, queue.max), (4.0, 10.0, 10.0));
    assert_eq!((row.retrans_percent, row.rto), (5.0, 1.0));
    assert_eq!((row.completion_s, row.jain), (Some(2.0), None));
    let stopped = run(1, &[1], false);
    assert_eq!(of_runs("reno", &[&one, &stopped]).completion_s, None);
}

/// TIME-WAIT is long: whoever stops a run there has seen all of the transfer.
#[test]
fn a_transfer_is_complete_when_all_that_send_have_ended() {
    let run = |state| {
        let ended = crate::observe::ConnectionCounts { state, ..sender(9) };
        let measured = Measured {
            took: Duration::from_secs(9),
            is_over: false,
            connections: vec![
                ("client".to_owned(), ended),
                ("server".to_owned(), reader()),
            ],
            queues: Vec::new(),
            curves: Vec::new(),
            lost: 0,
        };
        Run::of(0, 1, measured).completion
    };
    let two_seconds = Some(2_000_000_000);
    assert_eq!(run(crate::probe::State::TimeWait), two_seconds);
    assert_eq!(run(crate::probe::State::FinWait2), two_seconds);
    assert_eq!(run(crate::probe::State::FinWait1), None);
    assert_eq!(run(crate::probe::State::Established), None);
}

fn reader() -> crate::observe::ConnectionCounts {
    crate::observe::ConnectionCounts {
        bytes_received: 1,
        retransmitted: 0,
        timeouts: 0,
        ..sender(0)
    }
}

fn sender(bytes: u64) -> crate::observe::ConnectionCounts {
    let address = |last: u8| std::net::SocketAddr::from(([10, 0, 0, last], 80));
    crate::observe::ConnectionCounts {
        local: address(1),
        remote: address(2),
        opened: crate::base::Instant::BIRTH,
        ended: None,
        state: crate::probe::State::Established,
        congestion_control: "reno",
        bytes_sent: bytes,
        bytes_received: 0,
        sending: Duration::from_secs(2),
        packets_in: 50,
        packets_out: 100,
        retransmitted: 5,
        timeouts: 1,
        cwnd_max: 0,
        srtt: None,
    }
}
