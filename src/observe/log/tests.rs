use std::sync::Mutex;

use log::LevelFilter;

use super::*;
use crate::observe::fixtures::{ACK, ON, Packet, Teller, snapshot};
use crate::probe::{Accepted, Discard, Edge, State};

/// Keeps what it is given, up to a level.
struct Page {
    most: LevelFilter,
    lines: Mutex<Vec<String>>,
}

impl log::Log for Page {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= self.most
    }

    fn log(&self, record: &Record<'_>) {
        let line = format!("{} {} {}", record.level(), record.target(), record.args());
        self.lines.lock().unwrap().push(line);
    }

    fn flush(&self) {}
}

/// An observer whose log lines go to a page of the test's own.
struct ToPage(Log, &'static Page);

impl Observer for ToPage {
    fn told(&mut self, told: &Told<'_>) {
        self.0.told_to(self.1, told);
    }
}

fn logged(most: LevelFilter) -> Vec<String> {
    let lines = Mutex::default();
    let page: &'static Page = Box::leak(Box::new(Page { most, lines }));
    let mut stack = Teller::new(ToPage(Log::new(), page));
    stack.opened();
    stack.packet_in(&Packet::theirs(1, 1, ACK, b"text").bytes());
    stack.ends(ON, Accepted::Text, Some(snapshot(State::Established)));
    stack.packet_in(&Packet::theirs(1, 1, ACK, b"text").bytes());
    stack.ends(ON, Discard::Old, Some(snapshot(State::Established)));
    let (from, to, on) = (State::Established, State::CloseWait, Edge::FinReceived);
    stack.tell(ON, Event::StateChanged { from, to, on });
    page.lines.lock().unwrap().clone()
}

#[test]
fn opening_and_state_changes_are_info() {
    assert_eq!(
        logged(LevelFilter::Info),
        [
            "INFO pellucid::tcp #e1 10.90.0.2:40000 > 203.0.113.10:443  opened in CLOSED",
            "INFO pellucid::tcp #e6 10.90.0.2:40000 > 203.0.113.10:443  \
             ESTABLISHED → CLOSE-WAIT on FIN received",
        ]
    );
}

#[test]
fn what_is_refused_is_debug_and_packets_are_trace() {
    let debug = logged(LevelFilter::Debug);
    assert_eq!(debug.len(), 3);
    assert_eq!(
        debug[1],
        "DEBUG pellucid::tcp #e5 10.90.0.2:40000 > 203.0.113.10:443 ESTABLISHED  \
         duplicate e4: received before (RFC 9293 3.10.7.4)"
    );
    let all = logged(LevelFilter::Trace);
    assert_eq!(all.len(), 6);
    assert!(all[1].starts_with("TRACE pellucid::packet #e2 stack  received"));
}

#[test]
fn nothing_is_said_when_nobody_wants_to_hear() {
    assert!(logged(LevelFilter::Off).is_empty());
}
