use super::*;

#[test]
fn a_resolver_is_an_address_with_a_port_if_it_is_another() {
    let read = |text: &str| text.parse::<Asked>();
    let at = |text: &str| Ok(Asked::At(text.parse().expect("an address")));
    assert_eq!(read("10.0.0.1"), at("10.0.0.1:53"));
    assert_eq!(read("10.0.0.1:5353"), at("10.0.0.1:5353"));
    assert_eq!(read("fd00::1"), at("[fd00::1]:53"));
    assert_eq!(read("[fd00::1]"), at("[fd00::1]:53"));
    assert_eq!(read("[fd00::1]:5353"), at("[fd00::1]:5353"));
    assert_eq!(read("none"), Ok(Asked::Nobody));
    for wrong in ["", "x", "10.0.0.1:0", "10.0.0.1:65536", "10.0.0", "None"] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn every_failure_has_its_remedy() {
    let source = Source::resolvers(&["10.0.0.1:53".parse().expect("an address")]);
    let name = String::from("www.test");
    let trouble = not_resolved("www.test", &source, &Error::NoSuchName { name, soa: None });
    assert_eq!(trouble.what, "cannot resolve www.test");
    assert_eq!(
        trouble.why,
        "there is no such name as www.test (NXDOMAIN) (10.0.0.1 was asked)"
    );
    assert!(trouble.now.contains("+trace"));
    let trouble = not_resolved("x", &Source::Nobody, &Error::Nobody);
    assert!(trouble.now.contains("--resolver"));
    let trouble = not_resolved("x", &source, &Error::Unreached);
    assert!(trouble.now.contains("the way there"));
}
