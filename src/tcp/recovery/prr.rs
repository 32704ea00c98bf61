//! Proportional rate reduction: RFC 9937 sections 6.1 to 6.4.
//!
//! In recovery the window shrinks as what was sent arrives, so that at its end as much is on its
//! way as the congestion control allows: neither a pause at first nor a burst at last.

/// One episode's variables, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prr {
    /// prr_delivered: what has arrived since the episode began.
    delivered: u64,
    /// prr_out: what was sent since.
    out: u64,
    /// RecoverFS: what was on its way when it began.
    recover_fs: u64,
    /// Where the window shall be at the end.
    ssthresh: u64,
    /// cwnd, as of the last ACK.
    window: u64,
}

/// What one ACK in recovery says.
#[derive(Debug, Clone, Copy)]
pub struct Heard {
    /// DeliveredData.
    pub delivered: u32,
    /// On its way after it.
    pub in_flight: u32,
    /// SafeACK: SND.UNA has advanced, and nothing more is taken for lost.
    pub safe: bool,
    pub mss: u32,
}

impl Prr {
    /// Section 6.1: an episode begins with so much on its way, and shall end with `ssthresh`.
    pub fn new(recover_fs: u32, ssthresh: u64) -> Prr {
        Prr {
            delivered: 0,
            out: 0,
            recover_fs: u64::from(recover_fs).max(1),
            ssthresh,
            window: 0,
        }
    }

    /// cwnd.
    pub fn window(&self) -> u64 {
        self.window
    }

    /// Section 6.3: something has left, new or not.
    pub fn on_sent(&mut self, bytes: u32) {
        self.out += u64::from(bytes);
    }

    /// Section 6.2: an ACK in recovery.
    pub fn on_ack(&mut self, heard: &Heard) {
        let (in_flight, mss) = (u64::from(heard.in_flight), u64::from(heard.mss));
        self.delivered += u64::from(heard.delivered);
        let unpaid = self.delivered.saturating_sub(self.out);
        let mut count = if in_flight > self.ssthresh {
            // "SndCnt = CEIL(prr_delivered * ssthresh / RecoverFS) - prr_out"
            let share = (self.delivered * self.ssthresh).div_ceil(self.recover_fs);
            share.saturating_sub(self.out)
        } else {
            // By default packet conservation; while recovery makes progress, slow start.
            let mut count = unpaid.max(heard.delivered.into());
            if heard.safe {
                count += mss;
            }
            count.min(self.ssthresh - in_flight)
        };
        if self.out == 0 && count == 0 {
            // The first ACK lets the retransmission go in any case.
            count = mss;
        }
        self.window = in_flight + count;
    }
}

#[cfg(test)]
mod tests;
