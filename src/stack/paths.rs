//! What paths carry: believed if a connection vouches for the message or probes have found it out,
//! told to all that go there, forgotten or tried anew in time.

use std::net::IpAddr;

use crate::base::{InterfaceId, Mss};
use crate::ip::icmp_error::IcmpError;
use crate::ip::path_mtu::{PathMtu, PathMtus, TooBig, Unmoved};
use crate::probe::{Accepted, Discard, Drop, Ending, Event, Subject, Variables};
use crate::rfc;
use crate::tcp::{Context, Finding, PathProbing, Reach};

use super::{ConnId, Slot, Stack, TcpConfig};

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

    /// What a connection with `config` thinks of the path to `remote`.
    fn path_for(&self, config: &TcpConfig, remote: IpAddr) -> PathMtu {
        let link = self.link_mtu(remote);
        if self.is_mtu_locked(remote) {
            return PathMtu::of_link(link);
        }
        self.path_mtus.get(remote).unwrap_or_else(|| {
            match config.path_probing {
                PathProbing::Off | PathProbing::OnBlackHole => PathMtu::of_link(link),
                // RFC 4821 section 7.2: from a size that nearly all paths carry.
                PathProbing::Always => {
                    PathMtu::from_below(PathMtus::base(remote, config.base_mtu).min(link))
                }
            }
        })
    }

    /// The largest segments on the way to `remote`, and the largest worth a probe, as far as is
    /// known.
    pub(super) fn reach(&self, config: &TcpConfig, remote: IpAddr) -> Reach {
        let link = self.link_mss(config, remote);
        let path = self.path_for(config, remote);
        let mss = |mtu| link.min(self.config.mss_for(mtu, remote));
        let most = match config.path_probing {
            PathProbing::Off => path.mtu,
            PathProbing::OnBlackHole | PathProbing::Always => path.most,
        };
        Reach {
            mss: mss(path.mtu),
            most: mss(most),
            searched: path.searched && most < self.link_mtu(remote),
            cuttable: self.cuttable(config, remote),
        }
    }

    /// How much text to `remote` the device takes as one, to cut it.
    fn cuttable(&self, config: &TcpConfig, remote: IpAddr) -> u32 {
        let route = self.routes.get(remote);
        let interface = route.map_or(InterfaceId::FIRST, |route| route.interface);
        let path = self.path_mtus.get(remote);
        // Routers that cut need an identification for each packet, and a device has drawn none.
        let numbered = config.may_be_cut || path.is_some_and(|path| path.narrower);
        let link = self.config.link(interface);
        match link.is_some_and(|link| link.offloads.tcp) && !numbered {
            true => CUTTABLE,
            false => 0,
        }
    }

    /// Somebody says that a segment of ours was too big for a link that carries `named` bytes:
    /// house!("too-big-at-once").
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
        let so_far = self.path_for(slot.connection.config(), error.dst);
        if self.learn_too_big(error, named, so_far).is_err() {
            self.end(on, Discard::TooBigImpossible.into());
            return;
        }
        if let Some(slot) = self.connections.get_mut(id) {
            let mut cx = Context::new(self.now, &mut self.voice, on);
            slot.connection.on_too_big(&mut cx);
            let connection = &slot.connection;
            let ending = Ending::from(Accepted::IcmpError);
            self.voice.tell(self.now, on, || {
                ending.event(Some(Variables::Lent(connection)))
            });
        }
        self.touch(id);
    }

    /// A datagram of ours to the peer of its socket was too big. RFC 8201 section 5.2: all that go
    /// there learn of it, whoever was told.
    ///
    /// # Errors
    ///
    /// It cannot be true.
    pub(super) fn learn_of_long_datagram(
        &mut self,
        error: &IcmpError,
        named: u32,
    ) -> Result<(), Unmoved> {
        let so_far = PathMtu::of_link(self.link_mtu(error.dst));
        self.learn_too_big(error, named, so_far)
    }

    fn learn_too_big(
        &mut self,
        error: &IcmpError,
        named: u32,
        so_far: PathMtu,
    ) -> Result<(), Unmoved> {
        let told = TooBig {
            dst: error.dst,
            named,
            length: error.length,
            so_far,
        };
        let age = self.config.path_mtu_age;
        let learned = match self.is_mtu_locked(error.dst) {
            true => Err(Unmoved::Known),
            false => self.path_mtus.learn(self.now, &told, age),
        };
        match learned {
            Ok(_) => self.follow_path(error.dst),
            Err(Unmoved::Known) => {}
            Err(Unmoved::Impossible) => return Err(Unmoved::Impossible),
        }
        self.await_path_ages();
        Ok(())
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
        let config = slot.connection.config();
        let so_far = self.path_for(config, dst);
        let base = PathMtus::base(dst, config.base_mtu);
        let below = PathMtus::below(dst, so_far, base).filter(|_| !self.is_mtu_locked(dst));
        let is_longer = |path: &PathMtu| {
            path.mtu == so_far.mtu || longest > self.config.mss_for(path.mtu, dst).bytes()
        };
        let Some(path) = below.filter(is_longer) else {
            return;
        };
        let age = self.config.path_mtu_age;
        self.path_mtus.set(self.now, dst, path, age);
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

    /// A connection has found out what its path carries: RFC 4821 section 5.2, all that go there
    /// learn of it.
    pub(super) fn learn_of_path(&mut self, id: ConnId) {
        let Some(slot) = self.connections.get_mut(id) else {
            return;
        };
        let Some(finding) = slot.connection.take_finding() else {
            return;
        };
        let Some(slot) = self.connections.get(id) else {
            return;
        };
        let dst = slot.connection.pair().remote.addr;
        let so_far = self.path_for(slot.connection.config(), dst);
        let path = match finding {
            Finding::Carries(mss) => PathMtu {
                mtu: so_far.mtu.max(self.config.mtu_for(mss, dst)),
                narrower: false,
                ..so_far
            },
            Finding::Loses(mss) => PathMtu {
                most: so_far.most.min(self.config.mtu_for(mss, dst) - 1),
                searched: true,
                ..so_far
            },
            Finding::Worse { than, before } => PathMtu {
                mtu: so_far.mtu.min(self.config.mtu_for(before, dst)),
                most: so_far.most.min(self.config.mtu_for(than, dst) - 1),
                searched: true,
                ..so_far
            },
        };
        let path = PathMtu {
            most: path.most.max(path.mtu),
            ..path
        };
        let age = self.config.path_mtu_age;
        self.path_mtus.set(self.now, dst, path, age);
        self.follow_path(dst);
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
        // Ends: each takes one away, or puts it back with an age that is not over.
        while let Some((dst, path)) = self.path_mtus.expire(self.now) {
            let is_searched = |slot: &Slot| {
                let connection = &slot.connection;
                connection.pair().remote.addr == dst
                    && connection.config().path_probing != PathProbing::Off
                    && connection.may_probe_path()
            };
            let age = self.config.path_mtu_age;
            let probes = path.silent && path.mtu < self.link_mtu(dst) && !age.is_zero();
            let text = if probes && self.connections.values().any(|slot| is_searched(slot)) {
                // RFC 4821 section 7.3, RFC 8899 section 5.1.1: PMTU_RAISE_TIMER.
                let path = PathMtu {
                    narrower: path.narrower,
                    ..PathMtu::from_below(path.mtu)
                };
                self.path_mtus.set(self.now, dst, path, age);
                "the path may have become wider: probes search it anew"
            } else {
                "the path may have become wider: it is taken to carry what the link does"
            };
            self.voice.tell(self.now, Subject::Stack, || Event::Noted {
                by: rfc!(1191, "6.3"),
                text,
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

/// What fits a packet of 65,535 bytes beside the longest headers: RFC 791 section 3.1.
const CUTTABLE: u32 = 65_535 - super::egress::HEAD_MAX as u32;
