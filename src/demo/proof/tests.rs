use hyper::Method;

use super::super::journey::Way;
use super::*;
use crate::base::{Cite, Instant};
use crate::observe::Counters;
use crate::observe::capture::Stats;
use crate::probe::{Accepted, Event, EventId, Observer, Subject, Told};
use crate::rfc;

fn exchange(theirs: &str) -> Exchange {
    Exchange {
        method: Method::GET,
        path: "/body",
        status: 200,
        way: Way::Down,
        bytes: 10,
        expected: Some(10),
        ours: "abc".to_owned(),
        theirs: theirs.to_owned(),
    }
}

fn visit(exchange: Exchange) -> Visit {
    Visit {
        local: "10.90.0.2:4000".parse().expect("an address"),
        remote: "10.90.0.1:80".parse().expect("an address"),
        steps: vec![Step {
            what: What::Exchange(exchange),
            began: Instant::BIRTH,
        }],
        ended: Instant::BIRTH,
    }
}

/// The counts of one packet in that ended so many times.
fn counts(endings: usize) -> Counts {
    let mut counters = Counters::default();
    let id = EventId(1.try_into().expect("not zero"));
    let mut tell = |id, cause, event: &Event<'_>| {
        counters.told(&Told {
            id,
            cause,
            at: Instant::BIRTH,
            on: Subject::Stack,
            event,
        });
    };
    tell(
        id,
        None,
        &Event::PacketIn {
            interface: Default::default(),
            bytes: &[],
            offload: Default::default(),
        },
    );
    let by: Cite = rfc!(9293, "3.10.7.4");
    let (what, variables) = (Accepted::Text, None);
    for _ in 0..endings {
        let ending = Event::Accepted {
            what,
            by,
            variables,
        };
        tell(EventId(2.try_into().expect("not zero")), Some(id), &ending);
    }
    counters.counts()
}

fn captured(packets: u64) -> Stats {
    Stats {
        packets,
        ..Stats::default()
    }
}

#[test]
fn all_is_good_only_if_everything_is() {
    let verdict = |theirs: &str, endings, packets| {
        let visits = [visit(exchange(theirs))];
        Proof::new(&visits, &[], &counts(endings), &captured(packets)).verdict()
    };
    assert_eq!(verdict("abc", 1, 1), Verdict::Good);
    assert_eq!(verdict("abd", 1, 1), Verdict::Failed);
    assert_eq!(verdict("abc", 1, 0), Verdict::Failed);
    assert_eq!(verdict("abc", 0, 1), Verdict::Unexplained);
    assert_eq!(verdict("abd", 2, 1), Verdict::Unexplained);
}

#[test]
fn a_body_is_good_if_it_is_whole_and_the_same() {
    assert!(exchange("abc").is_good());
    assert!(!exchange("none").is_good());
    let short = Exchange {
        bytes: 9,
        ..exchange("abc")
    };
    assert!(!short.is_good());
    let refused = Exchange {
        status: 500,
        ..exchange("abc")
    };
    assert!(!refused.is_good());
}

#[test]
fn a_check_says_what_was_found() {
    let proof = Proof::new(&[visit(exchange("abd"))], &[], &counts(1), &captured(1));
    let failed: Vec<_> = proof.checks.iter().filter(|check| !check.holds).collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(
        failed[0].what,
        "GET /body answered 200; 10 bytes with SHA-256 abc here, abd there"
    );
    let tally = proof.tally();
    assert_eq!((tally.passed, tally.failed), (1, 1));
}
