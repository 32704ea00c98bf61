//! What an application may ask: RFC 9293 sections 3.10.1 to 3.10.6.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::base::pair::{Endpoint, SocketPair};
use crate::base::{Bytes, Chunk, Instant, InterfaceId};
use crate::probe::{Call, ControlBlock, Event, Snapshot, Subject};
use crate::tcp::ecn::Counted;
use crate::tcp::open::isn::initial_sequence_number;
use crate::tcp::user::{NothingToReceive, SendRefused};
use crate::tcp::{self, Connection, Context, Details, Failure};

use super::demux::owners;
use super::{
    AcceptError, Asked, ConnId, Input, ListenError, Listener, ListenerId, NoWay, OpenError,
    Opening, ReadError, Stack, WriteError,
};

impl Stack {
    /// Active OPEN to `remote`, from `local` or from whatever address and port suit.
    pub fn open(
        &mut self,
        now: Instant,
        remote: SocketAddr,
        local: Option<SocketAddr>,
    ) -> Result<ConnId, OpenError> {
        let config = Arc::clone(&self.config.tcp);
        self.open_with(now, remote, local, config)
    }

    /// The same for a connection that behaves in its own way.
    pub fn open_with(
        &mut self,
        now: Instant,
        remote: SocketAddr,
        local: Option<SocketAddr>,
        config: Arc<tcp::Config>,
    ) -> Result<ConnId, OpenError> {
        self.open_as(now, remote, local, config, Opening::Plain)
    }

    /// The same, and perhaps with text on the SYN.
    pub(super) fn open_as(
        &mut self,
        now: Instant,
        remote: SocketAddr,
        local: Option<SocketAddr>,
        config: Arc<tcp::Config>,
        way: Opening,
    ) -> Result<ConnId, OpenError> {
        let now = self.begin(now, || Input::Open {
            remote,
            local,
            config: Cow::Borrowed(&config),
            way,
        });
        let how = config.fast_open;
        let id = self.open_now(now, remote, local, config)?;
        self.hasten(id, way, &how);
        Ok(id)
    }

    fn open_now(
        &mut self,
        now: Instant,
        remote: SocketAddr,
        local: Option<SocketAddr>,
        config: Arc<tcp::Config>,
    ) -> Result<ConnId, OpenError> {
        let out = self.check_remote(remote)?;
        if self.connections.len() >= self.config.limits.connections {
            return Err(OpenError::TooMany(self.config.limits.connections));
        }
        let pair = self.choose_pair(remote, local, out)?;
        let number = self.number();
        let on = Subject::Connection(number);
        self.voice.input_told(now, on, || Event::Called(Call::Open));
        let iss = initial_sequence_number(&self.secrets.isn, &pair, now);
        let offset = self.secrets.timestamps.hash(&pair.bytes()) as u32;
        let config = self.configured_for(remote.ip(), config);
        let mss = self.offered_mss(&config, remote.ip());
        let mut cx = Context::new(now, &mut self.voice, on);
        let connection = Connection::open(&mut cx, pair, config, mss, iss, offset);
        let id = self.insert(connection, number);
        if let Some(slot) = self.connections.get_mut(id) {
            slot.held = true;
        }
        // The path may carry less than what the SYN offers.
        self.follow_mtu(id);
        Ok(id)
    }

    /// Whether anything can be sent to `remote`, whatever it leaves from; returns by what it does.
    pub(super) fn check_remote(&self, remote: SocketAddr) -> Result<InterfaceId, NoWay> {
        if remote.port() == 0 || !self.addresses.is_host(remote.ip()) {
            return Err(NoWay::BadRemote(remote));
        }
        if self.addresses.is_ours(remote.ip()) {
            return Err(NoWay::Itself(remote.ip()));
        }
        let out = self.routes.interface(remote.ip());
        out.ok_or(NoWay::NetworkUnreachable(remote.ip()))
    }

    fn choose_pair(
        &mut self,
        remote: SocketAddr,
        local: Option<SocketAddr>,
        out: InterfaceId,
    ) -> Result<SocketPair, OpenError> {
        let named = local
            .map(|local| local.ip())
            .filter(|ip| !ip.is_unspecified());
        let addr = match named {
            Some(addr) if !self.addresses.speak_for(addr) => return Err(OpenError::NotOurs(addr)),
            Some(addr) => addr,
            None => self
                .addresses
                .source_for(remote.ip(), out)
                .ok_or(OpenError::NoSource(remote.ip()))?,
        };
        let remote_end = Endpoint::from(remote);
        let pair = |port| SocketPair {
            local: Endpoint { addr, port },
            remote: remote_end,
        };
        let (demux, homes) = (&self.demux, &self.homes);
        let owners = owners(&self.connections, &self.half_open, &self.time_wait);
        match local.map(|local| local.port()).filter(|port| *port != 0) {
            Some(port) if demux.find(&pair(port), owners).is_some() => {
                Err(OpenError::InUse(pair(port).local.into(), remote))
            }
            Some(port) if !homes.is_here(&pair(port)) => {
                Err(OpenError::Elsewhere(pair(port).local.into(), remote))
            }
            Some(port) => Ok(pair(port)),
            None => {
                let is_free = |port| {
                    homes.is_here(&pair(port))
                        && demux.find(&pair(port), owners).is_none()
                        && !demux.is_bound(Endpoint { addr, port })
                };
                self.ports
                    .choose(addr, remote_end, is_free)
                    .map(pair)
                    .ok_or(OpenError::NoPort(remote))
            }
        }
    }

    /// Passive OPEN: at most `backlog` connections wait to be accepted. Port 0: any that is free.
    pub fn listen(
        &mut self,
        now: Instant,
        local: SocketAddr,
        backlog: usize,
    ) -> Result<ListenerId, ListenError> {
        let config = Arc::clone(&self.config.tcp);
        self.listen_with(now, local, backlog, config)
    }

    /// The same for a listener whose connections behave in their own way.
    pub fn listen_with(
        &mut self,
        now: Instant,
        local: SocketAddr,
        backlog: usize,
        config: Arc<tcp::Config>,
    ) -> Result<ListenerId, ListenError> {
        self.listen_as(now, Some(local), backlog, config)
    }

    /// At `local`, or everywhere.
    pub(super) fn listen_as(
        &mut self,
        now: Instant,
        local: Option<SocketAddr>,
        backlog: usize,
        config: Arc<tcp::Config>,
    ) -> Result<ListenerId, ListenError> {
        let now = self.begin(now, || Input::Listen {
            local,
            backlog,
            config: Cow::Borrowed(&config),
        });
        let Some(local) = local else {
            return self.listen_at(now, Endpoint::EVERYWHERE, backlog, config);
        };
        let ip = local.ip();
        if !ip.is_unspecified() && !self.addresses.speak_for(ip) {
            return Err(ListenError::NotOurs(ip));
        }
        let mut end = Endpoint::from(local);
        if end.port == 0 {
            let demux = &self.demux;
            let is_free = |port| !demux.is_bound(Endpoint { addr: ip, port });
            end.port = self
                .ports
                .choose(ip, end, is_free)
                .ok_or(ListenError::NoPort)?;
        }
        self.listen_at(now, end, backlog, config)
    }

    /// Listens at every local socket at which no other listener does: with
    /// [`super::Config::any_address`], at every destination that there is. A connection's own local
    /// socket tells which it was.
    ///
    /// # Errors
    ///
    /// [`ListenError::InUse`] if there is such a listener.
    pub fn listen_everywhere(
        &mut self,
        now: Instant,
        backlog: usize,
    ) -> Result<ListenerId, ListenError> {
        let config = Arc::clone(&self.config.tcp);
        self.listen_as(now, None, backlog, config)
    }

    fn listen_at(
        &mut self,
        now: Instant,
        local: Endpoint,
        backlog: usize,
        config: Arc<tcp::Config>,
    ) -> Result<ListenerId, ListenError> {
        let number = self.number();
        let id = self.listeners.insert(Listener {
            local,
            config,
            number,
            backlog: backlog.clamp(1, BACKLOG_MAX),
            half_open: 0,
            accepted: VecDeque::new(),
            pending: super::fast_open::Pending::default(),
            noticed: false,
        });
        if !self.demux.listen(local, id) {
            self.listeners.remove(id);
            return Err(ListenError::InUse(local.into()));
        }
        self.voice.input_told(now, Subject::Listener(number), || {
            Event::Called(Call::Listen)
        });
        Ok(id)
    }

    /// Takes the connection that has waited longest.
    pub fn accept(&mut self, now: Instant, id: ListenerId) -> Result<ConnId, AcceptError> {
        let now = self.begin(now, || Input::Accept(id));
        let listener = self.listeners.get_mut(id).ok_or(AcceptError::Closed)?;
        let on = Subject::Listener(listener.number);
        let accepted = listener
            .accepted
            .pop_front()
            .ok_or(AcceptError::WouldBlock)?;
        self.voice
            .input_told(now, on, || Event::Called(Call::Accept));
        if let Some(slot) = self.connections.get_mut(accepted) {
            slot.held = true;
            slot.listener = None;
        }
        Ok(accepted)
    }

    /// Whether a connection waits to be accepted.
    pub fn is_acceptable(&self, id: ListenerId) -> bool {
        let listener = self.listeners.get(id);
        listener.is_some_and(|listener| !listener.accepted.is_empty())
    }

    /// Closes a listener: what waits to be accepted is aborted, half-open connections are
    /// forgotten.
    pub fn unlisten(&mut self, now: Instant, id: ListenerId) {
        let now = self.begin(now, || Input::Unlisten(id));
        let Some(listener) = self.listeners.remove(id) else {
            return;
        };
        self.demux.unlisten(&listener.local);
        let on = Subject::Listener(listener.number);
        self.voice
            .input_told(now, on, || Event::Called(Call::Unlisten));
        let orphans: Vec<_> = self
            .half_open
            .iter()
            .filter(|(_, slot)| slot.listener == id)
            .map(|(orphan, _)| orphan)
            .collect();
        for orphan in orphans {
            self.forget_half_open(orphan);
        }
        for waiting in listener.accepted {
            self.let_go(waiting, Connection::abort);
        }
    }

    /// Where a listener listens.
    pub fn listener_addr(&self, id: ListenerId) -> Option<SocketAddr> {
        self.listeners.get(id).map(|listener| listener.local.into())
    }

    /// SEND: takes as many bytes as there is room for, at least one.
    pub fn write(&mut self, now: Instant, id: ConnId, bytes: &[u8]) -> Result<usize, WriteError> {
        self.begin_write(now, id, bytes, Asked::Write);
        self.write_text(now, id, bytes)
    }

    fn write_text(&mut self, now: Instant, id: ConnId, bytes: &[u8]) -> Result<usize, WriteError> {
        self.send(now, id, bytes.len(), |connection, cx| {
            connection.send(cx, bytes)
        })
    }

    /// SEND without a copy: takes what there is room for off the front of `bytes`, which is held
    /// until the peer has acknowledged it. What is short is copied all the same.
    ///
    /// # Errors
    ///
    /// As for [`Stack::write`].
    pub fn write_owned(
        &mut self,
        now: Instant,
        id: ConnId,
        bytes: &mut Bytes,
    ) -> Result<usize, WriteError> {
        self.begin_write(now, id, bytes, Asked::WriteOwned);
        self.send(now, id, bytes.len(), |connection, cx| {
            connection.send_owned(cx, bytes)
        })
    }

    fn send(
        &mut self,
        now: Instant,
        id: ConnId,
        len: usize,
        send: impl FnOnce(&mut Connection, &mut Context<'_>) -> Result<usize, SendRefused>,
    ) -> Result<usize, WriteError> {
        let now = self.tick(now);
        let slot = self.connections.get_mut(id).ok_or(WriteError::Closed)?;
        let on = Subject::Connection(slot.number);
        let room = slot.connection.send_room();
        if room == 0 && len > 0 && slot.connection.state().may_send() {
            slot.connection.on_refused();
            return Err(WriteError::WouldBlock);
        }
        let len = len.min(room);
        self.voice
            .input_told(now, on, || Event::Called(Call::Send { bytes: len }));
        let mut cx = Context::new(now, &mut self.voice, on);
        let taken = send(&mut slot.connection, &mut cx);
        self.touch(id);
        taken.map_err(|refused| match refused {
            SendRefused::Closing | SendRefused::Ended(None) => WriteError::Closed,
            SendRefused::Ended(Some(failure)) => WriteError::Failed(failure),
        })
    }

    /// The same, and more will follow: a short segment waits for that, 200 ms at most.
    ///
    /// # Errors
    ///
    /// As for [`Stack::write`].
    pub fn write_more(
        &mut self,
        now: Instant,
        id: ConnId,
        bytes: &[u8],
    ) -> Result<usize, WriteError> {
        self.begin_write(now, id, bytes, Asked::WriteMore);
        let taken = self.write_text(now, id, bytes)?;
        if let Some(slot) = self.connections.get_mut(id) {
            let on = Subject::Connection(slot.number);
            let mut cx = Context::new(self.now, &mut self.voice, on);
            slot.connection.announce_more(&mut cx);
            self.touch(id);
        }
        Ok(taken)
    }

    /// RECEIVE: copies what has come; `Ok(0)` once the peer has closed and all was read.
    pub fn read(&mut self, now: Instant, id: ConnId, buf: &mut [u8]) -> Result<usize, ReadError> {
        let now = self.begin_read(now, id, buf.len());
        let slot = self.connections.get_mut(id).ok_or(ReadError::Closed)?;
        let on = Subject::Connection(slot.number);
        let len = buf.len().min(slot.connection.unread());
        if len > 0 {
            self.voice
                .input_told(now, on, || Event::Called(Call::Receive { bytes: len }));
        }
        let mut cx = Context::new(now, &mut self.voice, on);
        match slot.connection.receive(&mut cx, buf) {
            Ok(taken) => {
                self.touch(id);
                Ok(taken)
            }
            Err(NothingToReceive::PeerClosed) => Ok(0),
            Err(NothingToReceive::Yet) => Err(ReadError::WouldBlock),
            Err(NothingToReceive::Ended(None)) => Err(ReadError::Closed),
            Err(NothingToReceive::Ended(Some(failure))) => Err(ReadError::Failed(failure)),
        }
    }

    /// How long the chunk is that [`Stack::read_chunk`] would hand over.
    pub fn next_chunk(&self, id: ConnId) -> Option<usize> {
        self.connections.get(id)?.connection.next_chunk()
    }

    /// RECEIVE without a copy: what comes next, as it lies where the device has put it; `None` if
    /// it does not, or nothing has come. [`Stack::read`] has all the rest.
    pub fn read_chunk(&mut self, now: Instant, id: ConnId) -> Option<Chunk> {
        let now = self.begin(now, || Input::On(id, Asked::ReadChunk));
        let slot = self.connections.get_mut(id)?;
        let bytes = slot.connection.next_chunk()?;
        let on = Subject::Connection(slot.number);
        self.voice
            .input_told(now, on, || Event::Called(Call::Receive { bytes }));
        let mut cx = Context::new(now, &mut self.voice, on);
        let chunk = slot.connection.receive_chunk(&mut cx);
        self.touch(id);
        chunk
    }

    /// Copies what RECEIVE would, and leaves it where it is. Returns how many bytes.
    pub fn peek(&self, id: ConnId, buf: &mut [u8]) -> usize {
        let slot = self.connections.get(id);
        slot.map_or(0, |slot| slot.connection.peek(buf))
    }

    /// CLOSE in the RFC's sense: no more will be sent; receiving goes on.
    pub fn shutdown(&mut self, now: Instant, id: ConnId) {
        self.begin(now, || Input::On(id, Asked::Shutdown));
        self.call(now, id, Call::ShutdownWrite, Connection::close);
    }

    /// The application lets go of a connection. What waits to be sent is sent, then comes our FIN;
    /// with text unread, or a linger time of zero, a reset.
    pub fn close(&mut self, now: Instant, id: ConnId) {
        let reset = self
            .connections
            .get(id)
            .is_some_and(|slot| slot.linger.as_deref() == Some(&Duration::ZERO));
        if reset {
            self.abort(now, id);
            return;
        }
        self.begin(now, || Input::On(id, Asked::Close));
        self.tell_call(now, id, Call::Close);
        self.let_go(id, Connection::abandon);
    }

    /// ABORT: a reset, and the connection is gone.
    pub fn abort(&mut self, now: Instant, id: ConnId) {
        self.begin(now, || Input::On(id, Asked::Abort));
        self.tell_call(now, id, Call::Abort);
        self.let_go(id, Connection::abort);
    }

    /// ABORT for every connection that there is.
    pub fn abort_all(&mut self, now: Instant) {
        let all: Vec<ConnId> = self.connections.keys().collect();
        for id in all {
            self.abort(now, id);
        }
    }

    fn tell_call(&mut self, now: Instant, id: ConnId, call: Call) {
        let now = self.tick(now);
        if let Some(slot) = self.connections.get(id) {
            let on = Subject::Connection(slot.number);
            self.voice.input_told(now, on, || Event::Called(call));
        }
    }

    fn let_go(&mut self, id: ConnId, how: fn(&mut Connection, &mut Context<'_>)) {
        if let Some(slot) = self.connections.get_mut(id) {
            slot.held = false;
            slot.listener = None;
            let on = Subject::Connection(slot.number);
            let mut cx = Context::new(self.now, &mut self.voice, on);
            how(&mut slot.connection, &mut cx);
            self.touch(id);
        }
    }

    pub(super) fn call(
        &mut self,
        now: Instant,
        id: ConnId,
        call: Call,
        what: impl FnOnce(&mut Connection, &mut Context<'_>),
    ) {
        self.tell_call(now, id, call);
        if let Some(slot) = self.connections.get_mut(id) {
            let on = Subject::Connection(slot.number);
            let mut cx = Context::new(self.now, &mut self.voice, on);
            what(&mut slot.connection, &mut cx);
            self.touch(id);
        }
    }

    /// STATUS: a connection's variables.
    pub fn status(&self, id: ConnId) -> Option<Snapshot> {
        self.connections
            .get(id)
            .map(|slot| slot.connection.snapshot())
    }

    /// STATUS: what else a connection knows at `now`.
    pub fn details(&self, now: Instant, id: ConnId) -> Option<Details> {
        let now = self.now.max(now);
        Some(self.connections.get(id)?.connection.details(now))
    }

    /// Whether a writer that found no room has enough of it by now to be woken. Of a connection
    /// that is gone it is always: who waits for it must look.
    pub fn has_room(&self, id: ConnId) -> bool {
        let slot = self.connections.get(id);
        slot.is_none_or(|slot| slot.connection.is_roomy())
    }

    /// What a connection has counted of marks, if both its sides have agreed on them.
    pub fn marks(&self, id: ConnId) -> Option<Counted> {
        self.connections.get(id)?.connection.marks()
    }

    /// How many bytes to be read, or still to come, the peer has marked as urgent: RFC 9293 section
    /// 3.8.5 (MUST-33).
    pub fn urgent_left(&self, id: ConnId) -> Option<u64> {
        let slot = self.connections.get(id)?;
        Some(slot.connection.urgent_left())
    }

    /// Who talks to whom.
    pub fn pair(&self, id: ConnId) -> Option<SocketPair> {
        self.connections.get(id).map(|slot| slot.connection.pair())
    }

    /// How a connection ended, if it ended badly.
    pub fn failure(&self, id: ConnId) -> Option<Failure> {
        self.connections.get(id)?.connection.failure()
    }

    /// The end of what was written so far is the end of urgent data: RFC 9293 section 3.8.5.
    pub fn mark_urgent(&mut self, now: Instant, id: ConnId) {
        self.begin(now, || Input::On(id, Asked::Urgent));
        self.call(now, id, Call::Configure, |connection, _| {
            connection.send_urgent_mark();
        });
    }
}

/// robustness: the longest accept queue that is granted.
const BACKLOG_MAX: usize = 4_096;
