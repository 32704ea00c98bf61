//! The kernel as a host of a scenario, in real time: its stack at the end of our links.
//!
//! A TUN interface in a private namespace is the door: what comes to the host over simulated links
//! is written there, what the kernel sends is read there. The host's applications are those of
//! simulated hosts, on the kernel's sockets.
//!
//! Read `ground` for where it stands, then `line` for its sockets.

mod ground;
mod line;

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant as Clock, SystemTime, UNIX_EPOCH};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::base::{Instant, Pieces, Transmit};
use crate::device::{Device, RxBuffer, Tun};
use crate::namespace::{Inside, Refusal};
use crate::scenario::{Act, Begin, Host, Outside};
use crate::sim::contents::Contents;
use crate::sim::party::Party;
use crate::sim::script::{Script, Step};
use crate::sim::world::contents_by_port;

use line::KernelLine;

/// The kernel, as one host.
#[derive(Debug)]
pub struct KernelHost {
    addr: IpAddr,
    control: String,
    tun: Tun,
    room: RxBuffer,
    began: Clock,
    epoch: u64,
    listeners: Vec<Listening>,
    ends: Vec<End>,
    scratch: Vec<u8>,
    /// Keeps the namespace.
    _inside: Inside,
}

#[derive(Debug)]
struct Listening {
    listener: TcpListener,
    steps: Vec<Step>,
}

/// An application at work.
#[derive(Debug)]
struct End {
    /// Until it lets go.
    socket: Option<TcpStream>,
    party: Party<()>,
}

impl KernelHost {
    /// Puts the kernel where a host is, in a namespace of its own.
    ///
    /// # Errors
    ///
    /// What the machine does not allow.
    pub fn open(inside: Inside, host: &Host) -> Result<KernelHost, Refusal> {
        let kernel = host.kernel.clone().unwrap_or_default();
        line::check(&kernel.cc, host.addr).map_err(|error| {
            let why = "the scenario names it for the kernel: host.NAME.kernel.cc";
            let now = "name one that `pellucid doctor` lists";
            Refusal::by_system("the kernel cannot be this host", error, why, now)
        })?;
        let tun = ground::lay(&inside, host, &kernel)?;
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
        let epoch = since_1970.map_or(0, |time| u64::try_from(time.as_nanos()).unwrap_or(0));
        Ok(KernelHost {
            addr: host.addr,
            control: kernel.cc,
            tun,
            room: RxBuffer::new(),
            began: Clock::now(),
            epoch,
            listeners: Vec::new(),
            ends: Vec::new(),
            scratch: vec![0; SCRATCH],
            _inside: inside,
        })
    }

    fn listen(&mut self, port: u16, backlog: usize, steps: &[Step]) -> io::Result<()> {
        let listener = line::listen(SocketAddr::new(self.addr, port), backlog)?;
        line::control(&listener, &self.control)?;
        self.listeners.push(Listening {
            listener,
            steps: steps.to_vec(),
        });
        Ok(())
    }

    fn connect(&mut self, to: SocketAddr, from: u16, steps: &[Step]) -> io::Result<()> {
        let socket = line::connect(SocketAddr::new(self.addr, from), to, &self.control)?;
        let [writes, reads] = contents_by_port(socket.local_addr()?.port());
        self.begin(socket, steps, writes, reads);
        Ok(())
    }

    fn begin(&mut self, socket: TcpStream, steps: &[Step], writes: Contents, reads: Contents) {
        let script: Script = steps.iter().copied().collect();
        let mut party = Party::following(script, self.now(), writes, reads);
        party.conn = Some(());
        self.ends.push(End {
            socket: Some(socket),
            party,
        });
    }

    /// Takes what waits to be accepted.
    fn accept(&mut self) -> io::Result<()> {
        let mut accepted = Vec::new();
        for Listening { listener, steps } in &self.listeners {
            // Each turn takes a connection that waits, of at most a backlog.
            loop {
                match listener.accept() {
                    Ok((socket, from)) => accepted.push((socket, from, steps.clone())),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(error) => return Err(error),
                }
            }
        }
        for (socket, from, steps) in accepted {
            socket.set_nonblocking(true)?;
            let [reads, writes] = contents_by_port(from.port());
            self.begin(socket, &steps, writes, reads);
        }
        Ok(())
    }

    fn now(&self) -> Instant {
        Instant::BIRTH + self.began.elapsed()
    }
}

impl Outside for KernelHost {
    fn age(&self) -> Duration {
        self.began.elapsed()
    }

    fn epoch(&self) -> u64 {
        self.epoch
    }

    fn tell(&mut self, act: &Act, to: Option<SocketAddr>) -> Result<(), String> {
        let done = match (&act.begin, to) {
            (Begin::Listen { port, backlog }, _) => self.listen(*port, *backlog, &act.steps),
            (Begin::Connect { from, .. }, Some(to)) => {
                self.connect(to, from.unwrap_or(0), &act.steps)
            }
            _ => match self.ends.last_mut() {
                Some(end) => {
                    end.party.add(&act.steps);
                    Ok(())
                }
                None => return Err(format!("the kernel has no connection to {act} on")),
            },
        };
        done.map_err(|error| format!("the kernel cannot {act}: {error}"))
    }

    fn is_connected(&self) -> bool {
        let latest = self.ends.last();
        latest.is_some_and(|end| end.socket.as_ref().is_some_and(line::is_connected))
    }

    fn play(&mut self) -> Result<(), String> {
        self.accept()
            .map_err(|error| format!("the kernel cannot accept: {error}"))?;
        let now = self.now();
        for End { socket, party } in &mut self.ends {
            let mut line = KernelLine(socket);
            let played = party.play(&mut line, now, &mut self.scratch);
            played.map_err(|wrong| format!("the kernel read a wrong byte at {}", wrong.at))?;
        }
        Ok(())
    }

    fn sent(&mut self) -> io::Result<Option<Vec<u8>>> {
        let packet = self.tun.receive(&mut self.room)?;
        Ok(packet.map(|packet| packet.bytes.to_vec()))
    }

    fn give(&mut self, packet: Vec<u8>) -> io::Result<()> {
        self.tun.transmit(&Transmit::plain(&packet, Pieces::EMPTY))
    }

    fn wait(&mut self, most: Duration) -> io::Result<()> {
        // Sockets are looked at as well, each time something comes, and every so often.
        let now = self.now();
        let wants = self.ends.iter().filter_map(|end| end.party.wants());
        let soonest = wants.min().map_or(LOOK_EVERY, |at| at.since(now));
        let time = Timespec::try_from(most.min(soonest).min(LOOK_EVERY));
        let fd = self.tun.poll_fd();
        let mut fds: Vec<PollFd<'_>> = fd
            .into_iter()
            .map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN))
            .collect();
        match poll(&mut fds, time.ok().as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn is_over(&self) -> bool {
        self.ends.iter().all(|end| end.party.is_over())
    }
}

/// Room for what applications read at a time.
const SCRATCH: usize = 1 << 16;
/// How long what sockets have is not looked at, at most.
const LOOK_EVERY: Duration = Duration::from_millis(1);
