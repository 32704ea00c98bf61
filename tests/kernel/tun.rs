//! The TUN device against the kernel that owns it.

use std::io::ErrorKind;

use pellucid::device::{Device, Tun};
use pellucid::namespace::Inside;
use rustix::ioctl::{IntegerSetter, Opcode, ioctl, opcode};
use tun_tap::{Iface, Mode};

use crate::harness::{Case, Lack, inside, skip};
use crate::link::{PLAIN, V4, there_and_back, up};

pub const CASES: &[Case] = &[
    inside(
        "tun::it_has_the_name_and_the_mtu_that_the_kernel_says",
        name_and_mtu,
    ),
    inside(
        "tun::a_leftover_offload_mask_makes_no_half_made_checksum",
        leftover_offloads,
    ),
    inside("tun::a_second_owner_is_refused_and_told_why", busy),
    inside(
        "tun::a_name_of_another_kind_of_interface_is_refused",
        another_kind,
    ),
    inside(
        "tun::a_silenced_interface_has_no_address_that_nobody_gave_it",
        silenced,
    ),
];

fn open(name: &str) -> Tun {
    Tun::open(name).unwrap_or_else(|error| skip(Lack::Tun, &error.to_string()))
}

fn name_and_mtu(inside: &Inside) {
    let tun = open("plc%d");
    assert_eq!(tun.name(), "plc0");
    assert_eq!(tun.capabilities().mtu, 1500);
    let mut links = inside.links().expect("netlink");
    links.set_mtu("plc0", 1280).expect("mtu");
    assert_eq!(tun.capabilities().mtu, 1280);
    assert!(links.index("plc0").expect("it is there") > 0);
}

/// The mask stays on a persistent interface when its owner leaves.
fn leftover_offloads(inside: &Inside) {
    drop(open("plc0"));
    let owner = Iface::without_packet_info("plc0", Mode::Tun).expect("it opened before");
    let file = {
        use std::os::fd::{AsRawFd, BorrowedFd};
        // SAFETY: `owner` lives until the end of this function, and the descriptor with it.
        unsafe { BorrowedFd::borrow_raw(owner.as_raw_fd()) }
    };
    // SAFETY: both take their value as the argument itself and touch no memory of ours.
    unsafe {
        ioctl(file, IntegerSetter::<TUNSETPERSIST>::new_usize(1)).expect("persist");
        ioctl(file, IntegerSetter::<TUNSETOFFLOAD>::new_usize(TUN_F_CSUM)).expect("offload");
    }
    drop(owner);
    // Each datagram that arrives has its sum checked.
    let link = up(inside, PLAIN);
    there_and_back(&*link.device, V4);
}

fn busy(_: &Inside) {
    let first = open("plc0");
    let error = Tun::open(first.name()).expect_err("it has an owner");
    assert_eq!(error.kind(), ErrorKind::ResourceBusy);
    let text = error.to_string();
    assert!(text.contains("plc0: another program is attached"), "{text}");
}

fn another_kind(_: &Inside) {
    drop(open("plc0"));
    let error = Tun::open("lo").expect_err("lo is no TUN device");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("lo: "), "{error}");
}

fn silenced(inside: &Inside) {
    let _link = up(inside, PLAIN);
    let all = std::fs::read_to_string("/proc/thread-self/net/if_inet6").expect("IPv6");
    let ours: Vec<&str> = all.lines().filter(|line| line.ends_with("plc0")).collect();
    assert_eq!(ours.len(), 1, "{all}");
    assert!(
        ours[0].starts_with("fd900000000000000000000000000001"),
        "{all}"
    );
}

/// `linux/if_tun.h`.
const TUNSETPERSIST: Opcode = opcode::write::<i32>(b'T', 203);
const TUNSETOFFLOAD: Opcode = opcode::write::<u32>(b'T', 208);
/// The kernel may leave a transport checksum for the reader to finish.
const TUN_F_CSUM: usize = 1;
