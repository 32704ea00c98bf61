//! What a stack that runs and whoever watches it say to each other: JSON, a line each.
//!
//! The stack says hello at once, and then what it is asked for. Lengths are bytes, times are
//! microseconds, rates bits a second; sequence numbers count from the initial ones.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::runs::{Record, Rule};

/// What the stack says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    Hello(Hello),
    Snapshot(Box<Snapshot>),
    /// Something happened to the connection that was asked about.
    Event(Told),
    /// Events of it that nobody took in time.
    Missed {
        of: u64,
        events: u64,
    },
    /// What was asked cannot be done.
    Trouble {
        what: String,
    },
}

/// Who it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Of what follows: whoever knows another one should not guess.
    pub format: u32,
    pub version: String,
    /// What runs: `serve`.
    pub verb: String,
    pub process: u32,
    /// The link, for people.
    pub link: String,
    /// When it began, in seconds since 1970.
    pub since: u64,
}

/// An event of one connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    pub of: u64,
    pub record: Record,
}

/// What there is to see at one instant.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Since the stack was made.
    pub at_us: u64,
    /// Connections with a control block, half-open ones, and those in TIME-WAIT.
    pub open: usize,
    pub half_open: usize,
    pub time_wait: usize,
    /// Who listens, by address. The records of a run do not tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub listening: Vec<Listening>,
    /// The busiest of the connections, by their numbers.
    pub rows: Vec<Row>,
    /// If they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<Counted>,
}

impl Snapshot {
    /// Connections of all kinds.
    pub fn total(&self) -> usize {
        self.open + self.half_open + self.time_wait
    }
}

/// Counts of all that was told since they were asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// When that was.
    pub since_us: u64,
    pub packets_in: u64,
    pub bytes_in: u64,
    pub packets_out: u64,
    pub bytes_out: u64,
    pub retransmitted: u64,
    /// What became of packets in, the most frequent first.
    pub endings: Vec<Ending>,
}

/// How often packets ended in one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    pub disposition: String,
    pub reason: String,
    pub packets: u64,
}

/// A listening socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listening {
    /// Port 0: it takes what comes to any.
    pub local: SocketAddr,
    /// Connections that wait to be accepted, and half-open ones.
    pub waiting: usize,
    pub half_open: usize,
    /// How many there may be of either.
    pub backlog: usize,
}

impl Listening {
    /// Where it listens, as `ss` spells it.
    pub fn at(&self) -> String {
        match self.local.port() {
            0 => "*:*".to_owned(),
            _ => self.local.to_string(),
        }
    }
}

/// A connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub id: u64,
    pub local: SocketAddr,
    pub remote: SocketAddr,
    /// `established`.
    pub state: String,
    /// The timers that run.
    #[serde(default)]
    pub timers: Vec<Timer>,
    /// What its control block knows, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<Box<Known>>,
}

/// A timer that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// `rto`.
    pub timer: String,
    pub left_us: u64,
}

/// What a control block knows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Known {
    pub congestion_control: String,
    /// Which part of loss recovery is at work.
    pub phase: String,
    pub timestamps: bool,
    /// Whether both sides report what they have beyond holes.
    pub sack: bool,
    /// `off`, `asked`, `classic`, `accurate`.
    pub ecn: String,
    /// Shift counts: the peer's, and ours.
    pub scales: (u8, u8),
    pub mss: u32,
    pub receive_mss: u32,
    pub cwnd: u64,
    /// Missing while infinite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssthresh: Option<u64>,
    pub in_flight: u64,
    pub snd_una: u32,
    pub snd_nxt: u32,
    pub snd_wnd: u32,
    pub rcv_nxt: u32,
    pub rcv_wnd: u32,
    pub receive_buffer: u32,
    /// Missing before the first sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub srtt_us: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rttvar_us: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_rtt_us: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receiver_rtt_us: Option<u64>,
    pub rto_us: u64,
    pub delayed_ack_us: u64,
    /// Outstanding bytes that the peer reports, and those that are taken for lost.
    pub reported: u32,
    pub lost: u32,
    /// Segments that left once more.
    pub resent: u32,
    pub bytes_acked: u64,
    pub bytes_received: u64,
    /// Accepted from the application, and never sent.
    pub unsent: u64,
    /// Received, and not read.
    pub unread: u64,
    /// For how long it had something to send, and how long windows or room held that back.
    pub busy_us: u64,
    pub window_limited_us: u64,
    pub room_limited_us: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pacing_bps: Option<u64>,
    /// Since the snapshot before; missing in the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_bps: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receive_bps: Option<u64>,
    /// Why nothing more is sent: `cwnd`.
    pub blocked_by: String,
    /// Why the last segment left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Rule>,
}

/// What is asked of the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// One snapshot, of so many connections at most.
    Once { most: usize },
    /// Snapshots from here on, and with `counts` what became of packets.
    Watch {
        every_ms: u64,
        most: usize,
        counts: bool,
    },
    /// The events of one connection from here on; of none: no more.
    Follow { connection: Option<u64> },
}

/// The form of all this.
pub const FORMAT: u32 = 1;
