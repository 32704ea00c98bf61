use super::*;

#[test]
fn each_line_is_a_record_and_the_header_says_so() {
    let lines =
        "{\"file_schema\":\"x\",\"serialization_format\":\"application/jsonl\"}\n{\"id\":1}\n";
    let mut out = Vec::new();
    sequence(lines.as_bytes(), &mut out).expect("memory");
    assert_eq!(
        String::from_utf8(out).expect("text"),
        "\u{1e}{\"file_schema\":\"x\",\"serialization_format\":\"application/qlog+json-seq\"}\n\
         \u{1e}{\"id\":1}\n"
    );
}
