//! Citations: the sections exist, and the choices of the house are explained.
//!
//! `tests/rfc_sections.tsv` lists the sections of each RFC that may be cited, taken from the texts
//! (of those that were not at hand, only the sections that `tests/requirements.tsv` names). RFC 768
//! and RFC 792 number nothing: there the heading is the section. That a section exists does not
//! make it the right one.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Source, words};

use super::Complaint;

/// The sections of each document.
pub struct Sections(BTreeMap<String, BTreeSet<String>>);

impl Sections {
    /// Reads lines of document, section, title, below a head line.
    pub fn read(tsv: &str) -> Sections {
        let mut sections: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for line in tsv.lines().skip(1) {
            let mut cells = line.split('\t');
            if let (Some(document), Some(section)) = (cells.next(), cells.next()) {
                let of = sections.entry(document.to_string()).or_default();
                of.insert(section.to_string());
            }
        }
        Sections(sections)
    }

    /// Citations as values: `rfc!(9293, "3.4")`, `draft!("draft-ietf-ccwg-bbr", "4.1")`.
    pub fn check_values(&self, source: &Source) -> Vec<Complaint> {
        let cites = ["rfc", "draft"].iter().flat_map(|name| {
            words(&source.code, name).filter_map(|at| {
                let inside = source.text[at + name.len()..].strip_prefix("!(")?;
                let (inside, _) = inside.split_once(')')?;
                let (document, section) = inside.split_once(',')?;
                Some((at, unquote(document)?, unquote(section)?))
            })
        });
        cites
            .filter_map(|(at, document, section)| {
                // A numbered rule inside a section follows it in parentheses, and its closing one
                // has ended the text above: "5 (5.5" is section 5.
                let section = section.split(" (").next().unwrap_or(section);
                let text = match self.0.get(document) {
                    None => format!("cites {document}, whose sections nobody listed"),
                    Some(known) if known.contains(section) => return None,
                    Some(_) => format!("{document} has no section {section}"),
                };
                Some(Complaint::at("cites", source, at, text))
            })
            .collect()
    }

    /// Citations in comments: "RFC 9293 section 3.4". Documents that nobody listed may be named.
    pub fn check_prose(&self, source: &Source) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        for (at, run) in source.comments() {
            for text in self.wrong_in(&run) {
                complaints.push(Complaint::at("cites", source, at, text));
            }
        }
        complaints
    }

    /// The same in a page of documentation.
    pub fn check_document(&self, path: &str, text: &str) -> Vec<Complaint> {
        let mut line = 1;
        let mut complaints = Vec::new();
        for paragraph in text.split("\n\n") {
            complaints.extend(self.wrong_in(paragraph).into_iter().map(|text| Complaint {
                rule: "cites",
                path: path.to_string(),
                line,
                text,
            }));
            line += paragraph.matches('\n').count() + 2;
        }
        complaints
    }

    fn wrong_in(&self, prose: &str) -> Vec<String> {
        let words: Vec<&str> = prose.split_whitespace().collect();
        let cites = words.windows(4).filter_map(|window| {
            let [rfc, number, "section" | "sections" | "appendix", section] = window else {
                return None;
            };
            let number = number.trim_end_matches(',');
            let known = self.0.get(number).filter(|_| rfc.ends_with("RFC"))?;
            let section = section_number(section)?;
            (!known.contains(section)).then(|| format!("RFC {number} has no section {section}"))
        });
        cites.collect()
    }
}

/// The document or section in an argument of a macro; `None` for one that is no literal.
fn unquote(argument: &str) -> Option<&str> {
    let argument = argument.trim().trim_end_matches(',').trim();
    let bare = argument.trim_matches('"');
    let number = argument.chars().all(|c| c.is_ascii_digit());
    (number || bare.len() < argument.len()).then_some(bare)
}

/// The number that `word` begins with: `3.4` of `3.4's`, `A.2` of `A.2);`.
fn section_number(word: &str) -> Option<&str> {
    let end = word.find(|c: char| !c.is_ascii_alphanumeric() && c != '.');
    let number = word[..end.unwrap_or(word.len())].trim_end_matches('.');
    let first = number.split('.').next()?;
    let plain = first.chars().all(|c| c.is_ascii_digit());
    let letter = first.len() == 1 && first.chars().all(|c| c.is_ascii_uppercase());
    ((plain || letter) && !first.is_empty()).then_some(number)
}

/// Where each choice of the house is cited, comments included.
pub fn house_uses(sources: &[Source]) -> Vec<(String, String)> {
    let mut uses = Vec::new();
    let built = sources.iter().filter(|s| !s.is_test);
    // `cite.rs` shows how the macro is written.
    for source in built.filter(|s| s.path != "src/base/cite.rs") {
        for (at, opening) in source.text.match_indices("house!(\"") {
            let rest = &source.text[at + opening.len()..];
            if let Some((name, _)) = rest.split_once('"') {
                let place = format!("{}:{}", source.path, source.line(at));
                uses.push((name.to_string(), place));
            }
        }
    }
    uses
}

/// The names that `docs/choices.md` explains: its headings of the second level.
pub fn choices(page: &str) -> Vec<String> {
    page.lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|name| name.trim().to_string())
        .collect()
}

/// A line for each citation that has no paragraph.
pub fn unexplained(uses: &[(String, String)], choices: &[String]) -> Vec<String> {
    uses.iter()
        .filter(|(name, _)| !choices.contains(name))
        .map(|(name, place)| format!("{place}: docs/choices.md does not explain {name}"))
        .collect()
}

/// The paragraphs that nothing cites.
pub fn unused(uses: &[(String, String)], choices: &[String]) -> Vec<String> {
    choices
        .iter()
        .filter(|choice| uses.iter().all(|(name, _)| name != *choice))
        .cloned()
        .collect()
}

mod tests {
    use super::*;

    const LIST: &str = "rfc\tsection\ttitle\n\
        9293\t3.4\tX\n\
        9293\tA.2\tX\n\
        6298\t5\tX\n\
        768\tUser Interface\tX\n\
        draft-x\t4.1\n";

    fn values(text: &str) -> usize {
        let source = Source::new("src/x.rs", text);
        Sections::read(LIST).check_values(&source).len()
    }

    fn prose(text: &str) -> usize {
        let source = Source::new("src/x.rs", text);
        Sections::read(LIST).check_prose(&source).len()
    }

    #[test]
    fn a_value_that_cites_no_section_is_caught() {
        assert_eq!(values("rfc!(9293, \"3.5\")"), 1);
        assert_eq!(values("rfc!(\n    9293,\n    \"3.5\",\n)"), 1);
        assert_eq!(values("rfc!(1, \"1\")"), 1);
        assert_eq!(values("draft!(\"draft-x\", \"4.2\")"), 1);
        assert_eq!(values("rfc!(6298, \"6 (5.5)\")"), 1);
        assert_eq!(values("rfc!(9293, \"3.4\"); rfc!(9293, \"A.2\")"), 0);
        assert_eq!(
            values("rfc!(6298, \"5 (5.5)\"); draft!(\"draft-x\", \"4.1\")"),
            0
        );
        assert_eq!(values("rfc!(768, \"User Interface\")"), 0);
        assert_eq!(
            values("// rfc!(9293, \"3.5\")\nlet rfc = \"rfc!(1, 2)\";"),
            0
        );
    }

    #[test]
    fn a_comment_that_cites_no_section_is_caught() {
        assert_eq!(prose("// As (RFC 9293 section 3.5).\n"), 1);
        assert_eq!(prose("/// As RFC 9293\n/// section 3.5 says.\n"), 1);
        assert_eq!(prose("// RFC 9293, appendix A.3\n"), 1);
        assert_eq!(
            prose("// RFC 9293 section 3.4's, RFC 9293 appendix A.2.\n"),
            0
        );
        assert_eq!(prose("// RFC 1071 section 9, RFC 9293 section of.\n"), 0);
    }

    #[test]
    fn a_page_that_cites_no_section_is_caught_with_its_line() {
        let page = "RFC 9293 section 3.4\n\nNow\nRFC 9293\nsection 3.5.\n";
        let complaints = Sections::read(LIST).check_document("docs/x.md", page);
        assert_eq!(complaints.len(), 1);
        assert_eq!(complaints[0].line, 3);
    }

    #[test]
    fn a_choice_without_a_paragraph_and_a_paragraph_without_a_use_are_caught() {
        let code = "/// house!(\"rto-min\")\nconst A: Cite = house!(\"land\");";
        let mut tests = Source::new("src/x/tests.rs", "house!(\"other\")");
        tests.is_test = true;
        let uses = house_uses(&[Source::new("src/x.rs", code), tests]);
        let explained = choices("# Choices\n\n## land\n\n### more\n\n## nagle\n");
        assert_eq!(explained, ["land", "nagle"]);
        let missing = ["src/x.rs:1: docs/choices.md does not explain rto-min"];
        assert_eq!(unexplained(&uses, &explained), missing);
        assert_eq!(unused(&uses, &explained), ["nagle"]);
    }
}
