//! `scripts/tun-up` and `scripts/tun-down`: what the first does, the second undoes.

use std::fs;
use std::process::{Command, Output};

use pellucid::namespace::Inside;

use crate::harness::{Case, Lack, inside, skip};

pub const CASES: &[Case] = &[
    inside("scripts::tun_down_undoes_what_tun_up_did", up_and_down),
    inside(
        "scripts::forwarding_that_was_on_before_stays_on",
        forwarding_stays,
    ),
    inside("scripts::the_last_of_two_restores_forwarding", two),
    inside("scripts::what_makes_no_sense_changes_nothing", nonsense),
    inside("scripts::a_network_in_use_is_refused", in_use),
    inside("scripts::an_interface_of_others_is_left_alone", of_others),
];

fn up_and_down(_: &Inside) {
    begin("0");
    let said = done(&up(&["tap0", "10.200.0.1/24"]));
    assert!(said.contains("10.200.0.2/24"), "the stack's own address");
    assert!(said.contains("tun-down tap0"), "how to undo it");
    assert!(shown("ip", &["-4", "address", "show", "dev", "tap0"]).contains("10.200.0.1/24"));
    assert!(shown("nft", &["list", "ruleset"]).contains("ip saddr 10.200.0.0/24"));
    assert_eq!(forwarding(), "1");
    done(&down(&["tap0"]));
    assert_untouched();
    // A second time there is nothing to do, and that is no error.
    assert!(done(&down(&["tap0"])).contains("nothing to undo"));
}

fn forwarding_stays(_: &Inside) {
    begin("1");
    done(&up(&[]));
    done(&down(&[]));
    assert_eq!(forwarding(), "1");
}

fn two(_: &Inside) {
    begin("0");
    done(&up(&["one", "10.200.1.1/24"]));
    done(&up(&["two", "10.200.2.1/24"]));
    done(&down(&["one"]));
    assert_eq!(forwarding(), "1", "the other still needs it");
    done(&down(&["two"]));
    assert_untouched();
}

fn nonsense(_: &Inside) {
    begin("0");
    let arguments: &[&[&str]] = &[
        &["Upper"],
        &["a;b"],
        &["a_name_of_17_char"],
        &["x", "10.1.2.3"],
        &["x", "10.1.2.3/x"],
        &["x", "10.1.2.3/31"],
        &["x", "10.1.2.3/8"],
        &["x", "10.1.2/24"],
        &["x", "10.1.2.256/24"],
        &["x", "10.1.2.08/24"],
        &["x", "10.1.2.0/24"],
        &["x", "10.1.2.255/24"],
        &["x", "198.51.100.1/24"],
        &["x", "10.1.2.3/24", "y"],
    ];
    for arguments in arguments {
        let output = up(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<&str> = said.lines().collect();
        assert!(
            matches!(lines[..], [what, why, now] if what.starts_with("tun-up: ")
                && why.starts_with("  why:  ")
                && now.starts_with("  now:  ")),
            "{arguments:?}: {said}"
        );
    }
    assert_untouched();
}

fn in_use(_: &Inside) {
    begin("0");
    done(&up(&["one", "10.7.0.1/24"]));
    for network in ["10.7.0.9/24", "10.7.0.9/28", "10.7.0.9/16"] {
        let output = up(&["two", network]);
        assert_eq!(output.status.code(), Some(1), "{network}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("in use"));
    }
    done(&down(&["one"]));
    assert_untouched();
}

fn of_others(_: &Inside) {
    begin("0");
    let made = run("ip", &["tuntap", "add", "dev", "other", "mode", "tun"]);
    assert!(made.status.success());
    assert!(!up(&["other"]).status.success());
    assert!(!down(&["other"]).status.success());
    assert!(
        run("ip", &["link", "show", "dev", "other"])
            .status
            .success()
    );
}

/// The state in which a case begins.
fn assert_untouched() {
    assert_eq!(shown("nft", &["list", "ruleset"]), "");
    assert_eq!(shown("ip", &["-o", "link", "show"]).lines().count(), 1);
    assert_eq!(forwarding(), "0");
}

fn forwarding() -> String {
    let text = fs::read_to_string(FORWARDING).expect("/proc is mounted");
    text.trim().to_string()
}

/// Sets forwarding, which a namespace inherits from the machine, once all that is needed is there.
fn begin(forwarding: &str) {
    for (tool, version) in [("ip", "-V"), ("nft", "-v")] {
        let found = Command::new(tool).arg(version).output();
        if !found.is_ok_and(|output| output.status.success()) {
            skip(Lack::Tools, &format!("{tool} is missing"));
        }
    }
    if fs::File::open("/dev/net/tun").is_err() {
        skip(Lack::Tun, "/dev/net/tun cannot be opened");
    }
    fs::write(FORWARDING, forwarding).expect("we are root here");
}

fn up(arguments: &[&str]) -> Output {
    run(
        concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/tun-up"),
        arguments,
    )
}

fn down(arguments: &[&str]) -> Output {
    run(
        concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/tun-down"),
        arguments,
    )
}

fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program)
        .args(arguments)
        .env_remove("SUDO_UID")
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"))
}

/// What a successful run says.
fn done(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stdout);
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{wrong}");
    said.into_owned()
}

fn shown(program: &str, arguments: &[&str]) -> String {
    done(&run(program, arguments))
}

const FORWARDING: &str = "/proc/sys/net/ipv4/ip_forward";
