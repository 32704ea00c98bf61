use super::*;

fn read(words: &[&str]) -> Result<Wish, (String, String)> {
    let words: Vec<_> = words.iter().map(|word| word.to_string()).collect();
    Wish::read(&words)
}

fn question(name: &str, kind: RecordType) -> Question {
    Question {
        name: name.to_owned(),
        kind,
    }
}

#[test]
fn a_type_belongs_to_the_name_before_it() {
    let wish = read(&["a.test", "aaaa", "mx", "b.test", "c.test", "TXT", "d.test"]);
    let expected = [
        question("a.test", RecordType::AAAA),
        question("mx", RecordType::A),
        question("b.test", RecordType::A),
        question("c.test", RecordType::TXT),
        question("d.test", RecordType::A),
    ];
    assert_eq!(wish.expect("readable").questions, expected);
    let wish = read(&["a.test", "type99"]).expect("readable");
    assert_eq!(wish.questions[0].kind, RecordType::from(99));
}

#[test]
fn options_and_servers_stand_anywhere() {
    let wish = read(&["+trace", "a.test", "@10.0.0.1", "+short", "ns"]).expect("readable");
    assert!(wish.trace && wish.short);
    assert_eq!(wish.questions, [question("a.test", RecordType::NS)]);
    assert_eq!(wish.servers, ["10.0.0.1".parse().expect("an address")]);
    assert_eq!(read(&["+tarce"]).unwrap_err().0, "+tarce");
    assert!(read(&["@x"]).unwrap_err().1.contains("10.90.0.53"));
}

#[test]
fn texts_stand_between_quotes_and_cannot_leave_them() {
    use hickory_resolver::proto::rr::rdata::TXT;
    let texts = vec![&b"a \"b\" \\"[..], &b"\x1b["[..], &b""[..]];
    let text = RData::TXT(TXT::from_bytes(texts));
    let record = Record::from_rdata(Name::root(), 60, text);
    assert_eq!(data(&record), r#""a \"b\" \\" "\027[" """#);
}
