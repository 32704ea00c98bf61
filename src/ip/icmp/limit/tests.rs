use std::net::{Ipv4Addr, Ipv6Addr};

use super::super::super::fixtures::{US_V4, US_V6, packet};
use super::*;

const MS: Duration = Duration::from_millis(1);

fn limiter() -> Limiter {
    Limiter::new(Key::new([7; 16]))
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
fn a_flood_from_elsewhere_does_not_refill_a_bucket_that_is_in_use() {
    let mut limiter = limiter();
    let victim = to_v4(0x0a00_0001);
    assert_eq!(burst(&mut limiter, at(0), 20, &victim), 10);
    // One error each to far more prefixes than are remembered, as fast as all together may.
    let mut sent = 0;
    for n in 0..4_000_u32 {
        let now = at(1) + MS * n * 2 / 100;
        sent += usize::from(limiter.may_send(now, &to_v4(0x2000_0000 + (n << 8))));
    }
    assert!(sent > 50);
    // 80 ms later eight tokens are back, not ten: the bucket was not thrown out.
    std::iter::repeat_with(|| limiter.may_send(at(82), &victim))
        .take(9)
        .for_each(drop);
    assert!(!limiter.may_send(at(82), &victim));
}

#[test]
fn what_each_costs_all_is_not_the_same() {
    // How many a burst holds differs from one limiter to another, so that nobody can tell from
    // what is left how many others got.
    let held = (0..32_u8).map(|key| {
        let mut limiter = Limiter::new(Key::new([key; 16]));
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
