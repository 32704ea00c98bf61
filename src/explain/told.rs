//! What is said of a segment: what it is taken for, by which clause, and with what evidence.

use crate::base::Cite;
use crate::probe::State;

/// What a segment is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    Syn,
    SynAck,
    /// New text.
    Data,
    /// A FIN without text.
    Fin,
    Ack,
    DuplicateAck,
    WindowUpdate,
    /// An acknowledgment that another overtook.
    OldAck,
    Resent(Resent),
    /// Overtaken on its way here.
    OutOfOrder,
    /// The same segment once more, by the network or the capture.
    Copy,
    KeepAlive,
    WindowProbe,
    Reset(Reset),
    /// Damaged on the way: its receiver drops it.
    Damaged,
}

/// How a retransmission came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resent {
    /// Duplicate acknowledgments or SACK.
    Fast,
    /// SACK and time, with less than three duplicates, or what was sent twice is lost again.
    Rack,
    /// A tail loss probe.
    Tlp,
    /// The retransmission timer.
    Rto,
    /// What was lost with that for which the timer expired.
    AfterRto,
    /// NewReno's next hole.
    PartialAck,
    /// SYN or SYN,ACK.
    Syn,
    Unknown,
}

/// What a reset is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reset {
    /// Nobody listens.
    Refusal,
    /// The connection is given up.
    Abort,
    /// It was over before.
    AfterClose,
}

impl Class {
    /// As records and counts call it.
    pub const fn key(self) -> &'static str {
        match self {
            Class::Syn => "syn",
            Class::SynAck => "syn_ack",
            Class::Data => "data",
            Class::Fin => "fin",
            Class::Ack => "ack",
            Class::DuplicateAck => "duplicate_ack",
            Class::WindowUpdate => "window_update",
            Class::OldAck => "old_ack",
            Class::Resent(_) => "retransmission",
            Class::OutOfOrder => "out_of_order",
            Class::Copy => "copy",
            Class::KeepAlive => "keep_alive",
            Class::WindowProbe => "window_probe",
            Class::Reset(Reset::Refusal) => "reset_refusal",
            Class::Reset(Reset::Abort) => "reset_abort",
            Class::Reset(Reset::AfterClose) => "reset_after_close",
            Class::Damaged => "damaged",
        }
    }
}

impl Resent {
    /// All of them, in the order in which they are counted.
    pub const ALL: [Resent; 8] = [
        Resent::Fast,
        Resent::Rack,
        Resent::Tlp,
        Resent::Rto,
        Resent::AfterRto,
        Resent::PartialAck,
        Resent::Syn,
        Resent::Unknown,
    ];

    /// As records and counts call it.
    pub const fn key(self) -> &'static str {
        match self {
            Resent::Fast => "fast",
            Resent::Rack => "rack",
            Resent::Tlp => "tlp",
            Resent::Rto => "rto",
            Resent::AfterRto => "after_rto",
            Resent::PartialAck => "partial_ack",
            Resent::Syn => "syn",
            Resent::Unknown => "unknown",
        }
    }
}

/// How much is made of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Worth knowing.
    Note,
    /// A rule may be broken, or the capture lacks packets.
    Doubt,
    /// A rule is broken.
    Violation,
}

impl Level {
    /// As records and lines call it.
    pub const fn key(self) -> &'static str {
        match self {
            Level::Note => "note",
            Level::Doubt => "doubt",
            Level::Violation => "violation",
        }
    }
}

/// Something found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The frame that shows it.
    pub frame: u64,
    /// Whose it is, from 0.
    pub stream: u64,
    pub level: Level,
    /// What it is, in a word.
    pub what: &'static str,
    pub cite: Cite,
    /// What was inferred, and from what. Numbers and addresses; no byte of a packet's text.
    pub text: String,
}

/// All that is said of a segment.
#[derive(Debug, Clone)]
pub struct Told {
    pub class: Class,
    pub cite: Cite,
    /// The evidence, where there is more to say than what it is.
    pub text: String,
    pub findings: Vec<Finding>,
    /// Whose state changed, 0 being who opened; from and to.
    pub states: Vec<(usize, State, State)>,
}

impl Told {
    /// Nothing out of the ordinary yet.
    pub fn new(class: Class, cite: Cite) -> Told {
        Told {
            class,
            cite,
            text: String::new(),
            findings: Vec::new(),
            states: Vec::new(),
        }
    }
}
