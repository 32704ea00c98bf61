use std::io::ErrorKind;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;

use ::tokio::io::{AsyncReadExt, AsyncWriteExt};
use ::tokio::runtime::Builder;
use ::tokio::{spawn, task::yield_now};

use super::*;
use crate::net::tests::{addr, bounded, hasty_networks, two_networks};

/// Runs a task on a runtime of one thread and without drivers of any kind.
pub(super) fn run<F: Future<Output = ()>>(task: impl FnOnce() -> F + Send + 'static) {
    bounded(|| {
        let runtime = Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(task());
    });
}

async fn connection(a: &Network, b: &Network) -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind(b, addr(7)).expect("a listener");
    let client = TcpStream::connect(a, addr(7)).await.expect("a connection");
    let (server, peer) = listener.accept().await.expect("its other end");
    assert_eq!(peer, client.local_addr().expect("known"));
    assert_eq!(client.peer_addr().expect("known"), addr(7));
    (client, server)
}

fn text(len: usize, seed: usize) -> Vec<u8> {
    (0..len).map(|i| ((i + seed) % 251) as u8).collect()
}

#[test]
fn what_is_written_comes_back_from_an_echo() {
    run(async || {
        let (a, b) = two_networks();
        let (mut client, server) = connection(&a, &b).await;
        let echo = spawn(async {
            let (mut reading, mut writing) = server.into_split();
            ::tokio::io::copy(&mut reading, &mut writing).await
        });
        for round in 0..100 {
            let sent = text(round + 1, round);
            client.write_all(&sent).await.expect("room");
            let mut got = vec![0; sent.len()];
            client.read_exact(&mut got).await.expect("the echo");
            assert_eq!(got, sent);
        }
        drop(client);
        let copied = echo.await.expect("no panic").expect("an orderly end");
        assert_eq!(copied, 5050);
    });
}

#[test]
fn eight_mebibytes_arrive_whole_both_ways_at_once() {
    run(async || {
        let (a, b) = two_networks();
        let (client, server) = connection(&a, &b).await;
        let both = [(client, 3), (server, 5)].map(|(stream, seed)| {
            let (mut reading, mut writing) = ::tokio::io::split(stream);
            let writer = spawn(async move {
                writing.write_all(&text(8 << 20, seed)).await?;
                writing.shutdown().await
            });
            let reader = spawn(async move {
                let mut got = Vec::new();
                reading.read_to_end(&mut got).await.map(|_| got)
            });
            (reader, writer)
        });
        for ((reader, writer), seed) in both.into_iter().zip([5, 3]) {
            writer.await.expect("no panic").expect("written");
            let got = reader.await.expect("no panic").expect("whole");
            assert!(got == text(8 << 20, seed));
        }
    });
}

#[test]
fn a_half_closed_connection_goes_on_in_the_other_direction() {
    run(async || {
        let (a, b) = two_networks();
        let (mut client, mut server) = connection(&a, &b).await;
        client.write_all(b"question").await.expect("room");
        client.shutdown().await.expect("open");
        let mut got = Vec::new();
        server.read_to_end(&mut got).await.expect("whole");
        assert_eq!(got, b"question");
        server.write_all(b"answer").await.expect("room");
        drop(server);
        got.clear();
        client.read_to_end(&mut got).await.expect("whole");
        assert_eq!(got, b"answer");
    });
}

#[test]
fn dropping_the_half_that_writes_ends_that_direction_alone() {
    run(async || {
        let (a, b) = two_networks();
        let (client, mut server) = connection(&a, &b).await;
        let (mut reading, writing) = client.into_split();
        drop(writing);
        assert_eq!(server.read(&mut [0; 1]).await.expect("the end"), 0);
        server.write_all(b"x").await.expect("room");
        let mut got = [0];
        reading.read_exact(&mut got).await.expect("open");
        drop(reading);
        assert_eq!(server.read(&mut [0; 1]).await.expect("the end"), 0);
    });
}

#[test]
fn a_port_where_nobody_listens_refuses() {
    run(async || {
        let (a, _b) = two_networks();
        let error = TcpStream::connect(&a, addr(7))
            .await
            .expect_err("nobody listens");
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn a_reset_is_an_error_on_both_sides_of_a_task() {
    run(async || {
        let (a, b) = two_networks();
        let (client, mut server) = connection(&a, &b).await;
        client.set_zero_linger().expect("up");
        drop(client);
        let error = server.read(&mut [0; 1]).await.expect_err("reset");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        let error = server.write(b"x").await.expect_err("reset");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert!(server.take_error().expect("up").is_some());
    });
}

#[test]
fn giving_up_a_connect_forgets_the_connection() {
    run(async || {
        let (a, _b) = two_networks();
        let nobody = ([10, 0, 0, 99], 7).into();
        let mut connecting = Box::pin(TcpStream::connect(&a, nobody));
        poll_fn(|cx| {
            assert!(connecting.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        assert_eq!(a.counts().expect("up").0, 1);
        drop(connecting);
        assert_eq!(a.counts().expect("up").0, 0);
    });
}

#[test]
fn tasks_that_wait_to_accept_lose_nothing_when_others_give_up() {
    run(async || {
        let (a, b) = two_networks();
        let listener = TcpListener::bind(&b, addr(7)).expect("a listener");
        let mut first = Box::pin(listener.accept());
        let mut second = Box::pin(listener.accept());
        poll_fn(|cx| {
            assert!(first.as_mut().poll(cx).is_pending());
            assert!(second.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        drop(first);
        let client = TcpStream::connect(&a, addr(7)).await.expect("a connection");
        let (_server, peer) = second.await.expect("its other end");
        assert_eq!(peer, client.local_addr().expect("known"));
    });
}

#[test]
fn two_hundred_tasks_talk_at_once() {
    run(async || {
        let (a, b) = two_networks();
        let listener = TcpListener::bind_with_backlog(&b, addr(7), 256).expect("a listener");
        let server = spawn(async move {
            for _ in 0..200 {
                let (mut stream, _) = listener.accept().await.expect("a connection");
                spawn(async move {
                    let mut got = Vec::new();
                    stream.read_to_end(&mut got).await.expect("whole");
                    stream.write_all(&got).await.expect("room");
                });
            }
        });
        let clients = (0..200).map(|number| {
            let a = a.clone();
            spawn(async move {
                let mut stream = TcpStream::connect(&a, addr(7)).await.expect("a connection");
                let sent = text(5_000, number);
                stream.write_all(&sent).await.expect("room");
                stream.shutdown().await.expect("open");
                let mut got = Vec::new();
                stream.read_to_end(&mut got).await.expect("whole");
                assert!(got == sent, "{number}");
            })
        });
        for client in clients.collect::<Vec<_>>() {
            client.await.expect("no panic");
        }
        server.await.expect("no panic");
    });
}

#[test]
fn stopping_the_network_wakes_its_tasks_with_an_error() {
    run(async || {
        let (a, b) = two_networks();
        let (mut client, _server) = connection(&a, &b).await;
        let reader = spawn(async move { client.read(&mut [0; 1]).await });
        yield_now().await;
        let stopper = thread::spawn(move || a.stop());
        let error = reader.await.expect("no panic").expect_err("stopped");
        assert_eq!(error.kind(), ErrorKind::NetworkDown);
        stopper.join().expect("no panic");
    });
}

#[test]
fn a_task_that_always_finds_text_lets_others_run() {
    run(async || {
        let (a, b) = two_networks();
        let (mut client, mut server) = connection(&a, &b).await;
        client.write_all(&text(500_000, 0)).await.expect("room");
        let stage = Arc::<AtomicU8>::default();
        let shown = Arc::clone(&stage);
        let greedy = spawn(async move {
            while server.status().expect("up").unread < 500_000 {
                yield_now().await;
            }
            shown.store(1, Ordering::Relaxed);
            // A byte a read, and none of them has to wait.
            for _ in 0..500_000 {
                server.read_u8().await.expect("whole");
            }
            shown.store(2, Ordering::Relaxed);
        });
        while stage.load(Ordering::Relaxed) == 0 {
            yield_now().await;
        }
        // On one thread this is reached in the middle of it, or after it.
        assert_eq!(stage.load(Ordering::Relaxed), 1);
        greedy.await.expect("no panic");
    });
}

#[test]
fn a_request_goes_with_the_first_packet_once_there_is_a_cookie() {
    run(async || {
        let (a, b, taken) = hasty_networks();
        let listener = TcpListener::bind(&b, addr(7)).expect("a listener");
        listener.set_fast_open(16).expect("a network");
        for round in 0..2 {
            let client = TcpStream::connect_with(&a, addr(7), b"request").await;
            let (_client, written) = client.expect("a connection");
            assert_eq!(written, 7);
            let (mut server, _) = listener.accept().await.expect("its other end");
            let mut buf = [0; 7];
            server.read_exact(&mut buf).await.expect("the request");
            assert_eq!(&buf, b"request");
            assert_eq!(taken.load(Ordering::Relaxed), round);
        }
    });
}
