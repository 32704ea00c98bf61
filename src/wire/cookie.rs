//! The Fast Open cookie: RFC 7413 section 4.1.1. Opaque bytes, to everybody but who made them.

use std::fmt;
use std::num::NonZeroU8;

/// What a Fast Open option holds: 4 to 16 bytes, an even number; or none, which asks for some.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Cookie {
    /// Zero beyond the length.
    bytes: [u8; COOKIE_MAX],
    /// The option's length, which counts two bytes more; never zero, so that no cookie costs
    /// nothing.
    length: NonZeroU8,
}

impl Cookie {
    /// No bytes: a client asks for a cookie.
    pub const REQUEST: Cookie = Cookie {
        bytes: [0; COOKIE_MAX],
        length: HEAD_LEN,
    };

    /// The cookie of these bytes. `None` if no option may have so many: RFC 7413 section 4.1.1
    /// takes none, or an even number from 4 to 16.
    pub fn new(bytes: &[u8]) -> Option<Cookie> {
        if !matches!(bytes.len(), 0 | 4..=COOKIE_MAX) || !bytes.len().is_multiple_of(2) {
            return None;
        }
        let mut cookie = Cookie::REQUEST;
        cookie.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        // At most 16, as was just seen.
        cookie.length = HEAD_LEN.saturating_add(bytes.len() as u8);
        Some(cookie)
    }

    /// Its bytes.
    pub fn as_slice(&self) -> &[u8] {
        let len = usize::from(self.length.get()).saturating_sub(2);
        // It is never more than there are.
        self.bytes.get(..len).unwrap_or(&[])
    }

    /// Whether it has none, and so asks.
    pub fn is_request(&self) -> bool {
        self.length == HEAD_LEN
    }

    /// The length of its option: kind and length counted in.
    pub fn option_len(&self) -> u8 {
        self.length.get()
    }
}

impl From<u64> for Cookie {
    /// Eight bytes, the least first.
    fn from(number: u64) -> Cookie {
        Cookie::new(&number.to_le_bytes()).unwrap_or(Cookie::REQUEST)
    }
}

/// In hexadecimal, as packet scripts write it.
impl fmt::Display for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice()
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cookie({self})")
    }
}

/// RFC 7413 section 4.1.1: the longest.
pub const COOKIE_MAX: usize = 16;
/// Kind and length.
const HEAD_LEN: NonZeroU8 = NonZeroU8::MIN.saturating_add(1);

/// Every segment has room for one.
const _: () = assert!(size_of::<Option<Cookie>>() == 17);
