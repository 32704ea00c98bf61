//! Events as lines for the `log` facade.
//!
//! What opens, closes and changes state is `info`; decisions, losses and what was refused are
//! `debug`; packets, timers and samples are `trace`. Targets tell the floors apart, so that
//! `RUST_LOG=pellucid::tcp=debug,pellucid::ip=info` does what it says.

use log::{Level, Metadata, Record};

use crate::probe::{Event, Observer, Purpose, Subject, Told};

use super::line::Lines;

/// An observer that logs.
#[derive(Debug, Default)]
pub struct Log {
    lines: Lines,
}

impl Log {
    /// Logs to whatever logger the program has set.
    pub fn new() -> Log {
        Log::default()
    }

    fn told_to(&mut self, logger: &dyn log::Log, told: &Told<'_>) {
        let metadata = Metadata::builder()
            .level(level(told.event))
            .target(target(told))
            .build();
        if !logger.enabled(&metadata) {
            return self.lines.hear(told);
        }
        let line = self.lines.line(told);
        let mut record = Record::builder();
        record.metadata(metadata);
        logger.log(&record.args(format_args!("{line}")).build());
    }
}

impl Observer for Log {
    fn told(&mut self, told: &Told<'_>) {
        if level(told.event) <= log::max_level() {
            self.told_to(log::logger(), told);
        } else {
            self.lines.hear(told);
        }
    }
}

/// How much an event matters to somebody who reads along.
pub const fn level(event: &Event<'_>) -> Level {
    match event {
        Event::Opened { .. } | Event::StateChanged { .. } => Level::Info,
        Event::Discarded { .. }
        | Event::Dropped { .. }
        | Event::Noted { .. }
        | Event::TimerExpired { .. }
        | Event::Lost { .. }
        | Event::Undone { .. }
        | Event::CongestionChanged { .. }
        | Event::Urgent { .. }
        | Event::PacketOut {
            purpose: Purpose::Retransmission(_) | Purpose::Reset | Purpose::ChallengeAck,
            ..
        } => Level::Debug,
        Event::PacketIn { .. }
        | Event::PacketOut { .. }
        | Event::Accepted { .. }
        | Event::Called(_)
        | Event::Ticked
        | Event::RttSampled { .. }
        | Event::BlockedBy { .. }
        | Event::TimerSet { .. }
        | Event::TimerCancelled { .. } => Level::Trace,
    }
}

/// Which part of the stack speaks.
pub const fn target(told: &Told<'_>) -> &'static str {
    match told.event {
        Event::PacketIn { .. } | Event::PacketOut { .. } => "pellucid::packet",
        Event::Dropped { .. } => "pellucid::ip",
        Event::Called(_) | Event::Ticked => "pellucid::input",
        Event::TimerSet { .. } | Event::TimerExpired { .. } | Event::TimerCancelled { .. } => {
            "pellucid::timer"
        }
        _ => match told.on {
            Subject::Stack => "pellucid::stack",
            Subject::Connection(_) | Subject::Listener(_) => "pellucid::tcp",
            Subject::Datagrams(_) => "pellucid::udp",
            Subject::Echo(_) => "pellucid::icmp",
        },
    }
}

#[cfg(test)]
mod tests;
