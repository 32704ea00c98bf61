use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::mpsc;

use super::*;
use crate::net::Network;
use crate::net::blocking::{TcpListener, TcpStream};
use crate::net::seat::tests::{Takers, watched};
use crate::net::tests::bounded;

fn there(port: u16) -> SocketAddr {
    ([10, 0, 0, 1], port).into()
}

/// One question and one answer, to the end of the connection.
fn ask(network: &Network, port: u16) {
    let mut stream = TcpStream::connect(network, there(port)).expect("a connection");
    stream.write_all(b"?").expect("room");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an orderly end");
    assert_eq!(answer, b"!");
}

fn answer(mut stream: TcpStream) {
    stream.read_exact(&mut [0]).expect("a question");
    stream.write_all(b"!").expect("room");
}

/// A thread that serves what it accepts at port 7, once it has taken all packets of a connection
/// itself.
fn settled_server(listener: TcpListener, far: &Network, takers: &Takers) -> thread::JoinHandle<()> {
    let server = thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            answer(stream);
        }
    });
    let itself = HashSet::from([server.thread().id()]);
    // The driver may take some of the first ones, until it sees that others drive.
    loop {
        takers.since();
        ask(far, 7);
        if takers.since() == itself {
            return server;
        }
    }
}

#[test]
fn who_serves_what_it_accepts_takes_all_its_packets_itself() {
    bounded(|| {
        let (near, far, takers) = watched();
        let listener = TcpListener::bind(&near, there(7)).expect("a listener");
        let server = settled_server(listener, &far, &takers);
        near.stop();
        server.join().expect("no panic");
    });
}

#[test]
fn who_leaves_what_it_accepts_to_others_never_drives() {
    bounded(|| {
        let (near, far, takers) = watched();
        let listener = TcpListener::bind(&near, there(7)).expect("a listener");
        let server = thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                thread::spawn(move || answer(stream));
            }
        });
        for _ in 0..100 {
            ask(&far, 7);
        }
        assert!(!takers.has(server.thread().id()));
        near.stop();
        server.join().expect("no panic");
    });
}

#[test]
fn who_drives_while_it_waits_to_accept_gives_way_to_others() {
    bounded(|| {
        let (near, far, takers) = watched();
        let first = TcpListener::bind(&near, there(7)).expect("a listener");
        let second = TcpListener::bind(&near, there(8)).expect("a listener");
        let server = settled_server(first, &far, &takers);
        // It sits now. The other listener's connection is told to its own thread by it, and then
        // has the seat to itself.
        let (tell, told) = mpsc::channel();
        let other = thread::spawn(move || {
            let (mut stream, _) = second.accept().expect("up");
            tell.send(()).expect("somebody listens");
            let mut text = Vec::new();
            stream.read_to_end(&mut text).expect("an orderly end");
            text.len()
        });
        let mut stream = TcpStream::connect(&far, there(8)).expect("a connection");
        told.recv().expect("accepted");
        let mut sent = 0;
        while !takers.has(other.thread().id()) {
            stream.write_all(b"?").expect("room");
            sent += 1;
            thread::yield_now();
        }
        drop(stream);
        assert_eq!(other.join().expect("no panic"), sent);
        ask(&far, 7);
        near.stop();
        server.join().expect("no panic");
    });
}
