//! The one ending that each packet in has, and the clause that prescribes it.

use crate::base::Cite;
use crate::{house, rfc};

use super::{Accepted, Discard, Drop, Event, Variables};

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    Accepted(Accepted),
    Discarded(Discard),
    Dropped(Drop),
}

impl Ending {
    /// The clause that prescribes it.
    pub const fn cite(self) -> Cite {
        match self {
            Ending::Accepted(what) => what.cite(),
            Ending::Discarded(why) => why.cite(),
            Ending::Dropped(why) => why.cite(),
        }
    }

    /// The event that tells it, with the connection's variables afterwards.
    pub const fn event(self, variables: Option<Variables<'_>>) -> Event<'_> {
        let by = self.cite();
        match self {
            Ending::Accepted(what) => Event::Accepted {
                what,
                by,
                variables,
            },
            Ending::Discarded(why) => Event::Discarded { why, by, variables },
            Ending::Dropped(why) => Event::Dropped { why, by },
        }
    }
}

impl From<Accepted> for Ending {
    fn from(what: Accepted) -> Ending {
        Ending::Accepted(what)
    }
}

impl From<Discard> for Ending {
    fn from(why: Discard) -> Ending {
        Ending::Discarded(why)
    }
}

impl From<Drop> for Ending {
    fn from(why: Drop) -> Ending {
        Ending::Dropped(why)
    }
}

impl Accepted {
    /// The clause that says to take it.
    pub const fn cite(self) -> Cite {
        match self {
            Accepted::Syn => rfc!(9293, "3.10.7.2"),
            Accepted::SynFastOpened => rfc!(7413, "4.2.2"),
            Accepted::SynCookie => rfc!(4987, "3.6"),
            Accepted::SynAck => rfc!(9293, "3.10.7.3"),
            Accepted::HandshakeAck
            | Accepted::Text
            | Accepted::TextOutOfOrder
            | Accepted::TextDuplicate
            | Accepted::Fin
            | Accepted::FinOutOfOrder
            | Accepted::Ack
            | Accepted::TimeWaitAnswered => rfc!(9293, "3.10.7.4"),
            Accepted::TextUnread => rfc!(9293, "3.6.1"),
            Accepted::TextRefused => house!("reassembly-ranges"),
            Accepted::WindowUpdate => rfc!(9293, "3.10.7.4"),
            Accepted::DuplicateAck => rfc!(5681, "2"),
            Accepted::Probe => rfc!(9293, "3.8.6.1"),
            Accepted::Reset => rfc!(5961, "3.2"),
            Accepted::EchoRequest | Accepted::EchoReply => rfc!(1122, "3.2.2.6"),
            Accepted::IcmpError => rfc!(1122, "4.2.3.9"),
            Accepted::Datagram => rfc!(1122, "4.1.3"),
            Accepted::Fragment => rfc!(1122, "3.3.2"),
            Accepted::TimeWaitReopened => rfc!(6191, "2"),
            Accepted::Stray => house!("flow-home"),
        }
    }
}

impl Discard {
    /// The clause that says to refuse it.
    pub const fn cite(self) -> Cite {
        match self {
            Discard::OutOfWindow | Discard::Old => rfc!(9293, "3.10.7.4"),
            Discard::Paws => rfc!(7323, "5.3"),
            Discard::TimestampMissing => rfc!(7323, "3.2"),
            Discard::ResetNotExact | Discard::ResetOutOfWindow => rfc!(5961, "3.2"),
            Discard::ResetUnacceptable | Discard::NoSyn | Discard::AckUnacceptable => {
                rfc!(9293, "3.10.7.3")
            }
            Discard::ResetInTimeWait => rfc!(1337, "3"),
            Discard::SynInSynchronized => rfc!(5961, "4.2"),
            Discard::NoAck => rfc!(9293, "3.10.7.4"),
            Discard::AckTooNew | Discard::AckTooOld => rfc!(5961, "5.2"),
            Discard::EcnMixed => rfc!(9768, "3.1.5"),
            Discard::ResetAtListener | Discard::AckAtListener | Discard::NothingAtListener => {
                rfc!(9293, "3.10.7.2")
            }
            Discard::AckDeferred => house!("defer-accept"),
            Discard::BacklogFull => rfc!(4987, "3.4"),
            Discard::AcceptQueueFull => house!("accept-queue"),
            Discard::TooManyConnections => house!("connection-limit"),
            Discard::NoConnection | Discard::NoConnectionReset => rfc!(9293, "3.10.7.1"),
            Discard::IcmpOutOfWindow => rfc!(5927, "4.1"),
            Discard::TooBigImpossible => rfc!(8201, "4"),
        }
    }
}

impl Drop {
    /// The clause that says to drop it.
    pub const fn cite(self) -> Cite {
        match self {
            Drop::BadVersion => rfc!(1122, "3.2.1.1"),
            Drop::Truncated | Drop::BadHeaderLength => rfc!(791, "3.1"),
            Drop::BadHeaderChecksum => rfc!(1122, "3.2.1.2"),
            Drop::BadSource | Drop::NotOurs | Drop::NobodyListens => rfc!(1122, "3.2.1.3"),
            Drop::Land => house!("land"),
            Drop::SourceRoute => rfc!(1122, "3.2.1.8"),
            Drop::BadOptions => rfc!(1122, "3.2.1.8"),
            Drop::BadFragment | Drop::FragmentDuplicate => rfc!(8200, "4.5"),
            Drop::FragmentOverlap => rfc!(5722, "4"),
            Drop::FragmentLimit => house!("reassembly-memory"),
            Drop::FragmentMark => rfc!(3168, "5.3"),
            Drop::BadExtension => rfc!(8200, "4"),
            Drop::NoNextHeader => rfc!(8200, "4.7"),
            Drop::UnknownProtocol => rfc!(1122, "3.2.2.1"),
            Drop::BadTcpHeader => rfc!(9293, "3.1"),
            Drop::BadTcpChecksum => rfc!(9293, "3.1"),
            Drop::TcpNotUnicast => rfc!(9293, "3.9.2.3"),
            Drop::BadUdpHeader | Drop::BadUdpChecksum => rfc!(1122, "4.1.3.4"),
            Drop::PortUnreachable => rfc!(1122, "4.1.3.1"),
            Drop::BadIcmpHeader | Drop::BadIcmpChecksum | Drop::IcmpIgnored => {
                rfc!(1122, "3.2.2")
            }
            Drop::IcmpNotOurs => rfc!(5927, "4.1"),
            Drop::NobodyAsked => rfc!(1122, "3.2.2.6"),
            Drop::RepliesFull => house!("reply-queue"),
            Drop::StraysFull => house!("flow-home"),
            Drop::NoIdentification => rfc!(6864, "5.2"),
            Drop::QueueFull => house!("datagram-queue"),
        }
    }
}
