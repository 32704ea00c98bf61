//! Packet lines: inbound ones are sent, outbound ones waited for and compared.

use super::super::compare::{Judgment, Terms, compare, spelled};
use super::super::craft::{self, Uncraftable};
use super::super::flow::Misfit;
use super::super::live::{Live, LiveBody};
use super::super::merge::Seen;
use super::super::outcome::{Reason, ReasonKind, Stop};
use super::super::settings::Dialect;
use super::super::syntax::{Body, Event, Flags, Options, Packet, Place, Tcp, TcpOption};
use super::{Nanos, Planned, Runner, seconds};

impl<'s> Runner<'s> {
    /// Sends an inbound line.
    pub(super) fn inject(&mut self, event: &Event, line: &Packet) -> Result<(), Stop> {
        let bytes = self.craft(event, line)?;
        self.world.tell(&line.to_string());
        let aggregate = match &line.body {
            Body::Tcp(tcp) => {
                let mss = self.world.settings.aggregate;
                mss.filter(|mss| tcp.seq.len > *mss)
            }
            _ => None,
        };
        self.world.backend.inject(&bytes, aggregate);
        self.world.settle()
    }

    fn craft(&mut self, event: &Event, line: &Packet) -> Result<Vec<u8>, Stop> {
        let script = |error: Uncraftable| -> Stop {
            Reason::plain(ReasonKind::Script, event.at, error.to_string()).into()
        };
        let world = &mut self.world;
        match &line.body {
            Body::Tcp(tcp) => {
                let flow = world.flows.for_inbound(tcp).map_err(|e| script(e.into()))?;
                if tcp.flags.has(Flags::SYN) {
                    flow.peer_scales = offers_scale(tcp);
                    flow.peer_mss =
                        Some(offered_mss(tcp, flow.remote.is_some_and(|r| r.is_ipv6())));
                }
                let ends = flow.local.zip(flow.remote);
                let bytes = craft::tcp(tcp, &line.marks, flow, &world.settings);
                if let (Some(ports), Some((mut near, mut far))) = (tcp.ports, ends) {
                    near.set_port(ports.dst);
                    far.set_port(ports.src);
                    world.flows.on_named(near, far);
                }
                bytes.map_err(script)
            }
            Body::Icmp(icmp) => {
                let flow = world.flows.for_icmp().map_err(|e| script(e.into()))?;
                craft::icmp(icmp, &line.marks, flow).map_err(script)
            }
            Body::Udp { ports, len } => {
                let flow = world.flows.for_icmp().map_err(|e| script(e.into()))?;
                craft::udp(*ports, *len, &line.marks, flow).map_err(script)
            }
            Body::Unsupported(what) => Err(Stop::Skip((*what).to_owned())),
        }
    }

    /// Waits for an outbound line's packet, and compares.
    pub(super) fn expect(
        &mut self,
        event: &Event,
        line: &Packet,
        planned: Planned,
    ) -> Result<(), Stop> {
        self.begin();
        let misfit = |error: Misfit| -> Stop {
            Reason::plain(ReasonKind::Script, event.at, error.to_string()).into()
        };
        let len = match &line.body {
            Body::Tcp(tcp) => {
                self.world.flows.for_outbound(tcp).map_err(misfit)?;
                usize::from(tcp.seq.len)
            }
            Body::Unsupported(what) => return Err(Stop::Skip((*what).to_owned())),
            _ => {
                self.world.flows.for_icmp().map_err(misfit)?;
                0
            }
        };
        let optional = self.may_be_missing(line);
        let Some(first) = self.take(planned, optional)? else {
            if optional {
                return self.owe(line);
            }
            return self.missing(event, line, planned);
        };
        let mut seen = Seen::one(self.cut(first, len));
        let merges = !self.world.settings.strict_segments && self.plan.dialect == Dialect::Google;
        while merges && seen.text_len() < len {
            let Some(next) = self.take(planned, false)? else {
                return self.missing(event, line, planned);
            };
            let next = self.cut(next, len - seen.text_len());
            if self.plan.relaxed.delack && seen.parts.len() == 1 && is_pure_ack(&seen.whole) {
                seen = Seen::one(next);
                continue;
            }
            if let Err(field) = seen.join(next.clone(), line.marks.tos.is_some()) {
                let text = format!("the next segment does not go on from it: {field}");
                return self.mismatch(event, line, &next, &text, Judgment::default());
            }
        }
        self.judge(event, line, seen, planned)
    }

    /// The next packet of the current connection, as long as it may be waited for. One that is
    /// optional is waited for no longer than it would be in time.
    fn take(&mut self, planned: Planned, optional: bool) -> Result<Option<Live>, Stop> {
        let end = planned.end.max(planned.start);
        let limit = match planned.whenever || self.plan.dialect == Dialect::Bsd {
            true => None,
            false if optional => Some(end + self.tolerance(planned)),
            false => {
                // Whole seconds of the time from the event before to the end of this one, and two.
                let seconds = (end - self.before.planned + 2 * SECOND).div_euclid(SECOND);
                Some(self.world.clock() + seconds * SECOND)
            }
        };
        let live = self.world.next_packet(limit)?;
        if let Some(live) = &live {
            self.world.flows.on_taken(live);
        }
        Ok(live)
    }

    fn judge(
        &mut self,
        event: &Event,
        line: &Packet,
        seen: Seen,
        planned: Planned,
    ) -> Result<(), Stop> {
        let world = &mut self.world;
        let terms = Terms {
            settings: &world.settings,
            relaxed: self.plan.relaxed,
            planned: planned.start / 1000,
        };
        let Some(flow) = world.flows.current_mut() else {
            let text = Misfit::NoConnection.to_string();
            return Err(Reason::plain(ReasonKind::Script, event.at, text).into());
        };
        let judgment = compare(line, &seen, flow, terms);
        if !judgment.differences.is_empty() {
            return self.forgive(event, line, seen, planned, judgment);
        }
        if let Some((expected, actual)) = judgment.echo {
            let text = format!("{}: tsecr is {actual}, the line has {expected}", event.at);
            self.world.advice.push(text);
        }
        if seen.swallowed() > 0 {
            let text = format!("{}: a pure ACK left before the text", event.at);
            self.world.guards.violate("stray", text);
        }
        self.check_time(event, line, &seen.whole, planned)
    }

    /// The packet is not as the line says: a relaxation may help.
    fn forgive(
        &mut self,
        event: &Event,
        line: &Packet,
        seen: Seen,
        planned: Planned,
        judgment: Judgment,
    ) -> Result<(), Stop> {
        let relaxed = self.plan.relaxed.delack && seen.parts.len() == 1;
        if relaxed && is_pure_ack_line(line) && !is_pure_ack(&seen.whole) {
            self.world.queue.push_front(seen.whole);
            return self.owe(line);
        }
        if relaxed && is_pure_ack(&seen.whole) && !is_pure_ack_line(line) {
            return self.expect(event, line, planned);
        }
        let are_both = is_pure_ack_line(line) && is_pure_ack(&seen.whole);
        if relaxed
            && are_both
            && let Some(beyond) = acknowledges_beyond(&judgment)
        {
            if beyond < 0 {
                return self.expect(event, line, planned);
            }
            self.world.queue.push_front(seen.whole);
            return self.owe(line);
        }
        let text = judgment
            .differences
            .first()
            .map_or_else(String::new, |first| {
                format!(
                    "{} is {}, not {}",
                    first.field, first.actual, first.expected
                )
            });
        self.mismatch(event, line, &seen.whole, &text, judgment)
    }

    fn mismatch(
        &mut self,
        event: &Event,
        line: &Packet,
        live: &Live,
        text: &str,
        judgment: Judgment,
    ) -> Result<(), Stop> {
        if self.world.settings.non_fatal_packets {
            self.world.nonfatal += 1;
            return Ok(());
        }
        let flow = self.world.flows.current();
        let rest: Vec<String> = judgment
            .differences
            .iter()
            .skip(1)
            .map(|d| format!("{} is {}, not {}", d.field, d.actual, d.expected))
            .collect();
        let text = match rest.is_empty() {
            true => text.to_owned(),
            false => format!("{text}; also {}", rest.join("; ")),
        };
        let reason = Reason {
            kind: ReasonKind::Packet,
            at: event.at,
            expected: line.to_string().trim_start_matches("> ").to_owned(),
            actual: spelled(live, flow),
            text,
        };
        self.blame(live);
        Err(reason.into())
    }

    /// Remembers why the packet that was wrong has left.
    fn blame(&mut self, live: &Live) {
        if let Some(why) = self.world.why(live) {
            self.world.blamed = Some(why);
        }
    }

    fn missing(&mut self, event: &Event, line: &Packet, planned: Planned) -> Result<(), Stop> {
        if self.world.settings.non_fatal_packets {
            self.world.nonfatal += 1;
            return Ok(());
        }
        Err(Reason {
            kind: ReasonKind::NoPacket,
            at: event.at,
            expected: line.to_string().trim_start_matches("> ").to_owned(),
            actual: format!("nothing until {}", seconds(self.world.clock())),
            text: format!("no packet left, planned for {}", seconds(planned.start)),
        }
        .into())
    }

    fn check_time(
        &mut self,
        event: &Event,
        line: &Packet,
        live: &Live,
        planned: Planned,
    ) -> Result<(), Stop> {
        if planned.whenever || self.before.first {
            return Ok(());
        }
        let left = live.at.as_nanos() as Nanos;
        let tolerance = self.tolerance(planned);
        let off = (planned.start - left).max(left - planned.end);
        if off <= tolerance {
            if off > tolerance / 2 {
                let text = format!("{}: more than half the tolerance was used", event.at);
                self.world.advice.push(text);
            }
            return Ok(());
        }
        if self.world.settings.non_fatal_packets {
            self.world.nonfatal += 1;
            return Ok(());
        }
        self.blame(live);
        let expected = match planned.start == planned.end {
            true => seconds(planned.start),
            false => format!("{} to {}", seconds(planned.start), seconds(planned.end)),
        };
        let when = if left < planned.start {
            "early"
        } else {
            "late"
        };
        Err(Reason {
            kind: ReasonKind::Timing,
            at: event.at,
            expected,
            actual: seconds(left),
            text: format!("the packet left {when}: {line}"),
        }
        .into())
    }

    /// Under the relaxation `tso`, the first `len` bytes of a longer segment; the rest waits for
    /// the next line.
    fn cut(&mut self, live: Live, len: usize) -> Live {
        let long = live.tcp().is_some_and(|tcp| tcp.payload.len() > len);
        if !self.plan.relaxed.tso || len == 0 || !long {
            return live;
        }
        let (mut first, mut rest) = (live.clone(), live);
        if let (LiveBody::Tcp(first), LiveBody::Tcp(rest)) = (&mut first.body, &mut rest.body) {
            first.payload.truncate(len);
            first.flags &= !(Flags::FIN | Flags::PSH);
            rest.payload.drain(..len);
            rest.seq = rest.seq.wrapping_add(len as u32);
        }
        self.world.queue.push_front(rest);
        first
    }

    fn may_be_missing(&self, line: &Packet) -> bool {
        self.plan.relaxed.delack && is_pure_ack_line(line)
    }

    /// An acknowledgment that did not come must be covered by a later one.
    fn owe(&mut self, line: &Packet) -> Result<(), Stop> {
        if let Body::Tcp(tcp) = &line.body {
            self.world.owed_ack = tcp.ack.or(self.world.owed_ack);
        }
        Ok(())
    }
}

/// By how much more a segment acknowledges than its line says, if it is that by which they differ.
fn acknowledges_beyond(judgment: &Judgment) -> Option<i32> {
    let ack = judgment
        .differences
        .first()
        .filter(|of| of.field == "ack")?;
    let number = |text: &str| text.parse::<u32>().ok();
    Some(number(&ack.actual)?.wrapping_sub(number(&ack.expected)?) as i32)
}

/// What an inbound SYN says that its sender takes. RFC 9293 section 3.7.1 (MUST-15): without the
/// option 536 bytes, in IPv6 1220.
fn offered_mss(tcp: &Tcp, v6: bool) -> u16 {
    let list = match &tcp.options {
        Options::These(list) => list.as_slice(),
        Options::Any => &[],
    };
    let offered = list.iter().find_map(|option| match option {
        TcpOption::Mss(mss) => Some(*mss),
        _ => None,
    });
    offered.unwrap_or(if v6 { 1220 } else { 536 })
}

fn offers_scale(tcp: &Tcp) -> bool {
    let scales = |option: &TcpOption| matches!(option, TcpOption::WindowScale(_));
    matches!(&tcp.options, Options::These(list) if list.iter().any(scales))
}

fn is_pure_ack_line(line: &Packet) -> bool {
    let Body::Tcp(tcp) = &line.body else {
        return false;
    };
    tcp.seq.len == 0 && tcp.flags.bits & CONTROLS == Flags::ACK
}

fn is_pure_ack(live: &Live) -> bool {
    let pure = |tcp: &super::super::live::LiveTcp| {
        tcp.payload.is_empty() && tcp.flags & CONTROLS == Flags::ACK
    };
    live.tcp().is_some_and(pure)
}

/// What makes a segment more than an acknowledgment.
const CONTROLS: u8 = Flags::FIN | Flags::SYN | Flags::RST | Flags::ACK;

const SECOND: Nanos = 1_000_000_000;

/// A place that no line has.
pub(super) const NOWHERE: Place = Place { line: 0, col: 0 };
