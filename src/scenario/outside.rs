//! A host whose stack is not ours, in real time: what a scenario needs of whoever plays it.
//!
//! Links and our own hosts are simulated as ever; only their clock is the world's. What comes to
//! the host goes out of the simulation, and what its stack sends comes in.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crate::base::Instant;
use crate::sim::{NodeId, World};

use super::act::Act;
use super::error::Invalid;
use super::play::{Progress, Stage};

/// Whoever plays the host.
pub trait Outside {
    /// How long it has been played.
    fn age(&self) -> Duration;

    /// When it began, in nanoseconds since 1970.
    fn epoch(&self) -> u64;

    /// Begins or goes on with what an application does there; `to` is whom it connects to.
    ///
    /// # Errors
    ///
    /// What its system says, or that there is no connection to go on with.
    fn tell(&mut self, act: &Act, to: Option<SocketAddr>) -> Result<(), String>;

    /// Whether its latest connection is there.
    fn is_connected(&self) -> bool;

    /// Its applications do what they can.
    ///
    /// # Errors
    ///
    /// One of them has read a byte that nobody wrote.
    fn play(&mut self) -> Result<(), String>;

    /// The next packet that its stack has sent.
    ///
    /// # Errors
    ///
    /// Those of its device.
    fn sent(&mut self) -> io::Result<Option<Vec<u8>>>;

    /// Gives its stack a packet.
    ///
    /// # Errors
    ///
    /// Those of its device.
    fn give(&mut self, packet: Vec<u8>) -> io::Result<()>;

    /// Waits until its stack sends something, at most so long.
    ///
    /// # Errors
    ///
    /// Those of its device.
    fn wait(&mut self, most: Duration) -> io::Result<()>;

    /// Whether its applications have ended.
    fn is_over(&self) -> bool;
}

impl Stage<'_> {
    /// Plays in real time, with somebody else's stack at one node. Whether it was over.
    pub(super) fn play_outside(
        &mut self,
        node: NodeId,
        outside: &mut dyn Outside,
        progress: &dyn Progress,
    ) -> Result<bool, Invalid> {
        let (birth, until) = (self.world.birth(), self.scenario.until.0);
        // Each turn comes up to the time of day, or ends.
        loop {
            let age = outside.age();
            self.world.run_while(birth + age.min(until), |_| true);
            self.find_times(Some(&*outside));
            self.do_what_is_due(Some(&mut *outside))?;
            let played = outside.play();
            played.map_err(|what| Invalid::value("host", what))?;
            self.exchange(node, outside)?;
            if self.rests(outside) {
                return Ok(true);
            }
            if age >= until || !progress.reached(age) {
                return Ok(false);
            }
            let next = self.next_of(birth + until);
            outside.wait(next.since(birth).saturating_sub(outside.age()))?;
        }
    }

    /// Packets go out of the simulation, and come in.
    fn exchange(&mut self, node: NodeId, outside: &mut dyn Outside) -> Result<(), Invalid> {
        // Each packet was sent before it was asked for, so there is a last one.
        while let Some(packet) = outside.sent()? {
            self.world.put(node, packet);
        }
        let birth = self.world.birth();
        self.world.run_while(birth + outside.age(), |_| true);
        while let Some(packet) = self.world.take_arrived(node) {
            outside.give(packet)?;
        }
        Ok(())
    }

    /// When something is to be done next, at the latest at the end.
    fn next_of(&self, end: Instant) -> Instant {
        let times = self.waiting.iter().filter_map(|act| act.at);
        let all = times.chain(self.world.next());
        all.min().map_or(end, |at| at.min(end))
    }

    /// Whether all that is left is TIME-WAIT, which nobody has to sit out in real time.
    fn rests(&self, outside: &dyn Outside) -> bool {
        let has_ended = self.waiting.is_empty() && self.world.is_over() && outside.is_over();
        has_ended && is_at_rest(&self.world)
    }
}

/// Whether links are empty, and no stack has a connection outside of TIME-WAIT.
fn is_at_rest(world: &World) -> bool {
    world.is_silent() && world.only_waits()
}
