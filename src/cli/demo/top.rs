//! The demonstration as `top` shows it: live while it goes, and played when it is over.

use std::thread;

use anyhow::Context;

use crate::cli::signals::Signals;
use crate::cli::top::{NO_SCREEN, is_on_terminal, live, played};
use crate::cli::trouble::Trouble;
use crate::live::top::{Display, Left, NoReport, Shown};
use crate::live::watch;
use crate::net::Network;
use crate::runs::Finished;

/// Whether there is a terminal to show it on.
pub fn check() -> Result<(), Trouble> {
    match is_on_terminal() {
        true => Ok(()),
        false => Err(Trouble::usage(
            "--top needs a terminal",
            "standard input or standard output is none, so there is no screen and no key",
            "leave --top away, and see the run afterwards: pellucid top latest --plain",
        )),
    }
}

/// Shows `network` while `travel` is under way. What came of it, and the terminal, if nobody has
/// left: who leaves early is called `left`, and the travel goes on.
pub fn show<T: Send>(
    network: &Network,
    link: &str,
    travel: impl FnOnce() -> T + Send,
    left: impl FnOnce(),
) -> anyhow::Result<(T, Option<Display>)> {
    let shown = Shown {
        report: Box::new(NoReport(
            "no report yet: the demo writes it when it is over",
        )),
        ..live(watch(network, "demo", link)?)?
    };
    let mut display = Display::open().context(NO_SCREEN)?;
    thread::scope(|scope| {
        let travelling = scope.spawn(travel);
        let ended = display.show(shown, || travelling.is_finished());
        let display = match ended {
            Ok(Left::Over) => Some(display),
            Ok(Left::ByKey) | Err(_) => {
                drop(display);
                left();
                None
            }
        };
        let travelled = travelling.join();
        ended.context(NO_SCREEN)?;
        match travelled {
            Ok(travelled) => Ok((travelled, display)),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Plays the run that this has become until somebody leaves.
pub fn play(mut display: Display, run: &Finished, signals: &Signals) -> anyhow::Result<()> {
    let shown = Shown {
        note: "the demo is over: [space] plays it again, [q] leaves and tells the story".into(),
        ..played(run)?
    };
    let ended = display.show(shown, || signals.came().is_some());
    ended.context(NO_SCREEN)?;
    Ok(())
}
