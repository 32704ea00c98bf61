//! What a sender knows of what is on its way, by how many segments that is.

use std::time::Duration;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use pellucid::base::{Instant, SeqNum, SeqRange};
use pellucid::tcp::Recovering;
use pellucid::tcp::recovery::{Heard, Recovery};
use pellucid::wire::options::SackBlock;

/// 14 KB, 1.4 MB and 14 MB on their way.
const FLIGHTS: [u32; 3] = [10, 1_000, 10_000];
const MSS: u32 = 1_448;

/// One segment leaves, and the oldest is acknowledged.
#[divan::bench(args = FLIGHTS)]
fn send_and_acknowledge(bencher: Bencher<'_, '_>, flight: u32) {
    let mut sender = Sender::new(flight);
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        sender.send();
        sender.una += MSS;
        sender.hear(&[])
    });
}

/// One segment leaves, and a report says that the one in the middle has come; at the end of each
/// hundred all is acknowledged up to there.
#[divan::bench(args = FLIGHTS)]
fn send_and_report(bencher: Bencher<'_, '_>, flight: u32) {
    let mut sender = Sender::new(flight.max(200));
    let middle = flight.max(200) / 2 * MSS;
    let mut reports = 0;
    bencher.counter(ItemsCount::new(1_usize)).bench_local(|| {
        sender.send();
        reports += 1;
        if reports == 100 {
            sender.una += 100 * MSS;
            reports = 0;
            return sender.hear(&[]);
        }
        let left = sender.una + middle;
        let right = left + reports * MSS;
        sender.hear(black_box(&[SackBlock { left, right }]))
    });
}

struct Sender {
    recovery: Recovery,
    una: SeqNum,
    nxt: SeqNum,
    now: Instant,
}

impl Sender {
    /// So many segments are on their way.
    fn new(flight: u32) -> Sender {
        let start = SeqNum(1);
        let mut sender = Sender {
            recovery: Recovery::new(start, Recovering::default()),
            una: start,
            nxt: start,
            now: Instant::from_nanos(1_000_000_000),
        };
        sender.recovery.expect_reports();
        (0..flight).for_each(|_| sender.send());
        sender
    }

    fn send(&mut self) {
        let range = SeqRange {
            start: self.nxt,
            len: MSS,
        };
        self.nxt = range.end();
        self.now += Duration::from_micros(1);
        self.recovery.on_sent(range, self.now);
    }

    fn hear(&mut self, blocks: &[SackBlock]) -> u32 {
        let heard = Heard {
            now: self.now,
            ack: self.una,
            una: self.una,
            blocks,
            echo: None,
            duplicate: !blocks.is_empty(),
        };
        self.recovery.hear(&heard).delivered
    }
}
