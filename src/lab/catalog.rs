//! The lessons that there are.

use super::lesson::Lesson;

macro_rules! lessons {
    ($($name:literal)+) => {
        /// What they are called, in the order in which they teach.
        pub const NAMES: &[&str] = &[$($name),+];

        /// The files of each: the lesson, and what is told of it.
        const FILES: &[(&str, &str, &str)] = &[$((
            $name,
            include_str!(concat!("lessons/", $name, ".toml")),
            include_str!(concat!("lessons/", $name, ".md")),
        )),+];
    };
}

lessons! {
    "handshake" "close" "time-wait" "rto" "slow-start" "fast-retransmit" "sack" "rack-tlp"
    "zero-window" "nagle-delack" "pmtud-blackhole" "ecn" "bufferbloat" "hol-blocking"
    "loss-is-not-congestion" "reset-attack" "silly-window" "syn-flood"
}

/// A lesson, as a seed has it; none if there is no such.
///
/// # Errors
///
/// What is wrong with its file; tests read all of them.
pub fn lesson(name: &str, seed: u64) -> Option<Result<Lesson, String>> {
    let (name, form, _) = FILES.iter().find(|(known, ..)| *known == name)?;
    Some(Lesson::parse(name, form, seed))
}

/// Its three paragraphs: what happens, why, and what to look for. Empty if there is no such.
pub fn text(name: &str) -> &'static str {
    let found = FILES.iter().find(|(known, ..)| *known == name);
    found.map_or("", |(.., told)| told)
}
