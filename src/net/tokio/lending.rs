//! Reading by borrowing.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use ::tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};
use ::tokio::task::coop;

use super::{OwnedReadHalf, Stream, TcpStream};
use crate::net::lending::Lent;

/// A connection that is read by [`AsyncBufRead`]: see [`crate::net::blocking::Lending`].
#[derive(Debug)]
pub struct Lending {
    stream: Arc<Stream>,
    lent: Lent,
}

impl From<OwnedReadHalf> for Lending {
    fn from(half: OwnedReadHalf) -> Lending {
        Lending {
            stream: half.0,
            lent: Lent::default(),
        }
    }
}

impl From<TcpStream> for Lending {
    fn from(stream: TcpStream) -> Lending {
        Lending {
            stream: stream.0,
            lent: Lent::default(),
        }
    }
}

impl AsyncBufRead for Lending {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let Lending { stream, lent } = self.get_mut();
        // A task that always finds something must yield now and then.
        let turn = ready!(coop::poll_proceed(cx));
        let filled = ready!(lent.poll_fill(&stream.socket, stream.key.waiter(cx)));
        turn.made_progress();
        Poll::Ready(filled.map(|()| lent.bytes()))
    }

    fn consume(self: Pin<&mut Self>, count: usize) {
        self.get_mut().lent.consume(count);
    }
}

impl AsyncRead for Lending {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let lent = ready!(self.as_mut().poll_fill_buf(cx))?;
        let len = lent.len().min(buf.remaining());
        buf.put_slice(&lent[..len]);
        self.consume(len);
        Poll::Ready(Ok(()))
    }
}
