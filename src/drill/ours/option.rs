//! Socket options: those that the stack has something for, by their Linux numbers.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use crate::base::Mss;
use crate::stack::{Algorithm, Deferral, TcpConfig};

use super::super::backend::{Handle, Reply, errno};
use super::super::profile::Profile;
use super::super::symbols;
use super::Ours;
use super::socket::{Kind, Options};

impl Ours {
    pub(super) fn do_set_option(
        &mut self,
        handle: Handle,
        level: i64,
        name: i64,
        value: &[u8],
    ) -> Reply {
        let Some(option) = Known::of(level, name) else {
            return unsupported(level, name);
        };
        let doubled = self.policy.profile == Profile::Linux;
        let Some(socket) = self.get_mut(handle) else {
            return Reply::Failed(errno::EBADF);
        };
        let options = &mut socket.options;
        match option {
            Known::Congestion => return self.set_algorithm(handle, value),
            Known::QuickAcks => return self.set_quick_acks(handle, value),
            Known::FastOpen(option) => return self.set_fast_open(handle, option, value),
            _ => {}
        }
        let Some(number) = integer(value) else {
            return Reply::Failed(errno::EINVAL);
        };
        let on = number != 0;
        match option {
            Known::Linger2 if number < 0 => return unsupported(level, name),
            Known::SendBuffer => {
                options.send_buffer = Some(buffer(number, doubled, SEND_LEAST));
            }
            Known::ReceiveBuffer => {
                options.receive_buffer = Some(buffer(number, doubled, RECEIVE_LEAST));
            }
            Known::ReuseAddr => options.reuse_addr = on,
            Known::KeepAlive => options.keep_alive = on,
            Known::NoDelay => options.nodelay = on,
            Known::Inert(Inert::Mark) => options.inert[Inert::Mark as usize] = number as i32,
            Known::Inert(which) => options.inert[which as usize] = on.into(),
            Known::Linger => {
                let Some(seconds) = value.get(4..).and_then(integer) else {
                    return Reply::Failed(errno::EINVAL);
                };
                let span = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
                options.linger = on.then_some(span);
            }
            Known::Error | Known::Told(_) => return Reply::Failed(errno::ENOPROTOOPT),
            _ if set_times(options, option, number) => {}
            _ if set_segments(options, option, number) => {}
            _ => return Reply::Failed(errno::EINVAL),
        }
        self.follow(handle, option);
        Reply::Done(0)
    }

    /// A connection or a listener behaves as its socket's options now say.
    fn follow(&mut self, handle: Handle, changed: Known) {
        let Some(socket) = self.get(handle) else {
            return;
        };
        let (kind, options) = (socket.kind, socket.options);
        let config = self.config_of(&options);
        match kind {
            Kind::Fresh => {}
            Kind::Listening(id) => self.stack.configure_listener(id, config),
            Kind::Opening(id) | Kind::Connected(id) => {
                self.stack.set_linger(id, options.linger);
                match changed {
                    Known::KeepAlive | Known::KeepIdle | Known::KeepInterval | Known::KeepCount => {
                        let keep_alive = options.keep_alive(&self.policy);
                        self.stack.set_keep_alive(self.now, id, keep_alive);
                    }
                    Known::UserTimeout => {
                        let timeout = options.user_timeout;
                        self.stack.set_user_timeout(self.now, id, timeout);
                    }
                    Known::Congestion => {
                        self.stack.set_congestion(self.now, id, config.congestion);
                    }
                    _ => self
                        .stack
                        .configure(self.now, id, |tcp| changed.copy(&config, tcp)),
                }
            }
        }
    }

    pub(super) fn do_option(
        &mut self,
        handle: Handle,
        level: i64,
        name: i64,
        len: usize,
    ) -> (Reply, Vec<u8>) {
        let nothing = |reply| (reply, Vec::new());
        let Some(option) = Known::of(level, name) else {
            return nothing(unsupported(level, name));
        };
        if let Some(mut bytes) = self.bytes_of(handle, option) {
            bytes.truncate(len);
            return (Reply::Done(0), bytes);
        }
        let Some(socket) = self.get(handle) else {
            return nothing(Reply::Failed(errno::EBADF));
        };
        let options = socket.options;
        let (tcp, asked) = (&self.policy.tcp, &options);
        let seconds = |span: Duration| span.as_secs() as i64;
        let keep = self.policy.keep_alive;
        let number = match option {
            Known::SendBuffer => i64::from(self.buffers_of(asked).0),
            Known::ReceiveBuffer => i64::from(self.buffers_of(asked).1),
            Known::UnsentLowWater => i64::from(asked.unsent_low_water.unwrap_or(0)),
            Known::ReuseAddr => i64::from(options.reuse_addr),
            Known::KeepAlive => i64::from(options.keep_alive),
            Known::NoDelay => i64::from(options.nodelay),
            Known::Inquire => i64::from(options.inquire),
            Known::Cork => i64::from(options.cork),
            Known::QuickAcks => i64::from(options.quick_acks.unwrap_or(true)),
            Known::SegmentSize => self.segment_size(handle),
            Known::TypeOfService => i64::from(options.dscp),
            Known::HopLimit => i64::from(options.hop_limit.unwrap_or(HOP_LIMIT)),
            Known::PathMtu => options.path_mtu.unwrap_or(WANT),
            Known::Told(fact) => self.fact(socket.kind, fact),
            Known::Inert(which) => options.inert[which as usize].into(),
            Known::Error => self.take_error(handle).unwrap_or(0),
            Known::KeepIdle => seconds(options.keep_idle.unwrap_or(keep.idle)),
            Known::KeepInterval => seconds(options.keep_interval.unwrap_or(keep.interval)),
            Known::KeepCount => i64::from(options.keep_count.unwrap_or(keep.probes)),
            Known::SynCount => i64::from(asked.syn_count.unwrap_or(tcp.r2_syn)),
            Known::UserTimeout => options.user_timeout.unwrap_or_default().as_millis() as i64,
            Known::DeferAccept => seconds(asked.defer_accept.span(RTO_MAX)),
            Known::Linger2 => seconds(asked.linger2.unwrap_or(tcp.fin_wait_2)),
            Known::FastOpen(_) if !self.opens_fast_as_linux() => {
                return nothing(unsupported(level, name));
            }
            Known::FastOpen(Hasty::Pending) => i64::from(options.fast_open.unwrap_or(0)),
            Known::FastOpen(Hasty::WithoutCookie) => i64::from(options.without_cookie),
            Known::FastOpen(Hasty::ConnectLater) => i64::from(options.connect_later),
            // Those that are more than a number were told above.
            Known::Linger | Known::Congestion | Known::FastOpen(Hasty::Keys) => 0,
        };
        let mut bytes = (number as i32).to_le_bytes().to_vec();
        bytes.truncate(len);
        (Reply::Done(0), bytes)
    }
}

impl Ours {
    /// The value of an option that is more than a number.
    fn bytes_of(&self, handle: Handle, option: Known) -> Option<Vec<u8>> {
        let socket = self.get(handle)?;
        match option {
            Known::Linger => {
                let linger = socket.options.linger;
                let on = i32::from(linger.is_some()).to_le_bytes();
                let span = linger.unwrap_or_default().as_secs() as i32;
                Some([on, span.to_le_bytes()].concat())
            }
            Known::Congestion => {
                let name = match self.algorithm(handle) {
                    Algorithm::Reno => "reno",
                    Algorithm::Cubic => "cubic",
                    Algorithm::Bbr => "bbr",
                };
                let mut bytes = name.as_bytes().to_vec();
                bytes.resize(CA_NAME_MAX, 0);
                Some(bytes)
            }
            Known::FastOpen(Hasty::Keys) if self.opens_fast_as_linux() => {
                Some(self.cookie_keys(handle))
            }
            _ => None,
        }
    }

    /// What segments may hold: of a connection what they do, before that what was asked for.
    fn segment_size(&self, handle: Handle) -> i64 {
        let asked = self.get(handle).and_then(|socket| socket.options.mss_max);
        match self.snapshot(handle) {
            Some(snapshot) => snapshot.mss.into(),
            None => asked.unwrap_or(Mss::DEFAULT_V4).get().into(),
        }
    }

    fn fact(&self, kind: Kind, fact: Fact) -> i64 {
        const SOCK_STREAM: i64 = 1;
        const AF_INET: i64 = 2;
        const AF_INET6: i64 = 10;
        match fact {
            Fact::Type => SOCK_STREAM,
            Fact::Listens => i64::from(matches!(kind, Kind::Listening(_))),
            Fact::Protocol => SOL_TCP,
            Fact::Family if self.speaks(IpAddr::V4(Ipv4Addr::UNSPECIFIED)) => AF_INET,
            Fact::Family => AF_INET6,
        }
    }

    /// The sizes of both buffers, as they are told: that for sending, and that for receiving.
    pub(super) fn buffers_of(&self, asked: &Options) -> (u32, u32) {
        let tcp = &self.policy.tcp;
        (
            asked.send_buffer.unwrap_or(tcp.send_buffer),
            asked.receive_buffer.unwrap_or(tcp.receive_buffer),
        )
    }

    fn set_algorithm(&mut self, handle: Handle, value: &[u8]) -> Reply {
        let Some(algorithm) = algorithm(value) else {
            let name = value.split(|byte| *byte == 0).next().unwrap_or_default();
            let name = String::from_utf8_lossy(name);
            return match OTHER_ALGORITHMS.contains(&&*name) {
                true => Reply::Unsupported(format!("option:TCP_CONGESTION={name}")),
                false => Reply::Failed(errno::ENOENT),
            };
        };
        if let Some(socket) = self.get_mut(handle) {
            socket.options.congestion = Some(algorithm);
        }
        self.follow(handle, Known::Congestion);
        Reply::Done(0)
    }

    /// A connection's acknowledgments wait, or not; those of one to come will, or not.
    fn set_quick_acks(&mut self, handle: Handle, value: &[u8]) -> Reply {
        let Some((socket, number)) = self.get_mut(handle).zip(integer(value)) else {
            return Reply::Failed(errno::EINVAL);
        };
        let on = number != 0;
        socket.options.quick_acks = Some(on);
        match socket.connection() {
            Some(id) => self.stack.set_quick_acks(self.now, id, on),
            None => self.follow(handle, Known::QuickAcks),
        }
        Reply::Done(0)
    }

    fn set_fast_open(&mut self, handle: Handle, option: Hasty, value: &[u8]) -> Reply {
        if !self.opens_fast_as_linux() {
            return unsupported(SOL_TCP, option.number());
        }
        let number = integer(value);
        let reply = match (option, number) {
            (Hasty::Keys, _) => self.set_cookie_keys(handle, value),
            (_, None) => Reply::Failed(errno::EINVAL),
            (Hasty::Pending, Some(number)) => self.set_pending(handle, number),
            (Hasty::WithoutCookie, Some(number)) => self.set_without_cookie(handle, number),
            (Hasty::ConnectLater, Some(number)) => self.set_connect_later(handle, number),
        };
        self.follow(handle, Known::FastOpen(option));
        reply
    }

    /// The congestion control that a socket has, or will have.
    fn algorithm(&self, handle: Handle) -> Algorithm {
        let socket = self.get(handle);
        let has = socket.and_then(|socket| self.stack.congestion(socket.connection()?));
        let will = socket.and_then(|socket| socket.options.congestion);
        has.or(will).unwrap_or(self.policy.tcp.congestion)
    }
}

/// Options that are times, or tell how often. `false`: no such value.
fn set_times(options: &mut Options, option: Known, number: i64) -> bool {
    let Ok(count) = u32::try_from(number.max(0)) else {
        return false;
    };
    let span = Duration::from_secs(count.into());
    match option {
        Known::KeepIdle if (1..=32_767).contains(&number) => options.keep_idle = Some(span),
        Known::KeepInterval if (1..=32_767).contains(&number) => options.keep_interval = Some(span),
        Known::KeepCount if (1..=127).contains(&number) => options.keep_count = Some(count),
        Known::SynCount if (1..=127).contains(&number) => options.syn_count = Some(count),
        Known::UserTimeout if number >= 0 => {
            let span = Duration::from_millis(count.into());
            options.user_timeout = Some(span).filter(|span| !span.is_zero());
        }
        // Less than none is none.
        Known::DeferAccept => options.defer_accept = Deferral::lasting(span, RTO_MAX),
        Known::Linger2 => {
            let span = span.min(LINGER2_MAX);
            options.linger2 = Some(span).filter(|span| !span.is_zero());
        }
        _ => return false,
    }
    true
}

/// Options about segments, their headers and what is told of them. `false`: no such value.
fn set_segments(options: &mut Options, option: Known, number: i64) -> bool {
    let on = number != 0;
    match option {
        Known::Inquire if matches!(number, 0 | 1) => options.inquire = on,
        Known::Cork => options.cork = on,
        Known::SegmentSize if number == 0 || MAXSEG.contains(&number) => {
            let most = u16::try_from(number).unwrap_or(0);
            options.mss_max = on.then(|| Mss::new(most));
        }
        Known::TypeOfService if (-1..=255).contains(&number) => {
            // RFC 3168 section 5: the other two bits are not the application's.
            options.dscp = u8::try_from(number).unwrap_or(0) & !3;
        }
        Known::HopLimit if number == -1 || (1..=255).contains(&number) => {
            options.hop_limit = u8::try_from(number).ok();
        }
        // As an unsigned number; 0 is what the host has.
        Known::UnsentLowWater => {
            options.unsent_low_water = Some(number as u32).filter(|mark| *mark > 0);
        }
        Known::PathMtu if (0..=5).contains(&number) => options.path_mtu = Some(number),
        _ => return false,
    }
    true
}

/// The congestion control that a name means, as far as scripts may count on it.
pub(super) fn algorithm(name: &[u8]) -> Option<Algorithm> {
    match name.split(|byte| *byte == 0).next()? {
        b"reno" => Some(Algorithm::Reno),
        b"cubic" => Some(Algorithm::Cubic),
        _ => None,
    }
}

/// An `int` at the front of a value.
fn integer(value: &[u8]) -> Option<i64> {
    let bytes = value.first_chunk::<4>()?;
    Some(i64::from(i32::from_le_bytes(*bytes)))
}

/// Linux stores and reports twice what was asked for, within bounds.
fn buffer(number: i64, doubled: bool, least: u32) -> u32 {
    let asked = u32::try_from(number.clamp(1, i64::from(DEFAULT_MAX))).unwrap_or(DEFAULT_MAX);
    match doubled {
        true => (2 * asked).max(least),
        false => asked,
    }
}

fn unsupported(level: i64, name: i64) -> Reply {
    let known = |prefix: &[&str], number: i64| symbols::named(prefix, number);
    let text = match level {
        SOL_SOCKET => known(&["SO_"], name),
        SOL_TCP => known(&["TCP_"], name),
        SOL_IP => known(&["IP_"], name),
        SOL_IPV6 => known(&["IPV6_"], name),
        _ => None,
    };
    let text = text.map_or_else(|| format!("{level}:{name}"), str::to_owned);
    Reply::Unsupported(format!("option:{text}"))
}

/// The options that the stack has something for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    SendBuffer,
    ReceiveBuffer,
    ReuseAddr,
    Error,
    KeepAlive,
    Linger,
    NoDelay,
    Cork,
    QuickAcks,
    /// TCP_MAXSEG.
    SegmentSize,
    TypeOfService,
    HopLimit,
    PathMtu,
    /// TCP_INQ.
    Inquire,
    KeepIdle,
    KeepInterval,
    KeepCount,
    SynCount,
    UserTimeout,
    Linger2,
    /// TCP_NOTSENT_LOWAT.
    UnsentLowWater,
    DeferAccept,
    Congestion,
    FastOpen(Hasty),
    /// Read only.
    Told(Fact),
    /// Kept, and nothing that a packet could show.
    Inert(Inert),
}

/// Options that change nothing here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inert {
    ReusePort,
    Mark,
    FreeBind,
}

/// The options of Fast Open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hasty {
    /// TCP_FASTOPEN.
    Pending,
    /// TCP_FASTOPEN_NO_COOKIE.
    WithoutCookie,
    /// TCP_FASTOPEN_CONNECT.
    ConnectLater,
    /// TCP_FASTOPEN_KEY.
    Keys,
}

impl Hasty {
    const ALL: [Hasty; 4] = [
        Hasty::Pending,
        Hasty::WithoutCookie,
        Hasty::ConnectLater,
        Hasty::Keys,
    ];

    const fn number(self) -> i64 {
        match self {
            Hasty::Pending => 23,
            Hasty::ConnectLater => 30,
            Hasty::Keys => 33,
            Hasty::WithoutCookie => 34,
        }
    }
}

/// What a socket tells of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fact {
    Type,
    Listens,
    Protocol,
    Family,
}

impl Known {
    fn of(level: i64, name: i64) -> Option<Known> {
        Some(match (level, name) {
            (SOL_SOCKET, 7) => Known::SendBuffer,
            (SOL_SOCKET, 8) => Known::ReceiveBuffer,
            (SOL_SOCKET, 2) => Known::ReuseAddr,
            (SOL_SOCKET, 4) => Known::Error,
            (SOL_SOCKET, 9) => Known::KeepAlive,
            (SOL_SOCKET, 13) => Known::Linger,
            (SOL_SOCKET, 15) => Known::Inert(Inert::ReusePort),
            (SOL_SOCKET, 36) => Known::Inert(Inert::Mark),
            (SOL_IP, 15) | (SOL_IPV6, 78) => Known::Inert(Inert::FreeBind),
            (SOL_SOCKET, 3) => Known::Told(Fact::Type),
            (SOL_SOCKET, 30) => Known::Told(Fact::Listens),
            (SOL_SOCKET, 38) => Known::Told(Fact::Protocol),
            (SOL_SOCKET, 39) => Known::Told(Fact::Family),
            (SOL_TCP, 1) => Known::NoDelay,
            (SOL_TCP, 2) => Known::SegmentSize,
            (SOL_TCP, 3) => Known::Cork,
            (SOL_TCP, 12) => Known::QuickAcks,
            (SOL_TCP, 36) => Known::Inquire,
            (SOL_IP, 1) | (SOL_IPV6, 67) => Known::TypeOfService,
            (SOL_IP, 2) | (SOL_IPV6, 16) => Known::HopLimit,
            (SOL_IP, 10) | (SOL_IPV6, 23) => Known::PathMtu,
            (SOL_TCP, 4) => Known::KeepIdle,
            (SOL_TCP, 5) => Known::KeepInterval,
            (SOL_TCP, 6) => Known::KeepCount,
            (SOL_TCP, 7) => Known::SynCount,
            (SOL_TCP, 8) => Known::Linger2,
            (SOL_TCP, 9) => Known::DeferAccept,
            (SOL_TCP, 13) => Known::Congestion,
            (SOL_TCP, 18) => Known::UserTimeout,
            (SOL_TCP, 25) => Known::UnsentLowWater,
            (SOL_TCP, name) => {
                let mut hasty = Hasty::ALL.into_iter();
                Known::FastOpen(hasty.find(|option| option.number() == name)?)
            }
            _ => return None,
        })
    }
}

impl Known {
    /// Copies what the option is about.
    fn copy(self, from: &TcpConfig, to: &mut TcpConfig) {
        match self {
            Known::SendBuffer => {
                to.send_buffer = from.send_buffer;
                to.send_buffer_max = from.send_buffer_max;
            }
            Known::ReceiveBuffer => {
                to.receive_buffer = from.receive_buffer;
                to.receive_buffer_max = from.receive_buffer_max;
            }
            Known::NoDelay => to.nodelay = from.nodelay,
            Known::Cork => to.cork = from.cork,
            Known::TypeOfService => to.dscp = from.dscp,
            Known::HopLimit => to.hop_limit = from.hop_limit,
            Known::PathMtu => to.may_be_cut = from.may_be_cut,
            Known::SynCount => to.r2_syn = from.r2_syn,
            Known::UnsentLowWater => to.unsent_low_water = from.unsent_low_water,
            Known::Linger2 => to.fin_wait_2 = from.fin_wait_2,
            // Those that are the socket's own, and those that have a call of their own.
            _ => {}
        }
    }
}

/// Those of Linux that are not here, or not as there.
const OTHER_ALGORITHMS: [&str; 15] = [
    "bbr",
    "bic",
    "cdg",
    "dctcp",
    "highspeed",
    "htcp",
    "hybla",
    "illinois",
    "lp",
    "nv",
    "scalable",
    "vegas",
    "veno",
    "westwood",
    "yeah",
];
/// TCP_MIN_MSS to MAX_TCP_WINDOW.
const MAXSEG: std::ops::RangeInclusive<i64> = 88..=32_767;
/// net.ipv4.ip_default_ttl.
const HOP_LIMIT: u8 = 64;
/// IP_PMTUDISC_WANT.
const WANT: i64 = 1;
/// TCP_CA_NAME_MAX.
const CA_NAME_MAX: usize = 16;
const SOL_IP: i64 = 0;
const SOL_SOCKET: i64 = 1;
const SOL_TCP: i64 = 6;
const SOL_IPV6: i64 = 41;
/// TCP_FIN_TIMEOUT_MAX.
const LINGER2_MAX: Duration = Duration::from_secs(120);
/// TCP_RTO_MAX.
const RTO_MAX: Duration = Duration::from_secs(120);
/// net.core.wmem_max and rmem_max.
const DEFAULT_MAX: u32 = 212_992;
/// SOCK_MIN_SNDBUF and SOCK_MIN_RCVBUF on x86-64.
const SEND_LEAST: u32 = 4608;
const RECEIVE_LEAST: u32 = 2304;
