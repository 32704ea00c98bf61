//! What proves that an episode was for nothing.

use super::*;

const UNA: SeqNum = SeqNum(u32::MAX - 1500);

fn range(start: u32, len: u32) -> SeqRange {
    SeqRange {
        start: UNA + start,
        len,
    }
}

/// An episode in which 2000 bytes went again, the first with timestamp 100.
fn resent() -> Undo {
    let mut undo = Undo::default();
    undo.begin(range(0, 10_000));
    undo.on_resent(1000, Some(100));
    undo.on_resent(1000, Some(110));
    undo
}

#[test]
fn the_echo_of_an_earlier_timestamp_proves_it() {
    let echo = |echo| resent().on_progress(UNA + 1000, echo);
    assert_eq!(echo(Some(99)), Some(Spurious::Timestamp));
    assert_eq!(echo(Some(100)), None);
    assert_eq!(echo(None), None);
    // Only the first acceptable ACK after the retransmission can tell.
    let mut undo = resent();
    assert_eq!(undo.on_progress(UNA + 1000, Some(105)), None);
    assert_eq!(undo.on_progress(UNA + 2000, Some(99)), None);
    // And there must have been one.
    let mut undo = Undo::default();
    undo.begin(range(0, 10_000));
    assert_eq!(undo.on_progress(UNA + 1000, Some(99)), None);
}

// req: RFC2883-5-1
#[test]
fn duplicates_of_all_that_went_again_prove_it() {
    let mut undo = resent();
    assert_eq!(undo.on_dsack(range(0, 1000)), None);
    assert_eq!(undo.on_dsack(range(3000, 1000)), Some(Spurious::Dsack));
    // Also after the episode, for a round trip.
    let mut undo = resent();
    undo.end(UNA + 15_000);
    undo.on_progress(UNA + 10_000, None);
    assert_eq!(undo.on_dsack(range(0, 2000)), Some(Spurious::Dsack));
    let mut undo = resent();
    undo.end(UNA + 15_000);
    undo.on_progress(UNA + 15_001, None);
    assert_eq!(undo.on_dsack(range(0, 2000)), None);
}

#[test]
fn duplicates_of_other_bytes_prove_nothing() {
    let mut undo = resent();
    assert_eq!(undo.on_dsack(range(10_000, 5000)), None);
    undo.settle();
    assert_eq!(undo.on_dsack(range(0, 5000)), None);
    let mut undo = Undo::default();
    undo.begin(range(0, 10_000));
    assert_eq!(undo.on_dsack(range(0, 5000)), None, "nothing went again");
}
