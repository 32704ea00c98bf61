use http_body_util::BodyExt;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, duplex};

use super::*;
use crate::http::client::Connection;

/// Asks the site, over a pipe in memory.
async fn ask(method: Method, path: &str, body: Body) -> (u16, String, Vec<u8>) {
    let (near, far) = duplex(1 << 16);
    let site = Site::new(7);
    let service = service_fn(move |request| {
        let site = site.clone();
        async move {
            let ends = Ends {
                local: "192.0.2.2:80".parse().expect("an address"),
                peer: "192.0.2.1:4000".parse().expect("an address"),
            };
            Ok::<_, std::convert::Infallible>(site.answer(ends, request).await)
        }
    });
    let mut builder = http1::Builder::new();
    builder.header_read_timeout(None);
    tokio::spawn(builder.serve_connection(TokioIo::new(far), service));
    let mut connection = Connection::over(near, PATIENCE).await.expect("open");
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = path.parse().expect("a path");
    let host = HeaderValue::from_static("example");
    request.headers_mut().insert("host", host);
    let response = connection.send(request).await.expect("an answer");
    let status = response.status().as_u16();
    let digest = response.headers().get(DIGEST);
    let digest = digest.map(|value| value.to_str().expect("of ASCII").to_owned());
    let body = response.into_body().collect().await.expect("a whole body");
    (status, digest.unwrap_or_default(), body.to_bytes().to_vec())
}

fn nothing() -> Body {
    crate::http::body::empty()
}

#[tokio::test]
async fn what_is_served_is_what_its_digest_says() {
    for path in ["/", BODY] {
        let (status, digest, body) = ask(Method::GET, path, nothing()).await;
        assert_eq!((status, &digest), (200, &Sum::of(&body)), "{path}");
    }
    let (_, _, body) = ask(Method::GET, BODY, nothing()).await;
    assert_eq!(body.len() as u64, BODY_LEN);
}

#[tokio::test]
async fn what_is_taken_is_counted_and_summed() {
    let text = vec![b'x'; 100_000];
    let (status, digest, answer) = ask(Method::POST, UPLOAD, full(text.clone())).await;
    assert_eq!((status, digest), (201, Sum::of(&text)));
    assert_eq!(answer, b"100000 bytes came\n");
}

#[tokio::test]
async fn everything_else_is_refused() {
    for (method, path, status) in [
        (Method::GET, "/nothing", 404),
        (Method::GET, UPLOAD, 405),
        (Method::POST, "/", 405),
        (Method::DELETE, BODY, 405),
    ] {
        assert_eq!(ask(method, path, nothing()).await.0, status);
    }
}

#[tokio::test]
async fn noise_is_the_same_however_it_is_read() {
    let mut whole = [0; 4096];
    Noise::new(7).fill(&mut whole);
    let mut pieces = Vec::new();
    let mut noise = Noise::new(7);
    for len in [8, 16, 1000, 3072] {
        let mut piece = vec![0; len];
        noise.read_exact(&mut piece).await.expect("endless");
        pieces.extend(piece);
    }
    assert_eq!(pieces, whole);
    assert_eq!(Noise::new(7).digest(4096), Sum::of(&whole));
    assert_ne!(Noise::new(8).digest(4096), Sum::of(&whole));
}
