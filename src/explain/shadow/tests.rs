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
