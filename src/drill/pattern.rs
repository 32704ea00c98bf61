//! What text holds: every byte is a function of its place in its stream.
//!
//! packetdrill sends zeros, and so cannot see that a stack delivers the right number of the wrong
//! bytes.

/// Which of the two streams of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// What the far end sends.
    In,
    /// What the application writes.
    Out,
}

/// The byte at an offset; offset 0 has sequence number ISN + 1.
pub fn byte(stream: Stream, offset: u64) -> u8 {
    // Knuth's multiplier spreads neighbours; the two streams differ nearly everywhere.
    let salt = match stream {
        Stream::In => 0x9e37_79b9,
        Stream::Out => 0x7f4a_7c15,
    };
    let mixed = (offset as u32 ^ salt).wrapping_mul(2_654_435_761);
    (mixed >> 24) as u8
}

/// `len` bytes from an offset on.
pub fn text(stream: Stream, offset: u64, len: usize) -> Vec<u8> {
    (0..len as u64).map(|i| byte(stream, offset + i)).collect()
}

/// Where `bytes` first differ from the stream's from `offset` on.
pub fn differs(stream: Stream, offset: u64, bytes: &[u8]) -> Option<usize> {
    let mut each = bytes.iter().zip(offset..);
    each.position(|(found, at)| *found != byte(stream, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_fits_at_its_own_place_alone() {
        let bytes = text(Stream::In, 1000, 64);
        assert_eq!(differs(Stream::In, 1000, &bytes), None);
        for (stream, offset) in [(Stream::In, 999), (Stream::In, 1001), (Stream::Out, 1000)] {
            assert!(differs(stream, offset, &bytes).is_some_and(|at| at < 4));
        }
        let mut broken = bytes;
        broken[40] ^= 1;
        assert_eq!(differs(Stream::In, 1000, &broken), Some(40));
    }
}
