//! What a message carries: bodies of any length that are never whole in memory.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::io::{AsyncRead, ReadBuf};

/// Any body that goes out.
pub type Body = UnsyncBoxBody<Bytes, Box<dyn Error + Send + Sync>>;

/// No body.
pub fn empty() -> Body {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

/// A body that is in memory.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into())
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// The next `len` bytes of `source`, read as they are sent. If there are fewer, the message is cut
/// off, so that the other side cannot take it for whole.
pub fn read_from(source: impl AsyncRead + Unpin + Send + 'static, len: u64) -> Body {
    let source = Box::pin(source);
    let room = BytesMut::new();
    Exactly {
        source,
        left: len,
        room,
    }
    .map_err(Into::into)
    .boxed_unsync()
}

/// The next piece of a body that comes in; `None` at its end.
///
/// # Errors
///
/// The body broke off, or is not what its head promised.
pub async fn next_piece(body: &mut Incoming) -> Result<Option<Bytes>, hyper::Error> {
    loop {
        let Some(frame) = body.frame().await else {
            return Ok(None);
        };
        // Trailers carry nothing that anybody here asks for.
        if let Ok(piece) = frame?.into_data() {
            return Ok(Some(piece));
        }
    }
}

struct Exactly {
    source: Pin<Box<dyn AsyncRead + Send>>,
    left: u64,
    room: BytesMut,
}

impl hyper::body::Body for Exactly {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        if this.left == 0 {
            return Poll::Ready(None);
        }
        let most = usize::try_from(this.left).map_or(PIECE, |left| left.min(PIECE));
        this.room.resize(most, 0);
        let mut buf = ReadBuf::new(&mut this.room);
        if let Err(error) = ready!(this.source.as_mut().poll_read(cx, &mut buf)) {
            return Poll::Ready(Some(Err(error)));
        }
        let len = buf.filled().len();
        if len == 0 {
            let text = format!("the source of the body ended {} bytes too early", this.left);
            let error = io::Error::new(io::ErrorKind::UnexpectedEof, text);
            return Poll::Ready(Some(Err(error)));
        }
        this.left -= len as u64;
        Poll::Ready(Some(Ok(Frame::data(this.room.split_to(len).freeze()))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// How much is read at a time.
const PIECE: usize = 64 * 1024;
