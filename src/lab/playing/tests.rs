use crate::lab::{NAMES, lesson};

use super::*;

/// Each check holds and exactly one choice is right, whatever is drawn.
#[test]
fn every_lesson_holds_at_every_seed() {
    for seed in [42, 43, 7] {
        for name in NAMES {
            let lesson = lesson(name, seed).expect(name).expect(name);
            for (place, variant) in lesson.variant.iter().enumerate() {
                let run = play(&lesson, variant, &[]).unwrap_or_else(|e| panic!("{name}: {e}"));
                for verdict in &run.verdicts {
                    let (that, what) = (&verdict.expected.that, &variant.name);
                    let outcome = &verdict.outcome;
                    assert!(outcome.passed, "{name} {what}, {seed}: {that}\n{outcome}");
                }
                if place == lesson.asked_of() {
                    let asked: Vec<Expect> = lesson.question.choice.iter().map(asked).collect();
                    let verdicts = judge(&asked, &run.records).expect("choices are understood");
                    let right = verdicts.iter().filter(|one| one.outcome.passed);
                    assert_eq!(right.count(), 1, "{name}, {seed}: {verdicts:#?}");
                }
            }
        }
    }
}

/// What the seed changes, each learner sees otherwise; what it does not, nobody does.
#[test]
fn learners_see_other_numbers_and_the_same_law() {
    let of = |seed| {
        let lesson = lesson("sack", seed).expect("sack").expect("sack");
        let run = play(&lesson, &lesson.variant[0], &[]).expect("it is played");
        (run.capture, run.verdicts.len())
    };
    assert!(of(42) == of(42));
    assert!(of(42).0 != of(43).0);
}

/// A stack that did otherwise would not pass: each variant's checks fail on another's run.
#[test]
fn checks_fail_where_the_mechanism_is_off() {
    let off: &[(&str, usize, &str)] = &[
        ("sack", 0, "host.client.tcp.sack=false"),
        ("handshake", 1, "host.server.tcp.window_scaling=false"),
        ("handshake", 3, "host.client.tcp.timestamps=true"),
        ("time-wait", 0, "host.server.tcp.msl=1s"),
        ("time-wait", 3, "host.server.tcp.msl=1s"),
        ("time-wait", 4, "host.client.tcp.timestamps=false"),
        ("time-wait", 5, "host.client.tcp.timestamps=true"),
        ("time-wait", 6, "host.server.tcp.msl=1s"),
        ("time-wait", 7, "host.server.tcp.msl=1s"),
        ("rto", 0, "host.client.tcp.rto_max=2s"),
        ("rto", 1, "host.client.tcp.timestamps=true"),
        ("rto", 2, "host.client.tcp.timestamps=false"),
        ("rto", 3, "link.up.jitter=5ms"),
        ("slow-start", 0, "host.client.tcp.initial_window=4"),
        ("fast-retransmit", 0, "host.client.tcp.dup_thresh=4"),
        ("zero-window", 0, "link.down.loss=every 1"),
        ("nagle-delack", 0, "host.client.tcp.nagle=false"),
        ("rack-tlp", 0, "host.client.tcp.tlp=false"),
        ("ecn", 0, "host.server.tcp.ecn=off"),
        ("close", 0, "link.up.loss=fin 1"),
        ("pmtud-blackhole", 0, "router.middle.icmp=false"),
        ("bufferbloat", 0, "host.client.tcp.cc=bbr"),
        ("hol-blocking", 0, "link.down.loss=none"),
        ("loss-is-not-congestion", 0, "host.client.tcp.cc=bbr"),
        ("reset-attack", 0, "link.alley.loss=every 1"),
        ("silly-window", 0, "host.client.tcp.send_slivers=false"),
        ("syn-flood", 0, "host.server.tcp.syn_cookies=false"),
    ];
    for name in NAMES {
        assert!(
            off.iter().any(|(of, ..)| of == name),
            "nothing breaks {name}"
        );
    }
    for (name, place, set) in off {
        let lesson = lesson(name, 42).expect(name).expect(name);
        let set = [(*set).to_owned()];
        let run = play(&lesson, &lesson.variant[*place], &set).expect("it is played");
        let failed = run.verdicts.iter().any(|one| !one.outcome.passed);
        let what = &lesson.variant[*place].name;
        assert!(failed, "{name}, {what} passes with {set:?}");
    }
}

#[test]
fn the_answer_comes_with_frames() {
    for name in NAMES {
        let lesson = lesson(name, 42).expect(name).expect(name);
        let run = play(&lesson, &lesson.variant[lesson.asked_of()], &[]).expect("it is played");
        let answer = answer(&lesson.question, &run.records).expect("it is understood");
        let answer = answer.unwrap_or_else(|| panic!("{name} has no answer"));
        assert!(
            !answer.outcome.evidence.is_empty(),
            "{name}: nothing shows it"
        );
    }
}
