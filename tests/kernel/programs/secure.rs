//! HTTPS: `get` from OpenSSL's server and `serve` for curl and OpenSSL's client, and captures that
//! hold the keys, for tshark to open.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use pellucid::namespace::Inside;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustix::process::{Pid, Signal, kill_process};

use super::{Running, Scratch, curl, done, make_tun, on_tun, pellucid, said, tool};
use crate::harness::{Case, inside};

pub const CASES: &[Case] = &[
    inside("secure::curl_and_openssl_fetch_from_us", serves),
    inside(
        "secure::we_fetch_from_openssl_and_name_what_is_wrong",
        fetches,
    ),
];

/// An authority in `ca.pem`, and in `NAME.pem` and `NAME.key` what it says of `name`.
fn certify(dir: &Scratch, name: &str) {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(DnType::CommonName, "authority");
    let key = KeyPair::generate().expect("a key");
    let authority = CertifiedIssuer::self_signed(params, key).expect("an authority");
    let params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
    let key = KeyPair::generate().expect("a key");
    let signed = params.signed_by(&key, &authority).expect("signed");
    for (file, text) in [
        ("ca.pem", authority.pem()),
        ("own.pem", signed.pem()),
        ("own.key", key.serialize_pem()),
    ] {
        fs::write(dir.file(file), text).expect("room");
    }
}

/// How many packets tshark finds, with no keys but the capture's own, and in one pass.
fn finds(capture: &str, filter: &str) -> usize {
    let mut tshark = tool("tshark", "--version", "TShark");
    tshark
        .args(["-r", capture, "-Y", filter])
        .env("HOME", "/nonexistent");
    said(&done(&mut tshark)).lines().count()
}

const NAME: &str = "www.pellucid.example";

/// Starts `serve` with the certificate, which says that it listens.
fn serve(dir: &Scratch, more: &[&str]) -> Running {
    let [cert, key] = ["own.pem", "own.key"].map(|name| dir.file(name));
    let mut command = pellucid();
    on_tun(command.arg("serve").arg(dir.file("site"))).args(more);
    command.args(["--cert", &cert, "--key", &key]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut serving = Running(command.spawn().expect("the program runs"));
    let mut line = String::new();
    let stdout = serving.0.stdout.as_mut().expect("piped");
    BufReader::new(stdout).read_line(&mut line).expect("a line");
    assert!(line.contains(" at https://10.90.0.2/ and "), "{line}");
    serving
}

fn serves(inside: &Inside) {
    make_tun(inside);
    let dir = Scratch::new();
    certify(&dir, NAME);
    let text = "all of this was encrypted on its way\n".repeat(1000);
    fs::create_dir(dir.file("site")).expect("room");
    fs::write(dir.file("site/page.txt"), &text).expect("room");
    let [capture, ca] = ["c.pcapng", "ca.pem"].map(|name| dir.file(name));
    let mut serving = serve(&dir, &["--capture", &capture, "--keys"]);
    let url = format!("https://{NAME}/page.txt");
    let to = format!("{NAME}:443:10.90.0.2");
    for version in [["--tls-max", "1.3"], ["--tls-max", "1.2"]] {
        let mut fetching = curl();
        fetching
            .args(["--cacert", &ca, "--resolve", &to, &url])
            .args(version);
        assert_eq!(said(&done(&mut fetching)), text, "{version:?}");
    }
    // Whoever does not know the authority refuses, and curl has a code for it.
    let refused = curl().args(["--resolve", &to, &url]).output();
    assert_eq!(refused.expect("it runs").status.code(), Some(60));
    // A client that speaks no TLS harms nobody.
    let plain = curl()
        .args(["--resolve", &to, &format!("http://{NAME}:443/")])
        .output();
    assert!(!plain.expect("it runs").status.success());
    let mut openssl = tool("openssl", "version", "OpenSSL");
    openssl.args(["s_client", "-connect", "10.90.0.2:443", "-servername", NAME]);
    openssl.args([
        "-CAfile",
        &ca,
        "-verify_return_error",
        "-alpn",
        "http/1.1",
        "-tls1_2",
    ]);
    let agreed = said(&done(openssl.stdin(Stdio::null())));
    assert!(agreed.contains("ALPN protocol: http/1.1"), "{agreed}");
    assert!(agreed.contains("Protocol  : TLSv1.2"), "{agreed}");

    let process = Pid::from_child(&serving.0);
    kill_process(process, Signal::INT).expect("it runs");
    assert_eq!(serving.code(), Some(130));
    // EncryptedExtensions, which only TLS 1.3 has: of the transfer, and of the refusal.
    assert_eq!(finds(&capture, "tls.handshake.type == 8"), 2);
    assert_eq!(
        finds(&capture, "http.request.uri == \"/page.txt\" && tls"),
        2
    );
    assert_eq!(finds(&capture, "http.response.code == 200 && tls"), 2);
    // Without the keys there is nothing to see of TLS 1.3.
    let bare = dir.file("bare.pcapng");
    let mut editcap = tool("editcap", "--version", "Editcap");
    done(editcap.args(["--discard-all-secrets", &capture, &bare]));
    assert_eq!(
        finds(
            &bare,
            "http.response.code == 200 || tls.handshake.type == 8"
        ),
        0
    );
}

/// OpenSSL's server, which answers every request with a page about the connection.
fn openssl_server(dir: &Scratch, cert: &str, key: &str) -> Running {
    let mut server: Command = tool("openssl", "version", "OpenSSL");
    server.args([
        "s_server",
        "-accept",
        "10.90.0.1:4433",
        "-www",
        "-quiet",
        "-alpn",
        "http/1.1",
    ]);
    server
        .args(["-cert", cert, "-key", key])
        .stdin(Stdio::null());
    let log = fs::File::create(dir.file("s_server")).expect("room");
    server
        .stdout(log.try_clone().expect("a descriptor"))
        .stderr(log);
    let running = Running(server.spawn().expect("it runs"));
    let until = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect("10.90.0.1:4433").is_err() {
        assert!(Instant::now() < until, "OpenSSL's server does not listen");
        thread::sleep(Duration::from_millis(20));
    }
    running
}

fn fetches(inside: &Inside) {
    make_tun(inside);
    let dir = Scratch::new();
    certify(&dir, NAME);
    let [capture, ca, cert, key] =
        ["c.pcapng", "ca.pem", "own.pem", "own.key"].map(|name| dir.file(name));
    let _server = openssl_server(&dir, &cert, &key);
    let get = |url: &str, more: &[&str]| {
        let mut command = pellucid();
        on_tun(command.args(["get", "-v", url])).args(more);
        let host = url
            .split('/')
            .nth(2)
            .and_then(|authority| authority.split(':').next());
        command.args([
            "--resolve",
            &format!("{}:4433:10.90.0.1", host.expect("a host")),
        ]);
        let output = command.output().expect("it runs");
        (
            output.status.code(),
            said(&output.stdout),
            said(&output.stderr),
        )
    };
    let url = format!("https://{NAME}:4433/");
    let with_keys = ["--cacert", &ca, "--capture", &capture, "--keys"];
    let (code, page, error) = get(&url, &with_keys);
    assert_eq!(code, Some(0), "{error}");
    assert!(page.contains("TLSv1.3"), "{page}");
    assert!(error.contains("* TLS 1.3 · TLS_"), "{error}");
    assert_eq!(finds(&capture, "tls.handshake.type == 11"), 1);
    // The answer ends with the connection, and is none to tshark.
    assert_eq!(finds(&capture, "http.request.method == \"GET\" && tls"), 1);

    let (code, _, error) = get(&url, &[]);
    assert_eq!(code, Some(1), "{error}");
    assert!(
        error.contains("nobody who is trusted has signed it"),
        "{error}"
    );
    let (_, _, error) = get("https://other.example:4433/", &["--cacert", &ca]);
    assert!(error.contains(&format!("it is for {NAME}")), "{error}");
    let (code, page, error) = get("https://other.example:4433/", &["-k"]);
    assert_eq!(code, Some(0), "{error}");
    assert!(
        page.contains("TLSv1.3") && error.contains("INSECURE"),
        "{error}"
    );
    let (_, _, error) = get(&format!("https://{NAME}:4433/"), &["--cacert", &key]);
    assert!(error.contains("no certificate in PEM"), "{error}");
}
