//! ISN = M + F(...): M by the clock, F by the pair and a key.

use std::collections::BTreeSet;

use crate::base::Instant;
use crate::base::keyed::Key;
use crate::base::pair::SocketPair;
use crate::tcp::kit::PAIR;

use super::initial_sequence_number;

fn key(byte: u8) -> Key {
    Key::new([byte; 16])
}

// req: MUST-8, SHLD-1, RFC6528-3-1
#[test]
fn it_advances_by_one_every_four_microseconds() {
    let isn = |nanos| initial_sequence_number(&key(1), &PAIR, Instant::from_nanos(nanos));
    let start = isn(0);
    assert_eq!(isn(3_999), start);
    assert_eq!(isn(4_000), start + 1);
    assert_eq!(isn(1_000_000_000), start + 250_000);
    // Once around, after 4.77 hours.
    assert_eq!(isn(4_000 << 32), start);
    assert_eq!(isn((4_000 << 32) + 4_000), start + 1);
}

// req: MUST-9, SHLD-1, RFC6528-3-1, RFC6528-3-2
#[test]
fn it_depends_on_the_key_and_on_each_part_of_the_pair() {
    let mut other_port = PAIR;
    other_port.remote.port += 1;
    let mut other_remote = PAIR;
    other_remote.remote.addr = "203.0.113.11".parse().expect("an address");
    let mut other_local = PAIR;
    other_local.local.addr = "10.90.0.3".parse().expect("an address");
    let mut other_service = PAIR;
    other_service.local.port += 1;
    let turned = SocketPair {
        local: PAIR.remote,
        remote: PAIR.local,
    };
    let pairs = [
        PAIR,
        other_port,
        other_remote,
        other_local,
        other_service,
        turned,
    ];
    let mut numbers = BTreeSet::new();
    for secret in [key(1), key(2)] {
        for pair in &pairs {
            numbers.insert(initial_sequence_number(&secret, pair, Instant::BIRTH).0);
        }
    }
    assert_eq!(numbers.len(), 2 * pairs.len());
}
