//! The tree in `docs/architecture.md` against the files that are there.

use crate::source::Source;

/// The paths that begin the lines of the page's fenced blocks.
pub fn listed(architecture: &str) -> Vec<String> {
    let mut fenced = false;
    let mut paths = Vec::new();
    for line in architecture.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if fenced && let Some(path) = line.split_whitespace().next() {
            let indented = line.starts_with(' ');
            if !indented && path.contains(['/', '.']) {
                paths.push(path.to_string());
            }
        }
    }
    paths
}

/// The source files that a page names between marks of code.
pub fn named(page: &str) -> Vec<String> {
    page.split('`')
        .filter(|words| words.starts_with("src/") && words.ends_with(".rs"))
        .map(str::to_string)
        .collect()
}

/// What is listed and does not exist.
pub fn gone(map: &[String], exists: impl Fn(&str) -> bool) -> Vec<String> {
    let gone = map.iter().filter(|path| !exists(path));
    gone.cloned().collect()
}

/// Source files, tests aside, that nobody listed.
pub fn unlisted(map: &[String], sources: &[Source]) -> Vec<String> {
    let built = sources.iter().filter(|source| !source.is_test);
    built
        .map(|source| source.path.clone())
        .filter(|path| !map.contains(path))
        .collect()
}

mod tests {
    use super::*;

    const PAGE: &str = "src/text.rs\n```\nsrc/a.rs    one\nsrc/b.rs    two\n  -- floor\n```\n";

    #[test]
    fn only_fenced_lines_are_listed() {
        assert_eq!(listed(PAGE), ["src/a.rs", "src/b.rs"]);
    }

    #[test]
    fn files_named_in_a_sentence_are_found() {
        let page = "`src/a.rs`, `src/b.rs` and `src/` of `lib.rs`";
        assert_eq!(named(page), ["src/a.rs", "src/b.rs"]);
    }

    #[test]
    fn a_file_that_is_gone_is_caught() {
        assert_eq!(gone(&listed(PAGE), |path| path == "src/a.rs"), ["src/b.rs"]);
    }

    #[test]
    fn a_file_that_is_not_listed_is_caught() {
        let mut sources = ["src/a.rs", "src/b.rs", "src/c.rs", "src/c/tests.rs"]
            .map(|path| Source::new(path, ""));
        sources[3].is_test = true;
        assert_eq!(unlisted(&listed(PAGE), &sources), ["src/c.rs"]);
    }
}
