//! I-WHY: whatever is no input itself has one for its cause, told before it; and a packet that
//! leaves says in words why.

use crate::probe::{Event, EventId, Told};

use super::Wrong;

/// Which events were inputs, a bit for each number since the first that was heard.
#[derive(Debug, Default)]
pub(super) struct Causes {
    first: Option<u64>,
    inputs: Vec<u64>,
}

impl Causes {
    /// Hears one more event.
    pub fn hear(&mut self, told: &Told<'_>) -> Result<(), Wrong> {
        let id = told.id.0.get();
        let first = *self.first.get_or_insert(id);
        if told.event.is_input() {
            if let Some(cause) = told.cause {
                return Err((
                    "I-WHY",
                    format!("the input {} is caused by {cause}", told.id),
                ));
            }
            self.add(id - first.min(id));
            return Ok(());
        }
        let Some(cause) = told.cause else {
            return Err(("I-WHY", format!("{} has no cause", told.id)));
        };
        // What was there before anybody listened was heard by nobody.
        if cause.0.get() >= first && !self.is_input(cause, first) {
            let what = format!(
                "{} is caused by {cause}, which is no input before it",
                told.id
            );
            return Err(("I-WHY", what));
        }
        match told.event {
            Event::PacketOut { why, .. } if why.text.is_empty() || why.by.section.is_empty() => {
                Err((
                    "I-WHY",
                    format!("the packet {} says nothing of why", told.id),
                ))
            }
            _ => Ok(()),
        }
    }

    fn add(&mut self, offset: u64) {
        let (word, bit) = place(offset);
        if self.inputs.len() <= word {
            self.inputs.resize(word + 1, 0);
        }
        if let Some(bits) = self.inputs.get_mut(word) {
            *bits |= bit;
        }
    }

    fn is_input(&self, id: EventId, first: u64) -> bool {
        let (word, bit) = place(id.0.get() - first);
        self.inputs.get(word).is_some_and(|bits| bits & bit != 0)
    }
}

fn place(offset: u64) -> (usize, u64) {
    ((offset / 64) as usize, 1 << (offset % 64))
}
