//! Relaxations: differences that a script's author may not have meant, each by name.
//!
//! They are tried only on a script that has failed, and what passes with them is no pass: the
//! report names those that were needed.

/// Which are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Relaxed {
    /// PSH on text does not matter.
    pub psh: bool,
    /// Written windows are only compared as zero or not.
    pub win: bool,
    /// The order of options and their padding do not matter.
    pub opt: bool,
    /// A pure ACK may be missing, or be there too, if a later one covers it.
    pub delack: bool,
    /// Tolerances are four times as wide.
    pub timing: bool,
    /// One segment may satisfy several lines.
    pub tso: bool,
}

impl Relaxed {
    /// packetdrill's own rules.
    pub const NONE: Relaxed = Relaxed {
        psh: false,
        win: false,
        opt: false,
        delack: false,
        timing: false,
        tso: false,
    };
    /// All of them.
    pub const ALL: Relaxed = Relaxed {
        psh: true,
        win: true,
        opt: true,
        delack: true,
        timing: true,
        tso: true,
    };
    /// Their names, in order.
    pub const NAMES: [&'static str; 6] = ["psh", "win", "opt", "delack", "timing", "tso"];

    fn switch(&mut self, name: &str) -> Option<&mut bool> {
        Some(match name {
            "psh" => &mut self.psh,
            "win" => &mut self.win,
            "opt" => &mut self.opt,
            "delack" => &mut self.delack,
            "timing" => &mut self.timing,
            "tso" => &mut self.tso,
            _ => return None,
        })
    }

    /// These but for one.
    #[must_use]
    pub fn without(mut self, name: &str) -> Relaxed {
        if let Some(switch) = self.switch(name) {
            *switch = false;
        }
        self
    }

    /// The names of those that are on.
    pub fn names(mut self) -> Vec<&'static str> {
        let mut names = Relaxed::NAMES.to_vec();
        names.retain(|name| self.switch(name).is_some_and(|on| *on));
        names
    }

    /// By how much tolerances are wider.
    pub const fn time_factor(self) -> i64 {
        if self.timing { 4 } else { 1 }
    }
}

/// The fewest that `passes` needs, found by switching them off one by one; `None`: all together
/// do not help.
pub fn needed(mut passes: impl FnMut(Relaxed) -> bool) -> Option<Relaxed> {
    let mut relaxed = Relaxed::ALL;
    if !passes(relaxed) {
        return None;
    }
    for name in Relaxed::NAMES {
        let less = relaxed.without(name);
        if passes(less) {
            relaxed = less;
        }
    }
    Some(relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_needed_is_named() {
        let names = |wanted: &[&str]| {
            let needed = needed(|relaxed| {
                let on = relaxed.names();
                wanted.iter().all(|name| on.contains(name))
            });
            needed.map(Relaxed::names)
        };
        assert_eq!(names(&["psh", "timing"]), Some(vec!["psh", "timing"]));
        assert_eq!(names(&[]), Some(vec![]));
        assert_eq!(names(&["frob"]), None);
        assert_eq!(Relaxed::ALL.names(), Relaxed::NAMES);
    }
}
