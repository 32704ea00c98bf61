use crate::drill::parse::Surroundings;
use crate::drill::parse::tests::{packet, parsed, refused, script, skipped, tcp};
use crate::drill::syntax::{Body, Direction, Flags, Options, Ports, Seq, TcpOption, Tos};

#[test]
fn flags_are_letters_a_dot_and_perhaps_a_digit() {
    let flags = |text: &str| tcp(&format!("> {text} 1:1(0)")).flags;
    let bits = |bits| Flags {
        bits,
        ..Flags::default()
    };
    assert_eq!(flags("S"), bits(Flags::SYN));
    assert_eq!(flags("S."), bits(Flags::SYN | Flags::ACK));
    assert_eq!(flags("S ."), bits(Flags::SYN | Flags::ACK));
    assert_eq!(flags("."), bits(Flags::ACK));
    assert_eq!(flags("-"), bits(0));
    assert_eq!(
        flags("FPU."),
        bits(Flags::FIN | Flags::PSH | Flags::URG | Flags::ACK)
    );
    assert_eq!(flags("SEW"), bits(Flags::SYN | Flags::ECE | Flags::CWR));
    let eap = flags("EAP.");
    assert_eq!(eap.bits, Flags::ECE | Flags::PSH | Flags::ACK);
    assert!(eap.ae);
    let digit = |bits, ace| Flags {
        bits,
        ace: Some(ace),
        ..Flags::default()
    };
    assert_eq!(flags("P.5"), digit(Flags::PSH | Flags::ACK, 5));
    assert_eq!(flags(".6"), digit(Flags::ACK, 6));
    assert_eq!(flags(".0"), digit(Flags::ACK, 0));
    for text in [
        "X", "s", "P.8", "P.12", "E.5", "A.1", "P5.5", "1.5", "..", ". 5", "+",
    ] {
        refused(&format!("0 > {text} 1:1(0)"));
    }
}

#[test]
fn a_digit_is_three_bits_of_the_header() {
    let wire = |ace| {
        let flags = Flags {
            bits: Flags::ACK,
            ace: Some(ace),
            ..Flags::default()
        };
        flags.on_wire()
    };
    assert_eq!(wire(0), (Flags::ACK, false));
    assert_eq!(wire(1), (Flags::ACK | Flags::ECE, false));
    assert_eq!(wire(2), (Flags::ACK | Flags::CWR, false));
    assert_eq!(wire(4), (Flags::ACK, true));
    assert_eq!(wire(7), (Flags::ACK | Flags::ECE | Flags::CWR, true));
}

#[test]
fn a_segment_has_its_fields_in_order() {
    let all = tcp("< 8080 > 5000 P. 1:11(10) ack 7 win 100 urg 3 <nop,nop,sackOK>");
    let ports = all.ports.unwrap();
    assert_eq!((ports.src, ports.dst), (8080, 5000));
    assert_eq!(
        all.seq,
        Seq {
            start: Some(1),
            len: 10,
            absolute: false
        }
    );
    assert_eq!((all.ack, all.win, all.urg), (Some(7), Some(100), Some(3)));
    assert_eq!(
        all.options,
        Options::These(vec![
            TcpOption::Nop,
            TcpOption::Nop,
            TcpOption::SackPermitted
        ])
    );
    let least = tcp("> R 5:5(0)");
    assert_eq!((least.ack, least.win, least.urg), (None, None, None));
    assert_eq!(least.options, Options::These(Vec::new()));
    assert_eq!(tcp("> . 1:1(0) <...>").options, Options::Any);
}

#[test]
fn numbers_of_a_segment_have_their_ranges() {
    for line in [
        "> . 1:2(0)",
        "> . 2:1(0)",
        "> . 1:11(9)",
        "> . -1:0(1)",
        "> . 4294967296:4294967296(0)",
        "> . 4294967295:0(1)",
        "> . 1:65537(65536)",
        "> . 1:65535(65534)",
        "> . 1:1(0) ack 4294967296",
        "> . 1:1(0) ack -1",
        "> . 1:1(0) win 65536",
        "> . 1:1(0) urg 65536",
        "> 65536 > 1 . 1:1(0)",
        "> . 1:1(0) win 1 ack 1",
        "> . 1:1",
        "> . 1(0)",
        "> .",
        "< . 1:1(0) ack 1",
        "< . 1:1(0) ack 1 win 5 <...>",
        "< [ect01] . 1:1(0) ack 1 win 5",
    ] {
        refused(&format!("0 {line}"));
    }
    // 20 + 20 + 65495 = 65535; the limit is 65536.
    tcp("> . 1:65496(65495)");
    tcp("> . 1:65497(65496)");
    refused("0 > . 1:65498(65497)");
}

#[test]
fn marks_stand_in_parentheses_or_brackets() {
    let marks = |text: &str| packet(&format!("> {text} . 1:1(0) ack 1")).marks;
    assert_eq!(marks("[noecn]").tos, Some(Tos::Ecn(0)));
    assert_eq!(marks("(ect1)").tos, Some(Tos::Ecn(1)));
    assert_eq!(marks("[ect0]").tos, Some(Tos::Ecn(2)));
    assert_eq!(marks("[ce]").tos, Some(Tos::Ecn(3)));
    assert_eq!(marks("[ect01]").tos, Some(Tos::EctAny));
    assert_eq!(marks("[tos 0x12]").tos, Some(Tos::Byte(0x12)));
    assert_eq!(marks("(flowlabel 0x12345)").flow, Some(0x12345));
    assert_eq!(marks("(ttl 64)").ttl, Some(64));
    let both = marks("[ect0, flowlabel 0x1]");
    assert_eq!((both.tos, both.flow), (Some(Tos::Ecn(2)), Some(1)));
    for text in [
        "[]",
        "[ect0)",
        "(ce]",
        "[ect2]",
        "[tos 12]",
        "[tos 0x100]",
        "(flowlabel 1)",
        "(flowlabel 0x100000)",
        "(ttl 256)",
        "(ttl)",
        "[ect0",
    ] {
        refused(&format!("0 > {text} . 1:1(0) ack 1"));
    }
}

#[test]
fn a_datagram_has_ports_and_a_length() {
    assert_eq!(
        packet("< udp 1 > 2 (100)").body,
        Body::Udp {
            ports: Some(Ports { src: 1, dst: 2 }),
            len: 100
        }
    );
    let bare = Body::Udp {
        ports: None,
        len: 0,
    };
    assert_eq!(packet("> udp (0)").body, bare);
    assert_eq!(packet("> (ttl 9) udp (0)").body, bare);
    refused("0 < udp 100");
    refused("0 < [ect0] udp (100)");
    refused("0 < udp (65536)");
}

#[test]
fn marks_of_the_bsd_dialect_join() {
    let marks = packet("> (dscp af21, ecn ce, ttl 3) . 1:1(0) ack 1").marks;
    assert_eq!(
        (marks.tos, marks.ttl),
        (Some(Tos::Dscp(18, Some(3))), Some(3))
    );
    assert_eq!(
        packet("> (ecn ect1, dscp 0x2e) . 1:1(0) ack 1").marks.tos,
        Some(Tos::Dscp(46, Some(1)))
    );
    assert_eq!(
        packet("> (dscp cs6) . 1:1(0) ack 1").marks.tos,
        Some(Tos::Dscp(48, None))
    );
    refused("0 > (dscp af51) . 1:1(0) ack 1");
}

#[test]
fn a_packet_goes_one_way() {
    assert_eq!(packet("< . 1:1(0) win 1").direction, Direction::In);
    assert_eq!(packet("> . 1:1(0)").direction, Direction::Out);
}

#[test]
fn what_cannot_be_run_is_parsed_and_named() {
    for (line, name) in [
        ("> ipv4 192.0.2.1 > 192.0.2.2: . 1:1(0)", "outer:ipv4"),
        ("> ipv6 (ttl 3) ::1 > ::2: . 1:1(0)", "outer:ipv6"),
        ("< gre: . 1:1(0) win 1", "outer:gre"),
        (
            "< GREv0, flags [checksum present, key present], sum 0x1, off 0, key=7, seq 1: \
             . 1:1(0) win 1",
            "outer:gre",
        ),
        (
            "< gre flags 0x2000 sum 0 off 0 key 7 seq 1: ipv4 1.1.1.1 > 2.2.2.2: . 1:1(0) win 1",
            "outer:gre outer:ipv4",
        ),
        (
            "< mpls (label 1, tc 0, ttl 9) (label 2, tc 7, [S], ttl 9): . 1:1(0) win 1",
            "outer:mpls",
        ),
        ("< encap psp spi 0x10 . 1:1(0) win 1", "psp"),
        (
            "> . 1:1(0) ack 1 <mp_capable v1 flags[flag_h] nokey>",
            "option:mptcp",
        ),
        ("> . 1:1(0) ack 1 <dss dack4=5 nocs>", "option:mptcp"),
        ("> . 1:1(0) ack 1 sock(3)", "sock"),
        ("< sctp: INIT[flgs=0, tag=1, SUP[x]]; DATA[len=1]", "sctp"),
        ("< sctp(1>2): ABORT[flgs=0]", "sctp"),
        ("< udplite (100, 8)", "udplite"),
        ("> . 1:1(0) ack 1/udp(9899 > 9899)", "udp-encapsulation"),
        ("> . 1:1(0) ack 1 <exp-tarr 10>", "option:exp-tarr"),
    ] {
        assert_eq!(skipped(line), name, "{line}");
    }
}

#[test]
fn the_bsd_dialect_is_noticed() {
    for line in [
        "> S. ...(0) ack 1",
        "< R 4009:4009(0)! win 0",
        "> . 1:1(0) ack 1 <nop,nop,TS val ... ecr 5>",
        "< . 1:1(0) ack 1 win 1 <nop,nop,TS val 5 ecr 6!>",
        "> . 1:1(0) ack 1 <md5 valid,nop,nop>",
        "< . 1:1(0) ack 1 win 1 <gen-253 0102>",
        "< . 1:1(0) ack 1 win 1 <020405b4>",
        "< . 1:1(0) ack 1 win 1 <exp-FO 0011223344556677>",
        "< . 1:1(0) ack 1 win 1 <AccECN0 ee0b 1 eceb 2 ee1b 3,nop>",
        "> (hlim 64) . 1:1(0) ack 1",
        "> (ttl 64, tos 0x3) . 1:1(0) ack 1",
        "> (dscp ef, ecn ect0) . 1:1(0) ack 1",
        "> (class 0x12) . 1:1(0) ack 1",
        "> S.EW 1:1(0) ack 1",
        "< icmp time_exceeded ttl_exceeded_in_transit",
    ] {
        let text = format!("0 {line}");
        assert!(script(&text).bsd, "{line}");
        if line.contains("icmp") {
            continue;
        }
        let google = Surroundings {
            bsd: Some(false),
            ..Surroundings::default()
        };
        assert!(parsed(&text, google).is_err(), "{line}");
    }
    assert!(!script("0 > S. 0:0(0) ack 1 <mss 1460>").bsd);
}
