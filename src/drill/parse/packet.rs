//! A packet line: direction, outer headers, marks on the IP header, then TCP, UDP or ICMP.

use crate::drill::lex::{Kind, Place};
use crate::drill::syntax::{
    Body, Direction, Flags, Marks, Options, Packet, Ports, Seq, Tcp, TcpOption, Tos,
};

use super::{ParseError, Parsed, Parser};

impl Parser {
    pub(super) fn packet(&mut self) -> Parsed<Packet> {
        let direction = match self.accept('<') {
            true => Direction::In,
            false => self.expect('>').map(|()| Direction::Out)?,
        };
        while let Some(outer) = self.outer()? {
            let at = self.place();
            self.unsupported(outer, at);
        }
        let at = self.place();
        let marks = self.marks(direction)?;
        let body = self.body(direction, &marks, at)?;
        self.trailers()?;
        Ok(Packet {
            direction,
            marks,
            body,
        })
    }

    fn body(&mut self, direction: Direction, marks: &Marks, at: Place) -> Parsed<Body> {
        if self.accept_word("udp") {
            if let Some(Tos::Ecn(_) | Tos::EctAny) = marks.tos {
                return Err(ParseError {
                    at,
                    found: "an ECN mark on UDP".into(),
                    expected: "none: only TCP has them".into(),
                });
            }
            let ports = self.ports()?;
            let len = self.enclosed_length()?;
            return Ok(Body::Udp { ports, len });
        }
        if self.is_word("icmp") {
            return self.icmp(direction).map(Body::Icmp);
        }
        let place = self.place();
        if self.accept_word("udplite") {
            self.ports()?;
            self.skip_enclosed('(', ')')?;
            self.unsupported("udplite", place);
            return Ok(Body::Unsupported("udplite"));
        }
        if self.accept_word("sctp") {
            self.skip_sctp()?;
            self.unsupported("sctp", place);
            return Ok(Body::Unsupported("sctp"));
        }
        self.tcp(direction).map(Body::Tcp)
    }

    fn tcp(&mut self, direction: Direction) -> Parsed<Tcp> {
        let at = self.place();
        if self.accept_word("encap") {
            self.expect_word("psp")?;
            self.expect_word("spi")?;
            self.decimal_or_hex(u32::MAX.into(), "a security parameter index")?;
            self.unsupported("psp", at);
        }
        let ports = self.ports()?;
        let flags = self.flags()?;
        let seq = self.seq(true)?;
        let ack = match self.accept_word("ack") {
            true => Some(self.unsigned(32, "an acknowledgment number")?),
            false => None,
        };
        let win = match self.accept_word("win") {
            true => Some(self.unsigned(16, "a window")?),
            false if direction == Direction::In => {
                return self.fail("`win`: an inbound segment has a window");
            }
            false => None,
        };
        let urg = match self.accept_word("urg") {
            true => Some(self.unsigned(16, "an urgent pointer")?),
            false => None,
        };
        let options = self.tcp_options(direction)?;
        let tcp = Tcp {
            ports,
            flags,
            seq,
            ack,
            win,
            urg,
            options,
        };
        self.check_size(&tcp, at)?;
        Ok(tcp)
    }

    /// Options fill whole words and leave room for no more than ten; the packet fits its length.
    fn check_size(&self, tcp: &Tcp, at: Place) -> Parsed<()> {
        let options: usize = match &tcp.options {
            Options::Any => 0,
            Options::These(list) => list.iter().map(TcpOption::wire_len).sum(),
        };
        let ip = if self.around.v6 { 40 } else { 20 };
        let packet = ip + 20 + options + usize::from(tcp.seq.len);
        let (found, expected) = if !options.is_multiple_of(4) {
            (format!("{options} bytes of options"), "a multiple of 4")
        } else if options > 40 {
            (format!("{options} bytes of options"), "at most 40")
        } else if packet > 65_536 {
            (format!("a packet of {packet} bytes"), "at most 65536")
        } else {
            return Ok(());
        };
        Err(ParseError {
            at,
            found,
            expected: expected.into(),
        })
    }

    pub(super) fn ports(&mut self) -> Parsed<Option<Ports>> {
        if self.kind() != Kind::Integer {
            return Ok(None);
        }
        let src = self.unsigned(16, "a port")?;
        self.expect('>')?;
        let dst = self.unsigned(16, "a port")?;
        Ok(Some(Ports { src, dst }))
    }

    fn flags(&mut self) -> Parsed<Flags> {
        const WANTED: &str = "flags out of FSRPEWAU.0-7, or `-`";
        let at = self.place();
        let token = self.peek();
        let mut letters = String::new();
        match token.kind {
            Kind::Mark('-') => {
                self.take();
                return Ok(Flags::default());
            }
            Kind::Word => {
                letters += &self.take().text;
            }
            Kind::Mark('.') => {}
            Kind::Float if token.text.starts_with('.') => {}
            _ => return self.fail(WANTED),
        }
        let dotted = self.peek();
        if dotted.kind == Kind::Float && dotted.text.starts_with('.') {
            letters += &self.take().text;
        } else if self.accept('.') {
            letters.push('.');
            let more = self.peek();
            if more.kind == Kind::Word && more.text.chars().all(|c| "FSRPEWAU".contains(c)) {
                self.enter_bsd("flags after the dot")?;
                letters += &self.take().text;
            }
        }
        flags_of(&letters).ok_or_else(|| ParseError {
            at,
            found: format!("`{letters}`"),
            expected: format!("{WANTED}; at most one digit, and none beside E, W or A"),
        })
    }

    /// `start:end(len)`; what the BSD dialect adds only for TCP itself.
    pub(super) fn seq(&mut self, whole: bool) -> Parsed<Seq> {
        if whole && self.kind() == Kind::Ellipsis {
            self.enter_bsd("`...` for a sequence number")?;
            self.take();
            let len = self.enclosed_length()?;
            return Ok(Seq {
                start: None,
                len,
                absolute: false,
            });
        }
        let at = self.place();
        let start: u32 = self.unsigned(32, "a sequence number")?;
        self.expect(':')?;
        let end: u32 = self.unsigned(32, "a sequence number")?;
        let len = self.enclosed_length()?;
        if u64::from(start) + u64::from(len) != u64::from(end) {
            return Err(ParseError {
                at,
                found: format!("`{start}:{end}({len})`"),
                expected: "an end that is start + length".into(),
            });
        }
        let mut absolute = false;
        if whole && self.kind() == Kind::Mark('!') {
            self.enter_bsd("`!` after a sequence number")?;
            absolute = self.accept('!');
        }
        Ok(Seq {
            start: Some(start),
            len,
            absolute,
        })
    }

    /// `(len)`
    pub(super) fn enclosed_length(&mut self) -> Parsed<u16> {
        self.expect('(')?;
        let len = self.unsigned(16, "a length")?;
        self.expect(')')?;
        Ok(len)
    }

    /// Marks in parentheses or brackets.
    fn marks(&mut self, direction: Direction) -> Parsed<Marks> {
        let mut marks = Marks::default();
        let close = match self.kind() {
            Kind::Mark('(') => ')',
            Kind::Mark('[') => ']',
            _ => return Ok(marks),
        };
        self.take();
        let mut order = Vec::new();
        loop {
            order.push(self.mark(&mut marks, direction)?);
            if !self.accept(',') {
                break;
            }
        }
        // Google's packetdrill takes these lists alone.
        if !matches!(order[..], ["tos"] | ["tos", "flow"] | ["flow"] | ["ttl"]) {
            self.enter_bsd("such a list of marks")?;
        }
        self.expect(close)?;
        Ok(marks)
    }

    /// One mark. Returns which of Google's it is.
    fn mark(&mut self, marks: &mut Marks, direction: Direction) -> Parsed<&'static str> {
        let token = self.peek();
        if token.kind != Kind::Word {
            return self.fail("a mark on the IP header");
        }
        if let Some(tos) = self.ecn(direction)? {
            marks.tos = Some(tos);
            return Ok("tos");
        }
        self.take();
        match token.text.as_str() {
            "tos" => {
                marks.tos = Some(Tos::Byte(self.byte()?));
                Ok("tos")
            }
            "flowlabel" => {
                marks.flow = Some(self.hex(0xf_ffff, "a flow label")? as u32);
                Ok("flow")
            }
            "ttl" => {
                marks.ttl = Some(self.unsigned(8, "a time to live")?);
                Ok("ttl")
            }
            "hlim" => {
                marks.ttl = Some(self.unsigned(8, "a hop limit")?);
                Ok("hlim")
            }
            "class" => {
                marks.tos = Some(Tos::Byte(self.byte()?));
                Ok("class")
            }
            "dscp" => {
                let dscp = self.dscp()?;
                marks.tos = Some(match marks.tos {
                    Some(Tos::Ecn(ecn)) => Tos::Dscp(dscp, Some(ecn)),
                    _ => Tos::Dscp(dscp, None),
                });
                Ok("dscp")
            }
            "ecn" => {
                let Some(tos) = self.ecn(direction)? else {
                    return self.fail("noecn, ect0, ect1, ce or ect01");
                };
                marks.tos = Some(match (marks.tos, tos) {
                    (Some(Tos::Dscp(dscp, _)), Tos::Ecn(ecn)) => Tos::Dscp(dscp, Some(ecn)),
                    _ => tos,
                });
                Ok("ecn")
            }
            _ => Err(super::wrong(&token, "a mark on the IP header")),
        }
    }

    fn byte(&mut self) -> Parsed<u8> {
        // At most 0xff by the call.
        self.hex(0xff, "a byte").map(|byte| byte as u8)
    }

    fn ecn(&mut self, direction: Direction) -> Parsed<Option<Tos>> {
        let tos = match self.peek().text.as_str() {
            "noecn" => Tos::Ecn(0),
            "ect1" => Tos::Ecn(1),
            "ect0" => Tos::Ecn(2),
            "ce" => Tos::Ecn(3),
            "ect01" if direction == Direction::In => {
                return self.fail("one mark: an inbound packet has either ect0 or ect1");
            }
            "ect01" => Tos::EctAny,
            _ => return Ok(None),
        };
        self.take();
        Ok(Some(tos))
    }

    fn dscp(&mut self) -> Parsed<u8> {
        if self.kind() == Kind::Hex {
            return self.hex(0x3f, "a code point").map(|dscp| dscp as u8);
        }
        let token = self.word("a code point's name or number")?;
        dscp_named(&token.text).ok_or_else(|| super::wrong(&token, "a code point's name"))
    }

    /// An outer header, by the name under which it is skipped.
    fn outer(&mut self) -> Parsed<Option<&'static str>> {
        let token = self.peek();
        if token.kind != Kind::Word {
            return Ok(None);
        }
        let name = match token.text.as_str() {
            "ipv4" => "outer:ipv4",
            "ipv6" => "outer:ipv6",
            "gre" | "GREv0" => "outer:gre",
            "mpls" => "outer:mpls",
            _ => return Ok(None),
        };
        self.take();
        match name {
            "outer:gre" => {
                let comma = self.accept(',');
                if comma || self.is_word("flags") {
                    self.gre()?;
                }
            }
            "outer:mpls" => {
                while self.kind() == Kind::Mark('(') {
                    self.mpls_label()?;
                }
            }
            _ => {
                self.marks(Direction::Out)?;
                self.address()?;
                self.expect('>')?;
                self.address()?;
            }
        }
        self.expect(':')?;
        Ok(Some(name))
    }

    fn address(&mut self) -> Parsed<()> {
        let token = self.peek();
        let is_address = token.text.parse::<std::net::IpAddr>().is_ok();
        if token.kind == Kind::Address && is_address {
            self.take();
            return Ok(());
        }
        self.fail("an address")
    }

    /// `flags ... sum ... off ... key ... seq ...`
    pub(super) fn gre(&mut self) -> Parsed<()> {
        self.expect_word("flags")?;
        if self.accept('[') {
            loop {
                self.gre_flag()?;
                if !self.accept(',') {
                    break;
                }
            }
            self.expect(']')?;
        } else {
            self.decimal_or_hex(0xffff, "flags")?;
        }
        for name in ["sum", "off", "key", "seq"] {
            self.accept(',');
            self.expect_word(name)?;
            if name == "key" {
                self.accept('=');
            }
            self.decimal_or_hex(u32::MAX.into(), name)?;
        }
        Ok(())
    }

    fn gre_flag(&mut self) -> Parsed<()> {
        let token = self.word("none, checksum present, key present or sequence# present")?;
        match token.text.as_str() {
            "none" => return Ok(()),
            "checksum" | "key" => {}
            "sequence" => self.expect('#')?,
            _ => return Err(super::wrong(&token, "none, checksum, key or sequence#")),
        }
        self.expect_word("present")
    }

    /// `(label N, tc N, [S], ttl N)`
    pub(super) fn mpls_label(&mut self) -> Parsed<()> {
        self.expect('(')?;
        self.expect_word("label")?;
        self.integer(0, 0xf_ffff, "a label")?;
        self.expect(',')?;
        self.expect_word("tc")?;
        self.integer(0, 7, "a traffic class")?;
        self.expect(',')?;
        if self.accept('[') {
            self.expect_word("S")?;
            self.expect(']')?;
            self.expect(',')?;
        }
        self.expect_word("ttl")?;
        self.integer(0, 255, "a time to live")?;
        self.expect(')')
    }

    /// `sctp[(...)]: CHUNK[...]; CHUNK[...]`
    fn skip_sctp(&mut self) -> Parsed<()> {
        self.enter_bsd("SCTP")?;
        if self.kind() == Kind::Mark('(') {
            self.skip_enclosed('(', ')')?;
        }
        self.expect(':')?;
        loop {
            self.word("the name of a chunk")?;
            if self.kind() == Kind::Mark('[') {
                self.skip_enclosed('[', ']')?;
            }
            if !self.accept(';') {
                return Ok(());
            }
        }
    }

    /// What may follow a packet: `/udp(a > b)`, `sock(N)`.
    fn trailers(&mut self) -> Parsed<()> {
        let at = self.place();
        if self.kind() == Kind::Mark('/') {
            self.enter_bsd("an encapsulation")?;
            self.take();
            self.expect_word("udp")?;
            self.expect('(')?;
            if self.ports()?.is_none() {
                return self.fail("a port");
            }
            self.expect(')')?;
            self.unsupported("udp-encapsulation", at);
        }
        let at = self.place();
        let is_call = self.second().is_some_and(|t| t.kind == Kind::Mark('('));
        if self.is_word("sock") && is_call {
            self.take();
            self.skip_enclosed('(', ')')?;
            self.unsupported("sock", at);
        }
        Ok(())
    }
}

/// `None`: a letter that is no flag, a second digit, or a digit beside E, W or A.
fn flags_of(letters: &str) -> Option<Flags> {
    let mut flags = Flags::default();
    for c in letters.chars() {
        match c {
            'F' => flags.bits |= Flags::FIN,
            'S' => flags.bits |= Flags::SYN,
            'R' => flags.bits |= Flags::RST,
            'P' => flags.bits |= Flags::PSH,
            '.' => flags.bits |= Flags::ACK,
            'U' => flags.bits |= Flags::URG,
            'E' => flags.bits |= Flags::ECE,
            'W' => flags.bits |= Flags::CWR,
            'A' => flags.ae = true,
            '0'..='7' if flags.ace.is_none() => flags.ace = Some(c as u8 - b'0'),
            _ => return None,
        }
    }
    let marked = flags.ae || flags.has(Flags::ECE) || flags.has(Flags::CWR);
    (flags.ace.is_none() || !marked).then_some(flags)
}

/// Code points by name: RFC 2474 (class selectors), RFC 2597 (AF), RFC 3246 (EF), RFC 8622 (LE).
fn dscp_named(name: &str) -> Option<u8> {
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "ef" => return Some(46),
        "le" => return Some(1),
        _ => {}
    }
    let digit = |c: u8, least: u8, most: u8| {
        let value = c.wrapping_sub(b'0');
        (least..=most).contains(&value).then_some(value)
    };
    match name.as_bytes() {
        [b'c', b's', class] => Some(8 * digit(*class, 0, 7)?),
        [b'a', b'f', class, drop] => Some(8 * digit(*class, 1, 4)? + 2 * digit(*drop, 1, 3)?),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
