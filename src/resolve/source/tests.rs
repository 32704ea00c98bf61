use super::*;

/// Files with these texts, which are gone in the end.
fn with_files(texts: &[&str], test: impl FnOnce(&[&Path])) {
    let files = texts.iter().enumerate().map(|(index, text)| {
        let name = format!("resolv-{}-{index}-{}", std::process::id(), text.len());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, text).expect("room");
        path
    });
    let files: Vec<_> = files.collect();
    let paths: Vec<_> = files.iter().map(PathBuf::as_path).collect();
    test(&paths);
    for path in paths {
        fs::remove_file(path).expect("it is there");
    }
}

#[test]
fn this_machines_resolvers_come_with_their_options() {
    let text = "search lan\nnameserver 192.0.2.53\nnameserver 2001:db8::53\noptions timeout:1\n";
    with_files(&[text], |paths| {
        let source = Source::of_files(paths).expect("two");
        let Source::Recursive(config) = &source else {
            panic!("recursive: {source:?}");
        };
        assert_eq!(source.addresses().len(), 2);
        assert_eq!(config.0.search()[0].to_ascii(), "lan");
        assert_eq!(config.1.timeout.as_secs(), 1);
    });
}

#[test]
fn a_resolver_on_the_loopback_is_passed_over_for_those_behind_it() {
    let only_here = "nameserver 127.0.0.53\n";
    with_files(&[only_here, "nameserver 192.0.2.1\n"], |paths| {
        let source = Source::of_files(paths).expect("the second");
        assert_eq!(source.addresses(), [IpAddr::from([192, 0, 2, 1])]);
        let error = Source::of_files(&paths[..1]).unwrap_err();
        assert!(matches!(error, SourceError::OnlyHere(_)), "{error}");
    });
    with_files(&["search x\n"], |paths| {
        let error = Source::of_files(paths).unwrap_err();
        assert!(matches!(error, SourceError::NoServer(_)), "{error}");
    });
    let error = Source::of_files(&[Path::new("/nonexistent")]).unwrap_err();
    assert!(
        error.to_string().contains("/nonexistent cannot be read"),
        "{error}"
    );
}
