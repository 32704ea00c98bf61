//! The calls of scripts, on the kernel's sockets. None of these waits: what would, says so.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd;
use std::thread;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, Shutdown, SocketFlags, SocketType, accept_with, bind,
    connect, connect_unspec, listen, recv, send, sendto, shutdown, socket_with,
};

use crate::drill::backend::{Handle, Receive, Reply, Shut, Waiting, errno};
use crate::drill::settings::IpVersion;
use crate::namespace::sockopt;

use super::{Kernel, Socket};

impl Kernel {
    /// A socket that never waits, controlled as the script expects.
    pub(super) fn open(&mut self) -> Handle {
        let family = match self.version {
            IpVersion::V4 => AddressFamily::INET,
            IpVersion::V6 | IpVersion::Mapped => AddressFamily::INET6,
        };
        let made = socket_with(family, SocketType::STREAM, FLAGS, None);
        let Ok(fd) = made else {
            // No such handle: every call on it says so.
            self.sockets.push(None);
            return Handle(self.sockets.len() - 1);
        };
        // Where the kernel lacks it, it has its own.
        let _ = rustix::net::sockopt::set_tcp_congestion(&fd, &self.control);
        self.insert(fd)
    }

    /// An address as sockets of this kind want it.
    fn spoken(&self, addr: SocketAddr) -> SocketAddr {
        match (self.version, addr.ip()) {
            (IpVersion::Mapped, IpAddr::V4(ip)) => {
                SocketAddr::new(ip.to_ipv6_mapped().into(), addr.port())
            }
            _ => addr,
        }
    }

    pub(super) fn do_bind(&mut self, socket: Handle, addr: SocketAddr) -> Reply {
        match self.get(socket) {
            Ok(socket) => done(bind(socket, &self.spoken(addr))),
            Err(reply) => reply,
        }
    }

    pub(super) fn do_listen(&mut self, socket: Handle, backlog: i64) -> Reply {
        let backlog = i32::try_from(backlog).unwrap_or(i32::MAX);
        match self.get(socket) {
            Ok(socket) => done(listen(socket, backlog)),
            Err(reply) => reply,
        }
    }

    pub(super) fn do_accept(&mut self, socket: Handle) -> Result<(Handle, SocketAddr), Reply> {
        let fd = accept_with(self.get(socket)?, FLAGS).map_err(failed)?;
        let far = rustix::net::getpeername(&fd).map_err(failed)?;
        let far = far.and_then(|far| SocketAddr::try_from(far).ok());
        let far = far.ok_or(Reply::Failed(errno::ENOTCONN))?;
        let far = SocketAddr::new(far.ip().to_canonical(), far.port());
        Ok((self.insert(fd), far))
    }

    pub(super) fn do_connect(&mut self, socket: Handle, addr: Option<SocketAddr>) -> Reply {
        match (self.get(socket), addr) {
            (Ok(socket), Some(addr)) => done(connect(socket, &self.spoken(addr))),
            (Ok(socket), None) => done(connect_unspec(socket)),
            (Err(reply), _) => reply,
        }
    }

    pub(super) fn do_connect_sending(
        &mut self,
        socket: Handle,
        addr: SocketAddr,
        bytes: Option<&[u8]>,
    ) -> Reply {
        let (Ok(socket), Some(bytes)) = (self.get(socket), bytes) else {
            return Reply::Failed(errno::EFAULT);
        };
        let flags = SendFlags::NOSIGNAL | SendFlags::from_bits_retain(MSG_FASTOPEN);
        counted(sendto(socket, bytes, flags, &self.spoken(addr)))
    }

    pub(super) fn do_send(&mut self, socket: Handle, bytes: &[u8], more: bool) -> Reply {
        let flags = match more {
            true => SendFlags::NOSIGNAL | SendFlags::MORE,
            false => SendFlags::NOSIGNAL,
        };
        match self.get(socket) {
            Ok(socket) => counted(send(socket, bytes, flags)),
            Err(reply) => reply,
        }
    }

    pub(super) fn do_recv(&mut self, socket: Handle, len: usize, how: Receive) -> (Reply, Vec<u8>) {
        let mut bytes = vec![0; len.min(RECEIVE_MOST)];
        let flags = match how.peek {
            true => RecvFlags::PEEK,
            false => RecvFlags::empty(),
        };
        let got = match self.get(socket) {
            Ok(socket) => recv(socket, &mut bytes[..], flags).map(|(got, _)| got),
            Err(reply) => return (reply, Vec::new()),
        };
        bytes.truncate(got.unwrap_or(0));
        (counted(got), bytes)
    }

    pub(super) fn do_shutdown(&mut self, socket: Handle, how: Shut) -> Reply {
        let how = match how {
            Shut::Read => Shutdown::Read,
            Shut::Write => Shutdown::Write,
            Shut::Both => Shutdown::Both,
        };
        match self.get(socket) {
            Ok(socket) => done(shutdown(socket, how)),
            Err(reply) => reply,
        }
    }

    /// A close may wait, whatever the socket was told: then a thread does.
    pub(super) fn do_close(&mut self, handle: Handle) -> Reply {
        let Some(slot) = self.sockets.get_mut(handle.0) else {
            return Reply::Failed(errno::EBADF);
        };
        match slot.take() {
            Some(Socket::Open(fd)) => {
                let linger = rustix::net::sockopt::socket_linger(&fd).ok().flatten();
                if linger.is_none_or(|linger| linger.is_zero()) {
                    return Reply::Done(0);
                }
                *slot = Some(Socket::Closing(thread::spawn(move || drop(fd))));
                Reply::Wait(errno::EAGAIN)
            }
            Some(Socket::Closing(thread)) if !thread.is_finished() => {
                *slot = Some(Socket::Closing(thread));
                Reply::Wait(errno::EAGAIN)
            }
            Some(Socket::Closing(_)) => Reply::Done(0),
            None => Reply::Failed(errno::EBADF),
        }
    }

    pub(super) fn do_set_option(
        &mut self,
        socket: Handle,
        level: i64,
        name: i64,
        value: &[u8],
    ) -> Reply {
        let (Ok(level), Ok(name)) = (i32::try_from(level), i32::try_from(name)) else {
            return Reply::Failed(errno::ENOPROTOOPT);
        };
        match self.get(socket) {
            Ok(socket) => done(sockopt::set(socket.as_fd(), level, name, value)),
            Err(reply) => reply,
        }
    }

    pub(super) fn do_option(
        &mut self,
        socket: Handle,
        level: i64,
        name: i64,
        len: usize,
    ) -> (Reply, Vec<u8>) {
        let (Ok(level), Ok(name)) = (i32::try_from(level), i32::try_from(name)) else {
            return (Reply::Failed(errno::ENOPROTOOPT), Vec::new());
        };
        let mut value = vec![0; len.min(OPTION_MOST)];
        let got = match self.get(socket) {
            Ok(socket) => sockopt::get(socket.as_fd(), level, name, &mut value),
            Err(reply) => return (reply, Vec::new()),
        };
        value.truncate(got.unwrap_or(0));
        (done(got.map(|_| ())), value)
    }

    pub(super) fn do_waiting(&self, socket: Handle, which: Waiting) -> Reply {
        match (self.get(socket), which) {
            (Ok(socket), Waiting::Unread) => {
                let unread = rustix::io::ioctl_fionread(socket);
                counted(unread.map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX)))
            }
            (Ok(_), Waiting::Unacknowledged | Waiting::Unsent) => {
                Reply::Unsupported("ioctl:SIOCOUTQ".to_owned())
            }
            (Err(reply), _) => reply,
        }
    }

    pub(super) fn do_events(&self, socket: Handle) -> i64 {
        let Ok(socket) = self.get(socket) else {
            return crate::drill::backend::poll::NVAL;
        };
        let all = PollFlags::IN
            | PollFlags::OUT
            | PollFlags::RDNORM
            | PollFlags::WRNORM
            | PollFlags::RDHUP;
        let mut fds = [PollFd::new(socket, all)];
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        match poll(&mut fds, Some(&now)) {
            Ok(_) => i64::from(fds[0].revents().bits()),
            Err(_) => 0,
        }
    }
}

/// What a call without a result comes to.
fn done(result: Result<(), Errno>) -> Reply {
    match result {
        Ok(()) => Reply::Done(0),
        Err(errno) => failed(errno),
    }
}

/// What a call comes to that says how much.
fn counted(result: Result<usize, Errno>) -> Reply {
    match result {
        Ok(count) => Reply::Done(count as i64),
        Err(errno) => failed(errno),
    }
}

fn failed(error: Errno) -> Reply {
    let number = i64::from(error.raw_os_error());
    match error {
        Errno::AGAIN | Errno::INPROGRESS | Errno::ALREADY => Reply::Wait(number),
        _ => Reply::Failed(number),
    }
}

const FLAGS: SocketFlags = SocketFlags::NONBLOCK.union(SocketFlags::CLOEXEC);
/// `linux/socket.h`.
const MSG_FASTOPEN: u32 = 0x2000_0000;
/// What one call receives at most.
const RECEIVE_MOST: usize = 1 << 24;
/// No option is longer.
const OPTION_MOST: usize = 4096;
