use serde_json::json;

use super::*;

fn record(id: u64, millis: f64, name: &str, data: serde_json::Value) -> Record {
    let json = json!({
        "id": id, "time": millis, "name": name, "tuple": "c1", "host": "client", "data": data,
        "state": { "cwnd": id },
    });
    serde_json::from_str(&json.to_string()).unwrap()
}

fn sent(id: u64, millis: f64, seq: u64) -> Record {
    record(
        id,
        millis,
        "tcp:segment_sent",
        json!({ "seq": seq, "len": 10 }),
    )
}

fn part(left: &[Record], right: &[Record], times: bool) -> Option<Divergence> {
    let mut left = left.iter().cloned().map(Ok::<_, ()>);
    let mut right = right.iter().cloned().map(Ok::<_, ()>);
    divergence(&mut left, &mut right, Closeness { times }).unwrap()
}

/// Other numbers of events, and other windows beside, are no other behaviour.
#[test]
fn what_happens_counts_and_not_how_it_is_numbered() {
    let one = [
        sent(1, 1.0, 1),
        record(2, 1.5, "tcp:reset", json!({})),
        sent(3, 2.0, 11),
    ];
    let other = [
        sent(5, 1.0, 1),
        record(7, 1.5, "tcp:reset", json!({})),
        sent(9, 2.0, 11),
    ];
    assert_eq!(part(&one, &other, true), None);
}

#[test]
fn they_part_at_the_first_thing_that_is_otherwise() {
    let one = [sent(1, 1.0, 1), sent(2, 2.0, 11), sent(3, 3.0, 21)];
    let other = [sent(1, 1.0, 1), sent(2, 2.0, 11), sent(3, 3.0, 31)];
    let found = part(&one, &other, true).unwrap();
    assert_eq!((found.common, found.packets), (2, 2));
    assert_eq!(found.last.unwrap().number("seq"), Some(11));
    assert_eq!(found.left.unwrap().number("seq"), Some(21));
    assert_eq!(found.right.unwrap().number("seq"), Some(31));
    // One that ends early has parted too.
    let found = part(&one[..2], &one, true).unwrap();
    assert_eq!((found.common, found.left.is_none()), (2, true));
}

/// Nor do a timer and what a link does stand where they stood.
#[test]
fn what_the_machine_orders_counts_in_virtual_time_alone() {
    let told = |name| record(1, 1.0, name, json!({}));
    let of_its_time = [
        "tcp:timer_updated",
        "tcp:metrics_updated",
        "link:dropped",
        "app:called",
    ];
    for name in of_its_time {
        let counts = [true, false].map(|times| Closeness { times }.counts(&told(name)));
        assert_eq!(counts, [true, false], "{name}");
    }
    for name in ["tcp:segment_sent", "tcp:state_updated", "tcp:loss_detected"] {
        assert!(Closeness { times: false }.counts(&told(name)), "{name}");
    }
}

/// Whoever draws another number has not done otherwise.
#[test]
fn first_numbers_are_chance() {
    let syn = |isn: u64| {
        [record(
            1,
            1.0,
            "tcp:segment_sent",
            json!({ "seq": 0, "isn": isn }),
        )]
    };
    assert_eq!(part(&syn(7), &syn(8), true), None);
}

/// In real time nothing happens twice at one time.
#[test]
fn times_count_where_they_can_be_the_same() {
    let (one, other) = ([sent(1, 1.0, 1)], [sent(1, 1.25, 1)]);
    assert!(part(&one, &other, true).is_some());
    assert_eq!(part(&one, &other, false), None);
}
