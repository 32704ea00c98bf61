//! A peer to measure the stack against: sink, source and echo over a TUN interface.
//!
//! ```text
//! cargo run --release --example bench_peer -- [options] [interface] [address]
//! ```
//!
//! It attaches to a TUN interface that exists and is up (`tun0` unless another is named) and offers
//! three services at an address of its network (10.77.0.2 unless told otherwise), each connection
//! on a thread of its own over blocking sockets: port 9001 reads and discards, port 9002 writes
//! until the peer closes, port 9003 echoes. It runs until it is killed.
//!
//! With `--plain` each packet crosses as it would cross a wire; else checksums and segments are left
//! to the kernel. With `--generic` too it does, but the stack above is asked for many at once. With `--owned` what is written is left with the network, and what is read is lent
//! by it, without a copy. With `--busy-poll MICROSECONDS` whoever waits for packets goes on asking
//! for so long before it sleeps. With `--queues COUNT` it attaches to so many queues of an interface
//! that was made for several, each with a stack and a thread of its own. With `--inline` the thread
//! that accepts serves the connection before it accepts another.
//!
//! Somebody may watch the stack, to see what that costs: with `--counted` all that happens is
//! counted; with `--captured FILE` every packet is written to a file with its comment, with
//! `--snapped FILE` its first 128 bytes; with `--taped FILE` all that the stack is told. The file is
//! written over.

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use pellucid::base::Bytes;
use pellucid::device::{Device, Generic, OffloadTun, Preference, open_tun};
use pellucid::net::blocking::{TcpListener, TcpStream};
use pellucid::net::{Network, Options};
use pellucid::observe::capture::Settings;
use pellucid::observe::{Capture, Counters, Overflow};
use pellucid::replay::Tape;
use pellucid::stack::Config;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).peekable();
    let (mut preference, mut options) = (Preference::Offload, Options::default());
    let (mut queues, mut inline, mut generic) = (None, false, false);
    let mut captured = None;
    let mut services: [(u16, fn(TcpStream)); 3] = [(9001, discard), (9002, generate), (9003, echo)];
    while let Some(option) = arguments.next_if(|argument| argument.starts_with("--")) {
        match &option[..] {
            "--plain" => preference = Preference::Plain,
            "--owned" => (services[0].1, services[1].1) = (discard_lent, generate_owned),
            "--busy-poll" => {
                let micros = arguments.next().ok_or("--busy-poll needs microseconds")?;
                options.busy_poll = Duration::from_micros(micros.parse()?);
            }
            "--generic" => generic = true,
            "--inline" => inline = true,
            "--counted" => options.observers.push(Box::new(Counters::default())),
            "--captured" | "--snapped" => {
                let path = arguments.next().ok_or("a capture needs a file")?;
                let settings = Settings {
                    snap: (option == "--snapped").then_some(SNAP),
                    overflow: Overflow::Wait,
                    ..Settings::default()
                };
                let (capture, handle) = Capture::start(File::create(path)?, settings)?;
                options.observers.push(Box::new(capture));
                captured = Some(handle);
            }
            "--taped" => {
                let path = arguments.next().ok_or("a tape needs a file")?;
                options.birth = Some(Box::new(Tape::begin(File::create(path)?)?.of_network("us")));
            }
            "--queues" => {
                let count = arguments.next().ok_or("--queues needs a count")?;
                queues = Some(count.parse()?);
            }
            _ => return Err(format!("there is no option {option}").into()),
        }
    }
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
    let devices: Vec<Box<dyn Device>> = match queues {
        None if generic => vec![Box::new(Generic::new(open_tun(
            &interface,
            Preference::Plain,
        )?))],
        None => vec![open_tun(&interface, preference)?],
        Some(_) if generic || preference == Preference::Plain => {
            return Err("a plain device has one queue: leave out --queues".into());
        }
        Some(count) => {
            let queues = OffloadTun::open_queues(&interface, count)?;
            queues
                .into_iter()
                .map(|queue| Box::new(queue) as _)
                .collect()
        }
    };
    let network = match <[_; 1]>::try_from(devices) {
        Ok([device]) => Network::start(device, config, options)?,
        Err(devices) => {
            let devices = devices.into_iter().map(|device| (device, Vec::new()));
            Network::start_queues(devices.collect(), config, options)?
        }
    };

    let listeners = services.map(|(port, service)| {
        let listener = TcpListener::bind(&network, SocketAddr::new(address, port))?;
        Ok(thread::spawn(move || serve(&listener, service, inline)))
    });
    for listener in listeners {
        let listener: Result<_, std::io::Error> = listener;
        listener?.join().map_err(|_| "a listener panicked")?;
    }
    drop(captured);
    Ok(())
}

/// Headers and a little text, in bytes.
const SNAP: u32 = 128;

fn serve(listener: &TcpListener, service: fn(TcpStream), inline: bool) {
    for stream in listener.incoming() {
        match stream {
            Ok(stream) if inline => service(stream),
            Ok(stream) => drop(thread::spawn(move || service(stream))),
            Err(error) => return eprintln!("bench_peer: {error}"),
        }
    }
}

fn discard(mut stream: TcpStream) {
    let mut room = vec![0; BUFFER];
    while stream.read(&mut room).is_ok_and(|len| len > 0) {}
}

fn discard_lent(stream: TcpStream) {
    let mut reader = stream.lending();
    while let Ok(len @ 1..) = reader.fill_buf().map(<[u8]>::len) {
        reader.consume(len);
    }
}

fn generate_owned(stream: TcpStream) {
    let text = Bytes::from(vec![0x5a; BUFFER]);
    while stream.write_all_owned(text.clone()).is_ok() {}
}

fn generate(mut stream: TcpStream) {
    let text = vec![0x5a; BUFFER];
    while stream.write_all(&text).is_ok() {}
}

fn echo(mut stream: TcpStream) {
    let mut room = vec![0; QUESTION];
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
/// In bytes: a connection that is over after one question clears it all the same.
const QUESTION: usize = 16 * 1024;
/// As large as a bulk program's: the kernel's side of the measurement uses as much.
const BUFFER: usize = 256 * 1024;
