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
