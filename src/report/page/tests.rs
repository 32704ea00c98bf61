use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::DeflateDecoder;
use serde_json::Value;

use super::*;
use crate::runs::Records;
use crate::why::Log;

const STORY: &str = include_str!("../../why/chain/story.jsonl");

fn of(events: &str) -> String {
    let records = Records::of(events.as_bytes()).expect("a header");
    let log = Log::new(records.map(|record| record.expect("a record")));
    page(&Source::of("a <run>", &log)).expect("JSON")
}

/// What stands between two marks.
fn between<'p>(page: &'p str, from: &str, to: &str) -> &'p str {
    let (_, behind) = page.split_once(from).expect(from);
    behind.split_once(to).expect(to).0
}

#[test]
fn nothing_is_asked_of_anybody_and_no_text_becomes_markup() {
    let page = of(STORY);
    assert!(page.contains("<title>a &lt;run&gt;</title>"));
    let own = page.replace(SVG_NAMESPACE, "");
    for asks in [
        "http:",
        "https:",
        "src=",
        "href=",
        "style=\"",
        "onclick",
        "innerHTML",
        "eval(",
    ] {
        assert!(!own.contains(asks), "{asks}");
    }
    // What a peer says may be hostile.
    let hostile = "</script><script>alert(1)</script>";
    let story = STORY.replace("there is text to send", hostile);
    let page = of(&story);
    assert_eq!(page.matches("</script>").count(), 3);
    let data = between(&page, "id=\"data\">", "</script>");
    let data = STANDARD.decode(data).expect("base64");
    let data: Value = serde_json::from_reader(DeflateDecoder::new(&data[..])).expect("JSON");
    let strings = data["strings"].as_array().expect("a list");
    assert!(strings.contains(&Value::from(hostile)));
}

/// The name of a language, which no browser asks anybody for.
const SVG_NAMESPACE: &str = "http://www.w3.org/2000/svg";
