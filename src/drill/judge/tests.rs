use super::*;
use crate::drill::settings::Preset;

fn prepared(text: &str) -> Prepared {
    prepare(text, &Request::default()).unwrap_or_else(|reason| panic!("{text}: {reason:?}"))
}

fn missing(text: &str) -> Vec<String> {
    prepared(text).missing
}

#[test]
fn what_is_missing_is_found_before_anything_runs() {
    for (event, name) in [
        ("epoll_create(1) = 3", "call:epoll_create"),
        ("psp_rx_assoc(3) = 0", "call:psp_rx_assoc"),
        ("close(FROB) = 0", "symbol:FROB"),
        ("close(3) = -1 EFROB (x)", "symbol:EFROB"),
        (
            "setsockopt(3, SOL_TCP, TCP_FROB, [1], 4) = 0",
            "symbol:TCP_FROB",
        ),
        (
            "poll([{fd=3, events=POLLFROB}], 1, 0) = 0",
            "symbol:POLLFROB",
        ),
        (
            "socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3",
            "socket:IPPROTO_UDP",
        ),
        (
            "socket(..., SOCK_STREAM, IPPROTO_MPTCP) = 3",
            "socket:IPPROTO_MPTCP",
        ),
        ("send(3, ..., 1, MSG_ZEROCOPY) = 1", "flag:MSG_ZEROCOPY"),
        ("recv(3, ..., 1, MSG_ERRQUEUE) = 1", "flag:MSG_ERRQUEUE"),
        ("`frob -x`", "command:frob"),
        ("`tc qdisc replace dev tun0 root fq`", "command:tc"),
        ("%{ if x: y }%", "code:`if`"),
        (
            "%{ assert tcpi_pacing_rate == 1 }%",
            "field:tcpi_pacing_rate",
        ),
        (
            "%{ assert SK_MEMINFO_DROPS == 1 }%",
            "field:SK_MEMINFO_DROPS",
        ),
        ("`nstat | grep TcpExtFrob`", "counter:TcpExtFrob"),
        ("> . 1:1(0) ack 1 sock(3)", "sock"),
        ("< sctp: ABORT[flgs=0]", "sctp"),
    ] {
        assert_eq!(missing(&format!("0 {event}")), [name], "{event}");
    }
    assert_eq!(missing("--speed=10 0 close(3) = 0"), ["option:speed"]);
    // Each is named once, in the order in which it is met.
    assert_eq!(
        missing("`frob`\n0 frob() = 0\n+0 frob() = 0\n+0 `frob`"),
        ["command:frob", "call:frob"]
    );
    assert_eq!(missing("0 close(3) = -1 EBADF (x)\n+0 `true`"), [""; 0]);
}

#[test]
fn what_is_missing_is_a_skip_whatever_else_there_is() {
    // It would fail at its first line.
    let text = "0 close(3) = 0\n+0 epoll_create(1) = 4";
    let report = judge("a.pkt", text, &Request::default());
    assert_eq!(report.run.verdict, Verdict::Skip);
    assert!(!report.run.reference && !report.run.clean);
    assert_eq!(report.relaxed, None);
}

#[test]
fn the_dialect_is_what_was_asked_for_or_what_is_spoken() {
    let dialect = |text: &str| prepared(text).dialect;
    assert_eq!(dialect("0 close(3) = 0"), Dialect::Google);
    assert_eq!(dialect("0 > S. ...(0) ack 1"), Dialect::Bsd);
    assert_eq!(
        dialect("`sysctl -w net.inet.tcp.rfc1323=0`\n0 close(3) = 0"),
        Dialect::Bsd
    );
    let asked = Request {
        given: Given {
            dialect: Some(Dialect::Bsd),
            ..Given::default()
        },
        ..Request::default()
    };
    let text = "0 close(3) = 0";
    assert_eq!(prepare(text, &asked).unwrap().dialect, Dialect::Bsd);
}

#[test]
fn the_profile_follows_from_what_a_script_installs() {
    let profile = |text: &str| prepared(text).profile;
    assert_eq!(profile("0 close(3) = 0"), Profile::Rfc);
    assert_eq!(
        profile("`../common/defaults.sh`\n0 close(3) = 0"),
        Profile::Linux
    );
    assert_eq!(profile("0 > S. ...(0) ack 1"), Profile::Bsd);
    let asked = Request {
        profile: Some(Profile::Rfc),
        ..Request::default()
    };
    let text = "`../common/defaults.sh`\n0 close(3) = 0";
    assert_eq!(prepare(text, &asked).unwrap().profile, Profile::Rfc);
}

#[test]
fn a_name_may_say_for_which_family_a_script_is() {
    let request = |preset| Request {
        given: Given {
            preset: Some(preset),
            ..Given::default()
        },
        ..Request::default()
    };
    let skip = |file: &str, preset| judge(file, "0 `true`", &request(preset)).run.skip;
    assert_eq!(skip("a-v4.pkt", Preset::LinuxV4), [""; 0]);
    assert_eq!(skip("a-v4.pkt", Preset::LinuxMapped), [""; 0]);
    assert_eq!(skip("a-v4.pkt", Preset::LinuxV6), ["file:v4"]);
    assert_eq!(skip("a-v6.pkt", Preset::LinuxV4), ["file:v6"]);
    assert_eq!(skip("a-v6.pkt", Preset::LinuxV6), [""; 0]);
}

#[test]
fn a_panic_is_a_failure() {
    let report = judge_with("a.pkt", "0 `true`", &Request::default(), &|_, _| {
        std::panic::panic_any(String::from("on purpose"))
    });
    let reason = report.run.reason.unwrap();
    assert_eq!(
        (reason.kind, reason.text.as_str()),
        (ReasonKind::Panic, "on purpose")
    );
}

#[test]
fn tiers_are_those_of_the_highest_construct() {
    for (text, tier) in [
        ("0 close(3) = 0", Tier::T0),
        ("0...1 read(3, ..., 1) = 1", Tier::T1),
        ("0 %{ assert 1 }%", Tier::T1),
        ("0 > [ect0] . 1:1(0) ack 1", Tier::T1),
        ("--tcp_ts_tick_usecs=1000 0 close(3) = 0", Tier::T1),
        ("0 setsockopt(3, SOL_TCP, TCP_CORK, [1], 4) = 0", Tier::T1),
        ("0 > S. ...(0) ack 1", Tier::T1b),
        ("0 < S 0:0(0) win 9 <FO,nop,nop>", Tier::T2),
        (
            "0 setsockopt(3, SOL_TCP, TCP_FASTOPEN, [1], 4) = 0",
            Tier::T2,
        ),
        ("0 `sysctl -q net.ipv4.tcp_fastopen=1`", Tier::T2),
        ("0 > P.5 1:2(1) ack 1", Tier::T3),
        ("0 `sysctl -q net.ipv4.tcp_ecn=3`", Tier::T3),
        ("0 < icmp source_quench", Tier::T4),
        ("0 `nstat`", Tier::T4),
        ("0 %{ assert SK_MEMINFO_RCVBUF }%", Tier::T4),
        ("0 epoll_create(1) = 3", Tier::T5),
        ("0 < udp (1)", Tier::T5),
        (
            "0 setsockopt(3, SOL_SOCKET, SO_ZEROCOPY, [1], 4) = 0",
            Tier::T5,
        ),
    ] {
        assert_eq!(prepared(text).tier, tier, "{text}");
    }
}
