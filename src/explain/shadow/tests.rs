use std::net::SocketAddr;

use super::*;
use crate::base::SeqNum;
use crate::explain::packet::Verdict;
use crate::wire::Options;

fn seen(frame: u64, port: u16, seq: u32, flags: Flags) -> Seen<'static> {
    Seen {
        frame,
        at: frame,
        src: SocketAddr::from(([10, 0, (frame >> 16) as u8, 1], port)),
        dst: SocketAddr::from(([10, 0, 0, 2], 80)),
        bytes: 40,
        seq: SeqNum(seq),
        ack: (flags != Flags::SYN).then_some(SeqNum(1)),
        flags,
        window: 1,
        options: Options::default(),
        has_options: true,
        odd: None,
        len: u32::from(flags != Flags::SYN) * 10,
        text: &[],
        sum: Verdict::Unknown,
    }
}

#[test]
fn any_number_of_connections_has_a_bound() {
    let mut shadow = Shadow::new(None);
    for frame in 0..40_000 {
        shadow.take(&seen(frame, frame as u16, 0, Flags::SYN), &mut ());
        assert!(shadow.live.len() <= CONNECTIONS_MOST);
    }
    shadow.finish();
    assert_eq!(shadow.counts.connections, 40_000);
    assert!(shadow.counts.evicted >= 40_000 - CONNECTIONS_MOST as u64);
    assert_eq!(shadow.summaries.len(), SUMMARIES_MOST);
}

#[test]
fn any_number_of_stretches_and_findings_has_a_bound() {
    let mut shadow = Shadow::new(None);
    // Every other one is missing, and nothing is ever acknowledged.
    for frame in 0..50_000 {
        shadow.take(&seen(frame, 1, frame as u32 * 20, Flags::ACK), &mut ());
    }
    let of = shadow.live.values().next().unwrap();
    assert!(of.ends[0].sent.len() <= 8_192, "{}", of.ends[0].sent.len());
    assert!(of.ends[0].gaps.len() <= 256, "{}", of.ends[0].gaps.len());
    assert!(of.ends[0].sums.forgotten > 0);
    assert_eq!(shadow.findings.len(), FINDINGS_MOST);
    assert!(shadow.counts.unlisted > 0);
}

#[test]
fn a_syn_with_another_number_begins_another_connection() {
    let mut shadow = Shadow::new(None);
    for (frame, seq) in [(1, 5), (2, 5), (3, 6)] {
        shadow.take(&seen(frame, 9, seq, Flags::SYN), &mut ());
    }
    shadow.finish();
    let packets: Vec<_> = shadow
        .summaries
        .iter()
        .map(|one| one.ends[0].sums.packets)
        .collect();
    assert_eq!(packets, [2, 1]);
}

#[test]
fn one_stream_alone_is_told_of() {
    let mut shadow = Shadow::new(Some(1));
    for (frame, port) in [(1, 1), (2, 2), (3, 3)] {
        shadow.take(&seen(frame, port, 0, Flags::SYN), &mut ());
        shadow.take(&seen(frame + 3, port, 0, Flags::SYN), &mut ());
    }
    shadow.finish();
    let streams: Vec<_> = shadow.summaries.iter().map(|one| one.stream).collect();
    assert_eq!(streams, [1]);
    assert!(shadow.findings.iter().all(|finding| finding.stream == 1));
    assert_eq!(shadow.findings.len(), 1);
}

#[test]
fn a_gap_that_is_filled_byte_by_byte_has_a_bound_too() {
    let mut shadow = Shadow::new(None);
    shadow.take(&seen(0, 1, 0, Flags::ACK), &mut ());
    shadow.take(&seen(1, 1, 1 << 20, Flags::ACK), &mut ());
    for frame in 2..20_000 {
        let byte = Seen {
            len: 1,
            ..seen(frame, 1, frame as u32 * 3 + 50, Flags::ACK)
        };
        shadow.take(&byte, &mut ());
    }
    let of = shadow.live.values().next().unwrap();
    assert!(of.ends[0].sent.len() <= 8_192, "{}", of.ends[0].sent.len());
}

#[test]
fn no_segment_however_odd_ends_it() {
    let mut draw = 1_u64;
    let mut next = |below: u64| {
        draw = draw
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (draw >> 33) % below
    };
    let mut shadow = Shadow::new(None);
    let flags = [
        Flags::SYN,
        Flags::FIN,
        Flags::RST,
        Flags::PSH,
        Flags::URG,
        Flags::NONE,
    ];
    for frame in 0..40_000 {
        // Near each other, or anywhere.
        let near = next(3) > 0;
        let mut number = || match near {
            true => SeqNum(u32::MAX - 5_000) + next(10_000) as u32,
            false => SeqNum(next(1 << 32) as u32),
        };
        let (seq, ack, left, right) = (number(), number(), number(), number());
        let mut options = Options {
            mss: Some(next(65_536) as u16),
            window_scale: Some(next(256) as u8),
            sack_permitted: next(2) == 0,
            ..Options::default()
        };
        if next(2) == 0 {
            options.push_sack(crate::wire::SackBlock { left, right });
        }
        if next(2) == 0 {
            options.timestamps = Some(crate::wire::TimestampOption {
                value: next(1 << 32) as u32,
                echo: next(1 << 32) as u32,
            });
        }
        let one = seen(frame, 1, 0, Flags::ACK);
        let (src, dst) = match next(2) {
            0 => (one.src, one.dst),
            _ => (one.dst, one.src),
        };
        let odd = Seen {
            // Time goes back too.
            at: next(1 << 31) << 33,
            src,
            dst,
            seq,
            ack: (next(4) > 0).then_some(ack),
            flags: flags[next(6) as usize] | flags[next(6) as usize],
            window: next(65_536) as u16,
            options,
            len: next(3) as u32 * next(70_000) as u32,
            ..one
        };
        shadow.take(&odd, &mut ());
    }
    assert_eq!(shadow.counts.segments, 40_000);
}
