//! The Fast Open cookie: RFC 7413 section 4.1.1. Opaque bytes, to everybody but who made them.

use std::fmt;

/// What a Fast Open option holds: 4 to 16 bytes, an even number; or none, which asks for some. And
/// which option holds it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Cookie {
    /// Zero beyond the length.
    bytes: [u8; COOKIE_MAX],
    len: u8,
    form: Form,
}

/// Which option holds a cookie: RFC 7413 section 9.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The one that IANA has assigned, kind 34.
    Assigned,
    /// The one for experiments, kind 254, with a magic number in front of the cookie: what there
    /// was before.
    Experimental,
}

impl Cookie {
    /// No bytes: a client asks for a cookie.
    pub const REQUEST: Cookie = Cookie {
        bytes: [0; COOKIE_MAX],
        len: 0,
        form: Form::Assigned,
    };

    /// The cookie of these bytes, in the assigned option. `None` if no option may have so many: RFC
    /// 7413 section 4.1.1 takes none, or an even number from 4 to 16.
    pub fn new(bytes: &[u8]) -> Option<Cookie> {
        if !matches!(bytes.len(), 0 | 4..=COOKIE_MAX) || !bytes.len().is_multiple_of(2) {
            return None;
        }
        let mut cookie = Cookie::REQUEST;
        cookie.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        // At most 16, as was just seen.
        cookie.len = bytes.len() as u8;
        Some(cookie)
    }

    /// The same in an option of that form.
    pub fn in_form(self, form: Form) -> Cookie {
        Cookie { form, ..self }
    }

    /// The form of its option.
    pub fn form(&self) -> Form {
        self.form
    }

    /// Its bytes.
    pub fn as_slice(&self) -> &[u8] {
        // It is never more than there are.
        self.bytes.get(..usize::from(self.len)).unwrap_or(&[])
    }

    /// Whether it has none, and so asks.
    pub fn is_request(&self) -> bool {
        self.len == 0
    }

    /// The length of its option, all that stands before it counted in.
    pub fn option_len(&self) -> u8 {
        self.len.saturating_add(match self.form {
            Form::Assigned => HEAD_LEN,
            Form::Experimental => EXPERIMENTAL_HEAD_LEN,
        })
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
        write!(f, "Cookie({self}, {:?})", self.form)
    }
}

/// RFC 7413 section 4.1.1: the longest.
pub const COOKIE_MAX: usize = 16;
/// Kind and length.
const HEAD_LEN: u8 = 2;
/// Kind, length and magic number.
pub const EXPERIMENTAL_HEAD_LEN: u8 = 4;

/// Every segment has room for one.
const _: () = assert!(size_of::<Option<Cookie>>() == 18);
