use super::*;

const MAX: Duration = Duration::from_secs(120);

fn seconds(deferral: Deferral) -> u64 {
    deferral.span(MAX).as_secs()
}

#[test]
fn a_span_is_rounded_up_to_the_timeouts_of_a_syn_ack() {
    for (asked, lasts, timeouts) in [
        (0, 0, 0),
        (1, 1, 1),
        (2, 3, 2),
        (3, 3, 2),
        (4, 7, 3),
        (7, 7, 3),
        (8, 15, 4),
        (31, 31, 5),
        (127, 127, 7),
        // 1 + 2 + ... + 64, and from there on 120 each.
        (128, 247, 8),
        (300, 367, 9),
    ] {
        let deferral = Deferral::lasting(Duration::from_secs(asked), MAX);
        assert_eq!((seconds(deferral), deferral.timeouts()), (lasts, timeouts));
    }
}

#[test]
fn nothing_lasts_longer_than_255_timeouts() {
    let forever = Deferral::lasting(Duration::MAX, MAX);
    assert_eq!(forever.timeouts(), 255);
    assert_eq!(seconds(forever), 127 + 248 * 120);
}

#[test]
fn no_timeout_is_longer_than_the_greatest() {
    let max = Duration::from_secs(5);
    let timeouts: Vec<u64> = (0..40)
        .map(|before| syn_ack_timeout(before, max).as_secs())
        .collect();
    assert_eq!(timeouts[..4], [1, 2, 4, 5]);
    assert!(timeouts[4..].iter().all(|seconds| *seconds == 5));
}
