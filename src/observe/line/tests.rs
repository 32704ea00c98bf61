use std::sync::{Arc, Mutex};

use super::*;
use crate::base::{Cite, SeqRange};
use crate::observe::fixtures::{ACK, ISS, ON, PEER, Packet, SYN, Teller, US, address, snapshot};
use crate::probe::{
    Accepted, Call, Discard, Drop, Edge, LossProof, Observer, Purpose, Resent, TimerKind,
};
use crate::rfc;

#[derive(Clone, Default)]
struct Page {
    lines: Arc<Mutex<(Lines, String)>>,
}

impl Observer for Page {
    fn told(&mut self, told: &Told<'_>) {
        let (lines, page) = &mut *self.lines.lock().unwrap();
        let line = lines.line(told);
        writeln!(page, "{line}").unwrap();
    }
}

fn check(tell: impl FnOnce(&mut Teller), expected: &str) {
    let page = Page::default();
    let mut stack = Teller::new(page.clone());
    tell(&mut stack);
    assert_eq!(page.lines.lock().unwrap().1, expected);
}

fn opened(stack: &mut Teller, state: State) {
    let (local, remote) = (address(US), address(PEER));
    stack.tell(
        ON,
        Event::Opened {
            local,
            remote,
            state,
        },
    );
}

const WHY: (Cite, &str) = (rfc!(9293, "3.10.1"), "OPEN asks for a connection");

#[test]
fn an_active_open_reads_like_this() {
    check(
        |stack| {
            stack.input(Subject::Stack, Event::Called(Call::Open));
            opened(stack, State::Closed);
            let (from, to, on) = (State::Closed, State::SynSent, Edge::ActiveOpen);
            stack.tell(ON, Event::StateChanged { from, to, on });
            let syn = Packet::ours(0, 0, SYN, b"");
            let after = Some(snapshot(State::SynSent));
            stack.packet_out(&syn, Purpose::Syn, WHY, after);
            stack.after(80_000);
            stack.packet_in(&Packet::theirs(0, 1, SYN | ACK, b"").bytes());
            stack.ends(ON, Accepted::SynAck, Some(snapshot(State::Established)));
            stack.packet_in(&Packet::theirs(1, 1, ACK, &[0; 100]).bytes());
            stack.ends(ON, Accepted::Text, Some(snapshot(State::Established)));
        },
        "#e1 stack  called OPEN, active\n\
         #e2 10.90.0.2:40000 > 203.0.113.10:443  opened in CLOSED\n\
         #e3 10.90.0.2:40000 > 203.0.113.10:443  CLOSED → SYN-SENT on active OPEN\n\
         #e4 10.90.0.2:40000 > 203.0.113.10:443 SYN-SENT  sent SYN: SYN seq 0 win 65535  \
         because OPEN asks for a connection (RFC 9293 3.10.1)\n\
         #e5 stack  received 203.0.113.10:443 > 10.90.0.2:40000  \
         SYN,ACK seq 4294967000 ack 1 win 65535\n\
         #e6 10.90.0.2:40000 > 203.0.113.10:443 ESTABLISHED  accepted e5: \
         SYN,ACK that answers our SYN (RFC 9293 3.10.7.3)\n\
         #e7 stack  received 203.0.113.10:443 > 10.90.0.2:40000  \
         ACK seq 1..100 (100 B) ack 1 win 65535\n\
         #e8 10.90.0.2:40000 > 203.0.113.10:443 ESTABLISHED  accepted e7: \
         text in order (RFC 9293 3.10.7.4)\n",
    );
}

#[test]
fn a_loss_and_its_repair_read_like_this() {
    check(
        |stack| {
            opened(stack, State::Established);
            let text = Packet::ours(1, 1, ACK, &[0; 1460]);
            let after = Some(snapshot(State::Established));
            let why = (rfc!(9293, "3.8"), "there is text to send");
            stack.packet_out(&text, Purpose::Text, why, after);
            let kind = TimerKind::Retransmission;
            let at = stack.now + Duration::from_millis(200);
            stack.tell(ON, Event::TimerSet { kind, at });
            stack.after(200_000).input(Subject::Stack, Event::Ticked);
            stack.tell(ON, Event::TimerExpired { kind });
            let range = SeqRange {
                start: SeqNum(ISS) + 1,
                len: 1460,
            };
            let by = LossProof::Timeout;
            stack.tell(ON, Event::Lost { range, by });
            let event = Event::CongestionChanged {
                cwnd: 1460,
                ssthresh: Some(7300),
                by: rfc!(5681, "3.1"),
                text: "one segment after a timeout",
            };
            stack.tell(ON, event);
            let why = (
                rfc!(6298, "5 (5.4)"),
                "the earliest segment not acknowledged",
            );
            let again = Purpose::Retransmission(Resent::Timeout);
            stack.packet_out(&text, again, why, after);
            let [rtt, srtt, rttvar, rto] = [20_100, 20_050, 10, 200_000].map(Duration::from_micros);
            let event = Event::RttSampled {
                rtt,
                srtt,
                rttvar,
                rto,
            };
            stack.tell(ON, event);
            stack.tell(ON, Event::TimerCancelled { kind });
        },
        "#e1 10.90.0.2:40000 > 203.0.113.10:443  opened in ESTABLISHED\n\
         #e2 10.90.0.2:40000 > 203.0.113.10:443 ESTABLISHED  sent text: \
         ACK seq 1..1460 (1460 B) ack 1 win 65535  \
         because there is text to send (RFC 9293 3.8)\n\
         #e3 10.90.0.2:40000 > 203.0.113.10:443  retransmission timer set, due in 200.000 ms\n\
         #e4 stack  time passed\n\
         #e5 10.90.0.2:40000 > 203.0.113.10:443  retransmission timer expired\n\
         #e6 10.90.0.2:40000 > 203.0.113.10:443  lost seq 1..1460 (1460 B): timeout\n\
         #e7 10.90.0.2:40000 > 203.0.113.10:443  cwnd 1460 ssthresh 7300: \
         one segment after a timeout (RFC 5681 3.1)\n\
         #e8 10.90.0.2:40000 > 203.0.113.10:443 ESTABLISHED  sent retransmission, timeout: \
         ACK seq 1..1460 (1460 B) ack 1 win 65535  \
         because the earliest segment not acknowledged (RFC 6298 5 (5.4))\n\
         #e9 10.90.0.2:40000 > 203.0.113.10:443  RTT 20.100 ms SRTT 20.050 ms \
         RTTVAR 0.010 ms RTO 200.000 ms\n\
         #e10 10.90.0.2:40000 > 203.0.113.10:443  retransmission timer stopped\n",
    );
}

#[test]
fn strangers_and_nonsense_read_like_this() {
    check(
        |stack| {
            stack.packet_in(b"\x1b[2Jnot a packet");
            stack.ends(Subject::Stack, Drop::BadVersion, None);
            stack.packet_in(&Packet::theirs(0, 0, SYN, b"").bytes());
            stack.ends(Subject::Listener(3), Discard::BacklogFull, None);
            stack.tell(Subject::Connection(9), Event::Urgent { offset: 12 });
        },
        "#e1 stack  received 16 B that are no IP packet\n\
         #e2 stack  dropped e1: neither IPv4 nor IPv6 (RFC 1122 3.2.1.1)\n\
         #e3 stack  received 203.0.113.10:443 > 10.90.0.2:40000  \
         SYN seq 4294967000 win 65535\n\
         #e4 listener 3  dropped e3: backlog of half-open connections is full (RFC 4987 3.4)\n\
         #e5 connection 9  urgent data ends at byte 12\n",
    );
}
