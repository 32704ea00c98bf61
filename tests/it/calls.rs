//! How often a device is called for a mebibyte of text: each call is a system call over TUN.
//!
//! Counted, not timed: how fast any of it is has no part in this.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use pellucid::base::{Received, Transmit};
use pellucid::device::{Capabilities, Device, PipeEnd, RxBuffer, pipe};
use pellucid::net::blocking::{TcpListener, TcpStream};
use pellucid::net::{Network, Options};
use pellucid::stack::Config;

/// A device whose calls are counted.
struct Counted {
    inner: PipeEnd,
    calls: Arc<Calls>,
}

#[derive(Default)]
struct Calls {
    sent: AtomicU64,
    received: AtomicU64,
    /// Asked, and there was nothing.
    in_vain: AtomicU64,
}

impl Device for Counted {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn receive<'b>(&self, buf: &'b mut RxBuffer) -> io::Result<Option<Received<'b>>> {
        let packet = self.inner.receive(buf)?;
        let counter = match packet {
            Some(_) => &self.calls.received,
            None => &self.calls.in_vain,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(packet)
    }

    fn transmit(&self, packet: &Transmit<'_>) -> io::Result<()> {
        self.calls.sent.fetch_add(1, Ordering::Relaxed);
        self.inner.transmit(packet)
    }

    fn poll_fd(&self) -> Option<BorrowedFd<'_>> {
        self.inner.poll_fd()
    }
}

/// A network of its own at 10.0.0.`host`.
fn start(inner: PipeEnd, host: u8) -> (Network, Arc<Calls>) {
    let calls = Arc::new(Calls::default());
    let device = Counted {
        inner,
        calls: Arc::clone(&calls),
    };
    let mut config = Config::new(vec![([10, 0, 0, host].into(), 24)]);
    let tcp = Arc::make_mut(&mut config.tcp);
    // What may be on its way fits the pipe's queue, so that nothing goes twice.
    (tcp.receive_buffer, tcp.receive_buffer_max) = (BUFFER, BUFFER);
    let network = Network::start(Box::new(device), config, Options::default()).expect("a network");
    (network, calls)
}

#[test]
fn a_mebibyte_takes_no_more_calls_of_a_device_than_it_has_segments() {
    let (near, far) = pipe(1_500).expect("descriptors");
    let ((a, ours), (b, theirs)) = (start(near, 1), start(far, 2));
    let server = SocketAddr::from(([10, 0, 0, 2], 7));
    let listener = TcpListener::bind(&b, server).expect("a listener");
    let mut client = TcpStream::connect(&a, server).expect("a connection");
    let (mut reader, _) = listener.accept().expect("its other end");
    let writer = thread::spawn(move || {
        let text = vec![7; 64 << 10];
        for _ in 0..MEBIBYTES * 16 {
            client.write_all(&text).expect("room");
        }
    });
    let mut room = vec![0; 64 << 10];
    let mut left = (MEBIBYTES as usize) << 20;
    while left > 0 {
        left -= reader.read(&mut room).expect("text");
    }
    writer.join().expect("all of it");

    let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    // RFC 9293 section 3.7.1: 1448 bytes beside timestamps.
    let segments = (MEBIBYTES << 20) / 1_448;
    let (sent, acks) = (of(&ours.sent), of(&theirs.sent));
    assert!(sent >= segments, "{sent} cannot have carried it");
    // A short one at the end of a write, and probes of the path.
    assert!(sent <= segments * 11 / 10, "{sent} for {segments} segments");
    // RFC 9293 section 3.8.6.3 (SHLD-19): every second one draws an acknowledgment; what the
    // reader makes room for may draw more.
    assert!(acks <= segments * 3 / 4, "{acks} for {segments} segments");
    // Whoever asks goes on until there is nothing, and then waits for more.
    for calls in [ours, theirs] {
        let (received, in_vain) = (of(&calls.received), of(&calls.in_vain));
        let most = 2 * (received + of(&calls.sent)) + 100;
        assert!(in_vain <= most, "{in_vain} in vain, {received} not");
    }
}

const MEBIBYTES: u64 = 4;
/// In bytes.
const BUFFER: u32 = 256 << 10;
