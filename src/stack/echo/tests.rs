use std::net::{Ipv4Addr, Ipv6Addr};

use super::super::Notice;
use super::super::kit::pattern;
use super::super::kit::two::{A, A_TOO, A6, B, B6, FAMILIES, NOW, Two};
use super::*;
use crate::base::Received;
use crate::wire::icmp::Unreachable;

const PLAIN: EchoRequest<'static> = EchoRequest {
    sequence: 7,
    data: b"abcdefgh",
    hop_limit: None,
    whole: false,
};

fn answer(two: &mut Two, id: EchoId) -> Result<EchoCame, EchoReceiveError> {
    two.a.echo_receive(NOW, id)
}

/// TTL or hop limit of a packet, and whether routers may not cut it.
fn head(packet: &[u8]) -> (u8, bool) {
    match ipv4::parse(packet) {
        Ok((header, _)) => (header.ttl, header.dont_fragment),
        Err(_) => {
            let (header, _) = ipv6::parse(packet).expect("either family");
            (header.hop_limit, true)
        }
    }
}

// req: RFC1122-3.2.2.6-2, RFC4443-4.2-3
#[test]
fn an_application_asks_and_gets_its_own_data_back() {
    for (a, b) in FAMILIES {
        let mut two = Two::new();
        let id = two.a.echo_open(NOW, b).expect("a socket");
        let (local, remote, identifier) = two.a.echo_ends(id).expect("open");
        assert_eq!((local, remote), (a, b));
        for (sequence, len) in [(1, 0), (2, 8), (u16::MAX, 60_000)] {
            let data = pattern(len);
            let request = EchoRequest {
                sequence,
                data: &data,
                ..PLAIN
            };
            assert_eq!(two.a.echo_send(NOW, id, &request), Ok(()));
            let sent = two.carry();
            // RFC 792, RFC 4443 section 4.1: type, code, checksum, identifier, sequence.
            if let [packet] = &sent[..] {
                let message = &packet[if b.is_ipv4() { 20 } else { 40 }..];
                assert_eq!(&message[..2], &[if b.is_ipv4() { 8 } else { 128 }, 0]);
                assert_eq!(&message[4..6], &identifier.to_be_bytes());
                assert_eq!(&message[6..8], &sequence.to_be_bytes());
                assert_eq!(&message[8..], &data);
            }
            let expected = EchoCame {
                at: NOW,
                from: b,
                hop_limit: 64,
                sequence,
                what: EchoAnswer::Reply(data),
            };
            assert_eq!(answer(&mut two, id), Ok(expected));
        }
        assert_eq!(answer(&mut two, id), Err(EchoReceiveError::WouldBlock));
        let notices: Vec<Notice> = std::iter::from_fn(|| two.a.poll_notice()).collect();
        assert_eq!(notices, [Notice::Echo(id, Wake::READABLE)]);
    }
}

#[test]
fn a_request_may_have_a_hop_limit_and_be_kept_whole() {
    for (_, b) in FAMILIES {
        let mut two = Two::new();
        let id = two.a.echo_open(NOW, b).expect("a socket");
        let near = EchoRequest {
            hop_limit: Some(3),
            ..PLAIN
        };
        assert_eq!(two.a.echo_send(NOW, id, &near), Ok(()));
        assert_eq!(head(&two.carry()[0]), (3, true));
        // 1500 less the headers of IP and ICMP.
        let most = 1_500 - if b.is_ipv4() { 28 } else { 48 };
        let data = pattern(most + 1);
        let whole = |len| EchoRequest {
            data: &data[..len],
            whole: true,
            ..PLAIN
        };
        let sent = two.a.echo_send(NOW, id, &whole(most + 1));
        assert_eq!(sent, Err(EchoSendError::TooLong(most + 1, most)));
        assert_eq!(two.a.echo_send(NOW, id, &whole(most)), Ok(()));
        assert_eq!(two.carry().len(), 1);
        let cut = EchoRequest {
            whole: false,
            ..whole(most + 1)
        };
        assert_eq!(two.a.echo_send(NOW, id, &cut), Ok(()));
        let sent = two.carry();
        assert_eq!(sent.len(), 2);
        assert!(b.is_ipv6() || !head(&sent[0]).1);
    }
}

/// The longest that a length field can say.
#[test]
fn no_request_is_longer_than_ip_allows() {
    for (_, b) in FAMILIES {
        let mut two = Two::new();
        let id = two.a.echo_open(NOW, b).expect("a socket");
        let most = if b.is_ipv4() { 65_507 } else { 65_527 };
        let data = pattern(most + 1);
        let request = |len| EchoRequest {
            data: &data[..len],
            ..PLAIN
        };
        let sent = two.a.echo_send(NOW, id, &request(most + 1));
        assert_eq!(sent, Err(EchoSendError::TooLong(most + 1, most)));
        assert_eq!(two.a.echo_send(NOW, id, &request(most)), Ok(()));
        two.carry();
        let came = answer(&mut two, id).expect("a reply");
        assert_eq!(came.what, EchoAnswer::Reply(data[..most].to_vec()));
    }
}

/// A whole packet: an ICMP message from `from` to `to`.
fn packet(from: IpAddr, to: IpAddr, message: &Message<'_>) -> Vec<u8> {
    let outgoing = Outgoing::new(from, to, protocol(to));
    let (head, len) = (outgoing.header_len(), message.message_len());
    let mut packet = vec![0; head + len];
    let (ip, body) = packet.split_at_mut(head);
    outgoing.emit(len, ip);
    message.emit(from, to, body);
    packet
}

// req: RFC1122-3.2.2.4-1, RFC4443-3.3-1
#[test]
fn an_error_about_a_request_comes_to_whoever_asked_with_the_name_of_the_router() {
    let routers = [
        IpAddr::V4(Ipv4Addr::new(198, 51, 100, 9)),
        IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 9, 0, 0, 0, 0, 9)),
    ];
    for ((a, b), router) in FAMILIES.into_iter().zip(routers) {
        let mut two = Two::new();
        let id = two.a.echo_open(NOW, b).expect("a socket");
        let other = two.a.echo_open(NOW, b).expect("another");
        for problem in [
            Problem::HopLimitExceeded,
            Problem::Unreachable(Unreachable::Host),
        ] {
            assert_eq!(two.a.echo_send(NOW, id, &PLAIN), Ok(()));
            let quote = two.a.poll_transmit(NOW).expect("a request").to_vec();
            let quote = &quote;
            let error = packet(router, a, &Message::Error { problem, quote });
            two.a.receive(NOW, Received::plain(&error));
            assert_eq!(two.told_a.ending(), "IcmpError");
            let expected = EchoCame {
                at: NOW,
                from: router,
                hop_limit: 64,
                sequence: 7,
                what: EchoAnswer::Error(problem),
            };
            assert_eq!(answer(&mut two, id), Ok(expected));
            assert_eq!(answer(&mut two, other), Err(EchoReceiveError::WouldBlock));
        }
    }
}

#[test]
fn what_nobody_asked_for_is_dropped() {
    let mut two = Two::new();
    let id = two.a.echo_open(NOW, B).expect("a socket");
    let (.., identifier) = two.a.echo_ends(id).expect("open");
    let mut reply = |from, to, identifier| {
        let message = Message::EchoReply(Echo {
            identifier,
            sequence: 1,
            data: b"",
        });
        let reply = packet(from, to, &message);
        two.a.receive(NOW, Received::plain(&reply));
        two.told_a.ending()
    };
    assert_eq!(reply(B, A, identifier ^ 1), "NobodyAsked");
    let stranger = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 9));
    assert_eq!(reply(stranger, A, identifier), "NobodyAsked");
    assert_eq!(reply(B, A_TOO, identifier), "NobodyAsked");
    assert_eq!(reply(B6, A6, identifier), "NobodyAsked");
    assert_eq!(reply(B, A, identifier), "EchoReply");
    two.a.echo_close(NOW, id);
    let message = Message::EchoReply(Echo {
        identifier,
        sequence: 1,
        data: b"",
    });
    two.a.receive(NOW, Received::plain(&packet(B, A, &message)));
    assert_eq!(two.told_a.ending(), "NobodyAsked");
    assert_eq!(answer(&mut two, id), Err(EchoReceiveError::Closed));
    let sent = two.a.echo_send(NOW, id, &PLAIN);
    assert_eq!(sent, Err(EchoSendError::Closed));
}

#[test]
fn nobody_is_asked_who_cannot_answer() {
    let mut two = Two::new();
    let mut open = |addr: &str| {
        let addr: IpAddr = addr.parse().expect("an address");
        (addr, two.a.echo_open(NOW, addr).map(|_| ()))
    };
    for nobody in [
        "0.0.0.0",
        "127.0.0.1",
        "224.0.0.1",
        "192.0.2.255",
        "::",
        "::1",
        "ff02::1",
    ] {
        let (addr, opened) = open(nobody);
        assert_eq!(opened, Err(EchoOpenError::BadRemote(addr)));
    }
    let (addr, opened) = open("192.0.2.1");
    assert_eq!(opened, Err(EchoOpenError::Itself(addr)));
    for _ in 0..256 {
        assert_eq!(open("192.0.2.2").1, Ok(()));
    }
    assert_eq!(open("192.0.2.2").1, Err(EchoOpenError::TooMany(256)));
}

/// robustness: 256 answers wait to be read, and 256 requests to be sent.
#[test]
fn what_waits_is_bounded_and_room_is_told() {
    let mut two = Two::new();
    let id = two.a.echo_open(NOW, B).expect("a socket");
    for _ in 0..256 {
        assert_eq!(two.a.echo_send(NOW, id, &PLAIN), Ok(()));
    }
    let sent = two.a.echo_send(NOW, id, &PLAIN);
    assert_eq!(sent, Err(EchoSendError::WouldBlock));
    two.carry();
    let wake = Wake::READABLE | Wake::WRITABLE;
    assert_eq!(two.a.poll_notice(), Some(Notice::Echo(id, wake)));
    assert_eq!(two.a.echo_send(NOW, id, &PLAIN), Ok(()));
    two.carry();
    assert_eq!(two.told_a.ending(), "QueueFull");
    assert!(answer(&mut two, id).is_ok());
    assert_eq!(two.a.echo_send(NOW, id, &PLAIN), Ok(()));
    two.carry();
    assert_eq!(two.told_a.ending(), "EchoReply");
}
