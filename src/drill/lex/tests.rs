use super::*;

/// Kinds and texts of a script, without the end.
fn kinds(script: &str) -> Vec<(Kind, String)> {
    let all = tokens(script).into_iter();
    all.filter(|token| token.kind != Kind::End)
        .map(|token| (token.kind, token.text))
        .collect()
}

fn one(script: &str) -> (Kind, String) {
    let all = kinds(script);
    assert_eq!(all.len(), 1, "{script}: {all:?}");
    all[0].clone()
}

fn check(script: &str, expected: &[(Kind, &str)]) {
    let found = kinds(script);
    let found: Vec<_> = found.iter().map(|(k, t)| (*k, t.as_str())).collect();
    assert_eq!(found, expected, "{script}");
}

#[test]
fn the_longest_reading_wins() {
    use Kind::*;
    for (script, kind) in [
        ("12ab", Word),
        ("12", Integer),
        ("-12", Integer),
        ("0x1F", Hex),
        ("0x", Word),
        ("0xg", Word),
        ("1.5", Float),
        (".5", Float),
        ("-.5", Float),
        ("1.2.3.4", Address),
        ("192.168.0.1", Address),
        ("fd3d:0a0b:17d6::1", Address),
        ("::1", Address),
        ("1:2:3:4:5:6:7:8", Address),
        ("::ffff:192.0.2.1", Address),
        ("...", Ellipsis),
        ("A_1", Word),
        ("_", Word),
    ] {
        assert_eq!(one(script), (kind, script.to_owned()));
    }
}

#[test]
fn a_point_without_digits_is_no_part_of_a_number() {
    check("5. ", &[(Kind::Integer, "5"), (Kind::Mark('.'), ".")]);
    check("1.2.3", &[(Kind::Float, "1.2"), (Kind::Float, ".3")]);
}

#[test]
fn an_ellipsis_between_numbers_is_found() {
    check(
        "0...0.3",
        &[
            (Kind::Integer, "0"),
            (Kind::Ellipsis, "..."),
            (Kind::Float, "0.3"),
        ],
    );
    check(
        "+.02...0.15",
        &[
            (Kind::Mark('+'), "+"),
            (Kind::Float, ".02"),
            (Kind::Ellipsis, "..."),
            (Kind::Float, "0.15"),
        ],
    );
}

#[test]
fn flags_and_numbers_are_told_apart() {
    check(
        "P. 1:11(10)",
        &[
            (Kind::Word, "P"),
            (Kind::Mark('.'), "."),
            (Kind::Integer, "1"),
            (Kind::Mark(':'), ":"),
            (Kind::Integer, "11"),
            (Kind::Mark('('), "("),
            (Kind::Integer, "10"),
            (Kind::Mark(')'), ")"),
        ],
    );
    check("P.5", &[(Kind::Word, "P"), (Kind::Float, ".5")]);
}

#[test]
fn addresses_end_where_they_must() {
    check(
        "fd3d::2: x",
        &[
            (Kind::Address, "fd3d::2"),
            (Kind::Mark(':'), ":"),
            (Kind::Word, "x"),
        ],
    );
    check(
        "192.0.2.1/24",
        &[
            (Kind::Address, "192.0.2.1"),
            (Kind::Mark('/'), "/"),
            (Kind::Integer, "24"),
        ],
    );
}

#[test]
fn comments_are_skipped_but_not_inside_strings_commands_and_code() {
    assert_eq!(kinds("// all of this\n/* and\nthis */"), []);
    assert_eq!(kinds("// at the end"), []);
    assert_eq!(one("\"// no /* comment\"").1, "// no /* comment");
    assert_eq!(one("`http://x`").1, "http://x");
    assert_eq!(one("%{ 7 // 2 }%").1, " 7 // 2 ");
}

#[test]
fn a_backslash_keeps_the_next_character_from_closing() {
    assert_eq!(one(r#""a\"b""#), (Kind::Text, r#"a\"b"#.into()));
    assert_eq!(one(r"`a\`b`"), (Kind::Command, r"a\`b".into()));
    assert_eq!(one(r#""\\""#), (Kind::Text, r"\\".into()));
}

#[test]
fn what_never_ends_is_one_broken_token() {
    for (script, what) in [
        ("\"abc", "a string that never ends"),
        ("`abc\n", "a command that never ends"),
        ("%{ abc", "a code block that never ends"),
        ("/* abc", "a comment that never ends"),
    ] {
        assert_eq!(one(script), (Kind::Broken, what.into()));
    }
}

#[test]
fn places_count_lines_and_characters_from_one() {
    let all = tokens("a\n  \"é\" b");
    let places: Vec<_> = all.iter().map(|t| (t.at.line, t.at.col)).collect();
    assert_eq!(places, [(1, 1), (2, 3), (2, 7), (2, 8)]);
}

#[test]
fn a_first_line_for_the_shell_is_skipped() {
    check("#!/usr/bin/env x\n1", &[(Kind::Integer, "1")]);
    check(
        "1 #!",
        &[
            (Kind::Integer, "1"),
            (Kind::Mark('#'), "#"),
            (Kind::Mark('!'), "!"),
        ],
    );
}

#[test]
fn conditions_are_tokens() {
    check(
        "#ifdef STANDARD\n1\n#endif\n",
        &[
            (Kind::IfDefined, "STANDARD"),
            (Kind::Integer, "1"),
            (Kind::EndIf, ""),
        ],
    );
    // A directive needs its name, and ends where the word does.
    check("#endifx", &[(Kind::Mark('#'), "#"), (Kind::Word, "endifx")]);
}

#[test]
fn a_carriage_return_is_a_mark_that_nothing_takes() {
    check("1\r\n", &[(Kind::Integer, "1"), (Kind::Mark('\r'), "\r")]);
}

#[test]
fn options_are_two_dashes_and_a_word() {
    check(
        "--ip_version=ipv4",
        &[
            (Kind::Option, "ip_version"),
            (Kind::Mark('='), "="),
            (Kind::Word, "ipv4"),
        ],
    );
}
