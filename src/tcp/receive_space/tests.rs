//! The window to offer: how far, by which steps, and never back.

use crate::base::{SeqNum, WindowScale};

use super::ReceiveSpace;

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
