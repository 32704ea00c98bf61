//! The language as a whole: every form is read, every error has its place, and what is not
//! supported is named and never passes.

use pellucid::drill::judge::{Request, judge, prepare};
use pellucid::drill::outcome::Verdict;

/// One line each, of every production of the grammar.
const FORMS: &[&str] = &[
    "0.5 > . 1:1(0) ack 1",
    ".5 > . 1:1(0) ack 1",
    "7 close(3) = 0",
    "+.25 close(3) = 0",
    "* > . 1:1(0) ack 1",
    "1~2.5 > . 1:1(0) ack 1",
    "+0~+.05 > . 1:1(0) ack 1",
    "+0 < S 0:0(0) win 0",
    "+0 > - 1:1(0)",
    "+0 < P. 1:3(2) ack 1 win 16",
    "+0 < FSRPEWAU. 1:1(0) ack 1 win 1 urg 1",
    "+0 > P.7 1:1(0) ack 1",
    "+0 > .6 1:1(0) ack 1",
    "+0 < 80 > 8080 . 1:1(0) ack 1 win 1",
    "+0 < (ce) . 1:1(0) ack 1 win 1",
    "+0 > [ect01] . 1:1(0) ack 1",
    "+0 > [tos 0x2] . 1:1(0) ack 1",
    "+0 > [noecn, flowlabel 0x12345] . 1:1(0) ack 1",
    "+0 > (flowlabel 0x5) . 1:1(0) ack 1",
    "+0 < [ttl 64] . 1:1(0) ack 1 win 1",
    "+0 > . 1:1(0) ack 1 <...>",
    "+0 > S 0:0(0) <mss 1460,nop,nop,sackOK,nop,wscale 8>",
    "+0 > S 0:0(0) <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 8>",
    "+0 > . 1:1(0) ack 1 <nop,nop,sack 1:2 3:4 5:6>",
    "+0 > . 1:1(0) ack 1 <eol,eol,eol,eol>",
    "+0 > S 0:0(0) <FO,nop,nop>",
    "+0 > S 0:0(0) <FO 0011223344556677,nop,nop>",
    "+0 > S 0:0(0) <FOEXP,FOEXP 00112233>",
    "+0 > . 1:1(0) ack 1 <ECN e0b 1 ceb 2 e1b 3,nop>",
    "+0 > . 1:1(0) ack 1 <ECN e1b 1 ceb 2,nop,nop,nop,nop>",
    "+0 < udp (100)",
    "+0 > udp 53 > 5353 (0)",
    "+0 < icmp unreachable frag_needed mtu 1000 [1:1461(1460)]",
    "+0 < icmp unreachable port_unreachable [udp (10)]",
    "+0 < icmp echo_request id 7 [raw (12)]",
    "+0 < icmp type_3 code_1 [1:1(0)]",
    "+0 < icmp time_exceeded",
    "+0 close(3) = 0 // to the end of the line",
    "+0 close( /* within */ 3) = 0",
    "+0...0.5 read(3, ..., 0x10) = 16",
    "+0 read(3, NULL, 1) = -1 EAGAIN (any words or not)",
    r#"+0 write(3, "a\tb\x00" "c", 4) = 4"#,
    "+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0",
    "+0 setsockopt(3, SOL_SOCKET, SO_LINGER, {onoff=1, linger=5}, 8) = 0",
    "+0 getsockopt(3, SOL_TCP, TCP_MAXSEG, [1460], [4]) = 0",
    r#"0 connect(3, {sa_family=AF_INET, sin_port=htons(8), sin_addr=inet_addr("1.2.3.4")}, 9) = 0"#,
    "+0 poll([{fd=3, events=POLLIN|POLLOUT, revents=POLLOUT}], 1, -1) = 1",
    "+0 readv(3, [{..., 10}, {..., 20}], 2) = 30",
    "+0 sendmsg(3, {msg_name(...)=..., msg_iov(1)=[{..., 5}], msg_flags=0}, 0) = 5",
    "+0 epoll_ctl(3, EPOLL_CTL_ADD, 4, {events=EPOLLIN, u64=7}) = 0",
    "+0 ioctl(3, SIOCINQ, [100]) = 0",
    "+0 `sysctl -q net.ipv4.tcp_ecn=1; true`",
    "+0 %{ assert tcpi_state == TCP_LISTEN }%",
    "+0 > mpls (label 5, tc 1, [S], ttl 64) (label 6, tc 0, ttl 1): . 1:1(0) ack 1",
    "+0 > GREv0 flags [none], sum 0, off 0, key = 7, seq 3: . 1:1(0) ack 1",
    "+0 < ipv4 [ttl 5] 192.0.2.1 > 192.0.2.2: ipv6 1::2 > 3::4: . 1:1(0) ack 1 win 5",
];

/// What cannot be parsed when it stands in the second line, where it goes wrong, and what is found
/// there.
const ERRORS: &[(&str, (u32, u32), &str)] = &[
    ("-1 > . 1:1(0) ack 1", (2, 1), "`-1`"),
    (
        "+2~+1 > . 1:1(0) ack 1",
        (2, 1),
        "a range that ends before it begins",
    ),
    ("* < . 1:1(0) ack 1 win 5", (2, 1), "`*`"),
    ("* close(3) = 0", (2, 1), "`*`"),
    ("+0~+1 < . 1:1(0) ack 1 win 5", (2, 1), "a range of times"),
    ("+0~+1 `true`", (2, 1), "a range of times"),
    ("+0 < . 1:1(0) ack 1 win 5 <...>", (2, 28), "`...`"),
    ("+0 < [ect01] . 1:1(0) ack 1 win 5", (2, 7), "`ect01`"),
    ("+0 < . 1:1(0) ack 1", (3, 1), "the end of the script"),
    ("+0 > . 1:11(9) ack 1", (2, 8), "`1:11(9)`"),
    ("+0 > 65536 > 1 . 1:1(0) ack 1", (2, 6), "`65536`"),
    ("+0 > . 1:70001(70000) ack 1", (2, 16), "`70000`"),
    ("+0 > . 1:1(0) ack 1 win 65536", (2, 25), "`65536`"),
    ("+0 > . 1:1(0) ack 1 urg 65536", (2, 25), "`65536`"),
    ("+0 > S 0:0(0) <mss 65536>", (2, 20), "`65536`"),
    (
        "+0 > . 4294967296:4294967296(0) ack 1",
        (2, 8),
        "`4294967296`",
    ),
    ("+0 > . 1:1(0) ack 4294967296", (2, 19), "`4294967296`"),
    (
        "+0 > . 1:1(0) ack 1 <nop,nop,sack 1:4294967296>",
        (2, 37),
        "`4294967296`",
    ),
    (
        "+0 > . 1:1(0) ack 1 <nop,nop,TS val 4294967296 ecr 1>",
        (2, 37),
        "`4294967296`",
    ),
    ("+0 > S 0:0(0) <mss 1460,nop>", (2, 6), "5 bytes of options"),
    (
        "+0 > S 0:0(0) <TS val 1 ecr 1,TS val 1 ecr 1,TS val 1 ecr 1,TS val 1 ecr 1,nop,nop>",
        (2, 6),
        "42 bytes of options",
    ),
    (
        "+0 > . 1:65498(65497) ack 1",
        (2, 6),
        "a packet of 65537 bytes",
    ),
    ("+0 > Q. 1:1(0) ack 1", (2, 6), "`Q.`"),
    ("+0 > P.8 1:1(0) ack 1", (2, 6), "`P.8`"),
    ("+0 > E.5 1:1(0) ack 1", (2, 6), "`E.5`"),
    ("+0 > .55 1:1(0) ack 1", (2, 6), "`.55`"),
    ("+0 > S 0:0(0) <FO abc,nop>", (2, 19), "`abc`"),
    (
        "+0 > S 0:0(0) <FO 00112233445566778899aabbccddeeff0011,nop,nop>",
        (2, 19),
        "`00112233445566778899aabbccddeeff0011`",
    ),
    ("+0 < icmp echo_request mtu 5", (2, 24), "`mtu`"),
    (
        "+0 < icmp unreachable host_unreachable mtu 5 [1:1(0)]",
        (2, 40),
        "`mtu`",
    ),
    ("+0 < icmp frobnicated", (2, 11), "`frobnicated`"),
    ("+0 < icmp unreachable sideways", (2, 23), "`sideways`"),
    ("+0 > . 1:1(0) ack 1 <frob 7>", (2, 22), "`frob`"),
    ("+0 > S 0:0(0) <mss>", (2, 19), "`>`"),
    ("+0 > S 0:0(0) <sackOK 5>", (2, 23), "`5`"),
    ("+0 < [ect0] udp (5)", (2, 6), "an ECN mark on UDP"),
    ("+0 > S 0:0(0) <mss 1460.0>", (2, 20), "`1460.0`"),
    ("+0 close(3)", (3, 1), "the end of the script"),
    ("+0 close(3) = 0 ENOENT", (3, 1), "the end of the script"),
    ("+0 frob", (3, 1), "the end of the script"),
    (
        "+0 > . 1:1(0) ack 1 <nop,nop",
        (3, 1),
        "the end of the script",
    ),
    ("+0 %{ assert 1", (2, 4), "a code block that never ends"),
    (r#"+0 write(3, "abc"#, (2, 13), "a string that never ends"),
    ("+0 bind(3, {sa_family=AF_INET}, ...) = 0", (2, 30), "`}`"),
    ("5. close(3) = 0", (2, 2), "`.`"),
    ("+0 ? 1", (2, 4), "`?`"),
];

/// What is parsed and not supported, by its name.
const UNSUPPORTED: &[(&str, &str)] = &[
    ("+0 > encap psp spi 0x7 . 1:1(0) ack 1", "psp"),
    (
        "+0 < ipv4 1.2.3.4 > 5.6.7.8: . 1:1(0) ack 1 win 5",
        "outer:ipv4",
    ),
    (
        "+0 < ipv6 [noecn] 1::2 > 3::4: . 1:1(0) ack 1 win 5",
        "outer:ipv6",
    ),
    (
        "+0 > gre flags 0x2000 sum 0 off 0 key 0x5 seq 0: . 1:1(0) ack 1",
        "outer:gre",
    ),
    (
        "+0 > GREv0 flags [key present, checksum present], sum 1, off 0, key = 7, seq 3: - 1:1(0)",
        "outer:gre",
    ),
    (
        "+0 > mpls (label 5, tc 1, [S], ttl 64): . 1:1(0) ack 1",
        "outer:mpls",
    ),
    ("+0 > . 1:1(0) ack 1 <mp_capable 5>", "option:mptcp"),
    ("+0 > . 1:1(0) ack 1 sock(3)", "sock"),
    ("+0 < sctp: INIT[flgs=0]", "sctp"),
    ("+0 < udplite (10)", "udplite"),
    ("+0 epoll_create(1) = 3", "call:epoll_create"),
    (
        "+0 epoll_wait(3, {events=EPOLLIN, fd=4}, 1, 0) = 1",
        "call:epoll_wait",
    ),
    (
        "+0 epoll_ctl(3, EPOLL_CTL_ADD, 4, {events=EPOLLIN, ptr=7}) = 0",
        "call:epoll_ctl",
    ),
    ("+0 psp_rx_assoc(4, 3) = 0", "call:psp_rx_assoc"),
    ("+0 sendfile(4, 5, [0], 10) = 10", "call:sendfile"),
    ("+0 splice(4, NULL, 5, NULL, 10, 0) = 10", "call:splice"),
    (r#"+0 open("/tmp/x", O_RDWR) = 5"#, "call:open"),
    ("+0 frobnicate(1) = 0", "call:frobnicate"),
    ("+0 %{ import os }%", "code:`import`"),
    ("+0 %{ if tcpi_state: pass }%", "code:`if`"),
    (
        "+0 %{ assert tcpi_rcv_space == 3 }%",
        "field:tcpi_rcv_space",
    ),
    (
        "+0 %{ assert SK_MEMINFO_DROPS > 0 }%",
        "field:SK_MEMINFO_DROPS",
    ),
    ("+0 `frob --all`", "command:frob"),
    (
        "+0 `sysctl net.ipv4.tcp_frob=1`",
        "sysctl:net.ipv4.tcp_frob",
    ),
    ("+0 `sysctl net.ipv4.tcp_ecn=6`", "sysctl:net.ipv4.tcp_ecn"),
    (
        "+0 `tc qdisc replace dev tun0 root netem delay 9ms`",
        "command:tc",
    ),
    (
        "+0 `ip route change 192.0.2.1 via 192.168.0.2 dev tun0 quickack 1`",
        "command:ip route:quickack",
    ),
    ("+0 `nstat | grep TcpExtFrob`", "counter:TcpExtFrob"),
    (
        "+0 setsockopt(3, SOL_SOCKET, SO_ZEROCOPY, [1], 4) = 0",
        "option:SO_ZEROCOPY",
    ),
    (
        "+0 setsockopt(3, SOL_TCP, TCP_MD5SIG, [1], 4) = 0",
        "option:TCP_MD5SIG",
    ),
    (
        "+0 setsockopt(3, SOL_TCP, TCP_FROB, [1], 4) = 0",
        "symbol:TCP_FROB",
    ),
    (
        r#"+0 setsockopt(3, SOL_TCP, TCP_CONGESTION, "bbr", 3) = 0"#,
        "option:TCP_CONGESTION=bbr",
    ),
    (
        "+0 send(3, ..., 10, MSG_ZEROCOPY) = 10",
        "flag:MSG_ZEROCOPY",
    ),
    (
        "+0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 4",
        "socket:IPPROTO_UDP",
    ),
];

/// Options of scripts that nothing here honours.
const OPTIONS: &[(&str, &str)] = &[
    ("--speed=5", "option:speed"),
    ("--init_scripts=x", "option:init_scripts"),
    ("--is_anyip", "option:is_anyip"),
    ("--code_verbose", "option:code_verbose"),
    ("--wire_client", "option:wire_client"),
    ("--so_filename=x", "option:so_filename"),
    ("--psp_udp_port=5", "option:psp_udp_port"),
];

#[test]
fn every_form_is_read() {
    for form in FORMS {
        if let Err(reason) = prepare(form, &Request::default()) {
            panic!("{form}: {}", reason.text);
        }
    }
}

#[test]
fn every_error_has_its_place() {
    for (line, (row, col), found) in ERRORS {
        let text = format!("0 close(3) = 0\n{line}\n");
        match prepare(&text, &Request::default()) {
            Err(reason) => {
                let begins = format!("{row}:{col}: parse error: found {found}, expected ");
                assert!(reason.text.starts_with(&begins), "{line}: {}", reason.text);
            }
            Ok(_) => panic!("{line} is read"),
        }
    }
}

#[test]
fn what_is_not_supported_is_skipped_by_its_name() {
    let check = |text: &str, name: &str| {
        let run = judge("a.pkt", text, &Request::default()).run;
        assert_eq!(run.verdict, Verdict::Skip, "{text}: {:?}", run.reason);
        assert!(!run.reference && !run.clean, "{text}");
        assert_eq!(run.skip, [name], "{text}");
    };
    let socket = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n";
    for (line, name) in UNSUPPORTED {
        check(&format!("{socket}{line}\n"), name);
    }
    for (option, name) in OPTIONS {
        check(&format!("{option}\n{socket}"), name);
    }
}

/// A construct that is not supported is found before anything runs: what fails earlier in the
/// script does not hide it.
#[test]
fn what_is_not_supported_is_named_though_the_script_would_fail_before() {
    let text = "0 close(3) = 7\n+0 > mpls (label 5, tc 1, ttl 64): . 1:1(0) ack 1\n";
    let run = judge("a.pkt", text, &Request::default()).run;
    assert_eq!(
        (run.verdict, run.skip),
        (Verdict::Skip, vec!["outer:mpls".to_owned()])
    );
}
