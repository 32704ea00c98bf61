//! Entering: from the machine's network into a private one, before any thread exists.
//!
//! Who may make a network namespace directly does so; anybody else makes a user namespace around
//! it, in which he is root. Whether that gave capabilities cannot be read anywhere: on systems
//! that restrict user namespaces `unshare` succeeds and everything after it fails. So it is tried:
//! `lo` comes up or it does not.

#![allow(unsafe_code)]

use std::fs;
use std::io;
use std::path::Path;

use rustix::io::Errno;
use rustix::mount::{MountPropagationFlags, mount_bind, mount_change};
use rustix::process::{getegid, geteuid};
use rustix::thread::{UnshareFlags, unshare_unsafe};

use super::Refusal;
use super::links::Links;

/// Moves this process into a network namespace of its own and brings `lo` up there.
///
/// # Errors
///
/// Threads exist already, or the system forbids it. A refusal of the system may leave the process
/// in a namespace where it can do nothing: what follows must need no network.
pub fn enter(mounts: Mounts) -> Result<Inside, Refusal> {
    check_threads()?;
    let privilege = match enter_directly(mounts) {
        Ok(()) => Privilege::Root,
        Err(_) => {
            enter_with_user_namespace(mounts)?;
            Privilege::UserNamespace
        }
    };
    if mounts == Mounts::Private {
        // Else a mount made in here would appear outside.
        mount_change(
            "/",
            MountPropagationFlags::REC | MountPropagationFlags::PRIVATE,
        )
        .map_err(|errno| refuse_mounts(errno.into()))?;
    }
    Ok(Inside { privilege, mounts })
}

/// Which view of the file system the process has inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mounts {
    /// The machine's.
    Shared,
    /// A copy of its own, in which [`Inside::cover`] may put one file over another.
    Private,
}

/// What let the process in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privilege {
    /// It was allowed to make a network namespace as it was.
    Root,
    /// A user namespace, in which it is root and has no power outside.
    UserNamespace,
}

/// The proof that this process is inside a private network namespace.
#[derive(Debug)]
pub struct Inside {
    privilege: Privilege,
    mounts: Mounts,
}

impl Inside {
    /// What let the process in.
    pub fn privilege(&self) -> Privilege {
        self.privilege
    }

    /// Moves the calling thread, and no other, into one more namespace, and brings `lo` up there.
    /// Sockets that it has stay where they were made.
    ///
    /// # Errors
    ///
    /// The limit of namespaces is reached.
    pub fn another(&self) -> io::Result<Inside> {
        unshare(UnshareFlags::NEWNET)?;
        Links::open()?.set_up("lo")?;
        Ok(Inside {
            privilege: self.privilege,
            mounts: Mounts::Shared,
        })
    }

    /// A hand on the interfaces, addresses and routes in here.
    ///
    /// # Errors
    ///
    /// The system gives no netlink socket.
    pub fn links(&self) -> io::Result<Links> {
        Links::open()
    }

    /// Sets `/proc/sys/net/NAME`, as in `ipv4/tcp_no_metrics_save`, for this namespace. To be
    /// called by the thread that entered.
    ///
    /// # Errors
    ///
    /// There is no such setting in a private namespace, or the value is not for it.
    pub fn set_sysctl(&self, name: &str, value: &str) -> io::Result<()> {
        // Only these two trees belong to the namespace as a whole; of `core` most do not.
        let is_ours = name.starts_with("ipv4/")
            || name.starts_with("ipv6/")
            || name == "core/rps_default_mask";
        if !is_ours || name.contains("..") {
            let text = format!("{name} is no setting of a network namespace");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        fs::write(Path::new("/proc/sys/net").join(name), value)
    }

    /// Lets everybody in here see the file `with` where `file` is; outside nothing changes.
    ///
    /// # Errors
    ///
    /// The process entered with [`Mounts::Shared`], or one of the files is missing.
    pub fn cover(&self, file: &Path, with: &Path) -> io::Result<()> {
        if self.mounts == Mounts::Shared {
            let text = format!("cannot cover {}: the mounts are shared", file.display());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        Ok(mount_bind(with, file)?)
    }
}

/// The kernel gives a user namespace only to a process of one thread; and a network namespace it
/// would give to the calling thread alone, while the others stay on the machine's network.
fn check_threads() -> Result<(), Refusal> {
    let what = "cannot enter a private network namespace";
    let now = "enter it first thing in main, before any thread is started";
    let threads = fs::read_dir("/proc/self/task")
        .map_err(|error| {
            let why = "without /proc it is unknown whether this process has threads";
            Refusal::by_system(what, error, why, "mount /proc")
        })?
        .count();
    if threads == 1 {
        return Ok(());
    }
    let why = format!("this process has {threads} threads, and only the calling one would move");
    Err(Refusal::by_rule(what, &why, now))
}

/// For those who may: root, or whoever has CAP_SYS_ADMIN and CAP_NET_ADMIN.
fn enter_directly(mounts: Mounts) -> io::Result<()> {
    unshare(UnshareFlags::NEWNET | mounts.flags())?;
    Links::open()?.set_up("lo")
}

/// For everybody else.
fn enter_with_user_namespace(mounts: Mounts) -> Result<(), Refusal> {
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    unshare(UnshareFlags::NEWUSER | UnshareFlags::NEWNET | mounts.flags())
        .map_err(refuse_user_namespace)?;
    map_to_root(uid, gid).map_err(|error| {
        let why = "the user namespace was made, but its maps of users and groups were not taken";
        Refusal::by_system("cannot become root in a user namespace", error, why, ASK)
    })?;
    let lo_up = Links::open().and_then(|mut links| links.set_up("lo"));
    lo_up.map_err(|error| {
        let why = "the user namespace was made, but has no capabilities: this system restricts \
                   user namespaces of ordinary users (AppArmor on Ubuntu 23.10 and later)";
        let now = "run it with sudo, or allow `userns,` to this program in an AppArmor profile";
        Refusal::by_system("cannot bring lo up in a private namespace", error, why, now)
    })
}

impl Mounts {
    fn flags(self) -> UnshareFlags {
        match self {
            Mounts::Shared => UnshareFlags::empty(),
            Mounts::Private => UnshareFlags::NEWNS,
        }
    }
}

fn unshare(flags: UnshareFlags) -> io::Result<()> {
    // SAFETY: only CLONE_FILES, which takes file descriptors from other threads, would be unsafe.
    // No caller passes it.
    Ok(unsafe { unshare_unsafe(flags) }?)
}

/// Makes this user root of its new user namespace: user_namespaces(7). An ordinary user may write
/// a map of groups only after giving up setgroups(2).
fn map_to_root(uid: u32, gid: u32) -> io::Result<()> {
    match fs::write("/proc/self/setgroups", "deny") {
        // Linux before 3.19 has no such file, and no such rule.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        written => written?,
    }
    fs::write("/proc/self/uid_map", format!("0 {uid} 1"))?;
    fs::write("/proc/self/gid_map", format!("0 {gid} 1"))
}

fn refuse_user_namespace(error: io::Error) -> Refusal {
    let what = "cannot make a private network namespace";
    let (why, now) = match Errno::from_io_error(&error) {
        Some(Errno::NOSPC | Errno::USERS) => (
            "the limit of user or network namespaces is reached",
            "raise user.max_user_namespaces and user.max_net_namespaces, or run it with sudo",
        ),
        Some(Errno::INVAL | Errno::NOSYS) => (
            "this kernel was built without user namespaces",
            "run it with sudo",
        ),
        _ => (
            "this system forbids it to ordinary users: a container's list of system calls, or \
             kernel.unprivileged_userns_clone",
            ASK,
        ),
    };
    Refusal::by_system(what, error, why, now)
}

fn refuse_mounts(error: io::Error) -> Refusal {
    let what = "cannot separate the mounts of a private namespace";
    let why = "the system forbids changing how mounts spread";
    Refusal::by_system(what, error, why, ASK)
}

const ASK: &str = "run it with sudo, or give the container NET_ADMIN and SYS_ADMIN";
