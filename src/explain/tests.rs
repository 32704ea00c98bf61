//! Our own runs, whose truth is known: what is inferred from their captures against what they told.

use std::collections::BTreeMap;
use std::time::Duration;

use super::packet::Seen;
use super::*;
use crate::observe::Memory;
use crate::runs::{Record, Records};
use crate::scenario::{Progress, Scenario};

struct Silent;

impl Progress for Silent {
    fn reached(&self, _: Duration) -> bool {
        true
    }
}

/// What was said of each frame.
#[derive(Default)]
pub struct Kept(
    pub BTreeMap<u64, (usize, Told)>,
    /// The numbers of each: the first, and how much text.
    BTreeMap<u64, (u64, u64)>,
);

impl Listener for Kept {
    fn told(&mut self, of: &Connection, seen: &Seen<'_>, told: &Told) {
        let end = usize::from(of.ends[0].addr != seen.src);
        self.0.insert(seen.frame, (end, told.clone()));
        let first = of.ends[end].number(seen.seq) as u64;
        self.1.insert(seen.frame, (first, seen.len.into()));
    }
}

pub fn explained(capture: &[u8]) -> (Shadow, Kept) {
    let mut file = CaptureFile::new(capture).unwrap();
    let (mut shadow, mut kept) = (Shadow::new(None), Kept::default());
    assert!(shadow.read(&mut file, &mut kept).unwrap());
    (shadow, kept)
}

/// A scenario with values set beside it: its capture, and what its host told.
pub fn played(text: &str, set: &[String]) -> (Vec<u8>, Vec<Record>) {
    let scenario = Scenario::parse(text, set).unwrap_or_else(|error| panic!("{set:?}: {error}"));
    let (capture, events) = (Memory::default(), Memory::default());
    scenario
        .play(capture.clone(), events.clone(), None, &Silent)
        .unwrap();
    let events = events.take();
    let records = Records::of(&events[..]).unwrap();
    let vantage = records.vantage().to_owned();
    let ours = |record: &Record| record.host == vantage;
    (
        capture.take(),
        records.map(Result::unwrap).filter(ours).collect(),
    )
}

/// What the host did that sent a frame: how it repeated something, or what else it was for.
fn truth(record: &Record) -> Option<(u64, String)> {
    let frame = record.frame()?;
    let how = match record.name.as_str() {
        "tcp:segment_sent" => match (record.text("retransmit"), record.text("purpose")?) {
            (Some(how), _) => how,
            (None, purpose @ ("window_probe" | "keep_alive")) => purpose,
            (None, _) => "none",
        },
        _ => return None,
    };
    Some((frame, how.to_owned()))
}

fn inferred(told: &Told) -> &'static str {
    match told.class {
        Class::Resent(how) => how.key(),
        Class::WindowProbe | Class::KeepAlive | Class::Copy | Class::OutOfOrder => told.class.key(),
        _ => "none",
    }
}

/// Pairs of what was true and what was inferred, and how often.
type Matrix = BTreeMap<(String, &'static str), u64>;

/// Plays it and compares. Nobody may be accused: both ends are honest.
fn compare(text: &str, set: &[String], matrix: &mut Matrix) {
    let (capture, records) = played(text, set);
    judge(&capture, &records, &format!("{set:?}"), matrix);
}

fn judge(capture: &[u8], records: &[Record], name: &str, matrix: &mut Matrix) {
    let (shadow, kept) = explained(capture);
    let accused = shadow.findings.iter();
    let accused: Vec<_> = accused.filter(|f| f.level == Level::Violation).collect();
    assert!(accused.is_empty(), "{name}: {accused:#?}");
    for (frame, was) in records.iter().filter_map(truth) {
        let Some((_, told)) = kept.0.get(&frame) else {
            continue;
        };
        let guess = inferred(told);
        if !is_same(&was, guess) {
            println!("{name} #{frame} was {was}, inferred {guess}: {}", told.text);
        }
        *matrix.entry((was, guess)).or_default() += 1;
    }
}

/// What our stack calls fast is RACK's where it has fewer than three duplicates to go by; it calls
/// a tail loss probe a probe.
fn is_same(was: &str, guess: &str) -> bool {
    was == guess || matches!((was, guess), ("fast", "rack") | ("probe", "tlp"))
}

/// How many retransmissions there were, and how many were taken for something else.
fn mistaken(matrix: &Matrix) -> (u64, u64) {
    let of = |take: &dyn Fn(&str, &str) -> bool| {
        let pairs = matrix.iter().filter(|((was, guess), _)| take(was, guess));
        pairs.map(|(_, count)| count).sum()
    };
    let is_resent = |was: &str, guess: &str| was != "none" || guess != "none";
    let is_wrong = |was: &str, guess: &str| is_resent(was, guess) && !is_same(was, guess);
    (of(&is_resent), of(&is_wrong))
}

pub const SCENARIOS: [&str; 5] = [
    include_str!("../../examples/scenarios/bufferbloat.toml"),
    include_str!("../../examples/scenarios/cable-pull.toml"),
    include_str!("../../examples/scenarios/path-black-hole.toml"),
    include_str!("../../examples/scenarios/sack-one-hole.toml"),
    include_str!("../../examples/scenarios/tail-loss.toml"),
];

const LONG: &str = r#"do=[{at="0s",host="server",act="listen 80"},
    {at="0s",host="client",act="connect server:80; send 200000; close"}]"#;

#[test]
fn kinds_of_retransmission_are_those_that_our_own_runs_told() {
    let mut matrix = Matrix::new();
    for seed in 0..4 {
        for loss in ["1%", "4%", "gilbert 1% 30%", "data:48", "data:140"] {
            for more in [
                "client.tcp.rack=true",
                "client.tcp.tlp=true",
                "server.tcp.sack=false",
            ] {
                let set = [
                    format!("seed={seed}"),
                    format!("link.up.loss={loss}"),
                    format!("link.down.loss={}", ["none", "2%"][seed % 2]),
                    format!("host.{more}"),
                    "expect=[]".to_owned(),
                    LONG.to_owned(),
                ];
                compare(SCENARIOS[3], &set, &mut matrix);
            }
        }
    }
    let (resent, wrong) = mistaken(&matrix);
    assert!(resent > 150, "{matrix:#?}");
    assert!(wrong * 50 <= resent, "{wrong} of {resent}: {matrix:#?}");
}

#[test]
fn scenarios_and_lessons_accuse_nobody_and_keep_their_kinds() {
    let mut matrix = Matrix::new();
    for text in SCENARIOS {
        compare(text, &["expect=[]".to_owned()], &mut matrix);
    }
    for name in crate::lab::NAMES {
        let lesson = crate::lab::lesson(name, 1).unwrap().unwrap();
        for variant in &lesson.variant {
            let run = crate::lab::play(&lesson, variant, &[]).unwrap();
            let vantage = Records::of(&run.events[..]).unwrap().vantage().to_owned();
            let ours = |record: &&Record| record.host == vantage;
            let records: Vec<_> = run.records.iter().filter(ours).cloned().collect();
            judge(&run.capture, &records, name, &mut matrix);
        }
    }
    let (resent, wrong) = mistaken(&matrix);
    assert!(resent > 100, "{matrix:#?}");
    assert!(wrong * 50 <= resent, "{wrong} of {resent}: {matrix:#?}");
}

/// What arrived of what the peer sent again, by its numbers: by the peer's own word, and by what
/// the receiver's capture lets one infer.
fn compare_at_the_receiver(set: &[String], matrix: &mut Matrix) {
    let scenario = Scenario::parse(SCENARIOS[3], set).unwrap();
    let (capture, events) = (Memory::default(), Memory::default());
    scenario
        .play(capture.clone(), events.clone(), None, &Silent)
        .unwrap();
    let (shadow, kept) = explained(&capture.take());
    let accused = shadow.findings.iter();
    let accused: Vec<_> = accused.filter(|f| f.level == Level::Violation).collect();
    assert!(accused.is_empty(), "{set:?}: {accused:#?}");
    let events = events.take();
    let mut again = BTreeMap::new();
    for record in Records::of(&events[..]).unwrap().map(Result::unwrap) {
        if let (Some(how), "client") = (record.text("retransmit"), record.host.as_str()) {
            let range = (record.number("seq").unwrap(), record.number("len").unwrap());
            again.insert(range, how.to_owned());
        }
    }
    for (frame, (_, told)) in kept.0.iter().filter(|(_, (end, _))| *end == 0) {
        let was = again
            .get(&kept.1[frame])
            .filter(|_| told.class != Class::Ack);
        let was = was.map_or("none", String::as_str);
        *matrix.entry((was.to_owned(), inferred(told))).or_default() += 1;
    }
}

#[test]
fn at_the_receiver_what_was_sent_again_is_told_from_what_was_overtaken() {
    let mut matrix = Matrix::new();
    for seed in 0..6 {
        for loss in ["3%", "gilbert 1% 30%"] {
            let set = [
                format!("seed={seed}"),
                // `down` is the way to whoever captures.
                format!("link.down.loss={loss}"),
                "vantage=server".to_owned(),
                "expect=[]".to_owned(),
                LONG.to_owned(),
            ];
            compare_at_the_receiver(&set, &mut matrix);
        }
    }
    let (resent, wrong) = mistaken(&matrix);
    assert!(resent > 30, "{matrix:#?}");
    assert!(wrong * 20 <= resent, "{wrong} of {resent}: {matrix:#?}");
}
