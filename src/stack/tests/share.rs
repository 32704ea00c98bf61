//! Several stacks at one address: whatever queue a packet comes by, it gets home.

use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::sync::Arc;

use super::super::kit::{A, B, Record, pattern};
use super::super::{Config, ConnId, OpenError, ReadError, Share, Stack};
use super::icmp::error;
use crate::base::{Instant, Received, Seed};
use crate::probe::State;
use crate::tcp;
use crate::wire::icmp::Problem;

const COUNT: NonZeroU16 = NonZeroU16::new(3).unwrap();
const PORT: u16 = 80;

/// Three stacks at `A`, and the one at `B` that they talk to.
struct Group {
    stacks: Vec<Stack>,
    told: Vec<Record>,
    peer: Stack,
    now: Instant,
    /// Packets of the peer's so far.
    came: usize,
    /// By how much the queue of a packet is off.
    turn: fn(usize) -> usize,
}

impl Group {
    fn new() -> Group {
        let (mut stacks, mut told) = (Vec::new(), Vec::new());
        for share in Share::each(COUNT) {
            let mut config = Config::new(vec![(A, 24)]);
            config.share = share;
            let mut stack = Stack::new(config, Seed::from_number(1));
            let record = Record::default();
            stack.observe(Box::new(record.clone()));
            stacks.push(stack);
            told.push(record);
        }
        let mut config = Config::new(vec![(B, 24)]);
        config.tcp = Arc::new(tcp::Config::default());
        Group {
            stacks,
            told,
            peer: Stack::new(config, Seed::from_number(2)),
            now: Instant::from_nanos(1_000_000_000),
            came: 0,
            turn: |came| came,
        }
    }

    /// A packet comes by this queue. Through how many stacks it goes.
    fn receive(&mut self, queue: usize, packet: Received<'_>) -> usize {
        self.stacks[queue].receive(self.now, packet);
        let mut most = 1;
        while let Some(stray) = self.stacks[queue].poll_stray() {
            assert_ne!(usize::from(stray.home), queue);
            most = most.max(1 + self.receive(stray.home.into(), stray.received()));
        }
        most
    }

    /// Both sides send and receive until nothing is left to send.
    fn run(&mut self) {
        loop {
            let mut quiet = true;
            while let Some(packet) = self
                .peer
                .poll_transmit(self.now)
                .map(|packet| packet.to_vec())
            {
                quiet = false;
                let queue = (self.turn)(self.came) % self.stacks.len();
                self.came += 1;
                // Segments that are not cut are handed over once at most.
                assert!(self.receive(queue, Received::plain(&packet)) <= 2);
            }
            for stack in &mut self.stacks {
                while let Some(packet) = stack.poll_transmit(self.now).map(|packet| packet.to_vec())
                {
                    quiet = false;
                    self.peer.receive(self.now, Received::plain(&packet));
                }
            }
            if quiet {
                break;
            }
        }
        for stack in &self.stacks {
            stack.assert_invariants();
        }
    }

    fn strays(&self) -> usize {
        self.told.iter().map(|told| told.count("Stray")).sum()
    }

    /// A connection that the stack at this place opens; its number at the peer's.
    fn open(&mut self, queue: usize) -> ConnId {
        let id = self.stacks[queue].open(self.now, SocketAddr::new(B, PORT), None);
        let id = id.expect("a free port");
        self.run();
        assert_eq!(state(&self.stacks[queue], id), Some(State::Established));
        id
    }
}

fn state(stack: &Stack, id: ConnId) -> Option<State> {
    stack.status(id).map(|status| status.state)
}

#[test]
fn connections_that_come_are_spread_and_hear_all_by_any_queue() {
    let mut group = Group::new();
    let here = SocketAddr::new(A, PORT);
    let listeners: Vec<_> = group
        .stacks
        .iter_mut()
        .map(|stack| stack.listen(group.now, here, 64).unwrap())
        .collect();
    let clients: Vec<ConnId> = (0..40)
        .map(|_| group.peer.open(group.now, here, None).unwrap())
        .collect();
    group.run();
    let text = pattern(3_000);
    for client in &clients {
        assert_eq!(state(&group.peer, *client), Some(State::Established));
        assert_eq!(group.peer.write(group.now, *client, &text), Ok(text.len()));
    }
    group.run();
    let mut taken = Vec::new();
    for (stack, listener) in group.stacks.iter_mut().zip(listeners) {
        let mut served = 0;
        while let Ok(id) = stack.accept(group.now, listener) {
            let mut got = vec![0; text.len()];
            assert_eq!(stack.read(group.now, id, &mut got), Ok(text.len()));
            assert!(got == text);
            served += 1;
        }
        assert_eq!(stack.counts(), (served, 0, 0));
        taken.push(served);
    }
    assert_eq!(taken.iter().sum::<usize>(), clients.len());
    assert!(taken.iter().all(|served| *served > 0), "{taken:?}");
    // Two of three packets came by another's queue.
    assert!(group.strays() > group.came / 2, "{} strays", group.strays());
}

#[test]
fn a_port_is_chosen_with_which_the_answers_are_at_home() {
    let mut group = Group::new();
    let there = group.peer.listen(group.now, SocketAddr::new(B, PORT), 64);
    let there = there.unwrap();
    for n in 0..30 {
        let queue = n % 3;
        let id = group.open(queue);
        assert_eq!(
            group.stacks[queue].write(group.now, id, b"to be echoed"),
            Ok(12)
        );
        group.run();
        let server = group.peer.accept(group.now, there).unwrap();
        let mut got = [0; 12];
        assert_eq!(group.peer.read(group.now, server, &mut got), Ok(12));
        assert_eq!(group.peer.write(group.now, server, &got), Ok(12));
        group.run();
        assert_eq!(group.stacks[queue].read(group.now, id, &mut got), Ok(12));
    }
    // By its home alone, nothing strays.
    let before = group.strays();
    group.turn = |_| 1;
    group.open(1);
    assert_eq!(group.strays(), before);
}

#[test]
fn a_pair_of_sockets_can_be_opened_by_one_of_them_alone() {
    let mut group = Group::new();
    let (local, remote) = (SocketAddr::new(A, 4_000), SocketAddr::new(B, PORT));
    let mut opened = 0;
    for stack in &mut group.stacks {
        match stack.open(group.now, remote, Some(local)) {
            Ok(_) => opened += 1,
            Err(error) => assert_eq!(error, OpenError::Elsewhere(local, remote)),
        }
    }
    assert_eq!(opened, 1);
}

#[test]
fn an_error_about_a_connection_gets_to_it() {
    for (home, by) in [(0, 1), (1, 2), (2, 1), (1, 1)] {
        let mut group = Group::new();
        group
            .peer
            .listen(group.now, SocketAddr::new(B, PORT), 64)
            .unwrap();
        let id = group.open(home);
        let stack = &mut group.stacks[home];
        stack.write(group.now, id, &pattern(1_400)).unwrap();
        let packet = stack.poll_transmit(group.now).expect("text").to_vec();
        let told = error(B, A, Problem::PacketTooBig { mtu: 1_000 }, &packet);
        let hops = group.receive(by, Received::plain(&told));
        assert_eq!(hops, if home == by { 1 } else { 2 });
        assert_eq!(group.told[home].ending(), "IcmpError");
        assert_eq!(group.stacks[home].path_mtu(B), 1_000);
    }
}

/// These parts of an IPv4 packet, cut behind so many bytes of what it carries.
fn cut(packet: &[u8], at: usize) -> [Vec<u8>; 2] {
    use crate::wire::ipv4;
    let (header, payload) = ipv4::parse(packet).expect("a packet of ours");
    let part = |piece: &[u8], offset: usize, more_fragments| {
        let header = ipv4::Header {
            identification: 77,
            dont_fragment: false,
            more_fragments,
            fragment_offset: offset as u16,
            ..header
        };
        let mut out = vec![0; header.header_len()];
        header.emit(piece.len(), &mut out);
        [&out[..], piece].concat()
    };
    [
        part(&payload[..at], 0, true),
        part(&payload[at..], at, false),
    ]
}

#[test]
fn fragments_are_put_together_by_the_first_and_then_go_home() {
    let mut group = Group::new();
    let there = group.peer.listen(group.now, SocketAddr::new(B, PORT), 64);
    let there = there.unwrap();
    let id = group.open(2);
    let server = group.peer.accept(group.now, there).unwrap();
    group
        .peer
        .write(group.now, server, &pattern(1_000))
        .unwrap();
    let packet = group.peer.poll_transmit(group.now).expect("text").to_vec();
    let [first, last] = cut(&packet, 480);
    assert_eq!(group.receive(1, Received::plain(&last)), 2);
    assert_eq!(group.told[0].ending(), "Fragment");
    // By the second queue to the first, and from there home.
    assert_eq!(group.receive(1, Received::plain(&first)), 3);
    let mut got = vec![0; 1_000];
    assert_eq!(group.stacks[2].read(group.now, id, &mut got), Ok(1_000));
    assert!(got == pattern(1_000));
    assert_eq!(
        group.stacks[2].read(group.now, id, &mut got),
        Err(ReadError::WouldBlock)
    );
}

#[test]
fn datagrams_and_echo_replies_are_the_first_ones() {
    let mut group = Group::new();
    let here = SocketAddr::new(A, 53);
    let socket = group.stacks[0].udp_bind(group.now, here).unwrap();
    let there = SocketAddr::new(B, 1_053);
    let asker = group.peer.udp_bind(group.now, there).unwrap();
    for _ in 0..3 {
        group
            .peer
            .udp_send(group.now, asker, b"question", Some(here))
            .unwrap();
    }
    let asking = group.stacks[0].echo_open(group.now, B).unwrap();
    let request = crate::stack::EchoRequest {
        sequence: 1,
        data: b"data",
        hop_limit: None,
        whole: false,
    };
    group.stacks[0]
        .echo_send(group.now, asking, &request)
        .unwrap();
    group.run();
    let mut room = [0; 100];
    for _ in 0..3 {
        let came = group.stacks[0].udp_receive(group.now, socket, &mut room);
        assert_eq!(came.unwrap().len, 8);
    }
    assert!(group.stacks[0].echo_receive(group.now, asking).is_ok());
}

#[test]
fn as_many_wait_to_be_handed_over_as_there_is_room_for() {
    let mut group = Group::new();
    let here = SocketAddr::new(A, PORT);
    for _ in 0..2_000 {
        group.peer.open(group.now, here, None).unwrap();
        let syn = group.peer.poll_transmit(group.now).expect("a SYN").to_vec();
        group.stacks[0].receive(group.now, Received::plain(&syn));
    }
    let mut waited = 0;
    while let Some(stray) = group.stacks[0].poll_stray() {
        assert_ne!(stray.home, 0);
        waited += 1;
    }
    assert_eq!(waited, 1_024);
    let told = &group.told[0];
    let refused = told.count("StraysFull");
    assert!(refused > 0);
    assert_eq!(told.count("Stray"), waited + refused);
}
