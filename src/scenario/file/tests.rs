use super::*;

/// The least that can be played.
const LEAST: &str = r#"
name = "least"
[host.client]
addr = "10.0.0.1"
[host.server]
addr = "10.0.0.2"
"#;

fn refused(text: &str, set: &[&str]) -> Invalid {
    let set: Vec<String> = set.iter().map(|one| (*one).to_owned()).collect();
    Scenario::parse(text, &set).expect_err("it should be refused")
}

#[test]
fn what_is_resolved_says_the_same() {
    let scenario = Scenario::parse(LEAST, &[]).unwrap();
    assert_eq!(scenario.seed, 42);
    let resolved = scenario.resolved();
    assert!(resolved.contains("initial_window = 10"), "{resolved}");
    let again = Scenario::parse(&resolved, &[]).unwrap();
    assert_eq!(again, scenario);
    assert_eq!(again.resolved(), resolved);
}

#[test]
fn a_key_that_does_not_exist_is_found_with_what_was_meant() {
    let text = format!("{LEAST}\n[link.up]\ndely = \"40ms\"\n");
    let Invalid::Text { at, meant, what } = refused(&text, &[]) else {
        panic!("it is a fault of the text");
    };
    assert_eq!(at, Some((9, 1)), "{what}");
    assert_eq!(meant.as_deref(), Some("delay"), "{what}");
}

#[test]
fn a_number_without_its_unit_is_refused() {
    let text = format!("{LEAST}\n[link.up]\ndelay = \"40\"\n");
    let error = refused(&text, &[]).to_string();
    assert!(error.contains("has no unit"), "{error}");
}

#[test]
fn values_can_be_set_beside_the_file() {
    let set = ["link.up.loss=data:14", "seed=7", "host.client.tcp.cc=bbr"];
    let set: Vec<String> = set.iter().map(|one| (*one).to_owned()).collect();
    let scenario = Scenario::parse(LEAST, &set).unwrap();
    assert_eq!(scenario.seed, 7);
    let resolved = scenario.resolved();
    assert!(resolved.contains("loss = \"data 14\""), "{resolved}");
    assert!(resolved.contains("cc = \"bbr\""), "{resolved}");
}

#[test]
fn what_is_set_wrongly_is_named() {
    let error = refused(LEAST, &["link.up.loss"]).to_string();
    assert!(error.contains("link.up.loss"), "{error}");
    let error = refused(LEAST, &["name.deep=1"]).to_string();
    assert!(error.contains("name holds no others"), "{error}");
    let error = refused(LEAST, &["link.up.loss=datum:14"]).to_string();
    assert!(error.contains("datum"), "{error}");
}

#[test]
fn who_is_not_there_is_missed() {
    let act = |host: &str, act: &str| {
        format!("{LEAST}\n[[do]]\nat = \"0s\"\nhost = \"{host}\"\nact = \"{act}\"\n")
    };
    let error = refused(&act("clint", "close"), &[]).to_string();
    assert!(error.contains("did you mean \"client\"?"), "{error}");
    let error = refused(&act("client", "sned 5"), &[]).to_string();
    assert!(error.contains("\"sned\" is none of listen"), "{error}");
    let text = format!("{LEAST}\n[[do]]\nat = \"0s\"\nlink = \"up\"\ndown = \"1s\"\n");
    let error = refused(&text, &[]).to_string();
    assert!(error.contains("there is no link \"up\""), "{error}");
    let error = refused("name = \"x\"\n[host.a]\naddr = \"10.0.0.1\"\n", &[]).to_string();
    assert!(error.contains("it takes two"), "{error}");
}

/// What a preset says can be said otherwise.
#[test]
fn presets_lie_under_what_is_written() {
    for (name, _) in super::super::PRESETS {
        let text = LEAST.replacen("name =", &format!("preset = \"{name}\"\nname ="), 1);
        let scenario =
            Scenario::parse(&text, &[]).unwrap_or_else(|error| panic!("{name}: {error}"));
        scenario
            .build()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(scenario.preset, None, "{name} is written out");
    }
    let text = LEAST.replacen("name =", "preset = \"dsl\"\nname =", 1);
    let text = format!("{text}\n[link.up]\ndelay = \"99ms\"\n");
    let scenario = Scenario::parse(&text, &[]).unwrap();
    let up = scenario.link.get("up").unwrap();
    assert_eq!(
        (up.delay.to_string(), up.rate.to_string()),
        ("99ms".into(), "1Mbit".into())
    );
    let text = LEAST.replacen("name =", "preset = \"dls\"\nname =", 1);
    let error = refused(&text, &[]).to_string();
    assert!(error.contains("did you mean \"dsl\"?"), "{error}");
}

/// What was set from outside stands on no line: its key says where.
#[test]
fn what_is_set_wrongly_is_named_by_its_place() {
    let of = |set: &str| {
        let text = format!("{LEAST}\n[link.up]\ndelay = \"9ms\"\n");
        Scenario::parse(&text, &[set.to_owned()])
            .unwrap_err()
            .to_string()
    };
    for (set, said) in [
        (
            "link.up.delay=1",
            "link.up.delay: invalid type: integer `1`, expected a string",
        ),
        ("seed='one'", "seed: invalid type: string \"one\""),
        ("link.up.dely=1ms", "unknown field `dely`"),
    ] {
        let error = of(set);
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn the_other_end_may_be_a_kernel_s() {
    let text = "name = \"x\"\ndo = [\n\
        { at = \"0s\", host = \"b\", act = \"listen 80\" },\n\
        { at = \"0s\", host = \"a\", act = \"connect b:80; close\" },\n]\n\
        host.a.addr = \"10.0.0.1\"\nhost.b.addr = \"10.0.0.2\"\n";
    let scenario = Scenario::parse(text, &[]).unwrap();
    assert_eq!(scenario.of_kernel(), None);
    let with = scenario.clone().with_peer(true).unwrap();
    assert_eq!(with.of_kernel().map(|(name, _)| name), Some("b"));
    // What is written of it is the same file again, and takes real time.
    let again = Scenario::parse(&with.resolved(), &[]).unwrap();
    assert_eq!(again, with);
    let error = with.needs_no_kernel().unwrap_err().to_string();
    assert!(
        error.contains("host.b.stack: a kernel knows real time"),
        "{error}"
    );
    assert_eq!(with.with_peer(false).unwrap(), scenario);
    let wrong = |set: &[&str]| {
        let set: Vec<String> = set.iter().map(|set| (*set).to_owned()).collect();
        Scenario::parse(text, &set).unwrap_err().to_string()
    };
    let both = wrong(&["host.a.stack=kernel", "host.b.stack=kernel"]);
    assert!(both.contains("one kernel"), "{both}");
    let kind = wrong(&["host.b.stack=linux"]);
    assert!(kind.contains("host.b.stack"), "{kind}");
}
