//! Headers: bytes to values and back.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use divan::{Bencher, black_box};
use pellucid::base::{Checksum, Pieces, SeqNum};
use pellucid::ip::transmit::Outgoing;
use pellucid::wire::options::{Options, Order, SackBlock, TimestampOption};
use pellucid::wire::tcp::{Flags, Ports, Segment};

use super::noise;

const V4: (IpAddr, IpAddr) = (
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)),
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)),
);
const V6: (IpAddr, IpAddr) = (
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 2)),
);
const KINDS: [&str; 4] = ["acknowledgment", "SACK", "text", "text, vouched for"];

fn segment<'a>(kind: &str, text: &'a [u8]) -> Segment<'a> {
    let mut options = Options {
        timestamps: Some(TimestampOption { value: 7, echo: 8 }),
        ..Options::default()
    };
    if kind == "SACK" {
        for left in [3_000, 2_000, 1_000] {
            let left = SeqNum(left);
            options.push_sack(SackBlock {
                left,
                right: left + 500,
            });
        }
    }
    Segment {
        ports: Ports {
            src: 40_000,
            dst: 80,
        },
        seq: SeqNum(1),
        ack: Some(SeqNum(2)),
        flags: Flags::ACK,
        window: 1_000,
        urgent: 0,
        options,
        order: Order::default(),
        text: match kind.starts_with("text") {
            true => Pieces::one(text),
            false => Pieces::EMPTY,
        },
    }
}

#[divan::bench(args = KINDS)]
fn emit_tcp(bencher: Bencher<'_, '_>, kind: &str) {
    let text = noise(1_448);
    let segment = segment(kind, &text);
    let mut room = [0; 60];
    bencher.bench_local(|| black_box(&segment).emit_header(V4.0, V4.1, black_box(&mut room)));
}

#[divan::bench(args = KINDS)]
fn parse_tcp(bencher: Bencher<'_, '_>, kind: &str) {
    let text = noise(1_448);
    let segment = segment(kind, &text);
    let mut bytes = vec![0; 60];
    let len = segment.emit_header(V4.0, V4.1, &mut bytes);
    bytes.truncate(len);
    bytes.extend(segment.text.iter());
    let vouched = match kind.ends_with("for") {
        true => Checksum::Verified,
        false => Checksum::Full,
    };
    bencher.bench_local(|| Segment::parse(V4.0, V4.1, black_box(&bytes), vouched).is_ok());
}

#[divan::bench(args = ["IPv4", "IPv6"])]
fn emit_ip(bencher: Bencher<'_, '_>, version: &str) {
    let (src, dst) = if version == "IPv4" { V4 } else { V6 };
    let outgoing = Outgoing::tcp(src, dst, 7);
    let mut room = [0; 40];
    bencher.bench_local(|| black_box(&outgoing).emit(1_480, black_box(&mut room)));
}
