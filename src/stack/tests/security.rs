//! What a stranger cannot do: RFC 5961 (resets and SYNs that were guessed), RFC 6528 (numbers that
//! cannot be), RFC 4987 (floods of SYNs).

use std::time::Duration;

use super::super::lone::Lone;
use crate::probe::State;

const SECOND: Duration = Duration::from_secs(1);

// req: RFC5961-3.2-3
#[test]
fn a_reset_with_text_is_not_moved_to_the_next_number() {
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.inject("P. 1:101(100) ack 1");
    lone.run(SECOND);
    // Guessed within a segment's length before RCV.NXT: what is old is not cut off a reset.
    lone.inject("R 51:151(100)");
    assert_eq!(lone.ending(), "ResetNotExact");
    assert_eq!(lone.outgoing(), [". 1:1(0) ack 101"]);
    assert_eq!(lone.state(id), State::Established);
}
