//! Which reports tell of something new, across the wrap at 2^32.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const UNA: SeqNum = SeqNum(u32::MAX - 1500);

fn block(left: u32, right: u32) -> SackBlock {
    SackBlock {
        left: UNA + left,
        right: UNA + right,
    }
}

/// With 10,000 bytes outstanding.
fn take(board: &mut Scoreboard, blocks: &[(u32, u32)]) -> bool {
    let blocks: Vec<SackBlock> = blocks.iter().map(|&(l, r)| block(l, r)).collect();
    board.take(&blocks, UNA, UNA + 10_000)
}

// req: RFC3042-2-3, RFC5681-3.2-5
#[test]
fn only_bytes_that_were_not_told_of_are_news() {
    let mut board = Scoreboard::new(UNA);
    assert!(!take(&mut board, &[]));
    assert!(take(&mut board, &[(1000, 2000)]));
    assert!(!take(&mut board, &[(1000, 2000)]));
    assert!(!take(&mut board, &[(1200, 1300)]));
    assert!(take(&mut board, &[(1000, 2001)]));
    // One that is new among others.
    assert!(take(&mut board, &[(1000, 2001), (5000, 6000)]));
    assert!(!take(&mut board, &[(5000, 6000), (1000, 2001)]));
    // Both sides of a hole are known; the hole is not.
    assert!(take(&mut board, &[(1000, 6000)]));
}

// req: RFC3042-2-3
#[test]
fn what_was_acknowledged_or_never_sent_is_no_news() {
    let mut board = Scoreboard::new(UNA);
    for lie in [(0, 1000), (9000, 10_001), (2000, 1000), (1000, 1000)] {
        assert!(!take(&mut board, &[lie]), "{lie:?}");
    }
    // A block below SND.UNA tells of a duplicate: RFC 2883 section 4.
    assert!(!board.take(&[block(0, 500)], UNA + 1000, UNA + 10_000));
    assert!(take(&mut Scoreboard::new(UNA), &[(9000, 10_000)]));
}

#[test]
fn what_is_acknowledged_is_forgotten() {
    let mut board = Scoreboard::new(UNA);
    assert!(take(&mut board, &[(1000, 2000), (3000, 4000)]));
    assert!(!board.take(&[block(3000, 4000)], UNA + 2000, UNA + 10_000));
    assert_eq!(board.reported.total(), 1000);
    assert!(!board.take(&[], UNA + 4000, UNA + 10_000));
    assert!(board.reported.is_empty());
}

#[test]
fn a_peer_that_tells_of_every_other_byte_is_not_listened_to_for_ever() {
    let mut board = Scoreboard::new(UNA);
    for byte in (2..2 + 2 * RANGES_MAX as u32).step_by(2) {
        assert!(take(&mut board, &[(byte, byte + 1)]));
    }
    assert!(!take(&mut board, &[(9000, 9001)]));
    assert_eq!(board.reported.len(), RANGES_MAX);
}

/// Where a block begins beyond SND.UNA, its length, and how much is acknowledged before it comes.
fn segments() -> impl Strategy<Value = Vec<(u32, u32, u32)>> {
    prop::collection::vec((1u32..40, 0u32..60, 0u32..8), 1..60)
}

proptest! {
    /// As a set of bytes has it.
    #[test]
    fn it_tells_news_as_a_set_does(segments in segments()) {
        let mut board = Scoreboard::new(UNA);
        let mut told = BTreeSet::new();
        let (mut una, outstanding) = (0, 70);
        for (beyond, len, acked) in segments {
            una += acked;
            told.retain(|byte| *byte >= una);
            let (left, right) = (una + beyond, una + beyond + len);
            let news = board.take(&[block(left, right)], UNA + una, UNA + una + outstanding);
            let sent = right <= una + outstanding;
            prop_assert_eq!(news, sent && (left..right).any(|byte| !told.contains(&byte)));
            if sent {
                told.extend(left..right);
            }
        }
    }
}
