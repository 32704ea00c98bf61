//! Calls on their way: asked once, and again after every step until they end.

use std::net::SocketAddr;
use std::time::Duration;

use crate::base::Instant;

use super::super::backend::{Control, Handle, Receive, Reply, errno, poll};
use super::super::outcome::Stop;
use super::super::pattern::{self, Stream};
use super::world::World;

/// What a call has to do.
#[derive(Debug, Clone)]
pub enum Operation {
    /// It ended when it was made.
    Ended(Finished),
    Connect {
        handle: Handle,
        addr: SocketAddr,
        nonblocking: bool,
    },
    Accept {
        handle: Handle,
        nonblocking: bool,
    },
    Send(Sending),
    Receive(Receiving),
    Close {
        fd: i64,
        handle: Handle,
    },
    Poll {
        entries: Vec<PollEntry>,
        until: Option<Instant>,
    },
}

/// A call that sends.
#[derive(Debug, Clone)]
pub struct Sending {
    pub fd: i64,
    pub handle: Handle,
    pub len: usize,
    pub sent: usize,
    /// The buffer is a null pointer.
    pub null: bool,
    pub nonblocking: bool,
    pub opening: Opening,
    /// MSG_MORE.
    pub more: bool,
    /// It has found no room, and goes on when it is woken.
    pub sleeps: bool,
}

/// What a call that sends has to do with opening the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// It is open, or should be.
    No,
    /// MSG_FASTOPEN: to be opened.
    Due(SocketAddr),
    /// It has begun, and must be over before more is sent.
    Begun(SocketAddr),
}

/// A call that receives.
#[derive(Debug, Clone)]
pub struct Receiving {
    pub fd: i64,
    pub handle: Handle,
    pub len: usize,
    pub got: usize,
    pub null: bool,
    pub nonblocking: bool,
    /// MSG_PEEK: nothing is taken.
    pub peek: bool,
    /// MSG_WAITALL: all of `len`, unless the end comes first.
    pub all: bool,
    /// What `recvmsg` must tell beside the bytes.
    pub told: Option<Beside>,
}

/// What a message header has beside the bytes, once they are received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beside {
    pub flags: i64,
    /// `None`: the script does not ask.
    pub control: Option<Vec<Control>>,
}

/// One descriptor that is polled.
#[derive(Debug, Clone, Copy)]
pub struct PollEntry {
    pub fd: i64,
    pub handle: Option<Handle>,
    pub wanted: i64,
    /// What the script says is returned.
    pub expected: i64,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Finished {
    pub result: i64,
    /// 0: none.
    pub errno: i64,
    /// What it returned beside its result and is not as the script says: what, expected, actual.
    pub differences: Vec<(String, String, String)>,
    /// A socket that it made, and the far end's port.
    pub made: Option<(Handle, Option<u16>)>,
}

impl Finished {
    /// With this result.
    pub fn with(result: i64) -> Finished {
        Finished {
            result,
            ..Finished::default()
        }
    }

    /// With -1 and this error.
    pub fn failed(errno: i64) -> Finished {
        Finished {
            result: -1,
            errno,
            ..Finished::default()
        }
    }

    /// What a reply that is no [`Reply::Wait`] comes to.
    pub fn of(reply: Reply) -> Result<Finished, Stop> {
        match reply {
            Reply::Done(result) => Ok(Finished::with(result)),
            Reply::Failed(errno) | Reply::Wait(errno) => Ok(Finished::failed(errno)),
            Reply::Unsupported(name) => Err(Stop::Skip(name)),
        }
    }
}

impl Beside {
    /// What differs: no flag of ours is ever set.
    fn differences(&self, found: &[Control]) -> Vec<(String, String, String)> {
        let mut differences = Vec::new();
        if self.flags != 0 {
            differences.push(("msg_flags".into(), self.flags.to_string(), "0".into()));
        }
        if let Some(expected) = self.control.as_deref().filter(|wanted| *wanted != found) {
            let shown = |list: &[Control]| {
                let each = list.iter().map(|one| {
                    let Control { level, kind, value } = one;
                    format!("{level}:{kind}={value}")
                });
                format!("[{}]", each.collect::<Vec<_>>().join(", "))
            };
            differences.push(("msg_control".into(), shown(expected), shown(found)));
        }
        differences
    }
}

impl Operation {
    /// When it wants to be asked whatever happens.
    pub fn deadline(&self) -> Option<Instant> {
        match self {
            Operation::Poll { until, .. } => *until,
            _ => None,
        }
    }
}

impl World {
    /// Asks a call whether it has ended. `None`: it waits.
    pub fn attempt(&mut self, operation: &mut Operation) -> Result<Option<Finished>, Stop> {
        match operation {
            Operation::Ended(finished) => Ok(Some(finished.clone())),
            Operation::Connect {
                handle,
                addr,
                nonblocking,
            } => {
                let reply = self.backend.connect(*handle, Some(*addr));
                ended(reply, *nonblocking)
            }
            Operation::Accept {
                handle,
                nonblocking,
            } => match self.backend.accept(*handle) {
                Ok((made, far)) => Ok(Some(Finished {
                    made: Some((made, Some(far.port()))),
                    ..Finished::default()
                })),
                Err(reply) => ended(reply, *nonblocking),
            },
            Operation::Send(sending) => self.attempt_send(sending),
            Operation::Receive(receiving) => self.attempt_receive(receiving),
            Operation::Close { fd, handle } => {
                let reply = self.backend.close(*handle);
                if matches!(reply, Reply::Done(_)) {
                    self.table.remove(fd);
                    self.flows.on_close(*fd);
                }
                ended(reply, false)
            }
            Operation::Poll { entries, until } => Ok(self.attempt_poll(entries, *until)),
        }
    }

    fn attempt_send(&mut self, sending: &mut Sending) -> Result<Option<Finished>, Stop> {
        if let (Opening::No, Some(addr)) = (
            sending.opening,
            self.backend.opens_by_sending(sending.handle),
        ) {
            sending.opening = Opening::Due(addr);
        }
        if let Opening::Due(addr) = sending.opening {
            return self.open_sending(sending, addr);
        }
        if sending.null && sending.len > 0 {
            // The connection's own errors come before that of the pointer.
            let reply = match self.backend.send(sending.handle, &[], false) {
                Reply::Done(_) => Reply::Failed(errno::EFAULT),
                other => other,
            };
            return ended(reply, sending.nonblocking);
        }
        match sending.opening {
            Opening::No | Opening::Due(_) => {}
            Opening::Begun(addr) => match self.backend.connect(sending.handle, Some(addr)) {
                Reply::Done(_) | Reply::Failed(errno::EISCONN) => sending.opening = Opening::No,
                reply => return ended(reply, false),
            },
        }
        const WAKES: i64 = poll::OUT | poll::ERR | poll::HUP;
        if sending.sleeps && self.backend.events(sending.handle) & WAKES == 0 {
            return Ok(None);
        }
        loop {
            let bytes = self.next_text(sending);
            match self.backend.send(sending.handle, &bytes, sending.more) {
                Reply::Done(taken) => {
                    self.count_sent(sending, taken);
                    if sending.sent >= sending.len {
                        return Ok(Some(Finished::with(sending.sent as i64)));
                    }
                }
                // What was taken before counts more than why no more was.
                Reply::Wait(_) | Reply::Failed(_) if sending.sent > 0 && sending.nonblocking => {
                    return Ok(Some(Finished::with(sending.sent as i64)));
                }
                Reply::Failed(_) if sending.sent > 0 => {
                    return Ok(Some(Finished::with(sending.sent as i64)));
                }
                reply => {
                    sending.sleeps = true;
                    return ended(reply, sending.nonblocking);
                }
            }
        }
    }

    /// MSG_FASTOPEN: what fits goes with the SYN; whoever waits does so until the connection is
    /// open.
    fn open_sending(
        &mut self,
        sending: &mut Sending,
        addr: SocketAddr,
    ) -> Result<Option<Finished>, Stop> {
        let bytes = self.next_text(sending);
        let bytes = (!sending.null || sending.len == 0).then_some(&bytes[..]);
        sending.opening = Opening::Begun(addr);
        match self.backend.connect_sending(sending.handle, addr, bytes) {
            Reply::Done(taken) => {
                self.count_sent(sending, taken);
                let finished = Finished::with(sending.sent as i64);
                Ok(sending.nonblocking.then_some(finished))
            }
            reply => ended(reply, sending.nonblocking),
        }
    }

    /// What a call that sends would send next.
    fn next_text(&self, sending: &Sending) -> Vec<u8> {
        let written = self.table.get(&sending.fd).map_or(0, |d| d.written);
        let len = (sending.len - sending.sent).min(CHUNK);
        pattern::text(Stream::Out, written, len)
    }

    fn count_sent(&mut self, sending: &mut Sending, taken: i64) {
        let taken = usize::try_from(taken).unwrap_or(0);
        sending.sent += taken;
        if let Some(descriptor) = self.table.get_mut(&sending.fd) {
            descriptor.written += taken as u64;
        }
    }

    fn attempt_receive(&mut self, call: &mut Receiving) -> Result<Option<Finished>, Stop> {
        let mut finished = self.attempt_bytes(call)?;
        if let (Some(finished), Some(told)) = (&mut finished, &call.told)
            && finished.result >= 0
        {
            let found = self.backend.control(call.handle);
            finished.differences.extend(told.differences(&found));
        }
        Ok(finished)
    }

    fn attempt_bytes(&mut self, call: &mut Receiving) -> Result<Option<Finished>, Stop> {
        let peeks = call.peek || (call.null && call.len > 0);
        loop {
            let how = Receive { peek: peeks };
            let (reply, bytes) = self.backend.recv(call.handle, call.len - call.got, how);
            if call.null && matches!(reply, Reply::Done(n) if n > 0) {
                return Ok(Some(Finished::failed(errno::EFAULT)));
            }
            match reply {
                Reply::Done(0) => return Ok(Some(Finished::with(call.got as i64))),
                Reply::Done(_) => {
                    self.check_received(call, &bytes);
                    call.got += bytes.len();
                    let enough = call.got >= call.len || !call.all || call.peek;
                    if enough {
                        return Ok(Some(Finished::with(call.got as i64)));
                    }
                }
                Reply::Wait(_) | Reply::Failed(_) if call.got > 0 && call.nonblocking => {
                    return Ok(Some(Finished::with(call.got as i64)));
                }
                Reply::Failed(_) if call.got > 0 => {
                    return Ok(Some(Finished::with(call.got as i64)));
                }
                reply => return ended(reply, call.nonblocking),
            }
        }
    }

    /// What the application reads must be what was sent, whatever the script says of it.
    fn check_received(&mut self, call: &Receiving, bytes: &[u8]) {
        let Some(descriptor) = self.table.get_mut(&call.fd) else {
            return;
        };
        let offset = descriptor.read;
        if let Some(at) = pattern::differs(Stream::In, offset, bytes) {
            let place = offset + at as u64;
            let text = format!("read other bytes than were sent, from offset {place} on");
            self.guards.violate("payload", text);
        }
        if !call.peek {
            descriptor.read += bytes.len() as u64;
        }
    }

    fn attempt_poll(&self, entries: &[PollEntry], until: Option<Instant>) -> Option<Finished> {
        let mut ready = 0;
        let mut differences = Vec::new();
        for entry in entries {
            let found = match entry.handle {
                _ if entry.fd < 0 => 0,
                None => poll::NVAL,
                Some(handle) => {
                    let always = poll::ERR | poll::HUP | poll::NVAL;
                    self.backend.events(handle) & (entry.wanted | always)
                }
            };
            ready += i64::from(found != 0);
            if found != entry.expected {
                let what = format!("revents of {}", entry.fd);
                differences.push((what, bits(entry.expected), bits(found)));
            }
        }
        let over = until.is_some_and(|until| self.backend.now() >= until);
        (ready > 0 || over).then(|| Finished {
            result: ready,
            differences,
            ..Finished::default()
        })
    }
}

/// `None`: the call waits.
fn ended(reply: Reply, nonblocking: bool) -> Result<Option<Finished>, Stop> {
    match reply {
        Reply::Wait(_) if !nonblocking => Ok(None),
        reply => Finished::of(reply).map(Some),
    }
}

/// Bits of `poll` by name.
fn bits(value: i64) -> String {
    let names = [
        (poll::IN, "POLLIN"),
        (poll::OUT, "POLLOUT"),
        (poll::ERR, "POLLERR"),
        (poll::HUP, "POLLHUP"),
        (poll::NVAL, "POLLNVAL"),
        (poll::RDNORM, "POLLRDNORM"),
        (poll::WRNORM, "POLLWRNORM"),
        (poll::RDHUP, "POLLRDHUP"),
    ];
    let known = names.iter().fold(0, |known, (bit, _)| known | bit);
    let mut list: Vec<String> = names
        .iter()
        .filter(|(bit, _)| value & bit != 0)
        .map(|(_, name)| (*name).to_owned())
        .collect();
    if value & !known != 0 {
        list.push(format!("{:#x}", value & !known));
    }
    match list.is_empty() {
        true => "0".into(),
        false => list.join("|"),
    }
}

/// When a call that may wait so many milliseconds gives up; a negative number: never.
pub fn until(now: Instant, millis: i64) -> Option<Instant> {
    let millis = u64::try_from(millis).ok()?;
    Some(now + Duration::from_millis(millis))
}

/// What one attempt writes at most.
const CHUNK: usize = 1 << 16;
