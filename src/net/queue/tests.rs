use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::super::blocking::{TcpListener, TcpStream, UdpSocket};
use super::super::tests::{addr, bounded, config, failing, start};
use super::super::{Network, Options};
use super::*;
use crate::base::{InterfaceId, Pieces, Received, Transmit};
use crate::device::{Bundle, Capabilities, RxBuffer, pipe};

/// The far end of a device with two queues, which sends by each in turn: half of all packets come
/// by the wrong one.
struct Careless {
    queues: Bundle,
    turn: AtomicUsize,
}

impl Device for Careless {
    fn capabilities(&self) -> Capabilities {
        self.queues.interfaces().remove(0)
    }

    fn receive<'b>(&self, buf: &'b mut RxBuffer) -> io::Result<Option<Received<'b>>> {
        let received = self.queues.receive(buf)?;
        Ok(received.map(|packet| Received {
            interface: InterfaceId::FIRST,
            ..packet
        }))
    }

    fn transmit(&self, packet: &Transmit<'_>) -> io::Result<()> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        self.queues.transmit(&Transmit {
            interface: InterfaceId((turn % 2) as u8),
            ..*packet
        })
    }

    fn poll_fd(&self) -> Option<BorrowedFd<'_>> {
        self.queues.poll_fd()
    }
}

/// A network at [`addr`] with two queues, and one that sends by both of them without a plan.
fn careless_networks() -> (Network, Network) {
    let (first, second) = (pipe(1500).expect("one"), pipe(1500).expect("two"));
    let far = Bundle::new(vec![Box::new(first.1), Box::new(second.1)]).expect("a bundle");
    let far = Careless {
        queues: far,
        turn: AtomicUsize::new(0),
    };
    let near: Vec<(Box<dyn Device>, _)> =
        vec![(Box::new(first.0), vec![]), (Box::new(second.0), vec![])];
    let near = Network::start_queues(near, config(2), Options::default()).expect("two queues");
    (start(far, 1), near)
}

fn text(len: usize, seed: usize) -> Vec<u8> {
    (0..len).map(|i| ((i + seed) % 251) as u8).collect()
}

/// Writes to a stream, ends that, and reads what comes back.
fn ask(stream: &TcpStream, sent: &[u8]) -> io::Result<Vec<u8>> {
    let mut got = Vec::new();
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut stream = stream;
            stream.write_all(sent)?;
            stream.shutdown(std::net::Shutdown::Write)
        });
        let mut reader = stream;
        reader.read_to_end(&mut got)?;
        writer.join().expect("no panic")
    })?;
    Ok(got)
}

fn echo(mut stream: TcpStream) -> io::Result<u64> {
    io::copy(&mut stream.try_clone()?, &mut stream)
}

/// How many connections each stack of a network has.
fn spread(network: &Network) -> Vec<usize> {
    let count = |shared: &Shared| shared.look(|stack, _| stack.counts().0).expect("up");
    network.each().map(count).collect()
}

#[test]
fn whoever_connects_is_served_whatever_queue_its_packets_come_by() {
    bounded(|| {
        let (far, near) = careless_networks();
        let listener = TcpListener::bind(&near, addr(7)).expect("a listener");
        // This one stays: a network ends with its last handle, and what it has not sent with it.
        let served = near.clone();
        let server = thread::spawn(move || {
            let streams: Vec<_> = listener.incoming().take(12).map(Result::unwrap).collect();
            let spread = spread(&served);
            let echoes = streams
                .into_iter()
                .map(|stream| thread::spawn(|| echo(stream)));
            let echoes: Vec<_> = echoes.collect();
            for echo in echoes {
                assert_eq!(echo.join().expect("no panic").expect("text"), 100_000);
            }
            spread
        });
        let clients: Vec<_> = (0..12)
            .map(|seed| {
                let stream = TcpStream::connect(&far, addr(7)).expect("a connection");
                thread::spawn(move || {
                    let sent = text(100_000, seed);
                    assert!(ask(&stream, &sent).expect("all of it") == sent);
                })
            })
            .collect();
        for client in clients {
            client.join().expect("no panic");
        }
        let spread = server.join().expect("no panic");
        assert_eq!(spread.iter().sum::<usize>(), 12);
    });
}

#[test]
fn connections_are_opened_on_each_queue_in_turn() {
    bounded(|| {
        let (far, near) = careless_networks();
        let there = SocketAddr::from(([10, 0, 0, 1], 7));
        let listener = TcpListener::bind(&far, there).expect("a listener");
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                thread::spawn(|| echo(stream));
            }
        });
        let streams: Vec<_> = (0..6)
            .map(|_| TcpStream::connect(&near, there).expect("a connection"))
            .collect();
        assert_eq!(spread(&near), [3, 3]);
        for (seed, stream) in streams.iter().enumerate() {
            let sent = text(50_000, seed);
            assert!(ask(stream, &sent).expect("all of it") == sent);
        }
        drop(streams);
        assert!(near.wait_closed(Duration::from_secs(10)));
        assert_eq!(near.counts().expect("up"), (0, 0, 0));
    });
}

#[test]
fn a_listener_has_one_port_and_whoever_waits_hears_of_every_queue() {
    bounded(|| {
        let (far, near) = careless_networks();
        let listener = TcpListener::bind(&near, addr(0)).expect("a listener");
        let at = listener.local_addr().expect("known");
        assert_ne!(at.port(), 0);
        let error = TcpListener::bind(&near, at).expect_err("in use");
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        // One by one, so that it waits for each: of 16, some are of either stack.
        let mut streams = Vec::new();
        for _ in 0..16 {
            thread::scope(|scope| {
                let client = scope.spawn(|| TcpStream::connect(&far, at).expect("a connection"));
                streams.push(listener.accept().expect("its other end"));
                client.join().expect("no panic");
            });
        }
        let spread = spread(&near);
        assert!(spread.iter().all(|served| *served > 0), "{spread:?}");
        drop(listener);
        let error = TcpStream::connect(&far, at).expect_err("nobody listens");
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn datagrams_reach_their_socket_by_any_queue() {
    bounded(|| {
        let (far, near) = careless_networks();
        let socket = UdpSocket::bind(&near, addr(53)).expect("a socket");
        let from = SocketAddr::from(([10, 0, 0, 1], 1_053));
        let asker = UdpSocket::bind(&far, from).expect("a socket");
        for round in 0..10 {
            asker.send_to(&[round; 20], addr(53)).expect("room");
            let mut got = [0; 100];
            let (len, peer) = socket.recv_from(&mut got).expect("a datagram");
            assert_eq!((&got[..len], peer), (&[round; 20][..], from));
        }
    });
}

#[test]
fn a_queue_that_fails_takes_the_others_with_it() {
    bounded(|| {
        let (one, _other) = pipe(1500).expect("one");
        let (two, far) = pipe(1500).expect("two");
        let (two, switches) = failing(two);
        let near: Vec<(Box<dyn Device>, _)> =
            vec![(Box::new(one), vec![]), (Box::new(two), vec![])];
        let near = Network::start_queues(near, config(2), Options::default()).expect("two queues");
        let listener = TcpListener::bind(&near, addr(7)).expect("a listener");
        let waiting = thread::spawn(move || listener.accept().expect_err("nobody comes"));
        switches.receive.store(true, Ordering::Relaxed);
        let packet = [0x45; 20];
        far.transmit(&Transmit::plain(&packet, Pieces::EMPTY))
            .expect("room");
        let error = waiting.join().expect("no panic");
        assert_eq!(error.kind(), ErrorKind::NetworkDown);
        assert!(near.failure().is_some());
        assert!(near.counts().is_err());
    });
}

#[test]
fn what_cannot_be_a_network_of_queues_is_refused() {
    let none = Network::start_queues(vec![], config(1), Options::default());
    let error = none.expect_err("none");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("queues"), "{error}");
}
