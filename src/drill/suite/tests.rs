use super::*;
use crate::drill::judge::{Request, judge};

#[test]
fn folders_are_searched_and_put_in_byte_order() {
    let root = std::env::temp_dir().join(format!("pellucid-suite-{}", std::process::id()));
    let files = ["b/2.pkt", "b/10.pkt", "a.pkt", "B.pkt", "notes.txt"];
    for file in files {
        let path = root.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    let found = find(std::slice::from_ref(&root)).unwrap();
    let names: Vec<String> = found
        .iter()
        .map(|path| path.strip_prefix(&root).unwrap().display().to_string())
        .collect();
    assert_eq!(names, ["B.pkt", "a.pkt", "b/10.pkt", "b/2.pkt"]);
    // A file that is named is taken whatever it is called.
    let named = find(&[root.join("notes.txt")]).unwrap();
    assert_eq!(named.len(), 1);
    assert!(find(&[root.join("nowhere.pkt")]).is_err());
    fs::write(root.join("a.pkt"), b"// \xff\n").unwrap();
    assert_eq!(read(&root.join("a.pkt")).unwrap(), "// \u{fffd}\n");
    fs::remove_dir_all(root).unwrap();
}

#[test]
fn results_stand_in_the_order_of_the_items() {
    let items: Vec<u32> = (0..100).collect();
    for jobs in [1, 2, 7, 1000] {
        let results = each(&items, jobs, |item| item * 2);
        let expected: Vec<u32> = items.iter().map(|item| item * 2).collect();
        assert_eq!(results, expected);
    }
    assert_eq!(each(&[], 4, |item: &u32| *item), [0; 0]);
}

#[test]
fn everything_is_counted_and_nothing_twice() {
    let scripts = [
        "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3",
        "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 listen(3, 1) = -1 EPIPE (x)",
        "0 epoll_create(1) = 3\n+0 splice(1, NULL, 2, NULL, 3, 0) = 0",
        "0 socket(",
        "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 bind(3, ..., ...) = 0\n\
         +0 listen(3, 1) = 0\n+0 < S 0:0(0) win 9 <mss 1000>\n+.5 `true`",
    ];
    let reports: Vec<Report> = scripts
        .iter()
        .map(|text| judge("a.pkt", text, &Request::default()))
        .collect();
    let totals = Totals::of(&reports);
    assert_eq!(
        (totals.total, totals.pass, totals.fail, totals.skip),
        (5, 1, 3, 1)
    );
    // One passed but for a packet that no line expects.
    assert_eq!((totals.reference, totals.clean), (2, 1));
    let skipped: Vec<_> = totals.skipped.keys().map(String::as_str).collect();
    assert_eq!(skipped, ["call:epoll_create", "call:splice"]);
    let failed: Vec<_> = totals.failed.keys().map(String::as_str).collect();
    assert_eq!(failed, ["call", "guard:stray", "parse"]);
}
