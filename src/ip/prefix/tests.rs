use super::*;
use crate::base::Seed;
use crate::base::random::Random;

fn addr(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn prefix(text: &str) -> Prefix {
    let (first, len) = text.split_once('/').unwrap();
    Prefix::new(addr(first), len.parse().unwrap())
}

fn table(texts: &[&'static str]) -> PrefixMap<&'static str> {
    let mut map = PrefixMap::default();
    for text in texts {
        map.insert(prefix(text), *text);
    }
    map
}

#[test]
fn a_prefix_is_its_first_bits_and_no_more() {
    for (given, kept) in [
        ("192.0.2.77/24", "192.0.2.0/24"),
        ("192.0.2.77/25", "192.0.2.0/25"),
        ("192.0.2.177/25", "192.0.2.128/25"),
        ("192.0.2.77/0", "0.0.0.0/0"),
        ("192.0.2.77/32", "192.0.2.77/32"),
        ("192.0.2.77/99", "192.0.2.77/32"),
        ("2001:db8:1:2:3::/48", "2001:db8:1::/48"),
        ("2001:db8:ffff::/33", "2001:db8:8000::/33"),
        ("2001:db8::1/128", "2001:db8::1/128"),
        ("2001:db8::1/0", "::/0"),
    ] {
        assert_eq!(prefix(given).to_string(), kept, "{given}");
    }
    assert_eq!(Prefix::host(addr("10.0.0.1")), prefix("10.0.0.1/32"));
    assert_eq!(Prefix::host(addr("fe80::1")), prefix("fe80::1/128"));
    assert_eq!(Prefix::all_like(addr("10.0.0.1")), prefix("0.0.0.0/0"));
    assert_eq!(Prefix::all_like(addr("fe80::1")), prefix("::/0"));
}

#[test]
fn a_prefix_contains_what_begins_with_it_and_nothing_of_the_other_family() {
    for (given, within, without) in [
        ("192.0.2.0/24", "192.0.2.255", "192.0.3.0"),
        ("192.0.2.128/25", "192.0.2.128", "192.0.2.127"),
        ("0.0.0.0/0", "255.255.255.255", "::"),
        ("::/0", "ffff::", "0.0.0.0"),
        ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
        ("192.0.2.1/32", "192.0.2.1", "192.0.2.0"),
        ("c000:200::/40", "c000:200::1", "192.0.2.0"),
    ] {
        assert!(prefix(given).contains(addr(within)), "{given} {within}");
        assert!(!prefix(given).contains(addr(without)), "{given} {without}");
    }
}

// req: RFC1122-3.3.1.1-2
#[test]
fn the_longest_prefix_decides() {
    let map = table(&[
        "0.0.0.0/0",
        "10.0.0.0/8",
        "10.1.0.0/16",
        "10.1.2.3/32",
        "::/0",
        "2001:db8::/32",
        "2001:db8:0:7::/64",
        "2001:db8::1/128",
    ]);
    for (dst, by) in [
        ("192.0.2.1", "0.0.0.0/0"),
        ("10.255.0.1", "10.0.0.0/8"),
        ("10.1.2.4", "10.1.0.0/16"),
        ("10.1.2.3", "10.1.2.3/32"),
        ("fe80::1", "::/0"),
        ("2001:db8:1::", "2001:db8::/32"),
        ("2001:db8:0:7::5", "2001:db8:0:7::/64"),
        ("2001:db8::1", "2001:db8::1/128"),
    ] {
        assert_eq!(map.get(addr(dst)), Some(&by), "{dst}");
    }
}

#[test]
fn without_a_default_there_may_be_nothing() {
    let mut map = table(&["10.0.0.0/8", "2001:db8::/32", "0.0.0.0/0"]);
    assert_eq!(map.get(addr("fe80::1")), None, "the other family's default");
    assert_eq!(map.remove(prefix("0.0.0.0/0")), Some("0.0.0.0/0"));
    assert_eq!(map.remove(prefix("0.0.0.0/0")), None);
    assert_eq!(map.get(addr("11.0.0.1")), None);
    assert_eq!(map.get(addr("10.0.0.1")), Some(&"10.0.0.0/8"));
    assert_eq!(map.remove(prefix("10.9.9.9/8")), Some("10.0.0.0/8"));
    assert_eq!(map.get(addr("10.0.0.1")), None);
    assert_eq!(map.at(prefix("2001:db8:1::/32")), Some(&"2001:db8::/32"));
    assert_eq!(map.at(prefix("2001:db8:1::/48")), None);
    assert_eq!(map.values().count(), 1);
}

/// Against a list that is searched from end to end, over addresses and prefixes that often meet.
#[test]
fn it_is_what_a_search_of_all_would_find() {
    let mut random = Random::new(Seed::from_number(6724));
    let mut map = PrefixMap::default();
    let mut list: Vec<(Prefix, u32)> = Vec::new();
    let draw = |random: &mut Random| {
        let bits = random.next_u32();
        let few = bits & 0x8000_0301;
        let addr: IpAddr = match bits & 2 {
            0 => Ipv4Addr::from_bits(few).into(),
            _ => Ipv6Addr::from_bits(u128::from(few) << 96).into(),
        };
        (addr, (bits >> 16) as u8 % 36)
    };
    for round in 0..20_000 {
        let (addr, len) = draw(&mut random);
        let prefix = Prefix::new(addr, len);
        let at = list.iter().position(|(listed, _)| *listed == prefix);
        let before = at.map(|at| list.swap_remove(at).1);
        if random.next_u32().is_multiple_of(2) {
            list.push((prefix, round));
            assert_eq!(map.insert(prefix, round), before);
        } else {
            assert_eq!(map.remove(prefix), before);
        }
        let (dst, _) = draw(&mut random);
        let fitting = list.iter().filter(|(prefix, _)| prefix.contains(dst));
        let longest = fitting.max_by_key(|(prefix, _)| prefix.len);
        assert_eq!(map.get(dst), longest.map(|(_, known)| known), "{dst}");
        assert_eq!(map.values().count(), list.len());
    }
}
