use super::*;

#[test]
fn what_a_script_cites_decides_what_a_difference_is() {
    // REC-1 is a SHOULD, MUST-1 what it is called.
    assert_eq!(
        (level("REC-1"), level("MUST-1")),
        (Some("SHOULD"), Some("MUST"))
    );
    let of = by_level;
    assert_eq!(
        of("// A window is 32 bits.\n// req: REC-1\n0 socket"),
        Difference::Allowed
    );
    assert_eq!(of("// req: REC-1, MUST-1\n"), Difference::Must);
    assert_eq!(of("// req: REC-1\n// req: MUST-1\n"), Difference::Must);
    assert_eq!(of("// house: rto-min\n"), Difference::Choice);
}

#[test]
fn a_script_says_what_linux_does_and_whether_it_may() {
    let of = |line: &str| judged(line).map(|(difference, why)| (difference, why.to_owned()));
    let text = "// A title.\n// req: MUST-1\n// linux: departs: it is: not so\n0 socket";
    assert_eq!(
        of(text),
        Some((Difference::Departs, "it is: not so".into()))
    );
    let word = |word: &str| of(&format!("// linux: {word}: why")).map(|(difference, _)| difference);
    assert_eq!(word("choice"), Some(Difference::Linux));
    assert_eq!(word("allowed"), Some(Difference::Allowed));
    assert_eq!(word("wrong"), None);
    assert_eq!(of("// A title.\n"), None);
}
