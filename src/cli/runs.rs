//! What verbs that look at a run have in common.

use crate::runs::Unreadable;

use super::trouble::Trouble;

/// Where run folders lie unless somebody says otherwise.
pub const PLACE: &str = "pellucid-runs";

/// A run that cannot be read, in three lines.
pub fn unreadable(error: Unreadable) -> Trouble {
    match error {
        Unreadable::NoRun { which, place } => Trouble::failed(
            format!("there is no run {which:?}"),
            format!("nothing of that name or number lies in {}", place.display()),
            "make one: pellucid demo; or say where they lie: -o DIR",
        ),
        Unreadable::File { path, source } => Trouble::failed(
            format!("cannot read {}", path.display()),
            source.to_string(),
            "take another run; what was recorded before the fault can still be read by hand",
        ),
    }
}
