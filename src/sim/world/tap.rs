//! Whoever listens to what happens to packets on links.

use std::fmt::Debug;

use crate::observe::on_link::Happened;
use crate::sim::book::Note;
use crate::sim::parcel::Parcel;

use super::{LinkId, Node, Way, World};

/// Hears what happens on links, in order, and can answer nothing.
pub trait Tap: Debug + Send {
    /// On one way of a link something happened.
    fn happened(&mut self, link: LinkId, way: Way, note: &Note);
}

impl World {
    /// From here on somebody listens to all links that there are.
    pub fn listen(&mut self, tap: Box<dyn Tap>) {
        for wire in &mut self.pipes {
            wire.pipe.book.open();
        }
        self.tap = Some(tap);
    }

    /// Tells what was written down of a way.
    pub(super) fn tell_notes(&mut self, index: usize) {
        let Some(tap) = &mut self.tap else {
            return;
        };
        for note in self.pipes[index].pipe.book.read() {
            let (link, way) = way_of(index);
            tap.happened(link, way, &note);
        }
    }

    /// Tells that a packet comes out of a way; its host is going to tell of it next.
    pub(super) fn tell_arrival(&mut self, index: usize, node: usize, parcel: &Parcel) {
        let Some(tap) = &mut self.tap else {
            return;
        };
        let received = match &self.nodes[node] {
            Node::Host(host) if host.paused_until.is_none() => Some(host.stack.next_event()),
            Node::Host(_) | Node::Router(_) | Node::Outsider(_) => None,
        };
        let (link, way) = way_of(index);
        tap.happened(
            link,
            way,
            &Note {
                at: self.now,
                packet: parcel.sent_as,
                bytes: parcel.len(),
                what: Happened::Delivered(received),
            },
        );
    }
}

/// Which way of which link a pipe is.
fn way_of(index: usize) -> (LinkId, Way) {
    let way = if index.is_multiple_of(2) {
        Way::Forward
    } else {
        Way::Back
    };
    (LinkId(index / 2), way)
}
