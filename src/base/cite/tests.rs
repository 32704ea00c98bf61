//! A clause prints as a reader would write it.

use super::{Cite, Source};

#[test]
fn an_rfc_is_cited_by_number_and_section() {
    const CITE: Cite = rfc!(6298, "5 (5.5)");
    assert_eq!(CITE.source, Source::Rfc(6298));
    assert_eq!(CITE.section, "5 (5.5)");
    assert_eq!(CITE.to_string(), "RFC 6298 5 (5.5)");
}

#[test]
fn a_draft_is_cited_by_name_and_section() {
    let cite = draft!("draft-ietf-ccwg-bbr", "5.3.1");
    assert_eq!(cite.source, Source::Draft("draft-ietf-ccwg-bbr"));
    assert_eq!(cite.to_string(), "draft-ietf-ccwg-bbr 5.3.1");
}

#[test]
fn a_choice_of_the_house_is_cited_by_name() {
    let cite = house!("rto-min");
    assert_eq!(cite.source, Source::House);
    assert_eq!(cite.to_string(), "house rto-min");
}
