use crate::lab::{NAMES, lesson, text};

use super::*;

/// A lesson with as little in it as there can be.
const LEAST: &str = r#"
title = "t"
shows = "s"
clauses = []
minutes = 1
try = []
[draw]
a = [3, 9]
[scenario]
do = [{ at = "0s", host = "c", act = "connect s:{a}" }]
host.c = { addr = "10.0.0.1" }
host.s = { addr = "10.0.0.2", tcp = { initial_window = {a} } }
[[variant]]
name = "one"
about = "as it is"
[[variant]]
name = "two"
about = "otherwise"
with.host.s.tcp.sack = false
[question]
ask = "which?"
choice = [
  { key = "x", text = "x", right = "count(tcp:reset) = 0" },
  { key = "y", text = "y", right = "count(tcp:reset) > 0" },
]
[[check]]
variant = "two"
that = "1 = 1"
why = "so it is"
"#;

#[test]
fn the_seed_draws_within_what_is_allowed_and_fills_texts_and_numbers() {
    let mut drawn = std::collections::BTreeSet::new();
    for seed in 0..40 {
        let lesson = Lesson::parse("least", LEAST, seed).expect("a lesson");
        let a = lesson.drawn()["a"];
        assert!((3..=9).contains(&a), "{a}");
        let scenario = lesson
            .scenario(&lesson.variant[0], &[])
            .expect("a scenario");
        assert_eq!(u64::from(scenario.host["s"].tcp.initial_window), a);
        assert_eq!(scenario.seed, seed);
        drawn.insert(a);
    }
    assert_eq!(drawn.len(), 7, "some are never drawn: {drawn:?}");
}

#[test]
fn a_variant_differs_in_what_it_says_and_expects_its_own_checks() {
    let lesson = Lesson::parse("least", LEAST, 1).expect("a lesson");
    let [one, two] = &lesson.variant[..] else {
        panic!("there are two");
    };
    let one = lesson.scenario(one, &[]).expect("a scenario");
    let two = lesson.scenario(two, &[]).expect("a scenario");
    assert!(one.host["s"].tcp.sack && !two.host["s"].tcp.sack);
    assert_eq!(one.host["s"].addr, two.host["s"].addr);
    assert_eq!((one.expect.len(), two.expect.len()), (0, 1));
    assert_eq!((&*one.name, &*two.name), ("lab-least", "two"));
}

#[test]
fn what_makes_no_sense_is_said() {
    let wrong = |text: &str| Lesson::parse("least", text, 1).expect_err(text);
    let said = wrong(&LEAST.replace("variant = \"two\"", "variant = \"tow\""));
    assert!(said.contains("there is no variant \"tow\""), "{said}");
    let said = wrong(&LEAST.replace("[3, 9]", "[9, 3]"));
    assert!(said.contains("9 is above 3"), "{said}");
    let said = wrong(&LEAST.replace("minutes", "minuets"));
    assert!(said.contains("minuets"), "{said}");
}

#[test]
fn every_lesson_has_all_that_belongs_to_one() {
    for name in NAMES {
        let lesson = lesson(name, 42).expect(name).expect(name);
        assert!(
            !lesson.title.is_empty() && !lesson.clauses.is_empty(),
            "{name}"
        );
        assert!(lesson.shows.len() <= 110, "{name}: {}", lesson.shows);
        assert!(
            !lesson.drawn().is_empty(),
            "{name}: all learners see the same"
        );
        assert_eq!(lesson.tries.len(), 2, "{name}: two things to try");
        assert!(lesson.question.ask.ends_with('?'), "{name}");
        let keys: std::collections::BTreeSet<_> = lesson
            .question
            .choice
            .iter()
            .map(|choice| &choice.key)
            .collect();
        assert_eq!(keys.len(), lesson.question.choice.len(), "{name}: {keys:?}");
        for variant in &lesson.variant {
            let scenario = lesson.scenario(variant, &[]);
            let scenario = scenario.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(
                !scenario.expect.is_empty(),
                "{name}: {} is for nothing",
                variant.name
            );
        }
        for one in &lesson.tries {
            let set = std::slice::from_ref(&one.set);
            // What is set is set in every variant, and one that refuses it ends the lesson.
            for variant in &lesson.variant {
                let built = lesson.scenario(variant, set);
                let built = built.and_then(|scenario| scenario.build().map(|_| ()));
                built.unwrap_or_else(|error| panic!("{name}: {}: {error}", one.set));
            }
        }
        let paragraphs: Vec<&str> = text(name).trim().split("\n\n").collect();
        assert_eq!(paragraphs.len(), 3, "{name}: what, why, what to look for");
        assert!(
            paragraphs[1].contains("RFC "),
            "{name}: why without a clause"
        );
        assert!(paragraphs[2].contains("page"), "{name}: where to look");
        let left = format!("{lesson:?}");
        for key in lesson.drawn().keys() {
            assert!(!left.contains(&format!("{{{key}}}")), "{name}: {key}");
        }
    }
}
