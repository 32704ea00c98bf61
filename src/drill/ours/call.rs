//! The calls: what Linux answers, made of what the stack says.

use std::net::SocketAddr;
use std::time::Duration;

use crate::probe::State;
use crate::stack::{AcceptError, ConnId, ListenError, OpenError, ReadError, WriteError};

use super::super::backend::{Handle, Receive, Reply, Shut, errno};
use super::Ours;
use super::socket::{Kind, Socket};

impl Ours {
    pub(super) fn do_bind(&mut self, handle: Handle, addr: SocketAddr) -> Reply {
        let speaks = self.speaks(addr.ip());
        let Some(socket) = self.get_mut(handle) else {
            return Reply::Failed(errno::EBADF);
        };
        if socket.kind != Kind::Fresh || socket.bound.is_some() {
            return Reply::Failed(errno::EINVAL);
        }
        if !speaks {
            return Reply::Failed(errno::EADDRNOTAVAIL);
        }
        socket.bound = Some(addr);
        Reply::Done(0)
    }

    pub(super) fn do_listen(&mut self, handle: Handle, backlog: i64) -> Reply {
        let Some(socket) = self.get(handle) else {
            return Reply::Failed(errno::EBADF);
        };
        match socket.kind {
            Kind::Fresh => {}
            // Again: only the backlog would change.
            Kind::Listening(_) => return Reply::Done(0),
            Kind::Opening(_) | Kind::Connected(_) => return Reply::Failed(errno::EINVAL),
        }
        let mut options = socket.options;
        let any = self.stack.config().addresses.first().map(|(addr, _)| *addr);
        let Some(local) = socket.bound.or(any.map(|addr| SocketAddr::new(addr, 0))) else {
            return Reply::Failed(errno::EADDRNOTAVAIL);
        };
        if socket.options.fast_open.is_none() && self.policy.fast_open.is_for_all() {
            options.fast_open = u32::try_from(backlog).ok();
        }
        let config = self.config_of(&options);
        // Linux lets one more wait than it was told.
        let backlog = usize::try_from(backlog).unwrap_or(0).saturating_add(1);
        let listener = self.stack.listen_with(self.now, local, backlog, config);
        match (listener, self.get_mut(handle)) {
            (Ok(id), Some(socket)) => {
                socket.kind = Kind::Listening(id);
                socket.options = options;
                Reply::Done(0)
            }
            (Err(ListenError::NotOurs(_)), _) => Reply::Failed(errno::EADDRNOTAVAIL),
            _ => Reply::Failed(errno::EADDRINUSE),
        }
    }

    pub(super) fn do_accept(&mut self, handle: Handle) -> Result<(Handle, SocketAddr), Reply> {
        let socket = self.get(handle).ok_or(Reply::Failed(errno::EBADF))?;
        let Kind::Listening(listener) = socket.kind else {
            return Err(Reply::Failed(errno::EINVAL));
        };
        let options = socket.options;
        let accepted = self.stack.accept(self.now, listener);
        let id = accepted.map_err(|error| match error {
            AcceptError::WouldBlock => Reply::Wait(errno::EAGAIN),
            AcceptError::Closed => Reply::Failed(errno::EINVAL),
        })?;
        // What was accepted a line above has a pair.
        let pair = self.stack.pair(id).ok_or(Reply::Wait(errno::EAGAIN))?;
        self.stack.set_linger(id, options.linger);
        let far = pair.remote.into();
        let child = Socket::of(Kind::Connected(id), options.of_child());
        Ok((self.insert(child), far))
    }

    pub(super) fn do_connect(&mut self, handle: Handle, addr: SocketAddr) -> Reply {
        let Some(socket) = self.get(handle) else {
            return Reply::Failed(errno::EBADF);
        };
        match socket.kind {
            Kind::Listening(_) | Kind::Connected(_) => return Reply::Failed(errno::EISCONN),
            Kind::Opening(id) if self.stack.waits_for_text(id) => {
                return Reply::Failed(errno::EISCONN);
            }
            Kind::Opening(id) => return self.connected(handle, id),
            Kind::Fresh => {}
        }
        let (now, bound) = (self.now, socket.bound);
        let later = socket.options.connect_later;
        let config = self.config_of(&socket.options);
        let opened = match later {
            true => self.stack.open_for_text(now, addr, bound, config),
            false => self.stack.open_with(now, addr, bound, config),
        };
        match opened {
            Ok(id) => {
                let opening = self.opens(handle, id);
                match self.stack.waits_for_text(id) {
                    true => Reply::Done(0),
                    false => opening,
                }
            }
            Err(error) => refused(error),
        }
    }

    /// An active OPEN has begun.
    pub(super) fn opens(&mut self, handle: Handle, id: ConnId) -> Reply {
        if let Some(socket) = self.get_mut(handle) {
            socket.kind = Kind::Opening(id);
            socket.told = false;
            let linger = socket.options.linger;
            self.stack.set_linger(id, linger);
        }
        Reply::Wait(errno::EINPROGRESS)
    }

    /// How an opening ended, if it has.
    pub(super) fn connected(&mut self, handle: Handle, id: ConnId) -> Reply {
        let state = self.stack.status(id).map(|snapshot| snapshot.state);
        match state {
            Some(State::SynSent | State::SynReceived) => Reply::Wait(errno::EALREADY),
            Some(State::Closed) | None => {
                let error = self.take_error(handle).unwrap_or(errno::ECONNABORTED);
                self.stack.close(self.now, id);
                if let Some(socket) = self.get_mut(handle) {
                    socket.kind = Kind::Fresh;
                }
                Reply::Failed(error)
            }
            Some(_) => {
                if let Some(socket) = self.get_mut(handle) {
                    socket.kind = Kind::Connected(id);
                }
                Reply::Done(0)
            }
        }
    }

    pub(super) fn disconnect(&mut self, handle: Handle) -> Reply {
        let Some(socket) = self.get(handle) else {
            return Reply::Failed(errno::EBADF);
        };
        match socket.kind {
            Kind::Fresh => {}
            Kind::Listening(id) => self.stack.unlisten(self.now, id),
            Kind::Opening(id) | Kind::Connected(id) => self.stack.abort(self.now, id),
        }
        if let Some(socket) = self.get_mut(handle) {
            *socket = Socket::of(Kind::Fresh, socket.options);
        }
        Reply::Done(0)
    }

    pub(super) fn do_send(&mut self, handle: Handle, bytes: &[u8], more: bool) -> Reply {
        let Some(socket) = self.get(handle) else {
            return Reply::Failed(errno::EBADF);
        };
        if socket.shut_write {
            return Reply::Failed(self.take_error(handle).unwrap_or(errno::EPIPE));
        }
        let id = match socket.kind {
            Kind::Fresh | Kind::Listening(_) => return Reply::Failed(errno::EPIPE),
            Kind::Opening(id) | Kind::Connected(id) => id,
        };
        let state = self.stack.status(id).map(|snapshot| snapshot.state);
        if state.is_some_and(|state| socket.is_opening(state)) {
            return Reply::Wait(errno::EAGAIN);
        }
        if let Some(error) = self.take_error(handle) {
            return Reply::Failed(error);
        }
        let written = match more {
            true => self.stack.write_more(self.now, id, bytes),
            false => self.stack.write(self.now, id, bytes),
        };
        match written {
            Ok(taken) => Reply::Done(taken as i64),
            Err(WriteError::WouldBlock) => Reply::Wait(errno::EAGAIN),
            Err(WriteError::Closed | WriteError::Failed(_)) => Reply::Failed(errno::EPIPE),
        }
    }

    pub(super) fn do_recv(&mut self, handle: Handle, len: usize, how: Receive) -> (Reply, Vec<u8>) {
        let nothing = |reply| (reply, Vec::new());
        let Some(socket) = self.get(handle) else {
            return nothing(Reply::Failed(errno::EBADF));
        };
        let shut_read = socket.shut_read;
        let id = match socket.kind {
            Kind::Fresh | Kind::Listening(_) => return nothing(Reply::Failed(errno::ENOTCONN)),
            Kind::Opening(id) | Kind::Connected(id) => id,
        };
        let mut bytes = vec![0; len.min(RECEIVE_MAX)];
        if how.peek {
            let taken = self.stack.peek(id, &mut bytes);
            if taken > 0 {
                bytes.truncate(taken);
                return (Reply::Done(taken as i64), bytes);
            }
        }
        let waits = self.unread_of(id) > 0;
        if !waits && let Some(error) = self.take_error(handle) {
            return nothing(Reply::Failed(error));
        }
        match self.stack.read(self.now, id, &mut bytes) {
            Ok(taken) => {
                bytes.truncate(taken);
                (Reply::Done(taken as i64), bytes)
            }
            Err(ReadError::WouldBlock) if shut_read => nothing(Reply::Done(0)),
            Err(ReadError::WouldBlock) => nothing(Reply::Wait(errno::EAGAIN)),
            // The error was told before: from then on it is the end.
            Err(ReadError::Closed | ReadError::Failed(_)) => nothing(Reply::Done(0)),
        }
    }

    fn unread_of(&self, id: ConnId) -> usize {
        self.stack.status(id).map_or(0, |snapshot| snapshot.unread)
    }

    pub(super) fn do_shutdown(&mut self, handle: Handle, how: Shut) -> Reply {
        let Some(socket) = self.get(handle) else {
            return Reply::Failed(errno::EBADF);
        };
        let id = match socket.kind {
            Kind::Fresh => return Reply::Failed(errno::ENOTCONN),
            Kind::Listening(id) => {
                if how != Shut::Write {
                    self.stack.unlisten(self.now, id);
                    if let Some(socket) = self.get_mut(handle) {
                        socket.kind = Kind::Fresh;
                    }
                }
                return Reply::Done(0);
            }
            Kind::Opening(id) | Kind::Connected(id) => id,
        };
        let state = self.stack.status(id).map(|snapshot| snapshot.state);
        if matches!(state, None | Some(State::Closed | State::TimeWait)) {
            return Reply::Failed(errno::ENOTCONN);
        }
        if how != Shut::Read {
            self.stack.shutdown(self.now, id);
        }
        if let Some(socket) = self.get_mut(handle) {
            socket.shut_read |= how != Shut::Write;
            socket.shut_write |= how != Shut::Read;
        }
        Reply::Done(0)
    }

    pub(super) fn do_close(&mut self, handle: Handle) -> Reply {
        let Some(socket) = self.get(handle) else {
            return Reply::Failed(errno::EBADF);
        };
        match (socket.kind, socket.lingers_until) {
            (Kind::Connected(id), None) => {
                let patience = socket.options.linger.unwrap_or_default();
                if patience > Duration::ZERO && self.has_unsent_or_unacked(id) {
                    let until = self.now + patience;
                    self.stack.shutdown(self.now, id);
                    if let Some(socket) = self.get_mut(handle) {
                        socket.lingers_until = Some(until);
                    }
                    return Reply::Wait(errno::EAGAIN);
                }
                self.stack.close(self.now, id);
            }
            (Kind::Connected(id), Some(until)) => {
                if self.now < until && self.has_unsent_or_unacked(id) {
                    return Reply::Wait(errno::EAGAIN);
                }
                self.stack.close(self.now, id);
            }
            (Kind::Opening(id), _) => self.stack.close(self.now, id),
            (Kind::Listening(id), _) => self.stack.unlisten(self.now, id),
            (Kind::Fresh, _) => {}
        }
        if let Some(slot) = self.sockets.get_mut(handle.0) {
            *slot = None;
        }
        Reply::Done(0)
    }

    /// Whether anything that was written, or our FIN, is not acknowledged.
    fn has_unsent_or_unacked(&self, id: ConnId) -> bool {
        self.stack.status(id).is_some_and(|snapshot| {
            let over = matches!(
                snapshot.state,
                State::Closed | State::TimeWait | State::FinWait2
            );
            !over && snapshot.unacknowledged > 0
        })
    }
}

/// Why there is no active OPEN.
pub(super) fn refused(error: OpenError) -> Reply {
    Reply::Failed(match error {
        OpenError::InUse(..)
        | OpenError::Elsewhere(..)
        | OpenError::NoPort(_)
        | OpenError::NotOurs(_) => errno::EADDRNOTAVAIL,
        OpenError::BadRemote(_)
        | OpenError::NoSource(_)
        | OpenError::NetworkUnreachable(_)
        | OpenError::Itself(_) => errno::ENETUNREACH,
        OpenError::TooMany(_) => errno::ENOBUFS,
    })
}

/// What one call receives at most.
const RECEIVE_MAX: usize = 1 << 24;
