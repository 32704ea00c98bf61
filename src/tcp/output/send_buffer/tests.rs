//! The send buffer against a plain list of bytes, across the seam of the sequence space.

use std::collections::VecDeque;

use proptest::prelude::*;

use crate::base::{Bytes, SeqNum, SeqRange};

use super::SendBuffer;

/// The first byte's number: the seam lies four bytes on.
const START: SeqNum = SeqNum(u32::MAX - 3);
const LIMIT: u32 = 1000;

fn holding(text: &[u8]) -> SendBuffer {
    let mut buffer = SendBuffer::new(START, LIMIT);
    buffer.append(text);
    buffer
}

fn range(from: u32, len: u32) -> SeqRange {
    SeqRange {
        start: START + from,
        len,
    }
}

#[test]
fn text_is_found_by_its_sequence_numbers() {
    let buffer = holding(b"abcdefgh");
    assert_eq!((buffer.len(), buffer.end()), (8, START + 8));
    assert_eq!(buffer.pieces(range(0, 8)).to_vec(), b"abcdefgh");
    assert_eq!(buffer.pieces(range(2, 4)).to_vec(), b"cdef");
    assert_eq!(buffer.pieces(range(8, 0)).to_vec(), b"");
}

// req: RFC2018-8-3
#[test]
fn what_is_acknowledged_is_let_go_and_nothing_before() {
    let mut buffer = holding(b"abcdefgh");
    assert_eq!(buffer.release(START), 0);
    assert_eq!(buffer.release(START - 1), 0);
    assert_eq!(buffer.release(START + 6), 6);
    assert_eq!((buffer.len(), buffer.end()), (2, START + 8));
    assert_eq!(buffer.pieces(range(6, 2)).to_vec(), b"gh");
    assert_eq!(buffer.release(START + 6), 0);
    assert_eq!(buffer.release(START + 8), 2);
    assert!(buffer.is_empty());
}

// req: RFC9293-3.4-1
#[test]
fn our_fin_stands_behind_the_last_byte_and_has_no_text() {
    let mut buffer = holding(b"abc");
    assert!(!buffer.has_fin(range(0, 3)));
    assert_eq!(buffer.limit(), START + 3);
    buffer.close();
    assert!(buffer.is_closed());
    assert_eq!((buffer.end(), buffer.limit()), (START + 3, START + 4));
    assert!(!buffer.has_fin(range(0, 3)));
    assert!(buffer.has_fin(range(0, 4)));
    assert!(buffer.has_fin(range(3, 1)));
    assert_eq!(buffer.pieces(range(0, 4)).to_vec(), b"abc");
    assert_eq!(buffer.pieces(range(3, 1)).to_vec(), b"");
    // The acknowledgment of the FIN lets three bytes go, and the FIN's place stays known.
    assert_eq!(buffer.release(START + 4), 3);
    assert_eq!((buffer.end(), buffer.limit()), (START + 3, START + 4));
}

#[test]
fn what_was_acknowledged_has_no_text_any_more() {
    let mut buffer = holding(b"abcdefgh");
    buffer.release(START + 5);
    assert_eq!(buffer.pieces(range(0, 3)).to_vec(), b"");
}

#[test]
fn what_is_discarded_leaves_its_end_where_it_was() {
    let mut buffer = holding(b"abc");
    buffer.close();
    buffer.discard();
    assert!(buffer.is_empty());
    assert_eq!((buffer.end(), buffer.limit()), (START + 3, START + 4));
}

/// The text of a range, lent part by part.
fn lent(buffer: &SendBuffer, range: SeqRange) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = range;
    while !rest.is_empty() {
        let part = buffer.lendable(rest);
        assert_eq!(buffer.pieces(part).len(), part.len as usize);
        bytes.extend(buffer.pieces(part).iter());
        rest = SeqRange::between(part.end(), range.end());
    }
    bytes
}

#[test]
fn long_text_is_lent_from_where_it_was_left() {
    let mut buffer = holding(b"before");
    let left = Bytes::from(vec![7; 10_000]);
    buffer.append_owned(left.clone());
    buffer.append(b"behind");
    let whole = range(0, 10_012);
    // Three places: the first two can be lent at once.
    assert_eq!(buffer.lendable(whole), range(0, 10_006));
    assert_eq!(buffer.pieces(whole).1.as_ptr(), left.as_ptr());
    assert_eq!(buffer.lendable(range(6, 10_006)), range(6, 10_006));
    buffer.release(START + 1_006);
    assert_eq!(
        buffer.pieces(range(1_006, 10)).0.as_ptr(),
        left[1_000..].as_ptr()
    );
    assert_eq!((buffer.len(), buffer.end()), (9_006, START + 10_012));
    assert!(!left.is_unique());
    buffer.release(START + 10_006);
    assert!(left.is_unique(), "all of it is acknowledged");
    assert_eq!(buffer.pieces(range(10_006, 6)).to_vec(), b"behind");
}

#[test]
fn our_fin_rides_on_text_only_if_all_of_it_is_lent() {
    let mut buffer = holding(b"before");
    buffer.append_owned(vec![7; 10_000].into());
    buffer.append(b"behind");
    buffer.close();
    assert_eq!(buffer.lendable(range(0, 10_013)), range(0, 10_006));
    assert_eq!(buffer.lendable(range(10_006, 7)), range(10_006, 7));
}

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<u8>),
    /// So many bytes that are not copied, or are if they are few.
    Leave(usize, u8),
    Release(usize),
}

proptest! {
    #[test]
    fn it_holds_what_a_plain_list_holds(
        steps in prop::collection::vec(
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..3000).prop_map(Step::Append),
                (0usize..9000, any::<u8>()).prop_map(|(len, seed)| Step::Leave(len, seed)),
                (0usize..6000).prop_map(Step::Release),
            ],
            0..60,
        ),
        from in 0usize..9000,
        len in 0usize..30_000,
    ) {
        let mut buffer = SendBuffer::new(START, LIMIT);
        let mut plain = VecDeque::new();
        let mut una = START;
        for step in steps {
            match step {
                Step::Append(bytes) => {
                    buffer.append(&bytes);
                    plain.extend(bytes);
                }
                Step::Leave(len, seed) => {
                    let bytes: Vec<u8> = (0..len).map(|at| seed.wrapping_add(at as u8)).collect();
                    buffer.append_owned(bytes.clone().into());
                    plain.extend(bytes);
                }
                Step::Release(count) => {
                    let count = count.min(plain.len());
                    una += count as u32;
                    prop_assert_eq!(buffer.release(una), count);
                    plain.drain(..count);
                }
            }
            prop_assert_eq!(buffer.len(), plain.len());
            prop_assert_eq!(buffer.end(), una + plain.len() as u32);
            let from = from.min(plain.len());
            let to = (from + len).min(plain.len());
            let range = SeqRange::between(una + from as u32, una + to as u32);
            let expected: Vec<u8> = plain.range(from..to).copied().collect();
            prop_assert_eq!(buffer.text_len(range) as usize, expected.len());
            prop_assert_eq!(lent(&buffer, range), expected);
        }
    }
}

#[test]
fn it_may_hold_two_congestion_windows_between_its_limits() {
    let mut buffer = SendBuffer::new(START, LIMIT);
    assert_eq!(buffer.limit_for(100, 5000), 1000);
    assert_eq!(buffer.limit_for(501, 5000), 1002);
    assert_eq!(buffer.limit_for(u64::MAX, 5000), 5000);
    // A limit below the first moves nothing.
    assert_eq!(buffer.limit_for(u64::MAX, 0), 1000);
    buffer.grow_to(3000);
    // What it was allowed once stays: a window that was reduced still has all of it to resend.
    assert_eq!(buffer.limit_for(100, 5000), 3000);
    buffer.grow_to(2000);
    assert_eq!(buffer.limit_for(100, 5000), 3000);
}
