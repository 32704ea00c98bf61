//! Profiles and settings: what an administrator's keys make of the stack's own configuration.
//!
//! A profile is a starting point with a name; every value in it could be set by a host as well.
//! This is the one place where keys meet knobs: a key whose wish the stack cannot fulfil is
//! [`Configured::Unsupported`], and a script that needs it is skipped by its name.

mod fast_open;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::stack::{
    Algorithm, Asking, KeepAlive, OptionOrder, PathProbing, PushBursts, Recovering, TcpConfig,
    Telling,
};

use super::backend::Configured;
use fast_open::FastOpenPolicy;

/// Whose habits the stack has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// pellucid's own.
    #[default]
    Rfc,
    /// Those of Linux, as far as the stack has switches for them.
    Linux,
    /// Those of FreeBSD, as far as the stack has switches for them.
    Bsd,
}

impl Profile {
    /// Which it is by its name on a command line.
    pub fn named(name: &str) -> Option<Profile> {
        match name {
            "rfc" => Some(Profile::Rfc),
            "linux" => Some(Profile::Linux),
            "bsd" => Some(Profile::Bsd),
            _ => None,
        }
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Profile::Rfc => "rfc",
            Profile::Linux => "linux",
            Profile::Bsd => "bsd",
        }
    }
}

/// What all keys so far come to.
#[derive(Debug, Clone)]
pub struct Policy {
    pub profile: Profile,
    /// What connections begin with.
    pub tcp: TcpConfig,
    /// Keys that were set, by their full names.
    values: BTreeMap<String, String>,
    /// Keep-alive's times, for sockets that turn it on.
    pub keep_alive: KeepAlive,
    /// Who may open fast.
    pub fast_open: FastOpenPolicy,
    /// How often the option of accurate ECN goes along, where it goes sparingly.
    beacons: u32,
    /// Whether buffers grow, and how far they would.
    receive: Growth,
    send: Growth,
}

/// How far a buffer grows, and whether it does.
#[derive(Debug, Clone, Copy)]
struct Growth {
    max: u32,
    on: bool,
}

impl Growth {
    /// The largest that a buffer may have that begins with `size`.
    fn limit(self, size: u32) -> u32 {
        match self.on {
            true => self.max.max(size),
            false => size,
        }
    }
}

impl Policy {
    /// Before any key is set.
    pub fn new(profile: Profile) -> Policy {
        let tcp = match profile {
            Profile::Rfc => TcpConfig::default(),
            Profile::Linux => TcpConfig {
                // net.ipv4.tcp_rmem and tcp_wmem of the usual suites: the largest decide about the
                // window scale.
                receive_buffer: 540_000,
                receive_buffer_max: 15 << 20,
                send_buffer: 262_144,
                send_buffer_max: 4 << 20,
                ecn: Asking::Off,
                r2_syn: 5,
                syn_linear: 4,
                path_probing: PathProbing::Off,
                base_mtu: 1_024 + HEADERS,
                quick_acks: 16,
                nagle_by_short: true,
                soft_errors_end_openings: true,
                push_bursts: Some(PushBursts::default()),
                ..TcpConfig::default()
            },
            Profile::Bsd => TcpConfig {
                receive_buffer: 65_536,
                receive_buffer_max: 2 << 20,
                send_buffer: 32_768,
                send_buffer_max: 2 << 20,
                option_order: OptionOrder::FreeBsd,
                path_probing: PathProbing::Off,
                window_follows: true,
                ..TcpConfig::default()
            },
        };
        Policy {
            profile,
            values: BTreeMap::new(),
            keep_alive: KeepAlive::default(),
            fast_open: FastOpenPolicy::new(profile),
            beacons: BEACONS,
            receive: Growth {
                max: tcp.receive_buffer_max,
                on: true,
            },
            send: Growth {
                max: tcp.send_buffer_max,
                on: true,
            },
            tcp,
        }
    }

    /// How large the receive buffer of a socket is that asked for `asked` bytes, at first and once
    /// it has grown, in bytes of text. Segments have up to `mss` of them.
    ///
    /// Linux counts what packets cost, and takes that for as much as their text, of which it offers
    /// whole segments at first.
    pub fn receive_buffer(&self, asked: Option<u32>, mss: u32) -> (u32, u32) {
        let most = asked.unwrap_or(self.tcp.receive_buffer_max);
        let first = asked.unwrap_or(self.tcp.receive_buffer);
        match self.profile {
            Profile::Rfc => return (first, most),
            // FreeBSD raises it to whole segments when the connection is there; a SYN shows no more
            // than its field has room for, so that it may as well be raised before.
            Profile::Bsd if asked.is_none() && first >= FIELD_MAX => {
                let whole = first.next_multiple_of(mss.max(1));
                return (whole, most.max(whole));
            }
            Profile::Bsd => return (first, most),
            Profile::Linux => {}
        }
        let half = first / 2;
        let whole = half - half % mss.max(1);
        let first = if whole > 0 { whole } else { half };
        // The window scale is that of all memory, unless a socket has asked for some.
        (first, asked.map_or(most, |_| half))
    }

    /// How often a SYN goes again. Linux does not count those whose timeout is not doubled.
    pub fn syn_retries(&self, asked: Option<u32>) -> u32 {
        asked
            .unwrap_or(self.tcp.r2_syn)
            .saturating_add(self.tcp.syn_linear)
    }

    /// What a key was set to, if it was.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// Sets a key.
    pub fn set(&mut self, key: &str, value: &str) -> Configured {
        let done = if let Some(key) = key.strip_prefix("net.ipv4.") {
            self.set_linux(key, value)
        } else if let Some(key) = key.strip_prefix("net.inet.tcp.") {
            self.set_bsd(key, value)
        } else {
            self.set_other(key, value)
        };
        self.tcp.receive_buffer_max = self.receive.limit(self.tcp.receive_buffer);
        self.tcp.send_buffer_max = self.send.limit(self.tcp.send_buffer);
        if matches!(done, Configured::Done | Configured::Ignored) {
            self.values.insert(key.to_owned(), value.to_owned());
        }
        done
    }

    fn set_linux(&mut self, key: &str, value: &str) -> Configured {
        if matches!(key, "tcp_fastopen_cookies") {
            // There is no such key.
            return Configured::Refused;
        }
        let tcp = &mut self.tcp;
        match key {
            "tcp_timestamps" => return switch(value, &mut tcp.timestamps),
            "tcp_sack" => return switch(value, &mut tcp.sack),
            "tcp_window_scaling" => return switch(value, &mut tcp.window_scaling),
            "tcp_rmem" => return buffer(value, &mut tcp.receive_buffer, &mut self.receive.max),
            "tcp_wmem" => return buffer(value, &mut tcp.send_buffer, &mut self.send.max),
            "tcp_moderate_rcvbuf" => return switch(value, &mut self.receive.on),
            "tcp_congestion_control" => return choice(value, ALGORITHMS, &mut tcp.congestion),
            "tcp_ecn" => return ecn(value, tcp),
            "tcp_notsent_lowat" => {
                // Minus one is how people write that there is none.
                let value = if value == "-1" { "4294967295" } else { value };
                return parsed(value, &mut tcp.unsent_low_water);
            }
            "tcp_ecn_option" => return self.set_ecn_option(value),
            "tcp_ecn_option_beacon" => {
                let done = count(value, &mut self.beacons);
                if let Telling::Sparingly { beacons } = &mut tcp.accurate_ecn_option {
                    *beacons = self.beacons;
                }
                return done;
            }
            "tcp_frto" => return choice(value, FRTO, &mut tcp.recovery.frto),
            "tcp_syncookies" => return switch(value, &mut tcp.syn_cookies),
            "tcp_early_retrans" => return choice(value, TAIL_PROBE, &mut tcp.recovery.tlp),
            "tcp_mtu_probing" => return choice(value, PROBING, &mut tcp.path_probing),
            "tcp_base_mss" => return base_mss(value, &mut tcp.base_mtu),
            "tcp_recovery" => return rack(value, &mut tcp.recovery),
            "tcp_dsack" => return switch(value, &mut tcp.dsack),
            "tcp_ecn_fallback" => return switch(value, &mut tcp.ecn_fallback),
            "tcp_reordering" => return reordering(value, &mut tcp.recovery.dup_thresh),
            "tcp_slow_start_after_idle" => return switch(value, &mut tcp.idle_restart),
            "tcp_syn_retries" => return count(value, &mut tcp.r2_syn),
            "tcp_syn_linear_timeouts" => return count(value, &mut tcp.syn_linear),
            "tcp_synack_retries" => return count(value, &mut tcp.r2_syn_ack),
            "tcp_retries1" => return count(value, &mut tcp.r1),
            "tcp_retries2" => return count(value, &mut tcp.r2),
            "tcp_rto_max_ms" => return millis(value, &mut tcp.rto_max),
            "tcp_rto_min_us" => return micros(value, &mut tcp.rto_min),
            "tcp_fin_timeout" => return seconds(value, &mut tcp.fin_wait_2),
            "tcp_keepalive_time" => return seconds(value, &mut self.keep_alive.idle),
            "tcp_keepalive_intvl" => return seconds(value, &mut self.keep_alive.interval),
            "tcp_fastopen" => return self.fast_open.set_bits(value),
            "tcp_fastopen_blackhole_timeout_sec" => {
                return seconds(value, &mut self.fast_open.blackhole);
            }
            "tcp_fastopen_key" => return self.fast_open.set_keys(value),
            "tcp_min_tso_segs" | "tcp_pacing_ss_ratio" | "tcp_pacing_ca_ratio" => {
                return burst(key, value, tcp);
            }
            "tcp_keepalive_probes" => return count(value, &mut self.keep_alive.probes),
            _ => {}
        }
        if IGNORED.contains(&key) {
            return Configured::Ignored;
        }
        // What the stack does anyway is no wish that it cannot fulfil.
        match HABITS.iter().find(|(habit, _)| *habit == key) {
            Some((_, values)) if values.contains(&value) => Configured::Done,
            _ => Configured::Unsupported,
        }
    }

    fn set_ecn_option(&mut self, value: &str) -> Configured {
        let beacons = self.beacons;
        self.tcp.accurate_ecn_option = match value {
            "0" => Telling::Never,
            "1" => Telling::Sparingly { beacons },
            "2" => Telling::Fully,
            "3" => Telling::Stubbornly,
            _ => return Configured::Refused,
        };
        Configured::Done
    }

    fn set_bsd(&mut self, key: &str, value: &str) -> Configured {
        let tcp = &mut self.tcp;
        match key {
            "rfc1323" => {
                let (scaling, timestamps) = match value {
                    "0" => (false, false),
                    "1" => (true, true),
                    "2" => (true, false),
                    "3" => (false, true),
                    _ => return Configured::Refused,
                };
                tcp.window_scaling = scaling;
                tcp.timestamps = timestamps;
                Configured::Done
            }
            "sack.enable" => switch(value, &mut tcp.sack),
            "syncookies" => switch(value, &mut tcp.syn_cookies),
            "ecn.enable" => choice(value, BSD_ECN, &mut tcp.ecn),
            "cc.algorithm" => choice(value, BSD_ALGORITHMS, &mut tcp.congestion),
            "recvspace" => size(value, &mut tcp.receive_buffer),
            "sendspace" => size(value, &mut tcp.send_buffer),
            "recvbuf_auto" => switch(value, &mut self.receive.on),
            "sendbuf_auto" => switch(value, &mut self.send.on),
            "recvbuf_max" => size(value, &mut self.receive.max),
            "sendbuf_max" => size(value, &mut self.send.max),
            "keepidle" => millis(value, &mut self.keep_alive.idle),
            "keepintvl" => millis(value, &mut self.keep_alive.interval),
            "keepcnt" => count(value, &mut self.keep_alive.probes),
            "pmtud_blackhole_detection" => choice(value, BSD_PROBING, &mut tcp.path_probing),
            "delacktime" => millis(value, &mut tcp.delayed_ack),
            "hostcache.purgenow" => Configured::Ignored,
            _ => match BSD_HABITS.iter().find(|(habit, _)| *habit == key) {
                Some((_, values)) if values.contains(&value) => Configured::Done,
                _ => Configured::Unsupported,
            },
        }
    }

    /// Keys that are not TCP's own.
    fn set_other(&mut self, key: &str, value: &str) -> Configured {
        match key {
            "net.core.default_qdisc" => choice(value, QUEUES, &mut self.tcp.pacing),
            HYSTART => choice(value, HYSTART_MODES, &mut self.tcp.hystart),
            _ => Configured::Unsupported,
        }
    }
}

/// One of the values that there are; others may be meant, but not here.
fn choice<T: Copy>(value: &str, values: &[(&str, T)], knob: &mut T) -> Configured {
    match values.iter().find(|(name, _)| *name == value) {
        Some((_, wanted)) => *knob = *wanted,
        None => return Configured::Unsupported,
    }
    Configured::Done
}

fn switch(value: &str, knob: &mut bool) -> Configured {
    match value {
        "0" => *knob = false,
        "1" => *knob = true,
        _ => return Configured::Unsupported,
    }
    Configured::Done
}

fn count(value: &str, knob: &mut u32) -> Configured {
    match value.parse() {
        Ok(value) if value <= 255 => *knob = value,
        _ => return Configured::Refused,
    }
    Configured::Done
}

/// A number of segments. A host would take any; fewer than one mean nothing, and more than 255 are
/// not told apart here.
fn reordering(value: &str, knob: &mut u8) -> Configured {
    match value.parse() {
        Ok(0) | Err(_) => return Configured::Unsupported,
        Ok(value) => *knob = value,
    }
    Configured::Done
}

fn parsed(value: &str, knob: &mut u32) -> Configured {
    match value.parse() {
        Ok(value) => *knob = value,
        Err(_) => return Configured::Refused,
    }
    Configured::Done
}

/// One bit each: whether RACK is on, and keeps its window, and does not count reports.
fn rack(value: &str, recovery: &mut Recovering) -> Configured {
    let Ok(bits) = value.parse::<u8>() else {
        return Configured::Refused;
    };
    recovery.rack = bits & 1 != 0;
    recovery.rack_steady = bits & 2 != 0;
    recovery.rack_patient = bits & 4 != 0;
    Configured::Done
}

/// What sizes the bursts of those who tell them.
fn burst(key: &str, value: &str, tcp: &mut TcpConfig) -> Configured {
    let Some(bursts) = &mut tcp.push_bursts else {
        return Configured::Ignored;
    };
    let (knob, most) = match key {
        "tcp_min_tso_segs" => (&mut bursts.least, 65_535),
        "tcp_pacing_ss_ratio" => (&mut bursts.slow_start_percent, 1000),
        _ => (&mut bursts.avoidance_percent, 1000),
    };
    match value.parse() {
        Ok(value) if value <= most => *knob = value,
        _ => return Configured::Refused,
    }
    Configured::Done
}

/// Both kinds of ECN at once.
fn ecn(value: &str, tcp: &mut TcpConfig) -> Configured {
    let mut both = (tcp.ecn, tcp.accurate_ecn);
    let done = choice(value, ECN, &mut both);
    (tcp.ecn, tcp.accurate_ecn) = both;
    done
}

/// The size that nearly all paths carry, as Linux counts it: text and options.
fn base_mss(value: &str, knob: &mut u16) -> Configured {
    match value.parse::<u16>() {
        Ok(mss) if mss <= u16::MAX - HEADERS => *knob = mss + HEADERS,
        _ => return Configured::Refused,
    }
    Configured::Done
}

/// Three sizes: least, initial, largest.
fn buffer(value: &str, initial: &mut u32, max: &mut u32) -> Configured {
    let sizes: Vec<&str> = value.split(' ').collect();
    let (mut first, mut last) = (*initial, *max);
    let [_, middle, largest] = sizes[..] else {
        return Configured::Refused;
    };
    for (text, knob) in [(middle, &mut first), (largest, &mut last)] {
        if size(text, knob) != Configured::Done {
            return Configured::Refused;
        }
    }
    (*initial, *max) = (first, last);
    Configured::Done
}

fn size(value: &str, knob: &mut u32) -> Configured {
    match value.parse() {
        Ok(value) if (1..=1 << 30).contains(&value) => *knob = value,
        _ => return Configured::Refused,
    }
    Configured::Done
}

fn time(value: &str, unit: Duration, knob: &mut Duration) -> Configured {
    match value.parse::<u32>() {
        Ok(value) => *knob = unit * value,
        Err(_) => return Configured::Refused,
    }
    Configured::Done
}

fn seconds(value: &str, knob: &mut Duration) -> Configured {
    time(value, Duration::from_secs(1), knob)
}

fn millis(value: &str, knob: &mut Duration) -> Configured {
    time(value, Duration::from_millis(1), knob)
}

fn micros(value: &str, knob: &mut Duration) -> Configured {
    time(value, Duration::from_micros(1), knob)
}

/// The settings of the usual Linux suites, as their `defaults.sh` installs them.
pub const LINUX_DEFAULTS: &[(&str, &str)] = &[
    ("net.ipv4.tcp_rmem", "4096 540000 15728640"),
    ("net.ipv4.tcp_wmem", "4096 262144 4194304"),
    ("net.ipv4.tcp_timestamps", "1"),
    ("net.ipv4.tcp_sack", "1"),
    ("net.ipv4.tcp_dsack", "1"),
    ("net.ipv4.tcp_fack", "0"),
    ("net.ipv4.tcp_syn_retries", "5"),
    ("net.ipv4.tcp_synack_retries", "5"),
    ("net.ipv4.tcp_frto", "2"),
    ("net.ipv4.tcp_reordering", "3"),
    ("net.ipv4.tcp_congestion_control", "cubic"),
    ("net.ipv4.tcp_slow_start_after_idle", "0"),
    ("net.ipv4.tcp_early_retrans", "4"),
    ("net.ipv4.tcp_recovery", "1"),
    ("net.ipv4.tcp_tso_win_divisor", "3"),
    ("net.ipv4.tcp_min_tso_segs", "2"),
    ("net.ipv4.tcp_pacing_ss_ratio", "200"),
    ("net.ipv4.tcp_pacing_ca_ratio", "120"),
    ("net.ipv4.tcp_ecn", "0"),
    ("net.ipv4.tcp_ecn_fallback", "1"),
    ("net.ipv4.tcp_ecn_option", "2"),
    ("net.ipv4.tcp_ecn_option_beacon", "3"),
    ("net.ipv4.tcp_notsent_lowat", "4294967295"),
    ("net.ipv4.tcp_fastopen", "0x403"),
    (
        "net.ipv4.tcp_fastopen_key",
        "a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4",
    ),
    ("net.ipv4.tcp_fastopen_blackhole_timeout_sec", "0"),
    ("net.ipv4.tcp_syncookies", "1"),
    ("net.ipv4.tcp_mtu_probing", "0"),
    ("net.ipv4.tcp_base_mss", "1024"),
    ("net.ipv4.tcp_shrink_window", "0"),
    ("net.ipv4.tcp_rto_max_ms", "120000"),
];

/// Where scripts set HyStart's mode, which is a module's parameter.
pub const HYSTART: &str = "tcp_cubic.hystart_detect";

/// The largest number in a window field.
const FIELD_MAX: u32 = 65_535;
const ALGORITHMS: &[(&str, Algorithm)] = &[("reno", Algorithm::Reno), ("cubic", Algorithm::Cubic)];
const BSD_ALGORITHMS: &[(&str, Algorithm)] =
    &[("newreno", Algorithm::Reno), ("cubic", Algorithm::Cubic)];
/// What an incoming SYN gets, and what ours asks: 0 no and no, 1 yes and yes, 2 yes and no. From 3
/// on an incoming SYN gets accurate ECN if it asks, and ours asks for: 3 that, 4 the other, 5 none.
const ECN: &[(&str, (Asking, Asking))] = &[
    ("0", (Asking::Off, Asking::Off)),
    ("1", (Asking::Ask, Asking::Off)),
    ("2", (Asking::IfAsked, Asking::Off)),
    ("3", (Asking::IfAsked, Asking::Ask)),
    ("4", (Asking::Ask, Asking::IfAsked)),
    ("5", (Asking::IfAsked, Asking::IfAsked)),
];
const BSD_ECN: &[(&str, Asking)] = &[
    ("0", Asking::Off),
    ("1", Asking::Ask),
    ("2", Asking::IfAsked),
];
/// What net.ipv4.tcp_ecn_option_beacon is unless it is set.
const BEACONS: u32 = 3;
const FRTO: &[(&str, bool)] = &[("0", false), ("1", true), ("2", true)];
/// The other two were for what is there no more, early retransmission.
const TAIL_PROBE: &[(&str, bool)] = &[
    ("0", false),
    ("1", false),
    ("2", false),
    ("3", true),
    ("4", true),
];
const QUEUES: &[(&str, bool)] = &[("fq", true), ("pfifo", false), ("pfifo_fast", false)];
const PROBING: &[(&str, PathProbing)] = &[
    ("0", PathProbing::Off),
    ("1", PathProbing::OnBlackHole),
    ("2", PathProbing::Always),
];
const BSD_PROBING: &[(&str, PathProbing)] =
    &[("0", PathProbing::Off), ("1", PathProbing::OnBlackHole)];
/// Of IPv4 and TCP.
const HEADERS: u16 = 20 + 20;
/// Both of its ways to notice, or neither.
const HYSTART_MODES: &[(&str, bool)] = &[("3", true), ("0", false)];

/// Keys that change nothing a packet could show here.
const IGNORED: [&str; 6] = [
    "tcp_fack",
    "tcp_no_metrics_save",
    "tcp_limit_output_bytes",
    "tcp_max_orphans",
    "tcp_mem",
    "tcp_workaround_signed_windows",
];

/// What the stack does whatever anybody sets: a wish for just that is fulfilled.
const HABITS: &[(&str, &[&str])] = &[
    // Cookies are for when the queue overflows; it drops then.
    ("tcp_probe_interval", &["600"]),
    ("tcp_shrink_window", &["0"]),
    ("tcp_autocorking", &["0"]),
    ("tcp_thin_linear_timeouts", &["0"]),
    ("tcp_abort_on_overflow", &["0"]),
    ("tcp_rfc1337", &["1"]),
];

/// The same for BSD's keys: RFC 5961 throughout, ICMP never resets an established connection.
const BSD_HABITS: &[(&str, &[&str])] = &[
    ("blackhole", &["0"]),
    ("insecure_rst", &["0"]),
    ("insecure_syn", &["0"]),
    ("syncookies_only", &["0"]),
    ("fastopen.server_enable", &["0"]),
    ("fastopen.client_enable", &["0"]),
    ("rexmit_initial", &["1000"]),
    ("rexmit_slop", &["0"]),
    ("rexmit_drop_options", &["0"]),
    ("path_mtu_discovery", &["0"]),
    ("tolerate_missing_ts", &["0"]),
];

#[cfg(test)]
mod tests;
