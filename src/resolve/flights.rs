//! Questions that are being answered, one of a kind: whoever asks the same waits for the same
//! answer, so nobody can make us ask a thing often at once (RFC 5452 section 5).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::tokio::sync::watch;
use ::tokio::time::Instant;
use hickory_resolver::proto::rr::{Name, RecordType};

use super::lookup::{Answer, Error, Resolver};

/// What a question came to.
pub(super) type Found = Arc<Result<Answer, Error>>;

type Key = (Name, RecordType);

/// All that is on its way, and what failed a moment ago.
#[derive(Clone)]
pub(super) struct Flights {
    resolver: Resolver,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    waiting: HashMap<Key, watch::Receiver<Option<Found>>>,
    failed: HashMap<Key, (Instant, Found)>,
}

impl State {
    /// Keeps a failure, if there is room for it beside those that still count.
    fn fail(&mut self, key: Key, found: Found) {
        let now = Instant::now();
        self.failed.retain(|_, (until, _)| *until > now);
        if self.failed.len() < FAILED_MAX {
            self.failed.insert(key, (now + FAILED_FOR, found));
        }
    }
}

impl Flights {
    pub fn new(resolver: Resolver) -> Flights {
        Flights {
            resolver,
            state: Arc::default(),
        }
    }

    /// Finds records; `None`: there is too much to do already.
    pub async fn find(&self, name: &Name, kind: RecordType) -> Option<Found> {
        let mut answer = self.board((name.to_lowercase(), kind))?;
        // If whoever asks for all of them dies, there will be no answer.
        let found = answer.wait_for(Option::is_some).await.ok()?;
        found.clone()
    }

    /// Joins whoever waits for the same, or begins.
    fn board(&self, key: Key) -> Option<watch::Receiver<Option<Found>>> {
        let mut state = self.state();
        if let Some(waiting) = state.waiting.get(&key) {
            return Some(waiting.clone());
        }
        if let Some((until, found)) = state.failed.get(&key)
            && *until > Instant::now()
        {
            return Some(watch::channel(Some(found.clone())).1);
        }
        if state.waiting.len() >= FLIGHTS_MAX {
            return None;
        }
        let (done, waiting) = watch::channel(None);
        state.waiting.insert(key.clone(), waiting.clone());
        drop(state);
        let flights = self.clone();
        ::tokio::spawn(async move {
            let (name, kind) = (key.0.to_ascii(), key.1);
            let found = Arc::new(flights.resolver.lookup(&name, kind).await);
            let mut state = flights.state();
            state.waiting.remove(&key);
            if matches!(&*found, Err(error) if !error.is_an_answer()) {
                state.fail(key, found.clone());
            }
            drop(state);
            // Nobody may wait any more.
            let _ = done.send(Some(found));
        });
        Some(waiting)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many questions may be on their way.
const FLIGHTS_MAX: usize = 256;

/// For how long a failure is the answer: at most five minutes (RFC 2308 section 7).
const FAILED_FOR: Duration = Duration::from_secs(5);

/// How many failures are remembered.
const FAILED_MAX: usize = 1024;
