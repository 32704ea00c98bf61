use super::*;

fn meaning(text: &str) -> Meaning {
    text.parse().unwrap()
}

fn wrong(text: &str) -> String {
    text.parse::<Meaning>().unwrap_err().to_string()
}

#[test]
fn packets_are_named_by_what_they_are() {
    assert_eq!(
        meaning("data 14"),
        Meaning {
            what: What::Data,
            numbers: Numbers::Range(14, 14),
            copies: Copies::First,
            flow: None,
        }
    );
    assert_eq!(
        meaning("second retransmission of fin"),
        Meaning {
            what: What::Fin,
            numbers: Numbers::All,
            copies: Copies::Retransmission(2),
            flow: None,
        }
    );
    assert_eq!(meaning("syn 1").numbers, Numbers::Range(1, 1));
    assert_eq!(meaning("syn 1").copies, Copies::All);
    assert_eq!(meaning("data 3-7").numbers, Numbers::Range(3, 7));
    assert_eq!(meaning("any every 10").numbers, Numbers::Every(10));
    let copies = meaning("every retransmission of data 3-7 of flow 2");
    assert_eq!(copies.copies, Copies::EveryRetransmission);
    assert_eq!(copies.flow, Some(2));
    assert_eq!(meaning("every copy of data").copies, Copies::All);
}

#[test]
fn what_is_read_is_written_the_same() {
    for text in [
        "data",
        "data 14",
        "data 3-7",
        "ack every 10",
        "syn 1",
        "syn-ack 2",
        "rst 1 of flow 3",
        "first retransmission of data 14",
        "tenth retransmission of syn",
        "second retransmission of fin",
        "every retransmission of data 3-7 of flow 2",
        "every copy of data 1",
    ] {
        assert_eq!(meaning(text).to_string(), text);
    }
}

#[test]
fn what_means_nothing_is_told_with_its_reason() {
    assert_eq!(
        wrong("dada 14"),
        "\"dada 14\" names no packet: \"dada\" is none of syn, syn-ack, data, fin, rst, ack, any \
         (as in \"data 14\", \"second retransmission of fin\")"
    );
    assert!(wrong("").contains("nothing is named"));
    assert!(wrong("data 0").contains("\"0\" is no number from 1 on"));
    assert!(wrong("data x").contains("\"x\" is no number from 1 on"));
    assert!(wrong("data 1 2 3").contains("\"3\" is too much"));
    assert!(wrong("eleventh retransmission of data 1").contains("first, second"));
    assert!(wrong("every copy of ack 3").contains("only syn, syn-ack, data and fin have copies"));
    assert!(wrong("first retransmission of syn 2").contains("counts its copies already"));
}
