//! The ring that a connection's text lies in.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use pellucid::base::{Pieces, Ring};

use super::noise;

/// Half-full buffers of these sizes: in the first, second and third cache of most machines.
const SIZES: [usize; 3] = [16 << 10, 512 << 10, 8 << 20];

/// An application writes a kibibyte, and another reads one.
#[divan::bench(args = SIZES)]
fn append_and_read(bencher: Bencher<'_, '_>, size: usize) {
    let (mut ring, text, mut room) = (half_full(size), noise(CALL), vec![0; CALL]);
    bencher.counter(BytesCount::new(CALL)).bench_local(|| {
        ring.append(black_box(&text));
        ring.read(black_box(&mut room))
    });
}

/// A segment's text comes in order and is read.
#[divan::bench(args = SIZES)]
fn write_in_place_and_read(bencher: Bencher<'_, '_>, size: usize) {
    let (mut ring, text, mut room) = (half_full(size), noise(CALL), vec![0; CALL]);
    bencher.counter(BytesCount::new(CALL)).bench_local(|| {
        let end = ring.len();
        ring.write_at(end, Pieces::one(black_box(&text)));
        ring.extend(CALL);
        ring.read(black_box(&mut room))
    });
}

/// What a segment borrows.
#[divan::bench]
fn borrow_pieces(bencher: Bencher<'_, '_>) {
    let ring = half_full(512 << 10);
    let mut from = 0;
    bencher.bench_local(|| {
        from = (from + CALL) % (128 << 10);
        ring.pieces(black_box(from), from + CALL)
    });
}

fn half_full(size: usize) -> Ring {
    let mut ring = Ring::new();
    ring.append(&vec![0; size]);
    ring.consume(size / 2);
    ring
}

const CALL: usize = 1 << 10;
