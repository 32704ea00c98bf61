use super::*;

/// What happens because of nothing, because of what was no input, or of what comes later; a packet
/// that says nothing of why.
#[test]
fn why_whatever_happens_has_an_input_before_it_for_its_cause() {
    let because = |cause: fn(&Teller) -> Option<u64>| {
        let mut teller = Teller::connected();
        teller.writes();
        let noted = Event::Noted {
            by: house!("land"),
            text: "something",
        };
        teller.tell(noted);
        assert_eq!(teller.breach(), None, "{}", teller.words());
        let cause = cause(&teller);
        teller.pass_on(FLOW, cause, noted);
        teller.breach()
    };
    assert_eq!(because(|teller| Some(teller.input)), None);
    assert_eq!(because(|_| None), Some("I-WHY"));
    assert_eq!(because(|teller| Some(teller.id)), Some("I-WHY"));
    assert_eq!(because(|teller| Some(teller.id + 2)), Some("I-WHY"));

    let mut teller = Teller::connected();
    let cause = teller.input;
    teller.pass_on(FLOW, Some(cause), Event::Ticked);
    assert_eq!(teller.breach(), Some("I-WHY"));

    let mut teller = Teller::connected();
    let bytes = packet(US, THEM, say(Flags::ACK, 101, 501, b""));
    teller.tell(Event::PacketOut {
        interface: InterfaceId::FIRST,
        offload: crate::base::Offload::default(),
        head: &bytes,
        body: Pieces::EMPTY,
        purpose: Purpose::Ack,
        why: Why { text: "", ..WHY },
        variables: None,
    });
    assert_eq!(teller.breach(), Some("I-WHY"));
}
