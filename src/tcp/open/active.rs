//! OPEN and SYN-SENT: RFC 9293 sections 3.10.1 and 3.10.7.3; simultaneous open (section 3.5,
//! Figure 7).

use std::sync::Arc;
use std::time::Duration;

use crate::base::pair::SocketPair;
use crate::base::{Mss, SeqNum};
use crate::probe::{Accepted, Discard, Edge, Event, TimerKind, Why};
use crate::rfc;
use crate::tcp::connection::Connection;
use crate::tcp::ecn::{Asking, Mode};
use crate::tcp::input::acknowledge::SYN_ACK;
use crate::tcp::timestamps::Timestamps;
use crate::tcp::wake::Wake;
use crate::tcp::{Config, Context, Failure, Step};
use crate::wire::tcp::{Flags, Segment};

use super::negotiate::{Agreement, Offer, agree, syn_window};

impl Connection {
    /// Active OPEN: a SYN waits to be sent.
    pub fn open(
        cx: &mut Context<'_>,
        pair: SocketPair,
        config: Arc<Config>,
        mss: Mss,
        iss: SeqNum,
        timestamp_offset: u32,
    ) -> Connection {
        let offer = Offer::new(&config, mss);
        let alone = offer.alone();
        let mut connection = Connection::new(cx, pair, config, alone, mss, iss, timestamp_offset);
        cx.tell(|| Event::Opened {
            local: pair.local.into(),
            remote: pair.remote.into(),
            state: connection.state,
        });
        connection.enter(cx, Edge::ActiveOpen);
        connection.arm_user_timeout(cx);
        connection
    }

    /// What our SYN offers, or our SYN,ACK answers.
    pub(in crate::tcp) fn offer(&self) -> Offer {
        Offer::new(&self.config, self.agreed.our_mss)
    }

    /// SEGMENT ARRIVES in SYN-SENT: RFC 9293 section 3.10.7.3.
    pub(in crate::tcp) fn arrives_in_syn_sent(
        &mut self,
        cx: &mut Context<'_>,
        seg: &Segment<'_>,
    ) -> Step<Accepted> {
        // First, the ACK bit: SND.UNA < SEG.ACK =< SND.NXT, or a reset goes back.
        let acked = match seg.ack {
            Some(ack) if !self.snd.is_new_ack(ack) => {
                let why = if seg.rst() {
                    Discard::ResetUnacceptable
                } else {
                    Discard::AckUnacceptable
                };
                return Err(why.into());
            }
            ack => ack,
        };
        // Second, the RST bit. RFC 5961 section 3.2 has nothing to compare SEG.SEQ with here.
        if seg.rst() {
            if acked.is_none() {
                return Err(Discard::ResetUnacceptable.into());
            }
            self.fail(cx, Edge::ResetReceived, Failure::Refused);
            return Err(Accepted::Reset.into());
        }
        // Third, security: docs/not-implemented.md. Fourth, the SYN bit.
        if !seg.syn() {
            return Err(Discard::NoSyn.into());
        }
        self.synchronize(cx, seg);
        match acked {
            Some(ack) => self.on_syn_ack(cx, seg, ack),
            None => {
                // Both opened at once: our SYN goes, perhaps again, now with an ACK.
                self.wait_no_longer(cx);
                self.enter(cx, Edge::SynReceived);
                self.snd.start_window(seg);
                if self.snd.nxt != self.snd.iss {
                    self.recovery
                        .syn_ack_due(self.snd.iss, cx.input(), SIMULTANEOUS);
                }
                Ok(Accepted::Syn)
            }
        }
    }

    /// Takes what the peer's SYN says: IRS, RCV.NXT and the options.
    fn synchronize(&mut self, cx: &mut Context<'_>, seg: &Segment<'_>) {
        self.rcv.start(seg.seq, u32::from(syn_window(&self.config)));
        self.agreed = Agreement {
            ecn: self.agree_on_ecn(cx, seg),
            ..agree(&self.offer(), &seg.options, self.default_mss())
        };
        let (iss, telling) = (self.snd.iss, self.config.accurate_ecn_option);
        self.ecn = match seg.ack {
            Some(_) => {
                let option = seg.options.byte_counts;
                self.agreed.ecn.client(iss, telling, option)
            }
            None => self.agreed.ecn.server(iss, telling),
        };
        if let Some(scales) = self.agreed.scale {
            self.snd.scale = scales.peers;
            self.rcv.scale = scales.ours;
        }
        self.timestamps = seg
            .options
            .timestamps
            .filter(|_| self.agreed.timestamps)
            .map(|peer| Timestamps::new(self.timestamp_offset, peer, cx.now, self.rcv.nxt));
        self.congestion.set_mss(self.eff_snd_mss());
        if self.agreed.sack {
            self.recovery.expect_reports();
        }
    }

    /// RFC 3168 section 6.1.1: both sides have sent ECN-setup packets, and we none of the other
    /// kind. Two that open at the same time have both asked, and each answers as who listens does
    /// (RFC 9768 section 3.1.2).
    fn agree_on_ecn(&self, cx: &Context<'_>, seg: &Segment<'_>) -> Mode {
        let asked = self.ecn_asking();
        match seg.ack {
            Some(_) => Mode::of_syn_ack(seg.flags, cx.codepoint, asked),
            None if asked == Flags::NONE => Mode::Off,
            None => {
                let Config {
                    ecn, accurate_ecn, ..
                } = *self.config;
                Mode::of_syn(seg.flags, cx.codepoint, ecn, accurate_ecn)
            }
        }
    }

    /// With which flags our SYN asks. One that was not answered goes again without asking, since
    /// somebody on the way may have minded: RFC 3168 section 6.1.1.1; for accurate ECN, the second
    /// that goes again: RFC 9768 section 3.1.4.1.
    pub(in crate::tcp) fn ecn_asking(&self) -> Flags {
        let again = match self.config.ecn_fallback {
            true => self.recovery.timeouts(),
            false => 0,
        };
        if self.config.accurate_ecn == Asking::Ask {
            return match again {
                0 | 1 => Flags::AE | Flags::CWR | Flags::ECE,
                _ => Flags::NONE,
            };
        }
        match self.config.ecn {
            Asking::Ask if again == 0 => Flags::CWR | Flags::ECE,
            _ => Flags::NONE,
        }
    }

    fn on_syn_ack(
        &mut self,
        cx: &mut Context<'_>,
        seg: &Segment<'_>,
        ack: SeqNum,
    ) -> Step<Accepted> {
        self.snd.start_window(seg);
        self.learn(seg, ack);
        self.enter(cx, Edge::SynAckReceived);
        self.on_established(cx);
        self.on_new_ack(cx, seg, ack);
        self.on_our_syn_acked(cx);
        if self.config.lazy_open {
            self.acks.owe_in_time(cx.input(), SYN_ACK);
            let at = cx.now + LAZY;
            self.timers.set(cx, TimerKind::DelayedAck, at);
        } else {
            self.acks.owe(cx.input(), SYN_ACK);
        }
        // "If there are other controls or text in the segment, then continue processing at the
        // sixth step."
        let rest = seg.trim(self.rcv.nxt, self.rcv.wnd());
        self.take_urgent(cx, &rest);
        let text = self.take_text(cx, &rest);
        let fin = self.take_fin(cx, &rest);
        Ok(fin.or(text).unwrap_or(Accepted::SynAck))
    }

    /// Both SYNs are acknowledged.
    pub(in crate::tcp) fn on_established(&mut self, cx: &mut Context<'_>) {
        let had_it = self.end_hurry();
        self.wake |= match had_it {
            true => Wake::WRITABLE,
            false => Wake::CONNECTED | Wake::WRITABLE,
        };
        if self.recovery.timeouts() > 0 {
            // RFC 6298 section 5 (5.7); RFC 6928 section 2.
            self.rtt.on_syn_resent();
        }
        if self.recovery.timeouts() > 1 {
            self.congestion
                .on_congestion(cx.now, crate::tcp::congestion::Congestion::SynLost);
        }
        self.keep_alive_heard(cx);
    }

    pub(super) fn default_mss(&self) -> Mss {
        Mss::default_of(self.pair.remote.addr)
    }
}

/// house!("delayed-ack")
const LAZY: Duration = Duration::from_millis(200);
const SIMULTANEOUS: &Why = &Why {
    by: rfc!(9293, "3.10.7.3"),
    text: "the peer's SYN crossed ours: our SYN goes again and acknowledges it",
};
