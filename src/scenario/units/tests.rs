use super::*;

#[test]
fn what_is_written_comes_back() {
    for text in ["0s", "250us", "40ms", "1500ms", "90s", "7ns"] {
        assert_eq!(text.parse::<Time>().unwrap().to_string(), text);
    }
    for text in ["56kbit", "10Mbit", "1Gbit", "unlimited", "1bit"] {
        assert_eq!(text.parse::<BitRate>().unwrap().to_string(), text);
    }
    for text in ["0GiB", "1460B", "64KiB", "3MiB"] {
        assert_eq!(text.parse::<Size>().unwrap().to_string(), text);
    }
}

#[test]
fn fractions_are_exact_or_refused() {
    assert_eq!("1.5s".parse(), Ok(Time(Duration::from_millis(1_500))));
    assert_eq!("2min".parse(), Ok(Time(Duration::from_secs(120))));
    assert_eq!("1.25Mbit".parse(), Ok(BitRate(Some(1_250_000))));
    assert_eq!("0.5KiB".parse(), Ok(Size(512)));
    assert!("0.1B".parse::<Size>().unwrap_err().contains("whole"));
}

#[test]
fn what_is_wrong_is_named() {
    let refused = |text: &str| text.parse::<Time>().unwrap_err();
    assert!(refused("40").contains("no unit"), "{}", refused("40"));
    assert!(refused("40m").contains("none of"), "{}", refused("40m"));
    assert!(refused("ms").contains("not like"), "{}", refused("ms"));
    assert!(refused("1.2.3s").contains("not like"));
    assert!(refused("99999999999999999999s").contains("too much"));
}
