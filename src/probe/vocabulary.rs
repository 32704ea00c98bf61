//! The bare names that events speak of.
//!
//! They live down here because events name them; what they *do* is written where their topic is
//! (`State::after` in `tcp/state.rs`, citations of endings in `probe/endings.rs`).

/// The eleven states of RFC 9293 section 3.3.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    Closed,
    Listen,
    SynSent,
    SynReceived,
    Established,
    FinWait1,
    FinWait2,
    CloseWait,
    Closing,
    LastAck,
    TimeWait,
}

impl State {
    /// All of them, in the order of RFC 9293 section 3.3.2.
    pub const ALL: [State; 11] = [
        State::Listen,
        State::SynSent,
        State::SynReceived,
        State::Established,
        State::FinWait1,
        State::FinWait2,
        State::CloseWait,
        State::Closing,
        State::LastAck,
        State::TimeWait,
        State::Closed,
    ];

    /// The RFC's spelling.
    pub const fn name(self) -> &'static str {
        match self {
            State::Closed => "CLOSED",
            State::Listen => "LISTEN",
            State::SynSent => "SYN-SENT",
            State::SynReceived => "SYN-RECEIVED",
            State::Established => "ESTABLISHED",
            State::FinWait1 => "FIN-WAIT-1",
            State::FinWait2 => "FIN-WAIT-2",
            State::CloseWait => "CLOSE-WAIT",
            State::Closing => "CLOSING",
            State::LastAck => "LAST-ACK",
            State::TimeWait => "TIME-WAIT",
        }
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// What moves a connection from one state to another: the labels of RFC 9293 Figure 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Edge {
    /// Passive OPEN.
    PassiveOpen,
    /// Active OPEN: a SYN goes out.
    ActiveOpen,
    /// A SYN arrived: a SYN,ACK goes out.
    SynReceived,
    /// A SYN that acknowledges ours arrived: an ACK goes out.
    SynAckReceived,
    /// Our SYN is acknowledged.
    SynAcked,
    /// CLOSE: our FIN goes out.
    FinSent,
    /// The peer's FIN arrived in order.
    FinReceived,
    /// Our FIN is acknowledged.
    FinAcked,
    /// CLOSE before anything was agreed: the control block is deleted.
    Closed,
    /// ABORT, or a timeout that gives up.
    Aborted,
    /// A reset was accepted.
    ResetReceived,
    /// A reset came for a connection that a passive OPEN began: it listens again.
    ResetReceivedPassive,
    /// Two maximum segment lifetimes have passed.
    TwoMslElapsed,
    /// A SYN ended TIME-WAIT early: the old connection gives way to its next incarnation.
    Reopened,
}

/// What became of a packet that was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Accepted {
    /// A SYN: a half-open connection was made, or simultaneous open began.
    Syn,
    /// A SYN that showed a good cookie: a connection was made, and its text can be read.
    SynFastOpened,
    /// A SYN that was answered by a cookie, and forgotten.
    SynCookie,
    /// A SYN,ACK that answers our SYN.
    SynAck,
    /// The handshake's last ACK.
    HandshakeAck,
    /// Text in order (and perhaps an acknowledgment).
    Text,
    /// Text beyond a hole: kept.
    TextOutOfOrder,
    /// Text that was there already.
    TextDuplicate,
    /// Text beyond a hole that there was no room to note; what it acknowledges counted.
    TextRefused,
    /// A FIN in order.
    Fin,
    /// A FIN beyond a hole: remembered.
    FinOutOfOrder,
    /// An acknowledgment of something new.
    Ack,
    /// An acknowledgment of nothing new that only moves the window.
    WindowUpdate,
    /// A duplicate acknowledgment (RFC 5681 section 2).
    DuplicateAck,
    /// A probe of our window, or a keep-alive: answered.
    Probe,
    /// A reset that ends the connection.
    Reset,
    /// Text that nobody will read: the reader closed.
    TextUnread,
    /// An echo request: answered.
    EchoRequest,
    /// An echo reply.
    EchoReply,
    /// An ICMP error that was believed.
    IcmpError,
    /// A datagram for a socket.
    Datagram,
    /// A fragment: kept until the rest comes.
    Fragment,
    /// A segment that TIME-WAIT answers with its last acknowledgment.
    TimeWaitAnswered,
    /// A SYN that opens anew where TIME-WAIT was.
    TimeWaitReopened,
    /// A packet for another of the stacks with these addresses: it is handed over.
    Stray,
}

/// Why a well-formed TCP segment meant nothing to its connection, or to nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Discard {
    /// None of it lies in the receive window; wholly old text is told apart as `Old`.
    OutOfWindow,
    /// All of it lies before RCV.NXT: received before.
    Old,
    /// Its timestamp is older than TS.Recent.
    Paws,
    /// The connection uses timestamps and the segment has none.
    TimestampMissing,
    /// A reset in the window but not at RCV.NXT: challenged.
    ResetNotExact,
    /// A reset outside the window: silence.
    ResetOutOfWindow,
    /// A reset in SYN-SENT that acknowledges nothing of ours.
    ResetUnacceptable,
    /// A reset in TIME-WAIT.
    ResetInTimeWait,
    /// A SYN in a synchronized state: challenged.
    SynInSynchronized,
    /// No ACK bit where one is required.
    NoAck,
    /// It acknowledges what was never sent.
    AckTooNew,
    /// It acknowledges what was acknowledged longer than a window ago.
    AckTooOld,
    /// SYN-SENT or SYN-RECEIVED: an acknowledgment of anything but our SYN. Answered by a reset.
    AckUnacceptable,
    /// SYN-SENT: neither SYN nor RST.
    NoSyn,
    /// SYN-RECEIVED: the SYN again, asking for another kind of ECN. Answered by a reset.
    EcnMixed,
    /// A reset for a listener.
    ResetAtListener,
    /// An ACK for a listener: answered by a reset.
    AckAtListener,
    /// Neither SYN, ACK nor RST for a listener.
    NothingAtListener,
    /// The ACK of our SYN without text, which the listener waits for.
    AckDeferred,
    /// The listener's backlog of half-open connections is full.
    BacklogFull,
    /// The listener's accept queue is full.
    AcceptQueueFull,
    /// No room for one more connection.
    TooManyConnections,
    /// Nobody has this pair of sockets: answered by a reset.
    NoConnection,
    /// Nobody has this pair of sockets, and it was a reset: silence.
    NoConnectionReset,
    /// An ICMP error that quotes a sequence number we have nothing outstanding at.
    IcmpOutOfWindow,
    /// An ICMP error that says that a packet was too big, and names an MTU that cannot be.
    TooBigImpossible,
}

/// Why a packet did not reach a transport machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Drop {
    /// Neither IPv4 nor IPv6.
    BadVersion,
    /// Shorter than its header, or than its header says.
    Truncated,
    /// A header length that cannot be.
    BadHeaderLength,
    /// The IPv4 header checksum is wrong.
    BadHeaderChecksum,
    /// A source address that nobody may send from.
    BadSource,
    /// Source and destination are the same: LAND.
    Land,
    /// A destination that is not ours.
    NotOurs,
    /// Multicast or broadcast that nobody here listens to.
    NobodyListens,
    /// A source route, or a routing header that must be refused.
    SourceRoute,
    /// Options that make no sense.
    BadOptions,
    /// A fragment of a length or at a place that cannot be, or without the headers that a first
    /// one must have.
    BadFragment,
    /// A fragment that came before, byte for byte.
    FragmentDuplicate,
    /// A fragment that contradicts others of its datagram, which is given up, or has been.
    FragmentOverlap,
    /// One fragment too many: its datagram is given up.
    FragmentLimit,
    /// Fragments of one datagram that are marked for congestion and cannot be: it is given up.
    FragmentMark,
    /// An extension header that it must not have, or not here.
    BadExtension,
    /// No next header follows.
    NoNextHeader,
    /// A protocol that nobody here speaks: answered by an ICMP error.
    UnknownProtocol,
    /// The TCP header cannot be read.
    BadTcpHeader,
    /// The TCP checksum is wrong.
    BadTcpChecksum,
    /// A TCP segment to or from a multicast or broadcast address.
    TcpNotUnicast,
    /// The UDP header cannot be read.
    BadUdpHeader,
    /// The UDP checksum is wrong, or missing on IPv6.
    BadUdpChecksum,
    /// No socket has this port: answered by an ICMP error.
    PortUnreachable,
    /// The ICMP message cannot be read.
    BadIcmpHeader,
    /// The ICMP checksum is wrong.
    BadIcmpChecksum,
    /// An ICMP message that asks nothing of a host.
    IcmpIgnored,
    /// An ICMP error that quotes nothing of ours.
    IcmpNotOurs,
    /// An echo reply that nobody asked for.
    NobodyAsked,
    /// Too many replies are waiting already.
    RepliesFull,
    /// A reply would have to be cut, and every identification is in use.
    NoIdentification,
    /// A queue of received datagrams is full.
    QueueFull,
    /// Too many packets wait to be handed over to other stacks.
    StraysFull,
}

/// What a packet that leaves is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    Syn,
    SynAck,
    Text,
    /// Text in a segment that is longer than the path is known to carry (RFC 4821 section 7.5).
    PathProbe,
    Fin,
    Ack,
    /// An ACK that challenges (RFC 5961).
    ChallengeAck,
    Reset,
    WindowProbe,
    KeepAlive,
    /// Something sent before, with how it was found missing.
    Retransmission(Resent),
    EchoRequest,
    EchoReply,
    IcmpError,
    Datagram,
}

/// Why something was sent once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resent {
    /// The retransmission timer expired.
    Timeout,
    /// Fast retransmit and fast recovery: duplicates or reports show that it was lost.
    Fast,
    /// A partial acknowledgment in recovery (RFC 6582).
    PartialAck,
    /// Slow start after a timeout goes through what was lost with it; or the window opened after
    /// probing.
    AfterTimeout,
    /// The SYN or SYN,ACK.
    Syn,
    /// A tail loss probe (RFC 8985 section 7).
    Probe,
}

/// What a timer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimerKind {
    /// RFC 8985 section 6.2: when a segment may no longer have been merely overtaken.
    Reordering,
    /// RFC 8985 section 7.2: PTO.
    LossProbe,
    /// RFC 6298.
    Retransmission,
    /// RFC 9293 section 3.8.6.3.
    DelayedAck,
    /// RFC 9293 section 3.8.6.1.
    Persist,
    /// RFC 9293 section 3.8.4.
    KeepAlive,
    /// RFC 9293 section 3.8.3.
    UserTimeout,
    /// RFC 9293 section 3.6: 2 MSL.
    TimeWait,
    /// A closed connection whose peer never sends its FIN: house!("fin-wait-2").
    FinWait2,
    /// RFC 9293 section 3.8.6.2.1: the override timeout of the sender's silly window cure.
    SillyWindow,
    /// Nothing has moved for a while: house!("rest").
    Rest,
    /// When what waits for its turn may leave: house!("pacing").
    Pacing,
}

impl TimerKind {
    /// All kinds, in the order in which they are looked at when several are due.
    pub const ALL: [TimerKind; 12] = [
        TimerKind::Reordering,
        TimerKind::LossProbe,
        TimerKind::Retransmission,
        TimerKind::DelayedAck,
        TimerKind::Persist,
        TimerKind::KeepAlive,
        TimerKind::UserTimeout,
        TimerKind::TimeWait,
        TimerKind::FinWait2,
        TimerKind::SillyWindow,
        TimerKind::Rest,
        TimerKind::Pacing,
    ];
}

/// What convinced the sender that something was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LossProof {
    /// RFC 6298: the timer.
    Timeout,
    /// RFC 5681 section 3.2: the third duplicate.
    ThreeDuplicates,
    /// RFC 6582: a partial acknowledgment.
    PartialAck,
    /// RFC 8985 section 6: something sent later has arrived.
    Rack,
    /// RFC 6675 section 4: enough above it is reported.
    Reports,
    /// RFC 8985 section 7.4.2: a probe has repaired it.
    Probe,
}

/// What proves that something sent again had not been lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Spurious {
    /// RFC 3522: the ACK echoes a timestamp from before the retransmission.
    Timestamp,
    /// RFC 2883: the peer says that it got all of it twice.
    Dsack,
    /// RFC 5682: what was sent before the timeout arrived after it.
    Frto,
}

/// Why nothing more is sent for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blocked {
    /// There is no more to come, or not yet: no connection, or the application has closed its side.
    Nothing,
    /// All that the application wrote has left.
    Application,
    /// The congestion window is full, or what was lost goes first.
    CongestionWindow,
    /// The peer's window is full.
    PeerWindow,
    /// It waits for its turn.
    Pacing,
    /// A short segment waits for company (RFC 9293 section 3.7.4).
    Nagle,
    /// The peer's window has some room, but too little to be worth a segment (RFC 9293 section
    /// 3.8.6.2.1).
    SillyWindow,
}

impl Blocked {
    /// All of them.
    pub const ALL: [Blocked; 7] = [
        Blocked::CongestionWindow,
        Blocked::PeerWindow,
        Blocked::Application,
        Blocked::Pacing,
        Blocked::Nagle,
        Blocked::SillyWindow,
        Blocked::Nothing,
    ];

    /// As a key: `cwnd`.
    pub const fn key(self) -> &'static str {
        match self {
            Blocked::Nothing => "nothing",
            Blocked::Application => "app",
            Blocked::CongestionWindow => "cwnd",
            Blocked::PeerWindow => "rwnd",
            Blocked::Pacing => "pacing",
            Blocked::Nagle => "nagle",
            Blocked::SillyWindow => "silly_window",
        }
    }
}

/// What an application asked of the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    Open,
    /// A datagram socket or an echo socket was made.
    Bind,
    /// A datagram socket has a peer from here on.
    Connect,
    Listen,
    Accept,
    Send {
        bytes: usize,
    },
    Receive {
        bytes: usize,
    },
    Close,
    /// Half of CLOSE: no more will be sent.
    ShutdownWrite,
    Abort,
    /// An option was changed.
    Configure,
    /// The listener was closed.
    Unlisten,
}
