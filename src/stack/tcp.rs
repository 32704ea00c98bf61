//! Looking after connections: delivering segments, making and ending connections, and `touch`,
//! the only place where a connection's wishes are collected.

use crate::base::Instant;
use crate::base::pair::SocketPair;
use crate::probe::{
    Accepted, ControlBlock, Discard, Edge, Ending, Event, Purpose, State, Subject, TimerKind,
    Variables, Why,
};
use crate::tcp::arrive::closed;
use crate::tcp::open::isn::initial_sequence_number;
use crate::tcp::open::passive::{AtListener, HalfOpen, Reaction, arrives_in_listen};
use crate::tcp::{Connection, Context};
use crate::wire::tcp::Segment;

use super::demux::{HalfOpenId, TimeWaitId, Who, owners};
use super::fast_open::Haste;
use super::notice::Noticed;
use super::ready::Ripe;
use super::reopen::Old;
use super::replies::{Content, Reply};
use super::{ConnId, Due, HalfSlot, ListenerId, Slot, Stack, WaitSlot};

impl Stack {
    /// A segment for one of our addresses. Tells its ending.
    pub(super) fn deliver_segment(&mut self, pair: &SocketPair, seg: &Segment<'_>) {
        let owners = owners(&self.connections, &self.half_open, &self.time_wait);
        match self.demux.find_for_segment(pair, owners) {
            Some(Who::Connection(id)) => self.deliver_to_connection(id, pair, seg),
            Some(Who::HalfOpen(id)) => self.deliver_to_half_open(id, pair, seg),
            Some(Who::TimeWait(id)) => self.deliver_to_time_wait(id, pair, seg),
            None => self.deliver_to_listener(pair, seg, None),
        }
    }

    pub(super) fn deliver_to_connection(
        &mut self,
        id: ConnId,
        pair: &SocketPair,
        seg: &Segment<'_>,
    ) {
        let Some(slot) = self.connections.get_mut(id) else {
            return;
        };
        if let Some(why) = slot.connection.may_reopen(seg)
            && self.demux.listener(pair.local).is_some()
        {
            // RFC 6191 section 2: the old incarnation gives way, though somebody may still read.
            let on = Subject::Connection(slot.number);
            let who = Who::Connection(id);
            let nxt = slot.connection.snapshot().snd_nxt;
            self.note(on, why);
            self.deliver_to_listener(pair, seg, Some(Old { who, nxt }));
            return;
        }
        let on = Subject::Connection(slot.number);
        let mut cx = Context::new(self.now, &mut self.voice, on);
        cx.codepoint = self.codepoint;
        cx.memory = self.memory.as_ref();
        let ending = slot.connection.arrives(&mut cx, seg);
        let connection = &slot.connection;
        self.voice.tell(self.now, on, || {
            ending.event(Some(Variables::Lent(connection)))
        });
        let doubts = slot.connection.path_doubts();
        self.answer_ending(ending, on, pair, seg, doubts);
        self.learn_of_path(id);
        self.touch(id);
    }

    fn deliver_to_half_open(&mut self, id: HalfOpenId, pair: &SocketPair, seg: &Segment<'_>) {
        if self.is_of_a_cookie(id, pair, seg) {
            return;
        }
        let Some(slot) = self.half_open.get_mut(id) else {
            return;
        };
        let on = Subject::Connection(slot.number);
        let mut cx = Context::new(self.now, &mut self.voice, on);
        match slot.half.arrives(&mut cx, seg, &slot.config) {
            Reaction::Stay(ending) => {
                let doubts = slot.half.path_doubts();
                self.end(on, ending);
                self.answer_ending(ending, on, pair, seg, doubts);
                self.touch_half_open(id);
            }
            Reaction::Forget(ending) => {
                let doubts = slot.half.path_doubts();
                self.end(on, ending);
                self.answer_ending(ending, on, pair, seg, doubts);
                self.forget_half_open(id);
            }
            Reaction::Complete => self.complete(id, seg),
        }
    }

    /// The handshake's last ACK: the half-open connection becomes one, and the segment takes the
    /// eight steps.
    fn complete(&mut self, id: HalfOpenId, seg: &Segment<'_>) {
        let Some(slot) = self.half_open.get(id) else {
            return;
        };
        let (listener, number) = (slot.listener, slot.number);
        if let Some(why) = self.has_no_room_for_one_more(listener) {
            // The entry ages out, and the peer sends again: there may be room by then.
            self.end(Subject::Connection(number), why.into());
            return;
        }
        if let Some(slot) = self.remove_half_open(id) {
            let HalfSlot { half, config, .. } = slot;
            self.supersede(slot.old);
            self.make_whole(half, config, (listener, number), seg);
        }
    }

    fn deliver_to_time_wait(&mut self, id: TimeWaitId, pair: &SocketPair, seg: &Segment<'_>) {
        let Some(slot) = self.time_wait.get_mut(id) else {
            return;
        };
        let on = Subject::Connection(slot.number);
        if let Some(why) = slot.record.may_reopen(seg, self.config.tcp.timestamps)
            && self.demux.listener(pair.local).is_some()
        {
            let (who, nxt) = (Who::TimeWait(id), slot.record.snd_nxt());
            self.note(on, why);
            self.deliver_to_listener(pair, seg, Some(Old { who, nxt }));
            return;
        }
        let reaction = slot.record.arrives(seg, self.now);
        if reaction.restart {
            let at = self.now + 2 * self.config.tcp.msl;
            self.wheel.arm(slot.entry, at);
            let kind = TimerKind::TimeWait;
            let set = || Event::TimerSet { kind, at };
            self.voice.tell(self.now, on, set);
        }
        let (segment, why) = slot.record.acknowledgment(self.now);
        let path_doubts = slot.record.path_doubts();
        self.end(on, reaction.ending);
        if reaction.answer {
            let what = Content::Segment {
                pair: *pair,
                segment,
                path_doubts,
            };
            let because = self.input();
            self.replies.push(Reply {
                what,
                purpose: Purpose::Ack,
                why,
                because,
                on,
            });
        }
    }

    /// Nobody has the pair: a listener may take a SYN; anything else draws a reset. Or an `old`
    /// incarnation gives way, if there is room for the new one.
    pub(super) fn deliver_to_listener(
        &mut self,
        pair: &SocketPair,
        seg: &Segment<'_>,
        old: Option<Old>,
    ) {
        let Some(id) = self.demux.listener(pair.local) else {
            let why = if seg.rst() {
                Discard::NoConnectionReset
            } else {
                Discard::NoConnection
            };
            self.end(Subject::Stack, why.into());
            self.answer_ending(why.into(), Subject::Stack, pair, seg, 0);
            return;
        };
        let Some(listener) = self.listeners.get(id) else {
            return;
        };
        let on = Subject::Listener(listener.number);
        let refused = match arrives_in_listen(seg) {
            AtListener::Discard(why) => Some(why),
            AtListener::Syn => self.has_no_room(id),
        };
        if let Some(why) = refused {
            // What comes back of a cookie would find the old incarnation.
            if old.is_none() && self.helps_by_cookie(why, id, on, pair, seg) {
                return;
            }
            self.end(on, why.into());
            self.answer_ending(why.into(), on, pair, seg, 0);
            return;
        }
        let haste = self.judge_haste(id, pair, seg);
        let accepted = match (haste, old) {
            (Haste::Now(_), _) => Accepted::SynFastOpened,
            (_, Some(_)) => Accepted::TimeWaitReopened,
            (_, None) => Accepted::Syn,
        };
        let on = self.half_open(id, pair, seg, old, haste);
        self.end(on, accepted.into());
    }

    /// Makes a half-open connection from a SYN, or a whole one if there is haste.
    fn half_open(
        &mut self,
        listener: ListenerId,
        pair: &SocketPair,
        seg: &Segment<'_>,
        old: Option<Old>,
        haste: Haste,
    ) -> Subject {
        let number = self.number();
        let on = Subject::Connection(number);
        let mut iss = initial_sequence_number(&self.secrets.isn, pair, self.now);
        if let Some(old) = old {
            // RFC 9293 section 3.6.1 (MAY-2), (1): the new ISS lies beyond what the old one sent.
            iss = iss.later_of(old.nxt + REOPEN_DISTANCE);
            self.demux.unbind(pair, old.who);
        }
        let old = old.map(|old| old.who);
        let (config, offer, offset) = self.terms(listener, pair);
        let mut cx = Context::new(self.now, &mut self.voice, on);
        cx.codepoint = self.codepoint;
        let mut half = HalfOpen::new(&mut cx, *pair, &offer, &config, seg, iss, offset);
        match haste {
            Haste::No => {}
            Haste::NextTime(form) => half.hand_out(form),
            Haste::Now(renewed) => {
                self.supersede(old);
                self.open_fast(listener, number, half, config, seg, renewed);
                return on;
            }
        }
        let wheel = &mut self.wheel;
        let id = self.half_open.insert_with_key(|id| HalfSlot {
            half,
            config,
            number,
            entry: wheel.add(Due::HalfOpen(id)),
            ready: false,
            listener,
            old,
        });
        self.demux.bind(pair, Who::HalfOpen(id));
        if let Some(listener) = self.listeners.get_mut(listener) {
            listener.half_open += 1;
        }
        self.touch_half_open(id);
        on
    }

    /// Tells a decision that a clause prescribes.
    pub(super) fn note(&mut self, on: Subject, &Why { by, text }: &Why) {
        self.voice.tell(self.now, on, || Event::Noted { by, text });
    }

    /// Tells the ending of the packet that is being handled.
    pub(super) fn end(&mut self, on: Subject, ending: Ending) {
        self.voice.tell(self.now, on, || ending.event(None));
    }

    /// Some endings owe the sender a reset: RFC 9293 section 3.5.2. The path has been doubted so
    /// often.
    fn answer_ending(
        &mut self,
        ending: Ending,
        on: Subject,
        pair: &SocketPair,
        seg: &Segment<'_>,
        path_doubts: u32,
    ) {
        let reset = matches!(
            ending,
            Ending::Discarded(
                Discard::NoConnection
                    | Discard::AckAtListener
                    | Discard::AckUnacceptable
                    | Discard::EcnMixed
            )
        );
        if !reset {
            return;
        }
        if let Some(segment) = closed::reset_for(seg) {
            let what = Content::Segment {
                pair: *pair,
                segment,
                path_doubts,
            };
            let because = self.input();
            self.replies.push(Reply {
                what,
                purpose: Purpose::Reset,
                why: closed::RESET,
                because,
                on,
            });
        }
    }

    /// Takes a connection in.
    pub(super) fn insert(&mut self, connection: Connection, number: u64) -> ConnId {
        let pair = connection.pair();
        let wheel = &mut self.wheel;
        let id = self.connections.insert_with_key(|id| {
            Box::new(Slot {
                connection,
                number,
                entry: wheel.add(Due::Connection(id)),
                ready: false,
                wake: super::Wake::NONE,
                noticed: false,
                held: false,
                listener: None,
                pending: None,
                linger: None,
            })
        });
        self.demux.bind(&pair, Who::Connection(id));
        id
    }

    /// What the device or the path carries has changed.
    pub(super) fn follow_mtu(&mut self, id: ConnId) {
        let Some(slot) = self.connections.get(id) else {
            return;
        };
        let config = slot.connection.config();
        let reach = self.reach(config, slot.connection.pair().remote.addr);
        if let Some(slot) = self.connections.get_mut(id) {
            let on = Subject::Connection(slot.number);
            let mut cx = Context::new(self.now, &mut self.voice, on);
            slot.connection.set_reach(&mut cx, reach);
            self.touch(id);
        }
    }

    /// Collects what a connection wishes after anything has happened to it: notices, its turn to
    /// send, its deadline; and what has ended goes.
    pub(super) fn touch(&mut self, id: ConnId) {
        let Some(slot) = self.connections.get_mut(id) else {
            return;
        };
        let wake = slot.connection.take_wake();
        if wake.has(super::Wake::CONNECTED)
            && let Some(listener) = slot.listener
        {
            self.offer_to_listener(id, listener);
        } else {
            self.notice(id, wake);
        }
        let Some(slot) = self.connections.get_mut(id) else {
            return;
        };
        if slot.connection.is_hasty() {
            self.learn_of_fast_open(id);
        }
        let Some(slot) = self.connections.get_mut(id) else {
            return;
        };
        if slot.pending.is_some() && slot.connection.state() != State::SynReceived {
            self.settle_fast_open(id);
        }
        let Some(slot) = self.connections.get_mut(id) else {
            return;
        };
        if slot.connection.is_finished() {
            self.finish(id);
            return;
        }
        if !slot.ready {
            slot.ready = true;
            self.ready.push_back(Ripe::Connection(id));
        }
        // A timer that moved later costs nothing: the early wake-up arms it again. But a deadline
        // that is not ahead would wake its owner at once, and for nothing.
        let ahead = self.wheel.armed(slot.entry).filter(|at| *at > self.now);
        match slot.connection.deadline() {
            Some(at) if ahead.is_none_or(|ahead| at < ahead) => self.wheel.arm(slot.entry, at),
            None if ahead.is_none() => self.wheel.disarm(slot.entry),
            _ => {}
        }
        if !slot.held && slot.listener.is_none() {
            self.demote(id);
        }
    }

    /// The device has refused what a connection will try again: only its deadline has changed.
    pub(super) fn touch_refused(&mut self, id: ConnId) {
        if let Some(slot) = self.connections.get(id)
            && let Some(at) = slot.connection.deadline()
        {
            self.wheel.arm(slot.entry, at);
        }
    }

    fn notice(&mut self, id: ConnId, wake: super::Wake) {
        if wake == super::Wake::NONE {
            return;
        }
        if let Some(slot) = self.connections.get_mut(id).filter(|slot| slot.held) {
            slot.wake |= wake;
            if !slot.noticed {
                slot.noticed = true;
                self.notices.push_back(Noticed::Connection(id));
            }
        }
    }

    /// An established connection waits to be accepted.
    fn offer_to_listener(&mut self, id: ConnId, listener: ListenerId) {
        let Some(queue) = self.listeners.get_mut(listener) else {
            return;
        };
        queue.accepted.push_back(id);
        if !queue.noticed {
            queue.noticed = true;
            self.notices.push_back(Noticed::Listener(listener));
        }
    }

    /// It is in CLOSED: its pair is free, and unless somebody holds it, it goes.
    fn finish(&mut self, id: ConnId) {
        let Some(slot) = self.connections.get_mut(id) else {
            return;
        };
        self.wheel.disarm(slot.entry);
        self.demux
            .unbind(&slot.connection.pair(), Who::Connection(id));
        if slot.held {
            return;
        }
        if let Some(listener) = slot.listener
            && let Some(listener) = self.listeners.get_mut(listener)
        {
            // A connection that died before it was accepted does not take a place.
            listener.accepted.retain(|waiting| *waiting != id);
        }
        if let Some(slot) = self.connections.remove(id) {
            self.wheel.remove(slot.entry);
        }
    }

    /// A connection in TIME-WAIT that nobody reads becomes a small record.
    fn demote(&mut self, id: ConnId) {
        let Some(slot) = self.connections.get(id) else {
            return;
        };
        let Some(record) = slot.connection.to_time_wait() else {
            return;
        };
        let (pair, number) = (record.pair(), slot.number);
        let at = slot.connection.deadline().unwrap_or(self.now);
        let owner = self.owner_of(&pair);
        let successor = self.successor_of(&pair, Who::Connection(id));
        self.remove_connection(id);
        if owner != Some(Who::Connection(id)) && successor.is_none() {
            // A new incarnation has the pair: nothing is left to guard.
            return;
        }
        if self.time_wait.len() >= self.config.limits.time_wait {
            self.forget_oldest_time_wait();
        }
        let wheel = &mut self.wheel;
        let id = self.time_wait.insert_with_key(|id| WaitSlot {
            record,
            number,
            entry: wheel.add(Due::TimeWait(id)),
        });
        if let Some(slot) = self.time_wait.get(id) {
            self.wheel.arm(slot.entry, at);
        }
        self.time_wait_order.push_back(id);
        match successor.and_then(|half| self.half_open.get_mut(half)) {
            Some(half) => half.old = Some(Who::TimeWait(id)),
            None => self.demux.bind(&pair, Who::TimeWait(id)),
        }
    }

    pub(super) fn remove_connection(&mut self, id: ConnId) {
        if let Some(slot) = self.connections.remove(id) {
            self.wheel.remove(slot.entry);
            self.demux
                .unbind(&slot.connection.pair(), Who::Connection(id));
        }
    }

    fn forget_oldest_time_wait(&mut self) {
        while let Some(id) = self.time_wait_order.pop_front() {
            if self.time_wait.contains_key(id) {
                self.leave_time_wait(id, TIME_WAIT_CUT, Edge::Aborted);
                return;
            }
        }
    }

    fn remove_time_wait(&mut self, id: TimeWaitId) {
        if let Some(slot) = self.time_wait.remove(id) {
            self.wheel.remove(slot.entry);
            self.demux.unbind(&slot.record.pair(), Who::TimeWait(id));
        }
        // Stale ids are dropped from the front, where the oldest stand.
        while let Some(first) = self.time_wait_order.front()
            && !self.time_wait.contains_key(*first)
        {
            self.time_wait_order.pop_front();
        }
    }

    pub(super) fn remove_half_open(&mut self, id: HalfOpenId) -> Option<HalfSlot> {
        let slot = self.half_open.remove(id)?;
        self.wheel.remove(slot.entry);
        self.demux.unbind(&slot.half.pair(), Who::HalfOpen(id));
        if let Some(listener) = self.listeners.get_mut(slot.listener) {
            listener.half_open -= 1;
        }
        Some(slot)
    }

    pub(super) fn touch_half_open(&mut self, id: HalfOpenId) {
        let Some(slot) = self.half_open.get_mut(id) else {
            return;
        };
        if slot.half.answer().is_some() && !slot.ready {
            slot.ready = true;
            self.ready.push_back(Ripe::HalfOpen(id));
        }
        if let Some(at) = slot.half.deadline() {
            self.wheel.arm(slot.entry, at);
        }
    }

    pub(super) fn connection_due(&mut self, id: ConnId) {
        if let Some(slot) = self.connections.get_mut(id) {
            let on = Subject::Connection(slot.number);
            let mut cx = Context::new(self.now, &mut self.voice, on);
            let timeouts = slot.connection.timeouts();
            slot.connection.handle_timeout(&mut cx);
            if let Some(longest) = slot.connection.suspect_since(timeouts) {
                self.fall_back(id, longest);
            }
            self.suspect_blackhole(id, timeouts);
            self.learn_of_path(id);
            self.touch(id);
        }
    }

    pub(super) fn half_open_due(&mut self, id: HalfOpenId) {
        let Some(slot) = self.half_open.get_mut(id) else {
            return;
        };
        let on = Subject::Connection(slot.number);
        let mut cx = Context::new(self.now, &mut self.voice, on);
        if slot.half.handle_timeout(&mut cx, &slot.config) {
            self.touch_half_open(id);
        } else {
            self.forget_half_open(id);
        }
    }

    pub(super) fn time_wait_due(&mut self, id: TimeWaitId) {
        let kind = TimerKind::TimeWait;
        self.leave_time_wait(id, Event::TimerExpired { kind }, Edge::TwoMslElapsed);
    }

    /// A record of TIME-WAIT is deleted: it is told how its timer ended, and by which arrow.
    pub(super) fn leave_time_wait(&mut self, id: TimeWaitId, timer: Event<'static>, edge: Edge) {
        if let Some(slot) = self.time_wait.get(id) {
            let on = Subject::Connection(slot.number);
            self.voice.tell(self.now, on, || timer);
            self.voice.tell(self.now, on, || Event::StateChanged {
                from: State::TimeWait,
                to: State::Closed,
                on: edge,
            });
            self.remove_time_wait(id);
        }
    }

    /// The time that the stack was told last.
    pub fn now(&self) -> Instant {
        self.now
    }
}

/// TIME-WAIT ends before its time is over.
pub(super) const TIME_WAIT_CUT: Event<'static> = Event::TimerCancelled {
    kind: TimerKind::TimeWait,
};
/// How far beyond the old SND.NXT a reopened connection begins: more than a window.
const REOPEN_DISTANCE: u32 = 1 << 17;
