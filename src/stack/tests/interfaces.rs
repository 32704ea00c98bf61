//! Several interfaces: where packets leave, what they leave with, and what is taken where.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::super::echo::EchoRequest;
use super::super::kit::{Record, pattern};
use super::super::{
    AddressError, Config, ConfigError, ConnId, EchoOpenError, EchoSendError, Interface,
    NoInterface, NoWay, OpenError, Prefix, Route, Stack, UdpConnectError, UdpSendError,
};
use crate::base::{Instant, InterfaceId, Mss, Received, Seed};
use crate::probe::State;
use crate::wire::{ipv4, ipv6};

const FIRST: InterfaceId = InterfaceId::FIRST;
const SECOND: InterfaceId = InterfaceId(1);
/// Of our two interfaces: our addresses, and those of the host at the other end.
const OURS: [[&str; 2]; 2] = [
    ["192.0.2.1", "2001:db8::1"],
    ["198.51.100.1", "2001:db8:1::1"],
];
const THEIRS: [[&str; 2]; 2] = [
    ["192.0.2.2", "2001:db8::2"],
    ["198.51.100.2", "2001:db8:1::2"],
];
/// On neither network.
const FAR: [&str; 2] = ["203.0.113.9", "2001:db8:ff::9"];
const MTUS: [u16; 2] = [1500, 1300];

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn at(text: &str, port: u16) -> SocketAddr {
    SocketAddr::new(ip(text), port)
}

fn networks(addresses: [&str; 2]) -> Vec<(IpAddr, u8)> {
    vec![(ip(addresses[0]), 24), (ip(addresses[1]), 64)]
}

fn config() -> Config {
    Config {
        mtu: MTUS[0],
        further: vec![Interface {
            addresses: networks(OURS[1]),
            mtu: MTUS[1],
            offloads: crate::base::Offloads::NONE,
        }],
        ..Config::new(networks(OURS[0]))
    }
}

/// We, and a host at the other end of each of our interfaces that answers for all behind it.
struct Hub {
    us: Stack,
    told: Record,
    peers: [Stack; 2],
    now: Instant,
    /// What the peers send comes in by the other interface.
    crossed: bool,
}

impl Hub {
    fn new() -> Hub {
        let mut us = Stack::new(config(), Seed::from_number(1));
        let told = Record::default();
        us.observe(Box::new(told.clone()));
        let peer = |side: usize| {
            let config = Config {
                any_address: true,
                ..Config::new(networks(THEIRS[side]))
            };
            let mut peer = Stack::new(config, Seed::from_number(2 + side as u64));
            peer.listen(Instant::BIRTH, at("0.0.0.0", 80), 8).unwrap();
            peer.listen(Instant::BIRTH, at("::", 80), 8).unwrap();
            peer
        };
        Hub {
            us,
            told,
            peers: [peer(0), peer(1)],
            now: Instant::BIRTH,
            crossed: false,
        }
    }

    /// Takes what everybody has to send to where it goes, until there is nothing more. Returns what
    /// we sent, and by which interface.
    fn carry(&mut self) -> Vec<(InterfaceId, Vec<u8>)> {
        let mut sent = Vec::new();
        let now = self.now;
        'next: for _ in 0..10_000 {
            if let Some(packet) = self.us.poll_transmit(now) {
                let (interface, packet) = (packet.interface, packet.to_vec());
                let peer = &mut self.peers[usize::from(interface.0)];
                peer.receive(now, Received::plain(&packet));
                sent.push((interface, packet));
                continue;
            }
            for (side, peer) in (0..).zip(&mut self.peers) {
                if let Some(packet) = peer.poll_transmit(now) {
                    let side = if self.crossed { 1 - side } else { side };
                    let packet = packet.to_vec();
                    let packet = Received {
                        interface: InterfaceId(side),
                        ..Received::plain(&packet)
                    };
                    self.us.receive(now, packet);
                    continue 'next;
                }
            }
            self.us.assert_invariants();
            return sent;
        }
        panic!("a storm of packets");
    }

    /// Lets so much time pass, for us alone. Returns what we sent.
    fn run(&mut self, time: Duration) -> Vec<(InterfaceId, Vec<u8>)> {
        let until = self.now + time;
        let mut sent = self.carry();
        for _ in 0..1_000 {
            let Some(due) = self.us.poll_timeout().filter(|due| *due <= until) else {
                self.now = until;
                return sent;
            };
            self.now = due;
            self.us.handle_timeout(due);
            sent.extend(self.carry());
        }
        panic!("no end of timers");
    }

    fn open(&mut self, to: &str) -> ConnId {
        let id = self.us.open(self.now, at(to, 80), None).unwrap();
        self.carry();
        assert_eq!(self.us.status(id).unwrap().state, State::Established);
        id
    }

    fn route(&mut self, prefix: Prefix, interface: InterfaceId) {
        let route = Route {
            interface,
            ..Route::default()
        };
        self.us.set_route(self.now, prefix, route).unwrap();
    }

    fn datagram(
        &mut self,
        to: &str,
        text: &[u8],
    ) -> Result<Vec<(InterfaceId, Vec<u8>)>, UdpSendError> {
        let to = at(to, 53);
        let any = if to.is_ipv4() { "0.0.0.0" } else { "::" };
        let id = self.us.udp_bind(self.now, at(any, 0)).unwrap();
        let sent = self.us.udp_send(self.now, id, text, Some(to));
        let packets = self.carry();
        self.us.udp_close(self.now, id);
        sent.map(|()| packets)
    }
}

fn source(packet: &[u8]) -> IpAddr {
    let v4 = || ipv4::parse(packet).map(|(header, _)| header.src.into());
    let v6 = || ipv6::parse(packet).map(|(header, _)| header.src.into());
    v4().or_else(|_| v6()).unwrap()
}

// req: RFC1122-3.3.1.1-2, RFC6724-5-1
#[test]
fn packets_leave_by_the_interface_on_whose_network_they_end() {
    let mut hub = Hub::new();
    for (side, interface) in [(0, FIRST), (1, SECOND), (0, FIRST)] {
        for family in 0..2 {
            let sent = hub.datagram(THEIRS[side][family], b"a question").unwrap();
            assert_eq!(sent.len(), 1);
            assert_eq!(sent[0].0, interface);
            assert_eq!(source(&sent[0].1), ip(OURS[side][family]));
        }
    }
    // What is on neither leaves by the first.
    for (family, far) in FAR.into_iter().enumerate() {
        let sent = hub.datagram(far, b"a question").unwrap();
        assert_eq!(
            (sent[0].0, source(&sent[0].1)),
            (FIRST, ip(OURS[0][family]))
        );
    }
}

// req: RFC6724-5-1
#[test]
fn the_source_is_of_the_interface_that_the_route_has() {
    let mut hub = Hub::new();
    for (family, far) in FAR.into_iter().enumerate() {
        hub.route(Prefix::host(ip(far)), SECOND);
        let sent = hub.datagram(far, b"a question").unwrap();
        assert_eq!(
            (sent[0].0, source(&sent[0].1)),
            (SECOND, ip(OURS[1][family]))
        );
        let id = hub.open(far);
        let local = hub.us.pair(id).unwrap().local;
        assert_eq!(local.addr, ip(OURS[1][family]));
        let id = hub.us.echo_open(hub.now, ip(far)).unwrap();
        let request = EchoRequest {
            sequence: 1,
            data: b"",
            hop_limit: None,
            whole: true,
        };
        hub.us.echo_send(hub.now, id, &request).unwrap();
        let sent = hub.carry();
        assert_eq!(
            (sent[0].0, source(&sent[0].1)),
            (SECOND, ip(OURS[1][family]))
        );
    }
}

#[test]
fn what_an_application_names_is_the_source_on_every_interface() {
    let mut hub = Hub::new();
    let local = at(OURS[0][0], 4000);
    let to = at(THEIRS[1][0], 80);
    let id = hub.us.open(hub.now, to, Some(local)).unwrap();
    let sent = hub.carry();
    assert_eq!(SocketAddr::from(hub.us.pair(id).unwrap().local), local);
    assert_eq!((sent[0].0, source(&sent[0].1)), (SECOND, local.ip()));
    assert_eq!(hub.us.status(id).unwrap().state, State::Established);
}

#[test]
fn connections_over_both_at_once_have_each_the_size_of_their_own() {
    let mut hub = Hub::new();
    for (family, headers) in [(0, 40), (1, 60)] {
        let ids = [hub.open(THEIRS[0][family]), hub.open(THEIRS[1][family])];
        for (id, mtu) in ids.into_iter().zip(MTUS) {
            let status = hub.us.status(id).unwrap();
            // Timestamps take 12 bytes of each segment: RFC 7323 section 3.2.
            assert_eq!(status.mss, mtu - headers - 12, "{mtu}");
            assert_eq!(hub.us.write(hub.now, id, &pattern(8_000)), Ok(8_000));
        }
        let sent = hub.carry();
        for (interface, mtu) in [(FIRST, MTUS[0]), (SECOND, MTUS[1])] {
            let here = sent.iter().filter(|(by, _)| *by == interface);
            let longest = here.map(|(_, packet)| packet.len()).max();
            assert_eq!(longest, Some(mtu.into()), "{interface}");
        }
    }
}

// req: MUST-67
#[test]
fn a_syn_offers_what_its_interface_carries_and_so_does_the_answer_to_one() {
    let mut hub = Hub::new();
    hub.us.listen(hub.now, at("0.0.0.0", 80), 8).unwrap();
    let offered = |packet: &[u8]| {
        // The first option of all: kind, length, and the size.
        assert_eq!(packet[40..42], [2, 4]);
        u16::from_be_bytes([packet[42], packet[43]])
    };
    for (side, mss) in [(0, 1460), (1, 1260)] {
        hub.us.open(hub.now, at(THEIRS[side][0], 80), None).unwrap();
        assert_eq!(offered(&hub.carry()[0].1), mss);
        let (now, to) = (hub.now, at(OURS[side][0], 80));
        hub.peers[side].open(now, to, None).unwrap();
        assert_eq!(offered(&hub.carry()[0].1), mss);
    }
}

#[test]
fn a_datagram_is_cut_for_the_interface_that_it_leaves_by() {
    let mut hub = Hub::new();
    for (near, narrow) in THEIRS[0].into_iter().zip(THEIRS[1]) {
        let text = pattern(1_350);
        assert_eq!(hub.datagram(near, &text).unwrap().len(), 1);
        let cut = hub.datagram(narrow, &text).unwrap();
        assert_eq!(cut.len(), 2);
        assert!(
            cut.iter()
                .all(|(by, packet)| *by == SECOND && packet.len() <= 1_300)
        );
    }
}

// req: MUST-16
#[test]
fn the_mtu_of_one_interface_is_no_matter_of_another() {
    let mut hub = Hub::new();
    let ids = [hub.open(THEIRS[0][0]), hub.open(THEIRS[1][0])];
    let sizes = |hub: &Hub| ids.map(|id| hub.us.status(id).unwrap().mss);
    assert_eq!(sizes(&hub), [1_448, 1_248]);
    hub.us.set_mtu(hub.now, SECOND, 1_000).unwrap();
    assert_eq!(sizes(&hub), [1_448, 948]);
    hub.us.set_mtu(hub.now, FIRST, 1_280).unwrap();
    assert_eq!(sizes(&hub), [1_228, 948]);
    let link = hub.us.config().link(SECOND);
    assert_eq!(link.map(|link| link.mtu), Some(1_000));
    assert_eq!(
        hub.us.set_mtu(hub.now, InterfaceId(2), 1_500),
        Err(NoInterface(InterfaceId(2)))
    );
}

// req: RFC1122-3.3.4.2-1
#[test]
fn what_is_sent_to_any_of_our_addresses_is_taken_on_every_interface() {
    let mut hub = Hub::new();
    hub.us.listen(hub.now, at("0.0.0.0", 80), 8).unwrap();
    hub.us.listen(hub.now, at("::", 80), 8).unwrap();
    for own in OURS[0] {
        let (now, to) = (hub.now, at(own, 80));
        let id = hub.peers[1].open(now, to, None).unwrap();
        let sent = hub.carry();
        assert_eq!(hub.peers[1].status(id).unwrap().state, State::Established);
        assert_eq!((sent[0].0, source(&sent[0].1)), (SECOND, to.ip()));
    }
}

#[test]
fn an_answer_leaves_by_the_route_wherever_the_question_came_in() {
    let mut hub = Hub::new();
    hub.us.listen(hub.now, at("0.0.0.0", 80), 8).unwrap();
    hub.crossed = true;
    let to = at(OURS[0][0], 80);
    for (side, interface) in [(0, FIRST), (1, SECOND)] {
        let now = hub.now;
        let peer = &mut hub.peers[side];
        let id = peer.open(now, to, None).unwrap();
        let ping = peer.echo_open(now, to.ip()).unwrap();
        let request = EchoRequest {
            sequence: 1,
            data: b"",
            hop_limit: None,
            whole: true,
        };
        peer.echo_send(now, ping, &request).unwrap();
        // To a port of nobody: an ICMP error goes back.
        let socket = peer.udp_bind(now, at("0.0.0.0", 0)).unwrap();
        let nobody = Some(at(OURS[0][0], 9));
        peer.udp_send(now, socket, b"", nobody).unwrap();
        let sent = hub.carry();
        // A SYN,ACK, an echo reply, an error.
        assert_eq!(sent.len(), 3);
        assert!(sent.iter().all(|(by, _)| *by == interface), "{side}");
        assert_eq!(
            hub.peers[side].status(id).unwrap().state,
            State::Established
        );
    }
}

// req: RFC1122-3.2.1.3-3
#[test]
fn nobody_sends_from_an_address_of_ours_on_any_interface() {
    for interface in [FIRST, SECOND] {
        for own in OURS.map(|own| own[0]) {
            let mut hub = Hub::new();
            let now = hub.now;
            let mut liar = Stack::new(Config::new(vec![(ip(own), 24)]), Seed::from_number(9));
            let socket = liar.udp_bind(now, at("0.0.0.0", 7)).unwrap();
            let to = OURS.map(|own| own[0]).into_iter().find(|to| *to != own);
            let to = at(to.unwrap(), 7);
            liar.udp_send(now, socket, b"it is I", Some(to)).unwrap();
            let packet = liar.poll_transmit(now).unwrap().to_vec();
            let packet = Received {
                interface,
                ..Received::plain(&packet)
            };
            hub.us.receive(now, packet);
            assert_eq!(hub.told.count("BadSource"), 1, "{:?}", hub.told.lines());
        }
    }
}

#[test]
fn where_no_route_leads_nothing_is_sent() {
    let mut hub = Hub::new();
    for (family, far) in FAR.into_iter().enumerate() {
        let (now, to) = (hub.now, at(far, 80));
        let sent = hub.us.echo_open(now, to.ip()).unwrap();
        hub.us.remove_route(now, Prefix::all_like(to.ip()));
        assert_eq!(hub.us.route(to.ip()), None);
        let gone = to.ip();
        assert_eq!(
            hub.us.open(now, to, None),
            Err(OpenError::NetworkUnreachable(gone))
        );
        assert_eq!(
            hub.us.echo_open(now, gone),
            Err(EchoOpenError::NetworkUnreachable(gone))
        );
        let no_way = NoWay::NetworkUnreachable(gone);
        assert_eq!(hub.datagram(far, b""), Err(UdpSendError::NoWay(no_way)));
        let any = if to.is_ipv4() { "0.0.0.0" } else { "::" };
        let socket = hub.us.udp_bind(now, at(any, 0)).unwrap();
        let connected = hub.us.udp_connect(now, socket, to);
        assert_eq!(connected, Err(UdpConnectError::NoWay(no_way)));
        let request = EchoRequest {
            sequence: 1,
            data: b"",
            hop_limit: None,
            whole: true,
        };
        let asked = hub.us.echo_send(now, sent, &request);
        assert_eq!(asked, Err(EchoSendError::NetworkUnreachable(gone)));
        assert_eq!(hub.carry(), []);
        // Our own networks are where they were.
        for (side, interface) in [(0, FIRST), (1, SECOND)] {
            let sent = hub.datagram(THEIRS[side][family], b"").unwrap();
            assert_eq!(sent[0].0, interface);
        }
    }
}

#[test]
fn what_comes_from_where_no_route_leads_is_not_answered() {
    let mut hub = Hub::new();
    hub.us.listen(hub.now, at("0.0.0.0", 80), 8).unwrap();
    hub.us.remove_route(hub.now, Prefix::ALL_V4);
    let mut far = Stack::new(Config::new(vec![(ip(FAR[0]), 24)]), Seed::from_number(9));
    let ping = far.echo_open(hub.now, ip(OURS[0][0])).unwrap();
    let request = EchoRequest {
        sequence: 1,
        data: b"",
        hop_limit: None,
        whole: true,
    };
    far.echo_send(hub.now, ping, &request).unwrap();
    far.open(hub.now, at(OURS[0][0], 80), None).unwrap();
    far.open(hub.now, at(OURS[0][0], 81), None).unwrap();
    while let Some(packet) = far.poll_transmit(hub.now) {
        let packet = packet.to_vec();
        hub.us.receive(hub.now, Received::plain(&packet));
    }
    assert_eq!(hub.told.count("PacketIn"), 3);
    assert_eq!(hub.run(Duration::from_secs(5)), []);
    assert_eq!(hub.told.count("PacketOut"), 0);
}

#[test]
fn a_connection_moves_with_its_route_and_keeps_its_address() {
    let mut hub = Hub::new();
    let id = hub.open(FAR[0]);
    let other = hub.open(THEIRS[0][0]);
    let doubts = |hub: &mut Hub, id| hub.us.details(hub.now, id).unwrap().path_doubts;
    hub.route(Prefix::new(ip(FAR[0]), 16), SECOND);
    assert_eq!(hub.us.status(id).unwrap().mss, 1_248);
    assert_eq!(hub.us.status(other).unwrap().mss, 1_448);
    assert_eq!((doubts(&mut hub, id), doubts(&mut hub, other)), (1, 0));
    hub.us.write(hub.now, id, b"by the other way").unwrap();
    let (now, mut left) = (hub.now, Vec::new());
    while let Some(packet) = hub.us.poll_transmit(now) {
        left.push((packet.interface, source(&packet.to_vec())));
    }
    assert_eq!(left, [(SECOND, ip(OURS[0][0]))]);
    // A longer one goes before it, and a shorter does not.
    hub.route(Prefix::ALL_V4, SECOND);
    hub.route(Prefix::host(ip(FAR[0])), FIRST);
    assert_eq!(hub.us.status(id).unwrap().mss, 1_448);
    hub.us.remove_route(hub.now, Prefix::host(ip(FAR[0])));
    assert_eq!(hub.us.status(id).unwrap().mss, 1_248);
    assert_eq!(doubts(&mut hub, id), 3);
}

#[test]
fn a_connection_outlives_a_route_that_comes_back() {
    let mut hub = Hub::new();
    let id = hub.open(FAR[0]);
    hub.us.remove_route(hub.now, Prefix::ALL_V4);
    hub.us.write(hub.now, id, b"is anybody there?").unwrap();
    assert_eq!(hub.run(Duration::from_secs(60)), []);
    assert_eq!(hub.us.status(id).unwrap().state, State::Established);
    hub.route(Prefix::ALL_V4, FIRST);
    // The timeout has doubled no further than to what has passed.
    let sent = hub.run(Duration::from_secs(60));
    assert!(sent[0].1.ends_with(b"is anybody there?"));
}

#[test]
fn a_route_needs_an_interface_that_is_there() {
    let mut hub = Hub::new();
    let route = Route {
        interface: InterfaceId(2),
        advertised_mss: Some(Mss::new(900)),
        ..Route::default()
    };
    let set = hub.us.set_route(hub.now, Prefix::ALL_V4, route);
    assert_eq!(set, Err(NoInterface(InterfaceId(2))));
    assert_eq!(hub.us.route(ip(FAR[0])), Some(Route::default()));
}

#[test]
fn of_two_interfaces_on_one_network_the_first_has_it() {
    let mut config = config();
    config.further[0].addresses = vec![(ip("192.0.2.9"), 24)];
    let stack = Stack::new(config, Seed::from_number(1));
    let route = stack.route(ip(THEIRS[0][0])).unwrap();
    assert_eq!(route.interface, FIRST);
}

#[test]
fn a_configuration_that_cannot_be_is_refused_by_name() {
    assert_eq!(config().check(), Ok(()));
    let changed = |change: fn(&mut Config)| {
        let mut config = config();
        change(&mut config);
        config.check()
    };
    let twice = changed(|config| config.further[0].addresses[0].0 = ip(OURS[0][0]));
    assert_eq!(twice, Err(ConfigError::TwiceOurs(ip(OURS[0][0]))));
    assert_eq!(twice.unwrap_err().to_string(), "192.0.2.1 is given twice");
    assert_eq!(
        changed(|config| config.addresses.push((ip(OURS[0][1]), 128))),
        Err(ConfigError::TwiceOurs(ip(OURS[0][1])))
    );
    assert_eq!(
        changed(|config| config.further[0].addresses.push((ip("224.0.0.1"), 24))),
        Err(ConfigError::Address(AddressError::NoHost(
            ip("224.0.0.1"),
            "a multicast address"
        )))
    );
    let narrow = changed(|config| config.further[0].mtu = 67);
    assert_eq!(narrow, Err(ConfigError::NarrowInterface(SECOND, 67)));
    assert_eq!(
        narrow.unwrap_err().to_string(),
        "interface 1 carries packets of 67 bytes: at least 68 are needed"
    );
    assert_eq!(
        changed(|config| config.mtu = 0),
        Err(ConfigError::NarrowInterface(FIRST, 0))
    );
    let none = || Interface {
        addresses: Vec::new(),
        mtu: 1500,
        offloads: crate::base::Offloads::NONE,
    };
    let with = |count: usize| {
        let further = std::iter::repeat_with(none).take(count - 1).collect();
        let config = Config {
            further,
            ..Config::new(networks(OURS[0]))
        };
        (config.check(), config.interfaces().count())
    };
    assert_eq!(with(256), (Ok(()), 256));
    assert_eq!(with(257), (Err(ConfigError::TooManyInterfaces(257)), 256));
}
