//! What the demonstration's server has to offer: a page, a body to download, a place to upload to.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, ReadBuf};

use crate::base::Seed;
use crate::base::random::Random;
use crate::http::body::{full, next_piece, read_from};
use crate::http::{Body, Ends, Handler};

/// The site. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Site {
    seed: u64,
    /// Made when it is first asked for.
    digest: Arc<OnceLock<String>>,
}

impl Site {
    /// The site whose large body is drawn from `seed`.
    pub fn new(seed: u64) -> Site {
        Site {
            seed,
            digest: Arc::default(),
        }
    }

    /// The SHA-256 of the large body, in hexadecimal.
    fn digest(&self) -> &str {
        self.digest
            .get_or_init(|| Noise::new(self.seed).digest(BODY_LEN))
    }
}

impl Handler for Site {
    async fn answer(&self, _: Ends, request: Request<Incoming>) -> Response<Body> {
        let is_get = matches!(*request.method(), Method::GET | Method::HEAD);
        match request.uri().path() {
            "/" if is_get => {
                let mut response = Response::new(full(PAGE));
                let html = HeaderValue::from_static("text/html; charset=utf-8");
                response.headers_mut().insert(CONTENT_TYPE, html);
                with_digest(response, &Sum::of(PAGE.as_bytes()))
            }
            BODY if is_get => {
                let noise = Noise::new(self.seed);
                with_digest(Response::new(read_from(noise, BODY_LEN)), self.digest())
            }
            UPLOAD if *request.method() == Method::POST => take(request.into_body()).await,
            "/" | BODY | UPLOAD => refuse(StatusCode::METHOD_NOT_ALLOWED),
            _ => refuse(StatusCode::NOT_FOUND),
        }
    }
}

/// Reads a body to its end and says what it was.
async fn take(mut body: Incoming) -> Response<Body> {
    let mut sum = Sum::default();
    loop {
        match tokio::time::timeout(PATIENCE, next_piece(&mut body)).await {
            Ok(Ok(Some(piece))) => sum.add(&piece),
            Ok(Ok(None)) => break,
            // Nobody may be left to read this.
            Ok(Err(_)) => return refuse(StatusCode::BAD_REQUEST),
            Err(_) => return refuse(StatusCode::REQUEST_TIMEOUT),
        }
    }
    let text = format!("{} bytes came\n", sum.len);
    let mut response = Response::new(full(text));
    *response.status_mut() = StatusCode::CREATED;
    with_digest(response, &sum.hex())
}

fn with_digest(mut response: Response<Body>, digest: &str) -> Response<Body> {
    // Hexadecimal digits may stand in any field.
    if let Ok(value) = HeaderValue::from_str(digest) {
        response.headers_mut().insert(DIGEST, value);
    }
    response
}

fn refuse(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(full(format!("{status}\n")));
    *response.status_mut() = status;
    response
}

/// A SHA-256 in the making, and how many bytes went in.
#[derive(Debug, Clone, Default)]
pub struct Sum {
    hash: Sha256,
    /// Bytes so far.
    pub len: u64,
}

impl Sum {
    /// Takes more bytes in.
    pub fn add(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.len += bytes.len() as u64;
    }

    /// The sum so far, in hexadecimal.
    pub fn hex(&self) -> String {
        let digest = self.hash.clone().finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn of(bytes: &[u8]) -> String {
        let mut sum = Sum::default();
        sum.add(bytes);
        sum.hex()
    }
}

/// Bytes without a pattern, so that a byte in the wrong place is noticed; endless.
#[derive(Debug)]
pub struct Noise {
    random: Random,
}

impl Noise {
    /// The noise that belongs to a seed.
    pub fn new(seed: u64) -> Noise {
        Noise {
            random: Random::new(Seed::from_number(seed)),
        }
    }

    /// The SHA-256 of the next `len` bytes, in hexadecimal.
    pub fn digest(&mut self, len: u64) -> String {
        let mut sum = Sum::default();
        let mut piece = [0; 1 << 14];
        let mut left = len;
        while left > 0 {
            let next = usize::try_from(left).map_or(piece.len(), |left| left.min(piece.len()));
            self.fill(&mut piece[..next]);
            sum.add(&piece[..next]);
            left -= next as u64;
        }
        sum.hex()
    }

    /// The next bytes. A length that is a multiple of eight goes on where the last ended.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        for word in bytes.chunks_mut(8) {
            let fresh = self.random.next_u64().to_le_bytes();
            word.copy_from_slice(&fresh[..word.len()]);
        }
    }
}

impl AsyncRead for Noise {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let room = buf.initialize_unfilled();
        let whole = room.len() - room.len() % 8;
        let len = if whole == 0 { room.len() } else { whole };
        self.fill(&mut room[..len]);
        buf.advance(len);
        Poll::Ready(Ok(()))
    }
}

/// The page at `/`.
const PAGE: &str = "<!doctype html>
<title>pellucid</title>
<h1>It came through</h1>
<p>Every packet that brought this page was made or taken in by a TCP/IP stack that says why.
";

/// Where the large body is.
pub const BODY: &str = "/body";
/// Where one can be sent to.
pub const UPLOAD: &str = "/upload";
/// 10 MiB.
pub const BODY_LEN: u64 = 10 << 20;
/// The field in which the server says what it sent or took in: SHA-256, in hexadecimal.
pub const DIGEST: &str = "x-sha256";

/// How long an upload may stand still.
const PATIENCE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests;
