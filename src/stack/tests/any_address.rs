//! A stack that answers for any address.

use std::net::SocketAddr;

use crate::base::Received;
use crate::ip::transmit::Outgoing;
use crate::probe::State;
use crate::stack::kit::two::{A, B, FAMILIES, NOW, Two};
use crate::stack::{
    EchoAnswer, EchoRequest, ListenError, ListenerId, UdpBindError, UdpConnectError, UdpSendError,
};

/// Where nobody lives, of either family.
const ELSEWHERE: [&str; 2] = ["203.0.113.77:8080", "[2001:db8:77::1]:8080"];

fn elsewhere() -> [SocketAddr; 2] {
    ELSEWHERE.map(|text| text.parse().expect("an address"))
}

fn everywhere(two: &mut Two) -> ListenerId {
    two.b.listen_everywhere(NOW, 8).expect("the first")
}

#[test]
fn a_connection_to_anywhere_is_accepted_and_tells_whither_it_was() {
    for there in elsewhere() {
        let mut two = Two::with(true);
        let listener = everywhere(&mut two);
        let near = two.a.open(NOW, there, None).expect("a way");
        two.carry();
        let far = two.b.accept(NOW, listener).expect("a connection");
        let pair = two.b.pair(far).expect("open");
        assert_eq!(SocketAddr::from(pair.local), there);
        assert_eq!(two.a.status(near).expect("open").state, State::Established);
        assert_eq!(two.b.write(NOW, far, b"from there"), Ok(10));
        two.carry();
        let mut room = [0; 16];
        assert_eq!(two.a.read(NOW, near, &mut room), Ok(10));
        assert_eq!(&room[..10], b"from there");
    }
}

#[test]
fn whoever_listens_just_there_goes_before_whoever_listens_everywhere() {
    let mut two = Two::with(true);
    let catch_all = everywhere(&mut two);
    let there = elsewhere()[0];
    let port = SocketAddr::from(([0, 0, 0, 0], there.port()));
    let of_port = two.b.listen(NOW, port, 8).expect("a free port");
    let here = two
        .b
        .listen(NOW, there, 8)
        .expect("it stands in for that one");
    let mut to = |text: &str| {
        let to = text.parse().expect("an address");
        two.a.open(NOW, to, None).expect("a way");
        two.carry();
        [here, of_port, catch_all].map(|id| two.b.accept(NOW, id).is_ok())
    };
    assert_eq!(to("203.0.113.77:8080"), [true, false, false]);
    assert_eq!(to("203.0.113.78:8080"), [false, true, false]);
    assert_eq!(to("203.0.113.78:8081"), [false, false, true]);
    let again = two.b.listen_everywhere(NOW, 8);
    assert!(matches!(again, Err(ListenError::InUse(_))), "{again:?}");
    two.b.unlisten(NOW, catch_all);
    everywhere(&mut two);
}

/// Ports that a listener might want are not taken by one that wants them all.
#[test]
fn it_can_still_open_connections_of_its_own() {
    for (a, _) in FAMILIES {
        let mut two = Two::with(true);
        everywhere(&mut two);
        let at_a = SocketAddr::new(a, 80);
        let listener = two.a.listen(NOW, at_a, 1).expect("a free port");
        two.b.open(NOW, at_a, None).expect("a port");
        two.carry();
        assert!(two.a.accept(NOW, listener).is_ok());
    }
}

#[test]
fn without_it_other_addresses_are_refused() {
    let mut two = Two::new();
    everywhere(&mut two);
    for there in elsewhere() {
        two.a.open(NOW, there, None).expect("a way");
        two.carry();
        assert_eq!(two.told_b.ending(), "NotOurs");
        let listen = two.b.listen(NOW, there, 1);
        assert_eq!(listen, Err(ListenError::NotOurs(there.ip())));
        let bind = two.b.udp_bind(NOW, there);
        assert_eq!(bind, Err(UdpBindError::NotOurs(there.ip())));
    }
    let ours = SocketAddr::new(B, 4_321);
    two.a.open(NOW, ours, None).expect("a way");
    two.carry();
    assert_eq!(two.told_b.ending(), "HandshakeAck");
}

// req: RFC1122-4.1.3.5-2
#[test]
fn a_datagram_to_anywhere_is_answered_from_there() {
    for there in elsewhere() {
        let mut two = Two::with(true);
        let id = two.b.udp_bind_everywhere(NOW).expect("the first");
        let again = two.b.udp_bind_everywhere(NOW);
        assert!(matches!(again, Err(UdpBindError::InUse(_))), "{again:?}");
        let local = if there.is_ipv4() {
            "0.0.0.0:0"
        } else {
            "[::]:0"
        };
        let local = local.parse().expect("an address");
        let near = two.a.udp_bind(NOW, local).expect("a port");
        assert_eq!(two.a.udp_connect(NOW, near, there), Ok(()));
        assert_eq!(two.a.udp_send(NOW, near, b"there?", None), Ok(()));
        two.carry();
        let mut room = [0; 16];
        let came = two.b.udp_receive(NOW, id, &mut room).expect("a datagram");
        assert_eq!((came.to, came.len), (there, 6));
        let sent = two.b.udp_send_from(NOW, id, b"here!", came.to, came.from);
        assert_eq!(sent, Ok(()));
        two.carry();
        // A connected socket hears nobody but whom it asked.
        let came = two.a.udp_receive(NOW, near, &mut room).expect("an answer");
        assert_eq!((came.from, &room[..came.len]), (there, &b"here!"[..]));
        let bare = two.b.udp_send(NOW, id, b"x", Some(came.to));
        assert_eq!(bare, Err(UdpSendError::Everywhere));
        let tied = two.b.udp_connect(NOW, id, came.to);
        assert_eq!(tied, Err(UdpConnectError::Everywhere));
    }
}

// req: RFC1122-4.1.3.6-1
#[test]
fn a_datagram_leaves_only_from_where_its_socket_is_bound() {
    let to = SocketAddr::new(A, 9);
    for any in [false, true] {
        let mut two = Two::with(any);
        let loose = SocketAddr::from(([0, 0, 0, 0], 1_000));
        let loose = two.b.udp_bind(NOW, loose).expect("a free port");
        let tied = two
            .b
            .udp_bind(NOW, SocketAddr::new(B, 2_000))
            .expect("a free port");
        let mut from = |id, text: &str| {
            let from = text.parse().expect("an address");
            let sent = two.b.udp_send_from(NOW, id, b"x", from, to);
            assert!(sent.is_ok() || sent == Err(UdpSendError::NotFrom(from)));
            sent.is_ok()
        };
        assert!(from(loose, "192.0.2.2:1000"));
        assert_eq!(from(loose, "203.0.113.77:1000"), any);
        assert!(!from(loose, "192.0.2.2:1001"));
        assert!(!from(loose, "224.0.0.1:1000"));
        assert!(from(tied, "192.0.2.2:2000"));
        assert!(!from(tied, "203.0.113.77:2000"));
        assert!(!from(tied, "192.0.2.2:0"));
        let everywhere = two.b.udp_bind_everywhere(NOW).expect("the first");
        let mut from = |text: &str| {
            let from = text.parse().expect("an address");
            two.b.udp_send_from(NOW, everywhere, b"x", from, to).is_ok()
        };
        assert!(from("192.0.2.2:53"));
        assert_eq!(from("203.0.113.77:53"), any);
        assert!(!from("203.0.113.77:0"));
    }
}

// req: RFC1122-3.2.2.6-4
#[test]
fn an_echo_comes_back_from_whoever_was_asked() {
    for there in elsewhere() {
        let mut two = Two::with(true);
        let id = two.a.echo_open(NOW, there.ip()).expect("a socket");
        let request = EchoRequest {
            sequence: 1,
            data: b"there?",
            hop_limit: None,
            whole: false,
        };
        assert_eq!(two.a.echo_send(NOW, id, &request), Ok(()));
        two.carry();
        let came = two.a.echo_receive(NOW, id).expect("a reply");
        assert_eq!(came.from, there.ip());
        assert_eq!(came.what, EchoAnswer::Reply(b"there?".to_vec()));
    }
}

/// Neither what no host can be, nor packets that pretend to come from us.
#[test]
fn what_is_no_host_is_not_stood_in_for() {
    for (src, dst, ending) in [
        ("192.0.2.1", "192.0.2.255", "NobodyListens"),
        ("192.0.2.1", "224.0.0.1", "NobodyListens"),
        ("192.0.2.1", "127.0.0.1", "NotOurs"),
        ("192.0.2.2", "203.0.113.77", "BadSource"),
        ("2001:db8::1", "ff02::1", "NobodyListens"),
        ("2001:db8::1", "::1", "NotOurs"),
        ("2001:db8::2", "2001:db8:77::1", "BadSource"),
    ] {
        let mut two = Two::with(true);
        let (src, dst) = (src.parse().expect("one"), dst.parse().expect("another"));
        let outgoing = Outgoing::new(src, dst, 17);
        let mut packet = vec![0; outgoing.header_len()];
        outgoing.emit(0, &mut packet);
        two.b.receive(NOW, Received::plain(&packet));
        assert_eq!(two.told_b.ending(), ending, "{src} {dst}");
    }
}
