//! A peer to measure the stack against: sink, source and echo over a TUN interface.
//!
//! ```text
//! cargo run --release --example bench_peer -- [--plain] [interface] [address]
//! ```
//!
//! It attaches to a TUN interface that exists and is up (`tun0` unless another is named) and offers
//! three services at an address of its network (10.77.0.2 unless told otherwise), each connection
//! on a thread of its own over blocking sockets: port 9001 reads and discards, port 9002 writes
//! until the peer closes, port 9003 echoes. With `--plain` each packet crosses as it would cross a
//! wire; else checksums and segments are left to the kernel. It runs until it is killed.

use std::error::Error;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::thread;

use pellucid::device::{Preference, open_tun};
use pellucid::net::blocking::{TcpListener, TcpStream};
use pellucid::net::{Network, Options};
use pellucid::stack::Config;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).peekable();
    let preference = match arguments.next_if_eq("--plain") {
        Some(_) => Preference::Plain,
        None => Preference::Offload,
    };
    let interface = arguments.next().unwrap_or_else(|| "tun0".to_owned());
    let address: IpAddr = match arguments.next() {
        Some(text) => text.parse()?,
        None => IpAddr::from([10, 77, 0, 2]),
    };

    let prefix = if address.is_ipv4() { 24 } else { 64 };
    let mut config = Config::new(vec![(address, prefix)]);
    let tcp = Arc::make_mut(&mut config.tcp);
    // A program that measures answers sends its small writes at once.
    tcp.nodelay = true;
    tcp.receive_buffer = RECEIVE_BUFFER;
    tcp.send_buffer = SEND_BUFFER;
    let tun = open_tun(&interface, preference)?;
    let network = Network::start(tun, config, Options::default())?;

    let services: [(u16, fn(TcpStream)); 3] = [(9001, discard), (9002, generate), (9003, echo)];
    let listeners = services.map(|(port, service)| {
        let listener = TcpListener::bind(&network, SocketAddr::new(address, port))?;
        Ok(thread::spawn(move || serve(&listener, service)))
    });
    for listener in listeners {
        let listener: Result<_, std::io::Error> = listener;
        listener?.join().map_err(|_| "a listener panicked")?;
    }
    Ok(())
}

fn serve(listener: &TcpListener, service: fn(TcpStream)) {
    for stream in listener.incoming() {
        match stream {
            Ok(stream) => drop(thread::spawn(move || service(stream))),
            Err(error) => return eprintln!("bench_peer: {error}"),
        }
    }
}

fn discard(mut stream: TcpStream) {
    let mut room = vec![0; BUFFER];
    while stream.read(&mut room).is_ok_and(|len| len > 0) {}
}

fn generate(mut stream: TcpStream) {
    let text = vec![0x5a; BUFFER];
    while stream.write_all(&text).is_ok() {}
}

fn echo(mut stream: TcpStream) {
    let mut room = vec![0; BUFFER];
    while let Ok(len @ 1..) = stream.read(&mut room) {
        if stream.write_all(&room[..len]).is_err() {
            return;
        }
    }
}

/// As large as Linux lets a connection's grow unless told otherwise, in bytes: a kernel that sends
/// fills its own 4 MiB before it fills our window, so it sends on its own time, not on that of the
/// thread that acknowledges.
const RECEIVE_BUFFER: u32 = 6 << 20;
/// In bytes: many times what is on its way here, and what a core keeps close by. A buffer of the
/// size that Linux allows, 4 MiB, is read from memory again for each checksum.
const SEND_BUFFER: u32 = 512 << 10;
/// As large as a bulk program's: the kernel's side of the measurement uses as much.
const BUFFER: usize = 256 * 1024;
