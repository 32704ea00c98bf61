use super::*;
use crate::base::Instant;
use crate::drill::live::{Ip, LiveBody};

fn part(number: u64, seq: u32, len: usize) -> Live {
    Live {
        at: Instant::from_nanos(number),
        number,
        bytes: Vec::new(),
        ip: Ip {
            src: [192, 0, 2, 1].into(),
            dst: [192, 0, 2, 2].into(),
            header_len: 20,
            total_len: 40 + len,
            tos: 0,
            ttl: 64,
            flow: 0,
            protocol: 6,
            checksum_right: true,
        },
        body: LiveBody::Tcp(LiveTcp {
            src: 1,
            dst: 2,
            seq,
            ack: 77,
            data_offset: 5,
            flags: Flags::ACK,
            ae: false,
            reserved: 0,
            window: 100,
            urgent: 0,
            options: Vec::new(),
            payload: vec![number as u8; len],
            checksum_right: true,
        }),
    }
}

/// The same with one thing changed.
fn but(mut live: Live, change: impl FnOnce(&mut Live, &mut LiveTcp)) -> Live {
    let LiveBody::Tcp(mut tcp) = live.body.clone() else {
        panic!("no segment");
    };
    change(&mut live, &mut tcp);
    live.body = LiveBody::Tcp(tcp);
    live
}

#[test]
fn the_whole_has_the_first_number_and_the_last_headers() {
    let mut seen = Seen::one(but(part(1, 1000, 100), |_, tcp| tcp.flags |= Flags::CWR));
    seen.join(part(2, 1100, 100), true).unwrap();
    let last = but(part(3, 1200, 50), |_, tcp| {
        tcp.flags |= Flags::FIN | Flags::PSH;
        tcp.options = vec![1; 4];
    });
    seen.join(last, true).unwrap();
    let tcp = seen.whole.tcp().unwrap();
    assert_eq!(tcp.seq, 1000);
    let flags = Flags::ACK | Flags::FIN | Flags::PSH | Flags::CWR;
    assert_eq!(tcp.flags, flags);
    assert_eq!(tcp.options, [1; 4]);
    assert_eq!(seen.whole.number, 3);
    let text = [vec![1; 100], vec![2; 100], vec![3; 50]].concat();
    assert_eq!(tcp.payload, text);
    assert_eq!(seen.text_len(), 250);
    assert_eq!((seen.parts.len(), seen.swallowed()), (3, 0));
}

#[test]
fn what_a_device_would_not_change_must_be_the_same() {
    type Change = fn(&mut Live, &mut LiveTcp);
    let changes: &[(&str, Change)] = &[
        ("ecn", |live, _| live.ip.tos = 2),
        ("ttl", |live, _| live.ip.ttl = 63),
        ("flow label", |live, _| live.ip.flow = 1),
        ("ports", |_, tcp| tcp.src = 9),
        ("data offset", |_, tcp| tcp.data_offset = 6),
        ("flags", |_, tcp| tcp.flags |= Flags::ECE),
        ("flags", |_, tcp| tcp.flags |= Flags::URG),
        ("AE", |_, tcp| tcp.ae = true),
        ("reserved bits", |_, tcp| tcp.reserved = 1),
        ("seq", |_, tcp| tcp.seq += 1),
        ("ack", |_, tcp| tcp.ack += 1),
        ("win", |_, tcp| tcp.window += 1),
        ("urg", |_, tcp| tcp.urgent = 1),
    ];
    for (field, change) in changes {
        let mut seen = Seen::one(part(1, 1000, 100));
        let next = but(part(2, 1100, 100), change);
        assert_eq!(seen.join(next, true), Err(*field));
    }
    // Without a mark on the line nobody looks at the TOS.
    let mut seen = Seen::one(part(1, 1000, 100));
    let next = but(part(2, 1100, 100), |live, _| live.ip.tos = 2);
    assert_eq!(seen.join(next, false), Ok(()));
}

#[test]
fn all_but_the_last_carry_equally_much() {
    let mut seen = Seen::one(part(1, 1000, 100));
    seen.join(part(2, 1100, 50), true).unwrap();
    assert_eq!(seen.join(part(3, 1150, 100), true), Err("length"));
}

#[test]
fn an_ack_before_the_text_is_swallowed_and_counted() {
    let mut seen = Seen::one(part(1, 1000, 0));
    assert_eq!(seen.swallowed(), 0);
    seen.join(part(2, 1000, 100), true).unwrap();
    assert_eq!((seen.text_len(), seen.swallowed()), (100, 1));
}

#[test]
fn sequence_numbers_go_on_across_the_wrap() {
    let mut seen = Seen::one(part(1, u32::MAX - 49, 100));
    assert_eq!(seen.join(part(2, 50, 100), true), Ok(()));
}
