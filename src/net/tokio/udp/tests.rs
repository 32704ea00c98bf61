use std::io::ErrorKind;

use ::tokio::{spawn, task::yield_now};

use super::super::tests::run;
use super::*;
use crate::net::tests::{addr, two_networks};

fn any() -> SocketAddr {
    ([0; 4], 0).into()
}

#[test]
fn datagrams_go_there_and_back() {
    run(async || {
        let (a, b) = two_networks();
        let near = UdpSocket::bind(&a, any()).expect("a free port");
        let far = UdpSocket::bind(&b, addr(7)).expect("a free port");
        let echo = spawn(async move {
            let mut room = vec![0; 65_535];
            for _ in 0..3 {
                let (len, from) = far.recv_from(&mut room).await?;
                far.send_to(&room[..len], from).await?;
            }
            io::Result::Ok(())
        });
        near.connect(addr(7)).expect("a way");
        for len in [1, 1_472, 60_000] {
            let text: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
            assert_eq!(near.send(&text).await.expect("room"), text.len());
            let mut room = vec![0; 65_535];
            let got = near.recv(&mut room).await.expect("the echo");
            assert_eq!(&room[..got], text);
        }
        echo.await.expect("no panic").expect("three datagrams");
    });
}

#[test]
fn a_future_that_is_dropped_loses_nothing_and_leaves_no_place() {
    run(async || {
        let (a, b) = two_networks();
        let near = UdpSocket::bind(&a, any()).expect("a free port");
        let far = UdpSocket::bind(&b, addr(7)).expect("a free port");
        let mut room = [0; 3];
        let given_up = async {
            ::tokio::select! {
                biased;
                _ = far.recv_from(&mut room) => false,
                () = yield_now() => true,
            }
        };
        assert!(given_up.await);
        let waiting = b.shared().waiting();
        assert_eq!(waiting, Some(0));
        near.send_to(b"one", addr(7)).await.expect("room");
        let (len, _) = far.recv_from(&mut room).await.expect("a datagram");
        assert_eq!(&room[..len], b"one");
    });
}

#[test]
fn a_connected_one_is_told_that_nobody_is_there() {
    run(async || {
        let (a, _b) = two_networks();
        let near = UdpSocket::bind(&a, any()).expect("a free port");
        near.connect(addr(8)).expect("a way");
        near.send(b"x").await.expect("room");
        let refused = near.recv(&mut [0]).await.expect_err("nobody is there");
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn many_are_handed_over_at_once() {
    run(async || {
        let (a, b) = two_networks();
        let near = UdpSocket::bind(&a, any()).expect("a free port");
        let far = UdpSocket::bind(&b, addr(7)).expect("a free port");
        let size = NonZeroU16::new(3).expect("not zero");
        let sent = near.send_segments_to(b"onetwo", size, addr(7)).await;
        assert_eq!(sent.expect("room"), 6);
        near.connect(addr(7)).expect("a way");
        near.send_segments(b"sixten", size).await.expect("room");
        for text in [b"one", b"two", b"six", b"ten"] {
            let mut room = [0; 4];
            let (len, _) = far.recv_from(&mut room).await.expect("a datagram");
            assert_eq!(&room[..len], text);
        }
    });
}
