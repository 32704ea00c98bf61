use std::fs::File;

use super::*;
use crate::demo::{Running, Stage};
use crate::namespace::{Link, Mounts};
use crate::net::Clock;
use crate::observe::What as Seen;
use crate::observe::capture::Settings;
use crate::world::{Plan, Wish, open};

/// Both ends in this process; nobody keeps the capture.
fn start() -> Running {
    let plan = Plan::default();
    let wish = Wish::Only(Link::InProcess);
    let stage = Stage {
        is_clean: true,
        world: open(wish, Mounts::Shared, &plan).expect("descriptors"),
        plan,
        seed: 1,
        capture: Settings::default(),
        clock: Clock::new(),
    };
    let nowhere = || {
        let nowhere = File::options().write(true).open("/dev/null");
        nowhere.expect("it is there")
    };
    stage
        .start(nowhere(), nowhere(), None, None)
        .expect("threads")
}

/// Somebody who is busy elsewhere when the first of a download comes.
#[derive(Debug)]
struct Busy(std::sync::Once);

impl Progress for Busy {
    fn reached(&self, phase: &str, _: u64) {
        if phase == "download" {
            self.0
                .call_once(|| std::thread::sleep(Duration::from_secs(1)));
        }
    }
}

#[test]
fn however_slowly_we_read_our_window_stays_open() {
    let running = start();
    let busy = Busy(std::sync::Once::new());
    let journey = Journey {
        network: &running.network,
        seed: 1,
        progress: &busy,
    };
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let visit = runtime
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(async {
            let mut visit = journey.connect(running.remotes[0]).await?;
            visit.download(&journey).await?;
            visit.close(&journey).await
        });
    assert_eq!(visit.expect("it came through").steps.len(), 3);
    let seen = running.end();
    let closed = seen.frames.iter().find(|frame| {
        let window = frame.segment.map(|segment| segment.window);
        matches!(frame.what, Seen::Out { .. }) && window == Some(0)
    });
    assert!(closed.is_none(), "{closed:?}");
}
