//! A client and a host full of name servers, each a stack of ours, with a pipe between them.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ::tokio::io::{AsyncReadExt, AsyncWriteExt};
use hickory_resolver::proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA, CNAME, NS, SOA, TXT};
use hickory_resolver::proto::rr::{Name, RData, Record};

use super::watch::{Transport, Walk};
use super::{Resolver, Source};
use crate::device::pipe::pipe;
use crate::net::tokio::{TcpListener, UdpSocket};
use crate::net::{Network, Options};
use crate::stack::Config;

/// Runs a task beside the stacks' own threads.
pub(super) fn run<F: Future<Output = ()>>(task: impl FnOnce() -> F) {
    let runtime = ::tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.expect("a runtime").block_on(async {
        let bounded = ::tokio::time::timeout(Duration::from_secs(60), task());
        bounded.await.expect("over in time");
    });
}

/// What a name server sends for a question that came to this address over this transport: any
/// number of messages, as octets.
pub(super) type Answers = Arc<dyn Fn(IpAddr, Transport, &Message) -> Vec<Vec<u8>> + Send + Sync>;

/// The name servers' addresses: 10.0.0.2 and up.
pub(super) fn server(number: u8) -> IpAddr {
    [10, 0, 0, 1 + number].into()
}

/// Where the `number`th server is asked.
pub(super) fn at(number: u8) -> SocketAddr {
    SocketAddr::new(server(number), 53)
}

/// The client's stack, and name servers that answer so. To be called inside a runtime.
pub(super) fn world(
    answers: impl Fn(IpAddr, Transport, &Message) -> Vec<Vec<u8>> + Send + Sync + 'static,
) -> (Network, Network) {
    let (a, b) = pipe(1500).expect("descriptors");
    let start = |device, hosts: &[u8]| {
        let addresses = hosts.iter().map(|host| ([10, 0, 0, *host].into(), 24));
        let config = Config::new(addresses.collect());
        Network::start(Box::new(device), config, Options::default()).expect("a network")
    };
    let (client, servers) = (start(a, &[1]), start(b, &[2, 3, 4, 5]));
    let answers: Answers = Arc::new(answers);
    for number in 1..=3 {
        serve_udp(&servers, number, answers.clone());
        serve_tcp(&servers, number, answers.clone());
    }
    (client, servers)
}

fn serve_udp(network: &Network, number: u8, answers: Answers) {
    let socket = UdpSocket::bind(network, at(number)).expect("a socket");
    ::tokio::spawn(async move {
        let mut room = vec![0; 4096];
        while let Ok((len, from)) = socket.recv_from(&mut room).await {
            let query = Message::from_vec(&room[..len]).expect("a question");
            for answer in answers(server(number), Transport::Udp, &query) {
                socket.send_to(&answer, from).await.expect("room");
            }
        }
    });
}

fn serve_tcp(network: &Network, number: u8, answers: Answers) {
    let listener = TcpListener::bind(network, at(number)).expect("a listener");
    ::tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answers = answers.clone();
            ::tokio::spawn(async move {
                while let Ok(len) = stream.read_u16().await {
                    let mut text = vec![0; usize::from(len)];
                    stream.read_exact(&mut text).await.expect("a question");
                    let query = Message::from_vec(&text).expect("a question");
                    for answer in answers(server(number), Transport::Tcp, &query) {
                        let len = u16::try_from(answer.len()).expect("short");
                        // In pieces, as a stream may bring them.
                        for octet in len.to_be_bytes().iter().chain(&answer) {
                            stream.write_u8(*octet).await.expect("room");
                        }
                    }
                }
            });
        }
    });
}

/// A resolver, and what passes its sockets.
pub(super) fn resolver(network: &Network, source: &Source) -> (Resolver, Walk) {
    let walk = Walk::default();
    let nowhere = Path::new("/nonexistent/hosts");
    let resolver = Resolver::new(network, source, walk.watch(), nowhere);
    (resolver.expect("a resolver"), walk)
}

/// An answer to `query` with these records, and more by `change`.
pub(super) fn answer(
    query: &Message,
    records: &[Record],
    change: impl FnOnce(&mut Message),
) -> Vec<u8> {
    let mut message = Message::new(query.metadata.id, MessageType::Response, OpCode::Query);
    message.metadata.recursion_desired = query.metadata.recursion_desired;
    message.metadata.recursion_available = true;
    message.metadata.authoritative = true;
    message.add_queries(query.queries.iter().cloned());
    message.add_answers(records.iter().cloned());
    change(&mut message);
    message.to_vec().expect("short enough")
}

/// The same with a code and the zone's authority.
pub(super) fn negative(query: &Message, code: ResponseCode, zone: &str) -> Vec<u8> {
    answer(query, &[], |message| {
        message.metadata.response_code = code;
        let soa = SOA::new(name("ns.test."), name("who.test."), 1, 60, 60, 60, 30);
        let soa = Record::from_rdata(name(zone), 60, RData::SOA(soa));
        message.add_authority(soa);
    })
}

/// A referral to `zone`'s server.
pub(super) fn referral(query: &Message, zone: &str, host: &str, ip: [u8; 4]) -> Vec<u8> {
    answer(query, &[], |message| {
        message.metadata.authoritative = false;
        message.add_authority(ns(zone, host));
        message.add_additional(a(host, 60, ip));
    })
}

pub(super) fn name(text: &str) -> Name {
    Name::from_ascii(text).expect("a name")
}

pub(super) fn a(owner: &str, ttl: u32, ip: [u8; 4]) -> Record {
    Record::from_rdata(name(owner), ttl, RData::A(A(ip.into())))
}

pub(super) fn aaaa(owner: &str, ttl: u32, ip: &str) -> Record {
    let ip = ip.parse().expect("an address");
    Record::from_rdata(name(owner), ttl, RData::AAAA(AAAA(ip)))
}

pub(super) fn cname(owner: &str, to: &str) -> Record {
    Record::from_rdata(name(owner), 60, RData::CNAME(CNAME(name(to))))
}

pub(super) fn ns(zone: &str, host: &str) -> Record {
    Record::from_rdata(name(zone), 60, RData::NS(NS(name(host))))
}

pub(super) fn txt(owner: &str, texts: usize) -> Record {
    let texts = vec!["x".repeat(200); texts];
    Record::from_rdata(name(owner), 60, RData::TXT(TXT::new(texts)))
}
