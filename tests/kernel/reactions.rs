//! What a host says to hundreds of packets that are right, wrong or strange: this stack and Linux
//! must say the same, but for what `differences` argues.
//!
//! Both have the same addresses, and are asked the same packets one after the other. A packet that
//! Linux takes in through a TUN interface is dealt with before the next one, so what it says lies
//! between an echo reply that we know and the next.

mod craft;
mod differences;
mod questions_v4;
mod questions_v6;

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::net::{IpAddr, TcpListener, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use pellucid::base;
use pellucid::base::{Pieces, Received, Seed, Transmit};
use pellucid::device::{Device, RxBuffer};
use pellucid::namespace::Inside;
use pellucid::stack::{Config, Stack};

use crate::harness::{Case, inside};
use crate::link::{PLAIN, up};
use crate::packets::{PATIENCE, wait};
use craft::*;
use differences::{DIFFERENCES, Difference};

pub const CASES: &[Case] = &[inside(
    "reactions::are_those_of_linux_but_for_what_is_argued",
    judge,
)];

/// Ports that somebody listens at.
pub const OPEN_UDP: u16 = 4_000;
pub const OPEN_TCP: u16 = 4_001;

/// What both are asked.
pub struct Question {
    pub name: String,
    /// Its own, where it has one: what goes to others is not about it.
    pub port: u16,
    pub packets: Vec<Vec<u8>>,
}

/// A part of a message: from, to, and whether more is to come.
pub type Piece = (usize, usize, bool);

/// A packet of one family, as it is written there.
pub trait Packet {
    /// How the names of its questions begin.
    const FAMILY: &str;
    /// The number of the first question.
    const FIRST: u16;

    /// With the identification of a question, where the header has one.
    fn numbered(self, id: u16) -> Self;

    fn bytes(&self) -> Vec<u8>;
}

/// Questions of one family. Each has a number of its own, which is its identification and its port.
pub struct Asked<P> {
    questions: Vec<Question>,
    family: PhantomData<P>,
}

impl<P: Packet> Asked<P> {
    pub fn new() -> Asked<P> {
        Asked {
            questions: Vec::new(),
            family: PhantomData,
        }
    }

    /// That of the next question.
    pub fn number(&self) -> u16 {
        P::FIRST + self.questions.len() as u16
    }

    pub fn ask(&mut self, name: impl Into<String>, packet: P) {
        self.ask_all(name, vec![packet]);
    }

    pub fn ask_all(&mut self, name: impl Into<String>, packets: Vec<P>) {
        let id = self.number();
        let packets = packets.into_iter();
        let packets = packets.map(|packet| packet.numbered(id).bytes());
        self.ask_bytes(name, packets.collect());
    }

    /// What no field can say: packets as they are.
    pub fn ask_bytes(&mut self, name: impl Into<String>, packets: Vec<Vec<u8>>) {
        self.questions.push(Question {
            name: format!("{} {}", P::FAMILY, name.into()),
            port: self.number(),
            packets,
        });
    }

    pub fn questions(self) -> Vec<Question> {
        self.questions
    }
}

fn judge(inside: &Inside) {
    let link = up(inside, PLAIN);
    // How often errors leave is tested elsewhere.
    for name in ["ipv4/icmp_ratelimit", "ipv6/icmp/ratelimit"] {
        inside.set_sysctl(name, "0").expect("a private namespace");
    }
    let mut linux = Linux::new(&*link.device);
    let mut ours = Ours::new();
    let mut questions = questions_v4::questions();
    questions.extend(questions_v6::questions());
    assert!(questions.len() > 500, "{} questions", questions.len());
    let mut found = BTreeMap::new();
    for question in &questions {
        // Linux counts errors of all namespaces together, and lets a thousand a second leave.
        thread::sleep(Duration::from_millis(2));
        let (expected, said) = (linux.asked(question), ours.asked(question));
        if expected != said {
            let difference = (said.join(", "), expected.join(", "));
            let twice = found.insert(question.name.clone(), difference);
            assert!(
                twice.is_none(),
                "two questions are called {}",
                question.name
            );
        }
    }
    let faults = compare(found);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let argued = DIFFERENCES.iter().all(|one| one.because.ends_with('.'));
    assert!(argued, "each difference has its reason");
}

/// What is not argued, or is no longer so.
fn compare(mut found: BTreeMap<String, (String, String)>) -> Vec<String> {
    let mut faults = Vec::new();
    for Difference {
        questions,
        ours,
        linux,
        ..
    } in DIFFERENCES
    {
        for name in *questions {
            match found.remove(*name) {
                Some((said, expected)) if said == *ours && expected == *linux => {}
                Some((said, expected)) => faults.push(format!(
                    "{name}: ours [{said}], Linux [{expected}]; argued is [{ours}], [{linux}]"
                )),
                None => faults.push(format!("{name}: no difference any more")),
            }
        }
    }
    let others = found.into_iter();
    faults.extend(
        others.map(|(name, (said, expected))| format!("{name}: ours [{said}], Linux [{expected}]")),
    );
    faults
}

/// The kernel of this machine.
struct Linux<'a> {
    device: &'a dyn Device,
    asked: u16,
    // Held, so that their ports are open.
    _sockets: Vec<UdpSocket>,
    _listeners: Vec<TcpListener>,
}

impl<'a> Linux<'a> {
    fn new(device: &'a dyn Device) -> Linux<'a> {
        let ips = ["10.90.0.1", "fd90::1"];
        let socket = |ip| UdpSocket::bind((ip, OPEN_UDP)).expect("a free port");
        let listener = |ip| TcpListener::bind((ip, OPEN_TCP)).expect("a free port");
        Linux {
            device,
            asked: 0,
            _sockets: ips.map(socket).into(),
            _listeners: ips.map(listener).into(),
        }
    }

    fn send(&self, packet: &[u8]) {
        // What TUN itself refuses, by the version alone, reaches nobody.
        let _ = self
            .device
            .transmit(&Transmit::plain(packet, Pieces::EMPTY));
    }

    fn asked(&mut self, question: &Question) -> Vec<String> {
        for packet in &question.packets {
            self.send(packet);
        }
        self.asked += 1;
        let mark = echo(MARK, &self.asked.to_be_bytes());
        let payload = icmp_v4(8, 0, &mark);
        self.send(
            &V4 {
                protocol: ICMP,
                payload,
                ..V4::default()
            }
            .bytes(),
        );
        let expected = icmp_v4(0, 0, &mark);
        let mut said = Vec::new();
        let mut buf = RxBuffer::new();
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let Some(received) = self.device.receive(&mut buf).expect("it is up") else {
                wait(self.device);
                continue;
            };
            if received.bytes.ends_with(&expected) {
                for packet in goodbyes(question) {
                    self.send(&packet);
                }
                return said;
            }
            said.extend(reaction(received.bytes, question));
        }
        panic!("{}: Linux does not answer any more", question.name);
    }
}

/// This stack, with the addresses that Linux has.
struct Ours(Stack);

impl Ours {
    fn new() -> Ours {
        let config = Config::new(vec![(US_V4.into(), 24), (US_V6.into(), 64)]);
        let mut stack = Stack::new(config, Seed::from_number(1));
        for ip in [IpAddr::V4(US_V4), IpAddr::V6(US_V6)] {
            let now = base::Instant::BIRTH;
            stack
                .udp_bind(now, (ip, OPEN_UDP).into())
                .expect("a free port");
            stack
                .listen(now, (ip, OPEN_TCP).into(), 128)
                .expect("a free port");
        }
        Ours(stack)
    }

    fn asked(&mut self, question: &Question) -> Vec<String> {
        // As far apart as Linux is asked.
        let now = self.0.now() + Duration::from_millis(20);
        for packet in &question.packets {
            self.0.receive(now, Received::plain(packet));
        }
        let mut said = Vec::new();
        while let Some(packet) = self.0.poll_transmit(now) {
            said.extend(reaction(&packet.to_vec(), question));
        }
        for packet in goodbyes(question) {
            self.0.receive(now, Received::plain(&packet));
        }
        said
    }
}

/// Ends what a question may have begun at the open port.
fn goodbyes(question: &Question) -> [Vec<u8>; 2] {
    let reset = || reset(question.port, OPEN_TCP);
    [
        V4::default().carrying(TCP, reset()).bytes(),
        V6::default().carrying(&[], TCP, reset()).bytes(),
    ]
}

/// What a packet says, in words; nothing if it is not about this question.
fn reaction(packet: &[u8], question: &Question) -> Option<String> {
    if packet[0] >> 4 == 4 {
        let (header, behind) = packet.split_at(usize::from(packet[0] & 15) * 4);
        assert_eq!(checksum(header), 0, "{}", question.name);
        let said = match header[9] {
            ICMP => {
                assert_eq!(checksum(behind), 0, "{}", question.name);
                message(behind, question, behind[0] == 0)
            }
            TCP => segment(behind, question)?,
            other => format!("protocol {other}"),
        };
        return Some(match header.len() {
            20 => said,
            len => format!("{said} with {} bytes of options", len - 20),
        });
    }
    let (next, behind) = (packet[6], &packet[40..]);
    match next {
        // Neighbours and groups are the kernel's own affair.
        ICMPV6 if (130..=143).contains(&behind[0]) => None,
        ICMPV6 => {
            let len = (behind.len() as u32).to_be_bytes();
            let pseudo = [&packet[8..40], &len, &[0, 0, 0, ICMPV6], behind].concat();
            assert_eq!(checksum(&pseudo), 0, "{}", question.name);
            Some(message(behind, question, behind[0] == 129))
        }
        TCP => segment(behind, question),
        other => Some(format!("next header {other}")),
    }
}

fn message(message: &[u8], question: &Question, is_reply: bool) -> String {
    let (kind, code, rest) = (message[0], message[1], &message[8..]);
    if is_reply {
        return format!("echo reply of {} bytes", rest.len());
    }
    let is_error = match question.packets[0][0] >> 4 {
        6 => kind < 128,
        _ => matches!(kind, 3 | 4 | 5 | 11 | 12),
    };
    if !is_error {
        return format!("icmp {kind}/{code}");
    }
    let word = u32::from_be_bytes([message[4], message[5], message[6], message[7]]);
    let quoted = question
        .packets
        .iter()
        .find(|packet| packet.starts_with(rest));
    let quote = match quoted {
        Some(packet) if packet.len() == rest.len() => "all".to_owned(),
        Some(_) => format!("{} bytes", rest.len()),
        None => "something else".to_owned(),
    };
    format!("icmp {kind}/{code} {word:#x} quoting {quote}")
}

fn segment(segment: &[u8], question: &Question) -> Option<String> {
    let port = u16::from_be_bytes([segment[2], segment[3]]);
    let number = |at: usize| u32::from_be_bytes(segment[at..at + 4].try_into().expect("four"));
    let flags = segment[13];
    (port == question.port).then(|| match flags & SYN {
        // Whoever opens chooses its number.
        SYN => format!("tcp {flags:06b} ack {}", number(8)),
        _ => format!("tcp {flags:06b} seq {} ack {}", number(4), number(8)),
    })
}

/// The identifier of the requests that mark the end of what Linux says.
const MARK: u16 = 0x6d6b;
