//! What a stack is told of ways: sizes, and how connections begin.

use std::time::Duration;

use super::super::kit::{A, B};
use super::super::lone::Lone;
use super::super::{Algorithm, ConnId, Prefix, Route};
use crate::base::Mss;

fn peer() -> Prefix {
    Prefix::host(B)
}

/// Ours and the peer's.
fn network() -> Prefix {
    Prefix::new(B, 24)
}

fn elsewhere() -> Prefix {
    Prefix::host(A)
}

fn routed(prefix: Prefix, route: Route) -> (Lone, ConnId) {
    let mut lone = Lone::new(Lone::plain());
    lone.stack.set_route(lone.now, prefix, route).unwrap();
    let id = lone.open();
    (lone, id)
}

#[test]
fn a_route_says_what_our_syn_offers_and_what_leaves() {
    for (route, offered, sent) in [
        (Route::default(), 1_460, 1_460),
        (
            Route {
                mtu: Some(1_000),
                ..Route::default()
            },
            960,
            960,
        ),
        (
            Route {
                advertised_mss: Some(Mss::new(900)),
                ..Route::default()
            },
            900,
            1_460,
        ),
        // The link carries no more than it does.
        (
            Route {
                mtu: Some(9_000),
                ..Route::default()
            },
            1_460,
            1_460,
        ),
    ] {
        let (mut lone, id) = routed(peer(), route);
        let syn = lone.outgoing_packets().remove(0);
        assert_eq!(lone.show(&syn), "S 0:1(0)");
        // The last option of all: kind, length, and the size.
        assert_eq!(syn[40..], [2, 4, (offered >> 8) as u8, offered as u8]);
        lone.inject("S. 0:1(0) ack 1 win 65535 <mss 1460>");
        lone.outgoing();
        assert_eq!(lone.stack.status(id).unwrap().mss, sent);
        assert_eq!(lone.stack.route(B), Some(route));
    }
}

#[test]
fn a_connection_begins_as_its_route_says() {
    let route = Route {
        initial_window: Some(2),
        rto_min: Some(Duration::from_secs(3)),
        congestion: Some(Algorithm::Cubic),
        ..Route::default()
    };
    for (dst, here) in [
        (peer(), true),
        (network(), true),
        (elsewhere(), false),
        (Prefix::ALL_V4, false),
    ] {
        let (mut lone, id) = routed(dst, route);
        lone.outgoing();
        lone.inject("S. 0:1(0) ack 1 win 65535 <mss 1000>");
        let status = lone.stack.status(id).unwrap();
        let (cwnd, rto) = if here { (2_000, 3_000) } else { (10_000, 200) };
        assert_eq!(
            (status.cwnd, status.rto.as_millis()),
            (cwnd, rto),
            "{dst:?}"
        );
        assert_eq!(
            lone.stack.congestion(id),
            Some(if here {
                Algorithm::Cubic
            } else {
                Algorithm::Reno
            })
        );
    }
}

#[test]
fn connections_follow_a_route_that_changes_and_no_other() {
    let narrow = Route {
        mtu: Some(600),
        ..Route::default()
    };
    for (dst, mss) in [
        (peer(), 560),
        (network(), 560),
        (elsewhere(), 1_460),
        (Prefix::ALL_V4, 1_460),
    ] {
        let (mut lone, id) = routed(network(), Route::default());
        lone.outgoing();
        lone.inject("S. 0:1(0) ack 1 win 65535 <mss 1460>");
        lone.stack.set_route(lone.now, dst, narrow).unwrap();
        assert_eq!(lone.stack.status(id).unwrap().mss, mss, "{dst:?}");
    }
    // One of its own is not that to all others.
    let (mut lone, id) = routed(peer(), Route::default());
    lone.outgoing();
    lone.inject("S. 0:1(0) ack 1 win 65535 <mss 1460>");
    lone.stack.set_route(lone.now, network(), narrow).unwrap();
    assert_eq!(lone.stack.status(id).unwrap().mss, 1_460);
}

#[test]
fn another_router_makes_another_flow() {
    let via = |last| Route {
        gateway: Some([10, 0, 0, last].into()),
        ..Route::default()
    };
    let (mut lone, id) = routed(network(), via(7));
    let flows = |lone: &Lone| lone.stack.details(lone.now, id).unwrap().path_doubts;
    lone.stack.set_route(lone.now, peer(), via(7)).unwrap();
    assert_eq!(flows(&lone), 0);
    lone.stack.set_route(lone.now, peer(), via(8)).unwrap();
    assert_eq!(flows(&lone), 1);
}
