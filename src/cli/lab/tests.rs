use super::*;

#[test]
fn a_choice_is_named_by_what_begins_no_other() {
    let lesson = find("sack", 42).expect("a lesson");
    let key = |word| chosen(&lesson, word).map(|choice| choice.key.as_str());
    assert_eq!(key("none"), Some("none"));
    assert_eq!(key("n"), Some("none"));
    assert_eq!(key("t"), None, "two and timeout begin so");
    assert_eq!(key("tw"), Some("two"));
    assert_eq!(key(""), None);
    assert_eq!(key("twofold"), None);
}

#[test]
fn a_lesson_that_is_not_there_is_told_with_what_was_meant() {
    let error = find("slow-strat", 42).expect_err("there is none");
    let trouble = error.downcast::<Trouble>().expect("trouble");
    assert_eq!(trouble.code, Code::Usage);
    assert_eq!(trouble.now, "did you mean slow-start?");
}
