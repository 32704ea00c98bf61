//! Pairs of sockets as bytes, as text, and as std's addresses.

use std::net::SocketAddr;

use super::{Endpoint, SocketPair};

fn endpoint(text: &str) -> Endpoint {
    Endpoint::from(text.parse::<SocketAddr>().unwrap())
}

fn pair(local: &str, remote: &str) -> SocketPair {
    SocketPair {
        local: endpoint(local),
        remote: endpoint(remote),
    }
}

#[test]
fn an_endpoint_is_std_s_socket_address_and_prints_like_it() {
    for text in ["10.90.0.2:80", "[fd90::2]:80", "0.0.0.0:0", "[::]:65535"] {
        let socket: SocketAddr = text.parse().unwrap();
        assert_eq!(SocketAddr::from(endpoint(text)), socket);
        assert_eq!(endpoint(text).to_string(), text);
    }
}

#[test]
fn a_pair_prints_local_first() {
    let pair = pair("10.90.0.2:40000", "203.0.113.10:443");
    assert_eq!(pair.to_string(), "10.90.0.2:40000 > 203.0.113.10:443");
}

#[test]
fn a_pair_s_bytes_are_addresses_and_ports_in_network_order() {
    let mut expected = Vec::new();
    expected.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 90, 0, 2]);
    expected.extend([0x9c, 0x40]);
    expected.extend([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]);
    expected.extend([0x01, 0xbb]);
    let pair = pair("10.90.0.2:40000", "[2001:db8::7]:443");
    assert_eq!(pair.bytes()[..], expected);
}

#[test]
fn pairs_that_differ_in_one_field_differ_in_their_bytes() {
    let pairs = [
        pair("10.0.0.1:1", "10.0.0.2:2"),
        pair("10.0.0.2:2", "10.0.0.1:1"),
        pair("10.0.0.3:1", "10.0.0.2:2"),
        pair("10.0.0.1:3", "10.0.0.2:2"),
        pair("10.0.0.1:1", "10.0.0.3:2"),
        pair("10.0.0.1:1", "10.0.0.2:3"),
        pair("[::10.0.0.1]:1", "[::10.0.0.2]:2"),
    ];
    let bytes: std::collections::BTreeSet<_> = pairs.iter().map(SocketPair::bytes).collect();
    assert_eq!(bytes.len(), pairs.len());
}
