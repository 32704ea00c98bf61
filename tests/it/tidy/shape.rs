//! Sizes, and the head that says what a file decides.

use crate::source::{Source, close_of, words};

use super::Complaint;

/// A longer file has a room in it that wants out.
const FILE_LINES: usize = 600;
/// A longer function does not fit a screen.
const FUNCTION_LINES: usize = 70;
/// In characters.
const LINE_LENGTH: usize = 100;

/// A file begins by saying what it decides. Files of tests need not: the file they test has it.
pub fn check_head(source: &Source) -> Option<Complaint> {
    let silent = !source.text.starts_with("//!") && !source.is_test;
    silent.then(|| Complaint::at("head", source, 0, "lacks its `//!` head".to_string()))
}

/// Files, functions and lines that are too long.
pub fn check_sizes(source: &Source) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let lines = source.text.lines().count();
    if lines > FILE_LINES {
        let text = format!("{lines} lines; at most {FILE_LINES}");
        complaints.push(Complaint::at("file-size", source, 0, text));
    }
    for (number, line) in source.text.lines().enumerate() {
        let length = line.chars().count();
        if length > LINE_LENGTH {
            complaints.push(Complaint {
                rule: "line-length",
                path: source.path.clone(),
                line: number + 1,
                text: format!("{length} characters; at most {LINE_LENGTH}"),
            });
        }
    }
    for (at, lines) in functions(&source.code) {
        if lines > FUNCTION_LINES {
            let text = format!("a function of {lines} lines; at most {FUNCTION_LINES}");
            complaints.push(Complaint::at("function-size", source, at, text));
        }
    }
    complaints
}

/// Where each function with a body begins, and its lines.
fn functions(code: &str) -> Vec<(usize, usize)> {
    words(code, "fn")
        .filter(|at| {
            let name = code[at + 2..].trim_start();
            name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        })
        .filter_map(|at| {
            let end = close_of(code, body(code, at)?);
            Some((at, 1 + code[at..end].matches('\n').count()))
        })
        .collect()
}

/// Where the body of the function declared at `at` opens; `None` if it has none.
fn body(code: &str, at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (offset, c) in code[at..].char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '{' if depth == 0 => return Some(at + offset),
            ';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

mod tests {
    use super::*;

    fn rules(text: &str) -> Vec<&'static str> {
        let source = Source::new("src/x.rs", text);
        check_sizes(&source).iter().map(|c| c.rule).collect()
    }

    #[test]
    fn a_long_file_is_caught() {
        assert_eq!(rules(&"\n".repeat(600)), [""; 0]);
        assert_eq!(rules(&"\n".repeat(601)), ["file-size"]);
    }

    #[test]
    fn a_long_line_is_caught() {
        assert_eq!(rules(&"é".repeat(100)), [""; 0]);
        assert_eq!(rules(&"é".repeat(101)), ["line-length"]);
    }

    #[test]
    fn a_long_function_is_caught() {
        let function = |inner| format!("fn f(x: [u8; 2]) {{{}}}", "\n".repeat(inner));
        assert_eq!(rules(&function(69)), [""; 0]);
        assert_eq!(rules(&function(70)), ["function-size"]);
        // Neither a declaration without a body nor a function's type begins one.
        let others = format!("fn f(); type F = fn(u8); struct S {{{}}}", "\n".repeat(70));
        assert_eq!(rules(&others), [""; 0]);
    }

    #[test]
    fn a_missing_head_is_caught() {
        assert!(check_head(&Source::new("src/x.rs", "use a;")).is_some());
        assert!(check_head(&Source::new("src/x.rs", "//! X.\nuse a;")).is_none());
    }
}
