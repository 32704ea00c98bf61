//! Which of several addresses is taken: the first that lets us in (RFC 8305).

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use ::tokio::task::JoinSet;
use ::tokio::time::sleep;

/// Connects to one address after another, each begun [`ATTEMPT_DELAY`] after the one before or as
/// soon as that has failed, and returns the first connection; the others are given up.
///
/// # Errors
///
/// The failure of the last that failed if all did; `None` if there was none to try.
pub async fn race<T, E, F>(
    addresses: &[SocketAddr],
    mut connect: impl FnMut(SocketAddr) -> F,
) -> Result<T, Option<(SocketAddr, E)>>
where
    T: Send + 'static,
    E: Send + 'static,
    F: Future<Output = Result<T, E>> + Send + 'static,
{
    let mut rest = addresses.iter().copied();
    let mut racing = JoinSet::new();
    let mut failed = None;
    loop {
        let next = rest.next();
        if let Some(address) = next {
            let attempt = connect(address);
            racing.spawn(async move { attempt.await.map_err(|error| (address, error)) });
        }
        let come = async {
            // A task that panics takes its attempt with it, and no more.
            match racing.join_next().await {
                Some(ended) => ended.ok(),
                None => None,
            }
        };
        let ended = match next {
            Some(_) => ::tokio::select! {
                ended = come => ended,
                () = sleep(ATTEMPT_DELAY), if rest.len() > 0 => continue,
            },
            None => come.await,
        };
        match ended {
            Some(Ok(connected)) => return Ok(connected),
            Some(Err(error)) => failed = Some(error),
            None => {}
        }
        if racing.is_empty() && rest.len() == 0 {
            return Err(failed);
        }
    }
}

/// How long an attempt has the field for itself (RFC 8305 section 5).
pub const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests;
