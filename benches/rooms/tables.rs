//! What many connections share: the table that finds one, and the wheel that wakes one.

use std::hash::BuildHasher;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use divan::{Bencher, black_box};
use hashbrown::HashTable;
use pellucid::base::keyed::FlowState;
use pellucid::base::pair::{Endpoint, SocketPair};
use pellucid::base::wheel::Entry;
use pellucid::base::{Instant, Wheel};

const COUNTS: [u32; 3] = [1, 1_000, 1_000_000];

/// A peer of its own for each number.
fn pair(number: u32) -> SocketPair {
    let end = |bits, port| Endpoint {
        addr: IpAddr::V4(Ipv4Addr::from_bits(bits)),
        port,
    };
    SocketPair {
        local: end(0x0a00_0001, 80),
        remote: end(
            0x0b00_0000 + number / 50_000,
            (number % 50_000) as u16 + 1_024,
        ),
    }
}

/// Goes through all numbers below `count` in no simple order.
fn scattered(count: u32) -> impl FnMut() -> u32 {
    let mut at = 0_u32;
    move || {
        at = at.wrapping_add(0x9e37_79b1);
        at % count
    }
}

/// Who a segment is for, in a table as `stack::demux` has it: keys with a part of their pair's hash,
/// and the pair with whoever has it. Each search is for another connection than the one before.
#[divan::bench(args = COUNTS)]
fn find_connection(bencher: Bencher<'_, '_>, count: u32) {
    let state = FlowState::new([7; 16]);
    let hash = |pair: &SocketPair| state.hash_one(pair) as u32;
    let spread = |hash: u32| u64::from(hash) << 32 | u64::from(hash);
    // As far apart as connections lie.
    let owners: Vec<Box<(SocketPair, [u64; 90])>> = (0..count)
        .map(|number| Box::new((pair(number), [0; 90])))
        .collect();
    let mut table = HashTable::new();
    for (number, owner) in owners.iter().enumerate() {
        let bound = (hash(&owner.0), number as u64);
        table.insert_unique(spread(bound.0), bound, |bound| spread(bound.0));
    }
    let mut next = scattered(count);
    bencher.bench_local(|| {
        let pair = black_box(pair(next()));
        let hash = hash(&pair);
        let has = |bound: &(u32, u64)| bound.0 == hash && owners[bound.1 as usize].0 == pair;
        table.find(spread(hash), has).map(|bound| bound.1)
    });
}

/// A timer that is set anew, among so many that run.
#[divan::bench(args = COUNTS)]
fn arm_timer(bencher: Bencher<'_, '_>, count: u32) {
    let (mut wheel, entries) = armed(count);
    let mut next = scattered(count);
    let mut at = START;
    bencher.bench_local(|| {
        at += Duration::from_micros(1);
        wheel.arm(entries[next() as usize], at);
    });
}

/// A timer that expires and is set anew, among so many that run.
#[divan::bench(args = COUNTS)]
fn expire_timer(bencher: Bencher<'_, '_>, count: u32) {
    let (mut wheel, entries) = armed(count);
    bencher.bench_local(|| {
        let due = wheel.next().expect("all of them run");
        let number = wheel.expire(due).expect("one is due");
        wheel.arm(entries[number as usize], due + Duration::from_secs(1));
    });
}

/// Timers spread over a second.
fn armed(count: u32) -> (Wheel<u32>, Vec<Entry>) {
    let mut wheel = Wheel::new();
    let entries: Vec<_> = (0..count).map(|number| wheel.add(number)).collect();
    for (number, entry) in (0..count).zip(&entries) {
        let later = Duration::from_secs(1) * number / count;
        wheel.arm(*entry, START + later);
    }
    (wheel, entries)
}

const START: Instant = Instant::from_nanos(1_000_000_000);
