//! What is on its way, reported, lost, across the wrap at 2^32, against a plain list of bytes.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

const UNA: SeqNum = SeqNum(u32::MAX - 1500);

fn block(left: u32, right: u32) -> SackBlock {
    SackBlock {
        left: UNA + left,
        right: UNA + right,
    }
}

fn range(left: u32, right: u32) -> SeqRange {
    SeqRange::between(UNA + left, UNA + right)
}

fn at(ms: u64) -> Instant {
    Instant::BIRTH + Duration::from_millis(ms)
}

/// With so many bytes outstanding, sent in segments of 1000 at one instant.
fn board(bytes: u32) -> Scoreboard {
    let mut board = Scoreboard::new(UNA);
    for start in (0..bytes).step_by(1000) {
        let len = (bytes - start).min(1000);
        board.on_sent(len, len, Instant::BIRTH, Stamp::default());
    }
    board
}

/// Takes blocks; how many bytes of them are news.
fn take(board: &mut Scoreboard, blocks: &[(u32, u32)]) -> u32 {
    let mut news = 0;
    for &(left, right) in blocks {
        board.report(block(left, right), &mut |piece| news += piece.range.len);
    }
    news
}

fn acknowledge(board: &mut Scoreboard, bytes: u32) -> u32 {
    let mut news = 0;
    board.acknowledge(UNA + bytes, &mut |piece| news += piece.range.len);
    news
}

// req: RFC3042-2-3, RFC5681-3.2-5, RFC6675-5-1
#[test]
fn only_bytes_that_were_not_told_of_are_news() {
    let mut board = board(10_000);
    assert_eq!(take(&mut board, &[]), 0);
    assert_eq!(take(&mut board, &[(1000, 2000)]), 1000);
    assert_eq!(take(&mut board, &[(1000, 2000)]), 0);
    assert_eq!(take(&mut board, &[(1200, 1300)]), 0);
    assert_eq!(take(&mut board, &[(1000, 2001)]), 1);
    // One that is new among others.
    assert_eq!(take(&mut board, &[(1000, 2001), (5000, 6000)]), 1000);
    assert_eq!(take(&mut board, &[(5000, 6000), (1000, 2001)]), 0);
    // Both sides of a hole are known; the hole is not.
    assert_eq!(take(&mut board, &[(1000, 6000)]), 2999);
    // When all is acknowledged, what was reported is no news.
    assert_eq!(acknowledge(&mut board, 10_000), 5000);
}

// req: RFC3042-2-3
#[test]
fn what_was_acknowledged_or_never_sent_is_no_news() {
    let mut scoreboard = board(10_000);
    for lie in [(0, 1000), (9000, 10_001), (2000, 1000), (1000, 1000)] {
        assert_eq!(take(&mut scoreboard, &[lie]), 0, "{lie:?}");
        assert_eq!(scoreboard.in_flight(), 10_000);
    }
    // A block below SND.UNA tells of a duplicate: RFC 2883 section 4.
    acknowledge(&mut scoreboard, 1000);
    assert_eq!(take(&mut scoreboard, &[(0, 500)]), 0);
    assert_eq!(take(&mut board(10_000), &[(9000, 10_000)]), 1000);
}

#[test]
fn what_is_acknowledged_is_forgotten() {
    let mut board = board(10_000);
    take(&mut board, &[(1000, 2000), (3000, 4000)]);
    assert_eq!(acknowledge(&mut board, 2000), 1000);
    assert_eq!(take(&mut board, &[(3000, 4000)]), 0);
    assert_eq!(board.sacked(), 1000);
    acknowledge(&mut board, 4000);
    assert_eq!(board.sacked(), 0);
    acknowledge(&mut board, 10_000);
    assert!(board.sent.is_empty());
}

#[test]
fn a_peer_that_tells_of_every_other_byte_is_not_listened_to_for_ever() {
    let mut board = board(10_000);
    for byte in (2..2 + 2 * RANGES_MAX as u32).step_by(2) {
        assert_eq!(take(&mut board, &[(byte, byte + 1)]), 1);
    }
    assert_eq!(take(&mut board, &[(9000, 9001)]), 0);
    assert_eq!(board.sacked.len(), RANGES_MAX);
    assert!(board.sent.len() <= 2 * RANGES_MAX + 2);
}

#[test]
fn reports_that_grow_byte_by_byte_make_no_more_records() {
    for grow in [|i: u32| (3000, 3001 + i), |i: u32| (4000 - i, 4001)] {
        let mut board = board(10_000);
        for i in 0..1000 {
            take(&mut board, &[grow(i)]);
            assert!(board.sent.len() <= 3, "{}", board.sent.len());
        }
    }
}

#[test]
fn segments_that_left_together_share_a_record_and_go_again_one_by_one() {
    let mut board = board(4_500);
    assert_eq!(board.sent.len(), 1);
    board.on_sent(700, 700, Instant::BIRTH, Stamp::default());
    board.on_sent(700, 700, at(1), Stamp::default());
    assert_eq!(board.sent.len(), 3);
    board.lose_all(|_, _| true, &mut |_, _| {});
    let mut again = Vec::new();
    while let Some(range) = board.first_lost(1000) {
        again.push((range.start.since(UNA), range.len));
        board.on_resent(range, at(2), Stamp::default());
    }
    let each = [0, 1000, 2000, 3000].map(|start| (start, 1000));
    assert_eq!(again[..4], each);
    assert_eq!(again[4..], [(4000, 500), (4500, 700), (5200, 700)]);
    assert_eq!(board.in_flight(), 5_900);
}

// req: RFC2018-5-1, RFC6675-4-3, RFC9937-6.2-3
#[test]
fn what_is_reported_or_lost_and_not_sent_again_is_not_on_its_way() {
    let mut board = board(5_000);
    take(&mut board, &[(1000, 3000)]);
    assert_eq!(board.in_flight(), 3_000);
    let mut lost = Vec::new();
    board.lose_all(|range, _| range.start == UNA, &mut |range, _| {
        lost.push(range)
    });
    assert_eq!(lost, [range(0, 1000)]);
    assert_eq!(board.in_flight(), 2_000);
    board.on_resent(range(0, 1000), at(1), Stamp::default());
    assert_eq!((board.in_flight(), board.lost()), (3_000, 0));
    assert_eq!(board.first_lost(1000), None);
}

// req: RFC6675-4-2
#[test]
fn three_ranges_or_more_than_two_segments_above_make_a_loss() {
    let found = |blocks: &[(u32, u32)]| {
        let mut board = board(10_000);
        take(&mut board, blocks);
        let mut lost = Vec::new();
        board.lose_below_reports(3, 1000, &mut |range, _| {
            lost.push((range.start.since(UNA), range.end().since(UNA)));
        });
        lost
    };
    assert_eq!(found(&[(1000, 3000)]), []);
    assert_eq!(found(&[(1000, 3001)]), [(0, 1000)]);
    assert_eq!(found(&[(1000, 1100), (3000, 3100)]), []);
    let three = [(1000, 1100), (3000, 3100), (5000, 5100)];
    assert_eq!(found(&three), [(0, 1000)]);
    // Below the second of four ranges there are three above.
    let four = [(1000, 2000), (3000, 3100), (5000, 5100), (7000, 7100)];
    assert_eq!(found(&four), [(0, 1000), (2000, 3000)]);
}

// req: RFC2018-8-1
#[test]
fn a_peer_that_acknowledges_no_more_than_before_what_it_reported_has_reneged() {
    let mut board = board(5_000);
    take(&mut board, &[(1000, 3000)]);
    assert!(!board.is_reneged());
    acknowledge(&mut board, 1000);
    assert!(board.is_reneged());
    board.forget_reports();
    assert_eq!(board.in_flight(), 4_000);
    assert!(!board.is_reneged());
}

#[test]
fn the_last_segment_is_the_last_one_sent() {
    let mut scoreboard = board(2_500);
    assert_eq!(scoreboard.last_sent(1000), Some(range(2000, 2500)));
    assert_eq!(board(3_000).last_sent(1000), Some(range(2000, 3000)));
    assert_eq!(board(3_000).last_sent(600), Some(range(2400, 3000)));
    take(&mut scoreboard, &[(2000, 2500)]);
    assert_eq!(scoreboard.last_sent(1000), None);
}

/// What a peer and a sender may do.
#[derive(Debug, Clone)]
enum Step {
    Send(u32),
    Report(u32, u32),
    Acknowledge(u32),
    Lose(u32, u32),
    Resend,
    Forget,
    LoseNone,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => (1u32..30).prop_map(Step::Send),
        6 => (0u32..120, 0u32..40).prop_map(|(l, n)| Step::Report(l, n)),
        3 => (0u32..40).prop_map(Step::Acknowledge),
        3 => (0u32..100, 0u32..60).prop_map(|(l, n)| Step::Lose(l, n)),
        4 => Just(Step::Resend),
        1 => Just(Step::Forget),
        1 => Just(Step::LoseNone),
    ];
    prop::collection::vec(step, 0..80)
}

/// The same, byte by byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Byte {
    Way,
    Sacked,
    Lost,
}

fn check(board: &Scoreboard, una: u32, bytes: &[Byte]) -> Result<(), TestCaseError> {
    let count = |byte| bytes.iter().filter(|b| **b == byte).count() as u32;
    prop_assert_eq!(board.una, UNA + una);
    prop_assert_eq!(board.outstanding() as usize, bytes.len());
    prop_assert_eq!(board.sacked(), count(Byte::Sacked));
    prop_assert_eq!(board.lost(), count(Byte::Lost));
    prop_assert_eq!(board.in_flight(), count(Byte::Way));
    let first = bytes.iter().position(|b| *b == Byte::Lost);
    let found = board.first_lost(1000).map(|range| range.start);
    prop_assert_eq!(found, first.map(|first| UNA + una + first as u32));
    // SACKed neighbours are joined, and no record is empty.
    let mut start = board.una;
    let mut before = None;
    for sent in &board.sent {
        prop_assert!(start.before(sent.end));
        prop_assert!(before != Some(Fate::Sacked) || sent.fate != Fate::Sacked);
        (start, before) = (sent.end, Some(sent.fate));
    }
    prop_assert_eq!(start, board.nxt);
    Ok(())
}

proptest! {
    /// As a list of bytes has it.
    #[test]
    fn it_keeps_what_a_list_of_bytes_would(steps in steps()) {
        let mut board = Scoreboard::new(UNA);
        let (mut una, mut bytes) = (0u32, Vec::new());
        for (time, step) in (1..).zip(steps) {
            match step {
                Step::Send(len) => {
                    board.on_sent(len, len, at(time / 3), Stamp::default());
                    bytes.extend(vec![Byte::Way; len as usize]);
                }
                Step::Report(left, len) => {
                    let news = take(&mut board, &[(una + left, una + left + len)]);
                    let (from, to) = (left as usize, (left + len) as usize);
                    if 0 < from && from < to && to <= bytes.len() {
                        let told = &mut bytes[from..to];
                        let new = told.iter().filter(|b| **b != Byte::Sacked).count();
                        prop_assert_eq!(news as usize, new);
                        told.fill(Byte::Sacked);
                    } else {
                        prop_assert_eq!(news, 0);
                    }
                }
                Step::Acknowledge(len) => {
                    let len = len.min(bytes.len() as u32);
                    una += len;
                    let gone: Vec<Byte> = bytes.drain(..len as usize).collect();
                    let new = gone.iter().filter(|b| **b != Byte::Sacked).count();
                    prop_assert_eq!(acknowledge(&mut board, una) as usize, new);
                }
                Step::Lose(left, len) => {
                    // Whole records are taken for lost.
                    let part = range(una + left, una + left + len);
                    board.lose_all(
                        |range, _| range.start.in_window(part.start, part.len),
                        &mut |lost, _| {
                            let from = lost.start.since(UNA + una) as usize;
                            bytes[from..from + lost.len as usize].fill(Byte::Lost);
                        },
                    );
                }
                Step::Resend => {
                    if let Some(range) = board.first_lost(7) {
                        board.on_resent(range, at(time), Stamp::default());
                        let from = range.start.since(UNA + una) as usize;
                        bytes[from..from + range.len as usize].fill(Byte::Way);
                    }
                }
                Step::Forget => {
                    board.forget_reports();
                    let way = |b: &mut Byte| if *b == Byte::Sacked { *b = Byte::Way };
                    bytes.iter_mut().for_each(way);
                }
                Step::LoseNone => {
                    board.lose_none();
                    let way = |b: &mut Byte| if *b == Byte::Lost { *b = Byte::Way };
                    bytes.iter_mut().for_each(way);
                }
            }
            check(&board, una, &bytes)?;
        }
    }
}
