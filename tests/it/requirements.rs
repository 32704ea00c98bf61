//! The tests against the ledger of what the RFCs ask.
//!
//! `tests/requirements.tsv` has one row a requirement. A test names the rows that would be broken
//! if it failed on the line above `#[test]`: `// req: MUST-12, RFC9293-3.10.7.4-6`; a packet script
//! does so in a line `# req: ...`. What is left out stands in `docs/not-implemented.md` as
//! `- waive: ID (MUST: reason)`, with the word of the RFC. Every row of priority 1 is one or the
//! other, but for those of the documents that are [`YET_TO_COME`].

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::complete;
use crate::source;

/// Documents whose rows of priority 1 may still be open: names, pages.
const YET_TO_COME: [u16; 8] = [1034, 1035, 1123, 3596, 5452, 7766, 9110, 9112];

/// One row of the ledger.
struct Row {
    id: String,
    rfc: String,
    level: String,
    priority: u8,
}

/// An id somewhere, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mention {
    id: String,
    place: String,
}

/// One line of `docs/not-implemented.md`.
#[derive(Debug, PartialEq, Eq)]
struct Waiver {
    id: String,
    level: String,
    reason: String,
    place: String,
}

fn read_ledger(tsv: &str) -> Vec<Row> {
    tsv.lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            let [id, rfc, _, level, _, _, priority] = cells[..] else {
                panic!("seven columns: {line}");
            };
            Row {
                id: id.to_string(),
                rfc: rfc.to_string(),
                level: level.to_string(),
                priority: priority.parse().expect("a priority is a number"),
            }
        })
        .collect()
}

/// The ids cited in `text`, which is Rust or a packet script.
fn citations(path: &str, text: &str) -> Vec<Mention> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        let list = line
            .strip_prefix("// req: ")
            .or_else(|| line.strip_prefix("# req: "));
        for id in list.into_iter().flat_map(|list| list.split(',')) {
            found.push(Mention {
                id: id.trim().to_string(),
                place: format!("{path}:{}", number + 1),
            });
        }
    }
    found
}

/// Citations in Rust below which no attribute of a test stands.
fn astray(path: &str, text: &str) -> Vec<String> {
    let mut lines = text.lines().map(str::trim).enumerate().peekable();
    let mut found = Vec::new();
    while let Some((number, line)) = lines.next() {
        let next = lines.peek().map_or("", |(_, next)| next);
        let lost = !next.starts_with("#[") && !next.starts_with("// req: ");
        if line.starts_with("// req:") && lost {
            found.push(format!("{path}:{}: no `#[test]` follows", number + 1));
        }
    }
    found
}

fn waivers(path: &str, text: &str) -> Vec<Waiver> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let Some(rest) = line.trim().strip_prefix("- waive: ") else {
            continue;
        };
        let place = format!("{path}:{}", number + 1);
        let parts = rest.split_once(" (").and_then(|(ids, rest)| {
            let (level, reason) = rest.strip_suffix(')')?.split_once(": ")?;
            Some((ids, level, reason))
        });
        let (ids, level, reason) =
            parts.unwrap_or_else(|| panic!("{place}: not `- waive: ID (MUST: reason)`"));
        for id in ids.split(',') {
            found.push(Waiver {
                id: id.trim().to_string(),
                level: level.to_string(),
                reason: reason.to_string(),
                place: place.clone(),
            });
        }
    }
    found
}

/// What is wrong with citations and waivers as such.
fn inconsistencies(ledger: &[Row], cited: &[Mention], waived: &[Waiver]) -> Vec<String> {
    let rows: BTreeMap<&str, &Row> = ledger.iter().map(|row| (row.id.as_str(), row)).collect();
    let mut wrong = Vec::new();
    for Mention { id, place } in cited {
        if !rows.contains_key(id.as_str()) {
            wrong.push(format!("{place}: the ledger has no {id}"));
        }
    }
    let mut seen = BTreeSet::new();
    for Waiver {
        id,
        level,
        reason,
        place,
    } in waived
    {
        match rows.get(id.as_str()) {
            None => wrong.push(format!("{place}: the ledger has no {id}")),
            Some(row) if row.level != *level => {
                wrong.push(format!("{place}: {id} is a {}, not a {level}", row.level));
            }
            Some(_) => {}
        }
        if reason.trim().is_empty() {
            wrong.push(format!("{place}: {id} is waived without a reason"));
        }
        if !seen.insert(id) {
            wrong.push(format!("{place}: {id} is waived twice"));
        }
        if let Some(both) = cited.iter().find(|mention| mention.id == *id) {
            wrong.push(format!(
                "{place}: {id} is waived, and cited at {}",
                both.place
            ));
        }
    }
    wrong
}

/// The rows of priority 1 that are neither cited nor waived, and must be.
fn open_rows<'l>(ledger: &'l [Row], cited: &[Mention], waived: &[Waiver]) -> Vec<&'l Row> {
    let known: BTreeSet<&str> = cited
        .iter()
        .map(|mention| mention.id.as_str())
        .chain(waived.iter().map(|waiver| waiver.id.as_str()))
        .collect();
    ledger
        .iter()
        .filter(|row| row.priority == 1 && !is_yet_to_come(row))
        .filter(|row| !known.contains(row.id.as_str()))
        .collect()
}

fn is_yet_to_come(row: &Row) -> bool {
    row.rfc.parse().is_ok_and(|rfc| YET_TO_COME.contains(&rfc))
}

/// A line a document that has rows of priority 1: how many are cited, waived, open.
fn counts(ledger: &[Row], cited: &[Mention], waived: &[Waiver]) -> String {
    let mut by_rfc: BTreeMap<(usize, &str), [usize; 3]> = BTreeMap::new();
    for row in ledger.iter().filter(|row| row.priority == 1) {
        let column = if cited.iter().any(|mention| mention.id == row.id) {
            0
        } else if waived.iter().any(|waiver| waiver.id == row.id) {
            1
        } else {
            2
        };
        by_rfc.entry((row.rfc.len(), &row.rfc)).or_default()[column] += 1;
    }
    let mut lines = String::from("priority 1 rows:   cited  waived  neither\n");
    for ((_, rfc), [cited, waived, neither]) in by_rfc {
        lines += &format!("  RFC {rfc:<12} {cited:>6} {waived:>7} {neither:>8}\n");
    }
    lines
}

/// All citations of the package, and those that stand above no test.
fn read_citations() -> (Vec<Mention>, Vec<String>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut cited = Vec::new();
    let mut lost = Vec::new();
    // This file shows citations that cite nothing.
    let own = root.join("tests/it/requirements.rs");
    let files = ["src", "tests"].map(|folder| source::files(&root.join(folder), &["rs", "pkt"]));
    for path in files.concat().iter().filter(|path| **path != own) {
        let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy();
        let text = fs::read_to_string(path).expect("it is text");
        cited.extend(citations(&name, &text));
        // A binary without the standard harness has no `#[test]`.
        if name.starts_with("src/") || name.starts_with("tests/it/") {
            lost.extend(astray(&name, &text));
        }
    }
    (cited, lost)
}

#[test]
fn requirements_are_cited_or_waived() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path| fs::read_to_string(root.join(path)).expect("it is there");
    let ledger = read_ledger(&read("tests/requirements.tsv"));
    let page = "docs/not-implemented.md";
    let waived = waivers(page, &read(page));
    let (cited, mut wrong) = read_citations();
    wrong.extend(inconsistencies(&ledger, &cited, &waived));
    println!("{}", counts(&ledger, &cited, &waived));
    assert!(wrong.is_empty(), "\n  {}\n", wrong.join("\n  "));
    let open: Vec<String> = open_rows(&ledger, &cited, &waived)
        .iter()
        .map(|row| format!("{} ({})", row.id, row.level))
        .collect();
    complete("neither cited by a test nor waived", &open);
}

mod tests {
    use super::*;

    const LEDGER: &str = "id\trfc\tsection\tlevel\tarea\trequirement\tpriority\n\
        MUST-1\t9293\t3.1\tMUST\tx\tx\t1\n\
        SHLD-1\t9293\t3.1\tSHOULD\tx\tx\t1\n\
        MAY-1\t9293\t3.1\tMAY\tx\tx\t2\n\
        RFC1035-4.1-1\t1035\t4.1\tMUST\tx\tx\t1\n";

    fn wrong(tests: &str, page: &str) -> Vec<String> {
        let cited = citations("t.rs", tests);
        inconsistencies(&read_ledger(LEDGER), &cited, &waivers("p.md", page))
    }

    #[test]
    fn ids_are_read_from_rust_and_from_scripts() {
        let ids = |text| {
            let found = citations("x", text).into_iter();
            found.map(|mention| mention.id).collect::<Vec<_>>()
        };
        assert_eq!(
            ids("  // req: MUST-1, SHLD-1\n#[test]"),
            ["MUST-1", "SHLD-1"]
        );
        assert_eq!(ids("# req: MUST-1\n0 socket()"), ["MUST-1"]);
        assert_eq!(ids("// impl: MUST-1"), [""; 0]);
    }

    #[test]
    fn an_unknown_id_is_caught() {
        assert_eq!(wrong("// req: MUST-2", "").len(), 1);
        assert_eq!(wrong("", "- waive: MUST-2 (MUST: reason)").len(), 1);
        assert_eq!(
            wrong("// req: MUST-1", "- waive: SHLD-1 (SHOULD: r)"),
            [""; 0]
        );
    }

    #[test]
    fn a_waiver_must_be_single_reasoned_and_in_the_words_of_the_rfc() {
        assert_eq!(wrong("", "- waive: MUST-1 (SHOULD: reason)").len(), 1);
        assert_eq!(wrong("", "- waive: MUST-1 (MUST:  )").len(), 1);
        assert_eq!(wrong("", "- waive: MUST-1, MUST-1 (MUST: reason)").len(), 1);
        assert_eq!(
            wrong("// req: MUST-1", "- waive: MUST-1 (MUST: r)").len(),
            1
        );
    }

    #[test]
    fn a_citation_away_from_a_test_is_caught() {
        let rust = "// req: MUST-1\n#[test]\nfn f() {}\n// req: MUST-1\n\n#[test]\n";
        assert_eq!(astray("t.rs", rust), ["t.rs:4: no `#[test]` follows"]);
    }

    #[test]
    fn rows_that_nobody_cites_or_waives_are_open() {
        let ledger = read_ledger(LEDGER);
        let open = |tests: &str, page: &str| -> Vec<String> {
            let cited = citations("t.rs", tests);
            let rows = open_rows(&ledger, &cited, &waivers("p.md", page));
            rows.iter().map(|row| row.id.clone()).collect()
        };
        assert_eq!(open("", ""), ["MUST-1", "SHLD-1"]);
        assert_eq!(
            open("// req: MUST-1", "- waive: SHLD-1 (SHOULD: r)"),
            [""; 0]
        );
    }

    #[test]
    fn counts_tell_cited_waived_and_open_apart() {
        let cited = citations("t.rs", "// req: MUST-1");
        let lines = counts(&read_ledger(LEDGER), &cited, &[]);
        let row = lines.lines().find(|line| line.contains("9293"));
        let numbers: Vec<&str> = row.unwrap_or_default().split_whitespace().collect();
        assert_eq!(numbers, ["RFC", "9293", "1", "0", "1"]);
    }
}
