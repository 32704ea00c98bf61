//! What a socket is, beside the connection that the stack has: how it is to behave, what it was
//! told, and which of its errors its owner knows.

use std::net::SocketAddr;
use std::time::Duration;

use crate::base::Mss;
use crate::probe::{Snapshot, State};
use crate::stack::{
    Algorithm, ConnId, CookieKeys, Deferral, Failure, FastOpen, KeepAlive, ListenerId, TcpConfig,
};

use super::super::backend::{Control, Handle, Reply, Waiting, errno, poll};
use super::super::profile::{Policy, Profile};
use super::Ours;

/// A socket.
#[derive(Debug, Clone)]
pub struct Socket {
    pub kind: Kind,
    pub bound: Option<SocketAddr>,
    pub options: Options,
    /// SHUT_RD, SHUT_WR.
    pub shut_read: bool,
    pub shut_write: bool,
    /// The error of its connection was told.
    pub told: bool,
    /// `close` waits until this time for what was sent to be acknowledged.
    pub lingers_until: Option<crate::base::Instant>,
}

/// What there is behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Fresh,
    Listening(ListenerId),
    /// `connect` has not said yet how it ended.
    Opening(ConnId),
    Connected(ConnId),
}

/// What `setsockopt` has set. `None`: nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    pub send_buffer: Option<u32>,
    pub receive_buffer: Option<u32>,
    pub nodelay: bool,
    pub cork: bool,
    /// TCP_QUICKACK, as it was set last.
    pub quick_acks: Option<bool>,
    pub mss_max: Option<Mss>,
    /// IP_TOS or IPV6_TCLASS, without the bits of ECN.
    pub dscp: u8,
    pub hop_limit: Option<u8>,
    /// IP_MTU_DISCOVER.
    pub path_mtu: Option<i64>,
    pub reuse_addr: bool,
    /// SO_REUSEPORT, SO_MARK, IP_FREEBIND.
    pub inert: [i32; 3],
    /// TCP_INQ: `recvmsg` tells how much is left to be read.
    pub inquire: bool,
    pub keep_alive: bool,
    pub keep_idle: Option<Duration>,
    pub keep_interval: Option<Duration>,
    pub keep_count: Option<u32>,
    pub user_timeout: Option<Duration>,
    pub syn_count: Option<u32>,
    pub linger: Option<Duration>,
    pub linger2: Option<Duration>,
    /// TCP_NOTSENT_LOWAT.
    pub unsent_low_water: Option<u32>,
    pub defer_accept: Deferral,
    pub congestion: Option<Algorithm>,
    /// How many connections may be pending that a listener takes before their handshake is over.
    pub fast_open: Option<u32>,
    /// TCP_FASTOPEN_NO_COOKIE.
    pub without_cookie: bool,
    /// TCP_FASTOPEN_CONNECT.
    pub connect_later: bool,
    pub cookie_keys: Option<CookieKeys>,
}

impl Socket {
    /// A new one.
    pub fn new() -> Socket {
        Socket::of(Kind::Fresh, Options::default())
    }

    /// One with a connection already.
    pub fn of(kind: Kind, options: Options) -> Socket {
        Socket {
            kind,
            bound: None,
            options,
            shut_read: false,
            shut_write: false,
            told: false,
            lingers_until: None,
        }
    }

    /// Whether nothing can be written to its connection in `state` yet. What was accepted in
    /// SYN-RECEIVED is there before its handshake is over: RFC 7413 section 4.2.2.
    pub fn is_opening(&self, state: State) -> bool {
        match self.kind {
            Kind::Connected(_) => false,
            _ => matches!(state, State::SynSent | State::SynReceived),
        }
    }

    /// Its connection, established or not.
    pub fn connection(&self) -> Option<ConnId> {
        match self.kind {
            Kind::Opening(id) | Kind::Connected(id) => Some(id),
            Kind::Fresh | Kind::Listening(_) => None,
        }
    }
}

impl Options {
    /// How its connections are to behave, on a device that carries segments of `mss` bytes.
    pub fn config(&self, policy: &Policy, mss: Mss) -> TcpConfig {
        let Options {
            send_buffer,
            receive_buffer,
            nodelay,
            cork,
            quick_acks,
            mss_max,
            dscp,
            hop_limit,
            path_mtu,
            reuse_addr: _,
            inert: _,
            inquire: _,
            keep_alive: _,
            keep_idle: _,
            keep_interval: _,
            keep_count: _,
            user_timeout,
            syn_count,
            linger: _,
            linger2,
            unsent_low_water,
            defer_accept,
            congestion,
            fast_open,
            without_cookie,
            connect_later: _,
            cookie_keys,
        } = *self;
        let tcp = policy.tcp.clone();
        let (receive, receive_max) = policy.receive_buffer(receive_buffer, mss.bytes());
        TcpConfig {
            // A size that was asked for stays.
            send_buffer: send_buffer.unwrap_or(tcp.send_buffer),
            send_buffer_max: send_buffer.unwrap_or(tcp.send_buffer_max),
            receive_buffer: receive,
            receive_buffer_max: receive_max,
            nodelay,
            cork,
            mss_max,
            dscp,
            hop_limit,
            // IP_PMTUDISC_DONT, _INTERFACE and _OMIT.
            may_be_cut: matches!(path_mtu, Some(0 | 4 | 5)),
            keep_alive: self.keep_alive(policy),
            user_timeout,
            r2_syn: policy.syn_retries(syn_count),
            unsent_low_water: unsent_low_water.unwrap_or(tcp.unsent_low_water),
            fin_wait_2: linger2.unwrap_or(tcp.fin_wait_2),
            defer_accept,
            // Whoever speaks first is not in a hurry to say less.
            lazy_open: defer_accept != Deferral::NONE || quick_acks == Some(false),
            quick_acks: match quick_acks {
                Some(false) => 0,
                _ => tcp.quick_acks,
            },
            congestion: congestion.unwrap_or(tcp.congestion),
            fast_open: {
                let how = policy.fast_open.of_socket(fast_open);
                FastOpen {
                    without_cookie: without_cookie || how.without_cookie,
                    active_without_cookie: without_cookie || how.active_without_cookie,
                    keys: cookie_keys,
                    ..how
                }
            },
            ..tcp
        }
    }

    /// Those of a connection that a listener with these has accepted: what is about accepting is
    /// not handed down.
    pub fn of_child(self) -> Options {
        Options {
            defer_accept: Deferral::NONE,
            fast_open: None,
            ..self
        }
    }

    /// Keep-alives, if they are on.
    pub fn keep_alive(&self, policy: &Policy) -> Option<KeepAlive> {
        self.keep_alive.then(|| KeepAlive {
            idle: self.keep_idle.unwrap_or(policy.keep_alive.idle),
            interval: self.keep_interval.unwrap_or(policy.keep_alive.interval),
            probes: self.keep_count.unwrap_or(policy.keep_alive.probes),
        })
    }
}

impl Ours {
    pub(super) fn snapshot(&self, socket: Handle) -> Option<Snapshot> {
        self.stack.status(self.get(socket)?.connection()?)
    }

    /// The number of the error that ended a connection, if one did.
    fn error_of(&self, id: ConnId) -> Option<i64> {
        let failure = self.stack.failure(id)?;
        let pair = self.stack.pair(id)?;
        let counts = self.tally.of(&pair).unwrap_or_default();
        let (reset_in, icmp) = (counts.reset_in, counts.icmp);
        Some(match failure {
            Failure::Refused => errno::ECONNREFUSED,
            // The peer had closed: nothing was lost that it had sent.
            Failure::Reset
                if self.policy.profile == Profile::Linux && reset_in == Some(State::CloseWait) =>
            {
                errno::EPIPE
            }
            Failure::Reset => errno::ECONNRESET,
            Failure::TimedOut | Failure::UserTimeout => errno::ETIMEDOUT,
            Failure::Unreachable => icmp.map_or(errno::EHOSTUNREACH, |(kind, code)| {
                icmp_errno(kind, code, pair.remote.addr.is_ipv6())
            }),
            Failure::Aborted => errno::ECONNABORTED,
        })
    }

    /// The error of a socket, if its owner has not been told yet.
    pub(super) fn pending_error(&self, socket: Handle) -> Option<i64> {
        let socket = self.get(socket)?;
        if socket.told {
            return None;
        }
        self.error_of(socket.connection()?)
    }

    /// The same, and it counts as told.
    pub(super) fn take_error(&mut self, socket: Handle) -> Option<i64> {
        let error = self.pending_error(socket)?;
        self.get_mut(socket)?.told = true;
        Some(error)
    }

    /// What SIOCINQ and its like ask; a listener has no bytes.
    pub(super) fn do_waiting(&self, socket: Handle, which: Waiting) -> Reply {
        let Some(Socket { kind, .. }) = self.get(socket) else {
            return Reply::Failed(errno::EBADF);
        };
        if matches!(kind, Kind::Listening(_)) {
            return Reply::Failed(errno::EINVAL);
        }
        let bytes = self.snapshot(socket).map_or(0, |snapshot| {
            let outstanding = snapshot.snd_nxt.since(snapshot.snd_una) as usize;
            match which {
                Waiting::Unread => snapshot.unread,
                Waiting::Unacknowledged => snapshot.unacknowledged,
                Waiting::Unsent => snapshot.unacknowledged.saturating_sub(outstanding),
            }
        });
        Reply::Done(bytes as i64)
    }

    /// How much is left to be read, if the socket was told to say so. A FIN that came counts as a
    /// byte, so that nobody stops reading before the end.
    pub(super) fn inquiry(&self, socket: Handle) -> Option<Control> {
        const SOL_TCP: i64 = 6;
        const TCP_CM_INQ: i64 = 36;
        let inquires = self.get(socket)?.options.inquire;
        let snapshot = self.snapshot(socket).filter(|_| inquires)?;
        let end = usize::from(has_peer_closed(snapshot.state));
        Some(Control {
            level: SOL_TCP,
            kind: TCP_CM_INQ,
            value: i32::try_from(snapshot.unread + end).unwrap_or(i32::MAX),
        })
    }

    /// What `poll` would report: the rules of Linux's `tcp_poll`.
    pub(super) fn poll_events(&self, handle: Handle) -> i64 {
        let Some(socket) = self.get(handle) else {
            return poll::NVAL;
        };
        const READABLE: i64 = poll::IN | poll::RDNORM;
        const WRITABLE: i64 = poll::OUT | poll::WRNORM;
        let id = match socket.kind {
            Kind::Fresh => return poll::HUP | WRITABLE,
            Kind::Listening(id) => {
                let waits = self.stack.is_acceptable(id);
                return if waits { READABLE } else { 0 };
            }
            Kind::Opening(id) | Kind::Connected(id) => id,
        };
        let Some(snapshot) = self.stack.status(id) else {
            return poll::HUP | WRITABLE;
        };
        let (read_over, write_over) = self.halves_over(socket, snapshot.state);
        let mut events = 0;
        if read_over && write_over {
            events |= poll::HUP;
        }
        if read_over {
            events |= READABLE | poll::RDHUP;
        }
        if self.opens_by_sending(handle).is_some() {
            // Whoever writes has the SYN leave.
            events |= WRITABLE;
        } else if !socket.is_opening(snapshot.state) {
            if snapshot.unread > 0 {
                events |= READABLE;
            }
            if write_over || self.stack.has_room(id) {
                events |= WRITABLE;
            }
        }
        if self.pending_error(handle).is_some() {
            events |= poll::ERR;
        }
        events
    }

    /// Whether nothing more can be received, and nothing more sent.
    fn halves_over(&self, socket: &Socket, state: State) -> (bool, bool) {
        let peer_closed = has_peer_closed(state) || state == State::Closed;
        let we_closed = !matches!(
            state,
            State::SynSent | State::SynReceived | State::Established | State::CloseWait
        );
        (
            peer_closed || socket.shut_read,
            we_closed || socket.shut_write,
        )
    }
}

/// Whether the peer's FIN has come, and all before it.
fn has_peer_closed(state: State) -> bool {
    matches!(
        state,
        State::CloseWait | State::LastAck | State::Closing | State::TimeWait
    )
}

/// The number of the error that an ICMP message is for Linux: its `icmp_err_convert` and
/// `icmpv6_err_convert`.
fn icmp_errno(kind: u8, code: u8, v6: bool) -> i64 {
    match (v6, kind, code) {
        (false, 3, 0 | 6 | 9 | 11) | (true, 1, 0) => errno::ENETUNREACH,
        (false, 3, 2) => errno::ENOPROTOOPT,
        (false, 3, 3) | (true, 1, 4) => errno::ECONNREFUSED,
        (false, 3, 4) | (true, 2, _) => errno::EMSGSIZE,
        (false, 3, 5) => errno::EOPNOTSUPP,
        (false, 3, 7) => errno::EHOSTDOWN,
        (false, 3, 8) => errno::ENONET,
        (true, 1, 1 | 5 | 6) => errno::EACCES,
        (false, 12, _) | (true, 4, _) => errno::EPROTO,
        _ => errno::EHOSTUNREACH,
    }
}
