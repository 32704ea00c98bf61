use super::*;
use crate::drill::parse::parse;
use crate::drill::syntax::Script;

fn settle_with(given: &Given, options: &str) -> Result<Settings, ParseError> {
    let text = format!("{options}\n0 close(3) = 0");
    let read: Result<(Settings, Script), ParseError> = parse(&text, |options| {
        let settings = Settings::settle(given, options)?;
        let around = settings.surroundings();
        Ok((settings, around))
    });
    read.map(|(settings, _)| settings)
}

fn settle(options: &str) -> Settings {
    settle_with(&Given::default(), options).unwrap_or_else(|e| panic!("{options}: {e}"))
}

#[test]
fn a_script_without_options_has_those_of_the_usual_runner() {
    let settings = settle("");
    assert_eq!(settings.version, IpVersion::V4);
    assert_eq!(settings.local.to_string(), "192.168.0.1");
    assert_eq!(settings.remote.to_string(), "192.0.2.1");
    assert_eq!((settings.bind_port, settings.connect_port), (8080, 8080));
    assert_eq!(settings.mtu, 1500);
    assert_eq!(settings.tolerance.micros, 4000);
    assert_eq!(settings.tolerance.percent, 12.5);
    let cookie = Define::Word("3021b9d889017eeb".into());
    assert_eq!(settings.defines["TFO_COOKIE"], cookie);
    assert_eq!(
        settings.defines["CMSG_LEVEL_IP"],
        Define::Word("SOL_IP".into())
    );
}

#[test]
fn the_ip_version_of_a_script_chooses_what_lies_beneath() {
    let settings = settle("--ip_version=ipv6");
    assert_eq!(settings.local.to_string(), "fd3d:a0b:17d6::1");
    assert_eq!(settings.mtu, 1520);
    assert!(settings.surroundings().v6);
    let mapped = settle("--ip_version=\"ipv4-mapped-ipv6\"");
    assert_eq!(mapped.version, IpVersion::Mapped);
    assert_eq!(mapped.local.to_string(), "192.168.0.1");
    assert_eq!(
        mapped.defines["CMSG_LEVEL_IP"],
        Define::Word("SOL_IPV6".into())
    );
    assert!(!mapped.surroundings().v6);
}

#[test]
fn a_script_sets_what_it_names() {
    let settings = settle(
        "--local_ip=10.1.2.3 --remote_ip=10.1.2.4/24 --netmask_ip=255.255.255.0 --bind_port=99 \
         --connect_port=98 --mtu=1280 --mss=1000 --tolerance_usecs=7 --tolerance_percent=\"2.5\" \
         --tcp_ts_tick_usecs=1000 --tcp_ts_ecr_scaled --strict_segments \
         --non_fatal=\"packet,syscall\" --define=A=7 --debug",
    );
    assert_eq!(settings.local.to_string(), "10.1.2.3");
    assert_eq!(settings.prefix, 24);
    assert_eq!(settings.remote.to_string(), "10.1.2.4");
    assert_eq!((settings.bind_port, settings.connect_port), (99, 98));
    assert_eq!((settings.mtu, settings.aggregate), (1280, Some(1000)));
    assert_eq!(
        settings.tolerance,
        Tolerance {
            micros: 7,
            percent: 2.5
        }
    );
    assert_eq!(settings.timestamp_tick, 1000);
    assert!(settings.echo_scaled && settings.strict_segments);
    assert!(settings.non_fatal_packets && settings.non_fatal_calls);
    assert_eq!(settings.defines["A"], Define::Integer(7));
    assert_eq!(settings.unsupported, []);
}

#[test]
fn the_command_line_wins() {
    let given = Given {
        options: vec![("mtu".into(), Some("1400".into()))],
        defines: vec![("A".into(), Define::Integer(2))],
        ..Given::default()
    };
    let settings = settle_with(&given, "--mtu=1280 --define=A=1").unwrap();
    assert_eq!(settings.mtu, 1400);
    assert_eq!(settings.defines["A"], Define::Integer(2));
    let given = Given {
        preset: Some(Preset::LinuxV6),
        ..Given::default()
    };
    let settings = settle_with(&given, "--mtu=1280 --ip_version=ipv4 --define=A=1").unwrap();
    assert_eq!((settings.version, settings.mtu), (IpVersion::V6, 1520));
    assert_eq!(settings.defines["A"], Define::Integer(1));
}

#[test]
fn the_presets_of_bsd_define_the_standard_and_speak_the_dialect() {
    let given = Given {
        preset: Some(Preset::BsdV4),
        ..Given::default()
    };
    let settings = settle_with(&given, "").unwrap();
    assert_eq!(settings.dialect, Some(Dialect::Bsd));
    let names: Vec<_> = settings.defines.keys().collect();
    assert_eq!(names, ["STANDARD"]);
}

#[test]
fn options_that_nothing_here_honours_are_named_unless_they_ask_for_nothing() {
    let names = |options: &str| -> Vec<String> {
        let unsupported = settle(options).unsupported.into_iter();
        unsupported.map(|construct| construct.name).collect()
    };
    assert_eq!(
        names("--speed=0 --code_format=python --init_scripts=\"\""),
        [""; 0]
    );
    assert_eq!(names("--speed=10"), ["option:speed"]);
    assert_eq!(names("--wire_client"), ["option:wire_client"]);
    assert_eq!(names("--so_filename=\"x\""), ["option:so_filename"]);
    assert_eq!(
        names("--udp_encapsulation=9899"),
        ["option:udp_encapsulation"]
    );
}

#[test]
fn options_that_cannot_be_are_refused() {
    for options in [
        "--frobnicate",
        "--mtu",
        "--mtu=67",
        "--mtu=x",
        "--bind_port=65536",
        "--ip_version=ipv5",
        "--local_ip=x",
        "--tolerance_percent=\"x\"",
        "--tolerance_usecs=-1",
        "--non_fatal=\"all\"",
        "--define=x",
        "--debug=maybe",
    ] {
        let refused = settle_with(&Given::default(), options);
        assert_eq!(refused.unwrap_err().at.line, 1, "{options}");
    }
}

#[test]
fn tolerance_is_the_greater_of_a_span_and_a_share() {
    let tolerance = Tolerance {
        micros: 4000,
        percent: 12.5,
    };
    assert_eq!(tolerance.after(0), 4000);
    assert_eq!(tolerance.after(32_000), 4000);
    assert_eq!(tolerance.after(1_000_000), 125_000);
    assert_eq!(tolerance.after(-1_000_000), 4000);
}
