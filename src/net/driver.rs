//! The thread that drives a network when nobody else does.
//!
//! It gives the seat back before it sleeps, so that whoever comes to sit need not ask for it.

use super::error::Down;
use super::seat::Rest;
use super::shared::{Shared, Who};
use crate::device::Device;

/// Runs until the network is down: because somebody took it down, or because the device failed.
pub(super) fn run(shared: &Shared, device: &dyn Device) {
    let mut rest = Rest::default();
    let down = loop {
        if let Err(down) = step(shared, device, &mut rest) {
            break down;
        }
    };
    shared.bring_down(down);
}

/// A turn and the sleep after it, or a while in which others drive.
fn step(shared: &Shared, device: &dyn Device, rest: &mut Rest) -> Result<(), Down> {
    let seat = shared.seat();
    // Who waits without sitting would wait for nothing.
    let left = seat.is_relieved() || (seat.is_wanted() && shared.waiting() == Some(0));
    let taken = if left { None } else { seat.take() };
    let seated = match taken {
        None => seat.rest()?,
        taken => taken,
    };
    let Some(mut seated) = seated else {
        // Whoever drives has the lock nearly always, so it is not asked for in vain.
        return match seat.is_dismissed() {
            true => shared.down().map_or(Ok(()), Err),
            false => Ok(()),
        };
    };
    rest.silence(shared.doorbell());
    let turn = seated.turn(shared, Who::Driver)?;
    drop(seated);
    Ok(rest.after(&turn, turn.due, device, shared)?)
}

#[cfg(test)]
mod tests;
