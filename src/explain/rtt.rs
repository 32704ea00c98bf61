//! Round trips as a capture shows them, and the timeout that RFC 6298 makes of them.

/// What is known of a sender's round trips; nanoseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rtt {
    smoothed: u64,
    variance: u64,
    latest: u64,
    least: Option<u64>,
    samples: u64,
}

impl Rtt {
    /// RFC 6298 section 2.
    pub fn sample(&mut self, sample: u64) {
        let sample = sample.min(LONGEST);
        if self.samples == 0 {
            self.smoothed = sample;
            self.variance = sample / 2;
        } else {
            let apart = self.smoothed.abs_diff(sample);
            self.variance = self.variance - self.variance / 4 + apart / 4;
            self.smoothed = self.smoothed - self.smoothed / 8 + sample / 8;
        }
        self.least = Some(self.least.map_or(sample, |least| least.min(sample)));
        self.latest = sample;
        self.samples += 1;
    }

    /// SRTT; 0 before the first sample.
    pub fn smoothed(&self) -> u64 {
        self.smoothed
    }

    /// The last sample.
    pub fn latest(&self) -> u64 {
        self.latest
    }

    /// The shortest.
    pub fn least(&self) -> Option<u64> {
        self.least
    }

    /// How many there were.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// RTTVAR.
    pub fn variance(&self) -> u64 {
        self.variance
    }

    /// What the retransmission timeout would be, without backing off. The least is 200 ms, as with
    /// Linux and with us; others have 1 s or 30 ms.
    pub fn timeout(&self) -> u64 {
        match self.samples {
            0 => 1_000_000_000,
            _ => (self.smoothed + 4 * self.variance).max(200_000_000),
        }
    }
}

/// Nanoseconds: longer waits are none for an answer, whatever the clock of a capture says.
pub const LONGEST: u64 = 3_600_000_000_000;
