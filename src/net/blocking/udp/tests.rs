use std::io::ErrorKind;
use std::thread;

use super::*;
use crate::net::tests::{addr, bounded, two_networks};

const ANY: ([u8; 4], u16) = ([0; 4], 0);

/// A socket of the first network, and one of the second at [`addr`].
fn two_sockets() -> (Network, Network, UdpSocket, UdpSocket) {
    let (a, b) = two_networks();
    let near = UdpSocket::bind(&a, ANY.into()).expect("a free port");
    let far = UdpSocket::bind(&b, addr(7)).expect("a free port");
    (a, b, near, far)
}

fn text(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i % 251) as u8).collect()
}

#[test]
fn datagrams_go_there_and_back_and_keep_their_borders() {
    bounded(|| {
        let (_a, _b, near, far) = two_sockets();
        assert_eq!(far.local_addr().expect("bound"), addr(7));
        let echo = thread::spawn(move || -> io::Result<()> {
            let mut room = vec![0; 65_535];
            for _ in 0..4 {
                let (len, from) = far.recv_from(&mut room)?;
                far.send_to(&room[..len], from)?;
            }
            Ok(())
        });
        let mut room = vec![0; 65_535];
        for len in [1, 0, 1_472, 60_000] {
            assert_eq!(near.send_to(&text(len), addr(7)).expect("room"), len);
            let (got, from) = near.recv_from(&mut room).expect("the echo");
            assert_eq!((&room[..got], from), (&text(len)[..], addr(7)));
        }
        echo.join().expect("no panic").expect("four datagrams");
    });
}

#[test]
fn a_connected_one_is_told_that_nobody_is_there() {
    bounded(|| {
        let (_a, _b, near, _far) = two_sockets();
        assert_eq!(
            near.send(b"x").expect_err("no peer").kind(),
            ErrorKind::NotConnected
        );
        assert_eq!(
            near.recv(&mut [0]).expect_err("no peer").kind(),
            ErrorKind::NotConnected
        );
        assert_eq!(
            near.peer_addr().expect_err("no peer").kind(),
            ErrorKind::NotConnected
        );
        near.connect(addr(8)).expect("a way");
        assert_eq!(near.peer_addr().expect("connected"), addr(8));
        near.send(b"x").expect("room");
        let refused = near.recv(&mut [0]).expect_err("nobody is there");
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        let said = "a datagram to 10.0.0.2:8: nobody there has the port";
        assert_eq!(refused.to_string(), said);
        assert!(near.take_error().expect("up").is_none());
    });
}

#[test]
fn waiting_ends_with_the_timeout_and_with_the_network() {
    bounded(|| {
        let (a, _b, near, _far) = two_sockets();
        near.set_read_timeout(Some(Duration::from_millis(1)))
            .expect("some time");
        assert_eq!(
            near.recv_from(&mut [0]).expect_err("nothing").kind(),
            ErrorKind::WouldBlock
        );
        near.set_read_timeout(None).expect("for ever");
        let waiting = near.try_clone().expect("a handle");
        let waits = thread::spawn(move || waiting.recv_from(&mut [0]));
        a.stop();
        let down = waits
            .join()
            .expect("no panic")
            .expect_err("the network is down");
        assert_eq!(down.kind(), ErrorKind::NetworkDown);
    });
}

/// What the other reads nothing of is lost there, not kept here.
#[test]
fn a_writer_waits_for_room_and_gets_it() {
    bounded(|| {
        let (_a, _b, near, _far) = two_sockets();
        for _ in 0..2_000 {
            near.send_to(&text(1_000), addr(7)).expect("room at last");
        }
    });
}

#[test]
fn errors_have_the_kinds_that_std_has() {
    let (a, _b, near, _far) = two_sockets();
    let bind = |local: ([u8; 4], u16)| UdpSocket::bind(&a, local.into());
    let kind = |made: io::Result<UdpSocket>| made.expect_err("refused").kind();
    assert_eq!(kind(bind(([10, 0, 0, 2], 1))), ErrorKind::AddrNotAvailable);
    let port = near.local_addr().expect("bound").port();
    assert_eq!(kind(bind(([0; 4], port))), ErrorKind::AddrInUse);
    let send = |len, to: SocketAddr| near.send_to(&text(len), to).expect_err("refused").kind();
    assert_eq!(send(1, addr(0)), ErrorKind::InvalidInput);
    assert_eq!(send(65_508, addr(7)), ErrorKind::InvalidInput);
    let v6 = SocketAddr::from(([0xfd90, 0, 0, 0, 0, 0, 0, 2], 7));
    assert_eq!(send(1, v6), ErrorKind::NetworkUnreachable);
}

#[test]
fn many_are_handed_over_at_once_and_each_keeps_its_borders() {
    bounded(|| {
        let (_a, _b, near, far) = two_sockets();
        let size = NonZeroU16::new(1_000).expect("not zero");
        let all = text(2_500);
        let sent = near.send_segments_to(&all, size, addr(7)).expect("room");
        assert_eq!(sent, 2_500);
        near.connect(addr(7)).expect("a way");
        near.send_segments(&all, size).expect("room");
        let mut room = vec![0; 65_535];
        for piece in all.chunks(1_000).chain(all.chunks(1_000)) {
            let (len, _) = far.recv_from(&mut room).expect("a datagram");
            assert_eq!(&room[..len], piece);
        }
        let size = NonZeroU16::new(1_473).expect("not zero");
        let refused = near.send_segments(&all, size).expect_err("too long");
        assert_eq!(refused.kind(), ErrorKind::InvalidInput);
        let said = "a datagram of 1473 bytes is too long: at most 1472 go there";
        assert_eq!(refused.to_string(), said);
    });
}
