//! The program against Linux: its own `curl` and `ping`, its own servers, its own ways to break a
//! transfer.
//!
//! `serve` and `get` attach to a TUN interface of the case's own namespace; `shell` and `demo` make
//! a namespace of theirs, as people start them.

pub mod any;
pub mod capture;
pub mod demo;
pub mod drill;
pub mod get;
pub mod live;
pub mod names;
pub mod page;
pub mod ping;
pub mod run;
pub mod secure;
pub mod serve;
pub mod shell;
pub mod wireshark;

use std::ffi::OsStr;
use std::fs;
use std::io::{BufReader, ErrorKind};
use std::net::IpAddr;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use pellucid::device::Tun;
use pellucid::namespace::Inside;
use rustix::ioctl::{IntegerSetter, Opcode, ioctl, opcode};
use sha2::{Digest, Sha256};
use tun_tap::{Iface, Mode};

use crate::harness::{Lack, skip};

/// 100 MiB.
const LARGE: usize = 100 << 20;

/// The kernel's addresses and the stack's.
const PAIRS: [(&str, &str); 2] = [("10.90.0.1", "10.90.0.2"), ("fd90::1", "fd90::2")];

/// The program, which no variable of ours tells what to do.
fn pellucid() -> Command {
    let mut command = program(env!("CARGO_BIN_EXE_pellucid"));
    command.stdin(Stdio::null());
    command
}

/// Whatever may start ours, which then hears of no variable of ours either.
fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    for variable in ["PELLUCID_REQUIRE", "RUST_LOG", "NO_COLOR"] {
        command.env_remove(variable);
    }
    command
}

/// What `get` and `serve` take to stand on the case's interface.
fn on_tun(command: &mut Command) -> &mut Command {
    command.args(["--tun", TUN]);
    command.args(["--addr", "10.90.0.2/24", "--addr", "fd90::2/64"])
}

/// A TUN interface that waits for its owner, as `scripts/tun-up` leaves one.
fn make_tun(inside: &Inside) {
    if let Err(error) = Tun::open(TUN) {
        skip(Lack::Tun, &error.to_string());
    }
    let owner = Iface::without_packet_info(TUN, Mode::Tun).expect("it opened before");
    // SAFETY: `owner` lives until the end of this function, and the descriptor with it.
    let file = unsafe { BorrowedFd::borrow_raw(owner.as_raw_fd()) };
    // SAFETY: TUNSETPERSIST takes its value as the argument itself and touches no memory of ours.
    unsafe { ioctl(file, IntegerSetter::<TUNSETPERSIST>::new_usize(1)) }.expect("persist");
    let mut links = inside.links().expect("netlink");
    links.silence(TUN).expect("silence");
    for (kernel, _) in PAIRS {
        let ip: IpAddr = kernel.parse().expect("an address");
        let len = if ip.is_ipv4() { 24 } else { 64 };
        links.add_address(TUN, ip, len).expect("an address");
    }
    links.set_up(TUN).expect("up");
}

/// A folder that is gone when the case ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Scratch {
        let name = format!("pellucid-programs-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).expect("a place to write");
        Scratch(path)
    }

    /// A file in it, as an argument.
    fn file(&self, name: &str) -> String {
        let path = self.0.join(name);
        path.to_str().expect("a name in UTF-8").to_owned()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A program at work that is ended by its number when the case ends.
struct Running(Child);

impl Running {
    /// How it ended.
    fn code(&mut self) -> Option<i32> {
        self.0.wait().expect("our child").code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Bytes without a pattern: a xorshift.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

fn url(ip: &str, path: &str) -> String {
    match ip.contains(':') {
        true => format!("http://[{ip}]{path}"),
        false => format!("http://{ip}{path}"),
    }
}

/// A tool of the machine's, if `probe` makes it say `word`; without it there is nothing to test.
fn tool(name: &str, probe: &str, word: &str) -> Command {
    let said = match Command::new(name).arg(probe).output() {
        Ok(Output { stdout, stderr, .. }) => [stdout, stderr].concat(),
        Err(error) => skip(Lack::Tools, &format!("no {name} here: {error}")),
    };
    if !String::from_utf8_lossy(&said).contains(word) {
        skip(Lack::Tools, &format!("the {name} here has no {word}"));
    }
    program(name)
}

fn curl() -> Command {
    let mut command = tool("curl", "--version", "curl");
    command.args(["-g", "-sS", "--max-time", "60"]);
    command
}

/// What a program wrote that ended well.
#[track_caller]
fn done(command: &mut Command) -> Vec<u8> {
    let output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{:?}: {said}", output.status);
    output.stdout
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// How many packets a capture has, every block of which must be whole.
#[track_caller]
fn packets(capture: impl AsRef<Path>) -> usize {
    read_capture(capture).packets
}

/// How many bytes of packets a capture tells of.
#[track_caller]
fn bytes(capture: impl AsRef<Path>) -> usize {
    read_capture(capture).bytes
}

/// What is in a capture.
#[derive(Default)]
struct Captured {
    packets: usize,
    /// Of all packets, and of the longest.
    bytes: usize,
    longest: usize,
}

#[track_caller]
fn read_capture(capture: impl AsRef<Path>) -> Captured {
    use pcap_file::pcapng::{Block, PcapNgReader};
    let file = fs::File::open(capture).expect("a capture");
    let mut reader = PcapNgReader::new(BufReader::new(file)).expect("a section");
    let mut captured = Captured::default();
    while let Some(block) = reader.next_block() {
        let (block, _) = block.expect("a whole block");
        if let Block::EnhancedPacket(packet) = block {
            let len = packet.original_len as usize;
            captured.packets += 1;
            captured.bytes += len;
            captured.longest = captured.longest.max(len);
        }
    }
    captured
}

/// What tshark finds wrong with a demo's capture, a line each, beside what was lost on purpose: one
/// segment of the peer's is missing where it should be, and comes later, as ours does. The error
/// says that there is no tshark.
fn faults(capture: &str) -> Result<String, String> {
    let missing = tshark_finds(capture, "tcp.analysis.lost_segment")?;
    assert_eq!(missing.lines().count(), 1, "{missing}");
    // 0 is "bad"; 6291456 is where warnings begin. One of them is no fault of ours: where the
    // kernel sums on behalf of a device, it writes 0xffff for a sum of zero, for TCP too.
    let wrong = "_ws.malformed || !frame.comment || ip.checksum.status == 0 \
                 || udp.checksum.status == 0 || icmpv6.checksum.status == 0 \
                 || ((tcp.checksum.status == 0 || (_ws.expert.severity >= 6291456 \
                 && !tcp.analysis.lost_segment && !tcp.analysis.out_of_order)) \
                 && !(tcp.checksum.ffff && frame.packet_flags_direction == 1))";
    tshark_finds(capture, wrong)
}

/// The packets of a capture that a filter of tshark's takes, a line each.
fn tshark_finds(capture: &str, filter: &str) -> Result<String, String> {
    let mut tshark = Command::new("tshark");
    tshark.args(["-r", capture, "-Y", filter]);
    for protocol in ["ip", "tcp", "udp"] {
        tshark.args(["-o", &format!("{protocol}.check_checksum:TRUE")]);
    }
    // Whoever the case plays has no preferences to read.
    tshark.env("HOME", "/nonexistent");
    match tshark.output() {
        Err(error) if error.kind() == ErrorKind::NotFound => Err(format!("no tshark: {error}")),
        output => {
            let output = output.expect("it runs");
            assert!(output.status.success(), "{}", said(&output.stderr));
            Ok(said(&output.stdout))
        }
    }
}

/// The case's interface.
const TUN: &str = "plc0";

/// `linux/if_tun.h`.
const TUNSETPERSIST: Opcode = opcode::write::<i32>(b'T', 203);
