//! What a stack believes of itself, asserted from outside in every build.
//!
//! For simulators, scripts and fuzzers, which call it when `poll_transmit` had nothing more. In a
//! program nothing here is called: a stack that were wrong about itself would have no better answer
//! than to go on.

use super::Stack;

impl Stack {
    /// Asserts what must hold once [`Stack::poll_transmit`] has nothing more: that no deadline lies
    /// at or before the time told last, that everything outstanding has a timer and every timer a
    /// place in the wheel, and that no limit is exceeded. Takes as long as there are connections.
    ///
    /// # Panics
    ///
    /// If any of it does not hold: a mistake of ours.
    pub fn assert_invariants(&self) {
        let limits = &self.config.limits;
        assert!(self.connections.len() <= limits.connections);
        assert!(self.half_open.len() <= limits.half_open);
        assert!(self.time_wait.len() <= limits.time_wait);
        assert!(self.wheel.next().is_none_or(|at| at > self.now));
        self.reassembly.assert_invariants();
        assert_eq!(self.wheel.armed(self.fragments), self.reassembly.deadline());
        assert_eq!(self.wheel.armed(self.path_ages), self.path_mtus.deadline());
        for (id, slot) in &self.connections {
            slot.connection.assert_invariants();
            slot.connection.assert_settled(self.now);
            // An early wake-up is harmless; a late one is not.
            let armed = self.wheel.armed(slot.entry);
            let deadline = slot.connection.deadline();
            assert!(
                deadline.is_none_or(|at| armed.is_some_and(|armed| armed <= at)),
                "{id:?} wants {deadline:?} and is armed for {armed:?}"
            );
        }
        for (_, slot) in &self.half_open {
            let latest = self.now + self.config.tcp.rto_max;
            let armed = self.wheel.armed(slot.entry);
            assert!(armed.is_some_and(|at| at <= latest), "armed for {armed:?}");
        }
        for (_, slot) in &self.time_wait {
            assert!(self.wheel.armed(slot.entry).is_some());
        }
        for (id, listener) in &self.listeners {
            let its_own = self.half_open.values().filter(|slot| slot.listener == id);
            assert_eq!(listener.half_open, its_own.count());
            let hasty = self
                .connections
                .values()
                .filter(|slot| slot.pending == Some(id));
            assert_eq!(listener.pending.open(), hasty.count());
            assert!(listener.half_open <= listener.backlog);
            assert!(listener.accepted.len() <= listener.backlog);
        }
    }
}
