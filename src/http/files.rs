//! Files of one directory and what is below it, and nothing else of the machine.
//!
//! tower-http answers: content types, ranges, ETags and conditions (RFC 9110), `index.html`. Which
//! bytes it may have is decided here. The kernel itself resolves every path beneath the directory
//! (`openat2` with `RESOLVE_BENEATH`), so that no `..` and no symbolic link leads out, whatever is
//! renamed meanwhile. Hidden files and what is no regular file do not exist.

use std::fs::{File as StdFile, Metadata};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response};
use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};
use tower::ServiceExt;
use tower_http::services::fs::{Backend, DefaultServeDirFallback, File, ServeDir};

use super::body::full;
use super::{Body, Ends, Handler};

/// Serves the files of one directory.
#[derive(Debug, Clone)]
pub struct Files(ServeDir<DefaultServeDirFallback, Beneath>);

impl Files {
    /// Of the directory `root`, which stays the one that it is now, wherever it is moved.
    ///
    /// # Errors
    ///
    /// It is no directory, may not be read, or the kernel is older than Linux 5.6.
    pub fn new(root: &Path) -> io::Result<Files> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let beneath = Beneath(Arc::new(rustix::fs::open(root, flags, Mode::empty())?));
        beneath.find(Path::new("."), OFlags::RDONLY)?;
        let service = ServeDir::with_backend("", beneath)
            // RFC 9110 section 14.2: a server may ignore Range; several ranges at once are not
            // worth their cost.
            .ignore_multi_range_requests(true);
        Ok(Files(service))
    }
}

impl Handler for Files {
    async fn answer(&self, _: Ends, request: Request<Incoming>) -> Response<Body> {
        let response = match self.0.clone().oneshot(request).await {
            Ok(response) => response.map(|body| body.map_err(Into::into).boxed_unsync()),
            Err(never) => match never {},
        };
        let status = response.status();
        if !(status.is_client_error() || status.is_server_error()) {
            return response;
        }
        let (mut head, _) = response.into_parts();
        head.headers.remove(CONTENT_LENGTH);
        let plain = HeaderValue::from_static("text/plain");
        head.headers.insert(CONTENT_TYPE, plain);
        Response::from_parts(head, full(format!("{status}\n")))
    }
}

/// The part of the file system below one directory.
#[derive(Debug, Clone)]
struct Beneath(Arc<OwnedFd>);

impl Beneath {
    fn find(&self, path: &Path, flags: OFlags) -> io::Result<StdFile> {
        let hidden = |part: Component<'_>| match part {
            Component::Normal(name) => name.as_encoded_bytes().starts_with(b"."),
            _ => false,
        };
        if path.components().any(hidden) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let flags = flags | OFlags::CLOEXEC;
        let within = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        match rustix::fs::openat2(&*self.0, path, flags, Mode::empty(), within) {
            Ok(file) => Ok(StdFile::from(file)),
            // What lies outside is not there, and a socket is no file.
            Err(Errno::XDEV | Errno::LOOP | Errno::NXIO) => Err(io::ErrorKind::NotFound.into()),
            Err(errno) => Err(errno.into()),
        }
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        servable(self.find(path, OFlags::PATH)?.metadata()?)
    }

    fn open(&self, path: &Path) -> io::Result<StdFile> {
        // A pipe without a writer would not open else, nor a terminal leave us alone.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = self.find(path, flags)?;
        servable(file.metadata()?)?;
        Ok(file)
    }
}

/// A device, a pipe or a socket is not there.
fn servable(metadata: Metadata) -> io::Result<Metadata> {
    if metadata.is_file() || metadata.is_dir() {
        return Ok(metadata);
    }
    Err(io::ErrorKind::NotFound.into())
}

type Later<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

impl Backend for Beneath {
    type File = OpenFile;
    type Metadata = Metadata;
    type OpenFuture = Later<OpenFile>;
    type MetadataFuture = Later<Metadata>;

    fn open(&self, path: PathBuf) -> Later<OpenFile> {
        let beneath = self.clone();
        Box::pin(async move {
            let opened = tokio::task::spawn_blocking(move || beneath.open(&path));
            Ok(OpenFile(tokio::fs::File::from_std(opened.await??)))
        })
    }

    fn metadata(&self, path: PathBuf) -> Later<Metadata> {
        let beneath = self.clone();
        Box::pin(async move { tokio::task::spawn_blocking(move || beneath.metadata(&path)).await? })
    }
}

/// A file that is being sent.
struct OpenFile(tokio::fs::File);

impl File for OpenFile {
    type Metadata = Metadata;
    type MetadataFuture<'a> = Pin<Box<dyn Future<Output = io::Result<Metadata>> + Send + 'a>>;

    fn metadata(&self) -> Self::MetadataFuture<'_> {
        Box::pin(self.0.metadata())
    }
}

impl AsyncRead for OpenFile {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncSeek for OpenFile {
    fn start_seek(mut self: Pin<&mut Self>, position: io::SeekFrom) -> io::Result<()> {
        Pin::new(&mut self.0).start_seek(position)
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Pin::new(&mut self.0).poll_complete(cx)
    }
}

#[cfg(test)]
mod tests;
