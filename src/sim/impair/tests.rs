use super::*;
use crate::base::{Pieces, SeqNum};
use crate::sim::reading::read;
use crate::wire::options::{Options, Order};
use crate::wire::tcp::{Flags, Ports, Segment};

/// A segment from port 1 with text from `seq` on.
fn segment(flags: Flags, seq: u32, text: usize) -> Parcel {
    segment_from(1, flags, seq, text)
}

fn segment_from(port: u16, flags: Flags, seq: u32, text: usize) -> Parcel {
    let (src, dst) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
    let text = vec![7; text];
    let segment = Segment {
        ports: Ports { src: port, dst: 80 },
        seq: SeqNum(seq),
        ack: flags.has(Flags::ACK).then_some(SeqNum(1)),
        flags,
        window: 1_000,
        urgent: 0,
        order: Order::default(),
        options: Options::default(),
        text: Pieces::one(&text),
    };
    let mut bytes = vec![0; 40];
    segment.emit_header(src, dst, &mut bytes[20..]);
    let outgoing = crate::ip::transmit::Outgoing::tcp(src, dst, 0);
    outgoing.emit(20 + text.len(), &mut bytes);
    bytes.extend(text);
    Parcel::new(bytes)
}

fn data(seq: u32) -> Parcel {
    segment(Flags::ACK, seq, 100)
}

/// Weather at work, and what it did.
struct Bench {
    effects: Effects,
    stats: WireStats,
    pool: Pool,
    book: Book,
}

impl Bench {
    fn new(weather: Weather) -> Bench {
        weather.check().unwrap();
        Bench {
            effects: Effects::new(weather, 3),
            stats: WireStats::default(),
            pool: Pool::default(),
            book: Book::default(),
        }
    }

    fn of(rules: &[(&str, Act)]) -> Bench {
        let rules = rules
            .iter()
            .map(|(to, act)| Rule {
                to: to.parse().unwrap(),
                act: *act,
            })
            .collect();
        Bench::new(Weather {
            rules,
            ..Weather::default()
        })
    }

    fn judge(&mut self, parcel: Parcel) -> Vec<Trip> {
        let mut trips = Vec::new();
        let Bench {
            effects,
            stats,
            pool,
            book,
        } = self;
        effects.judge(
            parcel,
            &mut Ground {
                stats,
                pool,
                book,
                at: Instant::BIRTH,
            },
            &mut trips,
        );
        trips
    }

    /// Whether each of some packets is lost.
    fn lost<const N: usize>(&mut self, parcels: [Parcel; N]) -> [bool; N] {
        parcels.map(|parcel| self.judge(parcel).is_empty())
    }
}

#[test]
fn fine_weather_changes_nothing() {
    let mut bench = Bench::new(Weather::default());
    let trips = bench.judge(data(1));
    let [trip] = &trips[..] else {
        panic!("{trips:?}");
    };
    assert_eq!(trip.parcel.bytes, data(1).bytes);
    assert_eq!((trip.late, trip.behind), (Duration::ZERO, 0));
    assert!(!trip.loose && !trip.parcel.is_damaged);
}

#[test]
fn the_nth_new_segment_is_lost_and_its_copies_are_not() {
    let mut bench = Bench::of(&[("data 3", Act::Lose)]);
    let parcels = [1, 101, 201, 301, 201, 401].map(data);
    assert_eq!(
        bench.lost(parcels),
        [false, false, true, false, false, false]
    );
    assert_eq!(bench.stats.lost_by_rule, 1);
}

#[test]
fn a_copy_of_a_segment_is_known_by_its_place() {
    let mut bench = Bench::of(&[("second retransmission of data 2", Act::Lose)]);
    let parcels = [1, 101, 201, 1, 101, 101, 201, 101].map(data);
    let mut lost = [false; 8];
    lost[5] = true;
    assert_eq!(bench.lost(parcels), lost);
}

#[test]
fn segments_are_numbered_across_the_wrap_and_by_flow() {
    let mut bench = Bench::of(&[("data 2 of flow 2", Act::Lose)]);
    let from = |port, seq| segment_from(port, Flags::ACK, seq, 100);
    let parcels = [
        from(1, u32::MAX - 50),
        from(1, 49),
        from(2, u32::MAX - 50),
        from(2, 49),
        from(2, 149),
    ];
    assert_eq!(bench.lost(parcels), [false, false, false, true, false]);
}

#[test]
fn syns_and_fins_are_numbered_by_their_copies() {
    let mut bench = Bench::of(&[
        ("syn 1-2", Act::Lose),
        ("first retransmission of fin", Act::Lose),
    ]);
    let syn = || segment(Flags::SYN, 0, 0);
    let fin = || segment(Flags::FIN | Flags::ACK, 1, 10);
    let parcels = [syn(), syn(), syn(), fin(), fin(), fin()];
    assert_eq!(bench.lost(parcels), [true, true, false, false, true, false]);
}

#[test]
fn a_syn_ack_is_no_syn_and_a_bare_ack_no_data() {
    let mut bench = Bench::of(&[("syn", Act::Lose), ("ack 2", Act::Lose), ("rst", Act::Lose)]);
    let ack = || segment(Flags::ACK, 1, 0);
    let parcels = [
        segment(Flags::SYN | Flags::ACK, 0, 0),
        ack(),
        data(1),
        ack(),
        segment(Flags::RST, 1, 0),
    ];
    assert_eq!(bench.lost(parcels), [false, false, false, true, true]);
}

#[test]
fn rules_delay_hold_repeat_mark_and_damage() {
    let ms = Duration::from_millis;
    let mut bench = Bench::of(&[
        ("data 1", Act::Delay(ms(5))),
        ("data 2", Act::Behind(3)),
        ("data 3", Act::Repeat(ms(7))),
        ("data 4", Act::Mark),
        ("data 5", Act::Damage(Damage::Flip)),
    ]);
    let [late, held, again, marked, damaged] =
        [1, 101, 201, 301, 401].map(|seq| bench.judge(data(seq)));
    assert_eq!(late[0].late, ms(5));
    assert_eq!(held[0].behind, 3);
    assert_eq!(again.len(), 2);
    assert_eq!((again[0].late, again[1].late), (ms(7), Duration::ZERO));
    assert!(marked[0].parcel.is_marked());
    assert!(damaged[0].parcel.is_damaged);
    assert_ne!(damaged[0].parcel.bytes, data(401).bytes);
    assert_eq!((bench.stats.copied, bench.stats.damaged), (1, 1));
}

#[test]
fn loss_can_be_about_one_kind_of_packet() {
    let of = |of| {
        let model = LossModel::Every(1);
        let mut bench = Bench::new(Weather {
            loss: vec![Loss { model, of }],
            ..Weather::default()
        });
        let fin = Flags::FIN | Flags::ACK;
        bench.lost([
            segment(Flags::SYN, 0, 0),
            segment(Flags::ACK, 1, 0),
            data(1),
            data(1),
            segment(fin, 101, 10),
            segment(fin, 101, 10),
        ])
    };
    assert_eq!(of(Which::All), [true; 6]);
    assert_eq!(
        of(Which::BareAcks),
        [false, true, false, false, false, false]
    );
    assert_eq!(of(Which::Data), [false, false, true, true, true, true]);
    assert_eq!(of(Which::Control), [true, false, false, false, true, true]);
    let again = [false, false, false, true, false, true];
    assert_eq!(of(Which::Retransmissions), again);
}

#[test]
fn bursts_are_as_long_and_as_frequent_as_their_model_says() {
    // One packet in 50 begins a burst of four on the average, in which all are lost: the bad
    // state is left with 1/4, and entered with 1/50, so 1/50 / (1/50 + 1/4) = 7.4 % are lost.
    let model = LossModel::GilbertElliott {
        to_bad: 0.02,
        to_good: 0.25,
        in_good: 0.0,
        in_bad: 1.0,
    };
    let mut dice = Dice::new(1, 0);
    let mut state = loss::LossState::default();
    let fates: Vec<bool> = (0..100_000)
        .map(|_| state.strikes(&model, &mut dice))
        .collect();
    let lost = fates.iter().filter(|lost| **lost).count();
    let bursts = fates.windows(2).filter(|two| !two[0] && two[1]).count();
    assert!(lost.abs_diff(7_407) < 600, "{lost}");
    let length = lost as f64 / bursts as f64;
    assert!((length - 4.0).abs() < 0.3, "{length}");
}

#[test]
fn damage_never_goes_unnoticed() {
    let mut dice = Dice::new(1, 0);
    let whole = data(1);
    for damage in [Damage::Flip, Damage::Burst, Damage::Cut, Damage::Pad] {
        for _ in 0..1_000 {
            let mut parcel = whole.clone();
            damage.strike(&mut parcel, &mut dice);
            assert!(parcel.is_damaged);
            let reading = read(&parcel.bytes, parcel.len()).ok();
            let whole = reading.is_some_and(|reading| {
                crate::sim::reading::sums_are_right(&reading, &parcel.bytes, Pieces::EMPTY)
            });
            assert!(!whole, "{damage:?}");
        }
    }
}

#[test]
fn copies_and_lateness_stay_within_their_bounds() {
    let ms = Duration::from_millis;
    let mut bench = Bench::new(Weather {
        duplicate: Some(Duplicate {
            chance: 1.0,
            copies: 3,
            late: ms(10),
        }),
        reorder: Some(Reorder {
            chance: 1.0,
            by: FallBack::Packets(5),
        }),
        jitter: ms(2),
        ..Weather::default()
    });
    for _ in 0..200 {
        let trips = bench.judge(data(1));
        assert!((2..=4).contains(&trips.len()));
        let (last, copies) = trips.split_last().unwrap();
        assert!(copies.iter().all(|copy| copy.late <= ms(10) && copy.loose));
        assert!(last.late <= ms(2) && (1..=5).contains(&last.behind));
    }
    assert_eq!(bench.stats.held, 200);
}

#[test]
fn values_out_of_range_are_named() {
    let weather = |change: fn(&mut Weather)| {
        let mut weather = Weather::default();
        change(&mut weather);
        weather.check().unwrap_err().to_string()
    };
    let loss = weather(|weather| weather.loss.push(Loss::bernoulli(1.5)));
    assert_eq!(loss, "loss.chance: 1.5 is out of range: 0.0 to 1.0");
    let jitter = weather(|weather| weather.jitter = Duration::from_secs(9_999));
    assert_eq!(jitter, "jitter: 9999s is out of range: 0ns to 3600s");
    let copies = weather(|weather| {
        weather.duplicate = Some(Duplicate {
            chance: 0.1,
            copies: 0,
            late: Duration::ZERO,
        });
    });
    assert_eq!(copies, "duplicate.copies: 0 is out of range: 1 to 100");
}
