//! Where the kernel stands: an interface with the host's address, and everybody else behind it.

use std::io;

use crate::device::Tun;
use crate::namespace::{Inside, Refusal, doctor};
use crate::scenario::{Host, Kernel};

/// Lays it.
pub fn lay(inside: &Inside, host: &Host, kernel: &Kernel) -> Result<Tun, Refusal> {
    let tun = Tun::open(NAME).map_err(no_tun)?;
    configure(inside, host, kernel).map_err(|error| {
        let why = "the interface was made, but the kernel refused to configure it";
        let now = "`pellucid doctor` tells what works here";
        Refusal::by_system("cannot put the kernel where the host is", error, why, now)
    })?;
    Ok(tun)
}

fn configure(inside: &Inside, host: &Host, kernel: &Kernel) -> io::Result<()> {
    // What it remembers of runs before, and where packets may come from, is no part of a scenario.
    inside.set_sysctl("ipv4/tcp_no_metrics_save", "1")?;
    inside.set_sysctl("ipv4/conf/all/rp_filter", "0")?;
    for (name, value) in [("tcp_rmem", &kernel.rmem), ("tcp_wmem", &kernel.wmem)] {
        if let Some(value) = value {
            inside.set_sysctl(&format!("ipv4/{name}"), value)?;
        }
    }
    let mtu = u16::try_from(host.mtu.0).unwrap_or(u16::MAX);
    inside.links()?.stand(NAME, mtu, (host.addr, host.prefix))
}

fn no_tun(error: io::Error) -> Refusal {
    let device = doctor::tun_device();
    let now = device
        .fix
        .as_deref()
        .unwrap_or("--peer pellucid needs none");
    Refusal::by_system("cannot open the TUN device", error, &device.detail, now)
}

/// The only one in its namespace.
const NAME: &str = "plc0";
