use super::*;

#[track_caller]
fn same<T: FromStr<Err = String> + fmt::Display>(text: &str, shown: &str) {
    let value = text
        .parse::<T>()
        .unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(value.to_string(), shown);
    let again = shown
        .parse::<T>()
        .unwrap_or_else(|error| panic!("{shown}: {error}"));
    assert_eq!(again.to_string(), shown);
}

#[test]
fn what_goes_wrong_can_be_said_in_short_and_comes_back() {
    same::<Losses>("data:14", "data 14");
    same::<Losses>("data:14..16, fin:1", "data 14-16; fin 1");
    same::<Losses>(
        "0.1%; second retransmission of data 3",
        "second retransmission of data 3; 0.1%",
    );
    same::<Losses>("gilbert 1% 30%", "gilbert 1% 30%");
    same::<Losses>("every 100", "every 100");
    same::<Losses>("none", "none");
    same::<Reorders>(
        "data:7 by 2ms; 1% by 3 packets",
        "data 7 by 2ms; 1% by 3 packets",
    );
    same::<Copies>("1%; data:2", "1%; data 2");
    same::<Damages>("none", "none");
    same::<Meanings>("data 5; ack:3", "data 5; ack 3");
}

#[test]
fn what_cannot_be_is_refused() {
    assert!("101%".parse::<Losses>().is_err());
    assert!("data".parse::<Reorders>().is_err());
    assert!("thing 4".parse::<Losses>().unwrap_err().contains("thing"));
    let spec = LinkSpec {
        mtu: Size(70_000),
        ..LinkSpec::default()
    };
    assert!(spec.path().unwrap_err().contains("mtu"));
}

/// What a link does stands in the world's terms.
#[test]
fn a_link_is_made_of_what_is_said() {
    let spec = LinkSpec {
        loss: "data:14; 1%".parse().unwrap(),
        corrupt: "2%".parse().unwrap(),
        ..LinkSpec::default()
    };
    let weather = spec.path().unwrap().weather;
    assert_eq!(weather.rules.len(), 1);
    assert_eq!(weather.loss, [Loss::bernoulli(0.01)]);
    assert_eq!(weather.corrupt.map(|corrupt| corrupt.chance), Some(0.02));
}

#[test]
fn a_change_keeps_what_it_does_not_name() {
    let spec = LinkSpec {
        mtu: Size(1_400),
        ..LinkSpec::default()
    };
    let set = "delay = \"7ms\"".parse().unwrap();
    let changed = spec.with(&set).unwrap();
    assert_eq!(changed.mtu, Size(1_400));
    assert_eq!(changed.delay, Time(Duration::from_millis(7)));
    let wrong = "dealy = \"7ms\"".parse().unwrap();
    assert!(spec.with(&wrong).unwrap_err().contains("dealy"));
}
