use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::super::super::fixtures::*;
use super::*;

fn identifications(key: u8) -> Identifications {
    Identifications::new(Key::new([key; 16]))
}

// req: RFC8200-4.5-1, RFC6864-4.2-1
#[test]
fn no_number_comes_twice_between_the_same_addresses() {
    let mut ids = identifications(1);
    let mut draw = |now, dst: IpAddr| {
        let src = match dst {
            IpAddr::V4(_) => US_V4.into(),
            IpAddr::V6(_) => US_V6.into(),
        };
        ids.draw(now, src, dst, 17)
    };
    let (mut v4, mut v6) = (BTreeSet::new(), BTreeSet::new());
    for n in 0..20_000u32 {
        let id = draw(Instant::BIRTH, PEER_V4.into()).expect("there are more");
        assert!(v4.insert(id as u16), "{n}");
        let id = draw(Instant::BIRTH, PEER_V6.into()).expect("there are more");
        assert!(v6.insert(id), "{n}");
        // Others who draw at the same time.
        draw(Instant::BIRTH, Ipv6Addr::from_bits(n.into()).into());
    }
}

// req: RFC6864-5.2-1
#[test]
fn no_more_are_drawn_than_ipv4_has_in_the_life_of_a_datagram() {
    let mut ids = identifications(1);
    let mut drawn = 0;
    let mut draw = |now| ids.draw(now, US_V4.into(), PEER_V4.into(), 17);
    while draw(Instant::BIRTH).is_some() {
        drawn += 1;
        assert!(drawn <= 1 << 17);
    }
    // All that there are, but for the rounding of the last.
    assert!((65_535..=65_538).contains(&drawn), "{drawn}");
    let later = Instant::BIRTH + Duration::from_secs(12);
    let mut again = 0;
    while draw(later).is_some() {
        again += 1;
    }
    assert!((6_500..6_600).contains(&again), "{again}");
}

// req: RFC7739-5-1
#[test]
fn who_sees_one_destinations_numbers_knows_nothing_of_anothers() {
    // Where numbers begin, over keys: every bit of it is set about half of the time, on its own
    // and in the difference between two destinations.
    let mut set = [[0u32; 2]; 32];
    for key in 0..200 {
        let mut ids = identifications(key);
        let mut draw = |last| {
            let dst = Ipv4Addr::new(203, 0, 113, last).into();
            ids.draw(Instant::BIRTH, US_V4.into(), dst, 17).unwrap()
        };
        let (a, b) = (draw(1), draw(2));
        for (bit, [alone, between]) in set.iter_mut().enumerate() {
            *alone += a >> bit & 1;
            *between += (a ^ b) >> bit & 1;
        }
    }
    // Five standard deviations of a fair coin thrown two hundred times.
    for count in set.iter().flatten() {
        assert!((65..=135).contains(count), "{count} of 200");
    }
    // And another seed gives others.
    let first = |key| {
        let mut ids = identifications(key);
        ids.draw(Instant::BIRTH, US_V6.into(), PEER_V6.into(), 58)
    };
    assert_ne!(first(1), first(2));
}

// req: RFC8200-4.5-1, RFC6864-4.2-1
#[test]
fn several_that_share_their_addresses_draw_no_number_twice() {
    let mut parts = [0, 1, 2].map(|index| identifications(1).part(index, 3));
    let mut drawn = BTreeSet::new();
    // All that three of four may draw at once of 2^16.
    for n in 0..3 * (1 << 14) {
        let part = &mut parts[n % 3];
        let id = part.draw(Instant::BIRTH, US_V4.into(), PEER_V4.into(), 17);
        assert!(drawn.insert(id.expect("there are more") as u16), "{n}");
    }
    for part in &mut parts {
        // One more than its part may be drawn beside those that are on their way.
        part.draw(Instant::BIRTH, US_V4.into(), PEER_V4.into(), 17);
        let id = part.draw(Instant::BIRTH, US_V4.into(), PEER_V4.into(), 17);
        assert_eq!(id, None);
    }
}
