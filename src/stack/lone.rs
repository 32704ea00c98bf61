//! One stack and a peer made of text, for tests: segments in, segments and events out.
//!
//! A segment reads `S. 0:1(0) ack 1 win 65535 <mss 1460>`: flags as in packet scripts (`.` is
//! ACK), sequence numbers relative to each side's initial one, so that the first byte of text is 1,
//! the length of the text, and what else it has. `win` is the field, not scaled.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use crate::base::{Instant, Offloads, Pieces, Received, Seed, SeqNum};
use crate::probe::State;
use crate::tcp;
use crate::tcp::congestion::Algorithm;
use crate::wire::cookie::{Cookie, Form};
use crate::wire::counts::ByteCounts;
use crate::wire::options::{Bulk, Options, Order, SackBlock, TimestampOption};
use crate::wire::tcp::{Flags, Ports, Segment};
use crate::wire::{ipv4, tcp as wire_tcp};

use super::kit::{A, B, Record, pattern};
use super::{Config, ConnId, ListenerId, Stack};

/// A segment of ours as it left.
pub struct Sent {
    /// As [`Lone::outgoing`] has it.
    pub line: String,
    /// The window field.
    pub window: u16,
    pub options: Options,
    /// The edges of its SACK blocks, relative to the peer's initial sequence number.
    pub sack: Vec<(u32, u32)>,
}

/// The peer's initial sequence number; the wrap at 2^32 comes soon after it.
pub const PEER_ISS: SeqNum = SeqNum(u32::MAX - 5_000);
/// What the peer's segments take their text from.
static PEERS_TEXT: LazyLock<Vec<u8>> = LazyLock::new(|| pattern(70_000));
const PEER_PORT: u16 = 4_321;
const PORT: u16 = 80;

/// A stack at `A`, and a peer at `B` that does what the test says.
pub struct Lone {
    pub stack: Stack,
    pub now: Instant,
    pub told: Record,
    pub peer_iss: SeqNum,
    /// Our initial sequence number, once a SYN of ours was seen.
    pub iss: Option<SeqNum>,
    pub ports: Ports,
    /// The type of service of the peer's packets.
    pub tos: u8,
}

impl Lone {
    pub fn new(tcp: tcp::Config) -> Lone {
        Lone::on(Offloads::NONE, tcp)
    }

    /// On a device that takes over so much.
    pub fn on(offloads: Offloads, tcp: tcp::Config) -> Lone {
        let mut config = Config::new(vec![(A, 24)]);
        config.offloads = offloads;
        config.tcp = Arc::new(tcp);
        let mut stack = Stack::new(config, Seed::from_number(7));
        let told = Record::default();
        stack.observe(Box::new(told.clone()));
        Lone {
            stack,
            now: Instant::from_nanos(5_000_000_000),
            told,
            peer_iss: PEER_ISS,
            iss: None,
            ports: Ports {
                src: PEER_PORT,
                dst: PORT,
            },
            tos: 0,
        }
    }

    /// Without options that would clutter the tests: no scaling, no timestamps, no SACK. Buffers
    /// stay as they are, and the window follows the simplest of the controllers.
    pub fn plain() -> tcp::Config {
        tcp::Config {
            window_scaling: false,
            timestamps: false,
            sack: false,
            receive_buffer: 65_535,
            receive_buffer_max: 65_535,
            congestion: Algorithm::Reno,
            ..tcp::Config::default()
        }
    }

    pub fn listen(&mut self) -> ListenerId {
        self.stack
            .listen(self.now, SocketAddr::new(A, PORT), 4)
            .unwrap()
    }

    /// Active OPEN towards the peer's port 80.
    pub fn open(&mut self) -> ConnId {
        let id = self
            .stack
            .open(self.now, SocketAddr::new(B, PORT), None)
            .unwrap();
        let pair = self.stack.pair(id).unwrap();
        self.ports = Ports {
            src: PORT,
            dst: pair.local.port,
        };
        id
    }

    /// An active OPEN brought to ESTABLISHED; the peer offers a window of 65,535 and an MSS of
    /// 1000.
    pub fn established(tcp: tcp::Config) -> (Lone, ConnId) {
        Lone::established_on(Offloads::NONE, tcp)
    }

    /// The same on a device that takes over so much.
    pub fn established_on(offloads: Offloads, tcp: tcp::Config) -> (Lone, ConnId) {
        let mut lone = Lone::on(offloads, tcp);
        let id = lone.open();
        lone.outgoing();
        lone.inject("S. 0:1(0) ack 1 win 65535 <mss 1000>");
        lone.outgoing();
        assert_eq!(lone.state(id), State::Established);
        (lone, id)
    }

    /// The same after a round trip of 40 ms, with `segments` of 1000 bytes written; what the
    /// window lets go of them is on its way. Where `tcp` has SACK, the peer may report.
    pub fn sending(tcp: tcp::Config, segments: usize) -> (Lone, ConnId) {
        let option = if tcp.sack { ",sackOK" } else { "" };
        let mut lone = Lone::new(tcp);
        let id = lone.open();
        lone.outgoing();
        lone.now += Duration::from_millis(40);
        lone.inject(&format!("S. 0:1(0) ack 1 win 65535 <mss 1000{option}>"));
        lone.outgoing();
        lone.write(id, 1_000 * segments);
        assert_eq!(lone.outgoing().len(), segments.min(10));
        (lone, id)
    }

    pub fn state(&self, id: ConnId) -> State {
        self.stack
            .status(id)
            .map_or(State::Closed, |snapshot| snapshot.state)
    }

    pub fn write(&mut self, id: ConnId, len: usize) -> usize {
        self.stack.write(self.now, id, &pattern(len)).unwrap()
    }

    /// A segment from the peer arrives now.
    pub fn inject(&mut self, text: &str) {
        let packet = self.packet(text);
        self.inject_bytes(&packet);
    }

    pub fn inject_bytes(&mut self, packet: &[u8]) {
        self.stack.receive(self.now, Received::plain(packet));
    }

    /// The IP packet that `text` stands for.
    pub fn packet(&self, text: &str) -> Vec<u8> {
        let segment = self.parse(text, &PEERS_TEXT);
        let mut out = vec![0; 20 + 60];
        let len = segment.emit_header(B, A, &mut out[20..]);
        let (IpAddr::V4(src), IpAddr::V4(dst)) = (B, A) else {
            unreachable!("both are IPv4")
        };
        let header = ipv4::Header {
            src,
            dst,
            protocol: wire_tcp::PROTOCOL,
            ttl: 64,
            tos: self.tos,
            identification: 0,
            dont_fragment: true,
            more_fragments: false,
            fragment_offset: 0,
            options: &[],
        };
        header.emit(len + segment.text.len(), &mut out);
        out.truncate(20 + len);
        out.extend(segment.text.iter());
        out
    }

    fn parse<'a>(&self, text: &str, bytes: &'a [u8]) -> Segment<'a> {
        let (main, options) = match text.split_once('<') {
            Some((main, options)) => (main, options.trim_end_matches('>')),
            None => (text, ""),
        };
        let mut words = main.split_whitespace();
        let flags = parse_flags(words.next().expect("flags"));
        let (range, len) = words
            .next()
            .and_then(|word| word.trim_end_matches(')').split_once('('))
            .expect("seq:end(len)");
        let start: u32 = number(range.split(':').next().expect("a start"));
        let len = number(len) as usize;
        let (mut ack, mut window, mut urgent) = (None, 65_535, 0);
        while let Some(word) = words.next() {
            let value = number(words.next().expect("a value"));
            match word {
                "ack" => ack = Some(self.iss.unwrap_or(SeqNum(0)) + value),
                "win" => window = value as u16,
                "urg" => urgent = value as u16,
                _ => panic!("{word} in {text}"),
            }
        }
        // Text that repeats by its place in the stream, as `pattern` has it.
        let at = (start as usize).saturating_sub(1);
        Segment {
            ports: self.ports,
            seq: self.peer_iss + start,
            ack: ack.filter(|_| flags.has(Flags::ACK)),
            flags,
            window,
            urgent,
            order: Order::default(),
            options: self.parse_options(options),
            text: Pieces::one(&bytes[at % 4_096..at % 4_096 + len]),
        }
    }

    fn parse_options(&self, text: &str) -> Options {
        let mut options = Options::default();
        for option in text.split(',').filter(|option| !option.is_empty()) {
            let words: Vec<&str> = option.split_whitespace().collect();
            match words[..] {
                ["mss", value] => options.mss = Some(number(value) as u16),
                ["wscale", value] => options.window_scale = Some(number(value) as u8),
                ["sackOK"] => options.sack_permitted = true,
                ["TS", "val", value, "ecr", echo] => {
                    options.timestamps = Some(TimestampOption {
                        value: number(value),
                        echo: number(echo),
                    });
                }
                ["ECN", ect0, ce, ect1] => {
                    let counts = ByteCounts::new(number(ect0), number(ce), number(ect1));
                    options.byte_counts = Some(counts);
                }
                ["FOEXP"] => {
                    let asks = Cookie::REQUEST.in_form(Form::Experimental);
                    options.bulk = Bulk::FastOpen(asks);
                }
                ["FO"] => options.bulk = Bulk::FastOpen(Cookie::REQUEST),
                ["FO", hex] => {
                    let number = u64::from_str_radix(hex, 16).expect("16 digits");
                    options.bulk = Cookie::new(&number.to_be_bytes()).into();
                }
                ["sack", ref blocks @ ..] => {
                    let iss = self.iss.unwrap_or(SeqNum(0));
                    for block in blocks {
                        let (left, right) = block.split_once(':').expect("left:right");
                        options.push_sack(SackBlock {
                            left: iss + number(left),
                            right: iss + number(right),
                        });
                    }
                }
                _ => panic!("option {option}"),
            }
        }
        options
    }

    /// What the stack sends now, one line a segment, without the options.
    pub fn outgoing(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(packet) = self.stack.poll_transmit(self.now) {
            let bytes = packet.to_vec();
            lines.push(self.show(&bytes));
            assert!(lines.len() < 10_000, "a storm");
        }
        lines
    }

    /// What the stack sends now, options and all.
    pub fn outgoing_packets(&mut self) -> Vec<Vec<u8>> {
        let mut packets = Vec::new();
        while let Some(packet) = self.stack.poll_transmit(self.now) {
            packets.push(packet.to_vec());
            assert!(packets.len() < 10_000, "a storm");
        }
        packets
    }

    /// The ECN fields and the lines of what the stack sends now.
    pub fn outgoing_fields(&mut self) -> Vec<(u8, String)> {
        let packets = self.outgoing_packets();
        let show = |packet: &Vec<u8>| (packet[1] & 0b11, self.show(packet));
        packets.iter().map(show).collect()
    }

    /// What the stack sends now, with window and options.
    pub fn sent(&mut self) -> Vec<Sent> {
        let packets = self.outgoing_packets();
        packets
            .iter()
            .map(|packet| {
                let line = self.show(packet);
                let (header, payload) = ipv4::parse(packet).expect("an IPv4 packet");
                let (src, dst) = (header.src.into(), header.dst.into());
                let segment = Segment::parse(src, dst, payload, crate::base::Checksum::Full)
                    .expect("a segment");
                let blocks = segment.options.sack().iter();
                let relative = |seq: SeqNum| seq.since(self.peer_iss);
                Sent {
                    line,
                    window: segment.window,
                    options: segment.options,
                    sack: blocks
                        .map(|block| (relative(block.left), relative(block.right)))
                        .collect(),
                }
            })
            .collect()
    }

    /// The one segment that the stack sends now.
    pub fn sent_one(&mut self) -> Sent {
        let mut sent = self.sent();
        let lines: Vec<&String> = sent.iter().map(|sent| &sent.line).collect();
        assert_eq!(lines.len(), 1, "{lines:?}");
        sent.remove(0)
    }

    /// One line for a packet of ours.
    pub fn show(&mut self, packet: &[u8]) -> String {
        let (header, payload) = ipv4::parse(packet).expect("an IPv4 packet");
        if header.protocol != wire_tcp::PROTOCOL {
            return format!("protocol {}", header.protocol);
        }
        let segment = Segment::parse(
            header.src.into(),
            header.dst.into(),
            payload,
            crate::base::Checksum::Full,
        )
        .expect("a segment");
        if segment.syn() {
            self.iss = Some(segment.seq);
        }
        let start = segment.seq.since(self.iss.unwrap_or(SeqNum(0)));
        let end = start.wrapping_add(segment.len());
        let mut line = String::new();
        let letters = [
            (Flags::SYN, 'S'),
            (Flags::FIN, 'F'),
            (Flags::RST, 'R'),
            (Flags::PSH, 'P'),
            (Flags::URG, 'U'),
            (Flags::ECE, 'E'),
            (Flags::CWR, 'W'),
            (Flags::AE, 'A'),
            (Flags::ACK, '.'),
        ];
        for (flag, letter) in letters {
            let set = match flag {
                Flags::ACK => segment.ack.is_some(),
                flag => segment.flags.has(flag),
            };
            if set {
                line.push(letter);
            }
        }
        write!(line, " {start}:{end}({})", segment.text.len()).expect("a string");
        if let Some(ack) = segment.ack {
            write!(line, " ack {}", ack.since(self.peer_iss)).expect("a string");
        }
        line
    }

    /// Lets time pass, timers and all; returns what is sent meanwhile, each line after the time
    /// that has passed, in milliseconds.
    pub fn run(&mut self, time: Duration) -> Vec<String> {
        let (start, until) = (self.now, self.now + time);
        let mut lines = Vec::new();
        loop {
            for line in self.outgoing() {
                lines.push(format!("{} {line}", self.now.since(start).as_millis()));
            }
            match self.stack.poll_timeout().filter(|at| *at <= until) {
                Some(at) => self.now = self.now.max(at),
                None => break,
            }
            let now = self.now;
            self.stack.handle_timeout(now);
            assert!(self.stack.poll_timeout().is_none_or(|at| at > now));
        }
        self.now = until;
        lines
    }

    /// The last ending that was told.
    pub fn ending(&self) -> String {
        self.told.ending()
    }
}

fn number(text: &str) -> u32 {
    text.parse()
        .unwrap_or_else(|_| panic!("{text} is no number"))
}

fn parse_flags(text: &str) -> Flags {
    text.chars().fold(Flags::NONE, |flags, letter| {
        flags
            | match letter {
                'S' => Flags::SYN,
                'F' => Flags::FIN,
                'R' => Flags::RST,
                'P' => Flags::PSH,
                'U' => Flags::URG,
                'E' => Flags::ECE,
                'W' => Flags::CWR,
                'A' => Flags::AE,
                '.' => Flags::ACK,
                '-' => Flags::NONE,
                _ => panic!("flag {letter}"),
            }
    })
}
