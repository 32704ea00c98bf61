use super::*;

/// A segment is lost; with three duplicates it is sent again at once, with the threshold at 30 only
/// when the timer says so.
const TEXT: &str = r#"
name = "short"
do = [
  { at = "0s", host = "server", act = "listen 80" },
  { at = "0s", host = "client", act = "connect server:80; send 200KiB; close" },
]
[host.client]
addr = "10.0.0.1"
[host.server]
addr = "10.0.0.2"
[link.up]
rate = "10Mbit"
delay = "10ms"
loss = "data:20"
"#;

struct GoOn;

impl Watch for GoOn {
    fn reached(&self, _: usize) {}

    fn is_stopped(&self) -> bool {
        false
    }
}

fn with(set: &[&str]) -> Scenario {
    let set: Vec<String> = set.iter().map(|one| (*one).to_owned()).collect();
    Scenario::parse(TEXT, &set).unwrap()
}

#[test]
fn two_of_a_kind_never_part() {
    assert_eq!(parting(&with(&[]), &with(&[]), &GoOn).unwrap(), None);
}

#[test]
fn two_that_lose_another_segment_part_where_the_first_is_lost() {
    let (one, other) = (with(&[]), with(&["link.up.loss=data:21"]));
    let found = parting(&one, &other, &GoOn).unwrap().expect("they part");
    assert!(found.packets >= 20, "{found:?}");
    let names = [&found.left, &found.right].map(|one| one.as_ref().unwrap().name.clone());
    assert_eq!(names, ["link:dropped", "link:delivered"], "{found:?}");
    // Whichever is first: the other way round it is the same place.
    let back = parting(&other, &one, &GoOn).unwrap().expect("they part");
    assert_eq!((back.common, back.left), (found.common, found.right));
}

#[test]
fn whoever_stops_it_hears_of_nothing() {
    struct Never;
    impl Watch for Never {
        fn reached(&self, _: usize) {}

        fn is_stopped(&self) -> bool {
            true
        }
    }
    let found = parting(&with(&[]), &with(&["link.up.loss=data:21"]), &Never);
    assert!(found.is_ok(), "{found:?}");
}
