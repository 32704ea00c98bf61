//! Several live segments as one line's packet.
//!
//! Scripts written for a kernel show a burst as one long packet, because there the device cuts it.
//! A stack that cuts segments itself satisfies such a line with as many as it takes, if each
//! continues the one before it and differs in nothing that a device would not change.

use super::live::{Live, LiveTcp};
use super::syntax::Flags;

/// What a line is compared with: one live packet, or several as one.
#[derive(Debug, Clone)]
pub struct Seen {
    /// In the order in which they left; at least one.
    pub parts: Vec<Live>,
    /// The packet: the last one's headers, options and time; the first one's sequence number and
    /// CWR; all text.
    pub whole: Live,
}

impl Seen {
    /// One packet alone.
    pub fn one(live: Live) -> Seen {
        Seen {
            parts: vec![live.clone()],
            whole: live,
        }
    }

    /// How much text it has.
    pub fn text_len(&self) -> usize {
        self.whole.tcp().map_or(0, |tcp| tcp.payload.len())
    }

    /// Takes the next one in.
    ///
    /// # Errors
    ///
    /// The field in which it does not go on from the one before.
    pub fn join(&mut self, next: Live, marked: bool) -> Result<(), &'static str> {
        let Some(last) = self.parts.last() else {
            return Err("order");
        };
        let (Some(before), Some(after)) = (last.tcp(), next.tcp()) else {
            return Err("protocol");
        };
        if let Some(field) = parts_in(last, &next, before, after, marked) {
            return Err(field);
        }
        // All but the last carry equally much.
        let size = self.parts[0].tcp().map_or(0, |tcp| tcp.payload.len());
        if before.payload.len() != size {
            return Err("length");
        }
        let mut whole = next.clone();
        if let (Some(old), super::live::LiveBody::Tcp(tcp)) = (self.whole.tcp(), &mut whole.body) {
            tcp.seq = old.seq;
            tcp.flags = tcp.flags & !Flags::CWR | old.flags & Flags::CWR;
            tcp.payload.splice(0..0, old.payload.iter().copied());
        }
        self.whole = whole;
        self.parts.push(next);
        Ok(())
    }

    /// Pure acknowledgments that stand before the text: packetdrill does not see them.
    pub fn swallowed(&self) -> usize {
        let empty = |part: &&Live| part.tcp().is_some_and(|tcp| tcp.payload.is_empty());
        match self.text_len() {
            0 => 0,
            _ => self.parts.iter().filter(empty).count(),
        }
    }
}

/// The field in which `next` does not follow `last`.
fn parts_in(
    last: &Live,
    next: &Live,
    before: &LiveTcp,
    after: &LiveTcp,
    marked: bool,
) -> Option<&'static str> {
    let LiveTcp {
        src,
        dst,
        seq,
        ack,
        data_offset,
        flags,
        ae,
        reserved,
        window,
        urgent,
        options: _,
        payload: _,
        checksum_right: _,
    } = after;
    const FREE: u8 = Flags::FIN | Flags::PSH | Flags::CWR;
    let follows = before.seq.wrapping_add(before.payload.len() as u32);
    let checks = [
        ("protocol", next.ip.protocol == last.ip.protocol),
        ("ecn", !marked || next.ip.tos == last.ip.tos),
        ("ttl", next.ip.ttl == last.ip.ttl),
        ("flow label", next.ip.flow == last.ip.flow),
        ("ports", (*src, *dst) == (before.src, before.dst)),
        ("data offset", *data_offset == before.data_offset),
        ("flags", flags & !FREE == before.flags & !FREE),
        ("AE", *ae == before.ae),
        ("reserved bits", *reserved == before.reserved),
        ("seq", *seq == follows),
        ("ack", *ack == before.ack),
        ("win", *window == before.window),
        ("urg", *urgent == before.urgent),
    ];
    checks
        .iter()
        .find(|(_, same)| !same)
        .map(|(field, _)| *field)
}

#[cfg(test)]
mod tests;
