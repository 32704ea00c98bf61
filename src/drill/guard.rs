//! Guards: faults that packetdrill cannot see, looked for in every packet of every script.

use std::collections::BTreeSet;

use super::flow::Flows;
use super::live::{Live, LiveBody, LiveTcp};

/// Which guards stand, and what they have seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guards {
    standing: BTreeSet<&'static str>,
    violations: Vec<(&'static str, String)>,
}

impl Guards {
    /// Their names.
    pub const NAMES: [&'static str; 7] = [
        "checksum",
        "wellformed",
        "payload",
        "stray",
        "foreign",
        "panic",
        "invariants",
    ];

    /// All of them.
    pub fn all() -> Guards {
        Guards {
            standing: Guards::NAMES.into(),
            violations: Vec::new(),
        }
    }

    /// None of them.
    pub fn none() -> Guards {
        Guards {
            standing: BTreeSet::new(),
            violations: Vec::new(),
        }
    }

    /// Those of a list with commas, `all` or `none`; an unknown name is returned.
    pub fn listed(list: &str) -> Result<Guards, String> {
        match list {
            "all" => return Ok(Guards::all()),
            "none" => return Ok(Guards::none()),
            _ => {}
        }
        let mut guards = Guards::none();
        for name in list.split(',').map(str::trim) {
            let known = Guards::NAMES.into_iter().find(|known| *known == name);
            guards
                .standing
                .insert(known.ok_or_else(|| name.to_owned())?);
        }
        Ok(guards)
    }

    /// Something is wrong.
    pub fn violate(&mut self, name: &'static str, text: String) {
        if self.standing.contains(name) {
            self.violations.push((name, text));
        }
    }

    /// The first violation.
    pub fn first(&self) -> Option<&(&'static str, String)> {
        self.violations.first()
    }

    /// Looks at a packet that leaves, on a device with this MTU.
    pub fn packet(&mut self, live: &Live, flows: &Flows, mtu: u16) {
        for text in wrong_checksums(live) {
            self.violate("checksum", text.to_owned());
        }
        let peer_mss = flows.owner(live).and_then(|flow| flow.peer_mss);
        for text in misshapen(live, peer_mss, mtu) {
            self.violate("wellformed", text);
        }
        if !flows.is_known(live) {
            let ends = live.ends();
            let whose = ends.map_or_else(
                || live.ip.dst.to_string(),
                |(src, dst)| format!("{src} to {dst}"),
            );
            self.violate(
                "foreign",
                format!("a packet of no connection of the script: {whose}"),
            );
        }
    }
}

fn wrong_checksums(live: &Live) -> Vec<&'static str> {
    let mut wrong = Vec::new();
    if !live.ip.checksum_right {
        wrong.push("the IPv4 header's checksum is wrong");
    }
    let right = match &live.body {
        LiveBody::Tcp(tcp) => tcp.checksum_right,
        LiveBody::Udp { checksum_right, .. } | LiveBody::Icmp { checksum_right, .. } => {
            *checksum_right
        }
        LiveBody::Unread(_) => true,
    };
    if !right {
        wrong.push("the transport's checksum is wrong");
    }
    wrong
}

fn misshapen(live: &Live, peer_mss: Option<u16>, mtu: u16) -> Vec<String> {
    let mut wrong = Vec::new();
    if live.ip.total_len != live.bytes.len() {
        let text = format!(
            "{} bytes, the header says {}",
            live.bytes.len(),
            live.ip.total_len
        );
        wrong.push(text);
    }
    if live.bytes.len() > usize::from(mtu) {
        wrong.push(format!("{} bytes, the MTU is {mtu}", live.bytes.len()));
    }
    match &live.body {
        LiveBody::Unread(what) => wrong.push((*what).to_owned()),
        LiveBody::Tcp(tcp) => wrong.extend(misshapen_segment(tcp, peer_mss)),
        LiveBody::Udp { .. } | LiveBody::Icmp { .. } => {}
    }
    wrong
}

fn misshapen_segment(tcp: &LiveTcp, peer_mss: Option<u16>) -> Vec<String> {
    let mut wrong = Vec::new();
    match tcp.options() {
        None => wrong.push("an option whose length cannot be".to_owned()),
        Some(list) => {
            for (kind, body) in list {
                let fits = match kind {
                    2 => body.len() == 2,
                    3 => body.len() == 1,
                    4 => body.is_empty(),
                    5 => !body.is_empty() && body.len().is_multiple_of(8),
                    8 => body.len() == 8,
                    _ => true,
                };
                if !fits {
                    wrong.push(format!("option {kind} with {} bytes", body.len()));
                }
            }
        }
    }
    if tcp.reserved != 0 {
        wrong.push(format!("reserved bits {:#05b}", tcp.reserved));
    }
    // RFC 9293 section 3.7.1 (MUST-16): what the peer takes counts options and text together.
    let size = tcp.payload.len() + tcp.options.len();
    let limit = peer_mss.map(|mss| usize::from(mss).max(MSS_FLOOR));
    if let Some(limit) = limit.filter(|limit| size > *limit && !tcp.payload.is_empty()) {
        wrong.push(format!(
            "{size} bytes of options and text, the peer takes {limit}"
        ));
    }
    wrong
}

/// house!("mss-floor"): a peer that offers less gets this.
const MSS_FLOOR: usize = 48;

#[cfg(test)]
mod tests;
