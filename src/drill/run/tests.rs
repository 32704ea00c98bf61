//! The rules of time and order, each by scripts that keep and break it.

use super::super::judge::{Report, Request, judge};
use super::super::outcome::{ReasonKind, Verdict};
use super::super::relax::Relaxed;

/// Runs a script under packetdrill's own rules.
fn run(text: &str) -> Report {
    let request = Request {
        strict: true,
        ..Request::default()
    };
    judge("a.pkt", text, &request)
}

fn passes(text: &str) {
    let report = run(text);
    let reason = &report.run.reason;
    assert_eq!(report.run.verdict, Verdict::Pass, "{text}\n{reason:#?}");
    assert!(report.run.clean);
}

/// The kind and the line of what is wrong.
fn fails(text: &str) -> (ReasonKind, u32) {
    let report = run(text);
    assert_eq!(report.run.verdict, Verdict::Fail, "{text}");
    let reason = report.run.reason.unwrap();
    (reason.kind, reason.at.line)
}

const LISTEN: &str = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n\
    +0 bind(3, ..., ...) = 0\n\
    +0 listen(3, 1) = 0\n";

/// A listener, established: descriptor 4 at 0.1 s. Seven lines.
fn open() -> String {
    format!(
        "{LISTEN}+0 < S 0:0(0) win 65535 <mss 1000>\n\
         +0 > S. 0:0(0) ack 1 <mss 1460>\n\
         +.1 < . 1:1(0) ack 1 win 65535\n\
         +0 accept(3, ..., ...) = 4\n"
    )
}

fn opened(rest: &str) -> String {
    open() + rest
}

#[test]
fn the_first_event_is_at_time_zero() {
    passes("0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3");
    passes("+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3");
    passes("0.0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3");
    let late = fails("0.1 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3");
    assert_eq!(late, (ReasonKind::Script, 1));
}

#[test]
fn absolute_times_that_follow_each_other_do_not_go_back() {
    let back = "0 `true`\n2 `true`\n1 `true`";
    assert_eq!(fails(back), (ReasonKind::Script, 3));
    passes("0 `true`\n2 `true`\n2 `true`");
}

#[test]
fn relative_times_count_from_when_the_last_event_really_was() {
    // The ACK is delayed by 40 ms, so the next event is at 0.1 + 0.04 + 0.06.
    passes(&opened(
        "+0 < P. 1:11(10) ack 1 win 65535\n+0~+.5 > . 1:1(0) ack 11\n+.06 `true`\n0.2 `true`\n",
    ));
}

#[test]
fn inbound_packets_in_a_row_count_from_when_the_last_was_planned() {
    // The second is planned for 0.11, whatever the first drew.
    let text = opened(
        "+0 < P. 1:11(10) ack 1 win 65535\n+.01 < P. 11:21(10) ack 1 win 65535\n\
         +0~+.5 > . 1:1(0) ack 21\n+.1 `true`\n",
    );
    passes(&text);
}

#[test]
fn an_event_that_comes_too_late_fails() {
    let text = opened("+0 < P. 1:11(10) ack 1 win 65535\n* > . 1:1(0) ack 11\n0.11 `true`\n");
    // The delayed ACK left at 0.14; 4 ms are allowed.
    assert_eq!(fails(&text), (ReasonKind::Timing, 10));
    passes(&text.replace("0.11 `", "0.137 `"));
}

#[test]
fn a_packet_must_leave_when_the_script_says() {
    let text = |time: &str| {
        opened(&format!(
            "+0 < P. 1:11(10) ack 1 win 65535\n{time} > . 1:1(0) ack 11\n+.1 `true`\n"
        ))
    };
    // It leaves 40 ms later; 4 ms or 12.5 % are allowed, on both sides.
    for good in [
        "+.04",
        "+.044",
        "+.036",
        "+.0~+.036",
        "+.044~+.1",
        "0.14",
        "*",
    ] {
        passes(&text(good));
    }
    for bad in ["+.0", "+.05", "+.03", "+0~+.034", "+.05~+.1", "0.2"] {
        assert_eq!(fails(&text(bad)), (ReasonKind::Timing, 9), "{bad}");
    }
}

#[test]
fn tolerance_grows_with_the_time_since_the_event_before() {
    let text = |time: &str, options: &str| {
        format!(
            "{options}{LISTEN}+0 < S 0:0(0) win 9 <mss 1000>\n+0 > S. 0:0(0) ack 1 <mss 1460>\n\
                 {time} > S. 0:0(0) ack 1 <mss 1460>\n+.1 close(3) = 0\n"
        )
    };
    // The SYN,ACK goes again after 1 s: 12.5 % of 1.1 s are 0.1375 s.
    passes(&text("+1.1", ""));
    assert_eq!(fails(&text("+1.2", "")).0, ReasonKind::Timing);
    passes(&text("+1.2", "--tolerance_percent=\"20\"\n"));
    assert_eq!(
        fails(&text("+1.1", "--tolerance_percent=\"0\"\n")).0,
        ReasonKind::Timing
    );
    passes(&text(
        "+1.1",
        "--tolerance_percent=\"0\" --tolerance_usecs=100000\n",
    ));
}

#[test]
fn a_packet_that_does_not_come_is_waited_for_so_long_and_no_longer() {
    let text = opened("+1 > . 1:1(0) ack 1\n");
    let report = run(&text);
    let reason = report.run.reason.unwrap();
    assert_eq!((reason.kind, reason.at.line), (ReasonKind::NoPacket, 8));
    // A packet after more than 3 whole seconds is too late even to be looked at.
    let text = format!(
        "{LISTEN}+0 < S 0:0(0) win 9 <mss 1000>\n+0 > S. 0:0(0) ack 1 <mss 1460>\n\
                        1 > S. 0:0(0) ack 1 <mss 1460>\n+.5 > S. 0:0(0) ack 1 <mss 1460>\n"
    );
    assert_eq!(fails(&text).0, ReasonKind::Timing);
}

#[test]
fn timers_due_at_an_events_time_fire_after_it() {
    // The delayed ACK is due at 0.14: text that comes at 0.14 is still in time to be covered.
    passes(&opened(
        "0.1 < P. 1:11(10) ack 1 win 65535\n0.14 < P. 11:21(10) ack 1 win 65535\n\
         +0 > . 1:1(0) ack 21\n+.1 `true`\n",
    ));
    passes(&opened(
        "0.1 < P. 1:11(10) ack 1 win 65535\n0.140001 < P. 11:21(10) ack 1 win 65535\n\
         0.140001 > . 1:1(0) ack 11\n+.04 > . 1:1(0) ack 21\n+.1 `true`\n",
    ));
}

#[test]
fn a_call_that_would_wait_for_ever_fails() {
    let text = opened("+0 read(4, ..., 100) = 100\n");
    assert_eq!(fails(&text), (ReasonKind::Call, 8));
}

#[test]
fn a_waiting_call_must_end_when_the_script_says() {
    let text = |end: &str| {
        opened(&format!(
            "+0...{end} read(4, ..., 100) = 10\n+.1 < P. 1:11(10) ack 1 win 65535\n\
             +0~+.5 > . 1:1(0) ack 11\n+.1 `true`\n"
        ))
    };
    passes(&text("0.1"));
    passes(&text("0.11"));
    assert_eq!(fails(&text("0.2")), (ReasonKind::Timing, 8));
    assert_eq!(fails(&text("0.05")), (ReasonKind::Timing, 8));
    // One that ends at once, though it was to wait.
    let early = opened("+0...0.1 write(4, ..., 10) = 10\n");
    assert_eq!(fails(&early), (ReasonKind::Timing, 8));
}

#[test]
fn both_ends_of_a_waiting_call_count_from_the_same_base() {
    passes(&opened(
        "+.05...0.1 read(4, ..., 100) = 10\n+.05 < P. 1:11(10) ack 1 win 65535\n\
         +0~+.5 > . 1:1(0) ack 11\n+.1 `true`\n",
    ));
    passes(&opened(
        "0.15...0.2 read(4, ..., 100) = 10\n0.2 < P. 1:11(10) ack 1 win 65535\n\
         +0~+.5 > . 1:1(0) ack 11\n+.1 `true`\n",
    ));
}

#[test]
fn one_call_waits_at_a_time() {
    let second = opened("+0...0.9 read(4, ..., 9) = 9\n+0...0.9 accept(3, ..., ...) = 5\n");
    assert_eq!(fails(&second), (ReasonKind::Script, 9));
    // Any other call gives the one that waits a second, and then is late itself.
    let plain = opened("+0...0.9 read(4, ..., 9) = 9\n+0 listen(3, 1) = 0\n");
    assert_eq!(fails(&plain), (ReasonKind::Timing, 9));
}

#[test]
fn a_call_that_never_ends_fails_when_the_script_does() {
    let text = opened("+0...0.1 read(4, ..., 9) = 9\n");
    assert_eq!(fails(&text), (ReasonKind::Call, 8));
}

#[test]
fn results_errors_and_outputs_are_compared() {
    for (call, good) in [
        ("write(4, ..., 10) = 10", true),
        ("write(4, ..., 10) = 11", false),
        ("listen(4, 1) = -1 EINVAL (Invalid argument)", true),
        ("listen(4, 1) = -1 EPIPE (x)", false),
        ("listen(4, 1) = -1", true),
        ("listen(4, 1) = 0", false),
        ("getsockopt(4, SOL_TCP, TCP_NODELAY, [0], [4]) = 0", true),
        ("getsockopt(4, SOL_TCP, TCP_NODELAY, [1], [4]) = 0", false),
        ("getsockopt(4, SOL_TCP, TCP_NODELAY, [0], [2]) = 0", true),
        (
            "poll([{fd=4, events=POLLOUT, revents=POLLOUT}], 1, 0) = 1",
            true,
        ),
        (
            "poll([{fd=4, events=POLLOUT, revents=POLLIN}], 1, 0) = 1",
            false,
        ),
        ("poll([{fd=4, events=POLLIN}], 1, 0) = 0", true),
        ("poll([{fd=4, events=POLLIN}], 2, 0) = 0", false),
        ("ioctl(4, SIOCINQ, [0]) = 0", true),
        ("ioctl(4, SIOCINQ, [1]) = 0", false),
        ("fcntl(4, F_GETFL) = 0x2", true),
        ("fcntl(4, F_GETFL, 0) = 0x802", false),
        ("read(9, ..., 1) = 0", false),
        ("write(4, NULL, 10) = -1 EFAULT (Bad address)", true),
        ("write(4, NULL, 0) = 0", true),
        ("shutdown(4, 9) = 0", false),
        ("connect(4, ..., ...) = -1 EISCONN (x)", true),
        ("socket(..., SOCK_STREAM, IPPROTO_TCP) = 4", false),
        ("accept(3, ..., ...) = -1 EAGAIN (x)", false),
        ("bind(4, ..., ...) = -1 EINVAL (x)", true),
        ("readv(4, [{..., 1}], 2) = 0", false),
    ] {
        let text = opened(&format!("+0 {call}\n"));
        let verdict = run(&text).run.verdict;
        let expected = if good { Verdict::Pass } else { Verdict::Fail };
        assert_eq!(verdict, expected, "{call}");
    }
}

#[test]
fn a_descriptor_is_what_the_script_calls_it() {
    passes("0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 77\n+0 listen(77, 1) = 0\n+0 close(77) = 0");
    passes(
        "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 close(3) = 0\n\
         +0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3",
    );
}

#[test]
fn a_connection_whose_syn_ack_was_never_expected_cannot_be_accepted() {
    let text =
        format!("{LISTEN}+0 < S 0:0(0) win 9 <mss 1000>\n+.1 `true`\n+0 accept(3, ..., ...) = 4\n");
    // Without having seen our number the script cannot even acknowledge it.
    assert_eq!(run(&text).run.verdict, Verdict::Fail);
}

#[test]
fn a_failing_command_fails_the_script_and_the_last_one_runs_in_any_case() {
    let listens = "`grep \" 0A \" /proc/net/tcp /proc/net/tcp6 | grep \":1F90\"`";
    let text = |place: &str| format!("{LISTEN}+0 {place}\n");
    passes(&text(listens));
    let nobody = format!("0 {listens}\n");
    assert_eq!(fails(&nobody), (ReasonKind::Command, 1));
    let rescued = listens.replace("\"`", "\" || true`");
    passes(&format!("0 {rescued}\n"));
    // Cleanup after a pass, and its failure.
    let cleanup = format!("0 `true`\n{listens}\n");
    assert_eq!(fails(&cleanup), (ReasonKind::Command, 2));
}

#[test]
fn settings_that_nobody_would_take_fail_and_those_that_we_lack_skip() {
    assert_eq!(
        fails("0 `sysctl -q net.ipv4.tcp_syn_retries=many`").0,
        ReasonKind::Command
    );
    let report = run("0 `sysctl -q net.ipv4.tcp_frobnicate=1`\n");
    assert_eq!(report.run.verdict, Verdict::Skip);
    assert_eq!(report.run.skip, ["sysctl:net.ipv4.tcp_frobnicate"]);
}

#[test]
fn code_blocks_run_at_the_end_on_what_was_sampled() {
    let text = |test: &str| {
        opened(&format!(
            "+0 %{{ assert tcpi_state == TCP_ESTABLISHED\nx = tcpi_unacked }}%\n\
             +0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1\n\
             +0 %{{ assert {test} }}%\n+.1 < . 1:1(0) ack 11 win 9\n"
        ))
    };
    passes(&text("tcpi_unacked == 1 and x == 0"));
    assert_eq!(fails(&text("tcpi_unacked == 0")), (ReasonKind::Code, 12));
    let nobody = fails("0 %{ assert 1 }%");
    assert_eq!(nobody, (ReasonKind::Code, 1));
}

#[test]
fn packets_that_no_line_expects_are_stray_before_the_last_event_alone() {
    let text = opened("+0 < P. 1:11(10) ack 1 win 65535\n+.1 `true`\n");
    let report = run(&text);
    assert_eq!(report.run.reason.unwrap().kind, ReasonKind::Guard("stray"));
    // packetdrill would not have noticed.
    assert!(report.run.reference && !report.run.clean);
    let last = opened("+0 write(4, ..., 10) = 10\n");
    let report = run(&last);
    assert_eq!(report.run.verdict, Verdict::Pass);
    assert_eq!(report.run.tail.len(), 1);
}

/// Section 15 of packetdrill's guards here speaks of the current connection.
#[test]
fn packets_of_an_earlier_connection_are_not_stray() {
    let first = opened("+0 write(4, ..., 10) = 10\n");
    let second = "+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 5\n\
        +0 bind(5, ..., ...) = -1 EADDRINUSE (Address already in use)\n+.1 `true`\n";
    let report = run(&format!("{first}{second}"));
    assert!(report.run.tail.is_empty(), "{:?}", report.run.tail);
    // Nor are they shown to a line of the current one.
    let another = "+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 5\n\
        +0 fcntl(5, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n\
        +0 connect(5, ..., ...) = -1 EINPROGRESS (x)\n+0 > S 0:0(0) <...>\n\
        +.1 < S. 0:0(0) ack 1 win 9 <mss 1000>\n+0 > . 1:1(0) ack 1\n+.1 `true`\n";
    passes(&format!("{first}{another}"));
}

/// `nstat` in the words of scripts.
#[test]
fn a_counter_has_changed_since_it_was_looked_at_last() {
    let beyond = |rest: &str| opened(&format!("+0 < S 1:1(0) win 9\n+0 > . 1:1(0) ack 1\n{rest}"));
    let look = "+0 `nstat | grep TcpExtTCPSYNChallenge`\n";
    passes(&beyond(look));
    passes(&beyond(
        "+0 `nstat | grep TcpExtTCPSYNChallenge | grep -q \" 1 \"`\n",
    ));
    for rest in [
        format!("{look}{look}"),
        format!("+0 `nstat -n`\n{look}"),
        "+0 `nstat | grep TcpExtTCPSYNChallenge | grep -q \" 2 \"`\n".to_owned(),
        "+0 `nstat | grep TcpExtPAWSEstab`\n".to_owned(),
    ] {
        assert_eq!(fails(&beyond(&rest)).0, ReasonKind::Command, "{rest}");
    }
}

#[test]
fn a_burst_is_one_line_unless_segments_are_told_apart() {
    let text = |options: &str| {
        format!(
            "{options}{}",
            opened(
                "+0 write(4, ..., 3000) = 3000\n+0 > P. 1:3001(3000) ack 1\n\
                 +.1 < . 1:1(0) ack 3001 win 65535\n"
            )
        )
    };
    passes(&text(""));
    assert_eq!(fails(&text("--strict_segments\n")).0, ReasonKind::Packet);
    // A line for each is as good.
    passes(&opened(
        "+0 write(4, ..., 3000) = 3000\n+0 > . 1:1001(1000) ack 1\n\
         +0 > P. 1001:3001(2000) ack 1\n+.1 < . 1:1(0) ack 3001 win 65535\n",
    ));
}

#[test]
fn mismatches_may_be_warnings() {
    let packet =
        opened("+0 write(4, ..., 10) = 10\n+0 > . 1:11(10) ack 1\n+.1 < . 1:1(0) ack 11 win 9\n");
    let forgiving = format!("--non_fatal=\"packet\"\n{packet}");
    let report = run(&forgiving);
    assert_eq!(
        (report.run.verdict, report.run.nonfatal),
        (Verdict::Pass, 1)
    );
    assert!(!report.run.clean);
    let call = opened("+0 listen(4, 1) = 0\n");
    assert_eq!(run(&call).run.verdict, Verdict::Fail);
    let report = run(&format!("--non_fatal=\"syscall\"\n{call}"));
    assert_eq!(
        (report.run.verdict, report.run.nonfatal),
        (Verdict::Pass, 1)
    );
}

#[test]
fn relaxations_are_named_and_are_no_pass() {
    let relaxed = |text: &str| {
        let report = judge("a.pkt", text, &Request::default());
        assert_eq!(report.run.verdict, Verdict::Fail, "{text}");
        report.relaxed
    };
    let push =
        opened("+0 write(4, ..., 10) = 10\n+0 > . 1:11(10) ack 1\n+.1 < . 1:1(0) ack 11 win 9\n");
    assert_eq!(relaxed(&push), Some(vec!["psh"]));
    let late = opened("+0 < P. 1:11(10) ack 1 win 9\n+.03 > . 1:1(0) ack 11\n+.1 `true`\n");
    assert_eq!(relaxed(&late), Some(vec!["timing"]));
    let window = opened("+0 < P. 1:11(10) ack 1 win 9\n+.04 > . 1:1(0) ack 11 win 7\n+.1 `true`\n");
    assert_eq!(relaxed(&window), Some(vec!["win"]));
    // The first of two ACKs does not come; the second covers it.
    let acks = opened(
        "+0 < P. 1:11(10) ack 1 win 9\n+0 > . 1:1(0) ack 11\n\
         +0 < P. 11:21(10) ack 1 win 9\n+.04 > . 1:1(0) ack 21\n+.1 `true`\n",
    );
    assert_eq!(relaxed(&acks), Some(vec!["delack"]));
    // Two come where the script wants one, or another number that the next one covers.
    let one_more = opened(
        "+0 < . 11:21(10) ack 1 win 9\n+0 < . 1:11(10) ack 1 win 9\n+0 > . 1:1(0) ack 21\n\
         +.1 `true`\n",
    );
    assert_eq!(relaxed(&one_more), Some(vec!["delack"]));
    let another = opened(
        "+0 < . 11:21(10) ack 1 win 9\n+0 > . 1:1(0) ack 1\n+0 < . 1:11(10) ack 1 win 9\n\
         +0 > . 1:1(0) ack 15\n+0 > . 1:1(0) ack 21\n+.1 `true`\n",
    );
    assert_eq!(relaxed(&another), Some(vec!["delack"]));
    let cut = opened(
        "+0 write(4, ..., 1000) = 1000\n+0 > . 1:501(500) ack 1\n+0 > P. 501:1001(500) ack 1\n\
         +.1 < . 1:1(0) ack 1001 win 65535\n",
    );
    assert_eq!(relaxed(&cut), Some(vec!["tso"]));
    let hopeless = opened("+0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 9\n");
    assert_eq!(relaxed(&hopeless), None);
    assert_eq!(Relaxed::NONE.names(), [""; 0]);
}

#[test]
fn what_the_application_reads_is_what_was_sent() {
    passes(&opened(
        "+0 < . 11:21(10) ack 1 win 9\n+0 > . 1:1(0) ack 1\n+0 < P. 1:11(10) ack 1 win 9\n\
         +0 > . 1:1(0) ack 21\n\
         +0 recv(4, ..., 5, MSG_PEEK) = 5\n+0 recv(4, ..., 5, MSG_TRUNC) = 5\n\
         +0 read(4, ..., 100) = 15\n",
    ));
}

#[test]
fn explicit_ports_overwrite_those_of_an_inbound_packet() {
    passes("0 < 5000 > 99 S 0:0(0) win 9 <mss 1000>\n+.1 `true`\n");
}

#[test]
fn an_echo_that_was_never_sent_is_the_scripts_own_mistake() {
    let text = format!(
        "{LISTEN}+0 < S 0:0(0) win 9 <mss 1000,nop,nop,TS val 1 ecr 0>\n\
         +0 > S. 0:0(0) ack 1 <mss 1460,nop,nop,TS val 100 ecr 1>\n\
         +.1 < . 1:1(0) ack 1 win 9 <nop,nop,TS val 2 ecr 101>\n"
    );
    assert_eq!(fails(&text), (ReasonKind::Script, 6));
    passes(&text.replace("ecr 101", "ecr 100"));
    passes(&format!("--tcp_ts_ecr_scaled\n{text}"));
}

/// A cookie of the far end: seven lines.
const ACQUAINTED: &str = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n\
    +0 fcntl(3, F_SETFL, O_NONBLOCK) = 0\n\
    +0 sendto(3, ..., 9, MSG_FASTOPEN, ..., ...) = -1 EINPROGRESS (x)\n\
    +0 > S 0:0(0) <...>\n\
    +.01 < S. 0:0(0) ack 1 win 65535 <mss 1000,FO 0102030405060708,nop,nop>\n\
    +0 > . 1:1(0) ack 1\n\
    +.1 socket(..., SOCK_STREAM, IPPROTO_TCP) = 4\n";

#[test]
fn a_call_that_opens_waits_for_the_handshake_and_for_room() {
    let text = format!(
        "{ACQUAINTED}+0...0.1 sendto(4, ..., 9000, MSG_FASTOPEN, ..., ...) = 9000\n\
         +0 > S 0:968(968) <...>\n\
         +.1 < S. 0:0(0) ack 969 win 65535 <mss 1000>\n\
         +0 > . 969:969(0) ack 1\n\
         +0 > . 969:8969(8000) ack 1\n\
         +.1 < . 1:1(0) ack 8969 win 65535\n\
         +0 > P. 8969:9001(32) ack 1\n\
         +0 sendto(4, ..., 9, MSG_FASTOPEN, ..., ...) = -1 EISCONN (x)\n"
    );
    passes(&text);
    let early = text.replace("0...0.1", "0...0.05");
    assert_eq!(fails(&early), (ReasonKind::Timing, 8));
}

#[test]
fn a_call_that_opens_tells_why_it_could_not() {
    passes(&format!(
        "{ACQUAINTED}+0...0.1 sendto(4, ..., 9, MSG_FASTOPEN, ..., ...) = -1 ECONNREFUSED (x)\n\
         +0 > S 0:9(9) <...>\n\
         +.1 < R. 0:0(0) ack 10 win 0\n"
    ));
    passes(
        "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n\
         +0 sendto(3, ..., 9, MSG_FASTOPEN, {sa_family = AF_UNSPEC, sin_port = htons(0), \
         sin_addr = inet_addr(\"0.0.0.0\")}, ...) = -1 EOPNOTSUPP (x)\n",
    );
}

#[test]
fn metrics_that_are_flushed_take_the_cookies_along() {
    passes(&format!(
        "{ACQUAINTED}+0 `ip tcp_metrics flush all`\n\
         +0 fcntl(4, F_SETFL, O_NONBLOCK) = 0\n\
         +0 sendto(4, ..., 9, MSG_FASTOPEN, ..., ...) = -1 EINPROGRESS (x)\n\
         +0 > S 0:0(0) <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7,FO,nop,nop>\n"
    ));
}

#[test]
fn a_message_tells_what_is_left_if_it_was_asked_to() {
    let asked = |told: &str| {
        opened(&format!(
            "+0 setsockopt(4, SOL_TCP, TCP_INQ, [1], 4) = 0\n\
             +0 getsockopt(4, SOL_TCP, TCP_INQ, [1], [4]) = 0\n\
             +0 < P. 1:101(100) ack 1 win 9\n+.04 > . 1:1(0) ack 101\n\
             +0 recvmsg(4, {{msg_name(...)=..., msg_iov(1)=[{{..., 40}}], {told}}}, 0) = 40\n"
        ))
    };
    let inquiry = |left| {
        let message = "cmsg_level=SOL_TCP, cmsg_type=TCP_CM_INQ, cmsg_data=";
        format!("msg_flags=0, msg_control=[{{{message}{left}}}]")
    };
    passes(&asked(&inquiry(60)));
    let call = (ReasonKind::Call, 12);
    assert_eq!(fails(&asked(&inquiry(61))), call);
    assert_eq!(fails(&asked("msg_flags=0, msg_control=[]")), call);
    assert_eq!(fails(&asked("msg_flags=MSG_CTRUNC")), call);
    passes(&opened(
        "+0 setsockopt(4, SOL_TCP, TCP_INQ, [2], 4) = -1 EINVAL (x)\n\
         +0 < P. 1:11(10) ack 1 win 9\n+.04 > . 1:1(0) ack 11\n\
         +0 recvmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 40}], msg_flags=0, \
         msg_control=[]}, 0) = 10\n",
    ));
}

#[test]
fn bytes_that_wait_are_counted_both_ways() {
    let asks = |unread: u32, unacked: u32| {
        opened(&format!(
            "+0 < P. 1:11(10) ack 1 win 1000\n+.04 > . 1:1(0) ack 11\n\
             +0 write(4, ..., 1500) = 1500\n+0 > . 1:1001(1000) ack 11\n\
             +0 ioctl(4, SIOCINQ, [{unread}]) = 0\n\
             +0 ioctl(4, SIOCOUTQ, [{unacked}]) = 0\n\
             +0 ioctl(4, SIOCOUTQNSD, [500]) = 0\n\
             +0 ioctl(3, SIOCINQ, [0]) = -1 EINVAL (x)\n"
        ))
    };
    passes(&asks(10, 1500));
    assert_eq!(fails(&asks(11, 1500)), (ReasonKind::Call, 12));
    assert_eq!(fails(&asks(10, 500)), (ReasonKind::Call, 13));
}

#[test]
fn a_socket_tells_what_it_is() {
    passes(&opened(
        "+0 getsockopt(4, SOL_SOCKET, SO_TYPE, [SOCK_STREAM], [4]) = 0\n\
         +0 getsockopt(4, SOL_SOCKET, SO_PROTOCOL, [IPPROTO_TCP], [4]) = 0\n\
         +0 getsockopt(4, SOL_SOCKET, SO_DOMAIN, [AF_INET], [4]) = 0\n\
         +0 getsockopt(3, SOL_SOCKET, SO_ACCEPTCONN, [1], [4]) = 0\n\
         +0 getsockopt(4, SOL_SOCKET, SO_ACCEPTCONN, [0], [4]) = 0\n\
         +0 setsockopt(4, SOL_SOCKET, SO_TYPE, [1], 4) = -1 ENOPROTOOPT (x)\n\
         +0 shutdown(4, 7) = -1 EINVAL (x)\n",
    ));
}

#[test]
fn the_name_of_an_algorithm_may_be_shorter_than_its_field() {
    let named = |name: &str| {
        opened(&format!(
            "+0 setsockopt(4, SOL_TCP, TCP_CONGESTION, \"reno\", 4) = 0\n\
             +0 getsockopt(4, SOL_TCP, TCP_CONGESTION, \"{name}\", [16]) = 0\n\
             +0 setsockopt(4, SOL_TCP, TCP_CONGESTION, \"frob\", 4) = -1 ENOENT (x)\n"
        ))
    };
    passes(&named("reno"));
    for wrong in ["ren", "renown", "cubic"] {
        assert_eq!(fails(&named(wrong)), (ReasonKind::Call, 9), "{wrong}");
    }
}

#[test]
fn text_without_a_push_is_no_end_of_a_burst() {
    passes(&opened(
        "+0 send(4, ..., 1000, MSG_MORE) = 1000\n+0 > . 1:1001(1000) ack 1\n\
         +.1 < . 1:1(0) ack 1001 win 1000\n+0 send(4, ..., 10, MSG_MORE) = 10\n\
         +.1 send(4, ..., 10, 0) = 10\n+0 > P. 1001:1021(20) ack 1\n",
    ));
}
