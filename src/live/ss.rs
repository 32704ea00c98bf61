//! Connections in the form of `ss -tie` of iproute2, so that what reads that reads this.
//!
//! A line for each connection, and a second one behind a tab with its numbers, in the order and
//! the units of `ss`: windows are segments, times milliseconds. What we do not count is left out,
//! as `ss` leaves out what is zero.

use std::net::SocketAddr;

use super::message::{Known, Listening, Row};

/// Writes rows, aligned as `ss` does.
#[derive(Debug, Clone, Copy, Default)]
pub struct Form {
    /// Timers and numbers of sockets too, and a line that says why.
    pub extended: bool,
    /// No line with the names of the columns.
    pub bare: bool,
}

impl Form {
    /// The lines of these listeners, and of these connections.
    pub fn lines(self, listening: &[Listening], rows: &[Row]) -> Vec<String> {
        let listeners = listening.iter().map(cells_of_listener);
        let cells: Vec<[String; 5]> = listeners.chain(rows.iter().map(cells)).collect();
        let head = [
            "State",
            "Recv-Q",
            "Send-Q",
            "Local Address:Port",
            "Peer Address:Port",
        ];
        let head = head.map(str::to_owned);
        let mut widths = [0; 5];
        let shown = cells.iter().chain((!self.bare).then_some(&head));
        for line in shown {
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = (*width).max(cell.len());
            }
        }
        let mut lines = Vec::new();
        if !self.bare {
            lines.push(format!("{} Process", aligned(&head, widths)));
        }
        for (one, cells) in listening.iter().zip(&cells) {
            let mut first = aligned(cells, widths);
            if self.extended {
                first.push_str(" ino:0 sk:0 <->");
            }
            lines.push(first.trim_end().to_owned());
            lines.push("\t ".to_owned());
            if self.extended {
                let (half_open, backlog) = (one.half_open, one.backlog);
                lines.push(format!("\t why: {half_open} of {backlog} half-open"));
            }
        }
        for (row, cells) in rows.iter().zip(cells.iter().skip(listening.len())) {
            let mut first = aligned(cells, widths);
            if self.extended {
                first.extend(timer(row));
                first.push_str(&format!(" ino:0 sk:{:x} {}", row.id, direction(row)));
            }
            lines.push(first.trim_end().to_owned());
            let known = row.known.as_deref();
            lines.push(format!(
                "\t {}",
                known.map_or(String::new(), |known| info(known, self))
            ));
            if self.extended {
                lines.extend(known.map(|known| format!("\t why: {}", why(known))));
            }
        }
        lines
    }
}

fn cells(row: &Row) -> [String; 5] {
    let known = row.known.as_deref();
    let outstanding = |known: &Known| u64::from(known.snd_nxt.wrapping_sub(known.snd_una));
    let sending = known.map_or(0, |known| outstanding(known) + known.unsent);
    [
        state_name(&row.state).to_owned(),
        known.map_or(0, |known| known.unread).to_string(),
        sending.to_string(),
        row.local.to_string(),
        row.remote.to_string(),
    ]
}

/// As `ss` does it: who waits to be accepted, and how many may.
fn cells_of_listener(one: &Listening) -> [String; 5] {
    let peer = match one.local {
        SocketAddr::V6(_) if one.local.port() != 0 => "[::]:*",
        SocketAddr::V6(_) => "*:*",
        SocketAddr::V4(_) => "0.0.0.0:*",
    };
    [
        state_name("listen").to_owned(),
        one.waiting.to_string(),
        one.backlog.to_string(),
        one.at(),
        peer.to_owned(),
    ]
}

/// Words stand at the left, sockets so that their ports stand one below the other.
fn aligned(cells: &[String; 5], widths: [usize; 5]) -> String {
    let [state, receive, send, local, peer] = cells;
    let [a, b, c, d, e] = widths;
    format!("{state:a$} {receive:b$} {send:c$} {local:>d$} {peer:>e$}")
}

/// The state as `ss` spells it.
pub fn state_name(key: &str) -> &'static str {
    match key {
        "established" => "ESTAB",
        "syn_sent" => "SYN-SENT",
        "syn_received" => "SYN-RECV",
        "fin_wait_1" => "FIN-WAIT-1",
        "fin_wait_2" => "FIN-WAIT-2",
        "time_wait" => "TIME-WAIT",
        "close_wait" => "CLOSE-WAIT",
        "last_ack" => "LAST-ACK",
        "listen" => "LISTEN",
        "closing" => "CLOSING",
        _ => "UNCONN",
    }
}

/// `<->`: both sides may speak; `-->`: only we.
fn direction(row: &Row) -> &'static str {
    match row.state.as_str() {
        "close_wait" => "-->",
        "fin_wait_1" | "fin_wait_2" => "<--",
        "established" => "<->",
        _ => "---",
    }
}

/// The timer that `ss` would name.
fn timer(row: &Row) -> Option<String> {
    let named = |names: &[&str]| {
        let mut timers = row.timers.iter();
        timers.find(|timer| names.contains(&timer.timer.as_str()))
    };
    let kinds: [(&str, &[&str]); 4] = [
        ("on", &["rto", "tlp", "rack"]),
        ("keepalive", &["keepalive"]),
        ("timewait", &["time_wait", "fin_wait_2"]),
        ("persist", &["persist"]),
    ];
    let (name, timer) = kinds
        .into_iter()
        .find_map(|(name, names)| Some((name, named(names)?)))?;
    Some(format!(
        " timer:({name},{},0)",
        spelled(timer.left_us / 1000)
    ))
}

/// Milliseconds as `ss` writes those of a timer: `192ms`, `1.020ms`, `59sec`, `1min59sec`.
fn spelled(ms: u64) -> String {
    let (minutes, seconds, ms) = (ms / 60_000, ms / 1000 % 60, ms % 1000);
    let mut text = String::new();
    if minutes > 0 {
        text += &format!("{minutes}min");
    }
    let seconds = if minutes > 9 { 0 } else { seconds };
    let ms = if minutes > 0 || seconds > 9 { 0 } else { ms };
    match (seconds, ms) {
        (0, 0) if minutes > 0 => {}
        (0, ms) => text += &format!("{ms:03}ms"),
        (seconds, 0) => text += &format!("{seconds}sec"),
        (seconds, ms) => text += &format!("{seconds}.{ms:03}ms"),
    }
    text
}

fn info(known: &Known, form: Form) -> String {
    let mut words = Words::default();
    words.flag("ts", known.timestamps && form.extended);
    words.flag("sack", known.sack && form.extended);
    words.flag(
        "ecn",
        matches!(known.ecn.as_str(), "classic" | "accurate") && form.extended,
    );
    words.flag(&known.congestion_control, true);
    let (theirs, ours) = known.scales;
    words.flag(&format!("wscale:{theirs},{ours}"), known.scales != (0, 0));
    words.millis("rto", Some(known.rto_us));
    if let (Some(rtt), Some(var)) = (known.srtt_us, known.rttvar_us.or(Some(0))) {
        words.flag(&format!("rtt:{}/{}", millis(rtt), millis(var)), true);
    }
    words.millis("ato", Some(known.delayed_ack_us).filter(|time| *time > 0));
    words.number("mss", known.mss);
    words.number("advmss", known.receive_mss);
    let mss = u64::from(known.mss.max(1));
    words.number("cwnd", (known.cwnd / mss).max(1));
    words.number("ssthresh", known.ssthresh.map_or(0, |bytes| bytes / mss));
    words.number("bytes_acked", known.bytes_acked);
    words.number("bytes_received", known.bytes_received);
    if let Some(rtt) = known.srtt_us.filter(|rtt| *rtt > 0) {
        let bps = u128::from(known.cwnd) * 8 * 1_000_000 / u128::from(rtt);
        words.flag(&format!("send {bps}bps"), true);
    }
    if let Some(bps) = known.pacing_bps {
        words.flag(&format!("pacing_rate {bps}bps"), true);
    }
    words.flag(
        "app_limited",
        matches!(known.blocked_by.as_str(), "app" | "nothing"),
    );
    words.limited("busy", known.busy_us, None);
    words.limited("rwnd_limited", known.window_limited_us, Some(known.busy_us));
    words.limited("sndbuf_limited", known.room_limited_us, Some(known.busy_us));
    words.number(
        "unacked",
        segments(known.snd_nxt.wrapping_sub(known.snd_una), known.mss),
    );
    words.flag(&format!("retrans:0/{}", known.resent), known.resent > 0);
    words.number("lost", segments(known.lost, known.mss));
    words.number("sacked", segments(known.reported, known.mss));
    words.millis("rcv_rtt", known.receiver_rtt_us);
    words.number("rcv_space", known.rcv_wnd);
    words.number("rcv_ssthresh", known.receive_buffer);
    words.number("notsent", known.unsent);
    words.millis("minrtt", known.min_rtt_us);
    words.number("snd_wnd", known.snd_wnd);
    words.0
}

/// What no `ss` says: what holds it back, and why it spoke last.
fn why(known: &Known) -> String {
    let held = match known.blocked_by.as_str() {
        "" => String::new(),
        "nothing" => "no more to send".to_owned(),
        by => format!("limited by {by}"),
    };
    let Some(why) = &known.why else { return held };
    let joint = if held.is_empty() { "" } else { "; " };
    format!("{held}{joint}sent last because {} ({})", why.text, why.rule)
}

/// Words with blanks between them.
#[derive(Debug, Default)]
struct Words(String);

impl Words {
    fn flag(&mut self, word: &str, is_set: bool) {
        if is_set && !word.is_empty() {
            if !self.0.is_empty() {
                self.0.push(' ');
            }
            self.0.push_str(word);
        }
    }

    fn number(&mut self, name: &str, number: impl Into<u64>) {
        let number = number.into();
        self.flag(&format!("{name}:{number}"), number > 0);
    }

    fn millis(&mut self, name: &str, us: Option<u64>) {
        if let Some(us) = us {
            self.flag(&format!("{name}:{}", millis(us)), true);
        }
    }

    /// `busy:8ms`, and of how much of that.
    fn limited(&mut self, name: &str, us: u64, of: Option<u64>) {
        let share = of.map_or(String::new(), |all| {
            let tenths = us.saturating_mul(1000) / all.max(1);
            format!("({}.{}%)", tenths / 10, tenths % 10)
        });
        let ms = us / 1000;
        self.flag(&format!("{name}:{ms}ms{share}"), ms > 0);
    }
}

/// Milliseconds as C's `%g` writes them: `0.033`, `200`, `81.2`.
fn millis(us: u64) -> String {
    let text = format!("{}.{:03}", us / 1000, us % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn segments(bytes: u32, mss: u32) -> u32 {
    bytes.div_ceil(mss.max(1))
}

/// Which connections are wanted: of any of these states, with any of these ports at either end;
/// none named: all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Keys, as `time_wait`.
    pub states: Vec<String>,
    pub ports: Vec<u16>,
}

impl Filter {
    /// Whether this one is.
    pub fn has(&self, row: &Row) -> bool {
        let has_port = |socket: SocketAddr| self.ports.contains(&socket.port());
        (self.states.is_empty() || self.states.contains(&row.state))
            && (self.ports.is_empty() || has_port(row.local) || has_port(row.remote))
    }

    /// Whether this listener is, if listeners are.
    pub fn has_listener(&self, one: &Listening) -> bool {
        let states = &self.states;
        (states.is_empty() || states.iter().any(|state| state == "listen"))
            && (self.ports.is_empty() || self.ports.contains(&one.local.port()))
    }
}

#[cfg(test)]
mod tests;
