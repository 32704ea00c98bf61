//! A tape, read again record by record: as much memory as the longest record has.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use super::record::{FORM, LONGEST, Record};

/// A tape that is being read.
#[derive(Debug)]
pub struct Reader<R = BufReader<File>> {
    from: R,
    /// How much was read, in bytes.
    offset: u64,
    room: Vec<u8>,
}

/// What is wrong with a tape, and at which byte.
#[derive(Debug, thiserror::Error)]
pub enum DamagedTape {
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It does not begin as one.
    #[error("byte 0: it should begin with {FORM:?}")]
    NoTape,
    /// It stops in the middle of a record: whoever wrote it was stopped too.
    #[error("byte {at}: a record of {wanted} bytes begins here and the file ends before it does")]
    Cut { at: u64, wanted: u64 },
    /// What stands there is no record.
    #[error("byte {at}: there should be a record ({why})")]
    NoRecord { at: u64, why: String },
}

impl Reader {
    /// Opens the tape at `path`.
    ///
    /// # Errors
    ///
    /// [`DamagedTape`], if it cannot be opened or does not begin as a tape.
    pub fn open(path: &Path) -> Result<Reader, DamagedTape> {
        Reader::new(BufReader::with_capacity(BUFFER, File::open(path)?))
    }
}

impl<R: BufRead> Reader<R> {
    /// Begins to read.
    ///
    /// # Errors
    ///
    /// [`DamagedTape`], if it does not begin as a tape.
    pub fn new(mut from: R) -> Result<Reader<R>, DamagedTape> {
        let mut line = Vec::new();
        let len = from.by_ref().take(LINE_MAX).read_until(b'\n', &mut line)?;
        let fits = line.starts_with(FORM.as_bytes()) && line.ends_with(b"\n");
        if !fits {
            return Err(DamagedTape::NoTape);
        }
        Ok(Reader {
            from,
            offset: len as u64,
            room: Vec::new(),
        })
    }

    /// How much was read, in bytes.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next record; `None` behind the last.
    ///
    /// # Errors
    ///
    /// [`DamagedTape`].
    pub fn next_record(&mut self) -> Result<Option<Record<'_>>, DamagedTape> {
        let at = self.offset;
        let Some(len) = self.length(at)? else {
            return Ok(None);
        };
        if len > LONGEST {
            let why = format!("its length would be {len} bytes, and {LONGEST} is the most");
            return Err(DamagedTape::NoRecord { at, why });
        }
        self.room.clear();
        // As it comes: a length that lies does not fetch memory.
        let got = self.from.by_ref().take(len).read_to_end(&mut self.room)? as u64;
        self.offset += got;
        if got < len {
            return Err(DamagedTape::Cut { at, wanted: len });
        }
        match postcard::take_from_bytes(&self.room) {
            Ok((record, [])) => Ok(Some(record)),
            Ok((_, rest)) => Err(DamagedTape::NoRecord {
                at,
                why: format!("{} bytes more than it has", rest.len()),
            }),
            Err(error) => Err(DamagedTape::NoRecord {
                at,
                why: error.to_string(),
            }),
        }
    }

    fn length(&mut self, at: u64) -> Result<Option<u64>, DamagedTape> {
        let mut len = 0_u64;
        for shift in (0..35).step_by(7) {
            let mut byte = [0];
            if self.from.read(&mut byte)? == 0 {
                return match shift {
                    0 => Ok(None),
                    _ => Err(DamagedTape::Cut { at, wanted: 1 }),
                };
            }
            self.offset += 1;
            len |= u64::from(byte[0] & 0x7f) << shift;
            if byte[0] < 0x80 {
                return Ok(Some(len));
            }
        }
        let why = "its length has no end".to_owned();
        Err(DamagedTape::NoRecord { at, why })
    }
}

/// The first line is shorter.
const LINE_MAX: u64 = 256;
const BUFFER: usize = 256 << 10;
