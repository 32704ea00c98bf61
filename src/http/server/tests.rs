//! Clients in memory that say what they were told to, and a handler that tells what it saw.

use std::sync::Mutex;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::{Notify, mpsc};

use super::super::body::{full, next_piece};
use super::*;

/// Connections that the test makes; without a sender left, the device is gone.
struct Queue(tokio::sync::Mutex<mpsc::UnboundedReceiver<io::Result<DuplexStream>>>);

impl Listener for Queue {
    type Stream = DuplexStream;

    async fn accept(&self) -> io::Result<(DuplexStream, Ends)> {
        let next = self.0.lock().await.recv().await;
        let stream = next.unwrap_or_else(|| Err(io::Error::other("the device is gone")))?;
        let ends = Ends {
            local: "192.0.2.2:80".parse().expect("an address"),
            peer: "192.0.2.1:4000".parse().expect("an address"),
        };
        Ok((stream, ends))
    }
}

/// Says the method, the path and how long the body was. `/wait` waits to be told; `/big` is long;
/// `/ignore` reads nothing.
#[derive(Clone, Default)]
struct Told(Arc<(Mutex<Vec<String>>, Notify)>);

impl Handler for Told {
    async fn answer(&self, _: Ends, request: Request<Incoming>) -> Response<Body> {
        let line = format!("{} {}", request.method(), request.uri().path());
        self.0.0.lock().expect("no panic").push(line.clone());
        match request.uri().path() {
            "/wait" => self.0.1.notified().await,
            "/big" => return Response::new(full(vec![b'x'; 1 << 20])),
            "/ignore" => return Response::new(full("ignored")),
            _ => {}
        }
        let mut len = 0;
        let mut body = request.into_body();
        while let Ok(Some(piece)) = next_piece(&mut body).await {
            len += piece.len();
        }
        Response::new(full(format!("{line} {len}")))
    }
}

struct Server {
    clients: mpsc::UnboundedSender<io::Result<DuplexStream>>,
    handler: Told,
    stop: Arc<Notify>,
    ended: tokio::task::JoinHandle<io::Result<()>>,
}

fn start() -> Server {
    let (clients, queue) = mpsc::unbounded_channel();
    let handler = Told::default();
    let stop = Arc::new(Notify::new());
    let stopped = stop.clone();
    let stop_wanted = async move { stopped.notified().await };
    let queue = Queue(tokio::sync::Mutex::new(queue));
    let ended = tokio::spawn(serve(queue, handler.clone(), stop_wanted));
    Server {
        clients,
        handler,
        stop,
        ended,
    }
}

impl Server {
    fn connect(&self) -> DuplexStream {
        let (near, far) = duplex(BUFFER_MAX);
        self.clients.send(Ok(far)).expect("the server runs");
        near
    }

    fn seen(&self) -> Vec<String> {
        self.handler.0.0.lock().expect("no panic").clone()
    }

    /// Says `text`, closes the sending side, and reads to the end.
    async fn say(&self, text: &str) -> String {
        let mut client = self.connect();
        // A server that refuses a head need not read the rest.
        let _ = client.write_all(text.as_bytes()).await;
        client.shutdown().await.expect("open");
        read_all(&mut client).await
    }
}

async fn read_all(client: &mut DuplexStream) -> String {
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.expect("an end");
    answer
}

async fn read_until(client: &mut DuplexStream, end: &str) -> String {
    let mut text = Vec::new();
    while !text.ends_with(end.as_bytes()) {
        text.push(client.read_u8().await.expect("more"));
    }
    String::from_utf8(text).expect("of ASCII")
}

#[tokio::test]
async fn requests_come_one_after_another_on_one_connection() {
    let server = start();
    let mut client = server.connect();
    for path in ["/a", "/b"] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
        client.write_all(request.as_bytes()).await.expect("open");
        let answer = read_until(&mut client, &format!("GET {path} 0")).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn a_client_may_close_its_side_and_still_read() {
    let server = start();
    let answer = server.say("GET /half HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.ends_with("GET /half 0"), "{answer}");
}

#[tokio::test]
async fn a_body_that_nobody_reads_is_no_second_request() {
    let server = start();
    let hidden = "GET /hidden HTTP/1.1\r\nhost: x\r\n\r\n";
    let len = hidden.len();
    let request =
        format!("POST /ignore HTTP/1.1\r\nhost: x\r\ncontent-length: {len}\r\n\r\n{hidden}");
    let answer = server.say(&request).await;
    assert!(answer.ends_with("ignored"), "{answer}");
    assert_eq!(server.seen(), ["POST /ignore"]);
}

#[tokio::test]
async fn ambiguous_lengths_are_refused() {
    let server = start();
    for fields in [
        "content-length: 5\r\ncontent-length: 6",
        "content-length: +5",
        "content-length: 0x5",
        "content-length: 5, 6",
        "content-length: 18446744073709551616",
        "transfer-encoding: chunked, identity",
    ] {
        let request = format!("POST / HTTP/1.1\r\nhost: x\r\n{fields}\r\n\r\nhello");
        let answer = server.say(&request).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{fields}: {answer}");
    }
    assert_eq!(server.seen(), [""; 0]);
}

#[tokio::test]
async fn heads_have_an_end() {
    let server = start();
    let many = "x: y\r\n".repeat(HEADERS_MAX + 1);
    let long = format!("x: {}\r\n", "y".repeat(HEAD_MAX));
    let endless = format!("x: {}", "y".repeat(2 * BUFFER_MAX));
    for fields in [many, long, endless] {
        let request = format!("GET / HTTP/1.1\r\nhost: x\r\n{fields}\r\n");
        let answer = server.say(&request).await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
    assert_eq!(server.seen(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_does_not_come_ends_the_connection() {
    let server = start();
    let mut client = server.connect();
    client.write_all(b"GET / HT").await.expect("open");
    let before = tokio::time::Instant::now();
    read_all(&mut client).await;
    assert_eq!(before.elapsed(), HEAD_WITHIN);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_nobody_reads_is_dropped() {
    let server = start();
    let mut client = server.connect();
    let request = b"GET /big HTTP/1.1\r\nhost: x\r\n\r\n";
    client.write_all(request).await.expect("open");
    tokio::time::sleep(UNREAD_FOR + Duration::from_secs(1)).await;
    let answer = read_all(&mut client).await;
    assert!(answer.len() <= BUFFER_MAX, "{}", answer.len());
}

#[tokio::test(start_paused = true)]
async fn stopping_lets_answers_out_and_ends_the_idle() {
    let server = start();
    let mut idle = server.connect();
    let mut busy = server.connect();
    let request = b"GET /wait HTTP/1.1\r\nhost: x\r\n\r\n";
    busy.write_all(request).await.expect("open");
    while server.seen().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    server.stop.notify_one();
    assert_eq!(read_all(&mut idle).await, "");
    server.handler.0.1.notify_one();
    let answer = read_all(&mut busy).await;
    assert!(answer.ends_with("GET /wait 0"), "{answer}");
    server.ended.await.expect("no panic").expect("in order");
}

#[tokio::test(start_paused = true)]
async fn stopping_waits_only_so_long() {
    let server = start();
    let mut busy = server.connect();
    let request = b"GET /wait HTTP/1.1\r\nhost: x\r\n\r\n";
    busy.write_all(request).await.expect("open");
    while server.seen().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let before = tokio::time::Instant::now();
    server.stop.notify_one();
    server.ended.await.expect("no panic").expect("in order");
    assert_eq!(before.elapsed(), GRACE);
}

#[tokio::test]
async fn a_connection_lost_before_it_is_accepted_concerns_nobody_else() {
    let server = start();
    let lost = io::Error::from(io::ErrorKind::ConnectionAborted);
    server.clients.send(Err(lost)).expect("the server runs");
    let answer = server.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn without_a_device_the_server_ends_with_its_error() {
    let server = start();
    drop(server.clients);
    let error = server.ended.await.expect("no panic").expect_err("gone");
    assert_eq!(error.to_string(), "the device is gone");
}
