use super::*;
use crate::report::fixtures::{HOSTILE, log};

#[test]
fn a_step_is_a_line() {
    assert_eq!(lines(&Journey::of(&log())), include_str!("expected.txt"));
}

#[test]
fn nothing_in_a_text_moves_the_cursor() {
    let mut journey = Journey::of(&log());
    journey.scenes[0].theirs = HOSTILE.into();
    let text = lines(&journey);
    let first = text.lines().next().expect("a line");
    assert!(first.ends_with("\\u{1b}[31m\\n\\u{202e}&\"'"), "{first}");
}
