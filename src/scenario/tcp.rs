//! How the connections of a host behave: the knobs of `tcp::Config` that experiments turn.

use serde::{Deserialize, Serialize};

use crate::base::Mss;
use crate::tcp::congestion::Algorithm;
use crate::tcp::ecn::Asking;
use crate::tcp::{self, KeepAlive, PathProbing};

use super::units::{Size, Time};

/// Every knob, as the stack has it unless it is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tcp {
    pub cc: Cc,
    /// Segments: RFC 6928.
    pub initial_window: u32,
    pub hystart: bool,
    pub idle_restart: bool,
    pub pacing: bool,
    pub sack: bool,
    pub dsack: bool,
    pub timestamps: bool,
    pub window_scaling: bool,
    pub rack: bool,
    pub tlp: bool,
    pub frto: bool,
    pub undo: bool,
    /// DupThresh of RFC 6675.
    pub dup_thresh: u8,
    pub ecn: Ecn,
    pub nagle: bool,
    pub delayed_ack: Time,
    pub quick_acks: u32,
    pub rto_min: Time,
    pub rto_max: Time,
    pub max_ack_delay: Time,
    /// Retransmissions until a connection is given up.
    pub retries: u32,
    pub syn_retries: u32,
    pub receive_buffer: Size,
    pub receive_buffer_max: Size,
    pub send_buffer: Size,
    pub send_buffer_max: Size,
    /// The window follows the reader byte by byte: silly windows are possible.
    pub window_follows: bool,
    /// Both halves of silly window avoidance may be off, for who wants to see what they avoid.
    pub offer_slivers: bool,
    pub send_slivers: bool,
    /// RFC 4987 section 3.6.
    pub syn_cookies: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mss: Option<u16>,
    pub path_probing: Probing,
    /// The size of packets that nearly all paths carry.
    pub base_mtu: u16,
    pub msl: Time,
    pub fin_wait_2: Time,
    /// Silence until a probe asks whether the peer is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_alive: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_timeout: Option<Time>,
}

/// The congestion control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cc {
    Reno,
    Cubic,
    Bbr,
}

/// RFC 3168.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ecn {
    Off,
    /// If the peer asks.
    Answer,
    Ask,
}

/// RFC 8899.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Probing {
    Off,
    OnBlackHole,
    Always,
}

impl Default for Tcp {
    fn default() -> Tcp {
        let tcp = tcp::Config::default();
        Tcp {
            cc: Cc::of(tcp.congestion),
            initial_window: tcp.initial_window,
            hystart: tcp.hystart,
            idle_restart: tcp.idle_restart,
            pacing: tcp.pacing,
            sack: tcp.sack,
            dsack: tcp.dsack,
            timestamps: tcp.timestamps,
            window_scaling: tcp.window_scaling,
            rack: tcp.recovery.rack,
            tlp: tcp.recovery.tlp,
            frto: tcp.recovery.frto,
            undo: tcp.recovery.undo,
            dup_thresh: tcp.recovery.dup_thresh,
            ecn: match tcp.ecn {
                Asking::Off => Ecn::Off,
                Asking::IfAsked => Ecn::Answer,
                Asking::Ask => Ecn::Ask,
            },
            nagle: !tcp.nodelay,
            delayed_ack: Time(tcp.delayed_ack),
            quick_acks: tcp.quick_acks,
            rto_min: Time(tcp.rto_min),
            rto_max: Time(tcp.rto_max),
            max_ack_delay: Time(tcp.max_ack_delay),
            retries: tcp.r2,
            syn_retries: tcp.r2_syn,
            receive_buffer: Size(tcp.receive_buffer.into()),
            receive_buffer_max: Size(tcp.receive_buffer_max.into()),
            send_buffer: Size(tcp.send_buffer.into()),
            send_buffer_max: Size(tcp.send_buffer_max.into()),
            window_follows: tcp.window_follows,
            offer_slivers: tcp.offer_slivers,
            send_slivers: tcp.send_slivers,
            syn_cookies: tcp.syn_cookies,
            mss: None,
            path_probing: match tcp.path_probing {
                PathProbing::Off => Probing::Off,
                PathProbing::OnBlackHole => Probing::OnBlackHole,
                PathProbing::Always => Probing::Always,
            },
            base_mtu: tcp.base_mtu,
            msl: Time(tcp.msl),
            fin_wait_2: Time(tcp.fin_wait_2),
            keep_alive: None,
            user_timeout: None,
        }
    }
}

impl Cc {
    fn of(algorithm: Algorithm) -> Cc {
        match algorithm {
            Algorithm::Reno => Cc::Reno,
            Algorithm::Cubic => Cc::Cubic,
            Algorithm::Bbr => Cc::Bbr,
        }
    }

    fn algorithm(self) -> Algorithm {
        match self {
            Cc::Reno => Algorithm::Reno,
            Cc::Cubic => Algorithm::Cubic,
            Cc::Bbr => Algorithm::Bbr,
        }
    }
}

impl Tcp {
    /// The stack's form of it.
    ///
    /// # Errors
    ///
    /// The knob that is out of its range, and why.
    pub fn config(&self) -> Result<tcp::Config, (&'static str, String)> {
        let bytes = |name, Size(bytes): Size| {
            let fits = u32::try_from(bytes).ok().filter(|bytes| *bytes > 0);
            fits.ok_or_else(|| (name, format!("{bytes} B is not between 1 B and 4 GiB")))
        };
        let mut tcp = tcp::Config {
            congestion: self.cc.algorithm(),
            initial_window: self.initial_window,
            hystart: self.hystart,
            idle_restart: self.idle_restart,
            pacing: self.pacing,
            sack: self.sack,
            dsack: self.dsack,
            timestamps: self.timestamps,
            window_scaling: self.window_scaling,
            ecn: match self.ecn {
                Ecn::Off => Asking::Off,
                Ecn::Answer => Asking::IfAsked,
                Ecn::Ask => Asking::Ask,
            },
            nodelay: !self.nagle,
            delayed_ack: self.delayed_ack.0,
            quick_acks: self.quick_acks,
            rto_min: self.rto_min.0,
            rto_max: self.rto_max.0,
            max_ack_delay: self.max_ack_delay.0,
            r2: self.retries,
            r2_syn: self.syn_retries,
            receive_buffer: bytes("receive_buffer", self.receive_buffer)?,
            receive_buffer_max: bytes("receive_buffer_max", self.receive_buffer_max)?,
            send_buffer: bytes("send_buffer", self.send_buffer)?,
            send_buffer_max: bytes("send_buffer_max", self.send_buffer_max)?,
            window_follows: self.window_follows,
            offer_slivers: self.offer_slivers,
            send_slivers: self.send_slivers,
            syn_cookies: self.syn_cookies,
            mss_max: self.mss.map(Mss::new),
            path_probing: match self.path_probing {
                Probing::Off => PathProbing::Off,
                Probing::OnBlackHole => PathProbing::OnBlackHole,
                Probing::Always => PathProbing::Always,
            },
            base_mtu: self.base_mtu,
            msl: self.msl.0,
            fin_wait_2: self.fin_wait_2.0,
            keep_alive: self.keep_alive.map(|Time(idle)| KeepAlive {
                idle,
                ..KeepAlive::default()
            }),
            user_timeout: self.user_timeout.map(|Time(time)| time),
            ..tcp::Config::default()
        };
        tcp.recovery = tcp::Recovering {
            rack: self.rack,
            tlp: self.tlp,
            frto: self.frto,
            undo: self.undo,
            dup_thresh: self.dup_thresh,
            ..tcp.recovery
        };
        Ok(tcp)
    }
}
