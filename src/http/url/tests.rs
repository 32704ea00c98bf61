use super::*;

fn value<'r>(all: &'r [Part], name: &str) -> Option<&'r str> {
    let found = all.iter().find(|part| part.name == name);
    found.map(|part| part.value.as_str())
}

/// The example of RFC 9112 section 3.2.1.
#[test]
fn the_example_of_the_rfc_makes_its_request() {
    let reading = read("http://www.example.org/where?q=now").unwrap();
    assert_eq!(value(&reading.parts, "port"), Some("80"));
    assert_eq!(
        value(&reading.then, "request"),
        Some("GET /where?q=now HTTP/1.1")
    );
    assert_eq!(value(&reading.then, ""), Some("Host: www.example.org"));
    assert_eq!(value(&reading.then, "resolve"), Some("www.example.org"));
    assert_eq!(value(&reading.then, "TLS"), None);
    assert!(reading.remarks.is_empty(), "{:?}", reading.remarks);
}

#[test]
fn a_path_that_is_empty_is_a_slash_and_a_fragment_stays_here() {
    let reading = read("https://example.org:8443#top").unwrap();
    assert_eq!(value(&reading.then, "request"), Some("GET / HTTP/1.1"));
    assert_eq!(value(&reading.then, ""), Some("Host: example.org:8443"));
    assert_eq!(value(&reading.parts, "fragment"), Some("top"));
    assert_eq!(value(&reading.parts, "query"), None);
    assert_eq!(value(&reading.then, "TLS"), Some("example.org"));
}

/// The example of the WHATWG's standard, section 3.3: `xn--faß.example` of `faß.example`, which is
/// `xn--fa-hia.example`.
#[test]
fn names_have_a_form_for_dns_and_one_for_people() {
    let reading = read("http://faß.ExAmPlE/").unwrap();
    assert_eq!(value(&reading.parts, "host"), Some("xn--fa-hia.example"));
    let host = reading.parts.iter().find(|part| part.name == "host");
    assert!(host.unwrap().says.contains("faß.example"));
    assert_eq!(value(&reading.then, ""), Some("Host: xn--fa-hia.example"));
}

/// The WHATWG's standard, section 3.5: "0x7f.1" and "2130706433" are both 127.0.0.1.
#[test]
fn addresses_have_other_notations_and_are_asked_of_nobody() {
    for typed in ["http://0x7f.1/", "http://2130706433/", "http://0177.0.0.1/"] {
        let reading = read(typed).unwrap();
        assert_eq!(value(&reading.parts, "host"), Some("127.0.0.1"), "{typed}");
        assert_eq!(value(&reading.then, "resolve"), Some("-"));
        assert!(
            reading
                .remarks
                .iter()
                .any(|one| one.contains("another notation")),
            "{typed}: {:?}",
            reading.remarks
        );
    }
    let reading = read("https://[fd90::1]/").unwrap();
    assert_eq!(value(&reading.parts, "host"), Some("fd90::1"));
    assert_eq!(value(&reading.then, "connect"), Some("[fd90::1]:443"));
    assert_eq!(value(&reading.then, ""), Some("Host: [fd90::1]"));
}

/// Neither in a part, nor in a remark, nor in the request.
#[test]
fn a_password_is_shown_nowhere() {
    let reading = read("HTTP://User:secret@EXAMPLE.com:80/../a/./b").unwrap();
    assert_eq!(value(&reading.parts, "userinfo"), Some("User:***"));
    assert_eq!(value(&reading.then, "request"), Some("GET /a/b HTTP/1.1"));
    assert_eq!(value(&reading.then, ""), Some("Host: example.com"));
    let all = format!("{:?}{:?}{:?}", reading.parts, reading.then, reading.remarks);
    assert!(!all.contains("secret"), "{all}");
    let is_read_as = |one: &String| one.starts_with("read as http://User:***@");
    assert!(reading.remarks.iter().any(is_read_as), "{all}");
}

#[test]
fn what_was_forgiven_is_said_once() {
    let reading = read(" http:\\\\example.org\\a b\\c d ").unwrap();
    assert_eq!(reading.url.as_str(), "http://example.org/a%20b/c%20d");
    let backslashes = reading
        .remarks
        .iter()
        .filter(|one| one.contains("backslash"));
    assert_eq!(backslashes.count(), 1, "{:?}", reading.remarks);
}

#[test]
fn what_is_no_url_of_the_web_is_refused_by_name() {
    let error = |typed: &str| read(typed).unwrap_err();
    assert_eq!(error("//x"), Misread::NoScheme);
    assert_eq!(error("example"), Misread::NoScheme);
    assert_eq!(
        error("javascript:alert(1)"),
        Misread::OtherScheme("javascript".into())
    );
    assert_eq!(
        error("http:///"),
        Misread::Malformed(url::ParseError::EmptyHost)
    );
    for typed in [
        "http://exa mple/",
        "http://[fe80::1%25eth0]/",
        "http://x:65536/",
    ] {
        assert!(matches!(error(typed), Misread::Malformed(_)), "{typed}");
    }
    let long = format!("http://x/{}", "a".repeat(HEAD_MAX));
    assert_eq!(error(&long), Misread::TooLong(long.len()));
}
