//! A recursive resolver that others ask: datagrams and connections in, answers out.
//!
//! Everything a stranger can make us hold is bounded: questions that wait, connections, and how
//! long one may say nothing. What finds no room is dropped, and asked again by whoever cares.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ::tokio::io::{AsyncReadExt, AsyncWriteExt};
use ::tokio::sync::Semaphore;
use ::tokio::task::JoinSet;
use ::tokio::time::{Instant, timeout};
use hickory_resolver::proto::op::{Message, ResponseCode};

use super::flights::Flights;
use super::lookup::Resolver;
use super::respond::{Request, answered, fit, question, read, reply, room};
use super::watch::Transport;
use crate::net::Network;
use crate::net::tokio::{TcpListener, TcpStream, UdpSocket};

/// A question that was answered.
#[derive(Debug, Clone)]
pub struct Served {
    /// Who asked.
    pub peer: SocketAddr,
    /// Over what.
    pub over: Transport,
    /// What was asked, as `www.example. AAAA`; nothing if it could not be read.
    pub question: String,
    /// What was said.
    pub code: ResponseCode,
    /// How many records the answer has.
    pub records: usize,
    /// How long it took.
    pub took: Duration,
}

/// What answers, and for whom.
#[derive(Clone)]
pub struct Recursive {
    flights: Flights,
    allows: Arc<dyn Fn(IpAddr) -> bool + Send + Sync>,
    told: Arc<dyn Fn(Served) + Send + Sync>,
    questions: Arc<Semaphore>,
    connections: Arc<Semaphore>,
}

impl std::fmt::Debug for Recursive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Recursive")
    }
}

impl Recursive {
    /// Finds answers by `resolver` for those that `allows` takes, and tells of each.
    pub fn new(
        resolver: Resolver,
        allows: impl Fn(IpAddr) -> bool + Send + Sync + 'static,
        told: impl Fn(Served) + Send + Sync + 'static,
    ) -> Recursive {
        Recursive {
            flights: Flights::new(resolver),
            allows: Arc::new(allows),
            told: Arc::new(told),
            questions: Arc::new(Semaphore::new(QUESTIONS_MAX)),
            connections: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
        }
    }

    /// Answers at these sockets until the network is down. To be called inside a tokio runtime.
    ///
    /// # Errors
    ///
    /// One of them cannot be bound; later, those of a network that is down.
    pub async fn serve(&self, network: &Network, at: &[SocketAddr]) -> io::Result<()> {
        let mut serving = JoinSet::new();
        for address in at {
            let datagrams = Arc::new(UdpSocket::bind(network, *address)?);
            let listener = TcpListener::bind(network, *address)?;
            serving.spawn(self.clone().hear_datagrams(datagrams));
            serving.spawn(self.clone().hear_connections(listener));
        }
        match serving.join_next().await {
            Some(Ok(ended)) => ended,
            _ => Ok(()),
        }
    }

    async fn hear_datagrams(self, socket: Arc<UdpSocket>) -> io::Result<()> {
        let mut text = vec![0; 65_535];
        loop {
            let (len, peer) = socket.recv_from(&mut text).await?;
            let Ok(permit) = self.questions.clone().try_acquire_owned() else {
                continue;
            };
            let (this, socket, text) = (self.clone(), socket.clone(), text[..len].to_vec());
            ::tokio::spawn(async move {
                if let Some(answer) = this.answer(&text, peer, Transport::Udp).await {
                    // Lost, it is asked for again.
                    let _ = socket.send_to(&answer, peer).await;
                }
                drop(permit);
            });
        }
    }

    async fn hear_connections(self, listener: TcpListener) -> io::Result<()> {
        loop {
            let (stream, peer) = listener.accept().await?;
            let Ok(permit) = self.connections.clone().try_acquire_owned() else {
                continue;
            };
            let this = self.clone();
            ::tokio::spawn(async move {
                // How a stranger's connection ended is his affair.
                let _ = this.converse(stream, peer).await;
                drop(permit);
            });
        }
    }

    /// Answers the questions of one connection, one after another (RFC 7766 section 6.2.1).
    async fn converse(&self, mut stream: TcpStream, peer: SocketAddr) -> io::Result<()> {
        stream.set_nodelay(true)?;
        loop {
            let Ok(len) = timeout(IDLE, stream.read_u16()).await? else {
                return Ok(());
            };
            let mut text = vec![0; usize::from(len)];
            timeout(IDLE, stream.read_exact(&mut text)).await??;
            let Some(answer) = self.answer(&text, peer, Transport::Tcp).await else {
                return Ok(());
            };
            // Of at most 65,535 octets; length and message leave together (section 8).
            let mut message = u16::try_from(answer.len())
                .unwrap_or(0)
                .to_be_bytes()
                .to_vec();
            message.extend(answer);
            timeout(IDLE, stream.write_all(&message)).await??;
        }
    }

    /// What is said to a message, if anything.
    async fn answer(&self, text: &[u8], peer: SocketAddr, over: Transport) -> Option<Vec<u8>> {
        let began = Instant::now();
        let (room, message) = match read(text) {
            Request::Ignore => return None,
            Request::Say(message) => (usize::MAX, *message),
            Request::Find(query) => (room(&query), self.find(&query, peer).await),
        };
        let served = Served {
            peer,
            over,
            question: message.queries.first().map_or_else(String::new, |query| {
                format!("{} {}", query.name, query.query_type)
            }),
            code: message.metadata.response_code,
            records: message.answers.len(),
            took: began.elapsed(),
        };
        let most = match over {
            Transport::Udp => room,
            Transport::Tcp => usize::from(u16::MAX),
        };
        let answer = fit(&message, most);
        (self.told)(served);
        answer
    }

    async fn find(&self, query: &Message, peer: SocketAddr) -> Message {
        if !(self.allows)(peer.ip()) {
            return reply(query, ResponseCode::Refused);
        }
        let asked = question(query);
        match self.flights.find(&asked.name, asked.query_type).await {
            Some(found) => answered(query, &found),
            None => reply(query, ResponseCode::ServFail),
        }
    }
}

/// How many questions may wait for their answers.
const QUESTIONS_MAX: usize = 1024;

/// How many connections may be open.
const CONNECTIONS_MAX: usize = 64;

/// How long a connection may be idle, or slow (RFC 7766 section 6.2.3).
const IDLE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
