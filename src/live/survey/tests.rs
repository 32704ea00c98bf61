use std::io::{Read, Write};
use std::time::Duration;

use super::*;
use crate::device::pipe;
use crate::net::Options;
use crate::net::blocking::{TcpListener, TcpStream};
use crate::stack::Config;

/// Two networks and connections between them: our ends, and theirs.
pub struct Pair {
    pub near: Network,
    pub far: Network,
    pub ends: Vec<(TcpStream, TcpStream)>,
}

impl Pair {
    pub fn of(connections: usize) -> Pair {
        let (a, b) = pipe(1500).expect("descriptors");
        let start = |device, host: u8| {
            let config = Config::new(vec![([10, 0, 0, host].into(), 24)]);
            Network::start(Box::new(device), config, Options::default()).expect("a network")
        };
        let (near, far) = (start(a, 1), start(b, 2));
        let addr = ([10, 0, 0, 2], 7).into();
        let listener = TcpListener::bind(&far, addr).expect("a listener");
        let connect = |_| {
            let ours = TcpStream::connect(&near, addr).expect("a connection");
            (ours, listener.accept().expect("its other end").0)
        };
        let ends = (0..connections).map(connect).collect();
        Pair { near, far, ends }
    }

    /// So many bytes there, read, and known to be.
    pub fn send(&mut self, by: usize, bytes: usize) {
        let (ours, theirs) = &mut self.ends[by];
        ours.write_all(&vec![1; bytes]).expect("room");
        theirs.read_exact(&mut vec![0; bytes]).expect("all of it");
        let mut survey = Survey::of(self.near.clone());
        let is_all_acknowledged = |row: &Row| {
            let known = row.known.as_ref().expect("a control block");
            known.snd_una == known.snd_nxt
        };
        for _ in 0..2000 {
            if survey
                .take(100)
                .expect("up")
                .rows
                .iter()
                .all(is_all_acknowledged)
            {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("not acknowledged in ten seconds");
    }
}

#[test]
fn rows_show_what_was_moved() {
    let mut pair = Pair::of(1);
    pair.send(0, 30_000);
    let seen = Survey::of(pair.near.clone()).take(10).expect("up");
    assert_eq!((seen.open, seen.rows.len()), (1, 1));
    let row = &seen.rows[0];
    assert_eq!(row.local, pair.ends[0].0.local_addr().expect("known"));
    assert_eq!(row.state, "established");
    let known = row.known.as_ref().expect("a control block");
    assert_eq!((known.bytes_acked, known.bytes_received), (30_000, 0));
    assert_eq!(known.blocked_by, "app");
    assert_eq!(known.snd_una, 30_001);
    // The first look has nothing to compare with.
    assert_eq!(known.send_bps, None);
    let seen = Survey::of(pair.far.clone()).take(10).expect("up");
    let known = seen.rows[0].known.as_ref().expect("a control block");
    assert_eq!((known.bytes_acked, known.bytes_received), (0, 30_000));
}

#[test]
fn whoever_listens_is_shown_with_who_waits() {
    let pair = Pair::of(1);
    let addr = ([10, 0, 0, 2], 80).into();
    let listener = TcpListener::bind(&pair.far, addr).expect("a listener");
    let seen = || Survey::of(pair.far.clone()).take(10).expect("up").listening;
    let before = seen();
    let [one] = &before[..] else {
        panic!("one listener was expected: {before:?}");
    };
    assert_eq!((one.local, one.waiting, one.half_open), (addr, 0, 0));
    assert!(one.backlog > 0);
    let _ours = TcpStream::connect(&pair.near, addr).expect("a connection");
    // Our end may be open before the other has our last word.
    let waits = |_| {
        std::thread::sleep(Duration::from_millis(5));
        seen()[0].waiting == 1
    };
    assert!((0..2000).any(waits));
    drop(listener);
    assert_eq!(seen(), []);
}

#[test]
fn of_many_the_busiest_are_shown_and_all_are_counted() {
    let mut pair = Pair::of(5);
    let mut survey = Survey::of(pair.near.clone());
    survey.take(2).expect("up");
    pair.send(1, 50_000);
    pair.send(3, 20_000);
    let seen = survey.take(2).expect("up");
    assert_eq!((seen.open, seen.total()), (5, 5));
    let sockets: Vec<_> = seen.rows.iter().map(|row| row.local).collect();
    let all = pair.ends.iter();
    let ours: Vec<_> = all
        .map(|(ours, _)| ours.local_addr().expect("known"))
        .collect();
    assert_eq!(sockets, [ours[1], ours[3]]);
    // What was busy is idle.
    pair.send(2, 10);
    let seen = survey.take(1).expect("up");
    assert_eq!(seen.rows[0].local, ours[2]);
    assert!(survey.take(0).expect("up").rows.is_empty());
}

#[test]
fn a_connection_is_found_again_until_it_is_gone() {
    let pair = Pair::of(1);
    let mut survey = Survey::of(pair.near.clone());
    let id = survey.take(10).expect("up").rows[0].id;
    assert!(survey.again(id).expect("up").is_some());
    assert!(survey.again(id + 1).expect("up").is_none());
    pair.near.stop();
    assert!(survey.again(id).is_err());
}
