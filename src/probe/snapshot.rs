//! A plain copy of a control block's variables, by their names in RFC 9293 section 3.3.1.

use std::fmt;
use std::time::Duration;

use crate::base::SeqNum;

use super::State;

/// Who has such variables.
pub trait ControlBlock: Sync {
    /// A plain copy of them.
    fn snapshot(&self) -> Snapshot;
}

/// A connection's variables as an event tells them: copied only for an observer who looks.
#[derive(Clone, Copy)]
pub enum Variables<'a> {
    /// Where they stand.
    Lent(&'a dyn ControlBlock),
    /// A copy, of an event that is kept.
    Copied(Snapshot),
}

impl Variables<'_> {
    /// A plain copy.
    pub fn snapshot(self) -> Snapshot {
        match self {
            Variables::Lent(block) => block.snapshot(),
            Variables::Copied(snapshot) => snapshot,
        }
    }

    /// The same, of what outlives the control block.
    pub fn kept(self) -> Variables<'static> {
        Variables::Copied(self.snapshot())
    }
}

impl fmt::Debug for Variables<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.snapshot().fmt(f)
    }
}

impl From<Snapshot> for Variables<'_> {
    fn from(snapshot: Snapshot) -> Self {
        Variables::Copied(snapshot)
    }
}

/// What a connection knew at one instant. Windows and sizes are in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    pub state: State,
    pub snd_una: SeqNum,
    pub snd_nxt: SeqNum,
    pub snd_wnd: u32,
    pub iss: SeqNum,
    pub rcv_nxt: SeqNum,
    pub rcv_wnd: u32,
    pub irs: SeqNum,
    /// The congestion window.
    pub cwnd: u64,
    /// `None` while it is arbitrarily high (RFC 5681 section 3.1).
    pub ssthresh: Option<u64>,
    /// Bytes sent and thought to be on their way.
    pub in_flight: u64,
    /// `None` before the first sample.
    pub srtt: Option<Duration>,
    pub rttvar: Option<Duration>,
    pub rto: Duration,
    /// The largest text that fits one segment, in bytes.
    pub mss: u16,
    /// Bytes accepted from the application and not acknowledged yet.
    pub unacknowledged: usize,
    /// How many of those there may be at present.
    pub send_limit: usize,
    /// Bytes received and not read yet.
    pub unread: usize,
    /// Which part of loss recovery is at work, in the RFCs' words.
    pub phase: &'static str,
    /// The congestion control's name.
    pub congestion_control: &'static str,
}
