//! Chance that can be had again: the same seed, the same numbers.

use super::{Random, Seed};

#[test]
fn a_seed_gives_the_same_stream_in_every_version() {
    // The first 32 bytes of ChaCha8's key stream, reckoned without this crate's library.
    let mut random = Random::new(Seed([7; 32]));
    assert_eq!(random.next_u64(), 0x391e_bc3f_59cb_d0e4);
    assert_eq!(random.next_u32(), 0xda81_43e6);
    assert_eq!(random.below(1000), 831);
    assert_eq!(
        random.key(),
        [
            0xd7, 0x82, 0x09, 0x0c, 0xd9, 0xf9, 0x74, 0x4a, 0xa9, 0xfb, 0xfa, 0x1d, 0xba, 0x97,
            0x98, 0x5a
        ]
    );
}

#[test]
fn a_number_gives_the_same_seed_in_every_version() {
    let first = [161, 91, 93, 57, 181, 191, 144, 174];
    assert_eq!(Seed::from_number(42).0[..8], first);
    assert!(Seed::from_number(42) == Seed::from_number(42));
    assert!(Seed::from_number(42) != Seed::from_number(43));
}

#[test]
fn seeds_that_differ_in_one_bit_give_other_streams() {
    let first = Random::new(Seed([7; 32])).next_u64();
    for bit in 0..256 {
        let mut bytes = [7; 32];
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert_ne!(Random::new(Seed(bytes)).next_u64(), first);
    }
}

#[test]
fn numbers_below_a_bound_are_below_it_and_reach_all_of_it() {
    let mut random = Random::new(Seed([1; 32]));
    let mut seen = [0_u32; 10];
    for _ in 0..10_000 {
        seen[random.below(10) as usize] += 1;
    }
    // Of 10,000 draws each number is expected in 1,000, give or take 30.
    assert!(seen.iter().all(|times| (850..1150).contains(times)));
}

#[test]
fn the_smallest_and_the_largest_bounds_hold() {
    let mut random = Random::new(Seed([2; 32]));
    for _ in 0..1000 {
        assert_eq!(random.below(0), 0);
        assert_eq!(random.below(1), 0);
        assert!(random.below(u32::MAX) < u32::MAX);
    }
}

#[test]
fn every_key_is_another() {
    let mut random = Random::new(Seed([3; 32]));
    let keys: std::collections::BTreeSet<[u8; 16]> = (0..100).map(|_| random.key()).collect();
    assert_eq!(keys.len(), 100);
}

#[test]
fn neither_the_seed_nor_the_stream_prints_a_secret() {
    let shown = format!("{:?}", Seed([0xa5; 32]));
    assert_eq!(shown, "Seed(..)");
    let shown = format!("{:?}", Random::new(Seed([0xa5; 32])));
    assert!(
        !shown.contains(|c: char| c.is_ascii_digit() && c != '8'),
        "{shown}"
    );
}
