//! How much of packetdrill a script needs.

use super::command::{Action, Queue, read};
use super::settings::{Dialect, Settings};
use super::syntax::{Body, Call, Expr, ExprKind, Options, Packet, Script, TcpOption, What};

/// The tiers, in order: a script has the highest of its constructs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// Packets, calls that do not wait, basic options.
    T0,
    /// Calls that wait, code blocks, marks, polling, messages.
    T1,
    /// The BSD dialect.
    T1b,
    /// Fast Open.
    T2,
    /// Accurate ECN.
    T3,
    /// ICMP, routes, counters, path MTU.
    T4,
    /// epoll, the error queue, files, datagrams.
    T5,
}

impl Tier {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Tier::T0 => "T0",
            Tier::T1 => "T1",
            Tier::T1b => "T1b",
            Tier::T2 => "T2",
            Tier::T3 => "T3",
            Tier::T4 => "T4",
            Tier::T5 => "T5",
        }
    }

    /// That of a script.
    pub fn of(script: &Script, settings: &Settings, dialect: Dialect) -> Tier {
        let mut tier = Tier::T0;
        if dialect == Dialect::Bsd {
            tier = Tier::T1b;
        }
        if settings.timestamp_tick > 0 {
            tier = tier.max(Tier::T1);
        }
        let ends = script.init.iter().chain(&script.cleanup);
        for command in ends {
            tier = tier.max(of_command(&command.text));
        }
        for event in &script.events {
            tier = tier.max(match &event.what {
                What::Packet(packet) => of_packet(packet),
                What::Call(call) => of_call(call),
                What::Command(command) => of_command(&command.text),
                What::Code(code) if code.text.contains("SK_MEMINFO") => Tier::T4,
                What::Code(_) => Tier::T1,
            });
        }
        tier
    }
}

fn of_packet(packet: &Packet) -> Tier {
    let marks = packet.marks;
    let marked = marks.tos.is_some() || marks.flow.is_some() || marks.ttl.is_some();
    let tcp = match &packet.body {
        Body::Tcp(tcp) => tcp,
        Body::Icmp(_) => return Tier::T4,
        Body::Udp { .. } | Body::Unsupported(_) => return Tier::T5,
    };
    let mut tier = if marked { Tier::T1 } else { Tier::T0 };
    if tcp.flags.ae || tcp.flags.ace.is_some() {
        tier = Tier::T3;
    }
    if let Options::These(list) = &tcp.options {
        for option in list {
            tier = tier.max(match option {
                TcpOption::FastOpen(_) | TcpOption::FastOpenExperimental(_) => Tier::T2,
                TcpOption::AccEcn { .. } => Tier::T3,
                TcpOption::Md5(_) | TcpOption::Unsupported(_) => Tier::T5,
                _ => Tier::T0,
            });
        }
    }
    tier
}

fn of_call(call: &Call) -> Tier {
    let mut tier = match call.name.as_str() {
        "poll" | "sendmsg" | "recvmsg" | "ioctl" => Tier::T1,
        name if name.starts_with("epoll") => Tier::T5,
        "open" | "sendfile" | "pipe" | "splice" => Tier::T5,
        _ if call.end.is_some() => Tier::T1,
        _ => Tier::T0,
    };
    let mut rest: Vec<&Expr> = call.args.iter().collect();
    while let Some(expr) = rest.pop() {
        match &expr.kind {
            ExprKind::Word(name) => tier = tier.max(of_name(name)),
            ExprKind::Or(left, right) => rest.extend([&**left, &**right]),
            ExprKind::List(list) => rest.extend(list),
            _ => {}
        }
    }
    tier
}

fn of_name(name: &str) -> Tier {
    match name {
        "TCP_FASTOPEN"
        | "TCP_FASTOPEN_CONNECT"
        | "TCP_FASTOPEN_KEY"
        | "TCP_FASTOPEN_NO_COOKIE"
        | "MSG_FASTOPEN" => Tier::T2,
        "TCP_NOTSENT_LOWAT" => Tier::T4,
        "SO_ZEROCOPY" | "SO_TIMESTAMPING" | "TCP_INQ" | "TCP_MD5SIG" | "MSG_EOR"
        | "MSG_ZEROCOPY" | "MSG_ERRQUEUE" | "SOCK_DGRAM" => Tier::T5,
        "TCP_MAXSEG" | "TCP_USER_TIMEOUT" | "TCP_SYNCNT" | "SO_KEEPALIVE" | "TCP_KEEPIDLE"
        | "TCP_KEEPINTVL" | "TCP_KEEPCNT" | "SO_LINGER" | "TCP_LINGER2" | "TCP_DEFER_ACCEPT"
        | "TCP_CORK" | "TCP_QUICKACK" | "IP_TOS" | "IPV6_TCLASS" | "IP_TTL" | "IP_MTU_DISCOVER"
        | "IP_FREEBIND" | "SO_MARK" | "TCP_CONGESTION" | "MSG_MORE" | "MSG_WAITALL" => Tier::T1,
        _ => Tier::T0,
    }
}

fn of_command(text: &str) -> Tier {
    let mut tier = Tier::T0;
    for doing in read(text) {
        tier = tier.max(match &doing.action {
            Action::Set { key, value, .. } => of_setting(key, value),
            Action::Sample | Action::Changed { .. } | Action::Route(_) => Tier::T4,
            Action::Queue(Queue::Drop) => Tier::T4,
            Action::File { .. } => Tier::T5,
            _ => Tier::T0,
        });
    }
    tier
}

fn of_setting(key: &str, value: &str) -> Tier {
    match key {
        _ if key.contains("tcp_fastopen") => Tier::T2,
        "net.ipv4.tcp_ecn" if matches!(value, "3" | "4" | "5") => Tier::T3,
        "net.ipv4.tcp_ecn_option" | "net.ipv4.tcp_ecn_option_beacon" => Tier::T3,
        "net.ipv4.tcp_notsent_lowat" | "net.ipv4.tcp_mtu_probing" | "net.ipv4.tcp_base_mss" => {
            Tier::T4
        }
        _ => Tier::T0,
    }
}
