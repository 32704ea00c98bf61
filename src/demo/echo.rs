//! The echo protocol: whatever comes goes back (RFC 862).

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncWriteExt, copy, split};
use tokio::sync::Semaphore;

use crate::http::Listener;

/// Echoes to whoever connects, until the listener is gone.
///
/// # Errors
///
/// Those of the listener.
pub async fn echo(listener: impl Listener) -> io::Result<()> {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        // It is never closed; and while there is no room, others wait in the backlog.
        let permit = room.clone().acquire_owned().await;
        let (stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            let _permit = permit;
            let (mut from, mut to) = split(stream);
            // How a stranger's connection ended is his affair. His FIN is answered by ours.
            let _ = copy(&mut from, &mut to).await;
            let _ = to.shutdown().await;
        });
    }
}

/// How many are served at a time.
const CONNECTIONS_MAX: usize = 256;
