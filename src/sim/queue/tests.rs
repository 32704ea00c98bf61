use super::*;
use crate::sim::parcel::flow_of;

const MS: Duration = Duration::from_millis(1);

/// A queue, its statistics, and a clock.
struct Bench {
    queue: Box<dyn Queue>,
    stats: QueueStats,
    pool: Pool,
    book: Book,
    now: Instant,
}

/// An ECN-capable IPv4 packet of 1,500 bytes from one of many ports.
fn packet(port: u16) -> Parcel {
    let mut bytes = vec![0; 1_500];
    bytes[..2].copy_from_slice(&[0x45, 2]);
    bytes[9] = 6;
    bytes[20..22].copy_from_slice(&port.to_be_bytes());
    Parcel::new(bytes)
}

fn deaf(port: u16) -> Parcel {
    let mut parcel = packet(port);
    parcel.bytes[1] = 0;
    parcel
}

impl Bench {
    fn new(discipline: Discipline) -> Bench {
        discipline.check().unwrap();
        Bench {
            queue: discipline.start(1),
            stats: QueueStats::default(),
            pool: Pool::default(),
            book: Book::default(),
            now: Instant::from_nanos(1_000_000_000),
        }
    }

    fn push(&mut self, mut parcel: Parcel) {
        parcel.queued_at = self.now;
        let (queue, mut ledger) = self.at_work();
        queue.push(parcel, &mut ledger);
    }

    fn pop(&mut self) -> Option<Parcel> {
        let (queue, mut ledger) = self.at_work();
        queue.pop(&mut ledger)
    }

    fn at_work(&mut self) -> (&mut dyn Queue, Ledger<'_>) {
        let ledger = Ledger {
            stats: &mut self.stats,
            pool: &mut self.pool,
            book: &mut self.book,
            now: self.now,
        };
        (self.queue.as_mut(), ledger)
    }

    /// How many packets of a port leave, if `count` do.
    fn pop_of(&mut self, port: u16, count: usize) -> usize {
        let left = (0..count).filter_map(|_| self.pop());
        left.filter(|parcel| flow_of(&parcel.bytes) == flow_of(&packet(port).bytes))
            .count()
    }
}

#[test]
fn drop_tail_keeps_the_order_and_loses_what_finds_no_room() {
    let mut bench = Bench::new(Discipline::DropTail(DropTail::packets(2)));
    for port in [1, 2, 3] {
        bench.push(packet(port));
    }
    assert_eq!(bench.stats.overflowed, 1);
    assert_eq!(
        bench.queue.load(),
        Load {
            packets: 2,
            bytes: 3_000
        }
    );
    assert_eq!(bench.pop_of(1, 1), 1);
    assert_eq!(bench.pop_of(2, 1), 1);
    assert!(bench.pop().is_none());
    assert_eq!(bench.queue.load(), Load::default());
}

#[test]
fn drop_tail_counts_bytes_but_takes_one_packet_of_any_size() {
    let mut bench = Bench::new(Discipline::DropTail(DropTail::bytes(1_000)));
    bench.push(packet(1));
    bench.push(packet(1));
    assert_eq!(bench.queue.load().packets, 1);
    let mut bench = Bench::new(Discipline::DropTail(DropTail::bytes(3_000)));
    for _ in 0..3 {
        bench.push(packet(1));
    }
    assert_eq!((bench.queue.load().packets, bench.stats.overflowed), (2, 1));
}

#[test]
fn a_threshold_marks_those_who_listen_and_drops_nobody() {
    let mut bench = Bench::new(Discipline::DropTail(DropTail {
        mark_from: Some(1),
        ..DropTail::packets(10)
    }));
    bench.push(packet(1));
    bench.push(packet(2));
    bench.push(deaf(3));
    let marked: Vec<bool> = (0..3).map(|_| bench.pop().unwrap().is_marked()).collect();
    assert_eq!(marked, [false, true, false]);
    assert_eq!((bench.stats.marked, bench.stats.dropped()), (1, 0));
}

#[test]
fn codel_leaves_a_queue_alone_that_is_short_or_short_lived() {
    let mut bench = Bench::new(Discipline::CoDel(CoDel::default()));
    // Packets wait 4 ms each, below the target, for ever.
    for _ in 0..4 {
        bench.push(packet(1));
    }
    for _ in 0..1_000 {
        bench.now += MS;
        bench.push(packet(1));
        bench.pop().unwrap();
    }
    assert_eq!((bench.stats.marked, bench.stats.dropped()), (0, 0));
    // A burst that waits for long, but is gone within an interval.
    for _ in 0..60 {
        bench.push(packet(1));
    }
    for _ in 0..64 {
        bench.now += MS;
        bench.pop().unwrap();
    }
    assert_eq!((bench.stats.marked, bench.stats.dropped()), (0, 0));
}

/// Packets come as fast as they leave, one a millisecond, and each waits 50 ms.
fn standing_queue(discipline: Discipline, make: fn(u16) -> Parcel) -> (Bench, Vec<Instant>) {
    let mut bench = Bench::new(discipline);
    for _ in 0..50 {
        bench.push(make(1));
    }
    let mut hints = Vec::new();
    for _ in 0..1_000 {
        bench.now += MS;
        bench.push(make(1));
        let before = bench.stats;
        bench.pop().unwrap();
        let after = bench.stats;
        let new = after.marked + after.dropped_early - before.marked - before.dropped_early;
        hints.extend((0..new).map(|_| bench.now));
    }
    (bench, hints)
}

#[test]
fn codel_marks_a_standing_queue_ever_more_often() {
    let (bench, hints) = standing_queue(Discipline::CoDel(CoDel::default()), packet);
    assert_eq!(bench.stats.dropped_early, 0);
    // The first packet popped has waited 1 ms; the one that has waited 5 ms begins the interval of
    // 100 ms, so the first hint comes at 105 ms. The control law puts the next ones 100 ms over
    // the square root of their number later.
    let begun = Instant::from_nanos(1_000_000_000);
    let at: Vec<u128> = hints.iter().map(|at| at.since(begun).as_millis()).collect();
    assert_eq!(at[..5], [105, 205, 276, 334, 384]);
}

#[test]
fn codel_drops_where_nobody_listens() {
    let (bench, hints) = standing_queue(Discipline::CoDel(CoDel::default()), deaf);
    assert_eq!(bench.stats.marked, 0);
    assert_eq!(bench.stats.dropped_early, hints.len() as u64);
    // Each drop shortens the queue by a packet, so waiting falls below the target in the end.
    assert!(hints.len() >= 5 && hints.len() <= 60, "{}", hints.len());
}

#[test]
fn fq_codel_gives_each_flow_its_turn_however_many_packets_it_has() {
    let mut bench = Bench::new(Discipline::FqCoDel(FqCoDel::default()));
    for _ in 0..50 {
        bench.push(packet(1));
    }
    for _ in 0..5 {
        bench.push(packet(2));
    }
    assert_eq!(bench.pop_of(2, 10), 5);
    assert_eq!(
        bench.queue.load(),
        Load {
            packets: 45,
            bytes: 45 * 1_500
        }
    );
    assert_eq!(bench.pop_of(1, 100), 45);
    assert_eq!(bench.queue.load(), Load::default());
}

#[test]
fn fq_codel_lets_a_flow_that_begins_go_first() {
    let mut bench = Bench::new(Discipline::FqCoDel(FqCoDel::default()));
    for _ in 0..50 {
        bench.push(packet(1));
        bench.push(packet(2));
    }
    // Both have had their first turn.
    bench.pop_of(1, 4);
    bench.push(packet(3));
    assert_eq!(bench.pop_of(3, 1), 1);
}

#[test]
fn fq_codel_makes_room_at_the_fattest_flow() {
    let mut bench = Bench::new(Discipline::FqCoDel(FqCoDel {
        codel: CoDel {
            packets: 10,
            ..CoDel::default()
        },
        ..FqCoDel::default()
    }));
    for _ in 0..10 {
        bench.push(packet(1));
    }
    bench.push(packet(2));
    assert_eq!(
        (bench.stats.overflowed, bench.queue.load().packets),
        (1, 10)
    );
    assert_eq!(bench.pop_of(2, 10), 1);
}

#[test]
fn red_drops_nothing_from_a_short_queue_and_most_from_a_long_one() {
    let red = |weight| {
        Discipline::Red(Red {
            weight,
            ecn: false,
            ..Red::default()
        })
    };
    let mut bench = Bench::new(red(0.5));
    for _ in 0..1_000 {
        bench.push(packet(1));
        bench.pop().unwrap();
    }
    assert_eq!(bench.stats.dropped(), 0);
    // The average follows the queue; beyond twice the upper threshold everything goes.
    let mut bench = Bench::new(red(0.5));
    for _ in 0..1_000 {
        bench.push(packet(1));
    }
    assert!(bench.queue.load().packets <= 32, "{:?}", bench.queue.load());
    assert_eq!(bench.stats.overflowed, 0);
}

#[test]
fn red_hints_at_the_rate_of_its_slope() {
    // The queue is held at 10 packets, halfway between the thresholds of 5 and 15, with a chance
    // of 0.2 at the upper one: 0.1. Hints are spread evenly over the next 1 / 0.1 packets, so one
    // in 5.5 packets is hinted at: the mean of 1 to 10.
    let mut bench = Bench::new(Discipline::Red(Red {
        weight: 1.0,
        chance: 0.2,
        ..Red::default()
    }));
    for _ in 0..10 {
        bench.push(deaf(1));
    }
    let mut load = bench.queue.load().packets;
    while load < 10 {
        bench.push(packet(1));
        load = bench.queue.load().packets;
    }
    let before = bench.stats.marked;
    for _ in 0..11_000 {
        bench.push(packet(1));
        bench.pop().unwrap();
    }
    let marked = bench.stats.marked - before;
    // 2,000 expected; the gaps' standard deviation is 2.9, so that of the count is about 23.
    assert!(marked.abs_diff(2_000) < 120, "{marked}");
}

#[test]
fn red_forgets_while_the_link_idles() {
    let mut bench = Bench::new(Discipline::Red(Red {
        weight: 0.1,
        ecn: true,
        ..Red::default()
    }));
    for _ in 0..100 {
        bench.push(packet(1));
    }
    while bench.pop().is_some() {}
    assert!(bench.stats.marked + bench.stats.dropped_early > 0);
    let before = bench.stats;
    // 1.2 ms a packet: after a second the average is that of 833 packets of nothing.
    bench.now += 1_000 * MS;
    for _ in 0..5 {
        bench.push(packet(1));
    }
    assert_eq!(bench.stats.marked, before.marked);
    assert_eq!(bench.stats.dropped(), before.dropped());
}

#[test]
fn values_out_of_range_are_named() {
    let key = |discipline: Discipline| discipline.check().unwrap_err().key;
    assert_eq!(key(Discipline::DropTail(DropTail::packets(0))), "packets");
    assert_eq!(key(Discipline::DropTail(DropTail::bytes(0))), "bytes");
    let mark_from = Some(11);
    let packets = 10;
    assert_eq!(
        key(Discipline::DropTail(DropTail {
            mark_from,
            ..DropTail::packets(packets)
        })),
        "mark_from"
    );
    let min = 20.0;
    assert_eq!(
        key(Discipline::Red(Red {
            min,
            ..Red::default()
        })),
        "min"
    );
    let target = Duration::from_secs(1);
    let codel = CoDel {
        target,
        ..CoDel::default()
    };
    assert_eq!(key(Discipline::CoDel(codel)), "target");
    let plan = FqCoDel {
        codel,
        ..FqCoDel::default()
    };
    assert_eq!(key(Discipline::FqCoDel(plan)), "codel.target");
    let quantum = 0;
    let plan = FqCoDel {
        quantum,
        ..FqCoDel::default()
    };
    assert_eq!(key(Discipline::FqCoDel(plan)), "quantum");
}
