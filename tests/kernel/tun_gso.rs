//! The TUN device to whose kernel segments and checksums are left, against that kernel.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Instant;

use etherparse::{IpHeaders, Ipv4Extensions, Ipv4Header, PacketBuilder, TcpHeader, TcpSlice};
use pellucid::base::{Checksum, Offload, Offloads, Pieces, Received, Transmit};
use pellucid::device::{Device, OffloadTun, Preference, RxBuffer, Tun, open_tun};
use pellucid::namespace::{Inside, Via};
use pellucid::wire::offload::{Cut, Layout};
use rustix::ioctl::{IntegerSetter, Opcode, ioctl, opcode};
use tun_tap::{Iface, Mode};

use crate::harness::{Case, Lack, inside, skip};
use crate::link::{V4, V6, ip, there_and_back};
use crate::packets::{PATIENCE, datagram, next_datagram, next_segment, send, syn_ack, wait};

pub const CASES: &[Case] = &[
    inside("tun_gso::it_says_what_is_left_to_the_kernel", capabilities),
    inside("tun_gso::datagrams_cross_over_both_ips", datagrams),
    inside(
        "tun_gso::the_kernels_tcp_sends_many_segments_as_one",
        from_kernel,
    ),
    inside(
        "tun_gso::the_kernels_tcp_takes_many_segments_as_one",
        to_kernel,
    ),
    inside(
        "tun_gso::what_the_kernel_cuts_is_cut_as_we_would",
        cut_by_the_kernel,
    ),
    inside(
        "tun_gso::what_stays_on_the_machine_is_never_cut",
        handed_through,
    ),
    inside(
        "tun_gso::answers_come_by_the_queue_that_was_asked_by",
        queues,
    ),
    inside("tun_gso::no_part_is_written_over_a_lowered_mtu", lowered),
    inside("tun_gso::what_is_sent_while_it_is_down_is_lost", down),
    inside("tun_gso::an_interface_that_was_replaced_is_gone", replaced),
    inside("tun_gso::a_second_owner_is_refused_and_told_why", busy),
    inside(
        "tun_gso::an_interface_goes_from_one_kind_of_owner_to_the_other",
        inherited,
    ),
];

fn open(name: &str) -> OffloadTun {
    OffloadTun::open(name).unwrap_or_else(|error| skip(Lack::Tun, &error.to_string()))
}

/// Brings an interface up, with the kernel's addresses of a network.
pub fn configure(inside: &Inside, name: &str, addresses: [&str; 2]) {
    let mut links = inside.links().expect("netlink");
    links.silence(name).expect("a quiet interface");
    links.set_up(name).expect("up");
    for (address, len) in addresses.into_iter().zip([24, 64]) {
        links
            .add_address(name, ip(address), len)
            .expect("an address");
    }
}

fn up(inside: &Inside) -> OffloadTun {
    let tun = open("plc0");
    configure(inside, "plc0", HERE);
    tun
}

fn capabilities(inside: &Inside) {
    let tun = open("plc%d");
    assert_eq!(tun.name(), "plc0");
    let able = tun.capabilities();
    assert_eq!((able.name.as_str(), able.mtu), ("plc0", 1500));
    // Datagrams need Linux 6.2.
    assert!(able.offloads.checksum && able.offloads.tcp, "{able:?}");
    let mut links = inside.links().expect("netlink");
    links.set_mtu("plc0", 1280).expect("mtu");
    assert_eq!(tun.capabilities().mtu, 1280);
}

fn datagrams(inside: &Inside) {
    let tun = up(inside);
    there_and_back(&tun, V4);
    there_and_back(&tun, V6);
}

/// The next long packet, and what is said of it.
fn next_long(device: &dyn Device) -> (Vec<u8>, Offload) {
    let mut buf = RxBuffer::new();
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        match device.receive(&mut buf).expect("the device is up") {
            Some(Received { bytes, offload, .. }) if offload.gso.is_some() => {
                return (bytes.to_vec(), offload);
            }
            Some(_) => {}
            None => wait(device),
        }
    }
    panic!("nothing long arrived");
}

fn cut(packet: &[u8], offload: Offload) -> Vec<Vec<u8>> {
    let packet = Transmit {
        offload,
        ..Transmit::plain(packet, Pieces::EMPTY)
    };
    let mut cut = Cut::of(&packet, Offloads::NONE).expect("TCP or UDP");
    let mut all = Vec::new();
    while let Some(packet) = cut.next() {
        all.push(packet.to_vec());
    }
    all
}

/// The kernel's TCP has ten segments to send at once.
fn from_kernel(inside: &Inside) {
    let tun = up(inside);
    let ours = SocketAddr::new(ip(HERE_US[0]), 80);
    let text: Vec<u8> = (0..14_000).map(|at: u32| (at * 7 % 251) as u8).collect();
    let sent = text.clone();
    let kernel = std::thread::spawn(move || {
        let mut stream = TcpStream::connect_timeout(&ours, PATIENCE).expect("we answer");
        stream.write_all(&sent).expect("room");
        stream
    });
    let syn = next_segment(&tun);
    assert!(syn.header.syn && syn.text.is_empty(), "{syn:?}");
    send(&tun, &syn_ack(&syn)).expect("sent");
    let (packet, offload) = next_long(&tun);
    // As `syn_ack` says.
    assert_eq!(offload.gso, Some(1400));
    let layout = Layout::of(&packet).expect("TCP");
    assert_eq!(offload.checksum, layout.partial());
    let long = packet.len() - layout.text_at;
    assert!(long > 1400 && packet[layout.text_at..] == text[..long]);
    for segment in cut(&packet, offload) {
        let header = TcpSlice::from_slice(&segment[20..]).expect("a segment");
        let ip = Ipv4Header::from_slice(&segment).expect("IPv4").0;
        assert!(segment.len() <= 1440);
        let right = header
            .to_header()
            .calc_checksum_ipv4(&ip, header.payload())
            .expect("short");
        assert_eq!(header.checksum(), right);
    }
    assert_eq!(tun.losses().misdescribed, 0);
    drop(kernel.join().expect("connected"));
}

/// As long as a packet can be, with one checksum and one header for all of it.
fn to_kernel(inside: &Inside) {
    let tun = up(inside);
    let listener = TcpListener::bind((ip(HERE[0]), 0)).expect("the kernel's address");
    let port = listener.local_addr().expect("bound").port();
    let header = |seq, change: &dyn Fn(&mut TcpHeader)| {
        let mut header = TcpHeader::new(4000, port, seq, 65_535);
        change(&mut header);
        header
    };
    let of = |header: TcpHeader, text: &[u8]| {
        let step = PacketBuilder::ipv4([10, 90, 0, 2], [10, 90, 0, 1], 64).tcp_header(header);
        let mut bytes = vec![0; step.size(text.len())];
        step.write_to_slice(&mut bytes, text).expect("it fits");
        bytes
    };
    send(&tun, &of(header(99, &|tcp| tcp.syn = true), b"")).expect("sent");
    let syn_ack = next_segment(&tun);
    assert!(syn_ack.header.syn && syn_ack.header.ack, "{syn_ack:?}");
    let text: Vec<u8> = (0..60_000).map(|at: u32| (at * 7 % 251) as u8).collect();
    let ack = syn_ack.header.sequence_number.wrapping_add(1);
    let last = header(100, &|tcp| {
        (tcp.ack, tcp.psh, tcp.acknowledgment_number) = (true, true, ack);
    });
    let mut packet = of(last, &text);
    let checksum = begin_checksum(&mut packet);
    let long = Transmit {
        offload: Offload {
            checksum,
            gso: Some(1460),
        },
        ..Transmit::plain(&packet[..40], Pieces(&packet[40..1_000], &packet[1_000..]))
    };
    tun.transmit(&long).expect("sent");
    let (mut stream, _) = listener.accept().expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let mut got = vec![0; text.len()];
    stream.read_exact(&mut got).expect("all of it");
    assert!(got == text);
    assert_eq!(tun.losses(), Default::default());
}

/// Replaces the transport's checksum by the sum of the pseudo-header.
fn begin_checksum(packet: &mut [u8]) -> Checksum {
    let layout = Layout::of(packet).expect("TCP or UDP");
    let len = (packet.len() - layout.transport_at) as u32;
    let sum =
        pellucid::base::checksum::pseudo_header(layout.src, layout.dst, layout.protocol(), len);
    let at = layout.transport_at + layout.checksum_offset();
    packet[at..at + 2].copy_from_slice(&sum.folded().to_be_bytes());
    layout.partial()
}

/// Packets from `HERE_US` to `THERE_US`, each of which stands for several.
fn long_packets() -> Vec<(Vec<u8>, u16)> {
    let text: Vec<u8> = (0..9_999).map(|at: u32| (at * 7 % 251) as u8).collect();
    let mut header = TcpHeader::new(4000, 5000, u32::MAX - 3_000, 1_000);
    (header.ack, header.psh, header.fin) = (true, true, true);
    (header.cwr, header.acknowledgment_number) = (true, 77);
    header
        .set_options_raw(&[1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9])
        .expect("12 bytes");
    let mut packets = Vec::new();
    for family in 0..2 {
        let (from, to) = (ip(HERE_US[family]), ip(THERE_US[family]));
        let builder = || match (from, to) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                let header = Ipv4Header {
                    identification: 0xfffe,
                    dont_fragment: true,
                    time_to_live: 64,
                    source: from.octets(),
                    destination: to.octets(),
                    ..Ipv4Header::default()
                };
                PacketBuilder::ip(IpHeaders::Ipv4(header, Ipv4Extensions::default()))
            }
            (IpAddr::V6(from), IpAddr::V6(to)) => {
                PacketBuilder::ipv6(from.octets(), to.octets(), 64)
            }
            _ => panic!("two of one family"),
        };
        let tcp = builder().tcp_header(header.clone());
        let mut packet = vec![0; tcp.size(text.len())];
        tcp.write_to_slice(&mut packet, &text).expect("it fits");
        packets.push((packet, 1_400));
        let udp = builder().udp(4000, 5000);
        let mut packet = vec![0; udp.size(text.len())];
        udp.write_to_slice(&mut packet, &text).expect("it fits");
        packets.push((packet, 1_000));
    }
    packets
}

/// A second interface, and the kernel as the router between both.
fn route(inside: &Inside) {
    configure(inside, "plc1", THERE);
    inside.set_sysctl("ipv4/ip_forward", "1").expect("a router");
    inside
        .set_sysctl("ipv6/conf/all/forwarding", "1")
        .expect("a router");
    // What is added is there already, or it says why not.
    let mut links = inside.links().expect("netlink");
    for (net, len) in [("10.91.0.0", 24), ("fd91::", 64)] {
        match links.add_route(ip(net), len, Via::Link("plc1")) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => panic!("{error}"),
            _ => {}
        }
    }
}

/// Leaves checksum and segments of a packet to the kernel.
fn send_long(tun: &OffloadTun, packet: &[u8], gso: u16) -> Offload {
    let mut packet = packet.to_vec();
    let checksum = begin_checksum(&mut packet);
    let offload = Offload {
        checksum,
        gso: Some(gso),
    };
    let long = Transmit {
        offload,
        ..Transmit::plain(&packet, Pieces::EMPTY)
    };
    tun.transmit(&long).expect("sent");
    assert_eq!(tun.losses(), Default::default());
    offload
}

/// Robustness, R-DEV-8: what leaves by an interface that does nothing but carry.
fn cut_by_the_kernel(inside: &Inside) {
    let tun = up(inside);
    let far = Tun::open("plc1").expect("as the first");
    route(inside);
    for (mut packet, gso) in long_packets() {
        let offload = send_long(&tun, &packet, gso);
        begin_checksum(&mut packet);
        for mut expected in cut(&packet, offload) {
            hop(&mut expected);
            let got = next_from_us(&far);
            assert!(got == expected, "\n{got:02x?}\n{expected:02x?}");
        }
    }
}

/// And by one to which it is left.
fn handed_through(inside: &Inside) {
    let tun = up(inside);
    let far = open("plc1");
    route(inside);
    for (packet, gso) in long_packets() {
        let offload = send_long(&tun, &packet, gso);
        let (got, left) = next_long(&far);
        assert_eq!(left, offload);
        let mut expected = packet;
        begin_checksum(&mut expected);
        hop(&mut expected);
        assert!(
            got == expected,
            "\n{:02x?}\n{:02x?}",
            &got[..80],
            &expected[..80]
        );
    }
}

/// What a router does to a packet.
fn hop(packet: &mut [u8]) {
    if packet[0] >> 4 == 6 {
        packet[7] -= 1;
        return;
    }
    packet[8] -= 1;
    let header = Ipv4Header::from_slice(packet).expect("IPv4").0;
    let sum = header.calc_header_checksum().to_be_bytes();
    packet[10..12].copy_from_slice(&sum);
}

/// The next packet that came by the router, as it came.
fn next_from_us(device: &dyn Device) -> Vec<u8> {
    let mut buf = RxBuffer::new();
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let Some(received) = device.receive(&mut buf).expect("the device is up") else {
            wait(device);
            continue;
        };
        let src = Layout::of(received.bytes).map(|layout| layout.src);
        if src.is_some_and(|src| HERE_US.contains(&src.to_string().as_str())) {
            return received.bytes.to_vec();
        }
    }
    panic!("nothing arrived");
}

/// Datagrams of so many bytes each, from us to a socket of the kernel's; whether they were sent.
fn send_datagrams(tun: &OffloadTun, kernel: &UdpSocket, size: u16) -> std::io::Result<()> {
    let ours = SocketAddr::new(ip(HERE_US[0]), 4000);
    let theirs = kernel.local_addr().expect("bound");
    let mut packet = datagram(ours, theirs, &vec![b'x'; 3 * usize::from(size)]);
    let checksum = begin_checksum(&mut packet);
    tun.transmit(&Transmit {
        offload: Offload {
            checksum,
            gso: Some(size),
        },
        ..Transmit::plain(&packet[..28], Pieces::one(&packet[28..]))
    })
}

fn kernel_socket() -> UdpSocket {
    let kernel = UdpSocket::bind((ip(HERE[0]), 0)).expect("the kernel's address");
    kernel.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    kernel
}

fn lowered(inside: &Inside) {
    let tun = up(inside);
    if !tun.capabilities().offloads.udp {
        skip(Lack::Tun, "this kernel cuts no datagrams");
    }
    let kernel = kernel_socket();
    let next = || kernel.recv(&mut [0; 2_000]).expect("a datagram");
    send_datagrams(&tun, &kernel, 1_472).expect("sent");
    assert_eq!([next(), next(), next()], [1_472; 3]);
    send_datagrams(&tun, &kernel, 1_473).expect("no error");
    assert_eq!(tun.losses().refused, 1);
    let mut links = inside.links().expect("netlink");
    links.set_mtu("plc0", 1_300).expect("mtu");
    assert_eq!(tun.capabilities().mtu, 1_300);
    send_datagrams(&tun, &kernel, 1_473).expect("no error");
    send_datagrams(&tun, &kernel, 1_273).expect("no error");
    assert_eq!(tun.losses().refused, 3);
    // Had any of those been written, it would come first.
    send_datagrams(&tun, &kernel, 1_272).expect("sent");
    assert_eq!([next(), next(), next()], [1_272; 3]);
}

fn down(inside: &Inside) {
    let tun = up(inside);
    let kernel = kernel_socket();
    let mut links = inside.links().expect("netlink");
    links.set_down("plc0").expect("down");
    send_datagrams(&tun, &kernel, 1_000).expect("no error");
    assert_eq!(tun.losses().down, 1);
    links.set_up("plc0").expect("up");
    send_datagrams(&tun, &kernel, 999).expect("sent");
    assert_eq!(kernel.recv(&mut [0; 2_000]).expect("a datagram"), 999);
    assert_eq!(tun.losses().down, 1);
}

/// Another interface of the same name is another interface.
fn replaced(inside: &Inside) {
    let first = up(inside);
    let kernel = kernel_socket();
    send_datagrams(&first, &kernel, 1_000).expect("sent");
    let mut links = inside.links().expect("netlink");
    links.delete("plc0").expect("deleted");
    let second = up(inside);
    let sent = send_datagrams(&first, &kernel, 1_000).expect_err("it is gone");
    let received = first.receive(&mut RxBuffer::new()).expect_err("it is gone");
    for error in [sent, received] {
        assert_eq!(error.kind(), ErrorKind::NotConnected);
        assert!(
            error.to_string().contains("plc0 has been deleted"),
            "{error}"
        );
    }
    assert_eq!(first.losses(), Default::default());
    there_and_back(&second, V4);
}

fn queues(inside: &Inside) {
    let queues = OffloadTun::open_queues("plc%d", 3)
        .unwrap_or_else(|error| skip(Lack::Tun, &error.to_string()));
    configure(inside, "plc0", HERE);
    assert!(queues.iter().all(|queue| queue.name() == "plc0"));
    let kernel = kernel_socket();
    let theirs = kernel.local_addr().expect("bound");
    for (port, queue) in (4000..4012).zip(queues.iter().cycle()) {
        let ours = SocketAddr::new(ip(HERE_US[0]), port);
        send(queue, &datagram(ours, theirs, b"by which?")).expect("sent");
        let mut text = [0; 100];
        let (len, from) = kernel.recv_from(&mut text).expect("a datagram");
        assert_eq!((&text[..len], from), (&b"by which?"[..], ours));
        kernel.send_to(b"by this", from).expect("a route");
        assert_eq!(next_datagram(queue).to, ours);
    }
    let error = OffloadTun::open_queues("plc0", 0).expect_err("none");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    // It was made for several.
    drop(OffloadTun::open("plc0").expect_err("one queue"));
}

fn busy(_: &Inside) {
    let first = open("plc0");
    for preference in [Preference::Offload, Preference::Plain] {
        let error = open_tun(first.name(), preference)
            .err()
            .expect("it has an owner");
        assert_eq!(error.kind(), ErrorKind::ResourceBusy);
        let text = error.to_string();
        assert!(text.contains("plc0: another program is attached"), "{text}");
    }
}

/// What one leaves behind on an interface that stays does not confuse the next.
fn inherited(inside: &Inside) {
    drop(open("plc0"));
    let owner = Iface::without_packet_info("plc0", Mode::Tun).expect("it opened before");
    let file = {
        use std::os::fd::{AsRawFd, BorrowedFd};
        // SAFETY: `owner` lives until the end of this function, and the descriptor with it.
        unsafe { BorrowedFd::borrow_raw(owner.as_raw_fd()) }
    };
    // SAFETY: it takes its value as the argument itself and touches no memory of ours.
    unsafe { ioctl(file, IntegerSetter::<TUNSETPERSIST>::new_usize(1)) }.expect("persist");
    drop(owner);
    configure(inside, "plc0", HERE);
    for preference in [
        Preference::Offload,
        Preference::Plain,
        Preference::Offload,
        Preference::Plain,
    ] {
        let tun = open_tun("plc0", preference).expect("nobody has it");
        // It has a carrier while somebody has it, a moment later.
        let mut links = inside.links().expect("netlink");
        links.wait_until_running("plc0").expect("it runs");
        let does_more = tun.capabilities().offloads != Offloads::NONE;
        assert_eq!(does_more, preference == Preference::Offload);
        there_and_back(&*tun, V4);
        there_and_back(&*tun, V6);
    }
}

/// The kernel's addresses on one side, and ours.
pub const HERE: [&str; 2] = ["10.90.0.1", "fd90::1"];
pub const HERE_US: [&str; 2] = ["10.90.0.2", "fd90::2"];
/// On the other.
const THERE: [&str; 2] = ["10.91.0.1", "fd91::1"];
const THERE_US: [&str; 2] = ["10.91.0.2", "fd91::2"];
/// `linux/if_tun.h`.
const TUNSETPERSIST: Opcode = opcode::write::<i32>(b'T', 203);
