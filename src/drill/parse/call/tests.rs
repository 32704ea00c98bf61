use std::net::IpAddr;

use crate::drill::parse::tests::{call, is_bsd, kinds, refused_call, unsupported_in_call};
use crate::drill::syntax::{ExprKind, Field};

fn arg(text: &str) -> ExprKind {
    kinds(&call(&format!(" f({text}) = 0")).args).remove(0)
}

fn fields(text: &str) -> Vec<Field> {
    match arg(text) {
        ExprKind::Struct(fields) => fields,
        other => panic!("{text}: {other:?}"),
    }
}

fn names(text: &str) -> Vec<String> {
    let fields = fields(text).into_iter();
    fields.map(|field| field.name.unwrap_or_default()).collect()
}

fn refused_arg(text: &str) -> String {
    refused_call(&format!(" f({text}) = 0")).expected
}

#[test]
fn a_call_has_arguments_a_result_and_perhaps_an_error() {
    let call = call(" connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)");
    assert_eq!(call.name, "connect");
    assert_eq!(call.end, None);
    assert_eq!(
        kinds(&call.args),
        [ExprKind::Integer(3), ExprKind::Ellipsis, ExprKind::Ellipsis]
    );
    assert_eq!(call.result.kind, ExprKind::Integer(-1));
    assert_eq!(call.errno.as_deref(), Some("EINPROGRESS"));
}

#[test]
fn a_call_may_have_no_arguments_and_a_note() {
    let none = call(" sync() = 0");
    assert_eq!(none.args, []);
    assert_eq!(call(" f(1) = 0 (flags sack win)").errno, None);
    assert_eq!(call(" f(1) = 0x10").result.kind, ExprKind::Integer(16));
}

#[test]
fn a_blocking_call_says_when_it_ends() {
    assert_eq!(call("...0.25 read(4, ..., 9) = 9").end, Some(250_000));
    assert_eq!(call("...1 read(4, ..., 9) = 9").end, Some(1_000_000));
    refused_call("... read(4, ..., 9) = 9");
    refused_call("...-1 read(4, ..., 9) = 9");
}

#[test]
fn calls_that_cannot_be_are_refused() {
    for line in [
        " close(3)",
        " close(3) =",
        " close(3 = 0",
        " close(3,) = 0",
        " close 3 = 0",
        " close(3) = -1 EBADF",
        " close(3) = -1 EBADF ()",
        " close(3) = 0 ()",
        " close(3) = -1 EBADF (Bad 9)",
        " close(1.5) = 0",
        " close(?) = 0",
        " close(3 4) = 0",
    ] {
        refused_call(line);
    }
}

#[test]
fn arguments_have_their_forms() {
    assert_eq!(arg("..."), ExprKind::Ellipsis);
    assert_eq!(arg("-5"), ExprKind::Integer(-5));
    assert_eq!(arg("0xffffffffffffffff"), ExprKind::Integer(-1));
    assert_eq!(arg("AF_INET"), ExprKind::Word("AF_INET".into()));
    assert_eq!(
        arg("inet_addr(\"192.0.2.1\")"),
        ExprKind::Address(IpAddr::from([192, 0, 2, 1]))
    );
    assert_eq!(
        arg("inet6_addr(\"::1\")"),
        ExprKind::Address("::1".parse().unwrap())
    );
    let ExprKind::Or(left, right) = arg("A|B|C") else {
        panic!("no or");
    };
    assert_eq!(right.kind, ExprKind::Word("C".into()));
    assert!(matches!(left.kind, ExprKind::Or(..)));
    let ExprKind::Assign(name, value) = arg("TCP_NLA_BUSY = 5") else {
        panic!("no assignment");
    };
    assert_eq!(
        (name.as_str(), value.kind),
        ("TCP_NLA_BUSY", ExprKind::Integer(5))
    );
    assert!(matches!(arg("[]"), ExprKind::List(list) if list.is_empty()));
    assert!(matches!(arg("[1, [2, 3]]"), ExprKind::List(list) if list.len() == 2));
    for text in [
        "0x10000000000000000",
        "inet_addr(\"::1\")",
        "inet_addr(192.0.2.1)",
        "inet6_addr(\"1.2.3.4\")",
        "[1",
        "A|",
        "|A",
        "frob(1)",
    ] {
        refused_arg(text);
    }
}

#[test]
fn strings_are_bytes_with_escapes_that_join() {
    let text = |text: &str| match arg(text) {
        ExprKind::Text(bytes) => bytes,
        other => panic!("{other:?}"),
    };
    assert_eq!(text(r#""a\\\"\f\n\r\t\v""#), b"a\\\"\x0c\n\r\t\x0b");
    assert_eq!(text(r#""\x00\xfF" "b""#), b"\x00\xffb");
    assert_eq!(arg("\"ab\"..."), ExprKind::TextBegins(b"ab".to_vec()));
    for text in [r#""\q""#, r#""\x1""#, r#""\xzz""#] {
        refused_arg(text);
    }
}

#[test]
fn structures_have_their_fields_in_order() {
    for (text, expected) in [
        (
            "{sa_family = AF_INET, sin_port = htons(80), sin_addr = inet_addr(\"1.2.3.4\")}",
            vec!["sa_family", "sin_port", "sin_addr"],
        ),
        (
            "{msg_name(...)=..., msg_iov(1)=[{..., 5}], msg_flags=0}",
            vec!["msg_name", "msg_iov", "msg_flags"],
        ),
        (
            "{msg_name(...)=..., msg_iov(1)=[{..., 5}], msg_flags=0, msg_control=[]}",
            vec!["msg_name", "msg_iov", "msg_flags", "msg_control"],
        ),
        (
            "{cmsg_level=SOL_TCP, cmsg_type=TCP_CM_INQ, cmsg_data=60}",
            vec!["cmsg_level", "cmsg_type", "cmsg_data"],
        ),
        ("{scm_sec=0, scm_nsec=5}", vec!["scm_sec", "scm_nsec"]),
        (
            "{ee_errno=0, ee_origin=1, ee_type=2, ee_code=3, ee_info=4, ee_data=5}",
            vec![
                "ee_errno",
                "ee_origin",
                "ee_type",
                "ee_code",
                "ee_info",
                "ee_data",
            ],
        ),
        ("{..., 40}", vec!["", ""]),
        ("{fd=4, events=POLLIN}", vec!["fd", "events"]),
        (
            "{fd=4, events=POLLIN, revents=POLLIN|POLLOUT}",
            vec!["fd", "events", "revents"],
        ),
        ("{events=EPOLLIN, ptr=4}", vec!["events", "ptr"]),
        ("{onoff=1, linger=0}", vec!["onoff", "linger"]),
        ("{1, 2, 3}", vec!["", "", ""]),
    ] {
        assert_eq!(names(text), expected, "{text}");
        assert!(!is_bsd(&format!("f({text}) = 0")), "{text}");
    }
}

#[test]
fn structures_that_cannot_be_are_refused() {
    for (text, expected) in [
        ("{fd=4}", "events"),
        ("{fd=4, event=POLLIN}", "events"),
        ("{fd=4, events=1, revents=2, more=3}", "`}`"),
        ("{events=1, x=2}", "fd or ptr or u32 or u64"),
        ("{onoff=1}", "linger"),
        ("{..., n}", "an integer"),
        ("{...}", "an integer"),
        (
            "{msg_name(...)=..., msg_iov(1)=[], msg_flag=0}",
            "msg_name, msg_iov, msg_flags and perhaps msg_control",
        ),
        ("{sa_family=AF_INET, sin_addr=1}", "sin_port"),
        ("{}", "an argument"),
    ] {
        assert_eq!(refused_arg(text), expected, "{text}");
    }
}

#[test]
fn a_count_in_parentheses_is_kept() {
    let fields = fields("{msg_name(...)=..., msg_iov(2)=[{..., 5}, {..., 6}], msg_flags=0}");
    let count = fields[1].arg.as_ref().map(|arg| arg.kind.clone());
    assert_eq!(count, Some(ExprKind::Integer(2)));
}

#[test]
fn structures_of_the_bsd_dialect_are_noticed() {
    for text in [
        "{msg_name(0)=NULL, msg_iov(1)=[{iov_base=..., iov_len=4}], msg_flags=0}",
        "{msg_name(...)=..., msg_iov(1)=[], msg_control(16)=[], msg_flags=0}",
        "{cmsg_len=CMSG_LEN, cmsg_level=1, cmsg_type=2, cmsg_data=3}",
        "{iov_base=..., iov_len=5}",
        "htonl(0x1)",
    ] {
        assert!(is_bsd(&format!("f({text}) = 0")), "{text}");
    }
}

#[test]
fn unknown_structures_are_named_and_skipped() {
    assert_eq!(
        unsupported_in_call("f({sinfo_stream=0, sinfo_ssn=...}) = 0"),
        "struct:sinfo_stream"
    );
    assert_eq!(
        unsupported_in_call("f({(label 1, tc 0, ttl 3)}) = 0"),
        "struct:mpls"
    );
    assert_eq!(
        unsupported_in_call("f({flags 0x0, sum 0, off 0, key 1, seq 0}) = 0"),
        "struct:gre"
    );
}
