//! TCP Fast Open: RFC 7413 section 4. Which cookies are good, and how many connections may be
//! handed to the application before their handshake is over; active OPENs with text.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::base::Instant;
use crate::base::pair::SocketPair;
use crate::probe::{Event, Subject};
use crate::tcp::open::passive::HalfOpen;
use crate::tcp::{Context, Failure};
use crate::wire::cookie::{Cookie, Form};
use crate::wire::tcp::Segment;
use crate::{house, rfc};

use super::cookie_jar::Advice;
use super::cookies::Worth;
use super::{
    ConnId, CookieKeys, FastOpen, Input, ListenerId, OpenError, Opening, Stack, TcpConfig,
};

/// PendingFastOpenRequests of RFC 7413 section 4.2.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// Connections in SYN-RECEIVED that the application has, or may accept.
    open: usize,
    /// Until when those count that were reset instead, the oldest first.
    reset: VecDeque<Instant>,
}

impl Pending {
    /// RFC 7413 section 5.1: what was just reset goes on counting, or the resets of those whose
    /// addresses are forged would make room for ever more.
    fn count(&mut self, now: Instant) -> usize {
        while self.reset.front().is_some_and(|until| *until <= now) {
            self.reset.pop_front();
        }
        self.open + self.reset.len()
    }

    /// How many have not settled.
    pub fn open(&self) -> usize {
        self.open
    }

    fn settle(&mut self, now: Instant, was_reset: bool) {
        self.open -= 1;
        if was_reset {
            // Both together are never more than the limit was.
            self.reset.push_back(now + RESET_COUNTS);
        }
    }
}

/// What becomes of a SYN for a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Haste {
    /// An ordinary handshake.
    No,
    /// An ordinary handshake, and the SYN,ACK has a cookie for the next time, in this form.
    NextTime(Form),
    /// Its text is taken. The SYN,ACK may have a cookie that lasts longer.
    Now(Option<Cookie>),
}

impl Stack {
    /// Keys for the cookies of RFC 7413 that listeners hand out, in place of those that the stack
    /// draws and changes itself: the same on all hosts that share an address. Whoever
    /// gives keys must give others in time, so that cookies expire (section 4.1.2).
    pub fn set_fast_open_keys(&mut self, keys: CookieKeys) {
        self.begin(self.now, || Input::FastOpenKeys(keys));
        self.cookies.give(keys);
    }

    /// Active OPEN with the first text to send; also how much of it was taken, as by
    /// [`Stack::write`]. If [`FastOpen::active`] is on, it may go with the SYN, and a network that
    /// doubles packets may bring it to the peer's application twice (RFC 7413 section 6.1): only
    /// for requests that may be made twice.
    ///
    /// [`FastOpen::active`]: super::FastOpen::active
    ///
    /// # Errors
    ///
    /// As for [`Stack::open`].
    pub fn open_sending(
        &mut self,
        now: Instant,
        remote: SocketAddr,
        local: Option<SocketAddr>,
        config: Arc<TcpConfig>,
        text: &[u8],
    ) -> Result<(ConnId, usize), OpenError> {
        let id = self.open_as(now, remote, local, config, Opening::Sending)?;
        // It is open, and has room.
        let taken = self.write(now, id, text).unwrap_or_default();
        Ok((id, taken))
    }

    /// Active OPEN for an application that will send first: if text may go with the SYN, that
    /// waits for the first [`Stack::write`]. Otherwise it leaves at once, and asks for a cookie.
    ///
    /// # Errors
    ///
    /// As for [`Stack::open`].
    pub fn open_for_text(
        &mut self,
        now: Instant,
        remote: SocketAddr,
        local: Option<SocketAddr>,
        config: Arc<TcpConfig>,
    ) -> Result<ConnId, OpenError> {
        self.open_as(now, remote, local, config, Opening::ForText)
    }

    /// Whether the SYN of an active OPEN waits for text.
    pub fn waits_for_text(&self, id: ConnId) -> bool {
        let slot = self.connections.get(id);
        slot.is_some_and(|slot| slot.connection.waits_for_text())
    }

    /// What was just opened may begin with what is known of the peer.
    pub(super) fn hasten(&mut self, id: ConnId, way: Opening, how: &FastOpen) {
        let Some(slot) = self.connections.get_mut(id) else {
            return;
        };
        if way == Opening::Plain {
            return;
        }
        let pair = slot.connection.pair();
        if let Some(Advice { cookie, mss }) = self.cookie_jar.advise(self.now, &pair, how) {
            slot.connection.hurry(cookie, mss);
        }
        if way == Opening::ForText {
            let on = Subject::Connection(slot.number);
            let mut cx = Context::new(self.now, &mut self.voice, on);
            slot.connection.wait_for_text(&mut cx);
            self.touch(id);
        }
    }

    /// How many more bytes may be written that go with the SYN of an active OPEN, which has not
    /// left yet: what the peer takes that has given us a cookie, or needs none. Otherwise 0.
    pub fn syn_room(&self, id: ConnId) -> usize {
        let slot = self.connections.get(id);
        slot.map_or(0, |slot| slot.connection.syn_room())
    }

    /// Forgets the cookies that servers have given us, and who has refused.
    pub fn forget_fast_open(&mut self) {
        self.begin(self.now, || Input::ForgetFastOpen);
        self.cookie_jar.forget();
    }

    /// For how long no active OPEN begins in haste once one that did gets no answer to three SYNs
    /// in a row: something near us may swallow such segments. Each time doubles it, up to 64 times,
    /// until one goes well. Zero, as it is at first: never.
    pub fn set_fast_open_blackhole(&mut self, span: Duration) {
        self.begin(self.now, || Input::FastOpenBlackhole(span));
        self.cookie_jar.suspect_for(span);
    }

    /// A timer of a connection has expired: does a path seem to swallow what it sends?
    pub(super) fn suspect_blackhole(&mut self, id: ConnId, timeouts: u32) {
        let Some(slot) = self.connections.get(id) else {
            return;
        };
        if !slot.connection.awaits_answer_to_haste() {
            return;
        }
        let so_often = slot.connection.timeouts();
        let gave_up = slot.connection.failure() == Some(Failure::TimedOut);
        let silent = so_often > timeouts && so_often == SILENCE;
        let on = Subject::Connection(slot.number);
        if (silent || (gave_up && timeouts < SILENCE)) && self.cookie_jar.on_silence(self.now) {
            self.voice.tell(self.now, on, || Event::Noted {
                by: house!("fast-open-memory"),
                text: "what begins in haste seems to vanish: for a while nothing does",
            });
        }
    }

    /// How many connections of a listener may be pending: [`FastOpen::pending`].
    ///
    /// [`FastOpen::pending`]: super::FastOpen::pending
    pub fn set_listener_fast_open(&mut self, id: ListenerId, pending: u32) {
        self.adjust_listener(id, |config| config.fast_open.pending = pending);
    }

    /// Remembers how an active OPEN went.
    pub(super) fn learn_of_fast_open(&mut self, id: ConnId) {
        if let Some(slot) = self.connections.get_mut(id)
            && let Some(lesson) = slot.connection.take_lesson()
        {
            let pair = slot.connection.pair();
            let how = slot.connection.config().fast_open;
            self.cookie_jar.learn(self.now, &pair, lesson, &how);
        }
    }

    /// The steps of RFC 7413 section 4.2.2 for a SYN.
    pub(super) fn judge_haste(
        &mut self,
        id: ListenerId,
        pair: &SocketPair,
        seg: &Segment<'_>,
    ) -> Haste {
        let (client, server) = (pair.remote.addr, pair.local.addr);
        let Some(listener) = self.listeners.get_mut(id) else {
            return Haste::No;
        };
        let shown = seg.options.fast_open();
        let (anyone, keys) = {
            let how = &listener.config.fast_open;
            (how.without_cookie, how.keys)
        };
        let asks = shown.is_some() || (anyone && !seg.text.is_empty());
        if !asks {
            return Haste::No;
        }
        // "If FastOpenEnabled is false", "If PendingFastOpenRequests is over the system limit".
        let limit = listener.config.fast_open.pending as usize;
        let full = self.connections.len() >= self.config.limits.connections;
        if listener.pending.count(self.now) >= limit || full {
            return Haste::No;
        }
        let Some(shown) = shown.filter(|_| !anyone) else {
            return Haste::Now(None);
        };
        let form = shown.form();
        match self.cookies.judge(self.now, keys, shown, client, server) {
            Worth::Valid => Haste::Now(None),
            Worth::Former => {
                let renewed = self.cookies.make(self.now, keys, client, server);
                Haste::Now(Some(renewed.in_form(form)))
            }
            Worth::Nothing => Haste::NextTime(form),
        }
    }

    /// A SYN with a good cookie: the application may have the connection at once.
    pub(super) fn open_fast(
        &mut self,
        listener: ListenerId,
        number: u64,
        half: HalfOpen,
        config: Arc<TcpConfig>,
        seg: &Segment<'_>,
        renewed: Option<Cookie>,
    ) {
        let path_mss = self.reach(&config, half.pair().remote.addr).mss;
        let on = Subject::Connection(number);
        let mut cx = Context::new(self.now, &mut self.voice, on);
        cx.note(
            rfc!(7413, "4.2.2"),
            "the SYN shows a cookie that is good: its text is taken before the handshake is over",
        );
        let connection = half.into_fast_open(&mut cx, config, path_mss, seg, renewed);
        let id = self.insert(connection, number);
        if let (Some(slot), Some(queue)) = (
            self.connections.get_mut(id),
            self.listeners.get_mut(listener),
        ) {
            slot.listener = Some(listener);
            slot.pending = Some(listener);
            queue.pending.open += 1;
        }
        self.follow_mtu(id);
    }

    /// Counts a connection no longer whose handshake is over, well or badly.
    pub(super) fn settle_fast_open(&mut self, id: ConnId) {
        let Some(slot) = self.connections.get_mut(id) else {
            return;
        };
        let was_reset = slot.connection.failure() == Some(Failure::Reset);
        if let Some(listener) = slot.pending.take()
            && let Some(listener) = self.listeners.get_mut(listener)
        {
            listener.pending.settle(self.now, was_reset);
        }
    }
}

/// house!("fast-open-memory")
const SILENCE: u32 = 3;
/// house!("fast-open-resets")
const RESET_COUNTS: Duration = Duration::from_secs(60);
