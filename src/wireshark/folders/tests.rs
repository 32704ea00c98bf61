use super::*;

fn environment(pairs: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<PathBuf> {
    move |name| {
        let mut pairs = pairs.iter();
        pairs.find_map(|(known, value)| (*known == name).then(|| PathBuf::from(value)))
    }
}

#[test]
fn tshark_knows_best() {
    // As 4.0.17 writes it, and one of the lines that later versions add.
    let text = "Temp:                \t/tmp\n\
                Personal configuration:\t/home/ada/.wireshark\n\
                Global configuration:\t/usr/share/wireshark\n\
                Personal Plugins:    \t/home/ada/.local/lib/wireshark/plugins/4.0\n\
                Personal Lua Plugins:\t/home/ada/.local/lib/wireshark/plugins\n\
                Personal Extcap path:\t/home/ada/.local/lib/wireshark/extcap\n\
                Extcap path:         \t/usr/lib/x86_64-linux-gnu/wireshark/extcap\n";
    let home = environment(&[("HOME", "/home/ada"), ("XDG_CONFIG_HOME", "/elsewhere")]);
    let folders = Folders::told(text, home).unwrap();
    assert_eq!(folders.config, Path::new("/home/ada/.wireshark"));
    assert_eq!(
        folders.lua,
        Path::new("/home/ada/.local/lib/wireshark/plugins")
    );
    assert_eq!(
        folders.extcap,
        Path::new("/home/ada/.local/lib/wireshark/extcap")
    );
    let system = Path::new("/usr/lib/x86_64-linux-gnu/wireshark/extcap");
    assert_eq!(folders.extcap_of_system.as_deref(), Some(system));
}

#[test]
fn without_tshark_the_documented_folders_are_taken() {
    let home = environment(&[("HOME", "/home/ada")]);
    let folders = Folders::told("", home).unwrap();
    assert_eq!(folders.config, Path::new("/home/ada/.config/wireshark"));
    assert_eq!(
        folders.lua,
        Path::new("/home/ada/.local/lib/wireshark/plugins")
    );
    assert_eq!(folders.extcap_of_system, None);
    let xdg = environment(&[
        ("HOME", "/home/ada"),
        ("XDG_CONFIG_HOME", "/c"),
        ("XDG_STATE_HOME", "/s"),
    ]);
    let folders = Folders::told("", xdg).unwrap();
    assert_eq!(folders.config, Path::new("/c/wireshark"));
    assert_eq!(folders.manifest, Path::new("/s/pellucid/wireshark.json"));
    assert_eq!(Folders::told("", environment(&[])), None);
}
