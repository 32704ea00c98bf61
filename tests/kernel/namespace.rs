//! Entering a private namespace, and what can be arranged inside.

use std::fs;
use std::io::ErrorKind;
use std::net::{IpAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use pellucid::namespace::doctor::{Verdict, examine};
use pellucid::namespace::{Inside, Link, Mounts, Privilege, Via, enter};
use rustix::process::{getegid, geteuid};

use crate::harness::{Case, Lack, Who, inside, outside, skip};

pub const CASES: &[Case] = &[
    inside("namespace::inside_there_is_lo_and_it_is_up", lo_is_up),
    inside(
        "namespace::what_is_there_already_may_be_added_again",
        idempotent,
    ),
    inside("namespace::routes_lead_by_a_link_or_by_a_gateway", routes),
    inside("namespace::an_error_names_the_interface", errors),
    inside(
        "namespace::only_settings_of_the_namespace_can_be_set",
        settings,
    ),
    outside(
        "namespace::a_process_with_threads_is_refused",
        Who::Caller,
        threads,
    ),
    outside(
        "namespace::an_ordinary_user_gets_in_by_a_user_namespace",
        Who::Nobody,
        nobody,
    ),
    outside(
        "namespace::a_file_is_covered_inside_and_not_outside",
        Who::Caller,
        cover,
    ),
    outside(
        "namespace::shared_mounts_cannot_be_covered",
        Who::Caller,
        shared_mounts,
    ),
    outside(
        "namespace::the_doctor_recommends_what_worked",
        Who::Caller,
        doctor,
    ),
    outside(
        "namespace::the_doctor_works_for_an_ordinary_user",
        Who::Nobody,
        doctor,
    ),
];

fn enter_or_skip(mounts: Mounts) -> Inside {
    enter(mounts)
        .unwrap_or_else(|refusal| skip(Lack::Netns, &format!("{refusal}: {}", refusal.why)))
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn lo_is_up(_: &Inside) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("lo has its address");
    let address = listener.local_addr().expect("bound");
    TcpStream::connect(address).expect("lo is up");
}

fn idempotent(inside: &Inside) {
    let mut links = inside.links().expect("netlink");
    links.add_veth("a0", "b0").expect("a pair");
    for _ in 0..2 {
        links.set_up("a0").expect("up");
        links.set_up("b0").expect("up");
        links.add_address("a0", ip("10.90.0.1"), 24).expect("IPv4");
        links.add_address("a0", ip("fd90::1"), 64).expect("IPv6");
        links
            .add_route(ip("192.0.2.0"), 24, Via::Link("a0"))
            .expect("a route");
    }
    // A second pair of the same name would be somebody else's.
    let taken = links.add_veth("a0", "c0").expect_err("taken");
    assert_eq!(taken.kind(), ErrorKind::AlreadyExists);
    links.delete("a0").expect("deleted");
    assert!(links.index("b0").is_err(), "its other end went with it");
}

fn routes(inside: &Inside) {
    let mut links = inside.links().expect("netlink");
    links.add_veth("a0", "b0").expect("a pair");
    links.set_up("a0").expect("up");
    links.set_up("b0").expect("up");
    links.add_address("a0", ip("10.90.0.1"), 24).expect("IPv4");
    links.add_address("a0", ip("fd90::1"), 64).expect("IPv6");
    let by_gateway = [
        ("0.0.0.0", 0, "10.90.0.2"),
        ("198.51.100.0", 24, "10.90.0.2"),
        ("::", 0, "fd90::2"),
    ];
    for (to, prefix_len, gateway) in by_gateway {
        let via = Via::Gateway("a0", ip(gateway));
        links.add_route(ip(to), prefix_len, via).expect("a route");
    }
    // Destination and gateway in hexadecimal, in this machine's byte order.
    let table = fs::read_to_string("/proc/thread-self/net/route").expect("routes");
    let hex = |text: &str| match ip(text) {
        IpAddr::V4(v4) => format!("{:08X}", u32::from_ne_bytes(v4.octets())),
        IpAddr::V6(_) => panic!("IPv4 has a table of its own"),
    };
    let is_there = |to: &str| {
        let line = format!("a0\t{}\t{}", hex(to), hex("10.90.0.2"));
        table.lines().any(|one| one.starts_with(&line))
    };
    assert!(is_there("0.0.0.0") && is_there("198.51.100.0"), "{table}");
    let table = fs::read_to_string("/proc/thread-self/net/ipv6_route").expect("routes");
    let gateway = "fd900000000000000000000000000002";
    assert!(table.contains(gateway), "{table}");
    let far = links.add_route(ip("203.0.113.0"), 24, Via::Gateway("a0", ip("192.0.2.9")));
    let text = far.expect_err("that gateway is on no link").to_string();
    assert!(
        text.contains("203.0.113.0/24 via 192.0.2.9 dev a0"),
        "{text}"
    );
}

fn errors(inside: &Inside) {
    let mut links = inside.links().expect("netlink");
    let results = [
        links.set_up("none0"),
        links.set_mtu("none0", 1500),
        links.silence("none0"),
        links.wait_until_running("none0"),
        links.add_address("none0", ip("10.90.0.1"), 24),
        links.add_route(ip("10.90.0.0"), 24, Via::Link("none0")),
        links.delete("none0"),
        links.index("none0").map(drop),
    ];
    for result in results {
        let text = result.expect_err("there is none").to_string();
        assert!(text.contains("none0"), "{text}");
    }
    // The socket is still good.
    links.set_up("lo").expect("up");
}

fn settings(inside: &Inside) {
    let name = "ipv4/tcp_no_metrics_save";
    inside.set_sysctl(name, "1").expect("ours to set");
    let path = Path::new("/proc/sys/net").join(name);
    assert_eq!(fs::read_to_string(path).expect("it is there").trim(), "1");
    for not_ours in ["core/somaxconn", "ipv4/../../kernel/hostname"] {
        let error = inside.set_sysctl(not_ours, "1").expect_err("not ours");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
}

fn threads() {
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let other = std::thread::spawn(move || stopped.recv());
    let refusal = enter(Mounts::Shared).expect_err("two threads");
    assert!(refusal.why.contains("2 threads"), "{}", refusal.why);
    assert!(
        refusal.now.contains("first thing in main"),
        "{}",
        refusal.now
    );
    drop(stop);
    assert!(other.join().expect("it ended").is_err());
}

fn nobody() {
    let inside = enter_or_skip(Mounts::Shared);
    assert_eq!(inside.privilege(), Privilege::UserNamespace);
    // Root in here, so that programs it starts are too, and it may change the network.
    assert!(geteuid().is_root() && getegid().is_root());
    lo_is_up(&inside);
    idempotent(&inside);
}

fn cover() {
    let theirs = Path::new("/etc/hosts");
    let before = fs::read(theirs).unwrap_or_else(|_| skip(Lack::Netns, "no /etc/hosts here"));
    // It stays outside, and reads the file when its input ends.
    let outside = Command::new("/bin/sh")
        .args(["-c", "read line; exec cat /etc/hosts"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell");
    let inside = enter_or_skip(Mounts::Private);
    let mine = std::env::temp_dir().join(format!("pellucid-cover-{}", std::process::id()));
    fs::write(&mine, COVER).expect("a file");
    inside.cover(theirs, &mine).expect("covered");
    let seen = fs::read(theirs).expect("a file");
    fs::remove_file(&mine).expect("ours");
    assert_eq!(seen, COVER.as_bytes());
    let seen = outside.wait_with_output().expect("our child");
    assert_eq!(seen.stdout, before);
}

fn shared_mounts() {
    let inside = enter_or_skip(Mounts::Shared);
    let file = Path::new("/etc/hosts");
    let error = inside.cover(file, file).expect_err("shared");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

fn doctor() {
    let findings = examine();
    let works = |name: &str| {
        let one = findings.list.iter().find(|one| one.name == name);
        one.expect("it was tried").verdict == Verdict::Ok
    };
    let expected = match (
        works("private namespace"),
        works("TUN"),
        works("veth + packet socket"),
    ) {
        (true, true, _) => Link::Tun,
        (true, false, true) => Link::Veth,
        _ => Link::InProcess,
    };
    assert_eq!(findings.link, expected);
    for one in &findings.list {
        assert_eq!(one.fix.is_some(), one.verdict == Verdict::No, "{one:?}");
    }
    // What it recommends is there: TUN was opened by somebody who may.
    let opened = pellucid::device::Tun::open("plc0").is_ok();
    assert_eq!(opened, expected == Link::Tun);
}

const COVER: &str = "10.90.0.10 www.pellucid.example\n";
