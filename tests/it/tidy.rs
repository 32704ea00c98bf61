//! The tree held to its own habits: who may import whom, what the core must not touch, sizes,
//! citations that exist, a codemap that is true.
//!
//! Each rule is a function from source text to complaints and has tests of its own below it, which
//! feed it a line that it must catch. `docs/architecture.md` holds the table of imports, so that
//! what people read is what is enforced.

mod cites;
mod codemap;
mod layers;
mod shape;

use std::fmt;
use std::fs;
use std::path::Path;

use crate::complete;
use crate::source::{self, Source};

/// One breach of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// The rule's name, as exceptions call it.
    pub rule: &'static str,
    pub path: String,
    pub line: usize,
    pub text: String,
}

impl Complaint {
    fn at(rule: &'static str, source: &Source, offset: usize, text: String) -> Complaint {
        Complaint {
            rule,
            path: source.path.clone(),
            line: source.line(offset),
            text,
        }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Complaint { path, line, .. } = self;
        write!(f, "{path}:{line}: {} [{}]", self.text, self.rule)
    }
}

/// What stands in breach of a rule for a good reason. The list may only shrink: an exception that
/// excuses nothing fails.
const EXCEPTIONS: &[Exception] = &[];

/// All complaints of one rule about one file, excused.
struct Exception {
    rule: &'static str,
    path: &'static str,
    reason: &'static str,
}

/// The complaints that no exception covers, and a line for each exception that covers none.
fn judge(complaints: &[Complaint], exceptions: &[Exception]) -> Vec<String> {
    let covers = |e: &Exception, c: &Complaint| e.rule == c.rule && e.path == c.path;
    let left = complaints
        .iter()
        .filter(|c| !exceptions.iter().any(|e| covers(e, c)))
        .map(Complaint::to_string);
    let idle = exceptions
        .iter()
        .filter(|e| !complaints.iter().any(|c| covers(e, c)))
        .map(|e| format!("{}: needs no exception from {} any more", e.path, e.rule));
    let bare = exceptions
        .iter()
        .filter(|e| e.reason.is_empty())
        .map(|e| format!("{}: an exception from {} without a reason", e.path, e.rule));
    left.chain(idle).chain(bare).collect()
}

/// A file of the package as text.
fn read(path: &str) -> String {
    let whole = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(whole).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_tree_keeps_its_habits() {
    let table = layers::Table::read(&read("docs/architecture.md"), &read("Cargo.toml"));
    let sections = cites::Sections::read(&read("tests/rfc_sections.tsv"));
    let built = source::read_all("src");
    let proof = source::read_all("tests");
    assert!(!built.is_empty() && !proof.is_empty());
    let mut complaints = Vec::new();
    for source in &built {
        complaints.extend(layers::check(source, &table));
        complaints.extend(shape::check_head(source));
    }
    for source in built.iter().chain(&proof) {
        complaints.extend(shape::check_sizes(source));
        complaints.extend(sections.check_values(source));
        complaints.extend(sections.check_prose(source));
    }
    for path in source::files(Path::new(env!("CARGO_MANIFEST_DIR")), &["md"]) {
        if let Some(path) = documentation(&path) {
            complaints.extend(sections.check_document(&path, &read(&path)));
        }
    }
    let left = judge(&complaints, EXCEPTIONS);
    assert!(left.is_empty(), "\n  {}\n", left.join("\n  "));
}

#[test]
fn every_choice_of_the_house_is_explained_and_every_explanation_is_used() {
    let uses = cites::house_uses(&source::read_all("src"));
    let choices = read("docs/choices.md");
    let explained = cites::choices(&choices);
    let missing = cites::unexplained(&uses, &explained);
    assert!(missing.is_empty(), "\n  {}\n", missing.join("\n  "));
    complete(
        "paragraphs of docs/choices.md that nothing cites",
        &cites::unused(&uses, &explained),
    );
}

#[test]
fn the_maps_show_what_is_there() {
    let sources = source::read_all("src");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let map = codemap::listed(&read("docs/architecture.md"));
    let named = [map.clone(), codemap::named(&read("docs/reading-order.md"))].concat();
    complete(
        "what docs/architecture.md or docs/reading-order.md names and the tree lacks",
        &codemap::gone(&named, |path| root.join(path).exists()),
    );
    complete(
        "files that docs/architecture.md does not list",
        &codemap::unlisted(&map, &sources),
    );
}

/// The name of a page of ours: `README.md` or one under `docs`.
fn documentation(path: &Path) -> Option<String> {
    let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).ok()?;
    (name == Path::new("README.md") || name.starts_with("docs"))
        .then(|| name.to_string_lossy().into_owned())
}

#[test]
fn exceptions_excuse_one_rule_in_one_file_and_must_be_needed() {
    let complaint = |rule, path: &str| Complaint {
        rule,
        path: path.to_string(),
        line: 1,
        text: "x".to_string(),
    };
    let exception = |rule, path, reason| Exception { rule, path, reason };
    let complaints = [complaint("size", "a.rs"), complaint("size", "b.rs")];
    let excused = [exception("size", "a.rs", "one table")];
    assert_eq!(judge(&complaints, &excused), ["b.rs:1: x [size]"]);
    let idle = [exception("head", "a.rs", "none")];
    assert_eq!(judge(&[], &idle).len(), 1);
    let bare = [exception("size", "a.rs", ""), exception("size", "b.rs", "")];
    assert_eq!(judge(&complaints, &bare).len(), 2);
}
