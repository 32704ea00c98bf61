//! Whose turn it is to send: round robin, one packet a turn.

use std::collections::VecDeque;

use super::demux::HalfOpenId;
use super::notice::{ConnId, EchoId, UdpId};

/// Somebody who may have something to send. Who it is keeps a mark while waiting here, so that
/// nobody waits twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ripe {
    Connection(ConnId),
    HalfOpen(HalfOpenId),
    Datagrams(UdpId),
    Echo(EchoId),
}

/// The queue.
pub(super) type Ready = VecDeque<Ripe>;
