//! A small tree of files, asked for over a pipe in memory.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicU32, Ordering};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::*;

/// A directory `public` beside a file that is nobody's business; gone when dropped.
struct Tree(PathBuf);

impl Tree {
    fn new() -> Tree {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("pellucid-files-{}-{number}", std::process::id());
        let tree = Tree(std::env::temp_dir().join(name));
        fs::create_dir_all(tree.public().join("dir/.hidden")).expect("a place to write");
        tree.write("secret", "outside");
        tree.write("public/page.html", "0123456789");
        tree.write("public/dir/index.html", "<p>index");
        tree.write("public/.env", "hidden");
        tree.write("public/dir/.hidden/file", "hidden");
        tree
    }

    fn public(&self) -> PathBuf {
        self.0.join("public")
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).expect("a place to write");
    }

    /// The answer to one request, as text.
    async fn ask(&self, request: &str) -> String {
        let files = Files::new(&self.public()).expect("a directory");
        let (mut client, server) = duplex(1 << 16);
        let service = service_fn(move |request| {
            let files = files.clone();
            async move {
                let ends = Ends {
                    local: "192.0.2.2:80".parse().expect("an address"),
                    peer: "192.0.2.1:4000".parse().expect("an address"),
                };
                Ok::<_, std::convert::Infallible>(files.answer(ends, request).await)
            }
        });
        let mut builder = http1::Builder::new();
        builder.half_close(true).header_read_timeout(None);
        let connection = builder.serve_connection(TokioIo::new(server), service);
        let served = tokio::spawn(connection);
        client.write_all(request.as_bytes()).await.expect("open");
        client.shutdown().await.expect("open");
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.expect("an end");
        served.await.expect("no panic").expect("in order");
        answer
    }

    async fn get(&self, target: &str) -> String {
        self.ask(&format!("GET {target} HTTP/1.1\r\nhost: x\r\n\r\n"))
            .await
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn a_file_comes_with_its_type_and_length() {
    let tree = Tree::new();
    let answer = tree.get("/page.html").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("content-type: text/html\r\n"), "{answer}");
    assert!(answer.contains("content-length: 10\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n0123456789"), "{answer}");
}

#[tokio::test]
async fn a_directory_is_its_index() {
    let tree = Tree::new();
    assert!(tree.get("/dir/").await.ends_with("<p>index"));
    let answer = tree.get("/dir").await;
    assert!(answer.contains("location: /dir/\r\n"), "{answer}");
    assert!(tree.get("/").await.starts_with("HTTP/1.1 404 "));
}

/// As for people who see the body only.
#[tokio::test]
async fn a_refusal_says_what_it_is() {
    let tree = Tree::new();
    let answer = tree.get("/none").await;
    assert!(answer.contains("content-type: text/plain\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n404 Not Found\n"), "{answer}");
    let answer = tree.ask("HEAD /none HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    let answer = tree
        .ask("POST /page.html HTTP/1.1\r\nhost: x\r\n\r\n")
        .await;
    assert!(answer.contains("allow: GET,HEAD\r\n"), "{answer}");
    assert!(
        answer.ends_with("\r\n\r\n405 Method Not Allowed\n"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_head_request_gets_a_head() {
    let tree = Tree::new();
    let answer = tree
        .ask("HEAD /page.html HTTP/1.1\r\nhost: x\r\n\r\n")
        .await;
    assert!(answer.contains("content-length: 10\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn a_range_is_a_part_and_several_are_the_whole() {
    let tree = Tree::new();
    let range =
        |range: &str| format!("GET /page.html HTTP/1.1\r\nhost: x\r\nrange: bytes={range}\r\n\r\n");
    let answer = tree.ask(&range("3-5")).await;
    assert!(answer.starts_with("HTTP/1.1 206 "), "{answer}");
    assert!(
        answer.contains("content-range: bytes 3-5/10\r\n"),
        "{answer}"
    );
    assert!(answer.ends_with("\r\n\r\n345"), "{answer}");
    assert!(tree.ask(&range("20-")).await.starts_with("HTTP/1.1 416 "));
    let answer = tree.ask(&range("0-1,4-5")).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn what_is_known_is_not_sent_again() {
    let tree = Tree::new();
    let answer = tree.get("/page.html").await;
    let etag = answer
        .lines()
        .find_map(|line| line.strip_prefix("etag: "))
        .expect("an ETag");
    let request = format!("GET /page.html HTTP/1.1\r\nhost: x\r\nif-none-match: {etag}\r\n\r\n");
    let answer = tree.ask(&request).await;
    assert!(answer.starts_with("HTTP/1.1 304 "), "{answer}");
}

#[tokio::test]
async fn other_methods_are_refused() {
    let tree = Tree::new();
    let answer = tree
        .ask("DELETE /page.html HTTP/1.1\r\nhost: x\r\n\r\n")
        .await;
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    assert!(tree.public().join("page.html").exists());
}

#[tokio::test]
async fn no_path_leads_out() {
    let tree = Tree::new();
    for target in [
        "/../secret",
        "/dir/../../secret",
        "/%2e%2e/secret",
        "/%2E%2E%2Fsecret",
        "/..%2fsecret",
        "/%252e%252e/secret",
        "/..%5csecret",
        "//../secret",
        "/.//../secret",
        "/page.html/../../secret",
        "/page.html%00.txt",
        "/%00",
        "/etc/passwd",
        "//etc/passwd",
        "/proc/self/environ",
    ] {
        let answer = tree.get(target).await;
        assert!(answer.starts_with("HTTP/1.1 40"), "{target}: {answer}");
        assert!(!answer.contains("outside"), "{target}: {answer}");
    }
}

#[tokio::test]
async fn a_link_leads_where_it_stays_inside() {
    let tree = Tree::new();
    let public = tree.public();
    symlink("page.html", public.join("inside")).expect("links");
    symlink("../secret", public.join("upwards")).expect("links");
    symlink(tree.0.join("secret"), public.join("absolute")).expect("links");
    symlink("..", public.join("parent")).expect("links");
    symlink("circle", public.join("circle")).expect("links");
    symlink("/proc/self/cwd", public.join("magic")).expect("links");
    assert!(tree.get("/inside").await.ends_with("0123456789"));
    for target in [
        "/upwards",
        "/absolute",
        "/parent/secret",
        "/circle",
        "/magic/Cargo.toml",
    ] {
        let answer = tree.get(target).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{target}: {answer}");
    }
}

#[tokio::test]
async fn hidden_files_do_not_exist() {
    let tree = Tree::new();
    for target in ["/.env", "/%2eenv", "/dir/.hidden/file", "/dir/.hidden/"] {
        let answer = tree.get(target).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{target}: {answer}");
    }
}

#[tokio::test]
async fn only_regular_files_are_served() {
    let tree = Tree::new();
    let socket = tree.public().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    let fifo = tree.public().join("fifo");
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, Mode::RUSR).expect("a pipe");
    for target in ["/socket", "/fifo"] {
        let answer = tree.get(target).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{target}: {answer}");
    }
}

#[test]
fn what_is_no_directory_cannot_be_served() {
    let tree = Tree::new();
    let error = Files::new(&tree.0.join("secret")).expect_err("a file");
    assert_eq!(error.kind(), io::ErrorKind::NotADirectory);
    let error = Files::new(&tree.0.join("missing")).expect_err("nothing");
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}
