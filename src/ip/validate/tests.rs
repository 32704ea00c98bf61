use super::super::fixtures::*;
use super::super::receive::receive;
use super::*;
use crate::wire::ipv4;
use crate::wire::ipv6::{DESTINATION_OPTIONS, FRAGMENT, HOP_BY_HOP, NO_NEXT_HEADER, ROUTING};

/// What becomes of a packet between these two: nothing that is sent, in any case.
fn between(src: &str, dst: &str) -> Result<(), Drop> {
    let bytes = packet(src.parse().unwrap(), dst.parse().unwrap(), 6, b"x");
    match receive(&bytes, &ours()) {
        Verdict::Deliver(_) => Ok(()),
        Verdict::Drop(why) => Err(why),
        other => panic!("{src} to {dst}: {other:?}"),
    }
}

// req: RFC1122-3.1-2, RFC1122-3.2.1.3-2
#[test]
fn only_our_own_addresses_are_taken() {
    for dst in ["192.0.2.1", "198.51.100.130"] {
        assert_eq!(between("203.0.113.9", dst), Ok(()));
    }
    for dst in ["192.0.2.2", "198.51.100.131", "8.8.8.8", "192.0.3.1"] {
        assert_eq!(between("203.0.113.9", dst), Err(Drop::NotOurs), "{dst}");
    }
    for dst in ["2001:db8::1", "fe80::1"] {
        assert_eq!(between("2001:db8:1::9", dst), Ok(()));
    }
    for dst in ["2001:db8::2", "fe80::2", "2001:db8:0:1::1"] {
        assert_eq!(between("2001:db8:1::9", dst), Err(Drop::NotOurs), "{dst}");
    }
}

// req: RFC1122-3.3.6-1, RFC1122-3.2.2.6-3
#[test]
fn broadcast_and_multicast_have_no_listener() {
    for dst in [
        "255.255.255.255",
        "192.0.2.255",
        "192.0.2.0",
        "0.0.0.0",
        "224.0.0.1",
        "239.255.255.255",
    ] {
        let ended = between("203.0.113.9", dst);
        assert_eq!(ended, Err(Drop::NobodyListens), "{dst}");
    }
    for dst in ["ff02::1", "ff02::1:ff00:1", "ff0e::1"] {
        let ended = between("2001:db8:1::9", dst);
        assert_eq!(ended, Err(Drop::NobodyListens), "{dst}");
    }
}

// req: RFC1122-3.2.1.3-4, RFC4291-2.5.3-1, RFC4291-2.5.2-1
#[test]
fn loopback_and_unspecified_destinations_are_dropped_even_if_configured() {
    let careless = Addresses::new(&[
        ("127.0.0.1".parse().unwrap(), 8),
        ("::1".parse().unwrap(), 128),
        ("::".parse().unwrap(), 128),
    ]);
    for (src, dst) in [
        ("203.0.113.9", "127.0.0.1"),
        ("2001:db8:1::9", "::1"),
        ("2001:db8:1::9", "::"),
    ] {
        let bytes = packet(src.parse().unwrap(), dst.parse().unwrap(), 6, b"x");
        let verdict = receive(&bytes, &careless);
        assert_eq!(verdict, Verdict::Drop(Drop::NotOurs), "{dst}");
    }
}

// req: RFC1122-3.2.1.3-3, RFC1122-3.2.1.3-4, RFC4291-2.5.3-1, RFC4291-2.7-1, MUST-63
#[test]
fn a_source_that_nobody_can_be_is_dropped() {
    for src in [
        "0.0.0.0",
        "0.1.2.3",
        "127.0.0.1",
        "127.255.255.255",
        "224.0.0.1",
        "239.1.2.3",
        "240.0.0.1",
        "255.255.255.255",
        "192.0.2.255",
        "192.0.2.0",
        "198.51.100.191",
        // Our own other address.
        "198.51.100.130",
    ] {
        assert_eq!(between(src, "192.0.2.1"), Err(Drop::BadSource), "{src}");
    }
    for src in ["1.0.0.0", "126.255.255.255", "128.0.0.1", "223.255.255.255"] {
        assert_eq!(between(src, "192.0.2.1"), Ok(()), "{src}");
    }
    for src in [
        "::",
        "::1",
        "ff02::1",
        "ff0e::9",
        "fe80::1",
        "::ffff:10.0.0.1",
    ] {
        assert_eq!(between(src, "2001:db8::1"), Err(Drop::BadSource), "{src}");
    }
    assert_eq!(between("fe80::2", "2001:db8::1"), Ok(()));
}

#[test]
fn a_packet_from_its_own_destination_is_land() {
    for ours in ["192.0.2.1", "2001:db8::1", "fe80::1"] {
        assert_eq!(between(ours, ours), Err(Drop::Land));
    }
}

/// The verdict on an IPv4 packet with these options, padded.
fn with_options(options: &[u8]) -> Result<(), (Drop, Option<Owed>)> {
    let mut padded = options.to_vec();
    padded.resize(options.len().next_multiple_of(4), 0);
    let header = ipv4::Header {
        options: &padded,
        ..HEADER_V4
    };
    ended(&packet_v4(&header, b"x"))
}

fn ended(packet: &[u8]) -> Result<(), (Drop, Option<Owed>)> {
    match receive(packet, &ours()) {
        Verdict::Deliver(_) => Ok(()),
        Verdict::Drop(why) => Err((why, None)),
        Verdict::Answer(why, owed) => Err((why, Some(owed))),
        Verdict::Fragment(fragment) => panic!("{fragment:?}"),
    }
}

const fn parameter(code: u8, pointer: u32) -> Option<Owed> {
    Some(Owed::Parameter { code, pointer })
}

// req: RFC1122-3.2.1.8-1
#[test]
fn options_that_ask_nothing_of_a_host_are_passed_over() {
    for options in [
        &[][..],
        &[1, 1, 1, 1],
        &[0, 7, 0, 0],
        // Record route, timestamp, security, router alert, and one that nobody knows.
        &[7, 7, 4, 0, 0, 0, 0],
        &[68, 12, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        &[130, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        &[148, 4, 0, 0],
        &[0xde, 2, 0xde, 3, 9],
        &[1; 40],
    ] {
        assert_eq!(with_options(options), Ok(()), "{options:?}");
    }
}

// req: RFC791-3.1-8, RFC1122-3.2.2.5-1
#[test]
fn an_option_whose_length_cannot_be_is_named_by_its_place() {
    for (options, pointer) in [
        (&[7, 0, 1, 1][..], 20),
        (&[7, 1, 1, 1], 20),
        (&[1, 1, 1, 7], 23),
        (&[1, 7, 4, 0], 21),
        (&[7, 3, 4, 255, 255, 1, 1, 1], 23),
        (&[1, 1, 1, 1, 1, 1, 0x99, 3], 26),
    ] {
        let ended = with_options(options);
        let expected = Err((Drop::BadOptions, parameter(0, pointer)));
        assert_eq!(ended, expected, "{options:?}");
    }
}

#[test]
fn all_options_of_four_bytes_are_survived() {
    for kind in 0..=255_u8 {
        for length in 0..=255_u8 {
            for third in [0, 1, 3, 4, 5, 7, 255] {
                let ended = with_options(&[kind, length, third, 1]);
                if ended.is_ok() {
                    assert!(kind < 2 || (2..=4).contains(&length), "{kind} {length}");
                }
            }
        }
    }
}

// req: RFC1122-3.3.5-1
#[test]
fn a_source_route_that_would_go_on_is_refused() {
    for kind in [131, 137] {
        let route = |pointer| [1, kind, 7, pointer, 10, 0, 0, 9];
        assert_eq!(
            with_options(&route(4)),
            Err((Drop::SourceRoute, Some(Owed::SourceRouteFailed)))
        );
        // Its end: nothing is left to go to.
        assert_eq!(with_options(&route(8)), Ok(()));
        for pointer in [0, 3] {
            assert_eq!(
                with_options(&route(pointer)),
                Err((Drop::BadOptions, parameter(0, 21)))
            );
        }
        assert_eq!(
            with_options(&[kind, 2, 1, 1]),
            Err((Drop::BadOptions, parameter(0, 20)))
        );
    }
}

/// The verdict on an IPv6 packet whose chain begins with `next_header`.
fn with_chain(next_header: u8, chain: &[&[u8]]) -> Result<(), (Drop, Option<Owed>)> {
    let header = ipv6::Header {
        next_header,
        ..HEADER_V6
    };
    ended(&packet_v6(&header, &chain.concat()))
}

// req: RFC8200-4.1-1
#[test]
fn extension_headers_are_taken_in_any_order_and_number() {
    let padded = |next| [next, 0, 1, 4, 0, 0, 0, 0];
    let routed = |next| [next, 0, 4, 0, 0, 0, 0, 0];
    assert_eq!(
        with_chain(
            HOP_BY_HOP,
            &[
                &padded(DESTINATION_OPTIONS),
                &padded(ROUTING),
                &routed(ROUTING),
                &routed(DESTINATION_OPTIONS),
                &padded(DESTINATION_OPTIONS),
                &padded(6),
                b"segment"
            ]
        ),
        Ok(())
    );
}

// req: RFC8200-4-3, RFC8200-4-4
#[test]
fn hop_by_hop_options_anywhere_but_first_are_not_recognized() {
    let padded = |next| [next, 0, 1, 4, 0, 0, 0, 0];
    assert_eq!(
        with_chain(DESTINATION_OPTIONS, &[&padded(HOP_BY_HOP), &padded(6)]),
        Err((Drop::BadExtension, parameter(1, 40)))
    );
    assert_eq!(
        with_chain(
            HOP_BY_HOP,
            &[
                &padded(DESTINATION_OPTIONS),
                &padded(HOP_BY_HOP),
                &padded(6)
            ]
        ),
        Err((Drop::BadExtension, parameter(1, 48)))
    );
    assert_eq!(with_chain(HOP_BY_HOP, &[&padded(6)]), Ok(()));
}

// req: RFC8200-4.2-1, RFC4443-3.4-1
#[test]
fn the_two_highest_bits_of_an_unknown_option_decide() {
    for next_header in [HOP_BY_HOP, DESTINATION_OPTIONS] {
        for option in 2..=255_u8 {
            // After two bytes of padding, at offset 44.
            let ended = with_chain(next_header, &[&[6, 0, 1, 0, option, 2, 0, 0]]);
            let expected = match option >> 6 {
                0b00 => Ok(()),
                0b01 => Err((Drop::BadOptions, None)),
                _ => Err((Drop::BadOptions, parameter(2, 44))),
            };
            assert_eq!(ended, expected, "option {option:#x}");
        }
    }
}

// req: RFC8200-4-1, RFC8200-4.2-3
#[test]
fn of_two_faults_the_first_in_the_packet_is_answered() {
    let skipped_then_fatal = [DESTINATION_OPTIONS, 0, 0x1e, 0, 0x80, 0, 0xc0, 0];
    let fatal = [6, 0, 0xc0, 0, 1, 2, 0, 0];
    assert_eq!(
        with_chain(HOP_BY_HOP, &[&skipped_then_fatal, &fatal]),
        Err((Drop::BadOptions, parameter(2, 44)))
    );
    let silent_then_fatal = [6, 0, 0x40, 0, 0xc0, 0, 1, 0];
    assert_eq!(
        with_chain(HOP_BY_HOP, &[&silent_then_fatal]),
        Err((Drop::BadOptions, None))
    );
    // A routing header is judged before the options behind it.
    let routing = [DESTINATION_OPTIONS, 0, 9, 1, 0, 0, 0, 0];
    assert_eq!(
        with_chain(ROUTING, &[&routing, &fatal]),
        Err((Drop::SourceRoute, parameter(0, 42)))
    );
}

// req: RFC8200-4.2-2, RFC4443-3.4-1
#[test]
fn an_option_that_does_not_fit_its_header_is_named_by_its_place() {
    for (content, pointer) in [
        ([1, 5, 0, 0, 0, 0], 42),
        ([0, 0, 0x1e, 3, 0, 0], 44),
        ([1, 2, 0, 0, 0, 0x1e], 47),
    ] {
        let header = [&[6, 0], &content[..]].concat();
        assert_eq!(
            with_chain(DESTINATION_OPTIONS, &[&header, &[0; 20]]),
            Err((Drop::BadOptions, parameter(0, pointer))),
            "{content:?}"
        );
    }
}

// req: RFC8200-4.4-1
#[test]
fn a_routing_header_is_refused_while_it_has_segments_left() {
    for routing_type in [0, 2, 3, 4, 253, 255] {
        for segments_left in [1, 2, 255] {
            let routing = [6, 0, routing_type, segments_left, 0, 0, 0, 0];
            assert_eq!(
                with_chain(ROUTING, &[&routing]),
                Err((Drop::SourceRoute, parameter(0, 42)))
            );
        }
        assert_eq!(
            with_chain(ROUTING, &[&[6, 0, routing_type, 0, 0, 0, 0, 0]]),
            Ok(())
        );
    }
}

// req: RFC8200-4.7-1
#[test]
fn behind_no_next_header_nothing_is_looked_at() {
    let ended = Err((Drop::NoNextHeader, None));
    assert_eq!(with_chain(NO_NEXT_HEADER, &[]), ended);
    assert_eq!(with_chain(NO_NEXT_HEADER, &[&[0xff; 50]]), ended);
    let padded = [NO_NEXT_HEADER, 0, 1, 4, 0, 0, 0, 0];
    assert_eq!(with_chain(HOP_BY_HOP, &[&padded, b"junk"]), ended);
}

#[test]
fn a_chain_that_is_cut_off_is_dropped_in_silence() {
    for next_header in [HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION_OPTIONS] {
        for header in [&[][..], &[6], &[6, 0, 0, 0, 0, 0, 0]] {
            let ended = with_chain(next_header, &[header]);
            assert_eq!(ended, Err((Drop::BadExtension, None)));
        }
        if next_header != FRAGMENT {
            // Sixteen bytes, it says.
            let ended = with_chain(next_header, &[&[6, 1, 0, 0, 0, 0, 0, 0]]);
            assert_eq!(ended, Err((Drop::BadExtension, None)));
        }
    }
}

#[test]
fn chains_and_options_without_end_are_dropped() {
    let padded = [DESTINATION_OPTIONS, 0, 1, 4, 0, 0, 0, 0];
    let last = [6, 0, 1, 4, 0, 0, 0, 0];
    let most = [&padded[..]; EXTENSIONS_MAX - 1];
    let chain = [&most[..], &[&last]].concat();
    assert_eq!(with_chain(DESTINATION_OPTIONS, &chain), Ok(()));
    let longer = [&[&padded[..]], &chain[..]].concat();
    assert_eq!(
        with_chain(DESTINATION_OPTIONS, &longer),
        Err((Drop::BadExtension, None))
    );

    // Options of two bytes, and padding of one, which is free.
    let options = |count: usize| {
        let mut header = vec![6, 15];
        header.extend([0x1e, 0].repeat(count));
        header.resize(128, 0);
        header
    };
    let ended = |count| with_chain(DESTINATION_OPTIONS, &[&options(count)]);
    assert_eq!(ended(OPTIONS_MAX), Ok(()));
    assert_eq!(ended(OPTIONS_MAX + 1), Err((Drop::BadOptions, None)));
}
