//! What a vocabulary knows, and what it makes of what it does not.

use crate::query::fixtures::vocabulary;
use crate::query::tree::{Kind, Path};

fn path(text: &str) -> Path {
    Path::new(text.split('.').map(str::to_owned).collect())
}

#[test]
fn a_field_is_known_in_both_spellings_and_with_its_place() {
    let known = vocabulary();
    for name in [
        "cwnd",
        "congestion_window",
        "state.cwnd",
        "data.congestion_window",
        "inflight",
    ] {
        assert!(known.knows_path(&path(name)), "{name}");
    }
    for name in [
        "id",
        "time",
        "host",
        "tuple",
        "cause",
        "why.rule",
        "state",
        "options.mss",
    ] {
        assert!(known.knows_path(&path(name)), "{name}");
    }
    for name in [
        "cwnd.x",
        "why.cwnd",
        "options",
        "data.",
        "data.data.cwnd",
        "window",
        "why.rul",
    ] {
        assert!(!known.knows_path(&path(name)), "{name}");
    }
}

#[test]
fn a_namespace_is_known_by_its_events() {
    let known = vocabulary();
    assert!(known.knows_kind(&Kind::new("tcp:*")));
    assert!(known.knows_kind(&Kind::new("tcp:reset")));
    for name in ["udp:*", "t:*", "tcp:", "tcp:resets", "tcp:segment_sent_"] {
        assert!(!known.knows_kind(&Kind::new(name)), "{name}");
    }
}

#[test]
fn an_event_is_recognized_without_its_namespace_and_in_a_wrong_one() {
    let known = vocabulary();
    let nearest = |name| known.nearest_event(name);
    assert_eq!(nearest("tcp:segment_snt"), Some("tcp:segment_sent"));
    assert_eq!(nearest("segment_sent"), Some("tcp:segment_sent"));
    assert_eq!(nearest("segmnt_sent"), Some("tcp:segment_sent"));
    assert_eq!(nearest("journey:reset"), Some("tcp:reset"));
    assert_eq!(nearest("tcp:"), None);
    assert_eq!(nearest("weather"), None);
}
