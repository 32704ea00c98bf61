use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::super::fixtures::{records, snapshot};
use super::*;

fn model() -> Model {
    let mut model = Model {
        title: "pellucid serve · process 4711 · TUN in a private namespace".into(),
        ..Model::default()
    };
    for tenth in 100..=121 {
        model.learn(snapshot(tenth * 100_000));
    }
    model.choose(Some(4));
    for record in records() {
        model.hear(4, record);
    }
    model
}

/// What is to be seen, without blanks at the ends of lines.
fn shown(model: &Model, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
    terminal.draw(|frame| draw(frame, model)).expect("drawn");
    let buffer = terminal.backend().buffer();
    let lines = buffer.content.chunks(width.into()).map(|cells| {
        let line: String = cells.iter().map(|cell| cell.symbol()).collect();
        line.trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_screen_of_100_by_30() {
    assert_eq!(shown(&model(), 100, 30), include_str!("tests/100x30.txt"));
}

#[test]
fn the_usual_terminal_of_80_by_24_has_what_matters_most() {
    assert_eq!(shown(&model(), 80, 24), include_str!("tests/80x24.txt"));
}

#[test]
fn the_window_is_drawn_in_proportion() {
    // 20,440 bytes outstanding in a window of 17,520: a fourteenth is lost, three fourteenths are
    // reported.
    let text = shown(&model(), 100, 30);
    let bar = text.lines().nth(7).expect("a bar");
    let count = |glyph| bar.matches(glyph).count();
    let all = count("✕") + count("▓") + count("█") + count("░");
    assert_eq!((count("✕") * 14 / all, count("▓") * 14 / all), (0, 2));
    assert!(count("✕").abs_diff(all / 14) <= 1 && count("▓").abs_diff(all * 3 / 14) <= 1);
    assert_eq!(count("░"), 0);
}

#[test]
fn a_terminal_that_is_too_small_is_told_so() {
    let text = shown(&model(), 50, 10);
    assert!(
        text.starts_with("50×10 is too small: 60×12 at least"),
        "{text}"
    );
    // Whatever its size, it is drawn.
    for (width, height) in [(1, 1), (60, 12), (61, 200), (79, 13), (300, 12), (119, 40)] {
        shown(&model(), width, height);
        shown(&Model::default(), width, height);
    }
}

#[test]
fn text_of_strangers_does_no_more_than_be_seen() {
    let mut model = model();
    model.title = "a\u{1b}[2Jb".into();
    model.note = "c\u{202e}d".into();
    let known = model.snapshot.rows[1].known.as_mut().expect("known");
    known.phase = "x\u{7}y".into();
    let text = shown(&model, 200, 30);
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text}");
    assert!(
        text.contains(r"a\u{1b}[2Jb") && text.contains(r"x\u{7}y"),
        "{text}"
    );
    assert!(text.contains(r"c\u{202e}d"), "{text}");
}

#[test]
fn what_became_of_packets_is_listed_by_reason() {
    let mut model = model();
    model.view = View::Endings;
    let text = shown(&model, 80, 24);
    assert!(
        text.contains("         4  dropped        TCP checksum is wrong"),
        "{text}"
    );
    assert!(text.contains("1 in TIME-WAIT"), "{text}");
}

#[test]
fn help_fits_the_usual_terminal() {
    let mut model = model();
    model.view = View::Help;
    let text = shown(&model, 80, 24);
    for line in HELP.lines() {
        assert!(text.contains(line.trim_end()), "{line}");
    }
}

#[test]
fn a_filter_that_nobody_matches_says_so() {
    let mut model = model();
    model.filter = "listen".into();
    let text = shown(&model, 80, 24);
    assert!(text.contains("no connection is listen"), "{text}");
}
