use super::*;
use crate::rfc;

#[test]
fn a_name_from_elsewhere_moves_no_cursor() {
    let lines = overview(&Shadow::new(None), "a\x1b[2Jb\u{202e}c", Style(false));
    assert!(
        lines[0].starts_with("a\\u{1b}[2Jb\\u{202e}c: 0 packets"),
        "{}",
        lines[0]
    );
}

#[test]
fn accusations_come_first_where_there_is_no_room_for_all() {
    let finding = |frame, level| Finding {
        frame,
        stream: 0,
        level,
        what: "some_thing",
        cite: rfc!(9293, "3.4"),
        text: "why".into(),
    };
    let mut shadow = Shadow::new(None);
    shadow.findings = vec![
        finding(1, Level::Note),
        finding(2, Level::Violation),
        finding(3, Level::Doubt),
    ];
    let lines = anomalies(&shadow, 2, Style(false));
    assert_eq!(
        lines[1..],
        [
            "      #2  [0] VIOLATION some thing  inferred: why (RFC 9293 3.4)",
            "      #3  [0] doubt some thing  inferred: why (RFC 9293 3.4)",
            "      and 1 other finding: -v lists more, --stream N shows one connection",
        ]
    );
}
