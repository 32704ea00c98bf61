//! What a connection's owner must be told: a byte, because every segment sets and asks it.

use std::ops::{BitOr, BitOrAssign};

/// What the owner must be told since it was told last: a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wake(u8);

impl Wake {
    /// Nothing.
    pub const NONE: Wake = Wake(0);
    /// The connection has reached ESTABLISHED.
    pub const CONNECTED: Wake = Wake(1);
    /// There is something to read: text, its end, or urgent text.
    pub const READABLE: Wake = Wake(2);
    /// There is room to write.
    pub const WRITABLE: Wake = Wake(4);
    /// The connection is over.
    pub const CLOSED: Wake = Wake(8);

    /// Whether any of `news` is among it.
    pub const fn has(self, news: Wake) -> bool {
        self.0 & news.0 != 0
    }
}

impl BitOr for Wake {
    type Output = Wake;

    fn bitor(self, news: Wake) -> Wake {
        Wake(self.0 | news.0)
    }
}

impl BitOrAssign for Wake {
    fn bitor_assign(&mut self, news: Wake) {
        self.0 |= news.0;
    }
}
