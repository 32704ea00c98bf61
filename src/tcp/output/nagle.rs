//! Whether a short segment may go: Nagle's algorithm and the sender's half of the silly window
//! cure.
//!
//! RFC 9293 section 3.7.4 and section 3.8.6.2.1, whose four conditions stand below in its own
//! letters: D is the text ready to be sent, U the usable window, Fs one half.

use crate::probe::Why;
use crate::{house, rfc};

/// What the decision depends on. All in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Situation {
    /// D: text ready and not sent.
    pub d: u32,
    /// U: the usable window.
    pub u: u32,
    /// Eff.snd.MSS.
    pub mss: u32,
    /// Max(SND.WND): the largest window the peer has offered.
    pub max_wnd: u32,
    /// Whether anything sent is unacknowledged: SND.NXT > SND.UNA.
    pub outstanding: bool,
    /// Nagle's algorithm is off.
    pub nodelay: bool,
    /// It is on, but no short segment is unacknowledged and only these count:
    /// house!("nagle-by-short").
    pub none_short: bool,
    /// CLOSE was called: no more text will come.
    pub last: bool,
    /// The application wants a short segment to wait for more: house!("held-text").
    pub held: bool,
    /// The cure is off: house!("silly-windows").
    pub slivers: bool,
    /// The override timeout has occurred.
    pub overridden: bool,
}

/// May text go, and by which condition?
///
/// Text that the application gives counts as pushed, unless it has asked for it to be held back.
pub fn may_send(s: Situation) -> Option<&'static Why> {
    let ready = s.d.min(s.u);
    if ready == 0 {
        return None;
    }
    let free = s.nodelay || s.last || s.none_short || !s.outstanding;
    let bracket = free && !s.held;
    if ready >= s.mss {
        // (1) if a maximum-sized segment can be sent: min(D,U) >= Eff.snd.MSS
        Some(FULL_SEGMENT)
    } else if bracket && s.d <= s.u {
        // (2) [SND.NXT = SND.UNA and] PUSHed and D <= U
        Some(match s {
            _ if !s.outstanding => ALL_OF_IT,
            _ if s.nodelay => NODELAY,
            _ if s.last => LAST,
            _ => NONE_SHORT,
        })
    } else if bracket && ready >= s.max_wnd.div_ceil(2) {
        // (3) [SND.NXT = SND.UNA and] min(D,U) >= Fs * Max(SND.WND)
        Some(HALF_WINDOW)
    } else if bracket && s.slivers {
        Some(SLIVER)
    } else if s.overridden {
        // (4) the override timeout occurs
        Some(if s.held { HELD } else { OVERRIDE })
    } else {
        None
    }
}

const FULL_SEGMENT: &Why = &Why {
    by: rfc!(9293, "3.8.6.2.1"),
    text: "text for a full-sized segment waits, and the windows have room for it",
};
const ALL_OF_IT: &Why = &Why {
    by: rfc!(9293, "3.7.4"),
    text: "nothing is unacknowledged: all text that waits goes, however short",
};
const NODELAY: &Why = &Why {
    by: rfc!(9293, "3.7.4"),
    text: "Nagle's algorithm is off: all text that waits goes, however short",
};
const LAST: &Why = &Why {
    by: house!("nagle-and-fin"),
    text: "no more text will come: waiting would join nothing to it",
};
const NONE_SHORT: &Why = &Why {
    by: house!("nagle-by-short"),
    text: "no short segment is unacknowledged: all text that waits goes, however short",
};
const HALF_WINDOW: &Why = &Why {
    by: rfc!(9293, "3.8.6.2.1"),
    text: "the window has room for half of the largest window offered",
};
const SLIVER: &Why = &Why {
    by: house!("silly-windows"),
    text: "the cure is off: whatever the window has room for goes",
};
const OVERRIDE: &Why = &Why {
    by: rfc!(9293, "3.8.6.2.1"),
    text: "the override timeout is over: what fits the small window goes",
};

const HELD: &Why = &Why {
    by: house!("held-text"),
    text: "text has waited long enough for more to follow it",
};

/// RFC 9293 section 3.8.6.2.1: "in the range 0.1 - 1.0 seconds".
pub const OVERRIDE_TIMEOUT: std::time::Duration = std::time::Duration::from_millis(200);

#[cfg(test)]
mod tests;
