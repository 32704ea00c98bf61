use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;

use super::*;

/// A folder that is gone when the test ends.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Scratch {
        let name = format!("pellucid-live-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        // What a test left that was stopped.
        let _ = fs::remove_dir_all(&path);
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_folder_is_this_users_alone() {
    let scratch = Scratch::new("alone");
    prepare(&scratch.0).expect("a folder");
    let mode = fs::metadata(&scratch.0).expect("made").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    // Once more it is there.
    prepare(&scratch.0).expect("the same");
}

#[test]
fn a_folder_that_others_can_reach_into_is_refused_and_so_is_a_link_to_one() {
    let scratch = Scratch::new("open");
    prepare(&scratch.0).expect("a folder");
    for mode in [0o755, 0o770, 0o701] {
        fs::set_permissions(&scratch.0, fs::Permissions::from_mode(mode)).expect("ours");
        let refused = prepare(&scratch.0).expect_err("open to others");
        assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied);
        assert!(running(&scratch.0).is_err(), "{mode:o}");
    }
    fs::set_permissions(&scratch.0, fs::Permissions::from_mode(0o700)).expect("ours");
    let link = Scratch::new("link");
    std::os::unix::fs::symlink(&scratch.0, &link.0).expect("a link");
    assert!(prepare(&link.0).is_err());
    fs::remove_file(&link.0).expect("it was a link");
}

#[test]
fn sockets_that_nobody_listens_at_are_removed_and_others_found_in_order() {
    let scratch = Scratch::new("stale");
    prepare(&scratch.0).expect("a folder");
    drop(UnixListener::bind(socket(&scratch.0, 77)).expect("a socket"));
    let _late = UnixListener::bind(socket(&scratch.0, 1000)).expect("a socket");
    let _early = UnixListener::bind(socket(&scratch.0, 9)).expect("a socket");
    fs::write(scratch.0.join("notes.txt"), "not ours").expect("room");
    fs::write(scratch.0.join("x.sock"), "no number").expect("room");
    let found = running(&scratch.0).expect("a folder");
    let numbers: Vec<u32> = found.iter().map(|(process, _)| *process).collect();
    assert_eq!(numbers, [9, 1000]);
    assert!(!socket(&scratch.0, 77).exists());
    assert!(scratch.0.join("notes.txt").exists() && scratch.0.join("x.sock").exists());
}

#[test]
fn without_a_folder_nobody_runs() {
    let scratch = Scratch::new("none");
    assert!(running(&scratch.0).expect("no error").is_empty());
}
