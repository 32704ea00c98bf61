use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

use super::blocking::{TcpListener, TcpStream};
use super::*;
use crate::base::{Offloads, Received, Transmit};
use crate::device::{Bundle, RxBuffer, pipe, pipe_with};
use crate::probe::Told;
use crate::stack::Interface;

/// Runs a test that would wait for ever if what it tests is broken.
pub(super) fn bounded(test: impl FnOnce() + Send + 'static) {
    let (done, over) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        test();
        drop(done);
    });
    match over.recv_timeout(Duration::from_secs(20)) {
        Err(RecvTimeoutError::Timeout) => panic!("not over after 20 seconds"),
        // It is over, well or badly.
        _ => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
    }
}

/// Two networks at the two ends of a pipe; the second is at [`addr`].
pub(super) fn two_networks() -> (Network, Network) {
    let (a, b) = pipe(1500).expect("descriptors");
    (start(a, 1), start(b, 2))
}

/// The same at a pipe that carries long segments as they are.
pub(super) fn two_offloading_networks() -> (Network, Network) {
    let (a, b) = pipe_with(1500, Offloads::ALL).expect("descriptors");
    (start(a, 1), start(b, 2))
}

/// The network at 10.0.0.`host` on this device.
pub(super) fn start(device: impl Device + 'static, host: u8) -> Network {
    Network::start(Box::new(device), config(host), Options::default()).expect("a network")
}

pub(super) fn config(host: u8) -> Config {
    let mut config = Config::new(vec![([10, 0, 0, host].into(), 24)]);
    let tcp = Arc::make_mut(&mut config.tcp);
    tcp.msl = Duration::from_millis(20);
    // Some of the tests leave half a mebibyte unread.
    tcp.receive_buffer = 1 << 20;
    config
}

/// A socket of the second network.
pub(super) fn addr(port: u16) -> SocketAddr {
    ([10, 0, 0, 2], port).into()
}

/// A connection from the first network to port 7 of the second, both ends of it.
pub(super) fn connection(a: &Network, b: &Network) -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind(b, addr(7)).expect("a listener");
    let client = TcpStream::connect(a, addr(7)).expect("a connection");
    let (server, peer) = listener.accept().expect("its other end");
    assert_eq!(peer, client.local_addr().expect("known"));
    (client, server)
}

#[test]
fn an_address_that_no_host_can_have_is_refused_by_name() {
    let (a, _b) = pipe(1500).expect("descriptors");
    let mut config = config(1);
    config.addresses.push(([224, 0, 0, 9].into(), 24));
    let error = Network::start(Box::new(a), config, Options::default()).expect_err("refused");
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert!(error.to_string().contains("224.0.0.9"), "{error}");
}

/// The two ends of a pipe, the first of which has this MTU.
fn narrowing() -> (Narrowing, pipe::PipeEnd, Arc<AtomicU16>) {
    let (inner, far) = pipe(1500).expect("descriptors");
    let mtu = Arc::new(AtomicU16::new(1500));
    let near = Narrowing {
        inner,
        mtu: Arc::clone(&mtu),
    };
    (near, far, mtu)
}

/// Text from the first network to the second, while the link changes under it.
fn transfer_while_narrowing(a: &Network, b: &Network, mtu: &AtomicU16) {
    let (mut client, mut server) = connection(a, b);
    let text = vec![7; 100_000];
    for width in [1500, 700, 1000] {
        mtu.store(width, Ordering::Relaxed);
        client.write_all(&text).expect("room");
        let mut got = vec![0; text.len()];
        server.read_exact(&mut got).expect("all of it");
        assert!(got == text, "{width}");
    }
}

#[test]
fn a_configuration_for_other_interfaces_than_the_devices_is_refused() {
    let (a, _b) = pipe(1500).expect("descriptors");
    let further = vec![Interface {
        addresses: Vec::new(),
        mtu: 1500,
        offloads: crate::base::Offloads::NONE,
    }];
    let config = Config {
        further,
        ..config(1)
    };
    let error = Network::start(Box::new(a), config, Options::default()).expect_err("refused");
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    let text = "the device has 1 interfaces, the configuration 2";
    assert_eq!(error.to_string(), text);
}

#[test]
fn a_network_over_two_devices_follows_the_mtu_of_each() {
    bounded(|| {
        let (narrowing, b, mtu) = narrowing();
        let (first, _far) = pipe(1500).expect("descriptors");
        let bundle = Bundle::new(vec![Box::new(first), Box::new(narrowing)]);
        let config = Config {
            further: vec![Interface {
                addresses: config(1).addresses,
                mtu: 1500,
                offloads: crate::base::Offloads::NONE,
            }],
            ..Config::new(vec![([192, 0, 2, 1].into(), 24)])
        };
        let bundle = bundle.expect("descriptors");
        let a = Network::start(Box::new(bundle), config, Options::default()).expect("a network");
        let b = start(b, 2);
        transfer_while_narrowing(&a, &b, &mtu);
        // Elsewhere nobody is, and by a route that there is not nothing can be sent.
        let nowhere = Route {
            interface: InterfaceId(2),
            ..Route::default()
        };
        let error = a.set_route(Prefix::ALL_V4, nowhere).expect_err("no such");
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        a.remove_route(Prefix::ALL_V4).expect("it runs");
        let error = TcpStream::connect(&a, ([203, 0, 113, 1], 80).into()).expect_err("no way");
        assert_eq!(error.kind(), io::ErrorKind::NetworkUnreachable);
    });
}

/// A pipe's end whose MTU an administrator may lower: what is longer is lost.
pub(super) struct Narrowing {
    pub inner: pipe::PipeEnd,
    pub mtu: Arc<AtomicU16>,
}

impl Device for Narrowing {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            mtu: self.mtu.load(Ordering::Relaxed),
            ..self.inner.capabilities()
        }
    }

    fn receive<'b>(&self, buf: &'b mut RxBuffer) -> io::Result<Option<Received<'b>>> {
        self.inner.receive(buf)
    }

    fn transmit(&self, packet: &Transmit<'_>) -> io::Result<()> {
        if packet.len() > usize::from(self.mtu.load(Ordering::Relaxed)) {
            return Ok(());
        }
        self.inner.transmit(packet)
    }

    fn poll_fd(&self) -> Option<BorrowedFd<'_>> {
        self.inner.poll_fd()
    }
}

#[test]
fn a_transfer_goes_on_when_the_mtu_is_lowered() {
    bounded(|| {
        let (narrowing, b, mtu) = narrowing();
        let (a, b) = (start(narrowing, 1), start(b, 2));
        transfer_while_narrowing(&a, &b, &mtu);
    });
}

/// A device that does what another does, until it is told to fail.
pub(super) struct Failing {
    inner: pipe::PipeEnd,
    receive: Arc<AtomicBool>,
    transmit: Arc<AtomicBool>,
    dropped: Arc<AtomicBool>,
}

/// How to make a [`Failing`] device fail, and whether it was dropped.
pub(super) struct Switches {
    pub receive: Arc<AtomicBool>,
    transmit: Arc<AtomicBool>,
    dropped: Arc<AtomicBool>,
}

pub(super) fn failing(inner: pipe::PipeEnd) -> (Failing, Switches) {
    let switches = [(); 3].map(|()| Arc::<AtomicBool>::default());
    let [receive, transmit, dropped] = switches.clone();
    let device = Failing {
        inner,
        receive,
        transmit,
        dropped,
    };
    let [receive, transmit, dropped] = switches;
    let switches = Switches {
        receive,
        transmit,
        dropped,
    };
    (device, switches)
}

fn fail_if(switch: &AtomicBool) -> io::Result<()> {
    if switch.load(Ordering::Relaxed) {
        let text = "the cable was cut";
        return Err(io::Error::new(io::ErrorKind::NotConnected, text));
    }
    Ok(())
}

impl Device for Failing {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn receive<'b>(&self, buf: &'b mut RxBuffer) -> io::Result<Option<Received<'b>>> {
        fail_if(&self.receive)?;
        self.inner.receive(buf)
    }

    fn transmit(&self, packet: &Transmit<'_>) -> io::Result<()> {
        fail_if(&self.transmit)?;
        self.inner.transmit(packet)
    }

    fn poll_fd(&self) -> Option<BorrowedFd<'_>> {
        self.inner.poll_fd()
    }
}

impl Drop for Failing {
    fn drop(&mut self) {
        self.dropped.store(true, Ordering::Relaxed);
    }
}

fn is_down(error: &io::Error, text: &str) {
    assert_eq!(error.kind(), io::ErrorKind::NetworkDown, "{error:?}");
    assert!(error.to_string().contains(text), "{error}");
}

#[test]
fn stopping_wakes_everybody_with_an_error_and_closes_the_device() {
    bounded(|| {
        let (a, b) = pipe(1500).expect("descriptors");
        let (a, switches) = failing(a);
        let (a, b) = (start(a, 1), start(b, 2));
        let (mut client, server) = connection(&a, &b);
        let listener = TcpListener::bind(&a, ([10, 0, 0, 1], 9).into()).expect("a listener");
        let waiting = [
            thread::spawn(move || client.read(&mut [0; 1]).expect_err("stopped")),
            thread::spawn(move || listener.accept().expect_err("stopped")),
            // Nobody is there.
            thread::spawn({
                let a = a.clone();
                move || TcpStream::connect(&a, ([10, 0, 0, 9], 9).into()).expect_err("stopped")
            }),
        ];
        while a.counts().expect("up").0 < 2 {
            thread::yield_now();
        }
        a.stop();
        assert!(switches.dropped.load(Ordering::Relaxed));
        for thread in waiting {
            is_down(&thread.join().expect("no panic"), "stopped");
        }
        assert!(a.failure().is_none());
        is_down(&a.counts().expect_err("stopped"), "stopped");
        drop(server);
    });
}

#[test]
fn aborting_tells_the_peers_and_stops() {
    bounded(|| {
        let (a, b) = two_networks();
        let (mut client, mut server) = connection(&a, &b);
        let reader = thread::spawn(move || server.read(&mut [0; 1]).expect_err("reset"));
        a.abort();
        let error = reader.join().expect("no panic");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        is_down(&client.write(b"x").expect_err("stopped"), "stopped");
    });
}

#[test]
fn a_device_that_fails_to_receive_fails_every_socket_in_its_own_words() {
    bounded(|| {
        let (a, b) = pipe(1500).expect("descriptors");
        let (a, switches) = failing(a);
        let (a, b) = (start(a, 1), start(b, 2));
        let (mut client, mut server) = connection(&a, &b);
        let reader = thread::spawn(move || client.read(&mut [0; 1]).expect_err("failed"));
        switches.receive.store(true, Ordering::Relaxed);
        server.write_all(b"x").expect("room");
        is_down(&reader.join().expect("no panic"), "the cable was cut");
        assert!(matches!(a.failure(), Some(Down::Device(_))));
        is_down(
            &TcpListener::bind(&a, addr(80)).expect_err("failed"),
            "the cable was cut",
        );
    });
}

#[test]
fn a_device_that_fails_under_a_writer_ends_the_driver_too() {
    bounded(|| {
        let (a, b) = pipe(1500).expect("descriptors");
        let (a, switches) = failing(a);
        let (a, b) = (start(a, 1), start(b, 2));
        let (mut client, _server) = connection(&a, &b);
        let mut other = client.try_clone().expect("a handle");
        let reader = thread::spawn(move || other.read(&mut [0; 1]).expect_err("failed"));
        switches.transmit.store(true, Ordering::Relaxed);
        is_down(&client.write(b"x").expect_err("cut"), "the cable was cut");
        is_down(&reader.join().expect("no panic"), "the cable was cut");
        // Joins the driver.
        a.stop();
        assert!(switches.dropped.load(Ordering::Relaxed));
        assert!(matches!(a.failure(), Some(Down::Device(_))));
    });
}

#[test]
fn the_device_is_closed_when_the_last_handle_or_socket_goes() {
    bounded(|| {
        let (a, b) = pipe(1500).expect("descriptors");
        let (a, switches) = failing(a);
        let (a, b) = (start(a, 1), start(b, 2));
        let (client, _server) = connection(&a, &b);
        drop(a);
        assert!(!switches.dropped.load(Ordering::Relaxed));
        drop(client);
        assert!(switches.dropped.load(Ordering::Relaxed));
    });
}

/// Panics at the first packet out, and counts.
struct Fragile(Arc<AtomicUsize>);

impl Observer for Fragile {
    fn told(&mut self, told: &Told<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
        assert!(
            !matches!(told.event, crate::probe::Event::PacketOut { .. }),
            "an observer lost its nerve"
        );
    }
}

#[test]
fn a_panic_under_the_lock_is_an_error_for_all_and_the_end_of_nobody() {
    bounded(|| {
        let (a, _b) = pipe(1500).expect("descriptors");
        let heard = Arc::<AtomicUsize>::default();
        let options = Options {
            observers: vec![Box::new(Fragile(Arc::clone(&heard)))],
            ..Options::default()
        };
        let a = Network::start(Box::new(a), config(1), options).expect("a network");
        let listener = TcpListener::bind(&a, ([10, 0, 0, 1], 9).into()).expect("a listener");
        let waiting = thread::spawn(move || listener.accept().expect_err("down"));
        let error = TcpStream::connect(&a, addr(7)).expect_err("the SYN does not leave");
        is_down(&error, "an observer lost its nerve");
        is_down(&waiting.join().expect("no panic"), "lost its nerve");
        assert!(matches!(a.failure(), Some(Down::Panicked(_))));
        assert!(heard.load(Ordering::Relaxed) > 0);
        // The observer is gone with the stack.
        a.stop();
        assert_eq!(Arc::strong_count(&heard), 1);
    });
}

#[test]
fn draining_waits_for_the_last_acknowledgment_and_closing_for_time_wait() {
    bounded(|| {
        let (a, b) = two_networks();
        let (mut client, mut server) = connection(&a, &b);
        assert!(!a.drain(Duration::from_millis(5)), "it is open");
        let text = vec![7; 300_000];
        let reader = thread::spawn(move || {
            let mut got = Vec::new();
            server.read_to_end(&mut got).map(|_| got)
        });
        client.write_all(&text).expect("room in the end");
        drop(client);
        assert!(a.drain(Duration::from_secs(10)));
        let (connections, half_open, _) = a.counts().expect("up");
        assert_eq!((connections, half_open), (0, 0));
        // All of it was acknowledged, so it is there though nothing more is sent.
        assert!(a.wait_closed(Duration::from_secs(10)));
        assert_eq!(a.counts().expect("up"), (0, 0, 0));
        a.stop();
        assert_eq!(reader.join().expect("no panic").expect("whole"), text);
    });
}

#[test]
fn a_network_that_is_down_has_nothing_to_drain() {
    bounded(|| {
        let (a, b) = two_networks();
        let (_client, _server) = connection(&a, &b);
        let draining = thread::spawn({
            let a = a.clone();
            move || a.drain(Duration::MAX)
        });
        a.stop();
        assert!(!draining.join().expect("no panic"));
    });
}

#[test]
fn networks_without_a_seed_do_not_share_their_chance() {
    bounded(|| {
        let (a, _far) = pipe(1500).expect("descriptors");
        let (b, _away) = pipe(1500).expect("descriptors");
        // The port is chosen by a secret and a random start: 2^15 of them, seven times over.
        let ports = |network: &Network| {
            [(); 7].map(|()| {
                let any = ([10, 0, 0, 1], 0).into();
                let listener = TcpListener::bind(network, any).expect("a listener");
                listener.local_addr().expect("known").port()
            })
        };
        assert_ne!(ports(&start(a, 1)), ports(&start(b, 1)));
    });
}

/// Counts the SYNs whose text was taken.
struct Taken(Arc<AtomicUsize>);

impl Observer for Taken {
    fn told(&mut self, told: &Told<'_>) {
        if let crate::probe::Event::Accepted { what, .. } = told.event
            && *what == crate::probe::Accepted::SynFastOpened
        {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Two networks whose text may go with SYNs, and how often that was taken at the second.
pub(super) fn hasty_networks() -> (Network, Network, Arc<AtomicUsize>) {
    let (a, b) = pipe(1500).expect("descriptors");
    let taken = Arc::<AtomicUsize>::default();
    let start = |device: pipe::PipeEnd, host, observers| {
        let mut config = config(host);
        Arc::make_mut(&mut config.tcp).fast_open.active = true;
        let options = Options {
            observers,
            ..Options::default()
        };
        Network::start(Box::new(device), config, options).expect("a network")
    };
    let ear: Box<dyn Observer + Send> = Box::new(Taken(Arc::clone(&taken)));
    (start(a, 1, vec![]), start(b, 2, vec![ear]), taken)
}

#[test]
fn a_request_goes_with_the_first_packet_once_there_is_a_cookie() {
    bounded(|| {
        let (a, b, taken) = hasty_networks();
        let listener = TcpListener::bind(&b, addr(7)).expect("a listener");
        listener.set_fast_open(16).expect("a network");
        for round in 0..3 {
            let client = TcpStream::connect_with(&a, addr(7), b"request");
            let (mut client, written) = client.expect("a connection");
            assert_eq!(written, 7);
            let (mut server, _) = listener.accept().expect("its other end");
            let mut buf = [0; 7];
            server.read_exact(&mut buf).expect("the request");
            assert_eq!(&buf, b"request");
            server.write_all(b"answers").expect("room");
            client.read_exact(&mut buf).expect("the answer");
            assert_eq!(&buf, b"answers");
            assert_eq!(taken.load(Ordering::Relaxed), round);
        }
    });
}
