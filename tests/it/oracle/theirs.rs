//! smoltcp as a host: an interface on queues of packets, and one TCP socket.

use std::cell::Cell;
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use pellucid::base::Instant;
use smoltcp::iface::{self, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{self, DeviceCapabilities, Medium};
use smoltcp::socket::tcp::{self, CongestionControl, RecvError, Socket, SocketBuffer};
use smoltcp::time;
use smoltcp::wire::{HardwareAddress, IpCidr};

use super::world::{MTU, Read};

/// How smoltcp is to behave.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// All its chance: ports and initial sequence numbers. Never 0, which is its default.
    pub seed: u64,
    pub timestamps: bool,
    pub congestion: CongestionControl,
    /// Bytes of its receive buffer.
    pub room: usize,
}

/// The host.
pub struct Theirs {
    iface: Interface,
    device: Queues,
    sockets: SocketSet<'static>,
    handle: SocketHandle,
}

impl Theirs {
    pub fn new(addresses: &[IpAddr], manner: Manner, now: Instant) -> Theirs {
        let mut device = Queues::default();
        let mut config = iface::Config::new(HardwareAddress::Ip);
        config.random_seed = manner.seed;
        let mut iface = Interface::new(config, &mut device, moment(now));
        iface.update_ip_addrs(|list| {
            for addr in addresses {
                let cidr = IpCidr::new((*addr).into(), if addr.is_ipv4() { 24 } else { 64 });
                list.push(cidr).expect("room for two addresses");
            }
        });
        let buffer = |bytes| SocketBuffer::new(vec![0; bytes]);
        let mut socket = Socket::new(buffer(manner.room), buffer(1 << 16));
        socket.set_congestion_control(manner.congestion);
        if manner.timestamps {
            socket.set_tsval_generator(Some(|| CLOCK.get()));
        }
        let mut sockets = SocketSet::new(Vec::new());
        let handle = sockets.add(socket);
        Theirs {
            iface,
            device,
            sockets,
            handle,
        }
    }

    fn socket(&mut self) -> &mut Socket<'static> {
        self.sockets.get_mut(self.handle)
    }

    pub fn state(&self) -> tcp::State {
        self.sockets.get::<Socket<'_>>(self.handle).state()
    }

    pub fn listen(&mut self, local: SocketAddr) {
        self.socket().listen(local).expect("a closed socket");
    }

    pub fn connect(&mut self, remote: SocketAddr, port: u16) {
        let socket = self.sockets.get_mut::<Socket<'_>>(self.handle);
        let connected = socket.connect(self.iface.context(), remote, port);
        connected.expect("a closed socket, and an address of the remote's family");
    }

    /// A packet waits to be taken in by [`Theirs::poll`].
    pub fn arrive(&mut self, packet: Vec<u8>) {
        self.device.arrive(packet);
    }

    /// Takes in what has arrived, and returns what it sends.
    pub fn poll(&mut self, now: Instant) -> VecDeque<Vec<u8>> {
        CLOCK.set(now.as_millis() as u32);
        let moment = moment(now);
        self.iface.poll(moment, &mut self.device, &mut self.sockets);
        std::mem::take(&mut self.device.outward)
    }

    /// When it wants to be polled; not before the microsecond after `now`.
    pub fn poll_at(&mut self, now: Instant) -> Option<Instant> {
        let at = self.iface.poll_at(moment(now), &self.sockets)?;
        let micros = at.total_micros().max(moment(now).total_micros() + 1);
        Some(Instant::from_nanos(micros as u64 * 1_000))
    }

    pub fn write(&mut self, bytes: &[u8]) -> usize {
        let socket = self.socket();
        if socket.can_send() {
            socket.send_slice(bytes).unwrap_or(0)
        } else {
            0
        }
    }

    pub fn read(&mut self, buf: &mut [u8]) -> Read {
        match self.socket().recv_slice(buf) {
            Ok(0) => Read::Nothing,
            Ok(bytes) => Read::Bytes(bytes),
            Err(RecvError::Finished) => Read::End,
            Err(RecvError::InvalidState) => Read::Failed,
        }
    }

    pub fn shutdown(&mut self) {
        self.socket().close();
    }

    pub fn abort(&mut self) {
        self.socket().abort();
    }
}

/// smoltcp counts microseconds.
fn moment(now: Instant) -> time::Instant {
    time::Instant::from_micros((now.as_nanos() / 1_000) as i64)
}

thread_local! {
    /// What its time stamps show: it asks a plain function, so the world tells the time here.
    static CLOCK: Cell<u32> = const { Cell::new(0) };
}

/// A device of two queues.
#[derive(Default)]
pub struct Queues {
    inward: VecDeque<Vec<u8>>,
    outward: VecDeque<Vec<u8>>,
}

impl Queues {
    /// A packet waits to be taken in.
    pub fn arrive(&mut self, packet: Vec<u8>) {
        self.inward.push_back(packet);
    }
}

pub struct Inward(Vec<u8>);

pub struct Outward<'a>(&'a mut VecDeque<Vec<u8>>);

impl phy::Device for Queues {
    type RxToken<'a> = Inward;
    type TxToken<'a> = Outward<'a>;

    fn receive(&mut self, _: time::Instant) -> Option<(Inward, Outward<'_>)> {
        let packet = self.inward.pop_front()?;
        Some((Inward(packet), Outward(&mut self.outward)))
    }

    fn transmit(&mut self, _: time::Instant) -> Option<Outward<'_>> {
        Some(Outward(&mut self.outward))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = usize::from(MTU);
        capabilities
    }
}

impl phy::RxToken for Inward {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(&self.0)
    }
}

impl phy::TxToken for Outward<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let mut packet = vec![0; len];
        let result = f(&mut packet);
        self.0.push_back(packet);
        result
    }
}
