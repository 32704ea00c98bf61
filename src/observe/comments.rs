//! What a capture says of a packet: two comments, one for people and one for programs.
//!
//! `why: the third duplicate ACK (RFC 5681 3.2)` or `disposition: accepted, text in order
//! (RFC 9293 3.10.7.4)`, and then `pellucid {...}`: one flat JSON object whose keys are those that
//! `docs` and filters speak of. It holds numbers and words of ours, none of them with a quotation
//! mark, so a pattern can take it apart.

use serde::Serialize;

use crate::probe::{Purpose, Snapshot};

use super::frames::{Frame, Part, What};
use super::pcapng::Direction;
use super::words;

/// Which packets get comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Comments {
    /// Every packet.
    #[default]
    All,
    /// Those that are more than text or an acknowledgment of it.
    Decisions,
    /// None.
    None,
}

impl Comments {
    /// The comments on a packet, with what its connection knew afterwards.
    pub fn on(self, frame: &Frame, variables: Option<&Snapshot>) -> Vec<String> {
        let wanted = match self {
            Comments::All => true,
            Comments::Decisions => !frame.what.is_ordinary(),
            Comments::None => false,
        };
        if !wanted {
            return Vec::new();
        }
        vec![for_people(frame), for_programs(frame, variables)]
    }
}

fn for_people(frame: &Frame) -> String {
    let mut text = in_words(&frame.what);
    let direction = frame.what.direction();
    if let Some(Part { number, of }) = frame.part {
        let how = match direction {
            Direction::Out => "sent",
            Direction::In => "received",
        };
        let part = format!("; offloaded: part {number} of {of} of a super-segment {how} at once");
        text.push_str(&part);
    } else if let Some(size) = frame.offload.gso {
        let text_len = frame.segment.map_or(0, |segment| segment.text);
        let count = text_len.div_ceil(u32::from(size).max(1));
        text.push_str(&match direction {
            Direction::Out => format!("; offloaded: the device cuts it into {count} of {size} B"),
            Direction::In => format!("; offloaded: it stands for {count} of {size} B"),
        });
    }
    text
}

fn in_words(what: &What) -> String {
    match *what {
        What::Out { why, .. } => format!("why: {} ({})", why.text, why.by),
        What::In { ending, by } => {
            let (disposition, reason) = (words::disposition(ending), words::reason(ending));
            format!("disposition: {disposition}, {reason} ({by})")
        }
        What::Unexplained => "disposition: unexplained, nothing said how it ended".into(),
    }
}

fn for_programs(frame: &Frame, variables: Option<&Snapshot>) -> String {
    let (rfc, retransmit) = match frame.what {
        What::Out { purpose, why } => (Some(words::clause(why.by)), resent(purpose)),
        What::In { by, .. } => (Some(words::clause(by)), None),
        What::Unexplained => (None, None),
    };
    let facts = Facts {
        id: frame.id.0.get(),
        cause: frame.cause.map(|cause| cause.0.get()),
        state: variables
            .map(|known| known.state)
            .or(frame.state)
            .map(|state| state.name()),
        cwnd: variables.map(|known| known.cwnd),
        ssthresh: variables.and_then(|known| known.ssthresh),
        inflight: variables.map(|known| known.in_flight),
        srtt_us: variables
            .and_then(|known| known.srtt)
            .map(|srtt| srtt.as_micros()),
        rto_ms: variables.map(|known| known.rto.as_millis()),
        rcv_wnd: variables.map(|known| known.rcv_wnd),
        mss: variables.map(|known| known.mss),
        rfc,
        retransmit,
        gso: frame.offload.gso,
        part: frame.part.map(|part| part.number),
        parts: frame.part.map(|part| part.of),
        csum: words::checksum(frame.offload.checksum),
    };
    // Numbers and strings under fixed names: there is nothing that JSON could not hold.
    let json = serde_json::to_string(&facts).unwrap_or_default();
    format!("pellucid {json}")
}

fn resent(purpose: Purpose) -> Option<&'static str> {
    match purpose {
        Purpose::Retransmission(how) => Some(words::resent(how)),
        _ => None,
    }
}

/// The object of the second comment. What is not known, or is infinite, is left out.
#[derive(Debug, Serialize)]
struct Facts {
    id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cwnd: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ssthresh: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inflight: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    srtt_us: Option<u128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rto_ms: Option<u128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rcv_wnd: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mss: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rfc: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retransmit: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gso: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parts: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    csum: Option<&'static str>,
}

#[cfg(test)]
mod tests;
