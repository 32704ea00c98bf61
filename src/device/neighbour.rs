//! The neighbour at the other end of an Ethernet wire: who it is, and what it asks of us.
//!
//! A wire of two ends has one neighbour, so there is no table: whoever a frame comes from is it,
//! and if its address changes, the next frame says so (RFC 1122 section 2.3.2.1 wants a way to
//! flush what is out of date). Its questions for our addresses, by ARP or by RFC 4861, are
//! answered; all else that is not an IP packet ends here.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::wire::ethernet::{Arp, HEADER_LEN, Header, Kind, Mac, Operation};
use crate::wire::neighbour::{self, Advertisement, Discovery, Solicitation};

/// Our end of the wire, and what we know of the other.
#[derive(Debug)]
pub(super) struct Neighbour {
    mac: Mac,
    ours: Vec<IpAddr>,
    /// The neighbour's MAC in the low 48 bits; 0 while it is unknown.
    peer: AtomicU64,
    question: Vec<u8>,
}

/// What became of a frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken<'f> {
    /// It carries this packet.
    Packet(&'f [u8]),
    /// It asks, and this frame is the answer.
    Answer(Vec<u8>),
    /// It ends here.
    Nothing,
}

impl Neighbour {
    /// For an interface of ours with these addresses, when the other end has the address `theirs`.
    ///
    /// # Errors
    ///
    /// `InvalidInput`: there is none of ours to ask from, none of the same family.
    pub(super) fn new(mac: Mac, ours: &[IpAddr], theirs: IpAddr) -> io::Result<Neighbour> {
        let question = ours.iter().find_map(|&from| question(mac, from, theirs));
        let question = question.ok_or_else(|| {
            let text = format!("no address of ours could ask for {theirs}");
            io::Error::new(io::ErrorKind::InvalidInput, text)
        })?;
        Ok(Neighbour {
            mac,
            ours: ours.to_vec(),
            peer: AtomicU64::new(0),
            question,
        })
    }

    /// The neighbour's MAC, once a frame has come from it.
    pub(super) fn peer(&self) -> Option<Mac> {
        match self.peer.load(Ordering::Relaxed).to_be_bytes() {
            [0, 0, 0, 0, 0, 0, 0, 0] => None,
            [_, _, a, b, c, d, e, f] => Some(Mac([a, b, c, d, e, f])),
        }
    }

    /// The frame that asks for the neighbour.
    pub(super) fn question(&self) -> &[u8] {
        &self.question
    }

    /// The header of a frame to `peer` for a packet that begins with `first`.
    pub(super) fn header(&self, peer: Mac, first: u8) -> [u8; HEADER_LEN] {
        let kind = if first >> 4 == 6 {
            Kind::Ipv6
        } else {
            Kind::Ipv4
        };
        self.header_of(peer, kind)
    }

    /// Looks at a frame that came in.
    pub(super) fn take<'f>(&self, frame: &'f [u8]) -> Taken<'f> {
        let Ok((header, payload)) = Header::parse(frame) else {
            return Taken::Nothing;
        };
        if header.src == self.mac || !(header.dst == self.mac || header.dst.is_group()) {
            return Taken::Nothing;
        }
        self.learn(header.src);
        let answer = match header.kind {
            Kind::Ipv4 => return Taken::Packet(payload),
            Kind::Ipv6 => match neighbour::read(payload) {
                None => return Taken::Packet(payload),
                Some(Discovery::Solicitation(asked)) => self.advertise(header.src, asked),
                Some(Discovery::Other) => None,
            },
            Kind::Arp => Arp::parse(payload).ok().and_then(|arp| self.reply(arp)),
            Kind::Other(_) => None,
        };
        answer.map_or(Taken::Nothing, Taken::Answer)
    }

    fn learn(&self, mac: Mac) {
        if !mac.is_group() {
            let [a, b, c, d, e, f] = mac.0;
            let packed = u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
            self.peer.store(packed, Ordering::Relaxed);
        }
    }

    /// RFC 826: a question for an address of ours is turned round.
    fn reply(&self, asked: Arp) -> Option<Vec<u8>> {
        let (_, target) = asked.target;
        if asked.operation != Operation::Request || !self.has(target.into()) {
            return None;
        }
        let reply = Arp {
            operation: Operation::Reply,
            sender: (self.mac, target),
            target: asked.sender,
        };
        Some(self.frame(asked.sender.0, Kind::Arp, &reply.to_bytes()))
    }

    fn advertise(&self, asker: Mac, asked: Solicitation) -> Option<Vec<u8>> {
        if !self.has(asked.target.into()) {
            return None;
        }
        let answer = Advertisement {
            target: asked.target,
            to: asked.from,
        };
        let dst = if answer.to().is_multicast() {
            Mac::of_group(answer.to())
        } else {
            asker
        };
        Some(self.frame(dst, Kind::Ipv6, &answer.to_packet(self.mac)))
    }

    fn has(&self, ip: IpAddr) -> bool {
        self.ours.contains(&ip)
    }

    fn header_of(&self, dst: Mac, kind: Kind) -> [u8; HEADER_LEN] {
        let src = self.mac;
        Header { dst, src, kind }.to_bytes()
    }

    fn frame(&self, dst: Mac, kind: Kind, payload: &[u8]) -> Vec<u8> {
        [&self.header_of(dst, kind)[..], payload].concat()
    }
}

/// The frame by which `from`, at `mac`, asks who has `target`; `None` for different families.
fn question(mac: Mac, from: IpAddr, target: IpAddr) -> Option<Vec<u8>> {
    let (dst, kind, payload) = match (from, target) {
        (IpAddr::V4(from), IpAddr::V4(target)) => {
            (Mac::BROADCAST, Kind::Arp, arp_request(mac, from, target))
        }
        (IpAddr::V6(from), IpAddr::V6(target)) => {
            let asked = Solicitation { from, target };
            let dst = Mac::of_group(asked.to());
            (dst, Kind::Ipv6, asked.to_packet(mac))
        }
        _ => return None,
    };
    let header = Header {
        dst,
        src: mac,
        kind,
    };
    Some([&header.to_bytes()[..], &payload].concat())
}

fn arp_request(mac: Mac, from: Ipv4Addr, target: Ipv4Addr) -> Vec<u8> {
    let request = Arp {
        operation: Operation::Request,
        sender: (mac, from),
        target: (Mac::UNKNOWN, target),
    };
    request.to_bytes().to_vec()
}

#[cfg(test)]
mod tests;
