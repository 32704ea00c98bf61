use super::*;

const TEMPLATE: Template = Template {
    skeleton: "<meta http-equiv=\"Content-Security-Policy\" content=\"{{policy}}\">\
               <style>{{style}}</style><title>{{title}}</title><script>{{script}}</script>\
               <p>{{data}}</p><p>{{other}}</p>",
    style: "p { color: red }",
    script: "'use strict';",
};

/// What stands between two marks.
fn between<'p>(page: &'p str, from: &str, to: &str) -> &'p str {
    let (_, behind) = page.split_once(from).expect(from);
    behind.split_once(to).expect(to).0
}

#[test]
fn the_policy_allows_the_style_and_the_script_that_stand_there_and_nothing_else() {
    let page = TEMPLATE.fill("a title", &[]).expect("memory");
    let policy = between(&page, "Content-Security-Policy\" content=\"", "\">");
    let script = between(&page, "<script>", "</script>");
    let style = between(&page, "<style>", "</style>");
    let expected = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; img-src data:; \
         base-uri 'none'; form-action 'none'",
        hash(script),
        hash(style),
    );
    assert_eq!(policy, expected);
    // echo -n abc | openssl dgst -sha256 -binary | base64
    assert_eq!(
        hash("abc"),
        "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
    );
}

#[test]
fn what_has_no_place_is_left_out_and_what_has_no_data_is_empty() {
    let page = TEMPLATE.fill("<b>", &[("data", b""), ("nowhere", b"x")]);
    let page = page.expect("memory");
    // RFC 1951 section 3.2.6: an empty final block with fixed codes is 0x03 0x00.
    assert!(page.ends_with("<p>AwA=</p><p></p>"), "{page}");
    assert!(page.contains("<title>&lt;b&gt;</title>"));
}
