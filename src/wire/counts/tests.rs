use super::*;

fn written(counts: &ByteCounts) -> Vec<u8> {
    let mut bytes = [0xee; 12];
    let mut rest = &mut bytes[..];
    counts.emit(&mut rest);
    let left = rest.len();
    assert_eq!(12 - left, counts.padded_len());
    bytes[..12 - left].to_vec()
}

// req: RFC9768-3.2.3-1
#[test]
fn the_kind_says_in_which_order_the_counters_are() {
    let body = [0, 0, 1, 0, 2, 0, 3, 0, 0];
    let of = |kind| {
        let counts = ByteCounts::parse(kind, &body).expect("either kind");
        [counts.ect0(), counts.ce(), counts.ect1()]
    };
    assert_eq!(of(172), [Some(1), Some(0x200), Some(0x3_0000)]);
    assert_eq!(of(174), [Some(0x3_0000), Some(0x200), Some(1)]);
    assert_eq!(ByteCounts::parse(173, &body), None);
}

// req: RFC9768-3.2.3-1
#[test]
fn of_any_length_the_whole_fields_are_read() {
    for (len, whole) in [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3]
        .into_iter()
        .enumerate()
    {
        let counts = ByteCounts::parse(172, &[7; 12][..len]).expect("its kind");
        let there = [counts.ect0(), counts.ce(), counts.ect1()];
        for (place, field) in there.into_iter().enumerate() {
            let expected = (place < whole).then_some(0x07_0707);
            assert_eq!(field, expected, "{len} bytes, field {place}");
        }
        assert_eq!(counts.is_empty(), whole == 0);
    }
}

// req: RFC9768-3.2.3-1
#[test]
fn three_counters_are_written_with_ect_1_first() {
    let counts = ByteCounts::new(0x0100_0001, 2, 3);
    let bytes = [174, 11, 0, 0, 3, 0, 0, 2, 0, 0, 1, 1];
    assert_eq!(written(&counts), bytes, "24 bits of each");
}

#[test]
fn where_two_fit_the_one_that_says_least_is_left_out() {
    for room in [8, 11] {
        let unused = ByteCounts::new(5, 6, 1).within(room).expect("two fit");
        assert_eq!(written(&unused), [172, 8, 0, 0, 5, 0, 0, 6]);
        let used = ByteCounts::new(5, 6, 7).within(room).expect("two fit");
        assert_eq!(written(&used), [174, 8, 0, 0, 7, 0, 0, 6]);
    }
    assert_eq!(ByteCounts::new(5, 6, 1).within(7), None);
    let all = ByteCounts::new(5, 6, 7);
    assert_eq!(all.within(12), Some(all));
}
