//! The initial window, and a controller by its name.

use super::kit::BEGINNING;
use super::{Algorithm, Beginning, initial_window};

/// RFC 6928 section 2, equation (1), as it stands there.
fn rfc_6928(mss: u64) -> u64 {
    std::cmp::min(10 * mss, std::cmp::max(2 * mss, 14_600))
}

// req: RFC5681-3.1-2, RFC6928-2-1
#[test]
fn the_initial_window_is_that_of_rfc_6928() {
    for mss in 1..=65_535 {
        assert_eq!(initial_window(mss, 10), rfc_6928(u64::from(mss)), "{mss}");
    }
    // By hand: Ethernet, the IPv4 default, a jumbo frame, the largest there is.
    assert_eq!(initial_window(1460, 10), 14_600);
    assert_eq!(initial_window(536, 10), 5_360);
    assert_eq!(initial_window(8_960, 10), 17_920);
    assert_eq!(initial_window(65_535, 10), 131_070);
}

// req: RFC5681-3.1-2
#[test]
fn fewer_segments_make_a_smaller_initial_window() {
    for mss in 1..=65_535 {
        for segments in 1..10 {
            assert!(initial_window(mss, segments) <= rfc_6928(u64::from(mss)));
        }
    }
    assert_eq!(initial_window(1460, 4), 4 * 1460);
    assert_eq!(initial_window(1460, 1), 1460);
    assert_eq!(initial_window(65_535, 1), 65_535);
}

// req: MAY-18
#[test]
fn a_controller_starts_with_the_initial_window_and_bears_its_name() {
    for (algorithm, name) in [(Algorithm::Reno, "reno"), (Algorithm::Cubic, "cubic")] {
        let control = algorithm.start(Beginning {
            mss: 1460,
            ..BEGINNING
        });
        assert_eq!(control.name(), name);
        assert_eq!(control.window(), 14_600);
        assert_eq!(control.threshold(), None);
        assert_eq!(control.pacing_rate(), None);
    }
}
