//! `shell`: a shell, or one command, in the private namespace, with our stack as its neighbour.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::Context;
use rustix::process::{Pid, PidfdFlags, Signal as Kill, pidfd_open, pidfd_send_signal};
use tokio::runtime::Runtime;

use crate::demo::{Site, echo};
use crate::http::{Sockets, serve};
use crate::namespace::{Inside, Mounts};
use crate::report::text::plain;

use super::Common;
use super::screen::note;
use super::serve::Logged;
use super::signals::Signals;
use super::station::{Place, Private, Station};
use super::trouble::{Code, Trouble};

/// Run a shell, or one command, beside this stack
///
/// In a private namespace: unmodified programs (curl, nc, ping) on the kernel's side, this stack
/// on the other, serving HTTP (port 80) and echo (port 7) at 10.90.0.2 and fd90::2, and called
/// www.pellucid.example there. When the command ends, everything is gone.
#[derive(Debug, clap::Args)]
pub struct Shell {
    /// The command, after --; without one, the shell that SHELL names
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
    #[command(flatten)]
    private: Private,
}

impl Shell {
    /// Runs it; ends as it ends.
    pub fn run(self, common: Common) -> anyhow::Result<Code> {
        let (place, inside) = self.private.open(Mounts::Private)?;
        if let Err(error) = name_the_stack(&inside, &place.addresses()) {
            log::warn!("{NAME} is no name here: {error}");
        }
        let signals = Signals::listen_in_shell()?;
        if self.command.is_empty() && !common.quiet {
            welcome(&place);
        }
        let addresses = place.addresses();
        let station = place.start("shell", &self.private, common)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let ended = offer(&runtime, &station, &addresses, common)
            .and_then(|()| self.run_command(&runtime, &signals));
        runtime.shutdown_timeout(GOODBYE);
        let taken_down = station.end(GOODBYE);
        let code = ended?;
        taken_down.map(|()| code)
    }

    fn run_command(&self, runtime: &Runtime, signals: &Signals) -> anyhow::Result<Code> {
        let (program, args) = match self.command.split_first() {
            Some((program, args)) => (program.clone(), args),
            None => {
                let shell = std::env::var_os("SHELL").filter(|shell| !shell.is_empty());
                (shell.unwrap_or_else(|| "/bin/sh".into()), &[][..])
            }
        };
        let mut child = Command::new(&program)
            .args(args)
            .spawn()
            .map_err(|error| not_run(&program.to_string_lossy(), &error))?;
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let child_is = pid.context("the command has no process number")?;
        let child_is = pidfd_open(child_is, PidfdFlags::empty())?;
        runtime.block_on(async {
            let mut waiting = tokio::task::spawn_blocking(move || child.wait());
            let signal = tokio::select! {
                ended = &mut waiting => return Ok(code_of(ended??)),
                signal = signals.wait() => signal?,
            };
            // An interactive shell heeds a hangup, and nothing less. One that is gone already
            // needs no signal.
            let _ = pidfd_send_signal(&child_is, Kill::HUP);
            if tokio::time::timeout(GOODBYE, &mut waiting).await.is_err() {
                let _ = pidfd_send_signal(&child_is, Kill::KILL);
            }
            Ok(signal.code())
        })
    }
}

/// Starts what the stack has to offer.
fn offer(
    runtime: &Runtime,
    station: &Station,
    addresses: &[IpAddr],
    common: Common,
) -> anyhow::Result<()> {
    let handler = Logged {
        handler: Site::new(SEED),
        quiet: common.verbose == 0,
        any: false,
    };
    let web = Sockets::bind(&station.network, addresses, 80)?;
    let echoes = Sockets::bind(&station.network, addresses, 7)?;
    // They end with the network, and what ended it is told by those who notice.
    runtime.spawn(serve(web, handler, std::future::pending()));
    runtime.spawn(echo(echoes));
    Ok(())
}

fn welcome(place: &Place) {
    let shown: Vec<String> = place.addresses().iter().map(IpAddr::to_string).collect();
    let (shown, said) = (shown.join(" and "), plain(&place.said));
    note(&format!("{said}; this shell is on the kernel's side"));
    note(&format!(
        "{NAME} is {shown}: HTTP on port 80, echo on port 7"
    ));
    note(&format!(
        "try    curl http://{NAME}/    ping {NAME}    exit leaves"
    ));
}

/// Puts the stack's name into the `/etc/hosts` that is seen in here.
fn name_the_stack(inside: &Inside, addresses: &[IpAddr]) -> io::Result<()> {
    let hosts = Path::new("/etc/hosts");
    let mut text = std::fs::read(hosts).unwrap_or_default();
    if !text.is_empty() && !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    for ip in addresses {
        writeln!(text, "{ip} {NAME}")?;
    }
    let name = format!("pellucid-hosts-{}", std::process::id());
    let path = std::env::temp_dir().join(name);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o644)
        .open(&path)?;
    let covered = file
        .write_all(&text)
        .and_then(|()| inside.cover(hosts, &path));
    // What is mounted stays; the name need not.
    std::fs::remove_file(&path)?;
    covered
}

/// As shells say it: 126, 127.
fn not_run(program: &str, error: &io::Error) -> Trouble {
    let code = match error.kind() {
        io::ErrorKind::NotFound => Code::Of(127),
        _ => Code::Of(126),
    };
    let now = "name a program that is in the search path";
    Trouble {
        code,
        ..Trouble::failed(format!("cannot run {program}"), error.to_string(), now)
    }
}

/// As shells say it: the command's own, or 128 and the signal that ended it.
fn code_of(status: ExitStatus) -> Code {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal));
    match code.and_then(|code| u8::try_from(code).ok()) {
        Some(0) => Code::Done,
        Some(code) => Code::Of(code),
        None => Code::Failed,
    }
}

/// What the stack is called in the private namespace.
const NAME: &str = "www.pellucid.example";

/// What the site's large body is drawn from.
const SEED: u64 = 42;

/// How long connections and the command may take to end.
const GOODBYE: Duration = Duration::from_secs(1);
