//! What is told elsewhere than at the host whose packets are captured: by other hosts, and of
//! links. It goes into the same file of events, by the same way and in the same order.

use std::sync::Arc;

use crate::observe::events::{Heard, HostIndex};
use crate::observe::on_link::OnLink;
use crate::observe::packet::Seen;
use crate::probe::{Event, EventId, Observer, Told};

use super::output::{Entry, lock};
use super::{CaptureHandle, To};

/// Hears another host.
#[derive(Debug)]
pub struct Elsewhere {
    to: To,
    of: HostIndex,
    /// The packet that came in last: its ending is told without it.
    came: Option<(EventId, Seen, usize)>,
}

/// Takes what happens on links.
#[derive(Debug)]
pub struct Links(To);

impl CaptureHandle {
    /// Somebody to hear another host; the events have its place among the hosts of the file.
    pub fn elsewhere(&self, of: HostIndex) -> Elsewhere {
        Elsewhere {
            to: self.to(),
            of,
            came: None,
        }
    }

    /// Somebody to tell what happens on links.
    pub fn links(&self) -> Links {
        Links(self.to())
    }

    fn to(&self) -> To {
        match &self.behind {
            Some((queue, _)) => To::Queue(Arc::clone(queue)),
            None => To::Here(Arc::clone(&self.output)),
        }
    }
}

impl Links {
    /// Something happened.
    pub fn tell(&self, what: OnLink) {
        self.0
            .put(Entry::OnLink(Box::new(what)), size_of::<OnLink>());
    }
}

impl Observer for Elsewhere {
    fn told(&mut self, told: &Told<'_>) {
        let ended = self.came.filter(|(id, ..)| told.cause == Some(*id));
        let heard = Heard::of(told, ended.map(|(_, seen, len)| (seen, len)));
        if let Event::PacketIn { .. } = told.event {
            self.came = heard.seen.map(|seen| (told.id, seen, heard.len));
        }
        let entry = Entry::ToldBy(self.of, Box::new(heard));
        self.to.put(entry, size_of::<Heard>());
    }
}

impl To {
    /// Whether there was room.
    pub(super) fn put(&self, entry: Entry, weight: usize) -> bool {
        match self {
            To::Queue(queue) => queue.push(entry, weight),
            To::Here(output) => {
                let mut output = lock(output);
                output.write(entry);
                output.flush();
                true
            }
        }
    }
}
