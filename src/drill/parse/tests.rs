use super::*;
use crate::drill::syntax::{Body, Call, Expr, ExprKind, Packet, Tcp};

pub(super) fn parsed(text: &str, around: Surroundings) -> Result<Script, ParseError> {
    parse(text, |_| Ok(((), around))).map(|((), script)| script)
}

pub(super) fn script(text: &str) -> Script {
    parsed(text, Surroundings::default()).unwrap_or_else(|e| panic!("{text}: {e}"))
}

pub(super) fn refused(text: &str) -> ParseError {
    match parsed(text, Surroundings::default()) {
        Err(error) => error,
        Ok(script) => panic!("{text}: {script:?}"),
    }
}

pub(super) fn event(text: &str) -> Event {
    let mut script = script(text);
    assert_eq!(script.events.len(), 1, "{text}");
    script.events.remove(0)
}

pub(super) fn packet(line: &str) -> Packet {
    match event(&format!("0 {line}")).what {
        What::Packet(packet) => packet,
        other => panic!("{line}: {other:?}"),
    }
}

pub(super) fn tcp(line: &str) -> Tcp {
    match packet(line).body {
        Body::Tcp(tcp) => tcp,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn times_have_five_forms() {
    let when = |time: &str| event(&format!("{time} > . 1:1(0) ack 1")).when;
    assert_eq!(when("0.5"), When::At(500_000));
    assert_eq!(when(".5"), When::At(500_000));
    assert_eq!(when("2"), When::At(2_000_000));
    assert_eq!(when("+0.000001"), When::After(1));
    assert_eq!(when("*"), When::Any);
    assert_eq!(when("1~1.5"), When::Between(1_000_000, 1_500_000));
    assert_eq!(when("+0~+.05"), When::AfterBetween(0, 50_000));
    assert_eq!(when("+.02~+.02"), When::AfterBetween(20_000, 20_000));
    // What a microsecond cannot hold is dropped.
    assert_eq!(when("0.0000019"), When::At(1));
}

#[test]
fn times_that_cannot_be_are_refused() {
    for (text, found) in [
        ("-1 > . 1:1(0)", "`-1`"),
        ("+-.5 > . 1:1(0)", "`-.5`"),
        ("2~1 > . 1:1(0)", "a range that ends before it begins"),
        ("+2~+1 > . 1:1(0)", "a range that ends before it begins"),
        ("+1~2 > . 1:1(0)", "`2`"),
        ("* < . 1:1(0) win 1", "`*`"),
        ("* close(3) = 0", "`*`"),
        ("0~1 < . 1:1(0) win 1", "a range of times"),
        ("0~1 `x`", "a range of times"),
        ("5. > . 1:1(0)", "`.`"),
    ] {
        assert_eq!(refused(text).found, found, "{text}");
    }
}

#[test]
fn an_error_names_its_place_what_was_found_and_what_was_expected() {
    let error = refused("0 close(3) = 0\n+0 < . 1:1(0)\n");
    assert_eq!(error.at, Place { line: 3, col: 1 });
    assert_eq!(
        error.to_string(),
        "3:1: parse error: found the end of the script, expected `win`: an inbound segment has a \
         window"
    );
}

#[test]
fn a_script_is_options_a_command_events_and_a_command() {
    let script = script(
        "--ip_version=ipv4 --debug --local_ip=192.0.2.1\n--remote_ip=192.0.2.9/24 --x=\"a b\"\n\
         `init`\n0 `middle` +0 close(3) = 0\n`cleanup`",
    );
    let options: Vec<_> = script
        .options
        .iter()
        .map(|option| (option.name.as_str(), option.value.clone()))
        .collect();
    let plain = |text: &str| Some(OptionValue::Plain(text.into()));
    assert_eq!(
        options,
        [
            ("ip_version", plain("ipv4")),
            ("debug", None),
            ("local_ip", plain("192.0.2.1")),
            ("remote_ip", plain("192.0.2.9/24")),
            ("x", plain("a b")),
        ]
    );
    assert_eq!(script.init.unwrap().text, "init");
    assert_eq!(script.cleanup.unwrap().text, "cleanup");
    assert_eq!(script.events.len(), 2);
    assert!(matches!(&script.events[0].what, What::Command(c) if c.text == "middle"));
}

#[test]
fn the_frame_of_a_script_is_strict() {
    for text in [
        "",
        "`only a command`",
        "`one` `two` 0 close(3) = 0",
        "0 close(3) = 0 `one` `two`",
        "0 close(3) = 0 `one` +0 close(3) = 0",
        "0 close(3) = 0 --late=1",
        "--x=.5 0 close(3) = 0",
        "--x= 0 close(3) = 0",
        "--x=A=b 0 close(3) = 0",
        "--define=A=0x1f 0 close(3) = 0",
        "--define=A=.5 0 close(3) = 0",
        "0",
        "0 7",
        "0 close(3) = 0\r\n",
        "0 close(3) = 0 \"never",
    ] {
        refused(text);
    }
}

#[test]
fn defined_words_are_replaced_by_what_they_look_like() {
    let arg = |define: &str| {
        let text = format!("--define=X={define}\n0 close(X) = 0");
        let settle = |options: &[ScriptOption]| {
            let Some(OptionValue::Define(symbol, value)) = &options[0].value else {
                panic!("{options:?}");
            };
            let around = Surroundings {
                defines: [(symbol.clone(), value.clone())].into(),
                ..Surroundings::default()
            };
            Ok(((), around))
        };
        let ((), mut script) = parse(&text, settle).unwrap_or_else(|e| panic!("{text}: {e}"));
        let What::Call(call) = script.events.remove(0).what else {
            panic!("{text}");
        };
        call.args.into_iter().next().unwrap().kind
    };
    assert_eq!(arg("12"), ExprKind::Integer(12));
    assert_eq!(arg("010"), ExprKind::Integer(10));
    assert_eq!(arg("abc"), ExprKind::Word("abc".into()));
    assert_eq!(arg("12ab"), ExprKind::Word("12ab".into()));
    assert_eq!(arg("\"text\""), ExprKind::Text(b"text".to_vec()));
}

#[test]
fn a_value_is_an_integer_if_strtol_takes_all_of_it() {
    for (text, value) in [
        ("10", 10),
        ("-10", -10),
        ("+10", 10),
        ("010", 8),
        ("0", 0),
        ("0x10", 16),
        ("0XfF", 255),
    ] {
        assert_eq!(Define::of(text), Define::Integer(value), "{text}");
    }
    for text in ["", "0x", "08", "1f", "x", "1 "] {
        assert_eq!(Define::of(text), Define::Word(text.into()), "{text}");
    }
    assert_eq!(Define::of("\"a\""), Define::Text("a".into()));
    assert_eq!(Define::of("`a`"), Define::Command("a".into()));
}

#[test]
fn conditions_keep_what_is_defined() {
    let text = "0 close(1) = 0\n#ifdef A\n+0 close(2) = 0\n#endif\n#ifdef B\n+0 ? !\n#endif\n";
    let around = Surroundings {
        defines: [("A".into(), Define::Integer(1))].into(),
        ..Surroundings::default()
    };
    let script = parsed(text, around).unwrap();
    assert_eq!(script.events.len(), 2);
    assert!(script.bsd);
    for text in [
        "0 close(1) = 0\n#ifdef A\n",
        "0 close(1) = 0\n#endif\n",
        "#ifdef A\n#ifdef B\n#endif\n#endif\n0 close(1) = 0",
        "0 close(1) = 0\n#else\n",
    ] {
        refused(text);
    }
}

/// What a line that parses is skipped for.
pub(super) fn skipped(line: &str) -> String {
    let script = script(&format!("0 {line}"));
    let names: Vec<_> = script.unsupported.into_iter().map(|c| c.name).collect();
    names.join(" ")
}

pub(super) fn call(line: &str) -> Call {
    match event(&format!("0{line}")).what {
        What::Call(call) => call,
        other => panic!("{line}: {other:?}"),
    }
}

pub(super) fn refused_call(line: &str) -> ParseError {
    refused(&format!("0{line}"))
}

pub(super) fn unsupported_in_call(line: &str) -> String {
    skipped(line)
}

pub(super) fn kinds(args: &[Expr]) -> Vec<ExprKind> {
    args.iter().map(|arg| arg.kind.clone()).collect()
}

pub(super) fn is_bsd(line: &str) -> bool {
    script(&format!("0 {line}")).bsd
}
