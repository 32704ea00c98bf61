//! Fragments on their way in: kept until their datagram is whole, and given up in time.

use crate::base::Offload;
use crate::ip::icmp::Owed;
use crate::ip::reassembly::{Fragment, Taken};
use crate::ip::receive::{self, Verdict};
use crate::probe::{Accepted, Drop, Event, Subject};
use crate::{house, rfc};

use super::Stack;

impl Stack {
    /// A fragment; its ending is its own, or, if it was the last one missing, its datagram's.
    pub(super) fn take_fragment(&mut self, fragment: &Fragment<'_>) {
        let before = self.reassembly.gave_way();
        let taken = self.reassembly.take(self.now, fragment);
        if self.reassembly.gave_way() != before {
            self.voice.tell(self.now, Subject::Stack, || Event::Noted {
                by: house!("reassembly-memory"),
                text: "too much waits for its other fragments: the oldest gives way",
            });
        }
        match taken {
            Taken::Kept => self.end(Subject::Stack, Accepted::Fragment.into()),
            Taken::Dropped(why) => self.end(Subject::Stack, why.into()),
            Taken::Whole(packet) => self.take_whole(&packet),
        }
        self.await_fragments();
    }

    /// A packet made of fragments goes the way of every other, but for one thing.
    fn take_whole(&mut self, packet: &[u8]) {
        match receive::receive(packet, &self.addresses) {
            // Nothing is cut twice: one that is would have no end.
            Verdict::Fragment(_) => self.end(Subject::Stack, Drop::BadFragment.into()),
            verdict => self.carry_out(&verdict, packet, Offload::default()),
        }
    }

    /// Some datagram's time is over.
    pub(super) fn fragments_due(&mut self) {
        while let Some(first) = self.reassembly.expire(self.now) {
            self.voice.tell(self.now, Subject::Stack, || Event::Noted {
                by: rfc!(8200, "4.5"),
                text: "not all fragments came within 60 seconds: the others are dropped",
            });
            // RFC 1122 section 3.3.2, RFC 8200 section 4.5: whoever sent the first one is told.
            if let Some(first) = first {
                self.owe_error(&Owed::ReassemblyTimeExceeded, &first);
            }
        }
        self.await_fragments();
    }

    /// Sets the timer by the datagram that is given up first.
    fn await_fragments(&mut self) {
        let deadline = self.reassembly.deadline();
        self.wheel.set(self.fragments, deadline);
    }
}
