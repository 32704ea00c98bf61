use super::*;
use crate::observe::fixtures::files::Shelf;
use crate::runs::{Record, Records};

pub struct Silent;

impl Progress for Silent {
    fn reached(&self, _: Duration) -> bool {
        true
    }
}

const TWO: &str = r#"
name = "two"
do = [
  { at = "0s", host = "server", act = "listen 80" },
  { at = "0s", host = "client", act = "connect server:80; send 100KiB; close" },
]
[host.client]
addr = "10.0.0.1"
[host.server]
addr = "10.0.0.2"
[link.up]
rate = "10Mbit"
[link.down]
rate = "10Mbit"
"#;

/// What came of a scenario, its events, and the bytes of both files.
fn play(text: &str, set: &[&str]) -> (Played, Vec<Record>, [Vec<u8>; 2]) {
    let set: Vec<String> = set.iter().map(|one| (*one).to_owned()).collect();
    let scenario = Scenario::parse(text, &set).expect("valid");
    let [capture, events] = [0, 1].map(|_| Shelf::new(64 << 20));
    let played = scenario.play(capture.clone(), events.clone(), None, &Silent);
    let played = played.expect("it can be played");
    let bytes = events.bytes();
    let records = Records::of(&bytes[..]).expect("a header");
    let records = records.collect::<Result<_, _>>().expect("whole lines");
    (played, records, [capture.bytes(), bytes])
}

fn count(records: &[Record], name: &str) -> usize {
    records.iter().filter(|record| record.name == name).count()
}

#[test]
fn the_same_file_and_seed_give_the_same_bytes() {
    let lossy = ["link.up.loss=10%", "link.down.reorder=5% by 3 packets"];
    let (one, _, bytes) = play(TWO, &lossy);
    assert!(one.is_over && one.lost > 0, "{one:?}");
    let (_, _, again) = play(TWO, &lossy);
    assert!(bytes == again, "the files differ");
    let other = [&lossy[..], &["seed=43"]].concat();
    let (_, _, other) = play(TWO, &other);
    assert!(bytes != other, "another seed makes no difference");
}

/// Each packet can be followed over the link: told as sent at one host, as delivered by the link,
/// and as received at the other, or else as dropped.
#[test]
fn packets_are_followed_from_host_to_host() {
    let (played, records, _) = play(TWO, &["link.up.loss=data:14"]);
    let sent: Vec<_> = records
        .iter()
        .filter(|record| record.name == "tcp:segment_sent")
        .filter_map(|record| record.id)
        .collect();
    let of = |name: &str, field: &str| -> Vec<u64> {
        let named = records.iter().filter(|record| record.name == name);
        named.filter_map(|record| record.number(field)).collect()
    };
    let (delivered, dropped) = (of("link:delivered", "packet"), of("link:dropped", "packet"));
    assert_eq!((dropped.len(), played.lost), (1, 1));
    for id in &sent {
        let ends = [&delivered, &dropped].map(|all| all.iter().filter(|one| *one == id).count());
        assert_eq!(ends.iter().sum::<usize>(), 1, "e{id} ended {ends:?} times");
    }
    let received = of("link:delivered", "received");
    let told: Vec<_> = records
        .iter()
        .filter(|record| record.name == "ip:packet_received")
        .filter_map(|record| record.id)
        .collect();
    assert_eq!(received, told);
    let mut ids: Vec<_> = records.iter().filter_map(|record| record.id).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "two events have one id");
}

#[test]
fn both_ends_of_a_connection_have_one_name() {
    let (_, records, _) = play(TWO, &[]);
    let opened = records.iter().filter(|record| record.name == "tcp:opened");
    let names: Vec<_> = opened
        .map(|record| (record.host.as_str(), record.tuple.as_deref()))
        .collect();
    assert!(names.contains(&("client", Some("c1"))), "{names:?}");
    assert!(names.contains(&("server", Some("c1"))), "{names:?}");
    assert!(
        names.iter().all(|(_, name)| *name == Some("c1")),
        "{names:?}"
    );
}

/// Acts come at their times, or when their host's connection is there; a link that is cut carries
/// nothing meanwhile.
#[test]
fn acts_wait_for_their_times() {
    let text = TWO.replace("send 100KiB; close", "").replace(
        "]\n[host",
        r#"  { at = "connected + 50ms", host = "client", act = "send 100" },
           { at = "1s", link = "up", down = "2s" },
           { at = "2s", host = "client", act = "send 100; close" },
           { at = "1500ms", link = "down", set = { delay = "30ms" } },
        ]
[host"#,
    );
    let (played, records, _) = play(&text, &[]);
    assert!(played.is_over, "{played:?}");
    let sends: Vec<_> = records
        .iter()
        .filter(|record| record.text("call") == Some("send") && record.host == "client")
        .map(|record| record.time.as_nanos() / 1_000_000 - 1_000)
        .collect();
    // A handshake over 10 ms each way, and 50 more; packets take some microseconds.
    assert_eq!(sends, [70, 2_000]);
    let dropped = records
        .iter()
        .filter(|record| record.name == "link:dropped");
    let reasons: Vec<_> = dropped.filter_map(|record| record.text("reason")).collect();
    assert!(
        !reasons.is_empty() && reasons.iter().all(|why| *why == "down"),
        "{reasons:?}"
    );
}

#[test]
fn who_waits_for_nobody_is_stopped_in_time() {
    let text = TWO.replace("send 100KiB; close", "recv all");
    let (played, _, _) = play(&text, &["until=5s"]);
    assert!(!played.is_over);
    assert_eq!(played.took, Duration::from_secs(5));
}

#[test]
fn whoever_shows_it_may_stop_it() {
    struct Stop;
    impl Progress for Stop {
        fn reached(&self, _: Duration) -> bool {
            false
        }
    }
    let text = TWO.replace("100KiB", "10MiB");
    let scenario = Scenario::parse(&text, &[]).unwrap();
    let [capture, events] = [0, 1].map(|_| Shelf::new(64 << 20));
    let played = scenario.play(capture, events, None, &Stop).unwrap();
    assert!(!played.is_over);
}

/// A window is reduced by the clause of whatever found the loss.
#[test]
fn the_clause_of_a_reduction_is_that_of_who_found_the_loss() {
    let cited = |rack: &str| {
        let rack = format!("host.client.tcp.rack={rack}");
        let (_, records, _) = play(TWO, &["link.up.loss=data:14", &rack]);
        let mut reductions = records
            .iter()
            .filter(|record| record.name == "tcp:congestion_state_updated");
        let first = reductions.next().and_then(|record| record.why.clone());
        first.expect("the window is reduced").rule
    };
    assert_eq!(cited("true"), "rfc8985.9.3");
    assert_eq!(cited("false"), "rfc6675.5 (4.2)");
}

/// Through a router with a narrow link behind it that complains of nothing.
#[test]
fn routers_pass_packets_on() {
    let text = TWO.split("[link.up]").next().unwrap();
    let text = text.replacen("name =", "preset = \"blackhole-pmtu\"\nname =", 1);
    let (played, records, _) = play(&text, &[]);
    assert!(played.is_over, "{played:?}");
    let too_big = |record: &&Record| record.text("reason") == Some("too_big");
    assert!(records.iter().filter(too_big).count() > 0);
    assert!(count(&records, "link:delivered") > 0);
}

/// What may not wait leaves at once, and costs no timer.
#[test]
fn acknowledgments_that_may_not_wait_do_not() {
    let (played, records, _) = play(TWO, &["host.server.tcp.delayed_ack=0ms"]);
    assert!(played.is_over);
    let waits = |record: &&Record| record.text("timer") == Some("delack");
    assert_eq!(records.iter().filter(waits).count(), 0);
}

#[test]
fn names_that_lead_nowhere_are_refused_when_their_time_comes() {
    let text = TWO.replace("connect server:80", "connect sever:80");
    let scenario = Scenario::parse(&text, &[]).unwrap();
    let [capture, events] = [0, 1].map(|_| Shelf::new(1 << 20));
    let error = scenario.play(capture, events, None, &Silent).unwrap_err();
    assert!(
        error.to_string().contains("did you mean \"server\"?"),
        "{error}"
    );
}
