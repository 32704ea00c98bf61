use super::*;

#[test]
fn a_script_lasts_as_long_as_its_events_say() {
    let text = "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n\
                +1.5 bind(3, ..., ...) = 0\n\
                +1~+2 > S 0:0(0) <...>\n\
                4.5 close(3) = 0\n";
    let script = judge::prepare(text, &Request::default()).unwrap().script;
    assert_eq!(lasts(&script), 4_500_000);
    let of = |longest| too_long(text, &Request::default(), Duration::from_secs(longest));
    assert_eq!((of(5), of(4)), (None, Some(Duration::from_millis(4_500))));
}
