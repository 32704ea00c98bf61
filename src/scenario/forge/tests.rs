use super::*;
use crate::scenario::Scenario;
use crate::scenario::act::Act;
use crate::scenario::play::tests::Silent;

fn refused(text: &str) -> String {
    text.parse::<Act>().unwrap_err()
}

#[test]
fn what_cannot_be_forged_is_named() {
    assert!(refused("forge RST client").contains("not like forge RST to client seq +1000"));
    assert!(refused("forge RST to client seq 1000").contains("not like +1000"));
    assert!(refused("forge RST to client seq +4294967296").contains("not like +1000"));
    assert!(refused("forge ACK to client").contains("ack +0 sets ACK"));
    assert!(refused("forge none to client with 2000").contains("more than 1220"));
    assert!(refused("flood server:80 times 0 every 1ms").contains("from 1 to"));
    assert!(refused("inject 450").contains("hexadecimal"));
    assert!(refused("inject 45; close").contains("nothing follows"));
    assert!(refused("close; flood server:80").contains("only stand first"));
}

#[test]
fn those_of_a_flood_are_nobody_s_and_differ() {
    let mut dice = Dice::new(1, 0);
    let to = "10.90.0.1:80".parse().unwrap();
    let all: Vec<Forged> = (0..100).map(|_| syn(&mut dice, to)).collect();
    for one in &all {
        let IpAddr::V4(ip) = one.src.ip() else {
            panic!("{one:?}");
        };
        // RFC 2544: 198.18.0.0 to 198.19.255.255.
        assert_eq!(ip.octets()[0], 198);
        assert!(matches!(ip.octets()[1], 18 | 19), "{ip}");
        assert_eq!((one.dst, one.flags), (to, Flags::SYN));
    }
    let mut sources: Vec<SocketAddr> = all.iter().map(|one| one.src).collect();
    sources.sort_unstable();
    sources.dedup();
    assert_eq!(sources.len(), 100);
}

/// Two who talk, and one who has no stack and reaches the client alone.
fn scenario(acts: &str) -> String {
    format!(
        "name = \"x\"\nvantage = \"client\"\ndo = [\n\
         {{ at = \"0s\", host = \"server\", act = \"listen 80\" }},\n\
         {{ at = \"0s\", host = \"client\", act = \"connect server:80; wait 5s; close\" }},\n\
         {acts}]\n\
         host.client.addr = \"10.90.0.2\"\nhost.server.addr = \"203.0.113.10\"\n\
         host.mallory = {{ addr = \"198.51.100.66\", stack = \"none\" }}\n\
         link.road = {{ between = [\"client\", \"server\"] }}\n\
         link.alley = {{ between = [\"mallory\", \"client\"] }}\n"
    )
}

fn played(acts: &str) -> crate::observe::Counts {
    let scenario = Scenario::parse(&scenario(acts), &[]).unwrap();
    scenario
        .play(std::io::sink(), std::io::sink(), None, &Silent)
        .unwrap()
        .counts
}

#[test]
fn a_forgery_counts_from_what_the_victim_expects() {
    let act = |what: &str| format!("{{ at = \"1s\", host = \"mallory\", act = \"{what}\" }},\n");
    let quiet = played("").packets();
    // RFC 5961 section 3.2: exactly what is expected resets, and nobody talks any more.
    let hit = played(&act("forge RST to client seq +0"));
    assert!(hit.packets() < quiet, "{hit:?}");
    // In the window it is answered, outside it is not: one packet in, and one out or none.
    let near = played(&act("forge RST to client seq +1000")).packets();
    let far = played(&act("forge RST to client seq -1")).packets();
    assert_eq!((near - quiet, far - quiet), (2, 1));
    // Three of them are three.
    let many = act("forge RST to client seq -1 times 3 every 1ms");
    assert_eq!(played(&many).packets() - quiet, 3);
}

#[test]
fn who_has_no_stack_forges_and_nobody_else_does() {
    let wrong = |acts: &str| {
        Scenario::parse(&scenario(acts), &[])
            .unwrap_err()
            .to_string()
    };
    let act = |host: &str, what: &str| {
        format!("{{ at = \"1s\", host = \"{host}\", act = \"{what}\" }},\n")
    };
    assert!(wrong(&act("client", "flood server:80")).contains("stack = \"none\""));
    assert!(wrong(&act("mallory", "close")).contains("mallory has no stack"));
    assert!(wrong(&act("mallory", "flood mallory:80")).contains("no stack either"));
    assert!(wrong(&act("mallory", "flood sever:80")).contains("\"server\""));
    let text = scenario("").replace("vantage = \"client\"", "vantage = \"mallory\"");
    let error = Scenario::parse(&text, &[]).unwrap_err().to_string();
    assert!(error.contains("mallory has no stack of ours"), "{error}");
}
