//! What connections are called: `c1` is the first that was opened, at whichever end.

use std::collections::HashMap;
use std::net::SocketAddr;

use crate::observe::conversations::{ConversationId, Conversations};

use super::HostIndex;

/// The numbers of connections, the same at both ends of each.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// By host: what its conversations are called, by their ids.
    known: Vec<HashMap<ConversationId, u64>>,
    /// By pair of sockets, the lower one first.
    lives: HashMap<(SocketAddr, SocketAddr), Vec<Life>>,
    last: u64,
}

/// One life of a pair of sockets.
#[derive(Debug)]
struct Life {
    name: u64,
    told_by: Vec<HostIndex>,
}

impl Names {
    /// What a conversation of a host is called.
    pub fn name(
        &mut self,
        of: HostIndex,
        id: ConversationId,
        conversations: &Conversations,
    ) -> Option<u64> {
        if self.known.len() <= of.0 {
            self.known.resize_with(of.0 + 1, HashMap::new);
        }
        if let Some(name) = self.known.get(of.0)?.get(&id) {
            return Some(*name);
        }
        let conversation = conversations.get(id)?;
        let (local, remote) = (conversation.local, conversation.remote);
        let pair = (local.min(remote), local.max(remote));
        let lives = self.lives.entry(pair).or_default();
        // The other end's newest life, if we have not been told of it yet; or else a new one.
        let untold = lives.iter_mut().find(|life| !life.told_by.contains(&of));
        let name = if let Some(life) = untold {
            life.told_by.push(of);
            life.name
        } else {
            self.last += 1;
            lives.push(Life {
                name: self.last,
                told_by: vec![of],
            });
            self.last
        };
        self.known.get_mut(of.0)?.insert(id, name);
        Some(name)
    }
}
