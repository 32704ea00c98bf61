use super::*;

fn bytes(contents: Contents, from: u64, len: usize) -> Vec<u8> {
    let mut all = Vec::new();
    while all.len() < len {
        let piece = contents.piece(from + all.len() as u64, len - all.len());
        assert!(!piece.is_empty());
        all.extend_from_slice(piece);
    }
    all
}

#[test]
fn the_bytes_do_not_depend_on_how_they_are_asked_for() {
    let contents = Contents::new(3);
    let whole = bytes(contents, 0, 200_000);
    for (from, len) in [(0, 1), (65_520, 3), (70_000, 65_521), (131_041, 2)] {
        let part = bytes(contents, from as u64, len);
        assert_eq!(part, whole[from..from + len]);
        assert_eq!(contents.first_difference(from as u64, &part), None);
    }
}

#[test]
fn a_changed_byte_is_found_where_it_is() {
    let contents = Contents::new(0);
    let mut part = bytes(contents, 65_000, 1_000);
    part[700] ^= 1;
    assert_eq!(contents.first_difference(65_000, &part), Some(65_700));
}

#[test]
fn a_stream_that_is_shifted_differs_at_once() {
    let contents = Contents::new(0);
    // A period and a multiple of it are the shifts that a block read over and over would hide.
    for shift in [1, 1_448, 65_520, 65_521, 2 * 65_521, 1 << 32] {
        let part = bytes(contents, shift, 100);
        let found = contents.first_difference(0, &part);
        assert!(found.is_some_and(|at| at < 3), "{shift}: {found:?}");
    }
}

#[test]
fn no_two_streams_are_alike() {
    for other in 1..100 {
        let part = bytes(Contents::new(other), 0, 100);
        assert!(Contents::new(0).first_difference(0, &part).is_some());
    }
}
