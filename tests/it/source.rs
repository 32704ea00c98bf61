//! Rust source as the checks of this binary see it: which bytes are code, and which are tests.
//!
//! This is a scanner, no parser. It knows comments, strings, characters and matching brackets,
//! which is all that the rules need.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// One source file.
pub struct Source {
    /// Its path from the package's root, with `/` between parts.
    pub path: String,
    /// What it says.
    pub text: String,
    /// The same bytes with comments and the insides of strings turned into spaces: offsets and
    /// lines agree with `text`.
    pub code: String,
    /// `code` with everything under `#[cfg(test)]` turned into spaces as well.
    pub built: String,
    /// Whether the whole file is compiled for tests only.
    pub is_test: bool,
}

impl Source {
    /// Reads `text` as the file `path`.
    pub fn new(path: &str, text: &str) -> Source {
        let code = blank(text, &comments_and_strings(text));
        let built = blank(&code, &test_items(&code));
        Source {
            path: path.to_string(),
            text: text.to_string(),
            code,
            built,
            is_test: false,
        }
    }

    /// The line, counted from 1, of the byte at `offset`.
    pub fn line(&self, offset: usize) -> usize {
        1 + self.text[..offset].matches('\n').count()
    }

    /// The module's path below the crate: `["tcp", "open", "isn"]` for `src/tcp/open/isn.rs`.
    pub fn module(&self) -> Vec<&str> {
        let inner = self.path.trim_start_matches("src/");
        let inner = inner.strip_suffix(".rs").unwrap_or(inner);
        let mut parts: Vec<&str> = inner.split('/').collect();
        if matches!(parts.last(), Some(&"mod" | &"lib")) {
            parts.pop();
        }
        parts
    }

    /// The words of the comments, with lines of one paragraph joined: one string a run of comment
    /// lines, and where it begins.
    pub fn comments(&self) -> Vec<(usize, String)> {
        let mut runs: Vec<(usize, String)> = Vec::new();
        let mut open = false;
        let mut offset = 0;
        for line in self.text.split_inclusive('\n') {
            let trimmed = line.trim();
            match trimmed.strip_prefix("//") {
                Some(words) => {
                    let words = words.trim_start_matches(['/', '!']).trim();
                    match runs.last_mut().filter(|_| open) {
                        Some((_, run)) => {
                            run.push(' ');
                            run.push_str(words);
                        }
                        None => runs.push((offset, words.to_string())),
                    }
                    open = true;
                }
                None => open = false,
            }
            offset += line.len();
        }
        runs
    }
}

/// Every `.rs` file under `folder`, tests marked, in the order of their paths.
pub fn read_all(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources: Vec<Source> = files(&root.join(folder), &["rs"])
        .iter()
        .map(|path| {
            let name = path.strip_prefix(root).expect("it was found there");
            let text = fs::read_to_string(path).expect("a source file is text");
            Source::new(&name.to_string_lossy(), &text)
        })
        .collect();
    mark_tests(&mut sources);
    sources
}

/// Every file under `folder` with one of these extensions, sorted.
pub fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            let path = entry.path();
            let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("");
            if path.is_dir() {
                folders.push(path);
            } else if extensions.contains(&extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Marks the files that a `#[cfg(test)] mod name;` brings in, and all below them.
pub fn mark_tests(sources: &mut [Source]) {
    let mut tests = Vec::new();
    for source in sources.iter() {
        let path = source.path.strip_suffix(".rs").unwrap_or(&source.path);
        let folder = match path.rsplit_once('/') {
            Some((folder, "mod" | "lib" | "main")) => folder,
            _ => path,
        };
        for item in test_items(&source.code) {
            let item = &source.code[item];
            if let Some((before, _)) = item.split_once(';').filter(|(b, _)| !b.contains('{')) {
                let name = before.split_whitespace().last().unwrap_or_default();
                tests.push(format!("{folder}/{name}"));
            }
        }
    }
    for source in sources {
        source.is_test = tests.iter().any(|test| {
            let rest = source.path.strip_prefix(test.as_str());
            rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        });
    }
}

/// Where `word` stands in `code` as a whole word.
pub fn words<'c>(code: &'c str, word: &'c str) -> impl Iterator<Item = usize> + 'c {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(move |&at| {
            !code[..at].ends_with(part) && !code[at + word.len()..].starts_with(part)
        })
}

/// The end of the bracketed text that begins at `open`: just past the bracket that matches.
pub fn close_of(code: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, c) in code[open..].char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return open + at + 1;
        }
    }
    code.len()
}

/// The items under `#[cfg(test)]` or `#[cfg(all(test, ...))]`, from the attribute to the `;` or the
/// closing brace.
fn test_items(code: &str) -> Vec<Range<usize>> {
    let mut items = Vec::new();
    for (start, opening) in code.match_indices("#[cfg(") {
        let inside = start + opening.len();
        let rest = close_of(code, start + "#".len());
        if !code[inside..].starts_with("test)") && !code[inside..].starts_with("all(test,") {
            continue;
        }
        let end = code[rest..].find([';', '{']).map_or(code.len(), |at| {
            let at = rest + at;
            if code[at..].starts_with('{') {
                close_of(code, at)
            } else {
                at + 1
            }
        });
        items.push(start..end);
    }
    items
}

/// `text` with every byte of `ranges` but line breaks turned into a space.
fn blank(text: &str, ranges: &[Range<usize>]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for byte in ranges.iter().flat_map(|range| range.clone()) {
        if bytes[byte] != b'\n' {
            bytes[byte] = b' ';
        }
    }
    String::from_utf8(bytes).expect("whole characters were replaced")
}

/// Comments, and what lies between the quotes of strings and characters.
fn comments_and_strings(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let step = rest.chars().next().map_or(1, char::len_utf8);
        if rest.starts_with("//") {
            let end = rest.find('\n').unwrap_or(rest.len());
            found.push(at..at + end);
            at += end;
        } else if rest.starts_with("/*") {
            let end = block_comment(rest);
            found.push(at..at + end);
            at += end;
        } else if let Some((inside, past)) = raw_string(&text[..at], rest) {
            found.push(at + inside.start..at + inside.end);
            at += past;
        } else if let Some(inside) = rest.strip_prefix('"') {
            let end = 1 + quoted(inside, '"');
            found.push(at + 1..at + end);
            at += end + 1;
        } else if let Some(end) = character(rest) {
            found.push(at + 1..at + end);
            at += end + 1;
        } else {
            at += step;
        }
    }
    for range in &mut found {
        range.end = range.end.min(text.len());
        range.start = range.start.min(range.end);
    }
    found
}

/// The length of the block comment at the beginning of `rest`; they nest.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// If `rest` begins a raw string: its inside, and where it is past.
fn raw_string(before: &str, rest: &str) -> Option<(Range<usize>, usize)> {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let hashes_on = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = hashes_on.len() - hashes_on.trim_start_matches('#').len();
    let inside = hashes_on[hashes..].strip_prefix('"')?;
    if before.ends_with(word) {
        return None;
    }
    let open = rest.len() - inside.len();
    let closing = format!("\"{}", "#".repeat(hashes));
    let length = inside.find(&closing).unwrap_or(inside.len());
    let end = open + length;
    Some((open..end, end + closing.len()))
}

/// How many bytes stand before the closing quote.
fn quoted(inside: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in inside.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at,
            _ => {}
        }
    }
    inside.len()
}

/// If `rest` begins a character and not a lifetime: where its closing quote stands.
fn character(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('\'')?;
    let first = inside.chars().next()?;
    if first == '\\' {
        return Some(1 + quoted(inside, '\''));
    }
    inside[first.len_utf8()..]
        .starts_with('\'')
        .then(|| 1 + first.len_utf8())
}

mod tests {
    use super::*;

    #[test]
    fn comments_strings_and_characters_are_no_code() {
        let text =
            "a // b\n/* c /* d */ e */ f(\"g \\\" h\", r#\"i \" j\"#, 'k', '\\'', b\"l\") 'm";
        let code = Source::new("src/x.rs", text).code;
        let kept: String = code.split_whitespace().collect();
        assert_eq!(kept, "af(\"\",r#\"\"#,'','',b\"\")'m");
        assert_eq!(code.len(), text.len());
    }

    #[test]
    fn test_modules_are_not_built() {
        let source = Source::new(
            "src/x.rs",
            "fn a() {}\n#[cfg(test)]\nmod tests { fn b() {} }\n#[cfg(test)]\nuse c;\nfn d() {}",
        );
        let kept: String = source.built.split_whitespace().collect();
        assert_eq!(kept, "fna(){}fnd(){}");
    }

    #[test]
    fn files_of_test_modules_are_found_by_their_declaration() {
        let mut sources = [
            Source::new("src/a/mod.rs", "#[cfg(test)]\nmod model;"),
            Source::new("src/a/model.rs", ""),
            Source::new("src/a/b.rs", "#[cfg(test)]\nmod tests;"),
            Source::new("src/a/b/tests.rs", ""),
            Source::new("src/a/b/tests/more.rs", ""),
            Source::new("src/c.rs", "#[cfg(all(test, feature = \"d\"))]\nmod tests;"),
            Source::new("src/c/tests.rs", ""),
            Source::new("src/e.rs", "#[cfg(feature = \"test\")]\nmod tests;"),
            Source::new("src/e/tests.rs", ""),
        ];
        mark_tests(&mut sources);
        let marked = sources.iter().filter(|source| source.is_test);
        let marked: Vec<&str> = marked.map(|source| source.path.as_str()).collect();
        let tests = [
            "src/a/model.rs",
            "src/a/b/tests.rs",
            "src/a/b/tests/more.rs",
            "src/c/tests.rs",
        ];
        assert_eq!(marked, tests);
    }

    #[test]
    fn comment_lines_are_joined() {
        let source = Source::new("src/x.rs", "//! RFC 1\n//! section 2.\nx;\n  // y\n");
        let words: Vec<String> = source.comments().into_iter().map(|(_, w)| w).collect();
        assert_eq!(words, ["RFC 1 section 2.", "y"]);
    }

    #[test]
    fn modules_are_named_by_their_path() {
        let module = |path| Source::new(path, "").module().join("::");
        assert_eq!(module("src/tcp/open/isn.rs"), "tcp::open::isn");
        assert_eq!(module("src/tcp/mod.rs"), "tcp");
        assert_eq!(module("src/lib.rs"), "");
    }
}
