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
const ASK: Option<(Cookie, Mss)> = Some((Cookie::REQUEST, Mss::FLOOR));

fn hours(hours: u64) -> Instant {
    Instant::BIRTH + Duration::from_secs(hours * 3600)
}

// req: RFC7413-4.1.3-1
#[test]
fn a_cookie_is_kept_for_a_pair_of_addresses_with_what_the_peer_takes() {
    let mut jar = CookieJar::default();
    let now = Instant::BIRTH;
    assert_eq!(jar.advise(now, &pair(2, 80)), ASK);
    jar.learn(now, &pair(2, 80), Lesson::Given(cookie(1), MSS));
    assert_eq!(jar.advise(now, &pair(2, 443)), Some((cookie(1), MSS)));
    assert_eq!(jar.advise(now, &pair(3, 80)), ASK);
    // Of several the latest; of sizes no more than what is usual.
    jar.learn(now, &pair(2, 80), Lesson::Given(cookie(2), Mss::new(9000)));
    let advice = jar.advise(now, &pair(2, 80));
    assert_eq!(advice, Some((cookie(2), Mss::new(1460))));
    jar.learn(now, &pair(2, 80), Lesson::Taken(MSS));
    assert_eq!(jar.advise(now, &pair(2, 80)), Some((cookie(2), MSS)));
    let mut elsewhere = pair(2, 80);
    elsewhere.local.addr = IpAddr::from([10, 0, 0, 9]);
    assert_eq!(jar.advise(now, &elsewhere), ASK);
}

// req: RFC7413-4.1.3.1-1
#[test]
fn a_refusal_is_kept_for_an_hour_and_for_a_port() {
    let mut jar = CookieJar::default();
    jar.learn(hours(1), &pair(2, 80), Lesson::Given(cookie(1), MSS));
    jar.learn(hours(1), &pair(2, 80), Lesson::Refused);
    assert_eq!(jar.advise(hours(1), &pair(2, 80)), None);
    assert_eq!(jar.advise(hours(1), &pair(2, 443)), Some((cookie(1), MSS)));
    assert_eq!(jar.advise(hours(2), &pair(2, 80)), Some((cookie(1), MSS)));
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
        jar.learn(Instant::BIRTH, &far(n), Lesson::Given(cookie(1), MSS));
        jar.learn(Instant::BIRTH, &far(n + 1000), Lesson::Refused);
    }
    assert_eq!((jar.given.len(), jar.refused.len()), (MOST, MOST));
    assert_eq!(jar.advise(Instant::BIRTH, &far(0)), ASK);
    assert_eq!(jar.advise(Instant::BIRTH, &far(1)), Some((cookie(1), MSS)));
    assert_eq!(jar.advise(Instant::BIRTH, &far(1000)), ASK);
    assert_eq!(jar.advise(Instant::BIRTH, &far(1001)), None);
}
