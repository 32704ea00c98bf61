//! Socket options as bytes, for whoever gets level, name and value from elsewhere: packet scripts.

#![allow(unsafe_code)]

use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::io::Errno;

/// Sets an option: setsockopt(2).
///
/// # Errors
///
/// What the kernel says of it.
pub fn set(fd: BorrowedFd<'_>, level: i32, name: i32, value: &[u8]) -> Result<(), Errno> {
    let len = libc::socklen_t::try_from(value.len()).map_err(|_| Errno::INVAL)?;
    // SAFETY: the kernel reads `len` bytes from `value`, which has as many, and keeps none of them.
    let result =
        unsafe { libc::setsockopt(fd.as_raw_fd(), level, name, value.as_ptr().cast(), len) };
    said(result)
}

/// Reads an option into `value`: getsockopt(2). How many bytes it has.
///
/// # Errors
///
/// What the kernel says of it.
pub fn get(fd: BorrowedFd<'_>, level: i32, name: i32, value: &mut [u8]) -> Result<usize, Errno> {
    let mut len = libc::socklen_t::try_from(value.len()).map_err(|_| Errno::INVAL)?;
    // SAFETY: the kernel writes at most `len` bytes to `value`, which has as many, and their count
    // to `len`.
    let result = unsafe {
        let value = value.as_mut_ptr().cast();
        libc::getsockopt(fd.as_raw_fd(), level, name, value, &raw mut len)
    };
    said(result).map(|()| len as usize)
}

/// As much of a socket's `struct tcp_info` as fits, the state in its first byte: tcp(7). How many
/// bytes it has.
///
/// # Errors
///
/// What the kernel says of it.
pub fn tcp_info(fd: BorrowedFd<'_>, info: &mut [u8]) -> Result<usize, Errno> {
    get(fd, libc::IPPROTO_TCP, libc::TCP_INFO, info)
}

fn said(result: libc::c_int) -> Result<(), Errno> {
    match result {
        0 => Ok(()),
        _ => Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::INVAL)),
    }
}
