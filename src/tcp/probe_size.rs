//! How long a probe of the path is: RFC 4821 section 7.3.
//!
//! Sizes are those of packets, IP headers counted (RFC 4821 section 5.1). The range from
//! `search_low`, which the path carries, to `search_high`, beyond which nothing is worth a probe,
//! shrinks with each outcome until it is not worth another.

/// What is left to search: RFC 4821 section 7.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// search_low.
    pub low: u16,
    /// search_high.
    pub high: u16,
    /// What is longer than `high` was lost; else `high` is where the link, the peer or a router
    /// sets an end, and may well be carried.
    pub searched: bool,
}

impl Range {
    /// The size to try next; `None` once the search has converged. house!("probe-sizes")
    ///
    /// RFC 4821 section 7.1: larger than search_low, and no larger than search_high. RFC 4821
    /// section 7.3: a probe that is lost is dearer than one that arrives, so that sizes rise by
    /// steps, from one that links commonly carry to the next.
    pub fn next(&self) -> Option<u16> {
        let Range {
            low,
            high,
            searched,
        } = *self;
        let worth = low.saturating_add((low / WORTH).max(1));
        // RFC 4821 section 10.1: no more than three times what is sent already.
        let most = high.min(low.saturating_mul(STRIDE));
        if most <= low || most < worth {
            return None;
        }
        if !searched {
            return Some(most);
        }
        let common = COMMON.into_iter().find(|size| *size >= worth);
        let between = high - low >= low / REST;
        common
            .filter(|size| *size <= most)
            .or_else(|| between.then_some((low + (high - low) / 2).min(most)))
    }
}

/// What is longer by less than a 64th is not worth a probe.
const WORTH: u16 = 64;
/// Where nothing common lies between, less than an eighth is not worth the probes that are lost.
const REST: u16 = 8;
const STRIDE: u16 = 3;
/// What links and tunnels carry: the least of IPv4 and IPv6 hosts, Ethernet with and without the
/// headers of tunnels, the plateaus of RFC 1191 section 7, and long Ethernet frames.
const COMMON: [u16; 14] = [
    576, 1_006, 1_280, 1_400, 1_440, 1_472, 1_492, 1_500, 2_002, 4_352, 8_166, 9_000, 17_914,
    32_000,
];

#[cfg(test)]
mod tests;
