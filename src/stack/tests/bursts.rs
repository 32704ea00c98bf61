//! PSH at the end of bursts: house!("push-bursts"), RFC 9293 section 3.9.1.2.

use std::time::Duration;

use super::super::PushBursts;
use super::super::lone::Lone;
use crate::tcp::Config;

fn telling(how: PushBursts) -> Config {
    Config {
        push_bursts: Some(how),
        ..Lone::plain()
    }
}

/// The flags of what leaves, one word.
fn flags(lone: &mut Lone) -> String {
    let lines = lone.outgoing();
    let flags = lines.iter().filter_map(|line| line.split(' ').next());
    flags.collect::<Vec<_>>().join(" ")
}

// req: MUST-61
#[test]
fn without_them_the_last_of_what_waits_is_pushed_and_nothing_else() {
    let (mut lone, id) = Lone::established(Lone::plain());
    lone.write(id, 7_000);
    assert_eq!(flags(&mut lone), ". . . . . . P.");
    lone.inject(". 1:1(0) ack 7001 win 65535");
    lone.write(id, 30_000);
    assert!(
        !flags(&mut lone).contains('P'),
        "the window lets no more go"
    );
}

#[test]
fn a_burst_is_half_of_the_window_at_most_and_ends_with_what_may_leave() {
    // No time passes in the handshake: the rate is no limit.
    let (mut lone, id) = Lone::established(telling(PushBursts::default()));
    lone.write(id, 30_000);
    assert_eq!(flags(&mut lone), ". . . . P. . . . . P.");
    // Three have left the network, and in slow start six may go.
    lone.inject(". 1:1(0) ack 3001 win 65535");
    assert_eq!(flags(&mut lone), ". . . . . P.");
}

#[test]
fn a_short_segment_that_may_go_ends_a_burst() {
    let (mut lone, id) = Lone::established(telling(PushBursts::default()));
    lone.write(id, 2_500);
    // Nagle's algorithm keeps the rest.
    assert_eq!(flags(&mut lone), ". P.");
    lone.inject(". 1:1(0) ack 2001 win 65535");
    assert_eq!(flags(&mut lone), "P.");
}

#[test]
fn far_away_a_burst_is_what_a_millisecond_carries() {
    for (least, sent) in [
        // 200 % of ten segments in 40 ms: half a segment in a millisecond.
        (1, ". . . . . . P."),
        (2, ". P. . P. . P. P."),
        (3, ". . P. . . P. P."),
    ] {
        let how = PushBursts {
            least,
            ..PushBursts::default()
        };
        let mut lone = Lone::new(telling(how));
        let id = lone.open();
        lone.outgoing();
        lone.now += Duration::from_millis(40);
        lone.inject("S. 0:1(0) ack 1 win 65535 <mss 1000>");
        lone.outgoing();
        lone.write(id, 7_000);
        assert_eq!(flags(&mut lone), sent, "{least}");
    }
}

#[test]
fn what_left_with_it_goes_again_with_it() {
    let (mut lone, id) = Lone::established(telling(PushBursts::default()));
    lone.write(id, 10_000);
    assert_eq!(flags(&mut lone), ". . . . P. . . . . P.");
    lone.inject(". 1:1(0) ack 4001 win 65535");
    for _ in 0..3 {
        lone.inject(". 1:1(0) ack 4001 win 65535");
    }
    assert_eq!(lone.outgoing(), ["P. 4001:5001(1000) ack 1"]);
}
