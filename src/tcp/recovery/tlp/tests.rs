//! When a probe goes and what its answer says.

use super::*;

const END: SeqNum = SeqNum(u32::MAX - 3);
const MS: Duration = Duration::from_millis(1);

fn ack(at: SeqNum) -> Heard {
    Heard {
        ack: at,
        dsack_end: None,
        bare_duplicate: false,
    }
}

fn probing(content: Content) -> Tlp {
    let mut tlp = Tlp::new();
    tlp.on_measured();
    tlp.on_probe(END, content);
    tlp
}

// req: RFC8985-7.2-2
#[test]
fn a_probe_waits_two_round_trips_and_longer_for_a_lone_segment() {
    let pto = |srtt, one| Tlp::timeout(srtt, one, 200 * MS);
    let srtt = Some(50 * MS);
    assert_eq!(pto(srtt, false), 100 * MS + PTO_MARGIN);
    assert_eq!(pto(srtt, true), 300 * MS + PTO_MARGIN);
    assert_eq!(pto(None, false), 1000 * MS);
}

// req: RFC8985-7.3-1
#[test]
fn a_probe_goes_once_and_the_next_only_after_a_round_trip_was_measured() {
    let mut tlp = Tlp::new();
    assert!(!tlp.may_probe());
    tlp.on_measured();
    assert!(tlp.may_probe());
    tlp.on_probe(END, Content::New);
    tlp.on_measured();
    assert!(!tlp.may_probe(), "one is in flight");
    tlp.on_ack(&ack(END));
    assert!(tlp.may_probe());
    let mut tlp = probing(Content::New);
    tlp.on_ack(&ack(END));
    assert!(!tlp.may_probe(), "nothing was measured");
}

// req: RFC8985-7.4.2-1
#[test]
fn a_copy_that_only_one_ack_answers_has_repaired_a_loss() {
    let mut tlp = probing(Content::Again);
    assert_eq!(tlp.on_ack(&ack(END - 1)), Answer::Nothing);
    assert_eq!(tlp.on_ack(&ack(END)), Answer::Nothing);
    assert_eq!(tlp.on_ack(&ack(END + 1)), Answer::Repaired);
    assert_eq!(tlp.on_ack(&ack(END + 2)), Answer::Nothing);
}

// req: RFC8985-7.4.2-1
#[test]
fn a_copy_whose_original_arrived_too_has_repaired_nothing() {
    for twice in [
        Heard {
            dsack_end: Some(END),
            ..ack(END)
        },
        Heard {
            bare_duplicate: true,
            ..ack(END)
        },
    ] {
        let mut tlp = probing(Content::Again);
        assert_eq!(tlp.on_ack(&ack(END)), Answer::Nothing);
        assert_eq!(tlp.on_ack(&twice), Answer::Nothing);
        assert_eq!(tlp.on_ack(&ack(END + 1)), Answer::Nothing);
    }
    // A D-SACK of something else is another matter.
    let mut tlp = probing(Content::Again);
    let other = Heard {
        dsack_end: Some(END - 1),
        ..ack(END)
    };
    tlp.on_ack(&other);
    assert_eq!(tlp.on_ack(&ack(END + 1)), Answer::Repaired);
}

#[test]
fn a_probe_of_new_text_repairs_nothing() {
    let mut tlp = probing(Content::New);
    assert_eq!(tlp.on_ack(&ack(END + 1)), Answer::Nothing);
}
