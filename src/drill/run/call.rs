//! Calls: what a line asks for, made, and judged when it has ended.

use std::net::{Ipv4Addr, SocketAddr};

use super::super::backend::{Handle, Reply, Shut, errno};
use super::super::outcome::{Reason, ReasonKind, Stop};
use super::super::symbols;
use super::super::syntax::{Call, Expr, ExprKind, Place};
use super::argument::{Arguments, field, fields, names, number};
use super::message::told;
use super::operation::{Finished, Opening, Operation, Receiving, Sending};
use super::world::{Descriptor, Pending, World};
use super::{Nanos, seconds};

impl World {
    /// Makes a call. `end`: it may wait until then, and must.
    pub fn call(&mut self, call: &Call, start: Nanos, end: Option<Nanos>) -> Result<(), Stop> {
        let mut operation = self.operation(call)?;
        self.tell(&call.to_string());
        let finished = self.attempt(&mut operation)?;
        let mut pending = Pending {
            call: call.clone(),
            operation,
            start,
            end,
        };
        if let Some(finished) = finished {
            self.conclude(&pending, finished)?;
            return self.settle();
        }
        if end.is_some() {
            self.pending = Some(pending);
            return self.settle();
        }
        self.settle()?;
        // It must end at once, or as soon as the stack comes to it by itself.
        loop {
            if let Some(finished) = self.attempt(&mut pending.operation)? {
                self.conclude(&pending, finished)?;
                return self.settle();
            }
            if !self.step(None)? {
                let text = format!("{} waits, and nothing will ever happen", call.name);
                return Err(Reason::plain(ReasonKind::Call, call.at, text).into());
            }
        }
    }

    /// Asks the call that waits again. Returns whether it has ended.
    pub fn ask_pending(&mut self) -> Result<bool, Stop> {
        let Some(mut pending) = self.pending.take() else {
            return Ok(false);
        };
        match self.attempt(&mut pending.operation)? {
            Some(finished) => {
                self.conclude(&pending, finished)?;
                Ok(true)
            }
            None => {
                self.pending = Some(pending);
                Ok(false)
            }
        }
    }

    /// Another call is reached: one that waits gets a second more.
    pub fn await_pending(&mut self, next: &Call) -> Result<(), Stop> {
        self.wait_a_second()?;
        if self.pending.is_some() && next.end.is_some() {
            let text = "a call that waits is reached while another one waits";
            return Err(Reason::plain(ReasonKind::Script, next.at, text).into());
        }
        Ok(())
    }

    /// All events are over: a call that waits gets a second more, and then has failed.
    pub fn end_pending(&mut self) -> Result<(), Stop> {
        self.wait_a_second()?;
        match self.pending.take() {
            None => Ok(()),
            Some(pending) => {
                let text = format!("{} still waits when the script ends", pending.call.name);
                Err(Reason::plain(ReasonKind::Call, pending.call.at, text).into())
            }
        }
    }

    fn wait_a_second(&mut self) -> Result<(), Stop> {
        if self.pending.is_none() {
            return Ok(());
        }
        let limit = self.clock() + 1_000_000_000;
        while self.pending.is_some() && self.step(Some(limit))? {}
        if self.pending.is_some() {
            self.advance_to(limit)?;
        }
        Ok(())
    }

    /// A call has ended: is it as the script says?
    fn conclude(&mut self, pending: &Pending, finished: Finished) -> Result<(), Stop> {
        let call = &pending.call;
        let ExprKind::Integer(expected) = call.result.kind else {
            let text = "a result is a number";
            return Err(Reason::plain(ReasonKind::Script, call.result.at, text).into());
        };
        let reason = self.judge(call, expected, &finished)?;
        match reason {
            Some(_) if self.settings.non_fatal_calls => self.nonfatal += 1,
            Some(reason) => return Err(reason.into()),
            None => {}
        }
        self.judge_end(pending)?;
        self.take_made(call, expected, &finished)
    }

    fn judge(
        &self,
        call: &Call,
        expected: i64,
        finished: &Finished,
    ) -> Result<Option<Reason>, Stop> {
        let wrong = |expected: String, actual: String, text: String| Reason {
            kind: ReasonKind::Call,
            at: call.at,
            expected,
            actual,
            text,
        };
        let wanted_errno = match &call.errno {
            None => None,
            Some(name) => {
                let number = symbols::errno(name);
                Some(number.ok_or_else(|| Stop::Skip(format!("symbol:{name}")))?)
            }
        };
        // A descriptor's number is a name that the script chooses.
        let made = finished.made.is_some() && expected >= 0;
        let same = made || finished.result == expected;
        let same_errno = wanted_errno.is_none_or(|wanted| wanted == finished.errno);
        if !same || !same_errno {
            let expected = shown(expected, wanted_errno.unwrap_or(0));
            let actual = shown(finished.result, finished.errno);
            let text = format!("{} returned {actual} instead of {expected}", call.name);
            return Ok(Some(wrong(expected, actual, text)));
        }
        Ok(finished
            .differences
            .first()
            .map(|(what, expected, actual)| {
                let text = format!("{}: {what} is {actual} instead of {expected}", call.name);
                wrong(expected.clone(), actual.clone(), text)
            }))
    }

    /// A call that may wait must end when the script says.
    fn judge_end(&self, pending: &Pending) -> Result<(), Stop> {
        let Some(end) = pending.end else {
            return Ok(());
        };
        let span = (end - pending.start) / 1000;
        let tolerance = self.settings.tolerance.after(span).saturating_mul(1000);
        let late = self.clock() - end;
        if late.abs() <= tolerance {
            return Ok(());
        }
        let when = if late < 0 { "early" } else { "late" };
        Err(Reason {
            kind: ReasonKind::Timing,
            at: pending.call.at,
            expected: seconds(end),
            actual: seconds(self.clock()),
            text: format!("{} returned {when}", pending.call.name),
        }
        .into())
    }

    /// The script names what a call has made.
    fn take_made(&mut self, call: &Call, fd: i64, finished: &Finished) -> Result<(), Stop> {
        let Some((handle, port)) = finished.made else {
            return Ok(());
        };
        let script = |text: &str| Reason::plain(ReasonKind::Script, call.at, text);
        if self.table.contains_key(&fd) {
            return Err(script("the descriptor's number is in use").into());
        }
        let descriptor = Descriptor {
            handle,
            nonblocking: makes_nonblocking(call),
            written: 0,
            read: 0,
        };
        self.table.insert(fd, descriptor);
        match port {
            None => self.flows.on_socket(fd),
            Some(port) => {
                if !self.flows.on_accept(fd, port) {
                    let text = "accept returned a connection whose SYN,ACK was never expected";
                    return Err(script(text).into());
                }
            }
        }
        Ok(())
    }

    fn operation(&mut self, call: &Call) -> Result<Operation, Stop> {
        match call.name.as_str() {
            "socket" => self.socket(call),
            "bind" | "listen" | "shutdown" => self.plain(call),
            "connect" => self.connect(call),
            "accept" => {
                let args = Arguments::of(call, 3, 3)?;
                let descriptor = self.descriptor(args, 0)?;
                Ok(Operation::Accept {
                    handle: descriptor.handle,
                    nonblocking: descriptor.nonblocking,
                })
            }
            "close" => {
                let args = Arguments::of(call, 1, 1)?;
                let handle = self.descriptor(args, 0)?.handle;
                let fd = args.number(0)?;
                Ok(Operation::Close { fd, handle })
            }
            "read" | "recv" | "recvfrom" | "readv" | "recvmsg" => self.receiving(call),
            "write" | "send" | "sendto" | "writev" | "sendmsg" => self.sending(call),
            "fcntl" => self.fcntl(call),
            "ioctl" => self.ioctl(call),
            "getsockopt" => self.getsockopt(call),
            "setsockopt" => self.setsockopt(call),
            "poll" => self.poll(call),
            name => Err(Stop::Skip(format!("call:{name}"))),
        }
    }

    pub fn descriptor(&self, args: Arguments<'_>, nth: usize) -> Result<Descriptor, Stop> {
        let fd = args.number(nth)?;
        let found = self.table.get(&fd).cloned();
        let text = format!("the script has no descriptor {fd}");
        found.ok_or_else(|| args.wrong(args.call.at, &text))
    }

    fn socket(&mut self, call: &Call) -> Result<Operation, Stop> {
        let args = Arguments::of(call, 3, 3)?;
        check_socket(args)?;
        let handle = self.backend.socket();
        Ok(Operation::Ended(Finished {
            made: Some((handle, None)),
            ..Finished::default()
        }))
    }

    /// Calls that never wait and return no more than a result.
    fn plain(&mut self, call: &Call) -> Result<Operation, Stop> {
        let reply = match call.name.as_str() {
            "bind" => {
                let args = Arguments::of(call, 3, 3)?;
                let handle = self.descriptor(args, 0)?.handle;
                let addr = SocketAddr::new(self.settings.local, self.settings.bind_port);
                let addr = address(args.expr(1)?)?.unwrap_or(addr);
                self.backend.bind(handle, addr)
            }
            "listen" => {
                let args = Arguments::of(call, 2, 2)?;
                let handle = self.descriptor(args, 0)?.handle;
                let reply = self.backend.listen(handle, args.number(1)?);
                if matches!(reply, Reply::Done(_)) {
                    self.flows.on_listen(args.number(0)?);
                }
                reply
            }
            _ => {
                let args = Arguments::of(call, 2, 2)?;
                let handle = self.descriptor(args, 0)?.handle;
                let how = match args.number(1)? {
                    0 => Shut::Read,
                    1 => Shut::Write,
                    2 => Shut::Both,
                    _ => return Ok(Operation::Ended(Finished::failed(errno::EINVAL))),
                };
                self.backend.shutdown(handle, how)
            }
        };
        Finished::of(reply).map(Operation::Ended)
    }

    fn connect(&mut self, call: &Call) -> Result<Operation, Stop> {
        let args = Arguments::of(call, 3, 3)?;
        let descriptor = self.descriptor(args, 0)?;
        let (fd, handle) = (args.number(0)?, descriptor.handle);
        if is_unspecified(args.expr(1)?) {
            self.flows.on_disconnect(fd);
            if let Some(descriptor) = self.table.get_mut(&fd) {
                (descriptor.written, descriptor.read) = (0, 0);
            }
            let reply = self.backend.connect(handle, None);
            return Finished::of(reply).map(Operation::Ended);
        }
        self.flows.on_connect(fd);
        let addr = SocketAddr::new(self.settings.remote, self.settings.connect_port);
        Ok(Operation::Connect {
            handle,
            addr: address(args.expr(1)?)?.unwrap_or(addr),
            nonblocking: descriptor.nonblocking,
        })
    }

    fn receiving(&mut self, call: &Call) -> Result<Operation, Stop> {
        let args = Arguments { call };
        let (args, flags) = match call.name.as_str() {
            "read" => (Arguments::of(call, 3, 3)?, 0),
            "readv" => (Arguments::of(call, 3, 3)?, 0),
            "recv" => (Arguments::of(call, 4, 4)?, args.number(3)?),
            "recvfrom" => (Arguments::of(call, 6, 6)?, args.number(3)?),
            _ => (Arguments::of(call, 3, 3)?, args.number(2)?),
        };
        let descriptor = self.descriptor(args, 0)?;
        let flags = Flags::read(flags, RECEIVE_FLAGS)?;
        let (len, null) = match call.name.as_str() {
            "readv" => (self.iovec(args, 1, 2)?, false),
            "recvmsg" => (self.message(args)?, false),
            _ => (args.count(2)?, args.is_null(1)?),
        };
        let told = match call.name.as_str() {
            "recvmsg" => Some(told(args)?),
            _ => None,
        };
        Ok(Operation::Receive(Receiving {
            fd: args.number(0)?,
            handle: descriptor.handle,
            len,
            got: 0,
            // MSG_TRUNC on TCP: the bytes are thrown away, and no buffer is touched.
            null: null && !flags.has(MSG_TRUNC),
            nonblocking: descriptor.nonblocking || flags.has(MSG_DONTWAIT),
            peek: flags.has(MSG_PEEK),
            all: flags.has(MSG_WAITALL),
            told,
        }))
    }

    fn sending(&mut self, call: &Call) -> Result<Operation, Stop> {
        let args = Arguments { call };
        let (args, flags) = match call.name.as_str() {
            "write" | "writev" => (Arguments::of(call, 3, 3)?, 0),
            "send" => (Arguments::of(call, 4, 4)?, args.number(3)?),
            "sendto" => (Arguments::of(call, 6, 6)?, args.number(3)?),
            _ => (Arguments::of(call, 3, 3)?, args.number(2)?),
        };
        let descriptor = self.descriptor(args, 0)?;
        let flags = Flags::read(flags, SEND_FLAGS)?;
        let fd = args.number(0)?;
        let (len, null) = match call.name.as_str() {
            "writev" => (self.iovec(args, 1, 2)?, false),
            "sendmsg" => (self.message(args)?, false),
            _ => (args.count(2)?, args.is_null(1)?),
        };
        let addressed = matches!(call.name.as_str(), "sendto" | "sendmsg");
        let mut opening = Opening::No;
        if flags.has(MSG_FASTOPEN) {
            match self.destination(args)? {
                Some(addr) => opening = Opening::Due(addr),
                None => {
                    let finished = Finished::failed(errno::EOPNOTSUPP);
                    return Ok(Operation::Ended(finished));
                }
            }
        }
        if addressed {
            self.flows.on_connect(fd);
        }
        Ok(Operation::Send(Sending {
            fd,
            handle: descriptor.handle,
            len,
            sent: 0,
            null,
            nonblocking: descriptor.nonblocking || flags.has(MSG_DONTWAIT),
            opening,
            more: flags.has(MSG_MORE),
            sleeps: false,
        }))
    }

    /// Where `sendto` and `sendmsg` send to; `None`: AF_UNSPEC.
    fn destination(&self, args: Arguments<'_>) -> Result<Option<SocketAddr>, Stop> {
        let addr = SocketAddr::new(self.settings.remote, self.settings.connect_port);
        match args.call.name.as_str() {
            "sendto" => {}
            "sendmsg" => return Ok(Some(addr)),
            // `send` has none to give.
            _ => return Ok(Some(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0))),
        }
        let expr = args.expr(4)?;
        if is_unspecified(expr) {
            return Ok(None);
        }
        Ok(Some(address(expr)?.unwrap_or(addr)))
    }

    pub fn handle(&self, args: Arguments<'_>) -> Result<Handle, Stop> {
        self.descriptor(args, 0).map(|descriptor| descriptor.handle)
    }
}

/// What a call needs that is not here, found without running it.
pub fn survey(call: &Call) -> Vec<(String, Place)> {
    let mut missing = Vec::new();
    if !CALLS.contains(&call.name.as_str()) {
        missing.push((format!("call:{}", call.name), call.at));
        return missing;
    }
    let mut exprs: Vec<&Expr> = call.args.iter().collect();
    exprs.push(&call.result);
    for expr in exprs {
        for name in names(expr) {
            if symbols::number(name).is_none() {
                missing.push((format!("symbol:{name}"), expr.at));
            }
        }
    }
    if let Some(errno) = &call.errno
        && symbols::errno(errno).is_none()
    {
        missing.push((format!("symbol:{errno}"), call.at));
    }
    if call.name == "socket"
        && let Err(Stop::Skip(name)) = check_socket(Arguments { call })
    {
        missing.push((name, call.at));
    }
    let flags = match call.name.as_str() {
        "recv" | "recvfrom" => Some((3, RECEIVE_FLAGS)),
        "recvmsg" => Some((2, RECEIVE_FLAGS)),
        "send" | "sendto" => Some((3, SEND_FLAGS)),
        "sendmsg" => Some((2, SEND_FLAGS)),
        _ => None,
    };
    if let Some((nth, known)) = flags
        && let Some(expr) = call.args.get(nth)
        && let Ok(value) = number(expr)
        && let Err(Stop::Skip(name)) = Flags::read(value, known)
    {
        missing.push((name, expr.at));
    }
    missing
}

/// Whether a socket of ours can be what a script asks for.
fn check_socket(args: Arguments<'_>) -> Result<(), Stop> {
    const SOCK_STREAM: i64 = 1;
    const IPPROTO_TCP: i64 = 6;
    let kind = args.number(1)? & 0xf;
    let protocol = args.number(2)?;
    if kind != SOCK_STREAM || !matches!(protocol, 0 | IPPROTO_TCP) {
        let name = symbols::named(&["IPPROTO_"], protocol).unwrap_or("socket type");
        return Err(Stop::Skip(format!("socket:{name}")));
    }
    if !args.is_ellipsis(0) {
        const AF_INET: i64 = 2;
        const AF_INET6: i64 = 10;
        let family = args.number(0)?;
        if !matches!(family, AF_INET | AF_INET6) {
            return Err(Stop::Skip(format!("socket:family {family}")));
        }
    }
    Ok(())
}

/// SOCK_NONBLOCK in the type of a new socket.
fn makes_nonblocking(call: &Call) -> bool {
    const SOCK_NONBLOCK: i64 = 0x800;
    let kind = call.args.get(1).map(number);
    call.name == "socket" && matches!(kind, Some(Ok(kind)) if kind & SOCK_NONBLOCK != 0)
}

/// An address that is written out; `None`: the script's own.
fn address(expr: &Expr) -> Result<Option<SocketAddr>, Stop> {
    let Some(fields) = fields(expr) else {
        return Ok(None);
    };
    let port = field(fields, "sin_port").map(number).transpose()?;
    let addr = field(fields, "sin_addr").map(|expr| expr.kind.clone());
    match (port, addr) {
        (Some(port), Some(ExprKind::Address(addr))) => {
            let port = u16::try_from(port).unwrap_or(0);
            Ok(Some(SocketAddr::new(addr, port)))
        }
        _ => Ok(None),
    }
}

fn is_unspecified(expr: &Expr) -> bool {
    let is = |expr: &Expr| matches!(&expr.kind, ExprKind::Word(name) if name == "AF_UNSPEC");
    is(expr)
        || fields(expr)
            .and_then(|fields| field(fields, "sa_family"))
            .is_some_and(is)
}

fn shown(result: i64, errno: i64) -> String {
    match symbols::errno_name(errno) {
        Some(name) => format!("{result} {name}"),
        None if errno != 0 => format!("{result} errno {errno}"),
        None => result.to_string(),
    }
}

/// The flags of a message.
#[derive(Debug, Clone, Copy)]
struct Flags(i64);

impl Flags {
    /// Those that are known; the name of one that is not stops the script.
    fn read(flags: i64, known: i64) -> Result<Flags, Stop> {
        let unknown = flags & !known;
        if unknown == 0 {
            return Ok(Flags(flags));
        }
        let lowest = unknown & -unknown;
        let name = symbols::named(&["MSG_"], lowest);
        let name = name.map_or_else(|| format!("{lowest:#x}"), str::to_owned);
        Err(Stop::Skip(format!("flag:{name}")))
    }

    fn has(self, flag: i64) -> bool {
        self.0 & flag != 0
    }
}

const MSG_PEEK: i64 = 0x2;
const MSG_TRUNC: i64 = 0x20;
const MSG_DONTWAIT: i64 = 0x40;
const MSG_WAITALL: i64 = 0x100;
const MSG_NOSIGNAL: i64 = 0x4000;
const MSG_MORE: i64 = 0x8000;
const MSG_FASTOPEN: i64 = 0x2000_0000;
const RECEIVE_FLAGS: i64 = MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT | MSG_WAITALL | MSG_NOSIGNAL;
const SEND_FLAGS: i64 = MSG_DONTWAIT | MSG_NOSIGNAL | MSG_MORE | MSG_FASTOPEN;

/// The calls that there are.
const CALLS: [&str; 22] = [
    "socket",
    "bind",
    "listen",
    "accept",
    "connect",
    "read",
    "write",
    "recv",
    "send",
    "recvfrom",
    "sendto",
    "readv",
    "writev",
    "recvmsg",
    "sendmsg",
    "close",
    "shutdown",
    "fcntl",
    "ioctl",
    "getsockopt",
    "setsockopt",
    "poll",
];
