use std::net::Ipv4Addr;

use super::super::fixtures::{PEER_V4, PEER_V6};
use super::*;

const NOW: Instant = Instant::from_nanos(9_000_000_000);
const AGE: Duration = Duration::from_secs(600);

fn told(dst: impl Into<IpAddr>, named: u32, length: u32) -> TooBig {
    TooBig {
        dst: dst.into(),
        named,
        length,
        so_far: PathMtu::of_link(1_500),
    }
}

fn path(mtu: u16) -> PathMtu {
    PathMtu::of_link(mtu)
}

// req: RFC1191-3-1, RFC8201-4-4, RFC8201-5.2-1
#[test]
fn the_estimate_falls_to_what_is_named_and_by_destination() {
    let mut paths = PathMtus::default();
    for dst in [IpAddr::from(PEER_V4), PEER_V6.into()] {
        assert_eq!(paths.get(dst), None);
        for mtu in [1_499, 1_400, 1_280] {
            let learned = paths.learn(NOW, &told(dst, mtu, 1_500), AGE);
            assert_eq!(learned, Ok(path(mtu as u16)));
            assert_eq!(paths.get(dst), Some(path(mtu as u16)));
        }
    }
    assert_eq!(paths.get(Ipv4Addr::new(203, 0, 113, 10).into()), None);
}

// req: RFC1191-3-5, RFC8201-4-7
#[test]
fn no_message_raises_it() {
    let mut paths = PathMtus::default();
    for dst in [IpAddr::from(PEER_V4), PEER_V6.into()] {
        paths.learn(NOW, &told(dst, 1_300, 1_500), AGE).unwrap();
        for mtu in [1_300, 1_301, 1_499] {
            let learned = paths.learn(NOW, &told(dst, mtu, 1_500), AGE);
            assert_eq!(learned, Err(Unmoved::Known), "{mtu}");
        }
        // Nor does one about a packet that would have fitted.
        for mtu in [1_200, 1_500, 65_535, u32::MAX] {
            let learned = paths.learn(NOW, &told(dst, mtu, 1_200), AGE);
            assert_eq!(learned, Err(Unmoved::Impossible), "{mtu}");
        }
        assert_eq!(paths.get(dst), Some(path(1_300)));
    }
    // What the link does not carry is no news.
    let mut paths = PathMtus::default();
    let learned = paths.learn(NOW, &told(PEER_V4, 1_600, 9_000), AGE);
    assert_eq!((learned, paths.len()), (Err(Unmoved::Known), 0));
}

// req: RFC8201-4-2, RFC8201-4-3, RFC1191-3-4
#[test]
fn absurd_values_move_nothing_beyond_the_floor() {
    for mtu in (0..=1_279).chain([1_500, 1 << 16, u32::MAX]) {
        let mut paths = PathMtus::default();
        let learned = paths.learn(NOW, &told(PEER_V6, mtu, 1_500), AGE);
        assert_eq!(learned, Err(Unmoved::Impossible), "{mtu}");
        assert!(paths.is_empty());
    }
    for mtu in 1..1_500 {
        let mut paths = PathMtus::default();
        let learned = paths.learn(NOW, &told(PEER_V4, mtu, 1_500), AGE);
        let expected = match mtu {
            1..68 => Err(Unmoved::Impossible),
            68..552 => Ok(PathMtu {
                narrower: true,
                ..path(552)
            }),
            _ => Ok(path(mtu as u16)),
        };
        assert_eq!(learned, expected, "{mtu}");
    }
}

// req: RFC1191-3-3, RFC1191-5-1
#[test]
fn routers_that_name_none_lead_down_the_plateaus() {
    let mut paths = PathMtus::default();
    let mut found = Vec::new();
    // Each is told of by a packet as long as the estimate allows, quoted with a header added.
    let mut length = 9_000_u32;
    for _ in 0..6 {
        let message = TooBig {
            so_far: PathMtu::of_link(9_000),
            ..told(PEER_V4, 0, length + 20)
        };
        let Ok(path) = paths.learn(NOW, &message, AGE) else {
            break;
        };
        found.push((path.mtu, path.narrower));
        length = path.mtu.into();
    }
    // RFC 1191 table 7-1, and below our floor whatever there is.
    let mtus = [8_166, 4_352, 2_002, 1_492, 1_006];
    let expected: Vec<_> = mtus.into_iter().map(|mtu| (mtu, false)).collect();
    assert_eq!(found[..5], expected);
    assert_eq!(found[5], (552, true));
}

// req: RFC1191-6.3-1, RFC8201-5.3-1, RFC1191-3-6, RFC8201-4-6
#[test]
fn an_estimate_lasts_for_its_age_since_it_fell_last() {
    let mut paths = PathMtus::default();
    let minutes = |n: u64| NOW + Duration::from_secs(60 * n);
    paths.learn(NOW, &told(PEER_V4, 1_400, 1_500), AGE).unwrap();
    let learned = paths.learn(minutes(1), &told(PEER_V6, 1_400, 1_500), AGE);
    learned.unwrap();
    let learned = paths.learn(minutes(5), &told(PEER_V4, 1_300, 1_500), AGE);
    learned.unwrap();
    assert_eq!(paths.deadline(), Some(minutes(11)));
    assert_eq!(paths.expire(minutes(10)), None);
    assert_eq!(
        paths.expire(minutes(11)),
        Some((PEER_V6.into(), path(1_400)))
    );
    assert_eq!(paths.expire(minutes(14)), None);
    assert_eq!(paths.get(PEER_V4.into()), Some(path(1_300)));
    assert_eq!(
        paths.expire(minutes(15)),
        Some((PEER_V4.into(), path(1_300)))
    );
    assert_eq!((paths.get(PEER_V4.into()), paths.deadline()), (None, None));
}

#[test]
fn a_thousand_and_twenty_four_paths_are_known_at_most() {
    let mut paths = PathMtus::default();
    for n in 0..5_000u32 {
        let dst = Ipv4Addr::from_bits(0x0b00_0000 + n);
        paths.learn(NOW, &told(dst, 1_400, 1_500), AGE).unwrap();
        assert!(paths.len() <= 1_024 && paths.by_age.len() == paths.len());
    }
    let newest = Ipv4Addr::from_bits(0x0b00_0000 + 4_999);
    assert_eq!(paths.get(newest.into()), Some(path(1_400)));
}

// req: RFC8899-5.1.2-1, RFC4821-7.2-1
#[test]
fn nearly_all_paths_carry_the_base() {
    for (base, v4, v6) in [
        (1_200, 1_200, 1_280),
        (1_064, 1_064, 1_280),
        (1_400, 1_400, 1_400),
        (0, 552, 1_280),
    ] {
        assert_eq!(PathMtus::base(PEER_V4.into(), base), v4);
        assert_eq!(PathMtus::base(PEER_V6.into(), base), v6);
    }
}

/// What is tried one after the other while timeouts go on.
fn descent(dst: IpAddr, from: PathMtu) -> Vec<(u16, bool)> {
    let mut path = from;
    let mut tried = Vec::new();
    while let Some(below) = PathMtus::below(dst, path, 1_200) {
        assert!(below.silent && below.most >= below.mtu);
        path = below;
        tried.push((path.mtu, path.narrower));
    }
    tried
}

// req: RFC4821-7.7-1, RFC8899-4.3-1
#[test]
fn a_black_hole_leads_down_to_the_base_and_then_by_halves_to_the_floor() {
    let v4 = PEER_V4.into();
    let all = [(1_200, false), (600, false), (552, false), (552, true)];
    assert_eq!(descent(v4, path(9_000)), all);
    assert_eq!(descent(v4, path(1_400)), all);
    assert_eq!(descent(v4, path(1_100)), all[2..]);
    assert_eq!(descent(v4, path(500)), []);
    let v6 = PEER_V6.into();
    assert_eq!(descent(v6, path(1_500)), [(1_280, false)]);
    assert_eq!(descent(v6, path(1_280)), []);
}

#[test]
fn what_probes_have_ruled_out_stays_so_in_a_black_hole() {
    let below = |path| PathMtus::below(PEER_V4.into(), path, 1_200).unwrap();
    let found = PathMtu {
        most: 1_419,
        searched: true,
        silent: true,
        ..path(1_400)
    };
    let after = below(found);
    assert_eq!(
        (after.mtu, after.most, after.searched),
        (1_200, 1_419, true)
    );
    // What a router said before it fell silent is no bound.
    let after = below(path(1_400));
    assert_eq!((after.most, after.searched), (u16::MAX, false));
}

// req: RFC8899-3-3
#[test]
fn a_message_about_a_probe_bounds_the_search_and_raises_nothing() {
    let mut paths = PathMtus::default();
    for dst in [IpAddr::from(PEER_V4), PEER_V6.into()] {
        let silent = PathMtu {
            mtu: 1_280,
            ..PathMtu::from_below(1_280)
        };
        paths.set(NOW, dst, silent, AGE);
        let told = |named| TooBig {
            so_far: silent,
            ..told(dst, named, 1_500)
        };
        let learned = paths.learn(NOW, &told(1_450), AGE).unwrap();
        assert_eq!((learned.mtu, learned.most), (1_280, 1_450));
        assert!(!learned.searched, "the router carries so much");
        assert_eq!(paths.learn(NOW, &told(1_460), AGE), Err(Unmoved::Known));
        let learned = paths.learn(NOW, &told(1_280), AGE).unwrap();
        assert_eq!((learned.mtu, learned.most), (1_280, 1_280));
    }
}
