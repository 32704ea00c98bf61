use crate::drill::parse::tests::{refused, tcp};
use crate::drill::syntax::{Options, TcpOption};

fn options(list: &str) -> Vec<TcpOption> {
    match tcp(&format!("> . 1:1(0) ack 1 <{list}>")).options {
        Options::These(list) => list,
        Options::Any => panic!("{list}"),
    }
}

#[test]
fn every_option_of_googles_dialect_is_read() {
    use TcpOption::*;
    assert_eq!(options("mss 1460"), [Mss(1460)]);
    assert_eq!(options("nop,wscale 7"), [Nop, WindowScale(7)]);
    assert_eq!(options("eol,eol,sackOK"), [Eol, Eol, SackPermitted]);
    assert_eq!(
        options("nop,nop,sack 1:2 5:9"),
        [Nop, Nop, Sack(vec![(1, 2), (5, 9)])]
    );
    assert_eq!(
        options("nop,nop,TS val 4294967295 ecr 0"),
        [
            Nop,
            Nop,
            Timestamps {
                value: Some(u32::MAX),
                echo: 0,
                literal_echo: false
            }
        ]
    );
    assert_eq!(
        options("FO 3021b9d889017eeb,nop,nop")[0],
        FastOpen(vec![0x30, 0x21, 0xb9, 0xd8, 0x89, 0x01, 0x7e, 0xeb])
    );
    // A cookie may look like an integer; and there may be none.
    assert_eq!(
        options("FO 1234,nop,nop,nop,nop")[0],
        FastOpen(vec![0x12, 0x34])
    );
    assert_eq!(options("FO,nop,nop")[0], FastOpen(vec![]));
    assert_eq!(options("FOEXP")[0], FastOpenExperimental(vec![]));
    assert_eq!(
        options("md5 000102030405060708090a0b0c0d0e0f,nop,nop")[0],
        Md5(Some((0..16).collect()))
    );
    let ecn = |kind, counters: &[u32]| AccEcn {
        kind,
        counters: counters.to_vec(),
    };
    assert_eq!(options("ECN e0b 1,nop,nop,nop")[0], ecn(172, &[1]));
    assert_eq!(options("ECN e0b 1 ceb 2")[0], ecn(172, &[1, 2]));
    assert_eq!(
        options("ECN e0b 1 ceb 2 e1b 3,nop")[0],
        ecn(172, &[1, 2, 3])
    );
    assert_eq!(
        options("ECN e1b 1 ceb 2 e0b 3,nop")[0],
        ecn(174, &[1, 2, 3])
    );
}

#[test]
fn options_that_cannot_be_are_refused() {
    for list in [
        "",
        "mss",
        "mss -1",
        "mss 65536",
        "mss 0x5b4",
        "mss 1.5",
        "mss 1460 5",
        "wscale",
        "nop 1,nop,nop,nop",
        "nop",
        "nop,nop",
        "nop,nop,nop,nop,",
        "sackOK 1,nop,nop",
        "sack,nop,nop",
        "nop,nop,sack 1",
        "nop,nop,sack 1:",
        "nop,nop,sack 1:4294967296",
        "nop,nop,TS val 1",
        "nop,nop,TS ecr 1 val 2",
        "nop,nop,TS val 4294967296 ecr 0",
        "FO 123,nop,nop",
        "FO 000102030405060708090a0b0c0d0e0f10,nop",
        "md5 0001,nop,nop",
        "ECN,nop,nop",
        "ECN e0b,nop",
        "ECN e0b 16777216,nop,nop,nop",
        "ECN ceb 1,nop,nop,nop",
        "ECN e0b 1 e1b 2",
        "speed 9",
        "mss 1460,mss 1460,mss 1460,mss 1460,mss 1460,mss 1460,mss 1460,mss 1460,mss 1460,\
         mss 1460,mss 1460",
    ] {
        refused(&format!("0 > . 1:1(0) ack 1 <{list}>"));
    }
}
