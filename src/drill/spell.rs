//! The tree written out again, in one way for each meaning: a normal form by which parsers can be
//! compared, and the words in which reports speak of a script's lines.
//!
//! Times are microseconds, numbers decimal, names as written, defined words replaced, flags in one
//! order; what was not written is not shown.

use std::fmt::{self, Display, Formatter, Write};

use super::syntax::{
    Body, Call, Define, Direction, Event, Expr, ExprKind, Field, Flags, Icmp, Marks, OptionValue,
    Options, Packet, Quote, Script, ScriptOption, Seq, Tcp, TcpOption, Tos, What, When,
};

/// The whole tree, a line an item.
impl Display for Script {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for option in &self.options {
            writeln!(f, "option {option}")?;
        }
        if let Some(command) = &self.init {
            writeln!(f, "init {:?}", command.text)?;
        }
        for event in &self.events {
            writeln!(f, "{event}")?;
        }
        if let Some(command) = &self.cleanup {
            writeln!(f, "cleanup {:?}", command.text)?;
        }
        for construct in &self.unsupported {
            writeln!(f, "unsupported {} {}", construct.name, construct.at)?;
        }
        Ok(())
    }
}

impl Display for ScriptOption {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.value {
            None => Ok(()),
            Some(OptionValue::Plain(value)) => write!(f, "={value:?}"),
            Some(OptionValue::Define(symbol, value)) => write!(f, "={symbol}={value}"),
        }
    }
}

impl Display for Define {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Define::Integer(number) => write!(f, "{number}"),
            Define::Text(text) => write!(f, "{text:?}"),
            Define::Command(text) => write!(f, "`{text}`"),
            Define::Word(text) => f.write_str(text),
        }
    }
}

impl Display for Event {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.when)?;
        match &self.what {
            What::Packet(packet) => write!(f, "{packet}"),
            What::Call(call) => write!(f, "{call}"),
            What::Command(command) => write!(f, "command {:?}", command.text),
            What::Code(code) => write!(f, "code {:?}", code.text),
        }
    }
}

impl Display for When {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            When::At(time) => write!(f, "{time}"),
            When::After(time) => write!(f, "+{time}"),
            When::Any => f.write_char('*'),
            When::Between(from, to) => write!(f, "{from}~{to}"),
            When::AfterBetween(from, to) => write!(f, "+{from}~+{to}"),
        }
    }
}

impl Display for Packet {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let way = match self.direction {
            Direction::In => '<',
            Direction::Out => '>',
        };
        write!(f, "{way} {}", self.marks)?;
        match &self.body {
            Body::Tcp(tcp) => write!(f, "{tcp}"),
            Body::Udp { ports, len } => {
                f.write_str("udp ")?;
                if let Some(ports) = ports {
                    write!(f, "{} > {} ", ports.src, ports.dst)?;
                }
                write!(f, "({len})")
            }
            Body::Icmp(icmp) => write!(f, "{icmp}"),
            Body::Unsupported(what) => f.write_str(what),
        }
    }
}

impl Display for Marks {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let tos = self.tos.map(|tos| match tos {
            Tos::Ecn(bits) => ECN[usize::from(bits & 3)].to_owned(),
            Tos::EctAny => "ect01".to_owned(),
            Tos::Byte(byte) => format!("tos {byte:#04x}"),
            Tos::Dscp(dscp, None) => format!("dscp {dscp:#04x}"),
            Tos::Dscp(dscp, Some(ecn)) => {
                format!("dscp {dscp:#04x}, ecn {}", ECN[usize::from(ecn & 3)])
            }
        });
        let flow = self.flow.map(|label| format!("flowlabel {label:#x}"));
        let ttl = self.ttl.map(|ttl| format!("ttl {ttl}"));
        let marks: Vec<String> = [tos, flow, ttl].into_iter().flatten().collect();
        if marks.is_empty() {
            return Ok(());
        }
        write!(f, "[{}] ", marks.join(", "))
    }
}

impl Display for Tcp {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(ports) = self.ports {
            write!(f, "{} > {} ", ports.src, ports.dst)?;
        }
        write!(f, "{} {}", self.flags, self.seq)?;
        for (name, value) in [
            ("ack", self.ack),
            ("win", self.win.map(u32::from)),
            ("urg", self.urg.map(u32::from)),
        ] {
            if let Some(value) = value {
                write!(f, " {name} {value}")?;
            }
        }
        match &self.options {
            Options::Any => f.write_str(" <...>"),
            Options::These(list) if list.is_empty() => Ok(()),
            Options::These(list) => {
                let list: Vec<String> = list.iter().map(TcpOption::to_string).collect();
                write!(f, " <{}>", list.join(","))
            }
        }
    }
}

/// Letters in the order in which packetdrill's own lines are usually written.
impl Display for Flags {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut any = self.ace.is_some() || self.ae;
        for (bit, letter) in [
            (Flags::FIN, 'F'),
            (Flags::SYN, 'S'),
            (Flags::RST, 'R'),
            (Flags::PSH, 'P'),
            (Flags::URG, 'U'),
            (Flags::ECE, 'E'),
            (Flags::CWR, 'W'),
        ] {
            if self.has(bit) {
                any = true;
                f.write_char(letter)?;
            }
        }
        if self.ae {
            f.write_char('A')?;
        }
        if self.has(Flags::ACK) {
            any = true;
            f.write_char('.')?;
        }
        match self.ace {
            Some(digit) => write!(f, "{digit}"),
            None if any => Ok(()),
            None => f.write_char('-'),
        }
    }
}

impl Display for Seq {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let len = self.len;
        match self.start {
            None => write!(f, "...({len})"),
            Some(start) => {
                let end = u64::from(start) + u64::from(len);
                write!(f, "{start}:{end}({len})")?;
                f.write_str(if self.absolute { "!" } else { "" })
            }
        }
    }
}

impl Display for TcpOption {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            TcpOption::Nop => f.write_str("nop"),
            TcpOption::Eol => f.write_str("eol"),
            TcpOption::Mss(size) => write!(f, "mss {size}"),
            TcpOption::WindowScale(shift) => write!(f, "wscale {shift}"),
            TcpOption::SackPermitted => f.write_str("sackOK"),
            TcpOption::Sack(blocks) => {
                f.write_str("sack")?;
                let mut each = blocks.iter();
                each.try_for_each(|(left, right)| write!(f, " {left}:{right}"))
            }
            TcpOption::Timestamps {
                value,
                echo,
                literal_echo,
            } => {
                match value {
                    Some(value) => write!(f, "TS val {value} ecr {echo}")?,
                    None => write!(f, "TS val ... ecr {echo}")?,
                }
                f.write_str(if *literal_echo { "!" } else { "" })
            }
            TcpOption::FastOpen(cookie) => with_blob(f, "FO", cookie),
            TcpOption::FastOpenExperimental(cookie) => with_blob(f, "FOEXP", cookie),
            TcpOption::Md5(Some(digest)) => write!(f, "md5 {}", Hex(digest)),
            TcpOption::Md5(None) => f.write_str("md5 valid"),
            TcpOption::AccEcn { kind, counters } => {
                write!(f, "ECN {kind}")?;
                counters.iter().try_for_each(|n| write!(f, " {n}"))
            }
            TcpOption::Generic(kind, bytes) => write!(f, "kind {kind} {}", Hex(bytes)),
            TcpOption::Raw(bytes) => write!(f, "raw {}", Hex(bytes)),
            TcpOption::Unsupported(name) => f.write_str(name),
        }
    }
}

/// A cookie, or that one is asked for.
fn with_blob(f: &mut fmt::Formatter<'_>, name: &str, blob: &[u8]) -> fmt::Result {
    match blob {
        [] => f.write_str(name),
        blob => write!(f, "{name} {}", Hex(blob)),
    }
}

/// Bytes as hexadecimal digits.
#[derive(Debug, Clone, Copy)]
pub struct Hex<'a>(pub &'a [u8]);

impl Display for Hex<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Display for Icmp {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "icmp type {} code {}", self.kind, self.code)?;
        if let Some(mtu) = self.mtu {
            write!(f, " mtu {mtu}")?;
        }
        if let Some(id) = self.id {
            write!(f, " id {id}")?;
        }
        match self.quote {
            None => Ok(()),
            Some(Quote::Tcp(seq)) => write!(f, " [{seq}]"),
            Some(Quote::Udp(len)) => write!(f, " [udp ({len})]"),
            Some(Quote::Raw(len)) => write!(f, " [raw ({len})]"),
        }
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(end) = self.end {
            write!(f, "...{end} ")?;
        }
        let args: Vec<String> = self.args.iter().map(Expr::to_string).collect();
        write!(f, "{}({}) = {}", self.name, args.join(", "), self.result)?;
        match &self.errno {
            Some(errno) => write!(f, " {errno}"),
            None => Ok(()),
        }
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExprKind::Ellipsis => f.write_str("..."),
            ExprKind::Integer(number) | ExprKind::Network(number) => write!(f, "{number}"),
            ExprKind::Word(word) => f.write_str(word),
            ExprKind::Text(bytes) => write!(f, "\"{}\"", bytes.escape_ascii()),
            ExprKind::TextBegins(bytes) => write!(f, "\"{}\"...", bytes.escape_ascii()),
            ExprKind::Or(left, right) => write!(f, "{left}|{right}"),
            ExprKind::Assign(name, value) => write!(f, "{name}={value}"),
            ExprKind::List(list) => {
                let list: Vec<String> = list.iter().map(Expr::to_string).collect();
                write!(f, "[{}]", list.join(", "))
            }
            ExprKind::Address(address) => write!(f, "{address}"),
            ExprKind::Struct(fields) => {
                let fields: Vec<String> = fields.iter().map(Field::to_string).collect();
                write!(f, "{{{}}}", fields.join(", "))
            }
        }
    }
}

impl Display for Field {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.name {
            f.write_str(name)?;
            if let Some(arg) = &self.arg {
                write!(f, "({arg})")?;
            }
            f.write_char('=')?;
        }
        write!(f, "{}", self.value)
    }
}

const ECN: [&str; 4] = ["noecn", "ect1", "ect0", "ce"];

#[cfg(test)]
mod tests;
