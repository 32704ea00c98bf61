//! Lets whoever the user is attach: a socket, a thread that accepts, and one thread for each who
//! came. While nobody is there, nothing is looked at and nobody listens to the stack.

use std::fs::Permissions;
use std::io::{self, Write};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use crate::net::Network;

use super::attendant::Attendant;
use super::client::Attached;
use super::message::{FORMAT, Hello, Message};
use super::place;

/// A stack that can be watched. It ends when this is dropped.
#[derive(Debug)]
pub struct Offer {
    path: PathBuf,
    listener: Arc<UnixListener>,
    thread: Option<JoinHandle<()>>,
    guests: Arc<Mutex<Guests>>,
}

/// Who is there.
#[derive(Debug, Default)]
struct Guests {
    is_over: bool,
    all: Vec<(UnixStream, JoinHandle<()>)>,
}

impl Offer {
    /// Lets this user attach to `network`, by a socket in `folder`, which [`place::folder`] says.
    /// `verb` is what runs, `link` where it stands.
    ///
    /// # Errors
    ///
    /// The folder is not this user's alone, or the system gives no socket or no thread.
    pub fn make(folder: &Path, network: Network, verb: &str, link: &str) -> io::Result<Offer> {
        place::prepare(folder)?;
        let process = std::process::id();
        let path = place::socket(folder, process);
        // What has our number and answers belongs to another namespace of processes.
        if place::reach(&path).is_some() {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        let listener = Arc::new(UnixListener::bind(&path)?);
        std::fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        let hello = hello(verb, link);
        let guests = Arc::new(Mutex::new(Guests::default()));
        let mut offer = Offer {
            path,
            listener: Arc::clone(&listener),
            thread: None,
            guests: Arc::clone(&guests),
        };
        let accept = move || accept(&listener, &network, &hello, &guests);
        offer.thread = Some(thread::Builder::new().name("live".into()).spawn(accept)?);
        Ok(offer)
    }

    /// Where it is offered.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Offer {
    fn drop(&mut self) {
        let guests = {
            let mut guests = self.guests.lock().unwrap_or_else(PoisonError::into_inner);
            guests.is_over = true;
            std::mem::take(&mut guests.all)
        };
        // It ends an `accept` that waits.
        let _ = rustix::net::shutdown(&*self.listener, rustix::net::Shutdown::Both);
        // Nobody finds it any more; if it is gone already, so much the better.
        let _ = std::fs::remove_file(&self.path);
        for (stream, _) in &guests {
            let _ = stream.shutdown(Shutdown::Both);
        }
        let threads = guests.into_iter().map(|(_, thread)| thread);
        for thread in self.thread.take().into_iter().chain(threads) {
            // What it panicked with, if it did, was told by the panic itself.
            let _ = thread.join();
        }
    }
}

/// Watches `network` from within the process that runs it, whether others can attach or not.
///
/// # Errors
///
/// The system gives no socket or no thread.
pub fn watch(network: &Network, verb: &str, link: &str) -> io::Result<Attached> {
    let (theirs, ours) = UnixStream::pair()?;
    // The guest goes when the other end is dropped: nobody has to send him away.
    welcome(ours, network, &hello(verb, link))?;
    Attached::to(theirs)
}

/// Who we are, to whoever attaches.
fn hello(verb: &str, link: &str) -> Hello {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Hello {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        verb: verb.to_owned(),
        process: std::process::id(),
        link: link.to_owned(),
        since: since.map_or(0, |time| time.as_secs()),
    }
}

fn accept(listener: &UnixListener, network: &Network, hello: &Hello, guests: &Mutex<Guests>) {
    loop {
        let came = listener.accept();
        let mut guests = guests.lock().unwrap_or_else(PoisonError::into_inner);
        if guests.is_over {
            return;
        }
        guests.all.retain(|(_, thread)| !thread.is_finished());
        match came {
            Ok((stream, _)) if guests.all.len() >= GUESTS_MAX => refuse(stream),
            Ok((stream, _)) => {
                // Without a descriptor or a thread for him he is not let in, and sees it.
                if let Ok(guest) = welcome(stream, network, hello) {
                    guests.all.push(guest);
                }
            }
            Err(error) => {
                log::info!("nobody more can attach: {error}");
                return;
            }
        }
    }
}

fn welcome(
    stream: UnixStream,
    network: &Network,
    hello: &Hello,
) -> io::Result<(UnixStream, JoinHandle<()>)> {
    let (ours, last) = (stream.try_clone()?, stream.try_clone()?);
    stream.set_write_timeout(Some(PATIENCE))?;
    let attendant = Attendant::new(stream, network.clone());
    let hello = Message::Hello(hello.clone());
    let attend = move || {
        if let Err(error) = attendant.attend(&hello) {
            log::debug!("whoever watched is gone: {error}");
        }
        // We hold it once more, to end his talk: he would wait for ever.
        let _ = last.shutdown(Shutdown::Both);
    };
    let thread = thread::Builder::new()
        .name("live guest".into())
        .spawn(attend)?;
    Ok((ours, thread))
}

fn refuse(mut stream: UnixStream) {
    let what = format!("{GUESTS_MAX} watch already");
    let line = serde_json::to_string(&Message::Trouble { what }).unwrap_or_default();
    // A new socket has room for it, and whoever does not read it sees the end.
    let _ = stream.set_nonblocking(true);
    let _ = writeln!(stream, "{line}");
}

/// Who may watch at a time: each takes a thread, and some of the stack's time.
pub const GUESTS_MAX: usize = 8;
/// How long somebody may take to read before he is sent away.
const PATIENCE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
