//! Two interfaces of smoltcp.

use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{Checksum, ChecksumCapabilities, Device, DeviceCapabilities, Medium};
use smoltcp::phy::{RxToken, TxToken};
use smoltcp::socket::tcp::{CongestionControl, Socket, SocketBuffer};
use smoltcp::time::Instant;
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr};

use super::wire::Wire;
use super::{CALL, Carried, Pair, Row, Writer, check};

pub struct Theirs {
    sender: Host,
    receiver: Host,
    writer: Writer,
    room: Vec<u8>,
    carried: Carried,
}

struct Host {
    interface: Interface,
    device: Memory,
    sockets: SocketSet<'static>,
    socket: SocketHandle,
}

/// A device that is two wires.
struct Memory {
    row: Row,
    incoming: Wire,
    outgoing: Wire,
    /// Packets with text that came in.
    texts: u64,
}

impl Theirs {
    pub fn new(row: Row, buffer: u32) -> Theirs {
        let (mut sender, mut receiver) = (Host::new(1, row, buffer), Host::new(2, row, buffer));
        receiver.socket().listen(80).expect("a port");
        let context = sender.interface.context();
        let socket = sender.sockets.get_mut::<Socket<'_>>(sender.socket);
        let remote = (IpAddress::v4(10, 0, 0, 2), 80);
        socket.connect(context, remote, 5_000).expect("a way there");
        Theirs {
            sender,
            receiver,
            writer: Writer::new(),
            room: vec![0; CALL],
            carried: Carried::default(),
        }
    }
}

impl Pair for Theirs {
    fn turn(&mut self) {
        let socket = self.sender.socket();
        while socket.can_send() {
            let count = socket.send_slice(self.writer.next()).expect("it may send");
            self.writer.wrote(count);
        }
        self.sender.poll();
        std::mem::swap(
            &mut self.sender.device.outgoing,
            &mut self.receiver.device.incoming,
        );
        self.receiver.poll();
        let socket = self.receiver.socket();
        while socket.can_recv() {
            let count = socket.recv_slice(&mut self.room).expect("it may receive");
            check(self.carried.bytes, &self.room[..count]);
            self.carried.bytes += count as u64;
        }
        // What was read may open the window.
        self.receiver.poll();
        std::mem::swap(
            &mut self.receiver.device.outgoing,
            &mut self.sender.device.incoming,
        );
    }

    fn carried(&self) -> Carried {
        let wires = [&self.sender.device, &self.receiver.device];
        let carried = wires.map(|device| device.incoming.carried + device.outgoing.carried);
        Carried {
            segments: self.receiver.device.texts,
            packets: carried.iter().sum(),
            ..self.carried
        }
    }
}

impl Host {
    fn new(last: u8, row: Row, buffer: u32) -> Host {
        let mut device = Memory {
            row,
            incoming: Wire::default(),
            outgoing: Wire::default(),
            texts: 0,
        };
        let mut config = Config::new(HardwareAddress::Ip);
        config.random_seed = last.into();
        let mut interface = Interface::new(config, &mut device, Instant::now());
        interface.update_ip_addrs(|addresses| {
            let ours = IpCidr::new(IpAddress::v4(10, 0, 0, last), 24);
            addresses.push(ours).expect("room for one address");
        });
        let room = || SocketBuffer::new(vec![0; buffer as usize]);
        let mut socket = Socket::new(room(), room());
        socket.set_congestion_control(CongestionControl::Cubic);
        if row.timestamps {
            socket.set_tsval_generator(Some(|| Instant::now().total_millis() as u32));
        }
        let mut sockets = SocketSet::new(Vec::new());
        let socket = sockets.add(socket);
        Host {
            interface,
            device,
            sockets,
            socket,
        }
    }

    fn socket(&mut self) -> &mut Socket<'static> {
        self.sockets.get_mut(self.socket)
    }

    fn poll(&mut self) {
        self.interface
            .poll(Instant::now(), &mut self.device, &mut self.sockets);
    }
}

impl Device for Memory {
    type RxToken<'a> = Incoming<'a>;
    type TxToken<'a> = Outgoing<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Incoming<'_>, Outgoing<'_>)> {
        let packet = self.incoming.pop()?;
        self.texts += u64::from(packet.len() > super::HEADERS_MAX);
        let incoming = Incoming {
            packet,
            wire: &mut self.incoming,
        };
        Some((incoming, Outgoing(&mut self.outgoing)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Outgoing<'_>> {
        Some(Outgoing(&mut self.outgoing))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = self.row.mtu.into();
        if !self.row.checksums {
            let mut checksum = ChecksumCapabilities::default();
            checksum.ipv4 = Checksum::None;
            checksum.tcp = Checksum::None;
            capabilities.checksum = checksum;
        }
        capabilities
    }
}

struct Incoming<'a> {
    packet: Vec<u8>,
    wire: &'a mut Wire,
}

impl RxToken for Incoming<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        let result = f(&self.packet);
        self.wire.give_back(self.packet);
        result
    }
}

struct Outgoing<'a>(&'a mut Wire);

impl TxToken for Outgoing<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let mut buffer = self.0.buffer();
        // A buffer that is used again mostly has this length already.
        buffer.resize(len, 0);
        let result = f(&mut buffer);
        self.0.push(buffer);
        result
    }
}
