//! Who may import whom, and what the core must not touch.
//!
//! The table is read from `docs/architecture.md`: rows of module, modules of ours that it may
//! name, crates that it may name.

use std::collections::BTreeMap;

use crate::source::{Source, close_of, words};

use super::Complaint;

/// Floors 0 to 4.
const CORE: [&str; 6] = ["base", "wire", "probe", "ip", "tcp", "stack"];

/// Rooms of `tcp` that take numbers and return verdicts: they may not name `Connection`. A name
/// covers everything below it.
const PARTS: [&str; 14] = [
    "tcp::recovery",
    "tcp::congestion",
    "tcp::input",
    "tcp::output::send_buffer",
    "tcp::output::left",
    "tcp::output::pacing",
    "tcp::output::nagle",
    "tcp::probe_size",
    "tcp::send_space",
    "tcp::receive_space",
    "tcp::timestamps",
    "tcp::ecn",
    "tcp::open::negotiate",
    "tcp::open::isn",
];

/// What the core must not touch: it is told the time, runs on no thread of its own, locks and
/// opens nothing.
const IMPURE: [&str; 8] = [
    "Instant::now",
    "SystemTime",
    "thread",
    "Mutex",
    "RwLock",
    "Condvar",
    "std::fs",
    "std::env",
];

/// What walks a map in an order that depends on its hasher.
const WALKS: [&str; 11] = [
    "iter",
    "iter_mut",
    "into_iter",
    "keys",
    "into_keys",
    "values",
    "values_mut",
    "into_values",
    "drain",
    "retain",
    "extract_if",
];

/// Where alone the kernel is met.
const UNSAFE: [&str; 2] = ["device", "namespace"];

/// A crate that every room may name, for its error enums.
const EVERYWHERE: &str = "thiserror";

/// Who may import whom.
pub struct Table {
    rows: BTreeMap<String, Row>,
    /// Crates that the package depends on, as code spells them.
    crates: Vec<String>,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Row {
    modules: Names,
    crates: Names,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Names {
    #[default]
    None,
    These(Vec<String>),
    All,
}

impl Names {
    fn read(cell: &str) -> Names {
        match cell.trim() {
            "nothing" => Names::None,
            "everything" => Names::All,
            list => Names::These(items(list)),
        }
    }

    fn allow(&self, name: &str) -> bool {
        match self {
            Names::None => false,
            Names::These(names) => names.iter().any(|n| n == name),
            Names::All => true,
        }
    }
}

/// The items of a cell, without the marks of code, crates spelt as in paths.
fn items(cell: &str) -> Vec<String> {
    cell.split(',')
        .map(|item| item.trim().trim_matches('`').replace('-', "_"))
        .collect()
}

impl Table {
    /// Reads the table under the heading "Who may import whom", and the crates of the manifest.
    pub fn read(architecture: &str, manifest: &str) -> Table {
        let (_, section) = architecture
            .split_once("Who may import whom\n")
            .expect("docs/architecture.md has the table of imports");
        let mut rows = BTreeMap::new();
        for line in section.lines().take_while(|line| !line.starts_with('#')) {
            let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
            let [modules, of_ours, outside] = cells[..] else {
                continue;
            };
            for module in items(modules) {
                let row = Row {
                    modules: Names::read(of_ours),
                    crates: Names::read(outside),
                };
                rows.insert(module, row);
            }
        }
        let crates = manifest
            .lines()
            .skip_while(|line| *line != "[dependencies]")
            .skip(1)
            .take_while(|line| !line.starts_with('['))
            .filter_map(|line| line.split_once(" = "))
            .map(|(name, _)| name.replace('-', "_"))
            .filter(|name| name.chars().all(|c| c.is_alphanumeric() || c == '_'))
            .collect();
        Table { rows, crates }
    }
}

/// Every breach in `source`. Tests may name whatever they like.
pub fn check(source: &Source, table: &Table) -> Vec<Complaint> {
    if source.is_test {
        return Vec::new();
    }
    let mut complaints = check_unsafe(source);
    // `lib.rs` only declares; `main.rs` is another crate and may name everything.
    let module = source.module();
    let Some(&room) = module.first().filter(|name| **name != "main") else {
        return complaints;
    };
    match table.rows.get(room) {
        Some(row) => {
            complaints.extend(check_modules(source, row));
            complaints.extend(check_crates(source, row, &table.crates));
        }
        None => {
            let text = format!("the table of imports has no row for `{room}`");
            complaints.push(Complaint::at("layers", source, 0, text));
        }
    }
    if CORE.contains(&room) {
        complaints.extend(check_purity(source));
        complaints.extend(check_walks(source));
    }
    complaints.extend(check_part(source));
    complaints
}

fn check_modules(source: &Source, row: &Row) -> Vec<Complaint> {
    let module = source.module();
    from_root(&source.built, module.len())
        .into_iter()
        .map(|(at, name)| match name.as_str() {
            "rfc" | "draft" | "house" => (at, "base".to_string()),
            _ => (at, name),
        })
        .filter(|(_, name)| name != module[0] && !row.modules.allow(name))
        .map(|(at, name)| {
            let text = format!("`{}` may not import `crate::{name}`", module[0]);
            Complaint::at("layers", source, at, text)
        })
        .collect()
}

/// The first names of all paths that begin at the crate's root, in a module `depth` below it.
fn from_root(code: &str, depth: usize) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for at in words(code, "crate") {
        if let Some(rest) = code[at + "crate".len()..].strip_prefix("::") {
            found.extend(first_names(code, code.len() - rest.len()));
        }
    }
    for at in words(code, "super").filter(|&at| !code[..at].ends_with("::")) {
        let mut rest = &code[at..];
        let mut up = 0;
        while let Some(above) = rest.strip_prefix("super::") {
            rest = above;
            up += 1;
        }
        if up == depth {
            found.extend(first_names(code, code.len() - rest.len()));
        }
    }
    found
}

/// The name at `at`, or those that begin the items of the braces there.
fn first_names(code: &str, at: usize) -> Vec<(usize, String)> {
    let name = |at: usize| {
        let rest = &code[at..];
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
        (at, rest[..end.unwrap_or(rest.len())].to_string())
    };
    if !code[at..].starts_with('{') {
        return vec![name(at)];
    }
    let end = close_of(code, at);
    let mut names = Vec::new();
    let mut depth = 0_usize;
    let mut fresh = false;
    for (offset, c) in code[at..end].char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ if fresh && depth == 1 && !c.is_whitespace() => names.push(name(at + offset)),
            _ => {}
        }
        fresh = depth == 1 && (c == ',' || offset == 0 || (fresh && c.is_whitespace()));
    }
    names
}

fn check_crates(source: &Source, row: &Row, crates: &[String]) -> Vec<Complaint> {
    let code = &source.built;
    let mut complaints = Vec::new();
    for name in crates.iter().filter(|name| *name != EVERYWHERE) {
        if row.crates.allow(name) {
            continue;
        }
        for at in words(code, name).filter(|&at| begins_path(code, at, name)) {
            let text = format!("`{}` may not name the crate `{name}`", source.module()[0]);
            complaints.push(Complaint::at("layers", source, at, text));
        }
    }
    complaints
}

/// Whether the `name` at `at` is the first of a path, or imported whole.
fn begins_path(code: &str, at: usize, name: &str) -> bool {
    let after = &code[at + name.len()..];
    let imported = code[..at].ends_with("use ") && after.starts_with([';', ' ']);
    let before = code[..at].strip_suffix("::").unwrap_or(&code[..at]);
    let goes_on = before.len() < at && before.ends_with(|c: char| c.is_alphanumeric() || c == '>');
    imported || (after.starts_with("::") && !goes_on)
}

fn check_purity(source: &Source) -> Vec<Complaint> {
    let code = &source.built;
    let found = IMPURE.iter().flat_map(|name| {
        words(code, name).map(move |at| {
            let text = format!("the core may not name `{name}`");
            Complaint::at("purity", source, at, text)
        })
    });
    found.collect()
}

fn check_walks(source: &Source) -> Vec<Complaint> {
    let code = &source.built;
    let mut complaints = Vec::new();
    for map in maps(code) {
        for at in words(code, &map) {
            let after = code[at + map.len()..].trim_start();
            let call = after.strip_prefix('.').unwrap_or("").trim_start();
            let walked = WALKS.iter().any(|walk| {
                let rest = call.strip_prefix(walk);
                rest.is_some_and(|rest| rest.starts_with(['(', ':']))
            });
            let looped = after.starts_with('{') && is_looped_over(&code[..at]);
            if walked || looped {
                let text = format!("iterates over the hash map `{map}`: order would be chance");
                complaints.push(Complaint::at("purity", source, at, text));
            }
        }
    }
    complaints
}

/// Whether `before` ends with the head of a loop up to the name of what it walks.
fn is_looped_over(before: &str) -> bool {
    before.rsplit_once(" in ").is_some_and(|(_, place)| {
        let place = place.trim_start_matches('&').trim_start_matches("mut ");
        place.is_empty() || place == "self."
    })
}

/// The names of fields and variables that are hash maps or sets, as far as types are written out.
fn maps(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for at in ["HashMap", "HashSet"].iter().flat_map(|n| words(code, n)) {
        let before = code[..at].rsplit([';', '{', '}', ',', '(', '\n']).next();
        let before = before.unwrap_or_default().trim_start_matches("let ");
        let before = before.split_once([':', '=']).map(|(name, _)| name);
        let name = before.unwrap_or_default().split_whitespace().last();
        names.extend(name.filter(|n| *n != "use").map(str::to_string));
    }
    names.sort();
    names.dedup();
    names
}

fn check_part(source: &Source) -> Vec<Complaint> {
    let path = source.module().join("::");
    let part = PARTS.iter().any(|part| {
        let below = path.strip_prefix(part);
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    });
    if !part {
        return Vec::new();
    }
    words(&source.built, "Connection")
        .map(|at| {
            let text = format!("`{path}` is a part and may not name `Connection`");
            Complaint::at("parts", source, at, text)
        })
        .collect()
}

fn check_unsafe(source: &Source) -> Vec<Complaint> {
    if source.module().first().is_some_and(|m| UNSAFE.contains(m)) {
        return Vec::new();
    }
    words(&source.built, "unsafe")
        .map(|at| {
            let text = "`unsafe` stands only where the kernel is met".to_string();
            Complaint::at("unsafe", source, at, text)
        })
        .collect()
}

mod tests;
