//! What an application may set, and change later: RFC 9293 sections 3.7.4, 3.8.2, 3.8.3 and 3.8.4
//! name most of it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use crate::base::Instant;
use crate::probe::Call;
use crate::tcp::congestion::Algorithm;
use crate::tcp::{self, KeepAlive};

use super::{Asked, ConnId, Input, ListenerId, Stack};

impl Stack {
    /// Which congestion control the connections begin with that a listener makes from now on.
    pub fn set_listener_congestion(&mut self, id: ListenerId, algorithm: Algorithm) {
        self.adjust_listener(id, |config| config.congestion = algorithm);
    }

    /// Whether acknowledgments go out at once, as at a connection's beginning, until text of ours
    /// answers the peer's.
    pub fn set_quick_acks(&mut self, now: Instant, id: ConnId, on: bool) {
        self.begin(now, || Input::On(id, Asked::QuickAcks(on)));
        self.call(now, id, Call::Configure, |connection, cx| {
            connection.set_quick_acks(cx, on);
        });
    }

    /// How much may wait that has never left before writing finds no room; `None`: only what is not
    /// acknowledged counts.
    pub fn set_unsent_low_water(&mut self, now: Instant, id: ConnId, mark: Option<u32>) {
        self.begin(now, || Input::On(id, Asked::UnsentLowWater(mark)));
        self.call(now, id, Call::Configure, |connection, cx| {
            connection.set_unsent_low_water(cx, mark);
        });
    }

    /// RFC 9293 section 3.7.4 (MUST-17): Nagle's algorithm off or on.
    pub fn set_nodelay(&mut self, now: Instant, id: ConnId, on: bool) {
        self.begin(now, || Input::On(id, Asked::NoDelay(on)));
        self.call(now, id, Call::Configure, |connection, cx| {
            connection.set_nodelay(cx, on);
        });
    }

    /// Whether Nagle's algorithm is off.
    pub fn nodelay(&self, id: ConnId) -> Option<bool> {
        self.connections
            .get(id)
            .map(|slot| slot.connection.nodelay())
    }

    /// RFC 9293 section 3.8.2 (MAY-18): another congestion control, which begins anew with what it
    /// learns from now on.
    pub fn set_congestion(&mut self, now: Instant, id: ConnId, algorithm: Algorithm) {
        self.begin(now, || Input::On(id, Asked::Congestion(algorithm)));
        self.call(now, id, Call::Configure, |connection, cx| {
            connection.set_congestion(cx, algorithm);
        });
    }

    /// Which congestion control a connection has.
    pub fn congestion(&self, id: ConnId) -> Option<Algorithm> {
        self.connections
            .get(id)
            .map(|slot| slot.connection.congestion())
    }

    /// RFC 9293 section 3.8.4 (MUST-24): keep-alives on or off.
    pub fn set_keep_alive(&mut self, now: Instant, id: ConnId, keep_alive: Option<KeepAlive>) {
        self.begin(now, || Input::On(id, Asked::KeepAlive(keep_alive)));
        self.call(now, id, Call::Configure, |connection, cx| {
            connection.set_keep_alive(cx, keep_alive);
        });
    }

    /// RFC 9293 section 3.8.3 (MUST-21): how long data may stay unacknowledged.
    pub fn set_user_timeout(&mut self, now: Instant, id: ConnId, timeout: Option<Duration>) {
        self.begin(now, || Input::On(id, Asked::UserTimeout(timeout)));
        self.call(now, id, Call::Configure, |connection, cx| {
            connection.set_user_timeout(cx, timeout);
        });
    }

    /// Changes how a connection behaves. What its SYN has offered stays: so a buffer may not
    /// outgrow what the agreed window scale can show.
    pub fn configure(&mut self, now: Instant, id: ConnId, change: impl FnOnce(&mut tcp::Config)) {
        let Some(slot) = self.connections.get(id) else {
            return;
        };
        let mut config = slot.connection.config().clone();
        change(&mut config);
        self.begin(now, || {
            Input::On(id, Asked::Configure(Box::new(config.clone())))
        });
        self.call(now, id, Call::Configure, |connection, cx| {
            connection.configure(cx, |old| *old = config);
        });
    }

    /// Changes how the connections that a listener makes from here on behave.
    pub fn configure_listener(&mut self, id: ListenerId, config: Arc<tcp::Config>) {
        self.begin(self.now, || {
            Input::ConfigureListener(id, Cow::Borrowed(&config))
        });
        if let Some(listener) = self.listeners.get_mut(id) {
            listener.config = config;
        }
    }

    /// The same by a change to how they behave now.
    pub(super) fn adjust_listener(
        &mut self,
        id: ListenerId,
        change: impl FnOnce(&mut tcp::Config),
    ) {
        if let Some(listener) = self.listeners.get(id) {
            let mut config = (*listener.config).clone();
            change(&mut config);
            self.configure_listener(id, Arc::new(config));
        }
    }

    /// What [`Stack::close`] does: zero makes it a reset. Waiting is the socket's business.
    pub fn set_linger(&mut self, id: ConnId, linger: Option<Duration>) {
        self.begin(self.now, || Input::On(id, Asked::Linger(linger)));
        if let Some(slot) = self.connections.get_mut(id) {
            slot.linger = linger.map(Box::new);
        }
    }

    /// How long closing lingers.
    pub fn linger(&self, id: ConnId) -> Option<Duration> {
        self.connections.get(id)?.linger.as_deref().copied()
    }
}
