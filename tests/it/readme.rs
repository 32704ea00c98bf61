//! The README shows what the stack does today.

use std::fs;
use std::path::Path;

use pellucid::report::Journey;
use pellucid::report::mermaid::mermaid;
use pellucid::runs::Finished;
use pellucid::why::Log;

#[allow(dead_code)]
#[path = "../../examples/lossy_run.rs"]
mod lossy_run;

const BEGIN: &str = "```mermaid\n";
const END: &str = "```\n";

/// The journey below the fold is that of a run in virtual time, which repeats exactly.
/// `PELLUCID_WRITE_README=1 cargo test --test it readme` writes it anew.
#[test]
fn its_journey_is_that_of_a_run() {
    let place = std::env::temp_dir().join(format!("pellucid-readme-{}", std::process::id()));
    let made = lossy_run::make(&place, 300);
    let (folder, ..) = made.expect("a place to write");
    let records = Finished::of(&folder).events().expect("events");
    let log = Log::new(records.map(|record| record.expect("an event")));
    let journey = mermaid(&Journey::of(&log));
    fs::remove_dir_all(&place).expect("it was made here");

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).expect("it is there");
    let (before, rest) = readme.split_once(BEGIN).expect("a diagram");
    let (shown, behind) = rest.split_once(END).expect("its end");
    if std::env::var_os("PELLUCID_WRITE_README").is_some() {
        let anew = format!("{before}{BEGIN}{journey}{END}{behind}");
        fs::write(path, anew).expect("room");
        return;
    }
    assert!(
        shown == journey,
        "README.md shows\n{shown}\nand the run is\n{journey}"
    );
}
