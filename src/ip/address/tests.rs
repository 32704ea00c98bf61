use super::super::fixtures::{PEER_V4, PEER_V6, US_LINK_LOCAL, US_TOO_V4, US_V4, US_V6, ours};
use super::*;

fn addr(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn list(texts: &[&str]) -> Addresses {
    let parsed = texts.iter().map(|text| {
        let (addr, prefix_len) = text.split_once('/').unwrap();
        (addr.parse().unwrap(), prefix_len.parse().unwrap())
    });
    Addresses::new(&parsed.collect::<Vec<_>>())
}

#[test]
fn what_was_given_is_ours_and_nothing_else() {
    let ours = ours();
    let all: [IpAddr; 4] = [
        US_V4.into(),
        US_TOO_V4.into(),
        US_V6.into(),
        US_LINK_LOCAL.into(),
    ];
    assert_eq!(ours.iter().collect::<Vec<_>>(), all);
    assert!(all.iter().all(|&addr| ours.is_ours(addr)));
    for other in ["192.0.2.2", "::ffff:192.0.2.1", "2001:db8::2", "0.0.0.0"] {
        assert!(!ours.is_ours(addr(other)), "{other}");
    }
}

const NO_HOSTS: [&str; 10] = [
    "0.0.0.0/8",
    "127.0.0.1/8",
    "224.0.0.1/4",
    "255.255.255.255/32",
    "10.0.0.255/24",
    "10.0.0.0/24",
    "::/64",
    "::1/128",
    "ff02::1/64",
    "::ffff:10.0.0.1/96",
];

#[test]
fn what_no_host_can_have_is_refused_by_name() {
    let refused = |text: &str| {
        let good = (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 24);
        let (addr, prefix_len) = text.split_once('/').unwrap();
        let other = (addr.parse().unwrap(), prefix_len.parse().unwrap());
        Addresses::check(&[good, other]).map_err(|error| error.to_string())
    };
    for text in NO_HOSTS {
        let (addr, _) = text.split_once('/').unwrap();
        let error = refused(text).expect_err(text);
        assert!(error.starts_with(&format!("{addr} cannot be")), "{error}");
    }
    for text in ["10.0.0.2/33", "fd00::1/129"] {
        let error = refused(text).expect_err(text);
        assert!(error.starts_with(text), "{error}");
    }
    // On a network of two both are hosts (RFC 3021), and of IPv6 addresses all are.
    for text in [
        "10.0.0.0/31",
        "10.0.0.1/31",
        "10.0.0.0/32",
        "fd00::/64",
        "fe80::1/64",
    ] {
        assert_eq!(refused(text), Ok(()), "{text}");
    }
}

// req: RFC1122-3.2.1.3-1, RFC1122-3.2.1.3-4, RFC1122-3.2.1.3-5, RFC4291-2.5.3-1, RFC4291-2.7-1
#[test]
fn no_packet_leaves_from_an_address_that_no_host_can_have() {
    let addresses = list(&NO_HOSTS);
    assert_eq!(addresses.iter().count(), 0);
    assert_eq!(
        addresses.source_for(PEER_V4.into(), InterfaceId::FIRST),
        None
    );
    assert_eq!(
        addresses.source_for(PEER_V6.into(), InterfaceId::FIRST),
        None
    );
}

// req: RFC1122-3.3.6-1
#[test]
fn who_stands_in_speaks_for_every_host_and_for_nothing_else() {
    let alone = list(&["192.0.2.1/24", "2001:db8::1/64"]);
    let for_all = alone.clone().standing_in(true);
    for ours in ["192.0.2.1", "2001:db8::1"] {
        assert!(alone.speak_for(addr(ours)) && for_all.speak_for(addr(ours)));
    }
    for other in ["192.0.2.2", "203.0.113.9", "2001:db8::2", "fe80::1"] {
        assert!(!alone.speak_for(addr(other)), "{other}");
        assert!(for_all.speak_for(addr(other)), "{other}");
        assert!(!for_all.is_ours(addr(other)), "{other}");
    }
    for nobody in [
        "0.0.0.0",
        "127.0.0.1",
        "224.0.0.251",
        "192.0.2.255",
        "255.255.255.255",
        "::",
        "::1",
        "ff02::1",
        "::ffff:10.0.0.1",
    ] {
        assert!(!for_all.speak_for(addr(nobody)), "{nobody}");
    }
}

#[test]
fn every_form_of_broadcast_is_known() {
    let ours = ours();
    for all in [
        "255.255.255.255",
        "0.0.0.0",
        "192.0.2.255",
        "192.0.2.0",
        "198.51.100.191",
        "198.51.100.128",
    ] {
        assert!(ours.is_broadcast(all.parse().unwrap()), "{all}");
    }
    for one in [
        "192.0.2.1",
        "192.0.2.254",
        "198.51.100.190",
        "198.51.100.255",
        "198.51.100.127",
        "203.0.113.255",
    ] {
        assert!(!ours.is_broadcast(one.parse().unwrap()), "{one}");
    }
}

#[test]
fn networks_of_one_and_two_addresses_have_no_broadcast() {
    let addresses = list(&["10.0.0.0/31", "10.0.1.7/32", "10.0.2.5/30"]);
    for one in ["10.0.0.0", "10.0.0.1", "10.0.1.7", "10.0.2.6"] {
        assert!(!addresses.is_broadcast(one.parse().unwrap()), "{one}");
    }
    for all in ["10.0.2.4", "10.0.2.7"] {
        assert!(addresses.is_broadcast(all.parse().unwrap()), "{all}");
    }
    // A network that is all there is.
    let whole = list(&["10.0.0.1/0"]);
    assert!(!whole.is_broadcast("10.0.0.255".parse().unwrap()));
}

// req: RFC1122-3.3.1.1-1
#[test]
fn an_ipv4_source_is_on_the_network_of_the_destination_or_the_first() {
    let ours = ours();
    let cases = [
        ("192.0.2.77", US_V4),
        ("198.51.100.131", US_TOO_V4),
        // On neither: with no gateway to ask, the first.
        ("198.51.100.1", US_V4),
        ("203.0.113.9", US_V4),
    ];
    for (dst, src) in cases {
        assert_eq!(
            ours.source_for(addr(dst), InterfaceId::FIRST),
            Some(src.into()),
            "{dst}"
        );
    }
    let nested = list(&["10.1.0.1/8", "10.2.3.1/24", "10.2.0.1/16"]);
    assert_eq!(
        nested.source_for(addr("10.2.3.4"), InterfaceId::FIRST),
        Some(addr("10.2.3.1")),
        "the longest prefix"
    );
}

#[test]
fn without_an_address_of_its_family_there_is_no_source() {
    assert_eq!(
        list(&["10.0.0.1/8"]).source_for(PEER_V6.into(), InterfaceId::FIRST),
        None
    );
    assert_eq!(
        list(&["2001:db8::1/64"]).source_for(PEER_V4.into(), InterfaceId::FIRST),
        None
    );
}

// req: RFC4291-2.5.2-1
#[test]
fn nothing_is_sent_to_the_unspecified_address() {
    assert_eq!(ours().source_for(addr("::"), InterfaceId::FIRST), None);
    assert_eq!(ours().source_for(addr("0.0.0.0"), InterfaceId::FIRST), None);
}

// req: RFC6724-5-1
#[test]
fn an_ipv6_source_is_chosen_by_the_rules_in_their_order() {
    let cases = SOURCES.lines().filter(|line| !line.starts_with('#'));
    for case in cases {
        let (addresses, expected) = case.split_once(" > ").unwrap();
        let (dst, src) = expected.split_once(" = ").unwrap();
        let addresses = list(&addresses.split(' ').collect::<Vec<_>>());
        assert_eq!(
            addresses.source_for(addr(dst), InterfaceId::FIRST),
            Some(addr(src)),
            "{case}"
        );
    }
}

// req: RFC6724-5-1
#[test]
fn the_outgoing_interface_counts_behind_scopes_and_before_labels_and_prefixes() {
    let source = |first: &str, second: &str, dst: &str| {
        let own = |text: &str| {
            let (own, prefix_len) = text.split_once('/').unwrap();
            [(addr(own), prefix_len.parse().unwrap())]
        };
        let second_one = InterfaceId(1);
        let addresses = Addresses::new(&own(first)).and(second_one, &own(second));
        let by = [InterfaceId::FIRST, second_one];
        by.map(|out| addresses.source_for(addr(dst), out).unwrap().to_string())
    };
    for (first, second, dst, [by_first, by_second]) in [
        // Rule 5 before rule 8, and before rule 6.
        (
            "2001:db8::1/64",
            "2001:db8:1::1/64",
            "2001:db8::9",
            ["2001:db8::1", "2001:db8:1::1"],
        ),
        (
            "2001:db8::1/64",
            "2002:c633:1::1/64",
            "2002:c633::9",
            ["2001:db8::1", "2002:c633:1::1"],
        ),
        // Rules 1 and 2 before it.
        (
            "2001:db8::1/64",
            "2001:db8:1::1/64",
            "2001:db8::1",
            ["2001:db8::1"; 2],
        ),
        (
            "2001:db8::1/64",
            "fe80::1/64",
            "2001:db8::9",
            ["2001:db8::1"; 2],
        ),
        ("2001:db8::1/64", "fe80::1/64", "fe80::9", ["fe80::1"; 2]),
        // RFC 1122 section 3.3.4.3.
        (
            "192.0.2.1/24",
            "198.51.100.1/24",
            "203.0.113.9",
            ["192.0.2.1", "198.51.100.1"],
        ),
        (
            "192.0.2.1/24",
            "198.51.100.1/24",
            "192.0.2.9",
            ["192.0.2.1", "198.51.100.1"],
        ),
        // Better one of another interface than none.
        (
            "192.0.2.1/24",
            "2001:db8::1/64",
            "203.0.113.9",
            ["192.0.2.1"; 2],
        ),
    ] {
        let sources = source(first, second, dst);
        assert_eq!(sources, [by_first, by_second], "{first} {second} {dst}");
    }
}

#[test]
fn an_address_is_ours_once() {
    let twice = [(US_V4.into(), 24), (US_V4.into(), 8)];
    let ours = Addresses::new(&twice).and(InterfaceId(1), &twice);
    assert_eq!(ours.iter().count(), 1);
}

/// Our addresses, a destination, and the source for it.
const SOURCES: &str = "\
# Rule 1: the same address, though the other shares as much and came first.
2001:db8::1/64 2001:db8::2/64 > 2001:db8::2 = 2001:db8::2
# Rule 2: of those that reach, the narrowest; the examples of RFC 6724 section 10.1.
2001:db8:3::1/64 fe80::1/64 > 2001:db8:1::1 = 2001:db8:3::1
fe80::1/64 2001:db8:3::1/64 > 2001:db8:1::1 = 2001:db8:3::1
2001:db8:3::1/64 fe80::1/64 > ff05::1 = 2001:db8:3::1
2001:db8:2::1/64 fe80::1/64 > fe80::2 = fe80::1
fec0::1/64 2001:db8:2::1/64 > ff05::1 = fec0::1
fe80::1/64 fec0::1/64 > 2001:db8:1::1 = fec0::1
# Rule 2 before rule 8: the longer match is too narrow.
fe80::1/64 2001:db8:2::1/64 > fec0::1 = 2001:db8:2::1
# Rule 6 before rule 8: 6to4 to 6to4, native to native, local to local.
2002:c633:6401::1/64 2001:db8:1::2/64 > 2001:db8:1::1 = 2001:db8:1::2
2001:db8::1/64 2002:c633:6401::1/64 > 2002:c633:6401::9 = 2002:c633:6401::1
2001:db8::1/64 fd00::1/64 > fd77::1 = fd00::1
2001:db8::1/64 2001:0:1::1/64 > 2001:0:7::1 = 2001:0:1::1
2001:db8::1/64 3ffe::1/64 > 3ffe:1::1 = 3ffe::1
2001:db8::1/64 ::10.0.0.1/96 > ::10.0.0.2 = ::10.0.0.1
2001:0:1::1/64 2a00::1/64 > 2001:db8:1::1 = 2a00::1
# Rule 8: the longest matching prefix.
2001:db8:1::2/64 2001:db8:3::2/64 > 2001:db8:1::1 = 2001:db8:1::2
2001:db8:3::2/64 2001:db8:1::2/64 > 2001:db8:1::1 = 2001:db8:1::2
# Section 2.2: counted only up to the prefix's own length, so these tie.
2001:db8:1::ff/64 2001:db8:1::2/64 > 2001:db8:1::3 = 2001:db8:1::ff
";
