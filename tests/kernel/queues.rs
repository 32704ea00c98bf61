//! A network on several queues of one TUN interface, against the kernel's TCP.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use pellucid::device::{Device, OffloadTun};
use pellucid::namespace::Inside;
use pellucid::net::{Network, Observers, Options, blocking};
use pellucid::stack::Config;

use crate::harness::{Case, Lack, inside, skip};
use crate::link::ip;
use crate::packets::PATIENCE;
use crate::tun_gso::{HERE, HERE_US, configure};

pub const CASES: &[Case] = &[
    inside("queues::the_kernel_is_served_by_all_of_them", served),
    inside("queues::the_kernel_serves_all_of_them", serving),
    inside("queues::a_connection_that_rested_is_found_again", rested),
];

const QUEUES: usize = 3;

/// A network on three queues at `HERE_US`.
fn network(inside: &Inside) -> Network {
    let queues = OffloadTun::open_queues("plc%d", QUEUES)
        .unwrap_or_else(|error| skip(Lack::Tun, &error.to_string()));
    configure(inside, "plc0", HERE);
    let device = |queue: OffloadTun| -> (Box<dyn Device>, Observers) { (Box::new(queue), vec![]) };
    let config = Config::new(vec![(ip(HERE_US[0]), 24), (ip(HERE_US[1]), 64)]);
    let devices = queues.into_iter().map(device).collect();
    Network::start_queues(devices, config, Options::default()).expect("a network")
}

/// 300 kB that differ from connection to connection.
fn text(seed: usize) -> Vec<u8> {
    (0..300_000).map(|i| ((i * 7 + seed) % 251) as u8).collect()
}

fn echo(mut reader: impl Read, mut writer: impl Write) -> io::Result<u64> {
    io::copy(&mut reader, &mut writer)
}

/// The kernel's end of a connection writes all, while it reads what comes back.
fn ask(stream: &TcpStream, seed: usize) {
    stream.set_read_timeout(Some(PATIENCE)).expect("set");
    let sent = text(seed);
    let got = thread::scope(|scope| {
        scope.spawn(|| {
            (&*stream).write_all(&sent).expect("all of it");
            stream.shutdown(Shutdown::Write).expect("open");
        });
        let mut got = Vec::new();
        (&*stream).read_to_end(&mut got).expect("an orderly end");
        got
    });
    assert!(got == sent, "{seed}");
}

fn served(inside: &Inside) {
    let network = network(inside);
    for here in HERE_US {
        let here = SocketAddr::new(ip(here), 7);
        let listener = blocking::TcpListener::bind(&network, here).expect("a listener");
        thread::spawn(move || {
            for stream in listener.incoming().take(24) {
                let stream = stream.expect("up");
                thread::spawn(move || echo(&stream, &stream).expect("all of it"));
            }
        });
        let clients: Vec<_> = (0..24)
            .map(|seed| {
                thread::spawn(move || ask(&TcpStream::connect(here).expect("a connection"), seed))
            })
            .collect();
        for client in clients {
            client.join().expect("no panic");
        }
    }
    assert_eq!(network.losses().expect("up"), Default::default());
}

fn serving(inside: &Inside) {
    let network = network(inside);
    for there in HERE {
        let listener = TcpListener::bind((ip(there), 0)).expect("a listener");
        let there = listener.local_addr().expect("bound");
        thread::spawn(move || {
            for stream in listener.incoming().take(24) {
                let stream = stream.expect("a connection");
                thread::spawn(move || echo(&stream, &stream).expect("all of it"));
            }
        });
        let clients: Vec<_> = (0..24)
            .map(|seed| {
                let stream = blocking::TcpStream::connect(&network, there).expect("a connection");
                thread::spawn(move || {
                    stream.set_read_timeout(Some(PATIENCE)).expect("set");
                    let sent = text(seed);
                    let writer = stream.try_clone().expect("a handle");
                    let copy = sent.clone();
                    let writer = thread::spawn(move || {
                        (&writer).write_all(&copy).expect("all of it");
                        writer.shutdown(Shutdown::Write).expect("open");
                    });
                    let mut got = Vec::new();
                    (&stream).read_to_end(&mut got).expect("an orderly end");
                    writer.join().expect("no panic");
                    assert!(got == sent, "{seed}");
                })
            })
            .collect();
        for client in clients {
            client.join().expect("no panic");
        }
    }
}

/// The kernel forgets after three seconds by which queue a flow went, and chooses by a hash again.
fn rested(inside: &Inside) {
    let network = network(inside);
    let listener = TcpListener::bind((ip(HERE[0]), 0)).expect("a listener");
    let there = listener.local_addr().expect("bound");
    let streams: Vec<_> = (0..12)
        .map(|_| {
            let ours = blocking::TcpStream::connect(&network, there).expect("a connection");
            ours.set_read_timeout(Some(PATIENCE)).expect("set");
            (ours, listener.accept().expect("its other end").0)
        })
        .collect();
    thread::sleep(Duration::from_secs(4));
    for (seed, (ours, theirs)) in streams.iter().enumerate() {
        let sent = [seed as u8; 1000];
        (&*theirs).write_all(&sent).expect("room");
        let mut got = [0; 1000];
        (&*ours).read_exact(&mut got).expect("all of it");
        assert!(got == sent, "{seed}");
    }
}
