//! From a frame to the IP packet in it, by the kind of link that it is from.
//!
//! The numbers are those of <https://www.tcpdump.org/linktypes.html>.

/// The IP packet that a frame carries; `None` if it carries something else, or is from a link of
/// a kind that is not known here.
pub fn packet_of(link: u32, frame: &[u8]) -> Option<&[u8]> {
    let packet = match link {
        RAW | RAW_OF_BSD | RAW_OF_OPENBSD | IPV4 | IPV6 => frame,
        ETHERNET => behind_type(frame.get(12..)?)?,
        // An address family, in the order of whoever captured; its values differ, IP's do not.
        NULL | LOOP => frame.get(4..)?,
        COOKED => behind_type(frame.get(14..)?)?,
        COOKED_2 => match frame {
            [t0, t1, _, _, ..] => of_type(u16::from_be_bytes([*t0, *t1]), frame.get(20..)?)?,
            _ => return None,
        },
        PPP => behind_ppp(frame.strip_prefix(&[0xff, 3]).unwrap_or(frame))?,
        _ => return None,
    };
    matches!(packet.first()? >> 4, 4 | 6).then_some(packet)
}

/// What stands behind an EtherType and the tags of virtual LANs.
fn behind_type(bytes: &[u8]) -> Option<&[u8]> {
    let [t0, t1, rest @ ..] = bytes else {
        return None;
    };
    of_type(u16::from_be_bytes([*t0, *t1]), rest)
}

fn of_type(kind: u16, rest: &[u8]) -> Option<&[u8]> {
    let (mut kind, mut rest) = (kind, rest);
    for _ in 0..TAGS_MOST {
        match (kind, rest) {
            (0x0800 | 0x86dd, _) => return Some(rest),
            // IEEE 802.1Q, 802.1ad and what came before it.
            (0x8100 | 0x88a8 | 0x9100, [_, _, t0, t1, after @ ..]) => {
                kind = u16::from_be_bytes([*t0, *t1]);
                rest = after;
            }
            // PPPoE.
            (0x8864, _) => return behind_ppp(rest.get(6..)?),
            _ => return None,
        }
    }
    None
}

fn behind_ppp(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [0x00, 0x21 | 0x57, rest @ ..] | [0x21 | 0x57, rest @ ..] => Some(rest),
        _ => None,
    }
}

const NULL: u32 = 0;
const ETHERNET: u32 = 1;
const PPP: u32 = 9;
const RAW_OF_BSD: u32 = 12;
const RAW_OF_OPENBSD: u32 = 14;
const RAW: u32 = 101;
const LOOP: u32 = 108;
const COOKED: u32 = 113;
const IPV4: u32 = 228;
const IPV6: u32 = 229;
const COOKED_2: u32 = 276;
const TAGS_MOST: usize = 5;

#[cfg(test)]
mod tests;
