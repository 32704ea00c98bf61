//! What is told to a stack, as values: whoever keeps them can tell them again.
//!
//! Every call that may change what a stack does later is one [`Input`]. A [`Recorder`] is handed
//! each before it takes effect, and [`Stack::feed`] makes the same call from it: the same inputs at
//! the same times, from the same beginning, give the same packets and the same events.
//!
//! What only looks (`status`, `peek`, `poll_timeout`) is no input; nor is `poll_notice`, which
//! changes only what is noticed next, nor a call to `poll_transmit` when nobody has anything to
//! send. Text is kept as far as there was room for it, and one byte more if there was more.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use crate::base::{Bytes, Instant, InterfaceId, Memory, Offload, Received};
use crate::tcp::congestion::Algorithm;
use crate::tcp::{Config as TcpConfig, CookieKeys, KeepAlive};

use super::{ConnId, EchoId, EchoRequest, Link, ListenerId, Prefix, Route, Stack, UdpId};

/// One call, with all that it was told.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub enum Input<'a> {
    /// [`Stack::number_events`].
    Number { index: u32, count: u32 },
    /// [`Stack::receive`].
    Receive {
        #[cfg_attr(feature = "records", serde(serialize_with = "whole"))]
        bytes: &'a [u8],
        offload: Offload,
        interface: InterfaceId,
        /// It lay in memory that may be held on to.
        held: bool,
    },
    /// [`Stack::poll_transmit`], when somebody may have had something to send.
    Transmit,
    /// [`Stack::handle_timeout`], when something was due.
    Timeout,
    /// [`Stack::poll_stray`], when there was one.
    Stray,
    /// [`Stack::set_device_refuses`].
    Refuses(bool),
    /// [`Stack::set_mtu`], [`Stack::set_offloads`].
    Link(InterfaceId, Link),
    /// [`Stack::set_route`], [`Stack::remove_route`].
    Route(Prefix, Option<Route>),
    /// [`Stack::open`] and its kin.
    Open {
        remote: SocketAddr,
        local: Option<SocketAddr>,
        config: Cow<'a, TcpConfig>,
        way: Opening,
    },
    /// [`Stack::listen`] and its kin; `local` is `None` for everywhere.
    Listen {
        local: Option<SocketAddr>,
        backlog: usize,
        config: Cow<'a, TcpConfig>,
    },
    /// [`Stack::accept`].
    Accept(ListenerId),
    /// [`Stack::unlisten`].
    Unlisten(ListenerId),
    /// [`Stack::configure_listener`] and its kin: how it makes connections from here on.
    ConfigureListener(ListenerId, Cow<'a, TcpConfig>),
    /// What is asked of a connection.
    On(
        ConnId,
        #[cfg_attr(feature = "records", serde(borrow))] Asked<'a>,
    ),
    /// [`Stack::set_fast_open_keys`].
    FastOpenKeys(CookieKeys),
    /// [`Stack::forget_fast_open`].
    ForgetFastOpen,
    /// [`Stack::set_fast_open_blackhole`].
    FastOpenBlackhole(Duration),
    /// What is asked for datagrams.
    Udp(#[cfg_attr(feature = "records", serde(borrow))] AskedUdp<'a>),
    /// What is asked for echoes.
    Echo(#[cfg_attr(feature = "records", serde(borrow))] AskedEcho<'a>),
}

/// How an active OPEN begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub enum Opening {
    /// [`Stack::open_with`].
    Plain,
    /// [`Stack::open_sending`]: what is written at once may go with the SYN.
    Sending,
    /// [`Stack::open_for_text`]: the SYN may wait for that.
    ForText,
}

/// What an application asks of a connection that there is.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub enum Asked<'a> {
    /// [`Stack::write`].
    Write(#[cfg_attr(feature = "records", serde(serialize_with = "whole"))] &'a [u8]),
    /// [`Stack::write_owned`].
    WriteOwned(#[cfg_attr(feature = "records", serde(serialize_with = "whole"))] &'a [u8]),
    /// [`Stack::write_more`].
    WriteMore(#[cfg_attr(feature = "records", serde(serialize_with = "whole"))] &'a [u8]),
    /// [`Stack::read`], of so many bytes at most.
    Read(usize),
    /// [`Stack::read_chunk`].
    ReadChunk,
    /// [`Stack::shutdown`].
    Shutdown,
    /// [`Stack::close`].
    Close,
    /// [`Stack::abort`].
    Abort,
    /// [`Stack::mark_urgent`].
    Urgent,
    /// [`Stack::configure`]: how it behaves from here on.
    Configure(Box<TcpConfig>),
    /// [`Stack::set_quick_acks`].
    QuickAcks(bool),
    /// [`Stack::set_unsent_low_water`].
    UnsentLowWater(Option<u32>),
    /// [`Stack::set_nodelay`].
    NoDelay(bool),
    /// [`Stack::set_congestion`].
    Congestion(Algorithm),
    /// [`Stack::set_keep_alive`].
    KeepAlive(Option<KeepAlive>),
    /// [`Stack::set_user_timeout`].
    UserTimeout(Option<Duration>),
    /// [`Stack::set_linger`].
    Linger(Option<Duration>),
}

/// What an application asks of datagram sockets.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub enum AskedUdp<'a> {
    /// [`Stack::udp_bind`]; `None` is [`Stack::udp_bind_everywhere`].
    Bind(Option<SocketAddr>),
    /// [`Stack::udp_connect`].
    Connect(UdpId, SocketAddr),
    /// [`Stack::udp_send`] and its kin.
    Send {
        id: UdpId,
        #[cfg_attr(feature = "records", serde(serialize_with = "whole"))]
        text: &'a [u8],
        from: Option<SocketAddr>,
        to: Option<SocketAddr>,
        size: Option<NonZeroU16>,
    },
    /// [`Stack::udp_receive`], of so many bytes at most.
    Receive(UdpId, usize),
    /// [`Stack::udp_take_error`].
    TakeError(UdpId),
    /// [`Stack::udp_configure`].
    Configure { id: UdpId, hop_limit: u8, tos: u8 },
    /// [`Stack::udp_close`].
    Close(UdpId),
}

/// What an application asks of echo sockets.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub enum AskedEcho<'a> {
    /// [`Stack::echo_open`].
    Open(IpAddr),
    /// [`Stack::echo_send`].
    Send(
        EchoId,
        #[cfg_attr(feature = "records", serde(borrow))] EchoRequest<'a>,
    ),
    /// [`Stack::echo_receive`].
    Receive(EchoId),
    /// [`Stack::echo_close`].
    Close(EchoId),
}

/// Whoever keeps what is told to a stack. It is called where the stack is, and can answer nothing.
pub trait Recorder {
    /// `input` is about to take effect at `at`.
    fn input(&mut self, at: Instant, input: &Input<'_>);
}

/// Who keeps it, if anybody does.
#[derive(Default)]
pub(super) struct Kept(Option<Box<dyn Recorder + Send>>);

impl Kept {
    pub fn hand(&mut self, at: Instant, input: &Input<'_>) {
        if let Some(recorder) = &mut self.0 {
            recorder.input(at, input);
        }
    }

    pub fn is_by_somebody(&self) -> bool {
        self.0.is_some()
    }
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Kept({})", self.0.is_some())
    }
}

impl Stack {
    /// Hands every input to `recorder` from here on: for a whole tape before there is any.
    pub fn record(&mut self, recorder: Box<dyn Recorder + Send>) {
        self.kept = Kept(Some(recorder));
    }

    /// Holds time at the latest that was told, and keeps what begins then.
    pub(super) fn begin<'a>(&mut self, now: Instant, input: impl FnOnce() -> Input<'a>) -> Instant {
        let now = self.tick(now);
        if self.kept.is_by_somebody() {
            self.kept.hand(now, &input());
        }
        now
    }

    /// The same of text to be written, of which only what there is room for counts, and whether
    /// there is more.
    pub(super) fn begin_write<'a>(
        &mut self,
        now: Instant,
        id: ConnId,
        text: &'a [u8],
        asked: fn(&'a [u8]) -> Asked<'a>,
    ) {
        if !self.kept.is_by_somebody() {
            return;
        }
        let slot = self.connections.get(id);
        let room = slot.map_or(0, |slot| slot.connection.send_room());
        let text = text.get(..room + 1).unwrap_or(text);
        self.begin(now, || Input::On(id, asked(text)));
    }

    /// The same of a read.
    pub(super) fn begin_read(&mut self, now: Instant, id: ConnId, most: usize) -> Instant {
        if !self.kept.is_by_somebody() {
            return self.tick(now);
        }
        let slot = self.connections.get(id);
        let there = slot.map_or(0, |slot| slot.connection.unread());
        self.begin(now, || Input::On(id, Asked::Read(most.min(there.max(1)))))
    }

    /// Makes the call that `input` was kept of. What it answers is nobody's business: the packets
    /// and events that follow are the same.
    pub fn feed(&mut self, at: Instant, input: &Input<'_>) {
        let now = self.tick(at);
        match input {
            Input::Number { index, count } => self.number_events(*index, *count),
            Input::Receive {
                bytes,
                offload,
                interface,
                held,
            } => {
                let memory: Option<Memory> = held.then(|| Arc::new(bytes.to_vec()));
                self.receive(
                    now,
                    Received {
                        bytes: memory.as_ref().map_or(bytes, |memory| memory.as_slice()),
                        offload: *offload,
                        interface: *interface,
                        memory: memory.as_ref(),
                    },
                );
            }
            Input::Transmit => {
                let _ = self.poll_transmit(now).is_some();
            }
            Input::Timeout => self.handle_timeout(now),
            Input::Stray => {
                let _ = self.poll_stray();
            }
            Input::Refuses(refuses) => self.set_device_refuses(*refuses),
            Input::Link(interface, link) => self.change_link(now, *interface, *link),
            Input::Route(prefix, Some(route)) => {
                let _ = self.set_route(now, *prefix, *route);
            }
            Input::Route(prefix, None) => self.remove_route(now, *prefix),
            Input::FastOpenKeys(keys) => self.set_fast_open_keys(*keys),
            Input::ForgetFastOpen => self.forget_fast_open(),
            Input::FastOpenBlackhole(span) => self.set_fast_open_blackhole(*span),
            Input::Open {
                remote,
                local,
                config,
                way,
            } => {
                let config = Arc::new(config.clone().into_owned());
                let _ = self.open_as(now, *remote, *local, config, *way);
            }
            Input::Listen {
                local,
                backlog,
                config,
            } => {
                let config = Arc::new(config.clone().into_owned());
                let _ = self.listen_as(now, *local, *backlog, config);
            }
            Input::Accept(id) => {
                let _ = self.accept(now, *id);
            }
            Input::Unlisten(id) => self.unlisten(now, *id),
            Input::ConfigureListener(id, config) => {
                self.configure_listener(*id, Arc::new(config.clone().into_owned()));
            }
            Input::On(id, asked) => self.ask(now, *id, asked),
            Input::Udp(asked) => self.ask_udp(now, asked),
            Input::Echo(asked) => self.ask_echo(now, asked),
        }
        while self.poll_notice().is_some() {}
    }

    fn ask(&mut self, now: Instant, id: ConnId, asked: &Asked<'_>) {
        match asked {
            Asked::Write(text) => {
                let _ = self.write(now, id, text);
            }
            Asked::WriteOwned(text) => {
                let mut text = Bytes::copy_from_slice(text);
                let _ = self.write_owned(now, id, &mut text);
            }
            Asked::WriteMore(text) => {
                let _ = self.write_more(now, id, text);
            }
            Asked::Read(most) => drop(self.read(now, id, &mut vec![0; (*most).min(MOST)])),
            Asked::ReadChunk => {
                let _ = self.read_chunk(now, id);
            }
            Asked::Shutdown => self.shutdown(now, id),
            Asked::Close => self.close(now, id),
            Asked::Abort => self.abort(now, id),
            Asked::Urgent => self.mark_urgent(now, id),
            Asked::Configure(config) => {
                self.configure(now, id, |old| *old = (**config).clone());
            }
            Asked::QuickAcks(on) => self.set_quick_acks(now, id, *on),
            Asked::UnsentLowWater(mark) => self.set_unsent_low_water(now, id, *mark),
            Asked::NoDelay(on) => self.set_nodelay(now, id, *on),
            Asked::Congestion(algorithm) => self.set_congestion(now, id, *algorithm),
            Asked::KeepAlive(keep_alive) => self.set_keep_alive(now, id, *keep_alive),
            Asked::UserTimeout(timeout) => self.set_user_timeout(now, id, *timeout),
            Asked::Linger(linger) => self.set_linger(id, *linger),
        }
    }

    fn ask_udp(&mut self, now: Instant, asked: &AskedUdp<'_>) {
        match asked {
            AskedUdp::Bind(Some(local)) => {
                let _ = self.udp_bind(now, *local);
            }
            AskedUdp::Bind(None) => {
                let _ = self.udp_bind_everywhere(now);
            }
            AskedUdp::Connect(id, remote) => {
                let _ = self.udp_connect(now, *id, *remote);
            }
            AskedUdp::Send {
                id,
                text,
                from,
                to,
                size,
            } => {
                let _ = self.udp_send_as(now, *id, text, (*from, *to), *size);
            }
            AskedUdp::Receive(id, most) => {
                let _ = self.udp_receive(now, *id, &mut vec![0; (*most).min(MOST)]);
            }
            AskedUdp::TakeError(id) => {
                let _ = self.udp_take_error(*id);
            }
            AskedUdp::Configure { id, hop_limit, tos } => {
                self.udp_configure(now, *id, *hop_limit, *tos);
            }
            AskedUdp::Close(id) => self.udp_close(now, *id),
        }
    }

    fn ask_echo(&mut self, now: Instant, asked: &AskedEcho<'_>) {
        match asked {
            AskedEcho::Open(remote) => {
                let _ = self.echo_open(now, *remote);
            }
            AskedEcho::Send(id, request) => {
                let _ = self.echo_send(now, *id, request);
            }
            AskedEcho::Receive(id) => {
                let _ = self.echo_receive(now, *id);
            }
            AskedEcho::Close(id) => self.echo_close(now, *id),
        }
    }
}

/// More is never read at once: no receive buffer, and no datagram, holds as much.
const MOST: usize = 64 << 20;

/// Bytes as bytes, not as a sequence of numbers.
#[cfg(feature = "records")]
fn whole<S: serde::Serializer>(bytes: &&[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}
