use crate::drill::parse::Surroundings;
use crate::drill::parse::tests::{packet, parsed, refused, script};
use crate::drill::syntax::{Body, Icmp, Packet, Quote, Seq, What};

fn icmp(line: &str) -> Icmp {
    match packet(line).body {
        Body::Icmp(icmp) => icmp,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn icmp_messages_are_named_and_quote() {
    let seq = |start, len| {
        Quote::Tcp(Seq {
            start: Some(start),
            len,
            absolute: false,
        })
    };
    let all = icmp("< icmp unreachable frag_needed mtu 1000 [1:1461(1460)]");
    assert_eq!((all.kind, all.code, all.mtu), (3, 4, Some(1000)));
    assert_eq!(all.quote, Some(seq(1, 1460)));
    let least = icmp("< icmp source_quench");
    assert_eq!((least.kind, least.code, least.quote), (4, 0, None));
    assert_eq!(icmp("< icmp type_200 code_7").code, 7);
    assert_eq!(icmp("< icmp unreachable code_13").code, 13);
    assert_eq!(
        icmp("< icmp unreachable [udp (8)]").quote,
        Some(Quote::Udp(8))
    );
    let echo = icmp("< icmp echo_request id 77 [raw (20)]");
    assert_eq!((echo.kind, echo.id), (8, Some(77)));
    assert_eq!(echo.quote, Some(Quote::Raw(20)));
    for line in [
        "icmp",
        "icmp nothing",
        "icmp packet_too_big",
        "icmp unreachable no_route",
        "icmp unreachable host_unreachable mtu 1000",
        "icmp source_quench mtu 1000",
        "icmp unreachable frag_needed mtu 65536",
        "icmp echo_request id 65536",
        "icmp unreachable [1:2(3)]",
        "icmp unreachable [1:2(1)",
        "icmp type_256",
        "icmp unreachable code_x",
    ] {
        refused(&format!("0 < {line}"));
    }
}

#[test]
fn icmp_names_are_those_of_the_ip_version() {
    let v6 = || Surroundings {
        v6: true,
        ..Surroundings::default()
    };
    for (line, kind, code) in [
        ("packet_too_big mtu 1300 [1:2(1)]", 2, 0),
        ("unreachable no_route", 1, 0),
        ("unreachable net_unreachable", 1, 0),
        ("unreachable port_unreachable", 1, 4),
        ("time_exceeded exceeded_frag_time", 3, 1),
        ("parameter_problem unknown_option", 4, 2),
        ("echo_reply", 129, 0),
    ] {
        let script = parsed(&format!("0 < icmp {line}"), v6()).expect(line);
        let What::Packet(Packet {
            body: Body::Icmp(icmp),
            ..
        }) = &script.events[0].what
        else {
            panic!("{line}");
        };
        assert_eq!((icmp.kind, icmp.code), (kind, code), "{line}");
    }
    assert!(parsed("0 < icmp source_quench", v6()).is_err());
    assert!(parsed("0 < icmp unreachable frag_needed mtu 1", v6()).is_err());
}

#[test]
fn outbound_icmp_is_refused_in_the_bsd_dialect_alone() {
    let line = "0 > icmp echo_reply";
    script(line);
    let bsd = Surroundings {
        bsd: Some(true),
        ..Surroundings::default()
    };
    assert!(parsed(line, bsd).is_err());
}
