use super::*;
use crate::drill::judge::{Request, judge};

fn report(script: &str) -> Report {
    judge("x/a.pkt", script, &Request::default())
}

const FAILS: &str = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 bind(3, ..., ...) = 0\n\
    +0 listen(3, 1) = 0\n+0 < S 0:0(0) win 9 <mss 1000>\n+0 > S. 0:0(0) ack 2 <...>";

#[test]
fn a_script_is_one_line() {
    let line = |script: &str| text(&report(script), Detail::Line);
    assert_eq!(
        line("0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3"),
        "pass x/a.pkt\n"
    );
    assert_eq!(
        line("0 epoll_create(1) = 3\n+0 frob() = 0"),
        "skip x/a.pkt: call:epoll_create, call:frob\n"
    );
    assert_eq!(
        line("0 socket("),
        "fail x/a.pkt:1:10: parse error: found the end of the script, expected an argument\n"
    );
    assert_eq!(line(FAILS), "fail x/a.pkt:5:1: packet: ack is 1, not 2\n");
    let pushed = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 bind(3, ..., ...) = 0\n\
        +0 listen(3, 1) = 0\n+0 < S 0:0(0) win 9 <mss 1000>\n+0 > S. 0:0(0) ack 1 <mss 1460>\n\
        +0 < . 1:1(0) ack 1 win 999\n+0 accept(3, ..., ...) = 4\n+0 write(4, ..., 5) = 5\n\
        +0 > . 1:6(5) ack 1";
    assert_eq!(
        line(pushed),
        "fail x/a.pkt:9:1: packet: PSH is 1, not 0; relaxed pass: psh\n"
    );
}

#[test]
fn a_failure_shows_both_sides_what_happened_and_why() {
    let shown = text(&report(FAILS), Detail::Failure);
    for part in [
        "  expected  S. 0:0(0) ack 2 <...>\n",
        "  actual    S. 0:0(0) ack 1 win 65535 <mss 1460>\n",
        // The mark stands under what differs.
        "\n                          ^\n",
        "  why       SYN,ACK: ",
        "(RFC 9293 3.10.7.2)\n",
        "  0.000000 listen(3, 1) = 0\n",
        "  0.000000 < S 0:0(0) win 9 <mss 1000>\n",
    ] {
        assert!(shown.contains(part), "{part:?}\n{shown}");
    }
    // One that passes shows nothing but its line.
    let passes = report("0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3");
    assert_eq!(text(&passes, Detail::Failure).lines().count(), 1);
    assert_eq!(text(&passes, Detail::All).lines().count(), 2);
}

#[test]
fn a_long_way_to_a_failure_is_cut() {
    let mut script = FAILS.replace("0 socket", "+0 socket");
    for _ in 0..40 {
        script.insert_str(0, "+0 `true`\n");
    }
    let shown = text(&report(&script), Detail::Failure);
    assert!(shown.contains("lines before"), "{shown}");
    assert!(shown.lines().count() < 35);
}

#[test]
fn totals_are_one_line_and_then_the_kinds() {
    let reports = [
        report("0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3"),
        report("0 epoll_create(1) = 3"),
        report(FAILS),
    ];
    let shown = totals(&Totals::of(&reports));
    assert_eq!(
        shown,
        "3 scripts: 1 pass, 1 fail, 1 skip; under packetdrill's own rules 1 pass, 1 of them \
         clean\n  fail     1  packet\n  skip     1  call:epoll_create\n"
    );
}
