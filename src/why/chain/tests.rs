use super::*;
use crate::runs::Records;

/// An upload of two segments, of which the first is lost: a timer sends it again.
pub const STORY: &str = include_str!("story.jsonl");

pub fn log() -> Log {
    let records = Records::of(STORY.as_bytes()).expect("a header");
    Log::new(records.map(|record| record.expect("a record")))
}

fn ids<'a>(records: impl IntoIterator<Item = &'a Record>) -> Vec<u64> {
    records.into_iter().filter_map(|record| record.id).collect()
}

#[test]
fn a_retransmission_leads_to_the_timer_and_to_what_was_decided_with_it() {
    let log = log();
    let chain = log.chain(log.frame(3).expect("a frame"));
    let [link] = &chain.links[..] else {
        panic!("one link: {chain:?}");
    };
    assert_eq!(
        (link.input.id, ids(link.decided.iter().copied())),
        (Some(4), vec![5, 6, 7])
    );
    assert!(link.answers.is_none());
}

#[test]
fn an_acknowledgment_leads_to_what_it_answers_and_so_to_the_call() {
    let log = log();
    let chain = log.chain(log.frame(5).expect("a frame"));
    let inputs = ids(chain.links.iter().map(|link| link.input));
    assert_eq!(inputs, [11, 1]);
    let answered: Vec<_> = chain.links.iter().map(|link| link.answers).collect();
    assert_eq!(answered[0].and_then(Record::frame), Some(2));
    // Of one that came in the chain is that of what it answers.
    let chain = log.chain(log.frame(4).expect("a frame"));
    assert_eq!(chain.answers.and_then(Record::frame), Some(2));
    assert_eq!(ids(chain.links.iter().map(|link| link.input)), [1]);
}

#[test]
fn what_was_known_before_is_that_of_the_same_connection() {
    let log = log();
    let before = |frame| log.before(log.frame(frame).expect("a frame"));
    assert_eq!(before(3).and_then(|record| record.id), Some(3));
    assert_eq!(before(1), None);
}

#[test]
fn what_is_not_there_is_not_found() {
    let log = log();
    assert_eq!(
        (log.frame(0), log.frame(6), log.event(13)),
        (None, None, None)
    );
    assert_eq!(log.last_frame(), Some(5));
    assert_eq!(Log::default().last_frame(), None);
}
