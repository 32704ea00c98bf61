use super::*;

#[test]
fn the_bars_are_in_the_language_of_their_library() {
    for template in [WITH_LENGTH, WITHOUT_LENGTH] {
        ProgressStyle::with_template(template).expect("a template");
    }
}
