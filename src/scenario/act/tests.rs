use std::time::Duration;

use super::*;

fn act(text: &str) -> Act {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(text: &str) -> String {
    text.parse::<Act>().expect_err(text)
}

#[test]
fn an_act_begins_a_connection_or_goes_on_with_one() {
    let Act { begin, steps, .. } = act("connect server:80 from 40000; send 64KiB; close");
    let (host, port, from) = ("server".to_owned(), 80, Some(40_000));
    assert_eq!(begin, Begin::Connect { host, port, from });
    let bulk = Talk::Bulk { bytes: 65_536 };
    assert_eq!(steps, [Step::Talk(bulk), Step::Close]);
    let listening = act("listen 80");
    assert_eq!(listening.steps, [Step::ReceiveAll, Step::Close]);
    assert_eq!(act("shutdown; recv all").begin, Begin::GoOn);
}

#[test]
fn every_step_can_be_said() {
    for (_, uses) in USES {
        for usage in uses.split(", ") {
            assert_eq!(act(usage).to_string(), *usage);
        }
    }
}

#[test]
fn what_makes_no_sense_is_named() {
    assert!(
        refused("send").contains("not like send 64KiB"),
        "{}",
        refused("send")
    );
    assert!(refused("send 5 by 0 every 1ms").contains("piece"));
    assert!(refused("connect server").contains("server:80"));
    assert!(refused("listen 0").contains("no port"));
    assert!(refused("close; listen 80").contains("first"));
    assert!(refused("wait 5").contains("no unit"));
}

#[test]
fn times_may_wait_for_connections() {
    let later = Time(Duration::from_millis(20));
    assert_eq!("connected + 20ms".parse(), Ok(When::Connected(later)));
    assert_eq!("connected".parse(), Ok(When::Connected(Time::default())));
    assert_eq!("20ms".parse(), Ok(When::At(later)));
    for text in ["0s", "connected", "connected + 20ms"] {
        assert_eq!(text.parse::<When>().unwrap().to_string(), text);
    }
    assert!("connectd".parse::<When>().is_err());
}
