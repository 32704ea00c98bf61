//! Against peers that say what they were told to, over a pipe in memory.

use hyper::header::HOST;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::super::body;
use super::*;

const PATIENCE: Duration = Duration::from_secs(60);

/// A server that reads one head, says `answer` and closes.
async fn server_saying(answer: impl Into<Vec<u8>>) -> Connection {
    let (near, mut far) = duplex(BUFFER_MAX);
    let answer = answer.into();
    tokio::spawn(async move {
        read_head(&mut far).await;
        // The client may have had enough before the end.
        let _ = far.write_all(&answer).await;
    });
    Connection::over(near, PATIENCE)
        .await
        .expect("nothing sent")
}

async fn read_head(stream: &mut DuplexStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("a whole head"));
    }
    String::from_utf8(head).expect("of ASCII")
}

fn request(body: Body) -> Request<Body> {
    let request = Request::builder().uri("/page").header(HOST, "example");
    request.body(body).expect("it makes sense")
}

/// The body of the answer, or the error, as text.
async fn fetch(answer: impl Into<Vec<u8>>) -> Result<String, String> {
    let mut connection = server_saying(answer).await;
    let response = connection.send(request(body::empty())).await;
    let response = response.map_err(|error| error.to_string())?;
    let mut text = Vec::new();
    let received = receive(response.into_body(), |piece| {
        text.extend_from_slice(piece);
        Ok(())
    });
    let len = received.await.map_err(|error| error.to_string())?;
    assert_eq!(len, text.len() as u64);
    Ok(String::from_utf8(text).expect("of ASCII"))
}

#[tokio::test]
async fn a_body_of_the_length_promised_is_whole() {
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
    assert_eq!(fetch(answer).await.as_deref(), Ok("hello"));
}

#[tokio::test]
async fn a_body_shorter_than_promised_is_an_error() {
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello";
    let error = fetch(answer).await.expect_err("five are missing");
    assert!(
        error.starts_with("the body broke off after 5 of 10 bytes: "),
        "{error}"
    );
}

#[tokio::test]
async fn chunks_without_the_last_one_are_an_error() {
    let answer = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n";
    let error = fetch(answer).await.expect_err("the last chunk is missing");
    assert!(
        error.starts_with("the body broke off after 5 bytes: "),
        "{error}"
    );
}

#[tokio::test]
async fn chunks_to_the_last_are_whole() {
    let answer = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\
                  5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
    assert_eq!(fetch(answer).await.as_deref(), Ok("hello world"));
}

#[tokio::test]
async fn a_body_without_a_length_ends_with_the_connection() {
    let answer = "HTTP/1.0 200 OK\r\n\r\nuntil the end";
    assert_eq!(fetch(answer).await.as_deref(), Ok("until the end"));
}

#[tokio::test]
async fn no_head_is_an_error_that_says_so() {
    for answer in ["", "HTTP/1.1 200 OK\r\ncontent-", "SSH-2.0-OpenSSH_9.2\r\n"] {
        let error = fetch(answer).await.expect_err("no head");
        assert!(error.starts_with("no answer came: "), "{answer:?}: {error}");
    }
}

#[tokio::test]
async fn endless_heads_are_refused() {
    let many = "x: y\r\n".repeat(HEADERS_MAX + 1);
    let long = format!("x: {}\r\n", "y".repeat(2 * BUFFER_MAX));
    for fields in [many, long] {
        let answer = format!("HTTP/1.1 200 OK\r\n{fields}content-length: 0\r\n\r\n");
        let error = fetch(answer).await.expect_err("too much");
        assert!(error.contains("too large"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_given_up() {
    let (near, _far) = duplex(BUFFER_MAX);
    let mut connection = Connection::over(near, PATIENCE).await.expect("open");
    let error = connection.send(request(body::empty())).await;
    let error = error.expect_err("no answer").to_string();
    assert!(error.ends_with("nothing moved for 60s"), "{error}");
}

#[tokio::test]
async fn a_body_goes_out_with_its_length() {
    let (near, mut far) = duplex(BUFFER_MAX);
    let mut connection = Connection::over(near, PATIENCE).await.expect("open");
    let text = vec![b'x'; 300_000];
    let sent = tokio::spawn(async move {
        let mut request = request(body::read_from(std::io::Cursor::new(text), 300_000));
        *request.method_mut() = hyper::Method::POST;
        connection.send(request).await.map(|answer| answer.status())
    });
    let head = read_head(&mut far).await;
    assert!(head.contains("content-length: 300000\r\n"), "{head}");
    let mut text = vec![0; 300_000];
    far.read_exact(&mut text).await.expect("all of it");
    assert!(text.iter().all(|&byte| byte == b'x'));
    let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
    far.write_all(answer).await.expect("the client reads");
    assert_eq!(sent.await.expect("no panic").expect("an answer"), 204);
}

#[tokio::test]
async fn a_source_that_ends_early_cuts_the_request_off() {
    let (near, mut far) = duplex(BUFFER_MAX);
    let mut connection = Connection::over(near, PATIENCE).await.expect("open");
    let source = std::io::Cursor::new(vec![b'x'; 200_000]);
    let sent = tokio::spawn(async move {
        let body = body::read_from(source, 300_000);
        connection.send(request(body)).await.map(|_| ())
    });
    let head = read_head(&mut far).await;
    assert!(head.contains("content-length: 300000\r\n"), "{head}");
    let mut rest = Vec::new();
    far.read_to_end(&mut rest).await.expect("until the close");
    assert!(rest.len() <= 200_000, "{}", rest.len());
    let error = sent.await.expect("no panic").expect_err("cut off");
    let error = error.to_string();
    assert!(error.contains("100000 bytes too early"), "{error}");
}

#[tokio::test]
async fn what_the_sink_says_is_told_as_it_is() {
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
    let mut connection = server_saying(answer).await;
    let response = connection
        .send(request(body::empty()))
        .await
        .expect("a head");
    let full = |_: &[u8]| Err(io::Error::other("the disk is full"));
    let error = receive(response.into_body(), full).await.expect_err("full");
    assert_eq!(error.to_string(), "the disk is full");
}

#[tokio::test]
async fn closing_sends_our_end_first() {
    let (near, mut far) = duplex(BUFFER_MAX);
    let connection = Connection::over(near, PATIENCE).await.expect("open");
    connection.close().await.expect("in order");
    let mut rest = Vec::new();
    far.read_to_end(&mut rest).await.expect("the end comes");
    assert_eq!(rest, b"");
}
