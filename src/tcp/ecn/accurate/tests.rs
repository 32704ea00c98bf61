//! Three bits and what they mean.

use super::*;
use crate::base::{Pieces, SeqNum};
use crate::tcp::kit::{at, segment};
use crate::wire::counts::ByteCounts;
use crate::wire::options::Options;

/// What comes with `flags`.
fn with(flags: Flags) -> Segment<'static> {
    segment(flags, SeqNum(1), Some(SeqNum(1)))
}

/// An ACK that shows a counter, and tells of so many marked bytes.
fn telling(ace: u32, ce: u32) -> Segment<'static> {
    let options = Options {
        byte_counts: Some(ByteCounts::new(1, ce, 1)),
        ..Options::default()
    };
    Segment {
        options,
        ..with(flags(ace))
    }
}

fn server() -> Accurate {
    Accurate::server(Telling::Fully)
}

impl Accurate {
    /// A packet comes with ten bytes of text, or none.
    fn takes(&mut self, codepoint: Codepoint, text: bool, owing: bool) -> bool {
        let text = Pieces::one(if text { &[7; 10] } else { &[] });
        let seg = with(Flags::NONE);
        self.on_segment(codepoint, &Segment { text, ..seg }, owing)
    }

    /// An ACK of so many packets of a thousand bytes comes with these flags.
    fn reads(&mut self, flags: Flags, delivered: u32) -> u32 {
        self.marks(&with(flags), delivered, 1000)
    }
}

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
    let mut receiver = server();
    assert_eq!(number(receiver.feedback()), 5);
    for came in 6..30 {
        receiver.takes(Codepoint::Ce, false, false);
        receiver.takes(Codepoint::Ect0, true, true);
        assert_eq!(number(receiver.feedback()), came % 8);
    }
}

// req: RFC9768-3.2.2.1-1, RFC9768-3.2.2.2-1
#[test]
fn the_handshakes_last_ack_shows_how_the_syn_ack_came_and_counts_its_mark() {
    for (codepoint, answer, then) in [(Codepoint::NotEct, 0b010, 5), (Codepoint::Ce, 0b110, 6)] {
        let mut client = Accurate::client(codepoint, Telling::Fully);
        let ack = client.feedback();
        assert_eq!(number(ack), answer);
        client.on_sent(at(1));
        assert_eq!(number(client.feedback()), then);
        let mut server = server();
        server.on_handshake_ack(ack);
        assert!(server.may_mark());
        assert_eq!(server.reads(ack, 1), 0, "no counter");
        assert_eq!(server.reads(client.feedback(), 1), 0, "told already");
    }
}

// req: RFC9768-3.2.2.1-2
#[test]
fn erased_flags_keep_us_from_sending_what_could_be_marked() {
    let mut server = server();
    server.on_handshake_ack(Flags::NONE);
    assert!(!server.may_mark());
    server.takes(Codepoint::Ce, true, true);
    assert_eq!(
        number(server.feedback()),
        6,
        "what comes is told all the same"
    );
}

// req: RFC9768-3.2.2.5.1-1
#[test]
fn the_first_marked_text_is_acknowledged_at_once() {
    let mut receiver = server();
    assert!(!receiver.takes(Codepoint::Ect0, true, true));
    assert!(receiver.takes(Codepoint::Ce, true, true));
    receiver.on_sent(at(1));
    assert!(!receiver.takes(Codepoint::Ce, true, true));
    receiver.on_sent(at(1));
    assert!(!receiver.takes(Codepoint::Ect0, true, true));
    assert!(receiver.takes(Codepoint::Ce, true, true));
}

// req: RFC9768-3.2.2.5.1-2
#[test]
fn every_second_mark_is_told_and_every_third_where_nothing_is_to_be_acknowledged() {
    let told = |text: bool| -> Vec<bool> {
        let mut receiver = server();
        receiver.takes(Codepoint::Ce, true, true);
        receiver.on_sent(at(1));
        let told = |_| {
            let told = receiver.takes(Codepoint::Ce, text, text);
            if told {
                receiver.on_sent(at(1));
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
        let mut sender = server();
        assert_eq!(sender.reads(SEVEN, delivered), marks, "{delivered}");
    }
}

#[test]
fn where_acks_tell_of_many_packets_as_a_rule_none_is_thought_missing() {
    let mut sender = server();
    let five = flags(5);
    let first: u32 = (0..100).map(|_| sender.reads(five, 7)).sum();
    assert_eq!(first, 0);
    assert_eq!(sender.reads(five, 40), 0);
    assert_eq!(sender.reads(SEVEN, 40), 2);
}

// req: RFC9768-3.2.2.5.2-1
#[test]
fn marked_bytes_say_how_often_a_counter_has_come_round() {
    // After five, the counter shows 7, of twenty packets of a thousand bytes: two marks, ten or
    // eighteen.
    for (bytes, marks) in [(0, 2), (2_000, 2), (2_001, 10), (10_000, 10), (10_001, 18)] {
        let mut sender = server();
        sender.bytes.on_option(telling(5, 0).options.byte_counts);
        assert_eq!(sender.marks(&telling(7, bytes), 20, 1000), marks, "{bytes}");
    }
    // There are no more than could have been, whatever it says.
    let mut sender = server();
    sender.bytes.on_option(telling(5, 0).options.byte_counts);
    assert_eq!(sender.marks(&telling(7, 90_000), 17, 1000), 10);
    assert_eq!(sender.marks(&telling(7, 91_000), 7, 1000), 0);
}

#[test]
fn marks_that_flags_have_told_of_are_not_counted_again() {
    let mut sender = server();
    sender.bytes.on_option(telling(5, 0).options.byte_counts);
    // Six marks, without the option; it then has the bytes of all.
    assert_eq!(sender.reads(flags(3), 7), 6);
    assert_eq!(sender.marks(&telling(3, 6_000), 10, 1000), 0);
    assert_eq!(sender.marks(&telling(3, 14_000), 10, 1000), 8);
}

// req: RFC9768-3.2.3.2.5-1
#[test]
fn a_counter_that_says_more_than_the_other_can_hide_ends_the_marking() {
    // Marked bytes, packets delivered, what ACE shows.
    for (bytes, delivered, ace, may_mark) in [
        (0, 7, 5, true),
        (1, 7, 6, true),
        (1, 8, 5, true),
        // A mark on a packet without text.
        (0, 7, 6, true),
        (1, 7, 5, false),
    ] {
        let mut sender = server();
        sender.bytes.on_option(telling(5, 0).options.byte_counts);
        sender.marks(&telling(ace, bytes), delivered, 1000);
        assert_eq!(sender.may_mark(), may_mark, "{bytes} {delivered} {ace}");
    }
    // What an ACK without the option has told of explains the bytes.
    let mut sender = server();
    sender.bytes.on_option(telling(5, 0).options.byte_counts);
    sender.reads(flags(6), 1);
    sender.marks(&telling(6, 1_000), 1, 1000);
    assert!(sender.may_mark());
}
