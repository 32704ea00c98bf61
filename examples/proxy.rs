//! A transparent proxy: whatever is routed to a TUN interface, streams and datagrams, is carried on
//! by sockets of the kernel.
//!
//! ```text
//! sudo scripts/tun-up
//! sudo ip route add 198.51.100.0/24 dev pellucid0
//! cargo run --release --example proxy -- --tun pellucid0 --to 127.0.0.1
//! curl http://198.51.100.7:8000/        # what 127.0.0.1:8000 serves
//! ```
//!
//! With `--via INTERFACE` it goes where the client wanted to go, by that interface, so that routes
//! to the TUN do not lead it back to itself.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use pellucid::device::{Preference, open_tun};
use pellucid::net::tokio::{TcpListener, TcpStream, UdpSocket};
use pellucid::net::{Network, Options};
use pellucid::stack::Config;
use tokio::io::copy_bidirectional;
use tokio::net;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;

/// Carry what is routed to a TUN interface to sockets of the kernel.
#[derive(Debug, Clone, Parser)]
struct Proxy {
    /// The interface, which exists; `scripts/tun-up` makes one
    #[arg(long, value_name = "NAME")]
    tun: String,
    /// The stack's own address there
    #[arg(long, value_name = "ADDRESS", default_value = "10.190.0.2")]
    addr: Vec<IpAddr>,
    /// Carry everything to this address; ports stay
    #[arg(long, value_name = "ADDRESS", required_unless_present = "via")]
    to: Option<IpAddr>,
    /// Carry everything where it was going, by this interface
    #[arg(long, value_name = "INTERFACE", conflicts_with = "to")]
    via: Option<String>,
    /// Leave no checksums and no segments to the kernel of the TUN interface
    #[arg(long)]
    plain: bool,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let proxy = Proxy::parse();
    let preference = match proxy.plain {
        true => Preference::Plain,
        false => Preference::Offload,
    };
    let tun = open_tun(&proxy.tun, preference)?;
    let prefix = |addr: &IpAddr| (*addr, if addr.is_ipv4() { 24 } else { 64 });
    let config = Config {
        any_address: true,
        ..Config::new(proxy.addr.iter().map(prefix).collect())
    };
    let network = Network::start(tun, config, Options::default())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let streams = TcpListener::bind_everywhere(&network, BACKLOG)?;
        let datagrams = UdpSocket::bind_everywhere(&network)?;
        println!("carrying what comes to {}; Ctrl-C ends it", proxy.tun);
        tokio::select! {
            failed = carry_streams(&proxy, &streams) => failed,
            failed = carry_datagrams(&proxy, Arc::new(datagrams)) => failed,
        }
    })?;
    Ok(())
}

impl Proxy {
    /// Where what was going to `there` is carried.
    fn whither(&self, there: SocketAddr) -> SocketAddr {
        SocketAddr::new(self.to.unwrap_or(there.ip()), there.port())
    }

    fn device(&self) -> Option<&[u8]> {
        self.via.as_deref().map(str::as_bytes)
    }

    async fn connect(&self, there: SocketAddr) -> io::Result<net::TcpStream> {
        let socket = match there {
            SocketAddr::V4(_) => net::TcpSocket::new_v4()?,
            SocketAddr::V6(_) => net::TcpSocket::new_v6()?,
        };
        socket.bind_device(self.device())?;
        socket.connect(there).await
    }

    async fn socket(&self, there: SocketAddr) -> io::Result<net::UdpSocket> {
        let any: IpAddr = match there {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = net::UdpSocket::bind((any, 0)).await?;
        socket.bind_device(self.device())?;
        socket.connect(there).await?;
        Ok(socket)
    }
}

async fn carry_streams(proxy: &Proxy, streams: &TcpListener) -> io::Result<()> {
    let room = Arc::new(Semaphore::new(STREAMS_MAX));
    loop {
        // Closed it is never; and while there is no room, others wait in the backlog.
        let permit = Arc::clone(&room).acquire_owned().await;
        let (near, client) = streams.accept().await?;
        let proxy = proxy.clone();
        tokio::spawn(async move {
            let _permit = permit;
            if let Err(error) = carry_stream(&proxy, near, client).await {
                eprintln!("{error}");
            }
        });
    }
}

/// Both ways, each with its own end.
async fn carry_stream(proxy: &Proxy, mut near: TcpStream, client: SocketAddr) -> io::Result<()> {
    let there = near.local_addr()?;
    let whither = proxy.whither(there);
    let mut far = match proxy.connect(whither).await {
        Ok(far) => far,
        Err(error) => {
            // Our end of it was accepted before anybody knew.
            near.set_zero_linger()?;
            let text = format!("{client} → {there} ({whither}): {error}");
            return Err(io::Error::new(error.kind(), text));
        }
    };
    let (up, down) = copy_bidirectional(&mut near, &mut far).await?;
    println!("{client} → {there}: {up} bytes up, {down} bytes down");
    Ok(())
}

/// Between whom datagrams go: the client, and whom it asked.
type Flow = (SocketAddr, SocketAddr);

/// One task and one socket of the kernel's for each flow, until nothing has moved for a while.
async fn carry_datagrams(proxy: &Proxy, near: Arc<UdpSocket>) -> io::Result<()> {
    let mut flows: HashMap<Flow, mpsc::Sender<Vec<u8>>> = HashMap::new();
    let mut room = vec![0; DATAGRAM_MAX];
    loop {
        let came = near.receive(&mut room).await?;
        let flow = (came.from, came.to);
        let text = room[..came.len].to_vec();
        if flows.get(&flow).is_none_or(mpsc::Sender::is_closed) {
            flows.retain(|_, sender| !sender.is_closed());
            if flows.len() >= FLOWS_MAX {
                eprintln!("{} → {}: too many flows", came.from, came.to);
                continue;
            }
            let (sender, queue) = mpsc::channel(QUEUE_MAX);
            let (proxy, near) = (proxy.clone(), Arc::clone(&near));
            tokio::spawn(async move {
                if let Err(error) = carry_flow(&proxy, &near, flow, queue).await {
                    eprintln!("{} → {}: {error}", flow.0, flow.1);
                }
            });
            flows.insert(flow, sender);
        }
        // A flow that is too slow loses datagrams, as a network would lose them.
        if let Some(sender) = flows.get(&flow) {
            let _ = sender.try_send(text);
        }
    }
}

async fn carry_flow(
    proxy: &Proxy,
    near: &UdpSocket,
    (client, there): Flow,
    mut queue: mpsc::Receiver<Vec<u8>>,
) -> io::Result<()> {
    let far = proxy.socket(proxy.whither(there)).await?;
    let mut room = vec![0; DATAGRAM_MAX];
    let next = async |queue: &mut mpsc::Receiver<Vec<u8>>, room: &mut [u8]| {
        tokio::select! {
            text = queue.recv() => match text {
                Some(text) => far.send(&text).await.map(|_| true),
                None => Ok(false),
            },
            came = far.recv(room) => {
                near.send_from(&room[..came?], there, client).await.map(|_| true)
            }
        }
    };
    while let Ok(moved) = timeout(IDLE, next(&mut queue, &mut room)).await {
        if !moved? {
            break;
        }
    }
    Ok(())
}

const BACKLOG: usize = 128;
const STREAMS_MAX: usize = 1_024;
const FLOWS_MAX: usize = 1_024;
/// Datagrams that wait for the kernel to take them, of one flow.
const QUEUE_MAX: usize = 64;
/// As long as a datagram can be.
const DATAGRAM_MAX: usize = 65_535;
/// How long a flow of datagrams is kept when nothing moves.
const IDLE: Duration = Duration::from_secs(60);
