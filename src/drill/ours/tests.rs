//! Sockets over the stack: what Linux answers. Calls that need packets have scripts; here is what
//! they answer at once.

use std::net::SocketAddr;

use super::*;
use crate::drill::backend::{errno, poll};
use crate::drill::settings::Given;
use crate::stack::Deferral;

fn ours(profile: Profile) -> (Ours, SocketAddr, SocketAddr) {
    let settings = Settings::settle(&Given::default(), &[]).unwrap();
    let local = SocketAddr::new(settings.local, 8080);
    let remote = SocketAddr::new(settings.remote, 8080);
    (Ours::new(&settings, profile, Offloads::NONE), local, remote)
}

#[test]
fn a_new_socket_can_do_little() {
    let (mut ours, _, _) = ours(Profile::Rfc);
    let socket = ours.socket();
    assert_eq!(ours.send(socket, b"x", false), Reply::Failed(errno::EPIPE));
    let (read, _) = ours.recv(socket, 9, Receive::default());
    assert_eq!(read, Reply::Failed(errno::ENOTCONN));
    assert_eq!(
        ours.shutdown(socket, Shut::Both),
        Reply::Failed(errno::ENOTCONN)
    );
    assert_eq!(ours.accept(socket), Err(Reply::Failed(errno::EINVAL)));
    assert_eq!(ours.events(socket), poll::HUP | poll::OUT | poll::WRNORM);
    assert_eq!(ours.close(socket), Reply::Done(0));
    assert_eq!(ours.close(socket), Reply::Failed(errno::EBADF));
    assert_eq!(ours.send(socket, b"x", false), Reply::Failed(errno::EBADF));
}

#[test]
fn an_address_is_bound_once_and_must_be_ours() {
    let (mut ours, local, remote) = ours(Profile::Rfc);
    let socket = ours.socket();
    assert_eq!(ours.bind(socket, local), Reply::Done(0));
    assert_eq!(ours.bind(socket, local), Reply::Failed(errno::EINVAL));
    assert_eq!(ours.listen(socket, 1), Reply::Done(0));
    assert_eq!(ours.listen(socket, 2), Reply::Done(0));
    assert_eq!(
        ours.connect(socket, Some(remote)),
        Reply::Failed(errno::EISCONN)
    );
    let second = ours.socket();
    ours.bind(second, local);
    assert_eq!(ours.listen(second, 1), Reply::Failed(errno::EADDRINUSE));
    let stranger = ours.socket();
    let v6 = "[::1]:80".parse().unwrap();
    assert_eq!(ours.bind(stranger, v6), Reply::Failed(errno::EADDRNOTAVAIL));
    assert_eq!(ours.endpoints("LISTEN", Some(8080)), Some(1));
    assert_eq!(ours.endpoints("LISTEN", Some(8081)), Some(0));
    assert_eq!(ours.shutdown(socket, Shut::Read), Reply::Done(0));
    assert_eq!(ours.endpoints("LISTEN", None), Some(0));
}

#[test]
fn an_opening_says_that_it_goes_on() {
    let (mut ours, _, remote) = ours(Profile::Rfc);
    let socket = ours.socket();
    assert_eq!(
        ours.connect(socket, Some(remote)),
        Reply::Wait(errno::EINPROGRESS)
    );
    assert_eq!(
        ours.connect(socket, Some(remote)),
        Reply::Wait(errno::EALREADY)
    );
    assert_eq!(ours.send(socket, b"x", false), Reply::Wait(errno::EAGAIN));
    assert_eq!(ours.events(socket), 0);
    assert_eq!(ours.listen(socket, 1), Reply::Failed(errno::EINVAL));
    let syn = ours.emitted().unwrap();
    assert_eq!(syn[33], 2);
    // Disconnected it is new again, and says nothing.
    assert_eq!(ours.connect(socket, None), Reply::Done(0));
    assert_eq!(ours.emitted(), None);
    assert_eq!(ours.events(socket), poll::HUP | poll::OUT | poll::WRNORM);
    assert_eq!(
        ours.connect(socket, Some(remote)),
        Reply::Wait(errno::EINPROGRESS)
    );
}

#[test]
fn an_address_without_a_host_is_unreachable() {
    let (mut ours, _, _) = ours(Profile::Rfc);
    let socket = ours.socket();
    for nowhere in ["224.0.0.1:80", "192.0.2.1:0", "[2001:db8::1]:80"] {
        let nowhere = nowhere.parse().unwrap();
        let refused = ours.connect(socket, Some(nowhere));
        assert_eq!(refused, Reply::Failed(errno::ENETUNREACH), "{nowhere}");
    }
}

fn int(value: i32) -> Vec<u8> {
    value.to_le_bytes().to_vec()
}

#[test]
fn options_are_kept_and_told() {
    const SOL_IP: i64 = 0;
    const SOL_SOCKET: i64 = 1;
    const SOL_TCP: i64 = 6;
    let (mut ours, _, _) = ours(Profile::Rfc);
    let socket = ours.socket();
    for (level, name, value) in [
        (SOL_SOCKET, 7, 10_000),
        (SOL_SOCKET, 8, 20_000),
        (SOL_SOCKET, 2, 1),
        (SOL_SOCKET, 15, 1),
        (SOL_SOCKET, 36, -7),
        (SOL_IP, 15, 1),
        (SOL_SOCKET, 9, 1),
        (SOL_TCP, 1, 1),
        (SOL_TCP, 4, 30),
        (SOL_TCP, 5, 40),
        (SOL_TCP, 6, 5),
        (SOL_TCP, 7, 6),
        (SOL_TCP, 8, 7),
        (SOL_TCP, 18, 8000),
        (SOL_TCP, 23, 9),
    ] {
        let set = ours.set_option(socket, level, name, &int(value));
        assert_eq!(set, Reply::Done(0), "{level}:{name}");
        let got = ours.option(socket, level, name, 4);
        assert_eq!(got, (Reply::Done(0), int(value)), "{level}:{name}");
    }
    let linger = [int(1), int(9)].concat();
    assert_eq!(
        ours.set_option(socket, SOL_SOCKET, 13, &linger),
        Reply::Done(0)
    );
    assert_eq!(ours.option(socket, SOL_SOCKET, 13, 8).1, linger);
}

#[test]
fn linux_doubles_buffers_within_bounds() {
    const SOL_SOCKET: i64 = 1;
    let (mut ours, _, _) = ours(Profile::Linux);
    let socket = ours.socket();
    let mut told = |asked: i32, name: i64| {
        ours.set_option(socket, SOL_SOCKET, name, &int(asked));
        ours.option(socket, SOL_SOCKET, name, 4).1
    };
    assert_eq!(told(10_000, 8), int(20_000));
    assert_eq!(told(1, 8), int(2304));
    assert_eq!(told(1, 7), int(4608));
    assert_eq!(told(1_000_000, 7), int(2 * 212_992));
}

#[test]
fn options_that_make_no_sense_or_are_not_there() {
    const SOL_SOCKET: i64 = 1;
    const SOL_TCP: i64 = 6;
    let (mut ours, _, _) = ours(Profile::Rfc);
    let socket = ours.socket();
    let short = ours.set_option(socket, SOL_TCP, 1, &[1, 0]);
    assert_eq!(short, Reply::Failed(errno::EINVAL));
    let zero = ours.set_option(socket, SOL_TCP, 4, &int(0));
    assert_eq!(zero, Reply::Failed(errno::EINVAL));
    let negative = ours.set_option(socket, SOL_TCP, 23, &int(-1));
    assert_eq!(negative, Reply::Failed(errno::EINVAL));
    let read_only = ours.set_option(socket, SOL_SOCKET, 4, &int(0));
    assert_eq!(read_only, Reply::Failed(errno::ENOPROTOOPT));
    let short = ours.set_option(socket, SOL_TCP, 9, &[1, 0, 0]);
    assert_eq!(short, Reply::Failed(errno::EINVAL));
    let short = ours.set_option(socket, SOL_TCP, 12, &[]);
    assert_eq!(short, Reply::Failed(errno::EINVAL));
    let (zerocopy, _) = ours.option(socket, SOL_SOCKET, 60, 4);
    assert_eq!(zerocopy, Reply::Unsupported("option:SO_ZEROCOPY".into()));
    let (nameless, _) = ours.option(socket, 999, 1, 4);
    assert_eq!(nameless, Reply::Unsupported("option:999:1".into()));
}

#[test]
fn a_time_to_wait_for_text_is_rounded_up_and_stays_with_the_listener() {
    let (mut ours, local, _) = ours(Profile::Rfc);
    let socket = ours.socket();
    for (asked, told) in [(0, 0), (-5, 0), (1, 1), (4, 7), (31, 31), (32, 63)] {
        assert_eq!(ours.set_option(socket, 6, 9, &int(asked)), Reply::Done(0));
        assert_eq!(ours.option(socket, 6, 9, 4).1, int(told));
    }
    ours.bind(socket, local);
    ours.listen(socket, 1);
    assert_eq!(ours.option(socket, 6, 9, 4).1, int(63));
    let child = ours.get(socket).unwrap().options.of_child();
    assert_eq!(
        (child.defer_accept, child.fast_open),
        (Deferral::NONE, None)
    );
}

#[test]
fn an_opening_with_text_is_for_new_sockets_where_it_is_allowed() {
    let (mut ours, local, remote) = ours(Profile::Rfc);
    let socket = ours.socket();
    ours.configure("net.ipv4.tcp_fastopen", "2");
    let forbidden = ours.connect_sending(socket, remote, Some(b"text"));
    assert_eq!(forbidden, Reply::Failed(errno::EOPNOTSUPP));
    assert_eq!(ours.emitted(), None);
    ours.configure("net.ipv4.tcp_fastopen", "1");
    let opening = ours.connect_sending(socket, remote, Some(b"text"));
    assert_eq!(opening, Reply::Wait(errno::EINPROGRESS));
    // Without a cookie nothing was taken, and nothing is yet.
    assert_eq!(ours.emitted().map(|syn| syn[33]), Some(2));
    let again = ours.connect_sending(socket, remote, Some(b"text"));
    assert_eq!(again, Reply::Wait(errno::EALREADY));
    assert_eq!(
        ours.send(socket, b"text", false),
        Reply::Wait(errno::EAGAIN)
    );
    let late = ours.set_option(socket, 6, 23, &int(1));
    assert_eq!(late, Reply::Failed(errno::EINVAL));
    let listener = ours.socket();
    ours.bind(listener, local);
    ours.listen(listener, 1);
    let listening = ours.connect_sending(listener, remote, Some(b"text"));
    assert_eq!(listening, Reply::Failed(errno::EISCONN));
    let nobody = ours.connect_sending(Handle(9), remote, Some(b"text"));
    assert_eq!(nobody, Reply::Failed(errno::EBADF));
}

#[test]
fn options_of_fast_open_are_for_sockets_that_can_still_heed_them() {
    const SOL_TCP: i64 = 6;
    let (mut ours, local, remote) = ours(Profile::Rfc);
    let set = |ours: &mut Ours, socket, name, value: &[u8]| match ours
        .set_option(socket, SOL_TCP, name, value)
    {
        Reply::Failed(errno) => errno,
        reply => {
            assert_eq!(reply, Reply::Done(0));
            0
        }
    };
    const EINVAL: i64 = errno::EINVAL;
    let listener = ours.socket();
    ours.bind(listener, local);
    ours.listen(listener, 1);
    let opening = ours.socket();
    ours.connect(opening, Some(remote));
    let fresh = ours.socket();
    for (name, value, expected) in [
        (23, int(1), [0, 0, EINVAL]),
        (30, int(1), [0, EINVAL, EINVAL]),
        (30, int(2), [EINVAL; 3]),
        (30, vec![1], [EINVAL; 3]),
        (34, int(1), [0, 0, EINVAL]),
        (34, int(-1), [EINVAL; 3]),
        (33, vec![7; 16], [0; 3]),
        (33, vec![7; 32], [0; 3]),
        (33, vec![7; 15], [EINVAL; 3]),
        (33, vec![7; 48], [EINVAL; 3]),
        (33, vec![], [EINVAL; 3]),
    ] {
        let sockets = [fresh, listener, opening];
        let found = sockets.map(|socket| set(&mut ours, socket, name, &value));
        assert_eq!(found, expected, "{name} {value:?}");
    }
    for name in [30, 34] {
        assert_eq!(ours.option(fresh, SOL_TCP, name, 4).1, int(1));
    }
    ours.configure("net.ipv4.tcp_fastopen", "2");
    assert_eq!(set(&mut ours, fresh, 30, &int(0)), errno::EOPNOTSUPP);
}

#[test]
fn keys_are_those_of_the_host_until_a_socket_has_its_own() {
    let (mut ours, _, _) = ours(Profile::Rfc);
    let socket = ours.socket();
    let keys = |ours: &mut Ours, len| ours.option(socket, 6, 33, len).1;
    ours.configure("net.ipv4.tcp_fastopen_key", "1-0-0-0,2-0-0-0");
    let host = keys(&mut ours, 64);
    assert_eq!((host.len(), host[0], host[16]), (32, 1, 2));
    assert_eq!(keys(&mut ours, 5).len(), 5);
    ours.set_option(socket, 6, 33, &[7; 16]);
    assert_eq!(keys(&mut ours, 64), [7; 16]);
}

#[test]
fn what_lies_behind_a_null_pointer_goes_with_no_syn() {
    let (mut ours, _, remote) = ours(Profile::Rfc);
    let socket = ours.socket();
    let asks = ours.connect_sending(socket, remote, None);
    assert_eq!(asks, Reply::Wait(errno::EINPROGRESS));
    let bold = ours.socket();
    ours.set_option(bold, 6, 34, &int(1));
    let skipped = ours.connect_sending(bold, remote, None);
    assert!(matches!(skipped, Reply::Unsupported(_)));
}

#[test]
fn on_linux_every_listener_opens_fast() {
    for (profile, asked, pending) in [
        (Profile::Linux, None, 7),
        (Profile::Linux, Some(3), 3),
        (Profile::Rfc, None, 0),
    ] {
        let (mut ours, local, _) = ours(profile);
        let socket = ours.socket();
        if let Some(asked) = asked {
            ours.set_option(socket, 6, 23, &int(asked));
        }
        ours.bind(socket, local);
        ours.listen(socket, 7);
        assert_eq!(ours.option(socket, 6, 23, 4).1, int(pending));
    }
    let (mut bsd, _, _) = ours(Profile::Bsd);
    let socket = bsd.socket();
    for (number, name) in [(23, "TCP_FASTOPEN"), (33, "TCP_FASTOPEN_KEY")] {
        let unsupported = Reply::Unsupported(format!("option:{name}"));
        let switch = bsd.set_option(socket, 6, number, &int(1));
        assert_eq!(switch, unsupported);
        assert_eq!(bsd.option(socket, 6, number, 4).0, unsupported);
    }
}

#[test]
fn a_socket_without_a_connection_has_little_to_tell() {
    let (mut ours, local, remote) = ours(Profile::Rfc);
    let socket = ours.socket();
    assert_eq!(ours.info(socket), Some([("tcpi_state", 7)].into()));
    ours.bind(socket, local);
    ours.listen(socket, 1);
    assert_eq!(ours.info(socket), Some([("tcpi_state", 10)].into()));
    let other = ours.socket();
    ours.connect(other, Some(remote));
    assert_eq!(ours.info(other).unwrap()["tcpi_state"], 2);
    ours.close(other);
    assert_eq!(ours.info(other), None);
}

#[test]
fn settings_reach_those_who_listen() {
    let (mut ours, local, _) = ours(Profile::Rfc);
    let socket = ours.socket();
    ours.bind(socket, local);
    ours.listen(socket, 1);
    assert_eq!(ours.configure("net.ipv4.tcp_sack", "0"), Configured::Done);
    assert_eq!(
        ours.configure("net.ipv4.frob", "0"),
        Configured::Unsupported
    );
    assert!(ours.drop_local(false) && ours.drop_local(true));
    assert_eq!(ours.counters()["TcpExtBeyondWindow"], 0);
}

#[test]
fn every_packet_and_every_pause_is_watched() {
    use std::time::Duration;

    let breach = |rules: fn(&mut Rules)| {
        let (mut ours, _, remote) = ours(Profile::Rfc);
        let mut changed = Rules::of(ours.stack.config());
        rules(&mut changed);
        ours.watch = Invariants::new(changed);
        ours.stack.observe(Box::new(ours.watch.clone()));
        ours.stack.open(ours.now, remote, None).unwrap();
        while ours.emitted().is_some() {}
        ours.breach()
    };
    assert_eq!(breach(|_| {}), None);
    let too_long = breach(|rules| rules.mtu = 50).expect("a SYN with options");
    assert!(too_long.starts_with("I-WIRE"), "{too_long}");
    let late = breach(|rules| rules.patience = Duration::ZERO).expect("a timer of a second");
    assert!(late.starts_with("I-TIMER"), "{late}");
}

#[test]
fn who_discovers_no_path_mtu_lets_routers_cut() {
    let (mut ours, _, remote) = ours(Profile::Rfc);
    for (value, keeps_whole) in [(0, false), (1, true), (2, true), (3, true), (4, false)] {
        let socket = ours.socket();
        assert_eq!(ours.set_option(socket, 0, 10, &int(value)), Reply::Done(0));
        ours.connect(socket, Some(remote));
        let syn = ours.emitted().unwrap();
        assert_eq!(syn[6] & 0x40 != 0, keeps_whole, "{value}");
    }
    let socket = ours.socket();
    let unknown = ours.set_option(socket, 0, 10, &int(6));
    assert_eq!(unknown, Reply::Failed(errno::EINVAL));
}
