//! The other end of the link: the site on the kernel's sockets, or on a second stack of ours.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::thread::{self, JoinHandle};

use rustix::net::sockopt::{set_socket_send_buffer_size, set_tcp_congestion, tcp_congestion};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use crate::base::Seed;
use crate::device::Device;
use crate::http::{Ends, Listener, Sockets, serve};
use crate::namespace::doctor::release;
use crate::net::{Network, Options};
use crate::stack;

use super::site::Site;

/// A server that runs on a thread of its own until it is dropped.
#[derive(Debug)]
pub struct Server {
    /// Dropping it is the sign to stop.
    running: Option<watch::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    /// What its TCP is, for people.
    pub said: String,
}

impl Server {
    /// On the kernel's sockets, at each of these addresses of this namespace.
    ///
    /// # Errors
    ///
    /// Those of sockets.
    pub fn of_kernel(ips: &[IpAddr], site: Site) -> io::Result<Server> {
        let mut listeners = Vec::new();
        let mut congestion = String::new();
        for ip in ips {
            let listener = TcpListener::bind(SocketAddr::new(*ip, PORT))?;
            // The kernel's default differs between machines. Connections inherit the listener's.
            // One that it does not have is no reason to fail: what it has is said.
            let _ = set_tcp_congestion(&listener, "cubic");
            congestion = tcp_congestion(&listener)?;
            set_socket_send_buffer_size(&listener, SEND_BUFFER)?;
            listener.set_nonblocking(true)?;
            listeners.push(listener);
        }
        let said = format!("Linux {} kernel sockets, {congestion}", release());
        Server::start(said, move |runtime, stop| {
            runtime.block_on(async {
                let mut served = Vec::new();
                for listener in listeners {
                    let listener = OfKernel(tokio::net::TcpListener::from_std(listener)?);
                    let stop = dropped(stop.clone());
                    served.push(tokio::spawn(serve(listener, site.clone(), stop)));
                }
                for one in served {
                    one.await??;
                }
                Ok(())
            })
        })
    }

    /// On a second stack of ours, at the other end of `device`.
    ///
    /// # Errors
    ///
    /// The stack cannot be started, or does not have the addresses.
    pub fn of_ours(
        device: Box<dyn Device>,
        config: stack::Config,
        seed: Seed,
        site: Site,
    ) -> io::Result<Server> {
        let ips: Vec<IpAddr> = config.addresses.iter().map(|(ip, _)| *ip).collect();
        let options = Options {
            seed: Some(seed),
            ..Options::default()
        };
        let network = Network::start(device, config, options)?;
        let sockets = Sockets::bind(&network, &ips, PORT)?;
        let said = "a second pellucid in this process".to_owned();
        Server::start(said, move |runtime, stop| {
            let served = runtime.block_on(serve(sockets, site, dropped(stop)));
            network.stop();
            served
        })
    }

    fn start(
        said: String,
        run: impl FnOnce(&Runtime, watch::Receiver<()>) -> io::Result<()> + Send + 'static,
    ) -> io::Result<Server> {
        let (running, stop) = watch::channel(());
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let thread = thread::Builder::new()
            .name("demo server".to_owned())
            .spawn(move || {
                // Whoever waits for its answers notices that it is gone.
                if let Err(error) = run(&runtime, stop) {
                    log::warn!("the demonstration's server ended: {error}");
                }
            })?;
        Ok(Server {
            running: Some(running),
            thread: Some(thread),
            said,
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.running = None;
        if let Some(thread) = self.thread.take() {
            // A panic in it was printed when it happened.
            let _ = thread.join();
        }
    }
}

/// Waits until the sender is dropped.
async fn dropped(mut running: watch::Receiver<()>) {
    while running.changed().await.is_ok() {}
}

/// A listening socket of the kernel's.
struct OfKernel(tokio::net::TcpListener);

impl Listener for OfKernel {
    type Stream = tokio::net::TcpStream;

    async fn accept(&self) -> io::Result<(tokio::net::TcpStream, Ends)> {
        let (stream, peer) = self.0.accept().await?;
        let local = stream.local_addr()?;
        Ok((stream, Ends { local, peer }))
    }
}

/// In bytes; Linux doubles it, and counts what holds the bytes with them. So at most 180 full-sized
/// segments are on their way to us, which fit every link's queue however busy we are: a loss would
/// not be part of this story.
const SEND_BUFFER: usize = 128 << 10;

/// Where the site is served.
pub const PORT: u16 = 80;
