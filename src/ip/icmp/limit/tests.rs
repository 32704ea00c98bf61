use std::net::{Ipv4Addr, Ipv6Addr};

use super::super::super::fixtures::{US_V4, US_V6, packet};
use super::*;

const MS: Duration = Duration::from_millis(1);

fn limiter() -> Limiter {
    Limiter::new(ErrorRules::default(), Key::new([7; 16]))
}

fn to_v4(addr: u32) -> Vec<u8> {
    packet(US_V4.into(), Ipv4Addr::from(addr).into(), 1, b"error")
}

fn to_v6(addr: u128) -> Vec<u8> {
    packet(US_V6.into(), Ipv6Addr::from(addr).into(), 58, b"error")
}

fn at(ms: u32) -> Instant {
    Instant::BIRTH + MS * ms
}

/// How many of `count` may leave at one instant.
fn burst(limiter: &mut Limiter, now: Instant, count: usize, packet: &[u8]) -> usize {
    (0..count).filter(|_| limiter.may_send(now, packet)).count()
}

// req: RFC4443-2.4-8
#[test]
fn one_prefix_gets_a_burst_and_then_a_hundred_a_second() {
    for packet in [to_v4(0xcb00_7109), to_v6(0x2001_0db8 << 96 | 9)] {
        let mut limiter = limiter();
        assert_eq!(burst(&mut limiter, at(0), 100, &packet), 10);
        // A flood of one a tenth of a millisecond, for ten seconds.
        let sent = (1..=100_000_u32)
            .filter(|n| limiter.may_send(Instant::BIRTH + MS * *n / 10, &packet))
            .count();
        assert_eq!(sent, 1_000);
        // Once it was quiet for long enough, the whole burst is back, and no more.
        assert_eq!(burst(&mut limiter, at(20_000), 100, &packet), 10);
    }
}

// req: RFC4443-2.4-8
#[test]
fn all_together_get_at_most_a_thousand_a_second() {
    let mut limiter = limiter();
    let mut count = |from_ms: u32, ms: u32| {
        let mut sent = 0;
        for n in 0..ms * 10 {
            let now = at(from_ms) + MS * n / 10;
            sent += usize::from(limiter.may_send(now, &to_v4(n << 8)));
        }
        sent
    };
    let first = count(0, 1_000);
    assert!((600..=1_050).contains(&first), "{first}");
    let next = count(1_000, 9_000);
    assert!((6_000..=9_000).contains(&next), "{next}");
}

// req: RFC4443-2.4-9
#[test]
fn rates_are_as_configured() {
    let rate = |every_ms: u32, burst| Rate {
        every: MS * every_ms,
        burst,
    };
    let limiter = |all, prefix| {
        let rules = ErrorRules {
            all,
            prefix,
            ..ErrorRules::default()
        };
        Limiter::new(rules, Key::new([7; 16]))
    };
    let packet = to_v4(0xcb00_7109);
    let mut one_a_second = limiter(rate(1, 50), rate(1_000, 2));
    assert_eq!(burst(&mut one_a_second, at(0), 10, &packet), 2);
    assert_eq!(burst(&mut one_a_second, at(999), 10, &packet), 0);
    assert_eq!(burst(&mut one_a_second, at(1_000), 10, &packet), 1);
    let mut one_in_all = limiter(rate(1, 1), rate(1, 50));
    assert_eq!(burst(&mut one_in_all, at(0), 10, &packet), 1);
    let mut never = limiter(rate(1, 0), rate(1, 50));
    assert_eq!(burst(&mut never, at(0), 10, &packet), 0);
    let mut nobody = limiter(rate(1, 50), rate(1, 0));
    assert_eq!(burst(&mut nobody, at(0), 10, &packet), 0);
}

#[test]
fn addresses_of_one_prefix_share_and_prefixes_do_not() {
    let mut limiter = limiter();
    assert_eq!(burst(&mut limiter, at(0), 20, &to_v4(0x0a00_0001)), 10);
    assert!(!limiter.may_send(at(0), &to_v4(0x0a00_00fe)));
    assert!(limiter.may_send(at(0), &to_v4(0x0a00_0101)));
    let prefix = 0x2001_0db8_0000_0001 << 64;
    assert_eq!(burst(&mut limiter, at(0), 20, &to_v6(prefix | 1)), 10);
    assert!(!limiter.may_send(at(0), &to_v6(prefix | u128::from(u64::MAX))));
    assert!(limiter.may_send(at(0), &to_v6(prefix + (1 << 64))));
}

#[test]
fn in_a_full_row_the_fullest_bucket_gives_way() {
    let prefix = |n| Prefix::V4([10, 0, n]);
    for fullest in 0..SLOTS_IN_ROW {
        let mut row = [Slot::EMPTY; SLOTS_IN_ROW];
        // First come, first placed.
        for n in 0..SLOTS_IN_ROW {
            let bucket = Limiter::bucket_in_row(&mut row, prefix(n as u8));
            let ahead = if n == fullest { 30 } else { 40 + n as u32 };
            bucket.0 = at(ahead);
        }
        let kept = row;
        let newcomer = Limiter::bucket_in_row(&mut row, prefix(99));
        assert_eq!(newcomer.0, Instant::BIRTH, "full");
        newcomer.0 = at(50);
        for n in (0..SLOTS_IN_ROW).filter(|&n| n != fullest) {
            let found = Limiter::bucket_in_row(&mut row, prefix(n as u8)).0;
            assert_eq!(found, kept[n].bucket.0, "bucket {n} is where it was");
        }
        assert_eq!(Limiter::bucket_in_row(&mut row, prefix(99)).0, at(50));
    }
}

#[test]
fn what_each_costs_all_is_not_the_same() {
    // How many a burst holds differs from one limiter to another, so that nobody can tell from
    // what is left how many others got.
    let held = (0..32_u8).map(|key| {
        let mut limiter = Limiter::new(ErrorRules::default(), Key::new([key; 16]));
        (0..100_u32)
            .filter(|n| limiter.may_send(at(0), &to_v4(n << 8)))
            .count()
    });
    let held: Vec<usize> = held.collect();
    assert!(
        held.iter().all(|count| (30..=50).contains(count)),
        "{held:?}"
    );
    assert!(held.iter().any(|count| *count != held[0]), "{held:?}");
}

#[test]
fn its_table_is_of_fixed_size_and_made_at_the_first_error() {
    let mut limiter = limiter();
    assert_eq!(limiter.rows.capacity(), 0);
    for n in 0..10_000_u32 {
        limiter.may_send(at(n), &to_v4(n << 8));
    }
    assert_eq!(limiter.rows.len(), ROWS);
}

#[test]
fn what_is_no_packet_may_not_leave() {
    assert!(!limiter().may_send(at(0), b"no packet"));
}
