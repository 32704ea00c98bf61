//! The kernel's sockets as simulated applications talk over them. None of these calls waits.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen as wait_for, socket_with};

use crate::namespace::{doctor::congestion_controls, sockopt};
use crate::sim::line::Line;
use crate::sim::party::Outcome;
use crate::stack::{ReadError, WriteError};
use crate::tcp::Failure;

/// A socket, until the application lets go of it.
#[derive(Debug)]
pub struct KernelLine<'a>(pub &'a mut Option<TcpStream>);

impl Line for KernelLine<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, ReadError> {
        let socket = self.0.as_mut().ok_or(ReadError::Closed)?;
        match socket.read(into) {
            Ok(taken) => Ok(taken),
            Err(error) if is_too_early(&error) => Err(ReadError::WouldBlock),
            Err(error) => Err(ReadError::Failed(failure(&error))),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, WriteError> {
        let socket = self.0.as_mut().ok_or(WriteError::Closed)?;
        match socket.write(bytes) {
            Ok(taken) => Ok(taken),
            Err(error) if is_too_early(&error) => Err(WriteError::WouldBlock),
            Err(error) => Err(WriteError::Failed(failure(&error))),
        }
    }

    fn set_nodelay(&mut self, on: bool) {
        if let Some(socket) = self.0 {
            // What the kernel does not take changes how it sends, and nothing else.
            let _ = socket.set_nodelay(on);
        }
    }

    fn shutdown(&mut self) {
        if let Some(socket) = self.0 {
            // Of a connection that is gone, nothing is left to shut.
            let _ = socket.shutdown(Shutdown::Write);
        }
    }

    fn close(&mut self) {
        *self.0 = None;
    }

    fn abort(&mut self) {
        if let Some(socket) = self.0.take() {
            // Who lingers for no time at all sends a reset: socket(7).
            let _ =
                rustix::net::sockopt::set_socket_linger(&socket, Some(std::time::Duration::ZERO));
        }
    }

    fn is_opening(&self) -> bool {
        self.0
            .as_ref()
            .is_some_and(|socket| state(socket) == Some(SYN_SENT))
    }

    fn ended(&self) -> Option<Outcome> {
        let socket = self.0.as_ref()?;
        if state(socket) != Some(CLOSE) {
            return None;
        }
        let error = socket.take_error().ok().flatten();
        Some(error.map_or(Outcome::Closed, |error| Outcome::Failed(failure(&error))))
    }
}

/// A socket that listens.
pub fn listen(at: SocketAddr, backlog: usize) -> io::Result<TcpListener> {
    let fd = socket(at)?;
    rustix::net::sockopt::set_socket_reuseaddr(&fd, true)?;
    bind(&fd, &at)?;
    wait_for(&fd, i32::try_from(backlog).unwrap_or(i32::MAX))?;
    Ok(fd.into())
}

/// A socket that begins to connect.
pub fn connect(from: SocketAddr, to: SocketAddr, control: &str) -> io::Result<TcpStream> {
    let fd = socket(to)?;
    self::control(&fd, control)?;
    bind(&fd, &from)?;
    match rustix::net::connect(&fd, &to) {
        Ok(()) | Err(Errno::INPROGRESS) => Ok(fd.into()),
        Err(error) => Err(error.into()),
    }
}

/// Chooses the congestion control.
pub fn control(socket: impl AsFd, name: &str) -> io::Result<()> {
    rustix::net::sockopt::set_tcp_congestion(socket, name).map_err(|error| {
        let text = format!(
            "it has no congestion control {name:?}, only {}",
            congestion_controls()
        );
        io::Error::new(io::Error::from(error).kind(), text)
    })
}

/// Whether the kernel has this congestion control.
pub fn check(name: &str, addr: std::net::IpAddr) -> io::Result<()> {
    control(socket(SocketAddr::new(addr, 0))?, name)
}

/// Whether its handshake is over, and it is not.
pub fn is_connected(socket: &TcpStream) -> bool {
    !matches!(state(socket), Some(SYN_SENT | SYN_RECV | CLOSE) | None)
}

fn socket(of: SocketAddr) -> io::Result<std::os::fd::OwnedFd> {
    let family = match of {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let flags = SocketFlags::NONBLOCK.union(SocketFlags::CLOEXEC);
    Ok(socket_with(family, SocketType::STREAM, flags, None)?)
}

/// The first byte of `struct tcp_info`.
fn state(socket: &TcpStream) -> Option<u8> {
    let mut info = [0];
    sockopt::tcp_info(socket.as_fd(), &mut info).ok()?;
    Some(info[0])
}

/// Whether there is nothing yet, or nobody yet.
fn is_too_early(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted | io::ErrorKind::NotConnected
    )
}

fn failure(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Failure::Refused,
        io::ErrorKind::TimedOut => Failure::TimedOut,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => Failure::Unreachable,
        _ => Failure::Reset,
    }
}

/// Of `linux/tcp.h`.
const SYN_SENT: u8 = 2;
const SYN_RECV: u8 = 3;
const CLOSE: u8 = 7;
