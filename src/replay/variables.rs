//! A control block as people read it: by the names of RFC 9293 section 3.3.1, one line a variable.

use std::time::Duration;

use crate::base::{Instant, SeqNum};
use crate::observe::words;
use crate::probe::Snapshot;
use crate::stack::Sight;

/// A variable of a connection, and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// As the RFCs write it: `SND.UNA`, `cwnd`.
    pub name: String,
    /// With its unit.
    pub value: String,
}

/// All variables of a connection, as they stand at `now`. Sequence numbers are relative to the
/// first byte of text, which is 1.
pub fn variables(sight: &Sight, now: Instant) -> Vec<Variable> {
    let mut all = Vec::new();
    let mut put = |name: &str, value: String| {
        all.push(Variable {
            name: name.to_owned(),
            value,
        });
    };
    put("state", sight.state.to_string());
    if let Some(known) = &sight.known {
        of_text(&known.variables, &mut put);
        of_congestion(&known.variables, &mut put);
        let details = &known.details;
        let (reported, lost) = details.reported_and_lost;
        put("SACKed", bytes(reported.into()));
        put("lost", bytes(lost.into()));
        put(
            "nothing more is sent",
            words::blocked(details.blocked).to_owned(),
        );
        put("retransmitted", format!("{} segments", details.resent));
    }
    for (kind, at) in &sight.timers {
        let left = at.since(now);
        put(words::timer(*kind), format!("expires in {}", span(left)));
    }
    all
}

fn of_text(variables: &Snapshot, put: &mut impl FnMut(&str, String)) {
    let relative = |seq: SeqNum, first: SeqNum| format!("{}", seq.since(first));
    let Snapshot {
        snd_una,
        snd_nxt,
        snd_wnd,
        iss,
        rcv_nxt,
        rcv_wnd,
        irs,
        ..
    } = *variables;
    put("ISS", iss.0.to_string());
    put("SND.UNA", relative(snd_una, iss));
    put("SND.NXT", relative(snd_nxt, iss));
    put("SND.WND", bytes(snd_wnd.into()));
    put("IRS", irs.0.to_string());
    put("RCV.NXT", relative(rcv_nxt, irs));
    put("RCV.WND", bytes(rcv_wnd.into()));
    put("unacknowledged", bytes(variables.unacknowledged as u64));
    put("unread", bytes(variables.unread as u64));
}

fn of_congestion(variables: &Snapshot, put: &mut impl FnMut(&str, String)) {
    put(
        "congestion control",
        variables.congestion_control.to_owned(),
    );
    put("phase", variables.phase.to_owned());
    put("cwnd", bytes(variables.cwnd));
    put("ssthresh", variables.ssthresh.map_or("∞".to_owned(), bytes));
    put("in flight", bytes(variables.in_flight));
    put("MSS", bytes(variables.mss.into()));
    put("SRTT", variables.srtt.map_or("-".to_owned(), span));
    put("RTTVAR", variables.rttvar.map_or("-".to_owned(), span));
    put("RTO", span(variables.rto));
}

fn bytes(count: u64) -> String {
    format!("{count} B")
}

fn span(span: Duration) -> String {
    format!("{:.3} ms", span.as_secs_f64() * 1e3)
}

/// What of `after` was otherwise before, and what it was; `None` for what was not there.
pub fn changed(before: &[Variable], after: &[Variable]) -> Vec<(Option<String>, Variable)> {
    let differs = |now: &&Variable| !before.contains(now);
    let with_former = |now: &Variable| {
        let former = before.iter().find(|then| then.name == now.name);
        (former.map(|then| then.value.clone()), now.clone())
    };
    after.iter().filter(differs).map(with_former).collect()
}
