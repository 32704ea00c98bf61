//! Numbers that must not be mixed up with other numbers.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

/// A maximum segment size, in bytes of text: RFC 9293 section 3.7.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "records", derive(serde::Serialize, serde::Deserialize))]
pub struct Mss(u16);

impl Mss {
    /// RFC 9293 section 3.7.1 (MUST-15): what a peer that offers none is assumed to take on IPv4.
    pub const DEFAULT_V4: Mss = Mss(536);
    /// The same for IPv6: 1280 - 40 - 20.
    pub const DEFAULT_V6: Mss = Mss(1220);
    /// The smallest size that is believed: house!("mss-floor").
    pub const FLOOR: Mss = Mss(48);

    /// What a peer at this address is assumed to take that offers none.
    pub const fn default_of(peer: IpAddr) -> Mss {
        match peer {
            IpAddr::V4(_) => Mss::DEFAULT_V4,
            IpAddr::V6(_) => Mss::DEFAULT_V6,
        }
    }

    /// At least [`Mss::FLOOR`], so that no peer can make the stack send a packet a byte.
    pub const fn new(bytes: u16) -> Mss {
        if bytes < Mss::FLOOR.0 {
            Mss::FLOOR
        } else {
            Mss(bytes)
        }
    }

    /// Bytes of text.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// Bytes of text, for arithmetic on windows.
    pub const fn bytes(self) -> u32 {
        self.0 as u32
    }
}

impl fmt::Display for Mss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A window scale shift count, 0 to 14: RFC 7323 section 2.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct WindowScale(u8);

impl WindowScale {
    /// RFC 7323 section 2.3: the largest shift, for windows up to 2^30.
    pub const MAX: WindowScale = WindowScale(14);

    /// RFC 7323 section 2.3: a shift count above 14 is used as 14.
    pub const fn new(shift: u8) -> WindowScale {
        if shift > Self::MAX.0 {
            Self::MAX
        } else {
            WindowScale(shift)
        }
    }

    /// The smallest scale with which `window` bytes fit the 16-bit field.
    pub fn for_window(window: u32) -> WindowScale {
        let bits = (u32::BITS - window.leading_zeros()).saturating_sub(u16::BITS);
        WindowScale::new(bits as u8)
    }

    /// The shift count.
    pub const fn shift(self) -> u8 {
        self.0
    }

    /// A window field's value in bytes.
    pub const fn scale(self, field: u16) -> u32 {
        (field as u32) << self.0
    }

    /// A window as the field shows it, rounded down.
    pub fn field(self, window: u32) -> u16 {
        u16::try_from(window >> self.0).unwrap_or(u16::MAX)
    }
}

/// A rate in bits per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(pub u64);

impl Rate {
    /// That of so many bytes in a time; the highest there is if they took none.
    pub fn of(bytes: u64, time: Duration) -> Rate {
        let bits = u128::from(bytes) * 8 * NANOS_PER_SEC;
        let rate = bits.checked_div(time.as_nanos()).unwrap_or(u128::MAX);
        Rate(u64::try_from(rate).unwrap_or(u64::MAX))
    }

    /// How many bytes it carries in a time, rounded down.
    pub fn bytes_in(self, time: Duration) -> u64 {
        let bytes = u128::from(self.0).saturating_mul(time.as_nanos()) / (8 * NANOS_PER_SEC);
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }

    /// How long it takes for so many bytes; for ever if it is zero.
    pub fn time_for(self, bytes: u64) -> Duration {
        let nanos = (u128::from(bytes) * 8 * NANOS_PER_SEC)
            .checked_div(u128::from(self.0))
            .and_then(|nanos| u64::try_from(nanos).ok());
        nanos.map_or(Duration::MAX, Duration::from_nanos)
    }
}

const NANOS_PER_SEC: u128 = 1_000_000_000;

#[cfg(test)]
mod tests;
