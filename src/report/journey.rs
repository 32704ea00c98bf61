//! What happened between us and each peer, in as few steps as say it: what is ordinary stands
//! together.
//!
//! Made of the events of a run alone, so that pictures and texts of it can be made at any time.

use std::collections::HashMap;

use crate::base::Instant;
use crate::runs::Record;
use crate::why::Log;
use crate::why::words::clause;

use super::losses::{Loss, Losses};
use super::text::grouped;

/// A run, a scene for each connection in the order in which they were opened; what belongs to none
/// comes last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Journey {
    pub scenes: Vec<Scene>,
}

/// One connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scene {
    /// `c1`.
    pub title: String,
    pub ours: String,
    pub theirs: String,
    pub steps: Vec<Step>,
}

/// One step of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Packet(Packet),
    /// Ordinary packets, one after the other.
    Run(Run),
    /// The connection's state became another.
    State {
        old: String,
        new: String,
    },
    /// A timer expired.
    Timer(String),
}

/// One packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// Missing where nothing was captured.
    pub frame: Option<u64>,
    /// Since the first event.
    pub at: Instant,
    /// Whether we sent it.
    pub out: bool,
    /// `SYN seq 0`.
    pub what: String,
    pub clause: String,
    /// Why it was sent, or how it ended.
    pub why: String,
    /// What is out of the ordinary about it.
    pub odd: Option<&'static str>,
    /// Whether a link of ours dropped it, all of it.
    pub lost: bool,
    /// Whether it may stand together with others, and then how many bytes of text it has.
    bulk: Option<u64>,
}

/// Packets that stand together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub first: Option<u64>,
    pub last: Option<u64>,
    pub at: Instant,
    /// What we sent.
    pub out: Load,
    /// What came in.
    pub back: Load,
}

/// One direction of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    pub segments: u64,
    /// Bytes of text in them.
    pub text: u64,
    /// Segments without text.
    pub acks: u64,
    /// Those of all that are out of the ordinary.
    pub odd: u64,
}

impl Journey {
    /// All that a log tells.
    pub fn of(log: &Log) -> Journey {
        let mut telling = Telling::new(log);
        for record in log.records() {
            telling.hear(record);
        }
        for place in 0..telling.scenes.len() {
            telling.settle(place);
        }
        let mut scenes = telling.scenes;
        // Of what belongs to no connection, the first line may have come before all others.
        scenes.sort_by_key(|scene| scene.title.is_empty());
        for scene in &mut scenes {
            let steps = std::mem::take(&mut scene.steps);
            scene.steps = shortened(steps);
        }
        Journey { scenes }
    }
}

struct Telling {
    scenes: Vec<Scene>,
    /// By tuple; what has none is a scene too.
    places: HashMap<String, usize>,
    /// By scene: changes of state that wait for the packet that they came with.
    waiting: Vec<Vec<(Instant, Step)>>,
    losses: Losses,
    since: Instant,
}

impl Telling {
    fn new(log: &Log) -> Telling {
        let records = log.records();
        Telling {
            scenes: Vec::new(),
            places: HashMap::new(),
            waiting: Vec::new(),
            losses: Losses::of(log),
            since: records
                .first()
                .map_or(Instant::from_nanos(0), |record| record.time),
        }
    }

    fn hear(&mut self, record: &Record) {
        match record.name.as_str() {
            "tcp:opened" => {
                let place = self.scene(record);
                let word = |name: &str| record.text(name).unwrap_or_default().to_owned();
                self.scenes[place].ours = word("local");
                self.scenes[place].theirs = word("remote");
            }
            "tcp:state_updated" => {
                let word = |name: &str| spoken(record.text(name).unwrap_or_default());
                let step = Step::State {
                    old: word("old"),
                    new: word("new"),
                };
                let place = self.scene(record);
                self.waiting[place].push((record.time, step));
            }
            "tcp:timer_updated" if record.text("event") == Some("expired") => {
                let timer = record.text("timer").unwrap_or_default();
                if ALARMS.contains(&timer) {
                    let place = self.scene(record);
                    self.settle(place);
                    self.scenes[place].steps.push(Step::Timer(timer.to_owned()));
                }
            }
            name if name.ends_with("_sent") || name == "icmp:sent" => self.packet(record, true),
            name if name.ends_with("disposed") => self.packet(record, false),
            _ => {}
        }
    }

    fn scene(&mut self, record: &Record) -> usize {
        let tuple = record.tuple.clone().unwrap_or_default();
        let next = self.scenes.len();
        let place = *self.places.entry(tuple.clone()).or_insert(next);
        if place == next {
            self.scenes.push(Scene {
                title: tuple,
                ours: "us".into(),
                theirs: "others".into(),
                ..Scene::default()
            });
            self.waiting.push(Vec::new());
        }
        place
    }

    fn packet(&mut self, record: &Record, out: bool) {
        let place = self.scene(record);
        let was_before = |(at, _): &(Instant, Step)| *at != record.time;
        if self.waiting[place].iter().any(was_before) {
            self.settle(place);
        }
        let packet = Packet::of(record, out, self.losses.fate_of(record), self.since);
        self.scenes[place].steps.push(Step::Packet(packet));
        self.settle(place);
    }

    /// What waited stands where it is.
    fn settle(&mut self, place: usize) {
        let waited = self.waiting[place].drain(..).map(|(_, step)| step);
        self.scenes[place].steps.extend(waited);
    }
}

impl Packet {
    fn of(record: &Record, out: bool, loss: Loss, since: Instant) -> Packet {
        let flags = record.text("flags").unwrap_or_default();
        let text = record.number("len").unwrap_or_default();
        let disposition = record.text("disposition").unwrap_or_default();
        let has = |letter: char| flags.contains(letter);
        let odd = match disposition {
            _ if loss != Loss::None => loss.words(),
            _ if record.text("retransmit").is_some() => Some("sent again"),
            "dropped" => Some("dropped"),
            "duplicate" => Some("duplicate"),
            "out_of_window" => Some("out of window"),
            "challenged" => Some("challenged"),
            _ if has('R') => Some("reset"),
            _ if record.number("window") == Some(0) && !has('S') => Some("zero window"),
            _ => None,
        };
        let is_bulk = record.number("seq").is_some() && !['S', 'F', 'R'].into_iter().any(has);
        let why = record.why.as_ref();
        let since = record.time.as_nanos().saturating_sub(since.as_nanos());
        Packet {
            frame: record.frame(),
            at: Instant::from_nanos(since),
            out,
            what: what(record, flags, text),
            clause: why.map_or(String::new(), |why| clause(&why.rule)),
            why: why.map_or(String::new(), |why| why.text.clone()),
            odd,
            lost: loss == Loss::Whole,
            bulk: is_bulk.then_some(text),
        }
    }

    /// `#9`, or nothing.
    pub fn name(&self) -> String {
        self.frame
            .map_or(String::new(), |frame| format!("#{frame}"))
    }
}

/// The segment in short, or the packet.
fn what(record: &Record, flags: &str, text: u64) -> String {
    let Some(seq) = record.number("seq") else {
        let bytes = grouped(record.number("bytes").unwrap_or_default());
        let protocol = record.text("protocol").unwrap_or("?");
        return format!("{protocol}, {bytes} B");
    };
    let ack = record.number("ack");
    let ack = ack.map_or(String::new(), |ack| format!(" ack {ack}"));
    match (flags, text) {
        (".", 0) => format!("ACK{ack}"),
        ("." | "P.", _) => format!("{} B seq {seq}{ack}", grouped(text)),
        (_, 0) => format!("{} seq {seq}{ack}", controls(flags)),
        _ => format!("{} {} B seq {seq}{ack}", controls(flags), grouped(text)),
    }
}

/// `S.` as `SYN,ACK`.
fn controls(flags: &str) -> String {
    let words = flags.chars().map(|letter| match letter {
        'S' => "SYN",
        'F' => "FIN",
        'R' => "RST",
        'P' => "PSH",
        '.' => "ACK",
        'U' => "URG",
        'E' => "ECE",
        'W' => "CWR",
        _ => "?",
    });
    words.collect::<Vec<_>>().join(",")
}

/// `FIN-WAIT-1`.
fn spoken(state: &str) -> String {
    state.to_ascii_uppercase().replace('_', "-")
}

/// What is ordinary stands together; if that is too long still, all but what changes a state.
fn shortened(steps: Vec<Step>) -> Vec<Step> {
    let short = together(steps.clone(), false);
    match arrows(&short) > ARROWS_MOST {
        true => together(steps, true),
        false => short,
    }
}

/// How many arrows a picture of these steps has.
pub fn arrows(steps: &[Step]) -> usize {
    let many = steps.iter().map(|step| match step {
        Step::Packet(_) => 1,
        Step::Run(run) => [run.out, run.back]
            .iter()
            .filter(|load| load.is_any())
            .count(),
        Step::State { .. } | Step::Timer(_) => 0,
    });
    many.sum()
}

fn together(steps: Vec<Step>, with_odd: bool) -> Vec<Step> {
    let mut short = Vec::new();
    let mut run: Vec<Packet> = Vec::new();
    let close = |run: &mut Vec<Packet>, short: &mut Vec<Step>| {
        if run.len() < RUN_MIN {
            short.extend(run.drain(..).map(Step::Packet));
        } else {
            short.push(Step::Run(Run::of(run)));
            run.clear();
        }
    };
    for step in steps {
        match step {
            Step::Packet(packet) if packet.bulk.is_some() && (with_odd || packet.odd.is_none()) => {
                run.push(packet);
            }
            Step::Timer(_) if with_odd => {}
            other => {
                close(&mut run, &mut short);
                short.push(other);
            }
        }
    }
    close(&mut run, &mut short);
    short
}

impl Run {
    fn of(packets: &[Packet]) -> Run {
        let mut loads = [Load::default(); 2];
        for packet in packets {
            let load = &mut loads[usize::from(!packet.out)];
            match packet.bulk {
                Some(text) if text > 0 => {
                    load.segments += 1;
                    load.text += text;
                }
                _ => load.acks += 1,
            }
            load.odd += u64::from(packet.odd.is_some());
        }
        let [out, back] = loads;
        Run {
            first: packets.first().and_then(|packet| packet.frame),
            last: packets.last().and_then(|packet| packet.frame),
            at: packets
                .first()
                .map_or(Instant::from_nanos(0), |packet| packet.at),
            out,
            back,
        }
    }

    /// `#22–#118`, or nothing.
    pub fn name(&self) -> String {
        match (self.first, self.last) {
            (Some(first), Some(last)) => format!("#{first}–#{last}"),
            _ => String::new(),
        }
    }
}

impl Load {
    /// Whether anything went this way.
    pub fn is_any(self) -> bool {
        self.segments + self.acks > 0
    }

    /// `46 segments, 67,160 B, 3 ACKs, 2 of them out of the ordinary`.
    pub fn words(self) -> String {
        let many = |count: u64| if count == 1 { "" } else { "s" };
        let mut words = Vec::new();
        let (segments, acks) = (self.segments, self.acks);
        if segments > 0 {
            let (count, text) = (grouped(segments), grouped(self.text));
            words.push(format!("{count} segment{}, {text} B", many(segments)));
        }
        if acks > 0 {
            words.push(format!("{} ACK{}", grouped(acks), many(acks)));
        }
        if self.odd > 0 {
            words.push(format!("{} of them out of the ordinary", grouped(self.odd)));
        }
        words.join(", ")
    }
}

/// Timers whose end changes what happens next.
const ALARMS: [&str; 4] = ["rto", "tlp", "persist", "keepalive"];
/// Fewer packets than this are shown one by one.
const RUN_MIN: usize = 5;
/// More arrows than this nobody reads, and GitHub draws none.
pub const ARROWS_MOST: usize = 400;

#[cfg(test)]
mod tests;
