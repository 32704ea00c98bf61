//! Three bits and what they mean.

use super::*;

const SEVEN: Flags = Flags::AE.union(Flags::CWR).union(Flags::ECE);

// req: RFC9768-3.1.1-2, RFC9768-3.2.2.1-1
#[test]
fn an_answer_shows_how_the_packet_came() {
    for (codepoint, answer) in [
        (Codepoint::NotEct, 0b010),
        (Codepoint::Ect1, 0b011),
        (Codepoint::Ect0, 0b100),
        (Codepoint::Ce, 0b110),
    ] {
        assert_eq!(number(shown(codepoint)), answer);
        assert_eq!(heard(shown(codepoint)), Some(codepoint));
    }
    for other in [0b000, 0b001, 0b101, 0b111] {
        assert_eq!(heard(flags(other)), None);
    }
}

// req: RFC9768-3.1.2-2, RFC9768-3.1.3-1
#[test]
fn combinations_that_nobody_sends_yet_ask_and_agree() {
    for number in 0..8 {
        assert_eq!(is_asking(flags(number)), ![0b000, 0b011].contains(&number));
        let refused = [0b000, 0b001, 0b111].contains(&number);
        assert_eq!(is_agreeing(flags(number)), !refused, "{number:03b}");
    }
}

// req: RFC9768-3.2.1-1, RFC9768-3.2.2-1, RFC9768-3.2-1
#[test]
fn the_counter_of_marks_begins_at_five_and_shows_three_bits() {
    let mut receiver = Accurate::server();
    assert_eq!(number(receiver.feedback()), 5);
    for came in 6..30 {
        receiver.on_segment(Codepoint::Ce, false, false);
        receiver.on_segment(Codepoint::Ect0, true, true);
        assert_eq!(number(receiver.feedback()), came % 8);
    }
}

// req: RFC9768-3.2.2.1-1, RFC9768-3.2.2.2-1
#[test]
fn the_handshakes_last_ack_shows_how_the_syn_ack_came_and_counts_its_mark() {
    for (codepoint, answer, then) in [(Codepoint::NotEct, 0b010, 5), (Codepoint::Ce, 0b110, 6)] {
        let mut client = Accurate::client(codepoint);
        let ack = client.feedback();
        assert_eq!(number(ack), answer);
        client.on_sent();
        assert_eq!(number(client.feedback()), then);
        let mut server = Accurate::server();
        server.on_handshake_ack(ack);
        assert!(server.may_mark());
        assert_eq!(server.marks(ack, 1), 0, "no counter");
        assert_eq!(server.marks(client.feedback(), 1), 0, "told already");
    }
}

// req: RFC9768-3.2.2.1-2
#[test]
fn erased_flags_keep_us_from_sending_what_could_be_marked() {
    let mut server = Accurate::server();
    server.on_handshake_ack(Flags::NONE);
    assert!(!server.may_mark());
    server.on_segment(Codepoint::Ce, true, true);
    assert_eq!(
        number(server.feedback()),
        6,
        "what comes is told all the same"
    );
}

// req: RFC9768-3.2.2.5.1-1
#[test]
fn the_first_marked_text_is_acknowledged_at_once() {
    let mut receiver = Accurate::server();
    assert!(!receiver.on_segment(Codepoint::Ect0, true, true));
    assert!(receiver.on_segment(Codepoint::Ce, true, true));
    receiver.on_sent();
    assert!(!receiver.on_segment(Codepoint::Ce, true, true));
    receiver.on_sent();
    assert!(!receiver.on_segment(Codepoint::Ect0, true, true));
    assert!(receiver.on_segment(Codepoint::Ce, true, true));
}

// req: RFC9768-3.2.2.5.1-2
#[test]
fn every_second_mark_is_told_and_every_third_where_nothing_is_to_be_acknowledged() {
    let told = |text: bool| -> Vec<bool> {
        let mut receiver = Accurate::server();
        receiver.on_segment(Codepoint::Ce, true, true);
        receiver.on_sent();
        let told = |_| {
            let told = receiver.on_segment(Codepoint::Ce, text, text);
            if told {
                receiver.on_sent();
            }
            told
        };
        (0..6).map(told).collect()
    };
    assert_eq!(told(true), [false, true, false, true, false, true]);
    assert_eq!(told(false), [false, false, true, false, false, true]);
}

// req: RFC9768-3.2.2.5.2-1
#[test]
fn a_counter_that_may_have_come_round_is_taken_to_have_done_so() {
    // After five, the counter shows 7: two marks, or ten, or eighteen.
    for (delivered, marks) in [(1, 2), (7, 2), (9, 2), (10, 10), (17, 10), (18, 18)] {
        let mut sender = Accurate::server();
        assert_eq!(sender.marks(SEVEN, delivered), marks, "{delivered}");
    }
}

#[test]
fn where_acks_tell_of_many_packets_as_a_rule_none_is_thought_missing() {
    let mut sender = Accurate::server();
    let five = flags(5);
    let first: u32 = (0..100).map(|_| sender.marks(five, 7)).sum();
    assert_eq!(first, 0);
    assert_eq!(sender.marks(five, 40), 0);
    assert_eq!(sender.marks(SEVEN, 40), 2);
}
