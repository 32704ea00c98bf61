use std::fs;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use ::tokio::io::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};

use super::*;

/// What makes a certificate another one.
type Change = fn(&mut CertificateParams);

/// An authority, and certificates of its own and of others, in a folder that is gone in the end.
struct Papers(PathBuf);

impl Papers {
    fn new() -> Papers {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("pellucid-tls-{}-{number}", std::process::id());
        let papers = Papers(std::env::temp_dir().join(name));
        fs::create_dir(&papers.0).expect("room");
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "authority");
        let key = KeyPair::generate().expect("a key");
        let authority = CertifiedIssuer::self_signed(params, key).expect("an authority");
        papers.write("ca.pem", &authority.pem());
        let leaf = |change: Change| {
            let names = vec!["www.test".to_owned(), "192.0.2.1".to_owned()];
            let mut params = CertificateParams::new(names).expect("names");
            change(&mut params);
            (params, KeyPair::generate().expect("a key"))
        };
        let kinds: [(&str, Change); 3] = [
            ("good", |_| {}),
            ("old", |params| params.not_after = date_time_ymd(2001, 1, 1)),
            ("early", |params| {
                params.not_before = date_time_ymd(2999, 1, 1)
            }),
        ];
        for (name, change) in kinds {
            let (params, key) = leaf(change);
            let signed = params.signed_by(&key, &authority).expect("signed");
            papers.write(&format!("{name}.pem"), &signed.pem());
            papers.write(&format!("{name}.key"), &key.serialize_pem());
        }
        let (params, key) = leaf(|_| {});
        let own = params.self_signed(&key).expect("signed");
        papers.write("self.pem", &own.pem());
        papers.write("self.key", &key.serialize_pem());
        papers
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("room");
    }

    fn server(&self, name: &str) -> Server {
        let [certificate, key] = ["pem", "key"].map(|end| self.path(&format!("{name}.{end}")));
        Server::from_files(&certificate, &key, &["http/1.1"]).expect("a server")
    }

    fn client(&self) -> Client {
        let trust = Trust::Only(vec![self.path("ca.pem")]);
        Client::new(&trust, &["h2", "http/1.1"]).expect("a client")
    }
}

impl Drop for Papers {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A stream that gives one octet at a time.
struct Dripping(DuplexStream);

impl AsyncRead for Dripping {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut octet = [0];
        let mut room = ReadBuf::new(&mut octet);
        ready!(Pin::new(&mut self.0).poll_read(cx, &mut room))?;
        buf.put_slice(room.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Dripping {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        text: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, text)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// A server at the other end of a pipe, which sends back what it hears.
fn echo(server: &Server, room: usize) -> DuplexStream {
    let (near, far) = duplex(room);
    let mut stream = server.open(Dripping(far)).expect("room");
    ::tokio::spawn(async move {
        let mut text = [0; 1000];
        while let Ok(len @ 1..) = stream.read(&mut text).await {
            stream.write_all(&text[..len]).await?;
            stream.flush().await?;
        }
        stream.shutdown().await
    });
    near
}

/// How a handshake for `host` with the server of that certificate ends.
async fn refused(papers: &Papers, certificate: &str, host: &str) -> Error {
    let near = echo(&papers.server(certificate), 4096);
    let connected = papers.client().connect(host, near).await;
    connected.map(|_| ()).expect_err("it is refused")
}

#[::tokio::test]
async fn both_sides_agree_and_what_is_said_comes_back() {
    let papers = Papers::new();
    let (server, client) = (papers.server("good"), papers.client());
    for (host, room) in [("www.test", 4096), ("192.0.2.1", 4096), ("www.test", 64)] {
        let near = Dripping(echo(&server, room));
        let (mut stream, agreed) = client.connect(host, near).await.expect("agreed");
        assert_eq!(agreed.version, "TLS 1.3");
        assert!(agreed.suite.starts_with("TLS_"), "{agreed}");
        assert_eq!(agreed.protocol.as_deref(), Some("http/1.1"));
        stream.write_all(b"over and over").await.expect("room");
        stream.flush().await.expect("room");
        let mut back = [0; 13];
        stream.read_exact(&mut back).await.expect("the echo");
        assert_eq!(&back, b"over and over");
        // The end is announced both ways.
        stream.shutdown().await.expect("room");
        assert_eq!(stream.read(&mut back).await.expect("an orderly end"), 0);
    }
}

#[::tokio::test]
async fn a_second_handshake_goes_on_with_the_session() {
    let papers = Papers::new();
    let (server, client) = (papers.server("good"), papers.client());
    let mut resumed = Vec::new();
    for _ in 0..2 {
        let near = echo(&server, 4096);
        let (mut stream, agreed) = client.connect("www.test", near).await.expect("agreed");
        // The ticket comes behind the handshake, before the first answer.
        stream.write_all(b"x").await.expect("room");
        stream.flush().await.expect("room");
        stream.read_u8().await.expect("the echo");
        resumed.push(agreed.resumed);
    }
    assert_eq!(resumed, [false, true]);
}

#[::tokio::test]
async fn what_is_wrong_with_a_certificate_is_named() {
    let papers = Papers::new();
    let certificate = |error: Error| match error {
        Error::Certificate(refusal) => refusal,
        other => panic!("about the certificate: {other}"),
    };
    let refusal = certificate(refused(&papers, "good", "other.test").await);
    assert!(
        matches!(&refusal, Refusal::OtherName(names) if names[0] == "www.test"),
        "{refusal:?}"
    );
    let refusal = certificate(refused(&papers, "old", "www.test").await);
    assert_eq!(refusal, Refusal::Expired);
    let refusal = certificate(refused(&papers, "early", "www.test").await);
    assert_eq!(refusal, Refusal::NotYet);
    let refusal = certificate(refused(&papers, "self", "www.test").await);
    assert_eq!(refusal, Refusal::UnknownIssuer);
    // Whoever trusts anyone takes it all.
    let anyone = Client::new(&Trust::Anyone, &[]).expect("a client");
    for name in ["old", "self"] {
        let near = echo(&papers.server(name), 4096);
        anyone.connect("other.test", near).await.expect("agreed");
    }
    let error = anyone.connect("no name", duplex(64).0).await.map(|_| ());
    assert!(matches!(error, Err(Error::Name(_))), "{error:?}");
}

#[::tokio::test]
async fn an_end_that_is_not_announced_is_an_error() {
    let papers = Papers::new();
    let (near, far) = duplex(4096);
    let mut server = papers.server("good").open(far).expect("room");
    let serving = ::tokio::spawn(async move {
        let first = server.read_u8().await;
        server.write_all(b"half of").await.expect("room");
        server.flush().await.expect("room");
        // Dropped without a word.
        first
    });
    let (mut stream, _) = papers
        .client()
        .connect("www.test", near)
        .await
        .expect("agreed");
    stream.write_all(b"x").await.expect("room");
    stream.flush().await.expect("room");
    let mut text = Vec::new();
    let error = stream.read_to_end(&mut text).await.expect_err("cut");
    assert_eq!(
        (error.kind(), &text[..]),
        (ErrorKind::UnexpectedEof, &b"half of"[..])
    );
    serving.await.expect("no panic").expect("read");
}

#[::tokio::test]
async fn what_is_no_tls_and_who_hangs_up_are_told_apart() {
    let papers = Papers::new();
    for (answer, check) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], "no TLS"),
        (b"", "closed the connection"),
        // An alert: fatal, handshake_failure.
        (b"\x15\x03\x03\0\x02\x02\x28", "handshake_failure"),
    ] {
        let (near, mut far) = duplex(4096);
        ::tokio::spawn(async move {
            let mut hello = [0; 5];
            far.read_exact(&mut hello).await?;
            far.write_all(answer).await
        });
        let error = papers.client().connect("www.test", near).await.map(|_| ());
        let error = error.expect_err("no handshake").to_string();
        assert!(error.contains(check), "{check}: {error}");
    }
}

#[::tokio::test(start_paused = true)]
async fn a_peer_that_says_nothing_is_given_up() {
    let papers = Papers::new();
    let (near, _far) = duplex(4096);
    let error = papers.client().connect("www.test", near).await.map(|_| ());
    assert!(matches!(error, Err(Error::Late)), "{error:?}");
    let (_near, far) = duplex(4096);
    let mut stream = papers.server("good").open(far).expect("room");
    let error = stream.read_u8().await.expect_err("given up");
    assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
}

#[::tokio::test]
async fn too_many_handshakes_at_a_time_are_refused_until_some_are_over() {
    let papers = Papers::new();
    let server = papers.server("good");
    let mut open: Vec<_> = (0..256).map(|_| server.open(duplex(64).1)).collect();
    assert!(open.iter().all(Result::is_ok));
    assert!(matches!(server.open(duplex(64).1), Err(Error::Crowded)));
    open.pop();
    assert!(server.open(duplex(64).1).is_ok());
}

#[::tokio::test]
async fn secrets_are_handed_on_as_key_logs_have_them() {
    let papers = Papers::new();
    let lines = Arc::new(Mutex::new(String::new()));
    let kept = lines.clone();
    let keys = Keys::new(move |line| kept.lock().expect("no panic").push_str(line));
    let trust = Trust::Only(vec![papers.path("ca.pem")]);
    let client = Client::new(&trust, &[]).expect("a client");
    let client = client.with_keys(Some(keys));
    let near = echo(&papers.server("good"), 4096);
    client.connect("www.test", near).await.expect("agreed");
    let lines = lines.lock().expect("no panic").clone();
    let labels: Vec<_> = lines
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    for label in ["CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_TRAFFIC_SECRET_0"] {
        assert!(labels.contains(&label), "{labels:?}");
    }
    for line in lines.lines() {
        let parts: Vec<_> = line.split(' ').collect();
        assert_eq!((parts.len(), parts[1].len()), (3, 64), "{line}");
        assert!(parts[2].len() >= 64 && parts[2].bytes().all(|c| c.is_ascii_hexdigit()));
    }
}

#[test]
fn files_that_are_of_no_use_are_named() {
    let papers = Papers::new();
    papers.write("text", "no certificate\n");
    let [good, key, text, none] = ["good.pem", "good.key", "text", "none"].map(|n| papers.path(n));
    let other = papers.path("old.key");
    for (certificate, key, word) in [
        (&text, &key, "no certificate in PEM"),
        (&none, &key, "No such file"),
        (&good, &text, "no private key in PEM"),
        (&good, &none, "No such file"),
        (&good, &other, "old.key"),
    ] {
        let error = Server::from_files(certificate, key, &[]).expect_err("of no use");
        assert!(error.to_string().contains(word), "{word}: {error}");
    }
    let trust = Trust::Only(vec![text]);
    let error = Client::new(&trust, &[]).expect_err("of no use");
    assert!(
        error.to_string().contains("no certificate in PEM"),
        "{error}"
    );
}
