//! Questions to the kernel about a network interface, by its name: what `netdevice(7)` describes.
//!
//! They go through a socket, and a socket belongs to the network namespace in which it was made.
//! `/sys/class/net` would answer for the namespace in which `/sys` was mounted, which is another
//! one as soon as a program has entered a private namespace.

#![allow(unsafe_code)]

use std::io;
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::ioctl::{Opcode, Updater, ioctl};
use rustix::net::netdevice::name_to_index;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use crate::wire::ethernet::Mac;

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
        let [a, b, c, d, ..] = request.value;
        let mtu = i32::from_ne_bytes([a, b, c, d]);
        Ok(u16::try_from(mtu.max(0)).unwrap_or(u16::MAX))
    }

    /// Its number.
    pub(super) fn index(&self) -> io::Result<u32> {
        Ok(name_to_index(&self.control, &self.name)?)
    }

    /// Its Ethernet address.
    pub(super) fn mac(&self) -> io::Result<Mac> {
        let mut request = Request::new(&self.name);
        // SAFETY: SIOCGIFHWADDR takes a `struct ifreq`, reads the name and writes `ifr_hwaddr`, a
        // `struct sockaddr` of 16 bytes: `Request` has room for it.
        unsafe {
            ioctl(
                &self.control,
                Updater::<SIOCGIFHWADDR, Request>::new(&mut request),
            )
        }?;
        let [family_a, family_b, a, b, c, d, e, f, ..] = request.value;
        if u16::from_ne_bytes([family_a, family_b]) != ARPHRD_ETHER {
            let text = format!("{} is no Ethernet interface", self.name);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        Ok(Mac([a, b, c, d, e, f]))
    }

    /// Switches one offload off. One that the interface does not have, or cannot switch, is no
    /// error.
    pub(super) fn switch_off(&self, offload: Offload) -> io::Result<()> {
        let mut value = EthtoolValue {
            command: offload as u32,
            data: 0,
        };
        let mut request = EthtoolRequest {
            name: Request::new(&self.name).name,
            data: &raw mut value,
            rest: [0; 16],
        };
        // SAFETY: SIOCETHTOOL takes a `struct ifreq` whose value is a pointer; the commands of
        // `Offload` read a `struct ethtool_value` there and nothing behind it. `value` lives until
        // the call has returned.
        let switched = unsafe {
            let updater = Updater::<SIOCETHTOOL, EthtoolRequest>::new(&mut request);
            ioctl(&self.control, updater)
        };
        match switched {
            Ok(()) | Err(Errno::OPNOTSUPP) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }
}

/// What an Ethernet interface may do for its users, by the command of `linux/ethtool.h` that sets
/// it.
#[derive(Debug, Clone, Copy)]
#[repr(u32)]
pub(super) enum Offload {
    /// It takes a transport checksum as verified on the way in.
    ChecksumIn = 0x15,
    /// It leaves a transport checksum to the hardware on the way out.
    ChecksumOut = 0x17,
    /// It cuts TCP's super-packets.
    TcpSegmentation = 0x1f,
    /// The kernel hands it super-packets of other kinds.
    GenericSegmentation = 0x24,
    /// The kernel merges what it receives.
    GenericReceive = 0x2c,
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
pub(super) struct Request {
    name: [u8; NAME_MAX + 1],
    value: [u8; 24],
}

const _: () = assert!(size_of::<Request>() == 40);

impl Request {
    /// `name` was checked: it leaves room for the zero byte at the end.
    fn new(name: &str) -> Request {
        Request::with(name, &[])
    }

    /// The same with a value, of 24 bytes at most.
    pub(super) fn with(name: &str, value: &[u8]) -> Request {
        let mut request = Request {
            name: [0; NAME_MAX + 1],
            value: [0; 24],
        };
        for (to, from) in request.name.iter_mut().zip(name.bytes().take(NAME_MAX)) {
            *to = from;
        }
        for (to, from) in request.value.iter_mut().zip(value) {
            *to = *from;
        }
        request
    }

    /// The name, which the kernel may have completed.
    pub(super) fn name(&self) -> String {
        let end = self.name.iter().position(|byte| *byte == 0);
        let name = &self.name[..end.unwrap_or(NAME_MAX)];
        String::from_utf8_lossy(name).into_owned()
    }
}

/// `struct ifreq` when its value is a pointer.
#[repr(C)]
struct EthtoolRequest {
    name: [u8; NAME_MAX + 1],
    data: *mut EthtoolValue,
    rest: [u8; 16],
}

const _: () = assert!(size_of::<EthtoolRequest>() >= size_of::<Request>());

/// `struct ethtool_value` of `linux/ethtool.h`.
#[repr(C)]
struct EthtoolValue {
    command: u32,
    data: u32,
}

/// IFNAMSIZ, without the zero byte that ends the name.
const NAME_MAX: usize = 15;
/// `linux/sockios.h`.
const SIOCGIFMTU: Opcode = 0x8921;
const SIOCGIFHWADDR: Opcode = 0x8927;
const SIOCETHTOOL: Opcode = 0x8946;
/// `linux/if_arp.h`: the family of an Ethernet address.
const ARPHRD_ETHER: u16 = 1;

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
