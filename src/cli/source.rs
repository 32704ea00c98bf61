//! What `ss` and `top` look at: stacks that run, or a run that is over.

use std::path::Path;

use crate::live::{Attached, place};
use crate::runs::Finished;

use super::runs::unreadable;
use super::trouble::Trouble;

/// What somebody typed.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Where run folders lie.
    pub place: &'a Path,
    pub which: Option<&'a str>,
}

/// What that means.
#[derive(Debug)]
pub enum What {
    Running(Box<Attached>),
    Finished(Finished),
}

impl Source<'_> {
    /// All that is meant: without a name, everything that runs.
    pub fn all(&self) -> anyhow::Result<Vec<What>> {
        let running = self.running()?;
        if let Some(which) = self.which {
            let number = which.parse::<u32>().ok();
            let named = running
                .into_iter()
                .find(|one| Some(one.hello().process) == number);
            if let Some(one) = named {
                return Ok(vec![What::Running(Box::new(one))]);
            }
            let run = Finished::find(self.place, which).map_err(unreadable)?;
            return Ok(vec![What::Finished(run)]);
        }
        if running.is_empty() {
            return Err(Trouble::failed(
                "no stack of yours is running",
                "serve, get, shell, ping, traceroute and demo run one",
                "start one; or name a run that is over: latest",
            )
            .into());
        }
        let running = running.into_iter();
        Ok(running.map(|one| What::Running(Box::new(one))).collect())
    }

    /// The one that is meant.
    pub fn one(&self) -> anyhow::Result<What> {
        let mut all = self.all()?;
        let one = all.pop();
        match one {
            Some(one) if all.is_empty() => Ok(one),
            one => {
                let shown: Vec<String> = all.iter().chain(&one).map(What::shown).collect();
                let what = format!("{} stacks of yours are running", shown.len());
                let now = "name the process whose stack you mean";
                Err(Trouble::usage(what, shown.join(", "), now).into())
            }
        }
    }

    fn running(&self) -> anyhow::Result<Vec<Attached>> {
        let folder = place::folder();
        let found = place::running(&folder).map_err(|error| {
            let now = "see whose it is, and remove it";
            Trouble::failed("cannot look for stacks that run", error.to_string(), now)
        })?;
        let mut running = Vec::new();
        for (process, stream) in found {
            match Attached::to(stream) {
                Ok(attached) => running.push(attached),
                Err(error) => log::warn!("process {process} cannot be watched: {error}"),
            }
        }
        Ok(running)
    }
}

impl What {
    fn shown(&self) -> String {
        match self {
            What::Running(attached) => {
                let hello = attached.hello();
                format!("{} is {}", hello.process, hello.verb)
            }
            What::Finished(run) => run.path().display().to_string(),
        }
    }
}
