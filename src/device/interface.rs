//! Questions to the kernel about a network interface, by its name: what `netdevice(7)` describes.
//!
//! They go through a socket, and a socket belongs to the network namespace in which it was made.
//! `/sys/class/net` would answer for the namespace in which `/sys` was mounted, which is another
//! one as soon as a program has entered a private namespace.

#![allow(unsafe_code)]

use std::io;
use std::os::fd::OwnedFd;

use rustix::ioctl::{Opcode, Updater, ioctl};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

/// An interface of the network namespace in which this value was made.
#[derive(Debug)]
pub(super) struct Interface {
    control: OwnedFd,
    name: String,
}

impl Interface {
    /// The interface called `name`, whether or not there is one.
    pub(super) fn named(name: &str) -> io::Result<Interface> {
        check_name(name)?;
        let control = socket_with(
            AddressFamily::INET,
            SocketType::DGRAM,
            SocketFlags::CLOEXEC,
            None,
        )?;
        Ok(Interface {
            control,
            name: name.to_owned(),
        })
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The largest packet it carries, in bytes. `lo` allows 65,536, which no IP packet needs.
    pub(super) fn mtu(&self) -> io::Result<u16> {
        let mut request = Request::new(&self.name);
        // SAFETY: SIOCGIFMTU takes a `struct ifreq`, reads the name and writes `ifr_mtu`, an int
        // at the beginning of the value; `Request` has that struct's size and layout.
        unsafe {
            ioctl(
                &self.control,
                Updater::<SIOCGIFMTU, Request>::new(&mut request),
            )
        }?;
        let mtu = i32::from_ne_bytes([
            request.value[0],
            request.value[1],
            request.value[2],
            request.value[3],
        ]);
        Ok(u16::try_from(mtu.max(0)).unwrap_or(u16::MAX))
    }
}

/// Refuses a name that the system would cut without a word.
///
/// # Errors
///
/// [`io::ErrorKind::InvalidInput`], with a text that has the name in it.
pub(super) fn check_name(name: &str) -> io::Result<()> {
    let fault = if name.is_empty() {
        "it is empty"
    } else if name.len() > NAME_MAX {
        "it is longer than 15 bytes"
    } else if name.contains('\0') {
        "it has a zero byte in it"
    } else {
        return Ok(());
    };
    let text = format!("{name:?} cannot name a network interface: {fault}");
    Err(io::Error::new(io::ErrorKind::InvalidInput, text))
}

/// `struct ifreq` of `netdevice(7)`.
#[repr(C, align(8))]
struct Request {
    name: [u8; NAME_MAX + 1],
    value: [u8; 24],
}

const _: () = assert!(size_of::<Request>() == 40);

impl Request {
    /// `name` was checked: it leaves room for the zero byte at the end.
    fn new(name: &str) -> Request {
        let mut request = Request {
            name: [0; NAME_MAX + 1],
            value: [0; 24],
        };
        for (to, from) in request.name.iter_mut().zip(name.bytes().take(NAME_MAX)) {
            *to = from;
        }
        request
    }
}

/// IFNAMSIZ, without the zero byte that ends the name.
const NAME_MAX: usize = 15;
/// `linux/sockios.h`.
const SIOCGIFMTU: Opcode = 0x8921;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_the_kernel_would_cut_is_refused_by_name() {
        let error = check_name("sixteen-bytes-xx").expect_err("16 bytes");
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert!(error.to_string().contains("sixteen-bytes-xx"), "{error}");
        assert!(check_name("a\0b").is_err());
        assert!(check_name("").is_err());
        assert!(check_name("fifteen-bytes-x").is_ok());
    }

    #[test]
    fn the_mtu_of_no_interface_is_an_error() {
        let nobody = Interface::named("not-here").expect("a socket");
        assert!(nobody.mtu().is_err());
    }
}
