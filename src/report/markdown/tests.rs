use super::*;
use crate::report::fixtures::{HOSTILE, log};

#[test]
fn a_run_is_figures_a_journey_what_stood_out_and_clauses() {
    let log = log();
    let mut source = Source::of("a run", &log);
    let text = markdown(&source);
    assert!(text.starts_with("# a run\n\n| figure | value |\n| --- | --- |\n| packets | 10 |\n"));
    assert!(text.contains("```mermaid\nsequenceDiagram\n"));
    let odd = "| #9 | sent again | 1,000 B seq 1 ack 1 | the retransmission timer expired | \
               RFC 6298 5 (5.4) |";
    assert!(text.contains(odd), "{text}");
    assert!(text.contains("| RFC 9293 3.8 | 5 | #3 |"), "{text}");
    source.summary = Some(serde_json::json!({"link": "tun", "packets": 7, "lost": null}));
    let text = markdown(&source);
    assert!(
        text.contains("| link | tun |\n| packets | 7 |\n\n"),
        "{text}"
    );
}

#[test]
fn no_text_becomes_a_mark() {
    let log = log();
    let text = markdown(&Source::of(HOSTILE, &log));
    assert_eq!(
        text.lines().next(),
        Some("# &lt;script&gt;a;\\#b%%{c}\\|\\`d\\`\\\\u{1b}\\[31m\\\\n\\\\u{202e}&amp;\"'")
    );
}
