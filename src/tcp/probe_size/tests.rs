use super::Range;

/// The sizes that are tried on a path that carries `carried`, and what the search ends with.
fn search(low: u16, high: u16, carried: u16) -> (Vec<u16>, u16) {
    let mut range = Range {
        low,
        high,
        searched: false,
    };
    let mut tried = Vec::new();
    while let Some(size) = range.next() {
        assert!(low < size && range.low < size && size <= range.high);
        tried.push(size);
        if size <= carried {
            range.low = size;
        } else {
            range.high = size - 1;
            range.searched = true;
        }
    }
    (tried, range.low)
}

// req: RFC4821-7.1-1
#[test]
fn every_path_is_found_to_within_an_eighth_by_few_probes_that_are_lost() {
    for (low, high) in [(1_200, 1_500), (1_280, 1_500), (552, 1_500), (1_200, 9_000)] {
        for carried in low..=high {
            let (tried, found) = search(low, high, carried);
            assert!(found <= carried, "{carried}: {tried:?}");
            assert!((carried - found) * 8 <= found, "{carried}: {found}");
            let lost = tried.iter().filter(|size| **size > carried).count();
            assert!(lost <= 5 && tried.len() <= 12, "{carried}: {tried:?}");
        }
    }
}

#[test]
fn a_path_that_was_not_narrow_at_all_costs_one_probe() {
    assert_eq!(search(1_200, 1_500, 1_500), (vec![1_500], 1_500));
}

// req: RFC4821-10.1-1
#[test]
fn no_probe_is_longer_than_three_times_what_is_sent() {
    assert_eq!(search(1_200, 9_000, 9_000).0, [3_600, 9_000]);
    assert_eq!(
        search(1_200, 65_535, 65_535).0,
        [3_600, 10_800, 32_400, 65_535]
    );
}

#[test]
fn what_links_commonly_carry_is_found_by_two_probes_that_are_lost() {
    for (carried, tried) in [
        (1_280, vec![1_500, 1_280, 1_400]),
        (1_400, vec![1_500, 1_280, 1_400, 1_440]),
        (1_472, vec![1_500, 1_280, 1_400, 1_440, 1_472]),
    ] {
        assert_eq!(search(1_200, 1_500, carried), (tried, carried));
    }
    // A frame of Ethernet on a link of long ones.
    let (tried, found) = search(1_200, 9_000, 1_500);
    assert_eq!(found, 1_500, "{tried:?}");
}

#[test]
fn what_is_hardly_more_is_not_tried() {
    assert_eq!(search(1_492, 1_500, 1_500), (vec![], 1_492));
    assert_eq!(search(1_500, 1_500, 1_500), (vec![], 1_500));
    // The peer takes less than what goes already.
    assert_eq!(search(1_500, 576, 1_500), (vec![], 1_500));
}
