use super::*;

#[test]
fn bits_say_who_may() {
    for (value, active, pending, for_all) in [
        ("0", false, 0, false),
        ("1", true, 0, false),
        ("0x2", false, 7, false),
        ("3", true, 7, false),
        ("0x403", true, 7, true),
        ("1025", true, 0, false),
        // Higher ones mean nothing.
        ("0x803", true, 7, false),
    ] {
        let mut policy = FastOpenPolicy::new(Profile::Rfc);
        assert_eq!(policy.set_bits(value), Configured::Done, "{value}");
        let expected = FastOpen {
            active,
            pending,
            ..FastOpen::OFF
        };
        assert_eq!(policy.of_socket(Some(7)), expected);
        assert_eq!(policy.is_for_all(), for_all, "{value}");
        assert_eq!(policy.of_socket(None).pending, 0);
    }
}

#[test]
fn what_is_no_number_is_refused() {
    let mut policy = FastOpenPolicy::new(Profile::Rfc);
    for value in ["", "yes", "-1", "0xg"] {
        assert_eq!(policy.set_bits(value), Configured::Refused, "{value}");
    }
}

#[test]
fn ours_may_open_without_a_cookie() {
    let mut policy = FastOpenPolicy::new(Profile::Rfc);
    assert!(!policy.of_socket(None).active_without_cookie);
    assert_eq!(policy.set_bits("0x5"), Configured::Done);
    assert!(policy.of_socket(None).active_without_cookie);
}

#[test]
fn on_linux_a_refusal_is_not_the_last_word_and_syns_are_full() {
    for (profile, expected) in [(Profile::Rfc, false), (Profile::Linux, true)] {
        let how = FastOpenPolicy::new(profile).of_socket(None);
        assert_eq!((how.persistent, how.whole_syns), (expected, expected));
    }
}

#[test]
fn listeners_may_take_text_without_a_cookie() {
    let mut policy = FastOpenPolicy::new(Profile::Rfc);
    assert!(!policy.of_socket(Some(7)).without_cookie);
    assert_eq!(policy.set_bits("0x203"), Configured::Done);
    assert!(policy.of_socket(Some(7)).without_cookie);
}

#[test]
fn keys_are_four_words_each() {
    let mut policy = FastOpenPolicy::new(Profile::Rfc);
    let first = "00000001-00000002-00000003-a0b0c0d0";
    let key = [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0xd0, 0xc0, 0xb0, 0xa0];
    assert_eq!(
        policy.set_keys(&format!("{first},0-0-0-0")),
        Configured::Done
    );
    let of = |former| CookieKeys {
        current: key,
        former,
    };
    assert_eq!(policy.keys(), of(Some([0; 16])));
    assert_eq!(policy.set_keys(first), Configured::Done);
    assert_eq!(policy.keys(), of(None));
    for wrong in [
        "",
        "1-2-3",
        "1-2-3-4-5",
        "1-2-3-x",
        "1-2-3-4,",
        "1-2-3-4,1-2-3-4,1-2-3-4",
    ] {
        assert_eq!(policy.set_keys(wrong), Configured::Refused, "{wrong}");
    }
    assert_eq!(policy.keys(), of(None));
}
