use super::*;

fn refused<T: FromStr<Err = String>>(text: &str) -> String {
    T::from_str(text)
        .err()
        .unwrap_or_else(|| panic!("{text} was taken"))
}

#[test]
fn a_page_is_host_port_and_what_to_ask_for() {
    let page: Page = "http://Example:8080/a/b?c=d#e".parse().expect("a page");
    assert_eq!(page.host, Host::Domain("example".to_owned()));
    assert_eq!((page.port, page.target.as_str()), (8080, "/a/b?c=d"));
    assert_eq!(page.authority, "example:8080");
    let page: Page = "http://[fd90::1]".parse().expect("a page");
    assert_eq!((page.port, page.target.as_str()), (80, "/"));
    assert_eq!(page.authority, "[fd90::1]");
    let page: Page = "http://10.0.0.1:80/a b\"".parse().expect("a page");
    assert_eq!(page.target, "/a%20b%22");
    assert_eq!(page.authority, "10.0.0.1");
}

#[test]
fn what_is_no_page_says_why() {
    for (url, why) in [
        ("10.90.0.1/page", "no scheme"),
        ("localhost:80/x", "http and https"),
        ("ftp://example/", "http and https"),
        ("http://user@example/", "a user or a password"),
        ("http://:secret@example/", "a user or a password"),
        ("http://", "as in http://"),
        ("http://a:99999/", "port"),
        ("http://a:0/", "port 0"),
        ("http://[::1/", "IPv6"),
        ("http://a b/", "as in http://"),
    ] {
        let said = refused::<Page>(url);
        assert!(said.contains(why), "{url}: {said}");
    }
}

#[test]
fn an_address_comes_with_the_length_of_its_network() {
    let prefix: Prefix = "10.190.0.2/24".parse().expect("a prefix");
    assert_eq!(
        prefix,
        Prefix("10.190.0.2".parse().expect("an address"), 24)
    );
    assert!(Prefix::from_str("fd90::2/64").is_ok());
    for text in [
        "10.190.0.2",
        "10.190.0.2/33",
        "10.190.0.2/0",
        "fd90::2/129",
        "10.190.0/24",
        "0.0.0.0/8",
        "127.0.0.1/8",
        "224.0.0.1/4",
        "::1/128",
    ] {
        refused::<Prefix>(text);
    }
}

#[test]
fn a_name_is_given_a_meaning_as_curl_does() {
    let given: Resolve = "WWW.example:80:10.0.0.1".parse().expect("three parts");
    let address: IpAddr = "10.0.0.1".parse().expect("an address");
    assert_eq!((given.host.as_str(), given.port), ("www.example", 80));
    assert_eq!(given.address, address);
    for v6 in ["a:80:fd90::1", "a:80:[fd90::1]"] {
        let given: Resolve = v6.parse().expect("three parts");
        assert!(given.address.is_ipv6());
    }
    for text in [
        "a",
        "a:80",
        "a:b:10.0.0.1",
        "a:0:10.0.0.1",
        ":80:10.0.0.1",
        "a:80:nowhere",
    ] {
        refused::<Resolve>(text);
    }
}

#[test]
fn a_port_is_one_that_somebody_may_listen_on() {
    assert_eq!(port("1"), Ok(1));
    assert_eq!(port("65535"), Ok(65_535));
    for text in ["0", "-1", "65536", "http", ""] {
        assert!(port(text).is_err(), "{text}");
    }
}

#[test]
fn numbers_have_a_range_that_is_told() {
    assert_eq!(
        (count("1"), count("18446744073709551615")),
        (Ok(1), Ok(u64::MAX))
    );
    assert_eq!((hops("1"), hops("255")), (Ok(1), Ok(255)));
    assert_eq!((probes("1"), probes("10")), (Ok(1), Ok(10)));
    assert_eq!((echo_size("0"), echo_size("65527")), (Ok(0), Ok(65_527)));
    let refused = |text: &str| {
        let told = [
            count(text).err().map(|why| why.contains("from 1 on")),
            hops(text).err().map(|why| why.contains("1 to 255")),
            probes(text).err().map(|why| why.contains("1 to 10")),
            echo_size(text).err().map(|why| why.contains("0 to 65527")),
        ];
        told.map(|told| told == Some(true))
    };
    for text in ["-1", "", "many", "1.5", "18446744073709551616"] {
        assert_eq!(refused(text), [true; 4], "{text}");
    }
    assert_eq!(refused("0"), [true, true, true, false]);
    assert_eq!(refused("256"), [false, true, true, false]);
    assert_eq!(refused("11"), [false, false, true, false]);
    assert_eq!(refused("65528"), [false, true, true, true]);
}

#[test]
fn a_field_cannot_smuggle_another() {
    let Field(name, value) = "Accept:  text/html ".parse().expect("a field");
    assert_eq!(
        (name.as_str(), value.as_bytes()),
        ("accept", &b"text/html"[..])
    );
    for text in ["Accept", "a b: c", ": c", "a: b\r\nc: d", "a: b\0"] {
        refused::<Field>(text);
    }
}

#[test]
fn a_time_is_a_number_of_seconds() {
    assert_eq!(seconds("0.5"), Ok(std::time::Duration::from_millis(500)));
    for text in ["0", "-1", "1e10", "inf", "NaN", "1s", ""] {
        assert!(seconds(text).is_err(), "{text}");
    }
}
