//! A device that takes nothing and says so: house!("refused").

use std::time::Duration;

use super::super::lone::Lone;
use super::super::{ConnId, Failure};
use crate::probe::State;
use crate::tcp::Config;
use crate::tcp::config::Recovering;

const MS: Duration = Duration::from_millis(1);

/// The timeout is 200 ms: the handshake has taken no time.
fn established(config: Config) -> (Lone, ConnId) {
    Lone::established(config)
}

fn plain() -> Config {
    Config {
        recovery: Recovering {
            tlp: false,
            ..Recovering::default()
        },
        ..Lone::plain()
    }
}

fn refused(lone: &Lone, id: ConnId) -> u32 {
    lone.stack.details(lone.now, id).unwrap().refused
}

#[test]
fn text_is_tried_after_a_timeout_and_then_every_half_second() {
    let (mut lone, id) = established(plain());
    lone.stack.set_device_refuses(true);
    lone.write(id, 2_000);
    let una = lone.stack.status(id).unwrap().snd_una;
    for (wait, times) in [(0, 1), (199, 1), (2, 2), (498, 2), (2, 3), (500, 4)] {
        assert!(lone.run(wait * MS).is_empty());
        assert_eq!(refused(&lone, id), times);
    }
    // It has not left, so it is not on its way.
    let status = lone.stack.status(id).unwrap();
    assert_eq!((status.snd_una, status.snd_nxt), (una, una));
    assert_eq!((status.in_flight, status.cwnd), (0, 10_000));
    lone.stack.set_device_refuses(false);
    assert_eq!(lone.run(500 * MS).len(), 2);
    assert_eq!(refused(&lone, id), 0);
}

#[test]
fn asking_more_often_changes_no_time() {
    let (mut lone, id) = established(plain());
    lone.stack.set_device_refuses(true);
    for _ in 0..10 {
        lone.write(id, 100);
        assert!(lone.run(15 * MS).is_empty());
    }
    assert_eq!(refused(&lone, id), 1);
    assert!(lone.run(60 * MS).is_empty());
    assert_eq!(refused(&lone, id), 2);
    // But whoever asks while there is room is served.
    lone.stack.set_device_refuses(false);
    lone.write(id, 100);
    assert_eq!(lone.outgoing().len(), 1);
}

#[test]
fn a_retransmission_that_never_left_is_no_reason_to_wait_longer() {
    let (mut lone, id) = established(plain());
    lone.write(id, 500);
    lone.outgoing();
    lone.stack.set_device_refuses(true);
    // At 200, 700 and 1200 ms.
    assert!(lone.run(1_300 * MS).is_empty());
    assert_eq!(lone.stack.status(id).unwrap().rto, 200 * MS);
    lone.stack.set_device_refuses(false);
    let lines = lone.run(700 * MS);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lone.stack.status(id).unwrap().rto, 400 * MS);
}

/// An owner that asks what to send a moment after it has said what time it is.
#[test]
fn so_it_is_if_it_is_refused_a_moment_after_the_timer_has_expired() {
    let (mut lone, id) = established(plain());
    lone.write(id, 500);
    lone.outgoing();
    lone.stack.set_device_refuses(true);
    lone.now += 200 * MS;
    lone.stack.handle_timeout(lone.now);
    lone.now += MS;
    assert!(lone.outgoing().is_empty());
    assert_eq!(lone.stack.status(id).unwrap().rto, 200 * MS);
    let again = Some(lone.now + 500 * MS);
    assert_eq!(lone.stack.poll_timeout(), again);
    // Asking more often changes no time.
    lone.now += MS;
    lone.write(id, 500);
    assert!(lone.outgoing().is_empty());
    assert_eq!(lone.stack.poll_timeout(), again);
}

/// Its timer began anew at the very same moment.
#[test]
fn what_was_no_matter_of_the_timer_leaves_that_alone() {
    let (mut lone, id) = established(plain());
    lone.write(id, 5_000);
    lone.outgoing();
    for _ in 0..3 {
        lone.inject(". 1:1(0) ack 1");
    }
    assert_eq!(lone.outgoing().len(), 1);
    lone.stack.set_device_refuses(true);
    // A partial acknowledgment: the next goes again.
    lone.inject(". 1:1(0) ack 1001");
    assert!(lone.outgoing().is_empty());
    assert_eq!(lone.stack.poll_timeout(), Some(lone.now + 200 * MS));
}

#[test]
fn a_probe_of_a_closed_window_is_tried_every_half_second() {
    let (mut lone, id) = established(plain());
    lone.inject(". 1:1(0) ack 1 win 0");
    lone.write(id, 2_000);
    lone.stack.set_device_refuses(true);
    for (wait, times) in [(199, 0), (2, 1), (498, 1), (2, 2), (500, 3)] {
        assert!(lone.run(wait * MS).is_empty());
        assert_eq!(refused(&lone, id), times);
    }
    lone.stack.set_device_refuses(false);
    assert_eq!(lone.run(500 * MS).len(), 1);
}

#[test]
fn what_the_peer_would_ask_for_again_is_lost() {
    let (mut lone, id) = established(plain());
    lone.stack.set_device_refuses(true);
    for start in [1, 1_001] {
        lone.inject(&format!(". {start}:{}(1000) ack 1", start + 1_000));
    }
    assert!(lone.run(1_000 * MS).is_empty());
    // Of another connection, too: there is none.
    lone.stack.set_device_refuses(false);
    assert!(lone.run(1_000 * MS).is_empty());
    assert_eq!(lone.stack.status(id).unwrap().unread, 2_000);
}

#[test]
fn the_user_timeout_and_r2_bound_it() {
    for (config, failure) in [
        (
            Config {
                user_timeout: Some(1_500 * MS),
                ..plain()
            },
            Failure::UserTimeout,
        ),
        (Config { r2: 3, ..plain() }, Failure::TimedOut),
    ] {
        let (mut lone, id) = established(config);
        lone.stack.set_device_refuses(true);
        lone.write(id, 500);
        assert!(lone.run(1_400 * MS).is_empty());
        assert_eq!(lone.state(id), State::Established);
        assert!(lone.run(2_000 * MS).is_empty());
        assert_eq!(lone.stack.failure(id), Some(failure));
    }
}

#[test]
fn a_syn_counts_as_sent() {
    let mut lone = Lone::new(plain());
    lone.stack.set_device_refuses(true);
    lone.open();
    assert!(lone.run(900 * MS).is_empty());
    lone.stack.set_device_refuses(false);
    assert_eq!(lone.run(200 * MS).len(), 1);
}
