use rustix::event::{PollFd, PollFlags, Timespec, poll};

use std::sync::atomic::{AtomicU16, Ordering};

use super::*;
use crate::base::Seed;
use crate::device::pipe;
use crate::net::tests::Narrowing;
use crate::stack::{Config, ConnId};

fn shared() -> (Shared, pipe::PipeEnd) {
    let (near, far) = pipe(1500).expect("descriptors");
    let stack = Stack::new(
        Config::new(vec![([10, 0, 0, 1].into(), 24)]),
        Seed::from_number(1),
    );
    let shared =
        Shared::new(Clock::new(), stack, Arc::new(near), Duration::ZERO).expect("a doorbell");
    (shared, far)
}

/// Whether the doorbell was rung; silences it.
fn rung(shared: &Shared) -> bool {
    let mut fds = [PollFd::from_borrowed_fd(
        shared.doorbell().as_fd(),
        PollFlags::IN,
    )];
    let at_once = Timespec::default();
    let rung = poll(&mut fds, Some(&at_once)).expect("to poll") > 0;
    shared.doorbell().silence();
    rung
}

fn open(shared: &Shared) -> ConnId {
    let remote = ([10, 0, 0, 2], 7).into();
    shared
        .call(|held| held.stack.open(held.now, remote, None))
        .expect("up")
        .expect("a port")
}

/// A turn of the driver in which nothing has come in.
fn drive(shared: &Shared) {
    shared
        .drive(shared.clock().now(), Who::Driver, |_| ())
        .expect("a network that is up");
}

#[test]
fn whoever_comes_asks_the_device_what_it_carries_now_and_then() {
    let (inner, _far) = pipe(1500).expect("descriptors");
    let mtu = Arc::new(AtomicU16::new(1500));
    let near = Narrowing {
        inner,
        mtu: Arc::clone(&mtu),
    };
    let config = Config::new(vec![([10, 0, 0, 1].into(), 24)]);
    let stack = Stack::new(config, Seed::from_number(1));
    let shared =
        Shared::new(Clock::new(), stack, Arc::new(near), Duration::ZERO).expect("a doorbell");
    let later = shared.clock().now() + ASK_EVERY;
    let known = |now| {
        let mut known = 0;
        let turn = shared.drive(now, Who::Driver, |held| known = held.stack.config().mtu);
        turn.expect("a network that is up");
        known
    };
    mtu.store(1300, Ordering::Relaxed);
    assert_eq!(known(later), 1300);
    mtu.store(1400, Ordering::Relaxed);
    assert_eq!(known(later), 1300, "it was asked a moment ago");
    assert_eq!(known(later + ASK_EVERY), 1400);
}

#[test]
fn the_driver_is_disturbed_only_if_it_would_sleep_too_long() {
    let (shared, _far) = shared();
    drive(&shared);
    // It sleeps until it is woken, and a SYN has a timeout.
    let first = open(&shared);
    assert!(rung(&shared));
    // It knows, though it has not come yet, and a later deadline can wait until it does.
    open(&shared);
    assert!(!rung(&shared));
    drive(&shared);
    open(&shared);
    assert!(!rung(&shared));
    // A deadline before all others.
    let soon = std::time::Duration::from_millis(1);
    shared
        .call(|held| held.stack.set_user_timeout(held.now, first, Some(soon)))
        .expect("up");
    assert!(rung(&shared));
}

#[test]
fn the_driver_hears_of_deadlines_that_came_while_another_drove() {
    let (shared, _far) = shared();
    drive(&shared);
    let mut seated = shared.seat().take().expect("nobody sits");
    // Whoever sits hears the bell, and the driver does not.
    open(&shared);
    assert!(rung(&shared));
    seated.turn(&shared, Who::Other).expect("up");
    assert!(!shared.get_up());
    drop(seated);
    assert!(rung(&shared));
    // Who knows it already is left alone.
    drive(&shared);
    let mut seated = shared.seat().take().expect("nobody sits");
    seated.turn(&shared, Who::Other).expect("up");
    shared.get_up();
    assert!(!rung(&shared));
}

#[test]
fn a_bell_that_rings_for_good_is_never_silent() {
    let (shared, _far) = shared();
    shared.bring_down(Down::Stopped);
    assert!(rung(&shared) && rung(&shared));
}

#[test]
fn deadlines_compare_with_none_as_never() {
    let (soon, late) = (Instant::from_nanos(1), Instant::from_nanos(2));
    assert!(is_earlier(Some(soon), Some(late)));
    assert!(is_earlier(Some(late), None));
    assert!(!is_earlier(Some(late), Some(late)));
    assert!(!is_earlier(None, Some(late)));
    assert!(!is_earlier(None, None));
}
