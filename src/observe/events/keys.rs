//! Names as keys: lower case, words joined by low lines.

use std::fmt::Debug;

use crate::probe::{Call, Purpose, State, TimerKind};

/// The name of a variant without fields: `TextOutOfOrder` becomes `text_out_of_order`.
pub fn key(variant: &impl Debug) -> String {
    let name = format!("{variant:?}");
    let mut key = String::with_capacity(name.len() + 4);
    for (at, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            key.push('_');
        }
        key.push(letter.to_ascii_lowercase());
    }
    key
}

/// `fin_wait_1`.
pub fn state(state: State) -> String {
    state.name().to_ascii_lowercase().replace('-', "_")
}

/// What a packet is for; how one that repeats something came to be stands elsewhere.
pub fn purpose(purpose: Purpose) -> String {
    match purpose {
        Purpose::Retransmission(_) => "retransmission".into(),
        plain => key(&plain),
    }
}

/// As `ss` and qlog call it, where they do.
pub const fn timer(kind: TimerKind) -> &'static str {
    match kind {
        TimerKind::Retransmission => "rto",
        TimerKind::DelayedAck => "delack",
        TimerKind::Persist => "persist",
        TimerKind::KeepAlive => "keepalive",
        TimerKind::UserTimeout => "user_timeout",
        TimerKind::TimeWait => "time_wait",
        TimerKind::FinWait2 => "fin_wait_2",
        TimerKind::SillyWindow => "silly_window",
        TimerKind::Rest => "rest",
        TimerKind::Pacing => "pacing",
        TimerKind::Reordering => "rack",
        TimerKind::LossProbe => "tlp",
    }
}

/// What was called, and with how many bytes, if that was said.
pub fn call(call: Call) -> (String, Option<usize>) {
    match call {
        Call::Send { bytes } => ("send".into(), Some(bytes)),
        Call::Receive { bytes } => ("receive".into(), Some(bytes)),
        plain => (key(&plain), None),
    }
}
