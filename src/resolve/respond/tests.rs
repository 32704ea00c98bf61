use hickory_resolver::proto::rr::Name;

use super::super::fixtures::{a, name, txt};
use super::*;

/// A question as a client sends it, changed.
fn query(change: impl FnOnce(&mut Message)) -> Vec<u8> {
    let mut message = Message::new(7, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(name("www.test."), RecordType::A));
    change(&mut message);
    message.to_vec().expect("short")
}

fn edns(version: u8, payload: u16) -> Edns {
    let mut edns = Edns::new();
    edns.set_version(version).set_max_payload(payload);
    edns
}

fn said(text: &[u8]) -> Message {
    match read(text) {
        Request::Say(message) => *message,
        other => panic!("said: {other:?}"),
    }
}

fn asked(text: &[u8]) -> Message {
    match read(text) {
        Request::Find(message) => *message,
        other => panic!("asked: {other:?}"),
    }
}

// req: RFC6891-6.1.3-1
#[test]
fn what_is_not_answered_is_told_why() {
    type Change = fn(&mut Message);
    let cases: [(Change, ResponseCode); 7] = [
        (
            |m| m.metadata.op_code = OpCode::Status,
            ResponseCode::NotImp,
        ),
        (|m| m.queries.clear(), ResponseCode::FormErr),
        (
            |m| m.metadata.recursion_desired = false,
            ResponseCode::Refused,
        ),
        (
            |m| m.queries[0].query_class = DNSClass::CH,
            ResponseCode::Refused,
        ),
        (
            |m| m.queries[0].query_type = RecordType::AXFR,
            ResponseCode::Refused,
        ),
        (
            |m| m.queries[0].query_type = RecordType::ANY,
            ResponseCode::NotImp,
        ),
        (
            |m| {
                m.set_edns(edns(1, 1232));
            },
            ResponseCode::BADVERS,
        ),
    ];
    for (change, code) in cases {
        let answer = said(&query(change));
        assert_eq!(answer.metadata.response_code, code);
        assert_eq!(answer.metadata.message_type, MessageType::Response);
        assert_eq!(answer.metadata.id, 7);
        // As it goes over the wire: the upper bits of a code stand in the OPT record.
        let wire = Message::from_vec(&answer.to_vec().expect("short")).expect("readable");
        // By its number: 16 has two names.
        assert_eq!(u16::from(wire.metadata.response_code), u16::from(code));
    }
}

#[test]
fn no_answer_is_answered_and_noise_only_if_it_looks_like_a_question() {
    let answer = query(|m| m.metadata.message_type = MessageType::Response);
    assert!(matches!(read(&answer), Request::Ignore));
    assert!(matches!(read(b""), Request::Ignore));
    assert!(matches!(read(&[0; 11]), Request::Ignore));
    let cut = &query(|_| {})[..20];
    let answer = said(cut);
    assert_eq!(answer.metadata.response_code, ResponseCode::FormErr);
    assert_eq!(answer.metadata.id, 7);
}

// req: RFC6891-6.1.1-1
#[test]
fn edns_is_spoken_with_whoever_speaks_it() {
    for (offered, expected) in [(None, 0), (Some(4096), 1)] {
        let text = query(|m| {
            if let Some(payload) = offered {
                m.set_edns(edns(0, payload));
            }
        });
        let answer = reply(&asked(&text), ResponseCode::NoError);
        let text = answer.to_vec().expect("short");
        // ARCOUNT: the OPT record and nothing else.
        assert_eq!(u16::from_be_bytes([text[10], text[11]]), expected);
    }
}

// req: RFC1035-4.2.1-1, RFC6891-6.2.3-1
#[test]
fn a_datagram_has_512_octets_or_what_edns_says() {
    let with = |payload| {
        asked(&query(|m| {
            m.set_edns(edns(0, payload));
        }))
    };
    assert_eq!(room(&asked(&query(|_| {}))), 512);
    assert_eq!(room(&with(100)), 512);
    assert_eq!(room(&with(1000)), 1000);
    assert_eq!(room(&with(4096)), 1232);
    let asking = asked(&query(|_| {}));
    let records = vec![txt("www.test.", 20)];
    let long = answered(&asking, &Ok(Answer { records }));
    let text = fit(&long, 512).expect("a message");
    let cut = Message::from_vec(&text).expect("readable");
    assert!(cut.metadata.truncation && cut.answers.is_empty() && text.len() <= 512);
    assert_eq!(cut.queries, asking.queries);
    let whole = fit(&long, 65_535).expect("a message");
    assert!(whole.len() > 4000);
}

// req: RFC2308-5-1
#[test]
fn that_there_is_nothing_may_be_remembered_as_long_as_the_zone_says() {
    use hickory_resolver::proto::rr::rdata::SOA;
    let asking = asked(&query(|_| {}));
    for (ttl, minimum, expected) in [(600, 30, 30), (20, 30, 20)] {
        let soa = SOA::new(Name::root(), Name::root(), 1, 60, 60, 60, minimum);
        let soa = Some(Box::new(Record::from_rdata(
            name("test."),
            ttl,
            RData::SOA(soa),
        )));
        let none = Error::NoSuchName {
            name: String::from("www.test."),
            soa,
        };
        let answer = answered(&asking, &Err(none));
        assert_eq!(answer.metadata.response_code, ResponseCode::NXDomain);
        assert_eq!(answer.authorities[0].ttl, expected);
    }
    let answer = answered(&asking, &Err(Error::Silence));
    assert_eq!(answer.metadata.response_code, ResponseCode::ServFail);
    let records = vec![a("www.test.", 60, [192, 0, 2, 1])];
    let answer = answered(&asking, &Ok(Answer { records }));
    assert_eq!(answer.answers.len(), 1);
    assert!(answer.metadata.recursion_available && !answer.metadata.authoritative);
}
