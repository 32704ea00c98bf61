//! Commands of a script, done.

use super::super::backend::Configured;
use super::super::command::{Action, Queue, read};
use super::super::outcome::{Reason, ReasonKind, Stop};
use super::super::profile::{HYSTART, LINUX_DEFAULTS};
use super::super::syntax::Place;
use super::world::{Counters, World};

/// Whether a command succeeded.
type Success = bool;

impl World {
    /// Does what a command's text says; each of its parts must succeed.
    pub fn command(&mut self, text: &str, at: Place) -> Result<(), Stop> {
        self.tell(&format!("`{}`", text.trim()));
        let mut failed = false;
        for doing in read(text) {
            if doing.otherwise && !failed {
                continue;
            }
            if failed && !doing.otherwise {
                break;
            }
            failed = !self.act(&doing.action)?;
        }
        self.settle()?;
        if failed {
            let text = format!("the command failed: {}", text.trim());
            return Err(Reason::plain(ReasonKind::Command, at, text).into());
        }
        Ok(())
    }

    fn act(&mut self, action: &Action) -> Result<Success, Stop> {
        match action {
            Action::Defaults => {
                self.install_defaults();
                Ok(true)
            }
            Action::FlushMetrics => {
                self.backend.forget();
                Ok(true)
            }
            Action::Set {
                key,
                value,
                lenient,
                saved,
            } => self.set(key, value, *lenient, *saved),
            Action::Restore => self.restore(),
            Action::Sample => {
                self.counters = self.backend.counters();
                Ok(true)
            }
            Action::Changed { counter, by } => {
                let now = self.backend.counters();
                let before = std::mem::replace(&mut self.counters, now);
                let of = |counts: &Counters| counts.get(counter.as_str()).copied();
                let Some(count) = of(&self.counters) else {
                    return Err(Stop::Skip(format!("counter:{counter}")));
                };
                let changed = count - of(&before).unwrap_or(0);
                Ok(changed > 0 && by.is_none_or(|by| changed == by))
            }
            Action::Queue(queue) => self.queue(*queue),
            Action::Route(route) => match self.backend.route(route) {
                None => Ok(true),
                Some(name) => Err(Stop::Skip(format!("command:ip route:{name}"))),
            },
            Action::Listens(port) => {
                let listens = self.backend.endpoints("LISTEN", Some(*port));
                Ok(listens.is_some_and(|count| count > 0))
            }
            Action::Endpoints { state, count, port } => {
                let found = self.backend.endpoints(state, *port);
                let found = found.ok_or_else(|| Stop::Skip("command:sockstat".into()))?;
                Ok(found == *count)
            }
            Action::Delete(state) => match self.backend.delete(state) {
                true => Ok(true),
                false => Err(Stop::Skip("command:tcpdrop".into())),
            },
            Action::HyStart(mode) => self.set(HYSTART, &mode.to_string(), false, false),
            Action::File { .. } => Err(Stop::Skip("command:file".into())),
            Action::Nothing => Ok(true),
            Action::Unknown(name) => Err(Stop::Skip(format!("command:{name}"))),
        }
    }

    /// The settings of the usual suites. What the stack has no switch for is told, and no reason
    /// to skip: a script that depends on it will fail.
    fn install_defaults(&mut self) {
        self.backend.forget();
        for (key, value) in LINUX_DEFAULTS {
            match self.backend.configure(key, value) {
                Configured::Done | Configured::Ignored => {
                    self.set.insert((*key).to_owned(), (*value).to_owned());
                }
                Configured::Unsupported | Configured::Refused => {
                    self.lacks.push(format!("{key}={value}"));
                }
            }
        }
    }

    fn set(&mut self, key: &str, value: &str, lenient: bool, saved: bool) -> Result<Success, Stop> {
        match self.backend.configure(key, value) {
            Configured::Done | Configured::Ignored => {
                if saved {
                    let before = self.set.get(key).cloned();
                    self.saved.push((key.to_owned(), before));
                }
                self.set.insert(key.to_owned(), value.to_owned());
                Ok(true)
            }
            Configured::Refused => Ok(lenient),
            Configured::Unsupported if lenient && !key.starts_with("net.") => Ok(true),
            Configured::Unsupported => Err(Stop::Skip(format!("sysctl:{key}"))),
        }
    }

    fn restore(&mut self) -> Result<Success, Stop> {
        while let Some((key, value)) = self.saved.pop() {
            if let Some(value) = value {
                self.set(&key, &value, true, false)?;
            }
        }
        Ok(true)
    }

    fn queue(&mut self, queue: Queue) -> Result<Success, Stop> {
        let discipline = match queue {
            Queue::Paced => "fq",
            Queue::Normal | Queue::Drop => "pfifo",
        };
        let paced = self.backend.configure("net.core.default_qdisc", discipline);
        let drops = self.backend.drop_local(queue == Queue::Drop);
        match paced == Configured::Done && drops {
            true => Ok(true),
            false => Err(Stop::Skip("command:tc".into())),
        }
    }
}
