//! Nothing is allocated between `receive` and `poll_transmit` once a transfer is under way, and
//! nothing but the bare connection is kept once it has come to rest; and of the fragments of
//! strangers nothing beyond their bound.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use pellucid::base::{Instant, Memory, Received, Seed, Sum};
use pellucid::device::RxBuffer;
use pellucid::explain::packet::Seen;
use pellucid::explain::{CaptureFile, Connection, Listener, Shadow, Told};
use pellucid::stack::{Config, ConnId, Stack};

/// The system's allocator, counting by thread, so that other tests do not disturb.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    /// Bytes allocated and not given back, as far as one thread did both.
    static HELD: Cell<i64> = const { Cell::new(0) };
}

fn count(allocations: u64, bytes: i64) {
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + allocations));
    let _ = HELD.try_with(|held| held.set(held.get() + bytes));
}

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as i64);
        // SAFETY: the caller's promises about `layout` are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        count(0, -(layout.size() as i64));
        // SAFETY: `place` came from `alloc` above with this layout.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(1, size as i64 - layout.size() as i64);
        // SAFETY: as for `dealloc`; the caller's promise about `size` is passed on.
        unsafe { System.realloc(place, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn allocations() -> u64 {
    ALLOCATIONS.with(Cell::get)
}

fn held() -> i64 {
    HELD.with(Cell::get)
}

fn stack(last: u8) -> (Stack, IpAddr) {
    let addr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, last));
    let config = Config::new(vec![(addr, 24)]);
    (Stack::new(config, Seed::from_number(last.into())), addr)
}

/// Two stacks, one packet buffer between them, and nothing else.
struct Bench {
    sender: Stack,
    receiver: Stack,
    now: Instant,
    packet: [u8; 2_048],
    from: ConnId,
    to: ConnId,
    segments: u64,
}

impl Bench {
    fn new() -> Bench {
        let (mut sender, _) = stack(1);
        let (mut receiver, addr) = stack(2);
        let mut now = Instant::from_nanos(1_000_000_000);
        let server = SocketAddr::new(addr, 80);
        let listener = receiver.listen(now, server, 1).unwrap();
        let from = sender.open(now, server, None).unwrap();
        let mut packet = [0; 2_048];
        for _ in 0..2 {
            now += Duration::from_millis(1);
            carry(&mut sender, &mut receiver, now, &mut packet);
            carry(&mut receiver, &mut sender, now, &mut packet);
        }
        let to = receiver.accept(now, listener).unwrap();
        Bench {
            sender,
            receiver,
            now,
            packet,
            from,
            to,
            segments: 0,
        }
    }

    /// One round trip: as much as the windows let go, and its acknowledgments. Some hundred of them
    /// take longer than any timer that a busy connection has.
    fn round(&mut self, text: &[u8], buf: &mut [u8]) {
        self.now += Duration::from_millis(20);
        while self.sender.write(self.now, self.from, text).is_ok() {}
        let (now, packet) = (self.now, &mut self.packet);
        self.segments += carry(&mut self.sender, &mut self.receiver, now, packet);
        while self.receiver.read(now, self.to, buf).is_ok() {}
        self.segments += carry(&mut self.receiver, &mut self.sender, now, packet);
        for stack in [&mut self.sender, &mut self.receiver] {
            stack.handle_timeout(now);
            while stack.poll_notice().is_some() {}
        }
    }
}

fn carry(from: &mut Stack, to: &mut Stack, now: Instant, room: &mut [u8; 2_048]) -> u64 {
    let mut count = 0;
    while let Some(packet) = from.poll_transmit(now) {
        let mut len = 0;
        for piece in [packet.head, packet.body.0, packet.body.1] {
            room[len..len + piece.len()].copy_from_slice(piece);
            len += piece.len();
        }
        to.receive(now, Received::plain(&room[..len]));
        count += 1;
    }
    count
}

#[test]
fn a_transfer_under_way_allocates_nothing() {
    let mut bench = Bench::new();
    let (text, mut buf) = (vec![1; 65_536], vec![0; 65_536]);
    for _ in 0..200 {
        bench.round(&text, &mut buf);
    }
    let (before, segments) = (allocations(), bench.segments);
    for _ in 0..200 {
        bench.round(&text, &mut buf);
    }
    let sent = bench.segments - segments;
    assert!(sent > 10_000, "{sent} segments are no transfer");
    assert_eq!(allocations() - before, 0, "in {sent} segments");
}

/// What an end of a connection may keep that is at rest, its place in all tables counted.
const AT_REST: i64 = 1_024;
/// With the two timers that a stack has for itself, a power of two: so much its lists set aside.
const CONNECTIONS: usize = 62;

/// Two stacks with connections between them.
struct Idle {
    client: Stack,
    server: Stack,
    now: Instant,
    packet: [u8; 2_048],
    pairs: Vec<(ConnId, ConnId)>,
    before: i64,
}

impl Idle {
    fn new() -> Idle {
        let (mut client, _) = stack(1);
        let (mut server, addr) = stack(2);
        let now = Instant::from_nanos(1_000_000_000);
        let remote = SocketAddr::new(addr, 80);
        let listener = server.listen(now, remote, CONNECTIONS).unwrap();
        let mut packet = [0; 2_048];
        let mut pairs = Vec::with_capacity(CONNECTIONS);
        let before = held();
        for _ in 0..CONNECTIONS {
            let from = client.open(now, remote, None).unwrap();
            for _ in 0..2 {
                carry(&mut client, &mut server, now, &mut packet);
                carry(&mut server, &mut client, now, &mut packet);
            }
            pairs.push((from, server.accept(now, listener).unwrap()));
        }
        Idle {
            client,
            server,
            now,
            packet,
            pairs,
            before,
        }
    }

    /// What an end holds.
    fn each(&self) -> i64 {
        (held() - self.before) / (2 * CONNECTIONS as i64)
    }

    fn carry(&mut self) {
        let Idle { client, server, .. } = self;
        while carry(client, server, self.now, &mut self.packet)
            + carry(server, client, self.now, &mut self.packet)
            > 0
        {}
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        for stack in [&mut self.client, &mut self.server] {
            stack.handle_timeout(self.now);
            while stack.poll_notice().is_some() {}
        }
        self.carry();
    }
}

#[test]
fn a_connection_that_has_carried_nothing_keeps_a_kibibyte_at_most() {
    let mut idle = Idle::new();
    idle.wait(Duration::from_secs(10));
    let each = idle.each();
    assert!(each <= AT_REST, "{each} bytes");
}

/// Robustness, section 4, asks for 2 KiB.
#[test]
fn a_connection_at_rest_keeps_a_kibibyte_at_most_whatever_it_has_carried() {
    let (text, mut buf) = (vec![1; 1 << 20], vec![0; 65_536]);
    let mut idle = Idle::new();
    for index in 0..CONNECTIONS {
        let (from, to) = idle.pairs[index];
        // As much each way, in turns of what the windows let go, the last of it read at the end.
        let (mut there, mut back) = (&text[..], &text[..]);
        let (mut unread_there, mut unread_back) = (text.len(), text.len());
        while unread_there + unread_back > 0 {
            if let Ok(taken) = idle.client.write(idle.now, from, there) {
                there = &there[taken..];
            }
            if let Ok(taken) = idle.server.write(idle.now, to, back) {
                back = &back[taken..];
            }
            idle.carry();
            while let Ok(read) = idle.server.read(idle.now, to, &mut buf) {
                unread_there -= read;
            }
            while let Ok(read) = idle.client.read(idle.now, from, &mut buf) {
                unread_back -= read;
            }
            idle.wait(Duration::from_millis(1));
        }
    }
    assert!(idle.each() > AT_REST, "it kept nothing while it was busy");
    for _ in 0..10 {
        idle.wait(Duration::from_secs(1));
    }
    let each = idle.each();
    assert!(each <= AT_REST, "{each} bytes");
}

/// Lone fragments from as many sources as there are: what they make a stack hold, by the allocator,
/// and what is left of it a minute later.
#[test]
fn fragments_of_strangers_take_a_megabyte_at_most() {
    const ALL_MAX: i64 = 1 << 20;
    for (len, per_source) in [(8, 1), (8, 64), (1_480, 1), (1_480, 100), (30_000, 3)] {
        let (mut stack, addr) = stack(2);
        let IpAddr::V4(dst) = addr else {
            panic!("an IPv4 address");
        };
        let mut now = Instant::from_nanos(1_000_000_000);
        let mut packet = vec![0; 20 + len];
        let before = held();
        for n in 0..10_000u32 {
            // RFC 791 section 3.1: identification, "more fragments", offsets 0, 16 and so on.
            let total = (packet.len() as u16).to_be_bytes();
            let src = Ipv4Addr::from_bits(0x0b00_0000 + n / per_source).octets();
            let offset = if len == 8 { (n % 32 * 2) as u8 } else { 0 };
            let id = (n / 32) as u16;
            let id = if len == 8 { id } else { n as u16 }.to_be_bytes();
            packet[..12].copy_from_slice(&[
                0x45, 0, total[0], total[1], id[0], id[1], 0x20, offset, 64, 17, 0, 0,
            ]);
            packet[12..16].copy_from_slice(&src);
            packet[16..20].copy_from_slice(&dst.octets());
            let sum = Sum::new().add(&packet[..20]).checksum();
            packet[10..12].copy_from_slice(&sum.to_be_bytes());
            now += Duration::from_micros(10);
            stack.receive(now, Received::plain(&packet));
            let more = held() - before;
            assert!(more <= ALL_MAX, "{len} {per_source}: {more} bytes");
        }
        assert!(held() - before > ALL_MAX / 8);
        stack.handle_timeout(now + Duration::from_secs(61));
        while stack.poll_transmit(now).is_some() {}
        let left = held() - before;
        assert!(left < 64 << 10, "{left} bytes are left");
    }
}

/// Batches of every size, the largest packet of each held on to until the next.
#[test]
fn packets_are_received_into_memory_that_is_there() {
    let mut batch = RxBuffer::new();
    let mut held: Option<Memory> = None;
    let mut receive = |len: usize| {
        batch.clear();
        while batch.has_room() {
            batch.room();
            batch.keep(10..10 + len);
        }
        held = batch.packets().find_map(|packet| packet.memory.cloned());
    };
    let lens = [40, 1_500, 9_000, 65_535];
    lens.into_iter().for_each(&mut receive);
    let before = allocations();
    for _ in 0..100 {
        lens.into_iter().for_each(&mut receive);
    }
    assert_eq!(allocations() - before, 0);
    assert!(held.is_some());
}

/// A capture that nobody holds: connections of ten segments each, with a gap, one after the other.
struct Endless {
    left: u64,
    packet: u64,
    room: std::collections::VecDeque<u8>,
}

impl Endless {
    fn of(packets: u64) -> std::io::BufReader<Endless> {
        // pcap-savefile(5): little end first, microseconds, raw IP.
        let head = [0xa1b2_c3d4, 0x0004_0002, 0, 0, 65_535, 101_u32];
        std::io::BufReader::new(Endless {
            left: packets,
            packet: 0,
            room: head.into_iter().flat_map(u32::to_le_bytes).collect(),
        })
    }

    fn more(&mut self) {
        let (flow, nth) = (self.packet / 10, (self.packet % 10) as u32);
        let micros = (self.packet % 1_000_000) as u32;
        let record = [(self.packet / 1_000_000) as u32, micros, 40, 1040];
        self.room
            .extend(record.into_iter().flat_map(u32::to_le_bytes));
        let mut ip = [0; 40];
        ip[..10].copy_from_slice(&[0x45, 0, 4, 16, 0, 0, 0x40, 0, 64, 6]);
        ip[12..16].copy_from_slice(&(0x0a00_0000 | (flow >> 16) as u32).to_be_bytes());
        ip[16..20].copy_from_slice(&[10, 9, 9, 9]);
        ip[20..24].copy_from_slice(&[(flow >> 8) as u8, flow as u8, 0, 80]);
        // The fifth is missing.
        let seq = (nth + u32::from(nth > 4)) * 1000;
        ip[24..28].copy_from_slice(&seq.to_be_bytes());
        ip[31..34].copy_from_slice(&[1, 0x50, 0x10]);
        self.room.extend(ip);
        self.packet += 1;
        self.left -= 1;
    }
}

impl std::io::Read for Endless {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        while self.room.len() < out.len() && self.left > 0 {
            self.more();
        }
        std::io::Read::read(&mut self.room, out)
    }
}

/// Asks now and then how much is held.
struct Held {
    most: i64,
}

impl Listener for Held {
    fn told(&mut self, _: &Connection, _: &Seen<'_>, _: &Told) {}

    fn reached(&mut self, _: u64) -> bool {
        self.most = self.most.max(held());
        true
    }
}

#[test]
fn a_capture_is_explained_in_memory_that_its_length_does_not_change() {
    let most = |packets| {
        let before = held();
        let mut shadow = Shadow::new(None);
        let mut listener = Held { most: 0 };
        let mut file = CaptureFile::new(Endless::of(packets)).expect("a capture");
        shadow.read(&mut file, &mut listener).expect("whole");
        assert_eq!(shadow.counts.frames, packets);
        assert_eq!(shadow.counts.connections, packets / 10);
        assert!(shadow.counts.evicted > 0 && shadow.counts.unlisted > 0);
        listener.most - before
    };
    let (short, long) = (most(150_000), most(400_000));
    assert!(short < 64 << 20, "{short}");
    assert!(long <= short + (64 << 10), "{short} {long}");
}
