//! The way out: a segment or a reply becomes a head in scratch and a body that is lent.

use std::net::IpAddr;

use crate::base::{Checksum, InterfaceId, Offload, Offloads, Pieces, Transmit};
use crate::ip::transmit::{DSCP, Outgoing};
use crate::probe::{Event, EventId, Purpose, Subject, Variables, Why};
use crate::tcp::open::passive::Answer;
use crate::tcp::output::Wish;
use crate::tcp::{Connection, Context};
use crate::wire::tcp::{CHECKSUM_AT, HEADER_MAX, PROTOCOL, Segment};
use crate::wire::{ipv4, ipv6};

use super::demux::HalfOpenId;
use super::ready::Ripe;
use super::replies::{Content, OFFLOAD, Reply};
use super::{Config, ConnId, Link, Stack};

/// A packet that is ready to leave, or to be lost.
pub(super) struct Composed {
    head_len: usize,
    body: Body,
    offload: Offload,
    /// Where it leaves; `None`: the device refuses it, or no route leads to its destination.
    out: Option<InterfaceId>,
}

/// Where the body of the packet that is lent lies.
#[derive(Clone, Copy)]
enum Body {
    /// The head is all of it.
    None,
    /// The send buffer of a connection.
    Text(ConnId, Wish),
    /// The stack's own room for replies and datagrams.
    Reply,
}

impl Stack {
    /// The next packet to send: replies first, then whose turn it is.
    pub(super) fn next_packet(&mut self) -> Option<Transmit<'_>> {
        let (composed, interface) = loop {
            // Ends: what is lost is not composed again.
            let composed = self.compose()?;
            if let Some(out) = composed.out {
                break (composed, out);
            }
        };
        let mut head = self.head.get(..composed.head_len).unwrap_or_default();
        let body = match composed.body {
            Body::None => Pieces::EMPTY,
            Body::Reply => {
                // A device looks at the first bytes of the head to know what it carries.
                head = &self.reply;
                Pieces::EMPTY
            }
            Body::Text(id, wish) => self
                .connections
                .get(id)
                .map_or(Pieces::EMPTY, |slot| slot.connection.text(&wish)),
        };
        Some(Transmit {
            head,
            body,
            offload: composed.offload,
            interface,
        })
    }

    fn compose(&mut self) -> Option<Composed> {
        if let Some(reply) = self.replies.pop() {
            return Some(self.compose_reply(reply));
        }
        // Each round takes one off the queue, and puts it back only after it has sent.
        while let Some(ripe) = self.ready.pop_front() {
            let composed = match ripe {
                Ripe::Connection(id) => self.compose_segment(id),
                Ripe::HalfOpen(id) => self.compose_answer(id),
                Ripe::Datagrams(id) => self.compose_datagram(id),
                Ripe::Echo(id) => self.compose_echo(id),
            };
            if composed.is_some() {
                return composed;
            }
        }
        None
    }

    /// A segment of a connection, if it has one to send.
    fn compose_segment(&mut self, id: ConnId) -> Option<Composed> {
        let slot = self.connections.get_mut(id)?;
        slot.ready = false;
        let on = Subject::Connection(slot.number);
        let mut cx = Context::new(self.now, &mut self.voice, on);
        let Some(wish) = slot.connection.choose(&cx) else {
            slot.connection.look_at_hold(&mut cx);
            return None;
        };
        if self.device_refuses && slot.connection.is_kept(&mut cx, &wish) {
            slot.connection.look_at_hold(&mut cx);
            self.touch_refused(id);
            return None;
        }
        let segment = slot.connection.build(&cx, &wish);
        let pair = slot.connection.pair();
        let (src, dst) = (pair.local.addr, pair.remote.addr);
        let label = self.secrets.labels.of(&pair, slot.connection.path_doubts());
        // house!("path-mtu-floor"): what is longer than the path carries, routers must cut.
        // RFC 8899 section 3: but not a probe of just that.
        let is_probe = wish.purpose == Purpose::PathProbe;
        let path = self.path_mtus.get(dst).filter(|_| !is_probe);
        let narrower = path.is_some_and(|path| path.narrower);
        let ids = &mut self.identifications;
        let cuttable = dst.is_ipv4() && slot.connection.config().may_be_cut;
        let identification = (narrower || cuttable)
            .then(|| ids.draw(self.now, src, dst, PROTOCOL))
            .flatten();
        let outgoing = Outgoing {
            flow_label: label,
            ..header_of(&slot.connection, &wish, identification, &self.config)
        };
        // What no route leads to is lost, as it would be behind a router that has none.
        let out = match self.device_refuses {
            true => None,
            false => self.routes.interface(dst),
        };
        let link = out.and_then(|out| self.config.link(out));
        let gso = slot.connection.segment_text(&wish);
        let offload = left_to(link, &outgoing, &segment, gso);
        let head_len = emit(&mut self.head, outgoing, &segment, offload);
        let window = segment.window;
        slot.connection.record(&mut cx, &wish, window);
        let (head, connection) = (&self.head, &slot.connection);
        if let Some(interface) = out {
            self.voice
                .tell_because(wish.because, self.now, on, || Event::PacketOut {
                    interface,
                    head: head.get(..head_len).unwrap_or_default(),
                    body: connection.text(&wish),
                    offload,
                    purpose: wish.purpose,
                    why: *wish.why,
                    variables: Some(Variables::Lent(connection)),
                });
        }
        // Its next turn comes after everybody else's.
        self.touch(id);
        Some(Composed {
            head_len,
            body: Body::Text(id, wish),
            offload,
            out,
        })
    }

    /// The SYN,ACK, or another answer, of a half-open connection.
    fn compose_answer(&mut self, id: HalfOpenId) -> Option<Composed> {
        let slot = self.half_open.get_mut(id)?;
        slot.ready = false;
        let (answer, because) = slot.half.answer()?;
        let pair = slot.half.pair();
        let (client, server) = (pair.remote.addr, pair.local.addr);
        let keys = slot.config.fast_open.keys;
        let cookie = self.cookies.make(self.now, keys, client, server);
        let (segment, why) = slot.half.take_answer(self.now, &slot.config, cookie)?;
        let on = Subject::Connection(slot.number);
        let purpose = match answer {
            Answer::SynAck => Purpose::SynAck,
            Answer::SynAckAgain => Purpose::Retransmission(crate::probe::Resent::Syn),
            Answer::Ack => Purpose::ChallengeAck,
        };
        let (src, dst) = (pair.local.addr, pair.remote.addr);
        let label = self.secrets.labels.of(&pair, slot.half.path_doubts());
        let outgoing = Outgoing {
            hop_limit: slot.config.hop_limit.unwrap_or(self.config.hop_limit),
            tos: slot.config.dscp & DSCP,
            ..Outgoing::tcp(src, dst, label)
        };
        let len = emit(&mut self.head, outgoing, &segment, OFFLOAD);
        let composed = self.tell_out(Composed::head(len), because, on, purpose, why);
        self.touch_half_open(id);
        Some(composed)
    }

    /// A reply, or the next fragment of one.
    fn compose_reply(&mut self, reply: Reply) -> Composed {
        let composed = match reply.what {
            Content::Segment {
                pair,
                segment,
                path_doubts,
            } => {
                let (src, dst) = (pair.local.addr, pair.remote.addr);
                let label = self.secrets.labels.of(&pair, path_doubts);
                let outgoing = Outgoing {
                    hop_limit: self.config.hop_limit,
                    ..Outgoing::tcp(src, dst, label)
                };
                Composed::head(emit(&mut self.head, outgoing, &segment, OFFLOAD))
            }
            Content::Parcel(mut parcel) => {
                let nothing = |_| Offloads::NONE;
                let offload = parcel.next_packet(&mut self.reply, nothing);
                if !parcel.is_over() {
                    self.replies.go_on(Reply {
                        what: Content::Parcel(parcel),
                        ..reply
                    });
                }
                Composed::reply(offload)
            }
        };
        self.tell_out(composed, reply.because, reply.on, reply.purpose, reply.why)
    }

    /// Finds out where a packet without text of a connection leaves, and tells that it does.
    pub(super) fn tell_out(
        &mut self,
        composed: Composed,
        because: EventId,
        on: Subject,
        purpose: Purpose,
        why: &'static Why,
    ) -> Composed {
        let head = self.head.get(..composed.head_len).unwrap_or_default();
        let (body, packet) = match composed.body {
            Body::Reply => (&self.reply[..], &self.reply[..]),
            Body::None | Body::Text(..) => (&[][..], head),
        };
        let out = match self.device_refuses {
            true => None,
            false => self.routes.way_of(|| destination(packet)),
        };
        if let Some(interface) = out {
            self.voice
                .tell_because(because, self.now, on, || Event::PacketOut {
                    interface,
                    head,
                    body: Pieces::one(body),
                    offload: composed.offload,
                    purpose,
                    why: *why,
                    variables: None,
                });
        }
        Composed { out, ..composed }
    }
}

impl Composed {
    /// A packet in the first bytes of the scratch.
    fn head(head_len: usize) -> Composed {
        Composed {
            head_len,
            body: Body::None,
            offload: OFFLOAD,
            out: None,
        }
    }

    /// One in the room for replies and datagrams.
    pub(super) fn reply(offload: Offload) -> Composed {
        Composed {
            head_len: 0,
            body: Body::Reply,
            offload,
            out: None,
        }
    }
}

/// Where a packet of ours goes.
fn destination(packet: &[u8]) -> Option<IpAddr> {
    let v4 = || ipv4::parse(packet).map(|(header, _)| header.dst.into());
    let v6 = || ipv6::parse(packet).map(|(header, _)| header.dst.into());
    v4().or_else(|_| v6()).ok()
}

/// The IP header of a segment, but for its flow.
fn header_of(
    connection: &Connection,
    wish: &Wish,
    identification: Option<u32>,
    of_stack: &Config,
) -> Outgoing {
    let (pair, config) = (connection.pair(), connection.config());
    Outgoing {
        dont_fragment: identification.is_none(),
        // The lower half: 16 bits is what IPv4 has.
        identification: identification.unwrap_or_default() as u16,
        hop_limit: config.hop_limit.unwrap_or(of_stack.hop_limit),
        tos: config.dscp & DSCP | connection.codepoint(wish) as u8,
        ..Outgoing::tcp(pair.local.addr, pair.remote.addr, 0)
    }
}

/// What of a segment is left to the device: nothing if there is no text to sum.
fn left_to(
    link: Option<Link>,
    outgoing: &Outgoing,
    segment: &Segment<'_>,
    gso: Option<u16>,
) -> Offload {
    if segment.text.is_empty() || link.is_none_or(|link| !link.offloads.checksum) {
        return OFFLOAD;
    }
    let checksum = Checksum::Partial {
        // Forty bytes at most.
        start: outgoing.header_len() as u16,
        offset: CHECKSUM_AT as u16,
    };
    Offload { checksum, gso }
}

/// Writes IP and TCP header into `head`, with as much of the checksum as the device leaves to us;
/// the text is not copied. Returns how long they are.
fn emit(
    head: &mut [u8; HEAD_MAX],
    outgoing: Outgoing,
    segment: &Segment<'_>,
    offload: Offload,
) -> usize {
    let ip_len = outgoing.header_len();
    let Some((ip, tcp)) = head.split_at_mut_checked(ip_len) else {
        return 0;
    };
    let (src, dst) = (outgoing.src, outgoing.dst);
    let tcp_len = match offload.checksum {
        Checksum::Partial { .. } => segment.emit_header_in_part(src, dst, tcp),
        Checksum::Full | Checksum::Verified => segment.emit_header(src, dst, tcp),
    };
    outgoing.emit(tcp_len + segment.text.len(), ip);
    ip_len + tcp_len
}

/// The longest head: an IPv6 header and a TCP header with all its options.
pub(super) const HEAD_MAX: usize = 40 + HEADER_MAX;

const _: () = assert!(PROTOCOL == 6);
