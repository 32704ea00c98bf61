//! What a recursive resolver says to a question: the message, but for finding the answer.

use hickory_resolver::proto::op::{
    Edns, Header, Message, MessageType, OpCode, Query, ResponseCode,
};
use hickory_resolver::proto::rr::{DNSClass, RData, Record, RecordType};
use hickory_resolver::proto::serialize::binary::{BinDecodable, BinDecoder};

use super::lookup::{Answer, Error};

/// What is to be done about a message.
#[derive(Debug)]
pub(super) enum Request {
    /// The answer to this question is to be found, for this message.
    Find(Box<Message>),
    /// It is answered without.
    Say(Box<Message>),
    /// It is no question: an answer to it might be answered, and so on.
    Ignore,
}

/// Reads what came (RFC 1035 section 4.1.1).
pub(super) fn read(text: &[u8]) -> Request {
    let Ok(query) = Message::from_vec(text) else {
        let header = Header::read(&mut BinDecoder::new(text));
        return match header {
            Ok(header) if header.metadata.message_type == MessageType::Query => {
                let id = header.metadata.id;
                let wrong = Message::error_msg(id, OpCode::Query, ResponseCode::FormErr);
                Request::Say(Box::new(wrong))
            }
            _ => Request::Ignore,
        };
    };
    if query.metadata.message_type != MessageType::Query {
        return Request::Ignore;
    }
    match objection(&query) {
        Some(code) => Request::Say(Box::new(reply(&query, code))),
        None => Request::Find(Box::new(query)),
    }
}

/// Why a question is not answered.
fn objection(query: &Message) -> Option<ResponseCode> {
    if query.metadata.op_code != OpCode::Query {
        return Some(ResponseCode::NotImp);
    }
    if query.edns.as_ref().is_some_and(|edns| edns.version() > 0) {
        return Some(ResponseCode::BADVERS);
    }
    let [question] = query.queries.as_slice() else {
        return Some(ResponseCode::FormErr);
    };
    match question.query_type {
        RecordType::AXFR | RecordType::IXFR => return Some(ResponseCode::Refused),
        // All that a name has is known to its zone's servers alone.
        RecordType::ANY => return Some(ResponseCode::NotImp),
        _ => {}
    }
    // What is not remembered would have to be asked for, and that is not wanted without RD.
    let answers = question.query_class == DNSClass::IN && query.metadata.recursion_desired;
    (!answers).then_some(ResponseCode::Refused)
}

/// An answer without records.
pub(super) fn reply(query: &Message, code: ResponseCode) -> Message {
    let mut message = Message::new(query.metadata.id, MessageType::Response, OpCode::Query);
    message.metadata.op_code = query.metadata.op_code;
    message.metadata.recursion_desired = query.metadata.recursion_desired;
    message.metadata.recursion_available = true;
    message.metadata.response_code = code;
    message.add_queries(query.queries.iter().cloned());
    if query.edns.is_some() {
        // Whoever speaks EDNS is answered in it, and nobody else (RFC 6891 section 7).
        let mut edns = Edns::new();
        edns.set_max_payload(PAYLOAD).set_rcode_high(code.high());
        message.set_edns(edns);
    }
    message
}

/// The answer with what was found, or with why nothing was.
pub(super) fn answered(query: &Message, found: &Result<Answer, Error>) -> Message {
    match found {
        Ok(answer) => {
            let mut message = reply(query, ResponseCode::NoError);
            message.add_answers(answer.records.iter().cloned());
            message
        }
        Err(Error::NoSuchName { soa, .. }) => negative(query, ResponseCode::NXDomain, soa),
        Err(Error::NoData { soa, .. }) => negative(query, ResponseCode::NoError, soa),
        Err(Error::Malformed { .. }) => reply(query, ResponseCode::FormErr),
        Err(_) => reply(query, ResponseCode::ServFail),
    }
}

/// That there is nothing, and for how long that may be remembered: what the zone's authority says
/// (RFC 2308 section 5).
fn negative(query: &Message, code: ResponseCode, soa: &Option<Box<Record>>) -> Message {
    let mut message = reply(query, code);
    if let Some(soa) = soa {
        let mut soa = (**soa).clone();
        if let RData::SOA(authority) = &soa.data {
            soa.ttl = soa.ttl.min(authority.minimum);
        }
        message.add_authority(soa);
    }
    message
}

/// The message in at most `room` octets. What does not fit is left out, and TC says so.
pub(super) fn fit(message: &Message, room: usize) -> Option<Vec<u8>> {
    let text = message.to_vec().ok()?;
    if text.len() <= room {
        return Some(text);
    }
    message.truncate().to_vec().ok()
}

/// How long an answer may be for whoever asked so in a datagram: 512 octets (RFC 1035 section
/// 4.2.1), or what EDNS says, but no more than arrives whole.
pub(super) fn room(query: &Message) -> usize {
    let said = query.edns.as_ref().map_or(PLAIN, |edns| edns.max_payload());
    said.clamp(PLAIN, PAYLOAD).into()
}

/// The question of a message that has one.
pub(super) fn question(query: &Message) -> &Query {
    &query.queries[0]
}

/// What is sent and received whole everywhere.
const PAYLOAD: u16 = 1232;

/// What plain datagrams may have.
const PLAIN: u16 = 512;

#[cfg(test)]
mod tests;
