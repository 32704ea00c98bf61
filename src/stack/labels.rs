//! Flow labels: RFC 6437 section 3.
//!
//! Routers that know several ways to a destination choose by the label, so that the packets of one
//! flow take one way. Labels are a keyed hash: nobody can foretell them, and nothing is kept.

use crate::base::keyed::Key;
use crate::base::pair::SocketPair;
use crate::wire::ipv6::FLOW_LABEL_MASK;

/// Chooses the labels of all flows.
#[derive(Debug)]
pub(super) struct Labels(Key);

impl Labels {
    pub fn new(key: [u8; 16]) -> Labels {
        Labels(Key::new(key))
    }

    /// The label of a flow whose path has been doubted so often: 20 bits, 0 for IPv4.
    ///
    /// RFC 6437 section 3: "the same value chosen from an approximation to a discrete uniform
    /// distribution" for all packets of a flow. house!("flow-label"): each doubt makes another flow
    /// of it.
    pub fn of(&self, pair: &SocketPair, doubts: u32) -> u32 {
        if pair.remote.addr.is_ipv4() {
            return 0;
        }
        let mut block = [0; SocketPair::LEN + size_of::<u32>()];
        let (flow, doubted) = block.split_at_mut(SocketPair::LEN);
        flow.copy_from_slice(&pair.bytes());
        doubted.copy_from_slice(&doubts.to_be_bytes());
        // Zero would say that there is no label.
        let labels = u64::from(FLOW_LABEL_MASK);
        (self.0.hash(&block) % labels) as u32 + 1
    }
}
