//! The words in which events, endings and purposes are spoken of: one place, so that log lines,
//! captures, counters and ladders say the same thing in the same way.
//!
//! Each `match` names every variant: a fact that is added to the vocabulary gets its words in the
//! same commit, or the house does not build.

use crate::base::{Checksum, Cite, Source};
use crate::probe::{
    Accepted, Blocked, Call, Discard, Drop, Edge, Ending, Event, LossProof, Purpose, Resent,
    Spurious, TimerKind,
};

/// The kind of an event, as a key: what it is counted under.
pub const fn kind(event: &Event<'_>) -> &'static str {
    match event {
        Event::PacketIn { .. } => "packet_in",
        Event::Called(_) => "called",
        Event::Ticked => "ticked",
        Event::Accepted { .. } => "accepted",
        Event::Discarded { .. } => "discarded",
        Event::Dropped { .. } => "dropped",
        Event::PacketOut { .. } => "packet_out",
        Event::Opened { .. } => "opened",
        Event::StateChanged { .. } => "state_changed",
        Event::Noted { .. } => "noted",
        Event::RttSampled { .. } => "rtt_sampled",
        Event::TimerSet { .. } => "timer_set",
        Event::TimerExpired { .. } => "timer_expired",
        Event::TimerCancelled { .. } => "timer_cancelled",
        Event::Lost { .. } => "lost",
        Event::Undone { .. } => "undone",
        Event::CongestionChanged { .. } => "congestion_changed",
        Event::BlockedBy { .. } => "blocked_by",
        Event::Urgent { .. } => "urgent",
    }
}

/// The clause that an event obeys, if it names one.
pub const fn cite(event: &Event<'_>) -> Option<Cite> {
    match event {
        Event::Accepted { by, .. }
        | Event::Discarded { by, .. }
        | Event::Dropped { by, .. }
        | Event::Noted { by, .. }
        | Event::CongestionChanged { by, .. } => Some(*by),
        Event::PacketOut { why, .. } => Some(why.by),
        Event::PacketIn { .. }
        | Event::Called(_)
        | Event::Ticked
        | Event::Opened { .. }
        | Event::StateChanged { .. }
        | Event::RttSampled { .. }
        | Event::TimerSet { .. }
        | Event::TimerExpired { .. }
        | Event::TimerCancelled { .. }
        | Event::Lost { .. }
        | Event::Undone { .. }
        | Event::BlockedBy { .. }
        | Event::Urgent { .. } => None,
    }
}

/// The ending that an event is, if it is one, with the clause that prescribes it.
pub const fn ending(event: &Event<'_>) -> Option<(Ending, Cite)> {
    match event {
        Event::Accepted { what, by, .. } => Some((Ending::Accepted(*what), *by)),
        Event::Discarded { why, by, .. } => Some((Ending::Discarded(*why), *by)),
        Event::Dropped { why, by } => Some((Ending::Dropped(*why), *by)),
        _ => None,
    }
}

/// A clause as a key: as it is printed, without the letters `RFC`, such as `6675 5 (4.3)`.
pub fn clause(by: Cite) -> String {
    match by.source {
        Source::Rfc(number) => format!("{number} {}", by.section),
        Source::Draft(_) | Source::House => by.to_string(),
    }
}

/// What became of a packet, in one of six words.
pub const fn disposition(ending: Ending) -> &'static str {
    match ending {
        Ending::Accepted(Accepted::TextOutOfOrder | Accepted::FinOutOfOrder) => "out_of_order",
        Ending::Accepted(Accepted::TextDuplicate) | Ending::Discarded(Discard::Old) => "duplicate",
        Ending::Accepted(_) => "accepted",
        Ending::Discarded(Discard::OutOfWindow | Discard::ResetOutOfWindow) => "out_of_window",
        // RFC 5961 sections 3.2, 4.2 and 5.2: discarded, and an ACK sent back.
        Ending::Discarded(
            Discard::ResetNotExact
            | Discard::SynInSynchronized
            | Discard::AckTooNew
            | Discard::AckTooOld,
        ) => "challenged",
        Ending::Discarded(_) | Ending::Dropped(_) => "dropped",
    }
}

/// Why, in words.
pub const fn reason(ending: Ending) -> &'static str {
    match ending {
        Ending::Accepted(what) => accepted(what),
        Ending::Discarded(why) => discarded(why),
        Ending::Dropped(why) => dropped(why),
    }
}

const fn accepted(what: Accepted) -> &'static str {
    match what {
        Accepted::Syn => "SYN",
        Accepted::SynFastOpened => "SYN with a good cookie",
        Accepted::SynCookie => "SYN answered by a cookie, and forgotten",
        Accepted::SynAck => "SYN,ACK that answers our SYN",
        Accepted::HandshakeAck => "the handshake's last ACK",
        Accepted::Text => "text in order",
        Accepted::TextOutOfOrder => "text beyond a hole: kept",
        Accepted::TextDuplicate => "text that was there already",
        Accepted::TextRefused => "text beyond a hole: no room for one more range",
        Accepted::Fin => "FIN in order",
        Accepted::FinOutOfOrder => "FIN beyond a hole: remembered",
        Accepted::Ack => "ACK of something new",
        Accepted::WindowUpdate => "window update",
        Accepted::DuplicateAck => "duplicate ACK",
        Accepted::Probe => "probe of our window, or a keep-alive: answered",
        Accepted::Reset => "reset: the connection ends",
        Accepted::TextUnread => "text that nobody will read",
        Accepted::EchoRequest => "echo request: answered",
        Accepted::EchoReply => "echo reply",
        Accepted::IcmpError => "ICMP error, believed",
        Accepted::Datagram => "datagram for a socket",
        Accepted::Fragment => "fragment: kept until the rest comes",
        Accepted::TimeWaitAnswered => "TIME-WAIT repeats its last ACK",
        Accepted::TimeWaitReopened => "SYN that opens anew where TIME-WAIT was",
        Accepted::Stray => "for another queue's stack: handed over",
    }
}

const fn discarded(why: Discard) -> &'static str {
    match why {
        Discard::OutOfWindow => "outside the receive window",
        Discard::Old => "received before",
        Discard::Paws => "timestamp older than TS.Recent",
        Discard::TimestampMissing => "timestamp missing",
        Discard::ResetNotExact => "reset in the window but not at RCV.NXT",
        Discard::ResetOutOfWindow => "reset outside the window",
        Discard::ResetUnacceptable => "reset in SYN-SENT that acknowledges nothing of ours",
        Discard::ResetInTimeWait => "reset in TIME-WAIT",
        Discard::SynInSynchronized => "SYN in a synchronized state",
        Discard::NoAck => "no ACK bit",
        Discard::AckTooNew => "acknowledges what was never sent",
        Discard::AckTooOld => "acknowledges what is long acknowledged",
        Discard::AckUnacceptable => "acknowledges anything but our SYN: reset",
        Discard::NoSyn => "neither SYN nor RST in SYN-SENT",
        Discard::EcnMixed => "the SYN again, asking for another kind of ECN: reset",
        Discard::ResetAtListener => "reset for a listener",
        Discard::AckAtListener => "ACK for a listener: reset",
        Discard::NothingAtListener => "neither SYN, ACK nor RST for a listener",
        Discard::AckDeferred => "acknowledges our SYN without the text that is waited for",
        Discard::BacklogFull => "backlog of half-open connections is full",
        Discard::AcceptQueueFull => "accept queue is full",
        Discard::TooManyConnections => "no room for one more connection",
        Discard::NoConnection => "no such connection: reset",
        Discard::NoConnectionReset => "reset for no such connection",
        Discard::IcmpOutOfWindow => "ICMP error about a segment that is not outstanding",
        Discard::TooBigImpossible => "too big, it says, for an MTU that cannot be",
    }
}

const fn dropped(why: Drop) -> &'static str {
    match why {
        Drop::BadVersion => "neither IPv4 nor IPv6",
        Drop::Truncated => "shorter than its header says",
        Drop::BadHeaderLength => "header length that cannot be",
        Drop::BadHeaderChecksum => "IPv4 header checksum is wrong",
        Drop::BadSource => "source address that nobody may send from",
        Drop::Land => "source and destination are the same",
        Drop::NotOurs => "destination is not ours",
        Drop::NobodyListens => "multicast or broadcast that nobody here listens to",
        Drop::SourceRoute => "source route",
        Drop::BadOptions => "IP options that make no sense",
        Drop::BadFragment => "fragment that cannot be",
        Drop::FragmentDuplicate => "fragment that came before",
        Drop::FragmentOverlap => "fragment that contradicts others",
        Drop::FragmentLimit => "too many fragments of one datagram",
        Drop::FragmentMark => "fragments disagree about congestion marks",
        Drop::BadExtension => "extension header that may not stand here",
        Drop::NoNextHeader => "no next header",
        Drop::UnknownProtocol => "protocol that nobody here speaks",
        Drop::BadTcpHeader => "TCP header cannot be read",
        Drop::BadTcpChecksum => "TCP checksum is wrong",
        Drop::TcpNotUnicast => "TCP to or from a multicast or broadcast address",
        Drop::BadUdpHeader => "UDP header cannot be read",
        Drop::BadUdpChecksum => "UDP checksum is wrong or missing",
        Drop::PortUnreachable => "no socket has this port",
        Drop::BadIcmpHeader => "ICMP message cannot be read",
        Drop::BadIcmpChecksum => "ICMP checksum is wrong",
        Drop::IcmpIgnored => "ICMP message that asks nothing of a host",
        Drop::IcmpNotOurs => "ICMP error that quotes nothing of ours",
        Drop::NobodyAsked => "echo reply that nobody asked for",
        Drop::RepliesFull => "too many replies are waiting",
        Drop::StraysFull => "too many packets wait to be handed over",
        Drop::NoIdentification => "no identification is free for a reply in fragments",
        Drop::QueueFull => "queue of received datagrams is full",
    }
}

/// What a packet that leaves is for, in words.
pub const fn purpose(what: Purpose) -> &'static str {
    match what {
        Purpose::Syn => "SYN",
        Purpose::SynAck => "SYN,ACK",
        Purpose::Text => "text",
        Purpose::PathProbe => "path probe",
        Purpose::Fin => "FIN",
        Purpose::Ack => "ACK",
        Purpose::ChallengeAck => "challenge ACK",
        Purpose::Reset => "RST",
        Purpose::WindowProbe => "window probe",
        Purpose::KeepAlive => "keep-alive",
        Purpose::Retransmission(Resent::Timeout) => "retransmission, timeout",
        Purpose::Retransmission(Resent::Fast) => "retransmission, fast",
        Purpose::Retransmission(Resent::PartialAck) => "retransmission, partial ACK",
        Purpose::Retransmission(Resent::AfterTimeout) => "retransmission, after timeout",
        Purpose::Retransmission(Resent::Syn) => "retransmission, SYN",
        Purpose::Retransmission(Resent::Probe) => "retransmission, loss probe",
        Purpose::EchoRequest => "echo request",
        Purpose::EchoReply => "echo reply",
        Purpose::IcmpError => "ICMP error",
        Purpose::Datagram => "datagram",
    }
}

/// Why something was sent once more, as a key.
pub const fn resent(how: Resent) -> &'static str {
    match how {
        Resent::Timeout => "rto",
        Resent::Fast => "fast",
        Resent::PartialAck => "partial_ack",
        Resent::AfterTimeout => "after_rto",
        Resent::Syn => "syn",
        Resent::Probe => "probe",
    }
}

/// What moved a connection from one state to another.
pub const fn edge(on: Edge) -> &'static str {
    match on {
        Edge::PassiveOpen => "passive OPEN",
        Edge::ActiveOpen => "active OPEN",
        Edge::SynReceived => "SYN received",
        Edge::SynAckReceived => "SYN,ACK received",
        Edge::SynAcked => "our SYN acknowledged",
        Edge::FinSent => "FIN sent",
        Edge::FinReceived => "FIN received",
        Edge::FinAcked => "our FIN acknowledged",
        Edge::Closed => "CLOSE",
        Edge::Aborted => "ABORT",
        Edge::ResetReceived | Edge::ResetReceivedPassive => "RST received",
        Edge::TwoMslElapsed => "2 MSL elapsed",
        Edge::Reopened => "SYN of a new incarnation",
    }
}

/// What a timer is called.
pub const fn timer(kind: TimerKind) -> &'static str {
    match kind {
        TimerKind::Retransmission => "retransmission timer",
        TimerKind::DelayedAck => "delayed ACK timer",
        TimerKind::Persist => "persist timer",
        TimerKind::KeepAlive => "keep-alive timer",
        TimerKind::UserTimeout => "user timeout",
        TimerKind::TimeWait => "TIME-WAIT timer",
        TimerKind::FinWait2 => "FIN-WAIT-2 timer",
        TimerKind::SillyWindow => "silly window override timer",
        TimerKind::Rest => "timer of rest",
        TimerKind::Pacing => "pacing timer",
        TimerKind::Reordering => "reordering timer",
        TimerKind::LossProbe => "loss probe timer",
    }
}

/// Who vouches for a checksum, if not the field alone.
pub const fn checksum(of: Checksum) -> Option<&'static str> {
    match of {
        Checksum::Full => None,
        Checksum::Partial { .. } => Some("partial"),
        Checksum::Verified => Some("verified"),
    }
}

/// What convinced the sender of a loss.
pub const fn proof(by: LossProof) -> &'static str {
    match by {
        LossProof::Timeout => "timeout",
        LossProof::ThreeDuplicates => "three duplicate ACKs",
        LossProof::PartialAck => "partial ACK",
        LossProof::Rack => "something sent later has arrived",
        LossProof::Reports => "enough above it is reported",
        LossProof::Probe => "a loss probe has repaired it",
    }
}

/// What proved that something was sent again for nothing.
pub const fn spurious(by: Spurious) -> &'static str {
    match by {
        Spurious::Timestamp => "the ACK echoes a timestamp from before the retransmission",
        Spurious::Dsack => "D-SACKs say that all of it came twice",
        Spurious::Frto => "what was sent before the timeout has arrived",
    }
}

/// Why nothing more is sent for now.
pub const fn blocked(by: Blocked) -> &'static str {
    match by {
        Blocked::Nothing => "there is no more to come",
        Blocked::Application => "the application has written no more",
        Blocked::CongestionWindow => "the congestion window is full",
        Blocked::PeerWindow => "the peer's window is full",
        Blocked::Pacing => "it waits for its turn",
        Blocked::Nagle => "a short segment waits for company",
        Blocked::SillyWindow => "the peer's window is too small to be worth a segment",
    }
}

/// What the application asked, by the names of RFC 9293 section 3.9.1 where it has one.
pub fn call(call: Call) -> String {
    match call {
        Call::Open => "OPEN, active".into(),
        Call::Bind => "a datagram socket bound".into(),
        Call::Connect => "a datagram socket connected".into(),
        Call::Listen => "OPEN, passive".into(),
        Call::Accept => "accept".into(),
        Call::Send { bytes } => format!("SEND {bytes} B"),
        Call::Receive { bytes } => format!("RECEIVE {bytes} B"),
        Call::Close => "CLOSE".into(),
        Call::ShutdownWrite => "CLOSE, writing half".into(),
        Call::Abort => "ABORT".into(),
        Call::Configure => "an option set".into(),
        Call::Unlisten => "CLOSE of a listener".into(),
    }
}

#[cfg(test)]
mod tests;
