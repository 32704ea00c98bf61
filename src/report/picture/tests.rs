use super::*;
use crate::report::fixtures::{HOSTILE, log, log_with};

#[test]
fn segments_losses_and_steps_are_drawn() {
    let lost =
        r#"{"time":9,"name":"link:dropped","host":"l","data":{"packet":9,"reason":"random"}}"#;
    let text = picture("a run", &log_with(lost));
    assert!(
        text.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"") && text.ends_with("</svg>\n")
    );
    // Five segments and one again; what was lost and what was repeated have marks.
    let bars = |color: &str| {
        let path = text
            .lines()
            .rfind(|line| line.contains(color) && line.contains("<path"));
        path.map_or(0, |line| line.matches('M').count())
    };
    assert_eq!(bars(&format!("{AGAIN}\" stroke-width=\"3")), 1);
    assert_eq!(bars(&format!("{INK}\" stroke-width=\"1.3")), 5);
    let marks = |mark: &str| text.matches(&format!(">{mark}</text>")).count();
    assert_eq!((marks("R"), marks("✕")), (1, 1));
    assert!(text.contains(">SYN,ACK seq 0 ack 1</text>"));
}

#[test]
fn a_run_without_text_is_a_picture_too() {
    let text = picture("nothing", &Log::new([]));
    assert!(text.contains(">no text was sent</text>"));
}

#[test]
fn no_text_becomes_markup() {
    let text = picture(HOSTILE, &log());
    let title = "<title>&lt;script&gt;a;#b%%{c}|`d`\\u{1b}[31m\\n\\u{202e}&amp;&quot;&#39;</title>";
    assert!(text.contains(title), "{text}");
    assert!(!text.contains("<script"));
}
