//! One connection's machine: RFC 9293. Knows no IP, no socket, no device.
//!
//! Read `connection` first (the control block, RFC 9293 section 3.3.1) with the two diagrams in
//! `send_space` and `receive_space`, then `state` (Figure 5). Then follow the two spines: a segment
//! enters by `arrive` (the eight steps of section 3.10.7.4) and leaves by `output` (choose, build,
//! record). The other rooms are called by these two, by `user` and `close` (what the application
//! asks), or by `timers`.
//!
//! *Parts* (`recovery`, `congestion`, `input`, `output::{send_buffer, nagle}`, the two spaces,
//! `probe_size`, `timestamps`, `ecn`, `open::{negotiate, isn, defer}`) take numbers and return
//! verdicts. *Rooms* are `impl Connection` blocks and hold the control flow.

pub mod arrive;
pub mod close;
pub mod config;
pub mod congestion;
pub mod connection;
pub mod details;
pub mod ecn;
pub mod icmp;
pub mod input;
#[cfg(test)]
mod kit;
pub mod loss_timers;
pub mod open;
pub mod output;
pub mod path_mtu;
pub mod path_probe;
pub mod probe_size;
pub mod receive_space;
pub mod recovery;
pub mod rest;
pub mod send_space;
pub mod state;
pub mod time_wait;
pub mod timeout;
pub mod timers;
pub mod timestamps;
pub mod user;
pub mod wake;

use crate::base::{Cite, Instant, Memory};
use crate::probe::{Ending, Event, EventId, Subject, Voice};

use ecn::Codepoint;

pub use config::{Config, CookieKeys, FastOpen, KeepAlive, PathProbing, PushBursts, Recovering};
pub use connection::Connection;
pub use details::{Details, Heeding};
pub use open::defer::Deferral;
pub use path_probe::{Finding, Reach};

/// What a room is given beside its connection: the time, and the door through which it tells.
#[derive(Debug)]
pub struct Context<'a> {
    pub now: Instant,
    /// How the packet that is being handled came: RFC 3168 section 5.
    pub codepoint: Codepoint,
    /// The memory that its text may stay in.
    pub memory: Option<&'a Memory>,
    voice: &'a mut Voice,
    on: Subject,
}

impl<'a> Context<'a> {
    /// A context for one step of one connection.
    pub fn new(now: Instant, voice: &'a mut Voice, on: Subject) -> Context<'a> {
        Context {
            now,
            codepoint: Codepoint::default(),
            memory: None,
            voice,
            on,
        }
    }

    /// Tells a fact; it is made only if somebody hears it.
    pub fn tell<'e>(&mut self, event: impl FnOnce() -> Event<'e>) -> EventId {
        self.voice.tell(self.now, self.on, event)
    }

    /// Tells a decision and the clause that prescribes it.
    pub fn note(&mut self, by: Cite, text: &'static str) -> EventId {
        self.tell(|| Event::Noted { by, text })
    }

    /// The input that is being handled: the cause of what it makes due.
    pub fn input(&self) -> EventId {
        self.voice.input()
    }
}

/// A step of a segment's way: it goes on with a value, or ends here with its one ending.
pub type Step<T = ()> = Result<T, Ending>;

/// How a connection ended, where it did not end well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Failure {
    /// The peer answered our SYN with a reset.
    #[error("connection refused: the peer answered the SYN with a reset")]
    Refused,
    /// The peer reset the connection.
    #[error("connection reset by peer")]
    Reset,
    /// Too many retransmissions, probes or keep-alives went unanswered.
    #[error("connection timed out: the peer does not answer")]
    TimedOut,
    /// The user timeout expired.
    #[error("connection timed out: data was not acknowledged within the user timeout")]
    UserTimeout,
    /// The network says that the peer cannot be reached.
    #[error("host unreachable: the network reported it by ICMP")]
    Unreachable,
    /// We aborted it.
    #[error("connection aborted")]
    Aborted,
}
