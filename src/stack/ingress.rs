//! The way in: the IP verdict carried out. Every packet ends here or in `tcp`, once.

use crate::base::pair::{Endpoint, SocketPair};
use crate::base::{Offload, Received, SeqNum};
use crate::ip::fragment::{Parcel, Unfit};
use crate::ip::icmp::Owed;
use crate::ip::icmp_error::IcmpError;
use crate::ip::receive::{Datagram, Verdict};
use crate::ip::{icmp, icmp_error, receive};
use crate::probe::{Accepted, Drop, Ending, Purpose, Subject, Variables, Why};
use crate::rfc;
use crate::tcp::Context;
use crate::tcp::ecn::Codepoint;
use crate::tcp::icmp::Severity;
use crate::wire::icmp::{About, Message, Problem};
use crate::wire::tcp::{Ports, Segment};
use crate::wire::{self, ParseError};

use super::demux::Who;
use super::replies::{Content, Reply};
use super::share::FIRST;
use super::{ConnId, Stack};

impl Stack {
    /// One packet; its ending is told before this returns.
    pub(super) fn take_in(&mut self, packet: Received<'_>) {
        let verdict = receive::receive(packet.bytes, &self.addresses);
        self.carry_out(&verdict, packet.bytes, packet.offload);
    }

    /// What is to be done with `packet`.
    pub(super) fn carry_out(&mut self, verdict: &Verdict<'_>, packet: &[u8], offload: Offload) {
        match verdict {
            Verdict::Deliver(datagram) => self.deliver(datagram, offload),
            Verdict::Drop(why) => self.end(Subject::Stack, (*why).into()),
            Verdict::Answer(why, owed) => {
                self.end(Subject::Stack, (*why).into());
                self.owe_error(owed, packet);
            }
            Verdict::Fragment(_) if self.hands_over(FIRST, packet, offload) => {}
            Verdict::Fragment(fragment) => self.take_fragment(fragment),
        }
    }

    fn deliver(&mut self, datagram: &Datagram<'_>, offload: Offload) {
        match datagram.protocol {
            wire::tcp::PROTOCOL => self.deliver_tcp(datagram, offload),
            wire::udp::PROTOCOL if self.hands_over(FIRST, datagram.packet, offload) => {}
            wire::udp::PROTOCOL => self.deliver_udp(datagram, offload),
            wire::icmp::PROTOCOL_V4 if datagram.src.is_ipv4() => self.deliver_icmp(datagram),
            wire::icmp::PROTOCOL_V6 if datagram.src.is_ipv6() => self.deliver_icmp(datagram),
            _ => {
                self.end(Subject::Stack, Drop::UnknownProtocol.into());
                self.owe_error(&Owed::ProtocolUnreachable, datagram.packet);
            }
        }
    }

    fn deliver_tcp(&mut self, datagram: &Datagram<'_>, offload: Offload) {
        let (src, dst) = (datagram.src, datagram.dst);
        match Segment::parse(src, dst, datagram.payload, offload.checksum) {
            Ok(segment) => {
                let pair = SocketPair {
                    local: Endpoint {
                        addr: dst,
                        port: segment.ports.dst,
                    },
                    remote: Endpoint {
                        addr: src,
                        port: segment.ports.src,
                    },
                };
                if self.hands_over(self.homes.of_pair(&pair), datagram.packet, offload) {
                    return;
                }
                self.codepoint = Codepoint::of(datagram.tos);
                self.deliver_segment(&pair, &segment);
            }
            Err(ParseError::Checksum) => self.end(Subject::Stack, Drop::BadTcpChecksum.into()),
            Err(_) => self.end(Subject::Stack, Drop::BadTcpHeader.into()),
        }
    }

    fn deliver_icmp(&mut self, datagram: &Datagram<'_>) {
        match Message::parse(datagram.src, datagram.dst, datagram.payload) {
            Ok(Message::EchoRequest(_)) => {
                let ending = self.answer_echo(datagram);
                return self.end(Subject::Stack, ending);
            }
            Ok(Message::EchoReply(echo)) => {
                if !self.hands_over(FIRST, datagram.packet, Offload::default()) {
                    self.deliver_echo_reply(datagram, &echo);
                }
                return;
            }
            _ => {}
        }
        match icmp_error::read(datagram, &self.addresses) {
            Ok(error) => {
                let home = self.home_of_error(&error);
                if !self.hands_over(home, datagram.packet, Offload::default()) {
                    self.deliver_icmp_error(&error);
                }
            }
            Err(why) => self.end(Subject::Stack, why.into()),
        }
    }

    fn answer_echo(&mut self, datagram: &Datagram<'_>) -> Ending {
        if self.replies.is_full() {
            return Drop::RepliesFull.into();
        }
        let mut packet = Vec::new();
        let mtu = self.path_mtu(datagram.src);
        if !icmp::answer_echo(datagram, mtu, &mut packet) {
            return Drop::IcmpIgnored.into();
        }
        let (now, src, dst) = (self.now, datagram.dst, datagram.src);
        let ids = &mut self.identifications;
        let draw = || ids.draw(now, src, dst, datagram.protocol);
        let parcel = match Parcel::new(packet, mtu, draw) {
            Ok(parcel) => parcel,
            Err(Unfit::NoIdentification) => return Drop::NoIdentification.into(),
            Err(Unfit::Uncuttable) => return Drop::IcmpIgnored.into(),
        };
        let because = self.input();
        self.replies.push(Reply {
            what: Content::Parcel(parcel),
            purpose: Purpose::EchoReply,
            why: ECHO,
            because,
            on: Subject::Stack,
        });
        Accepted::EchoRequest.into()
    }

    /// An error about a packet of ours: its connection or its socket judges it.
    fn deliver_icmp_error(&mut self, error: &IcmpError) {
        match error.about {
            About::Udp { ports } => return self.deliver_error_to_socket(error, ports),
            About::Echo {
                identifier,
                sequence,
            } => return self.deliver_error_to_echo(error, identifier, sequence),
            About::Tcp { .. } | About::Other { .. } => {}
        }
        if let Problem::PacketTooBig { mtu } = error.kind {
            self.deliver_too_big(error, mtu);
            return;
        }
        let Some((seq, id)) = self.quoted(error) else {
            self.end(Subject::Stack, Drop::IcmpNotOurs.into());
            return;
        };
        let Some(slot) = self.connections.get_mut(id) else {
            return;
        };
        let on = Subject::Connection(slot.number);
        let mut cx = Context::new(self.now, &mut self.voice, on);
        let severity = if error.is_hard() {
            Severity::Hard
        } else {
            Severity::Soft
        };
        let ending = match slot.connection.on_icmp_error(&mut cx, seq, severity) {
            Ok(accepted) => accepted.into(),
            Err(ending) => ending,
        };
        let connection = &slot.connection;
        self.voice.tell(self.now, on, || {
            ending.event(Some(Variables::Lent(connection)))
        });
        self.touch(id);
    }

    /// The connection whose segment an error quotes, and where that segment began.
    pub(super) fn quoted(&self, error: &IcmpError) -> Option<(SeqNum, ConnId)> {
        let About::Tcp { ports, seq } = error.about else {
            return None;
        };
        match self.owner_of(&quoted_pair(error, ports))? {
            Who::Connection(id) => Some((seq, id)),
            Who::HalfOpen(_) | Who::TimeWait(_) => None,
        }
    }

    /// An ICMP error that a packet draws, if its sender may have one.
    pub(super) fn owe_error(&mut self, owed: &Owed, packet: &[u8]) {
        let mut out = Vec::new();
        let rules = &self.config.icmp_errors;
        let may = !self.replies.is_full()
            && icmp::error(owed, packet, &self.addresses, rules, &mut out)
            && self.icmp_limit.may_send(self.now, &out);
        if may {
            let because = self.input();
            self.replies.push(Reply {
                what: Content::Parcel(Parcel::Whole(out)),
                purpose: Purpose::IcmpError,
                why: match owed {
                    Owed::ReassemblyTimeExceeded => TIME_EXCEEDED,
                    _ => UNREACHABLE,
                },
                because,
                on: Subject::Stack,
            });
        }
    }
}

/// Between whom a segment of ours went that an error quotes.
pub(super) fn quoted_pair(error: &IcmpError, ports: Ports) -> SocketPair {
    SocketPair {
        local: Endpoint {
            addr: error.src,
            port: ports.src,
        },
        remote: Endpoint {
            addr: error.dst,
            port: ports.dst,
        },
    }
}

const ECHO: &Why = &Why {
    by: rfc!(1122, "3.2.2.6"),
    text: "an echo request is answered with the same data",
};
const UNREACHABLE: &Why = &Why {
    by: rfc!(1122, "3.2.2.1"),
    text: "nobody here takes such a packet: its sender is told",
};
const TIME_EXCEEDED: &Why = &Why {
    by: rfc!(1122, "3.3.2"),
    text: "a datagram's other fragments did not come: its sender is told",
};
