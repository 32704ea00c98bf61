//! Every knob of a connection, with its default and the reason for it.

use std::fmt;
use std::time::Duration;

use super::congestion::Algorithm;
use super::ecn::Asking;
use super::ecn::counters::Telling;
use super::open::defer::Deferral;
use super::output::low_water::NO_MARK;
use crate::base::Mss;
use crate::wire::options::Order;

/// How a connection behaves. One value serves a whole stack; each connection may have its own.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub struct Config {
    /// Bytes that may wait for the reader, at first. It bounds the window offered.
    pub receive_buffer: u32,
    /// How far that may grow with what is read in a round trip: house!("receive-buffer"). If it is
    /// no more than `receive_buffer`, nothing grows.
    pub receive_buffer_max: u32,
    /// Bytes that may wait for acknowledgment, sent or not, at first.
    pub send_buffer: u32,
    /// How far that may grow with the congestion window: house!("send-buffer"). If it is no more
    /// than `send_buffer`, nothing grows.
    pub send_buffer_max: u32,
    /// SEND takes nothing new while so many bytes are left behind that have never been sent:
    /// house!("unsent-low-water"). [`NO_MARK`]: only what is not acknowledged counts.
    ///
    /// [`NO_MARK`]: super::output::low_water::NO_MARK
    pub unsent_low_water: u32,
    /// Let the window follow the reader byte by byte unless little is free, instead of by steps
    /// that are worth a segment: house!("window-steps").
    pub window_follows: bool,
    /// Tell the peer of every byte that comes free: the receiver's half of what RFC 9293
    /// section 3.8.6.2 forbids, for who wants to see it: house!("silly-windows").
    pub offer_slivers: bool,
    /// Use every byte that the peer's window has room for: the sender's half of it.
    pub send_slivers: bool,
    /// Offer window scaling: RFC 7323 section 2.
    pub window_scaling: bool,
    /// Neither take nor send segments of more text and options than this: RFC 9293 section 3.7.1.
    pub mss_max: Option<Mss>,
    /// RFC 2474 section 3: the DSCP of what is sent, where it stands in the type of service; the
    /// two bits beside it are ECN's.
    pub dscp: u8,
    /// Another hop limit than the stack's: RFC 9293 section 3.9.2 (MUST-49).
    pub hop_limit: Option<u8>,
    /// Let IPv4 routers cut what is too long for their links, instead of telling us: RFC 791
    /// section 3.1, DF. What answers a SYN is short and never cut; nor is what leaves so fast that
    /// identifications would come again (RFC 6864 section 5.2).
    pub may_be_cut: bool,
    /// Offer timestamps: RFC 7323 section 3.
    pub timestamps: bool,
    /// Offer selective acknowledgments: RFC 2018 section 2.
    pub sack: bool,
    /// Report what came twice: RFC 2883 section 4; needs SACK.
    pub dsack: bool,
    /// In which order the options of a SYN are written: house!("option-order").
    pub option_order: Order,
    /// Explicit congestion notification: RFC 3168 section 6.1.1.
    pub ecn: Asking,
    /// Ask for neither kind of ECN any more by a SYN that goes again: RFC 3168 section 6.1.1.1.
    pub ecn_fallback: bool,
    /// Accurate ECN instead: RFC 9768. Off unless asked for.
    pub accurate_ecn: Asking,
    /// How often its option goes along: house!("accurate-ecn-option").
    pub accurate_ecn_option: Telling,
    /// Text before the handshake is over: RFC 7413. Off unless asked for.
    pub fast_open: FastOpen,
    /// A listener whose backlog is full answers SYNs by cookies, which need no memory, instead of
    /// dropping them: RFC 4987 section 3.6.
    pub syn_cookies: bool,
    /// How losses are found and repaired.
    pub recovery: Recovering,
    /// Packetization layer path MTU discovery: RFC 4821, RFC 8899.
    pub path_probing: PathProbing,
    /// BASE_PLPMTU of RFC 8899 section 5.1.2, RFC 4821 section 7.2's first search_low: the size of
    /// packets that nearly all paths carry. On IPv6 it is never less than 1280. house!("base-mtu")
    pub base_mtu: u16,
    /// RFC 9293 section 3.7.4 (MUST-17): turns Nagle's algorithm off.
    pub nodelay: bool,
    /// Let a short segment wait for short ones alone, not for full ones: house!("nagle-by-short").
    pub nagle_by_short: bool,
    /// Set PSH at the end of each burst as well: house!("push-bursts").
    pub push_bursts: Option<PushBursts>,
    /// Hold a short segment back for more text: house!("held-text").
    pub cork: bool,
    /// Which congestion control.
    pub congestion: Algorithm,
    /// RFC 6928 section 2: the initial window, in segments.
    pub initial_window: u32,
    /// Leave the first slow start when the round trip grows: RFC 9406.
    pub hystart: bool,
    /// After a long silence begin with no more than the initial window: house!("idle-restart").
    pub idle_restart: bool,
    /// Spread what a window lets go over its round trip: house!("pacing"). A controller that has a
    /// rate of its own always does.
    pub pacing: bool,
    /// How long an acknowledgment may wait for company: house!("delayed-ack"). RFC 9293
    /// section 3.8.6.3 (MUST-40) allows less than half a second.
    pub delayed_ack: Duration,
    /// How many segments at a connection's beginning are acknowledged at once, as long as nothing
    /// answers them: house!("delayed-ack").
    pub quick_acks: u32,
    /// The least retransmission timeout: house!("rto-min").
    pub rto_min: Duration,
    /// The greatest; RFC 6298 section 2 (2.5) asks for at least a minute.
    pub rto_max: Duration,
    /// TLP.max_ack_delay of RFC 8985 section 7.2, how long the peer may delay the acknowledgment of
    /// a lone segment: house!("tail-loss-probe").
    pub max_ack_delay: Duration,
    /// R1 of RFC 9293 section 3.8.3: after so many retransmissions the network layer is suspected.
    pub r1: u32,
    /// R2 of RFC 9293 section 3.8.3: after so many the connection is given up: house!("retries").
    pub r2: u32,
    /// R2 for a SYN (MUST-23: at least three minutes): house!("retries").
    pub r2_syn: u32,
    /// After how many of a SYN's retransmissions the timeout stays what it was before it begins to
    /// be doubled: house!("syn-linear").
    pub syn_linear: u32,
    /// R2 for a SYN,ACK: house!("retries").
    pub r2_syn_ack: u32,
    /// For listeners: hand a connection over when its first text has come, or after so long:
    /// house!("defer-accept").
    pub defer_accept: Deferral,
    /// For active OPENs: the ACK that ends the handshake waits for text to go along, 200 ms at
    /// most: house!("delayed-ack").
    pub lazy_open: bool,
    /// RFC 9293 section 3.8.4 (MUST-25): off unless asked for.
    pub keep_alive: Option<KeepAlive>,
    /// RFC 9293 section 3.8.3: how long sent data may stay unacknowledged; `None`: until R2.
    pub user_timeout: Option<Duration>,
    /// The maximum segment lifetime: house!("time-wait"). TIME-WAIT lasts twice as long.
    pub msl: Duration,
    /// Let any ICMP error end an opening, not only a hard one: house!("soft-errors").
    pub soft_errors_end_openings: bool,
    /// How long FIN-WAIT-2 waits once nobody reads any more: house!("fin-wait-2").
    pub fin_wait_2: Duration,
}

/// TCP Fast Open. RFC 7413 section 2: it is on only where the application asks for it, because a
/// SYN that the network doubles may bring its text twice (section 6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub struct FastOpen {
    /// For an active OPEN with text: ask for cookies, and send text with the SYN to whoever has
    /// given one.
    pub active: bool,
    /// For the same: send text with every SYN, and neither ask for cookies nor show any (RFC 7413
    /// section 7.3). Only where the peers are known to take it.
    pub active_without_cookie: bool,
    /// For the same: ask again whoever has refused, the second time by the option for experiments
    /// (RFC 7413 section 9): house!("fast-open-memory").
    pub persistent: bool,
    /// For the same: the SYN has as much text as a segment has beside forty bytes of options, if
    /// need be of our size: house!("fast-open-syn").
    pub whole_syns: bool,
    /// For listeners: how many connections may have been handed to the application that wait for
    /// the end of their handshake (RFC 7413 section 5.1). 0: no cookie is handed out, and none
    /// heeded.
    pub pending: u32,
    /// For listeners: text is taken with any SYN, cookie or none, and none is handed out. Only
    /// where something else keeps strangers away: house!("fast-open-keys").
    pub without_cookie: bool,
    /// For listeners: their own keys, in place of the stack's ([`set_fast_open_keys`]).
    ///
    /// [`set_fast_open_keys`]: crate::stack::Stack::set_fast_open_keys
    pub keys: Option<CookieKeys>,
}

/// What cookies are made with: house!("fast-open-keys"). It prints as nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub struct CookieKeys {
    pub current: [u8; 16],
    /// Cookies of this one are good as well.
    pub former: Option<[u8; 16]>,
}

impl fmt::Debug for CookieKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CookieKeys(..)")
    }
}

impl FastOpen {
    /// All of it is off.
    pub const OFF: FastOpen = FastOpen {
        active: false,
        active_without_cookie: false,
        persistent: false,
        whole_syns: false,
        pending: 0,
        without_cookie: false,
        keys: None,
    };
}

/// When probes search for what the path carries. RFC 4821 section 7.2: house!("path-probing").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub enum PathProbing {
    /// Never: what routers report is all there is.
    Off,
    /// Segments are as long as the link allows and routers do not complain of; once they seem to
    /// vanish in silence, they begin with the base, and probes lead up from there.
    #[default]
    OnBlackHole,
    /// Segments begin with the base wherever nothing is known of the path.
    Always,
}

/// How losses are found and repaired, beyond what RFC 5681, RFC 6298 and RFC 6675 ask of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub struct Recovering {
    /// Find losses by time, RFC 8985 section 6, instead of RFC 6675's count; needs SACK.
    pub rack: bool,
    /// Keep RACK's reordering window from growing with D-SACKs: RFC 8985 section 6.2 step 4.
    pub rack_steady: bool,
    /// Let RACK wait for what may have been overtaken, however much is reported: RFC 8985
    /// section 3.3.2.
    pub rack_patient: bool,
    /// Probe for lost tails: RFC 8985 section 7; needs SACK.
    pub tlp: bool,
    /// Find out whether a timeout was spurious: RFC 5682.
    pub frto: bool,
    /// Take a reduction back that proves to have been for nothing: RFC 3522, RFC 2883, RFC 4015.
    pub undo: bool,
    /// DupThresh of RFC 6675 section 2: after so many duplicate acknowledgments, or with so many
    /// segments reported above it, a segment is taken for lost that may only be late. Three, as RFC
    /// 5681 section 3.2 has it; 0 is taken for 1.
    pub dup_thresh: u8,
}

impl Recovering {
    /// Nothing beyond what all do.
    pub const PLAIN: Recovering = Recovering {
        rack: false,
        rack_steady: false,
        rack_patient: false,
        tlp: false,
        frto: false,
        undo: false,
        dup_thresh: DUP_THRESH,
    };
}

impl Default for Recovering {
    fn default() -> Recovering {
        Recovering {
            rack: true,
            rack_steady: false,
            rack_patient: false,
            tlp: true,
            frto: true,
            undo: true,
            dup_thresh: DUP_THRESH,
        }
    }
}

/// How large the bursts are that a sender leaves to its device to cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub struct PushBursts {
    /// In segments, whatever the rate.
    pub least: u32,
    /// The rate that sizes them, in slow start and after it: % of the window in a round trip.
    pub slow_start_percent: u32,
    pub avoidance_percent: u32,
}

impl Default for PushBursts {
    /// As Linux has it.
    fn default() -> PushBursts {
        PushBursts {
            least: 2,
            slow_start_percent: 200,
            avoidance_percent: 120,
        }
    }
}

/// RFC 9293 section 3.8.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub struct KeepAlive {
    /// How long nothing must have come before the first probe; MUST-28: at least two hours by
    /// default.
    pub idle: Duration,
    /// How long between probes.
    pub interval: Duration,
    /// How many unanswered probes end the connection.
    pub probes: u32,
}

impl Default for KeepAlive {
    fn default() -> KeepAlive {
        KeepAlive {
            idle: Duration::from_secs(7200),
            interval: Duration::from_secs(75),
            probes: 9,
        }
    }
}

impl Default for Config {
    fn default() -> Config {
        Config {
            receive_buffer: 128 << 10,
            receive_buffer_max: 4 << 20,
            send_buffer: 128 << 10,
            send_buffer_max: 2 << 20,
            unsent_low_water: NO_MARK,
            window_follows: false,
            offer_slivers: false,
            send_slivers: false,
            window_scaling: true,
            mss_max: None,
            dscp: 0,
            hop_limit: None,
            may_be_cut: false,
            timestamps: true,
            sack: true,
            dsack: true,
            option_order: Order::default(),
            ecn: Asking::default(),
            ecn_fallback: true,
            accurate_ecn: Asking::Off,
            accurate_ecn_option: Telling::default(),
            fast_open: FastOpen::OFF,
            syn_cookies: true,
            recovery: Recovering::default(),
            path_probing: PathProbing::default(),
            base_mtu: 1_200,
            nodelay: false,
            nagle_by_short: false,
            push_bursts: None,
            cork: false,
            congestion: Algorithm::default(),
            initial_window: 10,
            hystart: true,
            idle_restart: true,
            pacing: false,
            delayed_ack: Duration::from_millis(40),
            quick_acks: 0,
            rto_min: Duration::from_millis(200),
            rto_max: Duration::from_secs(120),
            max_ack_delay: Duration::from_millis(200),
            r1: 3,
            r2: 15,
            r2_syn: 7,
            syn_linear: 0,
            r2_syn_ack: 5,
            defer_accept: Deferral::NONE,
            lazy_open: false,
            keep_alive: None,
            user_timeout: None,
            msl: Duration::from_secs(30),
            soft_errors_end_openings: false,
            fin_wait_2: Duration::from_secs(60),
        }
    }
}

/// RFC 5681 section 3.2: the third duplicate.
const DUP_THRESH: u8 = 3;
