//! What the bytes of a packet tell that events do not, and which packets' bytes a page keeps.
//!
//! Nothing is judged here: what cannot be read is left out.

/// What the head of a packet tells.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The two ECN bits of the IP header (RFC 3168 section 5).
    pub ecn: Option<u8>,
    /// SEG.ACK as it travelled.
    ack: u32,
    /// The ranges of the SACK option (RFC 2018 section 3), as they travelled.
    ranges: Vec<(u32, u32)>,
}

impl Facts {
    /// Reads the head of an IP packet.
    pub fn of(head: &[u8]) -> Facts {
        let mut facts = Facts::default();
        // Of what is cut off in the middle, what comes before counts.
        let _ = facts.read(head);
        facts
    }

    fn read(&mut self, head: &[u8]) -> Option<()> {
        let first = *head.first()?;
        let (ecn, protocol, payload) = match first >> 4 {
            4 => (
                *head.get(1)?,
                *head.get(9)?,
                head.get(usize::from(first & 15) * 4..),
            ),
            6 => (*head.get(1)? >> 4, *head.get(6)?, head.get(IPV6_HEADER..)),
            _ => return None,
        };
        self.ecn = Some(ecn & 3);
        let segment = payload.filter(|_| protocol == TCP)?;
        self.ack = number(segment, 8)?;
        let length = usize::from(*segment.get(12)? >> 4) * 4;
        let mut options = segment.get(TCP_HEADER..length)?;
        loop {
            match *options.first()? {
                END => return None,
                NO_OPERATION => options = &options[1..],
                kind => {
                    let length = usize::from(*options.get(1)?);
                    let value = options.get(2..length)?;
                    if kind == SACK {
                        let ranges = value.chunks_exact(8);
                        self.ranges.extend(
                            ranges.filter_map(|range| Some((number(range, 0)?, number(range, 4)?))),
                        );
                    }
                    options = &options[length..];
                }
            }
        }
    }

    /// The ranges of the SACK option, counted as `ack` is, which is what its SEG.ACK means.
    pub fn ranges_from(&self, ack: u64) -> impl Iterator<Item = (u64, u64)> {
        let far = move |number: u32| {
            // Less than half of the numbers apart (RFC 9293 section 3.4).
            let apart = i64::from(number.wrapping_sub(self.ack) as i32);
            ack.checked_add_signed(apart)
        };
        let known = self.ranges.iter();
        known.filter_map(move |(start, end)| Some((far(*start)?, far(*end)?)))
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(u32::from_be_bytes(bytes))
}

/// Which packets' bytes a page keeps.
#[derive(Debug, PartialEq, Eq)]
pub enum Kept {
    All,
    /// Those of these.
    Some(Vec<bool>),
}

impl Kept {
    /// All of `count` if that is not too many; else those that are `odd`, and their neighbours.
    pub fn choose(count: usize, odd: impl Fn(usize) -> bool) -> Kept {
        if count <= PACKETS_MOST {
            return Kept::All;
        }
        let mut kept = vec![false; count];
        let mut left = PACKETS_MOST;
        for place in (0..count).filter(|place| odd(*place)) {
            let around = place.saturating_sub(NEIGHBOURS)..count.min(place + NEIGHBOURS + 1);
            for slot in &mut kept[around] {
                if !*slot && left > 0 {
                    *slot = true;
                    left -= 1;
                }
            }
        }
        Kept::Some(kept)
    }

    /// Whether those of the packet at this place are kept.
    pub fn has(&self, place: usize) -> bool {
        match self {
            Kept::All => true,
            Kept::Some(kept) => kept.get(place).copied().unwrap_or_default(),
        }
    }
}

/// Beyond so many, a page keeps the bytes of some packets only.
const PACKETS_MOST: usize = 20_000;
/// How many packets before, and behind, one that is out of the ordinary.
const NEIGHBOURS: usize = 200;

const TCP: u8 = 6;
const TCP_HEADER: usize = 20;
const IPV6_HEADER: usize = 40;
/// Kinds of TCP options (RFC 9293 section 3.1; RFC 2018 section 3).
const END: u8 = 0;
const NO_OPERATION: u8 = 1;
const SACK: u8 = 5;

#[cfg(test)]
mod tests;
