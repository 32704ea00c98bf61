use super::*;

fn pair(host: u8, port: u16) -> SocketPair {
    let end = |host, port| Endpoint {
        addr: IpAddr::from([10, 0, 0, host]),
        port,
    };
    SocketPair {
        local: end(1, 40_000),
        remote: end(host, port),
    }
}

fn cookie(byte: u8) -> Cookie {
    Cookie::new(&[byte; 8]).unwrap()
}

const MSS: Mss = Mss::new(1000);
const ASK: Option<Advice> = Some(Advice {
    cookie: Some(Cookie::REQUEST),
    mss: None,
});
const HOW: FastOpen = FastOpen {
    active: true,
    ..FastOpen::OFF
};

fn show(byte: u8, mss: Mss) -> Option<Advice> {
    Some(Advice {
        cookie: Some(cookie(byte)),
        mss: Some(mss),
    })
}

fn hours(hours: u64) -> Instant {
    Instant::BIRTH + Duration::from_secs(hours * 3600)
}

// req: RFC7413-4.1.3-1
#[test]
fn a_cookie_is_kept_for_a_pair_of_addresses_with_what_the_peer_takes() {
    let mut jar = CookieJar::default();
    let now = Instant::BIRTH;
    assert_eq!(jar.advise(now, &pair(2, 80), &HOW), ASK);
    jar.learn(now, &pair(2, 80), Lesson::Given(cookie(1), MSS), &HOW);
    assert_eq!(jar.advise(now, &pair(2, 443), &HOW), show(1, MSS));
    assert_eq!(jar.advise(now, &pair(3, 80), &HOW), ASK);
    // Of several the latest; of sizes no more than what is usual.
    jar.learn(
        now,
        &pair(2, 80),
        Lesson::Given(cookie(2), Mss::new(9000)),
        &HOW,
    );
    let advice = jar.advise(now, &pair(2, 80), &HOW);
    assert_eq!(advice, show(2, Mss::new(1460)));
    jar.learn(now, &pair(2, 80), Lesson::Taken(MSS), &HOW);
    assert_eq!(jar.advise(now, &pair(2, 80), &HOW), show(2, MSS));
    let mut elsewhere = pair(2, 80);
    elsewhere.local.addr = IpAddr::from([10, 0, 0, 9]);
    assert_eq!(jar.advise(now, &elsewhere, &HOW), ASK);
}

// req: RFC7413-4.1.3.1-1
#[test]
fn a_refusal_is_kept_for_an_hour_and_for_a_port() {
    let mut jar = CookieJar::default();
    jar.learn(hours(1), &pair(2, 80), Lesson::Given(cookie(1), MSS), &HOW);
    jar.learn(hours(1), &pair(2, 80), Lesson::Refused, &HOW);
    assert_eq!(jar.advise(hours(1), &pair(2, 80), &HOW), None);
    assert_eq!(jar.advise(hours(1), &pair(2, 443), &HOW), show(1, MSS));
    assert_eq!(jar.advise(hours(2), &pair(2, 80), &HOW), show(1, MSS));
}

#[test]
fn the_oldest_of_too_many_is_forgotten() {
    let mut jar = CookieJar::default();
    let far = |n: u32| {
        let mut pair = pair(2, 80);
        pair.remote.addr = IpAddr::from((0x0a01_0000 + n).to_be_bytes());
        pair
    };
    for n in 0..=MOST as u32 {
        jar.learn(Instant::BIRTH, &far(n), Lesson::Given(cookie(1), MSS), &HOW);
        jar.learn(Instant::BIRTH, &far(n + 1000), Lesson::Refused, &HOW);
    }
    assert_eq!((jar.known.len(), jar.refused.len()), (MOST, MOST));
    assert_eq!(jar.advise(Instant::BIRTH, &far(0), &HOW), ASK);
    assert_eq!(jar.advise(Instant::BIRTH, &far(1), &HOW), show(1, MSS));
    assert_eq!(jar.advise(Instant::BIRTH, &far(1000), &HOW), ASK);
    assert_eq!(jar.advise(Instant::BIRTH, &far(1001), &HOW), None);
}

#[test]
fn who_is_persistent_asks_by_the_other_option_once_and_then_by_the_first_for_ever() {
    let mut jar = CookieJar::default();
    let how = FastOpen {
        persistent: true,
        ..HOW
    };
    let mut forms = Vec::new();
    for _ in 0..4 {
        let advice = jar.advise(hours(1), &pair(2, 80), &how).unwrap();
        let asks = advice.cookie.unwrap();
        assert!(asks.is_request());
        forms.push(asks.form());
        jar.learn(hours(1), &pair(2, 80), Lesson::Declined(MSS), &how);
    }
    let (first, other) = (Form::Assigned, Form::Experimental);
    assert_eq!(forms, [first, other, first, first]);
    // Nor does anything else that goes wrong keep it from trying again.
    let given = cookie(1).in_form(other);
    jar.learn(hours(1), &pair(2, 80), Lesson::Given(given, MSS), &how);
    jar.learn(hours(1), &pair(2, 80), Lesson::Refused, &how);
    let advice = jar.advise(hours(1), &pair(2, 80), &how).unwrap();
    assert_eq!(advice.cookie, Some(given));
}

#[test]
fn who_needs_no_cookie_shows_none_and_minds_what_the_peer_takes() {
    let mut jar = CookieJar::default();
    let how = FastOpen {
        active_without_cookie: true,
        ..HOW
    };
    let advice = |jar: &CookieJar, how| jar.advise(hours(1), &pair(2, 80), how);
    let with = |mss| Some(Advice { cookie: None, mss });
    assert_eq!(advice(&jar, &how), with(None));
    jar.learn(hours(1), &pair(2, 80), Lesson::Taken(Mss::new(9000)), &how);
    assert_eq!(advice(&jar, &how), with(Some(Mss::new(1460))));
    let whole = FastOpen {
        whole_syns: true,
        ..how
    };
    assert_eq!(advice(&jar, &whole), with(Some(Mss::new(9000))));
    jar.learn(hours(1), &pair(2, 80), Lesson::Refused, &how);
    assert_eq!(advice(&jar, &how), None);
    assert_eq!(advice(&jar, &FastOpen::OFF), None);
}

#[test]
fn a_blackhole_is_kept_clear_of_ever_longer_until_something_goes_well() {
    let mut jar = CookieJar::default();
    let hasty = |jar: &CookieJar, at| jar.advise(at, &pair(2, 80), &HOW).is_some();
    assert!(!jar.on_silence(hours(1)) && hasty(&jar, hours(1)));
    jar.suspect_for(Duration::from_secs(3600));
    for (from, until) in [(1, 2), (10, 12), (20, 24)] {
        assert!(jar.on_silence(hours(from)));
        assert!(!hasty(&jar, hours(until - 1)) && hasty(&jar, hours(until)));
    }
    // What others had learned before teaches nothing; what comes later does.
    jar.on_silence(hours(30));
    jar.learn(hours(30), &pair(3, 80), Lesson::Taken(MSS), &HOW);
    assert!(!hasty(&jar, hours(37)));
    jar.learn(hours(38), &pair(3, 80), Lesson::Taken(MSS), &HOW);
    jar.on_silence(hours(40));
    assert!(!hasty(&jar, hours(40)) && hasty(&jar, hours(41)));
    for _ in 0..100 {
        jar.on_silence(hours(50));
    }
    assert!(!hasty(&jar, hours(113)) && hasty(&jar, hours(114)));
}
