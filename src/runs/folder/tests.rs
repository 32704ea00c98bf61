use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::Command;

use super::*;
use crate::observe::fixtures::files::Scratch;

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn the_number_goes_up_and_latest_follows() {
    let scratch = Scratch::new("numbers");
    let runs = scratch.path().join("pellucid-runs");
    for expected in ["0001-demo", "0002-demo", "0003-demo"] {
        let run = RunFolder::create(&runs, "demo").unwrap();
        assert_eq!(run.name(), expected);
        assert!(run.is_latest());
        assert_eq!(
            fs::read_link(runs.join("latest")).unwrap(),
            Path::new(expected)
        );
        run.create_file("summary.json")
            .unwrap()
            .write_all(b"{}")
            .unwrap();
        assert_eq!(fs::read(runs.join("latest/summary.json")).unwrap(), b"{}");
    }
}

#[test]
fn the_highest_number_counts_whatever_else_lies_there() {
    let scratch = Scratch::new("highest");
    for name in [
        "0007-lab",
        "0003-demo",
        "99-old",
        "12345678901-big",
        "notes",
        "008a-x",
    ] {
        fs::create_dir(scratch.path().join(name)).unwrap();
    }
    let run = RunFolder::create(scratch.path(), "a b/../c").unwrap();
    assert_eq!(run.name(), "0008-a-b----c");
}

#[test]
fn folders_are_for_their_owner_alone() {
    let scratch = Scratch::new("folder-modes");
    fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let runs = scratch.path().join("runs");
    let run = RunFolder::create(&runs, "demo").unwrap();
    run.create_file("capture.pcapng").unwrap();
    assert_eq!(mode(&runs), 0o700);
    assert_eq!(mode(run.path()), 0o700);
    assert_eq!(mode(&run.path().join("capture.pcapng")), 0o600);
}

#[test]
fn files_are_for_their_owner_alone() {
    let scratch = Scratch::new("file-modes");
    fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let path = scratch.path().join("capture.pcapng");
    create_file(&path).unwrap();
    assert_eq!(mode(&path), 0o600);
}

/// The umask belongs to the process, so the tests above run once more in processes of their own.
#[test]
fn modes_do_not_depend_on_the_umask() {
    for (umask, test) in [
        ("000", "folders"),
        ("022", "folders"),
        ("000", "files"),
        ("477", "files"),
    ] {
        let again = format!("runs::folder::tests::{test}_are_for_their_owner_alone");
        let output = Command::new("sh")
            .arg("-c")
            .arg(format!("umask {umask} && exec \"$0\" --exact {again}"))
            .arg(std::env::current_exe().unwrap())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && said.contains("1 passed"),
            "umask {umask}: {said}"
        );
    }
}

#[test]
fn a_file_that_exists_is_refused_and_left_alone() {
    let scratch = Scratch::new("exists");
    let path = scratch.path().join("capture.pcapng");
    fs::write(&path, "mine").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let error = create_file(&path).unwrap_err().to_string();
    assert!(error.contains(path.to_str().unwrap()), "{error}");
    assert!(error.contains("exists already"), "{error}");
    assert!(error.contains("choose another name"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"mine");
    assert_eq!(mode(&path), 0o644);
}

#[test]
fn a_link_is_refused_wherever_it_points() {
    let scratch = Scratch::new("links");
    let target = scratch.path().join("target");
    let link = scratch.path().join("capture.pcapng");
    symlink(&target, &link).unwrap();
    let error = create_file(&link).unwrap_err().to_string();
    assert!(error.contains("symbolic link"), "{error}");
    assert!(!target.exists());

    let run = RunFolder::create(&scratch.path().join("runs"), "demo").unwrap();
    symlink(&target, run.path().join("summary.json")).unwrap();
    assert!(run.create_file("summary.json").is_err());
    assert!(!target.exists());
}

#[test]
fn a_pipe_without_a_reader_is_refused_at_once() {
    let scratch = Scratch::new("fifo");
    let path = scratch.path().join("fifo");
    let mode = Mode::RUSR | Mode::WUSR;
    rustix::fs::mknodat(CWD, &path, FileType::Fifo, mode, 0).unwrap();
    assert!(create_file(&path).is_err());
}

#[test]
fn latest_moves_only_if_it_is_a_link() {
    let scratch = Scratch::new("latest");
    let elsewhere = scratch.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let runs = scratch.path().join("runs");
    fs::create_dir(&runs).unwrap();
    symlink(&elsewhere, runs.join("latest")).unwrap();
    let run = RunFolder::create(&runs, "demo").unwrap();
    assert_eq!(
        fs::read_link(runs.join("latest")).unwrap(),
        Path::new(run.name())
    );
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);

    fs::remove_file(runs.join("latest")).unwrap();
    fs::write(runs.join("latest"), "mine").unwrap();
    let error = RunFolder::create(&runs, "demo").unwrap_err();
    assert_eq!(error.path(), runs.join("latest"));
    assert_eq!(fs::read(runs.join("latest")).unwrap(), b"mine");
    assert!(!runs.join("0002-demo").exists());
}

#[test]
fn a_file_stays_in_its_folder_though_another_takes_the_name() {
    let scratch = Scratch::new("swap");
    let runs = scratch.path().join("runs");
    let run = RunFolder::create(&runs, "demo").unwrap();
    fs::rename(run.path(), runs.join("moved")).unwrap();
    fs::create_dir(runs.join("0001-demo")).unwrap();
    run.create_file("keys.log").unwrap();
    assert!(runs.join("moved/keys.log").exists());
    assert!(!runs.join("0001-demo/keys.log").exists());
}

#[test]
fn errors_name_the_path_and_what_to_do() {
    let scratch = Scratch::new("errors");
    let missing = scratch.path().join("missing/capture.pcapng");
    let error = create_file(&missing).unwrap_err();
    assert_eq!(
        error.remedy(),
        "make the folder that it shall stand in first"
    );
    assert!(error.to_string().contains(missing.to_str().unwrap()));

    let file = scratch.path().join("file");
    fs::write(&file, "").unwrap();
    let error = RunFolder::create(&file.join("runs"), "demo").unwrap_err();
    assert!(error.remedy().starts_with("choose a folder"), "{error}");
}
