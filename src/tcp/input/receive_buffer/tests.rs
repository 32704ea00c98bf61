//! The receive buffer against a map from each byte's place to the first copy of it that came.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use crate::base::{Chunk, Pieces};

use super::{ReceiveBuffer, Taken};

fn insert(buffer: &mut ReceiveBuffer, offset: u64, text: &[u8]) -> Taken {
    buffer.insert(offset, Pieces::one(text))
}

fn chunk(text: &[u8]) -> Chunk {
    let memory = Arc::new([b"before", text, b"behind"].concat());
    Chunk::new(&memory, 6..6 + text.len()).unwrap()
}

fn read_all(buffer: &mut ReceiveBuffer) -> Vec<u8> {
    let mut bytes = vec![0; buffer.unread() + 1];
    let taken = buffer.read(&mut bytes);
    bytes.truncate(taken);
    bytes
}

#[test]
fn text_in_order_is_there_at_once() {
    let mut buffer = ReceiveBuffer::default();
    assert_eq!(insert(&mut buffer, 0, b"one "), Taken::InOrder(4));
    assert_eq!(buffer.insert(4, Pieces(b"tw", b"o")), Taken::InOrder(3));
    assert_eq!((buffer.unread(), buffer.next()), (7, 7));
    assert_eq!(read_all(&mut buffer), b"one two");
    assert_eq!((buffer.unread(), buffer.next()), (0, 7));
}

// req: SHLD-31
#[test]
fn text_beyond_a_hole_is_there_once_the_hole_is_filled() {
    let mut buffer = ReceiveBuffer::default();
    assert_eq!(insert(&mut buffer, 4, b"two"), Taken::Beyond);
    assert_eq!(read_all(&mut buffer), b"");
    assert_eq!(insert(&mut buffer, 0, b"one "), Taken::InOrder(7));
    assert_eq!(read_all(&mut buffer), b"one two");
}

#[test]
fn the_first_copy_of_a_byte_is_the_one_that_is_read() {
    let mut buffer = ReceiveBuffer::default();
    insert(&mut buffer, 2, b"cd");
    assert_eq!(insert(&mut buffer, 1, b"BCDE"), Taken::Beyond);
    assert_eq!(insert(&mut buffer, 2, b"xx"), Taken::Known);
    assert_eq!(insert(&mut buffer, 0, b"aYYYYf"), Taken::InOrder(6));
    assert_eq!(read_all(&mut buffer), b"aBcdEf");
}

#[test]
fn text_that_was_refused_counts_for_nothing() {
    let mut buffer = ReceiveBuffer::default();
    for nth in 1..=crate::tcp::input::reassembly::RANGES_MAX as u64 {
        assert_eq!(insert(&mut buffer, 4 * nth, b"."), Taken::Beyond);
    }
    assert_eq!(insert(&mut buffer, 2, b"x"), Taken::TooMany);
    assert_eq!(insert(&mut buffer, 0, b"abcd"), Taken::InOrder(5));
    assert_eq!(read_all(&mut buffer), b"abcd.");
}

#[test]
fn text_that_is_kept_is_not_copied_until_it_is_read() {
    let mut buffer = ReceiveBuffer::default();
    insert(&mut buffer, 0, b"one ");
    let kept = chunk(b"two ");
    let place = kept.as_ptr();
    assert!(buffer.keep(kept));
    insert(&mut buffer, 8, b"three");
    assert_eq!(buffer.take_chunk().map(|chunk| chunk.len()), None);
    let mut first = [0; 4];
    assert_eq!((buffer.read(&mut first), &first), (4, b"one "));
    let lent = buffer.take_chunk().expect("it comes next");
    assert_eq!((&lent[..], lent.as_ptr()), (&b"two "[..], place));
    assert_eq!(read_all(&mut buffer), b"three");
}

#[test]
fn what_was_kept_is_let_go_when_it_is_read_and_all_memory_when_nothing_waits() {
    let mut buffer = ReceiveBuffer::default();
    let memory = Arc::new(vec![7; 100]);
    assert!(buffer.keep(Chunk::new(&memory, 0..60).unwrap()));
    assert!(buffer.keep(Chunk::new(&memory, 60..100).unwrap()));
    let mut part = [0; 50];
    assert_eq!(buffer.read(&mut part), 50);
    assert!(!buffer.holds_spare());
    assert_eq!(buffer.read(&mut part), 50);
    assert_eq!(Arc::strong_count(&memory), 1);
    assert!(buffer.holds_spare());
    buffer.release_spare();
    assert!(!buffer.holds_spare());
}

#[test]
fn only_the_first_place_of_a_fin_counts() {
    let mut buffer = ReceiveBuffer::default();
    assert_eq!(buffer.fin(), None);
    buffer.note_fin(7);
    buffer.note_fin(3);
    assert_eq!(buffer.fin(), Some(7));
}

#[test]
fn what_is_discarded_is_neither_read_nor_told_and_its_place_in_the_stream_stays() {
    let mut buffer = ReceiveBuffer::default();
    insert(&mut buffer, 0, b"abc");
    insert(&mut buffer, 5, b"f");
    buffer.discard();
    assert_eq!((buffer.unread(), buffer.next()), (0, 3));
    assert!(buffer.holes().is_empty());
    assert_eq!(insert(&mut buffer, 3, b"de"), Taken::InOrder(2));
    assert_eq!(read_all(&mut buffer), b"de");
}

/// The first copy of each byte that is not read yet, and where the first is missing.
#[derive(Default)]
struct Plain {
    bytes: BTreeMap<u64, u8>,
    next: u64,
}

impl Plain {
    fn insert(&mut self, offset: u64, text: &[u8]) {
        for (at, byte) in (offset..).zip(text) {
            if at >= self.next {
                self.bytes.entry(at).or_insert(*byte);
            }
        }
        while self.bytes.contains_key(&self.next) {
            self.next += 1;
        }
    }

    fn read(&mut self, most: usize) -> Vec<u8> {
        let next = self.next;
        let waiting = self.bytes.range(..next).take(most);
        let taken: Vec<u64> = waiting.map(|(at, _)| *at).collect();
        let bytes = taken.iter().filter_map(|at| self.bytes.remove(at));
        bytes.collect()
    }
}

#[derive(Debug, Clone)]
enum Step {
    /// Text so many bytes after the first that is missing, in two pieces.
    Insert(u64, Vec<u8>, usize),
    /// Text that comes next, and may stay where it lies.
    Keep(Vec<u8>),
    Read(usize),
    Peek(usize),
    TakeChunk,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Half of all segments lie far ahead at most; the ring must grow with holes in it.
    let ahead = prop_oneof![0u64..40, 0u64..9000];
    let text = prop::collection::vec(any::<u8>(), 1..60);
    let segment =
        (ahead, text, 0usize..60).prop_map(|(ahead, text, cut)| Step::Insert(ahead, text, cut));
    let step = prop_oneof![
        5 => segment,
        3 => prop::collection::vec(any::<u8>(), 1..60).prop_map(Step::Keep),
        1 => (0usize..200).prop_map(Step::Read),
        1 => (0usize..200).prop_map(Step::Peek),
        1 => Just(Step::TakeChunk),
    ];
    prop::collection::vec(step, 1..120)
}

proptest! {
    /// Copies of a byte differ here, as only a liar's do: whoever watches the connection and we
    /// must agree on what was said, so the first copy wins.
    // req: SHLD-31, RFC9293-3.10.7.4-17
    #[test]
    fn it_reads_as_a_plain_map_of_first_copies(steps in steps()) {
        let mut buffer = ReceiveBuffer::default();
        let mut plain = Plain::default();
        for step in steps {
            match step {
                Step::Insert(ahead, text, cut) => {
                    let (before, cut) = (plain.next, cut.min(text.len()));
                    let offset = before + ahead;
                    let taken = buffer.insert(offset, Pieces(&text[..cut], &text[cut..]));
                    plain.insert(offset, &text);
                    let in_order = plain.next - before;
                    prop_assert_eq!(taken == Taken::InOrder(in_order), in_order > 0);
                }
                Step::Keep(text) => {
                    let offset = plain.next;
                    let is_kept = buffer.keep(chunk(&text));
                    prop_assert_eq!(is_kept, plain.bytes.range(offset..).next().is_none());
                    if !is_kept {
                        buffer.insert(offset, Pieces::one(&text));
                    }
                    plain.insert(offset, &text);
                }
                Step::Peek(most) => {
                    let mut bytes = vec![0; most];
                    let seen = buffer.peek(&mut bytes);
                    let waiting = plain.bytes.range(..plain.next).take(most);
                    let waiting: Vec<u8> = waiting.map(|(_, byte)| *byte).collect();
                    prop_assert_eq!(&bytes[..seen], &waiting[..]);
                }
                Step::TakeChunk => {
                    let len = buffer.next_chunk();
                    let chunk = buffer.take_chunk();
                    prop_assert_eq!(chunk.as_ref().map(|chunk| chunk.len()), len);
                    if let Some(chunk) = chunk {
                        prop_assert_eq!(&chunk[..], &plain.read(chunk.len())[..]);
                    }
                }
                Step::Read(most) => {
                    let mut bytes = vec![0; most];
                    let taken = buffer.read(&mut bytes);
                    prop_assert_eq!(&bytes[..taken], &plain.read(most)[..]);
                }
            }
            prop_assert_eq!(buffer.next(), plain.next);
            prop_assert_eq!(buffer.unread(), plain.bytes.range(..plain.next).count());
        }
        prop_assert_eq!(read_all(&mut buffer), plain.read(usize::MAX));
    }
}

#[test]
fn what_was_looked_at_is_there_still() {
    let mut buffer = ReceiveBuffer::default();
    insert(&mut buffer, 0, b"one ");
    insert(&mut buffer, 4, b"two");
    let mut seen = [0; 5];
    assert_eq!(buffer.peek(&mut seen), 5);
    assert_eq!(&seen, b"one t");
    assert_eq!(buffer.peek(&mut [0; 100]), 7);
    assert_eq!(read_all(&mut buffer), b"one two");
    assert_eq!(buffer.peek(&mut seen), 0);
}
