//! Echo and answer.

use super::*;
use crate::tcp::kit::segment;

const ISS: SeqNum = SeqNum(u32::MAX - 1500);

// req: RFC3168-6.1.3-1, RFC3168-6.1.3-2
#[test]
fn a_mark_is_echoed_until_the_sender_says_that_it_has_slowed_down() {
    let mut ecn = Ecn::new(ISS);
    assert_eq!(ecn.feedback(), Flags::NONE);
    for (codepoint, flags, echo) in [
        (Codepoint::Ce, Flags::NONE, Flags::ECE),
        (Codepoint::Ect0, Flags::NONE, Flags::ECE),
        // Marked again.
        (Codepoint::Ce, Flags::CWR, Flags::ECE),
        (Codepoint::Ect0, Flags::CWR, Flags::NONE),
    ] {
        let seg = segment(flags, ISS, Some(ISS));
        assert!(!ecn.on_segment(codepoint, &seg, true));
        assert_eq!(ecn.feedback(), echo);
    }
}

// req: RFC3168-6.1.2-2
#[test]
fn echoes_count_once_a_window_of_data() {
    let mut ecn = Ecn::new(ISS);
    assert!(ecn.on_echo(ISS + 1));
    ecn.on_reduced(ISS + 10_000);
    assert!(!ecn.on_echo(ISS + 10_000));
    assert!(ecn.on_echo(ISS + 10_001));
    // However long ago.
    let mut una = ISS + 10_000;
    for _ in 1..6 {
        una += 1 << 30;
        ecn.on_progress(una);
        assert!(ecn.on_echo(una));
    }
}

// req: RFC3168-6.1.1-1, RFC3168-6.1.1-4
#[test]
fn only_the_two_setup_combinations_mean_anything() {
    let (ece, cwr) = (Flags::ECE, Flags::CWR);
    assert!(is_setup_syn(Flags::SYN | ece | cwr));
    assert!(!is_setup_syn(Flags::SYN | ece));
    assert!(!is_setup_syn(Flags::SYN | cwr));
    assert!(is_setup_syn_ack(Flags::SYN | ece));
    assert!(!is_setup_syn_ack(Flags::SYN | ece | cwr));
    assert!(!is_setup_syn_ack(Flags::SYN | cwr));
}

#[test]
fn only_both_bits_are_a_mark() {
    assert_eq!(Codepoint::of(0b1011_1011), Codepoint::Ce);
    for tos in [0b00, 0b01, 0b10, 0b1111_1100, 0b1111_1110] {
        assert_ne!(Codepoint::of(tos), Codepoint::Ce);
    }
}
