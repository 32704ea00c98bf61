//! What there is to be seen from outside.

use std::time::Duration;

use super::super::kit::{End, World};
use super::super::lone::Lone;
use super::super::{Sight, Stack};
use crate::base::Instant;
use crate::probe::{Event, Observer, State, TimerKind, Told};

fn all(stack: &Stack, now: Instant) -> Vec<Sight> {
    let everyone = stack.everyone(100).into_iter();
    everyone
        .filter_map(|whose| stack.sight(now, whose))
        .collect()
}

#[test]
fn a_listener_tells_who_waits_and_how_many_may() {
    let mut world = World::new(Lone::plain());
    let stack = world.stack(End::B);
    assert_eq!(stack.listening(10), []);
    let (_, _, listener) = world.connect();
    let now = world.now;
    let local = world
        .stack(End::B)
        .listener_addr(listener)
        .expect("it listens");
    let seen = |world: &mut World| match world.stack(End::B).listening(10)[..] {
        [one] => (one.local, one.waiting, one.half_open),
        ref all => panic!("{all:?}"),
    };
    assert_eq!(seen(&mut world), (local, 0, 0));
    world
        .stack(End::A)
        .open(now, local, None)
        .expect("a connection");
    world.run(Duration::from_secs(1));
    assert_eq!(seen(&mut world), (local, 1, 0));
    assert_eq!(world.stack(End::B).listening(0), []);
    world.stack(End::B).unlisten(now, listener);
    assert_eq!(world.stack(End::B).listening(10), []);
}

#[test]
fn bytes_are_those_of_text_in_every_state() {
    let mut world = World::new(Lone::plain());
    let (a, b, _) = world.connect();
    let second = Duration::from_secs(1);
    world.transfer(End::A, a, b, &[7; 70_000], second);
    world.run(second);
    let seen = |world: &mut World, end| {
        let now = world.now;
        let sight = all(world.stack(end), now).pop().expect("one");
        let known = sight.known.expect("a control block");
        (sight.state, known.details.bytes)
    };
    assert_eq!(seen(&mut world, End::A), (State::Established, (70_000, 0)));
    assert_eq!(seen(&mut world, End::B), (State::Established, (0, 70_000)));
    // Neither FIN is text.
    let now = world.now;
    world.stack(End::A).shutdown(now, a);
    world.run(Duration::from_millis(100));
    assert_eq!(seen(&mut world, End::A), (State::FinWait2, (70_000, 0)));
    assert_eq!(seen(&mut world, End::B), (State::CloseWait, (0, 70_000)));
    world.stack(End::B).shutdown(now, b);
    world.run(Duration::from_millis(100));
    assert_eq!(seen(&mut world, End::A).1, (70_000, 0));
}

#[test]
fn a_half_open_connection_is_seen_with_its_timer_and_no_control_block() {
    let mut lone = Lone::new(Lone::plain());
    lone.listen();
    lone.inject("S 0:1(0) win 65535 <mss 1000>");
    lone.outgoing();
    let seen = all(&lone.stack, lone.now);
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].state, State::SynReceived);
    assert!(seen[0].known.is_none());
    let at = lone.now + Duration::from_secs(1);
    assert_eq!(seen[0].timers, [(TimerKind::Retransmission, at)]);
}

#[test]
fn segments_that_go_again_and_the_last_reason_are_known() {
    let (mut lone, _) = Lone::sending(Lone::plain(), 5);
    let known = |lone: &Lone| {
        all(&lone.stack, lone.now)
            .pop()
            .unwrap()
            .known
            .unwrap()
            .details
    };
    assert_eq!(known(&lone).resent, 0);
    for _ in 0..3 {
        lone.inject(". 1:1(0) ack 1");
    }
    lone.outgoing();
    let details = known(&lone);
    assert_eq!(details.resent, 1);
    let why = details.last_why.expect("it spoke");
    assert!(
        why.by.to_string().contains("5681"),
        "{}: {}",
        why.by,
        why.text
    );
}

/// Counts what it hears.
#[derive(Default, Clone)]
struct Count(std::sync::Arc<std::sync::atomic::AtomicUsize>);

impl Observer for Count {
    fn told(&mut self, told: &Told<'_>) {
        if matches!(told.event, Event::PacketIn { .. }) {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    }
}

#[test]
fn who_is_dismissed_hears_no_more_and_the_others_go_on() {
    let mut lone = Lone::new(Lone::plain());
    let (first, second) = (Count::default(), Count::default());
    let hearing = lone.stack.observe(Box::new(first.clone()));
    lone.stack.observe(Box::new(second.clone()));
    lone.listen();
    lone.inject("S 0:1(0) win 65535 <mss 1000>");
    assert!(lone.stack.dismiss(hearing).is_some());
    assert!(lone.stack.dismiss(hearing).is_none());
    lone.inject("S 0:1(0) win 65535 <mss 1000>");
    let heard = |count: &Count| count.0.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!((heard(&first), heard(&second)), (1, 2));
}
