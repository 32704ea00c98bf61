//! What two SYNs agree on: every option offered by one side, by both, by none.

use crate::base::{Mss, WindowScale};
use crate::tcp::Config;
use crate::wire::options::{Options, TimestampOption};

use super::{Offer, Scales, agree, syn_window};

const STAMP: TimestampOption = TimestampOption { value: 1, echo: 0 };

/// All of it, on Ethernet.
fn offer() -> Offer {
    Offer::new(&Config::default(), Mss::new(1460))
}

fn peer() -> Options {
    Options {
        mss: Some(1400),
        window_scale: Some(9),
        sack_permitted: true,
        timestamps: Some(STAMP),
        ..Options::default()
    }
}

// req: MUST-14, MAY-3
#[test]
fn our_syn_has_the_options_that_the_configuration_wants() {
    let all = Options {
        mss: Some(1460),
        // Four mebibytes need seven more bits than the field has.
        window_scale: Some(7),
        sack_permitted: true,
        timestamps: Some(STAMP),
        ..Options::default()
    };
    assert_eq!(offer().syn_options(Some(STAMP)), all);
    let config = Config {
        window_scaling: false,
        timestamps: false,
        sack: false,
        ..Config::default()
    };
    let none = Options {
        mss: Some(1460),
        ..Options::default()
    };
    let offer = Offer::new(&config, Mss::new(1460));
    assert_eq!(offer.syn_options(Some(STAMP)), none);
}

// req: RFC7323-2.3-3
#[test]
fn the_shift_that_we_offer_is_that_of_the_buffer() {
    for (buffer, shift) in [
        (65_535, 0),
        (65_536, 1),
        (1 << 20, 5),
        (1 << 30, 14),
        (u32::MAX, 14),
    ] {
        let config = Config {
            receive_buffer: buffer,
            receive_buffer_max: 0,
            ..Config::default()
        };
        let offer = Offer::new(&config, Mss::new(1460));
        assert_eq!(offer.scale, Some(WindowScale::new(shift)), "{buffer}");
        // RFC 7323 section 2.3: what the buffer may grow to counts.
        let config = Config {
            receive_buffer: 65_535,
            receive_buffer_max: buffer,
            ..Config::default()
        };
        let offer = Offer::new(&config, Mss::new(1460));
        assert_eq!(offer.scale, Some(WindowScale::new(shift)), "{buffer}");
    }
}

#[test]
fn what_a_small_buffer_has_room_for_can_be_said_in_units_of_its_scale() {
    for (buffer, shift) in [(0, 0), (1, 0), (5, 1), (63, 4), (64, 5), (255, 6), (256, 7)] {
        let config = Config {
            receive_buffer: buffer,
            receive_buffer_max: 4 << 20,
            ..Config::default()
        };
        let offer = Offer::new(&config, Mss::new(1460));
        assert_eq!(offer.scale, Some(WindowScale::new(shift)), "{buffer}");
    }
}

// req: RFC7323-2.2-1, RFC7323-2.3-4, RFC2018-4-1, RFC7323-3.2-7
#[test]
fn what_only_one_side_offers_is_not_agreed_on() {
    for bits in 0..64 {
        let has = |bit| bits & bit != 0;
        let config = Config {
            window_scaling: has(1),
            sack: has(2),
            timestamps: has(4),
            ..Config::default()
        };
        let peer = Options {
            window_scale: has(8).then_some(9),
            sack_permitted: has(16),
            timestamps: has(32).then_some(STAMP),
            ..Options::default()
        };
        let ours = Offer::new(&config, Mss::new(1460));
        let agreed = agree(&ours, &peer, Mss::DEFAULT_V4);
        let scales = Scales {
            ours: WindowScale::new(7),
            peers: WindowScale::new(9),
        };
        assert_eq!(agreed.scale, (has(1) && has(8)).then_some(scales));
        assert_eq!(agreed.sack, has(2) && has(16));
        assert_eq!(agreed.timestamps, has(4) && has(32));
    }
}

// req: RFC7323-2.3-3
#[test]
fn a_shift_above_14_is_taken_as_14() {
    for shift in [14, 15, 200, 255] {
        let peer = Options {
            window_scale: Some(shift),
            ..peer()
        };
        let agreed = agree(&offer(), &peer, Mss::DEFAULT_V4);
        let scales = agreed.scale.expect("both sides scale");
        assert_eq!(scales.peers, WindowScale::MAX, "{shift}");
    }
}

// req: MUST-14
#[test]
fn each_side_takes_the_segments_that_it_says() {
    // An offer that would cost a packet a byte counts as the least that is believed.
    for (theirs, taken) in [
        (1400, 1400),
        (1460, 1460),
        (65_535, 65_535),
        (0, 48),
        (47, 48),
        (48, 48),
    ] {
        let peer = Options {
            mss: Some(theirs),
            ..peer()
        };
        let agreed = agree(&offer(), &peer, Mss::DEFAULT_V4);
        assert_eq!((agreed.mss.get(), agreed.our_mss.get()), (taken, 1460));
    }
}

// req: MUST-15
#[test]
fn a_peer_that_names_no_size_takes_the_default_of_its_family() {
    let peer = Options {
        mss: None,
        ..peer()
    };
    assert_eq!(agree(&offer(), &peer, Mss::DEFAULT_V4).mss.get(), 536);
    assert_eq!(agree(&offer(), &peer, Mss::DEFAULT_V6).mss.get(), 1220);
}

#[test]
fn before_the_peer_has_spoken_nothing_is_agreed_on() {
    let alone = offer().alone();
    assert_eq!((alone.mss.get(), alone.our_mss.get()), (1460, 1460));
    assert_eq!(alone.scale, None);
    assert!(!alone.sack && !alone.timestamps);
}

// req: RFC7323-2.2-4
#[test]
fn the_window_of_a_syn_is_as_large_as_the_field_can_say_unscaled() {
    for (receive_buffer, field) in [
        (0, 0),
        (5000, 5000),
        (65_535, 65_535),
        (65_536, 65_535),
        (1 << 20, 65_535),
        (u32::MAX, 65_535),
    ] {
        let config = Config {
            receive_buffer,
            ..Config::default()
        };
        assert_eq!(syn_window(&config), field);
    }
}
