//! SEND, RECEIVE and STATUS: RFC 9293 sections 3.10.2, 3.10.3 and 3.10.6.

use std::sync::Arc;
use std::time::Duration;

use crate::base::{Bytes, Chunk, Instant};
use crate::probe::{Event, State};
use crate::rfc;

use super::config::{Config, KeepAlive};
use super::congestion::Algorithm;
use super::connection::Connection;
use super::input::RightSize;
use super::input::acknowledge::WINDOW_UPDATE;
use super::output::low_water::NO_MARK;
use super::wake::Wake;
use super::{Context, Failure};

/// Why SEND takes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendRefused {
    /// "error: connection closing": CLOSE was called.
    Closing,
    /// The connection has ended.
    Ended(Option<Failure>),
}

/// What RECEIVE finds where there are no bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NothingToReceive {
    /// Not yet.
    Yet,
    /// "error: connection closing": the peer's FIN came, and all before it was read.
    PeerClosed,
    /// The connection has ended.
    Ended(Option<Failure>),
}

impl Connection {
    /// SEND: takes as many bytes as there is room for. Before the connection is established they
    /// are queued.
    pub fn send(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Result<usize, SendRefused> {
        let taken = self.prepare_to_send(cx, bytes.len())?;
        self.outgoing.append(bytes.get(..taken).unwrap_or_default());
        self.arm_retransmission(cx);
        Ok(taken)
    }

    /// SEND without a copy: takes as much off the front of `bytes` as there is room for, and holds
    /// it until it is acknowledged.
    pub fn send_owned(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &mut Bytes,
    ) -> Result<usize, SendRefused> {
        let taken = self.prepare_to_send(cx, bytes.len())?;
        let taken_off = bytes.split_to(taken);
        match self.state.is_synchronized() {
            true => self.outgoing.append_owned(taken_off),
            // It may go with our SYN.
            false => self.outgoing.append(&taken_off),
        }
        self.arm_retransmission(cx);
        Ok(taken)
    }

    /// How many of so many bytes SEND takes.
    fn prepare_to_send(&mut self, cx: &mut Context<'_>, len: usize) -> Result<usize, SendRefused> {
        if !self.state.may_send() {
            return Err(match self.state {
                State::Closed => SendRefused::Ended(self.failure),
                _ => SendRefused::Closing,
            });
        }
        if self.outgoing.is_closed() {
            return Err(SendRefused::Closing);
        }
        self.stirred = cx.input();
        self.wait_no_longer(cx);
        self.more_follows = false;
        self.outgoing.grow_to(self.send_limit());
        let taken = len.min(self.send_room());
        self.hold.on_write(taken < len);
        if self.config.unsent_low_water != NO_MARK {
            self.last_lump = self.lump_after(taken);
        }
        self.restart_after_idle(cx);
        self.note_app_limit();
        Ok(taken)
    }

    /// More follows what was given last: a short segment waits for it, and is not pushed.
    /// RFC 9293 section 3.9.1.2 (MAY-15): SEND without its PUSH flag. house!("held-text")
    pub fn announce_more(&mut self, cx: &mut Context<'_>) {
        self.more_follows = true;
        self.arm_retransmission(cx);
    }

    /// Acknowledges at once again what is owed and what comes, or lets it wait for company:
    /// house!("delayed-ack").
    pub fn set_quick_acks(&mut self, cx: &Context<'_>, on: bool) {
        self.stirred = cx.input();
        self.acks.hurry(on, cx.input());
    }

    /// Marks the end of what was sent so far as the end of urgent data: RFC 9293 section 3.8.5.
    /// RFC 6093 section 5 advises new applications against it.
    pub fn send_urgent_mark(&mut self) {
        self.snd.up = Some(self.outgoing.end());
    }

    /// How many bytes may wait for acknowledgment, sent or not.
    pub(super) fn send_limit(&self) -> u32 {
        let max = self.config.send_buffer_max;
        self.outgoing.limit_for(self.congestion.window(), max)
    }

    /// RFC 5681 section 4.1: after an idle period longer than the timeout, cwnd is at most the
    /// restart window.
    fn restart_after_idle(&mut self, cx: &mut Context<'_>) {
        if let Some(idle) = self.idle(cx.now) {
            self.congestion.on_idle(cx.now, idle, self.rtt.rto());
            self.tell_window(cx, rfc!(5681, "4.1"), "idle for longer than the timeout");
        }
    }

    /// For how long nothing was sent and nothing was on its way, if that is longer than the timeout
    /// and to be heeded.
    pub(super) fn idle(&self, now: Instant) -> Option<Duration> {
        let idle = now.since(self.text_sent_at?);
        let all_arrived = self.snd.outstanding() == 0 && self.snd.nxt == self.outgoing.end();
        let heeded = self.config.idle_restart && idle > self.rtt.rto() && all_arrived;
        heeded.then_some(idle)
    }

    /// What is to be sent has run out while the window had room: what was delivered until then says
    /// less about the network.
    fn note_app_limit(&mut self) {
        let unsent = self.outgoing.end().since(self.snd.nxt);
        let in_flight = u64::from(self.recovery.in_flight());
        let window = self.congestion.window();
        if unsent < self.eff_snd_mss() && in_flight < window && !self.recovery.is_waiting() {
            self.recovery.on_app_limited();
        }
    }

    /// RECEIVE: hands over bytes in order, and tells the peer if that made enough room.
    pub fn receive(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Result<usize, NothingToReceive> {
        if buf.is_empty() {
            return Ok(0);
        }
        let taken = self.incoming.read(buf);
        if taken == 0 {
            return Err(self.nothing_to_receive());
        }
        self.after_reading(cx);
        Ok(taken)
    }

    /// RECEIVE: hands over what comes next as it lies, if it is in a chunk.
    pub fn receive_chunk(&mut self, cx: &mut Context<'_>) -> Option<Chunk> {
        let chunk = self.incoming.take_chunk()?;
        self.after_reading(cx);
        Some(chunk)
    }

    /// How long the chunk is that comes next, if it is in one.
    pub fn next_chunk(&self) -> Option<usize> {
        self.incoming.next_chunk()
    }

    fn after_reading(&mut self, cx: &mut Context<'_>) {
        if self.state.may_receive() {
            self.arm_rest(cx);
        } else {
            // No more will come.
            self.release_spare();
        }
        let read = self.incoming.next() - self.incoming.unread() as u64;
        self.right_size.on_read(cx.now, read, self.rtt.srtt());
        let buffer = self.right_size.size();
        let peer_sends = self.state.may_receive() && self.state != State::SynReceived;
        if peer_sends
            && self
                .rcv
                .is_worth_telling(self.free(), buffer, self.least_step())
        {
            self.stirred = cx.input();
            self.acks.owe(cx.input(), WINDOW_UPDATE);
        }
    }

    fn nothing_to_receive(&self) -> NothingToReceive {
        match self.state {
            // What came before the peer's FIN was whole, however our side ended.
            State::Closed if self.peer_closed() && self.failure.is_none() => {
                NothingToReceive::PeerClosed
            }
            State::Closed => NothingToReceive::Ended(self.failure),
            _ if self.peer_closed() => NothingToReceive::PeerClosed,
            _ => NothingToReceive::Yet,
        }
    }

    /// Whether the peer's FIN has come, and all before it.
    pub fn peer_closed(&self) -> bool {
        self.incoming.fin() == Some(self.incoming.next())
    }

    /// Copies what RECEIVE would, and leaves it where it is. Returns how many bytes.
    pub fn peek(&self, buf: &mut [u8]) -> usize {
        self.incoming.peek(buf)
    }

    /// Bytes that RECEIVE would hand over now.
    pub fn unread(&self) -> usize {
        self.incoming.unread()
    }

    /// Changes how the connection behaves, from the next decision on. Buffers whose sizes change
    /// begin again to learn how large they should be.
    pub fn configure(&mut self, cx: &Context<'_>, change: impl FnOnce(&mut Config)) {
        self.stirred = cx.input();
        let before = Arc::clone(&self.config);
        change(Arc::make_mut(&mut self.config));
        let config = &self.config;
        let receive = |config: &Config| (config.receive_buffer, config.receive_buffer_max);
        if receive(config) != receive(&before) {
            self.right_size = RightSize::new(config.receive_buffer, config.receive_buffer_max);
        }
        if config.send_buffer != before.send_buffer {
            self.outgoing.set_limit(config.send_buffer);
        }
    }

    /// How much may be left behind before SEND takes nothing new; `None`: however much.
    pub fn set_unsent_low_water(&mut self, cx: &Context<'_>, mark: Option<u32>) {
        self.configure(cx, |config| {
            config.unsent_low_water = mark.unwrap_or(NO_MARK)
        });
        self.wake |= Wake::WRITABLE;
    }

    /// How many of the bytes that are to be read, or still to come, are before the peer's urgent
    /// mark: RFC 9293 section 3.8.5 (MUST-33). 0: none is urgent.
    pub fn urgent_left(&self) -> u64 {
        let consumed = self.incoming.next() - self.unread() as u64;
        self.rcv.urgent_end.saturating_sub(consumed)
    }

    /// RFC 9293 section 3.7.4 (MUST-17).
    pub fn set_nodelay(&mut self, cx: &Context<'_>, on: bool) {
        self.stirred = cx.input();
        Arc::make_mut(&mut self.config).nodelay = on;
    }

    /// Whether Nagle's algorithm is off.
    pub fn nodelay(&self) -> bool {
        self.config.nodelay
    }

    /// RFC 9293 section 3.8.2 (MAY-18): another congestion control, which begins anew. What it has
    /// already stays as it is.
    pub fn set_congestion(&mut self, cx: &mut Context<'_>, algorithm: Algorithm) {
        self.stirred = cx.input();
        if self.config.congestion == algorithm {
            return;
        }
        Arc::make_mut(&mut self.config).congestion = algorithm;
        self.restart_congestion();
        self.arm_retransmission(cx);
    }

    /// Which congestion control it has.
    pub fn congestion(&self) -> Algorithm {
        self.config.congestion
    }

    /// RFC 9293 section 3.8.4 (MUST-24): on or off for each connection.
    pub fn set_keep_alive(&mut self, cx: &mut Context<'_>, keep_alive: Option<KeepAlive>) {
        Arc::make_mut(&mut self.config).keep_alive = keep_alive;
        self.restart_keep_alive(cx);
    }

    /// RFC 9293 section 3.8.3 (MUST-21): how long data may stay unacknowledged.
    pub fn set_user_timeout(&mut self, cx: &mut Context<'_>, timeout: Option<Duration>) {
        Arc::make_mut(&mut self.config).user_timeout = timeout;
        self.timers.cancel(cx, crate::probe::TimerKind::UserTimeout);
        self.arm_retransmission(cx);
    }

    /// Tells where urgent data ends, if the peer has said so and it is not read yet.
    pub fn tell_urgent(&self, cx: &mut Context<'_>) {
        if let Some(up) = self.rcv.up.filter(|up| up.after(self.rcv.nxt)) {
            let offset = self.offset_of(up);
            cx.tell(|| Event::Urgent { offset });
        }
    }
}
