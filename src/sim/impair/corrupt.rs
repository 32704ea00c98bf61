//! Packets that are damaged on their way, in ways that a checksum cannot miss.
//!
//! Sums in ones' complement see every change of up to 15 bits in a row, and every change of the
//! length that they count; two changes further apart may cancel. So damage is one burst, and
//! whatever comes through it all is the stack's own fault.

use crate::sim::dice::Dice;
use crate::sim::parcel::Parcel;

/// Packets that are damaged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Corrupt {
    /// How likely it happens to a packet.
    pub chance: f64,
    pub damage: Damage,
}

/// How a packet is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// One bit changes.
    Flip,
    /// Some of up to 15 bits in a row change.
    Burst,
    /// Its end is missing.
    Cut,
    /// Bytes follow it that do not belong to it.
    Pad,
}

impl Damage {
    pub(super) fn strike(self, parcel: &mut Parcel, dice: &mut Dice) {
        let len = parcel.len() as u64;
        if len == 0 {
            return;
        }
        parcel.is_damaged = true;
        match self {
            Damage::Flip => flip(parcel, dice.below(len * 8)),
            Damage::Burst => {
                let first = dice.below(len * 8);
                flip(parcel, first);
                for bit in first + 1..(first + BURST).min(len * 8) {
                    if dice.happens(0.5) {
                        flip(parcel, bit);
                    }
                }
            }
            Damage::Cut => parcel.bytes.truncate(dice.below(len) as usize),
            Damage::Pad => {
                let more = dice.from_to(1, PADDING_MAX) as usize;
                parcel
                    .bytes
                    .extend((0..more).map(|_| dice.below(256) as u8));
            }
        }
    }
}

fn flip(parcel: &mut Parcel, bit: u64) {
    if let Some(byte) = parcel.bytes.get_mut((bit / 8) as usize) {
        *byte ^= 1 << (bit % 8);
    }
}

/// Shorter than a checksum's word.
const BURST: u64 = 15;
/// As much as Ethernet adds to the shortest packets.
const PADDING_MAX: u64 = 46;
