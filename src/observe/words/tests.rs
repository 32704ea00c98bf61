use super::*;
use crate::{house, rfc};

#[test]
fn a_clause_is_a_key_without_the_letters_rfc() {
    assert_eq!(clause(rfc!(6675, "5 (4.3)")), "6675 5 (4.3)");
    assert_eq!(clause(house!("rto-min")), "house rto-min");
}

#[test]
fn challenged_means_discarded_and_an_ack_sent_back() {
    for why in [
        Discard::ResetNotExact,
        Discard::SynInSynchronized,
        Discard::AckTooNew,
        Discard::AckTooOld,
    ] {
        assert_eq!(disposition(why.into()), "challenged");
    }
    assert_eq!(
        disposition(Discard::ResetOutOfWindow.into()),
        "out_of_window"
    );
    assert_eq!(disposition(Discard::Paws.into()), "dropped");
    assert_eq!(disposition(Drop::Land.into()), "dropped");
}

#[test]
fn text_that_is_kept_or_known_says_so() {
    assert_eq!(disposition(Accepted::Text.into()), "accepted");
    assert_eq!(disposition(Accepted::TextOutOfOrder.into()), "out_of_order");
    assert_eq!(disposition(Accepted::TextDuplicate.into()), "duplicate");
    assert_eq!(disposition(Discard::Old.into()), "duplicate");
}
