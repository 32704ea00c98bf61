//! A ring against a queue of bytes, some of which are missing.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::{CAPACITY_MIN, Ring};
use crate::base::Pieces;

/// `len` bytes that differ from their neighbours, and from those of another `salt`.
fn bytes(salt: u8, len: usize) -> Vec<u8> {
    (0..len)
        .map(|i| (i as u8).wrapping_mul(31).wrapping_add(salt))
        .collect()
}

fn all(ring: &Ring) -> Vec<u8> {
    ring.pieces(0, ring.len()).to_vec()
}

/// A ring whose next byte lands `before_end` bytes before its memory's end.
fn ring_about_to_wrap(before_end: usize) -> Ring {
    let mut ring = Ring::new();
    ring.append(&bytes(0, CAPACITY_MIN - before_end));
    ring.write_at(ring.len(), Pieces::one(&[0]));
    // The byte kept beyond the end holds the head where it is.
    ring.consume(ring.len());
    ring
}

#[test]
fn an_unused_ring_has_no_memory() {
    let mut ring = Ring::new();
    ring.append(&[]);
    ring.write_at(0, Pieces::EMPTY);
    ring.extend(0);
    ring.consume(0);
    assert_eq!(ring.read(&mut [0; 9]), 0);
    assert_eq!(ring.pieces(0, 0).len(), 0);
    assert_eq!(ring.capacity(), 0);
}

#[test]
fn memory_doubles_as_bytes_come() {
    let mut ring = Ring::new();
    ring.append(&[1]);
    assert_eq!(ring.capacity(), CAPACITY_MIN);
    ring.append(&bytes(2, CAPACITY_MIN - 1));
    assert_eq!(ring.capacity(), CAPACITY_MIN);
    ring.append(&[3]);
    assert_eq!(ring.capacity(), 2 * CAPACITY_MIN);
    ring.append(&bytes(4, 9 * CAPACITY_MIN));
    assert_eq!(ring.capacity(), 16 * CAPACITY_MIN);
}

#[test]
fn bytes_that_wrap_come_in_two_pieces_and_in_order() {
    let mut ring = ring_about_to_wrap(100);
    ring.append(&bytes(7, 250));
    let Pieces(first, second) = ring.pieces(0, 250);
    assert_eq!((first.len(), second.len()), (100, 150));
    assert_eq!(all(&ring), bytes(7, 250));
    assert_eq!(ring.capacity(), CAPACITY_MIN);
}

#[test]
fn a_full_ring_that_wraps_keeps_its_bytes_when_it_grows() {
    let mut ring = ring_about_to_wrap(100);
    ring.append(&bytes(7, CAPACITY_MIN));
    assert_eq!(ring.capacity(), CAPACITY_MIN);
    ring.append(&[42]);
    assert_eq!(all(&ring), [bytes(7, CAPACITY_MIN), vec![42]].concat());
}

#[test]
fn bytes_beyond_a_hole_survive_growth_and_the_wrap() {
    let mut ring = ring_about_to_wrap(100);
    let kept = bytes(9, 200);
    ring.write_at(50, Pieces(&kept[..80], &kept[80..]));
    ring.write_at(3 * CAPACITY_MIN, Pieces::one(&[1]));
    assert_eq!(ring.capacity(), 4 * CAPACITY_MIN);
    assert_eq!(ring.len(), 0);
    ring.append(&bytes(5, 50));
    ring.extend(200);
    assert_eq!(all(&ring), [bytes(5, 50), kept].concat());
}

#[test]
fn reading_takes_what_fits_and_leaves_the_rest() {
    let mut ring = ring_about_to_wrap(3);
    ring.append(&[1, 2, 3, 4, 5, 6, 7]);
    let mut buf = [0; 5];
    assert_eq!(ring.read(&mut buf), 5);
    assert_eq!(buf, [1, 2, 3, 4, 5]);
    assert_eq!(ring.read(&mut buf), 2);
    assert_eq!(buf, [6, 7, 3, 4, 5]);
    assert!(ring.is_empty());
}

#[test]
fn an_empty_ring_starts_again_in_one_piece() {
    let mut ring = Ring::new();
    ring.append(&bytes(1, CAPACITY_MIN - 10));
    ring.consume(CAPACITY_MIN - 10);
    ring.append(&bytes(2, 1000));
    assert!(ring.pieces(0, 1000).1.is_empty());
}

#[test]
fn it_prints_none_of_its_bytes() {
    let mut ring = Ring::new();
    ring.append(b"secret");
    assert_eq!(
        format!("{ring:?}"),
        "Ring { len: 6, reach: 6, capacity: 4096 }"
    );
}

#[test]
#[should_panic(expected = "written by write_at before")]
fn what_was_never_written_cannot_count() {
    let mut ring = Ring::new();
    ring.append(&[1]);
    ring.extend(1);
}

/// The same ring as a queue; `None` is a hole.
#[derive(Default)]
struct Model {
    bytes: VecDeque<Option<u8>>,
    len: usize,
}

impl Model {
    fn write_at(&mut self, offset: usize, bytes: &[u8]) {
        let end = offset + bytes.len();
        if !bytes.is_empty() && self.bytes.len() < end {
            self.bytes.resize(end, None);
        }
        for (place, &byte) in self.bytes.iter_mut().skip(offset).zip(bytes) {
            *place = Some(byte);
        }
    }

    /// How many bytes after the end are there.
    fn ready(&self) -> usize {
        self.bytes
            .iter()
            .skip(self.len)
            .take_while(|byte| byte.is_some())
            .count()
    }

    fn counted(&self) -> Vec<u8> {
        self.bytes
            .iter()
            .take(self.len)
            .map(|byte| byte.unwrap())
            .collect()
    }
}

#[derive(Debug, Clone)]
enum Op {
    Append(u8, usize),
    /// Salt, offset beyond the end, length, where it is split.
    WriteAt(u8, usize, usize, usize),
    Extend(usize),
    Consume(usize),
    Read(usize),
    Pieces(usize, usize),
}

fn op() -> impl Strategy<Value = Op> {
    let size = || prop_oneof![4 => 0..300_usize, 1 => 0..6000_usize];
    prop_oneof![
        3 => (any::<u8>(), size()).prop_map(|(salt, len)| Op::Append(salt, len)),
        3 => (any::<u8>(), size(), size(), size())
            .prop_map(|(salt, at, len, split)| Op::WriteAt(salt, at, len, split)),
        2 => size().prop_map(Op::Extend),
        3 => size().prop_map(Op::Consume),
        2 => size().prop_map(Op::Read),
        1 => (size(), size()).prop_map(|(a, b)| Op::Pieces(a, b)),
    ]
}

fn apply(ring: &mut Ring, model: &mut Model, op: Op) {
    match op {
        Op::Append(salt, len) => {
            ring.append(&bytes(salt, len));
            model.write_at(model.len, &bytes(salt, len));
            model.len += len;
        }
        Op::WriteAt(salt, beyond, len, split) => {
            let text = bytes(salt, len);
            let (first, second) = text.split_at(split.min(len));
            // From a little before the end, as overlapping segments do.
            let offset = (model.len + beyond).saturating_sub(20);
            ring.write_at(offset, Pieces(first, second));
            model.write_at(offset, &text);
        }
        Op::Extend(n) => {
            let n = n.min(model.ready());
            ring.extend(n);
            model.len += n;
        }
        Op::Consume(n) => {
            let n = n.min(model.len);
            ring.consume(n);
            model.bytes.drain(..n);
            model.len -= n;
        }
        Op::Read(n) => {
            let mut buf = vec![0; n];
            let read = ring.read(&mut buf);
            assert_eq!(read, n.min(model.len));
            let expected: Vec<u8> = model.bytes.drain(..read).map(|b| b.unwrap()).collect();
            assert_eq!(&buf[..read], expected);
            model.len -= read;
        }
        Op::Pieces(a, b) => {
            let (a, b) = (a.min(model.len), b.min(model.len));
            let (from, to) = (a.min(b), a.max(b));
            let expected = model.counted()[from..to].to_vec();
            assert_eq!(ring.pieces(from, to).to_vec(), expected);
        }
    }
}

proptest! {
    #[test]
    fn it_is_a_queue_of_bytes_with_holes(ops in prop::collection::vec(op(), 1..80)) {
        let (mut ring, mut model) = (Ring::new(), Model::default());
        for op in ops {
            apply(&mut ring, &mut model, op);
            prop_assert_eq!(ring.len(), model.len);
            prop_assert_eq!(ring.is_empty(), model.len == 0);
            prop_assert!(ring.capacity() >= model.bytes.len());
            prop_assert!(ring.capacity() == 0 || ring.capacity().is_power_of_two());
            prop_assert_eq!(all(&ring), model.counted());
        }
    }
}
