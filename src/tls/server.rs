//! The side that is connected to.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use ::tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use ::tokio::sync::{OwnedSemaphorePermit, Semaphore};
use ::tokio::time::Sleep;
use rustls::ServerConfig;
use tokio_rustls::server::TlsStream;
use tokio_rustls::{Accept, TlsAcceptor};

use super::error::Error;
use super::{HANDSHAKE_WITHIN, Keys, files, provider};

/// What a server needs. Clients may come back to sessions of theirs by tickets.
#[derive(Clone)]
pub struct Server {
    acceptor: TlsAcceptor,
    room: Arc<Semaphore>,
}

impl Server {
    /// A server that shows the certificate of this file, whose own stands first, and takes these
    /// protocols by ALPN, the best first.
    ///
    /// # Errors
    ///
    /// [`Error::File`]: one of the files is of no use, or they do not belong together.
    pub fn from_files(certificate: &Path, key: &Path, protocols: &[&str]) -> Result<Server, Error> {
        let chain = files::certificates(certificate)?;
        let secret = files::key(key)?;
        let builder = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::of(&error))?;
        let config = builder
            .with_no_client_auth()
            .with_single_cert(chain, secret);
        let mut config = config.map_err(|error| Error::file(key, error))?;
        config.alpn_protocols = protocols
            .iter()
            .map(|name| name.as_bytes().to_vec())
            .collect();
        let tickets = rustls::crypto::ring::Ticketer::new();
        config.ticketer = tickets.map_err(|error| Error::of(&error))?;
        Ok(Server {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            room: Arc::new(Semaphore::new(HANDSHAKES_MAX)),
        })
    }

    /// The same server, which hands its secrets to `keys`, if that is somebody.
    pub fn with_keys(self, keys: Option<Keys>) -> Server {
        let Some(keys) = keys else {
            return self;
        };
        let mut config = ServerConfig::clone(self.acceptor.config());
        config.key_log = Arc::new(keys);
        Server {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            ..self
        }
    }

    /// Makes `stream` secure, as soon as somebody reads or writes it: whoever accepts connections
    /// need not wait for a stranger's handshake.
    ///
    /// # Errors
    ///
    /// [`Error::Crowded`].
    pub fn open<S>(&self, stream: S) -> Result<Opening<S>, Error>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let room = self.room.clone().try_acquire_owned();
        Ok(Opening(Phase::Handshake {
            accept: Box::pin(self.acceptor.accept(stream)),
            until: Box::pin(::tokio::time::sleep(HANDSHAKE_WITHIN)),
            _room: room.map_err(|_| Error::Crowded)?,
        }))
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Server")
    }
}

/// A stream whose handshake is on its way, or over.
pub struct Opening<S>(Phase<S>);

enum Phase<S> {
    Handshake {
        accept: Pin<Box<Accept<S>>>,
        until: Pin<Box<Sleep>>,
        _room: OwnedSemaphorePermit,
    },
    Open(Box<TlsStream<S>>),
    Failed,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Opening<S> {
    /// Goes on with the handshake, and then to the stream.
    fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Pin<&mut TlsStream<S>>>> {
        if let Phase::Handshake { accept, until, .. } = &mut self.0 {
            let ended = match accept.as_mut().poll(cx) {
                Poll::Ready(ended) => ended.map_err(Error::of_stream),
                Poll::Pending => {
                    ready!(until.as_mut().poll(cx));
                    Err(Error::Late)
                }
            };
            match ended {
                Ok(stream) => self.0 = Phase::Open(Box::new(stream)),
                Err(error) => {
                    log::info!(target: "pellucid::tls", "a client's handshake failed: {error}");
                    self.0 = Phase::Failed;
                }
            }
        }
        Poll::Ready(match &mut self.0 {
            Phase::Open(stream) => Ok(Pin::new(stream)),
            _ => Err(io::ErrorKind::ConnectionAborted.into()),
        })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Opening<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_open(cx))?.poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Opening<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        text: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_open(cx))?.poll_write(cx, text)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_open(cx))?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_open(cx))?.poll_shutdown(cx)
    }
}

impl<S> std::fmt::Debug for Opening<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match &self.0 {
            Phase::Handshake { .. } => "Opening(handshake)",
            Phase::Open(_) => "Opening(open)",
            Phase::Failed => "Opening(failed)",
        })
    }
}

/// How many handshakes may be on their way.
const HANDSHAKES_MAX: usize = 256;
