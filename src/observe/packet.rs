//! What can be seen of a packet: addresses, and of TCP what a line of text has room for.
//!
//! For people only. Nothing is judged here: checksums are not looked at, and what cannot be read
//! is left out.

use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};

use crate::base::{Checksum, SeqNum};
use crate::wire::cookie::Cookie;
use crate::wire::{Flags, Segment, icmp, ipv4, ipv6, tcp, udp};

/// A packet, as far as it can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Who sent it, by its own word.
    pub src: IpAddr,
    /// To whom.
    pub dst: IpAddr,
    /// The protocol it carries.
    pub protocol: u8,
    /// Both ports, if it is a whole UDP datagram or TCP segment.
    pub ports: Option<(u16, u16)>,
    /// The segment, if it is one.
    pub segment: Option<SegmentSeen>,
}

/// A TCP segment without its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentSeen {
    /// SEG.SEQ.
    pub seq: SeqNum,
    /// SEG.ACK.
    pub ack: Option<SeqNum>,
    /// The control bits.
    pub flags: Flags,
    /// SEG.WND, not scaled.
    pub window: u16,
    /// Bytes of text.
    pub text: u32,
    /// The options, as far as a line shows them.
    pub mss: Option<u16>,
    /// The shift count.
    pub window_scale: Option<u8>,
    /// Whether it says that its sender can take selective acknowledgments.
    pub sack_permitted: bool,
    /// Whether it has timestamps.
    pub timestamps: bool,
    /// How many ranges it acknowledges selectively.
    pub sack_blocks: u8,
    /// The Fast Open cookie, empty if it asks for one.
    pub fast_open: Option<Cookie>,
}

impl Seen {
    /// Reads what `head` holds of a packet that goes on for `behind` more bytes. `None` if that is
    /// not an IP header.
    pub fn of(head: &[u8], behind: usize) -> Option<Seen> {
        let (src, dst, protocol, payload) = internet_layer(head)?;
        let mut seen = Seen {
            src,
            dst,
            protocol,
            ports: None,
            segment: None,
        };
        // A fragment from the middle has no payload that can be read.
        let Some(payload) = payload else {
            return Some(seen);
        };
        if protocol == tcp::PROTOCOL {
            let segment = Segment::parse(src, dst, payload, Checksum::Verified).ok()?;
            seen.ports = Some((segment.ports.src, segment.ports.dst));
            seen.segment = Some(SegmentSeen::of(&segment, behind));
        } else if protocol == udp::PROTOCOL
            && let Ok(datagram) = udp::Datagram::parse(src, dst, payload, Checksum::Verified)
        {
            seen.ports = Some((datagram.ports.src, datagram.ports.dst));
        }
        Some(seen)
    }

    /// The sender's socket, and the receiver's.
    pub fn sockets(&self) -> Option<(SocketAddr, SocketAddr)> {
        let (src, dst) = self.ports?;
        Some((
            SocketAddr::new(self.src, src),
            SocketAddr::new(self.dst, dst),
        ))
    }

    /// `10.90.0.2:40000 > 203.0.113.10:443`, without ports if there are none.
    pub fn way(&self) -> String {
        match self.sockets() {
            Some((src, dst)) => format!("{src} > {dst}"),
            None => format!("{} > {}", self.src, self.dst),
        }
    }

    /// The protocol's name, or its number.
    pub fn protocol_name(&self) -> String {
        match self.protocol {
            tcp::PROTOCOL => "TCP".into(),
            udp::PROTOCOL => "UDP".into(),
            icmp::PROTOCOL_V4 => "ICMP".into(),
            icmp::PROTOCOL_V6 => "ICMPv6".into(),
            other => format!("protocol {other}"),
        }
    }
}

/// Addresses, the payload's protocol, and the payload if it begins here.
type InternetLayer<'a> = (IpAddr, IpAddr, u8, Option<&'a [u8]>);

fn internet_layer(head: &[u8]) -> Option<InternetLayer<'_>> {
    if let Ok((header, payload)) = ipv4::parse_quoted(head) {
        let payload = (header.fragment_offset == 0).then_some(payload);
        let (src, dst) = (header.src.into(), header.dst.into());
        return Some((src, dst, header.protocol, payload));
    }
    let (header, payload) = ipv6::parse_quoted(head).ok()?;
    let mut walk = header.extensions(payload);
    let mut begins_here = true;
    // Each step takes at least eight bytes of the packet, so the walk ends.
    while begins_here {
        match walk.step() {
            Ok(Some(ipv6::Extension::Fragment { offset, .. })) if offset > 0 => begins_here = false,
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(_) => begins_here = false,
        }
    }
    let payload = begins_here.then_some(walk.rest());
    Some((
        header.src.into(),
        header.dst.into(),
        walk.next_header(),
        payload,
    ))
}

impl SegmentSeen {
    fn of(segment: &Segment<'_>, behind: usize) -> SegmentSeen {
        let options = &segment.options;
        SegmentSeen {
            seq: segment.seq,
            ack: segment.ack,
            flags: segment.flags,
            window: segment.window,
            // A packet is shorter than 2^32.
            text: (segment.text.len() + behind) as u32,
            mss: options.mss,
            window_scale: options.window_scale,
            sack_permitted: options.sack_permitted,
            timestamps: options.timestamps.is_some(),
            // At most four fit.
            sack_blocks: options.sack().len() as u8,
            fast_open: options.fast_open(),
        }
    }

    /// `SYN,ACK seq 0 ack 1 win 65535 mss 1460`. Sequence numbers are counted from the sender's
    /// initial one, acknowledgments from the receiver's, as far as they are known; so the first
    /// byte of text is 1, as in Wireshark.
    pub fn describe(&self, sender: Option<SeqNum>, receiver: Option<SeqNum>) -> String {
        let from =
            |number: SeqNum, initial: Option<SeqNum>| number.since(initial.unwrap_or(SeqNum(0)));
        let mut line = self.flags.to_string().replace(", ", ",");
        let first = from(self.seq, sender);
        // Writing to a string cannot fail.
        let _ = match self.text {
            0 => write!(line, " seq {first}"),
            len => write!(
                line,
                " seq {first}..{} ({len} B)",
                first.wrapping_add(len - 1)
            ),
        };
        if let Some(ack) = self.ack {
            let _ = write!(line, " ack {}", from(ack, receiver));
        }
        let _ = write!(line, " win {}", self.window);
        if let Some(mss) = self.mss {
            let _ = write!(line, " mss {mss}");
        }
        if let Some(shift) = self.window_scale {
            let _ = write!(line, " wscale {shift}");
        }
        if self.sack_permitted {
            line.push_str(" sack-permitted");
        }
        if self.timestamps && self.flags.has(Flags::SYN) {
            line.push_str(" timestamps");
        }
        if self.sack_blocks > 0 {
            let _ = write!(line, " sack-blocks {}", self.sack_blocks);
        }
        match self.fast_open {
            Some(cookie) if cookie.is_request() => line.push_str(" cookie-request"),
            Some(cookie) => {
                let _ = write!(line, " cookie {cookie}");
            }
            None => {}
        }
        line
    }
}

#[cfg(test)]
mod tests;
