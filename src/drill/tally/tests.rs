use super::on_the_wire;
use crate::base::{Instant, Pieces, Transmit};
use crate::drill::judge::{Request, judge};
use crate::drill::live::Live;
use crate::drill::outcome::Verdict;

/// Whether an assertion holds at the end of a script that opens a connection (RTT 100 ms, SACK,
/// no probe for lost tails) and goes on as said.
fn holds(script: &str, test: &str) {
    let text = format!(
        "0 `sysctl net.ipv4.tcp_early_retrans=0`\n\
         +0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 bind(3, ..., ...) = 0\n\
         +0 listen(3, 1) = 0\n+0 < S 0:0(0) win 65535 <mss 1000,nop,nop,sackOK>\n\
         +0 > S. 0:0(0) ack 1 <...>\n+.1 < . 1:1(0) ack 1 win 65535\n\
         +0 accept(3, ..., ...) = 4\n{script}+0 %{{ assert {test} }}%\n"
    );
    let report = judge("a.pkt", &text, &Request::default());
    let reason = report.run.reason;
    assert_eq!(report.run.verdict, Verdict::Pass, "{text}\n{reason:#?}");
}

#[test]
fn segments_and_bytes_are_counted_both_ways() {
    holds(
        "",
        "tcpi_segs_in == 2 and tcpi_segs_out == 1 and tcpi_data_segs_in == 0",
    );
    let script = "+0 write(4, ..., 2500) = 2500\n+0 > . 1:2001(2000) ack 1\n\
        +.1 < P. 1:101(100) ack 2001 win 65535\n+0 > P. 2001:2501(500) ack 101\n";
    holds(
        script,
        "tcpi_segs_out == 4 and tcpi_data_segs_out == 3 and tcpi_bytes_sent == 2500",
    );
    holds(script, "tcpi_segs_in == 3 and tcpi_data_segs_in == 1");
    holds(
        script,
        "tcpi_bytes_acked == 2000 and tcpi_bytes_received == 100",
    );
    holds(script, "tcpi_unacked == 1 and tcpi_notsent_bytes == 0");
    holds(script, "tcpi_delivered == 3 and tcpi_sacked == 0");
}

#[test]
fn what_goes_again_is_counted_apart() {
    let script = "0.1 write(4, ..., 500) = 500\n0.1 > P. 1:501(500) ack 1\n\
        0.4 > P. 1:501(500) ack 1\n";
    holds(
        script,
        "tcpi_total_retrans == 1 and tcpi_bytes_retrans == 500",
    );
    holds(script, "tcpi_bytes_sent == 1000 and tcpi_unacked == 1");
    holds(
        script,
        "tcpi_retransmits == 1 and tcpi_backoff == 1 and tcpi_total_rto == 1",
    );
    let acked = format!("{script}0.5 < . 1:1(0) ack 501 win 65535\n");
    holds(
        &acked,
        "tcpi_retransmits == 0 and tcpi_unacked == 0 and tcpi_total_rto == 1",
    );
}

#[test]
fn sack_is_counted_once_for_each_segment() {
    let script = "+0 write(4, ..., 4000) = 4000\n+0 > P. 1:4001(4000) ack 1\n\
        +.1 < . 1:1(0) ack 1 win 65535 <nop,nop,sack 1001:2001>\n\
        +0 < . 1:1(0) ack 1 win 65535 <nop,nop,sack 1001:3001>\n";
    holds(
        script,
        "tcpi_unacked == 4 and tcpi_sacked == 2 and tcpi_delivered == 3",
    );
    let more = format!("{script}+0 < . 1:1(0) ack 3001 win 65535\n");
    holds(
        &more,
        "tcpi_unacked == 1 and tcpi_sacked == 0 and tcpi_delivered == 4",
    );
    let duplicate = format!("{more}+0 < . 1:1(0) ack 3001 win 65535 <nop,nop,sack 1:1001>\n");
    holds(&duplicate, "tcpi_dsack_dups == 1");
}

#[test]
fn what_is_lost_counts_until_it_arrives_and_what_goes_again_while_it_may() {
    // Of ten the first two are lost: RFC 6675 section 4.
    let script = "+0 write(4, ..., 10000) = 10000\n+0 > P. 1:10001(10000) ack 1\n\
        +.1 < . 1:1(0) ack 1 win 65535 <nop,nop,sack 2001:6001>\n\
        +0 > . 1:1001(1000) ack 1\n+0 > . 1001:2001(1000) ack 1\n";
    holds(
        script,
        "(tcpi_lost, tcpi_retrans, tcpi_sacked) == (2, 2, 4)",
    );
    let more = format!("{script}+0 < . 1:1(0) ack 1 win 65535 <nop,nop,sack 1001:6001>\n");
    holds(&more, "(tcpi_lost, tcpi_retrans, tcpi_sacked) == (1, 1, 5)");
    let repaired = format!("{more}+0 < . 1:1(0) ack 6001 win 65535\n");
    holds(
        &repaired,
        "(tcpi_lost, tcpi_retrans, tcpi_unacked) == (0, 0, 4)",
    );
}

#[test]
fn text_beyond_a_hole_and_times_are_told() {
    let script = "+0 < . 101:201(100) ack 1 win 65535\n+0 > . 1:1(0) ack 1 <...>\n";
    holds(script, "tcpi_rcv_ooopack == 1");
    holds(
        "+0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1\n0.15 < . 1:1(0) ack 11 win 65535\n\
         0.4 `true`\n",
        "tcpi_last_data_sent == 300 and tcpi_last_ack_recv == 250",
    );
    // Before the first data: since the connection was established.
    holds(
        "0.4 `true`\n",
        "tcpi_last_data_sent == 300 and tcpi_last_data_recv == 300",
    );
    holds("", "tcpi_min_rtt == 100000 and tcpi_rtt == 100000");
}

#[test]
fn probes_of_a_closed_window_are_counted_until_it_opens() {
    let script = "+0 write(4, ..., 2000) = 2000\n+0 > P. 1:2001(2000) ack 1\n\
        +.1 < . 1:1(0) ack 2001 win 0\n+0 write(4, ..., 5) = 5\n* > . 2001:2002(1) ack 1\n";
    let first = script
        .replace("> . 2001", "> P. 2001")
        .replace("5) = 5", "1) = 1");
    holds(&first, "tcpi_probes == 1");
    let open = format!("{first}+.1 < . 1:1(0) ack 2002 win 9\n");
    holds(&open, "tcpi_probes == 0");
}

/// Whether an assertion holds at the end of any script.
fn is_so(script: &str, test: &str) {
    let text = format!("{script}+0 %{{ assert {test} }}%\n");
    let report = judge("a.pkt", &text, &Request::default());
    let reason = report.run.reason;
    assert_eq!(report.run.verdict, Verdict::Pass, "{text}\n{reason:#?}");
}

const LISTEN: &str = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n\
    +0 setsockopt(3, SOL_TCP, TCP_FASTOPEN, [1], 4) = 0\n\
    +0 bind(3, ..., ...) = 0\n+0 listen(3, 1) = 0\n";

#[test]
fn options_are_those_that_both_syns_had() {
    let stamp = " <nop,nop,TS val 2 ecr 9>";
    for (offer, answer, ack, bits) in [
        ("mss 1000", "mss 1460", "", 0),
        (
            "mss 1000,nop,nop,TS val 1 ecr 0",
            "mss 1460,nop,nop,TS val 9 ecr 1",
            stamp,
            1,
        ),
        ("mss 1000,nop,nop,sackOK", "mss 1460,nop,nop,sackOK", "", 2),
        ("mss 1000,nop,wscale 7", "mss 1460,nop,wscale 7", "", 4),
        (
            "mss 1000,sackOK,TS val 1 ecr 0,nop,wscale 7",
            "mss 1460,sackOK,TS val 9 ecr 1,nop,wscale 7",
            stamp,
            7,
        ),
    ] {
        let passive = format!(
            "{LISTEN}+0 < S 0:0(0) win 9 <{offer}>\n+0 > S. 0:0(0) ack 1 <{answer}>\n\
             +.1 < . 1:1(0) ack 1 win 9{ack}\n+0 accept(3, ..., ...) = 4\n"
        );
        is_so(&passive, &format!("tcpi_options == {bits}"));
    }
    // We have offered everything, and the peer answers some.
    let active = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n\
        +0...0.1 connect(3, ..., ...) = 0\n+0 > S 0:0(0) <...>\n\
        +.1 < S. 0:0(0) ack 1 win 9 <mss 1000,nop,nop,sackOK,nop,wscale 3>\n\
        +0 > . 1:1(0) ack 1\n";
    is_so(active, "tcpi_options == TCPI_OPT_SACK | TCPI_OPT_WSCALE");
}

#[test]
fn marks_are_seen_where_they_were_agreed_on() {
    let script = format!(
        "{LISTEN}+0 < SEW 0:0(0) win 9 <mss 1000>\n+0 > SE. 0:0(0) ack 1 <...>\n\
         +.1 < . 1:1(0) ack 1 win 9\n+0 accept(3, ..., ...) = 4\n"
    );
    is_so(&script, "tcpi_options == TCPI_OPT_ECN");
    let marked = format!("{script}+0 < [ect0] P. 1:11(10) ack 1 win 9\n");
    is_so(&marked, "tcpi_options == TCPI_OPT_ECN | TCPI_OPT_ECN_SEEN");
    let plain = marked.replace("SEW", "S").replace("SE.", "S.");
    is_so(&plain, "tcpi_options == 0");
}

#[test]
fn text_with_a_syn_is_told_where_it_was_taken() {
    for (len, bits) in [(10, 128 + 32), (0, 128)] {
        let ack = len + 1;
        let passive = format!(
            "{LISTEN}+0 < S 0:{len}({len}) win 9 <mss 1000,FO TFO_COOKIE,nop,nop>\n\
             +0 > S. 0:0(0) ack {ack} <...>\n+0 accept(3, ..., ...) = 4\n"
        );
        is_so(&passive, &format!("tcpi_options == {bits}"));
    }
    for (ack, bits, answer) in [(11, 32, ". 11:11(0)"), (1, 0, "P. 1:11(10)")] {
        let active = format!(
            "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n\
             +0 fcntl(3, F_SETFL, O_NONBLOCK) = 0\n\
             +0 sendto(3, ..., 10, MSG_FASTOPEN, ..., ...) = -1 EINPROGRESS (x)\n\
             +0 > S 0:0(0) <...>\n\
             +.1 < S. 0:0(0) ack 1 win 9 <mss 1000,FO 0102030405060708,nop,nop>\n\
             +.1 socket(..., SOCK_STREAM, IPPROTO_TCP) = 4\n\
             +0 fcntl(4, F_SETFL, O_NONBLOCK) = 0\n\
             +0 sendto(4, ..., 10, MSG_FASTOPEN, ..., ...) = 10\n\
             +0 > S 0:10(10) <...>\n\
             +.1 < S. 0:0(0) ack {ack} win 65535 <mss 1000>\n\
             +0 > {answer} ack 1\n"
        );
        is_so(&active, &format!("tcpi_options == {bits}"));
    }
}

#[test]
fn a_wrong_checksum_of_ours_stays_wrong() {
    let step = etherparse::PacketBuilder::ipv4([10, 0, 0, 1], [192, 0, 2, 1], 64);
    let step = step.tcp(1, 2, 3, 4);
    let mut bytes = vec![0; step.size(4)];
    step.write_to_slice(&mut bytes, b"text").unwrap();
    let is_right = |bytes: &[u8]| {
        let [seen] = &on_the_wire(&Transmit::plain(bytes, Pieces::EMPTY))[..] else {
            panic!("not one");
        };
        let live = Live::read(Instant::BIRTH, 0, seen.clone()).unwrap();
        (live.ip.checksum_right, live.tcp().unwrap().checksum_right)
    };
    assert_eq!(is_right(&bytes), (true, true));
    // The last byte of the text, and of IPv4's checksum.
    bytes[43] ^= 1;
    assert_eq!(is_right(&bytes), (true, false));
    bytes[11] ^= 1;
    assert_eq!(is_right(&bytes), (false, false));
}
