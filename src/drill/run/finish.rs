//! What is judged when all events are over: cleanup, code blocks, guards.

use super::super::code::Program;
use super::super::compare::spelled;
use super::super::constants;
use super::super::outcome::{Reason, ReasonKind, Run, Stop, Verdict};
use super::{Runner, packet::NOWHERE};

impl Runner<'_> {
    pub(super) fn finish(mut self, ended: Result<(), Stop>) -> Run {
        let cleaned = match &self.plan.script.cleanup {
            Some(cleanup) => self.world.command(&cleanup.text, cleanup.at),
            None => Ok(()),
        };
        let ended = ended.and(cleaned);
        let ended = ended.and_then(|()| self.run_code());
        let tail = self.leftovers();
        if let Some(breach) = self.world.backend.breach() {
            self.world.guards.violate("invariants", breach);
        }
        let world = self.world;
        let mut run = Run {
            verdict: Verdict::Pass,
            reference: false,
            clean: false,
            reason: None,
            skip: Vec::new(),
            nonfatal: world.nonfatal,
            virtual_micros: world.clock() / 1000,
            lacks: world.lacks,
            advice: world.advice,
            tail,
            ladder: world.ladder,
            why: None,
            events: self.plan.script.events.len(),
        };
        match ended {
            Ok(()) => {
                run.reference = true;
                run.clean = run.nonfatal == 0 && world.guards.first().is_none();
                if let Some((name, text)) = world.guards.first() {
                    run.verdict = Verdict::Fail;
                    let kind = ReasonKind::Guard(name);
                    run.reason = Some(Reason::plain(kind, NOWHERE, text.clone()));
                }
            }
            Err(Stop::Fail(reason)) => {
                run.verdict = Verdict::Fail;
                run.reason = Some(*reason);
                run.why = world.blamed;
            }
            Err(Stop::Skip(name)) => {
                run.verdict = Verdict::Skip;
                run.skip = vec![name];
            }
        }
        run
    }

    /// The code blocks as one program; fields are those of the time at which each was reached.
    fn run_code(&mut self) -> Result<(), Stop> {
        let mut program = Program::default();
        for (block, info, at) in &self.world.samples {
            program.bind(constants::of(self.plan.dialect));
            let state = info.get("tcpi_state").copied();
            program.bind(info.iter().map(|(name, value)| (*name, *value)));
            if let Some(state) = state {
                let number = constants::state(self.plan.dialect, state);
                program.bind([("tcpi_state", number)]);
            }
            if let Err(raised) = program.run(block) {
                let reason = Reason::plain(ReasonKind::Code, *at, raised.to_string());
                return Err(reason.into());
            }
        }
        for line in &program.printed {
            self.world.ladder.push(format!("printed {line}"));
        }
        // An acknowledgment that a relaxation let go missing.
        match self.world.owed_ack {
            Some(ack) if !self.world.has_acked(ack) => {
                let text = format!("nothing that left later acknowledges {ack}");
                Err(Reason::plain(ReasonKind::NoPacket, NOWHERE, text).into())
            }
            _ => Ok(()),
        }
    }

    /// What left and was never matched: before the last event it is stray, after it only told.
    fn leftovers(&mut self) -> Vec<String> {
        let mut tail = Vec::new();
        while let Some(live) = self.world.queue.pop_front() {
            if !self.world.flows.is_current(&live) {
                continue;
            }
            let line = spelled(&live, self.world.flows.current());
            if self.world.is_before_last_event(&live) {
                let text = format!("a packet that no line expects: {line}");
                self.world.guards.violate("stray", text);
            } else {
                tail.push(line);
            }
        }
        tail
    }
}
