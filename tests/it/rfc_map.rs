//! `docs/rfc-map.md`: of each section that is cited the code that obeys it and the tests that hold
//! the code to it.
//!
//! The page is made of the tree, and the test fails if it is not what the tree says:
//! `PELLUCID_WRITE_MAP=1 cargo test --test it rfc_map` writes it anew. It names functions and
//! files, not lines: these would change with every commit.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::source::{self, Source, files};

/// A section: of an RFC by its number, or of a draft by its name.
type Section = (Document, Vec<Part>, String);

/// RFCs come before drafts, in the order of their numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Document {
    Rfc(u16),
    Draft(String),
}

/// Sections stand in the order in which people count: 3.9 before 3.10.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u32),
    Name(String),
}

/// What is known of one section.
#[derive(Debug, Default)]
struct Entry {
    /// Functions that cite it as a value.
    decisions: BTreeSet<String>,
    /// Files whose comments name it.
    rooms: BTreeSet<String>,
    /// Tests of ledger rows that stand in it.
    tests: BTreeSet<String>,
}

fn section(document: &str, number: &str) -> Section {
    let document = match document.parse() {
        Ok(number) => Document::Rfc(number),
        Err(_) => Document::Draft(document.to_owned()),
    };
    let part = |part: &str| match part.parse() {
        Ok(number) => Part::Number(number),
        Err(_) => Part::Name(part.to_owned()),
    };
    (
        document,
        number.split('.').map(part).collect(),
        number.to_owned(),
    )
}

#[derive(Default)]
struct Map {
    sections: BTreeMap<Section, Entry>,
    /// Reasons for what is sent, by their words: where each stands, and its section, if it is one
    /// that tests can cite.
    reasons: BTreeMap<String, (String, Option<Section>)>,
}

impl Map {
    fn entry(&mut self, document: &str, number: &str) -> &mut Entry {
        self.sections.entry(section(document, number)).or_default()
    }

    /// Citations as values, by the function or constant around them, and sections in comments.
    fn read_code(&mut self, source: &Source) {
        for name in ["rfc", "draft"] {
            for at in source::words(&source.built, name) {
                let inside = source.text[at + name.len()..].strip_prefix("!(");
                let cited = inside.and_then(|inside| inside.split_once(')'));
                let Some((document, number)) = cited.and_then(|(cited, _)| cited.split_once(','))
                else {
                    continue;
                };
                let bare = |text: &str| text.trim().trim_matches(['"', ',']).to_owned();
                let (document, number) = (bare(document), bare(number));
                // A rule within a section follows it: `5 (5.4`.
                let number = number.split(" (").next().unwrap_or(&number);
                if number.starts_with('$') {
                    continue;
                }
                let place = format!("`{}` in {}", around(source, at), source.path);
                if let Some(text) = reason_behind(&source.text[at..]) {
                    let section = section(&document, number);
                    self.reasons.insert(text, (place.clone(), Some(section)));
                }
                self.entry(&document, number).decisions.insert(place);
            }
        }
        for at in source::words(&source.built, "house") {
            if let Some(text) = reason_behind(&source.text[at..]) {
                let place = format!("`{}` in {}", around(source, at), source.path);
                self.reasons.insert(text, (place, None));
            }
        }
        for (_, run) in source.comments() {
            let words: Vec<&str> = run.split_whitespace().collect();
            for window in words.windows(4) {
                let [rfc, document, "section", number] = window else {
                    continue;
                };
                let plain = |c: char| c.is_ascii_alphanumeric() || c == '.';
                let end = number.find(|c| !plain(c)).unwrap_or(number.len());
                let number = number[..end].trim_end_matches('.');
                let is_number = document.parse::<u16>().is_ok();
                if rfc.ends_with("RFC") && is_number && !number.is_empty() {
                    let rooms = &mut self.entry(document, number).rooms;
                    rooms.insert(source.path.clone());
                }
            }
        }
    }

    /// Tests, by the rows of the ledger that they cite.
    fn read_tests(&mut self, path: &str, text: &str, rows: &BTreeMap<&str, (&str, &str)>) {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (at, line) in lines.iter().enumerate() {
            let list = line
                .strip_prefix("// req: ")
                .or_else(|| line.strip_prefix("# req: "));
            for id in list.into_iter().flat_map(|list| list.split(',')) {
                let Some((document, number)) = rows.get(id.trim()) else {
                    continue;
                };
                let name = lines[at..]
                    .iter()
                    .find_map(|line| named(line).filter(|_| path.ends_with(".rs")));
                let place = match name {
                    Some(name) => format!("`{name}` in {path}"),
                    None => path.to_owned(),
                };
                self.entry(document, number).tests.insert(place);
            }
        }
    }

    fn page(&self, titles: &BTreeMap<(String, String), String>) -> String {
        let mut page = HEAD.to_owned();
        let mut last = None;
        for ((document, _, number), entry) in &self.sections {
            let (name, key) = match document {
                Document::Rfc(rfc) => (format!("RFC {rfc}"), rfc.to_string()),
                Document::Draft(name) => (name.clone(), name.clone()),
            };
            if last.replace(document) != Some(document) {
                // Writing to a string cannot fail.
                let _ = write!(page, "\n## {name}\n");
            }
            let title = titles
                .get(&(key, number.clone()))
                .map_or("", String::as_str);
            let title = if title == number { "" } else { title };
            let _ = write!(page, "\n### {}\n\n", format!("{number} {title}").trim_end());
            let lists = [
                ("decides", &entry.decisions),
                ("names it", &entry.rooms),
                ("tests", &entry.tests),
            ];
            for (what, places) in lists {
                if !places.is_empty() {
                    let places: Vec<&str> = places.iter().map(String::as_str).collect();
                    let _ = writeln!(page, "- {what}: {}", places.join(" · "));
                }
            }
        }
        page
    }
}

impl Map {
    /// For `why`: the words of each reason, where it stands, and packet scripts and other tests of
    /// its section.
    fn places(&self) -> String {
        let mut table = String::new();
        for (text, (place, section)) in &self.reasons {
            let entry = section
                .as_ref()
                .and_then(|section| self.sections.get(section));
            let all: Vec<&String> = entry.map_or(Vec::new(), |entry| entry.tests.iter().collect());
            let (scripts, others): (Vec<&String>, Vec<&String>) =
                all.into_iter().partition(|test| test.ends_with(".pkt"));
            let tests: Vec<&str> = scripts
                .into_iter()
                .chain(others)
                .map(|test| &test[..])
                .collect();
            let shown = tests.iter().take(TESTS_SHOWN).copied().collect::<Vec<_>>();
            let more = tests.len() - shown.len();
            let _ = writeln!(table, "{text}\t{place}\t{}\t{more}", shown.join(", "));
        }
        table
    }
}

/// The words of a reason whose citation begins here: `rfc!(9293, "3.4"), text: "..."`.
fn reason_behind(code: &str) -> Option<String> {
    let (_, behind) = code.split_once(')')?;
    // Numbered rules have parentheses of their own.
    let behind = behind.trim_start_matches([')', '"']);
    let literal = behind
        .strip_prefix(',')?
        .trim_start()
        .strip_prefix("text:")?;
    let literal = literal.trim_start().strip_prefix('"')?;
    let (text, _) = literal.split_once('"')?;
    let parts = text.split("\\\n").map(str::trim_start);
    Some(parts.collect())
}

/// How many tests stand beside a reason.
const TESTS_SHOWN: usize = 2;

/// The function or the constant in which something stands: the last that begins before it.
fn around(source: &Source, at: usize) -> String {
    let before = source.built[..at].lines().rev();
    let name = before.filter_map(named).next();
    name.unwrap_or_else(|| "the file".to_owned())
}

/// The name of a function or of a constant that a line declares.
fn named(line: &str) -> Option<String> {
    let mut words = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.find(|word| ["fn", "const", "static"].contains(word))?;
    let name = words.find(|word| !word.is_empty() && *word != "fn")?;
    Some(name.to_owned())
}

const HEAD: &str = "# RFC map

Of each section that this tree speaks of: the functions that cite it when they decide (the same \
value stands in captures, in `events.jsonl` and in what `why` prints), the files whose comments \
name it, and the tests of requirements in it. Made of the tree by `tests/it/rfc_map.rs`; not to be \
written by hand.
";

#[test]
fn the_map_of_sections_is_what_the_tree_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(root.join(path)).expect(path);
    let (ledger, sections) = (
        read("tests/requirements.tsv"),
        read("tests/rfc_sections.tsv"),
    );
    let cells = |line: &str| -> Vec<String> { line.split('\t').map(str::to_owned).collect() };
    let titles = sections.lines().skip(1).map(cells);
    let titles = titles.map(|cells| {
        let title = cells.get(2).cloned().unwrap_or_default();
        ((cells[0].clone(), cells[1].clone()), title)
    });
    let rows = ledger.lines().skip(1).map(|line| {
        let mut cells = line.split('\t');
        let mut cell = || cells.next().expect("seven columns");
        (cell(), (cell(), cell()))
    });
    let rows = rows.collect();
    let mut map = Map::default();
    for source in source::read_all("src") {
        if !source.is_test {
            map.read_code(&source);
        }
        map.read_tests(&source.path, &source.text, &rows);
    }
    for path in files(&root.join("tests"), &["rs", "pkt"]) {
        let text = fs::read_to_string(&path).expect("text");
        let name = path.strip_prefix(root).expect("it was found there");
        map.read_tests(&name.to_string_lossy(), &text, &rows);
    }
    let made = [
        ("docs/rfc-map.md", map.page(&titles.collect())),
        ("src/why/places.tsv", map.places()),
    ];
    for (name, text) in made {
        let path = root.join(name);
        if std::env::var_os("PELLUCID_WRITE_MAP").is_some() {
            fs::write(&path, &text).expect("a place to write");
        }
        let there = fs::read_to_string(&path).unwrap_or_default();
        let mut lines = text.lines().zip(there.lines());
        let differs = lines.find(|(new, old)| new != old);
        assert!(
            text == there,
            "{name} is stale: PELLUCID_WRITE_MAP=1 cargo test --test it rfc_map\n{differs:?}"
        );
    }
}

#[test]
fn sections_stand_in_the_order_in_which_people_count() {
    let mut some = ["3.10", "3.9", "A.2", "3", "Format"].map(|number| section("9293", number));
    some.sort();
    let numbers = some.map(|(_, _, number)| number);
    assert_eq!(numbers, ["3", "3.9", "3.10", "A.2", "Format"]);
    assert!(section("draft-x", "1") > section("9999", "1"));
}

#[test]
fn the_words_of_a_reason_are_found_behind_its_citation() {
    let of = |code: &str| reason_behind(code);
    let plain = "rfc!(9293, \"3.4\"),\n    text: \"it is so\",\n}";
    assert_eq!(of(plain), Some("it is so".into()));
    let numbered = "rfc!(6298, \"5 (5.4)\"),\n    text: \"first \\\n           second\",\n}";
    assert_eq!(of(numbered), Some("first second".into()));
    assert_eq!(of("house!(\"rto-min\"),\n text: \"x\" }"), Some("x".into()));
    assert_eq!(
        of("rfc!(9293, \"3.4\"),\n    Event::Told { text: \"x\" }"),
        None
    );
}

#[test]
fn what_stands_around_a_citation_is_found() {
    let text =
        "fn one() {\n    rfc!(9293, \"3.4\");\n}\nconst WHY: &Why = rfc!(6298, \"5 (5.4)\");\n";
    let mut map = Map::default();
    map.read_code(&Source::new("src/a.rs", text));
    let of = |document, number| &map.sections[&section(document, number)].decisions;
    assert_eq!(
        of("9293", "3.4"),
        &BTreeSet::from(["`one` in src/a.rs".to_owned()])
    );
    assert_eq!(
        of("6298", "5"),
        &BTreeSet::from(["`WHY` in src/a.rs".to_owned()])
    );
}
