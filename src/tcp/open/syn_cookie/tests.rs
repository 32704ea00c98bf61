use std::time::Duration;

use super::*;
use crate::base::WindowScale;
use crate::tcp::open::negotiate::Scales;

fn pair(port: u16) -> SocketPair {
    let socket = |text: &str| text.parse::<std::net::SocketAddr>().unwrap().into();
    let mut pair = SocketPair {
        local: socket("10.0.0.1:80"),
        remote: socket("10.0.0.2:4000"),
    };
    pair.remote.port = port;
    pair
}

fn syn(options: Options) -> Segment<'static> {
    Segment {
        ports: Ports {
            src: 4_000,
            dst: 80,
        },
        seq: SeqNum(u32::MAX),
        ack: None,
        flags: Flags::SYN,
        window: 1_000,
        urgent: 0,
        order: Default::default(),
        options,
        text: crate::base::Pieces::EMPTY,
    }
}

/// What the peer says to a SYN,ACK.
fn ack_of(answer: &Segment<'static>) -> Segment<'static> {
    Segment {
        ports: Ports {
            src: 4_000,
            dst: 80,
        },
        seq: answer.ack.unwrap(),
        ack: Some(answer.seq + 1),
        flags: Flags::ACK,
        options: Options {
            timestamps: answer.options.timestamps.map(|ours| TimestampOption {
                value: ours.echo + 5,
                echo: ours.value,
            }),
            ..Options::default()
        },
        ..*answer
    }
}

const NOW: Instant = Instant::from_nanos(1_000_000_000_000);

fn answered(cookies: &mut SynCookies, options: Options) -> Option<Segment<'static>> {
    let config = Config::default();
    let offer = Offer::new(&config, Mss::new(1_460));
    cookies.answer(NOW, &pair(4_000), &offer, &config, &syn(options), 77)
}

fn cookies() -> SynCookies {
    SynCookies::new(Key::new([7; 16]))
}

// req: RFC4987-3.6-1
#[test]
fn a_cookie_is_known_again_for_a_while_and_nothing_else_is() {
    let mut cookies = cookies();
    let answer = answered(&mut cookies, Options::default()).unwrap();
    let ack = ack_of(&answer);
    let known = |at: Duration, port: u16, seg: &Segment<'static>| {
        let known = cookies.known(NOW + at, &pair(port), seg);
        known.map(|(syn, iss)| (syn.seq, iss))
    };
    let (soon, later) = (Duration::from_millis(20), Duration::from_secs(60));
    assert_eq!(
        known(soon, 4_000, &ack),
        Some((SeqNum(u32::MAX), answer.seq))
    );
    // This count or the one before: 64 seconds are never too long.
    assert!(known(later, 4_000, &ack).is_some());
    assert_eq!(known(Duration::from_secs(129), 4_000, &ack), None);
    // Another port, another number of either side, by each of its bits; a SYN, a reset.
    assert_eq!(known(soon, 4_001, &ack), None);
    for bit in 0..32 {
        let seq = Segment {
            seq: SeqNum(ack.seq.0 ^ 1 << bit),
            ..ack
        };
        let number = Segment {
            ack: ack.ack.map(|ack| SeqNum(ack.0 ^ 1 << bit)),
            ..ack
        };
        assert_eq!(known(soon, 4_000, &seq), None, "{bit}");
        assert_eq!(known(soon, 4_000, &number), None, "{bit}");
    }
    for flags in [Flags::SYN, Flags::RST] {
        assert_eq!(known(soon, 4_000, &Segment { flags, ..ack }), None);
    }
    // Who has given none out looks for none.
    let idle = self::cookies();
    assert!(idle.known(NOW, &pair(4_000), &ack).is_none());
}

// req: RFC4987-3.6-2
#[test]
fn the_size_of_segments_comes_back_as_one_that_is_not_larger() {
    for (offered, known) in [
        (None, 536),
        (Some(536), 536),
        (Some(1_219), 536),
        (Some(1_460), 1_460),
        (Some(1_461), 1_460),
        (Some(9_000), 8_940),
    ] {
        let mut cookies = cookies();
        let options = Options {
            mss: offered,
            ..Options::default()
        };
        let answer = answered(&mut cookies, options).unwrap();
        let (syn, _) = cookies.known(NOW, &pair(4_000), &ack_of(&answer)).unwrap();
        assert_eq!(syn.options.mss, Some(known), "{offered:?}");
    }
    let small = Options {
        mss: Some(500),
        ..Options::default()
    };
    assert!(answered(&mut cookies(), small).is_none());
}

// req: RFC4987-3.6-2
#[test]
fn scale_and_sack_come_back_where_timestamps_do() {
    let wish = Options {
        mss: Some(1_460),
        window_scale: Some(9),
        sack_permitted: true,
        timestamps: Some(TimestampOption { value: 5, echo: 0 }),
        ..Options::default()
    };
    for (options, back) in [
        (wish, (Some(9), true)),
        (
            Options {
                window_scale: None,
                ..wish
            },
            (None, true),
        ),
        (
            Options {
                sack_permitted: false,
                ..wish
            },
            (Some(9), false),
        ),
        (
            Options {
                timestamps: None,
                ..wish
            },
            (None, false),
        ),
    ] {
        let mut cookies = cookies();
        let answer = answered(&mut cookies, options).unwrap();
        // What would not come back is not agreed to.
        let said = answer.options;
        assert_eq!(
            (said.window_scale.is_some(), said.sack_permitted),
            (back.0.is_some(), back.1)
        );
        let (syn, _) = cookies.known(NOW, &pair(4_000), &ack_of(&answer)).unwrap();
        assert_eq!((syn.options.window_scale, syn.options.sack_permitted), back);
        assert_eq!(
            syn.options.timestamps.is_some(),
            options.timestamps.is_some()
        );
    }
}

/// What both sides say when each has sent as much as the other acknowledges no cookie: a service
/// that sends back what it gets would be told of a connection that is over.
#[test]
fn later_numbers_of_a_connection_are_no_cookie() {
    let cookies = SynCookies {
        until: Some(NOW + VALID),
        ..cookies()
    };
    for irs in (0..100).map(|n: u32| SeqNum(n.wrapping_mul(0x0123_4567))) {
        let iss = cookies.number(&pair(4_000), irs, 5, count(NOW));
        for (sent, acked) in (0..=40).flat_map(|a| (0..=40).map(move |b| (a, b))) {
            let seg = Segment {
                seq: irs + 1 + sent,
                ack: Some(iss + 1 + acked),
                flags: Flags::ACK,
                ..syn(Options::default())
            };
            let is_first = (sent, acked) == (0, 0);
            let known = cookies.known(NOW, &pair(4_000), &seg);
            assert_eq!(known.is_some(), is_first, "{irs:?} {sent} {acked}");
        }
    }
}

#[test]
fn the_clock_does_not_run_ahead_of_itself() {
    let agreed = |scale: u8, sack| Agreement {
        scale: Some(Scales {
            ours: WindowScale::new(7),
            peers: WindowScale::new(scale),
        }),
        sack,
        ..Offer::new(&Config::default(), Mss::new(1_460)).alone()
    };
    for value in (0..200).chain(u32::MAX - 200..=u32::MAX) {
        for scale in 0..=14 {
            for sack in [false, true] {
                let with = with_options(value, &agreed(scale, sack));
                assert!(value.wrapping_sub(with) <= OPTION_BITS, "{value} {with}");
                assert_eq!(options_of(with), (Some(scale), sack));
            }
        }
    }
}
