//! The queues of links over time, as far as links tell.

use serde::Serialize;

use crate::runs::Record;

use super::column::Column;

/// One queue: a link, one way.
#[derive(Debug, Default, Serialize)]
pub struct Queue {
    pub link: String,
    pub way: String,
    pub t: Column,
    pub bytes: Column,
    pub packets: Column,
}

/// All queues, in the order in which they were first told of.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Links(pub Vec<Queue>);

impl Links {
    /// Takes a `link:queue_updated`.
    pub fn take(&mut self, record: &Record) {
        let word = |name: &str| record.text(name).unwrap_or_default();
        let (link, way) = (word("link"), word("way"));
        let known = |queue: &Queue| queue.link == link && queue.way == way;
        let place = self.0.iter().position(known).unwrap_or_else(|| {
            self.0.push(Queue {
                link: link.to_owned(),
                way: way.to_owned(),
                ..Queue::default()
            });
            self.0.len() - 1
        });
        let queue = &mut self.0[place];
        queue.t.push(record.time.as_nanos());
        queue.bytes.push(record.number("bytes"));
        queue.packets.push(record.number("packets"));
    }
}
