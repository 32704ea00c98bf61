//! Hears what becomes of each packet, and what it draws.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pellucid::probe::{Ending, Event, EventId, Observer, Purpose, Told};

/// What was heard of the packet that came in last.
#[derive(Debug, Clone, Copy, Default)]
pub struct Heard {
    packet: Option<EventId>,
    pub endings: u32,
    pub ending: Option<Ending>,
    /// Packets without text that it drew.
    pub answers: u32,
    /// Packets with text or FIN, sent for the first time or again, that it let go.
    pub texts: u32,
}

/// An observer and whoever asks it.
#[derive(Debug, Clone, Default)]
pub struct Watch(Arc<Mutex<Heard>>);

impl Watch {
    pub fn heard(&self) -> Heard {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Watch {
    fn told(&mut self, told: &Told<'_>) {
        let mut heard = self.lock();
        if let Event::PacketIn { .. } = told.event {
            *heard = Heard {
                packet: Some(told.id),
                ..Heard::default()
            };
        }
        if told.cause.is_none() || told.cause != heard.packet {
            return;
        }
        let ending = match *told.event {
            Event::Accepted { what, .. } => Ending::Accepted(what),
            Event::Discarded { why, .. } => Ending::Discarded(why),
            Event::Dropped { why, .. } => Ending::Dropped(why),
            Event::PacketOut { purpose, .. } => {
                match purpose {
                    Purpose::Text | Purpose::Fin | Purpose::Retransmission(_) => heard.texts += 1,
                    _ => heard.answers += 1,
                }
                return;
            }
            _ => return,
        };
        heard.endings += 1;
        heard.ending = Some(ending);
    }
}
