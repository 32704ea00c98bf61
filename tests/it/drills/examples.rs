//! Scripts in the manner of the usual suites: each runs from its text to its verdict.
//!
//! Their numbers were found with packetdrill itself on Linux 6.18. `defaults.sh` asks for the
//! profile of Linux.

use pellucid::drill::judge::{Report, Request, judge};
use pellucid::drill::outcome::{ReasonKind, Verdict};
use pellucid::drill::report::{self, Detail};

fn run(text: &str) -> Report {
    judge("example.pkt", text, &Request::default())
}

/// It passes, under packetdrill's own rules and with nothing that the guards object to.
fn passes(text: &str) {
    let report = run(text);
    let told = report::text(&report, Detail::Failure);
    assert!(
        report.run.verdict == Verdict::Pass && report.run.clean,
        "{told}"
    );
}

/// It fails because something happened at the wrong time.
fn fails_in_time(text: &str) {
    let run = run(text).run;
    let kind = run.reason.map(|reason| reason.kind);
    assert_eq!(
        (run.verdict, kind),
        (Verdict::Fail, Some(ReasonKind::Timing))
    );
}

/// One request, one answer, and the far end closes first; its numbers begin at 7000.
#[test]
fn a_passive_open_with_an_odd_number() {
    passes(
        r#"`../common/defaults.sh`
0.000 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3   +0 bind(3, ..., ...) = 0   +0 listen(3, 8) = 0
+.02 < S 7000:7000(0) win 20000 <mss 1200,sackOK,nop,nop,nop,wscale 5>
+0 > S. 0:0(0) ack 7001 <mss 1460,nop,nop,sackOK,nop,wscale 8>
+.03 < . 1:1(0) ack 1 win 600
+0 accept(3, ..., ...) = 4
+0 < P. 1:301(300) ack 1 win 600
+0 > . 1:1(0) ack 301
+0 read(4, ..., 4096) = 300
+0 write(4, ..., 2500) = 2500
+0 > P. 1:2501(2500) ack 301  // three live segments, merged
+.03 < F. 301:301(0) ack 2501 win 600
+0~+.05 > . 2501:2501(0) ack 302  // at once, or up to 50 (+ 4) ms later
+0 close(4) = 0
+0 > F. 2501:2501(0) ack 302
"#,
    );
}

/// TSval may start anywhere and must then advance; a reset is told once.
#[test]
fn an_active_open_with_a_clock() {
    passes(
        r#"--tcp_ts_tick_usecs=1000
--tolerance_usecs=8000
`../common/defaults.sh`
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3   +0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
+0 connect(3, ..., ...) = -1 EINPROGRESS (any words stand here)
+0 > S 0:0(0) <mss 1460,sackOK,TS val 5000 ecr 0,nop,wscale 8>
+.05 < S. 90:90(0) ack 1 win 14000 <mss 1300,sackOK,TS val 77 ecr 5000,nop,wscale 4>
+0 > . 1:1(0) ack 1 <nop,nop,TS val 5050 ecr 77>
+.10 write(3, ..., 64) = 64
+0 > P. 1:65(64) ack 1 <nop,nop,TS val 5150 ecr 77>
+.05 < R. 1:1(0) ack 65 win 0 <nop,nop,TS val 177 ecr 5150>
+0 write(3, ..., 1) = -1 ECONNRESET (Connection reset by peer)
+0 write(3, ..., 1) = -1 EPIPE (Broken pipe)
"#,
    );
}

/// Both ends of a call count from the same base as its start.
#[test]
fn calls_that_block() {
    passes(
        r#"`../common/defaults.sh`
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+.01...0.06 connect(3, ..., ...) = 0
*  > S 0:0(0) <...>
+.05 < S. 0:0(0) ack 1 win 9000 <mss 1000>
+0 > . 1:1(0) ack 1
+.02...0.15 read(3, ..., 500) = 80
+.13 < P. 1:81(80) ack 1 win 9000
+0~+.05 > . 1:1(0) ack 81
"#,
    );
}

/// Ten milliseconds early, where seven and a half are tolerated.
#[test]
fn a_call_that_returns_early() {
    fails_in_time(
        r#"`../common/defaults.sh`
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+.01...0.07 connect(3, ..., ...) = 0
*  > S 0:0(0) <...>
+.05 < S. 0:0(0) ack 1 win 9000 <mss 1000>
+0 > . 1:1(0) ack 1
+.02...0.15 read(3, ..., 500) = 80
+.13 < P. 1:81(80) ack 1 win 9000
+0~+.05 > . 1:1(0) ack 81
"#,
    );
}

/// The SYN,ACK goes again; then a short segment waits for a full one.
#[test]
fn a_lost_syn_ack_and_nagle() {
    passes(
        r#"`../common/defaults.sh`
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 8000 <mss 536>
+0 > S. 0:0(0) ack 1 <...>
+.9~+1.2 > S. 0:0(0) ack 1 <...>
+1.8~+2.3 > S. 0:0(0) ack 1 <...>
+.1 < . 1:1(0) ack 1 win 8000
+0 accept(3, ..., ...) = 4
+0 write(4, ..., 600) = 600
+0 > . 1:537(536) ack 1
+.1 < . 1:1(0) ack 537 win 8000
+0 > P. 537:601(64) ack 1
"#,
    );
}

/// What code blocks ask is what was so when they were reached.
#[test]
fn recovery_seen_by_tcp_info() {
    passes(
        r#"`../common/defaults.sh`
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 30000 <mss 1000,nop,nop,sackOK>
+0 > S. 0:0(0) ack 1 <...>
+.04 < . 1:1(0) ack 1 win 30000
+0 accept(3, ..., ...) = 4
+0 %{
assert tcpi_snd_cwnd == 10, 'cwnd %d' % tcpi_snd_cwnd  # initial window
first = tcpi_snd_cwnd
}%
+0 write(4, ..., 8000) = 8000   +0 > P. 1:8001(8000) ack 1
+.04 < . 1:1(0) ack 1 win 30000 <nop,nop,sack 1001:2001>
+0 < . 1:1(0) ack 1 win 30000 <nop,nop,sack 1001:3001>
+0 < . 1:1(0) ack 1 win 30000 <nop,nop,sack 1001:4001>
+0 > . 1:1001(1000) ack 1
+0 %{ assert tcpi_ca_state == TCP_CA_Recovery and tcpi_sacked == 3
assert 0 < tcpi_snd_ssthresh < first }%
"#,
    );
}

/// Of a connection that is closed with text unread, and of one that is gone.
#[test]
fn two_resets() {
    passes(
        r#"`../common/defaults.sh`
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 30000 <mss 1000>
+0 > S. 0:0(0) ack 1 <...>
+.02 < . 1:1(0) ack 1 win 30000
+0 accept(3, ..., ...) = 4
+0 < P. 1:11(10) ack 1 win 5000   +0 > . 1:1(0) ack 11
+0 close(4) = 0   +0 > R. 1:1(0) ack 11  // unread data
+.01 < . 11:11(0) ack 1 win 5000   +0 > R 1:1(0)  // nobody home: no ACK flag
"#,
    );
}

/// A mark is echoed until CWR comes, and an echo is answered by CWR.
#[test]
fn marks() {
    passes(
        r#"`../common/defaults.sh`
0 `sysctl -q net.ipv4.tcp_ecn=1`
+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < [noecn] SEW 0:0(0) win 30000 <mss 1000,nop,nop,sackOK>
+0 > [noecn] SE. 0:0(0) ack 1 <...>
+.02 < . 1:1(0) ack 1 win 30000
+0 accept(3, ..., ...) = 4
+0 < [ce] . 1:501(500) ack 1 win 30000   +0 > [noecn] E. 1:1(0) ack 501
+0 < [ect0] W. 501:1001(500) ack 1 win 30000   +0~+.05 > [noecn] . 1:1(0) ack 1001
+0 write(4, ..., 700) = 700   +0 > [ect01] P. 1:701(700) ack 1001
+.02 < E. 1001:1001(0) ack 701 win 30000
+0 write(4, ..., 700) = 700   +0 > [ect0] PW. 701:1401(700) ack 1001
"#,
    );
}

/// Bytes that wait, told beside the text.
#[test]
fn control_messages_of_the_kernel() {
    passes(
        r#"`../common/defaults.sh`
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 setsockopt(3, SOL_TCP, TCP_INQ, [1], 4) = 0
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 30000 <mss 1000>
+0 > S. 0:0(0) ack 1 <...>
+.02 < . 1:1(0) ack 1 win 30000
+0 accept(3, ..., ...) = 4
+0...0.05 poll([{fd=4, events=POLLIN|POLLRDHUP, revents=POLLIN}], 1, 400) = 1
+.05 < P. 1:101(100) ack 1 win 30000   +0 > . 1:1(0) ack 101
+0 ioctl(4, SIOCINQ, [100]) = 0
+0 recvmsg(4, {msg_name(...)=..., msg_iov(2)=[{..., 30}, {..., 10}], msg_flags=0,
   msg_control=[{cmsg_level=SOL_TCP, cmsg_type=TCP_CM_INQ, cmsg_data=60}]}, 0) = 40
"#,
    );
}

/// The cookie is that of Linux for the key of the suites.
#[test]
fn text_on_a_syn() {
    passes(
        r#"`../common/defaults.sh`
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 setsockopt(3, SOL_TCP, TCP_FASTOPEN, [4], 4) = 0
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:120(120) win 30000 <mss 1000,sackOK,FO TFO_COOKIE>
+0 > S. 0:0(0) ack 121 <mss 1460,nop,nop,sackOK>
+0 accept(3, ..., ...) = 4  // before the handshake ends
+0 read(4, ..., 512) = 120
+0 write(4, ..., 300) = 300   +0 > P. 1:301(300) ack 121
"#,
    );
}

/// AccECN: marked packets counted in three flags, and bytes in an option.
#[test]
fn accurate_marks() {
    passes(
        r#"`../common/defaults.sh`
0 `sysctl -q net.ipv4.tcp_ecn=3`
+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < [noecn] SEWA 0:0(0) win 30000 <mss 1000,nop,nop,sackOK>
+0 > [noecn] SW. 0:0(0) ack 1 <mss 1460,ECN e1b 1 ceb 0 e0b 1,nop,nop,nop,sackOK>
+.02 < [ect0] W. 1:1(0) ack 1 win 30000   +0 accept(3, ..., ...) = 4
+0 < [ce] EAP. 1:101(100) ack 1 win 30000 <ECN e0b 1 ceb 0 e1b 1,nop>
+0 > .6 1:1(0) ack 101 <ECN e1b 1 ceb 100 e0b 1,nop>  // 5 + one CE packet
"#,
    );
}

/// The initial window of Linux is half of its buffer, in whole segments; what lies right of it is
/// dropped.
#[test]
fn a_window_without_scaling() {
    passes(
        r#"`../common/defaults.sh`
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 setsockopt(3, SOL_SOCKET, SO_RCVBUF, [15000], 4) = 0
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 getsockopt(3, SOL_SOCKET, SO_RCVBUF, [30000], [4]) = 0
+0 < S 0:0(0) win 5000 <mss 1000,nop,wscale 3>
+0 > S. 0:0(0) ack 1 win 14600 <mss 1460,nop,wscale 0>
+.01 < . 1:1(0) ack 1 win 700
+0 < . 14602:14612(10) ack 1 win 700   +0 > . 1:1(0) ack 1 win 14600
"#,
    );
}

/// Half of what was asked for twice, in whole segments.
#[test]
fn an_initial_window_of_whole_segments() {
    passes(
        r#"`../common/defaults.sh`
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 setsockopt(3, SOL_SOCKET, SO_RCVBUF, [10000], 4) = 0
+0 getsockopt(3, SOL_SOCKET, SO_RCVBUF, [20000], [4]) = 0
+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
+0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
+0 > S 0:0(0) win 8760 <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 0>
"#,
    );
}

/// Four SYNs go again a second apart, and five more ever later.
#[test]
fn lost_syns_of_linux() {
    passes(
        r#"`../common/defaults.sh`
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0...67 connect(3, ..., ...) = -1 ETIMEDOUT (Connection timed out)
+0 > S 0:0(0) <...>
1 > S 0:0(0) <...>
2 > S 0:0(0) <...>
3 > S 0:0(0) <...>
4 > S 0:0(0) <...>
5 > S 0:0(0) <...>
7 > S 0:0(0) <...>
11 > S 0:0(0) <...>
19 > S 0:0(0) <...>
35 > S 0:0(0) <...>
70 close(3) = 0
"#,
    );
}

/// The option stands in for the five.
#[test]
fn a_number_of_syns_of_linux() {
    passes(
        r#"`../common/defaults.sh`
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 setsockopt(3, SOL_TCP, TCP_SYNCNT, [1], 4) = 0
+0 getsockopt(3, SOL_TCP, TCP_SYNCNT, [1], [4]) = 0
+0...7 connect(3, ..., ...) = -1 ETIMEDOUT (Connection timed out)
+0 > S 0:0(0) <...>
1 > S 0:0(0) <...>
2 > S 0:0(0) <...>
3 > S 0:0(0) <...>
4 > S 0:0(0) <...>
5 > S 0:0(0) <...>
10 close(3) = 0
"#,
    );
}

/// What was too big for the path goes again in pieces.
// req: RFC9293-3.7.2-1
#[test]
fn a_narrow_path() {
    passes(
        r#"`../common/defaults.sh`
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 30000 <mss 1460>
+0 > S. 0:0(0) ack 1 <...>
+.02 < . 1:1(0) ack 1 win 30000
+0 accept(3, ..., ...) = 4
+0 write(4, ..., 1460) = 1460   +0 > P. 1:1461(1460) ack 1
+.02 < icmp unreachable frag_needed mtu 1000 [1:1461(1460)]
+0 > P. 1:1461(1460) ack 1  // live: 960 + 500, merged
"#,
    );
}

/// A timeout picks another label.
#[test]
fn flow_labels() {
    passes(
        r#"--ip_version=ipv6
--mtu=1520
`../common/defaults.sh`
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 30000 <mss 1000>
+0 > (flowlabel 0x1) S. 0:0(0) ack 1 <...>
+.02 < . 1:1(0) ack 1 win 30000
+0 accept(3, ..., ...) = 4
+0 write(4, ..., 100) = 100   +0 > (flowlabel 0x1) P. 1:101(100) ack 1
+.2~+.3 > (flowlabel 0x2) P. 1:101(100) ack 1  // a timeout picks another label
"#,
    );
}

/// FreeBSD ends the options of its SYN,ACK as nobody else does, and its window follows the reader.
#[test]
fn the_other_dialect() {
    passes(
        r#"0.00 `sysctl -w net.inet.tcp.rfc1323=0`
+0.00 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0.00 bind(3, ..., ...) = 0
+0.00 listen(3, 1) = 0
+0.00 < S 4000:4000(0) win 20000 <mss 1400,sackOK,eol,eol>
+0.00 > S. ...(0) ack 4001 win 65535 <mss 1460,sackOK,eol,eol>
+0.05 < . 1:1(0) ack 1 win 20000   +0.00 accept(3, ..., ...) = 4
+0.05 < . 1:9(8) ack 1 win 20000   +0.04 > . 1:1(0) ack 9 win 65535
#ifdef STANDARD
+0.05 < R 4009:4009(0)! win 0  // absolute: ISN 4000 + 9
#endif
"#,
    );
}

/// All options of FreeBSD, on a SYN and in the answer to one.
#[test]
fn options_of_the_other_dialect() {
    passes(
        r#"0.00 `sysctl -w net.inet.tcp.rfc1323=1`
+0.00 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0.00 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
+0.00 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
+0.00 > S 0:0(0) win 65535 <mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 0>
"#,
    );
    passes(
        r#"0.00 `sysctl -w net.inet.tcp.rfc1323=1`
+0.00 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0.00 bind(3, ..., ...) = 0
+0.00 listen(3, 1) = 0
+0.00 < S 0:0(0) win 20000 <mss 1400,nop,wscale 3,sackOK,TS val 7 ecr 0>
+0.00 > S. 0:0(0) ack 1 win 65535 <mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 7>
"#,
    );
}
