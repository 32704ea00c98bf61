use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

#[test]
fn without_a_list_only_private_addresses_may_ask() {
    for (address, may) in [
        ("10.1.2.3", true),
        ("192.168.0.9", true),
        ("172.16.0.1", true),
        ("fd90::1", true),
        ("fe80::1", true),
        ("::ffff:10.0.0.1", true),
        ("203.0.113.1", false),
        ("2001:db8::1", false),
        ("::ffff:203.0.113.1", false),
    ] {
        assert_eq!(allows(&[], ip(address)), may, "{address}");
    }
}

#[test]
fn a_list_takes_the_place_of_that() {
    let list = ["203.0.113.0/24", "2001:db8::/32"];
    let list = list.map(|prefix| prefix.parse().expect("a prefix"));
    for (address, may) in [
        ("203.0.113.77", true),
        ("203.0.114.1", false),
        ("2001:db8:1::1", true),
        ("10.0.0.1", false),
    ] {
        assert_eq!(allows(&list, ip(address)), may, "{address}");
    }
}
