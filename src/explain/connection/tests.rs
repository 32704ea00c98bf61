use std::net::SocketAddr;

use super::*;
use crate::base::SeqNum;
use crate::probe::State;
use crate::wire::{Options, SackBlock, TimestampOption};

const MS: u64 = 1_000_000;

/// Two ends that talk, segment by segment.
pub(in crate::explain) struct Talk {
    pub of: Option<Connection>,
    frame: u64,
    pub told: Vec<Told>,
}

/// One segment, by the numbers of people: the first byte is 1.
#[derive(Clone, Copy)]
pub(in crate::explain) struct Line<'a> {
    pub at: u64,
    pub from: usize,
    pub flags: Flags,
    pub seq: u32,
    pub ack: Option<u32>,
    pub window: u16,
    pub text: &'a [u8],
    pub options: Options,
    pub odd: Option<super::super::packet::Odd>,
    pub sum: Verdict,
}

/// The initial numbers: one just before they wrap.
pub(in crate::explain) const BASES: [u32; 2] = [u32::MAX - 2_000, 77];

pub(in crate::explain) fn line<'a>(at_ms: u64, from: usize) -> Line<'a> {
    Line {
        at: at_ms * MS,
        from,
        flags: Flags::ACK,
        seq: 1,
        ack: Some(1),
        window: 10_000,
        text: b"",
        options: Options::default(),
        odd: None,
        sum: Verdict::Right,
    }
}

impl Talk {
    pub fn new() -> Talk {
        Talk {
            of: None,
            frame: 0,
            told: Vec::new(),
        }
    }

    /// After a handshake from near the opener, at 0 ms and 40 ms, with these options.
    pub fn begun(options: Options) -> Talk {
        let mut talk = Talk::new();
        let syn = Line {
            flags: Flags::SYN,
            seq: 0,
            ack: None,
            options,
            ..line(0, 0)
        };
        talk.takes(syn);
        talk.takes(Line {
            flags: Flags::SYN | Flags::ACK,
            from: 1,
            ack: Some(1),
            at: 40 * MS,
            ..syn
        });
        let options = Options {
            timestamps: options.timestamps,
            ..Options::default()
        };
        talk.takes(Line {
            options,
            ..line(40, 0)
        });
        talk
    }

    pub fn takes(&mut self, line: Line<'_>) -> &Told {
        self.frame += 1;
        let addr = |end: usize| SocketAddr::from(([10, 0, 0, end as u8], 1000));
        let number = |of: usize, n: u32| SeqNum(BASES[of].wrapping_add(n));
        let mut options = line.options;
        if let crate::wire::options::Bulk::Sack(_) = options.bulk {
            let blocks: Vec<_> = options.sack().to_vec();
            options.bulk = Default::default();
            for SackBlock { left, right } in blocks {
                let other = 1 - line.from;
                options.push_sack(SackBlock {
                    left: number(other, left.0),
                    right: number(other, right.0),
                });
            }
        }
        let seen = Seen {
            frame: self.frame,
            at: line.at,
            src: addr(line.from),
            dst: addr(1 - line.from),
            bytes: 40,
            seq: number(line.from, line.seq),
            ack: line.ack.map(|ack| number(1 - line.from, ack)),
            flags: line.flags,
            window: line.window,
            options,
            has_options: true,
            odd: line.odd,
            len: line.text.len() as u32,
            text: line.text,
            sum: line.sum,
        };
        let of = self.of.get_or_insert_with(|| Connection::new(0, &seen));
        self.told.push(of.take(&seen, 1000));
        self.told.last().unwrap()
    }

    /// Sends so many segments of 100 bytes from a number on, at once.
    pub fn sends(&mut self, at_ms: u64, first: u32, count: u32) {
        for nth in 0..count {
            let seq = first + nth * 100;
            let told = self.takes(Line {
                seq,
                text: &[7; 100],
                ..line(at_ms, 0)
            });
            assert_eq!(told.class, Class::Data, "{told:?}");
        }
    }

    pub fn class(&mut self, line: Line<'_>) -> Class {
        self.takes(line).class
    }

    /// What was found in the last segment, worst first.
    pub fn found(&self) -> Option<(Level, &'static str)> {
        let told = self.told.last().unwrap();
        let found = told.findings.iter().map(|f| (f.level, f.what));
        found.max_by_key(|(level, _)| *level)
    }
}

pub(in crate::explain) fn sack(ranges: &[(u32, u32)]) -> Options {
    let mut options = Options::default();
    for (left, right) in ranges {
        options.push_sack(SackBlock {
            left: SeqNum(*left),
            right: SeqNum(*right),
        });
    }
    options
}

pub(in crate::explain) fn permits() -> Options {
    Options {
        mss: Some(100),
        sack_permitted: true,
        ..Options::default()
    }
}

pub(in crate::explain) fn stamp(value: u32) -> Options {
    let timestamps = Some(TimestampOption { value, echo: 1 });
    Options {
        timestamps,
        ..Options::default()
    }
}

pub(in crate::explain) fn states(talk: &Talk) -> [State; 2] {
    let ends = &talk.of.as_ref().unwrap().ends;
    [ends[0].state, ends[1].state]
}

#[test]
fn a_life_goes_through_the_states_of_figure_5() {
    let mut talk = Talk::begun(permits());
    assert_eq!(states(&talk), [State::Established; 2]);
    let fin = Flags::ACK | Flags::FIN;
    talk.takes(Line {
        flags: fin,
        ..line(50, 0)
    });
    assert_eq!(states(&talk), [State::FinWait1, State::Established]);
    talk.takes(Line {
        ack: Some(2),
        ..line(90, 1)
    });
    assert_eq!(states(&talk), [State::FinWait2, State::CloseWait]);
    talk.takes(Line {
        flags: fin,
        ack: Some(2),
        ..line(95, 1)
    });
    assert_eq!(states(&talk), [State::FinWait2, State::LastAck]);
    talk.takes(Line {
        seq: 2,
        ack: Some(2),
        ..line(95, 0)
    });
    assert_eq!(states(&talk), [State::TimeWait, State::Closed]);
    assert_eq!(talk.of.unwrap().closer, Some(0));
}

#[test]
fn both_may_close_at_once() {
    let mut talk = Talk::begun(permits());
    let fin = Flags::ACK | Flags::FIN;
    talk.takes(Line {
        flags: fin,
        ..line(50, 0)
    });
    talk.takes(Line {
        flags: fin,
        ..line(60, 1)
    });
    assert_eq!(states(&talk), [State::FinWait1; 2]);
    talk.takes(Line {
        seq: 2,
        ack: Some(2),
        ..line(60, 0)
    });
    assert_eq!(states(&talk), [State::Closing, State::FinWait2]);
    talk.takes(Line {
        seq: 2,
        ack: Some(2),
        ..line(90, 1)
    });
    assert_eq!(states(&talk), [State::TimeWait; 2]);
}

#[test]
fn three_duplicates_with_sack_are_fast() {
    let mut talk = Talk::begun(permits());
    talk.sends(50, 1, 6);
    for (nth, end) in [(0, 201), (1, 301), (2, 401)] {
        let options = sack(&[(101, end)]);
        assert_eq!(
            talk.class(Line {
                options,
                ..line(90 + nth, 1)
            }),
            Class::DuplicateAck
        );
    }
    let told = talk.takes(Line {
        text: &[7; 100],
        ..line(92, 0)
    });
    assert_eq!(told.class, Class::Resent(Resent::Fast));
    assert!(told.text.contains("42 ms after #4"), "{}", told.text);
    assert!(
        told.text.contains("3 duplicate ACKs #10–#12"),
        "{}",
        told.text
    );
    assert!(told.text.contains("SACK 101–401"), "{}", told.text);
    assert_eq!(told.findings[0].what, "fast");
}

#[test]
fn silence_for_a_timeout_is_rto_and_what_follows_its_ack_is_after_it() {
    let mut talk = Talk::begun(permits());
    talk.sends(50, 1, 1);
    talk.takes(Line {
        ack: Some(101),
        ..line(90, 1)
    });
    talk.sends(90, 101, 4);
    assert_eq!(
        talk.class(Line {
            seq: 101,
            text: &[7; 100],
            ..line(300, 0)
        }),
        Class::Resent(Resent::Rto)
    );
    talk.takes(Line {
        ack: Some(201),
        ..line(340, 1)
    });
    assert_eq!(
        talk.class(Line {
            seq: 201,
            text: &[7; 100],
            ..line(340, 0)
        }),
        Class::Resent(Resent::AfterRto)
    );
}

#[test]
fn the_last_one_again_after_two_round_trips_is_a_loss_probe() {
    let mut talk = Talk::begun(permits());
    talk.sends(50, 1, 1);
    talk.takes(Line {
        ack: Some(101),
        ..line(90, 1)
    });
    talk.sends(90, 101, 4);
    assert_eq!(
        talk.class(Line {
            seq: 401,
            text: &[7; 100],
            ..line(171, 0)
        }),
        Class::Resent(Resent::Tlp)
    );
}

#[test]
fn what_comes_behind_a_gap_fills_it_late_or_again() {
    let mut talk = Talk::begun(permits());
    talk.sends(50, 1, 1);
    talk.takes(Line {
        ack: Some(101),
        ..line(90, 1)
    });
    talk.takes(Line {
        seq: 201,
        text: &[7; 100],
        ..line(91, 0)
    });
    assert_eq!(talk.found(), Some((Level::Note, "gap")));
    let late = Line {
        seq: 101,
        text: &[7; 100],
        ..line(92, 0)
    };
    assert_eq!(talk.class(late), Class::OutOfOrder);
    // By its timestamp it was sent later than what passed it.
    let mut talk = Talk::begun(Options {
        timestamps: stamp(1).timestamps,
        ..permits()
    });
    talk.takes(Line {
        seq: 101,
        text: &[7; 100],
        options: stamp(5),
        ..line(91, 0)
    });
    let again = Line {
        text: &[7; 100],
        options: stamp(6),
        ..line(92, 0)
    };
    assert!(matches!(talk.class(again), Class::Resent(_)));
    let mut talk = Talk::begun(Options {
        timestamps: stamp(1).timestamps,
        ..permits()
    });
    talk.takes(Line {
        seq: 101,
        text: &[7; 100],
        options: stamp(5),
        ..line(91, 0)
    });
    let late = Line {
        text: &[7; 100],
        options: stamp(4),
        ..line(1091, 0)
    };
    assert_eq!(talk.class(late), Class::OutOfOrder);
}

#[test]
fn probes_of_a_closed_window_and_of_a_quiet_peer_are_told_apart() {
    let mut talk = Talk::begun(permits());
    talk.sends(50, 1, 1);
    talk.takes(Line {
        ack: Some(101),
        window: 9_900,
        ..line(90, 1)
    });
    let probe = Line {
        seq: 100,
        ..line(60_000, 0)
    };
    assert_eq!(talk.class(probe), Class::KeepAlive);
    let mut talk = Talk::begun(Options::default());
    talk.takes(Line {
        text: &[7; 10_000],
        ..line(50, 0)
    });
    talk.takes(Line {
        ack: Some(10_001),
        window: 0,
        ..line(90, 1)
    });
    assert_eq!(talk.found(), Some((Level::Note, "zero_window")));
    assert_eq!(
        talk.class(Line {
            seq: 10_000,
            ..line(400, 0)
        }),
        Class::WindowProbe
    );
    let byte = Line {
        seq: 10_001,
        text: &[7],
        ..line(800, 0)
    };
    assert_eq!(talk.class(byte), Class::WindowProbe);
    assert_eq!(
        talk.class(Line {
            at: 1_600 * MS,
            ..byte
        }),
        Class::WindowProbe
    );
}

#[test]
fn a_fin_that_comes_again_is_no_keep_alive() {
    let mut talk = Talk::begun(permits());
    let fin = Line {
        flags: Flags::ACK | Flags::FIN,
        ..line(50, 0)
    };
    talk.takes(fin);
    talk.takes(Line {
        ack: Some(2),
        ..line(90, 1)
    });
    let again = Line {
        at: 400 * MS,
        ..fin
    };
    assert!(matches!(talk.class(again), Class::Resent(_)));
    assert_eq!(talk.found(), Some((Level::Note, "spurious")));
}

#[test]
fn resets_are_a_refusal_an_abort_or_late() {
    let mut talk = Talk::new();
    talk.takes(Line {
        flags: Flags::SYN,
        seq: 0,
        ack: None,
        ..line(0, 0)
    });
    let reset = Line {
        flags: Flags::RST | Flags::ACK,
        seq: 0,
        ..line(1, 1)
    };
    assert_eq!(talk.class(reset), Class::Reset(Reset::Refusal));
    let mut talk = Talk::begun(permits());
    let reset = Line {
        flags: Flags::RST | Flags::ACK,
        ..line(50, 1)
    };
    assert_eq!(talk.class(reset), Class::Reset(Reset::Abort));
    assert_eq!(talk.class(reset), Class::Reset(Reset::AfterClose));
    assert_eq!(states(&talk), [State::Closed; 2]);
}
