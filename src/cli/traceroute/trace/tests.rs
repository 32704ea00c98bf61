use super::*;

const WAIT: Duration = Duration::from_secs(2);

fn at(millis: u64) -> Instant {
    Instant::BIRTH + Duration::from_millis(millis)
}

fn router(hop: usize) -> IpAddr {
    IpAddr::from([198, 51, 100, hop as u8])
}

/// An answer that comes at a time.
fn came(sequence: u16, millis: u64, from: IpAddr, what: EchoAnswer) -> EchoCame {
    EchoCame {
        at: at(millis),
        from,
        hop_limit: 64,
        sequence,
        what,
    }
}

fn exceeded() -> EchoAnswer {
    EchoAnswer::Error(Problem::HopLimitExceeded)
}

/// Sends all that may be sent; returns it.
fn send(trace: &mut Trace, now: Instant) -> Vec<(u16, u8)> {
    let mut sent = Vec::new();
    while let Some((sequence, hop_limit)) = trace.next() {
        trace.leaves(sequence, now);
        sent.push((sequence, hop_limit));
    }
    sent
}

fn rows(trace: &mut Trace) -> String {
    std::iter::from_fn(|| trace.next_row()).collect()
}

#[test]
fn hop_limits_rise_and_sixteen_requests_are_out_at_once() {
    let mut trace = Trace::new(30, 3, WAIT);
    let sent = send(&mut trace, at(0));
    let expected: Vec<(u16, u8)> = (0..16)
        .map(|probe| (probe, (probe / 3 + 1) as u8))
        .collect();
    assert_eq!(sent, expected);
    trace.hear(&came(4, 1, router(2), exceeded()));
    assert_eq!(send(&mut trace, at(1)), [(16, 6)]);
}

/// The words of the traceroute that Linux has, on a way of two routers and the host.
#[test]
fn a_way_is_told_hop_by_hop_and_ends_at_the_host() {
    let mut trace = Trace::new(30, 3, WAIT);
    send(&mut trace, at(0));
    let host = router(9);
    for probe in 3..6 {
        trace.hear(&came(probe, 20 + u64::from(probe), router(2), exceeded()));
    }
    assert_eq!(rows(&mut trace), "", "the first hop comes first");
    trace.hear(&came(0, 1, router(1), exceeded()));
    trace.hear(&came(1, 2, router(1), exceeded()));
    trace.hear(&came(2, 112, router(7), exceeded()));
    assert_eq!(
        rows(&mut trace),
        " 1  198.51.100.1  1.00 ms  2.00 ms 198.51.100.7  112 ms\n \
         2  198.51.100.2  23.0 ms  24.0 ms  25.0 ms\n"
    );
    send(&mut trace, at(112));
    // The host answers what goes beyond it too.
    for probe in [12, 6, 7, 8, 9] {
        trace.hear(&came(probe, 130, host, EchoAnswer::Reply(Vec::new())));
    }
    assert_eq!(
        rows(&mut trace),
        " 3  198.51.100.9  130 ms  130 ms  130 ms\n"
    );
    assert!(trace.has_arrived());
    assert_eq!(trace.patience(at(130)), None);
    assert_eq!(trace.next(), None);
}

#[test]
fn a_silent_hop_costs_its_wait_and_shows_as_stars() {
    let mut trace = Trace::new(2, 2, WAIT);
    assert_eq!(send(&mut trace, at(0)).len(), 4);
    trace.hear(&came(1, 500, router(1), exceeded()));
    assert_eq!(
        trace.patience(at(500)),
        Some(Duration::from_millis(1_500)),
        "the oldest is waited for"
    );
    trace.give_up(at(1_999));
    assert_eq!(rows(&mut trace), "");
    trace.give_up(at(2_000));
    assert_eq!(rows(&mut trace), " 1  * 198.51.100.1  500 ms\n 2  * *\n");
    assert_eq!(trace.patience(at(2_000)), None);
    assert!(!trace.has_arrived());
    // Too late.
    trace.hear(&came(3, 2_001, router(2), exceeded()));
    assert_eq!(rows(&mut trace), "");
}

#[test]
fn whoever_says_that_there_is_no_way_ends_it_and_is_marked() {
    let marks = [
        (Unreachable::Network, "!N"),
        (Unreachable::Host, "!H"),
        (Unreachable::Protocol, "!P"),
        (Unreachable::SourceRoute, "!S"),
        (Unreachable::Prohibited, "!X"),
        (Unreachable::Other(14), "!<14>"),
    ];
    let marks = marks.map(|(why, mark)| (Problem::Unreachable(why), mark));
    let too_big = (Problem::PacketTooBig { mtu: 1280 }, "!F-1280");
    for (problem, mark) in marks.into_iter().chain([too_big]) {
        let mut trace = Trace::new(9, 1, WAIT);
        assert_eq!(send(&mut trace, at(0)).len(), 9);
        trace.hear(&came(0, 3, router(1), exceeded()));
        trace.hear(&came(1, 4, router(1), EchoAnswer::Error(problem)));
        let expected = format!(" 1  198.51.100.1  3.00 ms\n 2  198.51.100.1  4.00 ms {mark}\n");
        assert_eq!(rows(&mut trace), expected);
        assert_eq!(trace.patience(at(4)), None);
        assert!(!trace.has_arrived());
    }
}

#[test]
fn an_answer_to_what_was_never_sent_changes_nothing() {
    let mut trace = Trace::new(2, 1, WAIT);
    trace.hear(&came(0, 1, router(1), exceeded()));
    trace.hear(&came(9, 1, router(1), exceeded()));
    assert_eq!(trace.patience(at(1)), None);
    assert_eq!(trace.next(), Some((0, 1)));
}
