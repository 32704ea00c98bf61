//! What two SYNs agree on: maximum segment size, window scale, selective acknowledgments,
//! timestamps. A pure function of two offers.
//!
//! RFC 9293 section 3.7.1, RFC 7323 sections 2.2 and 3.2, RFC 2018 section 2.

use crate::base::{Mss, WindowScale};
use crate::tcp::config::Config;
use crate::tcp::ecn::Mode;
use crate::wire::options::{Options, Order, TimestampOption};

/// What holds for a connection from its SYNs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreement {
    /// The largest text that the peer takes, options counted in.
    pub mss: Mss,
    /// The largest text we said we take.
    pub our_mss: Mss,
    /// Both shift counts; `None`: windows are not scaled.
    pub scale: Option<Scales>,
    /// SACK blocks may be sent.
    pub sack: bool,
    /// Timestamps are sent and expected in every segment.
    pub timestamps: bool,
    /// Whether marks of congested routers are heeded, and how. Flags say so, not options.
    pub ecn: Mode,
    /// In which order our SYN has its options.
    pub order: Order,
}

/// The two shift counts of RFC 7323 section 2.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scales {
    /// Rcv.Wind.Shift: for the windows that we send.
    pub ours: WindowScale,
    /// Snd.Wind.Shift: for the windows that come.
    pub peers: WindowScale,
}

/// What our SYN offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    pub mss: Mss,
    pub scale: Option<WindowScale>,
    pub sack: bool,
    pub timestamps: bool,
    pub order: Order,
}

impl Offer {
    /// What the configuration has, on a path that carries segments of `mss` bytes.
    pub fn new(config: &Config, mss: Mss) -> Offer {
        Offer {
            mss,
            scale: config.window_scaling.then(|| scale_for(config)),
            sack: config.sack,
            timestamps: config.timestamps,
            order: config.option_order,
        }
    }

    /// The options of a SYN.
    pub fn syn_options(&self, timestamps: Option<TimestampOption>) -> Options {
        Options {
            mss: Some(self.mss.get()),
            window_scale: self.scale.map(WindowScale::shift),
            sack_permitted: self.sack,
            timestamps: timestamps.filter(|_| self.timestamps),
            ..Options::default()
        }
    }

    /// What is agreed before the peer has said anything.
    pub fn alone(&self) -> Agreement {
        Agreement {
            mss: self.mss,
            our_mss: self.mss,
            scale: None,
            sack: false,
            timestamps: false,
            ecn: Mode::Off,
            order: self.order,
        }
    }
}

impl Agreement {
    /// What our SYN,ACK has: what the SYN had, of what we have. RFC 7323 sections 2.2 and 3.2.
    pub fn answer(&self) -> Offer {
        Offer {
            mss: self.our_mss,
            scale: self.scale.map(|scales| scales.ours),
            sack: self.sack,
            timestamps: self.timestamps,
            order: self.order,
        }
    }
}

/// What our offer and the options of the peer's SYN agree on. `default` is what a peer takes that
/// names no size (RFC 9293 section 3.7.1, MUST-15).
pub fn agree(ours: &Offer, peer: &Options, default: Mss) -> Agreement {
    Agreement {
        mss: peer.mss.map_or(default, Mss::new),
        our_mss: ours.mss,
        // RFC 7323 section 2.2: both SYNs have the option, or neither side scales.
        scale: ours
            .scale
            .zip(peer.window_scale)
            .map(|(ours, theirs)| Scales {
                ours,
                peers: WindowScale::new(theirs),
            }),
        sack: ours.sack && peer.sack_permitted,
        timestamps: ours.timestamps && peer.timestamps.is_some(),
        ecn: Mode::Off,
        order: ours.order,
    }
}

/// RFC 7323 section 2.3: the shift is fixed by the largest buffer there will ever be. But half of
/// the buffer that there is at first can be said in its units, or a small one would never show any
/// room.
fn scale_for(config: &Config) -> WindowScale {
    let wanted = WindowScale::for_window(config.receive_buffer_max.max(config.receive_buffer));
    let half = config.receive_buffer / 2;
    let finest = half.checked_ilog2().unwrap_or_default();
    WindowScale::new(wanted.shift().min(finest as u8))
}

/// The window that a SYN shows: never scaled (RFC 7323 section 2.2).
pub fn syn_window(config: &Config) -> u16 {
    u16::try_from(config.receive_buffer).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests;
