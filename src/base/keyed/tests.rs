//! Against published vectors; and keys stay secret.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};

use super::{FlowState, Key};

/// The key of the SipHash paper's appendix A: 00, 01, ... 0f.
const KEY: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

#[test]
fn a_key_hashes_with_siphash_2_4() {
    // The paper's test vector: 15 bytes 00, 01, ... 0e.
    assert_eq!(Key::new(KEY).hash(&KEY[..15]), 0xa129_ca61_49be_45e5);
}

#[test]
fn a_flow_state_hashes_with_siphash_1_3() {
    // The first of the reference implementation's vectors for 1-3: no bytes.
    assert_eq!(
        FlowState::new(KEY).build_hasher().finish(),
        0xabac_0158_050f_c4dc
    );
}

#[test]
fn every_bit_of_the_key_counts() {
    let hash = Key::new(KEY).hash(b"flow");
    let place = FlowState::new(KEY).hash_one("flow");
    for bit in 0..128 {
        let mut other = KEY;
        other[bit / 8] ^= 1 << (bit % 8);
        assert_ne!(Key::new(other).hash(b"flow"), hash);
        assert_ne!(FlowState::new(other).hash_one("flow"), place);
    }
}

#[test]
fn a_map_hashed_by_a_flow_state_finds_what_it_holds() {
    let mut map = HashMap::with_hasher(FlowState::new(KEY));
    for port in 0..1000_u16 {
        map.insert(([192, 0, 2, 1], port), port);
    }
    assert_eq!(map.get(&([192, 0, 2, 1], 443)), Some(&443));
    assert_eq!(map.get(&([192, 0, 2, 2], 443)), None);
}

#[test]
fn neither_prints_its_key() {
    assert_eq!(format!("{:?}", Key::new(KEY)), "Key(..)");
    assert_eq!(format!("{:?}", FlowState::new(KEY)), "FlowState(..)");
}
