//! How fast two stacks are when nothing but memory lies between them: two of ours, and two
//! interfaces of smoltcp, in one thread.
//!
//! ```text
//! cargo run --release --example in_memory -- [--reps 5] [--secs 1] [--buffer 1048576] [ROW ...]
//! ```
//!
//! One connection, one way, as much as goes: a writer hands over 64 KiB at a time, the one stack
//! sends all that it may, then the other receives it and a reader takes it. Both pairs get the same
//! work to do: the same buffers, CUBIC, one copy from a packet to the wire, the same clock. In the
//! rows of 64 KiB smoltcp has an MTU of 65,535; ours sends super-segments that the wire, like the
//! kernel over a TUN interface, hands on whole. Time is that of the thread's CPU, so what others do
//! on the machine counts only as far as it slows a core. The two pairs of a row run in turns. It prints, for each row, medians of the CPU time of a
//! segment with text (both ends, and the acknowledgments it draws) and of the bytes in a second of
//! CPU time, and the ratios. A ROW is one by its number, as printed; all unless named.

mod generic;
mod ours;
mod theirs;
mod wire;

use std::error::Error;
use std::ops::Range;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// What is compared.
#[derive(Debug, Clone, Copy)]
struct Row {
    what: &'static str,
    /// What the wire carries: smoltcp's, and ours unless it is to cut.
    mtu: u16,
    /// Whether the packets' transport checksums are made and checked.
    checksums: bool,
    /// RFC 7323; smoltcp has it too.
    timestamps: bool,
    ours: How,
}

/// What our pair is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// A packet a segment.
    Single,
    /// Super-segments that are cut before the wire and joined behind it, as by a device that is
    /// `pellucid::device::Generic`: on the wire each is one segment.
    Generic,
    /// The same with text that changes hands instead of being copied.
    GenericOwned,
    /// Super-segments of segments of 1500 bytes, left to the wire to cut, which need not.
    Super,
    /// The same with text that changes hands instead of being copied.
    Owned,
}

impl How {
    fn is_generic(self) -> bool {
        matches!(self, How::Generic | How::GenericOwned)
    }

    fn is_owned(self) -> bool {
        matches!(self, How::GenericOwned | How::Owned)
    }
}

const SINGLE: Row = Row {
    what: "1,460 bytes, checksums off",
    mtu: 1_500,
    checksums: false,
    timestamps: false,
    ours: How::Single,
};
const ROWS: [Row; 8] = [
    SINGLE,
    Row {
        what: "1,460 bytes, checksums on",
        checksums: true,
        ..SINGLE
    },
    Row {
        what: "1,448 bytes, timestamps, checksums off",
        timestamps: true,
        ..SINGLE
    },
    Row {
        what: "1,460 bytes, cut and joined, off",
        ours: How::Generic,
        ..SINGLE
    },
    Row {
        what: "1,460 bytes, cut and joined, on",
        checksums: true,
        ours: How::Generic,
        ..SINGLE
    },
    Row {
        what: "1,460 bytes, cut, joined, off, not copied",
        ours: How::GenericOwned,
        ..SINGLE
    },
    Row {
        what: "64 KiB, checksums off",
        mtu: 65_535,
        ours: How::Super,
        ..SINGLE
    },
    Row {
        what: "64 KiB, checksums off, ours not copied",
        mtu: 65_535,
        ours: How::Owned,
        ..SINGLE
    },
];

/// What a pair has carried.
#[derive(Debug, Clone, Copy, Default)]
struct Carried {
    /// Of text, and all of it read.
    bytes: u64,
    /// That had text.
    segments: u64,
    /// With those that had none.
    packets: u64,
}

/// Two stacks and what lies between them.
trait Pair {
    /// Writes, carries in both directions, reads.
    fn turn(&mut self);
    fn carried(&self) -> Carried;
}

/// One run of a pair.
#[derive(Debug, Clone, Copy)]
struct Figures {
    /// CPU time, by segments with text.
    ns_per_segment: f64,
    gb_per_cpu_s: f64,
    bytes_per_segment: f64,
    packets_per_segment: f64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse(std::env::args().skip(1))?;
    println!(
        "{:44} {:>8} {:>10} {:>21} {:>8} {:>9} {:>9}",
        "", "", "ns/segment", "range", "GB/cpu-s", "B/segment", "packets"
    );
    for (number, row) in (1..).zip(ROWS) {
        if options.rows.is_empty() || options.rows.contains(&number) {
            let name = format!("{number}: {}", row.what);
            compare(&name, row, &options);
        }
    }
    Ok(())
}

/// What was asked for.
struct Options {
    reps: usize,
    secs: f64,
    buffer: u32,
    /// Only one of the two: for a profiler.
    only: Option<String>,
    /// Instead of a measurement, so many turns and nothing else: for callgrind, which counts.
    turns: Option<usize>,
    rows: Vec<usize>,
}

impl Options {
    fn parse(arguments: impl Iterator<Item = String>) -> Result<Options, Box<dyn Error>> {
        let mut options = Options {
            reps: 5,
            secs: 1.0,
            buffer: 1 << 20,
            only: None,
            turns: None,
            rows: Vec::new(),
        };
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} what?"));
            match argument.as_str() {
                "--reps" => options.reps = value()?.parse()?,
                "--secs" => options.secs = value()?.parse()?,
                "--buffer" => options.buffer = value()?.parse()?,
                "--only" => options.only = Some(value()?),
                "--turns" => options.turns = Some(value()?.parse()?),
                row => options.rows.push(row.parse()?),
            }
        }
        Ok(options)
    }
}

fn compare(name: &str, row: Row, options: &Options) {
    let makers: [(&str, Maker); 2] = [
        ("pellucid", |row, buffer| {
            Box::new(ours::Ours::new(row, buffer))
        }),
        ("smoltcp", |row, buffer| {
            Box::new(theirs::Theirs::new(row, buffer))
        }),
    ];
    let mut runs = [Vec::new(), Vec::new()];
    for _ in 0..options.reps {
        for ((who, make), runs) in makers.iter().zip(&mut runs) {
            if options.only.as_ref().is_some_and(|only| only != who) {
                continue;
            }
            let mut pair = make(row, options.buffer);
            if let Some(turns) = options.turns {
                (0..turns).for_each(|_| pair.turn());
                println!("{who}: {:?} in {turns} turns", pair.carried());
            } else {
                runs.push(measure(pair.as_mut(), options.secs));
            }
        }
    }
    for ((who, _), runs) in makers.iter().zip(&runs) {
        if runs.is_empty() {
            continue;
        }
        let of = |what: fn(&Figures) -> f64| median(runs.iter().map(what).collect());
        let all = runs.iter().map(|run| run.ns_per_segment);
        let (low, high) = all.fold((f64::MAX, 0_f64), |(low, high), x| {
            (low.min(x), high.max(x))
        });
        println!(
            "{name:44} {who:>8} {:10.1} {:>21} {:8.2} {:9.0} {:9.2}",
            of(|run| run.ns_per_segment),
            format!("({low:.1} to {high:.1})"),
            of(|run| run.gb_per_cpu_s),
            of(|run| run.bytes_per_segment),
            of(|run| run.packets_per_segment),
        );
    }
    if let [ours, theirs] = &runs
        && !ours.is_empty()
        && !theirs.is_empty()
    {
        let ratio = |what: fn(&Figures) -> f64| {
            median(ours.iter().map(what).collect()) / median(theirs.iter().map(what).collect())
        };
        println!(
            "{name:44} {:>8} {:10.2} {:>21} {:8.2}",
            "ratio",
            ratio(|run| run.ns_per_segment),
            "",
            ratio(|run| run.gb_per_cpu_s),
        );
    }
}

type Maker = fn(Row, u32) -> Box<dyn Pair>;

/// Lets a pair work for so many seconds of CPU time, after a fifth of that for its windows to open.
fn measure(pair: &mut dyn Pair, secs: f64) -> Figures {
    work(pair, Duration::from_secs_f64(secs / 5.0));
    let before = pair.carried();
    let spent = work(pair, Duration::from_secs_f64(secs));
    let after = pair.carried();
    let bytes = (after.bytes - before.bytes) as f64;
    let segments = (after.segments - before.segments) as f64;
    let nanos = spent.as_secs_f64() * 1e9;
    Figures {
        ns_per_segment: nanos / segments,
        gb_per_cpu_s: bytes / nanos,
        bytes_per_segment: bytes / segments,
        packets_per_segment: (after.packets - before.packets) as f64 / segments,
    }
}

/// Returns how long it took, by the thread's clock.
fn work(pair: &mut dyn Pair, how_long: Duration) -> Duration {
    let start = cpu_time();
    loop {
        pair.turn();
        let spent = cpu_time() - start;
        if spent >= how_long {
            return spent;
        }
    }
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    // A thread's CPU time is never negative.
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        0 => (values[middle - 1] + values[middle]) / 2.0,
        _ => values[middle],
    }
}

/// Checks what a reader got: byte N of the text is this.
fn byte(at: u64) -> u8 {
    // 251 is prime to every length of a segment or a buffer.
    (at % 251) as u8
}

/// As much text as a writer hands over at once, and from which byte on it is.
struct Writer {
    text: Vec<u8>,
    at: u64,
}

impl Writer {
    fn new() -> Writer {
        Writer {
            text: (0..CALL as u64 + 251).map(byte).collect(),
            at: 0,
        }
    }

    fn next(&self) -> &[u8] {
        &self.text[self.range()]
    }

    /// Where in the text it lies.
    fn range(&self) -> Range<usize> {
        let from = (self.at % 251) as usize;
        from..from + CALL
    }

    fn wrote(&mut self, count: usize) {
        self.at += count as u64;
    }
}

/// Looks at the first megabyte that was read, and at one byte of each read after that.
fn check(at: u64, read: &[u8]) {
    let some = if at < 1 << 20 { read.len() } else { 1 };
    for (offset, found) in read.iter().take(some).enumerate() {
        assert_eq!(*found, byte(at + offset as u64), "byte {at} + {offset}");
    }
}

/// Bytes a call.
const CALL: usize = 64 << 10;
/// A packet with text is longer: an IPv4 header and the longest of TCP's.
const HEADERS_MAX: usize = 20 + 60;
