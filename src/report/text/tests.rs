use super::*;

#[test]
fn nothing_that_acts_gets_through() {
    let hostile = "a\x1b[2Jb\x07\r\nc\u{9b}d\u{7f}e\u{202e}f\u{2066}g\0";
    let shown = plain(hostile);
    assert!(!shown.chars().any(char::is_control), "{shown:?}");
    assert_eq!(
        shown,
        "a\\u{1b}[2Jb\\u{7}\\r\\nc\\u{9b}d\\u{7f}e\\u{202e}f\\u{2066}g\\u{0}"
    );
}

#[test]
fn what_people_write_stays_as_it_is() {
    let text = "naïve 한국어 → “quoted” \\ 100 %";
    assert_eq!(plain(text), text);
    assert_eq!(
        plain_lines("two\nlines\tand a tab"),
        "two\nlines\tand a tab"
    );
    assert_eq!(plain_lines("\x1b]0;title\x07"), "\\u{1b}]0;title\\u{7}");
}

#[test]
fn numbers_read_as_people_say_them() {
    let grouped = [0, 999, 1000, 10_485_760].map(super::grouped);
    assert_eq!(grouped, ["0", "999", "1,000", "10,485,760"]);
    let sizes = [0, 1023, 1024, 10 << 20, u64::MAX].map(size);
    assert_eq!(sizes, ["0 B", "1023 B", "1.0 KiB", "10.0 MiB", "16.0 EiB"]);
    let spans = [0, 210, 12_300, 307_400, 1_420_000, 60_000_000];
    let spans = spans.map(|micros| span(Duration::from_micros(micros)));
    assert_eq!(
        spans,
        ["0 s", "0.21 ms", "12 ms", "307 ms", "1.42 s", "60 s"]
    );
}

#[test]
fn marks_take_no_room() {
    let plain = Style(false);
    assert_eq!(padded(&plain.bold("ab"), 4), "ab  ");
    let marked = padded(&Style(true).bad("ab"), 4);
    assert_eq!(marked, "\x1b[1;31mab\x1b[0m  ");
}
