//! ICMP for both families as one value, and the packet that an error quotes: RFC 792, RFC 4443.
//!
//! etherparse reads the eight fixed bytes and names the types; the checksum (which covers a
//! pseudo-header in ICMPv6 alone) and what the quote says are judged here. Whether a message is
//! answered or believed is decided in `ip`.

use std::fmt;
use std::net::IpAddr;

use etherparse::{Icmpv4Slice, Icmpv6Slice, icmpv4, icmpv6};

use crate::base::SeqNum;
use crate::base::checksum::{self, Sum};

use super::{ParseError, Ports, ipv4, ipv6, put, tcp, udp};

/// A message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message<'a> {
    /// RFC 792 "Echo", RFC 4443 section 4.1.
    EchoRequest(Echo<'a>),
    /// RFC 4443 section 4.2.
    EchoReply(Echo<'a>),
    /// What somebody has against a packet, and the packet's beginning.
    Error { problem: Problem, quote: &'a [u8] },
    /// Anything else, by its type and code: nothing that a host must know.
    Other { kind: u8, code: u8 },
}

/// An echo request, or the reply to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Echo<'a> {
    pub identifier: u16,
    pub sequence: u16,
    pub data: &'a [u8],
}

/// What is wrong with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Problem {
    /// It cannot be delivered.
    Unreachable(Unreachable),
    /// It is too big for a link on its way and may not be fragmented there.
    PacketTooBig {
        /// That link's MTU in bytes; on IPv4, 0 if the router does not say (RFC 1191 section 5).
        mtu: u32,
    },
    /// Its hop limit ran out.
    HopLimitExceeded,
    /// Its fragments were not all there in time.
    ReassemblyTimeExceeded,
    /// A field of it makes no sense.
    Parameter {
        /// The family's own code.
        code: u8,
        /// Where in the packet, in bytes.
        pointer: u32,
    },
    /// An ICMPv6 error of a type that this stack does not know.
    Unknown { kind: u8, code: u8 },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Unreachable(what) => write!(f, "{what}"),
            Problem::PacketTooBig { mtu } => {
                write!(f, "too big for a link of {mtu} bytes on its way")
            }
            Problem::HopLimitExceeded => f.write_str("its hop limit ran out"),
            Problem::ReassemblyTimeExceeded => f.write_str("its fragments were not all there"),
            Problem::Parameter { code, pointer } => {
                write!(f, "byte {pointer} of it makes no sense (code {code})")
            }
            Problem::Unknown { kind, code } => write!(f, "ICMP error {kind}, code {code}"),
        }
    }
}

/// Why a packet cannot be delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unreachable {
    /// No way to the network.
    Network,
    /// No way to the host.
    Host,
    /// Nobody there speaks the protocol; IPv6 has a parameter problem instead.
    Protocol,
    /// Nobody there has the port.
    Port,
    /// A source route could not be followed; IPv4 alone.
    SourceRoute,
    /// It is forbidden.
    Prohibited,
    /// The family's own code for something rarer.
    Other(u8),
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unreachable::Network => "no way to the network",
            Unreachable::Host => "no way to the host",
            Unreachable::Protocol => "nobody there speaks the protocol",
            Unreachable::Port => "nobody there has the port",
            Unreachable::SourceRoute => "the source route cannot be followed",
            Unreachable::Prohibited => "it is forbidden on its way",
            Unreachable::Other(code) => return write!(f, "unreachable, code {code}"),
        })
    }
}

impl<'a> Message<'a> {
    /// Reads the payload of an IP packet from `src` to `dst`; their family decides which ICMP.
    ///
    /// # Errors
    ///
    /// [`ParseError::Truncated`] and [`ParseError::Checksum`].
    pub fn parse(src: IpAddr, dst: IpAddr, bytes: &'a [u8]) -> Result<Message<'a>, ParseError> {
        let (kind, code, [w0, w1, w2, w3]) = if src.is_ipv4() {
            let slice = Icmpv4Slice::from_slice(bytes).map_err(|_| ParseError::Truncated)?;
            (slice.type_u8(), slice.code_u8(), slice.bytes5to8())
        } else {
            let slice = Icmpv6Slice::from_slice(bytes).map_err(|_| ParseError::Truncated)?;
            (slice.type_u8(), slice.code_u8(), slice.bytes5to8())
        };
        if sum(src, dst, bytes).checksum() != 0 {
            return Err(ParseError::Checksum);
        }
        let body = bytes.get(HEADER_LEN..).unwrap_or_default();
        let echo = Echo {
            identifier: u16::from_be_bytes([w0, w1]),
            sequence: u16::from_be_bytes([w2, w3]),
            data: body,
        };
        // RFC 792 and RFC 4443 know the code 0 alone for echo; like others we do not look.
        let problem = match (src.is_ipv4(), kind) {
            (true, icmpv4::TYPE_ECHO_REQUEST) | (false, icmpv6::TYPE_ECHO_REQUEST) => {
                return Ok(Message::EchoRequest(echo));
            }
            (true, icmpv4::TYPE_ECHO_REPLY) | (false, icmpv6::TYPE_ECHO_REPLY) => {
                return Ok(Message::EchoReply(echo));
            }
            (true, _) => problem_v4(kind, code, [w0, w1, w2, w3]),
            (false, _) => problem_v6(kind, code, [w0, w1, w2, w3]),
        };
        Ok(match problem {
            Some(problem) => Message::Error {
                problem,
                quote: body,
            },
            None => Message::Other { kind, code },
        })
    }

    /// How many bytes [`Message::emit`] writes: eight, and what it carries.
    pub fn message_len(&self) -> usize {
        HEADER_LEN.saturating_add(self.body().len())
    }

    /// Writes the message with its checksum. Returns how many bytes were written:
    /// [`Message::message_len`], or 0 if `out` is shorter.
    pub fn emit(&self, src: IpAddr, dst: IpAddr, out: &mut [u8]) -> usize {
        let length = self.message_len();
        let Some(out) = out.get_mut(..length) else {
            return 0;
        };
        let (kind, code, word) = if src.is_ipv4() {
            self.head_v4()
        } else {
            self.head_v6()
        };
        let rest = &mut &mut *out;
        put(rest, [kind, code, 0, 0]);
        put(rest, word);
        rest.copy_from_slice(self.body());
        // RFC 4443 section 2.3, RFC 792: for computing it, the field is zero.
        let sum = sum(src, dst, out).checksum();
        if let Some(mut field) = out.get_mut(CHECKSUM_AT..) {
            put(&mut field, sum.to_be_bytes());
        }
        length
    }

    fn body(&self) -> &'a [u8] {
        match *self {
            Message::EchoRequest(echo) | Message::EchoReply(echo) => echo.data,
            Message::Error { quote, .. } => quote,
            Message::Other { .. } => &[],
        }
    }

    fn head_v4(&self) -> (u8, u8, [u8; 4]) {
        match *self {
            Message::EchoRequest(echo) => (icmpv4::TYPE_ECHO_REQUEST, 0, echo.word()),
            Message::EchoReply(echo) => (icmpv4::TYPE_ECHO_REPLY, 0, echo.word()),
            Message::Other { kind, code } => (kind, code, [0; 4]),
            Message::Error { problem, .. } => match problem {
                Problem::Unreachable(why) => (icmpv4::TYPE_DEST_UNREACH, why.code_v4(), [0; 4]),
                Problem::PacketTooBig { mtu } => {
                    // RFC 1191 section 4: the lower half of a word whose upper half is unused.
                    let [m0, m1] = u16::try_from(mtu).unwrap_or(u16::MAX).to_be_bytes();
                    let code = icmpv4::CODE_DST_UNREACH_NEED_FRAG;
                    (icmpv4::TYPE_DEST_UNREACH, code, [0, 0, m0, m1])
                }
                Problem::HopLimitExceeded => (icmpv4::TYPE_TIME_EXCEEDED, 0, [0; 4]),
                Problem::ReassemblyTimeExceeded => (icmpv4::TYPE_TIME_EXCEEDED, 1, [0; 4]),
                Problem::Parameter { code, pointer } => {
                    // RFC 792: one byte, since the pointer stays inside the header.
                    let pointer = u8::try_from(pointer).unwrap_or(u8::MAX);
                    (icmpv4::TYPE_PARAMETER_PROBLEM, code, [pointer, 0, 0, 0])
                }
                Problem::Unknown { kind, code } => (kind, code, [0; 4]),
            },
        }
    }

    fn head_v6(&self) -> (u8, u8, [u8; 4]) {
        match *self {
            Message::EchoRequest(echo) => (icmpv6::TYPE_ECHO_REQUEST, 0, echo.word()),
            Message::EchoReply(echo) => (icmpv6::TYPE_ECHO_REPLY, 0, echo.word()),
            Message::Other { kind, code } => (kind, code, [0; 4]),
            Message::Error { problem, .. } => match problem {
                Problem::Unreachable(why) => (icmpv6::TYPE_DST_UNREACH, why.code_v6(), [0; 4]),
                Problem::PacketTooBig { mtu } => {
                    (icmpv6::TYPE_PACKET_TOO_BIG, 0, mtu.to_be_bytes())
                }
                Problem::HopLimitExceeded => (icmpv6::TYPE_TIME_EXCEEDED, 0, [0; 4]),
                Problem::ReassemblyTimeExceeded => (icmpv6::TYPE_TIME_EXCEEDED, 1, [0; 4]),
                Problem::Parameter { code, pointer } => {
                    (icmpv6::TYPE_PARAMETER_PROBLEM, code, pointer.to_be_bytes())
                }
                Problem::Unknown { kind, code } => (kind, code, [0; 4]),
            },
        }
    }
}

impl Echo<'_> {
    fn word(&self) -> [u8; 4] {
        let [i0, i1] = self.identifier.to_be_bytes();
        let [s0, s1] = self.sequence.to_be_bytes();
        [i0, i1, s0, s1]
    }
}

fn sum(src: IpAddr, dst: IpAddr, bytes: &[u8]) -> Sum {
    if src.is_ipv4() {
        return Sum::new().add(bytes);
    }
    // RFC 4443 section 2.3: ICMPv6's checksum covers a pseudo-header with next header 58.
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    checksum::pseudo_header(src, dst, PROTOCOL_V6, length).add(bytes)
}

/// What an ICMPv4 error says; `None` for what is no error, and for source quench and redirects.
fn problem_v4(kind: u8, code: u8, [pointer, _, m0, m1]: [u8; 4]) -> Option<Problem> {
    match (kind, code) {
        (icmpv4::TYPE_DEST_UNREACH, icmpv4::CODE_DST_UNREACH_NEED_FRAG) => {
            Some(Problem::PacketTooBig {
                mtu: u16::from_be_bytes([m0, m1]).into(),
            })
        }
        (icmpv4::TYPE_DEST_UNREACH, _) => Some(Problem::Unreachable(Unreachable::of_v4(code))),
        (icmpv4::TYPE_TIME_EXCEEDED, 0) => Some(Problem::HopLimitExceeded),
        (icmpv4::TYPE_TIME_EXCEEDED, 1) => Some(Problem::ReassemblyTimeExceeded),
        (icmpv4::TYPE_PARAMETER_PROBLEM, _) => Some(Problem::Parameter {
            code,
            pointer: pointer.into(),
        }),
        _ => None,
    }
}

/// What an ICMPv6 error says; `None` for what is no error.
fn problem_v6(kind: u8, code: u8, word: [u8; 4]) -> Option<Problem> {
    match (kind, code) {
        (icmpv6::TYPE_DST_UNREACH, _) => Some(Problem::Unreachable(Unreachable::of_v6(code))),
        // RFC 4443 section 3.2: the code is ignored by the receiver.
        (icmpv6::TYPE_PACKET_TOO_BIG, _) => Some(Problem::PacketTooBig {
            mtu: u32::from_be_bytes(word),
        }),
        (icmpv6::TYPE_TIME_EXCEEDED, 0) => Some(Problem::HopLimitExceeded),
        (icmpv6::TYPE_TIME_EXCEEDED, 1) => Some(Problem::ReassemblyTimeExceeded),
        (icmpv6::TYPE_PARAMETER_PROBLEM, _) => Some(Problem::Parameter {
            code,
            pointer: u32::from_be_bytes(word),
        }),
        // RFC 4443 section 2.1: error messages have types 0 to 127. Section 2.4 (a): those of
        // unknown type too must reach whoever sent the packet.
        (..=ERROR_KIND_MAX_V6, _) => Some(Problem::Unknown { kind, code }),
        _ => None,
    }
}

impl Unreachable {
    fn of_v4(code: u8) -> Unreachable {
        let named = CODES_V4.iter().find(|(_, known)| *known == code);
        named.map_or(Unreachable::Other(code), |(why, _)| *why)
    }

    fn of_v6(code: u8) -> Unreachable {
        let named = CODES_V6.iter().find(|(_, known)| *known == code);
        named.map_or(Unreachable::Other(code), |(why, _)| *why)
    }

    fn code_v4(self) -> u8 {
        match self {
            Unreachable::Other(code) => code,
            named => code_of(named, &CODES_V4).unwrap_or(icmpv4::CODE_DST_UNREACH_HOST),
        }
    }

    fn code_v6(self) -> u8 {
        match self {
            Unreachable::Other(code) => code,
            // RFC 4443 section 3.1: what cannot be mapped to another code is code 3.
            named => code_of(named, &CODES_V6).unwrap_or(icmpv6::CODE_DST_UNREACH_ADDR),
        }
    }
}

fn code_of(why: Unreachable, codes: &[(Unreachable, u8)]) -> Option<u8> {
    let named = codes.iter().find(|(known, _)| *known == why);
    named.map(|(_, code)| *code)
}

/// What can be learned of the packet that an error quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    pub src: IpAddr,
    pub dst: IpAddr,
    /// How long the packet was, by its own header, in bytes.
    pub length: u32,
    pub about: About,
}

/// Whose packet it was, by the first eight bytes behind its IP headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum About {
    Tcp {
        ports: Ports,
        seq: SeqNum,
    },
    Udp {
        ports: Ports,
    },
    Echo {
        identifier: u16,
        sequence: u16,
    },
    /// Another protocol, or a fragment that is not its datagram's first.
    Other {
        protocol: u8,
    },
}

impl Quote {
    /// Reads the quote in an error.
    ///
    /// # Errors
    ///
    /// As for the header's family; [`ParseError::Truncated`] also if the eight bytes behind the
    /// headers are not all there.
    pub fn parse(bytes: &[u8]) -> Result<Quote, ParseError> {
        match bytes.first().map(|byte| byte >> 4) {
            Some(4) => {
                let (header, rest) = ipv4::parse_quoted(bytes)?;
                Ok(Quote {
                    src: header.src.into(),
                    dst: header.dst.into(),
                    length: half(bytes, ipv4::TOTAL_LENGTH_AT),
                    about: if header.fragment_offset == 0 {
                        About::parse(header.protocol, rest)?
                    } else {
                        About::Other {
                            protocol: header.protocol,
                        }
                    },
                })
            }
            Some(6) => {
                let (header, rest) = ipv6::parse_quoted(bytes)?;
                Ok(Quote {
                    src: header.src.into(),
                    dst: header.dst.into(),
                    length: half(bytes, ipv6::PAYLOAD_LENGTH_AT)
                        .saturating_add(ipv6::HEADER_LEN as u32),
                    about: Quote::behind_extensions(header.extensions(rest))?,
                })
            }
            Some(_) => Err(ParseError::Version),
            None => Err(ParseError::Truncated),
        }
    }

    fn behind_extensions(mut walk: ipv6::ExtensionWalk<'_>) -> Result<About, ParseError> {
        for _ in 0..EXTENSIONS_MAX {
            match walk.step()? {
                None => return About::parse(walk.next_header(), walk.rest()),
                Some(ipv6::Extension::Fragment { offset, .. }) if offset > 0 => {
                    return Ok(About::Other {
                        protocol: walk.next_header(),
                    });
                }
                Some(_) => {}
            }
        }
        Err(ParseError::Length)
    }
}

/// Two bytes at `at` as a number; 0 if they are not there.
fn half(bytes: &[u8], at: usize) -> u32 {
    let field = bytes.get(at..).and_then(|rest| rest.first_chunk());
    field.map_or(0, |field| u16::from_be_bytes(*field).into())
}

impl About {
    fn parse(protocol: u8, bytes: &[u8]) -> Result<About, ParseError> {
        let head = bytes.first_chunk::<8>();
        let ports = |[s0, s1, d0, d1, ..]: [u8; 8]| Ports {
            src: u16::from_be_bytes([s0, s1]),
            dst: u16::from_be_bytes([d0, d1]),
        };
        match (protocol, head.copied()) {
            (tcp::PROTOCOL, Some(head @ [_, _, _, _, q0, q1, q2, q3])) => Ok(About::Tcp {
                ports: ports(head),
                seq: SeqNum(u32::from_be_bytes([q0, q1, q2, q3])),
            }),
            (udp::PROTOCOL, Some(head)) => Ok(About::Udp { ports: ports(head) }),
            (PROTOCOL_V4, Some([icmpv4::TYPE_ECHO_REQUEST, _, _, _, i0, i1, s0, s1]))
            | (PROTOCOL_V6, Some([icmpv6::TYPE_ECHO_REQUEST, _, _, _, i0, i1, s0, s1])) => {
                Ok(About::Echo {
                    identifier: u16::from_be_bytes([i0, i1]),
                    sequence: u16::from_be_bytes([s0, s1]),
                })
            }
            (tcp::PROTOCOL | udp::PROTOCOL | PROTOCOL_V4 | PROTOCOL_V6, None) => {
                Err(ParseError::Truncated)
            }
            _ => Ok(About::Other { protocol }),
        }
    }
}

/// The protocol number of ICMP on IPv4.
pub const PROTOCOL_V4: u8 = 1;
/// The next header value of ICMPv6: RFC 4443 section 1.
pub const PROTOCOL_V6: u8 = 58;
/// Type, code, checksum, and a word that depends on the type.
pub const HEADER_LEN: usize = 8;
/// RFC 4443 section 2.1.
pub const ERROR_KIND_MAX_V6: u8 = 127;

const CHECKSUM_AT: usize = 2;
/// More extension headers than this in front of a quoted payload are nothing we ever sent.
const EXTENSIONS_MAX: usize = 8;

// RFC 792 and RFC 1122 section 3.2.2.1; 13 is RFC 1812's.
const CODES_V4: [(Unreachable, u8); 6] = [
    (Unreachable::Network, icmpv4::CODE_DST_UNREACH_NET),
    (Unreachable::Host, icmpv4::CODE_DST_UNREACH_HOST),
    (Unreachable::Protocol, icmpv4::CODE_DST_UNREACH_PROTOCOL),
    (Unreachable::Port, icmpv4::CODE_DST_UNREACH_PORT),
    (
        Unreachable::SourceRoute,
        icmpv4::CODE_DST_UNREACH_SOURCE_ROUTE_FAILED,
    ),
    (
        Unreachable::Prohibited,
        icmpv4::CODE_DST_UNREACH_FILTER_PROHIB,
    ),
];
// RFC 4443 section 3.1.
const CODES_V6: [(Unreachable, u8); 4] = [
    (Unreachable::Network, icmpv6::CODE_DST_UNREACH_NO_ROUTE),
    (Unreachable::Prohibited, icmpv6::CODE_DST_UNREACH_PROHIBITED),
    (Unreachable::Host, icmpv6::CODE_DST_UNREACH_ADDR),
    (Unreachable::Port, icmpv6::CODE_DST_UNREACH_PORT),
];

#[cfg(test)]
mod tests;
