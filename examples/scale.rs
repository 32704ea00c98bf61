//! What a connection costs that does nothing, and what so many of them cost the others.
//!
//! ```text
//! cargo run --release --example scale -- [IDLE ...]
//! ```
//!
//! For each IDLE (1, 1000 and 1000000 unless told otherwise) two stacks with so many connections
//! between them, each of which has carried a kilobyte each way and then nothing for ten seconds; and
//! two more, of which one is left with so many TIME-WAIT records. One thread, virtual time, nothing
//! between the stacks but a buffer. It prints the bytes that each end of a connection holds, by the
//! allocator and by resident memory (of fewer than a thousand that would be noise), the same for
//! each record, and what goes on beside: how many connections are opened, accepted and closed in a
//! second of the thread's CPU time, and how many bytes one of them carries. These are medians of
//! REPS repetitions with the lowest and the highest; all IDLE take turns in each.

use std::alloc::{GlobalAlloc, Layout, System};
use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use pellucid::base::{Checksum, Instant, Offload, Received, Seed, Transmit};
use pellucid::stack::{Config, ConnId, ListenerId, Stack};
use rustix::time::{ClockId, clock_gettime};

fn main() -> Result<(), Box<dyn Error>> {
    let mut all = std::env::args()
        .skip(1)
        .map(|text| parse(&text))
        .collect::<Result<Vec<usize>, String>>()?;
    if all.is_empty() {
        all = vec![1, 1_000, 1_000_000];
    }
    let mut rows = Vec::with_capacity(all.len());
    for idle in all {
        rows.push(Row::new(idle)?);
    }
    let steps = (REPS * rows.len()) as u64;
    let bar = bar(steps, "repetitions")?;
    for _ in 0..REPS {
        for row in &mut rows {
            row.repeat()?;
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    println!(
        "| idle | an end, allocated | resident | TIME-WAIT, allocated | resident | connections a CPU second | GB a CPU second |"
    );
    println!("|---|---|---|---|---|---|---|");
    for row in &mut rows {
        println!("{}", row.line());
    }
    Ok(())
}

fn parse(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|idle| (1..=MOST).contains(idle));
    number.ok_or_else(|| format!("IDLE is a whole number from 1 to {MOST}, not '{text}'"))
}

fn bar(len: u64, what: &str) -> Result<ProgressBar, Box<dyn Error>> {
    let style = format!("{{bar:40}} {{pos}}/{{len}} {what}, {{eta}}");
    Ok(ProgressBar::new(len).with_style(ProgressStyle::with_template(&style)?))
}

/// One number of idle connections.
struct Row {
    idle: usize,
    pair: Pair,
    bulk: (ConnId, ConnId),
    /// Bytes of an end of a connection, and of a TIME-WAIT record.
    end: Held,
    record: Held,
    connections: Vec<f64>,
    bytes: Vec<f64>,
}

impl Row {
    fn new(idle: usize) -> Result<Row, Box<dyn Error>> {
        let progress = bar(idle as u64, "records")?;
        let mut pair = Pair::new(idle)?;
        let before = Held::now()?;
        for number in 0..idle {
            pair.open_and_close(number / PER_LISTENER)?;
            progress.inc(1);
        }
        let record = Held::now()?.since(before, idle);
        let (_, _, records) = pair.client.counts();
        if records != idle {
            return Err(format!("{records} TIME-WAIT records of {idle}").into());
        }
        drop(pair);
        progress.finish_and_clear();

        let progress = bar(idle as u64, "connections")?;
        let mut pair = Pair::new(idle)?;
        let before = Held::now()?;
        for number in 0..idle {
            let (from, to) = pair.connection(number / PER_LISTENER)?;
            pair.talk(from, to)?;
            progress.inc(1);
        }
        for _ in 0..10 {
            pair.wait(Duration::from_secs(1));
        }
        let end = Held::now()?.since(before, 2 * idle);
        progress.finish_and_clear();
        let busy = pair.listeners.len() - 1;
        let bulk = pair.connection(busy)?;
        let mut row = Row {
            idle,
            pair,
            bulk,
            end,
            record,
            connections: Vec::new(),
            bytes: Vec::new(),
        };
        // The first is only to warm up.
        row.repeat()?;
        row.connections.clear();
        row.bytes.clear();
        Ok(row)
    }

    fn repeat(&mut self) -> Result<(), Box<dyn Error>> {
        let busy = self.pair.listeners.len() - 1;
        let begun = cpu_time();
        for _ in 0..CONNECTIONS {
            self.pair.open_and_close(busy)?;
            self.pair.wait(Duration::from_secs(120));
        }
        self.connections
            .push(CONNECTIONS as f64 / (cpu_time() - begun));
        let (from, to) = self.bulk;
        let (begun, mut carried) = (cpu_time(), 0);
        while carried < BULK {
            carried += self.pair.turn(from, to);
        }
        self.bytes.push(carried as f64 / (cpu_time() - begun));
        Ok(())
    }

    fn line(&mut self) -> String {
        let Row {
            idle, end, record, ..
        } = *self;
        let resident = |held: Held| match idle {
            0..1_000 => String::new(),
            _ => held.resident.to_string(),
        };
        format!(
            "| {idle} | {} | {} | {} | {} | {} | {} |",
            end.allocated,
            resident(end),
            record.allocated,
            resident(record),
            spread(&mut self.connections, 1.0, 0),
            spread(&mut self.bytes, 1e9, 2),
        )
    }
}

/// The median, the lowest and the highest.
fn spread(figures: &mut [f64], unit: f64, digits: usize) -> String {
    figures.sort_by(f64::total_cmp);
    let at = |index: usize| figures.get(index).copied().unwrap_or_default() / unit;
    let (median, most) = (at(figures.len() / 2), at(figures.len() - 1));
    format!("{median:.digits$} ({:.digits$} to {most:.digits$})", at(0))
}

/// Seconds that this thread has used.
fn cpu_time() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Bytes that are held.
#[derive(Debug, Clone, Copy)]
struct Held {
    allocated: i64,
    resident: i64,
}

impl Held {
    fn now() -> Result<Held, Box<dyn Error>> {
        // proc_pid_status(5): "VmRSS:     1234 kB".
        let status = std::fs::read_to_string("/proc/self/status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        let number = number.ok_or("no VmRSS in /proc/self/status")?;
        let kilobytes: i64 = number
            .parse()
            .map_err(|_| format!("VmRSS is a number of kilobytes, not '{number}'"))?;
        Ok(Held {
            allocated: HELD.load(Ordering::Relaxed),
            resident: kilobytes << 10,
        })
    }

    /// More than before, by the number of those who hold it.
    fn since(self, before: Held, count: usize) -> Held {
        let each = |now: i64, before: i64| (now - before) / count as i64;
        Held {
            allocated: each(self.allocated, before.allocated),
            resident: each(self.resident, before.resident),
        }
    }
}

/// Two stacks, and listeners enough that each connection finds a port.
struct Pair {
    client: Stack,
    server: Stack,
    listeners: Vec<ListenerId>,
    now: Instant,
    packet: Vec<u8>,
    text: Vec<u8>,
}

impl Pair {
    fn new(idle: usize) -> Result<Pair, Box<dyn Error>> {
        let now = Instant::from_nanos(1_000_000_000);
        let (client, mut server) = (stack(1), stack(2));
        // One more, for those that come and go.
        let count = idle.div_ceil(PER_LISTENER) + 1;
        let listeners = (0..count)
            .map(|number| server.listen(now, service(number), 8))
            .collect::<Result<_, _>>()?;
        Ok(Pair {
            client,
            server,
            listeners,
            now,
            packet: Vec::new(),
            text: vec![1; BUFFER as usize],
        })
    }

    /// An established connection: its ends.
    fn connection(&mut self, listener: usize) -> Result<(ConnId, ConnId), Box<dyn Error>> {
        self.now += Duration::from_micros(10);
        let from = self.client.open(self.now, service(listener), None)?;
        self.carry();
        let listener = *self.listeners.get(listener).ok_or("no such listener")?;
        let to = self.server.accept(self.now, listener)?;
        Ok((from, to))
    }

    /// A kilobyte each way.
    fn talk(&mut self, from: ConnId, to: ConnId) -> Result<(), Box<dyn Error>> {
        self.client.write(self.now, from, &[1; 1_000])?;
        self.server.write(self.now, to, &[1; 1_000])?;
        self.carry();
        self.client.read(self.now, from, &mut self.text)?;
        self.server.read(self.now, to, &mut self.text)?;
        self.wait(Duration::from_millis(10));
        Ok(())
    }

    /// From SYN to the last ACK.
    fn open_and_close(&mut self, listener: usize) -> Result<(), Box<dyn Error>> {
        let (from, to) = self.connection(listener)?;
        self.client.close(self.now, from);
        self.carry();
        self.server.close(self.now, to);
        self.carry();
        Ok(())
    }

    /// A buffer full of text and its acknowledgments: how many bytes were read.
    fn turn(&mut self, from: ConnId, to: ConnId) -> usize {
        self.now += Duration::from_millis(1);
        while self.client.write(self.now, from, &self.text).is_ok() {}
        self.carry();
        let mut all = 0;
        while let Ok(read) = self.server.read(self.now, to, &mut self.text) {
            all += read;
        }
        self.wait(Duration::ZERO);
        all
    }

    /// Time passes.
    fn wait(&mut self, time: Duration) {
        self.now += time;
        for stack in [&mut self.client, &mut self.server] {
            stack.handle_timeout(self.now);
        }
        self.carry();
    }

    /// All that either has to send.
    fn carry(&mut self) {
        loop {
            let (client, server) = (&mut self.client, &mut self.server);
            let there = all(client, server, self.now, &mut self.packet);
            let back = all(server, client, self.now, &mut self.packet);
            for stack in [client, server] {
                while stack.poll_notice().is_some() {}
            }
            if !there && !back {
                return;
            }
        }
    }
}

/// All that one has to send, to the other; whether there was any.
fn all(from: &mut Stack, to: &mut Stack, now: Instant, room: &mut Vec<u8>) -> bool {
    let mut any = false;
    while let Some(packet) = from.poll_transmit(now) {
        copy(&packet, room);
        let offload = Offload {
            checksum: Checksum::Verified,
            gso: None,
        };
        let packet = Received {
            offload,
            ..Received::plain(room)
        };
        to.receive(now, packet);
        any = true;
    }
    any
}

fn copy(packet: &Transmit<'_>, room: &mut Vec<u8>) {
    room.clear();
    for piece in [packet.head, packet.body.0, packet.body.1] {
        room.extend_from_slice(piece);
    }
}

fn addr(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))
}

/// Where a listener listens.
fn service(number: usize) -> SocketAddr {
    SocketAddr::new(addr(2), 1 + number as u16)
}

fn stack(last: u8) -> Stack {
    let mut config = Config::new(vec![(addr(last), 24)]);
    let tcp = Arc::make_mut(&mut config.tcp);
    (tcp.receive_buffer, tcp.receive_buffer_max) = (BUFFER, BUFFER);
    (tcp.send_buffer, tcp.send_buffer_max) = (BUFFER, BUFFER);
    config.limits.connections = 2 * MOST;
    config.limits.time_wait = 2 * MOST;
    Stack::new(config, Seed::from_number(last.into()))
}

const REPS: usize = 5;
/// The most idle connections, whose ports fit the listeners'.
const MOST: usize = 16_000_000;
/// Of the 2^15 ports that a client has towards each, half.
const PER_LISTENER: usize = 16_000;
/// How many connections come and go in a repetition, and how many bytes are carried.
const CONNECTIONS: usize = 10_000;
const BULK: usize = 256 << 20;
const BUFFER: u32 = 256 << 10;

/// The system's allocator, counting bytes that are not given back.
struct Counting;

static HELD: AtomicI64 = AtomicI64::new(0);

fn count(bytes: i64) {
    HELD.fetch_add(bytes, Ordering::Relaxed);
}

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: the caller's promises about `layout` are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: as for `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        // SAFETY: `place` came from `alloc` above with this layout.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as i64 - layout.size() as i64);
        // SAFETY: as for `dealloc`; the caller's promise about `size` is passed on.
        unsafe { System.realloc(place, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;
