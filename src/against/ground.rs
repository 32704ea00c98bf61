//! Where a script stands: a namespace, an interface with its addresses, the kernel's settings.

use std::collections::BTreeMap;
use std::fs;
use std::io;

use crate::base::Transmit;
use crate::device::{Device, Tun};
use crate::drill::backend::Configured;
use crate::drill::nstat;
use crate::drill::settings::Settings;
use crate::namespace::Inside;

/// Moves the calling thread into one more namespace, and lays there what the script expects: its
/// address on a TUN interface, and everybody else behind it.
pub fn lay(inside: &Inside, settings: &Settings) -> io::Result<(Inside, Tun)> {
    let inside = inside.another()?;
    // What a script leaves behind is nobody's; what the kernel remembers of others neither.
    set(&inside, "ipv4/tcp_no_metrics_save", "1")?;
    set(&inside, "ipv4/conf/all/rp_filter", "0")?;
    // Client and server, as scripts about it expect.
    set(&inside, "ipv4/tcp_fastopen", "3")?;
    set(&inside, "ipv4/tcp_fastopen_key", FAST_OPEN_KEY)?;
    // A window scale of 7, which scripts expect, on machines of any size.
    set(&inside, "ipv4/tcp_rmem", "4096 131072 6291456")?;
    // All that a script writes is taken at once.
    set(&inside, "ipv4/tcp_wmem", "4096 1048576 4194304")?;
    let tun = Tun::open(NAME)?;
    let address = (settings.local, settings.prefix);
    inside.links()?.stand(NAME, settings.mtu, address)?;
    Ok((inside, tun))
}

/// A setting that not every kernel has.
fn set(inside: &Inside, name: &str, value: &str) -> io::Result<()> {
    match inside.set_sysctl(name, value) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Gives the kernel a packet, as if it had come.
pub fn write(tun: &Tun, packet: &[u8]) {
    // What the device has no room for is lost, as on any link.
    let _ = tun.transmit(&Transmit::plain(packet, crate::base::Pieces::EMPTY));
}

/// `net.ipv4.tcp_sack` as the kernel's file of that name.
pub fn configure(inside: &Inside, key: &str, value: &str) -> Configured {
    let Some(name) = key.strip_prefix("net.") else {
        return Configured::Unsupported;
    };
    // What this kernel has not, or not with this value, another may have: the script cannot be
    // played.
    match inside.set_sysctl(&name.replace('.', "/"), value) {
        Ok(()) => Configured::Done,
        Err(_) => Configured::Unsupported,
    }
}

/// Those of the kernel's counters that scripts ask for: pairs of lines, names and numbers.
pub fn counters() -> BTreeMap<&'static str, u64> {
    let mut found = BTreeMap::new();
    for file in [
        "/proc/thread-self/net/snmp",
        "/proc/thread-self/net/netstat",
    ] {
        let text = fs::read_to_string(file).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        for pair in lines.chunks_exact(2) {
            let (names, values) = (pair[0].split_whitespace(), pair[1].split_whitespace());
            let area = pair[0].split(':').next().unwrap_or_default();
            for (name, value) in names.zip(values).skip(1) {
                let known = nstat::named(&format!("{area}{name}"));
                if let (Some(known), Ok(value)) = (known, value.parse()) {
                    found.insert(known, value);
                }
            }
        }
    }
    found
}

/// What scripts take for granted where they name no other, whatever the machine prefers.
pub const CONTROL: &str = "cubic";
/// The usual suites' key, by which scripts know what a cookie will be.
const FAST_OPEN_KEY: &str = "a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4";
/// Each namespace has one.
const NAME: &str = "drill0";
