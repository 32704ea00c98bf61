//! State that is only needed while something goes on: at rest it costs a pointer.

use std::fmt;

/// What has a state of rest: nothing goes on, and one such value is like another.
pub trait Rest: Default + 'static {
    /// What reads as long as nothing goes on: the default.
    const AT_REST: &'static Self;
}

/// A value that is at rest, and then takes no memory of its own, or is awake in a box.
#[derive(Clone)]
pub struct Resting<T>(Option<Box<T>>);

impl<T: Rest> Resting<T> {
    /// The value, unless it is at rest.
    pub fn get(&self) -> Option<&T> {
        self.0.as_deref()
    }

    /// The value to change; if it was at rest, there is memory for it from here on.
    pub fn wake(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }

    /// The value to change, unless it is at rest and the change would mean nothing.
    pub fn awake(&mut self) -> Option<&mut T> {
        self.0.as_deref_mut()
    }

    /// Forgets the value: nothing goes on any more. Its memory goes back.
    pub fn rest(&mut self) {
        self.0 = None;
    }

    /// Whether it has no memory of its own.
    pub fn is_resting(&self) -> bool {
        self.0.is_none()
    }
}

impl<T> Default for Resting<T> {
    fn default() -> Resting<T> {
        Resting(None)
    }
}

impl<T: Rest> std::ops::Deref for Resting<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.0 {
            Some(awake) => awake,
            None => T::AT_REST,
        }
    }
}

impl<T: Rest + fmt::Debug> fmt::Debug for Resting<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests;
