//! What the tests of the watching wing are fed: packets made by hand, and events told in order.

#[cfg(feature = "records")]
pub mod files;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::base::{Cite, Instant, InterfaceId, Pieces, SeqNum};
use crate::probe::{
    Ending, Event, EventId, Observer, Purpose, Snapshot, State, Subject, Variables, Voice, Why,
};

/// Our end of the connection in these tests.
pub const US: &str = "10.90.0.2:40000";
/// The other end.
pub const PEER: &str = "203.0.113.10:443";
/// The connection's number.
pub const ON: Subject = Subject::Connection(7);
/// Our initial sequence number.
pub const ISS: u32 = 1_000_000;
/// The peer's.
pub const IRS: u32 = 4_294_967_000;

pub const FIN: u8 = 1;
pub const SYN: u8 = 2;
pub const ACK: u8 = 16;

/// A TCP segment to be.
#[derive(Debug, Clone)]
pub struct Packet {
    pub src: SocketAddr,
    pub dst: SocketAddr,
    pub seq: u32,
    pub ack: u32,
    pub flags: u8,
    pub window: u16,
    pub options: Vec<u8>,
    pub text: Vec<u8>,
}

impl Packet {
    /// From us, with sequence numbers counted from the initial ones.
    pub fn ours(seq: u32, ack: u32, flags: u8, text: &[u8]) -> Packet {
        Packet {
            src: address(US),
            dst: address(PEER),
            seq: ISS.wrapping_add(seq),
            ack: if flags & ACK == 0 {
                0
            } else {
                IRS.wrapping_add(ack)
            },
            flags,
            window: 65_535,
            options: Vec::new(),
            text: text.to_vec(),
        }
    }

    /// From the peer, likewise.
    pub fn theirs(seq: u32, ack: u32, flags: u8, text: &[u8]) -> Packet {
        Packet {
            src: address(PEER),
            dst: address(US),
            seq: IRS.wrapping_add(seq),
            ack: if flags & ACK == 0 {
                0
            } else {
                ISS.wrapping_add(ack)
            },
            ..Packet::ours(0, 0, flags, text)
        }
    }

    /// With options, whose length must be a multiple of four.
    pub fn with_options(self, options: &[u8]) -> Packet {
        assert_eq!(options.len() % 4, 0);
        Packet {
            options: options.to_vec(),
            ..self
        }
    }

    /// IP header, TCP header and text, all sums right.
    pub fn bytes(&self) -> Vec<u8> {
        let mut tcp = Vec::new();
        tcp.extend(self.src.port().to_be_bytes());
        tcp.extend(self.dst.port().to_be_bytes());
        tcp.extend(self.seq.to_be_bytes());
        tcp.extend(self.ack.to_be_bytes());
        let words = 5 + self.options.len() / 4;
        tcp.extend([(words as u8) << 4, self.flags]);
        tcp.extend(self.window.to_be_bytes());
        tcp.extend([0; 4]);
        tcp.extend(&self.options);
        tcp.extend(&self.text);
        match (self.src.ip(), self.dst.ip()) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => ipv4(src, dst, tcp),
            (IpAddr::V6(src), IpAddr::V6(dst)) => {
                let len = tcp.len() as u16;
                let pseudo = [&src.octets()[..], &dst.octets(), &[0, 0]].concat();
                sum_into(
                    &mut tcp,
                    16,
                    &[&pseudo[..32], &[0, 6], &len.to_be_bytes()].concat(),
                );
                let mut ip = vec![0x60, 0, 0, 0];
                ip.extend(len.to_be_bytes());
                ip.extend([6, 64]);
                ip.extend(src.octets());
                ip.extend(dst.octets());
                [ip, tcp].concat()
            }
            _ => panic!("one family"),
        }
    }
}

fn ipv4(src: Ipv4Addr, dst: Ipv4Addr, mut tcp: Vec<u8>) -> Vec<u8> {
    let len = tcp.len() as u16;
    let pseudo = [
        &src.octets()[..],
        &dst.octets(),
        &[0, 6],
        &len.to_be_bytes(),
    ]
    .concat();
    sum_into(&mut tcp, 16, &pseudo);
    let mut ip = vec![0x45, 0];
    ip.extend((20 + len).to_be_bytes());
    ip.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
    ip.extend(src.octets());
    ip.extend(dst.octets());
    sum_into(&mut ip, 10, &[]);
    [ip, tcp].concat()
}

/// RFC 1071, over `before` and `bytes`, into the field at `at`.
fn sum_into(bytes: &mut [u8], at: usize, before: &[u8]) {
    let word = |pair: &[u8]| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
    let sum: u32 = before.chunks(2).chain(bytes.chunks(2)).map(word).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let folded = (folded & 0xffff) + (folded >> 16);
    bytes[at..at + 2].copy_from_slice(&(!(folded as u16)).to_be_bytes());
}

pub fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub fn millis(ms: u64) -> Instant {
    Instant::BIRTH + Duration::from_millis(ms)
}

/// What the connection knows in `state`.
pub fn snapshot(state: State) -> Snapshot {
    Snapshot {
        state,
        snd_una: SeqNum(ISS) + 1,
        snd_nxt: SeqNum(ISS) + 1,
        snd_wnd: 65_535,
        iss: SeqNum(ISS),
        rcv_nxt: SeqNum(IRS) + 1,
        rcv_wnd: 65_535,
        irs: SeqNum(IRS),
        cwnd: 14_600,
        ssthresh: None,
        in_flight: 0,
        srtt: None,
        rttvar: None,
        rto: Duration::from_secs(1),
        mss: 1460,
        unacknowledged: 0,
        send_limit: 131_072,
        unread: 0,
        phase: "open",
        congestion_control: "reno",
    }
}

/// Tells events in order, as a stack would, to whoever listens.
pub struct Teller {
    voice: Voice,
    pub now: Instant,
}

impl Teller {
    pub fn new(observer: impl Observer + Send + 'static) -> Teller {
        let mut voice = Voice::new(0, 1);
        voice.add(Box::new(observer));
        Teller {
            voice,
            now: Instant::BIRTH,
        }
    }

    /// Moves time on.
    pub fn after(&mut self, micros: u64) -> &mut Teller {
        self.now += Duration::from_micros(micros);
        self
    }

    pub fn input(&mut self, on: Subject, event: Event<'_>) -> EventId {
        self.voice.input_told(self.now, on, || event)
    }

    pub fn tell(&mut self, on: Subject, event: Event<'_>) -> EventId {
        self.voice.tell(self.now, on, || event)
    }

    pub fn tell_because(&mut self, cause: EventId, on: Subject, event: Event<'_>) -> EventId {
        self.voice.tell_because(cause, self.now, on, || event)
    }

    /// The connection of these tests comes to be.
    pub fn opened(&mut self) -> EventId {
        let (local, remote, state) = (address(US), address(PEER), State::Closed);
        self.tell(
            ON,
            Event::Opened {
                local,
                remote,
                state,
            },
        )
    }

    pub fn packet_in(&mut self, bytes: &[u8]) -> EventId {
        self.input(
            Subject::Stack,
            Event::PacketIn {
                interface: InterfaceId::FIRST,
                bytes,
                offload: crate::base::Offload::default(),
            },
        )
    }

    /// The ending of the packet that came in last.
    pub fn ends(&mut self, on: Subject, ending: impl Into<Ending>, after: Option<Snapshot>) {
        let event = match ending.into() {
            Ending::Accepted(what) => Event::Accepted {
                what,
                by: what.cite(),
                variables: after.map(Variables::Copied),
            },
            Ending::Discarded(why) => Event::Discarded {
                why,
                by: why.cite(),
                variables: after.map(Variables::Copied),
            },
            Ending::Dropped(why) => Event::Dropped {
                why,
                by: why.cite(),
            },
        };
        self.tell(on, event);
    }

    /// A packet that leaves because of the input that was told last, its text lent in two pieces.
    pub fn packet_out(
        &mut self,
        packet: &Packet,
        purpose: Purpose,
        (by, text): (Cite, &'static str),
        after: Option<Snapshot>,
    ) -> EventId {
        let bytes = packet.bytes();
        let (head, body) = bytes.split_at(bytes.len() - packet.text.len());
        let (first, second) = body.split_at(body.len() / 2);
        self.tell(
            ON,
            Event::PacketOut {
                interface: InterfaceId::FIRST,
                head,
                body: Pieces(first, second),
                offload: crate::base::Offload::default(),
                purpose,
                why: Why { by, text },
                variables: after.map(Variables::Copied),
            },
        )
    }
}
