//! Texts as tokens.

use super::{Token, tokens};

fn kinds(text: &str) -> Vec<Token<'_>> {
    let mut kinds: Vec<_> = tokens(text)
        .into_iter()
        .map(|placed| placed.token)
        .collect();
    assert_eq!(kinds.pop(), Some(Token::End));
    kinds
}

#[test]
fn an_event_is_one_token_and_its_field_three() {
    assert_eq!(
        kinds("max(tcp:metrics_updated.cwnd)"),
        [
            Token::Word("max"),
            Token::Mark("("),
            Token::Kind("tcp:metrics_updated"),
            Token::Mark("."),
            Token::Word("cwnd"),
            Token::Mark(")"),
        ]
    );
    assert_eq!(
        kinds("tcp:*.x"),
        [Token::Kind("tcp:*"), Token::Mark("."), Token::Word("x")]
    );
    assert_eq!(kinds("tcp: x"), [Token::Kind("tcp:"), Token::Word("x")]);
}

#[test]
fn a_unit_is_a_word_and_a_point_belongs_to_a_number_only_between_digits() {
    assert_eq!(kinds("0.5ms"), [Token::Number("0.5"), Token::Word("ms")]);
    assert_eq!(
        kinds("1.x"),
        [Token::Number("1"), Token::Mark("."), Token::Word("x")]
    );
}

#[test]
fn marks_are_as_long_as_they_can_be() {
    let marks = [
        "!=", "<=", ">=", "=", "<", ">", "~", "+", "-", "*", "/", "(", ")", ",", ".",
    ];
    for mark in marks {
        assert_eq!(kinds(mark), [Token::Mark(mark)]);
    }
    assert_eq!(
        kinds("a<=-1")[1..],
        [Token::Mark("<="), Token::Mark("-"), Token::Number("1")]
    );
    assert_eq!(kinds("=="), [Token::Strange("==")]);
    assert_eq!(kinds("é$"), [Token::Strange("é"), Token::Strange("$")]);
}

#[test]
fn a_quote_in_a_text_is_written_twice() {
    assert_eq!(kinds("'it''s'"), [Token::Text("it's".into())]);
    assert_eq!(kinds("''"), [Token::Text(String::new())]);
    assert_eq!(kinds("''''"), [Token::Text("'".into())]);
    assert_eq!(
        kinds("'a' 'b'"),
        [Token::Text("a".into()), Token::Text("b".into())]
    );
    assert_eq!(kinds("'a'''"), [Token::Text("a'".into())]);
    assert_eq!(kinds("'a''"), [Token::Unclosed]);
    assert_eq!(kinds("'"), [Token::Unclosed]);
}

#[test]
fn each_knows_its_bytes() {
    let places: Vec<_> = tokens(" é <= 12")
        .into_iter()
        .map(|p| (p.at, p.end))
        .collect();
    assert_eq!(places, [(1, 3), (4, 6), (7, 9), (9, 9)]);
}
