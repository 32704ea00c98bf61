//! Reading by borrowing.

use std::io::{self, BufRead, Read};

use super::TcpStream;
use crate::net::lending::Lent;

/// A connection that is read by [`BufRead`]: long text is lent from where the device has put it.
///
/// What it has taken and not passed on is its own: others that read the same connection do not see
/// it.
#[derive(Debug)]
pub struct Lending {
    stream: TcpStream,
    lent: Lent,
}

impl Lending {
    pub(super) fn new(stream: TcpStream) -> Lending {
        Lending {
            stream,
            lent: Lent::default(),
        }
    }

    /// The connection.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }
}

impl BufRead for Lending {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let stream = &self.stream.0;
        stream.read(|waiter| self.lent.poll_fill(&stream.socket, waiter))?;
        Ok(self.lent.bytes())
    }

    fn consume(&mut self, count: usize) {
        self.lent.consume(count);
    }
}

impl Read for Lending {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = self.fill_buf()?.read(buf)?;
        self.consume(len);
        Ok(len)
    }
}
