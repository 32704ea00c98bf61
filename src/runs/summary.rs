//! The numbers a program wants: `summary.json`, one flat object for the run and one for each
//! connection.
//!
//! Names follow `ss` where it has one (`rto`, `cwnd`, `srtt`); the unit stands last.

use std::io::{self, Write};
use std::time::Duration;

use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

use crate::observe::{ConnectionCounts, Counts};

/// What `summary.json` holds.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// The run's name: `0001-demo`.
    pub run: String,
    /// What chance was drawn from.
    pub seed: u64,
    /// Whose time it was.
    pub clock: Clock,
    /// How packets travelled: `tun`, `pipe` and so on.
    pub link: String,
    /// Packets in both directions.
    pub packets: u64,
    /// Those of them that have a cause, or exactly one ending.
    pub explained: u64,
    /// Packets that the link dropped, as far as it is ours and says so.
    pub lost: u64,
    /// Packets of ours that repeat something.
    pub retransmitted: u64,
    /// Bytes that came in, IP headers included.
    pub bytes_in: u64,
    /// Bytes that left, IP headers included.
    pub bytes_out: u64,
    /// How long each part took.
    pub phases_ms: Phases,
    /// The connections, in the order in which they were opened.
    pub connections: Vec<ConnectionSummary>,
    /// What was checked.
    pub checks: Checks,
}

impl Summary {
    /// A summary of what was counted; phases and checks are for the caller to fill in.
    pub fn new(run: &str, counts: &Counts, connections: &[ConnectionCounts]) -> Summary {
        let connections = connections.iter().zip(1..);
        Summary {
            run: run.to_owned(),
            seed: 0,
            clock: Clock::Real,
            link: String::new(),
            packets: counts.packets(),
            explained: counts.explained(),
            lost: 0,
            retransmitted: counts.retransmitted(),
            bytes_in: counts.bytes_in,
            bytes_out: counts.bytes_out,
            phases_ms: Phases::default(),
            connections: connections
                .map(|(counts, number)| ConnectionSummary::new(number, counts))
                .collect(),
            checks: Checks::default(),
        }
    }

    /// Writes it as JSON, a field a line.
    ///
    /// # Errors
    ///
    /// What writing says.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *to, self)?;
        to.write_all(b"\n")
    }
}

/// Whose time it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Clock {
    /// The system's.
    Real,
    /// Simulated: it costs nothing and repeats exactly.
    Virtual,
}

/// How long each part of a run took, in the order in which they came. As JSON: an object of
/// whole milliseconds by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Phases(pub Vec<(String, Duration)>);

impl Serialize for Phases {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, took) in &self.0 {
            map.serialize_entry(name, &took.as_millis())?;
        }
        map.end()
    }
}

/// One connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConnectionSummary {
    /// `c1` for the one that was opened first.
    pub id: String,
    /// Our socket.
    pub local: String,
    /// The peer's.
    pub remote: String,
    /// The state at last.
    pub state: String,
    /// The congestion control.
    pub cc: String,
    /// Bytes of text that the peer has acknowledged.
    pub bytes_sent: u64,
    /// Bytes of text received in order.
    pub bytes_received: u64,
    /// Acknowledged bits a second from the first text sent to its last acknowledgment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goodput_bps: Option<u64>,
    /// Packets that repeat something.
    pub rtx: u64,
    /// How often the retransmission timer made it repeat something.
    pub rto: u64,
    /// The largest congestion window, in bytes.
    pub cwnd_max: u64,
    /// The smoothed round-trip time at last, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub srtt_ms: Option<f64>,
}

impl ConnectionSummary {
    /// The summary of connection `number`, from 1.
    pub fn new(number: u32, counts: &ConnectionCounts) -> ConnectionSummary {
        ConnectionSummary {
            id: format!("c{number}"),
            local: counts.local.to_string(),
            remote: counts.remote.to_string(),
            state: counts.state.to_string(),
            cc: counts.congestion_control.to_owned(),
            bytes_sent: counts.bytes_sent,
            bytes_received: counts.bytes_received,
            goodput_bps: counts.goodput_bps(),
            rtx: counts.retransmitted,
            rto: counts.timeouts,
            cwnd_max: counts.cwnd_max,
            srtt_ms: counts.srtt.map(|srtt| srtt.as_micros() as f64 / 1000.0),
        }
    }
}

/// How many checks came out how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checks {
    /// As expected.
    pub passed: u32,
    /// Otherwise.
    pub failed: u32,
}

#[cfg(test)]
mod tests;
