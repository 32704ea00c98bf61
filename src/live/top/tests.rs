use ratatui::crossterm::event::KeyCode::{Char, Down, Enter, Esc, Up};

use super::super::fixtures::snapshot;
use super::*;

fn top() -> Top {
    let mut model = Model::default();
    model.learn(snapshot(12_000_000));
    let records = super::super::fixtures::records();
    Top {
        model,
        feed: Feed::Finished(Box::new(Player::of(records))),
        report: Box::new(NoReport("nothing to write to")),
        followed: None,
        is_gone: false,
    }
}

/// The same, where the stack is one that runs.
fn running() -> Top {
    let (asking, _) = UnixStream::pair().expect("sockets");
    let (_, said) = sync_channel(1);
    Top {
        feed: Feed::Running(Line { asking, said }),
        ..top()
    }
}

fn press(top: &mut Top, codes: &[KeyCode]) -> bool {
    let keys = codes.iter().map(|code| KeyEvent::from(*code));
    keys.fold(false, |_, key| top.press(key))
}

#[test]
fn keys_that_leave() {
    for key in [
        KeyEvent::from(Char('q')),
        KeyEvent::new(Char('c'), KeyModifiers::CONTROL),
    ] {
        assert!(running().press(key));
    }
    // While one types, only the second does.
    let mut top = running();
    assert!(!press(&mut top, &[Char('f'), Char('q')]));
    assert!(top.press(KeyEvent::new(Char('c'), KeyModifiers::CONTROL)));
}

#[test]
fn a_filter_is_typed_and_taken_back() {
    let mut top = running();
    press(
        &mut top,
        &[Char('f'), Char(':'), Char('8'), Char('1'), Enter],
    );
    assert_eq!((top.model.filter.as_str(), top.model.chosen), (":81", None));
    press(&mut top, &[Esc, Down]);
    assert_eq!((top.model.filter.as_str(), top.model.chosen), ("", Some(4)));
}

#[test]
fn pages_are_left_by_the_key_that_opened_them() {
    let mut top = running();
    press(&mut top, &[Char('?')]);
    assert_eq!(top.model.view, View::Help);
    press(&mut top, &[Char('d')]);
    assert_eq!(top.model.view, View::Endings);
    press(&mut top, &[Char('d')]);
    assert_eq!(top.model.view, View::Both);
    press(&mut top, &[Char('g')]);
    assert_eq!(top.model.view, View::Graphs);
    press(&mut top, &[Char('s')]);
    assert_eq!(top.model.view, View::States);
    press(&mut top, &[Esc]);
    assert_eq!(top.model.view, View::Both);
}

#[test]
fn a_query_that_is_none_is_told_and_the_note_goes_with_the_next_key() {
    let mut top = top();
    press(&mut top, &[Char('B'), Char('x'), Enter]);
    assert!(!top.model.note.is_empty());
    press(&mut top, &[Down]);
    assert!(top.model.note.is_empty());
    // A stack that runs has no breakpoints.
    let mut top = running();
    press(&mut top, &[Char('B')]);
    assert_eq!(top.model.typing, None);
}

#[test]
fn n_and_b_step_through_a_run() {
    let mut top = top();
    let of = top.model.playing.map(|playing| playing.of);
    assert_eq!(of, None, "not shown yet");
    let at = |top: &Top| top.model.playing.map(|playing| playing.at);
    press(&mut top, &[Char('b'), Char('b')]);
    assert_eq!(at(&top), Some(1));
    press(&mut top, &[Char('n')]);
    assert_eq!(at(&top), Some(2));
    // A stack that runs says why it is not stepped through.
    let mut top = running();
    press(&mut top, &[Char('n')]);
    assert_eq!(top.model.note, GOES_ON);
    press(&mut top, &[Down]);
    assert_eq!(top.model.note, "");
}

#[test]
fn what_became_of_the_report_is_told() {
    #[derive(Debug)]
    struct Written;
    impl Report for Written {
        fn write(&self) -> Result<String, String> {
            Ok("it is written".to_owned())
        }
    }
    let mut top = top();
    press(&mut top, &[Char('w')]);
    assert_eq!(top.model.note, "nothing to write to");
    top.report = Box::new(Written);
    press(&mut top, &[Char('w')]);
    assert_eq!(top.model.note, "it is written");
}

#[test]
fn the_end_of_the_stack_is_told() {
    let mut top = running();
    assert!(top.take_news(0));
    assert!(top.model.note.contains("has ended"));
    assert!(!top.take_news(0));
}

/// The words are those of `pellucid why`.
#[test]
fn enter_asks_why_about_the_last_event_and_arrows_about_others() {
    let mut top = running();
    press(&mut top, &[Enter]);
    assert_eq!(
        (top.model.view, top.model.asked.as_ref()),
        (View::Both, None)
    );
    assert!(top.model.note.contains("nothing has been told"));
    top.model.choose(Some(4));
    let records = super::super::fixtures::records();
    for record in records.clone() {
        top.model.hear(4, record);
    }
    top.model.filter = ":8".to_owned();
    let asked = |top: &Top| top.model.asked.as_ref().map(|asked| asked.event.id);
    press(&mut top, &[Enter]);
    assert_eq!((top.model.view, asked(&top)), (View::Why, Some(Some(11))));
    let lines = top.model.asked.as_ref().map(|asked| asked.lines.clone());
    let lines = lines.expect("it was asked");
    let log = Log::new(records);
    let said = explain(&log, log.event(11).expect("it is there"));
    assert_eq!(lines.get(..said.len()), Some(&said[..]));
    // Of a stack that runs, only what came since is known.
    assert!(
        lines
            .last()
            .is_some_and(|line| line.starts_with("Known are 3 events"))
    );
    press(&mut top, &[Up, Up, Up]);
    assert_eq!(asked(&top), Some(Some(9)));
    press(&mut top, &[Down]);
    assert_eq!(asked(&top), Some(Some(10)));
    press(&mut top, &[Esc]);
    // It led back, and nowhere else.
    assert_eq!((top.model.view, asked(&top)), (View::Both, None));
    assert_eq!(top.model.filter, ":8");
}

#[test]
fn of_a_run_that_is_over_all_is_known() {
    let mut top = top();
    top.model.choose(Some(4));
    press(&mut top, &[Char('n'), Enter]);
    let asked = top.model.asked.as_ref().expect("it was asked");
    let log = Log::new(super::super::fixtures::records());
    assert_eq!(asked.lines, explain(&log, &asked.event));
}
