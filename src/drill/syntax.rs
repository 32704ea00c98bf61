//! What a script says: the tree that the parser makes and that everything else reads.
//!
//! Values are as written: sequence numbers in the script's own counting, times relative where the
//! script says so, names not looked up.

use std::net::IpAddr;

pub use super::lex::Place;

/// Microseconds of virtual time.
pub type Micros = i64;

/// A whole script.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Script {
    pub options: Vec<ScriptOption>,
    /// The command before the first event.
    pub init: Option<Command>,
    pub events: Vec<Event>,
    /// The command after the last event: it runs whether the script passes or fails.
    pub cleanup: Option<Command>,
    /// Something was written that only the BSD dialect has.
    pub bsd: bool,
    /// Constructs that parse and that nothing here can run, such as `sctp`.
    pub unsupported: Vec<Construct>,
}

/// A construct by name, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Construct {
    pub name: String,
    pub at: Place,
}

/// `--name`, `--name=value`, or `--define=SYM=VAL`.
#[derive(Debug, Clone, PartialEq)]
pub struct ScriptOption {
    pub name: String,
    pub value: Option<OptionValue>,
    pub at: Place,
}

/// What follows an option's `=`.
#[derive(Debug, Clone, PartialEq)]
pub enum OptionValue {
    /// An integer, a word, a string or an address, as text.
    Plain(String),
    /// `SYM=VAL`: the value as a defined word is replaced by it.
    Define(String, Define),
}

/// What a defined word stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Define {
    Integer(i64),
    Text(String),
    Command(String),
    Word(String),
}

/// Text between backquotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    pub text: String,
    pub at: Place,
}

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub when: When,
    pub what: What,
    pub at: Place,
}

/// When an event happens, or may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// `0.5`: since the script began.
    At(Micros),
    /// `+0.5`: after its base.
    After(Micros),
    /// `*`: whenever.
    Any,
    /// `0.5~0.7`.
    Between(Micros, Micros),
    /// `+.1~+.2`.
    AfterBetween(Micros, Micros),
}

/// What happens.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    Packet(Packet),
    Call(Call),
    Command(Command),
    Code(Code),
}

/// A code block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    pub text: String,
    pub at: Place,
}

/// Which way a packet goes, seen from the stack under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// `<`: injected.
    In,
    /// `>`: expected.
    Out,
}

/// A packet line.
#[derive(Debug, Clone, PartialEq)]
pub struct Packet {
    pub direction: Direction,
    pub marks: Marks,
    pub body: Body,
}

/// What a packet carries.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    Tcp(Tcp),
    Udp {
        ports: Option<Ports>,
        len: u16,
    },
    Icmp(Icmp),
    /// It parses and is not run; the reason stands in [`Script::unsupported`].
    Unsupported(&'static str),
}

/// Marks on the IP header; each that is `None` was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Marks {
    pub tos: Option<Tos>,
    /// 20 bits.
    pub flow: Option<u32>,
    pub ttl: Option<u8>,
}

/// What is said of the TOS or traffic class byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tos {
    /// The two ECN bits: 0 none, 1 ECT(1), 2 ECT(0), 3 CE.
    Ecn(u8),
    /// `ect01`: ECT(0) or ECT(1).
    EctAny,
    /// All eight bits.
    Byte(u8),
    /// The six bits above ECN, and the ECN bits if they were written.
    Dscp(u8, Option<u8>),
}

/// `a > b`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    pub src: u16,
    pub dst: u16,
}

/// A TCP segment as written.
#[derive(Debug, Clone, PartialEq)]
pub struct Tcp {
    pub ports: Option<Ports>,
    pub flags: Flags,
    pub seq: Seq,
    pub ack: Option<u32>,
    pub win: Option<u16>,
    pub urg: Option<u16>,
    pub options: Options,
}

/// The control bits as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    /// FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128: the header's byte.
    pub bits: u8,
    /// AE, the bit above CWR.
    pub ae: bool,
    /// A digit: AE, CWR and ECE as one number.
    pub ace: Option<u8>,
}

impl Flags {
    pub const FIN: u8 = 1;
    pub const SYN: u8 = 2;
    pub const RST: u8 = 4;
    pub const PSH: u8 = 8;
    pub const ACK: u8 = 16;
    pub const URG: u8 = 32;
    pub const ECE: u8 = 64;
    pub const CWR: u8 = 128;

    /// Whether a bit of the header's byte was written.
    pub const fn has(self, bit: u8) -> bool {
        self.bits & bit != 0
    }

    /// The header's byte with an ACE digit put in its place, and AE.
    pub const fn on_wire(self) -> (u8, bool) {
        match self.ace {
            None => (self.bits, self.ae),
            Some(ace) => {
                let ece = if ace & 1 != 0 { Flags::ECE } else { 0 };
                let cwr = if ace & 2 != 0 { Flags::CWR } else { 0 };
                (self.bits | ece | cwr, ace & 4 != 0)
            }
        }
    }
}

/// `start:end(len)`, or in the BSD dialect also `start:end(len)!` and `...(len)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seq {
    /// `None`: any.
    pub start: Option<u32>,
    pub len: u16,
    /// Not counted from the initial sequence number.
    pub absolute: bool,
}

/// The options of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Options {
    /// `<...>`
    Any,
    /// Exactly these; no list means none.
    These(Vec<TcpOption>),
}

/// One option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TcpOption {
    Nop,
    Eol,
    Mss(u16),
    WindowScale(u8),
    SackPermitted,
    Sack(Vec<(u32, u32)>),
    Timestamps {
        /// `None`: unchecked (`val ...`).
        value: Option<u32>,
        echo: u32,
        /// `ecr N!`: not translated.
        literal_echo: bool,
    },
    /// Kind 34.
    FastOpen(Vec<u8>),
    /// Kind 254 with magic F989.
    FastOpenExperimental(Vec<u8>),
    /// Kind 19; `None`: any valid signature.
    Md5(Option<Vec<u8>>),
    /// Kind 172 (`e0b` first) or 174 (`e1b` first), with one to three counters of 24 bits.
    AccEcn {
        kind: u8,
        counters: Vec<u32>,
    },
    /// Any kind with these bytes.
    Generic(u8, Vec<u8>),
    /// Bytes as they are.
    Raw(Vec<u8>),
    /// It parses and is not run.
    Unsupported(String),
}

impl TcpOption {
    /// How many bytes it takes.
    pub fn wire_len(&self) -> usize {
        match self {
            TcpOption::Nop | TcpOption::Eol => 1,
            TcpOption::Mss(_) => 4,
            TcpOption::WindowScale(_) => 3,
            TcpOption::SackPermitted => 2,
            TcpOption::Sack(blocks) => 2 + 8 * blocks.len(),
            TcpOption::Timestamps { .. } => 10,
            TcpOption::FastOpen(cookie) => 2 + cookie.len(),
            TcpOption::FastOpenExperimental(cookie) => 4 + cookie.len(),
            TcpOption::Md5(_) => 18,
            TcpOption::AccEcn { counters, .. } => 2 + 3 * counters.len(),
            TcpOption::Generic(_, bytes) => 2 + bytes.len(),
            TcpOption::Raw(bytes) => bytes.len(),
            TcpOption::Unsupported(_) => 0,
        }
    }
}

/// An ICMP message as written, type and code looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Icmp {
    pub kind: u8,
    pub code: u8,
    pub mtu: Option<u32>,
    pub id: Option<u16>,
    pub quote: Option<Quote>,
}

/// What an ICMP message carries besides its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quote {
    Tcp(Seq),
    Udp(u16),
    Raw(u16),
}

/// A system call.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// `...END`: it may block until then; relative or absolute as the event's time is.
    pub end: Option<Micros>,
    pub name: String,
    pub args: Vec<Expr>,
    pub result: Expr,
    /// A name of an error.
    pub errno: Option<String>,
    pub at: Place,
}

/// An argument or a result.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    pub kind: ExprKind,
    pub at: Place,
}

/// The forms of an argument.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    Ellipsis,
    /// Decimal or hexadecimal.
    Integer(i64),
    Word(String),
    /// The bytes between the quotes, escapes read.
    Text(Vec<u8>),
    /// `"..." ...`: a string that only begins so.
    TextBegins(Vec<u8>),
    Or(Box<Expr>, Box<Expr>),
    Assign(String, Box<Expr>),
    List(Vec<Expr>),
    /// `inet_addr("...")` or `inet6_addr("...")`.
    Address(IpAddr),
    /// `htons(n)` or `htonl(n)`.
    Network(i64),
    Struct(Vec<Field>),
}

/// A field of a structure: `name=value`, `name(arg)=value` or only a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    pub name: Option<String>,
    pub arg: Option<Expr>,
    pub value: Expr,
}
