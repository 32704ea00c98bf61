//! The ladder: TUN, else veth, else no kernel.

use std::fs;

use pellucid::device::{Device, RxBuffer, Tun};
use pellucid::namespace::{Inside, Link, Mounts};
use pellucid::world::{Peer, Plan, Wish, World, open, private_link};

use crate::harness::{Case, Lack, Who, inside, outside, skip};
use crate::link::{V4, V6, ip, there_and_back};
use crate::packets::{datagram, send};

pub const CASES: &[Case] = &[
    outside("world::the_best_link_works", Who::Caller, best),
    outside(
        "world::an_ordinary_user_has_a_link_to_the_kernel_too",
        Who::Nobody,
        best,
    ),
    outside(
        "world::who_demands_tun_is_told_what_to_do",
        Who::Nobody,
        demands_tun,
    ),
    outside(
        "world::a_link_in_this_process_needs_no_namespace",
        Who::Caller,
        in_process,
    ),
    outside(
        "world::without_a_namespace_there_is_still_a_link",
        Who::Caller,
        no_namespace,
    ),
    inside("world::a_machine_without_ipv6_still_has_ipv4", without_ipv6),
    inside("world::a_whole_window_waits_for_a_busy_stack", busy_stack),
];

fn open_or_skip(wish: Wish) -> World {
    let world = open(wish, Mounts::Shared, &Plan::default());
    let world = world.unwrap_or_else(|refusal| skip(Lack::Netns, &refusal.to_string()));
    if wish == Wish::Best && world.link.rung == Link::InProcess {
        skip(Lack::Netns, &world.link.said);
    }
    world
}

/// Both rungs with a kernel carry both families, and the line says which it is.
fn best() {
    let World { link, peer } = open_or_skip(Wish::Best);
    let Peer::Kernel(inside) = peer else {
        panic!("a kernel's link has the kernel at its other end");
    };
    there_and_back(&*link.device, V4);
    there_and_back(&*link.device, V6);
    assert_eq!(link.addresses, Plan::default().stack);
    // The name of TUN's interface is taken; a second one opens exactly if the first did.
    let has_tun = Tun::open("other0").is_ok();
    match link.rung {
        Link::Tun => assert!(has_tun && link.said.starts_with("TUN in a private namespace")),
        Link::Veth => {
            assert!(!has_tun && link.said.contains("instead of TUN: "));
            assert!(link.said.contains(" (fix: "), "{}", link.said);
        }
        Link::InProcess => panic!("it has a kernel"),
    }
    // What was made is inside.
    assert!(inside.links().expect("netlink").index("plc0").is_ok());
}

fn demands_tun() {
    match open(Wish::Only(Link::Tun), Mounts::Shared, &Plan::default()) {
        Ok(_) => println!("whoever runs this may open the TUN device"),
        Err(refusal) => {
            assert!(refusal.what.contains("("), "{}", refusal.what);
            assert!(refusal.why.contains("/dev/net/tun"), "{}", refusal.why);
            // The device may be missing, closed, or kept out of a container.
            assert!(refusal.now.contains("tun"), "{}", refusal.now);
        }
    }
}

fn in_process() {
    let before = fs::read_link("/proc/self/ns/net").expect("/proc");
    let world = open_or_skip(Wish::Only(Link::InProcess));
    assert_eq!(fs::read_link("/proc/self/ns/net").expect("/proc"), before);
    carries(&world);
}

/// Threads keep a process out, as a system that forbids namespaces would.
fn no_namespace() {
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let other = std::thread::spawn(move || stopped.recv());
    let world = open(Wish::Best, Mounts::Shared, &Plan::default()).expect("the last rung");
    assert_eq!(world.link.rung, Link::InProcess);
    assert!(
        world.link.said.starts_with("no kernel peer here"),
        "{}",
        world.link.said
    );
    assert!(world.link.said.contains(" (fix: "), "{}", world.link.said);
    carries(&world);
    drop(stop);
    assert!(other.join().expect("it ended").is_err());
}

fn carries(world: &World) {
    let Peer::Open(far) = &world.peer else {
        panic!("nobody is there yet");
    };
    let at = |text, port| std::net::SocketAddr::new(ip(text), port);
    let packet = datagram(at("10.90.0.2", 1), at("10.90.0.1", 2), b"across");
    send(&*world.link.device, &packet).expect("sent");
    let mut buf = RxBuffer::new();
    let received = far.receive(&mut buf).expect("up").expect("a packet");
    assert_eq!(received.bytes, packet);
}

fn without_ipv6(inside: &Inside) {
    inside
        .set_sysctl("ipv6/conf/default/disable_ipv6", "1")
        .expect("ours to set");
    let link = private_link(inside, Wish::Best, &Plan::default())
        .unwrap_or_else(|refusal| skip(Lack::Veth, &refusal.to_string()));
    assert_eq!(link.addresses, [(ip("10.90.0.2"), 24)]);
    assert!(link.said.contains("without IPv6"), "{}", link.said);
    there_and_back(&*link.device, V4);
}

/// While nobody reads, 724 segments fit into the largest window that we offer, and the interface
/// must hold them all.
fn busy_stack(inside: &Inside) {
    let link = private_link(inside, Wish::Only(Link::Tun), &Plan::default());
    let link = link.unwrap_or_else(|refusal| skip(Lack::Tun, &refusal.to_string()));
    let socket = std::net::UdpSocket::bind("10.90.0.1:0").expect("an address of the kernel's");
    for _ in 0..724 {
        let sent = socket.send_to(&[0; 1472], "10.90.0.2:9").expect("room");
        assert_eq!(sent, 1472);
    }
    let mut room = RxBuffer::new();
    let mut waited = 0;
    while link.device.receive(&mut room).expect("it is up").is_some() {
        waited += 1;
    }
    assert_eq!(waited, 724);
}
