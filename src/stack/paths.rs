//! What paths carry: believed if a connection vouches for the message, told to all that go there,
//! forgotten in time.

use std::net::IpAddr;

use crate::base::Mss;
use crate::ip::icmp_error::IcmpError;
use crate::ip::path_mtu::{PathMtus, TooBig, Unmoved};
use crate::probe::{Accepted, Discard, Drop, Ending, Event, Subject};
use crate::rfc;
use crate::tcp::Context;

use super::{ConnId, Stack, TcpConfig};

impl Stack {
    /// The longest packet that reaches `dst` uncut, as far as is known.
    pub fn path_mtu(&self, dst: IpAddr) -> u16 {
        let link = self.link_mtu(dst);
        let path = self.path_mtus.get(dst);
        path.map_or(link, |path| path.mtu.min(link))
    }

    /// The largest segments that the link and `config` let come and go.
    pub(super) fn link_mss(&self, config: &TcpConfig, remote: IpAddr) -> Mss {
        let link = self.config.mss_for(self.link_mtu(remote), remote);
        config.mss_max.map_or(link, |max| link.min(max))
    }

    /// The largest segments on the way to `remote`, as far as is known.
    pub(super) fn path_mss(&self, config: &TcpConfig, remote: IpAddr) -> Mss {
        let link = self.link_mss(config, remote);
        match self.path_mtus.get(remote) {
            Some(path) => link.min(self.config.mss_for(path.mtu, remote)),
            None => link,
        }
    }

    /// Somebody says that a segment of ours was too big for a link that carries `named` bytes.
    pub(super) fn deliver_too_big(&mut self, error: &IcmpError, named: u32) {
        let Some((seq, id)) = self.quoted(error) else {
            self.end(Subject::Stack, Drop::IcmpNotOurs.into());
            return;
        };
        let Some(slot) = self.connections.get(id) else {
            return;
        };
        let on = Subject::Connection(slot.number);
        if !slot.connection.is_on_its_way(seq) {
            self.end(on, Discard::IcmpOutOfWindow.into());
            return;
        }
        let told = TooBig {
            dst: error.dst,
            named,
            length: error.length,
            so_far: self.link_mtu(error.dst),
        };
        let age = self.config.path_mtu_age;
        let learned = match self.route(error.dst).mtu_locked {
            true => Err(Unmoved::Known),
            false => self.path_mtus.learn(self.now, &told, age),
        };
        match learned {
            Ok(_) => self.follow_path(error.dst),
            Err(Unmoved::Known) => {}
            Err(Unmoved::Impossible) => {
                self.end(on, Discard::TooBigImpossible.into());
                return;
            }
        }
        if let Some(slot) = self.connections.get_mut(id) {
            let mut cx = Context::new(self.now, &mut self.voice, on);
            slot.connection.on_too_big(&mut cx);
            let connection = &slot.connection;
            let ending = Ending::from(Accepted::IcmpError);
            self.voice
                .tell(self.now, on, || ending.event(Some(connection.snapshot())));
        }
        self.touch(id);
        self.await_path_ages();
    }

    /// A connection suspects its path of swallowing segments with `longest` bytes of text.
    pub(super) fn fall_back(&mut self, id: ConnId, longest: u32) {
        let Some(slot) = self.connections.get(id) else {
            return;
        };
        let (dst, on) = (
            slot.connection.pair().remote.addr,
            Subject::Connection(slot.number),
        );
        let mtu = PathMtus::fallback(dst);
        let age = self.config.path_mtu_age;
        let longer = longest > self.config.mss_for(mtu, dst).bytes();
        if !longer || !self.path_mtus.fall_back(self.now, dst, mtu, age) {
            return;
        }
        self.voice.tell(self.now, on, || Event::Noted {
            by: rfc!(4821, "7.7"),
            text: "long segments seem to vanish on the path: shorter ones are tried",
        });
        self.follow_path(dst);
        if let Some(slot) = self.connections.get_mut(id) {
            let mut cx = Context::new(self.now, &mut self.voice, on);
            slot.connection.on_too_big(&mut cx);
        }
        self.await_path_ages();
    }

    /// RFC 1191 section 6.1, RFC 8201 section 5.2: whoever uses the path learns that it carries
    /// less. It takes as long as there are connections, and a number that was guessed for each byte
    /// by which a path narrows.
    fn follow_path(&mut self, dst: IpAddr) {
        let there = |id: &ConnId| {
            let slot = self.connections.get(*id);
            slot.is_some_and(|slot| slot.connection.pair().remote.addr == dst)
        };
        let users: Vec<ConnId> = self.connections.keys().filter(there).collect();
        for id in users {
            self.follow_mtu(id);
        }
    }

    /// What is known of some path is too old.
    pub(super) fn path_ages_due(&mut self) {
        // Ends: each takes one away.
        while let Some(dst) = self.path_mtus.expire(self.now) {
            self.voice.tell(self.now, Subject::Stack, || Event::Noted {
                by: rfc!(1191, "6.3"),
                text: "the path may have become wider: it is taken to carry what the link does",
            });
            self.follow_path(dst);
        }
        self.await_path_ages();
    }

    fn await_path_ages(&mut self) {
        let deadline = self.path_mtus.deadline();
        self.wheel.set(self.path_ages, deadline);
    }
}
