use super::*;
use crate::sim::impair::{Act, FallBack, Loss, Reorder, Rule};
use crate::sim::queue::DropTail;

const MS: Duration = Duration::from_millis(1);
const MBIT: Rate = Rate(1_000_000);

/// One way of a link, and what came out of it: when, and which.
struct Bench {
    pipe: Pipe,
    pool: Pool,
    birth: Instant,
    now: Instant,
}

impl Bench {
    fn new(path: &Path) -> Bench {
        path.check().unwrap();
        let birth = Instant::from_nanos(5_000_000_000);
        Bench {
            pipe: Pipe::new(path, birth, 1),
            pool: Pool::default(),
            birth,
            now: birth,
        }
    }

    /// A packet of 125 bytes, a millisecond at a megabit a second, that shows its number.
    fn offer(&mut self, number: u8) {
        let parcel = Parcel::new(vec![number; 125]);
        self.pipe.offer(self.now, parcel, &mut self.pool);
    }

    /// Runs for so long: the age in milliseconds and the number of each packet that came out.
    fn run(&mut self, time: Duration) -> Vec<(u128, u8)> {
        let until = self.now + time;
        let mut out = Vec::new();
        while let Some(next) = self.pipe.next().filter(|next| *next <= until) {
            assert!(next >= self.now, "something was due before");
            self.now = next;
            self.pipe.advance(next, &mut self.pool);
            while let Some(parcel) = self.pipe.arrive(next) {
                out.push((next.since(self.birth).as_millis(), parcel.bytes[0]));
            }
        }
        self.now = until;
        out
    }
}

#[test]
fn a_packet_takes_its_time_on_the_wire_and_before_it() {
    let mut bench = Bench::new(&Path::new(MBIT, 10 * MS));
    bench.offer(1);
    bench.offer(2);
    assert_eq!(bench.run(100 * MS), [(11, 1), (12, 2)]);
    let stats = bench.pipe.stats;
    assert_eq!((stats.delivered, stats.bytes_delivered), (2, 250));
    assert_eq!((stats.queue.came, stats.queue.left), (2, 2));
    assert_eq!((stats.queue.waited, stats.queue.waited_max), (MS, MS));
    assert_eq!(stats.queue.waited_on_average(), MS / 2);
    assert_eq!((stats.queue.packets_max, stats.queue.bytes_max), (1, 125));
}

#[test]
fn without_a_rate_packets_leave_at_once() {
    let mut bench = Bench::new(&Path::default());
    bench.offer(1);
    bench.offer(2);
    assert_eq!(bench.run(100 * MS), [(10, 1), (10, 2)]);
}

#[test]
fn what_is_longer_than_the_mtu_is_lost() {
    let mut bench = Bench::new(&Path {
        mtu: 124,
        ..Path::default()
    });
    bench.offer(1);
    assert_eq!(bench.run(100 * MS), []);
    assert_eq!(bench.pipe.stats.wire.too_long, 1);
}

#[test]
fn what_is_lost_on_the_wire_has_taken_its_share_of_the_rate() {
    let lose = |to: &str| Rule {
        to: to.parse().unwrap(),
        act: Act::Lose,
    };
    let mut path = Path::new(MBIT, 10 * MS);
    path.weather.rules = vec![lose("any")];
    path.weather.loss = vec![Loss::bernoulli(1.0)];
    let mut bench = Bench::new(&path);
    bench.offer(1);
    // Whatever names packets leaves alone what is no segment; chance does not.
    assert_eq!(bench.run(100 * MS), []);
    assert_eq!(bench.pipe.stats.wire.lost_by_chance, 1);
    path.weather.loss = Vec::new();
    bench.pipe.become_like(&path, bench.now, 1, &mut bench.pool);
    bench.offer(2);
    assert_eq!(bench.run(100 * MS), [(111, 2)]);
}

#[test]
fn jitter_keeps_the_order_unless_it_may_not() {
    let jitter = |reorders| {
        let mut path = Path::default();
        path.weather.jitter = 20 * MS;
        path.weather.jitter_reorders = reorders;
        let mut bench = Bench::new(&path);
        (0..50).for_each(|number| bench.offer(number));
        let out = bench.run(100 * MS);
        assert_eq!(out.len(), 50);
        assert!(out.iter().all(|(at, _)| (10..=30).contains(at)));
        out.windows(2).all(|two| two[0].1 < two[1].1)
    };
    assert!(jitter(false));
    assert!(!jitter(true));
}

#[test]
fn a_held_packet_lets_so_many_others_go_before_it() {
    let mut path = Path::new(MBIT, 10 * MS);
    path.weather.reorder = Some(Reorder {
        chance: 1.0,
        by: FallBack::Packets(1),
    });
    let mut bench = Bench::new(&path);
    bench.offer(1);
    assert_eq!(bench.run(MS), []);
    path.weather.reorder = None;
    bench.pipe.become_like(&path, bench.now, 1, &mut bench.pool);
    bench.offer(2);
    bench.offer(3);
    assert_eq!(bench.run(50 * MS), [(12, 2), (12, 1), (13, 3)]);
}

#[test]
fn a_held_packet_that_nothing_follows_comes_at_last() {
    let mut path = Path::default();
    path.weather.reorder = Some(Reorder {
        chance: 1.0,
        by: FallBack::Packets(3),
    });
    let mut bench = Bench::new(&path);
    bench.offer(1);
    assert_eq!(bench.run(1_000 * MS), [(210, 1)]);
}

#[test]
fn a_cut_loses_and_a_stall_holds() {
    let outage = |what| Outage {
        from: 5 * MS,
        until: 20 * MS,
        what,
    };
    let mut path = Path::new(MBIT, 10 * MS);
    path.outages = vec![outage(OutageKind::Cut)];
    let mut bench = Bench::new(&path);
    (0..8).for_each(|number| bench.offer(number));
    // The first four have left before 5 ms; the fifth leaves just then.
    let out = bench.run(100 * MS);
    assert_eq!(out, [(11, 0), (12, 1), (13, 2), (14, 3)]);
    assert_eq!(bench.pipe.stats.wire.lost_by_cut, 4);

    path.outages = vec![outage(OutageKind::Stall)];
    let mut bench = Bench::new(&path);
    (0..8).for_each(|number| bench.offer(number));
    let out = bench.run(100 * MS);
    let at: Vec<u128> = out.iter().map(|(at, _)| *at).collect();
    assert_eq!(at, [11, 12, 13, 14, 15, 31, 32, 33]);
}

#[test]
fn a_stall_is_over_for_what_comes_after_it() {
    let path = Path {
        outages: vec![Outage {
            from: Duration::ZERO,
            until: 20 * MS,
            what: OutageKind::Stall,
        }],
        ..Path::default()
    };
    let mut bench = Bench::new(&path);
    bench.offer(1);
    assert_eq!(bench.run(25 * MS), []);
    bench.offer(2);
    assert_eq!(bench.run(100 * MS), [(30, 1), (35, 2)]);
}

#[test]
fn a_way_that_becomes_another_keeps_what_it_has() {
    let mut bench = Bench::new(&Path::new(MBIT, 10 * MS));
    (0..4).for_each(|number| bench.offer(number));
    bench.run(MS);
    let mut slow = Path::new(Rate(100_000), 50 * MS);
    slow.queue = Discipline::DropTail(DropTail::packets(1));
    bench.pipe.become_like(&slow, bench.now, 1, &mut bench.pool);
    // One is on the wire already, one is being sent, one finds room in the shorter queue.
    assert_eq!(bench.run(500 * MS), [(11, 0), (52, 1), (62, 2)]);
    assert_eq!(bench.pipe.stats.queue.overflowed, 1);
}

#[test]
fn what_is_cleared_does_not_arrive() {
    let mut bench = Bench::new(&Path::new(MBIT, 10 * MS));
    (0..4).for_each(|number| bench.offer(number));
    bench.run(2 * MS);
    bench.pipe.clear(&mut bench.pool);
    assert_eq!(bench.run(100 * MS), [(13, 2), (14, 3)]);
}

#[test]
fn values_out_of_range_are_named_by_their_place() {
    let mut path = Path {
        mtu: 67,
        ..Path::default()
    };
    let link = Link {
        forward: Path::default(),
        back: path.clone(),
    };
    let refused = link.check().unwrap_err().to_string();
    assert_eq!(refused, "back.mtu: 67 is out of range: 68 to 65535");
    path.mtu = 1_500;
    path.weather.loss = vec![Loss::bernoulli(-0.1)];
    let refused = Link::both(path).check().unwrap_err().to_string();
    assert_eq!(
        refused,
        "forward.weather.loss.chance: -0.1 is out of range: 0.0 to 1.0"
    );
}
