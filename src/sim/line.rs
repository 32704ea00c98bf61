//! What an application talks over: a connection of a stack of ours, or somebody else's socket.

use crate::base::Instant;
use crate::probe::State;
use crate::stack::{ConnId, ReadError, Stack, WriteError};

use super::party::Outcome;

/// The calls that applications make. None of them waits.
pub trait Line {
    /// Takes what has come: how many bytes, 0 at the peer's end.
    ///
    /// # Errors
    ///
    /// There is nothing yet, or nothing will ever come.
    fn read(&mut self, into: &mut [u8]) -> Result<usize, ReadError>;

    /// Gives as many of these bytes as there is room for: how many.
    ///
    /// # Errors
    ///
    /// There is no room yet, or nobody takes them any more.
    fn write(&mut self, bytes: &[u8]) -> Result<usize, WriteError>;

    /// Nagle's algorithm is off, or on.
    fn set_nodelay(&mut self, on: bool);

    /// Nothing more will be written.
    fn shutdown(&mut self);

    /// Lets go.
    fn close(&mut self);

    /// Aborts: the peer is told with a reset.
    fn abort(&mut self);

    /// Whether the handshake that it began is not over.
    fn is_opening(&self) -> bool;

    /// How it ended, if it did without the application's doing.
    fn ended(&self) -> Option<Outcome>;
}

/// A connection of a stack, at one time of its host's clock.
#[derive(Debug)]
pub struct OfStack<'a> {
    pub stack: &'a mut Stack,
    pub conn: ConnId,
    pub local: Instant,
}

impl Line for OfStack<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, ReadError> {
        self.stack.read(self.local, self.conn, into)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, WriteError> {
        self.stack.write(self.local, self.conn, bytes)
    }

    fn set_nodelay(&mut self, on: bool) {
        self.stack.set_nodelay(self.local, self.conn, on);
    }

    fn shutdown(&mut self) {
        self.stack.shutdown(self.local, self.conn);
    }

    fn close(&mut self) {
        self.stack.close(self.local, self.conn);
    }

    fn abort(&mut self) {
        self.stack.abort(self.local, self.conn);
    }

    fn is_opening(&self) -> bool {
        let status = self.stack.status(self.conn);
        status.is_some_and(|status| status.state == State::SynSent)
    }

    fn ended(&self) -> Option<Outcome> {
        let status = self.stack.status(self.conn)?;
        (status.state == State::Closed).then(|| {
            let failure = self.stack.failure(self.conn);
            failure.map_or(Outcome::Closed, Outcome::Failed)
        })
    }
}
