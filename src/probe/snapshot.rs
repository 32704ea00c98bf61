//! A plain copy of a control block's variables, by their names in RFC 9293 section 3.3.1.

use std::time::Duration;

use crate::base::SeqNum;

use super::State;

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
