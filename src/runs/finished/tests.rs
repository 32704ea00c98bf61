use std::io::Write;

use super::*;
use crate::observe::fixtures::files::Scratch;
use crate::runs::RunFolder;

#[test]
fn a_run_is_found_by_all_that_people_call_it() {
    let scratch = Scratch::new("finished");
    let place = scratch.path().join("runs");
    for label in ["demo", "lab"] {
        RunFolder::create(&place, label).expect("room");
    }
    let by_path = place.join("0001-demo").display().to_string();
    for (which, name) in [
        ("1", "0001-demo"),
        ("0001", "0001-demo"),
        ("0001-demo", "0001-demo"),
        ("2", "0002-lab"),
        ("latest", "latest"),
        (by_path.as_str(), "0001-demo"),
    ] {
        let found = Finished::find(&place, which).expect(which);
        assert_eq!(found.path(), place.join(name), "{which}");
    }
    for which in ["3", "0001-lab", "demo", "", "/nowhere/at/all"] {
        let missing = Finished::find(&place, which);
        assert!(
            matches!(missing, Err(Unreadable::NoRun { .. })),
            "{which:?}"
        );
    }
}

#[test]
fn a_fault_names_the_file_and_the_line() {
    let scratch = Scratch::new("finished-fault");
    let run = RunFolder::create(scratch.path(), "demo").expect("room");
    let found = Finished::find(scratch.path(), "latest").expect("it is there");
    let missing = found.events().expect_err("no events").to_string();
    assert!(missing.contains("events.jsonl: No such file"), "{missing}");
    let mut file = run.create_file(EVENTS).expect("room");
    let header = r#"{"file_schema":"urn:ietf:params:qlog:file:sequential"}"#;
    write!(file, "{header}\n{{\"id\":").expect("room");
    let mut events = found.events().expect("a header");
    let fault = events.next().expect("a line").expect_err("half a line");
    assert!(
        fault
            .to_string()
            .ends_with("events.jsonl: line 2 ends in the middle"),
        "{fault}"
    );
}
