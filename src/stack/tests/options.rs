//! What SYNs offer and agree on: segment size (RFC 6691), window scale (RFC 7323 section 2), leave
//! to report (RFC 2018 section 2).

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use super::super::kit::{A, B};
use super::super::lone::Lone;
use super::super::{ConnId, Stack};
use crate::base::Seed;
use crate::tcp::Config;

/// Windows are scaled, and nothing else is offered.
fn scaling() -> Config {
    Config {
        window_scaling: true,
        receive_buffer: 100_000,
        ..Lone::plain()
    }
}

/// An active OPEN that is answered by this segment.
fn answered(tcp: Config, syn_ack: &str) -> (Lone, ConnId) {
    let mut lone = Lone::new(tcp);
    let id = lone.open();
    lone.outgoing();
    lone.inject(syn_ack);
    (lone, id)
}

fn snd_wnd(lone: &Lone, id: ConnId) -> u32 {
    lone.stack.status(id).unwrap().snd_wnd
}

/// A stack with one address and this MTU.
fn stack(address: IpAddr, mtu: u16) -> Stack {
    let mut config = super::super::Config::new(vec![(address, 24)]);
    config.mtu = mtu;
    Stack::new(config, Seed::from_number(3))
}

// req: RFC6691-2-1, RFC8200-8.3-1, RFC1122-3.3.2-3, RFC1122-3.3.3-4, RFC6691-5.1-1
#[test]
fn the_size_offered_is_the_mtu_less_fixed_headers_whatever_options_there_are() {
    let v6 = |last| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last));
    for (us, them, fixed, ip_len) in [(A, B, 40, 20), (v6(1), v6(2), 60, 40)] {
        for mtu in [1_280, 1_500, 9_000] {
            let mut stack = stack(us, mtu);
            let remote = SocketAddr::new(them, 80);
            stack.open(stack.now(), remote, None).unwrap();
            let now = stack.now();
            let syn = stack.poll_transmit(now).unwrap().to_vec();
            // Timestamps, window scale and SACK-permitted are there, and make no difference.
            assert!(syn.len() >= ip_len + 20 + 4 + 12 + 4);
            let [high, low] = (mtu - fixed).to_be_bytes();
            assert_eq!(syn[ip_len + 20..ip_len + 24], [2, 4, high, low], "{mtu}");
        }
    }
}

// req: RFC1122-3.3.3-2
#[test]
fn no_segment_is_larger_than_the_mtu_whatever_the_peer_takes() {
    for mtu in [576, 1_500] {
        let mut config = super::super::Config::new(vec![(A, 24)]);
        config.mtu = mtu;
        config.tcp = Arc::new(Lone::plain());
        let mut lone = Lone::new(Lone::plain());
        lone.stack = Stack::new(config, Seed::from_number(3));
        let id = lone.open();
        lone.outgoing();
        lone.inject("S. 0:1(0) ack 1 win 65535 <mss 9000>");
        lone.outgoing();
        lone.write(id, 20_000);
        let packets = lone.outgoing_packets();
        assert!(packets.len() > 1);
        assert!(
            packets
                .iter()
                .all(|packet| packet.len() == usize::from(mtu))
        );
    }
}

// req: RFC6691-2-2
#[test]
fn options_take_their_room_from_the_text() {
    let (mut lone, id) = answered(
        Config {
            timestamps: true,
            sack: true,
            ..Lone::plain()
        },
        "S. 0:1(0) ack 1 win 65535 <mss 1000,sackOK,TS val 100 ecr 0>",
    );
    lone.outgoing();
    let mut start = 1;
    // One more hole, and so one more block of eight bytes, each time; a fourth has no room.
    for (hole, room) in [(0, 988), (1, 976), (2, 968), (3, 960), (4, 960)] {
        if hole > 0 {
            let at = 1 + 20 * hole;
            lone.inject(&format!(
                ". {at}:{}(10) ack {start} <TS val 100 ecr 0>",
                at + 10
            ));
            lone.outgoing();
        }
        lone.write(id, room);
        let packets = lone.outgoing_packets();
        assert_eq!(packets.len(), 1, "{hole} holes");
        assert_eq!(packets[0].len(), 20 + 20 + 1_000);
        start += room;
        lone.inject(&format!(". 1:1(0) ack {start} <TS val 100 ecr 0>"));
        lone.outgoing();
    }
}

// req: RFC7323-2.2-1, RFC7323-2.3-4
#[test]
fn windows_are_scaled_only_if_both_offered_it() {
    // We offer, the peer does not.
    let (mut lone, id) = answered(scaling(), "S. 0:1(0) ack 1 win 1000 <mss 1000>");
    assert_eq!(lone.sent_one().window, 65_535);
    lone.inject(". 1:1(0) ack 1 win 2000");
    assert_eq!(snd_wnd(&lone, id), 2_000);
    lone.inject("P. 1:1001(1000) ack 1");
    lone.inject("P. 1001:2001(1000) ack 1");
    // 100,000 less 2,000 that nobody read is still more than an unscaled field holds.
    assert_eq!(lone.sent_one().window, 65_535);

    // The peer offers, we do not.
    let mut lone = Lone::new(Lone::plain());
    let listener = lone.listen();
    lone.inject("S 0:1(0) win 1000 <mss 1000,wscale 7>");
    lone.outgoing();
    lone.inject(". 1:1(0) ack 1 win 2000");
    let id = lone.stack.accept(lone.now, listener).unwrap();
    assert_eq!(snd_wnd(&lone, id), 2_000);
}

// req: RFC7323-2.3-1, RFC7323-2.2-2
#[test]
fn a_window_scale_is_answered_with_one_and_only_then() {
    for (offer, answer) in [("<mss 1000,wscale 0>", Some(1)), ("<mss 1000>", None)] {
        let mut lone = Lone::new(scaling());
        lone.listen();
        lone.inject(&format!("S 0:1(0) win 1000 {offer}"));
        // 100,000 needs one bit more than the field has.
        assert_eq!(lone.sent_one().options.window_scale, answer, "{offer}");
    }
}

// req: RFC7323-2.2-3
#[test]
fn a_window_scale_outside_a_syn_is_ignored() {
    let (mut lone, id) = answered(scaling(), "S. 0:1(0) ack 1 win 1000 <mss 1000,wscale 2>");
    lone.inject(". 1:1(0) ack 1 win 500 <wscale 9>");
    assert_eq!(snd_wnd(&lone, id), 2_000);
    lone.inject(". 1:1(0) ack 1 win 501");
    assert_eq!(snd_wnd(&lone, id), 2_004);
    let (mut lone, id) = answered(scaling(), "S. 0:1(0) ack 1 win 1000 <mss 1000>");
    lone.inject(". 1:1(0) ack 1 win 500 <wscale 9>");
    lone.inject(". 1:1(0) ack 1 win 501");
    assert_eq!(snd_wnd(&lone, id), 501);
}

// req: RFC7323-2.2-4
#[test]
fn the_window_of_a_syn_is_not_scaled() {
    // Ours: of 100,000 bytes the field shows what it can, not 50,000 units of two.
    let mut lone = Lone::new(scaling());
    let id = lone.open();
    assert_eq!(lone.sent_one().window, 65_535);
    // The peer's.
    lone.inject("S. 0:1(0) ack 1 win 1000 <mss 1000,wscale 7>");
    assert_eq!(snd_wnd(&lone, id), 1_000);

    let mut lone = Lone::new(scaling());
    let listener = lone.listen();
    lone.inject("S 0:1(0) win 1000 <mss 1000,wscale 7>");
    assert_eq!(lone.sent_one().window, 65_535);
    lone.inject(". 1:1(0) ack 1 win 10");
    let id = lone.stack.accept(lone.now, listener).unwrap();
    assert_eq!(snd_wnd(&lone, id), 1_280);
}

// req: RFC7323-2.3-2
#[test]
fn windows_are_shifted_by_their_senders_count() {
    let (mut lone, id) = answered(scaling(), "S. 0:1(0) ack 1 win 1000 <mss 1000,wscale 7>");
    // Ours by 1: nearly 100,000, which needs the shift.
    let shown = u32::from(lone.sent_one().window) << 1;
    assert!((99_000..=100_000).contains(&shown), "{shown}");
    // The peer's by 7.
    lone.inject(". 1:1(0) ack 1 win 1000");
    assert_eq!(snd_wnd(&lone, id), 128_000);
}

// req: RFC7323-2.3-3
#[test]
fn no_shift_is_larger_than_fourteen() {
    for shift in [14, 15, 255] {
        let offer = format!("S. 0:1(0) ack 1 win 1000 <mss 1000,wscale {shift}>");
        let (mut lone, id) = answered(scaling(), &offer);
        lone.inject(". 1:1(0) ack 1 win 3");
        assert_eq!(snd_wnd(&lone, id), 3 << 14);
    }
    let mut lone = Lone::new(Config {
        receive_buffer: u32::MAX,
        ..scaling()
    });
    lone.open();
    assert_eq!(lone.sent_one().options.window_scale, Some(14));
}

// req: RFC7323-2.4-1
#[test]
fn whatever_lies_in_a_window_once_shown_is_taken() {
    // Windows are shown in units of 32 bytes, so that few of the steps below end on one.
    let (mut lone, id) = answered(
        Config {
            receive_buffer: 1 << 20,
            ..scaling()
        },
        "S. 0:1(0) ack 1 win 1000 <mss 1000,wscale 7>",
    );
    let mut furthest = 0;
    let mut next = 1;
    for _ in 0..200 {
        for sent in lone.sent() {
            let ack: u32 = sent.line.rsplit(' ').next().unwrap().parse().unwrap();
            furthest = furthest.max(ack + (u32::from(sent.window) << 5));
        }
        lone.inject(&format!("P. {next}:{}(7) ack 1", next + 7));
        next += 7;
        lone.run(std::time::Duration::from_millis(50));
    }
    assert!(furthest > 1 << 19);
    lone.inject(&format!("P. {}:{furthest}(1) ack 1", furthest - 1));
    assert_eq!(lone.ending(), "TextOutOfOrder");
    assert_eq!(lone.stack.status(id).unwrap().unread, 7 * 200);
}

// req: RFC7323-2.4-3
#[test]
fn new_text_stays_within_the_window_shown_last() {
    let (mut lone, id) = answered(scaling(), "S. 0:1(0) ack 1 win 8000 <mss 1000,wscale 7>");
    lone.outgoing();
    lone.inject(". 1:1(0) ack 1 win 100");
    // 12,800 bytes are shown, and taken back to 2,560 before anything is sent.
    lone.inject(". 1:1(0) ack 1 win 20");
    lone.write(id, 10_000);
    assert_eq!(
        lone.outgoing(),
        [". 1:1001(1000) ack 1", ". 1001:2001(1000) ack 1"]
    );
    lone.inject(". 1:1(0) ack 2001 win 8");
    // 1,024 more from there.
    assert_eq!(lone.outgoing(), [". 2001:3001(1000) ack 1"]);
}

// req: RFC2018-2-1
#[test]
fn leave_to_report_is_offered_on_syns_only() {
    let sack = Config {
        sack: true,
        ..Lone::plain()
    };
    let mut lone = Lone::new(sack.clone());
    let id = lone.open();
    assert!(lone.sent_one().options.sack_permitted);
    lone.inject("S. 0:1(0) ack 1 win 65535 <mss 1000,sackOK>");
    let mut later = lone.sent();
    lone.write(id, 2_000);
    later.extend(lone.sent());
    lone.inject(". 1001:2001(1000) ack 2001");
    later.extend(lone.sent());
    lone.stack.shutdown(lone.now, id);
    later.extend(lone.sent());
    assert_eq!(later.len(), 5);
    assert!(later.iter().all(|sent| !sent.options.sack_permitted));

    let mut lone = Lone::new(sack);
    lone.listen();
    lone.inject("S 0:1(0) win 1000 <mss 1000,sackOK>");
    assert!(lone.sent_one().options.sack_permitted);
    lone.inject(". 1:1(0) ack 1 win 1000");
    lone.inject(". 11:21(10) ack 1 win 1000");
    assert!(!lone.sent_one().options.sack_permitted);
}

#[test]
fn a_listener_may_have_settings_of_its_own() {
    let mut lone = Lone::new(Lone::plain());
    let listener = lone
        .stack
        .listen_with(lone.now, SocketAddr::new(A, 80), 4, Arc::new(scaling()))
        .unwrap();
    let offers_scale = |lone: &mut Lone| {
        lone.inject("S 0:1(0) win 65535 <mss 1000,wscale 3>");
        let scale = lone.sent_one().options.window_scale;
        lone.inject("R 1:1(0) win 0");
        scale.is_some()
    };
    assert!(offers_scale(&mut lone));
    let plain = Arc::new(Lone::plain());
    lone.stack.configure_listener(listener, plain);
    assert!(!offers_scale(&mut lone));
}

#[test]
fn a_connection_may_have_settings_of_its_own_and_change_them() {
    let mut lone = Lone::new(Lone::plain());
    let remote = SocketAddr::new(B, 80);
    let id = lone
        .stack
        .open_with(lone.now, remote, None, Arc::new(scaling()))
        .unwrap();
    assert!(lone.sent_one().options.window_scale.is_some());
    let now = lone.now;
    lone.stack.configure(now, id, |tcp| {
        tcp.send_buffer = 10;
        tcp.send_buffer_max = 10;
    });
    assert_eq!(lone.stack.write(now, id, &[0; 64]), Ok(10));
}
