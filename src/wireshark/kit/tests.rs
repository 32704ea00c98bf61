use std::process::Command;

use super::*;

#[test]
fn the_wrapper_starts_a_program_of_any_name_with_all_arguments() {
    let place = std::env::temp_dir().join(format!("pellucid kit' $(x)-{}", std::process::id()));
    std::fs::create_dir(&place).unwrap();
    let program = place.join("pro\"gram");
    std::fs::write(&program, "#!/bin/sh\nprintf '%s|' \"$@\"\n").unwrap();
    let wrapper = place.join("wrapper");
    std::fs::write(&wrapper, super::wrapper(&program)).unwrap();
    // Whether it may be executed is not the question here.
    let chmod = Command::new("chmod").arg("+x").arg(&program).status();
    assert!(chmod.unwrap().success());
    let mut shell = Command::new("sh");
    let output = shell.arg(&wrapper).args(["--a b", "$c"]).output().unwrap();
    std::fs::remove_dir_all(&place).unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said, "wireshark|extcap|--a b|$c|", "{output:?}");
}

#[test]
fn every_colour_and_graph_is_a_line_of_the_form_that_wireshark_reads() {
    for line in COLOURS.lines().filter(|line| !line.starts_with('#')) {
        assert_eq!(line.matches('@').count(), 3, "{line}");
        assert!(line.ends_with(']'), "{line}");
    }
    for line in GRAPHS.lines().filter(|line| !line.starts_with('#')) {
        assert_eq!(line.split("\",\"").count(), 9, "{line}");
    }
}

#[test]
fn each_field_that_profile_and_graphs_name_is_one_of_the_script() {
    let mut named = 0;
    for text in [PREFERENCES, COLOURS, GRAPHS] {
        for (at, head) in text.match_indices("pellucid.") {
            let rest = &text[at + head.len()..];
            let end = rest.find(|c: char| c != '_' && !c.is_ascii_lowercase());
            let field = &rest[..end.unwrap_or(rest.len())];
            assert!(SCRIPT.contains(&format!("\"pellucid.{field}\"")), "{field}");
            named += 1;
        }
    }
    assert!(named > 20);
}

#[test]
fn a_profile_that_wireshark_has_written_into_is_installed_still() {
    let home = std::env::temp_dir().join(format!("pellucid-kit-{}", std::process::id()));
    let folders = Folders {
        config: home.join("config"),
        lua: home.join("lua"),
        extcap: home.join("extcap"),
        extcap_of_system: None,
        manifest: home.join("manifest"),
    };
    assert_eq!(state(&folders), (0, 4));
    for item in kit(&folders, Path::new("/bin/pellucid")) {
        std::fs::create_dir_all(item.path.parent().unwrap()).unwrap();
        std::fs::write(&item.path, &item.text).unwrap();
    }
    assert_eq!(state(&folders), (4, 4));
    let preferences = home.join("config/profiles/pellucid/preferences");
    std::fs::write(preferences, "Wireshark's").unwrap();
    assert_eq!(state(&folders), (4, 4));
    // The script is nobody's but ours: another one is of another version.
    std::fs::write(home.join("lua/pellucid.lua"), "older").unwrap();
    assert_eq!(state(&folders), (3, 4));
    std::fs::remove_dir_all(&home).unwrap();
}
