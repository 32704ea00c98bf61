//! What this machine allows, found out by doing it, and what would allow more.

use std::fs;
use std::io;
use std::net::{Ipv6Addr, UdpSocket};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use super::{Inside, Link, Mounts, Privilege, enter};

/// Finds out. Enters a private namespace on the way and stays there, so call it in a process that
/// has nothing else to do, or in a child of its own, before any thread exists.
pub fn examine() -> Findings {
    // The machine's own settings: a private namespace has others.
    let kernel = kernel_tcp();
    let entered = enter(Mounts::Shared);
    let inside = entered.as_ref().ok();
    let tun = tun_device();
    let veth = veth(inside);
    let link = match inside {
        Some(_) if tun.verdict == Verdict::Ok => Link::Tun,
        Some(_) if veth.verdict == Verdict::Ok => Link::Veth,
        _ => Link::InProcess,
    };
    let namespace = match &entered {
        Ok(inside) => Finding::ok("private namespace", entry(inside.privilege())),
        Err(refusal) => {
            let detail = format!("{}: {}", refusal.what, refusal.why);
            Finding::no("private namespace", detail, refusal.now.as_str())
        }
    };
    let in_process = Finding::ok("in-process link", "always");
    let list = vec![namespace, tun, veth, in_process, kernel, ipv6()];
    Findings { list, link }
}

/// All that was found out, in the order in which it is worth reading.
#[derive(Debug)]
pub struct Findings {
    /// One line each.
    pub list: Vec<Finding>,
    /// The best way for packets to travel here.
    pub link: Link,
}

/// One thing that was tried.
#[derive(Debug)]
pub struct Finding {
    /// What it is.
    pub name: &'static str,
    /// Whether it works.
    pub verdict: Verdict,
    /// What was seen.
    pub detail: String,
    /// What would make it work: a command, or what to ask for.
    pub fix: Option<String>,
}

/// Whether something works here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It was done and worked.
    Ok,
    /// It was tried and refused, or could not be tried.
    No,
    /// Neither: a fact for the record.
    Fact,
}

impl Finding {
    fn ok(name: &'static str, detail: impl Into<String>) -> Finding {
        Finding {
            name,
            verdict: Verdict::Ok,
            detail: detail.into(),
            fix: None,
        }
    }

    fn no(name: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Finding {
        Finding {
            name,
            verdict: Verdict::No,
            detail: detail.into(),
            fix: Some(fix.into()),
        }
    }
}

fn entry(privilege: Privilege) -> &'static str {
    match privilege {
        Privilege::Root => "made directly, as root (checked by bringing lo up)",
        Privilege::UserNamespace => {
            "a user namespace gives the capabilities (checked by bringing lo up)"
        }
    }
}

/// Whether the TUN device may be opened: the first thing that a TUN interface takes.
pub fn tun_device() -> Finding {
    tun(Path::new(TUN))
}

fn tun(path: &Path) -> Finding {
    let name = "TUN";
    let shown = path.display();
    let container = format!("for a container: --device {shown}");
    let opened = fs::OpenOptions::new().read(true).write(true).open(path);
    match (opened, fs::metadata(path)) {
        (Ok(_), Ok(meta)) if meta.file_type().is_char_device() => {
            Finding::ok(name, format!("{shown} opens"))
        }
        (Err(error), Ok(meta))
            if error.kind() == io::ErrorKind::PermissionDenied && meta.mode() & 0o006 != 0o006 =>
        {
            let mode = meta.mode() & 0o777;
            let detail = format!("{shown} has mode {mode:04o}, the usual one is 0666");
            Finding::no(name, detail, format!("sudo chmod 666 {shown}"))
        }
        (Err(error), _) if error.kind() == io::ErrorKind::NotFound => {
            let fix = format!("sudo modprobe tun; {container}");
            Finding::no(name, format!("there is no {shown}"), fix)
        }
        (Err(error), _) | (_, Err(error)) => {
            Finding::no(name, format!("{shown}: {error}"), container)
        }
        (Ok(_), Ok(_)) => {
            let fix = format!("sudo rm {shown} && sudo mknod -m 666 {shown} c 10 200");
            Finding::no(name, format!("{shown} is no device"), fix)
        }
    }
}

/// The pair is made in the private namespace, and goes with it.
fn veth(inside: Option<&Inside>) -> Finding {
    let name = "veth + packet socket";
    let Some(inside) = inside else {
        return Finding::no(name, "only inside a private namespace", "as above");
    };
    let made = inside
        .links()
        .and_then(|mut links| links.add_veth("plc-doctor0", "plc-doctor1"));
    if let Err(error) = made {
        return Finding::no(name, error.to_string(), "sudo modprobe veth");
    }
    match socket_with(
        AddressFamily::PACKET,
        SocketType::RAW,
        SocketFlags::CLOEXEC,
        None,
    ) {
        Ok(_) => Finding::ok(name, "used when there is no TUN"),
        Err(errno) => {
            let detail = format!("no packet socket: {}", io::Error::from(errno));
            Finding::no(name, detail, "sudo modprobe af_packet")
        }
    }
}

fn kernel_tcp() -> Finding {
    Finding {
        name: "kernel TCP",
        verdict: Verdict::Fact,
        detail: format!(
            "Linux {}; available: {}; default {}",
            release(),
            congestion_controls(),
            setting("net/ipv4/tcp_congestion_control"),
        ),
        fix: None,
    }
}

/// The release of the kernel that this runs on: `6.18.44`.
pub fn release() -> String {
    setting("kernel/osrelease")
}

/// The congestion controls that it has, with blanks between.
pub fn congestion_controls() -> String {
    setting("net/ipv4/tcp_available_congestion_control")
}

fn setting(name: &str) -> String {
    let read = fs::read_to_string(Path::new("/proc/sys").join(name));
    read.map_or_else(|_| "unknown".to_owned(), |text| text.trim().to_owned())
}

/// `lo` is up inside; outside nothing more than its own address is asked for.
fn ipv6() -> Finding {
    match UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)) {
        Ok(_) => Finding::ok("IPv6", "a socket binds to ::1"),
        Err(error) => {
            let detail = format!("no socket binds to ::1: {error}");
            Finding::no(
                "IPv6",
                detail,
                "sudo sysctl net.ipv6.conf.all.disable_ipv6=0",
            )
        }
    }
}

const TUN: &str = "/dev/net/tun";

#[cfg(test)]
mod tests;
