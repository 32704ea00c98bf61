//! I-BOUND and I-WORK, as far as they are about inputs: one ending for each packet, at most one
//! reply to what is refused, and no more events than an input is worth.

use crate::probe::{Event, EventId, Subject, Told};
use crate::sim::reading::Reading;

use super::Wrong;

/// The inputs of a moment ago, oldest first.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    last: [Option<Input>; REMEMBERED],
    next: usize,
    /// How many there were.
    count: u64,
}

#[derive(Debug, Clone, Copy)]
struct Input {
    id: EventId,
    is_packet: bool,
    endings: u32,
    is_refused: bool,
    replies: u32,
    /// Events about one thing that were told since: packets that left not counted, nor what was
    /// lost, which is as much as was sent.
    events: u32,
    subject: Subject,
}

impl Inputs {
    /// How many there were.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Hears one more event.
    pub fn hear(&mut self, told: &Told<'_>) -> Result<(), Wrong> {
        if told.event.is_input() {
            return self.begin(told);
        }
        let Some(input) = told.cause.and_then(|cause| self.find(cause)) else {
            return Ok(());
        };
        if input.subject == told.on {
            let free = matches!(told.event, Event::PacketOut { .. } | Event::Lost { .. });
            input.events += u32::from(!free);
        } else {
            // A tick may be about many connections, one after the other.
            input.subject = told.on;
            input.events = 0;
        }
        if input.events > EVENTS_MAX {
            let what = format!("{} events because of {}", input.events, input.id);
            return Err(("I-WORK", what));
        }
        if told.event.is_ending() {
            input.endings += 1;
            input.is_refused = !matches!(told.event, Event::Accepted { .. });
            if input.endings > 1 || !input.is_packet {
                let what = format!("{} has {} endings", input.id, input.endings);
                return Err(("I-WORK", what));
            }
        }
        Ok(())
    }

    fn begin(&mut self, told: &Told<'_>) -> Result<(), Wrong> {
        let before = self.last[(self.next + REMEMBERED - 1) % REMEMBERED];
        self.last[self.next] = Some(Input {
            id: told.id,
            is_packet: matches!(told.event, Event::PacketIn { .. }),
            endings: 0,
            is_refused: false,
            replies: 0,
            events: 0,
            subject: told.on,
        });
        self.next = (self.next + 1) % REMEMBERED;
        self.count += 1;
        match before {
            Some(input) if input.is_packet && input.endings == 0 => {
                Err(("I-WORK", format!("the packet {} has no ending", input.id)))
            }
            _ => Ok(()),
        }
    }

    /// A packet leaves because of an input. Text that waited already may leave whatever came; what
    /// carries none is an answer.
    pub fn check_reply(&mut self, cause: Option<EventId>, reply: &Reading) -> Result<(), Wrong> {
        let with_text = reply.segment.is_some_and(|segment| segment.text_len > 0);
        let Some(input) = cause.and_then(|cause| self.find(cause)) else {
            return Ok(());
        };
        if !input.is_refused || with_text {
            return Ok(());
        }
        input.replies += 1;
        if input.replies > 1 {
            let what = format!(
                "{} was refused, and draws {} replies",
                input.id, input.replies
            );
            return Err(("I-BOUND", what));
        }
        Ok(())
    }

    fn find(&mut self, id: EventId) -> Option<&mut Input> {
        // Nearly always it is the last one.
        let newest = (self.next + REMEMBERED - 1) % REMEMBERED;
        let places = (0..REMEMBERED).map(|back| (newest + REMEMBERED - back) % REMEMBERED);
        let is_it = |place: &usize| self.last[*place].is_some_and(|input| input.id == id);
        let place = places.into_iter().find(is_it)?;
        self.last[place].as_mut()
    }
}

/// What was told longer ago is not looked for.
const REMEMBERED: usize = 16;
/// More than any input tells about one connection: its ending, a state or two, a sample, losses,
/// and every timer set and stopped.
const EVENTS_MAX: u32 = 64;
