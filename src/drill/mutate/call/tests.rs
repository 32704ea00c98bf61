use super::*;
use crate::drill::parse::{Surroundings, parse};
use crate::drill::syntax::What;

fn changes(line: &str) -> Vec<String> {
    let text = format!("0{line}");
    let ((), script) = parse(&text, |_| Ok(((), Surroundings::default()))).expect(line);
    let What::Call(call) = &script.events[0].what else {
        panic!("{line}");
    };
    let made = changed(call);
    made.into_iter().map(|(_, call)| call.to_string()).collect()
}

#[test]
fn what_a_call_returns_is_changed() {
    assert_eq!(changes(" write(4, ..., 9) = 9"), ["write(4, ..., 9) = 10"]);
    assert_eq!(
        changes(" write(4, ..., 9) = -1 EPIPE (x)"),
        ["write(4, ..., 9) = 0 EPIPE", "write(4, ..., 9) = -1 EDOM"]
    );
    // The number of a new descriptor is only a name.
    assert_eq!(changes(" accept(3, ..., ...) = 4"), [""; 0]);
    assert_eq!(
        changes(" poll([{fd=4, events=POLLIN, revents=POLLIN}], 1, 0) = 1")[1],
        "poll([{fd=4, events=POLLIN, revents=POLLIN|2}], 1, 0) = 1"
    );
    assert_eq!(
        changes(" getsockopt(4, SOL_TCP, TCP_NODELAY, [0], [4]) = 0")[1],
        "getsockopt(4, SOL_TCP, TCP_NODELAY, [1], [4]) = 0"
    );
    assert_eq!(
        changes("...1 read(4, ..., 9) = 9")[1],
        "...2100000 read(4, ..., 9) = 9"
    );
}

#[test]
fn numbers_that_something_must_equal_are_changed() {
    let made: Vec<String> = changed_asserts("assert a == 10 and b ==2\nassert c < 3 and 4 == d")
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    assert_eq!(
        made,
        [
            "assert a == 11 and b ==2\nassert c < 3 and 4 == d",
            "assert a == 10 and b ==3\nassert c < 3 and 4 == d",
        ]
    );
    for text in [
        "assert a == b",
        "assert a == 1.5",
        "assert a == 0x10",
        "assert a >= 1",
    ] {
        assert_eq!(changed_asserts(text), [], "{text}");
    }
}
