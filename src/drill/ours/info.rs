//! `tcp_info`, as far as the control block and watching it can tell.

use std::time::Duration;

use crate::base::Instant;
use crate::probe::{Snapshot, State};
use crate::stack::{ConnId, Counted, Details, Heeding};

use super::super::backend::{Handle, Info};
use super::super::tally::Counts;
use super::Ours;
use super::socket::Kind;

impl Ours {
    /// The fields of a socket's connection, in the units that scripts use.
    pub(super) fn tcp_info(&self, handle: Handle) -> Option<Info> {
        let socket = self.get(handle)?;
        let id = match socket.kind {
            Kind::Opening(id) | Kind::Connected(id) => id,
            Kind::Listening(_) => return Some([("tcpi_state", LISTEN)].into()),
            Kind::Fresh => return Some([("tcpi_state", CLOSE)].into()),
        };
        let snapshot = self.stack.status(id)?;
        let counts = self.tally.of(&self.stack.pair(id)?).unwrap_or_default();
        let mut info = Info::new();
        info.extend(of_control_block(&snapshot));
        info.extend(of_counts(&counts));
        info.extend(times(&counts, self.now));
        info.extend(of_marks(&self.stack.marks(id).unwrap_or_default()));
        let details = self.stack.details(self.now, id)?;
        info.extend(of_details(&details));
        info.extend(self.of_path(id)?);
        info.extend(of_peer(&counts, &details, &snapshot));
        info.extend(of_memory(self.buffers_of(&socket.options)));
        Some(info)
    }

    fn of_path(&self, id: ConnId) -> Option<[(&'static str, i64); 1]> {
        let remote = self.stack.pair(id)?.remote.addr;
        Some([("tcpi_pmtu", self.stack.path_mtu(remote).into())])
    }
}

fn of_control_block(snapshot: &Snapshot) -> [(&'static str, i64); 13] {
    let mss = i64::from(snapshot.mss).max(1);
    let segments = |bytes: u64| (bytes as i64) / mss;
    let outstanding = i64::from(snapshot.snd_nxt.since(snapshot.snd_una));
    // Our SYN, and a FIN of ours once it is acknowledged, are no bytes of text.
    let our_fin = matches!(snapshot.state, State::FinWait2 | State::TimeWait);
    let acked = snapshot.snd_una.since(snapshot.iss);
    let their_fin = matches!(
        snapshot.state,
        State::CloseWait | State::LastAck | State::Closing | State::TimeWait
    );
    let received = snapshot.rcv_nxt.since(snapshot.irs);
    let text = |numbers: u32, fin: bool| i64::from(numbers.saturating_sub(1 + u32::from(fin)));
    [
        ("tcpi_state", state_number(snapshot.state)),
        ("tcpi_ca_state", phase_number(snapshot.phase)),
        ("tcpi_snd_cwnd", segments(snapshot.cwnd)),
        (
            "tcpi_snd_ssthresh",
            snapshot.ssthresh.map_or(INFINITE, segments),
        ),
        ("tcpi_bytes_acked", text(acked, our_fin)),
        ("tcpi_bytes_received", text(received, their_fin)),
        (
            "tcpi_notsent_bytes",
            (snapshot.unacknowledged as i64 - outstanding).max(0),
        ),
        ("tcpi_rtt", snapshot.srtt.map_or(0, micros)),
        ("tcpi_rttvar", snapshot.rttvar.map_or(0, micros)),
        ("tcpi_rto", micros(snapshot.rto)),
        ("tcpi_snd_mss", i64::from(snapshot.mss)),
        ("tcpi_snd_wnd", i64::from(snapshot.snd_wnd)),
        ("tcpi_rcv_wnd", i64::from(snapshot.rcv_wnd)),
    ]
}

fn of_counts(counts: &Counts) -> [(&'static str, i64); 21] {
    [
        ("tcpi_options", counts.agreed.bits()),
        ("tcpi_unacked", counts.unacked()),
        ("tcpi_sacked", counts.sacked()),
        ("tcpi_lost", counts.lost()),
        ("tcpi_retrans", counts.retrans()),
        ("tcpi_bytes_sent", counts.bytes_sent),
        ("tcpi_bytes_retrans", counts.bytes_retrans),
        ("tcpi_delivered", counts.delivered),
        ("tcpi_min_rtt", counts.min_rtt.map_or(NO_RTT, micros)),
        ("tcpi_backoff", counts.timeouts_in_row.min(BACKOFF_MAX)),
        ("tcpi_retransmits", counts.timeouts_in_row),
        ("tcpi_total_rto", counts.timeouts),
        ("tcpi_total_rto_recoveries", counts.timeout_episodes),
        (
            "tcpi_total_rto_time",
            counts.timeout_time.as_millis() as i64,
        ),
        ("tcpi_segs_in", counts.segs_in),
        ("tcpi_segs_out", counts.segs_out),
        ("tcpi_data_segs_in", counts.data_segs_in),
        ("tcpi_data_segs_out", counts.data_segs_out),
        ("tcpi_total_retrans", counts.total_retrans),
        ("tcpi_dsack_dups", counts.dsack_dups),
        ("tcpi_rcv_ooopack", counts.out_of_order),
    ]
}

fn of_marks(counted: &Counted) -> [(&'static str, i64); 8] {
    let Counted {
        received_ce,
        received,
        delivered_ce,
        delivered,
    } = *counted;
    [
        ("tcpi_received_ce", received_ce.into()),
        ("tcpi_received_e0_bytes", received.ect0.into()),
        ("tcpi_received_e1_bytes", received.ect1.into()),
        ("tcpi_received_ce_bytes", received.ce.into()),
        ("tcpi_delivered_ce", delivered_ce.into()),
        ("tcpi_delivered_e0_bytes", delivered.ect0.into()),
        ("tcpi_delivered_e1_bytes", delivered.ect1.into()),
        ("tcpi_delivered_ce_bytes", delivered.ce.into()),
    ]
}

fn of_details(details: &Details) -> [(&'static str, i64); 15] {
    let Details {
        shifts: (theirs, ours),
        held_back,
        ..
    } = *details;
    [
        ("tcpi_advmss", details.receive_mss.into()),
        ("tcpi_snd_wscale", theirs.into()),
        ("tcpi_rcv_wscale", ours.into()),
        ("tcpi_ato", micros(details.delayed_ack)),
        ("tcpi_rehash", details.path_doubts.into()),
        ("tcpi_reordering", details.dup_thresh.into()),
        ("tcpi_reord_seen", details.reorderings.into()),
        ("tcpi_rcv_rtt", details.receiver_rtt.map_or(0, micros)),
        ("tcpi_rcv_ssthresh", details.receive_buffer.into()),
        ("tcpi_ecn_mode", heeding_number(details.heeding)),
        ("tcpi_busy_time", micros(held_back.busy)),
        ("tcpi_rwnd_limited", micros(held_back.by_window)),
        ("tcpi_sndbuf_limited", micros(held_back.by_room)),
        ("SK_MEMINFO_RMEM_ALLOC", details.held as i64),
        ("SK_MEMINFO_WMEM_QUEUED", details.queued as i64),
    ]
}

/// The peer's segments, as far as they have been seen.
fn of_peer(counts: &Counts, details: &Details, snapshot: &Snapshot) -> [(&'static str, i64); 2] {
    // The first refusal is of text, the others of probes: Linux counts those that did not leave.
    let refused = i64::from(details.refused.saturating_sub(1));
    let most = i64::from(details.receive_mss);
    let least = DEFAULT_MSS.min(snapshot.mss.into()).min(most);
    let largest = (counts.largest_in as i64).min(most);
    [
        ("tcpi_rcv_mss", largest.max(least)),
        ("tcpi_probes", counts.probes + refused),
    ]
}

/// As `getsockopt` tells them.
fn of_memory((send, receive): (u32, u32)) -> [(&'static str, i64); 2] {
    [
        ("SK_MEMINFO_SNDBUF", send.into()),
        ("SK_MEMINFO_RCVBUF", receive.into()),
    ]
}

/// Milliseconds since, or since the connection was established.
fn times(counts: &Counts, now: Instant) -> [(&'static str, i64); 3] {
    let since = |at: Option<Instant>| {
        let at = at.or(counts.established_at).unwrap_or(now);
        now.since(at).as_millis() as i64
    };
    [
        ("tcpi_last_data_sent", since(counts.data_sent_at)),
        ("tcpi_last_data_recv", since(counts.data_received_at)),
        ("tcpi_last_ack_recv", since(counts.ack_received_at)),
    ]
}

fn micros(span: Duration) -> i64 {
    span.as_micros() as i64
}

/// The numbers of Linux's states.
const fn state_number(state: State) -> i64 {
    match state {
        State::Established => 1,
        State::SynSent => 2,
        State::SynReceived => 3,
        State::FinWait1 => 4,
        State::FinWait2 => 5,
        State::TimeWait => 6,
        State::Closed => CLOSE,
        State::CloseWait => 8,
        State::LastAck => 9,
        State::Listen => LISTEN,
        State::Closing => 11,
    }
}

/// TCPI_ECN_MODE_DISABLED, RFC3168, ACCECN and PENDING.
const fn heeding_number(heeding: Heeding) -> i64 {
    match heeding {
        Heeding::Off => 0,
        Heeding::Classic => 1,
        Heeding::Accurate => 2,
        Heeding::Asked => 3,
    }
}

fn phase_number(phase: &str) -> i64 {
    match phase {
        "disorder" => 1,
        "recovery" => 3,
        "loss" => 4,
        _ => 0,
    }
}

/// The fields that are told here.
pub const FIELDS: &[&str] = &[
    "tcpi_state",
    "tcpi_options",
    "tcpi_ca_state",
    "tcpi_snd_cwnd",
    "tcpi_snd_ssthresh",
    "tcpi_unacked",
    "tcpi_sacked",
    "tcpi_lost",
    "tcpi_retrans",
    "tcpi_bytes_sent",
    "tcpi_bytes_retrans",
    "tcpi_bytes_acked",
    "tcpi_bytes_received",
    "tcpi_delivered",
    "tcpi_rtt",
    "tcpi_rttvar",
    "tcpi_min_rtt",
    "tcpi_rto",
    "tcpi_backoff",
    "tcpi_probes",
    "tcpi_retransmits",
    "tcpi_total_rto",
    "tcpi_snd_mss",
    "tcpi_last_data_sent",
    "tcpi_last_data_recv",
    "tcpi_last_ack_recv",
    "tcpi_segs_in",
    "tcpi_segs_out",
    "tcpi_data_segs_in",
    "tcpi_data_segs_out",
    "tcpi_total_retrans",
    "tcpi_dsack_dups",
    "tcpi_rcv_ooopack",
    "tcpi_snd_wnd",
    "tcpi_rcv_wnd",
    "tcpi_notsent_bytes",
    "tcpi_delivered_ce",
    "tcpi_delivered_e0_bytes",
    "tcpi_delivered_e1_bytes",
    "tcpi_delivered_ce_bytes",
    "tcpi_received_ce",
    "tcpi_received_e0_bytes",
    "tcpi_received_e1_bytes",
    "tcpi_received_ce_bytes",
    "tcpi_advmss",
    "tcpi_pmtu",
    "tcpi_rcv_mss",
    "tcpi_snd_wscale",
    "tcpi_rcv_wscale",
    "tcpi_ato",
    "tcpi_rehash",
    "tcpi_reordering",
    "tcpi_reord_seen",
    "tcpi_rcv_rtt",
    "tcpi_rcv_ssthresh",
    "tcpi_ecn_mode",
    "tcpi_busy_time",
    "tcpi_rwnd_limited",
    "tcpi_sndbuf_limited",
    "tcpi_total_rto_recoveries",
    "tcpi_total_rto_time",
    "SK_MEMINFO_RMEM_ALLOC",
    "SK_MEMINFO_RCVBUF",
    "SK_MEMINFO_SNDBUF",
    "SK_MEMINFO_WMEM_QUEUED",
];

/// Further fields that scripts may ask for: a script that does is skipped by the field's name,
/// since whatever could be told here would not be true.
pub const KNOWN: &[&str] = &[
    // Nothing stands behind them: Linux shows zero.
    "tcpi_options2",
    "tcpi_fackets",
    "tcpi_last_ack_sent",
    // Linux begins with ten segments that nobody has read.
    "tcpi_rcv_space",
    // There is a rate only where pacing is on, and no limit to it.
    "tcpi_pacing_rate",
    "tcpi_max_pacing_rate",
    // Samples are handed to congestion control and not kept.
    "tcpi_delivery_rate",
    "tcpi_delivery_rate_app_limited",
    // Kinds of failures are not told apart, nor is an option without counters from none.
    "tcpi_accecn_opt_seen",
    "tcpi_accecn_fail_mode",
    // Buffers are counted in bytes of text: there are no such accounts.
    "SK_MEMINFO_WMEM_ALLOC",
    "SK_MEMINFO_FWD_ALLOC",
    "SK_MEMINFO_OPTMEM",
    "SK_MEMINFO_BACKLOG",
    "SK_MEMINFO_DROPS",
];

const CLOSE: i64 = 7;
const LISTEN: i64 = 10;
/// TCP_INFINITE_SSTHRESH.
const INFINITE: i64 = 0x7fff_ffff;
/// What Linux shows before the first sample.
const NO_RTT: i64 = 0xffff_ffff;
const BACKOFF_MAX: i64 = 30;
/// TCP_MSS_DEFAULT.
const DEFAULT_MSS: i64 = 536;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_that_are_named_are_those_that_are_told() {
        let counts = Counts::default();
        let told = of_counts(&counts)
            .into_iter()
            .chain(times(&counts, Instant::BIRTH));
        let mut told: Vec<&str> = told.map(|(name, _)| name).collect();
        let config = crate::stack::Config::new(vec![([192, 0, 2, 1].into(), 24)]);
        let seed = crate::base::Seed::from_number(1);
        let mut stack = crate::stack::Stack::new(config, seed);
        let far = ([192, 0, 2, 2], 80).into();
        let id = stack.open(Instant::BIRTH, far, None).unwrap();
        let snapshot = stack.status(id).unwrap();
        told.extend(of_control_block(&snapshot).map(|(name, _)| name));
        told.extend(of_marks(&Counted::default()).map(|(name, _)| name));
        let details = stack.details(Instant::BIRTH, id).unwrap();
        told.extend(of_details(&details).map(|(name, _)| name));
        told.extend(of_peer(&counts, &details, &snapshot).map(|(name, _)| name));
        told.extend(of_memory((0, 0)).map(|(name, _)| name));
        told.push("tcpi_pmtu");
        told.sort_unstable();
        let mut named = FIELDS.to_vec();
        named.sort_unstable();
        assert_eq!(told, named);
        assert!(KNOWN.iter().all(|name| !FIELDS.contains(name)));
    }
}
