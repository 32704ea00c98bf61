//! Every question that left and what came back, as it passed the sockets.
//!
//! A resolver answers with records; how it came by them is told here: whom it asked, over what,
//! what the answer meant, and how long it took.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::tokio::time::Instant;
use hickory_resolver::proto::op::Message;

/// One question, and its answer if there was one.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Who was asked.
    pub server: SocketAddr,
    /// From where.
    pub local: SocketAddr,
    /// What carried it.
    pub over: Transport,
    /// When it was asked.
    pub asked: Instant,
    /// The question.
    pub query: Message,
    /// The answer; `None`: none came while anybody waited.
    pub reply: Option<Reply>,
    /// Messages that came to the same place and were no answer to it: too late, or forged.
    pub strays: u32,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    /// How long it took.
    pub after: Duration,
    /// Its length, in octets.
    pub len: usize,
    /// What it says; `None`: it cannot be read.
    pub message: Option<Message>,
}

/// What carried a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// A datagram.
    Udp,
    /// A connection.
    Tcp,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
        })
    }
}

/// Whoever wants to know of exchanges: called once for each, when it is over.
#[derive(Clone)]
pub struct Watch(Option<Arc<dyn Fn(Exchange) + Send + Sync>>);

impl Watch {
    /// Calls `told`.
    pub fn new(told: impl Fn(Exchange) + Send + Sync + 'static) -> Watch {
        Watch(Some(Arc::new(told)))
    }

    /// Calls nobody: then no message is looked into.
    pub fn none() -> Watch {
        Watch(None)
    }

    fn tell(&self, exchange: Exchange) {
        if let Some(told) = &self.0 {
            told(exchange);
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}

/// All exchanges of a lookup, kept.
#[derive(Debug, Clone, Default)]
pub struct Walk(Arc<Mutex<Vec<Exchange>>>);

impl Walk {
    /// What fills it.
    pub fn watch(&self) -> Watch {
        let walk = self.clone();
        Watch::new(move |exchange| walk.lock().push(exchange))
    }

    /// What is in it, in the order in which it was asked; it is empty then.
    pub fn take(&self) -> Vec<Exchange> {
        let mut all = std::mem::take(&mut *self.lock());
        all.sort_by_key(|exchange| exchange.asked);
        all
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Exchange>> {
        self.0.lock().unwrap_or_else(|held| held.into_inner())
    }
}

/// Questions on one socket that wait for their answers. Those that wait when it is dropped have
/// got none.
pub(super) struct Pending {
    watch: Watch,
    over: Transport,
    local: SocketAddr,
    server: SocketAddr,
    waiting: Vec<Exchange>,
}

impl Pending {
    pub fn new(watch: Watch, over: Transport, local: SocketAddr, server: SocketAddr) -> Pending {
        Pending {
            watch,
            over,
            local,
            server,
            waiting: Vec::new(),
        }
    }

    /// A message left.
    pub fn asked(&mut self, message: &[u8]) {
        if self.watch.0.is_none() {
            return;
        }
        // What our own side wrote can be read.
        let Ok(query) = Message::from_vec(message) else {
            return;
        };
        self.waiting.push(Exchange {
            server: self.server,
            local: self.local,
            over: self.over,
            asked: Instant::now(),
            query,
            reply: None,
            strays: 0,
        });
    }

    /// A message came. Which question it answers its id says (RFC 1035 section 4.1.1), and the
    /// question in it must be the same.
    pub fn heard(&mut self, message: &[u8]) {
        let id = message.first_chunk::<2>().map(|id| u16::from_be_bytes(*id));
        let answers = |exchange: &Exchange| Some(exchange.query.id) == id;
        let Some(index) = self.waiting.iter().position(answers) else {
            return self.stray();
        };
        let read = Message::from_vec(message).ok();
        let asked = &self.waiting[index].query.queries;
        if read.as_ref().is_some_and(|read| read.queries != *asked) {
            return self.stray();
        }
        let mut exchange = self.waiting.swap_remove(index);
        exchange.reply = Some(Reply {
            after: exchange.asked.elapsed(),
            len: message.len(),
            message: read,
        });
        self.watch.tell(exchange);
    }

    fn stray(&mut self) {
        if let Some(exchange) = self.waiting.last_mut() {
            exchange.strays += 1;
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        for exchange in self.waiting.drain(..) {
            self.watch.tell(exchange);
        }
    }
}
