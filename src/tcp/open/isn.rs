//! The initial sequence number: RFC 9293 section 3.4.1 and RFC 6528 section 3.

use crate::base::keyed::Key;
use crate::base::pair::SocketPair;
use crate::base::{Instant, SeqNum};

/// ISN = M + F(localip, localport, remoteip, remoteport, secretkey).
///
/// M advances every 4 microseconds (RFC 9293 section 3.4.1, MUST-8), so that a later incarnation
/// of a connection begins above an earlier one; F is a keyed hash, so that nobody can guess it
/// (SHLD-1).
pub fn initial_sequence_number(key: &Key, pair: &SocketPair, now: Instant) -> SeqNum {
    let m = (now.as_nanos() / NANOS_PER_STEP) as u32;
    let f = key.hash(&pair.bytes()) as u32;
    SeqNum(m.wrapping_add(f))
}

const NANOS_PER_STEP: u64 = 4_000;

#[cfg(test)]
mod tests;
