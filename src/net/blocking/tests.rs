use std::error::Error;
use std::io::{BufRead, ErrorKind};
use std::thread;

use super::*;
use crate::net::tests::{addr, bounded, connection, two_networks, two_offloading_networks};
use crate::probe::State;
use crate::stack::Failure;

/// Bytes that do not repeat with any power of two.
fn text(len: usize, seed: usize) -> Vec<u8> {
    (0..len).map(|i| ((i + seed) % 251) as u8).collect()
}

fn read_all(mut stream: &TcpStream) -> io::Result<Vec<u8>> {
    let mut got = Vec::new();
    stream.read_to_end(&mut got).map(|_| got)
}

#[test]
fn what_is_written_comes_back_from_an_echo() {
    bounded(|| {
        let (a, b) = two_networks();
        let (mut client, mut server) = connection(&a, &b);
        assert_eq!(client.peer_addr().expect("known"), addr(7));
        let echo = thread::spawn(move || -> io::Result<()> {
            let mut room = [0; 100];
            loop {
                let len = server.read(&mut room)?;
                if len == 0 {
                    return Ok(());
                }
                server.write_all(&room[..len])?;
            }
        });
        for round in 0..100 {
            let sent = text(round + 1, round);
            client.write_all(&sent).expect("room");
            let mut got = vec![0; sent.len()];
            client.read_exact(&mut got).expect("the echo");
            assert_eq!(got, sent);
        }
        drop(client);
        echo.join().expect("no panic").expect("an orderly end");
    });
}

#[test]
fn eight_mebibytes_arrive_whole_both_ways_at_once() {
    bounded(|| {
        let (a, b) = two_networks();
        let (client, server) = connection(&a, &b);
        let work = [(client, 3), (server, 5)].map(|(mut stream, seed)| {
            let reading = stream.try_clone().expect("a handle");
            let reader = thread::spawn(move || read_all(&reading));
            let writer = thread::spawn(move || {
                stream.write_all(&text(8 << 20, seed))?;
                stream.shutdown(Shutdown::Write)
            });
            (reader, writer)
        });
        let read = work.map(|(reader, writer)| {
            writer.join().expect("no panic").expect("written");
            reader.join().expect("no panic").expect("whole")
        });
        // No `assert_eq`: it would print megabytes.
        assert!(read[0] == text(8 << 20, 5));
        assert!(read[1] == text(8 << 20, 3));
    });
}

#[test]
fn a_half_closed_connection_goes_on_in_the_other_direction() {
    bounded(|| {
        let (a, b) = two_networks();
        let (mut client, mut server) = connection(&a, &b);
        client.write_all(b"question").expect("room");
        client.shutdown(Shutdown::Write).expect("open");
        assert_eq!(read_all(&server).expect("whole"), b"question");
        server.write_all(b"answer").expect("room");
        drop(server);
        assert_eq!(read_all(&client).expect("whole"), b"answer");
        let error = client.write(b"more").expect_err("shut down");
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_port_where_nobody_listens_refuses() {
    bounded(|| {
        let (a, _b) = two_networks();
        let error = TcpStream::connect(&a, addr(7)).expect_err("nobody listens");
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        let source = error.get_ref().and_then(|inner| inner.downcast_ref());
        assert_eq!(source, Some(&Failure::Refused));
        assert_eq!(a.counts().expect("up"), (0, 0, 0));
    });
}

#[test]
fn an_address_where_nobody_answers_times_out() {
    bounded(|| {
        let (a, _b) = two_networks();
        let nobody = ([10, 0, 0, 99], 7).into();
        let error = TcpStream::connect_timeout(&a, nobody, Duration::from_millis(10))
            .expect_err("no answer");
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert_eq!(a.counts().expect("up"), (0, 0, 0), "it is given up");
        let error = TcpStream::connect_timeout(&a, nobody, Duration::ZERO).expect_err("no time");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    });
}

#[test]
fn addresses_that_cannot_be_used_are_refused_by_kind() {
    bounded(|| {
        let (a, b) = two_networks();
        let kind =
            |remote: SocketAddr| TcpStream::connect(&a, remote).expect_err("unusable").kind();
        assert_eq!(kind(addr(0)), ErrorKind::InvalidInput);
        assert_eq!(kind(([0; 8], 7).into()), ErrorKind::InvalidInput);
        let v6 = ([0xfd00, 0, 0, 0, 0, 0, 0, 1], 7).into();
        assert_eq!(kind(v6), ErrorKind::NetworkUnreachable);

        let first = TcpListener::bind(&b, addr(7)).expect("free");
        let kind = |local| TcpListener::bind(&b, local).expect_err("unusable").kind();
        assert_eq!(kind(addr(7)), ErrorKind::AddrInUse);
        assert_eq!(kind(([10, 0, 0, 3], 7).into()), ErrorKind::AddrNotAvailable);
        drop(first);
        TcpListener::bind(&b, addr(7)).expect("free again");
    });
}

#[test]
fn a_linger_time_of_zero_resets_the_peer() {
    bounded(|| {
        let (a, b) = two_networks();
        let (client, server) = connection(&a, &b);
        client.set_linger(Some(Duration::ZERO)).expect("up");
        assert_eq!(client.linger().expect("up"), Some(Duration::ZERO));
        drop(client);
        let error = read_all(&server).expect_err("reset");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        let source = error.source().map(ToString::to_string);
        assert_eq!(error.to_string(), Failure::Reset.to_string(), "{source:?}");
        let later = server.take_error().expect("up").expect("it ended badly");
        assert_eq!(later.kind(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn dropping_a_stream_with_text_unread_resets_the_peer() {
    bounded(|| {
        let (a, b) = two_networks();
        let (client, mut server) = connection(&a, &b);
        server.write_all(b"unread").expect("room");
        while client.status().expect("up").unread == 0 {
            thread::yield_now();
        }
        drop(client);
        let error = read_all(&server).expect_err("reset");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn lingering_waits_until_all_is_acknowledged() {
    bounded(|| {
        let (a, b) = two_networks();
        let (mut client, server) = connection(&a, &b);
        let sent = text(200_000, 1);
        client
            .set_linger(Some(Duration::from_secs(15)))
            .expect("up");
        client.write_all(&sent).expect("room");
        drop(client);
        // It is there though nobody has asked for it.
        let status = server.status().expect("up");
        assert_eq!(
            (status.unread, status.state),
            (sent.len(), State::CloseWait)
        );
        assert!(read_all(&server).expect("whole") == sent);
    });
}

#[test]
fn a_connection_stays_open_until_its_last_handle_is_dropped() {
    bounded(|| {
        let (a, b) = two_networks();
        let (mut client, mut server) = connection(&a, &b);
        drop(client.try_clone().expect("a handle"));
        client.write_all(b"still here").expect("open");
        let mut got = [0; 10];
        server.read_exact(&mut got).expect("open");
        drop(client);
        assert_eq!(server.read(&mut got).expect("an orderly end"), 0);
    });
}

#[test]
fn a_read_gives_up_after_its_timeout_and_loses_nothing() {
    bounded(|| {
        let (a, b) = two_networks();
        let (mut client, mut server) = connection(&a, &b);
        let timeout = Some(Duration::from_millis(5));
        client.set_read_timeout(timeout).expect("some time");
        assert_eq!(client.read_timeout().expect("known"), timeout);
        let error = client.read(&mut [0; 1]).expect_err("nothing comes");
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        client.set_read_timeout(None).expect("for ever");
        server.write_all(b"late").expect("room");
        let mut got = [0; 4];
        client.read_exact(&mut got).expect("it comes");
        assert_eq!(&got, b"late");
        let error = client.set_read_timeout(Some(Duration::ZERO));
        assert_eq!(error.expect_err("no time").kind(), ErrorKind::InvalidInput);
    });
}

#[test]
fn a_write_gives_up_after_its_timeout_when_nobody_reads() {
    bounded(|| {
        let (a, b) = two_networks();
        let (mut client, server) = connection(&a, &b);
        let timeout = Some(Duration::from_millis(5));
        client.set_write_timeout(timeout).expect("some time");
        assert_eq!(client.write_timeout().expect("known"), timeout);
        let chunk = text(100_000, 0);
        let mut written = 0;
        let error = loop {
            match client.write(&chunk) {
                Ok(len) => written += len,
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        drop(client);
        assert_eq!(read_all(&server).expect("whole").len(), written);
    });
}

#[test]
fn a_shut_down_reader_wakes_and_reads_nothing_more() {
    bounded(|| {
        let (a, b) = two_networks();
        let (client, _server) = connection(&a, &b);
        let mut reading = client.try_clone().expect("a handle");
        let reader = thread::spawn(move || reading.read(&mut [0; 1]));
        client.shutdown(Shutdown::Read).expect("open");
        assert_eq!(reader.join().expect("no panic").expect("the end"), 0);
        client.shutdown(Shutdown::Both).expect("open");
        let error = (&client).write(b"x").expect_err("shut down");
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn all_who_read_the_same_connection_see_its_end() {
    bounded(|| {
        let (a, b) = two_networks();
        let (client, server) = connection(&a, &b);
        let readers = [(); 3].map(|()| {
            let mut reading = client.try_clone().expect("a handle");
            thread::spawn(move || reading.read(&mut [0; 1]))
        });
        drop(server);
        for reader in readers {
            assert_eq!(reader.join().expect("no panic").expect("the end"), 0);
        }
    });
}

#[test]
fn two_hundred_connections_talk_at_once() {
    bounded(|| {
        let (a, b) = two_networks();
        let listener = TcpListener::bind_with_backlog(&b, addr(7), 256).expect("a listener");
        let servers = thread::spawn(move || {
            let served = listener.incoming().take(200).map(|stream| {
                let mut stream = stream.expect("a connection");
                thread::spawn(move || {
                    let got = read_all(&stream).expect("whole");
                    stream.write_all(&got).expect("room");
                })
            });
            let served: Vec<_> = served.collect();
            served
                .into_iter()
                .for_each(|one| one.join().expect("no panic"));
        });
        let clients: Vec<_> = (0..200)
            .map(|number| {
                let a = a.clone();
                thread::spawn(move || {
                    let mut stream = TcpStream::connect(&a, addr(7)).expect("a connection");
                    let sent = text(5_000, number);
                    stream.write_all(&sent).expect("room");
                    stream.shutdown(Shutdown::Write).expect("open");
                    assert!(read_all(&stream).expect("whole") == sent, "{number}");
                })
            })
            .collect();
        clients
            .into_iter()
            .for_each(|one| one.join().expect("no panic"));
        servers.join().expect("no panic");
        assert!(a.wait_closed(Duration::from_secs(10)));
    });
}

#[test]
fn connections_beyond_the_backlog_wait_their_turn() {
    bounded(|| {
        let (a, b) = two_networks();
        let listener = TcpListener::bind_with_backlog(&b, addr(7), 1).expect("a listener");
        let clients = [b'0', b'1', b'2'].map(|name| {
            let a = a.clone();
            thread::spawn(move || {
                let mut stream = TcpStream::connect(&a, addr(7)).expect("in the end");
                stream.write_all(&[name]).expect("room");
                read_all(&stream).expect("an orderly end")
            })
        });
        let mut names: Vec<u8> = clients
            .iter()
            .map(|_| {
                let (mut stream, _) = listener.accept().expect("a connection");
                let mut name = [0];
                stream.read_exact(&mut name).expect("its name");
                name[0]
            })
            .collect();
        names.sort_unstable();
        assert_eq!(names, b"012");
        for client in clients {
            assert_eq!(client.join().expect("no panic"), b"");
        }
    });
}

#[test]
fn a_listener_on_port_zero_says_which_port_it_got() {
    bounded(|| {
        let (a, b) = two_networks();
        let listener = TcpListener::bind(&b, ([0, 0, 0, 0], 0).into()).expect("a listener");
        let port = listener.local_addr().expect("known").port();
        assert_ne!(port, 0);
        let second = listener.try_clone().expect("a handle");
        drop(listener);
        let client = TcpStream::connect(&a, addr(port)).expect("a connection");
        let (server, _) = second.accept().expect("its other end");
        assert_eq!(server.local_addr().expect("known"), addr(port));
        drop(second);
        // What was accepted lives on without the listener.
        drop(client);
        assert_eq!(read_all(&server).expect("an orderly end"), b"");
    });
}

#[test]
fn a_peer_that_falls_silent_costs_no_more_than_the_user_timeout() {
    bounded(|| {
        let (a, b) = two_networks();
        let (mut client, _server) = connection(&a, &b);
        client
            .set_user_timeout(Some(Duration::from_millis(30)))
            .expect("up");
        b.stop();
        client.write_all(b"anybody?").expect("room");
        let error = read_all(&client).expect_err("given up");
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        let error = client.write(b"x").expect_err("given up");
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        let error = client.shutdown(Shutdown::Both).expect_err("given up");
        assert_eq!(error.kind(), ErrorKind::NotConnected);
    });
}

#[test]
fn options_of_a_connection_are_kept() {
    bounded(|| {
        let (a, b) = two_networks();
        let (client, _server) = connection(&a, &b);
        assert!(!client.nodelay().expect("up"));
        client.set_nodelay(true).expect("up");
        assert!(client.nodelay().expect("up"));
        assert_eq!(client.linger().expect("up"), None);
        assert_eq!(client.read_timeout().expect("known"), None);
        client
            .set_keepalive(Some(KeepAlive::default()))
            .expect("up");
        client.set_keepalive(None).expect("up");
        assert_eq!(client.status().expect("up").state, State::Established);
        assert!(client.take_error().expect("up").is_none());
    });
}

/// What a `Lending` lends, part by part, to the end.
fn lent_all(mut reader: Lending) -> io::Result<(Vec<u8>, usize)> {
    let (mut got, mut longest) = (Vec::new(), 0);
    loop {
        let lent = reader.fill_buf()?;
        // Not all at once, so that something stays lent.
        let len = lent.len().min(50_000);
        if len == 0 {
            return Ok((got, longest));
        }
        longest = longest.max(lent.len());
        got.extend_from_slice(&lent[..len]);
        reader.consume(len);
    }
}

#[test]
fn what_is_left_with_us_arrives_whole_and_is_lent_in_long_parts() {
    bounded(|| {
        let (a, b) = two_offloading_networks();
        let (client, server) = connection(&a, &b);
        let sent = Bytes::from(text(8 << 20, 3));
        let held = sent.clone();
        let writer = thread::spawn(move || {
            client.write_all_owned(held)?;
            client.shutdown(Shutdown::Write)?;
            Ok::<_, io::Error>(client)
        });
        let (got, longest) = lent_all(server.lending()).expect("all of it");
        assert!(got == sent);
        assert!(
            longest >= 16 << 10,
            "{longest}: no packet stayed where it came"
        );
        let client = writer.join().expect("no panic").expect("room");
        // All is acknowledged soon after the reader has come to the end.
        while !sent.is_unique() {
            thread::sleep(Duration::from_millis(1));
        }
        drop(client);
    });
}

#[test]
fn long_packets_are_read_whole_into_rooms_of_any_size() {
    bounded(|| {
        let (a, b) = two_offloading_networks();
        let (mut client, mut server) = connection(&a, &b);
        let sent = text(4 << 20, 9);
        let writer = thread::spawn(move || {
            client.write_all(&sent).expect("room");
            sent
        });
        let mut got = Vec::new();
        for size in [1, 100, 5_000, 70_000, 1 << 20].into_iter().cycle() {
            let mut room = vec![0; size];
            match server.read(&mut room).expect("text, or its end") {
                0 => break,
                len => got.extend_from_slice(&room[..len]),
            }
        }
        assert!(got == writer.join().expect("no panic"));
    });
}

#[test]
fn a_lending_reader_hears_of_the_end_and_of_a_timeout() {
    bounded(|| {
        let (a, b) = two_networks();
        let (mut client, server) = connection(&a, &b);
        let mut reader = server.lending();
        let patience = Some(Duration::from_millis(10));
        server.set_read_timeout(patience).expect("a time");
        let error = reader.fill_buf().expect_err("nothing has come");
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        server.set_read_timeout(None).expect("no time");
        client.write_all(b"one line\nand more").expect("room");
        drop(client);
        let mut line = String::new();
        reader.read_line(&mut line).expect("a line");
        assert_eq!(line, "one line\n");
        assert_eq!(reader.read(&mut [0; 4]).expect("more"), 4);
        reader.consume(100);
        assert_eq!(reader.fill_buf().expect("the end"), b"");
    });
}
