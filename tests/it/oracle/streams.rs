//! Bytes that go over a world's connection, and when their writers close.

use std::time::Duration;

use pellucid::base::Instant;

use super::world::{End, Read, World};

/// When a writer closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    Never,
    /// When all is written.
    Written,
    /// When all is written and the peer's end was read.
    PeerClosed,
}

/// One direction.
pub struct Stream {
    from: End,
    close: Close,
    bytes: Vec<u8>,
    written: usize,
    closed: bool,
    pub got: Vec<u8>,
    ended: bool,
    /// The reader takes so many bytes at a time, and then waits for so long.
    pace: Option<(usize, Duration)>,
    reads_at: Instant,
}

impl Stream {
    pub fn new(from: End, len: usize, close: Close) -> Stream {
        Stream {
            from,
            close,
            bytes: pattern(from, len),
            written: 0,
            closed: false,
            got: Vec::new(),
            ended: false,
            pace: None,
            reads_at: Instant::BIRTH,
        }
    }

    /// With a reader who does not read before `at`, and then slowly.
    pub fn read_slowly(mut self, at: Instant, bytes: usize, every: Duration) -> Stream {
        self.pace = Some((bytes, every));
        self.reads_at = at;
        self
    }

    fn is_done(&self) -> bool {
        let ended = self.ended || self.close == Close::Never;
        self.got.len() == self.bytes.len() && ended
    }

    /// Writes what there is room for, and closes in time.
    fn write(&mut self, world: &mut World, peer_ended: bool) {
        while self.written < self.bytes.len() {
            let taken = world.write(self.from, &self.bytes[self.written..]);
            if taken == 0 {
                return;
            }
            self.written += taken;
        }
        let due = match self.close {
            Close::Never => false,
            Close::Written => true,
            Close::PeerClosed => peer_ended,
        };
        if due && !self.closed {
            self.closed = true;
            world.shutdown(self.from);
        }
    }

    /// Reads what there is, or what the pace allows.
    fn read(&mut self, world: &mut World) {
        let mut buf = [0; 16_384];
        let most = self.pace.map_or(buf.len(), |(bytes, _)| bytes);
        while self.reads_at <= world.now && !self.ended {
            match world.read(self.from.peer(), &mut buf[..most]) {
                Read::Nothing => return,
                Read::End => self.ended = true,
                Read::Failed => panic!("reading failed: {}", world.describe()),
                Read::Bytes(len) => {
                    let at = self.got.len();
                    self.got.extend_from_slice(&buf[..len]);
                    let whole = self.bytes.get(at..at + len) == Some(&buf[..len]);
                    assert!(whole, "other bytes from {at} on: {}", world.describe());
                    if let Some((_, every)) = self.pace {
                        self.reads_at = world.now + every;
                    }
                }
            }
        }
    }
}

impl World {
    /// Carries all of two streams, one in each direction; every byte is compared.
    pub fn carry(&mut self, mut streams: [Stream; 2], limit: Duration) -> [Stream; 2] {
        let limit = self.now + limit;
        loop {
            for stream in &mut streams {
                stream.read(self);
            }
            let ended = [streams[1].ended, streams[0].ended];
            for (stream, peer_ended) in streams.iter_mut().zip(ended) {
                stream.write(self, peer_ended);
            }
            if streams.iter().all(Stream::is_done) {
                return streams;
            }
            let waits = streams.iter().filter(|stream| stream.reads_at > self.now);
            let until = waits
                .map(|stream| stream.reads_at)
                .fold(limit, Instant::min);
            if !self.step(until) {
                let done = streams.each_ref().map(|stream| stream.got.len());
                assert!(until < limit, "stuck at {done:?}: {}", self.describe());
                self.now = until;
            }
        }
    }
}

/// Bytes that differ everywhere, and from those of the other end.
fn pattern(from: End, len: usize) -> Vec<u8> {
    let salt = match from {
        End::Ours => 0,
        End::Theirs => 0x5bd1_e995,
    };
    (0..len as u32)
        .map(|i| ((i ^ salt).wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect()
}
