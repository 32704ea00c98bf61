//! What an ICMP error means to a connection: RFC 9293 section 3.9.2.2, RFC 5927 sections 4.1, 5.2.

use crate::base::SeqNum;
use crate::probe::{Accepted, Discard, Edge, State};
use crate::rfc;

use super::connection::Connection;
use super::{Context, Failure, Step};

/// How grave an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Destination unreachable codes 0, 1, 5; time exceeded; parameter problem (MUST-56).
    Soft,
    /// Destination unreachable codes 2 to 4 (SHLD-26).
    Hard,
}

impl Connection {
    /// An ICMP error quotes a segment of this connection that began at `seq`.
    pub fn on_icmp_error(
        &mut self,
        cx: &mut Context<'_>,
        seq: SeqNum,
        severity: Severity,
    ) -> Step<Accepted> {
        if !self.is_on_its_way(seq) {
            return Err(Discard::IcmpOutOfWindow.into());
        }
        self.learn_of_error();
        let opening = matches!(self.state, State::SynSent | State::SynReceived);
        let ends = severity == Severity::Hard || self.config.soft_errors_end_openings;
        if ends && opening {
            // RFC 5927 section 5.2: only a connection not yet established is given up.
            self.fail(cx, Edge::Aborted, Failure::Unreachable);
        } else {
            // RFC 9293 section 3.9.2.2 (MUST-56): a soft error must not abort.
            cx.note(
                rfc!(9293, "3.9.2.2"),
                "a soft error: remembered, and told if the connection times out",
            );
            self.soft_error = true;
        }
        Ok(Accepted::IcmpError)
    }
}
