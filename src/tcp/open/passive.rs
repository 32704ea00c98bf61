//! LISTEN and half-open connections: RFC 9293 section 3.10.7.2.
//!
//! A SYN makes a [`HalfOpen`], which is small because anybody can make one; the ACK of our SYN
//! makes it a [`Connection`] in SYN-RECEIVED, and that segment then takes the eight steps.

use std::sync::Arc;
use std::time::Duration;

use crate::base::pair::SocketPair;
use crate::base::{Instant, Mss, SeqNum, SeqRange};
use crate::probe::{Accepted, Discard, Edge, Ending, Event, EventId, State, Why};
use crate::rfc;
use crate::tcp::arrive::challenge::Challenge;
use crate::tcp::arrive::sequence::is_acceptable;
use crate::tcp::connection::Connection;
use crate::tcp::ecn::{Mode, accurate};
use crate::tcp::timestamps::Timestamps;
use crate::tcp::{Config, Context};
use crate::wire::cookie::{Cookie, Form};
use crate::wire::options::{Options, TimestampOption};
use crate::wire::tcp::{Flags, Ports, Segment};

use super::defer::syn_ack_timeout;
use super::negotiate::{Agreement, Offer, Scales, agree, syn_window};

/// What LISTEN makes of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtListener {
    /// A SYN: a half-open connection is to be made.
    Syn,
    /// It ends here; [`Discard::AckAtListener`] draws a reset.
    Discard(Discard),
}

/// SEGMENT ARRIVES in LISTEN.
pub fn arrives_in_listen(seg: &Segment<'_>) -> AtListener {
    // First, RST: it could not be valid. Second, ACK: any is bad here. Third, SYN.
    if seg.rst() {
        AtListener::Discard(Discard::ResetAtListener)
    } else if seg.ack.is_some() {
        AtListener::Discard(Discard::AckAtListener)
    } else if seg.syn() {
        AtListener::Syn
    } else {
        AtListener::Discard(Discard::NothingAtListener)
    }
}

/// A connection whose SYN we have answered, in SYN-RECEIVED: what must be remembered until the
/// handshake's last ACK.
#[derive(Debug, Clone, Copy)]
pub struct HalfOpen {
    pair: SocketPair,
    iss: SeqNum,
    irs: SeqNum,
    agreed: Agreement,
    timestamps: Option<Timestamps>,
    timestamp_offset: u32,
    challenge: Challenge,
    /// RFC 7413 section 4.1.2: the first SYN,ACK hands out a cookie.
    pub(super) hands_out: Option<Form>,
    /// The SYN came again and asked for no ECN.
    silent: bool,
    /// Nobody knows when the SYN,ACK left: [`super::syn_cookie`].
    unmeasured: bool,
    /// When the SYN,ACK left last, and how often it has left once more, whoever asked for it.
    sent_at: Option<Instant>,
    resent: u32,
    /// When it goes again unless it is acknowledged, and how often that has come.
    due: Option<Instant>,
    timeouts: u32,
    /// When an ACK came for it that did not count, because text is waited for.
    acked_at: Option<Instant>,
    answer: Option<(Answer, EventId)>,
}

/// What a half-open connection has to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The SYN,ACK, for the first time.
    SynAck,
    /// The SYN,ACK once more.
    SynAckAgain,
    /// An ACK: something unacceptable came.
    Ack,
}

/// What a segment does to a half-open connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// It stays as it is; the segment's ending.
    Stay(Ending),
    /// It goes back to LISTEN.
    Forget(Ending),
    /// The handshake is complete.
    Complete,
}

impl HalfOpen {
    /// From a SYN: "RCV.NXT is set to SEG.SEQ+1, IRS is set to SEG.SEQ ... ISS should be selected
    /// and a SYN segment sent". Text on the SYN is not acknowledged, so it will come again.
    pub fn new(
        cx: &mut Context<'_>,
        pair: SocketPair,
        offer: &Offer,
        config: &Config,
        seg: &Segment<'_>,
        iss: SeqNum,
        timestamp_offset: u32,
    ) -> HalfOpen {
        let default = Mss::default_of(pair.remote.addr);
        let agreed = Agreement {
            ecn: Mode::of_syn(seg.flags, cx.codepoint, config.ecn, config.accurate_ecn),
            ..agree(offer, &seg.options, default)
        };
        cx.tell(|| Event::Opened {
            local: pair.local.into(),
            remote: pair.remote.into(),
            state: State::Listen,
        });
        tell_edge(cx, State::Listen, Edge::SynReceived);
        HalfOpen {
            pair,
            iss,
            irs: seg.seq,
            agreed,
            timestamps: seg
                .options
                .timestamps
                .filter(|_| agreed.timestamps)
                .map(|peer| Timestamps::new(timestamp_offset, peer, cx.now, seg.seq + 1)),
            timestamp_offset,
            challenge: Challenge::new(timestamp_offset),
            hands_out: None,
            silent: false,
            unmeasured: false,
            sent_at: None,
            resent: 0,
            due: None,
            timeouts: 0,
            acked_at: None,
            answer: Some((Answer::SynAck, cx.input())),
        }
    }

    /// The same, made of the SYN that a cookie stands for: that has been answered, nobody knows
    /// when.
    #[must_use]
    pub fn answered_by_cookie(self) -> HalfOpen {
        HalfOpen {
            answer: None,
            unmeasured: true,
            ..self
        }
    }

    /// SEGMENT ARRIVES in SYN-RECEIVED, as far as no control block is needed: RFC 9293
    /// section 3.10.7.4, first to fifth.
    pub fn arrives(
        &mut self,
        cx: &mut Context<'_>,
        seg: &Segment<'_>,
        config: &Config,
    ) -> Reaction {
        let rcv_nxt = self.irs + 1;
        let window = u32::from(syn_window(config));
        // First: PAWS, then the sequence number.
        if let (Some(ours), Some(theirs)) = (&self.timestamps, seg.options.timestamps)
            && ours.is_old(theirs.value, cx.now)
            && !seg.rst()
        {
            return self.challenge(cx, Discard::Paws);
        }
        // The SYN that we know lies before the window: it is trimmed off, whatever text it has.
        if seg.syn() && seg.seq == self.irs && !seg.rst() {
            return self.answer_again(cx, seg.flags, config);
        }
        if !is_acceptable(seg.seq, seg.len(), rcv_nxt, window) {
            return if seg.rst() {
                Reaction::Stay(Discard::ResetOutOfWindow.into())
            } else {
                self.challenge(cx, Discard::OutOfWindow)
            };
        }
        // Second, RST: exactly at RCV.NXT, or it is challenged.
        if seg.rst() {
            if seg.seq != rcv_nxt {
                return self.challenge(cx, Discard::ResetNotExact);
            }
            tell_edge(cx, State::SynReceived, Edge::ResetReceivedPassive);
            return Reaction::Forget(Accepted::Reset.into());
        }
        // Fourth, SYN: "if the connection was initiated with a passive OPEN, then return this
        // connection to the LISTEN state".
        if seg.syn() {
            tell_edge(cx, State::SynReceived, Edge::ResetReceivedPassive);
            return Reaction::Forget(Discard::SynInSynchronized.into());
        }
        // Fifth, ACK: SND.UNA < SEG.ACK =< SND.NXT leaves one number.
        match seg.ack {
            None => Reaction::Stay(Discard::NoAck.into()),
            // RFC 7323 section 3.2: dropped in silence, and a control block is not made for it.
            Some(_) if self.timestamps.is_some() && seg.options.timestamps.is_none() => {
                Reaction::Stay(Discard::TimestampMissing.into())
            }
            Some(ack) if ack == self.iss + 1 => self.on_ack(cx, seg, config),
            Some(_) => Reaction::Stay(Discard::AckUnacceptable.into()),
        }
    }

    /// Our SYN is acknowledged: the handshake is complete, unless there is time for text to come:
    /// house!("defer-accept").
    fn on_ack(&mut self, cx: &Context<'_>, seg: &Segment<'_>, config: &Config) -> Reaction {
        let bare = seg.text.is_empty() && !seg.fin();
        if bare && self.timeouts < config.defer_accept.timeouts() {
            self.acked_at.get_or_insert(cx.now);
            return Reaction::Stay(Discard::AckDeferred.into());
        }
        Reaction::Complete
    }

    fn challenge(&mut self, cx: &Context<'_>, why: Discard) -> Reaction {
        // A SYN,ACK that waits to be sent stays: it starts the timer, and acknowledges as well.
        if self.answer.is_none() && self.challenge.may_send(cx.now) {
            self.answer = Some((Answer::Ack, cx.input()));
        }
        Reaction::Stay(why.into())
    }

    /// The peer's SYN came again: our answer was lost. It allocates nothing.
    fn answer_again(&mut self, cx: &mut Context<'_>, flags: Flags, config: &Config) -> Reaction {
        if self.agreed.ecn.is_mixed(flags, config.accurate_ecn) {
            tell_edge(cx, State::SynReceived, Edge::ResetReceivedPassive);
            return Reaction::Forget(Discard::EcnMixed.into());
        }
        self.silent |= accurate::number(flags) == 0;
        if self.answer.is_none() && self.challenge.may_send(cx.now) {
            self.answer = Some((Answer::SynAckAgain, cx.input()));
        }
        Reaction::Stay(Discard::Old.into())
    }

    /// The retransmission timer has expired: the SYN,ACK goes again, or the connection is given
    /// up (`false`). A peer that has acknowledged it is not asked before the last moment.
    pub fn handle_timeout(&mut self, cx: &mut Context<'_>, config: &Config) -> bool {
        let patience = match self.acked_at {
            Some(_) => config.defer_accept.timeouts(),
            None => 0,
        };
        if self.timeouts >= config.r2_syn_ack.max(patience) {
            tell_edge(cx, State::SynReceived, Edge::Aborted);
            return false;
        }
        // RFC 6298 section 5 (5.5): an RTO of one second, doubled.
        self.timeouts += 1;
        self.due = Some(cx.now + syn_ack_timeout(self.timeouts, config.rto_max));
        if self.timeouts >= patience {
            self.answer = Some((Answer::SynAckAgain, cx.input()));
        }
        true
    }

    /// When the SYN,ACK is due to go again. SYNs that come again do not put it off: whoever
    /// repeats them could keep the entry for ever.
    pub fn deadline(&self) -> Option<Instant> {
        self.due
    }

    /// What has to be sent, and since which input.
    pub fn answer(&self) -> Option<(Answer, EventId)> {
        self.answer
    }

    /// The segment for an answer; it counts as sent. `cookie` goes with it if one was asked for.
    pub fn take_answer(
        &mut self,
        now: Instant,
        config: &Config,
        cookie: Cookie,
    ) -> Option<(Segment<'static>, &'static Why)> {
        let (answer, _) = self.answer.take()?;
        let timestamps = self.timestamps.map(|timestamps| timestamps.option(now));
        let ports = Ports {
            src: self.pair.local.port,
            dst: self.pair.remote.port,
        };
        let window = syn_window(config);
        let blank = Segment {
            ports,
            seq: self.iss,
            ack: Some(self.irs + 1),
            flags: Flags::ACK,
            window,
            urgent: 0,
            order: self.agreed.order,
            options: Options::default(),
            text: crate::base::Pieces::EMPTY,
        };
        if answer == Answer::Ack {
            let segment = self.acknowledge(timestamps, config, blank);
            return Some((segment, UNACCEPTABLE));
        }
        let why = if answer == Answer::SynAck {
            SYN_RECEIVED
        } else {
            self.resent += 1;
            SYN_ACK_AGAIN
        };
        self.sent_at = Some(now);
        self.due
            .get_or_insert(now + syn_ack_timeout(0, config.rto_max));
        // RFC 7413 section 4.2.1: a SYN,ACK that goes again has none, since somebody on the way may
        // have minded.
        let form = self.hands_out.filter(|_| answer == Answer::SynAck);
        let ecn = match self.silent {
            true => Mode::Off,
            false => self.agreed.ecn,
        };
        let segment = Segment {
            flags: Flags::SYN | Flags::ACK | ecn.syn_ack_flags(self.resent),
            options: Options {
                byte_counts: ecn.syn_ack_option(self.resent, config.accurate_ecn_option),
                bulk: form.map(|form| cookie.in_form(form)).into(),
                ..self.agreed.answer().syn_options(timestamps)
            },
            ..blank
        };
        Some((segment, why))
    }

    /// An ACK, where a segment was unacceptable.
    fn acknowledge<'s>(
        &self,
        timestamps: Option<TimestampOption>,
        config: &Config,
        blank: Segment<'s>,
    ) -> Segment<'s> {
        let ecn = self.agreed.ecn;
        let ecn = ecn.server(self.iss, config.accurate_ecn_option);
        // RFC 7323 section 2.3: only the window of a SYN is not scaled.
        let scale = self.agreed.scale.map(|scales| scales.ours);
        Segment {
            seq: self.iss + 1,
            flags: ecn.map_or(Flags::ACK, |ecn| Flags::ACK | ecn.feedback()),
            window: scale.unwrap_or_default().field(blank.window.into()),
            options: Options {
                timestamps,
                ..Options::default()
            },
            ..blank
        }
    }

    /// Whether a segment acknowledges another SYN,ACK than ours.
    pub fn is_another(&self, seg: &Segment<'_>) -> bool {
        seg.ack.is_some_and(|ack| ack != self.iss + 1)
    }

    /// It gives way to a connection that the peer has taken this for.
    pub fn give_way(&self, cx: &mut Context<'_>) {
        tell_edge(cx, State::SynReceived, Edge::Aborted);
    }

    /// Who talks to whom.
    pub fn pair(&self) -> SocketPair {
        self.pair
    }

    /// How often the path has been doubted: our SYN,ACK seems to be lost there, whoever noticed.
    pub fn path_doubts(&self) -> u32 {
        self.resent
    }

    /// The connection in SYN-RECEIVED that this was the beginning of, on a path that carries
    /// segments of `path_mss`.
    pub fn into_connection(
        self,
        cx: &mut Context<'_>,
        config: Arc<Config>,
        path_mss: Mss,
    ) -> Connection {
        let mut connection = self.begin(cx, config, path_mss);
        connection.snd.nxt = self.iss + 1;
        connection.recovery.count_timeouts(self.resent);
        connection.path_doubts = self.path_doubts();
        let syn = SeqRange {
            start: self.iss,
            len: 1,
        };
        // The time that an ACK was passed over is no part of the round trip.
        let passed = self.acked_at.map_or(Duration::ZERO, |at| cx.now.since(at));
        let sent = self.sent_at.unwrap_or(cx.now) + passed;
        connection.recovery.on_sent(syn, sent);
        if self.resent > 0 || self.unmeasured {
            connection.recovery.on_resent(syn, sent, None);
        }
        connection.arm_retransmission(cx);
        connection
    }

    /// The connection with all that the peer's SYN has said, before ours is sent.
    pub(super) fn begin(
        self,
        cx: &mut Context<'_>,
        config: Arc<Config>,
        path_mss: Mss,
    ) -> Connection {
        let window = u32::from(syn_window(&config));
        let mut connection = Connection::new(
            cx,
            self.pair,
            config,
            self.agreed,
            path_mss,
            self.iss,
            self.timestamp_offset,
        );
        connection.state = State::SynReceived;
        connection.passive = true;
        connection.rcv.start(self.irs, window);
        connection.timestamps = self.timestamps;
        if let Some(Scales { ours, peers }) = self.agreed.scale {
            connection.snd.scale = peers;
            connection.rcv.scale = ours;
        }
        connection.congestion.set_mss(connection.eff_snd_mss());
        if self.agreed.sack {
            connection.recovery.expect_reports();
        }
        let telling = connection.config.accurate_ecn_option;
        connection.ecn = self.agreed.ecn.server(self.iss, telling);
        if self.silent {
            connection.on_ecn_silence();
        }
        connection
    }
}

fn tell_edge(cx: &mut Context<'_>, from: State, on: Edge) {
    if let Some(to) = from.after(on) {
        cx.tell(|| Event::StateChanged { from, to, on });
    }
}

const SYN_RECEIVED: &Why = &Why {
    by: rfc!(9293, "3.10.7.2"),
    text: "a SYN came for a listener: it is answered by ours",
};
pub(in crate::tcp) const SYN_ACK_AGAIN: &Why = &Why {
    by: rfc!(6298, "5 (5.4)"),
    text: "our SYN,ACK is not acknowledged: it goes again",
};
const UNACCEPTABLE: &Why = &Why {
    by: rfc!(9293, "3.10.7.4"),
    text: "an unacceptable segment is answered by what is expected",
};

/// robustness: what anybody can make by one packet stays small.
const _: () = assert!(size_of::<HalfOpen>() <= 160);

#[cfg(test)]
mod tests;
