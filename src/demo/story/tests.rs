//! Told of a connection that was made by hand: a handshake, a request at 10 ms, a FIN at 20.

use hyper::Method;

use super::super::journey::Step;
use super::*;
use crate::observe::capture::Settings;
use crate::observe::fixtures::files::Shelf;
use crate::observe::fixtures::{ACK, FIN, ON, PEER, Packet, SYN, Teller, US, address, millis};
use crate::observe::on_link::OnLink;
use crate::observe::{Capture, Connections, Counters, Frames};
use crate::probe::{Accepted, Call, Drop, Edge, Event, Subject};

const WHY: (Cite, &str) = (rfc!(9293, "3.10.4"), "CLOSE: our FIN follows the text");

fn life(stack: &mut Teller) {
    let (local, remote) = (address(US), address(PEER));
    stack.input(ON, Event::Called(Call::Open));
    let state = State::SynSent;
    stack.tell(
        ON,
        Event::Opened {
            local,
            remote,
            state,
        },
    );
    stack.packet_out(&Packet::ours(0, 0, SYN, b""), Purpose::Syn, WHY, None);
    stack
        .after(1000)
        .packet_in(&Packet::theirs(0, 1, SYN | ACK, b"").bytes());
    changes(
        stack,
        State::SynSent,
        State::Established,
        Edge::SynAckReceived,
    );
    stack.ends(ON, Accepted::SynAck, None);
    stack.now = millis(10);
    stack.input(ON, Event::Called(Call::Send { bytes: 5 }));
    stack.packet_out(&Packet::ours(1, 1, ACK, b"hello"), Purpose::Text, WHY, None);
    stack.after(1000).packet_in(&[0x60; 40]);
    stack.ends(Subject::Stack, Drop::NobodyListens, None);
    stack.now = millis(20);
    stack.input(ON, Event::Called(Call::Close));
    changes(stack, State::Established, State::FinWait1, Edge::FinSent);
    stack.packet_out(&Packet::ours(6, 1, FIN | ACK, b""), Purpose::Fin, WHY, None);
    stack
        .after(1000)
        .packet_in(&Packet::theirs(1, 7, FIN | ACK, b"").bytes());
    changes(stack, State::FinWait1, State::TimeWait, Edge::FinReceived);
    stack.ends(ON, Accepted::Fin, None);
    stack.now = millis(1021);
    stack.input(Subject::Stack, Event::Ticked);
    changes(stack, State::TimeWait, State::Closed, Edge::TwoMslElapsed);
}

fn changes(stack: &mut Teller, from: State, to: State, on: Edge) {
    stack.tell(ON, Event::StateChanged { from, to, on });
}

fn visit(theirs: &str) -> Visit {
    let exchange = Exchange {
        method: Method::GET,
        path: "/",
        status: 200,
        way: Way::Down,
        bytes: 158,
        expected: None,
        ours: "0123456789abcdef".to_owned(),
        theirs: theirs.to_owned(),
    };
    let steps = [
        (What::Connect, 0),
        (What::Exchange(exchange), 10),
        (What::Close, 20),
    ];
    Visit {
        local: address(US),
        remote: address(PEER),
        steps: steps
            .map(|(what, at)| Step {
                what,
                began: millis(at),
            })
            .into(),
        ended: millis(22),
    }
}

/// The story of that life, its verdict on the body, and whether every packet had its ending.
fn story(theirs: &str, lives: impl FnOnce(&mut Teller)) -> Vec<String> {
    story_of(visit(theirs), lives)
}

fn story_of(visit: Visit, lives: impl FnOnce(&mut Teller)) -> Vec<String> {
    story_with(visit, &[], lives)
}

/// The same on a link that lost something.
fn story_with(visit: Visit, lost: &[OnLink], lives: impl FnOnce(&mut Teller)) -> Vec<String> {
    let settings = Settings::default();
    let (capture, handle) = Capture::at_once(Shelf::new(usize::MAX), settings).expect("room");
    let frames: Frames = handle.frames();
    let (counters, connections) = (Counters::default(), Connections::new(1));
    let mut stack = Teller::new(crate::probe::Fanout(vec![
        Box::new(capture),
        Box::new(counters.clone()),
        Box::new(connections.clone()),
    ]));
    lives(&mut stack);
    drop(stack);
    let visits = [visit];
    let proof = Proof::new(&visits, &[], &counters.counts(), &handle.finish());
    let story = Story {
        lost,
        visits: &visits,
        frames: &frames.all(),
        unrecorded: frames.unrecorded(),
        conversations: &frames.conversations(),
        connections: &connections.connections(),
        time_wait: Duration::from_secs(1),
        proof: &proof,
        style: Style(false),
    };
    story.lines()
}

#[test]
fn each_step_has_its_frames_and_its_time() {
    let lines = story("0123456789abcdef", life);
    let steps: Vec<&String> = lines
        .iter()
        .filter(|line| line.starts_with(['├', '└']))
        .collect();
    let told = ["#1–#2", "#3 ", "#5–#6", "no frames"];
    assert_eq!(steps.len(), told.len(), "{lines:#?}");
    for (step, frames) in steps.iter().zip(told) {
        assert!(step.contains(frames), "{step}");
    }
    assert!(steps[1].contains("200 · 158 B · SHA-256 equal (01234567…)"));
    assert!(steps[1].ends_with(" 10 ms"), "{}", steps[1]);
    assert!(steps[2].contains("RFC 9293 3.10.4"), "{}", steps[2]);
    assert!(steps[3].starts_with("└ 4 TIME-WAIT") && steps[3].ends_with("1 s"));
}

#[test]
fn a_change_of_state_stands_below_its_frame() {
    let lines = story("0123456789abcdef", life);
    let fin = lines.iter().position(|line| line.contains("──▶ FIN,ACK"));
    let below = &lines[fin.expect("our FIN") + 1];
    assert!(
        below.ends_with(
            "ESTABLISHED → FIN-WAIT-1 · CLOSE: our FIN follows the text · RFC 9293 3.10.4"
        ),
        "{below}"
    );
}

#[test]
fn what_belongs_to_no_connection_is_told_apart() {
    let lines = story("0123456789abcdef", life);
    let also = lines.iter().position(|line| line == "also on the link");
    let other = &lines[also.expect("one packet is nobody's") + 1];
    assert!(other.starts_with("  #4: "), "{other}");
}

#[test]
fn the_sum_says_how_much_is_explained() {
    let lines = story("0123456789abcdef", life);
    let sum = "1.02 s · 6 packets · 0 retransmitted · every packet explained (6/6)";
    assert_eq!(lines.last().map(String::as_str), Some(sum));
    let lines = story("0123456789abcdef", |stack| {
        life(stack);
        stack.packet_in(&[0x60; 40]);
    });
    let last = lines.last().expect("lines");
    assert!(last.ends_with("NOT every packet explained (6/7)"), "{last}");
}

#[test]
fn a_body_that_differs_is_not_passed_over() {
    let lines = story("another", life);
    assert!(lines.iter().any(|line| line.contains("SHA-256 DIFFERS")));
    let failed = lines.iter().filter(|line| line.starts_with("✗ "));
    assert_eq!(failed.count(), 1, "{lines:#?}");
}

#[test]
fn a_listing_shows_sizes_and_purposes() {
    let lines = listing("runs/0001-demo", &[("summary.json", 2048, "numbers")]);
    assert_eq!(lines[0], "runs/0001-demo/");
    assert_eq!(lines[1], "  summary.json      2.0 KiB  numbers");
}

/// What came before the upload, and what follows, has its own time.
#[test]
fn the_speed_of_an_upload_is_its_own() {
    let mut visit = visit("0123456789abcdef");
    for step in &mut visit.steps {
        if let What::Exchange(exchange) = &mut step.what {
            exchange.method = Method::POST;
            exchange.way = Way::Up;
            // 10 ms long: a gigabit a second.
            exchange.bytes = 1_250_000;
        }
    }
    let told = story_of(visit, life).join("\n");
    assert!(told.contains(" 0 retransmitted · 1,000 Mbit/s"), "{told}");
}

#[test]
fn what_the_link_lost_is_told_with_its_frame() {
    let lost = |packet: Option<u64>, at| OnLink {
        id: crate::probe::EventId(std::num::NonZeroU64::new(40).unwrap()),
        at: millis(at),
        link: "up".to_owned(),
        packet: packet
            .and_then(std::num::NonZeroU64::new)
            .map(crate::probe::EventId),
        bytes: 1_500,
        what: crate::observe::on_link::Happened::Dropped("scripted"),
    };
    let text = story_with(visit("0123456789abcdef"), &[lost(None, 12)], life).join("\n");
    let words = "│   ✕ the link lost a segment on its way to us, on purpose (e40: 1500 B that \
                 have no frame here)";
    assert!(text.contains(words), "{text}");
    let text = story_with(visit("0123456789abcdef"), &[lost(Some(8), 12)], life).join("\n");
    assert!(
        text.contains("✕ the link lost 1500 B of #3, on purpose (e40)"),
        "{text}"
    );
}
