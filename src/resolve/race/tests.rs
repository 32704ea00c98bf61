use std::sync::{Arc, Mutex};

use ::tokio::time::Instant;

use super::*;

fn at(port: u16) -> SocketAddr {
    ([192, 0, 2, 1], port).into()
}

/// Races where a port says after how many milliseconds it lets in, or with an odd number fails.
/// Who was tried is noted, with the time.
async fn raced(ports: &[u16]) -> (Result<u16, Option<u16>>, Vec<(u16, Duration)>) {
    let begun = Instant::now();
    let tried = Arc::new(Mutex::new(Vec::new()));
    let addresses: Vec<_> = ports.iter().map(|port| at(*port)).collect();
    let ended = race(&addresses, |address| {
        let port = address.port();
        tried
            .lock()
            .expect("no panic")
            .push((port, begun.elapsed()));
        async move {
            sleep(Duration::from_millis(port.into())).await;
            match port % 2 {
                0 => Ok(port),
                _ => Err(port),
            }
        }
    });
    let ended = ended.await.map_err(|failed| failed.map(|(_, port)| port));
    let tried = tried.lock().expect("no panic").clone();
    (ended, tried)
}

fn after(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

#[::tokio::test(start_paused = true)]
async fn the_first_has_a_quarter_of_a_second_for_itself() {
    let (ended, tried) = raced(&[100, 10]).await;
    assert_eq!((ended, tried), (Ok(100), vec![(100, after(0))]));
    // Slower, and the next is tried beside it; whoever is first is taken.
    let (ended, tried) = raced(&[1000, 10]).await;
    assert_eq!(ended, Ok(10));
    assert_eq!(tried, [(1000, after(0)), (10, after(250))]);
    let (ended, _) = raced(&[300, 1000]).await;
    assert_eq!(ended, Ok(300));
}

#[::tokio::test(start_paused = true)]
async fn the_next_is_tried_as_soon_as_one_has_failed() {
    let (ended, tried) = raced(&[31, 20]).await;
    assert_eq!(ended, Ok(20));
    assert_eq!((tried[1].0, tried[1].1.as_millis() / 10), (20, 3));
    let (ended, tried) = raced(&[31, 41, 51]).await;
    assert_eq!(ended, Err(Some(51)));
    assert_eq!(tried.len(), 3);
    assert_eq!(raced(&[]).await.0, Err(None));
}
