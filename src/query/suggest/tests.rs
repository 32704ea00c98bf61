//! What is near, and what is not.

use super::nearest;

const KNOWN: [&str; 5] = [
    "segment_sent",
    "segment_disposed",
    "state_updated",
    "of",
    "rto",
];

fn near(word: &str) -> Option<&str> {
    nearest(word, KNOWN.into_iter())
}

#[test]
fn a_slip_of_the_pen_is_forgiven() {
    for slip in [
        "segment_snt",
        "segmnet_sent",
        "segmentsent",
        "segment_sentt",
        "segment-sent",
    ] {
        assert_eq!(near(slip), Some("segment_sent"), "{slip}");
    }
    assert_eq!(near("rot"), Some("rto"));
}

#[test]
fn the_nearest_wins_and_the_first_of_equals() {
    assert_eq!(nearest("ac", ["ab", "ad"].into_iter()), Some("ab"));
    assert_eq!(nearest("ad", ["ab", "ad"].into_iter()), Some("ad"));
}

#[test]
fn nobody_meant_what_is_wholly_different() {
    assert_eq!(near("colour"), None);
    assert_eq!(near("xy"), None);
    assert_eq!(near(""), None);
    assert_eq!(near(&"segment_sent".repeat(1000)), None);
    assert_eq!(nearest("x", std::iter::empty()), None);
}

#[test]
fn swapped_neighbours_are_one_slip_and_not_two() {
    // Two letters replaced would be as far from `cdab`, which stands first.
    assert_eq!(nearest("abdc", ["abef", "abcd"].into_iter()), Some("abcd"));
}
