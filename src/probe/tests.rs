//! Numbers and causes: what a voice adds to the facts it passes on.

use std::sync::mpsc::{self, Receiver, Sender};

use super::{Event, EventId, Fanout, Observer, Subject, TimerKind, Told, Voice};
use crate::base::Instant;

/// What an observer heard: its own name, the event's id, its cause, and the event as text.
type Heard = (&'static str, u64, Option<u64>, String);

/// Notes everything down under its name.
struct Listener(&'static str, Sender<Heard>);

impl Observer for Listener {
    fn told(&mut self, told: &Told<'_>) {
        let cause = told.cause.map(|cause| cause.0.get());
        let text = format!("{:?} {:?} {:?}", told.at, told.on, told.event);
        self.1
            .send((self.0, told.id.0.get(), cause, text))
            .expect("the test listens to the end");
    }
}

fn heard_by(name: &'static str, voice: &mut Voice) -> Receiver<Heard> {
    let (notes, heard) = mpsc::channel();
    voice.add(Box::new(Listener(name, notes)));
    heard
}

/// The ids and causes that were heard.
fn numbers(heard: &Receiver<Heard>) -> Vec<(u64, Option<u64>)> {
    heard
        .try_iter()
        .map(|(_, id, cause, _)| (id, cause))
        .collect()
}

fn input(voice: &mut Voice) -> EventId {
    voice.input_told(Instant::BIRTH, Subject::Stack, || Event::Ticked)
}

fn tell(voice: &mut Voice) -> EventId {
    voice.tell(Instant::BIRTH, Subject::Connection(3), expired)
}

fn expired() -> Event<'static> {
    Event::TimerExpired {
        kind: TimerKind::Persist,
    }
}

#[test]
fn what_is_told_is_caused_by_the_last_input() {
    let mut voice = Voice::new(0, 1);
    let heard = heard_by("a", &mut voice);
    let first = input(&mut voice);
    assert_eq!(voice.input(), first);
    tell(&mut voice);
    tell(&mut voice);
    assert_eq!(voice.input(), first);
    let second = input(&mut voice);
    tell(&mut voice);
    assert_eq!(voice.input(), second);
    assert_eq!(
        numbers(&heard),
        [
            (1, None),
            (2, Some(1)),
            (3, Some(1)),
            (4, None),
            (5, Some(4))
        ]
    );
}

#[test]
fn what_was_put_off_keeps_the_input_that_made_it_due() {
    let mut voice = Voice::new(0, 1);
    let heard = heard_by("a", &mut voice);
    let early = input(&mut voice);
    let late = input(&mut voice);
    let id = voice.tell_because(early, Instant::BIRTH, Subject::Stack, || Event::Ticked);
    assert!(id > late);
    tell(&mut voice);
    assert_eq!(
        numbers(&heard),
        [(1, None), (2, None), (3, Some(1)), (4, Some(2))]
    );
}

#[test]
fn an_event_comes_with_its_time_and_its_subject() {
    let mut voice = Voice::new(0, 1);
    let heard = heard_by("a", &mut voice);
    let at = Instant::from_nanos(1_500_000_000);
    voice.input_told(at, Subject::Listener(9), || Event::Ticked);
    let (_, _, _, text) = heard.recv().unwrap();
    assert_eq!(text, "1.500000000 Listener(9) Ticked");
}

#[test]
fn the_same_ids_are_counted_when_nobody_listens() {
    let run = |voice: &mut Voice| [input(voice), tell(voice), tell(voice), input(voice)];
    let mut watched = Voice::new(0, 1);
    let _heard = heard_by("a", &mut watched);
    assert_eq!(run(&mut watched), run(&mut Voice::new(0, 1)));
}

#[test]
fn an_event_that_nobody_hears_is_not_even_made() {
    let mut voice = Voice::new(0, 1);
    voice.input_told(Instant::BIRTH, Subject::Stack, || panic!("made"));
    voice.tell(Instant::BIRTH, Subject::Stack, || panic!("made"));
    let cause = EventId::FIRST;
    voice.tell_because(cause, Instant::BIRTH, Subject::Stack, || panic!("made"));
}

#[test]
fn a_late_observer_hears_what_follows() {
    let mut voice = Voice::new(0, 1);
    input(&mut voice);
    let heard = heard_by("late", &mut voice);
    tell(&mut voice);
    assert_eq!(numbers(&heard), [(2, Some(1))]);
}

#[test]
fn several_observers_hear_each_event_in_their_order() {
    let (notes, heard) = mpsc::channel();
    let mut voice = Voice::new(0, 1);
    for name in ["first", "second"] {
        voice.add(Box::new(Listener(name, notes.clone())));
    }
    input(&mut voice);
    tell(&mut voice);
    let order: Vec<_> = heard.try_iter().map(|(name, id, ..)| (name, id)).collect();
    assert_eq!(
        order,
        [("first", 1), ("second", 1), ("first", 2), ("second", 2)]
    );
}

#[test]
fn a_fanout_in_a_voice_is_one_observer() {
    let (notes, heard) = mpsc::channel();
    let fanout = Fanout(vec![
        Box::new(Listener("first", notes.clone())),
        Box::new(Listener("second", notes)),
    ]);
    assert_eq!(format!("{fanout:?}"), "Fanout(2 hear)");
    let mut voice = Voice::new(0, 1);
    voice.add(Box::new(fanout));
    assert_eq!(format!("{voice:?}"), "Voice(next 1, 1 hear)");
    input(&mut voice);
    assert_eq!(heard.try_iter().count(), 2);
}

#[test]
fn stacks_side_by_side_never_share_an_id() {
    let mut ids = std::collections::BTreeSet::new();
    for index in 0..3 {
        let mut voice = Voice::new(index, 3);
        for _ in 0..100 {
            assert!(ids.insert(input(&mut voice)));
            assert!(ids.insert(tell(&mut voice)));
        }
    }
    assert_eq!(ids.len(), 600);
}

#[test]
fn an_id_prints_as_e_and_its_number() {
    assert_eq!(EventId::FIRST.to_string(), "e1");
}
