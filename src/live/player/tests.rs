use super::*;

/// A connection that sends a segment a millisecond, and loses the one after each hundred.
fn run(events: u64) -> Vec<Record> {
    let record = |n: u64| {
        let name = match n {
            0 => "tcp:opened",
            n if n % 100 == 0 => "tcp:loss_detected",
            _ => "tcp:segment_sent",
        };
        let data = match n {
            0 => r#"{"local":"10.0.0.1:4","remote":"10.0.0.2:80","new":"closed"}"#.to_owned(),
            n => format!(r#"{{"bytes":{n}}}"#),
        };
        let text = format!(
            r#"{{"id":{},"time":{n},"name":"{name}","tuple":"c1","host":"x","data":{data}}}"#,
            n + 1
        );
        serde_json::from_str(&text).expect("a record")
    };
    (0..events).map(record).collect()
}

fn shown(player: &mut Player) -> (usize, u64) {
    let mut model = Model::default();
    player.show(&mut model);
    let counted = model.snapshot.counted.expect("always");
    (model.playing.expect("a run").at, counted.bytes_out)
}

/// Bytes of what was sent among the first so many.
fn bytes(events: u64) -> u64 {
    (1..events).filter(|n| n % 100 != 0).sum()
}

#[test]
fn each_place_is_the_same_from_before_and_from_behind() {
    let mut player = Player::of(run(5_000));
    assert_eq!(shown(&mut player), (5_000, bytes(5_000)));
    for at in [0, 1, 2_047, 2_048, 2_049, 4_999, 17, 4_096] {
        player.go_to(at);
        assert_eq!(shown(&mut player), (at, bytes(at as u64)), "{at}");
    }
    player.step(-1);
    assert_eq!(shown(&mut player).0, 4_095);
    player.step(isize::MAX);
    assert_eq!(shown(&mut player).0, 5_000);
}

#[test]
fn the_course_of_a_connection_is_known_from_its_beginning() {
    let record = |n: u64, name: &str, data: &str| {
        let text = format!(
            r#"{{"id":{n},"time":{n},"name":"{name}","tuple":"c1","host":"x","data":{data},
            "state":{{"cwnd":{}}}}}"#,
            n * 1000
        );
        serde_json::from_str(&text).expect("a record")
    };
    let ends = r#"{"local":"10.0.0.1:4","remote":"10.0.0.2:80","new":"syn_sent"}"#;
    let mut records: Vec<Record> = vec![record(1, "tcp:opened", ends)];
    records.push(record(2, "tcp:state_updated", r#"{"new":"established"}"#));
    records.extend((3..=9).map(|n| record(n, "tcp:segment_sent", "{}")));
    records.push(record(10, "tcp:state_updated", r#"{"new":"close_wait"}"#));
    let mut player = Player::of(records);
    let mut course = |at| {
        let mut model = Model::default();
        player.go_to(at);
        player.show(&mut model);
        let course = model.courses.remove(&1).expect("a course");
        let points = course.points();
        let points: Vec<_> = points.map(|point| (point.at_us, point.cwnd)).collect();
        (points, course.states().len())
    };
    let all: Vec<(u64, u64)> = (1..=10).map(|n| (n * 1000, n * 1000)).collect();
    assert_eq!(course(9), (all[..9].to_vec(), 2));
    assert_eq!(course(4), (all[..4].to_vec(), 2));
    assert_eq!(course(1), (all[..1].to_vec(), 1));
    assert_eq!(course(10).0.len(), 10);
}

#[test]
fn time_passes_only_while_it_plays_and_stops_at_the_end() {
    let mut player = Player::of(run(1_000));
    player.toggle();
    assert_eq!(shown(&mut player).0, 0);
    assert!(player.pass(10_500));
    // Events at 0 to 10 ms.
    assert_eq!(shown(&mut player).0, 11);
    player.toggle();
    assert!(!player.pass(1_000_000));
    player.toggle();
    player.pass(u64::MAX / 2);
    assert_eq!(shown(&mut player).0, 1_000);
    assert!(!player.pass(1));
}

#[test]
fn a_query_is_gone_on_to_and_what_is_no_query_is_told() {
    let mut player = Player::of(run(1_000));
    player.go_to(0);
    player.break_at("tcp:loss_detected").expect("there is one");
    assert_eq!(shown(&mut player).0, 101);
    player
        .break_at("tcp:loss_detected")
        .expect("there is another");
    assert_eq!(shown(&mut player).0, 201);
    assert!(player.break_at("tcp:urgent").is_err());
    assert!(player.break_at("what").is_err());
    assert_eq!(shown(&mut player).0, 201);
}
