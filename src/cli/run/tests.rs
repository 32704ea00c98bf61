use super::*;

#[test]
fn the_progress_bar_is_a_template() {
    assert!(ProgressStyle::with_template(PROGRESS).is_ok());
}
