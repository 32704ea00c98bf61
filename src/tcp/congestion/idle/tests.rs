//! What is left of a window that was not used.

use super::restart;

// req: RFC5681-4.1-1
#[test]
fn the_restart_window_is_the_lesser_of_initial_and_present() {
    for (cwnd, expected) in [(100, 10), (10, 10), (3, 3)] {
        assert_eq!(restart(cwnd, None, 10).cwnd, expected);
    }
}

#[test]
fn the_threshold_remembers_three_quarters_of_what_was_carried() {
    assert_eq!(restart(100, Some(20), 10).ssthresh, Some(75));
    assert_eq!(restart(100, Some(90), 10).ssthresh, Some(90));
    // Arbitrarily high stays so.
    assert_eq!(restart(100, None, 10).ssthresh, None);
}
