use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::super::fixtures::{records, snapshot};
use super::super::model::Asked;
use super::*;
use crate::probe::State;

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
    let bar = text.lines().nth(8).expect("a bar");
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
        for view in [View::Graphs, View::States, View::Endings, View::Help] {
            let seen = |model| Model { view, ..model };
            shown(&seen(model()), width, height);
            shown(&seen(Model::default()), width, height);
        }
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
fn graphs_fall_where_values_fall_and_hold_between_them() {
    let mut model = model();
    // The window is halved at 11.1 s, and looked at once more at 12.1 s.
    model.courses.clear();
    for (at_us, cwnd) in [
        (10_100_000, 20_000),
        (11_100_000, 10_000),
        (12_100_000, 10_000),
    ] {
        let mut seen = snapshot(at_us);
        let known = seen.rows[1].known.as_mut().expect("known");
        known.cwnd = cwnd;
        model.snapshot.at_us = 0;
        model.learn(seen);
    }
    model.view = View::Graphs;
    let text = shown(&model, 80, 24);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[3], " cwnd, bytes: at most 20.0k  ● now 10.0k");
    assert_eq!(lines[10], " rtt, ms: at most 81.2  ● now 81.2");
    let rate = " rate, bytes a second: at most 10.0M  ● sent 10.0M  ● received 0";
    assert_eq!(lines[16], rate);
    assert!(
        lines[9].starts_with("+10.100 s") && lines[9].ends_with("+12.100 s"),
        "{text}"
    );
    // Nine columns are labels and the axis: the rest is two seconds.
    let has_dots = |line: usize, from: usize, to: usize| {
        let cells: Vec<char> = lines[line].chars().collect();
        cells.iter().take(to).skip(from).all(|cell| *cell != ' ') && cells.len() > from
    };
    assert!(has_dots(4, 9, 44), "{text}");
    assert_eq!(lines[4].chars().count(), 45, "{text}");
    assert!(has_dots(6, 45, 80), "{text}");
}

#[test]
fn the_states_that_it_was_in_are_marked() {
    let mut model = model();
    model.view = View::States;
    let course = model.courses.get_mut(&4).expect("a course");
    for (ms, state) in [(1, "closed"), (2, "syn_received"), (30, "established")] {
        course.enter(ms * 1000, state);
    }
    let text = shown(&model, 80, 24);
    for mark in ["✓ CLOSED", "✓ SYN-RECEIVED", "● ESTABLISHED", "○ LISTEN"] {
        assert!(text.contains(mark), "{mark}:\n{text}");
    }
    let way = "+0.001 CLOSED → +0.002 SYN-RECEIVED → +0.030 ESTABLISHED";
    assert!(text.replace('\u{a0}', " ").contains(way), "{text}");
    for state in State::ALL {
        assert!(text.contains(&format!(" {state}")), "{state}");
    }
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
    model.filter = "syn-sent".into();
    let text = shown(&model, 80, 24);
    assert!(text.contains("no connection is syn-sent"), "{text}");
}

#[test]
fn of_many_who_listen_some_are_shown_beside_connections_and_all_alone() {
    let mut model = model();
    let one = model.snapshot.listening[0].clone();
    let listening = (1..=9).map(|port| {
        let mut one = one.clone();
        one.local.set_port(port);
        one
    });
    model.snapshot.listening = listening.collect();
    let text = shown(&model, 80, 24);
    assert!(
        text.contains("10.90.0.2:2 ") && !text.contains("10.90.0.2:3 "),
        "{text}"
    );
    assert!(text.contains("and 7 more that listen"), "{text}");
    assert!(text.contains("▸   4 203.0.113.10:40000"), "{text}");
    model.filter = "listen".into();
    let text = shown(&model, 80, 24);
    assert!(text.contains("10.90.0.2:9 "), "{text}");
    model.filter = ":5".into();
    let text = shown(&model, 80, 24);
    assert_eq!(text.matches("LISTEN").count(), 1, "{text}");
}

#[test]
fn an_event_that_is_asked_about_stands_among_the_others_and_is_explained() {
    let mut model = model();
    model.view = View::Why;
    let lines = ["#1  what it is", "", "why     \u{1b}[31mit was due"].map(String::from);
    model.asked = model.further(-1).cloned().map(|event| Asked {
        event,
        lines: lines.to_vec(),
        scrolled: 0,
    });
    let text = shown(&model, 100, 30);
    assert!(text.contains("again: fast"), "{text}");
    assert!(text.contains("── why ──"), "{text}");
    // Whatever a peer has brought into it does nothing to the terminal.
    assert!(
        text.contains("it was due") && !text.contains('\u{1b}'),
        "{text}"
    );
    if let Some(asked) = &mut model.asked {
        asked.scrolled = 2;
    }
    assert!(!shown(&model, 100, 30).contains("what it is"));
    // It and its connection may be gone.
    model.choose(None);
    assert!(shown(&model, 100, 30).contains("it is gone"));
}
