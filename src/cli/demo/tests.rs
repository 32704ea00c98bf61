use super::*;

#[test]
fn the_bar_is_in_the_language_of_its_library() {
    ProgressStyle::with_template(PROGRESS).expect("a template");
}
