//! Where two runs part: the first thing that one of them told and the other did not.

use crate::runs::Record;

/// Where they part.
#[derive(Debug, Clone, PartialEq)]
pub struct Divergence {
    /// How many records are the same before that.
    pub common: u64,
    /// How many of these are packets.
    pub packets: u64,
    /// The last record that is the same.
    pub last: Option<Record>,
    /// What one tells then; `None` if it has ended.
    pub left: Option<Record>,
    /// What the other does.
    pub right: Option<Record>,
}

/// How closely records are held to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closeness {
    /// Their times count: so it is in virtual time, where the same thing happens at the same time.
    /// Else neither they do, nor what is measured, nor what links and applications do, whose order
    /// is the machine's.
    pub times: bool,
}

impl Closeness {
    /// Whether a record is looked at.
    pub fn counts(self, record: &Record) -> bool {
        let name = record.name.as_str();
        let is_of_its_time = name.starts_with("link:")
            || name == "app:called"
            || name.ends_with(":timer_updated")
            || name == "tcp:metrics_updated";
        self.times || !is_of_its_time
    }
}

/// Reads two runs in step, until they part; `None` if they do not. Numbers of events and what
/// connections knew beside do not count, only what happened.
///
/// # Errors
///
/// That of whoever gives the records.
pub fn divergence<E>(
    left: &mut impl Iterator<Item = Result<Record, E>>,
    right: &mut impl Iterator<Item = Result<Record, E>>,
    how: Closeness,
) -> Result<Option<Divergence>, E> {
    let (mut common, mut packets, mut last) = (0, 0, None);
    loop {
        let (one, other) = (left.next().transpose()?, right.next().transpose()?);
        match (one, other) {
            (None, None) => return Ok(None),
            (Some(one), Some(other)) if is_same(&one, &other, how) => {
                common += 1;
                packets += u64::from(is_packet(&one));
                last = Some(one);
            }
            (left, right) => {
                return Ok(Some(Divergence {
                    common,
                    packets,
                    last,
                    left,
                    right,
                }));
            }
        }
    }
}

/// Whether the same happened.
pub fn is_same(one: &Record, other: &Record, how: Closeness) -> bool {
    one.name == other.name
        && one.host == other.host
        && one.tuple == other.tuple
        && (!how.times || one.time == other.time)
        && fields(one).eq(fields(other))
}

/// What it says of itself, without numbers that only count, or that chance has drawn.
fn fields(record: &Record) -> impl Iterator<Item = (&String, &serde_json::Value)> {
    let drawn = |name: &str| matches!(name, "packet" | "isn");
    record.data.iter().filter(move |(name, _)| !drawn(name))
}

/// Whether it shows a packet, sent or received.
pub fn is_packet(record: &Record) -> bool {
    matches!(
        record.name.as_str(),
        "tcp:segment_sent"
            | "tcp:segment_disposed"
            | "ip:packet_sent"
            | "ip:packet_disposed"
            | "udp:datagram_sent"
            | "udp:datagram_disposed"
            | "icmp:sent"
            | "icmp:received"
    )
}

#[cfg(test)]
mod tests;
