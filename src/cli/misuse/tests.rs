use clap::{CommandFactory, Parser};

use super::*;
use crate::cli::Typed;

/// What is said of a line that makes no sense: what, and why.
fn of(line: &str) -> (String, String) {
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    let error = Typed::try_parse_from(&words).expect_err(line);
    let Trouble { what, why, .. } = misuse(&error, &Typed::command(), words.into_iter());
    (what, why)
}

#[track_caller]
fn check(line: &str, what: &str, why: &str) {
    assert_eq!(of(line), (what.to_owned(), why.to_owned()), "{line}");
}

#[test]
fn a_value_is_named_with_what_is_accepted() {
    check(
        "pellucid get http://a/ --link wire",
        "invalid value 'wire' for '--link <LINK>'",
        "it takes one of auto, tun, veth",
    );
    check(
        "pellucid get a",
        "invalid value 'a' for '<URL>'",
        "it has no scheme; as in http://10.90.0.1:8080/page?name=you",
    );
    check(
        "pellucid serve --port 70000",
        "invalid value '70000' for '--port <PORT>'",
        "a port is a number from 1 to 65535",
    );
    check(
        "pellucid ss --state open",
        "invalid value 'open' for '--state <STATE>'",
        "it takes one of listen, syn-sent, syn-received, established, fin-wait-1, fin-wait-2, \
         close-wait, closing, last-ack, time-wait, closed",
    );
    for seed in ["lucky", "-1", "1.5", "18446744073709551616"] {
        check(
            &format!("pellucid demo --seed {seed}"),
            &format!("invalid value '{seed}' for '--seed <N>'"),
            "a seed is a whole number from 0 to 18446744073709551615",
        );
    }
}

#[test]
fn what_is_missing_is_explained() {
    let of_url = "What to fetch, as https://www.example.org/page";
    check("pellucid get", "'<URL>' is missing", of_url);
    check(
        "pellucid demo --seed",
        "'--seed <N>' lacks its value",
        "What our side's chance is drawn from",
    );
    check(
        "pellucid get http://a/ --split",
        "'--capture <FILE>' is missing",
        "Write every packet to FILE (pcapng), with what the stack thought of it; - is standard \
         output",
    );
    let (what, why) = of("pellucid get http://a/ --addr 10.0.0.1/24");
    assert_eq!(what, "'--tun <NAME>' is missing");
    assert!(why.starts_with("Use this TUN interface"), "{why}");
}

#[test]
fn an_unknown_word_brings_the_known_ones() {
    let all = "`doctor` takes --apparmor, --json, --quiet, --verbose, --color, --help";
    check("pellucid doctor now", "unexpected argument 'now'", all);
    check(
        "pellucid doctor --jsn",
        "unexpected argument '--jsn'",
        &format!("did you mean --json? {all}"),
    );
    // It has no such option, and is not told how to hand it on.
    let (what, why) = of("pellucid shell --tun x");
    assert_eq!(what, "unexpected argument '--tun'");
    assert!(why.starts_with("`shell` takes "), "{why}");
    check(
        "pellucid dmo",
        "unknown verb 'dmo'",
        "the verbs are demo, get, serve, ping, traceroute, shell, top, ss, doctor, drill, run, \
         compare, diff, lab, replay, report, why, events, explain, rfc, dig, resolve-server, \
         url, schema, wireshark, help",
    );
}

#[test]
fn of_two_that_contradict_each_other_both_are_named() {
    check(
        "pellucid get http://a/ --tun x --link veth",
        "'--tun <NAME>' cannot be used with '--link <LINK>'",
        "they contradict each other: use one of them",
    );
    check(
        "pellucid demo --top --json",
        "'--top' cannot be used with '--json'",
        "they contradict each other: use one of them",
    );
}

#[test]
fn the_help_that_is_pointed_to_is_the_verbs_own() {
    for (line, now) in [
        ("pellucid frob", "pellucid --help"),
        ("pellucid -q get", "pellucid get --help"),
    ] {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let error = Typed::try_parse_from(&words).expect_err(line);
        let trouble = misuse(&error, &Typed::command(), words.into_iter());
        assert_eq!(trouble.now, format!("`{now}` lists what is accepted"));
        assert_eq!(trouble.code, crate::cli::trouble::Code::Usage);
    }
}
