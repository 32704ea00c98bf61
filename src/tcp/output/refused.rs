//! What the device refuses: house!("refused").
//!
//! Nothing was lost on the network, so nothing is concluded about it. What nobody else would send
//! again is tried again soon; an acknowledgment is not, since the peer asks for it.

use std::time::Duration;

use crate::probe::{Purpose, Resent, TimerKind};
use crate::tcp::Context;
use crate::tcp::connection::Connection;

use super::{Choice, Wish};

impl Connection {
    /// The device has refused a segment. Whether that is tried again later, and did not leave; if
    /// not, it counts as sent.
    pub fn is_kept(&mut self, cx: &mut Context<'_>, wish: &Wish) -> bool {
        match wish.what {
            // Something is outstanding: its timer will find out.
            Choice::Text(_) | Choice::PathProbe(_) if self.snd.outstanding() > 0 => {}
            Choice::Text(_) | Choice::PathProbe(_) | Choice::WindowProbe(_) => self.ask_again(cx),
            Choice::Retransmit(_) if is_of_timer(wish.purpose) => self.put_off(cx),
            // The retransmission timer runs, and will find out.
            Choice::Retransmit(_) => {}
            Choice::Syn { .. } | Choice::Reset | Choice::KeepAlive | Choice::Ack => return false,
        }
        true
    }

    /// Text that nothing else has a timer for, or a probe: the first wait is a retransmission
    /// timeout, as that of a probe.
    fn ask_again(&mut self, cx: &mut Context<'_>) {
        if self.seldom.wake().persist.on_refused() {
            let first = self.seldom.persist.refused() == 1 && !self.is_window_closed();
            let wait = if first { self.rtt.rto() } else { AGAIN };
            self.timers.set(cx, TimerKind::Persist, cx.now + wait);
        }
        self.arm_user_timeout(cx);
    }

    /// What the retransmission timer has sent again has not left: that is no reason to wait longer.
    /// Once it is put off, whoever asks sooner changes no time.
    fn put_off(&mut self, cx: &mut Context<'_>) {
        if self.take_expired() {
            self.rtt.on_refused();
            let at = cx.now + AGAIN;
            self.timers.set_rto_at(at);
            self.run_loss_timer(cx, TimerKind::Retransmission, at);
        }
    }
}

/// Whether the retransmission timer sends it again.
fn is_of_timer(purpose: Purpose) -> bool {
    let how = [Resent::Timeout, Resent::Syn].map(Purpose::Retransmission);
    how.contains(&purpose)
}

/// How long until it is tried again: TCP_RESOURCE_PROBE_INTERVAL of Linux.
pub(super) const AGAIN: Duration = Duration::from_millis(500);
