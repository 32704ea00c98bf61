//! `nstat`: what a host has counted, by Linux's names, where one of ours is the same number.

use crate::observe::counters::Counts;
use crate::probe::{Accepted, Discard, Purpose};

/// A name, and what has it.
type Row = (&'static str, fn(&Counts) -> u64);

/// All counters that there are.
pub fn read(counts: &Counts) -> impl Iterator<Item = (&'static str, u64)> + '_ {
    TABLE.iter().map(|(name, count)| (*name, count(counts)))
}

/// The one of this name.
pub fn named(name: &str) -> Option<&'static str> {
    let mut table = TABLE.iter().map(|(known, _)| *known);
    table.find(|known| *known == name)
}

/// Whether there is one of this name.
pub fn is_known(name: &str) -> bool {
    named(name).is_some()
}

/// Those of RFC 4022 first, then Linux's own.
const TABLE: &[Row] = &[
    ("TcpPassiveOpens", |counts| {
        let syns = [
            Accepted::Syn,
            Accepted::SynFastOpened,
            Accepted::TimeWaitReopened,
        ];
        syns.map(|syn| counts.by_accepted.of(syn)).iter().sum()
    }),
    ("TcpRetransSegs", Counts::retransmitted),
    ("TcpOutRsts", |counts| counts.by_purpose.of(Purpose::Reset)),
    ("TcpExtBeyondWindow", |counts| {
        counts.by_discard.of(Discard::OutOfWindow)
    }),
    ("TcpExtOutOfWindowIcmps", |counts| {
        counts.by_discard.of(Discard::IcmpOutOfWindow)
    }),
    ("TcpExtListenOverflows", |counts| {
        counts.by_discard.of(Discard::AcceptQueueFull)
    }),
    ("TcpExtPAWSEstab", |counts| {
        counts.by_discard.of(Discard::Paws)
    }),
    ("TcpExtTCPSYNChallenge", |counts| {
        counts.by_discard.of(Discard::SynInSynchronized)
    }),
    ("TcpExtTCPKeepAlive", |counts| {
        counts.by_purpose.of(Purpose::KeepAlive)
    }),
];
