//! A script under both stacks.

use std::time::Duration;

use crate::drill::backend::Backend;
use crate::drill::guard::Guards;
use crate::drill::judge::{self, Report, Request};
use crate::drill::outcome::Verdict;
use crate::drill::profile::Profile;
use crate::drill::settings::Settings;
use crate::drill::syntax::{Micros, Script, When};
use crate::namespace::Inside;

use super::Kernel;
use super::verdict::{Difference, judged};

/// What came of it.
#[derive(Debug, Clone)]
pub struct Both {
    pub ours: Report,
    pub kernel: Report,
    pub difference: Difference,
    /// Why the kernel does otherwise, as the script says.
    pub judged: Option<String>,
}

/// Plays a script under our stack and under the kernel's, if it takes no longer than so much.
///
/// # Errors
///
/// The system gives no namespace, or no TUN interface.
pub fn both(
    file: &str,
    text: &str,
    request: &Request,
    inside: &Inside,
    longest: Duration,
) -> std::io::Result<Both> {
    // What guards look for beyond a script is ours alone to keep.
    let strict = Request {
        strict: true,
        guards: Guards::none(),
        ..request.clone()
    };
    let ours = judge::judge(file, text, &strict);
    let liberal = Request {
        strict: false,
        ..strict.clone()
    };
    let kernel = match too_long(text, &strict, longest) {
        Some(lasts) => Report {
            run: skipped(&ours, lasts),
            ..ours.clone()
        },
        None => under_kernel(file, text, &liberal, inside, longest)?,
    };
    let difference = Difference::of(text, &ours, &kernel);
    let judged = judged(text).map(|(_, why)| why.to_owned());
    Ok(Both {
        ours,
        kernel,
        difference,
        judged,
    })
}

fn under_kernel(
    file: &str,
    text: &str,
    request: &Request,
    inside: &Inside,
    longest: Duration,
) -> std::io::Result<Report> {
    let failed = std::cell::RefCell::new(None);
    let maker = |settings: &Settings, profile: Profile| -> Box<dyn Backend> {
        match Kernel::new(inside, settings, longest + SLACK) {
            Ok(kernel) => Box::new(kernel),
            // Whatever the script does then, nobody sees it.
            Err(error) => {
                failed.replace(Some(error));
                judge::ours(settings, profile)
            }
        }
    };
    let report = judge::judge_with(file, text, request, &maker);
    match failed.into_inner() {
        Some(error) => Err(error),
        None => Ok(report),
    }
}

/// How long a script takes at least, if that is longer than so much.
fn too_long(text: &str, request: &Request, longest: Duration) -> Option<Duration> {
    let script = judge::prepare(text, request).ok()?.script;
    let lasts = Duration::from_micros(u64::try_from(lasts(&script)).unwrap_or(0));
    (lasts > longest).then_some(lasts)
}

/// When the last of its events is planned, `*` taking no time.
fn lasts(script: &Script) -> Micros {
    script.events.iter().fold(0, |now, event| match event.when {
        When::At(at) | When::Between(_, at) => at.max(now),
        When::After(by) | When::AfterBetween(_, by) => now + by,
        When::Any => now,
    })
}

fn skipped(ours: &Report, lasts: Duration) -> crate::drill::outcome::Run {
    crate::drill::outcome::Run {
        verdict: Verdict::Skip,
        reason: None,
        skip: vec![format!("real-time:{} s", lasts.as_secs())],
        ..ours.run.clone()
    }
}

/// Beyond what a script takes by its plan.
const SLACK: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
