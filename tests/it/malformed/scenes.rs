//! One scene a state: our connection is in it, and packets of theirs are on their way that are
//! right for it.

use std::time::Duration;

use pellucid::probe::State;

use super::pair::{Family, PORT, Pair, Side};

/// How a scene is set.
pub struct Scene {
    pub name: &'static str,
    /// Of our connection; CLOSED if there is none.
    state: State,
    set: fn(&mut Pair) -> Vec<Vec<u8>>,
}

impl Scene {
    /// Two stacks, and what is on its way to ours.
    pub fn set(&self, family: Family) -> (Pair, Vec<Vec<u8>>) {
        let mut pair = Pair::new(family);
        let coming = (self.set)(&mut pair);
        assert!(!coming.is_empty(), "{}: nothing comes", self.name);
        let state = match (pair.status(Side::Us), pair.us.counts()) {
            (Some(known), _) => known.state,
            (None, (0, 1, 0)) => State::SynReceived,
            (None, (0, 0, 1)) => State::TimeWait,
            (None, _) => State::Closed,
        };
        assert_eq!(state, self.state, "{}", self.name);
        (pair, coming)
    }
}

/// All states of RFC 9293 section 3.3.2; two of them have two shapes here.
pub const SCENES: [Scene; 13] = [
    scene("CLOSED", State::Closed, closed),
    scene("LISTEN", State::Closed, listen),
    scene("SYN-SENT", State::SynSent, syn_sent),
    scene("SYN-RECEIVED, half-open", State::SynReceived, half_open),
    scene("SYN-RECEIVED, crossing", State::SynReceived, crossing),
    scene("ESTABLISHED", State::Established, established),
    scene("FIN-WAIT-1", State::FinWait1, fin_wait_1),
    scene("FIN-WAIT-2", State::FinWait2, fin_wait_2),
    scene("CLOSE-WAIT", State::CloseWait, close_wait),
    scene("CLOSING", State::Closing, closing),
    scene("LAST-ACK", State::LastAck, last_ack),
    scene("TIME-WAIT, held", State::TimeWait, time_wait),
    scene("TIME-WAIT, record", State::TimeWait, time_wait_record),
];

const fn scene(name: &'static str, state: State, set: fn(&mut Pair) -> Vec<Vec<u8>>) -> Scene {
    Scene { name, state, set }
}

const THEIR_PORT: u16 = 40_000;

/// Their SYN goes to a port of ours where nobody listens.
fn closed(pair: &mut Pair) -> Vec<Vec<u8>> {
    pair.open(Side::Them, THEIR_PORT, 81);
    pair.sent_by(Side::Them)
}

fn listen(pair: &mut Pair) -> Vec<Vec<u8>> {
    pair.open(Side::Them, THEIR_PORT, PORT);
    pair.sent_by(Side::Them)
}

fn syn_sent(pair: &mut Pair) -> Vec<Vec<u8>> {
    pair.open(Side::Us, THEIR_PORT, PORT);
    pair.deliver_from(Side::Us);
    pair.sent_by(Side::Them)
}

/// Their ACK and some text come.
fn half_open(pair: &mut Pair) -> Vec<Vec<u8>> {
    pair.open(Side::Them, THEIR_PORT, PORT);
    pair.deliver_from(Side::Them);
    pair.deliver_from(Side::Us);
    pair.write(Side::Them, 64);
    pair.sent_by(Side::Them)
}

/// Both SYNs have crossed; their SYN,ACK comes.
fn crossing(pair: &mut Pair) -> Vec<Vec<u8>> {
    pair.open(Side::Them, THEIR_PORT, 50_000);
    pair.open(Side::Us, 50_000, THEIR_PORT);
    let syn = pair.sent_by(Side::Us);
    pair.deliver_from(Side::Them);
    for packet in syn {
        let received = pellucid::base::Received::plain(&packet);
        pair.them.receive(pair.now, received);
    }
    pair.sent_by(Side::Them)
}

/// A connection over which some bytes have gone both ways.
fn connect(pair: &mut Pair) {
    pair.open(Side::Them, THEIR_PORT, PORT);
    pair.settle();
    pair.accept();
    for side in [Side::Them, Side::Us] {
        pair.write(side, 100);
        pair.run(Duration::from_millis(100));
        pair.read(side.other());
    }
    assert_eq!(pair.state(Side::Us), State::Established);
}

/// Their text comes, and acknowledges ours.
fn established(pair: &mut Pair) -> Vec<Vec<u8>> {
    connect(pair);
    pair.write(Side::Us, 100);
    pair.deliver_from(Side::Us);
    pair.write(Side::Them, 64);
    pair.sent_by(Side::Them)
}

/// Their text comes, and acknowledges our FIN.
fn fin_wait_1(pair: &mut Pair) -> Vec<Vec<u8>> {
    connect(pair);
    pair.shutdown(Side::Us);
    pair.deliver_from(Side::Us);
    pair.write(Side::Them, 64);
    pair.sent_by(Side::Them)
}

fn fin_wait_2(pair: &mut Pair) -> Vec<Vec<u8>> {
    connect(pair);
    pair.shutdown(Side::Us);
    pair.settle();
    assert_eq!(pair.state(Side::Us), State::FinWait2);
    pair.write(Side::Them, 64);
    pair.sent_by(Side::Them)
}

/// Their acknowledgment of our text comes.
fn close_wait(pair: &mut Pair) -> Vec<Vec<u8>> {
    connect(pair);
    pair.shutdown(Side::Them);
    pair.settle();
    assert_eq!(pair.state(Side::Us), State::CloseWait);
    pair.write(Side::Us, 100);
    pair.deliver_from(Side::Us);
    // A delayed acknowledgment, until their timer.
    let at = pair.them.poll_timeout().expect("they owe it");
    pair.now = at;
    pair.them.handle_timeout(at);
    pair.sent_by(Side::Them)
}

fn closing(pair: &mut Pair) -> Vec<Vec<u8>> {
    connect(pair);
    pair.shutdown(Side::Us);
    pair.shutdown(Side::Them);
    let fin = pair.sent_by(Side::Us);
    pair.deliver_from(Side::Them);
    for packet in fin {
        let received = pellucid::base::Received::plain(&packet);
        pair.them.receive(pair.now, received);
    }
    pair.sent_by(Side::Them)
}

fn last_ack(pair: &mut Pair) -> Vec<Vec<u8>> {
    connect(pair);
    pair.shutdown(Side::Them);
    pair.settle();
    pair.shutdown(Side::Us);
    pair.deliver_from(Side::Us);
    pair.sent_by(Side::Them)
}

/// Our last acknowledgment was lost: their FIN comes again.
fn time_wait(pair: &mut Pair) -> Vec<Vec<u8>> {
    connect(pair);
    pair.shutdown(Side::Us);
    pair.settle();
    pair.shutdown(Side::Them);
    pair.deliver_from(Side::Them);
    pair.sent_by(Side::Us);
    let at = pair
        .them
        .poll_timeout()
        .expect("their FIN is not acknowledged");
    pair.now = at;
    pair.them.handle_timeout(at);
    pair.sent_by(Side::Them)
}

fn time_wait_record(pair: &mut Pair) -> Vec<Vec<u8>> {
    let coming = time_wait(pair);
    let id = pair.id(Side::Us).expect("it is held");
    pair.us.close(pair.now, id);
    assert_eq!(pair.us.counts(), (0, 0, 1));
    coming
}
