//! `rfc`: clauses and where they live, by the program that people use.

use std::path::Path;

use super::{Scratch, run, text, trouble};

#[test]
fn a_clause_leads_to_code_and_tests() {
    let all = text(&run(&["rfc"]).stdout);
    assert!(
        all.lines().any(|line| line.starts_with("RFC 9293 ")),
        "{all}"
    );
    let sections = text(&run(&["rfc", "8985"]).stdout);
    assert!(
        sections.contains("6.2 Upon Receiving an ACK\n"),
        "{sections}"
    );
    let clause = text(&run(&["rfc", "9293", "3.10.7.4"]).stdout);
    for words in [
        "RFC 9293 3.10.7.4 ",
        "  decides: ",
        "  tests: ",
        "src/tcp/arrive/",
    ] {
        assert!(clause.contains(words), "{words} is missing: {clause}");
    }
    let [what, ..] = trouble(&run(&["rfc", "1"]), 2);
    assert_eq!(what, "nothing here speaks of RFC 1");
    let [what, ..] = trouble(&run(&["rfc", "9293", "99"]), 2);
    assert_eq!(what, "nothing here speaks of RFC 9293 section 99");
}

/// The loss of the example is found by RFC 6675 and by nothing else.
#[test]
fn a_run_tells_which_clauses_it_obeyed() {
    let place = Scratch::new("coverage");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = root.join("examples/scenarios/sack-one-hole.toml");
    let made = run(&[
        "run",
        file.to_str().expect("UTF-8"),
        "-q",
        "-o",
        place.path(),
    ]);
    assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
    let said = text(&run(&["rfc", "--coverage", "latest", "-o", place.path()]).stdout);
    let count = |rule: &str| said.lines().filter(|line| line.starts_with(rule)).count();
    assert!(count("rfc6675.5") > 0 && count("rfc8985") == 0, "{said}");
    assert!(said.contains(" clauses of RFCs and "), "{said}");
}
