use super::*;

#[test]
fn the_parser_is_made_as_clap_wants_it() {
    Typed::command().debug_assert();
}

#[test]
fn trouble_is_three_lines_whatever_is_in_it() {
    let trouble = Trouble::failed("a\nb", "c\x1b[2Jd", "e\rf");
    let text = trouble.to_string();
    assert_eq!(text.lines().count(), 3, "{text:?}");
    assert_eq!(text, "pellucid: a\\nb\n  why:  c\\u{1b}[2Jd\n  now:  e\\rf");
}

#[test]
fn whatever_goes_wrong_has_its_code() {
    let refusal = crate::namespace::Refusal::by_rule("what", "why", "now");
    assert_eq!(Trouble::of(refusal.into()).code, Code::Lacking);
    let usage = Trouble::usage("what", "why", "now");
    assert_eq!(Trouble::of(usage.into()).code, Code::Usage);
    let exists = std::io::ErrorKind::AlreadyExists.into();
    let record = crate::runs::RecordError::new("create", std::path::Path::new("/x/y"), exists);
    let trouble = Trouble::of(record.into());
    assert_eq!(trouble.what, "cannot create /x/y");
    assert_eq!(trouble.why, "it exists already");
    let other = anyhow::anyhow!("the cause").context("what was tried");
    let trouble = Trouble::of(other);
    assert_eq!(
        (trouble.what.as_str(), trouble.code),
        ("what was tried", Code::Failed)
    );
    assert_eq!(trouble.why, "the cause");
}

/// Loses its nerve at the first packet.
struct Fragile;

impl crate::probe::Observer for Fragile {
    fn told(&mut self, told: &crate::probe::Told<'_>) {
        let is_packet = matches!(told.event, crate::probe::Event::PacketOut { .. });
        assert!(!is_packet, "it lost its nerve");
    }
}

#[test]
fn a_stack_that_broke_is_not_told_as_a_failure_like_others() {
    let (near, _far) = crate::device::pipe(1500).expect("descriptors");
    let options = crate::net::Options {
        observers: vec![Box::new(Fragile)],
        ..Default::default()
    };
    let address = std::net::Ipv4Addr::new(10, 0, 0, 1).into();
    let config = crate::stack::Config::new(vec![(address, 24)]);
    let network = crate::net::Network::start(Box::new(near), config, options).expect("a network");
    assert_eq!(station::code_on(&network), Code::Failed);
    let remote = ([10, 0, 0, 2], 80).into();
    crate::net::blocking::TcpStream::connect(&network, remote).expect_err("the SYN does not leave");
    assert_eq!(station::code_on(&network), Code::Broken);
}
