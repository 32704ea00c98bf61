//! The connection under test, and how a script counts.
//!
//! Exactly one connection is *current*: packet lines speak of it. A script has its own initial
//! sequence numbers for both directions and its own timestamps; what it writes is translated to
//! what is on the wire, and back. The rules are packetdrill's, odd ones included.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::live::{Live, LiveTcp};
use super::syntax::{Flags, Tcp};

/// How far a connection has come, as the script tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// `socket()` was called.
    Fresh,
    /// `listen()` was called.
    Listening,
    /// `connect()` was called.
    Connecting,
    /// The script has expected its SYN.
    SynExpected,
    /// A packet came in for a listener, or for nobody.
    Child,
    /// The script has expected the SYN,ACK that answers it.
    SynAckExpected,
}

/// One connection, or what may become one.
#[derive(Debug, Clone)]
pub struct Flow {
    stage: Stage,
    /// The script's name of its socket.
    fd: Option<i64>,
    /// Our end, once it is known.
    pub local: Option<SocketAddr>,
    /// The far end, once it is known.
    pub remote: Option<SocketAddr>,
    /// Our initial sequence number as the script has it.
    script_isn: u32,
    /// Our initial sequence number as it is.
    live_isn: u32,
    /// The far end's, the same for both.
    far_isn: u32,
    /// Our timestamps that the script has expected, and what they were.
    stamps: BTreeMap<u32, u32>,
    /// The first of them.
    first_stamp: Option<(u32, u32)>,
    /// Flow labels by the script's number.
    labels: BTreeMap<u32, u32>,
    /// The largest segment that the far end's SYN has said it takes.
    pub peer_mss: Option<u16>,
    /// The far end's SYN offered to scale windows.
    pub peer_scales: bool,
    /// By how much our windows are scaled, if both ends do.
    our_scale: Option<u8>,
    /// How far the window reached that we offered last.
    edge: Option<u32>,
}

/// Why a packet line fits nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// There is no connection that the line could speak of.
    #[error("no connection that the packet could belong to")]
    NoConnection,
    /// An inbound TSecr that the script never expected as a TSval.
    #[error("TSecr {0} is no TSval that the script has expected before")]
    UnknownEcho(u32),
}

/// The fields of a segment that are counted differently by script and wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbers {
    pub seq: u32,
    pub ack: u32,
}

impl Flow {
    fn new(stage: Stage) -> Flow {
        Flow {
            stage,
            fd: None,
            local: None,
            remote: None,
            script_isn: 0,
            live_isn: 0,
            far_isn: 0,
            stamps: BTreeMap::new(),
            first_stamp: None,
            labels: BTreeMap::new(),
            peer_mss: None,
            peer_scales: false,
            our_scale: None,
            edge: None,
        }
    }

    /// What an inbound line's numbers are on the wire.
    pub fn inbound(&self, tcp: &Tcp) -> Numbers {
        let syn = tcp.flags.has(Flags::SYN);
        let start = tcp.seq.start.unwrap_or(0);
        let seq = match syn || tcp.seq.absolute {
            true => start,
            false => self.far_isn.wrapping_add(start),
        };
        let ack = tcp.ack.unwrap_or(0);
        let ack = match tcp.flags.has(Flags::ACK) {
            true => self.ours_on_wire(ack, syn),
            false => ack,
        };
        Numbers { seq, ack }
    }

    /// A number of our space, such as an inbound ack or SACK edge, as it is on the wire.
    pub fn ours_on_wire(&self, number: u32, syn: bool) -> u32 {
        let shift = if syn { self.script_isn } else { 0 };
        number.wrapping_sub(shift).wrapping_add(self.live_isn)
    }

    /// What an outbound segment's numbers are in the script's counting. `absolute`: the sequence
    /// number is counted as the wire does.
    pub fn outbound(&self, live: &LiveTcp, absolute: bool) -> Numbers {
        let syn = live.has(Flags::SYN);
        let seq = match syn {
            _ if absolute => live.seq,
            true => live
                .seq
                .wrapping_sub(self.live_isn)
                .wrapping_add(self.script_isn),
            false => live.seq.wrapping_sub(self.live_isn),
        };
        let ack = match live.has(Flags::ACK) {
            true => self.theirs_in_script(live.ack, syn),
            false => live.ack,
        };
        Numbers { seq, ack }
    }

    /// A number of the far end's space, such as an outbound ack or SACK edge, in the script's
    /// counting.
    pub fn theirs_in_script(&self, number: u32, syn: bool) -> u32 {
        match syn {
            true => number,
            false => number.wrapping_sub(self.far_isn),
        }
    }

    /// The offset in its stream of the first byte of an inbound segment at `seq`.
    pub fn inbound_offset(&self, seq: u32, syn: bool) -> u64 {
        u64::from(match syn {
            true => 0,
            false => seq.wrapping_sub(self.far_isn).wrapping_sub(1),
        })
    }

    /// The offset in its stream of the first byte of an outbound segment.
    pub fn outbound_offset(&self, live: &LiveTcp) -> u64 {
        u64::from(match live.has(Flags::SYN) {
            true => 0,
            false => live.seq.wrapping_sub(self.live_isn).wrapping_sub(1),
        })
    }

    /// What an inbound TSecr is on the wire.
    pub fn echo(&self, script: u32, scaled: bool) -> Result<u32, Misfit> {
        match (self.stamps.get(&script), self.first_stamp) {
            (Some(live), _) => Ok(*live),
            (None, Some((first_script, first_live))) if scaled => {
                Ok(script.wrapping_sub(first_script).wrapping_add(first_live))
            }
            _ => Err(Misfit::UnknownEcho(script)),
        }
    }

    /// Our TSval was expected as `script` and is `live`. Returns how many ticks the two have
    /// parted since the first.
    pub fn stamp(&mut self, script: u32, live: u32) -> u32 {
        self.stamps.insert(script, live);
        let (first_script, first_live) = *self.first_stamp.get_or_insert((script, live));
        let apart = live
            .wrapping_sub(first_live)
            .wrapping_sub(script.wrapping_sub(first_script));
        // Either may be ahead.
        (apart as i32).unsigned_abs()
    }

    /// Whether a live flow label may be what the script calls `script`; it is from now on.
    pub fn label(&mut self, script: u32, live: u32) -> bool {
        if live == 0 {
            return false;
        }
        match self.labels.get(&script) {
            Some(bound) => *bound == live,
            None => {
                let free = !self.labels.values().any(|bound| *bound == live);
                if free {
                    self.labels.insert(script, live);
                }
                free
            }
        }
    }

    /// Our initial sequence number, for what quotes our packets.
    pub fn live_isn(&self) -> u32 {
        self.live_isn
    }

    /// A segment of ours has left: does the right edge of the window that it offers lie left of one
    /// that was offered before? Returns by how much.
    pub fn offers(&mut self, live: &LiveTcp) -> Option<u32> {
        let syn = live.has(Flags::SYN);
        if syn {
            let options = live.options().unwrap_or_default();
            let scale = options.iter().find(|(kind, _)| *kind == WINDOW_SCALE);
            self.our_scale = scale.and_then(|(_, body)| body.first().copied());
        }
        if !live.has(Flags::ACK) || live.has(Flags::RST) {
            return None;
        }
        let shift = match syn || !self.peer_scales {
            true => 0,
            false => self.our_scale.unwrap_or(0).min(14),
        };
        let edge = live.ack.wrapping_add(u32::from(live.window) << shift);
        let before = self.edge.unwrap_or(edge);
        let moved = edge.wrapping_sub(before) as i32;
        if moved > 0 || self.edge.is_none() {
            self.edge = Some(edge);
        }
        (moved < 0).then_some(moved.unsigned_abs())
    }

    /// Whether a packet that has left belongs here. The first SYN of a connection that is being
    /// opened tells our port.
    fn owns(&self, live: &Live) -> bool {
        let Some((src, dst)) = live.ends() else {
            // An ICMP message: to the far end, about anything.
            return self.remote.is_some_and(|remote| remote.ip() == live.ip.dst);
        };
        match (self.local, self.remote) {
            (Some(local), Some(remote)) => (local, remote) == (src, dst),
            (None, Some(remote)) => {
                let syn = live.tcp().is_some_and(|tcp| tcp.has(Flags::SYN));
                remote == dst && syn
            }
            _ => false,
        }
    }
}

/// All connections of a script, and which one is current.
#[derive(Debug, Clone)]
pub struct Flows {
    list: Vec<Flow>,
    current: Option<usize>,
    next_port: u16,
    /// Pairs that lines have named by their ports: ours, theirs.
    named: Vec<(SocketAddr, SocketAddr)>,
    /// Where the far end lives, and where connections are opened to.
    remote: SocketAddr,
    /// Where listeners live.
    local: SocketAddr,
}

impl Flows {
    /// None yet. `local` is where sockets are bound, `remote` where they connect to.
    pub fn new(local: SocketAddr, remote: SocketAddr) -> Flows {
        Flows {
            list: Vec::new(),
            current: None,
            next_port: FAR_PORT,
            named: Vec::new(),
            remote,
            local,
        }
    }

    /// The connection that packet lines speak of.
    pub fn current(&self) -> Option<&Flow> {
        self.list.get(self.current?)
    }

    /// The same, to be changed.
    pub fn current_mut(&mut self) -> Option<&mut Flow> {
        self.list.get_mut(self.current?)
    }

    /// The descriptor of the current connection, if the script has one for it.
    pub fn current_fd(&self) -> Option<i64> {
        self.current()?.fd
    }

    /// `socket()` has returned `fd`.
    pub fn on_socket(&mut self, fd: i64) {
        let mut flow = Flow::new(Stage::Fresh);
        flow.fd = Some(fd);
        self.current = Some(self.list.len());
        self.list.push(flow);
    }

    /// `listen()` was called.
    pub fn on_listen(&mut self, fd: i64) {
        if let Some(flow) = self.by_fd(fd) {
            flow.stage = Stage::Listening;
        }
    }

    /// `connect()`, or what does as much, was called on a new socket.
    pub fn on_connect(&mut self, fd: i64) {
        let remote = self.remote;
        if let Some(flow) = self.by_fd(fd)
            && flow.stage == Stage::Fresh
        {
            flow.stage = Stage::Connecting;
            flow.remote = Some(remote);
        }
    }

    /// The socket was disconnected: it is new again.
    pub fn on_disconnect(&mut self, fd: i64) {
        if let Some(flow) = self.by_fd(fd) {
            *flow = Flow::new(Stage::Fresh);
            flow.fd = Some(fd);
        }
    }

    /// `close()` was called: the name is free.
    pub fn on_close(&mut self, fd: i64) {
        if let Some(flow) = self.by_fd(fd) {
            flow.fd = None;
        }
    }

    /// `accept()` has returned a connection with the far end's `port`. `false`: the script never
    /// expected its SYN,ACK.
    pub fn on_accept(&mut self, fd: i64, port: u16) -> bool {
        let flow = self.list.iter_mut().rev().find(|flow| {
            flow.stage == Stage::SynAckExpected && flow.remote.is_some_and(|r| r.port() == port)
        });
        match flow {
            Some(flow) => {
                flow.fd = Some(fd);
                true
            }
            None => false,
        }
    }

    fn by_fd(&mut self, fd: i64) -> Option<&mut Flow> {
        self.list.iter_mut().find(|flow| flow.fd == Some(fd))
    }

    /// An inbound segment is about to be sent: the connection that it is for.
    pub fn for_inbound(&mut self, tcp: &Tcp) -> Result<&mut Flow, Misfit> {
        let makes_child = match self.current().map(|flow| (flow.stage, flow.fd)) {
            None => true,
            // A socket that is new, or gone, has no addresses yet.
            Some((Stage::Listening | Stage::Fresh, _)) => true,
            Some(_) => false,
        };
        if makes_child {
            let start = tcp.seq.start.unwrap_or(0);
            self.make_child(start);
        }
        let syn_ack = tcp.flags.has(Flags::SYN) && tcp.flags.has(Flags::ACK);
        let flow = self.current_mut().ok_or(Misfit::NoConnection)?;
        if syn_ack && matches!(flow.stage, Stage::Connecting | Stage::SynExpected) {
            flow.far_isn = tcp.seq.start.unwrap_or(0);
        }
        Ok(flow)
    }

    /// The connection that an inbound ICMP message is about.
    pub fn for_icmp(&self) -> Result<&Flow, Misfit> {
        self.current()
            .filter(|flow| flow.remote.is_some())
            .ok_or(Misfit::NoConnection)
    }

    fn make_child(&mut self, far_isn: u32) {
        let mut flow = Flow::new(Stage::Child);
        flow.far_isn = far_isn;
        flow.local = Some(self.local);
        flow.remote = Some(SocketAddr::new(self.remote.ip(), self.next_port));
        self.next_port = self.next_port.wrapping_add(1).max(FAR_PORT);
        self.current = Some(self.list.len());
        self.list.push(flow);
    }

    /// An outbound segment is expected: what the line says of it counts from now on.
    pub fn for_outbound(&mut self, tcp: &Tcp) -> Result<&mut Flow, Misfit> {
        let flow = self.current_mut().ok_or(Misfit::NoConnection)?;
        let syn = tcp.flags.has(Flags::SYN);
        let ack = tcp.flags.has(Flags::ACK);
        match flow.stage {
            Stage::Fresh | Stage::Listening => return Err(Misfit::NoConnection),
            Stage::Connecting if syn && !ack => {
                flow.script_isn = tcp.seq.start.unwrap_or(0);
                flow.stage = Stage::SynExpected;
            }
            Stage::Child if syn && ack => {
                flow.script_isn = tcp.seq.start.unwrap_or(0);
                flow.stage = Stage::SynAckExpected;
            }
            _ => {}
        }
        Ok(flow)
    }

    /// Whether a packet that has left belongs to the current connection.
    pub fn is_current(&self, live: &Live) -> bool {
        self.current().is_some_and(|flow| flow.owns(live))
    }

    /// The latest connection of the script that a packet that has left belongs to.
    pub fn owner(&self, live: &Live) -> Option<&Flow> {
        self.list.iter().rev().find(|flow| flow.owns(live))
    }

    /// The same, to be changed.
    pub fn owner_mut(&mut self, live: &Live) -> Option<&mut Flow> {
        self.list.iter_mut().rev().find(|flow| flow.owns(live))
    }

    /// Whether a packet that has left belongs to anything that the script has spoken of.
    pub fn is_known(&self, live: &Live) -> bool {
        let named = live.ends().is_some_and(|ends| self.named.contains(&ends));
        named || self.owner(live).is_some()
    }

    /// An inbound line names its ports: `near` and `far` talk.
    pub fn on_named(&mut self, near: SocketAddr, far: SocketAddr) {
        self.named.push((near, far));
    }

    /// A packet of the current connection was taken to be compared: our SYN tells what only the
    /// stack knew.
    pub fn on_taken(&mut self, live: &Live) {
        let (Some(flow), Some(tcp)) = (self.current_mut(), live.tcp()) else {
            return;
        };
        if !tcp.has(Flags::SYN) {
            return;
        }
        match flow.stage {
            Stage::Connecting | Stage::SynExpected if flow.local.is_none() => {
                flow.local = Some(SocketAddr::new(live.ip.src, tcp.src));
                flow.live_isn = tcp.seq;
            }
            Stage::Child | Stage::SynAckExpected => flow.live_isn = tcp.seq,
            _ => {}
        }
    }
}

/// RFC 7323 section 2.2.
const WINDOW_SCALE: u8 = 3;
/// The far end's first port, and so on upwards: each passive connection has one of its own.
const FAR_PORT: u16 = 40_000;

#[cfg(test)]
mod tests;
