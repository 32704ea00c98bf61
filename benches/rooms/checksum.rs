//! The Internet checksum, against etherparse's over the same bytes.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use etherparse::checksum::Sum16BitWords;
use pellucid::base::checksum::pseudo_header;
use pellucid::base::{Pieces, Sum};

use super::noise;

/// An IPv4 header, TCP's with timestamps, one with three SACK blocks, a segment, a super-segment.
const LENS: [usize; 5] = [20, 32, 60, 1_480, 65_535];

#[divan::bench(args = LENS)]
fn ours(bencher: Bencher<'_, '_>, len: usize) {
    let bytes = noise(len);
    bencher
        .counter(BytesCount::new(len))
        .bench_local(|| Sum::new().add(black_box(&bytes)).checksum());
}

#[divan::bench(args = LENS)]
fn etherparse(bencher: Bencher<'_, '_>, len: usize) {
    let bytes = noise(len);
    bencher.counter(BytesCount::new(len)).bench_local(|| {
        Sum16BitWords::new()
            .add_slice(black_box(&bytes))
            .ones_complement()
    });
}

/// Two pieces that part at an odd byte: what etherparse has no function for.
#[divan::bench(args = LENS)]
fn ours_in_odd_pieces(bencher: Bencher<'_, '_>, len: usize) {
    let bytes = noise(len);
    let (first, second) = bytes.split_at(ODD);
    bencher.counter(BytesCount::new(len)).bench_local(|| {
        Sum::new()
            .add_pieces(black_box(Pieces(first, second)))
            .checksum()
    });
}

#[divan::bench(args = ["10.0.0.1", "fd00::1"])]
fn pseudo_header_of(bencher: Bencher<'_, '_>, addr: &str) {
    let addr = addr.parse().expect("an address");
    bencher.bench_local(|| pseudo_header(black_box(addr), black_box(addr), 6, 1_480).folded());
}

const ODD: usize = 13;
