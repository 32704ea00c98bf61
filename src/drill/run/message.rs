//! Structures in arguments: vectors of buffers, message headers, polled descriptors; and the calls
//! about a descriptor itself.

use super::super::backend::{Control, Reply, Waiting};
use super::super::outcome::Stop;
use super::super::syntax::{Call, Expr, ExprKind, Field};
use super::argument::{Arguments, field, fields, number};
use super::operation::{Beside, Finished, Operation, PollEntry, until};
use super::world::World;

impl World {
    /// How many bytes a vector holds, whose number of buffers must be that of argument `count`.
    pub fn iovec(&self, args: Arguments<'_>, nth: usize, count: usize) -> Result<usize, Stop> {
        let list = args.list(nth)?;
        let said = args.number(count)?;
        if said != list.len() as i64 {
            let text = format!("{said} buffers are said, {} written", list.len());
            return Err(args.wrong(args.call.at, &text));
        }
        buffers(args, list)
    }

    /// How many bytes a message holds.
    pub fn message(&mut self, args: Arguments<'_>) -> Result<usize, Stop> {
        let expr = args.expr(1)?;
        let Some(header) = fields(expr) else {
            return Err(args.wrong(expr.at, "a message header in braces is needed here"));
        };
        if args.call.name == "sendmsg" {
            check_sent(args, expr, header)?;
        }
        let Some(vector) = field(header, "msg_iov") else {
            return Err(args.wrong(expr.at, "a message header has msg_iov"));
        };
        let ExprKind::List(list) = &vector.kind else {
            return Err(args.wrong(vector.at, "msg_iov is a list"));
        };
        let said = header
            .iter()
            .find(|field| field.name.as_deref() == Some("msg_iov"))
            .and_then(|field| field.arg.as_ref());
        if let Some(said) = said
            && number(said)? != list.len() as i64
        {
            return Err(args.wrong(vector.at, "msg_iov has another number of buffers"));
        }
        buffers(args, list)
    }

    pub fn fcntl(&mut self, call: &Call) -> Result<Operation, Stop> {
        const F_GETFL: i64 = 3;
        const F_SETFL: i64 = 4;
        const O_RDWR: i64 = 2;
        const O_NONBLOCK: i64 = 0x800;
        let args = Arguments::of(call, 2, 3)?;
        let nonblocking = self.descriptor(args, 0)?.nonblocking;
        let result = match args.number(1)? {
            F_GETFL if nonblocking => O_RDWR | O_NONBLOCK,
            F_GETFL => O_RDWR,
            F_SETFL => {
                let flags = args.number(2)?;
                if let Some(descriptor) = self.table.get_mut(&args.number(0)?) {
                    descriptor.nonblocking = flags & O_NONBLOCK != 0;
                }
                0
            }
            command => return Err(Stop::Skip(format!("fcntl:{command}"))),
        };
        Ok(Operation::Ended(Finished::with(result)))
    }

    pub fn ioctl(&mut self, call: &Call) -> Result<Operation, Stop> {
        const FIONREAD: i64 = 0x541b;
        const SIOCOUTQ: i64 = 0x5411;
        const SIOCOUTQNSD: i64 = 0x894b;
        let args = Arguments::of(call, 2, 3)?;
        let handle = self.handle(args)?;
        let command = args.number(1)?;
        let which = match command {
            FIONREAD => Waiting::Unread,
            SIOCOUTQ => Waiting::Unacknowledged,
            SIOCOUTQNSD => Waiting::Unsent,
            _ => return Err(Stop::Skip(format!("ioctl:{command:#x}"))),
        };
        let [expected] = args.list(2)? else {
            return Err(args.wrong(call.at, "the number of bytes is one, in brackets"));
        };
        let expected = number(expected)?;
        let waits = match self.backend.waiting(handle, which) {
            Reply::Done(waits) => waits,
            reply => return Finished::of(reply).map(Operation::Ended),
        };
        let mut finished = Finished::with(0);
        if expected != waits {
            let what = "the number of bytes that wait".to_owned();
            finished.differences = vec![(what, expected.to_string(), waits.to_string())];
        }
        Ok(Operation::Ended(finished))
    }

    pub fn poll(&mut self, call: &Call) -> Result<Operation, Stop> {
        let args = Arguments::of(call, 3, 3)?;
        let list = args.list(0)?;
        if args.number(1)? != list.len() as i64 {
            return Err(args.wrong(call.at, "another number of descriptors is written"));
        }
        let mut entries = Vec::new();
        for expr in list {
            let Some(entry) = fields(expr) else {
                return Err(args.wrong(expr.at, "a polled descriptor in braces is needed"));
            };
            let value = |name| field(entry, name).map(number).transpose();
            let fd = value("fd")?.unwrap_or(-1);
            entries.push(PollEntry {
                fd,
                handle: self.table.get(&fd).map(|descriptor| descriptor.handle),
                wanted: value("events")?.unwrap_or(0),
                expected: value("revents")?.unwrap_or(0),
            });
        }
        let until = until(self.backend.now(), args.number(2)?);
        Ok(Operation::Poll { entries, until })
    }
}

/// What goes with a message that is sent: nothing yet.
fn check_sent(args: Arguments<'_>, expr: &Expr, header: &[Field]) -> Result<(), Stop> {
    let flags = field(header, "msg_flags").map(number).transpose()?;
    if flags.unwrap_or(0) != 0 {
        return Err(args.wrong(expr.at, "msg_flags of sendmsg must be 0"));
    }
    match field(header, "msg_control").map(|expr| &expr.kind) {
        Some(ExprKind::List(list)) if !list.is_empty() => Err(Stop::Skip("msg_control".into())),
        _ => Ok(()),
    }
}

/// What a message that is received must tell beside its bytes.
pub fn told(args: Arguments<'_>) -> Result<Beside, Stop> {
    let header = fields(args.expr(1)?).unwrap_or_default();
    let flags = field(header, "msg_flags").map(number).transpose()?;
    let control = match field(header, "msg_control").map(|expr| &expr.kind) {
        None => None,
        Some(ExprKind::List(list)) => Some(list.iter().map(control).collect::<Result<_, _>>()?),
        Some(_) => return Err(Stop::Skip("msg_control".into())),
    };
    Ok(Beside {
        flags: flags.unwrap_or(0),
        control,
    })
}

/// `{cmsg_level=, cmsg_type=, cmsg_data=}` with a number for data.
fn control(expr: &Expr) -> Result<Control, Stop> {
    let message = fields(expr).unwrap_or_default();
    let value = |name| match field(message, name) {
        Some(expr) if !matches!(expr.kind, ExprKind::Struct(_) | ExprKind::List(_)) => number(expr),
        _ => Err(Stop::Skip(name.to_owned())),
    };
    Ok(Control {
        level: value("cmsg_level")?,
        kind: value("cmsg_type")?,
        // As C has it: the lower 32 bits.
        value: value("cmsg_data")? as i32,
    })
}

/// `{..., n}`, or `{iov_base=..., iov_len=n}`, each.
fn buffers(args: Arguments<'_>, list: &[Expr]) -> Result<usize, Stop> {
    let mut total = 0_usize;
    for expr in list {
        let len = match fields(expr) {
            Some([_, len]) => number(&len.value)?,
            _ => return Err(args.wrong(expr.at, "a buffer is {..., n}")),
        };
        let len = u32::try_from(len);
        let len = len.map_err(|_| args.wrong(expr.at, "a count is a number of 32 bits"))?;
        total = total.saturating_add(len as usize);
    }
    Ok(total)
}
