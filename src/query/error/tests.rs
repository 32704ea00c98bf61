//! Where an error points.

use super::ParseError;

fn error(text: &str, at: usize) -> ParseError {
    ParseError::new(text, at, "wrong")
}

#[test]
fn the_caret_stands_below_the_column() {
    let error = error("a = $", 4).hint("write b");
    assert_eq!(
        error.to_string(),
        "column 5: wrong; write b\n  a = $\n      ^"
    );
    assert_eq!((error.line(), error.column()), (1, 5));
    assert_eq!((error.what(), error.meant()), ("wrong", Some("write b")));
    assert_eq!(error.pointed(), "a = $\n    ^");
}

#[test]
fn columns_are_characters_and_odd_ones_are_blank() {
    let error = error("'é'\t$", 5);
    assert_eq!(error.to_string(), "column 5: wrong\n  'é' $\n      ^");
}

#[test]
fn only_the_line_is_shown() {
    let error = error("a\nand $\nb", 6);
    assert_eq!(
        error.to_string(),
        "line 2, column 5: wrong\n  and $\n      ^"
    );
}

#[test]
fn the_end_of_a_text_has_a_column_too() {
    assert_eq!(error("a", 1).to_string(), "column 2: wrong\n  a\n   ^");
    assert_eq!(error("", 0).to_string(), "column 1: wrong\n  \n  ^");
    assert_eq!(
        error("a\n", 2).to_string(),
        "line 2, column 1: wrong\n  \n  ^"
    );
}

#[test]
fn of_a_long_line_the_part_around_is_shown() {
    let text = format!("{}$", "x".repeat(3000));
    let error = error(&text, 3000);
    assert_eq!(error.column(), 3001);
    let expected = format!("{}$\n{}^", "x".repeat(38), " ".repeat(38));
    assert_eq!(error.pointed(), expected);
}
