use std::fs::{self, File};
use std::io::Cursor;
use std::path::PathBuf;

use pcap_file::pcapng::{Block, PcapNgReader};

use super::*;
use crate::observe::pcapng::{Interface, Section};

/// The texts of all secrets in a file, without empty lines, and how many blocks hold them.
fn texts(file: &[u8]) -> (String, usize) {
    let mut reader = PcapNgReader::new(Cursor::new(file)).expect("a section");
    let (mut lines, mut blocks) = (String::new(), 0);
    while let Some(block) = reader.next_block() {
        let (block, _) = block.expect("a whole block");
        let Block::Unknown(block) = block else {
            continue;
        };
        assert_eq!(block.type_, DECRYPTION_SECRETS);
        assert_eq!(block.value[..4], TLS_KEY_LOG.to_ne_bytes());
        let len: [u8; 4] = block.value[4..8].try_into().expect("four bytes");
        let len = u32::from_ne_bytes(len) as usize;
        let text = std::str::from_utf8(&block.value[8..8 + len]).expect("text");
        for line in text.lines().filter(|line| !line.is_empty()) {
            lines.push_str(line);
            lines.push('\n');
        }
        blocks += 1;
    }
    (lines, blocks)
}

/// A file that is gone in the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> (Scratch, File) {
        let path = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        let file = File::create(&path).expect("room");
        (Scratch(path), file)
    }

    fn texts(&self) -> (String, usize) {
        texts(&fs::read(&self.0).expect("it is there"))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn writer<S: Store>(store: S) -> Writer<S> {
    let interfaces = [Interface::default()];
    Writer::new(store, &Section::here(""), &interfaces, None, &[]).expect("room")
}

#[test]
fn secrets_stand_before_the_packets_and_room_is_made_for_more() {
    let (scratch, file) = Scratch::new("secrets");
    let mut writer = writer(file);
    writer.expect_secrets().expect("room");
    let mut told = String::new();
    for number in 0..1000 {
        let line = format!("CLIENT_RANDOM {number:064x} {:096x}\n", number * 7);
        writer.secret(&line).expect("room");
        told.push_str(&line);
        // Whole at any moment.
        if number % 100 == 0 {
            assert_eq!(scratch.texts().0, told);
        }
    }
    let (found, blocks) = scratch.texts();
    assert_eq!(found, told);
    // 176 bytes a line, and a new reserve at each half.
    assert_eq!(blocks, 1 + 1000 * 176 / (RESERVE / 2));
}

#[test]
fn what_was_not_asked_for_is_not_written() {
    let (scratch, file) = Scratch::new("no-secrets");
    let mut writer = writer(file);
    writer.secret("CLIENT_RANDOM 00 00\n").expect("nothing");
    writer.flush().expect("room");
    assert_eq!(scratch.texts(), (String::new(), 0));
}
