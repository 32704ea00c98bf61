use std::collections::HashSet;
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::fd::BorrowedFd;
use std::sync::atomic::AtomicUsize;
use std::thread::{self, ThreadId};

use super::*;
use crate::base::{Received, Transmit};
use crate::device::{Capabilities, pipe};
use crate::net::blocking::TcpStream;
use crate::net::tests::{bounded, config, connection, start};
use crate::net::{Network, Options};

/// A pipe's end that knows which threads took packets from it, and panics on demand.
struct Watched {
    inner: pipe::PipeEnd,
    takers: Takers,
}

#[derive(Clone, Default)]
pub(in crate::net) struct Takers {
    threads: Arc<Mutex<HashSet<ThreadId>>>,
    panics: Arc<AtomicBool>,
    /// How often the device was asked.
    asked: Arc<AtomicUsize>,
}

impl Takers {
    pub fn has(&self, thread: ThreadId) -> bool {
        self.threads.lock().expect("no panic").contains(&thread)
    }

    /// Who took any since this was asked last.
    pub fn since(&self) -> HashSet<ThreadId> {
        mem::take(&mut self.threads.lock().expect("no panic"))
    }
}

impl Device for Watched {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn receive<'b>(&self, buf: &'b mut RxBuffer) -> io::Result<Option<Received<'b>>> {
        assert!(!self.takers.panics.load(Ordering::SeqCst), "on demand");
        self.takers.asked.fetch_add(1, Ordering::SeqCst);
        let received = self.inner.receive(buf)?;
        if received.is_some() {
            let mut threads = self.takers.threads.lock().expect("no panic");
            threads.insert(thread::current().id());
        }
        Ok(received)
    }

    fn transmit(&self, packet: &Transmit<'_>) -> io::Result<()> {
        self.inner.transmit(packet)
    }

    fn poll_fd(&self) -> Option<BorrowedFd<'_>> {
        self.inner.poll_fd()
    }
}

/// Two networks, and who takes packets from the first one's device.
pub(in crate::net) fn watched() -> (Network, Network, Takers) {
    let (inner, b) = pipe(1500).expect("descriptors");
    let takers = Takers::default();
    let device = Watched {
        inner,
        takers: takers.clone(),
    };
    (start(device, 1), start(b, 2), takers)
}

/// Reads a byte on a thread of its own.
fn reader(stream: &TcpStream) -> thread::JoinHandle<io::Result<usize>> {
    let mut stream = stream.try_clone().expect("a handle");
    thread::spawn(move || stream.read(&mut [0]))
}

/// Waits until so many threads or tasks of the network wait for a connection.
fn await_waiters(network: &Network, wanted: usize) {
    let shared = network.shared();
    let waiting = || shared.look(|_, waiters| waiters.on_connections());
    while waiting().expect("up") != wanted {
        thread::yield_now();
    }
}

/// Reads a byte on a thread that sits; `peer` is the connection's other end.
fn sitter(
    network: &Network,
    stream: &TcpStream,
    peer: &mut TcpStream,
) -> thread::JoinHandle<io::Result<usize>> {
    let turns = || network.shared().seat().turns.load(Ordering::SeqCst);
    loop {
        let before = turns();
        let sits = reader(stream);
        await_waiters(network, 1);
        for _ in 0..1000 {
            if turns() > before {
                return sits;
            }
            thread::sleep(Duration::from_micros(100));
        }
        // The driver had the seat just then, so it waits elsewhere.
        peer.write_all(b"?").expect("room");
        sits.join().expect("no panic").expect("a byte");
    }
}

#[test]
fn who_waits_alone_takes_its_packets_itself() {
    bounded(|| {
        let (a, b, takers) = watched();
        let (mut client, mut server) = connection(&a, &b);
        for _ in 0..100 {
            server.write_all(b"?").expect("room");
            client.read_exact(&mut [0]).expect("a question");
        }
        assert!(takers.has(thread::current().id()));
    });
}

#[test]
fn the_driver_leaves_the_seat_to_who_wants_it() {
    bounded(|| {
        let (a, b, _) = watched();
        let (_client, mut server) = connection(&a, &b);
        let seat = a.shared().seat();
        // Connecting was waiting; the driver comes back from that.
        while seat.is_relieved() {
            thread::yield_now();
        }
        // A packet wakes it, and nobody sits.
        loop {
            seat.want();
            server.write_all(b"?").expect("room");
            for _ in 0..1000 {
                if seat.is_relieved() {
                    return;
                }
                thread::yield_now();
            }
        }
    });
}

#[test]
fn who_waits_beside_another_is_served_when_that_one_gets_up() {
    bounded(|| {
        let (a, b, _) = watched();
        let (first, mut to_first) = connection(&a, &b);
        let (second, mut to_second) = connection(&a, &b);
        let sits = sitter(&a, &first, &mut to_first);
        let waits = reader(&second);
        await_waiters(&a, 2);
        to_first.write_all(b"!").expect("room");
        assert_eq!(sits.join().expect("no panic").expect("a byte"), 1);
        to_second.write_all(b"!").expect("room");
        assert_eq!(waits.join().expect("no panic").expect("a byte"), 1);
    });
}

#[test]
fn who_sits_serves_those_who_wait_beside_it() {
    bounded(|| {
        let (a, b, takers) = watched();
        let (first, mut to_first) = connection(&a, &b);
        let (second, mut to_second) = connection(&a, &b);
        let sits = sitter(&a, &first, &mut to_first);
        let waits = reader(&second);
        await_waiters(&a, 2);
        let id = sits.thread().id();
        assert!(!takers.has(id));
        to_second.write_all(b"!").expect("room");
        assert_eq!(waits.join().expect("no panic").expect("a byte"), 1);
        assert!(takers.has(id));
        to_first.write_all(b"!").expect("room");
        assert_eq!(sits.join().expect("no panic").expect("a byte"), 1);
    });
}

#[test]
fn others_end_the_wait_of_who_sits() {
    bounded(|| {
        let (a, b, _) = watched();
        let (client, mut server) = connection(&a, &b);
        let sits = sitter(&a, &client, &mut server);
        client.shutdown(Shutdown::Read).expect("a connection");
        assert_eq!(sits.join().expect("no panic").expect("the end"), 0);
    });
}

#[test]
fn who_sits_gets_up_when_its_time_is_over() {
    bounded(|| {
        let (a, b, _) = watched();
        let (mut client, _server) = connection(&a, &b);
        let patience = Some(4 * PATIENCE);
        client.set_read_timeout(patience).expect("a duration");
        let error = client.read(&mut [0]).expect_err("nothing comes");
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        await_waiters(&a, 0);
    });
}

#[test]
fn the_driver_goes_on_when_who_sat_is_busy_elsewhere() {
    bounded(|| {
        let (a, b, takers) = watched();
        let (mut client, mut server) = connection(&a, &b);
        let sits = sitter(&a, &client, &mut server);
        server.write_all(b"!").expect("room");
        assert_eq!(sits.join().expect("no panic").expect("a byte"), 1);
        takers.threads.lock().expect("no panic").clear();
        // Nobody calls the first network, and its acknowledgments come all the same.
        let text = [7; 100_000];
        server.write_all(&text).expect("room");
        while server.status().expect("open").unacknowledged > 0 {
            thread::yield_now();
        }
        let threads = takers.threads.lock().expect("no panic").clone();
        assert!(!threads.is_empty() && !threads.contains(&thread::current().id()));
        drop(server);
        let mut got = Vec::new();
        client.read_to_end(&mut got).expect("all of it");
        assert!(got == text);
    });
}

#[test]
fn a_panic_of_the_device_takes_the_network_down_and_not_who_sits() {
    bounded(|| {
        let (a, b, takers) = watched();
        let (client, mut server) = connection(&a, &b);
        let sits = sitter(&a, &client, &mut server);
        takers.panics.store(true, Ordering::SeqCst);
        server.write_all(b"!").expect("room");
        let error = sits.join().expect("no panic").expect_err("it is down");
        assert!(error.to_string().contains("on demand"), "{error}");
        assert!(matches!(a.failure(), Some(Down::Panicked(_))));
    });
}

#[test]
fn the_device_is_closed_under_who_sits() {
    bounded(|| {
        let (a, b, takers) = watched();
        let (client, mut server) = connection(&a, &b);
        let sits = sitter(&a, &client, &mut server);
        a.stop();
        // The device has its own.
        assert_eq!(Arc::strong_count(&takers.panics), 1);
        sits.join().expect("no panic").expect_err("it is down");
    });
}

/// What ended a sleep: the doorbell, the device.
fn heard(rest: io::Result<Rest>) -> (bool, bool) {
    let Rest { rung, announced } = rest.expect("to poll");
    (rung, announced)
}

#[test]
fn a_batch_takes_no_more_than_it_has_room_for_and_leaves_the_rest() {
    let (near, far) = pipe(1500).expect("descriptors");
    let packets: Vec<[u8; 20]> = (0..260_u16)
        .map(|number| {
            let mut packet = [0; 20];
            packet[0] = 0x45;
            packet[18..].copy_from_slice(&number.to_be_bytes());
            packet
        })
        .collect();
    for packet in &packets {
        let packet = Transmit::plain(packet, crate::base::Pieces::EMPTY);
        far.transmit(&packet).expect("room");
    }
    let mut batch = RxBuffer::new();
    for expected in [&packets[..256], &packets[256..], &[]] {
        receive(&near, &mut batch).expect("a pipe");
        let got: Vec<&[u8]> = batch.packets().map(|packet| packet.bytes).collect();
        assert_eq!(got, expected);
    }
}

#[test]
fn sleeping_hears_the_doorbell_and_the_device_and_tells_them_apart() {
    bounded(|| {
        let (near, far) = pipe(1500).expect("descriptors");
        let bell = Doorbell::new().expect("a descriptor");
        let nothing = Some(Duration::from_nanos(1));
        assert_eq!(heard(sleep(&near, &bell, nothing, true)), (false, false));
        bell.ring();
        // Without a timeout: it would sleep for ever.
        for _ in 0..2 {
            assert_eq!(heard(sleep(&near, &bell, None, true)), (true, false));
        }
        let mut rest = sleep(&near, &bell, None, true).expect("to poll");
        rest.silence(&bell);
        assert_eq!(heard(sleep(&near, &bell, nothing, true)), (false, false));
        let packet = Transmit::plain(&[0x45; 20], crate::base::Pieces::EMPTY);
        far.transmit(&packet).expect("room");
        assert_eq!(heard(sleep(&near, &bell, None, true)), (false, true));
        assert_eq!(heard(sleep(&near, &bell, nothing, false)), (false, false));
        // A timeout that no `Timespec` holds is no error.
        let longest = Some(Duration::MAX);
        assert_eq!(heard(sleep(&near, &bell, longest, true)), (false, true));
    });
}

/// How often a device is asked in the quarter of a second after a byte has come.
fn asked_when_idle(busy_poll: Duration) -> usize {
    let (inner, b) = pipe(1500).expect("descriptors");
    let takers = Takers::default();
    let device = Watched {
        inner,
        takers: takers.clone(),
    };
    let options = Options {
        busy_poll,
        ..Options::default()
    };
    let a = Network::start(Box::new(device), config(1), options).expect("a network");
    let b = start(b, 2);
    let (mut client, mut server) = connection(&a, &b);
    server.write_all(b"x").expect("room");
    client.read_exact(&mut [0]).expect("a byte");
    let before = takers.asked.load(Ordering::SeqCst);
    thread::sleep(Duration::from_millis(250));
    takers.asked.load(Ordering::SeqCst) - before
}

#[test]
fn whoever_polls_busily_asks_again_and_again_and_others_sleep() {
    bounded(|| {
        let asleep = asked_when_idle(Duration::ZERO);
        assert!(asleep < 100, "{asleep} times");
        let awake = asked_when_idle(Duration::from_secs(60));
        assert!(awake > 1_000, "{awake} times");
    });
}

#[test]
fn busy_polling_ends_when_nothing_comes() {
    bounded(|| {
        let asked = asked_when_idle(Duration::from_micros(1));
        assert!(asked < 100, "{asked} times");
    });
}
