//! Lessons that people run: an experiment, a question to be answered before it is played, checks
//! that hold whatever was drawn, and what to try next.
//!
//! A lesson is two files of `lessons`: `NAME.toml`, whose form is in `lesson`, and `NAME.md`, which
//! says what happens, why, and what to look for on the page. The seed draws what differs between
//! learners; the right answer is asked of the run, so it stands nowhere.
//!
//! Read `lesson`, then `playing`, then `handed_in` for how a folder is held against its lesson.

mod catalog;
mod handed_in;
mod lesson;
mod playing;
mod record;

pub use catalog::{NAMES, lesson, text};
pub use handed_in::{Damage, Finding, look_through};
pub use lesson::{Check, Choice, Lesson, Question, Try, Variant};
pub use playing::{Answer, Run, answer, play};
pub use record::{LAB, Prediction, Record, Shown};
