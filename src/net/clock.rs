//! The time: the only room that asks the system for it.
//!
//! The core counts nanoseconds from a birth that its owner chooses. A [`Clock`] is that choice: it
//! reads the system's monotonic clock, which no administrator sets back, and remembers what the
//! calendar said at birth, so that captures can show dates.

use std::time::{Instant as Monotonic, SystemTime};

use crate::base::Instant;

/// A clock that starts at [`Instant::BIRTH`]. Copies show the same time.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    birth: Monotonic,
    date: SystemTime,
}

impl Clock {
    /// A clock that is born here.
    pub fn new() -> Clock {
        Clock {
            birth: Monotonic::now(),
            date: SystemTime::now(),
        }
    }

    /// What the system's calendar said at [`Instant::BIRTH`].
    pub fn date_of_birth(&self) -> SystemTime {
        self.date
    }

    /// The time.
    pub fn now(&self) -> Instant {
        Instant::BIRTH + self.birth.elapsed()
    }
}

impl Default for Clock {
    fn default() -> Clock {
        Clock::new()
    }
}
