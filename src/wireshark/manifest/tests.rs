use super::*;
use crate::wireshark::kit::Part;

/// A home that is gone when the test ends.
struct Home(PathBuf);

impl Home {
    fn new(name: &str) -> Home {
        let name = format!("pellucid-wireshark-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Home(path)
    }

    fn kit(&self, text: &str) -> Vec<Item> {
        let item = |part, path: &str| Item {
            part,
            path: self.0.join(path),
            text: format!("{text} {path}"),
        };
        vec![
            item(Part::Script, "lib/plugins/a.lua"),
            item(Part::Profile, "config/profiles/p/preferences"),
            item(Part::Extcap, "lib/extcap/a"),
        ]
    }

    fn manifest(&self) -> PathBuf {
        self.0.join("state/a.json")
    }

    fn install(&self, text: &str) -> Vec<Placed> {
        let report = install(&self.kit(text), &self.manifest()).unwrap();
        report.into_iter().map(|(_, placed)| placed).collect()
    }

    fn uninstall(&self) -> Option<Vec<Left>> {
        let report = uninstall(&self.manifest()).unwrap()?;
        Some(report.into_iter().map(|(_, left)| left).collect())
    }

    fn is_empty(&self) -> bool {
        fs::read_dir(&self.0).unwrap().next().is_none()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn what_was_written_goes_again_with_its_folders() {
    let home = Home::new("goes");
    assert_eq!(home.install("one"), [Placed::Written; 3]);
    let program = fs::metadata(home.0.join("lib/extcap/a")).unwrap();
    assert_eq!(program.permissions().mode() & 0o111, 0o111);
    assert_eq!(home.install("one"), [Placed::There; 3]);
    assert_eq!(home.uninstall(), Some(vec![Left::Removed; 3]));
    assert!(home.is_empty());
    assert_eq!(home.uninstall(), None);
}

#[test]
fn another_version_takes_the_place_of_one_of_ours() {
    let home = Home::new("renews");
    home.install("one");
    assert_eq!(home.install("two"), [Placed::Renewed; 3]);
    let text = fs::read_to_string(home.0.join("lib/extcap/a")).unwrap();
    assert_eq!(text, "two lib/extcap/a");
    assert_eq!(home.uninstall(), Some(vec![Left::Removed; 3]));
    assert!(home.is_empty());
}

#[test]
fn what_somebody_else_wrote_is_neither_written_over_nor_removed() {
    let home = Home::new("keeps");
    let theirs = home.0.join("lib/plugins/a.lua");
    fs::create_dir_all(theirs.parent().unwrap()).unwrap();
    fs::write(&theirs, "theirs").unwrap();
    let (kept, new) = (Placed::Kept, Placed::Written);
    assert_eq!(home.install("one"), [kept, new, new]);
    // And what was changed since.
    let changed = home.0.join("config/profiles/p/preferences");
    fs::write(&changed, "changed").unwrap();
    fs::write(changed.with_file_name("recent"), "Wireshark's").unwrap();
    assert_eq!(home.install("two"), [kept, kept, Placed::Renewed]);
    assert_eq!(home.uninstall(), Some(vec![Left::Kept, Left::Removed]));
    assert_eq!(fs::read(&theirs).unwrap(), b"theirs");
    assert_eq!(fs::read(&changed).unwrap(), b"changed");
    assert!(changed.with_file_name("recent").exists());
    assert!(!home.0.join("lib/extcap").exists() && !home.0.join("state").exists());
}

#[test]
fn what_cannot_be_written_is_named_and_what_was_is_known() {
    let home = Home::new("fails");
    fs::write(home.0.join("config"), "a file").unwrap();
    let failed = install(&home.kit("one"), &home.manifest()).unwrap_err();
    assert!(failed.what().ends_with("config/profiles/p/preferences"));
    assert_eq!(home.uninstall(), Some(vec![Left::Removed]));
}

#[test]
fn a_file_that_is_gone_is_no_reason_to_fail() {
    let home = Home::new("gone");
    home.install("one");
    fs::remove_file(home.0.join("lib/plugins/a.lua")).unwrap();
    let left = home.uninstall();
    assert_eq!(left, Some(vec![Left::Gone, Left::Removed, Left::Removed]));
    assert!(home.is_empty());
}
