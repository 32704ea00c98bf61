//! RFC 9293 Figure 5 as a table, one arrow a line.
//!
//! A connection's state changes only through [`State::after`]: an arrow that is not in the table
//! is our bug. Four arrows stand here that the figure leaves out, as its notes and section 3.10
//! have them: simultaneous open's SYN,ACK, aborts, resets, and SYNs that end TIME-WAIT.

use crate::probe::{Edge, State};

impl State {
    /// The state that `edge` leads to; `None` if no such arrow leaves this state.
    pub const fn after(self, edge: Edge) -> Option<State> {
        use Edge as E;
        use State as S;
        Some(match (self, edge) {
            // Opening.
            (S::Closed, E::PassiveOpen) => S::Listen,
            (S::Closed, E::ActiveOpen) => S::SynSent,
            (S::Listen, E::SynReceived) => S::SynReceived,
            (S::Listen, E::ActiveOpen) => S::SynSent,
            (S::SynSent, E::SynReceived) => S::SynReceived,
            (S::SynSent, E::SynAckReceived) => S::Established,
            (S::SynReceived, E::SynAcked) => S::Established,
            // Closing: we first, or both at once.
            (S::SynReceived, E::FinSent) => S::FinWait1,
            (S::Established, E::FinSent) => S::FinWait1,
            (S::FinWait1, E::FinAcked) => S::FinWait2,
            (S::FinWait1, E::FinReceived) => S::Closing,
            (S::FinWait2, E::FinReceived) => S::TimeWait,
            (S::Closing, E::FinAcked) => S::TimeWait,
            (S::TimeWait, E::TwoMslElapsed) => S::Closed,
            // Sections 3.6.1 and 3.10.7.4, fourth: a new connection attempt may end TIME-WAIT.
            (S::TimeWait, E::Reopened) => S::Closed,
            // Closing: the peer first. Section 3.10.7.4, eighth, has SYN-RECEIVED too.
            (S::SynReceived, E::FinReceived) => S::CloseWait,
            (S::Established, E::FinReceived) => S::CloseWait,
            (S::CloseWait, E::FinSent) => S::LastAck,
            (S::LastAck, E::FinAcked) => S::Closed,
            // Closing before anything was agreed.
            (S::Listen | S::SynSent, E::Closed) => S::Closed,
            // Section 3.10.7.4, second: a passive open goes back to listening.
            (S::SynReceived, E::ResetReceivedPassive) => S::Listen,
            // Sections 3.10.5, 3.10.8 and 3.10.7: ABORT, timeouts and resets end everything.
            (S::Closed, E::ResetReceived | E::Aborted) => return None,
            (S::Listen, E::ResetReceived) => return None,
            (_, E::ResetReceived | E::Aborted) => S::Closed,
            _ => return None,
        })
    }

    /// Whether both SYNs have been acknowledged: RFC 9293 section 3.4's "synchronized" states.
    pub const fn is_synchronized(self) -> bool {
        !matches!(
            self,
            State::Closed | State::Listen | State::SynSent | State::SynReceived
        )
    }

    /// Whether the application may still send: section 3.10.2.
    pub const fn may_send(self) -> bool {
        matches!(
            self,
            State::SynSent | State::SynReceived | State::Established | State::CloseWait
        )
    }

    /// Whether text from the peer may still come: section 3.10.7.4, seventh.
    pub const fn may_receive(self) -> bool {
        matches!(
            self,
            State::SynReceived | State::Established | State::FinWait1 | State::FinWait2
        )
    }

    /// Whether our FIN has been sent.
    pub const fn fin_is_sent(self) -> bool {
        matches!(
            self,
            State::FinWait1 | State::FinWait2 | State::Closing | State::LastAck | State::TimeWait
        )
    }
}

#[cfg(test)]
mod tests;
