//! The options of a segment: `<mss 1460,sackOK>`, `<...>`.

use crate::drill::lex::{Kind, Token};
use crate::drill::syntax::{Direction, Options, TcpOption};

use super::{Parsed, Parser, wrong};

impl Parser {
    pub(super) fn tcp_options(&mut self, direction: Direction) -> Parsed<Options> {
        if self.kind() != Kind::Mark('<') {
            return Ok(Options::These(Vec::new()));
        }
        self.take();
        if self.kind() == Kind::Ellipsis {
            if direction == Direction::In {
                return self.fail("options: those of an inbound segment are sent as written");
            }
            self.take();
            self.expect('>')?;
            return Ok(Options::Any);
        }
        let mut list = Vec::new();
        loop {
            list.push(self.tcp_option(direction)?);
            if !self.accept(',') {
                break;
            }
        }
        self.expect('>')?;
        Ok(Options::These(list))
    }

    fn tcp_option(&mut self, direction: Direction) -> Parsed<TcpOption> {
        let token = self.peek();
        if let Some(bytes) = self.raw_bytes(&token)? {
            return Ok(TcpOption::Raw(bytes));
        }
        if token.kind != Kind::Word {
            return self.fail("a TCP option");
        }
        self.take();
        Ok(match token.text.as_str() {
            "nop" => TcpOption::Nop,
            "eol" => TcpOption::Eol,
            "mss" => TcpOption::Mss(self.unsigned(16, "a segment size")?),
            "wscale" => TcpOption::WindowScale(self.unsigned(8, "a shift count")?),
            "sackOK" => TcpOption::SackPermitted,
            "sack" => TcpOption::Sack(self.sack_blocks()?),
            "TS" => self.timestamps(direction)?,
            "FO" => TcpOption::FastOpen(self.blob()?),
            "FOEXP" => TcpOption::FastOpenExperimental(self.blob()?),
            "md5" => self.md5()?,
            "ECN" => self.accurate_ecn()?,
            "AccECN0" => self.accurate_ecn_bsd(172, ["ee0b", "eceb", "ee1b"])?,
            "AccECN1" => self.accurate_ecn_bsd(174, ["ee1b", "eceb", "ee0b"])?,
            "gen" => self.generic()?,
            "exp" => self.experimental(&token)?,
            name if MULTIPATH.iter().any(|prefix| name.starts_with(prefix)) => {
                self.skip_option()?;
                self.unsupported("option:mptcp", token.at);
                TcpOption::Unsupported(token.text)
            }
            _ => return Err(wrong(&token, "a TCP option")),
        })
    }

    fn sack_blocks(&mut self) -> Parsed<Vec<(u32, u32)>> {
        let mut blocks = Vec::new();
        loop {
            let left = self.unsigned(32, "the left edge of a block")?;
            self.expect(':')?;
            let right = self.unsigned(32, "the right edge of a block")?;
            blocks.push((left, right));
            if self.kind() != Kind::Integer {
                return Ok(blocks);
            }
        }
    }

    fn timestamps(&mut self, direction: Direction) -> Parsed<TcpOption> {
        self.expect_word("val")?;
        let value = if direction == Direction::Out && self.kind() == Kind::Ellipsis {
            self.enter_bsd("`...` for a timestamp")?;
            self.take();
            None
        } else {
            Some(self.unsigned(32, "a timestamp")?)
        };
        self.expect_word("ecr")?;
        let echo = self.unsigned(32, "a timestamp")?;
        let mut literal_echo = false;
        if self.kind() == Kind::Mark('!') {
            self.enter_bsd("`!` after a timestamp")?;
            literal_echo = self.accept('!');
        }
        Ok(TcpOption::Timestamps {
            value,
            echo,
            literal_echo,
        })
    }

    fn md5(&mut self) -> Parsed<TcpOption> {
        if self.is_word("valid") {
            self.enter_bsd("`md5 valid`")?;
            self.take();
            return Ok(TcpOption::Md5(None));
        }
        let token = self.peek();
        let digest = self.blob()?;
        if digest.len() != MD5_LEN {
            return Err(wrong(&token, "a digest of 32 hexadecimal digits"));
        }
        Ok(TcpOption::Md5(Some(digest)))
    }

    /// `ECN e0b n [ceb n [e1b n]]`, or with e1b first.
    fn accurate_ecn(&mut self) -> Parsed<TcpOption> {
        let (kind, order) = if self.is_word("e1b") {
            (174, ["e1b", "ceb", "e0b"])
        } else {
            (172, ["e0b", "ceb", "e1b"])
        };
        let mut counters = Vec::new();
        for name in order {
            if !counters.is_empty() && !self.is_word(name) {
                break;
            }
            self.expect_word(name)?;
            counters.push(self.unsigned(24, "a counter")?);
        }
        Ok(TcpOption::AccEcn { kind, counters })
    }

    fn accurate_ecn_bsd(&mut self, kind: u8, order: [&str; 3]) -> Parsed<TcpOption> {
        self.enter_bsd("this form of the option")?;
        let mut counters = Vec::new();
        for name in order {
            if !self.accept_word(name) {
                break;
            }
            counters.push(self.unsigned(24, "a counter")?);
        }
        Ok(TcpOption::AccEcn { kind, counters })
    }

    /// `gen-KIND hex`: the dash belongs to the number.
    fn generic(&mut self) -> Parsed<TcpOption> {
        self.enter_bsd("an option by its kind")?;
        let kind = -self.integer(-255, 0, "a dash and a kind")?;
        let bytes = self.blob_of(GENERIC_MAX)?;
        // From 0 to 255 by the line before.
        Ok(TcpOption::Generic(kind as u8, bytes))
    }

    fn experimental(&mut self, token: &Token) -> Parsed<TcpOption> {
        self.enter_bsd("an experimental option")?;
        self.expect('-')?;
        let name = self.word("the name of an option")?;
        if name.text.eq_ignore_ascii_case("FO") {
            return Ok(TcpOption::FastOpenExperimental(self.blob()?));
        }
        self.skip_option()?;
        let name = format!("exp-{}", name.text);
        self.unsupported(format!("option:{name}"), token.at);
        Ok(TcpOption::Unsupported(name))
    }

    /// A cookie or digest of at most 16 bytes, or none.
    fn blob(&mut self) -> Parsed<Vec<u8>> {
        self.blob_of(COOKIE_MAX)
    }

    fn blob_of(&mut self, most: usize) -> Parsed<Vec<u8>> {
        let token = self.peek();
        if !matches!(token.kind, Kind::Word | Kind::Integer) {
            return Ok(Vec::new());
        }
        let wanted = format!("an even number of hexadecimal digits, at most {}", 2 * most);
        match hex_bytes(&token.text) {
            Some(bytes) if bytes.len() <= most => {
                self.take();
                Ok(bytes)
            }
            _ => Err(wrong(&token, &wanted)),
        }
    }

    /// The BSD dialect's `<020405b4>`.
    fn raw_bytes(&mut self, token: &Token) -> Parsed<Option<Vec<u8>>> {
        let digits = match token.kind {
            Kind::Hex => &token.text[2..],
            Kind::Word | Kind::Integer => &token.text[..],
            _ => return Ok(None),
        };
        let Some(bytes) = hex_bytes(digits) else {
            return Ok(None);
        };
        self.enter_bsd("bytes for options")?;
        self.take();
        Ok(Some(bytes))
    }

    /// Skips what belongs to an option that nothing here knows.
    fn skip_option(&mut self) -> Parsed<()> {
        loop {
            match self.kind() {
                Kind::Mark(',' | '>') => return Ok(()),
                Kind::Mark('[') => self.skip_enclosed('[', ']')?,
                Kind::Mark('(') => self.skip_enclosed('(', ')')?,
                Kind::Mark('=') | Kind::Word | Kind::Integer | Kind::Hex | Kind::Text => {
                    self.take();
                }
                _ => return self.fail("`,` or `>` after an option"),
            }
        }
    }
}

/// `None`: not hexadecimal digits, or an odd number of them.
fn hex_bytes(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || !digits.bytes().all(|c| c.is_ascii_hexdigit()) {
        return None;
    }
    let bytes = (0..digits.len()).step_by(2);
    bytes
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok())
        .collect()
}

/// RFC 7413 section 4.1.1: a cookie has at most 16 bytes.
const COOKIE_MAX: usize = 16;
/// RFC 2385 section 3.0.
const MD5_LEN: usize = 16;
/// What fits the option space beside kind and length.
const GENERIC_MAX: usize = 38;
/// How the names of the options of Multipath TCP begin.
const MULTIPATH: [&str; 6] = [
    "mp_",
    "mpcapable",
    "dss",
    "add_addr",
    "rm_addr",
    "remove_addr",
];

#[cfg(test)]
mod tests;
