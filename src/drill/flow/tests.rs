use super::*;
use crate::base::Instant;
use crate::drill::live::{Ip, LiveBody};
use crate::drill::syntax::{Options, Ports, Seq};

fn line(flags: u8, start: u32, ack: Option<u32>) -> Tcp {
    Tcp {
        ports: None::<Ports>,
        flags: Flags {
            bits: flags,
            ..Flags::default()
        },
        seq: Seq {
            start: Some(start),
            len: 0,
            absolute: false,
        },
        ack,
        win: Some(1000),
        urg: None,
        options: Options::These(Vec::new()),
    }
}

fn local() -> SocketAddr {
    ([192, 168, 0, 1], 8080).into()
}

fn remote() -> SocketAddr {
    ([192, 0, 2, 1], 8080).into()
}

/// A segment of ours to `to`.
fn live(from: u16, to: SocketAddr, flags: u8, seq: u32, ack: u32) -> Live {
    Live {
        at: Instant::BIRTH,
        number: 0,
        bytes: Vec::new(),
        ip: Ip {
            src: local().ip(),
            dst: to.ip(),
            header_len: 20,
            total_len: 40,
            tos: 0,
            ttl: 64,
            flow: 0,
            protocol: 6,
            checksum_right: true,
        },
        body: LiveBody::Tcp(LiveTcp {
            src: from,
            dst: to.port(),
            seq,
            ack,
            data_offset: 5,
            flags,
            ae: false,
            reserved: 0,
            window: 0,
            urgent: 0,
            options: Vec::new(),
            payload: Vec::new(),
            checksum_right: true,
        }),
    }
}

const SYN: u8 = Flags::SYN;
const ACK: u8 = Flags::ACK;

/// A listener that a SYN with number 7000 has come to, and its SYN,ACK: 5000, in the script 20.
fn passive() -> Flows {
    let mut flows = Flows::new(local(), remote());
    flows.on_socket(3);
    flows.on_listen(3);
    flows.for_inbound(&line(SYN, 7000, None)).unwrap();
    flows
        .for_outbound(&line(SYN | ACK, 20, Some(7001)))
        .unwrap();
    let far = flows.current().unwrap().remote.unwrap();
    flows.on_taken(&live(8080, far, SYN | ACK, 5000, 7001));
    flows
}

/// An opening whose SYN is 5000, in the script 20, from port 40001.
fn active() -> Flows {
    let mut flows = Flows::new(local(), remote());
    flows.on_socket(3);
    flows.on_connect(3);
    flows.for_outbound(&line(SYN, 20, None)).unwrap();
    let syn = live(40_001, remote(), SYN, 5000, 0);
    assert!(flows.is_current(&syn));
    flows.on_taken(&syn);
    flows
}

#[test]
fn a_syn_counts_as_written_and_all_else_from_its_number() {
    let flows = passive();
    let flow = flows.current().unwrap();
    let syn = flow.inbound(&line(SYN, 7000, None));
    assert_eq!(syn.seq, 7000);
    let text = flow.inbound(&line(ACK, 1, Some(1)));
    assert_eq!((text.seq, text.ack), (7001, 5001));
    let far = flow.remote.unwrap();
    let syn_ack = live(8080, far, SYN | ACK, 5000, 7001);
    let shown = flow.outbound(syn_ack.tcp().unwrap(), false);
    assert_eq!((shown.seq, shown.ack), (20, 7001));
    let text = live(8080, far, ACK, 5001, 7101);
    let shown = flow.outbound(text.tcp().unwrap(), false);
    assert_eq!((shown.seq, shown.ack), (1, 101));
}

#[test]
fn an_ack_is_translated_only_with_its_flag() {
    let flows = passive();
    let flow = flows.current().unwrap();
    assert_eq!(flow.inbound(&line(Flags::RST, 1, Some(9))).ack, 9);
    assert_eq!(flow.inbound(&line(Flags::RST, 1, None)).ack, 0);
    let bare = live(8080, flow.remote.unwrap(), Flags::RST, 5001, 9);
    assert_eq!(flow.outbound(bare.tcp().unwrap(), false).ack, 9);
}

#[test]
fn absolute_numbers_are_not_shifted() {
    let flows = passive();
    let flow = flows.current().unwrap();
    let mut absolute = line(Flags::RST, 7009, None);
    absolute.seq.absolute = true;
    assert_eq!(flow.inbound(&absolute).seq, 7009);
    let segment = live(8080, flow.remote.unwrap(), ACK, 5001, 7001);
    assert_eq!(flow.outbound(segment.tcp().unwrap(), true).seq, 5001);
}

#[test]
fn the_answer_to_our_syn_acknowledges_it_as_the_script_counts() {
    let mut flows = active();
    let syn_ack = line(SYN | ACK, 90, Some(21));
    let flow = flows.for_inbound(&syn_ack).unwrap();
    let numbers = flow.inbound(&syn_ack);
    assert_eq!((numbers.seq, numbers.ack), (90, 5001));
    let text = flow.inbound(&line(ACK, 1, Some(1)));
    assert_eq!((text.seq, text.ack), (91, 5001));
}

#[test]
fn a_bare_syn_does_not_say_where_the_far_end_begins() {
    let mut flows = active();
    let syn = line(SYN, 90, None);
    flows.for_inbound(&syn).unwrap();
    assert_eq!(
        flows.current().unwrap().inbound(&line(ACK, 1, Some(1))).seq,
        1
    );
}

#[test]
fn numbers_wrap() {
    let mut flows = Flows::new(local(), remote());
    flows.for_inbound(&line(SYN, u32::MAX, None)).unwrap();
    let flow = flows.current().unwrap();
    assert_eq!(flow.inbound(&line(ACK, 1, None)).seq, 0);
    assert_eq!(flow.inbound_offset(0, false), 0);
    assert_eq!(flow.theirs_in_script(0, false), 1);
}

#[test]
fn what_text_holds_begins_behind_the_syn() {
    let flows = passive();
    let flow = flows.current().unwrap();
    assert_eq!(flow.inbound_offset(7001, false), 0);
    assert_eq!(flow.inbound_offset(7000, true), 0);
    assert_eq!(flow.inbound_offset(7101, false), 100);
    let far = flow.remote.unwrap();
    let text = live(8080, far, ACK, 5101, 0);
    assert_eq!(flow.outbound_offset(text.tcp().unwrap()), 100);
    let syn = live(8080, far, SYN, 5000, 0);
    assert_eq!(flow.outbound_offset(syn.tcp().unwrap()), 0);
}

#[test]
fn any_packet_for_a_listener_or_for_nobody_begins_a_connection() {
    let mut flows = Flows::new(local(), remote());
    assert!(flows.current().is_none());
    flows.for_inbound(&line(ACK, 1, Some(1))).unwrap();
    let first = flows.current().unwrap().remote.unwrap();
    // The next one is of the same connection, until somebody listens.
    flows.for_inbound(&line(ACK, 1, Some(1))).unwrap();
    assert_eq!(flows.current().unwrap().remote.unwrap(), first);
    flows.on_socket(3);
    flows.on_listen(3);
    flows.for_inbound(&line(Flags::RST, 1, None)).unwrap();
    let second = flows.current().unwrap().remote.unwrap();
    assert_ne!(first.port(), second.port());
}

#[test]
fn packets_belong_by_their_pair_and_a_syn_by_its_destination() {
    let flows = active();
    assert!(flows.is_current(&live(40_001, remote(), ACK, 0, 0)));
    assert!(!flows.is_current(&live(40_002, remote(), ACK, 0, 0)));
    let mut fresh = Flows::new(local(), remote());
    fresh.on_socket(3);
    fresh.on_connect(3);
    assert!(fresh.is_current(&live(40_009, remote(), SYN, 0, 0)));
    assert!(!fresh.is_current(&live(40_009, remote(), ACK, 0, 0)));
    let elsewhere = SocketAddr::new(remote().ip(), 99);
    assert!(!fresh.is_known(&live(40_009, elsewhere, SYN, 0, 0)));
    fresh.on_named(SocketAddr::new(local().ip(), 7), elsewhere);
    assert!(fresh.is_known(&live(7, elsewhere, ACK, 0, 0)));
}

#[test]
fn an_earlier_connection_is_known_but_not_current() {
    let mut flows = passive();
    let far = flows.current().unwrap().remote.unwrap();
    flows.on_socket(5);
    let late = live(8080, far, ACK, 0, 0);
    assert!(!flows.is_current(&late));
    assert!(flows.is_known(&late));
}

#[test]
fn accept_needs_a_syn_ack_that_was_expected() {
    let mut flows = passive();
    let port = flows.current().unwrap().remote.unwrap().port();
    assert!(!flows.on_accept(4, port + 1));
    assert!(flows.on_accept(4, port));
    assert_eq!(flows.current_fd(), Some(4));
    let mut silent = Flows::new(local(), remote());
    silent.for_inbound(&line(SYN, 0, None)).unwrap();
    let port = silent.current().unwrap().remote.unwrap().port();
    assert!(!silent.on_accept(4, port));
}

#[test]
fn an_outbound_line_needs_a_connection() {
    let mut flows = Flows::new(local(), remote());
    let any = line(ACK, 1, Some(1));
    assert_eq!(flows.for_outbound(&any).err(), Some(Misfit::NoConnection));
    flows.on_socket(3);
    assert_eq!(flows.for_outbound(&any).err(), Some(Misfit::NoConnection));
    flows.on_listen(3);
    assert_eq!(flows.for_outbound(&any).err(), Some(Misfit::NoConnection));
    assert!(flows.for_icmp().is_err());
}

#[test]
fn a_disconnected_socket_is_new_again() {
    let mut flows = active();
    flows.on_disconnect(3);
    assert!(flows.for_outbound(&line(ACK, 1, Some(1))).is_err());
    assert_eq!(flows.current_fd(), Some(3));
    flows.on_close(3);
    assert_eq!(flows.current_fd(), None);
}

#[test]
fn an_echo_must_have_been_sent() {
    let mut flow = passive().current().unwrap().clone();
    assert_eq!(flow.echo(100, false), Err(Misfit::UnknownEcho(100)));
    assert_eq!(flow.echo(100, true), Err(Misfit::UnknownEcho(100)));
    assert_eq!(flow.stamp(100, 9000), 0);
    assert_eq!(flow.echo(100, false), Ok(9000));
    assert_eq!(flow.echo(150, false), Err(Misfit::UnknownEcho(150)));
    // Scaled, it is shifted as the first one was.
    assert_eq!(flow.echo(150, true), Ok(9050));
}

#[test]
fn timestamps_are_compared_by_how_far_they_advance() {
    let mut flow = passive().current().unwrap().clone();
    assert_eq!(flow.stamp(u32::MAX, 5), 0);
    assert_eq!(flow.stamp(9, 15), 0);
    assert_eq!(flow.stamp(19, 27), 2);
    assert_eq!(flow.stamp(29, 30), 5);
}

#[test]
fn one_number_is_one_label() {
    let mut flow = passive().current().unwrap().clone();
    assert!(!flow.label(1, 0));
    assert!(flow.label(1, 77));
    assert!(flow.label(1, 77));
    assert!(!flow.label(1, 78));
    assert!(!flow.label(2, 77));
    assert!(flow.label(2, 78));
}

#[test]
fn a_right_edge_that_moves_left_is_noticed() {
    let mut flow = passive().current().unwrap().clone();
    let segment = |ack: u32, window: u16| {
        let mut live = live(8080, remote(), ACK, 5001, ack);
        if let LiveBody::Tcp(tcp) = &mut live.body {
            tcp.window = window;
        }
        live.tcp().unwrap().clone()
    };
    assert_eq!(flow.offers(&segment(7001, 1000)), None);
    assert_eq!(flow.offers(&segment(7101, 900)), None);
    assert_eq!(flow.offers(&segment(7201, 790)), Some(10));
    assert_eq!(flow.offers(&segment(7201, 1000)), None);
    // Scaled, if both ends scale; a SYN never is.
    flow.peer_scales = true;
    let mut syn = segment(7001, 65_535);
    syn.flags |= SYN;
    syn.options = vec![1, 3, 3, 2];
    assert_eq!(flow.offers(&syn), None);
    assert_eq!(flow.offers(&segment(7001, 16_384)), None);
    assert_eq!(flow.offers(&segment(7001, 16_383)), Some(4));
}
