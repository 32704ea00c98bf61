//! A wire between two TUN interfaces, with delay and loss: what a network does, made by ourselves.
//!
//! ```text
//! cargo run --release --example wire -- NAME NAME [delay in µs] [loss in percent] [seed]
//! ```
//!
//! It makes both interfaces and carries packets between them, each way, until it is killed. Either
//! interface may be moved to another network namespace meanwhile. Each packet is lost with the same
//! probability, whatever became of the one before it, and none overtakes another.

use std::collections::VecDeque;
use std::error::Error;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use pellucid::base::{Pieces, Random, Seed, Transmit};
use pellucid::device::{Device, RxBuffer, Tun};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [a, b, numbers @ ..] = arguments.as_slice() else {
        return Err("usage: wire NAME NAME [delay in µs] [loss in percent] [seed]".into());
    };
    let number = |at: usize| numbers.get(at).map_or(Ok(0.0), |text| text.parse::<f64>());
    let delay = Duration::try_from_secs_f64(number(0)? / 1e6)?;
    let loss = number(1)?;
    if !(0.0..=100.0).contains(&loss) {
        return Err(format!("a loss of {loss} percent; it must be 0 to 100").into());
    }
    let seed = number(2)? as u64;

    let (a, b) = (Arc::new(Tun::open(a)?), Arc::new(Tun::open(b)?));
    let ways = [(a.clone(), b.clone(), seed * 2), (b, a, seed * 2 + 1)];
    let ways = ways.map(|(from, to, seed)| {
        let way = Way {
            from,
            to,
            delay,
            // As many of 2^32 as the loss has of 100.
            lost_below: (loss / 100.0 * f64::from(u32::MAX)) as u32,
            random: Random::new(Seed::from_number(seed)),
            waiting: VecDeque::new(),
        };
        thread::spawn(move || way.run())
    });
    for way in ways {
        way.join().map_err(|_| "a way panicked")??;
    }
    Ok(())
}

/// One direction.
struct Way {
    from: Arc<Tun>,
    to: Arc<Tun>,
    delay: Duration,
    lost_below: u32,
    random: Random,
    /// Packets, and when each of them arrives.
    waiting: VecDeque<(Instant, Vec<u8>)>,
}

impl Way {
    fn run(mut self) -> std::io::Result<()> {
        let mut batch = RxBuffer::new();
        loop {
            batch.clear();
            while batch.has_room() && self.from.receive(&mut batch)?.is_some() {}
            let now = Instant::now();
            for packet in batch.packets() {
                if self.random.next_u32() >= self.lost_below {
                    self.waiting
                        .push_back((now + self.delay, packet.bytes.to_vec()));
                }
            }
            while let Some((_, packet)) = self.waiting.pop_front_if(|(due, _)| *due <= now) {
                self.to.transmit(&Transmit::plain(&packet, Pieces::EMPTY))?;
            }
            if batch.packets().len() == 0 {
                self.sleep()?;
            }
        }
    }

    /// Until a packet comes, or the next one arrives.
    fn sleep(&self) -> std::io::Result<()> {
        let Some(file) = self.from.poll_fd() else {
            return Ok(());
        };
        let due = self.waiting.front().map(|(due, _)| *due);
        let timeout = due.map(|due| due.saturating_duration_since(Instant::now()));
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        poll(
            &mut [PollFd::from_borrowed_fd(file, PollFlags::IN)],
            timeout.as_ref(),
        )?;
        Ok(())
    }
}
