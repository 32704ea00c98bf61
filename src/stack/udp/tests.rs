use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU16;
use std::time::Duration;

use super::super::Notice;
use super::super::error::{NoWay, UdpSendError};
use super::super::kit::pattern;
use super::super::kit::two::{A, A_TOO, A6, B, B6, FAMILIES, NOW, Two};
use super::super::tests::icmp::error as icmp_error;
use super::*;
use crate::base::{Checksum, Pieces, Received};
use crate::wire::icmp::{Problem, Unreachable};
use crate::wire::offload::on_the_wire;
use crate::wire::{ipv4, ipv6};

const ANY_V4: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
const ANY_V6: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
fn socket(stack: &mut Stack, addr: IpAddr, port: u16) -> UdpId {
    let local = SocketAddr::new(addr, port);
    stack.udp_bind(NOW, local).expect("a free port")
}

fn read(stack: &mut Stack, id: UdpId) -> Result<(Vec<u8>, Came), UdpReceiveError> {
    let mut buf = vec![0; 70_000];
    let came = stack.udp_receive(NOW, id, &mut buf)?;
    buf.truncate(came.len);
    Ok((buf, came))
}

// req: RFC768-user-interface-1, RFC1122-4.1.3.5-1, RFC768-fields-1, RFC768-fields-2
#[test]
fn datagrams_arrive_as_they_were_sent_and_say_from_whom_and_to_whom() {
    for (a, b) in FAMILIES {
        let mut two = Two::new();
        let from = socket(&mut two.a, a, 1000);
        let to = socket(&mut two.b, b, 2000);
        let texts: [&[u8]; 4] = [b"one", b"", b"three", &pattern(1_472 - 20)];
        for text in texts {
            let sent = two
                .a
                .udp_send(NOW, from, text, Some(SocketAddr::new(b, 2000)));
            assert_eq!(sent, Ok(()));
        }
        two.carry();
        for text in texts {
            let expected = Came {
                from: SocketAddr::new(a, 1000),
                to: SocketAddr::new(b, 2000),
                tos: 0,
                len: text.len(),
            };
            assert_eq!(read(&mut two.b, to), Ok((text.to_vec(), expected)));
        }
        assert_eq!(read(&mut two.b, to), Err(UdpReceiveError::WouldBlock));
        assert_eq!(two.told_b.count("Datagram"), 4);
    }
}

#[test]
fn one_that_is_too_long_for_the_link_goes_in_fragments() {
    for (a, b) in FAMILIES {
        let mut two = Two::new();
        let from = socket(&mut two.a, a, 1000);
        let to = socket(&mut two.b, b, 2000);
        // RFC 768: 65,535 less the header of 8; RFC 791: and less the 20 of its own.
        let most = if b.is_ipv4() { 65_507 } else { 65_527 };
        for len in [1_473, 60_000, most] {
            let text = pattern(len);
            let sent = two
                .a
                .udp_send(NOW, from, &text, Some(SocketAddr::new(b, 2000)));
            assert_eq!(sent, Ok(()));
            let packets = two.carry();
            assert!(packets.iter().all(|packet| packet.len() <= 1_500));
            assert!(packets.len() > len / 1_480, "{}", packets.len());
            assert_eq!(read(&mut two.b, to).expect("a datagram").0, text);
        }
        let sent = two.a.udp_send(
            NOW,
            from,
            &pattern(most + 1),
            Some(SocketAddr::new(b, 2000)),
        );
        assert_eq!(sent, Err(UdpSendError::TooLong(most + 1, most)));
        assert_eq!(two.carry().len(), 0);
    }
}

// req: RFC1122-4.1.3.5-2, RFC1122-4.1.3.6-1
#[test]
fn they_leave_from_the_address_that_was_given_or_from_one_that_suits() {
    let mut two = Two::new();
    let sources = [
        (A_TOO, B, A_TOO),
        (ANY_V4, B, A),
        (ANY_V6, B6, A6),
        (ANY_V6, B, A),
    ];
    for (port, (local, dst, src)) in (1000..).zip(sources) {
        let from = socket(&mut two.a, local, port);
        let sent = two
            .a
            .udp_send(NOW, from, b"x", Some(SocketAddr::new(dst, 7)));
        assert_eq!(sent, Ok(()));
        let packet = &two.carry()[0];
        let found = match src {
            IpAddr::V4(_) => IpAddr::V4(ipv4::parse(packet).expect("IPv4").0.src),
            IpAddr::V6(_) => IpAddr::V6(ipv6::parse(packet).expect("IPv6").0.src),
        };
        assert_eq!(found, src);
    }
    let local = SocketAddr::new(B, 1);
    assert_eq!(two.a.udp_bind(NOW, local), Err(UdpBindError::NotOurs(B)));
    let v4 = socket(&mut two.a, A, 1);
    let refused = |to| {
        let mut two = Two::new();
        let from = socket(&mut two.a, A, 1);
        two.a
            .udp_send(NOW, from, b"x", Some(to))
            .expect_err("refused")
    };
    let v6 = SocketAddr::new(B6, 7);
    assert_eq!(refused(v6), NoWay::NoSource(B6).into());
    let ours = SocketAddr::new(A_TOO, 7);
    assert_eq!(refused(ours), NoWay::Itself(A_TOO).into());
    let nobody = SocketAddr::new(B, 0);
    assert_eq!(refused(nobody), NoWay::BadRemote(nobody).into());
    let sent = two.a.udp_send(NOW, v4, b"x", None);
    assert_eq!(sent, Err(UdpSendError::NoDestination));
}

// req: RFC1122-4.1.4-1
#[test]
fn an_application_chooses_ttl_and_type_of_service_but_not_the_bits_of_ecn() {
    let mut two = Two::new();
    let to = socket(&mut two.b, ANY_V6, 7);
    for (a, b) in FAMILIES {
        let from = socket(&mut two.a, a, 1000);
        two.a.udp_configure(NOW, from, 3, 0b1011_1011);
        let sent = two.a.udp_send(NOW, from, b"x", Some(SocketAddr::new(b, 7)));
        assert_eq!(sent, Ok(()));
        let packet = &two.carry()[0];
        let found = match a {
            IpAddr::V4(_) => ipv4::parse(packet).map(|(header, _)| (header.ttl, header.tos)),
            IpAddr::V6(_) => {
                ipv6::parse(packet).map(|(header, _)| (header.hop_limit, header.traffic_class))
            }
        };
        assert_eq!(found.expect("a packet"), (3, 0b1011_1000));
        assert_eq!(read(&mut two.b, to).expect("a datagram").1.tos, 0b1011_1000);
    }
}

// req: RFC1122-4.1.3.3-1, RFC1122-4.1.3.1-1
#[test]
fn an_application_hears_that_nobody_is_there() {
    for (a, b) in FAMILIES {
        let mut two = Two::new();
        let remote = SocketAddr::new(b, 7);
        let error = UdpError {
            remote,
            problem: Problem::Unreachable(Unreachable::Port),
        };
        let loose = socket(&mut two.a, a, 1000);
        assert_eq!(two.a.udp_send(NOW, loose, b"x", Some(remote)), Ok(()));
        two.carry();
        // Who has many peers asks; a call about others is none of this one's.
        assert_eq!(read(&mut two.a, loose), Err(UdpReceiveError::WouldBlock));
        assert_eq!(two.a.udp_take_error(loose), Some(error));
        assert_eq!(two.a.udp_take_error(loose), None);

        let tied = socket(&mut two.a, a, 1001);
        assert_eq!(two.a.udp_connect(NOW, tied, remote), Ok(()));
        for _ in 0..2 {
            assert_eq!(two.a.udp_send(NOW, tied, b"x", None), Ok(()));
            two.carry();
            assert_eq!(read(&mut two.a, tied), Err(UdpReceiveError::Refused(error)));
            assert_eq!(read(&mut two.a, tied), Err(UdpReceiveError::WouldBlock));
        }
        let notices = std::iter::from_fn(|| two.a.poll_notice());
        assert!(notices.last().is_some_and(
            |notice| matches!(notice, Notice::Datagrams(id, wake) if id == tied
                && wake.has(Wake::READABLE) && wake.has(Wake::WRITABLE))
        ));
    }
}

#[test]
fn an_error_about_what_a_connected_socket_has_not_sent_is_not_believed() {
    let mut two = Two::new();
    let tied = socket(&mut two.a, A, 1000);
    let loose = socket(&mut two.a, A_TOO, 1000);
    assert_eq!(two.a.udp_connect(NOW, tied, SocketAddr::new(B, 8)), Ok(()));
    // The same packet but for where it came from.
    let sent = two
        .a
        .udp_send(NOW, loose, b"x", Some(SocketAddr::new(B, 7)));
    assert_eq!(sent, Ok(()));
    let mut packet = two.a.poll_transmit(NOW).expect("a datagram").to_vec();
    let (header, payload) = ipv4::parse(&packet).expect("IPv4");
    let Datagram { ports, text } =
        Datagram::parse(A_TOO, B, payload, crate::base::Checksum::Full).expect("UDP");
    let text = [text.0, text.1].concat();
    let forged = Datagram {
        ports,
        text: Pieces::one(&text),
    };
    let header = ipv4::Header {
        src: Ipv4Addr::new(192, 0, 2, 1),
        options: &[],
        ..header
    };
    let mut forgery = vec![0; 28];
    header.emit(8 + text.len(), &mut forgery[..20]);
    forged.emit_header(A, B, &mut forgery[20..]);
    forgery.extend_from_slice(&text);
    packet.clone_from(&forgery);
    two.b.receive(NOW, Received::plain(&packet));
    two.carry();
    assert_eq!(two.told_a.ending(), "IcmpNotOurs");
    assert_eq!(two.a.udp_take_error(tied), None);
}

// req: RFC8201-5.2-2, RFC8201-4-1, RFC1191-6.2-1
#[test]
fn what_was_too_big_for_the_path_of_a_datagram_is_so_for_a_connection() {
    for (a, b) in FAMILIES {
        let mut two = Two::new();
        let to = SocketAddr::new(b, 80);
        two.b.listen(NOW, to, 1).expect("a free port");
        let local = Some(SocketAddr::new(a, 0));
        let connection = two.a.open(NOW, to, local).expect("a way");
        two.carry();
        let mss = |two: &Two| two.a.status(connection).expect("open").mss;
        let before = mss(&two);

        let (loose, tied) = (socket(&mut two.a, a, 1000), socket(&mut two.a, a, 1001));
        assert_eq!(two.a.udp_connect(NOW, tied, to), Ok(()));
        for (from, dst, mtu, then) in [
            // It may never have sent there.
            (loose, Some(to), 1_300, before),
            // Who carries as much has no reason to complain.
            (tied, None, 1_500, before),
            (tied, None, 1_300, before - 200),
            (tied, None, 1_400, before - 200),
        ] {
            let text = pattern(1_500 - 40 - 8);
            assert_eq!(two.a.udp_send(NOW, from, &text, dst), Ok(()));
            let packet = two.a.poll_transmit(NOW).expect("a datagram").to_vec();
            while two.a.poll_transmit(NOW).is_some() {}
            let message = icmp_error(b, a, Problem::PacketTooBig { mtu }, &packet);
            two.a.receive(NOW, Received::plain(&message));
            assert_eq!(mss(&two), then, "{mtu}");
            let _ = two.a.udp_take_error(from);
        }
        // And for the datagrams that follow.
        let text = pattern(1_400);
        assert_eq!(two.a.udp_send(NOW, tied, &text, None), Ok(()));
        assert!(two.carry().iter().all(|packet| packet.len() <= 1_300));
    }
}

#[test]
fn a_connected_socket_hears_its_peer_alone() {
    let mut two = Two::new();
    let tied = socket(&mut two.b, ANY_V4, 2000);
    let (peer, other) = (socket(&mut two.a, A, 1000), socket(&mut two.a, A_TOO, 1000));
    let to = Some(SocketAddr::new(B, 2000));
    for from in [peer, other] {
        assert_eq!(two.a.udp_send(NOW, from, b"early", to), Ok(()));
    }
    two.carry();
    let remote = SocketAddr::new(A, 1000);
    assert_eq!(two.b.udp_connect(NOW, tied, remote), Ok(()));
    let ends = two.b.udp_ends(tied);
    assert_eq!(ends, Some((SocketAddr::new(B, 2000), Some(remote))));
    for from in [peer, other] {
        assert_eq!(two.a.udp_send(NOW, from, b"late", to), Ok(()));
        two.carry();
    }
    assert_eq!(two.told_b.ending(), "PortUnreachable");
    assert!(two.a.udp_take_error(other).is_some());
    for text in [&b"early"[..], b"late"] {
        let (found, came) = read(&mut two.b, tied).expect("the peer's");
        assert_eq!((&found[..], came.from), (text, remote));
    }
    assert_eq!(read(&mut two.b, tied), Err(UdpReceiveError::WouldBlock));
    let elsewhere = SocketAddr::new(A, 1001);
    let sent = two.b.udp_send(NOW, tied, b"x", Some(elsewhere));
    assert_eq!(sent, Err(UdpSendError::Connected(elsewhere)));
}

/// robustness: 256 datagrams or 256 KiB wait to be read; what comes then is dropped and told.
#[test]
fn what_waits_to_be_read_is_bounded_and_reading_makes_room() {
    let mut two = Two::new();
    let from = socket(&mut two.a, A, 1000);
    let to = socket(&mut two.b, B, 2000);
    let send = |two: &mut Two, text: &[u8]| {
        let sent = two
            .a
            .udp_send(NOW, from, text, Some(SocketAddr::new(B, 2000)));
        assert_eq!(sent, Ok(()));
        two.carry();
    };
    for _ in 0..300 {
        send(&mut two, b"x");
    }
    assert_eq!(two.told_b.count("QueueFull"), 44);
    assert!(read(&mut two.b, to).is_ok());
    send(&mut two, b"y");
    assert_eq!(two.told_b.count("QueueFull"), 44);
    while read(&mut two.b, to).is_ok() {}
    let long = pattern(60_000);
    for _ in 0..5 {
        send(&mut two, &long);
    }
    // Four times 60,000 are below 262,144, and five are not.
    assert_eq!(two.told_b.count("QueueFull"), 45);
}

#[test]
fn a_writer_without_room_is_told_once_when_there_is_some() {
    let mut two = Two::new();
    let from = socket(&mut two.a, A, 1000);
    let to = Some(SocketAddr::new(B, 2000));
    for _ in 0..256 {
        assert_eq!(two.a.udp_send(NOW, from, b"x", to), Ok(()));
    }
    let sent = two.a.udp_send(NOW, from, b"x", to);
    assert_eq!(sent, Err(UdpSendError::WouldBlock));
    assert_eq!(two.a.poll_notice(), None);
    assert!(two.a.poll_transmit(NOW).is_some());
    let notice = Notice::Datagrams(from, Wake::WRITABLE);
    assert_eq!(two.a.poll_notice(), Some(notice));
    assert!(two.a.poll_transmit(NOW).is_some());
    assert_eq!(two.a.poll_notice(), None);
    assert_eq!(two.a.udp_send(NOW, from, b"x", to), Ok(()));
}

/// RFC 6864 section 5.2 bounds how many datagrams may be cut in a lifetime; who waited for a notice
/// of room would wait for ever, since there is room.
#[test]
fn who_has_used_up_all_identifications_is_told_and_does_not_wait() {
    let mut two = Two::new();
    let from = socket(&mut two.a, A, 1000);
    let to = SocketAddr::new(B, 7);
    let text = pattern(1_500);
    let mut sent = 0;
    let refused = loop {
        match two.a.udp_send(NOW, from, &text, Some(to)) {
            Ok(()) => sent += 1,
            Err(refused) => break refused,
        }
        assert!(sent < 100_000, "they are 16 bits");
        while two.a.poll_transmit(NOW).is_some() {}
    };
    assert_eq!(refused, UdpSendError::NoIdentification(to.ip()));
    assert!(sent > 60_000, "{sent}");
    // What need not be cut goes, and after a while what must be.
    let short = two.a.udp_send(NOW, from, b"x", Some(to));
    assert_eq!(short, Ok(()));
    let later = NOW + Duration::from_secs(1);
    assert_eq!(two.a.udp_send(later, from, &text, Some(to)), Ok(()));
}

#[test]
fn a_socket_for_just_this_address_goes_before_one_for_any() {
    let mut two = Two::new();
    let [any_v6, any_v4, exact] = [ANY_V6, ANY_V4, B].map(|addr| socket(&mut two.b, addr, 7));
    let from = socket(&mut two.a, A, 1000);
    for expected in [exact, any_v4, any_v6] {
        let sent = two.a.udp_send(NOW, from, b"x", Some(SocketAddr::new(B, 7)));
        assert_eq!(sent, Ok(()));
        two.carry();
        assert!(read(&mut two.b, expected).is_ok());
        two.b.udp_close(NOW, expected);
        let closed = read(&mut two.b, expected);
        assert_eq!(closed, Err(UdpReceiveError::Closed));
    }
    let again = SocketAddr::new(B, 7);
    assert!(two.b.udp_bind(NOW, again).is_ok());
    let taken = two.b.udp_bind(NOW, again);
    assert_eq!(taken, Err(UdpBindError::InUse(again)));
}

/// RFC 6056 section 3.3.1: by chance, which two in a row do not look like.
#[test]
fn ports_are_drawn_by_chance_until_none_is_left() {
    let mut two = Two::new();
    two.a.config.limits.udp_sockets = usize::MAX;
    let mut ports = Vec::new();
    while let Ok(id) = two.a.udp_bind(NOW, SocketAddr::new(A, 0)) {
        ports.push(two.a.udp_ends(id).expect("open").0.port());
    }
    let different: HashSet<u16> = ports.iter().copied().collect();
    assert_eq!((ports.len(), different.len()), (32_768, 32_768));
    assert!(ports.iter().all(|port| *port >= 32_768));
    let neighbours = ports[..1_000]
        .windows(2)
        .filter(|pair| pair[0].abs_diff(pair[1]) == 1);
    assert!(neighbours.count() <= 2);
    let bind = two.a.udp_bind(NOW, SocketAddr::new(A, 0));
    assert_eq!(bind, Err(UdpBindError::NoPort));
}

#[test]
fn sockets_take_turns_and_a_long_datagram_keeps_nobody_waiting() {
    let mut two = Two::new();
    let (long, short) = (socket(&mut two.a, A, 1000), socket(&mut two.a, A, 1001));
    let to = Some(SocketAddr::new(B, 7));
    assert_eq!(two.a.udp_send(NOW, long, &pattern(60_000), to), Ok(()));
    assert_eq!(two.a.udp_send(NOW, short, b"x", to), Ok(()));
    let lengths: Vec<usize> = two.carry().iter().map(Vec::len).collect();
    assert_eq!(lengths[..3], [1_500, 29, 1_500]);
}

#[test]
fn what_does_not_fit_the_readers_room_is_lost_and_its_length_told() {
    let mut two = Two::new();
    let from = socket(&mut two.a, A, 1000);
    let to = socket(&mut two.b, B, 2000);
    for text in [&b"abcdef"[..], b"g"] {
        let sent = two
            .a
            .udp_send(NOW, from, text, Some(SocketAddr::new(B, 2000)));
        assert_eq!(sent, Ok(()));
    }
    two.carry();
    let mut buf = [0; 3];
    let came = two.b.udp_receive(NOW, to, &mut buf).expect("a datagram");
    assert_eq!((&buf, came.len), (b"abc", 6));
    assert_eq!(read(&mut two.b, to).expect("the next").0, b"g");
}

fn segments(stack: &mut Stack, id: UdpId, text: &[u8], size: u16, to: IpAddr) -> Outcome {
    let size = NonZeroU16::new(size).expect("not zero");
    let to = SocketAddr::new(to, 2000);
    stack.udp_send_segments(NOW, id, text, size, Some(to))
}

type Outcome = Result<(), UdpSendError>;

#[test]
fn many_that_are_handed_over_as_one_leave_one_by_one_where_nobody_cuts_them() {
    for (a, b) in FAMILIES {
        let mut two = Two::new();
        let from = socket(&mut two.a, a, 1000);
        let to = socket(&mut two.b, b, 2000);
        let text = pattern(2_500);
        assert_eq!(segments(&mut two.a, from, &text, 1_000, b), Ok(()));
        let packets = two.carry();
        let headers = packets[0].len() - 1_000;
        let lengths: Vec<usize> = packets
            .iter()
            .map(|packet| packet.len() - headers)
            .collect();
        assert_eq!(lengths, [1_000, 1_000, 500]);
        for piece in text.chunks(1_000) {
            assert_eq!(read(&mut two.b, to).expect("a datagram").0, piece);
        }
        assert_eq!(read(&mut two.b, to), Err(UdpReceiveError::WouldBlock));
    }
}

#[test]
fn they_leave_as_one_where_the_device_cuts_them() {
    for (a, b) in FAMILIES {
        let mut two = Two::carried_by(Offloads::ALL);
        let from = socket(&mut two.a, a, 1000);
        let to = socket(&mut two.b, b, 2000);
        let text = pattern(2_500);
        assert_eq!(segments(&mut two.a, from, &text, 1_000, b), Ok(()));
        let mut whole = 0;
        let packet = two.a.poll_transmit(NOW).expect("all of them");
        assert_eq!(packet.offload.gso, Some(1_000));
        // The judge is what a device does with it: Linux too is asked, in the kernel's tests.
        let cut = on_the_wire(&packet, |one| {
            whole += 1;
            two.b.receive(NOW, Received::plain(&one.to_vec()));
        });
        assert_eq!((cut, whole), (Ok(()), 3));
        for piece in text.chunks(1_000) {
            assert_eq!(read(&mut two.b, to).expect("a datagram").0, piece);
        }
        assert!(two.a.poll_transmit(NOW).is_none());
    }
}

#[test]
fn a_device_that_cuts_no_datagrams_finishes_the_checksum_of_each() {
    let mut two = Two::carried_by(Offloads {
        udp: false,
        ..Offloads::ALL
    });
    let from = socket(&mut two.a, A, 1000);
    assert_eq!(segments(&mut two.a, from, b"onetwo", 3, B), Ok(()));
    for _ in 0..2 {
        let packet = two.a.poll_transmit(NOW).expect("one of two");
        assert_eq!((packet.len(), packet.offload.gso), (31, None));
        let partial = Checksum::Partial {
            start: 20,
            offset: 6,
        };
        assert_eq!(packet.offload.checksum, partial);
    }
    assert!(two.a.poll_transmit(NOW).is_none());
}

#[test]
fn one_that_would_need_no_other_leaves_as_if_it_had_been_sent_alone() {
    for text in [&b""[..], b"abc"] {
        let mut alone = Two::carried_by(Offloads::ALL);
        let from = socket(&mut alone.a, A, 1000);
        let to = Some(SocketAddr::new(B, 2000));
        assert_eq!(alone.a.udp_send(NOW, from, text, to), Ok(()));
        let mut two = Two::carried_by(Offloads::ALL);
        let from = socket(&mut two.a, A, 1000);
        assert_eq!(segments(&mut two.a, from, text, 3, B), Ok(()));
        assert_eq!(two.carry(), alone.carry());
    }
}

#[test]
fn pieces_that_the_path_does_not_carry_and_text_that_is_no_packet_are_refused() {
    for (a, b, headers) in [(A, B, 28), (A6, B6, 48)] {
        let mut two = Two::new();
        let from = socket(&mut two.a, a, 1000);
        let fits = 1_500 - headers;
        let long = pattern(2_000);
        let refused = segments(&mut two.a, from, &long, fits + 1, b);
        let (one, most) = (usize::from(fits) + 1, usize::from(fits));
        assert_eq!(refused, Err(UdpSendError::TooLong(one, most)));
        assert_eq!(segments(&mut two.a, from, &long, fits, b), Ok(()));
        let most = 65_535 - usize::from(headers);
        let refused = segments(&mut two.a, from, &pattern(most + 1), 1_000, b);
        assert_eq!(refused, Err(UdpSendError::TooLong(most + 1, most)));
        two.carry();
        assert_eq!(segments(&mut two.a, from, &pattern(most), 1_000, b), Ok(()));
        assert_eq!(two.carry().len(), most.div_ceil(1_000));
    }
}

#[test]
fn many_handed_over_as_one_take_turns_with_others() {
    let mut two = Two::new();
    let (many, one) = (socket(&mut two.a, A, 1000), socket(&mut two.a, A, 1001));
    assert_eq!(
        segments(&mut two.a, many, &pattern(3_000), 1_000, B),
        Ok(())
    );
    let to = Some(SocketAddr::new(B, 7));
    assert_eq!(two.a.udp_send(NOW, one, b"x", to), Ok(()));
    let lengths: Vec<usize> = two.carry().iter().map(Vec::len).collect();
    assert_eq!(lengths, [1_028, 29, 1_028, 1_028]);
}
