//! The window to offer: how far, by which steps, and never back.

use proptest::prelude::*;

use crate::base::{SeqNum, WindowScale};

use super::{ReceiveSpace, reserve};

const IRS: SeqNum = SeqNum(u32::MAX - 100);
const MSS: u32 = 1000;

/// A receiver and its reader, in offsets of the stream.
struct Receiver {
    rcv: ReceiveSpace,
    buffer: u32,
    mss: u32,
    /// Bytes received and not read.
    unread: u32,
    /// Where RCV.NXT is.
    next: u64,
}

impl Receiver {
    fn new(buffer: u32, mss: u32, scale: WindowScale) -> Receiver {
        let mut rcv = ReceiveSpace::default();
        assert!(!rcv.is_started());
        rcv.scale = scale;
        rcv.start(IRS, buffer.min(65_535));
        Receiver {
            rcv,
            buffer,
            mss,
            unread: 0,
            next: 0,
        }
    }

    /// A receiver that scales its windows as its buffer needs.
    fn scaled(buffer: u32, mss: u32) -> Receiver {
        Receiver::new(buffer, mss, WindowScale::for_window(buffer))
    }

    fn plain(buffer: u32) -> Receiver {
        Receiver::new(buffer, MSS, WindowScale::default())
    }

    fn free(&self) -> u32 {
        self.buffer.saturating_sub(self.unread)
    }

    fn receive(&mut self, bytes: u32) {
        let bytes = bytes.min(self.rcv.wnd());
        self.rcv.advance(bytes);
        self.unread += bytes;
        self.next += u64::from(bytes);
    }

    fn read(&mut self, bytes: u32) {
        self.unread -= bytes.min(self.unread);
    }

    /// A segment leaves; the window that the peer sees, in bytes.
    fn offer(&mut self) -> u32 {
        let field = self.rcv.offer(self.free(), self.buffer, self.mss);
        self.rcv.offered(field);
        self.rcv.scale.scale(field)
    }

    fn is_worth_telling(&self) -> bool {
        self.rcv
            .is_worth_telling(self.free(), self.buffer, self.mss)
    }

    /// The furthest edge that was offered, as an offset in the stream.
    fn edge(&self) -> u64 {
        self.next + u64::from(self.rcv.wnd())
    }

    /// How far the memory reaches: the buffer from the reader's place on, and the reserve.
    fn memory(&self) -> u64 {
        let read = self.next - u64::from(self.unread);
        read + u64::from(self.buffer) + u64::from(reserve(self.rcv.scale))
    }
}

#[test]
fn the_syn_takes_one_number_and_the_window_begins_behind_it() {
    let receiver = Receiver::plain(5000);
    assert!(receiver.rcv.is_started());
    assert_eq!((receiver.rcv.irs, receiver.rcv.nxt), (IRS, IRS + 1));
    assert_eq!(receiver.rcv.wnd(), 5000);
}

// req: SHLD-14, RFC9293-3.8.6.2.2-1
#[test]
fn the_edge_stays_while_text_comes_and_nobody_reads() {
    let mut receiver = Receiver::plain(5000);
    for left in [4000, 3000, 2000, 1000, 0] {
        receiver.receive(1000);
        assert_eq!(receiver.offer(), left);
        assert_eq!(receiver.edge(), 5000);
    }
}

// req: MUST-39, RFC9293-3.8.6.2.2-1
#[test]
fn the_edge_moves_by_a_segment_at_least() {
    let mut receiver = Receiver::plain(5000);
    receiver.receive(5000);
    receiver.read(MSS - 1);
    assert_eq!(receiver.offer(), 0);
    receiver.read(1);
    assert_eq!(receiver.offer(), MSS);
}

// req: MUST-39, RFC9293-3.8.6.2.2-1
#[test]
fn with_a_small_buffer_half_of_it_is_a_step() {
    let mut receiver = Receiver::plain(600);
    receiver.receive(600);
    receiver.read(299);
    assert_eq!(receiver.offer(), 0);
    receiver.read(1);
    assert_eq!(receiver.offer(), 300);
}

// req: MAY-8
#[test]
fn a_window_may_stay_closed() {
    let mut receiver = Receiver::plain(5000);
    receiver.receive(5000);
    for _ in 0..10 {
        assert_eq!(receiver.offer(), 0);
        assert!(!receiver.is_worth_telling());
    }
}

#[test]
fn a_fin_at_the_edge_moves_it() {
    let mut receiver = Receiver::plain(1000);
    receiver.receive(1000);
    receiver.rcv.advance(1);
    assert_eq!(receiver.rcv.wnd(), 0);
    assert_eq!(receiver.rcv.nxt, IRS + 1 + 1001);
}

#[test]
fn an_urgent_mark_is_forgotten_once_it_is_reached() {
    let mut receiver = Receiver::plain(5000);
    let mark = receiver.rcv.nxt + 100;
    receiver.rcv.up = Some(mark);
    receiver.receive(99);
    assert_eq!(receiver.rcv.up, Some(mark));
    receiver.receive(1);
    assert_eq!(receiver.rcv.up, None);
}

// req: RFC7323-2.3-2, RFC7323-2.4-1, RFC7323-2.4-2
#[test]
fn rounding_goes_up_so_that_the_peer_sees_no_smaller_window() {
    let mut receiver = Receiver::new(1 << 20, MSS, WindowScale::new(8));
    assert_eq!(receiver.offer(), 1 << 20);
    receiver.receive(1);
    // 2^20 - 1 is not a multiple of 2^8; the next one is 2^20, a byte further than before.
    assert_eq!(receiver.offer(), 1 << 20);
    assert_eq!(receiver.edge(), (1 << 20) + 1);
}

/// Appendix F of RFC 7323: in the end there is no room to round up, and the peer sees a window
/// that is smaller by less than a unit. What was offered before stays acceptable.
// req: RFC7323-2.4-1, RFC7323-2.4-2
#[test]
fn what_was_ever_offered_is_still_in_the_window() {
    let mut receiver = Receiver::new(1 << 20, MSS, WindowScale::new(8));
    receiver.offer();
    let mut furthest = 0;
    let mut shrunk = false;
    for _ in 0..1000 {
        receiver.receive(1);
        let seen = receiver.next + u64::from(receiver.offer());
        shrunk |= seen < furthest;
        furthest = furthest.max(seen);
        assert_eq!(receiver.edge(), furthest);
    }
    assert!(shrunk);
}

// req: SHLD-14
#[test]
fn a_unit_larger_than_a_segment_takes_nothing_back() {
    // With a gibibyte the unit is 16 KiB; a segment is a step, though no multiple of the unit.
    let mut receiver = Receiver::scaled(1 << 30, MSS);
    receiver.offer();
    receiver.receive(10_000);
    let before = receiver.edge();
    let seen = receiver.next + u64::from(receiver.offer());
    assert!(seen >= before, "{seen} after {before}");
}

// req: RFC9293-3.8.6.2.2-1
#[test]
fn room_is_told_at_once_to_a_peer_that_knows_of_little() {
    let mut receiver = Receiver::plain(5000);
    receiver.receive(5000);
    receiver.offer();
    receiver.read(MSS - 1);
    assert!(!receiver.is_worth_telling());
    receiver.read(1);
    assert!(receiver.is_worth_telling());
    receiver.offer();
    assert!(!receiver.is_worth_telling());
}

#[test]
fn a_peer_that_knows_of_half_the_buffer_is_not_bothered() {
    let mut receiver = Receiver::plain(5000);
    receiver.receive(2500);
    receiver.offer();
    receiver.read(2500);
    assert!(!receiver.is_worth_telling());
    receiver.receive(1);
    assert!(receiver.is_worth_telling());
}

/// An acknowledgment that changes nothing looks like a duplicate to the peer (RFC 5681 section 2).
#[test]
fn a_window_that_the_field_cannot_show_is_not_worth_telling() {
    let mut receiver = Receiver::plain(1 << 20);
    receiver.receive(10_000);
    assert!(receiver.is_worth_telling());
    assert_eq!(receiver.offer(), 65_535);
    receiver.read(10_000);
    assert!(!receiver.is_worth_telling());
}

#[derive(Debug, Clone)]
enum Step {
    Receive(u32),
    Read(u32),
    Offer,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let bytes = prop_oneof![1u32..20, 1u32..3000, 1u32..3_000_000];
    let step = prop_oneof![
        bytes.clone().prop_map(Step::Receive),
        bytes.prop_map(Step::Read),
        Just(Step::Offer),
    ];
    prop::collection::vec(step, 0..100)
}

proptest! {
    /// Whatever comes and is read in whatever order: the edge never moves left, never lies beyond
    /// what the memory holds, and moves by steps that are worth a segment, or less than a unit to
    /// make up for rounding; and the peer never sees further than is remembered.
    // req: SHLD-14, MUST-39, REC-1, RFC9293-3.10.7.4-17, RFC7323-2.4-1
    #[test]
    fn the_edge_never_moves_left_nor_beyond_the_memory(
        buffer in prop_oneof![1u32..5000, 1u32..1_000_000, 1u32..=1 << 30],
        mss in prop_oneof![48u32..100, 500u32..9000, 60_000u32..=65_535],
        scaling in any::<bool>(),
        steps in steps(),
    ) {
        let mut receiver = if scaling {
            Receiver::scaled(buffer, mss)
        } else {
            Receiver::new(buffer, mss, WindowScale::default())
        };
        let unit = u64::from(reserve(receiver.rcv.scale)) + 1;
        let step_least = u64::from(mss.min(buffer / 2));
        for step in steps {
            let before = receiver.edge();
            let worth = receiver.is_worth_telling();
            match step {
                Step::Receive(bytes) => receiver.receive(bytes),
                Step::Read(bytes) => receiver.read(bytes),
                Step::Offer => {
                    let seen = receiver.next + u64::from(receiver.offer());
                    prop_assert!(seen <= receiver.edge());
                    prop_assert!(seen <= receiver.memory());
                    prop_assert!(seen + unit > before, "{seen} after {before}");
                    let up = receiver.next + (before - receiver.next).next_multiple_of(unit);
                    prop_assert!(seen >= before || up > receiver.memory(), "{seen} not {up}");
                    let moved = receiver.edge() - before;
                    prop_assert!(moved < unit || moved >= step_least, "by {moved}");
                    // What was worth telling has been told.
                    prop_assert!(!worth || moved >= step_least);
                    prop_assert!(!receiver.is_worth_telling());
                }
            }
            prop_assert!(receiver.edge() >= before);
            prop_assert!(receiver.edge() <= receiver.memory());
        }
    }
}
