//! Fast Open as Linux's sockets have it: opening with text, opening later, keys.

use std::net::SocketAddr;

use crate::stack::{ConnId, CookieKeys};

use super::super::backend::{Handle, Reply, errno};
use super::super::profile::Profile;
use super::socket::Kind;
use super::{Ours, call};

impl Ours {
    /// As Linux's `tcp_sendmsg_fastopen`: without a cookie nothing is taken. `bytes` of `None` are
    /// those that a null pointer points to.
    pub(super) fn do_connect_sending(
        &mut self,
        handle: Handle,
        addr: SocketAddr,
        bytes: Option<&[u8]>,
    ) -> Reply {
        let Some(socket) = self.get(handle) else {
            return Reply::Failed(errno::EBADF);
        };
        if !self.policy.fast_open.is_active() {
            return Reply::Failed(errno::EOPNOTSUPP);
        }
        match socket.kind {
            Kind::Listening(_) | Kind::Connected(_) => return Reply::Failed(errno::EISCONN),
            Kind::Opening(id) if self.stack.waits_for_text(id) => {
                return self.send_with_syn(id, bytes);
            }
            Kind::Opening(id) => {
                return match self.connected(handle, id) {
                    Reply::Done(_) => self.do_send(handle, bytes.unwrap_or_default(), false),
                    not_yet => not_yet,
                };
            }
            // No address at all.
            Kind::Fresh if addr.ip().is_unspecified() && addr.port() == 0 => {
                return Reply::Failed(errno::EINVAL);
            }
            Kind::Fresh => {}
        }
        let config = self.config_of(&socket.options);
        let opened = self
            .stack
            .open_sending(self.now, addr, socket.bound, config, &[]);
        match opened {
            Ok((id, _)) => {
                self.opens(handle, id);
                self.send_with_syn(id, bytes)
            }
            Err(error) => call::refused(error),
        }
    }

    /// What fits goes with the SYN; of the rest, and of the opening, is told later.
    fn send_with_syn(&mut self, id: ConnId, bytes: Option<&[u8]>) -> Reply {
        let room = self.stack.syn_room(id);
        let Some(bytes) = bytes else {
            // Linux falls back to asking for a cookie.
            return match room {
                0 => Reply::Wait(errno::EINPROGRESS),
                _ => Reply::Unsupported("flag:MSG_FASTOPEN of a null pointer".into()),
            };
        };
        let with_syn = bytes.get(..room).unwrap_or(bytes);
        match self.stack.write(self.now, id, with_syn) {
            Ok(taken) if taken > 0 => Reply::Done(taken as i64),
            _ => Reply::Wait(errno::EINPROGRESS),
        }
    }

    /// Where a socket is to be connected to by what it sends first: `connect` has left it to that.
    pub(super) fn opens_by_sending(&self, handle: Handle) -> Option<SocketAddr> {
        let id = self.get(handle)?.connection()?;
        let waits = self.stack.waits_for_text(id);
        let pair = self.stack.pair(id).filter(|_| waits)?;
        Some(pair.remote.into())
    }

    /// TCP_FASTOPEN: how many connections may be pending that a listener takes before their
    /// handshake is over.
    pub(super) fn set_pending(&mut self, handle: Handle, number: i64) -> Reply {
        let pending = u32::try_from(number).ok();
        let Some((socket, pending)) = self.get_mut(handle).zip(pending) else {
            return Reply::Failed(errno::EINVAL);
        };
        if !matches!(socket.kind, Kind::Fresh | Kind::Listening(_)) {
            return Reply::Failed(errno::EINVAL);
        }
        socket.options.fast_open = Some(pending.min(SOMAXCONN));
        Reply::Done(0)
    }

    /// TCP_FASTOPEN_NO_COOKIE.
    pub(super) fn set_without_cookie(&mut self, handle: Handle, number: i64) -> Reply {
        match self.get_mut(handle) {
            Some(socket)
                if matches!(number, 0 | 1)
                    && matches!(socket.kind, Kind::Fresh | Kind::Listening(_)) =>
            {
                socket.options.without_cookie = number == 1;
                Reply::Done(0)
            }
            _ => Reply::Failed(errno::EINVAL),
        }
    }

    /// TCP_FASTOPEN_CONNECT: `connect` leaves the SYN to the first text, if that may go along.
    pub(super) fn set_connect_later(&mut self, handle: Handle, number: i64) -> Reply {
        let active = self.policy.fast_open.is_active();
        match self.get_mut(handle) {
            Some(_) if !matches!(number, 0 | 1) => Reply::Failed(errno::EINVAL),
            Some(_) if !active => Reply::Failed(errno::EOPNOTSUPP),
            Some(socket) if socket.kind == Kind::Fresh => {
                socket.options.connect_later = number == 1;
                Reply::Done(0)
            }
            _ => Reply::Failed(errno::EINVAL),
        }
    }

    /// TCP_FASTOPEN_KEY: one key, or that and the one before it.
    pub(super) fn set_cookie_keys(&mut self, handle: Handle, value: &[u8]) -> Reply {
        let keys = match value.as_chunks::<16>() {
            ([current], []) => (*current, None),
            ([current, former], []) => (*current, Some(*former)),
            _ => return Reply::Failed(errno::EINVAL),
        };
        if let Some(socket) = self.get_mut(handle) {
            let (current, former) = keys;
            socket.options.cookie_keys = Some(CookieKeys { current, former });
        }
        Reply::Done(0)
    }

    /// The keys that a socket's cookies are made with.
    pub(super) fn cookie_keys(&self, handle: Handle) -> Vec<u8> {
        let own = self
            .get(handle)
            .and_then(|socket| socket.options.cookie_keys);
        let CookieKeys { current, former } = own.unwrap_or(self.policy.fast_open.keys());
        [&current[..], former.as_ref().map_or(&[], |former| former)].concat()
    }

    /// Whether Fast Open's options are those of Linux. FreeBSD has a switch where that has a
    /// number, and the host counts for all sockets.
    pub(super) fn opens_fast_as_linux(&self) -> bool {
        self.policy.profile != Profile::Bsd
    }
}

/// net.core.somaxconn.
const SOMAXCONN: u32 = 4096;
