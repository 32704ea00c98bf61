//! What links lost: of which packets, and how much of each.

use std::collections::HashMap;

use crate::runs::Record;
use crate::why::Log;

/// What links dropped, in bytes, by the packet that it was of.
#[derive(Debug, Default)]
pub struct Losses(HashMap<u64, u64>);

/// What a link did to a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    None,
    /// One that stands for several: some of these got through.
    Part,
    Whole,
}

impl Losses {
    /// All that a log tells.
    pub fn of(log: &Log) -> Losses {
        let mut losses = Losses::default();
        for record in log.records() {
            if record.name == "link:dropped" {
                losses.hear(record);
            }
        }
        losses
    }

    /// A link drops one. A record without a length is of the whole packet.
    pub fn hear(&mut self, dropped: &Record) {
        if let Some(packet) = dropped.number("packet") {
            let bytes = dropped.number("bytes").unwrap_or(u64::MAX);
            let lost = self.0.entry(packet).or_default();
            *lost = lost.saturating_add(bytes);
        }
    }

    /// What became of the packet with this id, and so many bytes of text.
    pub fn fate(&self, id: u64, len: Option<u64>) -> Loss {
        match self.0.get(&id) {
            None => Loss::None,
            Some(lost) if *lost < len.unwrap_or_default() => Loss::Part,
            Some(_) => Loss::Whole,
        }
    }

    /// The same of the packet that a record tells of.
    pub fn fate_of(&self, record: &Record) -> Loss {
        let len = record.number("len");
        record.id.map_or(Loss::None, |id| self.fate(id, len))
    }
}

impl Loss {
    /// It, for people; nothing if there is none.
    pub fn words(self) -> Option<&'static str> {
        match self {
            Loss::None => None,
            Loss::Part => Some("in part lost on the link"),
            Loss::Whole => Some("lost on the link"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(id: u64, name: &str, data: &serde_json::Value) -> Record {
        let json = json!({ "id": id, "time": 1, "name": name, "host": "a", "data": data });
        serde_json::from_str(&json.to_string()).unwrap()
    }

    /// What leaves as one may be cut on the way, and lose one of its pieces.
    #[test]
    fn of_a_packet_that_stands_for_several_a_part_may_be_lost() {
        let sent = |id| record(id, "tcp:segment_sent", &json!({ "len": 2_896 }));
        let mut losses = Losses::default();
        losses.hear(&record(
            9,
            "link:dropped",
            &json!({ "packet": 1, "bytes": 1_500 }),
        ));
        losses.hear(&record(
            9,
            "link:dropped",
            &json!({ "packet": 2, "bytes": 1_500 }),
        ));
        losses.hear(&record(
            9,
            "link:dropped",
            &json!({ "packet": 2, "bytes": 1_500 }),
        ));
        losses.hear(&record(9, "link:dropped", &json!({ "packet": 3 })));
        losses.hear(&record(9, "link:dropped", &json!({ "reason": "random" })));
        let fates = [1, 2, 3, 4].map(|id| losses.fate_of(&sent(id)));
        assert_eq!(fates, [Loss::Part, Loss::Whole, Loss::Whole, Loss::None]);
    }
}
