use super::*;

#[test]
fn a_section_is_found_with_those_below_it() {
    assert!(is_within("3.10.7.4 Other States", "3.10.7.4"));
    assert!(is_within("3.10.7.4 Other States", "3.10"));
    // 3.1 is not the beginning of 3.10.
    assert!(!is_within("3.10.7.4 Other States", "3.1"));
    assert!(!is_within("Fields", "3"));
}

#[test]
fn the_map_has_sections_with_their_lines() {
    let map = "# RFC map\n\nwords\n\n## RFC 1\n\n### 2 Two\n\n- decides: `a` in b\n- tests: `c`\n\n\
               ### 3 Three\n\n## RFC 4\n\n### 5 Five\n\n- names it: d\n";
    let all = sections(map);
    let found: Vec<_> = all
        .iter()
        .map(|one| (one.document, one.title, one.lines.len()))
        .collect();
    let expected = [
        ("RFC 1", "2 Two", 2),
        ("RFC 1", "3 Three", 0),
        ("RFC 4", "5 Five", 1),
    ];
    assert_eq!(found, expected);
    assert_eq!(
        documents(&all),
        [("RFC 1".to_owned(), 2), ("RFC 4".to_owned(), 1)]
    );
}

/// RFC 9293 section 3.10.7.4 is where most is decided.
#[test]
fn the_map_that_is_built_in_knows_the_heart_of_tcp() {
    let all = sections(MAP);
    let heart = all
        .iter()
        .find(|one| one.document == "RFC 9293" && is_within(one.title, "3.10.7.4"));
    let heart = heart.expect("a section");
    assert!(
        heart.lines.iter().any(|line| decides(line)),
        "{:?}",
        heart.lines
    );
}
