//! The option of accurate ECN: RFC 9768 section 3.2.3. How many bytes came by each ECN field.

/// The byte counters, as one option has them. Each is the last 24 bits of a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteCounts {
    first: First,
    /// How many of the fields are there.
    len: u8,
    fields: [[u8; FIELD_LEN]; FIELDS],
}

/// Which counter comes first: the kind of the option says so. ECEB is the second of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    /// AccECN0: EE0B, ECEB, EE1B.
    Ect0,
    /// AccECN1: EE1B, ECEB, EE0B.
    Ect1,
}

impl ByteCounts {
    /// An option of kind 174 with all three.
    pub const fn new(ect0: u32, ce: u32, ect1: u32) -> ByteCounts {
        ByteCounts {
            first: First::Ect1,
            len: FIELDS as u8,
            fields: [field(ect1), field(ce), field(ect0)],
        }
    }

    /// Reads what follows kind and length; `None` if the option is another. Section 3.2.3: of a
    /// length that none should have, what whole fields there are.
    pub(super) fn parse(kind: u8, body: &[u8]) -> Option<ByteCounts> {
        let first = match kind {
            ACC_ECN_0 => First::Ect0,
            ACC_ECN_1 => First::Ect1,
            _ => return None,
        };
        let mut counts = ByteCounts {
            first,
            len: 0,
            fields: [[0; FIELD_LEN]; FIELDS],
        };
        let (there, _) = body.as_chunks::<FIELD_LEN>();
        for (field, there) in counts.fields.iter_mut().zip(there) {
            *field = *there;
            counts.len = counts.len.saturating_add(1);
        }
        Some(counts)
    }

    /// EE0B: bytes that came as ECT(0).
    pub fn ect0(&self) -> Option<u32> {
        self.at(match self.first {
            First::Ect0 => 0,
            First::Ect1 => 2,
        })
    }

    /// ECEB: bytes that came marked.
    pub fn ce(&self) -> Option<u32> {
        self.at(1)
    }

    /// EE1B: bytes that came as ECT(1).
    pub fn ect1(&self) -> Option<u32> {
        self.at(match self.first {
            First::Ect0 => 2,
            First::Ect1 => 0,
        })
    }

    /// Whether it has no counter at all: its sender only says that it knows the option.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What of it fits `room` bytes, padding counted in. Of three counters one can be spared: that
    /// of ECT(1) while nothing has come so, else that of ECT(0). `None`: no two fit.
    pub(super) fn within(self, room: usize) -> Option<ByteCounts> {
        if self.padded_len() <= room {
            return Some(self);
        }
        let shorter = match (self.ect0(), self.ce(), self.ect1()) {
            (Some(ect0), Some(ce), Some(UNUSED)) => ByteCounts {
                first: First::Ect0,
                len: 2,
                fields: [field(ect0), field(ce), [0; FIELD_LEN]],
            },
            (_, Some(ce), Some(ect1)) => ByteCounts {
                first: First::Ect1,
                len: 2,
                fields: [field(ect1), field(ce), [0; FIELD_LEN]],
            },
            _ => return None,
        };
        (shorter.padded_len() <= room).then_some(shorter)
    }

    /// How many bytes it takes, no-operations behind it counted in: a multiple of four.
    pub fn padded_len(&self) -> usize {
        usize::from(self.option_len()).next_multiple_of(4)
    }

    /// Writes it, with the no-operations that make it a multiple of four.
    pub(super) fn emit(&self, out: &mut &mut [u8]) {
        let kind = match self.first {
            First::Ect0 => ACC_ECN_0,
            First::Ect1 => ACC_ECN_1,
        };
        super::put(out, [kind, self.option_len()]);
        for &field in self.fields.iter().take(self.len.into()) {
            super::put(out, field);
        }
        for _ in usize::from(self.option_len())..self.padded_len() {
            super::put(out, [super::options::NO_OPERATION]);
        }
    }

    /// Kind, length and fields: 2, 5, 8 or 11.
    const fn option_len(&self) -> u8 {
        (FIELD_LEN as u8).saturating_mul(self.len).saturating_add(2)
    }

    fn at(&self, place: usize) -> Option<u32> {
        let fields = self.fields.get(..self.len.into())?;
        let [a, b, c] = *fields.get(place)?;
        Some(u32::from_be_bytes([0, a, b, c]))
    }
}

/// The last 24 bits.
const fn field(count: u32) -> [u8; FIELD_LEN] {
    let [_, a, b, c] = count.to_be_bytes();
    [a, b, c]
}

/// Section 3.2.1: where the counter of ECT(1) begins.
const UNUSED: u32 = 1;
const FIELD_LEN: usize = 3;
const FIELDS: usize = 3;
const ACC_ECN_0: u8 = 172;
const ACC_ECN_1: u8 = 174;

/// Its absence costs nothing.
const _: () = assert!(size_of::<Option<ByteCounts>>() == 11);

#[cfg(test)]
mod tests;
