//! What BBR finds of paths whose measures are known, and what it does there.

use proptest::prelude::*;

use crate::base::SeqNum;
use crate::tcp::congestion::kit::{BEGINNING, report};

use super::kit::{Link, MSS, Path};
use super::*;

const LINK: Link = Link {
    rate: Rate(100_000_000),
    rtt: Duration::from_millis(40),
    queue: 1 << 20,
    one_in: 0,
};

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn share(part: Rate, of: Rate) -> f64 {
    part.0 as f64 / of.0 as f64
}

/// A sender that has been on this path for three seconds.
fn settled(link: Link) -> Path {
    let mut path = Path::new(link);
    path.run(secs(3), |_| ());
    assert!(matches!(path.bbr.phase, Phase::ProbeBw(_)));
    path
}

/// A sender that has just begun to cruise.
fn cruising(link: Link) -> Path {
    let mut path = settled(link);
    run_to(&mut path, Phase::ProbeBw(Step::Down));
    run_to(&mut path, Phase::ProbeBw(Step::Cruise));
    path
}

/// Runs until the sender is in this phase.
fn run_to(path: &mut Path, phase: Phase) {
    for _ in 0..10_000 {
        if path.bbr.phase == phase {
            return;
        }
        path.run(Duration::from_millis(1), |_| ());
    }
    panic!("{phase:?} does not come in ten seconds");
}

// req: BBR-5.3.1-1, BBR-4.1-1
#[test]
fn startup_finds_the_rate_and_drain_leaves_no_queue() {
    for link in [
        LINK,
        Link {
            rate: Rate(1_000_000_000),
            ..LINK
        },
        Link {
            rate: Rate(2_000_000),
            rtt: Duration::from_millis(200),
            ..LINK
        },
    ] {
        let mut path = Path::new(link);
        let mut seen = vec![path.bbr.phase];
        path.run(secs(4), |path| {
            if seen.last() != Some(&path.bbr.phase) {
                seen.push(path.bbr.phase);
            }
        });
        assert_eq!(seen[..2], [Phase::Startup, Phase::Drain]);
        assert!(matches!(seen[2], Phase::ProbeBw(_)), "{seen:?}");
        let found = share(path.bbr.bandwidth(), link.rate);
        // A sample hangs on whole segments.
        assert!((0.98..=1.02).contains(&found), "{found}");
        run_to(&mut path, Phase::ProbeBw(Step::Cruise));
        assert!(path.queued() <= link.bdp() / 20 + 3 * u64::from(MSS));
    }
}

// req: BBR-5.3.1-1
#[test]
fn startup_ends_after_three_rounds_that_bring_less_than_a_quarter_more() {
    let mut round = Round::new();
    let mut rate = 1_000;
    for _ in 0..20 {
        rate = rate * 5 / 4 + 1;
        round.at(rate);
        assert_eq!(round.bbr.phase, Phase::Startup);
    }
    for _ in 0..2 {
        round.at(rate);
        assert_eq!(round.bbr.phase, Phase::Startup);
    }
    // What the application held back says nothing.
    round.app_limited = true;
    round.at(rate);
    assert_eq!(round.bbr.phase, Phase::Startup);
    round.app_limited = false;
    round.at(rate);
    assert_ne!(round.bbr.phase, Phase::Startup);
}

// req: BBR-5.3.1-1
#[test]
fn startup_ends_where_a_shallow_queue_loses_too_much() {
    let link = Link {
        queue: 50_000,
        ..LINK
    };
    let mut path = Path::new(link);
    run_to(&mut path, Phase::Drain);
    let bound = path.bbr.bounds.inflight_longterm.expect("losses set it");
    assert!(bound >= link.bdp() * 9 / 10 && bound <= link.bdp() * 3 / 2);
    path.run(secs(3), |_| ());
    assert!(share(path.goodput(secs(10)), link.rate) > 0.9);
}

// req: BBR-2-1, BBR-5.3.3-1, BBR-5.6-1
#[test]
fn the_cycle_goes_down_cruises_refills_and_goes_up_at_its_gains() {
    let mut path = settled(LINK);
    run_to(&mut path, Phase::ProbeBw(Step::Refill));
    let mut steps = Vec::new();
    path.run(secs(5), |path| {
        let Phase::ProbeBw(step) = path.bbr.phase else {
            return;
        };
        if steps.last() != Some(&step) {
            steps.push(step);
        }
        let gain = match step {
            Step::Down => 90,
            Step::Cruise | Step::Refill => 100,
            Step::Up => 125,
        };
        // Less the margin of one percent.
        let rate = path.bbr.bandwidth().0 * gain / 100 * 99 / 100;
        assert!(path.bbr.pacing_rate.0.abs_diff(rate) <= 2, "{step:?}");
    });
    let cycle = [Step::Refill, Step::Up, Step::Down, Step::Cruise];
    assert!(steps.len() > 5, "{steps:?}");
    for (at, step) in steps.iter().enumerate() {
        assert_eq!(*step, cycle[at % 4]);
    }
}

// req: BBR-5.3.3-1
#[test]
fn between_probes_lie_two_to_three_seconds_or_sixty_three_rounds() {
    let mut path = settled(LINK);
    let (mut last, mut between) = (None, Vec::new());
    let mut refilling = false;
    path.run(secs(60), |path| {
        let was = refilling;
        refilling = path.bbr.phase == Phase::ProbeBw(Step::Refill);
        if matches!(path.bbr.phase, Phase::ProbeRtt(_)) {
            // It begins a cycle of its own.
            last = None;
        } else if refilling && !was {
            between.extend(last.map(|last| path.now.since(last)));
            last = Some(path.now);
        }
    });
    assert!(between.len() >= 5, "{between:?}");
    for between in between {
        // The probe itself takes some round trips more.
        assert!(
            between > secs(2) && between < Duration::from_millis(3_500),
            "{between:?}"
        );
    }
    // Where Reno's window is twenty segments, it probes every twenty round trips, and so do we.
    let mut path = settled(Link {
        rate: Rate(6_000_000),
        ..LINK
    });
    run_to(&mut path, Phase::ProbeBw(Step::Refill));
    let first = path.now;
    run_to(&mut path, Phase::ProbeBw(Step::Down));
    run_to(&mut path, Phase::ProbeBw(Step::Refill));
    assert!(path.now.since(first) < Duration::from_millis(40 * 20 + 500));
}

#[test]
fn cruising_leaves_the_queue_alone_and_the_link_full() {
    let mut path = settled(LINK);
    let mut most = 0;
    run_to(&mut path, Phase::ProbeBw(Step::Cruise));
    path.run(secs(10), |path| {
        if path.bbr.phase == Phase::ProbeBw(Step::Cruise) {
            most = most.max(path.queued());
        }
    });
    assert!(most <= LINK.bdp() / 20, "{most}");
    assert!(share(path.goodput(secs(10)), LINK.rate) > 0.95);
}

// req: BBR-5.5-1
#[test]
fn one_percent_of_random_loss_costs_less_than_a_tenth() {
    // What is lost, the pacing margin and ProbeRtt take four; the rest is what rounds of bad luck
    // may cost.
    let mut path = settled(Link {
        one_in: 100,
        ..LINK
    });
    let goodput = path.goodput(secs(30));
    assert!(share(goodput, LINK.rate) > 0.9, "{goodput:?}");
}

// req: BBR-5.5-1
#[test]
fn a_single_loss_says_nothing_and_a_tenth_of_a_round_does() {
    let mut path = cruising(LINK);
    let lose = |path: &mut Path, segments: u32| {
        for _ in 0..segments {
            let in_flight = path.in_flight;
            path.bbr.on_lost(path.now, MSS, in_flight);
        }
        path.run(2 * LINK.rtt, |_| ());
    };
    let before = path.bbr.bandwidth();
    lose(&mut path, 1);
    assert_eq!(path.bbr.bounds, Bounds::default());
    lose(&mut path, 40);
    let bounds = path.bbr.bounds;
    let shortterm = bounds.bw_shortterm.expect("too much was lost");
    // Seven tenths, unless more was delivered in that round; here all of it was.
    assert!(share(shortterm, before) >= 0.9);
    assert!(bounds.inflight_shortterm.is_some());
    // The next probe forgets it.
    run_to(&mut path, Phase::ProbeBw(Step::Up));
    assert_eq!(path.bbr.bounds.bw_shortterm, None);
}

// req: BBR-5.5-1
#[test]
fn a_probe_ends_once_it_loses_more_than_two_percent_and_chance_explain() {
    let mut path = settled(LINK);
    run_to(&mut path, Phase::ProbeBw(Step::Up));
    let segments = path.in_flight as f64 / f64::from(MSS);
    let expected = 0.02 * segments;
    let allowed = (expected + 2.0 * expected.sqrt()).floor() as u32;
    for _ in 0..allowed {
        path.bbr.on_lost(path.now, MSS, path.in_flight);
    }
    assert_eq!(path.bbr.phase, Phase::ProbeBw(Step::Up));
    path.bbr.on_lost(path.now, MSS, path.in_flight);
    assert_eq!(path.bbr.phase, Phase::ProbeBw(Step::Down));
    assert!(path.bbr.bounds.inflight_longterm.is_some());
}

// req: BBR-5.5-1
#[test]
fn what_carries_half_of_what_it_did_is_believed_within_some_round_trips() {
    let mut path = settled(Link {
        queue: 100_000,
        ..LINK
    });
    run_to(&mut path, Phase::ProbeBw(Step::Cruise));
    path.link.rate = Rate(LINK.rate.0 / 2);
    path.run(secs(1), |_| ());
    let believed = share(path.bbr.bandwidth(), path.link.rate);
    assert!(believed < 1.1, "{believed}");
}

#[test]
fn twice_the_rate_is_found_by_probing() {
    let mut path = settled(LINK);
    path.link.rate = Rate(2 * LINK.rate.0);
    path.run(secs(10), |_| ());
    let found = share(path.bbr.bandwidth(), path.link.rate);
    assert!((0.95..=1.02).contains(&found), "{found}");
}

// req: BBR-5.3.4-1
#[test]
fn every_five_seconds_a_fifth_of_one_is_spent_with_half_in_flight_or_less() {
    let mut path = settled(LINK);
    let half = LINK.bdp() / 2 + 10_000;
    let (mut last, mut probes) = (None, Vec::new());
    let (mut low_since, mut low) = (None, Duration::ZERO);
    path.run(secs(24), |path| {
        let inside = matches!(path.bbr.phase, Phase::ProbeRtt(_));
        if inside && last == Some(false) {
            probes.push(path.now);
        }
        last = Some(inside);
        if inside && path.in_flight <= half {
            low_since.get_or_insert(path.now);
        } else if let Some(since) = low_since.take() {
            low = low.max(path.now.since(since));
        }
    });
    assert!(probes.len() >= 4, "{probes:?}");
    for pair in probes.windows(2) {
        let between = pair[1].since(pair[0]);
        assert!(between > secs(5) && between < Duration::from_millis(5_500));
    }
    assert!(low >= Duration::from_millis(200), "{low:?}");
    assert!(low < Duration::from_millis(350), "{low:?}");
}

// req: BBR-5.3.4-1
#[test]
fn a_longer_way_is_believed_when_the_shorter_is_ten_seconds_old() {
    let mut path = settled(LINK);
    path.link.rtt = 2 * LINK.rtt;
    path.run(secs(16), |_| ());
    let rtt = path.bbr.min_rtt.get().expect("measured");
    assert!(rtt >= path.link.rtt && rtt < path.link.rtt + Duration::from_millis(2));
    assert!(share(path.goodput(secs(10)), LINK.rate) > 0.9);
}

#[test]
fn an_application_with_little_to_say_does_not_unlearn_the_path() {
    let mut path = settled(LINK);
    path.offered = Some(Rate(1_000_000));
    path.run(secs(30), |_| ());
    assert!(share(path.bbr.bandwidth(), LINK.rate) > 0.95);
}

#[test]
fn a_mark_ends_a_probe_and_slows_down_a_cruise() {
    let mark = |path: &mut Path| {
        let flight = path.in_flight;
        path.bbr.on_congestion(path.now, Congestion::Ecn { flight });
    };
    let mut path = Path::new(LINK);
    path.run(Duration::from_millis(200), |_| ());
    assert_eq!(path.bbr.phase, Phase::Startup);
    mark(&mut path);
    assert_eq!(path.bbr.phase, Phase::Drain);

    let mut path = settled(LINK);
    run_to(&mut path, Phase::ProbeBw(Step::Up));
    mark(&mut path);
    path.run(Duration::from_millis(1), |_| ());
    assert_eq!(path.bbr.phase, Phase::ProbeBw(Step::Down));
    assert!(path.bbr.bounds.inflight_longterm.is_some());

    let mut path = cruising(LINK);
    mark(&mut path);
    path.run(2 * LINK.rtt, |_| ());
    assert!(path.bbr.bounds.bw_shortterm.is_some());
    assert!(path.bbr.bounds.inflight_shortterm.is_some());
}

#[test]
fn losses_that_were_none_lift_their_bounds() {
    let mut path = cruising(LINK);
    let flight = path.in_flight;
    path.bbr
        .on_congestion(path.now, Congestion::Loss { flight });
    for _ in 0..100 {
        path.bbr.on_lost(path.now, MSS, flight);
    }
    path.run(2 * LINK.rtt, |_| ());
    assert!(path.bbr.bounds.bw_shortterm.is_some());
    path.bbr.undo(path.now);
    assert_eq!(path.bbr.bounds, Bounds::default());
}

// req: RFC5681-3.1-14
#[test]
fn a_timeout_leaves_one_segment_until_its_episode_is_over() {
    let mut path = settled(LINK);
    run_to(&mut path, Phase::ProbeBw(Step::Cruise));
    let before = path.bbr.window();
    let (flight, again) = (path.in_flight, false);
    path.bbr
        .on_congestion(path.now, Congestion::Timeout { flight, again });
    assert_eq!(path.bbr.window(), u64::from(MSS));
    let flight = 0;
    path.bbr
        .on_congestion(path.now, Congestion::Over { flight });
    assert_eq!(path.bbr.window(), before);
}

#[test]
fn after_a_pause_it_goes_on_at_the_rate_of_the_path() {
    let mut path = settled(LINK);
    run_to(&mut path, Phase::ProbeBw(Step::Up));
    let bandwidth = path.bbr.bandwidth();
    let later = path.now + secs(60);
    path.bbr.on_idle(later, secs(60), secs(1));
    path.bbr.on_sent(later, MSS, MSS.into());
    let rate = path.bbr.pacing_rate().expect("BBR paces");
    assert_eq!(rate, Rate(bandwidth.0 / 100 * 99));
    // The round trip was not measured for a minute, and yet there is no need to probe for it.
    let rtt = Some(LINK.rtt);
    path.bbr.on_ack(&AckReport {
        now: later + LINK.rtt,
        acked: MSS,
        delivered: MSS,
        rtt,
        srtt: rtt,
        ..report()
    });
    assert!(matches!(path.bbr.phase, Phase::ProbeBw(_)));
}

#[test]
fn it_paces_from_the_first_segment_on_and_answers_losses_itself() {
    let bbr = Bbr::new(BEGINNING);
    assert_eq!((bbr.name(), bbr.threshold()), ("bbr", None));
    assert_eq!(bbr.window(), 10_000);
    assert!(bbr.reduces_itself());
    // Ten segments in a millisecond, times 2.77.
    assert_eq!(bbr.pacing_rate(), Some(Rate(221_600_000)));
}

/// Samples made by hand, one a round.
struct Round {
    bbr: Bbr,
    delivered: u64,
    now: Instant,
    app_limited: bool,
}

impl Round {
    fn new() -> Round {
        Round {
            bbr: Bbr::new(BEGINNING),
            delivered: 0,
            now: Instant::BIRTH,
            app_limited: false,
        }
    }

    /// A round of a tenth of a second in which so many bytes are delivered.
    fn at(&mut self, bytes: u64) {
        let rtt = Duration::from_millis(100);
        self.now += rtt;
        let prior_delivered = self.delivered;
        self.delivered += bytes;
        self.bbr.on_ack(&AckReport {
            now: self.now,
            delivered: u32::try_from(bytes).expect("small"),
            in_flight: 1 << 40,
            rtt: Some(rtt),
            srtt: Some(rtt),
            rate: Some(RateSample {
                delivered: bytes,
                interval: rtt,
                rtt,
                prior_delivered,
                total_delivered: self.delivered,
                tx_in_flight: bytes,
                lost: 0,
                app_limited: self.app_limited,
            }),
            ..report()
        });
    }
}

proptest! {
    /// Whatever the samples claim, something may be sent, at some rate, and nothing overflows.
    #[test]
    fn no_sample_stops_it(
        steps in prop::collection::vec(
            (
                0u64..5_000_000_000,
                0u32..1 << 30,
                (any::<u32>(), 0u64..1 << 40, 0u64..1 << 40, any::<bool>()),
                0u64..10,
            ),
            1..60,
        ),
    ) {
        let mut bbr = Bbr::new(BEGINNING);
        let mut now = Instant::BIRTH;
        let mut total = 0;
        for (nanos, delivered, (interval, tx_in_flight, lost, app_limited), what) in steps {
            now += Duration::from_nanos(nanos);
            total += u64::from(delivered);
            let flight = tx_in_flight;
            match what {
                0 => bbr.on_congestion(now, Congestion::Loss { flight }),
                1 => bbr.on_congestion(now, Congestion::Ecn { flight }),
                2 => bbr.on_congestion(now, Congestion::Timeout { flight, again: app_limited }),
                3 => bbr.on_congestion(now, Congestion::Over { flight }),
                4 => bbr.undo(now),
                5 => bbr.on_lost(now, delivered, tx_in_flight),
                6 => bbr.on_sent(now, delivered, tx_in_flight),
                _ => {}
            }
            let interval = Duration::from_nanos(interval.into());
            bbr.on_ack(&AckReport {
                now,
                una: SeqNum(0),
                acked: delivered,
                delivered,
                in_flight: tx_in_flight,
                in_flight_before: tx_in_flight,
                rtt: Some(interval),
                srtt: Some(interval),
                rate: Some(RateSample {
                    delivered: delivered.into(),
                    interval,
                    rtt: interval,
                    prior_delivered: total - u64::from(delivered),
                    total_delivered: total,
                    tx_in_flight,
                    lost,
                    app_limited,
                }),
                ..report()
            });
            prop_assert!(bbr.window() >= 1_000);
            prop_assert!(bbr.pacing_rate().is_some());
        }
    }
}
