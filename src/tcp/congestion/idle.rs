//! What a window is worth that has not been used for a while.
//!
//! RFC 5681 section 4.1 for cwnd; RFC 2861 section 3 for what its disuse does to ssthresh. That a
//! window that is not full does not grow is every controller's own first line.

/// The two variables after an idle time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restart {
    pub cwnd: u64,
    pub ssthresh: Option<u64>,
}

/// What remains of them after nothing was sent for longer than the timeout; `initial` is the
/// initial window. house!("idle-restart")
pub fn restart(cwnd: u64, ssthresh: Option<u64>, initial: u64) -> Restart {
    Restart {
        // RFC 5681 section 4.1: RW = min (IW, cwnd).
        cwnd: cwnd.min(initial),
        // RFC 2861 section 3: ssthresh remembers what the path carried: it becomes
        // max(ssthresh, 3*cwnd/4), so that slow start gets back there.
        ssthresh: ssthresh.map(|ssthresh| ssthresh.max(cwnd / 4 * 3)),
    }
}

#[cfg(test)]
mod tests;
