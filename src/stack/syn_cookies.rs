//! Connections that nobody remembers while they are half open: RFC 4987 section 3.6.

use crate::base::pair::SocketPair;
use crate::probe::{Accepted, Discard, Purpose, Subject};
use crate::tcp::Context;
use crate::tcp::open::passive::HalfOpen;
use crate::tcp::open::syn_cookie::COOKIE;
use crate::wire::tcp::Segment;

use super::replies::{Content, Reply};
use super::{HalfOpenId, ListenerId, Stack};

impl Stack {
    /// A listener would refuse a segment; whether a cookie makes that needless.
    pub(super) fn helps_by_cookie(
        &mut self,
        why: Discard,
        id: ListenerId,
        on: Subject,
        pair: &SocketPair,
        seg: &Segment<'_>,
    ) -> bool {
        match why {
            Discard::BacklogFull if self.answer_by_cookie(id, on, pair, seg) => {
                self.end(on, Accepted::SynCookie.into());
                true
            }
            Discard::AckAtListener if self.take_by_cookie(id, on, pair, seg) => true,
            Discard::AckAtListener if self.syn_cookies.seems_later(self.now, pair, seg) => {
                self.end(on, why.into());
                true
            }
            _ => false,
        }
    }

    /// The SYN came twice: it was answered by a cookie first, and then remembered. Whether a
    /// segment comes from a peer that has taken the cookie.
    pub(super) fn is_of_a_cookie(
        &mut self,
        id: HalfOpenId,
        pair: &SocketPair,
        seg: &Segment<'_>,
    ) -> bool {
        let slot = self
            .half_open
            .get(id)
            .filter(|slot| slot.half.is_another(seg));
        let Some(slot) = slot else {
            return false;
        };
        let on = Subject::Connection(slot.number);
        if self.syn_cookies.known(self.now, pair, seg).is_some() {
            slot.half
                .give_way(&mut Context::new(self.now, &mut self.voice, on));
            let old = self.remove_half_open(id).and_then(|slot| slot.old);
            self.supersede(old);
            self.deliver_to_listener(pair, seg, None);
            return true;
        }
        let is_later = self.syn_cookies.seems_later(self.now, pair, seg);
        if is_later {
            self.end(on, Discard::AckUnacceptable.into());
        }
        is_later
    }

    /// Answers a SYN for which there is no room by a cookie, if that may be; whether it was.
    fn answer_by_cookie(
        &mut self,
        id: ListenerId,
        on: Subject,
        pair: &SocketPair,
        seg: &Segment<'_>,
    ) -> bool {
        let (config, offer, offset) = self.terms(id, pair);
        if !config.syn_cookies {
            return false;
        }
        let cookies = &mut self.syn_cookies;
        let answer = cookies.answer(self.now, pair, &offer, &config, seg, offset);
        let Some(segment) = answer else {
            return false;
        };
        let because = self.input();
        self.replies.push(Reply {
            what: Content::Segment {
                pair: *pair,
                segment,
                path_doubts: 0,
            },
            purpose: Purpose::SynAck,
            why: COOKIE,
            because,
            on,
        });
        true
    }

    /// Makes the connection that a segment's cookie is of; whether it has one.
    fn take_by_cookie(
        &mut self,
        id: ListenerId,
        on: Subject,
        pair: &SocketPair,
        seg: &Segment<'_>,
    ) -> bool {
        let Some((syn, iss)) = self.syn_cookies.known(self.now, pair, seg) else {
            return false;
        };
        if let Some(why) = self.has_no_room_for_one_more(id) {
            self.end(on, why.into());
            return true;
        }
        self.syn_cookies.take(pair, iss);
        let (config, offer, offset) = self.terms(id, pair);
        let number = self.number();
        let mut cx = Context::new(self.now, &mut self.voice, Subject::Connection(number));
        let half = HalfOpen::new(&mut cx, *pair, &offer, &config, &syn, iss, offset);
        self.make_whole(half.answered_by_cookie(), config, (id, number), seg);
        true
    }
}
