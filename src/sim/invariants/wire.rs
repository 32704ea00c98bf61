//! I-WIRE: what a packet must be like whoever it is for.

use crate::base::{Checksum, Offload, Pieces};
use crate::sim::reading::{ICMP_V4, ICMP_V6, Reading, TCP, read, sums_are_begun, sums_are_right};

use super::Wrong;

/// Reads a packet that leaves.
pub(super) fn check(
    head: &[u8],
    body: Pieces<'_>,
    offload: Offload,
    mtu: u16,
) -> Result<Reading, Wrong> {
    let len = head.len() + body.len();
    let wrong = |what: &str| ("I-WIRE", format!("a packet of {len} bytes has {what}"));
    // A reply that belongs to no connection comes whole, behind an empty head.
    let (head, body) = match head {
        [] => (body.0, Pieces::one(body.1)),
        head => (head, body),
    };
    let reading = read(head, len).map_err(wrong)?;
    let is_right = match offload.checksum {
        Checksum::Partial { start, offset } => {
            sums_are_begun(&reading, head, usize::from(start) + usize::from(offset))
        }
        Checksum::Full | Checksum::Verified => sums_are_right(&reading, head, body),
    };
    if !is_right {
        return Err(wrong("a wrong checksum"));
    }
    // What the device makes of it has the same headers.
    let carried_len = match offload.gso {
        Some(size) => head.len() + usize::from(size),
        None => len,
    };
    if carried_len > usize::from(mtu) || len > usize::from(u16::MAX) {
        let what = format!("{carried_len} bytes, and {len} in all, for an MTU of {mtu}");
        return Err(("I-WIRE", what));
    }
    if offload.gso.is_some_and(|size| body.len() <= size.into()) {
        return Err(wrong("no more than one segment for the device to cut"));
    }
    if reading.hop_limit == 0 {
        return Err(wrong("no hop left"));
    }
    // RFC 8200 section 4.5: the fragment header begins with what follows it.
    let carried = match reading.src.is_ipv4() {
        true => reading.protocol,
        false => head.get(reading.payload_at).copied().unwrap_or_default(),
    };
    if reading.is_fragment && carried == TCP {
        return Err(wrong("been cut"));
    }
    Ok(reading)
}

/// Whether a packet may leave because of another that came in.
pub(super) fn check_answer(answer: &Reading, question: &Reading) -> Result<(), Wrong> {
    // RFC 9293 section 3.5.2: a reset is never answered by a reset.
    let resets = |reading: &Reading| reading.segment.is_some_and(|segment| segment.rst());
    if resets(answer) && resets(question) {
        return Err(("I-WIRE", "a reset answers a reset".to_owned()));
    }
    // RFC 1122 section 3.2.2, RFC 4443 section 2.4 (e): about what none may be sent.
    let exempt = is_icmp_error(question) || question.dst.is_multicast() || question.is_fragment;
    if is_icmp_error(answer) && exempt {
        let what = "an ICMP error about a packet that nobody may complain of";
        return Err(("I-WIRE", what.to_owned()));
    }
    Ok(())
}

fn is_icmp_error(reading: &Reading) -> bool {
    match (reading.protocol, reading.icmp_type) {
        // RFC 792: unreachable, source quench, redirect, time exceeded, parameter problem.
        (ICMP_V4, Some(kind)) => matches!(kind, 3 | 4 | 5 | 11 | 12),
        // RFC 4443 section 2.1: error messages have the high bit clear.
        (ICMP_V6, Some(kind)) => kind < 128,
        _ => false,
    }
}
