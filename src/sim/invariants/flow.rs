//! I-SAFE, I-WIN, I-BOUND and I-STATE: one connection, as its segments and its variables show it.

use std::collections::VecDeque;

use crate::base::{Ranges, SeqNum};
use crate::probe::{Edge, Purpose, Snapshot, State};
use crate::sim::reading::SegmentReading;

use super::forgotten::Handshake;
use super::window::Taken;
use super::{Rules, Wrong};

/// What is known of a connection.
#[derive(Debug, Default)]
pub(super) struct Flow {
    ours: Option<Ours>,
    theirs: Option<Theirs>,
    /// The scales that the two SYNs offered; both count only if both are there.
    our_scale: Option<u8>,
    their_scale: Option<u8>,
    /// The furthest right edge that the peer ever offered.
    their_edge: Option<SeqNum>,
    /// The furthest that we ever did.
    our_edge: Option<SeqNum>,
    window: Taken,
    variables: Option<Snapshot>,
    state: Option<State>,
    burst: Burst,
    /// Segments that came since something left.
    heard: u64,
}

/// What we sent.
#[derive(Debug)]
struct Ours {
    iss: SeqNum,
    /// Text that is sent and not acknowledged, from `una` on.
    sent: VecDeque<u8>,
    una: SeqNum,
    /// Where our FIN stands.
    fin: Option<SeqNum>,
    /// How far a window probe has gone beyond the edge.
    probed: Option<SeqNum>,
}

/// What we received.
#[derive(Debug)]
struct Theirs {
    irs: SeqNum,
    /// Offsets of text, the first byte is 0; and the FIN, if it came.
    came: Ranges,
    /// How far all has come, to count numbers from.
    next: u64,
    fin: Option<u64>,
}

/// What left since one input and before the next.
#[derive(Debug, Default)]
struct Burst {
    /// How many inputs there had been.
    inputs: u64,
    bare: u64,
    bare_max: u64,
    data: u64,
    /// Bytes that left once more.
    again: u64,
    /// The most segments that any of it was allowed.
    window: u64,
}

impl Flow {
    /// One whose handshake its stack has forgotten: what that said holds all the same.
    pub fn begun(Handshake { syn, answer, .. }: &Handshake) -> Flow {
        Flow {
            ours: answer.map(|answer| Ours::begun(answer.seq)),
            theirs: Some(Theirs::begun(syn.seq)),
            our_scale: answer.and_then(|answer| answer.options.window_scale),
            their_scale: syn.options.window_scale,
            our_edge: answer.and_then(|answer| Some(answer.ack? + u32::from(answer.window))),
            ..Flow::default()
        }
    }

    pub fn is_closed(&self) -> bool {
        self.state == Some(State::Closed)
    }

    pub fn is_outstanding(&self) -> bool {
        let open = |known: &Snapshot| known.snd_una != known.snd_nxt;
        !self.is_closed() && self.variables.as_ref().is_some_and(open)
    }

    /// An arrow was taken.
    pub fn moves(&mut self, from: State, to: State, on: Edge) -> Result<(), Wrong> {
        let before = self.state.replace(to);
        if to == State::Closed {
            self.ours = None;
            self.theirs = None;
        }
        if before.is_some_and(|before| before != from) {
            let what = format!("{from} is left on {on:?}, and the state was {before:?}");
            return Err(("I-STATE", what));
        }
        if !ARROWS.contains(&(from, to)) {
            let what = format!("no arrow leads from {from} to {to}, taken on {on:?}");
            return Err(("I-STATE", what));
        }
        Ok(())
    }

    /// A segment came, whatever became of it.
    pub fn is_told(&mut self) {
        self.heard += 1;
    }

    /// A segment was taken in.
    pub fn hears(&mut self, segment: &SegmentReading) {
        if segment.rst() {
            return;
        }
        if segment.syn() {
            self.their_scale = segment.options.window_scale;
            self.theirs
                .get_or_insert_with(|| Theirs::begun(segment.seq));
        }
        // RFC 7323 section 2.2: the window of a SYN is never scaled.
        let shift = if segment.syn() { 0 } else { self.their_shift() };
        self.window.hears(segment, self.variables.as_ref(), shift);
        if let Some(ack) = segment.ack {
            let edge = ack + (u32::from(segment.window) << shift);
            self.their_edge = Some(self.their_edge.map_or(edge, |known| known.later_of(edge)));
        } else if segment.syn() && self.ours.is_some() {
            // Two SYNs cross: theirs offers a window for what follows ours.
            let edge = self.ours.as_ref().map(|ours| ours.iss + 1);
            self.their_edge = edge.map(|edge| edge + u32::from(segment.window));
        }
        if let Some(theirs) = &mut self.theirs {
            theirs.take(segment);
        }
    }

    /// A segment leaves.
    pub fn says(
        &mut self,
        segment: &SegmentReading,
        text: [&[u8]; 3],
        cut: Option<u64>,
        purpose: Purpose,
        inputs: u64,
        variables: Option<&Snapshot>,
    ) -> Result<(), Wrong> {
        let text_len = u64::from(segment.text_len);
        let segments = cut.map_or(1, |size| text_len.div_ceil(size.max(1)));
        self.check_burst(segment, segments, purpose, inputs, variables)?;
        if segment.rst() {
            return Ok(());
        }
        if segment.syn() {
            self.our_scale = segment.options.window_scale;
            self.ours.get_or_insert_with(|| Ours::begun(segment.seq));
        }
        self.check_acknowledgment(segment)?;
        self.check_our_edge(segment)?;
        self.check_their_edge(segment, purpose)?;
        match &mut self.ours {
            Some(ours) => ours.say(segment, text),
            None => Ok(()),
        }
    }

    /// The variables, as they are after an event.
    pub fn learn(&mut self, known: &Snapshot, rules: &Rules) -> Result<(), Wrong> {
        let before = self.variables.replace(*known);
        if known.state == State::Closed {
            return Ok(());
        }
        if let Some(ours) = &mut self.ours {
            ours.release(known.snd_una);
        }
        if self.state.is_some_and(|state| state != known.state) {
            let what = format!("in {}, and told of {:?}", known.state, self.state);
            return Err(("I-STATE", what));
        }
        if !known.snd_una.at_or_before(known.snd_nxt) {
            return Err(("I-STATE", "SND.UNA is beyond SND.NXT".to_owned()));
        }
        let synchronized = known.state != State::SynSent;
        if let Some(before) = before.filter(|before| before.state != State::SynSent) {
            let back = known.snd_una.before(before.snd_una)
                || known.snd_nxt.before(before.snd_nxt)
                || synchronized && known.rcv_nxt.before(before.rcv_nxt);
            if back {
                let what = format!("a number goes back:\n  {before:?}\n  {known:?}");
                return Err(("I-STATE", what));
            }
        }
        self.window.check(known)?;
        if known.unread > rules.receive_buffer as usize + WINDOW_UNIT_MAX {
            let what = format!("{} bytes wait for a reader", known.unread);
            return Err(("I-MEM", what));
        }
        if known.unacknowledged > rules.send_buffer as usize {
            let what = format!("{} bytes wait for an acknowledgment", known.unacknowledged);
            return Err(("I-MEM", what));
        }
        Ok(())
    }

    /// RFC 7323 section 2.2: windows are scaled if both SYNs say so.
    fn their_shift(&self) -> u8 {
        let both = self.our_scale.and(self.their_scale);
        both.map_or(0, |shift| shift.min(SHIFT_MAX))
    }

    fn our_shift(&self) -> u8 {
        let both = self.their_scale.and(self.our_scale);
        both.map_or(0, |shift| shift.min(SHIFT_MAX))
    }

    /// I-BOUND: after an input at most a window of segments leaves, and two more; and one
    /// acknowledgment or reset for each segment that came, should each be owed its own.
    ///
    /// A window counts bytes (RFC 5681 section 2), and small segments go again as they went: what
    /// goes again counts as the full segments that it would fill.
    fn check_burst(
        &mut self,
        segment: &SegmentReading,
        segments: u64,
        purpose: Purpose,
        inputs: u64,
        variables: Option<&Snapshot>,
    ) -> Result<(), Wrong> {
        let heard = std::mem::take(&mut self.heard);
        let burst = &mut self.burst;
        if burst.inputs != inputs {
            *burst = Burst {
                inputs,
                bare_max: BARE_MAX + heard,
                ..Burst::default()
            };
        }
        let full = variables.map_or(1, least_text);
        if let Some(known) = variables {
            burst.window = burst.window.max(known.cwnd.div_ceil(full));
        }
        match purpose {
            _ if segment.text_len == 0 => burst.bare += 1,
            Purpose::Retransmission(_) => burst.again += u64::from(segment.text_len),
            _ => burst.data += segments,
        }
        let data = burst.data + burst.again.div_ceil(full);
        if burst.bare > burst.bare_max || data > burst.window + BARE_MAX {
            let what = format!("too much leaves after one input: {burst:?}");
            return Err(("I-BOUND", what));
        }
        Ok(())
    }

    /// I-WIN: nothing is acknowledged that has not come.
    fn check_acknowledgment(&self, segment: &SegmentReading) -> Result<(), Wrong> {
        let Some(theirs) = &self.theirs else {
            return Ok(());
        };
        let (all, first) = theirs.in_order();
        if let Some(ack) = segment.ack {
            let offset = theirs.offset(ack);
            if offset > all as i64 {
                let what = format!("byte {offset} is acknowledged, and {all} have come");
                return Err(("I-WIN", what));
            }
        }
        for (left, right) in segment.options.sack_blocks() {
            let (left, right) = (theirs.offset(left), theirs.offset(right));
            let held = left >= 0
                && left < right
                && (theirs.have_come(left as u64, right as u64) || right as u64 <= first);
            if !held {
                let what = format!("bytes {left} to {right} are reported, and have not all come");
                return Err(("I-WIN", what));
            }
        }
        Ok(())
    }

    /// I-WIN: our right edge never moves left, but for rounding. Behind the peer's FIN there is
    /// nothing to allow.
    ///
    /// RFC 7323 section 2.4: a window counts in units of its scale, so where RCV.NXT has moved by
    /// less, either the edge moves right, perhaps beyond the buffer and again with each segment, or
    /// it moves left by less than a unit.
    fn check_our_edge(&mut self, segment: &SegmentReading) -> Result<(), Wrong> {
        let Some(ack) = segment.ack else {
            return Ok(());
        };
        if self
            .theirs
            .as_ref()
            .is_none_or(|theirs| theirs.fin.is_some())
        {
            return Ok(());
        }
        let shift = if segment.syn() { 0 } else { self.our_shift() };
        let edge = ack + (u32::from(segment.window) << shift);
        let before = *self.our_edge.get_or_insert(edge);
        self.our_edge = Some(before.later_of(edge));
        // The field of a SYN that goes again may be too small for what was offered meanwhile.
        if !segment.syn() && edge.before(before) && before.since(edge) >= 1 << shift {
            let by = before.since(edge);
            let what = format!("the window's right edge moves left by {by}, to {edge}");
            return Err(("I-WIN", what));
        }
        Ok(())
    }

    /// I-WIN: nothing is sent beyond what the peer has room for, but for a probe's one byte.
    fn check_their_edge(
        &mut self,
        segment: &SegmentReading,
        purpose: Purpose,
    ) -> Result<(), Wrong> {
        let (Some(edge), Some(ours)) = (self.their_edge, &mut self.ours) else {
            return Ok(());
        };
        let end = segment.end();
        let is_probe = purpose == Purpose::WindowProbe && end.since(segment.seq) == 1;
        if is_probe && end == edge + 1 {
            ours.probed = Some(end);
        }
        // Where the edge has passed it, a probe is like any text.
        ours.probed = ours.probed.filter(|probed| probed.after(edge));
        let furthest = ours.probed.unwrap_or(edge);
        if segment.syn() || segment.is_bare() || !end.after(furthest) {
            return Ok(());
        }
        let beyond = end.since(edge);
        let what = format!("{purpose:?} ends {beyond} beyond the furthest edge ever offered");
        Err(("I-WIN", what))
    }
}

impl Ours {
    /// After a SYN.
    fn begun(iss: SeqNum) -> Ours {
        Ours {
            iss,
            sent: VecDeque::new(),
            una: iss + 1,
            fin: None,
            probed: None,
        }
    }

    /// I-SAFE: what goes again is what went first, and nothing follows our FIN.
    fn say(&mut self, segment: &SegmentReading, text: [&[u8]; 3]) -> Result<(), Wrong> {
        let end = segment.text_end();
        if segment.fin() && *self.fin.get_or_insert(end) != end {
            return Err(("I-SAFE", "our FIN has moved".to_owned()));
        }
        if segment.text_len == 0 {
            return Ok(());
        }
        if let Some(fin) = self.fin.filter(|fin| end.after(*fin)) {
            let what = format!("text up to {end} follows our FIN at {fin}");
            return Err(("I-SAFE", what));
        }
        let first = segment.text_seq();
        // What is acknowledged may go once more, and is not kept.
        let skip = if first.before(self.una) {
            self.una.since(first) as usize
        } else {
            0
        };
        let mut at = if skip > 0 {
            0
        } else {
            first.since(self.una) as usize
        };
        if at > self.sent.len() {
            let what = format!("text at {first} leaves a gap behind what was sent");
            return Err(("I-SAFE", what));
        }
        let mut skip = skip;
        for piece in text {
            let passed = skip.min(piece.len());
            skip -= passed;
            let piece = &piece[passed..];
            let known = piece.len().min(self.sent.len() - at);
            let (again, new) = piece.split_at(known);
            if !is_at(&self.sent, at, again) {
                let what = format!("a segment at {first} has other text than it had before");
                return Err(("I-SAFE", what));
            }
            self.sent.extend(new);
            at += piece.len();
        }
        Ok(())
    }

    /// All before `una` is acknowledged.
    fn release(&mut self, una: SeqNum) {
        if una.after(self.una) {
            let bytes = (una.since(self.una) as usize).min(self.sent.len());
            self.sent.drain(..bytes);
            self.una = una;
        }
    }
}

impl Theirs {
    /// After a SYN.
    fn begun(irs: SeqNum) -> Theirs {
        Theirs {
            irs,
            came: Ranges::new(),
            next: 0,
            fin: None,
        }
    }

    /// Notes what a segment brought.
    fn take(&mut self, segment: &SegmentReading) {
        let (from, to) = (
            self.offset(segment.text_seq()),
            self.offset(segment.text_end()),
        );
        if to > 0 && to > from {
            self.came.insert(from.max(0) as u64..to as u64, usize::MAX);
        }
        if segment.fin() && to >= 0 {
            self.fin.get_or_insert(to as u64);
        }
        self.next = self.in_order().1;
    }

    /// How many numbers behind the SYN have come without a hole, and how many of them are text.
    fn in_order(&self) -> (u64, u64) {
        let first = self.came.first().filter(|range| range.start == 0);
        let text = first.map_or(0, |range| range.end);
        (text + u64::from(self.fin == Some(text)), text)
    }

    /// Whether all from `left` up to `right` has come, of which the last may be a FIN.
    fn have_come(&self, left: u64, right: u64) -> bool {
        let end_of_text = match self.fin {
            Some(fin) if fin + 1 == right => fin,
            _ => right,
        };
        left == end_of_text || self.came.contains(&(left..end_of_text))
    }

    /// Where a number lies in the stream; it is less than 2^31 from the next one expected.
    fn offset(&self, seq: SeqNum) -> i64 {
        let next = self.irs + 1 + self.next as u32;
        let distance = seq.since(next) as i32;
        self.next as i64 + i64::from(distance)
    }
}

/// Whether `bytes` stand in `kept` from `at` on.
fn is_at(kept: &VecDeque<u8>, at: usize, bytes: &[u8]) -> bool {
    let (front, back) = kept.as_slices();
    let from_front = front.get(at..).unwrap_or_default();
    let cut = bytes.len().min(from_front.len());
    let (first, second) = bytes.split_at(cut);
    let behind = at.saturating_sub(front.len());
    let from_back = back.get(behind..behind + second.len());
    from_front.starts_with(first) && from_back == Some(second)
}

/// The shortest text that a full segment may have: options take up to 40 bytes.
fn least_text(known: &Snapshot) -> u64 {
    u64::from(known.mss.saturating_sub(40).max(1))
}

/// What may leave beside a window of text: an acknowledgment and a probe, say, or a FIN.
const BARE_MAX: u64 = 2;
/// RFC 7323 section 2.3.
const SHIFT_MAX: u8 = 14;
/// A window that is rounded up may take in so much more.
const WINDOW_UNIT_MAX: usize = 1 << SHIFT_MAX;

/// RFC 9293 Figure 5, with the arrows that its text adds: any state may be aborted or reset.
const ARROWS: &[(State, State)] = &[
    (State::Closed, State::Listen),
    (State::Closed, State::SynSent),
    (State::Listen, State::SynReceived),
    (State::Listen, State::SynSent),
    (State::Listen, State::Closed),
    (State::SynSent, State::SynReceived),
    (State::SynSent, State::Established),
    (State::SynSent, State::Closed),
    (State::SynReceived, State::Established),
    (State::SynReceived, State::FinWait1),
    (State::SynReceived, State::Listen),
    (State::SynReceived, State::Closed),
    (State::Established, State::FinWait1),
    (State::Established, State::CloseWait),
    (State::Established, State::Closed),
    (State::FinWait1, State::FinWait2),
    (State::FinWait1, State::Closing),
    (State::FinWait1, State::TimeWait),
    (State::FinWait1, State::Closed),
    (State::FinWait2, State::TimeWait),
    (State::FinWait2, State::Closed),
    (State::CloseWait, State::LastAck),
    (State::CloseWait, State::Closed),
    (State::Closing, State::TimeWait),
    (State::Closing, State::Closed),
    (State::LastAck, State::Closed),
    (State::TimeWait, State::Closed),
];
