//! A stream that is given up when the other side stops moving.
//!
//! TCP itself waits as long as the peer lives: a receiver may keep its window shut for ever (RFC
//! 9293 section 3.8.6.1). How long a program waits is the program's business.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// A stream whose calls fail with `TimedOut` when somebody waits and nothing has moved, in either
/// direction, for too long. Time in which nobody waits does not count.
#[derive(Debug)]
pub struct Paced<S> {
    stream: S,
    patience: Duration,
    watch: Watch,
    /// When patience ends; it means something only while somebody waits.
    alarm: Pin<Box<Sleep>>,
    reader: Caller,
    writer: Caller,
}

/// What counts as waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watch {
    /// Reading or writing: for whoever expects an answer.
    Both,
    /// Writing alone: for whoever may have nothing to read for a long time.
    Writes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    Away,
    Waits,
}

impl<S> Paced<S> {
    /// Watches `stream`.
    pub fn new(stream: S, patience: Duration, watch: Watch) -> Paced<S> {
        Paced {
            stream,
            patience,
            watch,
            alarm: Box::pin(tokio::time::sleep(patience)),
            reader: Caller::Away,
            writer: Caller::Away,
        }
    }

    /// Passes on what the stream said to one of the callers, unless patience is over.
    fn judge<T>(
        &mut self,
        cx: &mut Context<'_>,
        caller: fn(&mut Paced<S>) -> &mut Caller,
        said: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let nobody_waited = self.reader == Caller::Away && self.writer == Caller::Away;
        if said.is_ready() || nobody_waited {
            self.alarm.as_mut().reset(Instant::now() + self.patience);
        }
        if said.is_ready() {
            *caller(self) = Caller::Away;
            return said;
        }
        *caller(self) = Caller::Waits;
        match self.alarm.as_mut().poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => {
                let text = format!("nothing moved for {:?}", self.patience);
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, text)))
            }
        }
    }

    fn reader(&mut self) -> &mut Caller {
        &mut self.reader
    }

    fn writer(&mut self) -> &mut Caller {
        &mut self.writer
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let said = Pin::new(&mut self.stream).poll_read(cx, buf);
        match self.watch {
            Watch::Both => self.judge(cx, Paced::reader, said),
            Watch::Writes => said,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let said = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.judge(cx, Paced::writer, said)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let said = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.judge(cx, Paced::writer, said)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let said = Pin::new(&mut self.stream).poll_flush(cx);
        self.judge(cx, Paced::writer, said)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let said = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.judge(cx, Paced::writer, said)
    }
}

#[cfg(test)]
mod tests;
