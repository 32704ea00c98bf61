use super::*;

/// a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4, each word as it stands in memory.
const GIVEN: [u8; 16] = [
    0xa1, 0xa1, 0xa1, 0xa1, 0xb2, 0xb2, 0xb2, 0xb2, 0xc3, 0xc3, 0xc3, 0xc3, 0xd4, 0xd4, 0xd4, 0xd4,
];

fn addr(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// The v4 client and server of the known values.
fn ends() -> (IpAddr, IpAddr) {
    (addr("192.0.2.1"), addr("192.168.0.1"))
}

fn hours(hours: u64) -> Instant {
    Instant::BIRTH + Duration::from_secs(hours * 3600)
}

/// Known values: Linux makes these.
#[test]
fn cookies_under_a_given_key_are_those_of_linux() {
    let mut cookies = Cookies::new([7; 16]);
    let of = |cookies: &Cookies, client, server| {
        let cookie = cookies.make(hours(1), None, addr(client), addr(server));
        cookie.to_string()
    };
    cookies.give(CookieKeys {
        current: GIVEN,
        former: None,
    });
    assert_eq!(of(&cookies, "192.0.2.1", "192.168.0.1"), "3021b9d889017eeb");
    let v6 = of(&cookies, "fd3d:fa7b:d17d::1", "fd3d:0a0b:17d6::1");
    assert_eq!(v6, "c1d1e9742a47a9bc");
    cookies.give(CookieKeys {
        current: [0; 16],
        former: None,
    });
    assert_eq!(of(&cookies, "192.0.2.1", "192.168.0.1"), "b7c12350a90dc8f5");
}

// req: RFC7413-4.1.2-1
#[test]
fn a_cookie_is_one_clients_and_one_servers_and_expires() {
    let cookies = Cookies::new([7; 16]);
    let (client, server) = ends();
    let cookie = cookies.make(hours(1), None, client, server);
    let judge = |at, cookie| cookies.judge(at, None, cookie, client, server);
    assert_eq!(judge(hours(5), cookie), Worth::Valid);
    assert_eq!(judge(hours(7), cookie), Worth::Former);
    assert_eq!(judge(hours(13), cookie), Worth::Nothing);
    let other = addr("192.0.2.2");
    assert_eq!(
        cookies.judge(hours(1), None, cookie, other, server),
        Worth::Nothing
    );
    assert_eq!(
        cookies.judge(hours(1), None, cookie, client, other),
        Worth::Nothing
    );
    // Whoever knows the addresses needs the key as well.
    let theirs = Cookies::new([8; 16]).make(hours(1), None, client, server);
    assert_eq!(judge(hours(1), theirs), Worth::Nothing);
    assert_eq!(judge(hours(1), Cookie::REQUEST), Worth::Nothing);
    assert_eq!(
        judge(hours(1), Cookie::new(&cookie.as_slice()[..6]).unwrap()),
        Worth::Nothing
    );
}

#[test]
fn a_key_that_was_given_stays_until_another_is_and_one_before_it_still_counts() {
    let mut cookies = Cookies::new([7; 16]);
    let (client, server) = ends();
    cookies.give(CookieKeys {
        current: GIVEN,
        former: None,
    });
    let cookie = cookies.make(hours(1), None, client, server);
    assert_eq!(
        cookies.judge(hours(100), None, cookie, client, server),
        Worth::Valid
    );
    cookies.give(CookieKeys {
        current: [1; 16],
        former: Some(GIVEN),
    });
    assert_eq!(
        cookies.judge(hours(100), None, cookie, client, server),
        Worth::Former
    );
    cookies.give(CookieKeys {
        current: [2; 16],
        former: Some([1; 16]),
    });
    assert_eq!(
        cookies.judge(hours(100), None, cookie, client, server),
        Worth::Nothing
    );
}

#[test]
fn a_listeners_own_keys_go_before_the_stacks() {
    let mut cookies = Cookies::new([7; 16]);
    let (client, server) = ends();
    let given = |current, former| CookieKeys { current, former };
    cookies.give(given([1; 16], None));
    let own = Some(given(GIVEN, Some([0; 16])));
    let cookie = cookies.make(hours(1), own, client, server);
    assert_eq!(cookie.to_string(), "3021b9d889017eeb");
    let stacks = cookies.make(hours(1), None, client, server);
    cookies.give(given([0; 16], None));
    let former = cookies.make(hours(1), None, client, server);
    let judge = |cookie| cookies.judge(hours(1), own, cookie, client, server);
    let worth = [cookie, former, stacks].map(judge);
    assert_eq!(worth, [Worth::Valid, Worth::Former, Worth::Nothing]);
    assert!(!format!("{own:?}").contains("161"));
}
