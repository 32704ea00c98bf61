//! Attaching to a stack that runs, from outside.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::message::{Command, FORMAT, Hello, Message, Snapshot};

/// A stack that is watched.
#[derive(Debug)]
pub struct Attached {
    hello: Hello,
    stream: UnixStream,
    reader: Reader,
}

/// What it says, in order.
#[derive(Debug)]
pub struct Reader {
    from: BufReader<UnixStream>,
    line: Vec<u8>,
}

impl Attached {
    /// Hears who it is.
    ///
    /// # Errors
    ///
    /// It says nothing, or something else; `Unsupported` if it is of another version's kind.
    pub fn to(stream: UnixStream) -> io::Result<Attached> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut reader = Reader {
            from: BufReader::new(stream.try_clone()?),
            line: Vec::new(),
        };
        match reader.read()? {
            Some(Message::Hello(hello)) if hello.format == FORMAT => Ok(Attached {
                hello,
                stream,
                reader,
            }),
            Some(Message::Trouble { what }) => Err(io::Error::other(what)),
            Some(Message::Hello(_)) => {
                let text = "it is another version of this program";
                Err(io::Error::new(io::ErrorKind::Unsupported, text))
            }
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    /// Who it is.
    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    /// Asks for something.
    ///
    /// # Errors
    ///
    /// It is gone.
    pub fn ask(&mut self, command: &Command) -> io::Result<()> {
        let mut line = serde_json::to_vec(command)?;
        line.push(b'\n');
        self.stream.write_all(&line)
    }

    /// One snapshot, of so many connections at most.
    ///
    /// # Errors
    ///
    /// It is gone, or says something else.
    pub fn once(&mut self, most: usize) -> io::Result<Snapshot> {
        self.ask(&Command::Once { most })?;
        match self.reader.read()? {
            Some(Message::Snapshot(snapshot)) => Ok(*snapshot),
            Some(Message::Trouble { what }) => Err(io::Error::other(what)),
            Some(_) => Err(io::ErrorKind::InvalidData.into()),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Apart: what is asked, and what is said, which from here on may be waited for without end.
    ///
    /// # Errors
    ///
    /// The system says no.
    pub fn split(self) -> io::Result<(Hello, UnixStream, Reader)> {
        self.stream.set_read_timeout(None)?;
        Ok((self.hello, self.stream, self.reader))
    }
}

impl Reader {
    /// The next message; `None` at the end.
    ///
    /// # Errors
    ///
    /// What reading says; `InvalidData` for what is none.
    pub fn read(&mut self) -> io::Result<Option<Message>> {
        self.line.clear();
        let mut most = Read::take(&mut self.from, LINE_MAX);
        most.read_until(b'\n', &mut self.line)?;
        if self.line.is_empty() {
            return Ok(None);
        }
        if self.line.last() != Some(&b'\n') {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(Some(serde_json::from_slice(&self.line)?))
    }
}

/// How long a stack may take to answer: it looks at once.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest message: a thousand rows of some kilobytes.
const LINE_MAX: u64 = 8 << 20;
