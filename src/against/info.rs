//! `tcp_info`, as the kernel writes it: `struct tcp_info` of `linux/tcp.h`.

use std::net::SocketAddr;
use std::os::fd::AsFd;

use crate::drill::backend::{Handle, Info};
use crate::namespace::sockopt;

use super::Kernel;

impl Kernel {
    /// The fields that this kernel has; `None`: there is no such socket.
    pub(super) fn tcp_info(&self, socket: Handle) -> Option<Info> {
        let fd = self.get(socket).ok()?;
        let mut bytes = [0; ROOM];
        let len = sockopt::tcp_info(fd.as_fd(), &mut bytes).ok()?;
        let bytes = bytes.get(..len)?;
        let mut info = Info::new();
        let mut at = 0;
        for (name, width) in FIELDS {
            let Some(field) = bytes.get(at..at + width) else {
                break;
            };
            at += width;
            let value = field
                .iter()
                .rev()
                .fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
            match *name {
                "wscales" => {
                    info.insert("tcpi_snd_wscale", (value & 15) as i64);
                    info.insert("tcpi_rcv_wscale", (value >> 4) as i64);
                }
                "flags" => {
                    info.insert("tcpi_delivery_rate_app_limited", (value & 1) as i64);
                }
                name => {
                    info.insert(name, value as i64);
                }
            }
        }
        // Whose connection waits in TIME-WAIT has only an empty socket left, which says CLOSE; the
        // connection is in the kernel's list.
        if info.get("tcpi_state") == Some(&CLOSE) {
            let local = rustix::net::getsockname(fd).ok();
            let local = local.and_then(|addr| SocketAddr::try_from(addr).ok());
            if local.is_some_and(|local| waits_in_time_wait(local.port())) {
                info.insert("tcpi_state", TIME_WAIT);
            }
        }
        Some(info)
    }
}

/// Whether a connection of this port is in TIME-WAIT, in the namespace of the calling thread.
fn waits_in_time_wait(port: u16) -> bool {
    let lists = ["/proc/thread-self/net/tcp", "/proc/thread-self/net/tcp6"];
    let lists = lists.map(|file| std::fs::read_to_string(file).unwrap_or_default());
    lists.iter().any(|list| is_listed(list, port))
}

/// Whether such a list has it: a line is a number, the local address, the remote one, the state.
fn is_listed(list: &str, port: u16) -> bool {
    let mut rows = list.lines().map(|line| line.split_whitespace().skip(1));
    rows.any(|mut row| {
        let local = row.next().and_then(|local| local.rsplit_once(':'));
        let state = row.nth(1);
        let own = local.and_then(|(_, hex)| u16::from_str_radix(hex, 16).ok());
        own == Some(port) && state == Some("06")
    })
}

const CLOSE: i64 = 7;
const TIME_WAIT: i64 = 6;
/// More than any kernel's.
const ROOM: usize = 1024;

/// Names and bytes, in their order; little-endian machines only, as all that Linux runs on here.
const FIELDS: &[(&str, usize)] = &[
    ("tcpi_state", 1),
    ("tcpi_ca_state", 1),
    ("tcpi_retransmits", 1),
    ("tcpi_probes", 1),
    ("tcpi_backoff", 1),
    ("tcpi_options", 1),
    ("wscales", 1),
    ("flags", 1),
    ("tcpi_rto", 4),
    ("tcpi_ato", 4),
    ("tcpi_snd_mss", 4),
    ("tcpi_rcv_mss", 4),
    ("tcpi_unacked", 4),
    ("tcpi_sacked", 4),
    ("tcpi_lost", 4),
    ("tcpi_retrans", 4),
    ("tcpi_fackets", 4),
    ("tcpi_last_data_sent", 4),
    ("tcpi_last_ack_sent", 4),
    ("tcpi_last_data_recv", 4),
    ("tcpi_last_ack_recv", 4),
    ("tcpi_pmtu", 4),
    ("tcpi_rcv_ssthresh", 4),
    ("tcpi_rtt", 4),
    ("tcpi_rttvar", 4),
    ("tcpi_snd_ssthresh", 4),
    ("tcpi_snd_cwnd", 4),
    ("tcpi_advmss", 4),
    ("tcpi_reordering", 4),
    ("tcpi_rcv_rtt", 4),
    ("tcpi_rcv_space", 4),
    ("tcpi_total_retrans", 4),
    ("tcpi_pacing_rate", 8),
    ("tcpi_max_pacing_rate", 8),
    ("tcpi_bytes_acked", 8),
    ("tcpi_bytes_received", 8),
    ("tcpi_segs_out", 4),
    ("tcpi_segs_in", 4),
    ("tcpi_notsent_bytes", 4),
    ("tcpi_min_rtt", 4),
    ("tcpi_data_segs_in", 4),
    ("tcpi_data_segs_out", 4),
    ("tcpi_delivery_rate", 8),
    ("tcpi_busy_time", 8),
    ("tcpi_rwnd_limited", 8),
    ("tcpi_sndbuf_limited", 8),
    ("tcpi_delivered", 4),
    ("tcpi_delivered_ce", 4),
    ("tcpi_bytes_sent", 8),
    ("tcpi_bytes_retrans", 8),
    ("tcpi_dsack_dups", 4),
    ("tcpi_reord_seen", 4),
    ("tcpi_rcv_ooopack", 4),
    ("tcpi_snd_wnd", 4),
    ("tcpi_rcv_wnd", 4),
    ("tcpi_rehash", 4),
];

#[cfg(test)]
mod tests;
