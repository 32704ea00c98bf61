use std::collections::HashSet;

use super::*;

#[test]
fn names_differ_and_begin_with_a_namespace() {
    let names: HashSet<&str> = KINDS.iter().map(|kind| kind.name).collect();
    assert_eq!(names.len(), KINDS.len());
    for kind in KINDS {
        let (namespace, event) = kind.name.split_once(':').expect("a namespace");
        assert!(["app", "icmp", "ip", "link", "sim", "tcp", "udp"].contains(&namespace));
        assert!(
            event
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        );
        let fields: HashSet<&str> = kind.all_fields().map(|field| field.0).collect();
        assert_eq!(fields.len(), kind.all_fields().count(), "{}", kind.name);
    }
}

#[test]
fn variables_are_described_in_the_order_in_which_they_are_told() {
    let described: Vec<&str> = VARIABLES.iter().map(|field| field.0).collect();
    assert_eq!(described, NAMES);
}

#[test]
fn the_schema_names_every_kind_once() {
    let schema = json_schema();
    let kinds = schema["oneOf"].as_array().expect("a list");
    assert_eq!(kinds.len(), KINDS.len());
    let sent = &kinds[1]["properties"];
    assert_eq!(sent["name"]["const"], "tcp:segment_sent");
    assert_eq!(
        sent["data"]["properties"]["retransmit"]["type"],
        json!(["string", "null"])
    );
}
