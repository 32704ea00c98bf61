//! ICMP messages: names of types and codes, and what a message quotes.

use crate::drill::lex::{Kind, Token};
use crate::drill::syntax::{Direction, Icmp, Quote};

use super::{Parsed, Parser, wrong};

impl Parser {
    pub(super) fn icmp(&mut self, direction: Direction) -> Parsed<Icmp> {
        if direction == Direction::Out && self.around.bsd == Some(true) {
            return self.fail("TCP or UDP: the BSD dialect expects no ICMP");
        }
        self.expect_word("icmp")?;
        let name = self.word("the name of an ICMP type")?;
        let kind = self.icmp_kind(&name)?;
        let mut code = 0;
        let mut code_name = None;
        if self.kind() == Kind::Word && !self.is_word("mtu") && !self.is_word("id") {
            let token = self.take();
            code = self.icmp_code(kind, &token)?;
            code_name = Some(token.text);
        }
        let mut mtu = None;
        if self.is_word("mtu") {
            let may = match self.around.v6 {
                true => name.text == "packet_too_big",
                false => name.text == "unreachable" && code_name.as_deref() == Some("frag_needed"),
            };
            if !may {
                return self.fail("`mtu` only with unreachable frag_needed or packet_too_big");
            }
            self.take();
            let bits = if self.around.v6 { 32 } else { 16 };
            mtu = Some(self.unsigned(bits, "a path MTU")?);
        }
        let id = match self.accept_word("id") {
            true => Some(self.unsigned(16, "an identifier")?),
            false => None,
        };
        let quote = self.quote()?;
        Ok(Icmp {
            kind,
            code,
            mtu,
            id,
            quote,
        })
    }

    fn quote(&mut self) -> Parsed<Option<Quote>> {
        if !self.accept('[') {
            return Ok(None);
        }
        let quote = if self.accept_word("udp") {
            Quote::Udp(self.enclosed_length()?)
        } else if self.accept_word("raw") {
            Quote::Raw(self.enclosed_length()?)
        } else {
            Quote::Tcp(self.seq(false)?)
        };
        self.expect(']')?;
        Ok(Some(quote))
    }

    fn icmp_kind(&mut self, token: &Token) -> Parsed<u8> {
        let table = if self.around.v6 { V6_KINDS } else { V4_KINDS };
        if let Some(kind) = named(table, &token.text).or_else(|| numbered("type_", &token.text)) {
            return Ok(kind);
        }
        if self.around.v6 && token.text == "router_advertisement" {
            self.bsd = true;
            return Ok(134);
        }
        Err(wrong(token, "the name of an ICMP type, or type_N"))
    }

    fn icmp_code(&mut self, kind: u8, token: &Token) -> Parsed<u8> {
        let table = match (self.around.v6, kind) {
            (false, 3) => V4_UNREACHABLE,
            (true, 1) => V6_UNREACHABLE,
            (true, 3) => V6_EXCEEDED,
            (true, 4) => V6_PARAMETER,
            _ => &[],
        };
        if let Some(code) = named(table, &token.text).or_else(|| numbered("code_", &token.text)) {
            return Ok(code);
        }
        // What the BSD dialect adds.
        let added: &[(&str, u8)] = match (self.around.v6, kind) {
            (false, 11) => V4_EXCEEDED,
            _ => &[],
        };
        if let Some(code) = named(added, &token.text) {
            self.bsd = true;
            return Ok(code);
        }
        Err(wrong(
            token,
            "the name of a code of this ICMP type, or code_N",
        ))
    }
}

fn named(table: &[(&str, u8)], name: &str) -> Option<u8> {
    let row = table.iter().find(|(known, _)| *known == name);
    row.map(|(_, number)| *number)
}

fn numbered(prefix: &str, name: &str) -> Option<u8> {
    name.strip_prefix(prefix)?.parse().ok()
}

type Names = &'static [(&'static str, u8)];

/// RFC 792 and RFC 950.
const V4_KINDS: Names = &[
    ("echo_reply", 0),
    ("unreachable", 3),
    ("source_quench", 4),
    ("redirect", 5),
    ("echo_request", 8),
    ("time_exceeded", 11),
    ("parameter_problem", 12),
    ("timestamp_request", 13),
    ("timestamp_reply", 14),
    ("information_request", 15),
    ("information_reply", 16),
    ("address_mask_request", 17),
    ("address_mask_reply", 18),
];
/// RFC 792, RFC 1122 section 3.2.2.1 and RFC 1812 section 5.2.7.1.
const V4_UNREACHABLE: Names = &[
    ("net_unreachable", 0),
    ("host_unreachable", 1),
    ("protocol_unreachable", 2),
    ("port_unreachable", 3),
    ("frag_needed", 4),
    ("source_route_failed", 5),
    ("net_unknown", 6),
    ("host_unknown", 7),
    ("source_host_isolated", 8),
    ("net_prohibited", 9),
    ("host_prohibited", 10),
    ("net_unreachable_for_tos", 11),
    ("host_unreachable_for_tos", 12),
    ("packet_filtered", 13),
    ("precedence_violation", 14),
    ("precedence_cutoff", 15),
];
const V4_EXCEEDED: Names = &[("ttl_exceeded_in_transit", 0), ("frag_reass_exceeded", 1)];
/// RFC 4443.
const V6_KINDS: Names = &[
    ("unreachable", 1),
    ("packet_too_big", 2),
    ("time_exceeded", 3),
    ("parameter_problem", 4),
    ("echo_request", 128),
    ("echo_reply", 129),
];
const V6_UNREACHABLE: Names = &[
    ("no_route", 0),
    ("net_unreachable", 0),
    ("admin_prohibited", 1),
    ("not_neighbour", 2),
    ("address_unreachable", 3),
    ("port_unreachable", 4),
];
const V6_EXCEEDED: Names = &[("exceeded_hop_limit", 0), ("exceeded_frag_time", 1)];
const V6_PARAMETER: Names = &[
    ("header_field", 0),
    ("unknown_next_header", 1),
    ("unknown_option", 2),
];

#[cfg(test)]
mod tests;
